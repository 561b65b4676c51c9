/* The statements of a diff, in the order that diff_lite.c tells. */
#include <stdint.h>

#include "common/core/schema/diff_lite.h"
#include "common/core/schema/emit_lite.h"

static const struct object *old_object(const struct lite_diff *d, size_t number)
{
    return &d->from->objects.list.items[number];
}

static const struct object *new_object(const struct lite_diff *d, size_t number)
{
    return &d->to->objects.list.items[number];
}

struct ddl *lite_put(struct lite_diff *d, const char *format, ...)
{
    struct ddl statement = {0};
    va_list args;
    va_start(args, format);
    statement.sql = str_of(arena_vprintf(d->arena, format, args));
    va_end(args);
    vec_push(d->arena, &d->out->list, statement);
    return &d->out->list.items[d->out->list.count - 1];
}

struct str lite_q(struct lite_diff *d, struct str name)
{
    return lite_quote(d->arena, name);
}

static void put_text(struct lite_diff *d, struct str sql)
{
    struct ddl statement = {.sql = lite_tidy(d->arena, sql)};
    vec_push(d->arena, &d->out->list, statement);
}

/* ---- order of what needs each other ---- */

struct sorter {
    struct lite_diff *d;
    struct index places; /* folded name -> item */
    struct {
        VEC(size_t) list;
    } order;
    bool *seen;
    size_t count;
    void (*each_need)(struct sorter *s, size_t item);
};

static void visit(struct sorter *s, size_t item)
{
    if (s->seen[item])
        return;
    s->seen[item] = true;
    s->each_need(s, item);
    vec_push(s->d->arena, &s->order.list, item);
}

static void visit_name(struct sorter *s, struct str name)
{
    uint32_t item = index_find(&s->places, lite_fold(s->d->arena, name));
    if (item != INDEX_NONE)
        visit(s, item);
}

static void sort_all(struct sorter *s)
{
    s->seen = arena_new_array(s->d->arena, s->count, bool);
    for (size_t i = 0; i < s->count; i++)
        visit(s, i);
}

/* Items are numbers in d->tables. A table that is referred to comes first. */
static void each_parent(struct sorter *s, size_t item)
{
    const struct lite_table_change *c = &s->d->tables.list.items[item];
    const struct lite_table *t = c->how == LITE_DROP ? &c->old : &c->new;
    for (size_t i = 0; i < t->constraints.list.count; i++)
        if (t->constraints.list.items[i].kind == LITE_FOREIGN_KEY)
            visit_name(s, t->constraints.list.items[i].references);
}

static void sort_tables(struct lite_diff *d, struct sorter *s, bool dropped)
{
    *s = (struct sorter){.d = d, .count = d->tables.list.count, .each_need = each_parent};
    for (size_t i = 0; i < d->tables.list.count; i++) {
        const struct lite_table_change *c = &d->tables.list.items[i];
        if ((c->how == LITE_DROP) == dropped)
            index_put(d->arena, &s->places, lite_fold(d->arena, dropped ? c->old.name : c->new.name), (uint32_t)i);
    }
    sort_all(s);
}

/* Items are numbers of objects of `to`. A view that is read by another one comes first. */
static void each_view(struct sorter *s, size_t item)
{
    struct str sql = lite_sql(new_object(s->d, item));
    bool view = new_object(s->d, item)->kind == OBJECT_VIEW && s->d->new_fates.list.items[item].create;
    size_t at = 0;
    while (view) {
        struct lite_token t = lite_next(sql, &at);
        if (t.kind == LITE_END || t.kind == LITE_BAD)
            break;
        if (lite_is_name(t))
            visit_name(s, lite_name(s->d->arena, t));
    }
}

static void sort_views(struct lite_diff *d, struct sorter *s)
{
    *s = (struct sorter){.d = d, .count = d->to->objects.list.count, .each_need = each_view};
    for (size_t i = 0; i < d->to->objects.list.count; i++)
        if (new_object(d, i)->kind == OBJECT_VIEW && d->new_fates.list.items[i].create)
            index_put(d->arena, &s->places, lite_fold(d->arena, new_object(d, i)->name), (uint32_t)i);
    sort_all(s);
}

/* ---- what goes ---- */

static void drop_objects(struct lite_diff *d, enum object_kind kind, const char *word)
{
    for (size_t i = d->from->objects.list.count; i > 0; i--) {
        const struct lite_fate *fate = &d->old_fates.list.items[i - 1];
        if (old_object(d, i - 1)->kind == kind && fate->drop && !fate->vanishes)
            lite_put(d, "DROP %s %.*s", word, STR_ARG(lite_q(d, old_object(d, i - 1)->name)));
    }
}

static void drop_table(struct lite_diff *d, const struct lite_table_change *c)
{
    struct ddl *s = lite_put(d, "DROP TABLE %.*s", STR_ARG(lite_q(d, c->old.name)));
    s->destroys = str_printf(d->arena, "all rows of %.*s are lost", STR_ARG(c->old.name));
}

static void drop_tables(struct lite_diff *d)
{
    struct sorter s;
    sort_tables(d, &s, true);
    for (size_t i = s.order.list.count; i > 0; i--) {
        const struct lite_table_change *c = &d->tables.list.items[s.order.list.items[i - 1]];
        if (c->how == LITE_DROP || c->how == LITE_REPLACE)
            drop_table(d, c);
    }
}

