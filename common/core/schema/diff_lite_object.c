/*
 * What becomes of indexes, views and triggers. Those of a table that is made again vanish with it and are made
 * again. SQLite looks at every view and trigger when a column is dropped or something is renamed: none may name what
 * is not there at that moment.
 */
#include <stdint.h>

#include "common/core/schema/diff_lite.h"

struct planner {
    struct lite_diff *d;
    struct index new_objects; /* kind and name -> number in `to` */
    struct index gone;        /* folded names of views and tables that are not there while tables change */
    struct index relations;   /* folded names of tables and views of `from` */
};

static const struct object *object(const struct schema *s, size_t number)
{
    return &s->objects.list.items[number];
}

static bool is_dependent(const struct object *o)
{
    return o->kind == OBJECT_INDEX || o->kind == OBJECT_VIEW || o->kind == OBJECT_TRIGGER;
}

static struct str key_of(struct arena *a, const struct object *o)
{
    return str_printf(a, "%d %.*s", (int)o->kind, STR_ARG(o->name));
}

static struct lite_fate *old_fate(const struct planner *p, size_t number)
{
    return &p->d->old_fates.list.items[number];
}

static struct lite_fate *new_fate(const struct planner *p, size_t number)
{
    return &p->d->new_fates.list.items[number];
}

static void start_fates(struct lite_diff *d, struct lite_fates *fates, size_t count)
{
    struct lite_fate none = {.counterpart = SIZE_MAX};
    fates->list.count = 0;
    for (size_t i = 0; i < count; i++)
        vec_push(d->arena, &fates->list, none);
}

static void pair(struct planner *p)
{
    struct lite_diff *d = p->d;
    for (size_t i = 0; i < d->to->objects.list.count; i++)
        if (is_dependent(object(d->to, i)))
            index_put(d->arena, &p->new_objects, key_of(d->arena, object(d->to, i)), (uint32_t)i);
    for (size_t i = 0; i < d->from->objects.list.count; i++) {
        const struct object *o = object(d->from, i);
        uint32_t twin = is_dependent(o) ? index_find(&p->new_objects, key_of(d->arena, o)) : INDEX_NONE;
        if (twin == INDEX_NONE)
            continue;
        old_fate(p, i)->counterpart = twin;
        new_fate(p, twin)->counterpart = i;
    }
}

static bool means_the_same(const struct lite_diff *d, const struct object *old, const struct object *new)
{
    struct str a = lite_sql(old), b = lite_sql(new);
    if (d->names.list.count == 0 && str_eq(a, b))
        return true;
    const struct lite_aliases *names = old->kind == OBJECT_INDEX ? &d->names : NULL;
    if (str_eq(lite_norm_object(d->arena, a, names, NULL), lite_norm_object(d->arena, b, NULL, NULL)))
        return true;
    return str_find(a, '"') + str_find(b, '"') < a.len + b.len &&
           str_eq(lite_norm_object(d->arena, a, names, &d->columns), lite_norm_object(d->arena, b, NULL, &d->columns));
}

/* It names a table that is called otherwise afterwards, or whose columns are. */
static bool mentions_renamed(const struct lite_diff *d, const struct object *o)
{
    for (size_t i = 0; i < d->names.list.count; i++)
        if (lite_mentions(lite_sql(o), d->names.list.items[i].table))
            return true;
    return false;
}

static bool is_ours(const struct planner *p, size_t number)
{
    size_t twin = old_fate(p, number)->counterpart;
    return lite_is_ours(p->d, twin != SIZE_MAX ? object(p->d->to, twin) : object(p->d->from, number));
}

/* Off, by a statement of its own unless it vanishes; on again if `to` has it. */
static void renew(struct planner *p, size_t number)
{
    struct lite_fate *fate = old_fate(p, number);
    fate->drop = true;
    if (fate->counterpart != SIZE_MAX)
        new_fate(p, fate->counterpart)->create = true;
}

static bool fail_foreign(const struct planner *p, const struct object *o)
{
    err_kind(p->d->err, ERR_STATE, "cannot_migrate",
             "table %.*s must be made again, and %s %.*s of %s would vanish with it", STR_ARG(o->table),
             object_kind_name(o->kind), STR_ARG(o->name),
             o->module.len > 0 ? str_cstr(p->d->arena, o->module) : "nobody");
    return err_hint(p->d->err, "take the %s off in a revision of its owner first, and make it again after this one",
                    object_kind_name(o->kind));
}

/* What happens to the table or view that an index or a trigger belongs to. */
static enum lite_how fate_of_owner(const struct planner *p, const struct object *o)
{
    const struct lite_diff *d = p->d;
    if (o->table.len == 0)
        return LITE_SAME;
    const struct lite_table_change *c = lite_change_of(d, lite_alias_table(&d->names, o->table));
    if (c != NULL && c->from != SIZE_MAX)
        return c->how;
    size_t view =
        o->kind == OBJECT_TRIGGER ? schema_find(d->from, OBJECT_VIEW, STR_NONE, STR_NONE, o->table) : SIZE_MAX;
    if (view == SIZE_MAX || !old_fate(p, view)->drop)
        return LITE_SAME;
    return old_fate(p, view)->counterpart == SIZE_MAX ? LITE_DROP : LITE_REPLACE;
}

