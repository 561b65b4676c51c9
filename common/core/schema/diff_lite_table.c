/* What becomes of each table. */
#include <stdint.h>
#include <string.h>

#include "common/core/schema/diff_lite.h"

static const struct object *object(const struct schema *s, size_t number)
{
    return &s->objects.list.items[number];
}

const struct lite_table_change *lite_change_of(const struct lite_diff *d, struct str table)
{
    uint32_t number = index_find(&d->changes, lite_fold(d->arena, table));
    return number == INDEX_NONE ? NULL : &d->tables.list.items[number];
}

static size_t find(const struct lite_diff *d, const struct index *tables, struct str name)
{
    uint32_t number = index_find(tables, lite_fold(d->arena, name));
    return number == INDEX_NONE ? SIZE_MAX : number;
}

/* ---- foreign keys that do not say which columns they refer to ---- */

static bool parse_table_of(struct lite_diff *d, const struct schema *s, const struct index *tables, struct str name,
                           struct lite_table *ret_table)
{
    struct err ignored;
    size_t number = find(d, tables, name);
    const struct lite_aliases *names = s == d->from ? &d->names : NULL;
    return number != SIZE_MAX && lite_table_parse(d->arena, lite_sql(object(s, number)), names, ret_table, &ignored);
}

/* `( ? )` becomes the primary key of the table that is referred to. */
static struct str explicit_norm(struct lite_diff *d, const struct schema *s, const struct index *tables,
                                const struct lite_constraint *c)
{
    struct lite_table parent;
    const char *mark = c->kind == LITE_FOREIGN_KEY ? memmem(c->norm.p, c->norm.len, "( ? )", 5) : NULL;
    struct str name = s == d->from ? lite_alias_table(&d->names, c->references) : c->references;
    if (mark == NULL || !parse_table_of(d, s, tables, name, &parent))
        return c->norm;
    for (size_t i = 0; i < parent.constraints.list.count; i++) {
        const struct lite_constraint *key = &parent.constraints.list.items[i];
        struct str columns = STR_NONE;
        if (key->kind != LITE_PRIMARY_KEY)
            continue;
        for (size_t k = 0; k < key->columns.list.count; k++) {
            struct str column = key->columns.list.items[k];
            if (s == d->from)
                column = lite_alias_column(&d->names, parent.name, column);
            column = lite_quote(d->arena, lite_fold(d->arena, column));
            columns = str_printf(d->arena, "%.*s %.*s", STR_ARG(columns), STR_ARG(column));
        }
        return str_printf(d->arena, "%.*s(%.*s )%s", (int)(mark - c->norm.p), c->norm.p, STR_ARG(columns), mark + 5);
    }
    return c->norm;
}

/* ---- comparing ---- */

static bool has_constraint(struct lite_diff *d, bool in_new, const struct lite_table_change *c,
                           const struct lite_constraint *wanted)
{
    const struct lite_table *there = in_new ? &c->new : &c->old;
    const struct schema *s = in_new ? d->to : d->from, *other = in_new ? d->from : d->to;
    const struct index *tables = in_new ? &d->to_tables : &d->from_tables;
    struct str norm = STR_NONE;
    for (size_t i = 0; i < there->constraints.list.count; i++) {
        const struct lite_constraint *x = &there->constraints.list.items[i];
        if (str_eq(x->norm, wanted->norm))
            return true;
        if (x->kind != LITE_FOREIGN_KEY || wanted->kind != LITE_FOREIGN_KEY)
            continue;
        if (norm.p == NULL)
            norm = explicit_norm(d, other, in_new ? &d->from_tables : &d->to_tables, wanted);
        if (str_eq(explicit_norm(d, s, tables, x), norm))
            return true;
    }
    return false;
}

static const struct lite_column *old_column(const struct lite_table_change *c, size_t i)
{
    return &c->old.columns.list.items[i];
}

static const struct lite_column *new_column(const struct lite_table_change *c, size_t i)
{
    return &c->new.columns.list.items[i];
}

