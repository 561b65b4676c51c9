/* Which items there are, and what becomes of each. */
#include "common/core/schema/diff_pg.h"

#include <stdint.h>

static const struct pg_kind *const kinds[OBJECT_KIND_COUNT] = {
    [OBJECT_SCHEMA] = &pg_schema_kind,       [OBJECT_EXTENSION] = &pg_extension_kind,
    [OBJECT_COLLATION] = &pg_collation_kind, [OBJECT_ENUM] = &pg_enum_kind,
    [OBJECT_RANGE] = &pg_range_kind,         [OBJECT_COMPOSITE] = &pg_composite_kind,
    [OBJECT_DOMAIN] = &pg_domain_kind,       [OBJECT_FUNCTION] = &pg_function_kind,
    [OBJECT_VIEW] = &pg_view_kind,           [OBJECT_MATVIEW] = &pg_matview_kind,
    [OBJECT_TRIGGER] = &pg_trigger_kind,     [OBJECT_POLICY] = &pg_policy_kind,
    [OBJECT_RULE] = &pg_rule_kind,           [OBJECT_STATISTICS] = &pg_statistics_kind,
    [OBJECT_SEQUENCE] = &pg_sequence_kind,   [OBJECT_TABLE] = &pg_table_kind,
    [OBJECT_COLUMN] = &pg_column_kind,       [OBJECT_CONSTRAINT] = &pg_constraint_kind,
    [OBJECT_INDEX] = &pg_index_kind,
};

const struct pg_kind *pg_kind_of(enum object_kind kind)
{
    return kind < OBJECT_KIND_COUNT ? kinds[kind] : NULL;
}

const struct object *pg_from(const struct pg_diff *d, size_t number)
{
    return number == SIZE_MAX ? NULL : &d->from->objects.list.items[number];
}

const struct object *pg_to(const struct pg_diff *d, size_t number)
{
    return number == SIZE_MAX ? NULL : &d->to->objects.list.items[number];
}

struct pg_item *pg_item_from(struct pg_diff *d, const struct object *from)
{
    return &d->items.list.items[d->from_items[from - d->from->objects.list.items]];
}

struct pg_item *pg_item_to(struct pg_diff *d, const struct object *to)
{
    return &d->items.list.items[d->to_items[to - d->to->objects.list.items]];
}

struct pg_item *pg_item_named(struct pg_diff *d, enum object_kind kind, struct str schema, struct str table,
                              struct str name)
{
    size_t number = schema_find(d->to, kind, schema, table, name);
    if (number != SIZE_MAX)
        return &d->items.list.items[d->to_items[number]];
    number = schema_find(d->from, kind, schema, table, name);
    return number != SIZE_MAX ? &d->items.list.items[d->from_items[number]] : NULL;
}

const struct object *pg_table_of(const struct schema *s, const struct object *o)
{
    size_t number = schema_find(s, OBJECT_TABLE, o->schema, STR(""), o->table);
    return number == SIZE_MAX ? NULL : &s->objects.list.items[number];
}

const struct object *pg_next_dependant(const struct pg_diff *d, const struct object *o, size_t *at)
{
    bool of_from = o >= d->from->objects.list.items && o < d->from->objects.list.items + d->from->objects.list.count;
    const struct schema *s = of_from ? d->from : d->to;
    const struct pg_dependants *up = of_from ? &d->from_up : &d->to_up;
    size_t number = (size_t)(o - s->objects.list.items), next = up->first[number] + *at;
    if (next >= up->first[number + 1])
        return NULL;
    ++*at;
    return &s->objects.list.items[up->list[next]];
}

bool pg_differs(const struct object *from, const struct object *to, const char *key)
{
    return !str_eq(object_get(from, key), object_get(to, key));
}

bool pg_has(const struct object *o, const char *key)
{
    return o != NULL && object_get(o, key).p != NULL;
}

/* ---- items ---- */

/* The sequence of a serial column stands in no model: it is the table's. */
static bool is_ours(const struct pg_diff *d, const struct object *from, const struct object *to)
{
    const struct object *o = to != NULL ? to : from;
    const struct schema *s = to != NULL ? d->to : d->from;
    size_t table =
        o->kind == OBJECT_SEQUENCE && pg_has(o, "owner_table")
            ? schema_find(s, OBJECT_TABLE, object_get(o, "owner_schema"), STR(""), object_get(o, "owner_table"))
            : SIZE_MAX;
    if (o->module.len == 0 && table != SIZE_MAX)
        o = &s->objects.list.items[table];
    return d->request->module.len == 0 || str_eq(o->module, d->request->module);
}

static void add_item(struct pg_diff *d, size_t from, size_t to)
{
    struct pg_item item = {.from = from, .to = to, .ours = is_ours(d, pg_from(d, from), pg_to(d, to))};
    if (from != SIZE_MAX)
        d->from_items[from] = d->items.list.count;
    if (to != SIZE_MAX)
        d->to_items[to] = d->items.list.count;
    vec_push(d->a, &d->items.list, item);
}