static bool decide(struct planner *p, size_t number)
{
    struct lite_diff *d = p->d;
    const struct object *o = object(d->from, number);
    struct lite_fate *fate = old_fate(p, number);
    enum lite_how owner = fate_of_owner(p, o);
    bool made_again = owner == LITE_REBUILD || owner == LITE_REPLACE, vanishes = made_again || owner == LITE_DROP;
    if (!is_ours(p, number)) {
        fate->vanishes = vanishes;
        return !made_again || fail_foreign(p, o);
    }
    bool same = fate->counterpart != SIZE_MAX && means_the_same(d, o, object(d->to, fate->counterpart));
    bool renamed = o->kind != OBJECT_INDEX && d->names.list.count > 0 && mentions_renamed(d, o);
    if (!same || vanishes || renamed)
        renew(p, number);
    /* A trigger that changes goes first: while it is there it must make sense. */
    fate->vanishes = owner == LITE_DROP || (made_again && (same || o->kind == OBJECT_INDEX));
    return true;
}

static bool decide_kind(struct planner *p, enum object_kind kind)
{
    for (size_t i = 0; i < p->d->from->objects.list.count; i++)
        if (object(p->d->from, i)->kind == kind && !decide(p, i))
            return false;
    return true;
}

static void add_new(struct planner *p)
{
    for (size_t i = 0; i < p->d->to->objects.list.count; i++) {
        const struct object *o = object(p->d->to, i);
        if (is_dependent(o) && new_fate(p, i)->counterpart == SIZE_MAX && lite_is_ours(p->d, o))
            new_fate(p, i)->create = true;
    }
}

/* The index's name is wanted for another table before its own is made again. */
static void free_names(struct planner *p)
{
    for (size_t i = 0; i < p->d->from->objects.list.count; i++) {
        const struct object *o = object(p->d->from, i);
        const struct lite_fate *fate = old_fate(p, i);
        if (o->kind == OBJECT_INDEX && fate->counterpart != SIZE_MAX && fate->vanishes &&
            !lite_same_name(object(p->d->to, fate->counterpart)->table, lite_alias_table(&p->d->names, o->table)))
            old_fate(p, i)->vanishes = false;
    }
}

/* ---- what SQLite looks at when a column is dropped or something is renamed ---- */

static bool is_watched(const struct lite_diff *d)
{
    for (size_t i = 0; i < d->tables.list.count; i++)
        if (d->tables.list.items[i].how == LITE_ALTER && d->tables.list.items[i].dropped.list.count > 0)
            return true;
    return d->moves.list.count > 0;
}

static void mark_gone(struct planner *p, struct str name)
{
    index_put(p->d->arena, &p->gone, lite_fold(p->d->arena, name), 1);
}

static void collect_gone(struct planner *p)
{
    struct lite_diff *d = p->d;
    for (size_t i = 0; i < d->tables.list.count; i++)
        if (d->tables.list.items[i].how == LITE_DROP)
            mark_gone(p, d->tables.list.items[i].old.name);
    for (size_t i = 0; i < d->from->objects.list.count; i++)
        if (object(d->from, i)->kind == OBJECT_VIEW && old_fate(p, i)->drop)
            mark_gone(p, object(d->from, i)->name);
}

/* A view or a trigger that is there all the time. */
static bool stays(const struct planner *p, size_t number)
{
    enum object_kind kind = object(p->d->from, number)->kind;
    return (kind == OBJECT_VIEW || kind == OBJECT_TRIGGER) && !old_fate(p, number)->drop &&
           !old_fate(p, number)->vanishes;
}

static bool mentions_gone(const struct planner *p, struct str sql)
{
    struct lite_create c;
    size_t at = lite_create_parse(p->d->arena, sql, &c) ? (size_t)(c.name_text.p - sql.p) + c.name_text.len : 0;
    for (;;) {
        struct lite_token t = lite_next(sql, &at);
        if (t.kind == LITE_END || t.kind == LITE_BAD)
            return false;
        if (!lite_is_name(t))
            continue;
        if (index_find(&p->gone, lite_fold(p->d->arena, lite_name(p->d->arena, t))) != INDEX_NONE)
            return true;
    }
}

/* `name AS (` of a WITH, or a table, a view, a function or one of SQLite's own tables. */
static bool is_there(const struct planner *p, struct str sql, struct lite_token name, size_t at)
{
    struct arena *a = p->d->arena;
    struct str folded = lite_fold(a, lite_name(a, name));
    struct lite_token next = lite_next(sql, &at);
    if (index_find(&p->relations, folded) != INDEX_NONE || str_starts(folded, STR("sqlite_")) ||
        lite_is_operator(next, "(") || lite_is_operator(next, "."))
        return true;
    return lite_defines(a, sql, folded);
}

