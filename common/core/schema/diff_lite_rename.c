/*
 * Renames: what objects of `from` are called in `to`, and the steps there. A name that is still taken is waited for;
 * names that go round in a circle, and a table's name of which only the case changes, take a step aside. A column
 * that stands in the way of a rename and is to be dropped steps aside, too.
 */
#include <stdint.h>

#include "common/core/schema/diff_lite.h"

static const struct object *object(const struct schema *s, size_t number)
{
    return &s->objects.list.items[number];
}

static struct str column_key(struct arena *a, struct str table, struct str column)
{
    return str_printf(a, "%zu %.*s.%.*s", table.len, STR_ARG(lite_fold(a, table)), STR_ARG(lite_fold(a, column)));
}

/* Tables and columns by folded names. */
struct known {
    struct index from_tables, from_columns, to_tables, to_columns;
};

static void fill(struct lite_diff *d, const struct schema *s, struct index *tables, struct index *columns)
{
    for (size_t i = 0; i < s->objects.list.count; i++) {
        const struct object *o = object(s, i);
        if (o->kind == OBJECT_TABLE)
            index_put(d->arena, tables, lite_fold(d->arena, o->name), (uint32_t)i);
        else if (o->kind == OBJECT_COLUMN)
            index_put(d->arena, columns, column_key(d->arena, o->table, o->name), (uint32_t)i);
    }
}

static uint32_t find_table(const struct lite_diff *d, const struct index *tables, struct str name)
{
    return index_find(tables, lite_fold(d->arena, name));
}

static uint32_t find_column(const struct lite_diff *d, const struct index *columns, struct str table, struct str name)
{
    return index_find(columns, column_key(d->arena, table, name));
}

static bool is_ours(const struct lite_diff *d, const struct schema *s, uint32_t number)
{
    return number != INDEX_NONE && lite_is_ours(d, object(s, number));
}

/* ---- aliases ---- */

static void add_alias(struct lite_diff *d, struct str table, struct str column, struct str to)
{
    struct lite_alias alias = {.table = table, .column = column, .to = to};
    vec_push(d->arena, &d->names.list, alias);
}

static void take_table_renames(struct lite_diff *d, const struct known *k)
{
    for (size_t i = 0; d->request->renames != NULL && i < d->request->renames->list.count; i++) {
        const struct rename *r = &d->request->renames->list.items[i];
        uint32_t from = find_table(d, &k->from_tables, r->from), to = find_table(d, &k->to_tables, r->to);
        if (r->kind == OBJECT_TABLE && from != INDEX_NONE && is_ours(d, d->to, to))
            add_alias(d, object(d->from, from)->name, STR_NONE, object(d->to, to)->name);
    }
}

static void take_column_renames(struct lite_diff *d, const struct known *k)
{
    for (size_t i = 0; d->request->renames != NULL && i < d->request->renames->list.count; i++) {
        const struct rename *r = &d->request->renames->list.items[i];
        if (r->kind != OBJECT_COLUMN)
            continue;
        struct str new_table = lite_alias_table(&d->names, r->table);
        uint32_t from = find_column(d, &k->from_columns, r->table, r->from);
        uint32_t to = find_column(d, &k->to_columns, new_table, r->to);
        if (from != INDEX_NONE && to != INDEX_NONE && is_ours(d, d->to, find_table(d, &k->to_tables, new_table)))
            add_alias(d, object(d->from, from)->table, object(d->from, from)->name, object(d->to, to)->name);
    }
}

static bool has_alias(const struct lite_diff *d, struct str table, struct str column)
{
    for (size_t i = 0; i < d->names.list.count; i++)
        if (lite_same_name(d->names.list.items[i].table, table) &&
            lite_same_name(d->names.list.items[i].column, column))
            return true;
    return false;
}

/* A table whose name only changes case. */
static void take_table_cases(struct lite_diff *d, const struct known *k)
{
    for (size_t i = 0; i < d->from->objects.list.count; i++) {
        const struct object *o = object(d->from, i);
        uint32_t to = o->kind == OBJECT_TABLE ? find_table(d, &k->to_tables, o->name) : INDEX_NONE;
        if (is_ours(d, d->to, to) && !str_eq(o->name, object(d->to, to)->name) && !has_alias(d, o->name, STR_NONE))
            add_alias(d, o->name, STR_NONE, object(d->to, to)->name);
    }
}

static void take_column_cases(struct lite_diff *d, const struct known *k)
{
    for (size_t i = 0; i < d->from->objects.list.count; i++) {
        const struct object *o = object(d->from, i);
        if (o->kind != OBJECT_COLUMN || has_alias(d, o->table, o->name))
            continue;
        struct str table = lite_alias_table(&d->names, o->table);
        uint32_t to = find_column(d, &k->to_columns, table, o->name);
        if (to != INDEX_NONE && !str_eq(o->name, object(d->to, to)->name) &&
            is_ours(d, d->to, find_table(d, &k->to_tables, table)))
            add_alias(d, o->table, o->name, object(d->to, to)->name);
    }
}