static bool is_listed(const size_t *list, size_t count, size_t number)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == number)
            return true;
    return false;
}

static bool is_added(const struct lite_table_change *c, size_t column)
{
    return is_listed(c->added.list.items, c->added.list.count, column);
}

static bool is_dropped(const struct lite_table_change *c, size_t column)
{
    return is_listed(c->dropped.list.items, c->dropped.list.count, column);
}

/* Why ALTER TABLE cannot add it; empty: it can. */
static struct str why_not_added(struct lite_diff *d, const struct lite_table_change *c, size_t position)
{
    size_t number = c->added.list.items[position];
    const struct lite_column *column = new_column(c, number);
    const char *problem = NULL;
    if (column->primary_key || column->unique)
        problem = "is a key";
    else if (column->stored)
        problem = "is stored";
    else if (column->default_kind == LITE_DEFAULT_COMPUTED)
        problem = "has a computed default";
    else if (d->request->back && column->not_null && column->default_kind == LITE_DEFAULT_NONE && !column->generated)
        problem = "is NOT NULL without a default";
    for (size_t i = position + 1; i < c->added.list.count; i++)
        if (lite_mentions(column->text, new_column(c, c->added.list.items[i])->name))
            problem = "needs a column that comes behind it";
    return problem == NULL ? STR_NONE : str_printf(d->arena, "the new column %.*s %s", STR_ARG(column->name), problem);
}

static struct str why_constraints(struct lite_diff *d, const struct lite_table_change *c)
{
    for (size_t i = 0; i < c->old.constraints.list.count; i++) {
        const struct lite_constraint *x = &c->old.constraints.list.items[i];
        bool goes_along = x->kind == LITE_CHECK && x->column != SIZE_MAX && is_dropped(c, x->column);
        if (!goes_along && !has_constraint(d, true, c, x))
            return STR("a constraint changes");
    }
    for (size_t i = 0; i < c->new.constraints.list.count; i++) {
        const struct lite_constraint *x = &c->new.constraints.list.items[i];
        bool comes_along = x->column != SIZE_MAX && is_added(c, x->column);
        if (!comes_along && !has_constraint(d, false, c, x))
            return STR("a constraint changes");
    }
    return STR_NONE;
}

static struct str column_name(const struct lite_diff *d, const struct lite_table_change *c, size_t i)
{
    return lite_alias_column(&d->names, c->old.name, old_column(c, i)->name);
}

static size_t find_old(const struct lite_diff *d, const struct lite_table_change *c, struct str name)
{
    for (size_t i = 0; i < c->old.columns.list.count; i++)
        if (lite_same_name(column_name(d, c, i), name))
            return i;
    return SIZE_MAX;
}

/* Fills `added` and `dropped`; the first column whose definition differs is the reason for a rebuild. */
static struct str compare_columns(struct lite_diff *d, struct lite_table_change *c)
{
    struct str why = STR_NONE;
    for (size_t i = 0; i < c->new.columns.list.count; i++) {
        const struct lite_column *column = new_column(c, i);
        size_t old = find_old(d, c, column->name);
        if (old == SIZE_MAX)
            vec_push(d->arena, &c->added.list, i);
        else if (!str_eq(old_column(c, old)->norm, column->norm) && why.len == 0)
            why = str_printf(d->arena, "column %.*s changes", STR_ARG(column->name));
    }
    for (size_t i = 0; i < c->old.columns.list.count; i++)
        if (lite_table_column(&c->new, column_name(d, c, i)) == SIZE_MAX)
            vec_push(d->arena, &c->dropped.list, i);
    return why;
}

/* Rows of a full-text table that holds them itself, or of an R-tree, can be copied. */
static void decide_virtual(struct lite_diff *d, struct lite_table_change *c)
{
    bool same = str_eq(c->old.norm, c->new.norm);
    bool copies = str_eq(c->old.module, c->new.module) && c->old.columns.list.count > 0 &&
                  c->new.columns.list.count > 0 && !c->old.foreign_content && !c->new.foreign_content;
    if (!same)
        compare_columns(d, c);
    c->why = STR("it is a virtual table");
    c->how = same ? LITE_SAME : copies ? LITE_REBUILD : LITE_REPLACE;
}