/* What makes an object the same under another name. Empty: it is never taken for another. */
static struct str likeness(struct arena *a, const struct object *o)
{
    if (pg_has(o, "parent") || pg_has(o, "domain"))
        return STR_NONE;
    if (o->kind == OBJECT_CONSTRAINT || o->kind == OBJECT_INDEX)
        return str_printf(a, "%s %zu.%zu %.*s.%.*s %.*s %.*s %.*s %.*s %.*s", object_kind_name(o->kind), o->schema.len,
                          o->table.len, STR_ARG(o->schema), STR_ARG(o->table), STR_ARG(object_get(o, "definition")),
                          STR_ARG(object_get(o, "deferrable")), STR_ARG(object_get(o, "validity")),
                          STR_ARG(object_get(o, "unique")), STR_ARG(object_get(o, "options")));
    if (o->kind == OBJECT_SEQUENCE && pg_has(o, "owner_column"))
        return str_printf(a, "sequence %zu.%zu %.*s.%.*s.%.*s", o->schema.len, object_get(o, "owner_table").len,
                          STR_ARG(o->schema), STR_ARG(object_get(o, "owner_table")),
                          STR_ARG(object_get(o, "owner_column")));
    return STR_NONE;
}

/* The number in `from` of a like object whose name is not in `to`, or SIZE_MAX; each is found once. */
static size_t take_like(struct pg_diff *d, struct index *like, const struct object *to)
{
    struct str key = likeness(d->a, to);
    uint32_t number = key.p != NULL ? index_find(like, key) : INDEX_NONE;
    if (number == INDEX_NONE || d->from_items[number] != SIZE_MAX)
        return SIZE_MAX;
    return number;
}

static void add_pairs(struct pg_diff *d)
{
    for (size_t i = 0; i < d->to->objects.list.count; i++) {
        const struct object *to = pg_to(d, i);
        size_t from = schema_find(d->from, to->kind, to->schema, to->table, to->name);
        if (from != SIZE_MAX)
            add_item(d, from, i);
    }
}

static void add_singles(struct pg_diff *d)
{
    struct index like = {0};
    for (size_t i = d->from->objects.list.count; i > 0; i--) {
        struct str key = d->from_items[i - 1] == SIZE_MAX ? likeness(d->a, pg_from(d, i - 1)) : STR_NONE;
        if (key.p != NULL)
            index_put(d->a, &like, key, (uint32_t)(i - 1));
    }
    for (size_t i = 0; i < d->to->objects.list.count; i++)
        if (d->to_items[i] == SIZE_MAX)
            add_item(d, take_like(d, &like, pg_to(d, i)), i);
    for (size_t i = 0; i < d->from->objects.list.count; i++)
        if (d->from_items[i] == SIZE_MAX)
            add_item(d, i, SIZE_MAX);
}

static size_t *no_items(struct arena *a, size_t count)
{
    size_t *items = arena_new_array(a, count, size_t);
    for (size_t i = 0; i < count; i++)
        items[i] = SIZE_MAX;
    return items;
}

/* ---- changes by themselves ---- */

static enum pg_change compare_properties(const struct pg_kind *kind, const struct object *from, const struct object *to)
{
    enum pg_change change = PG_SAME;
    for (const struct pg_property *p = kind->properties; p != NULL && p->key != NULL; p++)
        if (p->change > change && pg_differs(from, to, p->key))
            change = p->change;
    return change;
}

static enum pg_change compare(struct pg_diff *d, const struct object *from, const struct object *to)
{
    const struct pg_kind *kind = pg_kind_of(to->kind);
    enum pg_change change = kind->compare != NULL ? kind->compare(d, from, to) : compare_properties(kind, from, to);
    if (change == PG_SAME && (pg_differs(from, to, "comment") || !str_eq(from->name, to->name)))
        change = PG_ALTER;
    return change;
}

static void compare_item(struct pg_diff *d, struct pg_item *item)
{
    const struct object *from = pg_from(d, item->from), *to = pg_to(d, item->to);
    if (!item->ours || pg_kind_of((to != NULL ? to : from)->kind) == NULL)
        return;
    if (from == NULL)
        item->change = PG_CREATE;
    else if (to == NULL)
        item->change = PG_DROP;
    else
        item->change = compare(d, from, to);
}

/* ---- changes by what changes below ---- */