/* ---- steps ---- */

static void move(struct lite_diff *d, struct str table, struct str from, struct str to)
{
    struct lite_move m = {.table = table, .from = from, .to = to};
    vec_push(d->arena, &d->moves.list, m);
}

static bool is_taken(const struct lite_diff *d, const struct known *k, struct str table, struct str name)
{
    if (table.len == 0)
        return find_table(d, &k->from_tables, name) != INDEX_NONE || find_table(d, &k->to_tables, name) != INDEX_NONE;
    return find_column(d, &k->from_columns, table, name) != INDEX_NONE ||
           find_column(d, &k->to_columns, lite_alias_table(&d->names, table), name) != INDEX_NONE;
}

/* A name that neither schema has. */
static struct str free_name(const struct lite_diff *d, const struct known *k, struct str table, struct str name)
{
    struct str aside = str_printf(d->arena, "%.*s_old", STR_ARG(name));
    for (unsigned i = 2; is_taken(d, k, table, aside); i++)
        aside = str_printf(d->arena, "%.*s_old%u", STR_ARG(name), i);
    return aside;
}

/* A table that is dropped has the name that another one gets: nothing of it is the other one. */
static void tell_apart(struct lite_diff *d, const struct known *k)
{
    size_t count = d->names.list.count;
    for (size_t i = 0; i < count; i++) {
        struct lite_alias n = d->names.list.items[i];
        uint32_t there = n.column.len == 0 ? find_table(d, &k->from_tables, n.to) : INDEX_NONE;
        if (there == INDEX_NONE || has_alias(d, n.to, STR_NONE))
            continue;
        add_alias(d, object(d->from, there)->name, STR_NONE, free_name(d, k, STR_NONE, n.to));
        d->names.list.items[d->names.list.count - 1].dropped = true;
    }
}

/* A column that is to be dropped has the name that another one gets. */
static void step_aside(struct lite_diff *d, const struct known *k)
{
    size_t count = d->names.list.count;
    for (size_t i = 0; i < count; i++) {
        struct lite_alias n = d->names.list.items[i];
        uint32_t there = n.column.len > 0 ? find_column(d, &k->from_columns, n.table, n.to) : INDEX_NONE;
        if (there != INDEX_NONE && !has_alias(d, n.table, n.to))
            add_alias(d, n.table, object(d->from, there)->name, free_name(d, k, n.table, n.to));
    }
}

struct pending {
    VEC(struct lite_alias) list;
};

static bool is_waited_for(const struct pending *p, size_t number)
{
    const struct lite_alias *m = &p->list.items[number];
    bool column = m->column.len > 0;
    for (size_t i = 0; i < p->list.count; i++) {
        const struct lite_alias *x = &p->list.items[i];
        struct str current = column ? x->column : x->table;
        bool itself = i == number && column; /* of a column the case alone can change */
        if (!itself && lite_same_name(current, m->to))
            return true;
    }
    return false;
}

/* All renames of tables, or of one table's columns. `table` is its new name; empty: tables. */
static void order_moves(struct lite_diff *d, const struct known *k, struct str old_table, struct str table,
                        struct pending *p)
{
    while (p->list.count > 0) {
        size_t next = 0;
        while (next < p->list.count && is_waited_for(p, next))
            next++;
        size_t chosen = next < p->list.count ? next : 0;
        struct lite_alias *m = &p->list.items[chosen];
        struct str *current = table.len > 0 ? &m->column : &m->table;
        if (next == p->list.count) {
            struct str aside = free_name(d, k, old_table, *current);
            move(d, table, *current, aside);
            *current = aside;
            continue;
        }
        move(d, table, *current, m->to);
        for (size_t i = chosen; i + 1 < p->list.count; i++)
            p->list.items[i] = p->list.items[i + 1];
        p->list.count--;
    }
}

static void move_tables(struct lite_diff *d, const struct known *k)
{
    struct pending p = {0};
    for (size_t i = 0; i < d->names.list.count; i++)
        if (d->names.list.items[i].column.len == 0 && !d->names.list.items[i].dropped)
            vec_push(d->arena, &p.list, d->names.list.items[i]);
    order_moves(d, k, STR_NONE, STR_NONE, &p);
}

static void move_columns(struct lite_diff *d, const struct known *k)
{
    struct index done = {0};
    for (size_t i = 0; i < d->names.list.count; i++) {
        struct str table = d->names.list.items[i].table;
        struct pending p = {0};
        if (d->names.list.items[i].column.len == 0 || index_find(&done, lite_fold(d->arena, table)) != INDEX_NONE)
            continue;
        index_put(d->arena, &done, lite_fold(d->arena, table), 0);
        for (size_t m = i; m < d->names.list.count; m++)
            if (d->names.list.items[m].column.len > 0 && lite_same_name(d->names.list.items[m].table, table))
                vec_push(d->arena, &p.list, d->names.list.items[m]);
        order_moves(d, k, table, lite_alias_table(&d->names, table), &p);
    }
}