static void decide(struct lite_diff *d, struct lite_table_change *c)
{
    if (c->old.virtual_table || c->new.virtual_table) {
        decide_virtual(d, c);
        return;
    }
    c->why = compare_columns(d, c);
    if (c->why.len == 0)
        c->why = why_constraints(d, c);
    if (c->why.len == 0 && !str_eq(c->old.norm, c->new.norm))
        c->why = STR("an option of the table changes");
    for (size_t i = 0; c->why.len == 0 && i < c->added.list.count; i++)
        c->why = why_not_added(d, c, i);
    bool columns = c->added.list.count + c->dropped.list.count > 0;
    c->how = c->why.len > 0 ? LITE_REBUILD : columns ? LITE_ALTER : LITE_SAME;
}

/* ---- all tables ---- */

static bool parse(struct lite_diff *d, const struct schema *s, size_t number, struct lite_table *ret_table)
{
    return lite_table_parse(d->arena, lite_sql(object(s, number)), s == d->from ? &d->names : NULL, ret_table, d->err);
}

static bool add_change(struct lite_diff *d, const struct lite_table_change *wanted)
{
    struct lite_table_change c = *wanted;
    if (c.from != SIZE_MAX && !parse(d, d->from, c.from, &c.old))
        return false;
    if (c.to != SIZE_MAX && !parse(d, d->to, c.to, &c.new))
        return false;
    if (c.how == LITE_SAME)
        decide(d, &c);
    if (c.how == LITE_SAME)
        return true;
    struct str name = c.to != SIZE_MAX ? c.new.name : lite_alias_table(&d->names, c.old.name);
    index_put(d->arena, &d->changes, lite_fold(d->arena, name), (uint32_t)d->tables.list.count);
    vec_push(d->arena, &d->tables.list, c);
    return true;
}

static bool plan_old(struct lite_diff *d, size_t number)
{
    const struct object *o = object(d->from, number);
    size_t to = find(d, &d->to_tables, lite_alias_table(&d->names, o->name));
    struct lite_table_change c = {.from = number, .to = to};
    if (to == SIZE_MAX) {
        c.how = LITE_DROP;
        return !lite_is_ours(d, o) || add_change(d, &c);
    }
    const struct object *twin = object(d->to, to);
    bool same_text = d->names.list.count == 0 && str_eq(lite_sql(o), lite_sql(twin));
    return same_text || !lite_is_ours(d, twin) || add_change(d, &c);
}

static bool plan_new(struct lite_diff *d, size_t number)
{
    const struct object *o = object(d->to, number);
    struct lite_table_change c = {.from = SIZE_MAX, .to = number, .how = LITE_CREATE};
    return !lite_is_ours(d, o) || find(d, &d->from_tables, o->name) != SIZE_MAX || add_change(d, &c);
}

static void index_tables(struct lite_diff *d)
{
    for (size_t i = 0; i < d->from->objects.list.count; i++) {
        const struct object *o = object(d->from, i);
        if (o->kind == OBJECT_TABLE)
            index_put(d->arena, &d->from_tables, lite_fold(d->arena, lite_alias_table(&d->names, o->name)),
                      (uint32_t)i);
    }
    for (size_t i = 0; i < d->to->objects.list.count; i++)
        if (object(d->to, i)->kind == OBJECT_TABLE)
            index_put(d->arena, &d->to_tables, lite_fold(d->arena, object(d->to, i)->name), (uint32_t)i);
}

bool lite_plan_tables(struct lite_diff *d)
{
    index_tables(d);
    for (size_t i = 0; i < d->from->objects.list.count; i++)
        if (object(d->from, i)->kind == OBJECT_TABLE && !plan_old(d, i))
            return false;
    for (size_t i = 0; i < d->to->objects.list.count; i++)
        if (object(d->to, i)->kind == OBJECT_TABLE && !plan_new(d, i))
            return false;
    return true;
}