static struct pg_dependants find_dependants(struct arena *a, const struct schema *s)
{
    size_t count = s->objects.list.count, total = 0;
    size_t *first = arena_new_array(a, count + 2, size_t);
    for (size_t i = 0; i < count; i++) {
        const struct object *o = &s->objects.list.items[i];
        for (size_t k = 0; k < o->needs.list.count; k++, total++)
            first[o->needs.list.items[k] + 2]++;
    }
    for (size_t i = 2; i < count + 2; i++)
        first[i] += first[i - 1];
    size_t *list = arena_new_array(a, total, size_t);
    for (size_t i = 0; i < count; i++) {
        const struct object *o = &s->objects.list.items[i];
        for (size_t k = 0; k < o->needs.list.count; k++)
            list[first[o->needs.list.items[k] + 1]++] = i;
    }
    return (struct pg_dependants){first, list};
}

static bool is_shaking(struct pg_diff *d, const struct pg_item *item)
{
    const struct object *from = pg_from(d, item->from), *to = pg_to(d, item->to);
    if (from == NULL)
        return false;
    if (item->change == PG_DROP || item->change == PG_REPLACE)
        return true;
    const struct pg_kind *kind = pg_kind_of(from->kind);
    bool altered = item->change == PG_ALTER || item->change == PG_RELEASE;
    return altered && kind->disturbs != NULL && kind->disturbs(d, from, to);
}

static bool still_needs(const struct object *to, const struct pg_item *needed)
{
    for (size_t i = 0; needed->to != SIZE_MAX && i < to->needs.list.count; i++)
        if (to->needs.list.items[i] == needed->to)
            return true;
    return false;
}

/* True when the item's change became a larger one. */
static bool shake(struct pg_diff *d, struct pg_item *item, const struct pg_item *by)
{
    const struct object *from = pg_from(d, item->from), *to = pg_to(d, item->to);
    const struct pg_kind *kind = pg_kind_of(from->kind);
    if (to == NULL || kind == NULL || item->change >= PG_REPLACE)
        return false;
    /* What is altered anyway and hangs on it no longer only has to come first. */
    if (item->change == PG_ALTER && by->change == PG_DROP && !still_needs(to, by))
        return false;
    enum pg_change change = kind->shaken != NULL ? kind->shaken(d, from, to, by) : PG_REPLACE;
    if (change <= item->change)
        return false;
    if (!item->ours) {
        pg_cannot(d, from, pg_from(d, by->from), "it belongs to another module");
        return false;
    }
    item->change = change;
    item->shaken = true;
    return true;
}

static void shake_all(struct pg_diff *d)
{
    const struct pg_dependants *up = &d->from_up;
    struct {
        VEC(size_t) list;
    } queue = {0};
    for (size_t i = 0; i < d->items.list.count; i++)
        if (is_shaking(d, &d->items.list.items[i]))
            vec_push(d->a, &queue.list, i);
    for (size_t next = 0; next < queue.list.count; next++) {
        struct pg_item *by = &d->items.list.items[queue.list.items[next]];
        for (size_t i = up->first[by->from]; i < up->first[by->from + 1]; i++) {
            size_t number = d->from_items[up->list[i]];
            struct pg_item *item = &d->items.list.items[number];
            if (shake(d, item, by) && is_shaking(d, item))
                vec_push(d->a, &queue.list, number);
        }
    }
}

/* A sequence goes with the column that owns it. */
static void replace_owned(struct pg_diff *d)
{
    for (size_t i = 0; i < d->items.list.count; i++) {
        struct pg_item *item = &d->items.list.items[i];
        const struct object *from = pg_from(d, item->from);
        if (from == NULL || item->to == SIZE_MAX || from->kind != OBJECT_SEQUENCE || !pg_has(from, "owner_column"))
            continue;
        size_t owner = schema_find(d->from, OBJECT_COLUMN, object_get(from, "owner_schema"),
                                   object_get(from, "owner_table"), object_get(from, "owner_column"));
        if (owner != SIZE_MAX && d->items.list.items[d->from_items[owner]].change == PG_REPLACE)
            item->change = PG_REPLACE;
    }
}

void pg_plan(struct pg_diff *d)
{
    d->from_up = find_dependants(d->a, d->from);
    d->to_up = find_dependants(d->a, d->to);
    d->from_items = no_items(d->a, d->from->objects.list.count);
    d->to_items = no_items(d->a, d->to->objects.list.count);
    add_pairs(d);
    add_singles(d);
    for (size_t i = 0; i < d->items.list.count; i++)
        compare_item(d, &d->items.list.items[i]);
    shake_all(d);
    replace_owned(d);
}

bool schema_diff_pg(struct arena *a, const struct diff_request *request, struct ddl_list *ret_list, struct err *err)
{
    struct pg_diff d = {.a = a, .request = request, .to = request->to, .err = err};
    d.from = pg_renamed(a, request, &d.out);
    size_t count = 0;
    pg_plan(&d);
    if (!d.failed) {
        size_t *order = pg_order(&d, &count);
        pg_write(&d, order, count);
    }
    if (d.failed)
        return false;
    *ret_list = d.out;
    return true;
}