void lite_plan_renames(struct lite_diff *d)
{
    struct known k = {0};
    fill(d, d->from, &k.from_tables, &k.from_columns);
    fill(d, d->to, &k.to_tables, &k.to_columns);
    take_table_renames(d, &k);
    take_table_cases(d, &k);
    tell_apart(d, &k);
    take_column_renames(d, &k);
    take_column_cases(d, &k);
    step_aside(d, &k);
    move_tables(d, &k);
    move_columns(d, &k);
}

/* ---- what may be a rename ---- */

static void add_candidate(struct arena *a, struct renames *list, const struct object *old, const struct object *new)
{
    struct rename r = {.kind = old->kind, .table = old->table, .from = old->name, .to = new->name};
    vec_push(a, &list->list, r);
}

/* The tables' columns have the same names and types, at least all but a few. */
static bool is_like(struct lite_diff *d, const struct object *old, const struct object *new)
{
    struct lite_table a, b;
    struct err ignored;
    if (!lite_table_parse(d->arena, lite_sql(old), NULL, &a, &ignored) ||
        !lite_table_parse(d->arena, lite_sql(new), NULL, &b, &ignored))
        return false;
    size_t shared = 0, more = a.columns.list.count > b.columns.list.count ? a.columns.list.count : b.columns.list.count;
    for (size_t i = 0; i < a.columns.list.count; i++) {
        size_t there = lite_table_column(&b, a.columns.list.items[i].name);
        shared += there != SIZE_MAX && str_eq(a.columns.list.items[i].type, b.columns.list.items[there].type);
    }
    return more > 0 && 4 * shared >= 3 * more;
}

static void table_candidates(struct lite_diff *d, const struct known *k, struct renames *list)
{
    struct index taken = {0};
    for (size_t i = 0; i < d->from->objects.list.count; i++) {
        const struct object *old = object(d->from, i);
        bool gone =
            old->kind == OBJECT_TABLE && lite_is_ours(d, old) && find_table(d, &k->to_tables, old->name) == INDEX_NONE;
        for (size_t n = 0; gone && n < d->to->objects.list.count; n++) {
            const struct object *new = object(d->to, n);
            if (new->kind != OBJECT_TABLE || !lite_is_ours(d, new) || index_find(&taken, new->name) != INDEX_NONE ||
                find_table(d, &k->from_tables, new->name) != INDEX_NONE || !is_like(d, old, new))
                continue;
            index_put(d->arena, &taken, new->name, 0);
            add_candidate(d->arena, list, old, new);
            break;
        }
    }
}

static bool is_gone(struct lite_diff *d, const struct known *k, const struct object *o)
{
    return o->kind == OBJECT_COLUMN && is_ours(d, d->to, find_table(d, &k->to_tables, o->table)) &&
           find_column(d, &k->to_columns, o->table, o->name) == INDEX_NONE;
}

/* A column that goes and one of the same type that comes, in a table that stays. */
static void column_candidates(struct lite_diff *d, const struct known *k, struct renames *list)
{
    struct index taken = {0};
    for (size_t i = 0; i < d->from->objects.list.count; i++) {
        const struct object *old = object(d->from, i);
        bool gone = is_gone(d, k, old);
        for (size_t n = 0; gone && n < d->to->objects.list.count; n++) {
            const struct object *new = object(d->to, n);
            struct str key = column_key(d->arena, new->table, new->name);
            if (new->kind != OBJECT_COLUMN || !lite_same_name(new->table, old->table) ||
                find_column(d, &k->from_columns, new->table, new->name) != INDEX_NONE ||
                !str_eq(object_get(old, "type"), object_get(new, "type")) ||
                str_eq(object_get(old, "generated"), STR("yes")) != str_eq(object_get(new, "generated"), STR("yes")) ||
                index_find(&taken, key) != INDEX_NONE)
                continue;
            index_put(d->arena, &taken, key, 0);
            add_candidate(d->arena, list, old, new);
            break;
        }
    }
}

void lite_rename_candidates(struct arena *a, const struct diff_request *request, struct renames *ret_list)
{
    struct lite_diff d = {.arena = a, .request = request, .from = request->from, .to = request->to};
    struct renames list = {0};
    struct known k = {0};
    fill(&d, d.from, &k.from_tables, &k.from_columns);
    fill(&d, d.to, &k.to_tables, &k.to_columns);
    table_candidates(&d, &k, &list);
    column_candidates(&d, &k, &list);
    *ret_list = list;
}