/* Reads or writes a table that is not there: SQLite lets it be made, and stumbles over it at every DROP COLUMN. */
static bool is_broken(const struct planner *p, struct str sql)
{
    static const char *const before[] = {"FROM", "JOIN", "INTO"};
    size_t at = 0;
    for (;;) {
        struct lite_token t = lite_next(sql, &at);
        bool reads = false;
        if (t.kind == LITE_END || t.kind == LITE_BAD)
            return false;
        for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
            reads = reads || lite_is_word(t, before[i]);
        size_t behind = at;
        struct lite_token name = reads ? lite_next(sql, &behind) : t;
        if (reads && lite_is_name(name) && !is_there(p, sql, name, behind))
            return true;
    }
}

/* Does a view or trigger that stays name the column, and the table, if only by another view? */
static bool is_named(const struct planner *p, const struct lite_table_change *c, struct str column)
{
    struct lite_diff *d = p->d;
    struct planner reach = {.d = d};
    bool named = false;
    mark_gone(&reach, c->new.name);
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < d->from->objects.list.count; i++) {
            const struct object *o = object(d->from, i);
            if (!stays(p, i) || index_find(&reach.gone, key_of(d->arena, o)) != INDEX_NONE ||
                !mentions_gone(&reach, lite_sql(o)))
                continue;
            named = named || lite_mentions(lite_sql(o), column);
            index_put(d->arena, &reach.gone, key_of(d->arena, o), 1);
            again = o->kind == OBJECT_VIEW;
            if (again)
                mark_gone(&reach, o->name);
        }
    }
    return named;
}

static bool any_broken(const struct planner *p)
{
    for (size_t i = 0; i < p->d->from->objects.list.count; i++)
        if (stays(p, i) && is_broken(p, lite_sql(object(p->d->from, i))))
            return true;
    return false;
}

/* DROP COLUMN would fail. */
static bool stumbles(const struct planner *p, const struct lite_table_change *c)
{
    for (size_t i = 0; i < c->dropped.list.count; i++)
        if (is_named(p, c, c->old.columns.list.items[c->dropped.list.items[i]].name))
            return true;
    return false;
}

/* Views and triggers that name what is gone go with it. False when one that is not ours does so. */
static bool spread(struct planner *p)
{
    struct lite_diff *d = p->d;
    bool foreign = false;
    for (bool again = true; again && p->gone.entries != NULL;) {
        again = false;
        for (size_t i = 0; i < d->from->objects.list.count; i++) {
            const struct object *o = object(d->from, i);
            if (!stays(p, i) || !mentions_gone(p, lite_sql(o)))
                continue;
            if (!is_ours(p, i)) {
                foreign = true;
                continue;
            }
            renew(p, i);
            again = o->kind == OBJECT_VIEW;
            if (again)
                mark_gone(p, o->name);
        }
    }
    return !foreign;
}

/* True when something was turned into a rebuild. */
static bool rebuild_instead(const struct planner *p, bool all)
{
    struct lite_diff *d = p->d;
    bool changed = false;
    for (size_t i = 0; i < d->tables.list.count; i++) {
        struct lite_table_change *c = &d->tables.list.items[i];
        if (c->how != LITE_ALTER || c->dropped.list.count == 0 || !(all || stumbles(p, c)))
            continue;
        c->how = LITE_REBUILD;
        c->why = STR("DROP COLUMN would stumble over a view or a trigger");
        changed = true;
    }
    return changed;
}

static bool plan(struct planner *p)
{
    struct lite_diff *d = p->d;
    start_fates(d, &d->old_fates, d->from->objects.list.count);
    start_fates(d, &d->new_fates, d->to->objects.list.count);
    pair(p);
    if (!decide_kind(p, OBJECT_VIEW) || !decide_kind(p, OBJECT_INDEX))
        return false;
    if (!decide_kind(p, OBJECT_TRIGGER))
        return false;
    add_new(p);
    free_names(p);
    return true;
}

static void collect_relations(struct planner *p)
{
    for (size_t i = 0; i < p->d->from->objects.list.count; i++) {
        const struct object *o = object(p->d->from, i);
        if (o->kind == OBJECT_TABLE || o->kind == OBJECT_VIEW)
            index_put(p->d->arena, &p->relations, lite_fold(p->d->arena, o->name), 1);
    }
}

/* Looks at it as SQLite will. Again from the start where a table has to be made again instead. */
static bool plan_watched(struct planner *p)
{
    collect_relations(p);
    collect_gone(p);
    bool all = !spread(p) || any_broken(p);
    if (!rebuild_instead(p, all))
        return decide_kind(p, OBJECT_TRIGGER); /* those of views that go as well */
    struct planner again = {.d = p->d};
    if (!plan(&again))
        return false;
    if (is_watched(p->d)) {
        collect_gone(&again);
        spread(&again);
    }
    return decide_kind(&again, OBJECT_TRIGGER);
}

bool lite_plan_objects(struct lite_diff *d)
{
    struct planner p = {.d = d};
    return plan(&p) && (!is_watched(d) || plan_watched(&p));
}