static void rename_all(struct lite_diff *d)
{
    for (size_t i = 0; i < d->moves.list.count; i++) {
        const struct lite_move *m = &d->moves.list.items[i];
        if (m->table.len == 0)
            lite_put(d, "ALTER TABLE %.*s RENAME TO %.*s", STR_ARG(lite_q(d, m->from)), STR_ARG(lite_q(d, m->to)));
        else
            lite_put(d, "ALTER TABLE %.*s RENAME COLUMN %.*s TO %.*s", STR_ARG(lite_q(d, m->table)),
                     STR_ARG(lite_q(d, m->from)), STR_ARG(lite_q(d, m->to)));
    }
}

/* ---- what comes ---- */

/* Numbers of the indexes of each table, so that one walk over the objects is enough. */
struct owned {
    struct index first; /* folded table -> its first index */
    size_t *next;
};

static void collect_indexes(struct lite_diff *d, struct owned *o)
{
    *o = (struct owned){.next = arena_new_array(d->arena, d->to->objects.list.count, size_t)};
    for (size_t i = d->to->objects.list.count; i > 0; i--) {
        const struct object *x = new_object(d, i - 1);
        if (x->kind != OBJECT_INDEX || !d->new_fates.list.items[i - 1].create)
            continue;
        struct str table = lite_fold(d->arena, x->table);
        uint32_t next = index_find(&o->first, table);
        o->next[i - 1] = next == INDEX_NONE ? SIZE_MAX : next;
        index_put(d->arena, &o->first, table, (uint32_t)(i - 1));
    }
}

static void create_indexes_of(struct lite_diff *d, const struct owned *o, struct str table)
{
    uint32_t first = index_find(&o->first, lite_fold(d->arena, table));
    for (size_t i = first == INDEX_NONE ? SIZE_MAX : first; i != SIZE_MAX; i = o->next[i]) {
        put_text(d, lite_sql(new_object(d, i)));
        d->new_fates.list.items[i].create = false;
    }
}

static void create_tables(struct lite_diff *d, const struct owned *o)
{
    struct sorter s;
    sort_tables(d, &s, false);
    for (size_t i = 0; i < s.order.list.count; i++) {
        const struct lite_table_change *c = &d->tables.list.items[s.order.list.items[i]];
        if (c->how != LITE_CREATE && c->how != LITE_REPLACE)
            continue;
        put_text(d, c->new.text);
        create_indexes_of(d, o, c->new.name);
    }
}

static void change_tables(struct lite_diff *d, const struct owned *o)
{
    for (size_t i = 0; i < d->tables.list.count; i++) {
        struct lite_table_change *c = &d->tables.list.items[i];
        if (c->how == LITE_ALTER)
            lite_emit_alter(d, c);
        if (c->how == LITE_REBUILD)
            lite_emit_rebuild(d, c);
        if (c->how == LITE_ALTER || c->how == LITE_REBUILD)
            create_indexes_of(d, o, c->new.name);
    }
}

static void create_rest(struct lite_diff *d, enum object_kind kind)
{
    for (size_t i = 0; i < d->to->objects.list.count; i++)
        if (new_object(d, i)->kind == kind && d->new_fates.list.items[i].create)
            put_text(d, lite_sql(new_object(d, i)));
}

static void create_views(struct lite_diff *d)
{
    struct sorter s;
    sort_views(d, &s);
    for (size_t i = 0; i < s.order.list.count; i++) {
        size_t item = s.order.list.items[i];
        if (new_object(d, item)->kind == OBJECT_VIEW && d->new_fates.list.items[item].create)
            put_text(d, lite_sql(new_object(d, item)));
    }
}

/* A full-text table over another one begins empty: it has to read what is there. */
static void fill_full_texts(struct lite_diff *d)
{
    for (size_t i = 0; i < d->tables.list.count; i++) {
        const struct lite_table_change *c = &d->tables.list.items[i];
        bool made = c->how == LITE_CREATE || c->how == LITE_REPLACE;
        if (!made || c->new.content.len == 0 || !str_starts(c->new.module, STR("fts")))
            continue;
        struct str name = lite_q(d, c->new.name);
        lite_put(d, "INSERT INTO %.*s (%.*s) VALUES ('rebuild')", STR_ARG(name), STR_ARG(name));
    }
}

static bool rebuilds(const struct lite_diff *d)
{
    for (size_t i = 0; i < d->tables.list.count; i++)
        if (d->tables.list.items[i].how == LITE_REBUILD)
            return true;
    return false;
}

void lite_emit(struct lite_diff *d)
{
    struct owned indexes;
    if (rebuilds(d))
        lite_put(d, "PRAGMA foreign_keys = OFF");
    drop_objects(d, OBJECT_TRIGGER, "TRIGGER");
    drop_objects(d, OBJECT_VIEW, "VIEW");
    drop_objects(d, OBJECT_INDEX, "INDEX");
    drop_tables(d);
    rename_all(d);
    collect_indexes(d, &indexes);
    create_tables(d, &indexes);
    change_tables(d, &indexes);
    create_rest(d, OBJECT_INDEX);
    create_views(d);
    fill_full_texts(d);
    create_rest(d, OBJECT_TRIGGER);
}
