#include "common/core/lint/world.h"

bool names_have(const struct names *names, struct str name)
{
    for (size_t i = 0; i < names->list.count; i++)
        if (str_eq(names->list.items[i], name))
            return true;
    return false;
}

struct world_table *world_find(const struct world *w, struct str key)
{
    uint32_t number = index_find(&w->names, key);
    return number != INDEX_NONE && !w->tables.items[number].gone ? &w->tables.items[number] : NULL;
}

struct world_table *world_find_index(const struct world *w, struct str name)
{
    uint32_t number = index_find(&w->indexes, name);
    return number != INDEX_NONE && !w->tables.items[number].gone ? &w->tables.items[number] : NULL;
}

struct world_column *world_column(const struct world_table *t, struct str name)
{
    for (size_t i = 0; t != NULL && i < t->columns.count; i++)
        if (!t->columns.items[i].gone && str_eq(t->columns.items[i].name, name))
            return &t->columns.items[i];
    return NULL;
}

struct world_constraint *world_constraint(const struct world_table *t, struct str name)
{
    for (size_t i = 0; t != NULL && i < t->constraints.count; i++)
        if (!t->constraints.items[i].gone && str_eq(t->constraints.items[i].name, name))
            return &t->constraints.items[i];
    return NULL;
}

/* ---- changes ---- */

static bool is_relation(enum thing thing)
{
    return thing == THING_TABLE || thing == THING_VIEW || thing == THING_MATVIEW;
}

static void create_table(struct arena *a, struct world *w, const struct act *act, const struct maker *maker)
{
    struct str key = table_key(a, act->schema, act->table);
    if ((act->flags & ACT_EXISTS) != 0 && world_find(w, key) != NULL)
        return;
    struct world_table t = {.key = key,
                            .parent = act->other,
                            .thing = act->thing,
                            .module = maker->module,
                            .node = maker->node,
                            .section = maker->section,
                            .partitioned = (act->flags & ACT_PARTITIONED) != 0};
    index_put(a, &w->names, key, (uint32_t)w->tables.count);
    vec_push(a, &w->tables, t);
}

static void create_index(struct arena *a, struct world *w, const struct act *act)
{
    struct str key = table_key(a, act->schema, act->table);
    struct world_table *t = world_find(w, key);
    if (t == NULL)
        return;
    struct world_index made = {.name = act->name, .columns = act->columns};
    vec_push(a, &t->indexes, made);
    index_put(a, &w->indexes, act->name, index_find(&w->names, key));
}

static void drop_index(struct arena *a, struct world *w, struct str name)
{
    struct world_table *t = world_find_index(w, name);
    for (size_t i = 0; t != NULL && i < t->indexes.count; i++)
        if (str_eq(t->indexes.items[i].name, name))
            t->indexes.items[i].gone = true;
    if (t != NULL)
        index_put(a, &w->indexes, name, INDEX_NONE);
}

static void apply_drop(struct arena *a, struct world *w, const struct act *act)
{
    if (act->thing == THING_INDEX)
        drop_index(a, w, act->name);
    struct world_table *t = is_relation(act->thing) ? world_find(w, table_key(a, act->schema, act->table)) : NULL;
    if (t != NULL)
        t->gone = true;
}

static void rename_table(struct arena *a, struct world *w, const struct act *act)
{
    struct str key = table_key(a, act->schema, act->table);
    uint32_t number = index_find(&w->names, key);
    if (!is_relation(act->thing) || number == INDEX_NONE)
        return;
    bool moved = str_find(act->other, '.') < act->other.len;
    struct str renamed = moved ? act->other : table_key(a, act->schema, act->other);
    index_put(a, &w->names, key, INDEX_NONE);
    index_put(a, &w->names, renamed, number);
    w->tables.items[number].key = renamed;
}

static void add_column(struct arena *a, struct world_table *t, const struct act *act)
{
    struct world_column made = {.name = act->name,
                                .type = act->type,
                                .not_null = (act->flags & ACT_NOT_NULL) != 0,
                                .generated = (act->flags & ACT_GENERATED) != 0};
    if (world_column(t, act->name) == NULL)
        vec_push(a, &t->columns, made);
}

static void add_constraint(struct arena *a, struct world_table *t, const struct act *act)
{
    struct world_constraint made = {.name = act->name,
                                    .kind = act->constraint,
                                    .valid = (act->flags & ACT_NOT_VALID) == 0,
                                    .columns = act->columns};
    vec_push(a, &t->constraints, made);
}

static void change_column(struct world_table *t, const struct act *act)
{
    struct world_column *column = world_column(t, act->name);
    if (column == NULL)
        return;
    column->gone = column->gone || act->kind == ACT_DROP_COLUMN;
    column->not_null = column->not_null || act->kind == ACT_SET_NOT_NULL;
    if (act->kind == ACT_COLUMN_TYPE)
        column->type = act->type;
    if (act->kind == ACT_RENAME_COLUMN)
        column->name = act->other;
}

static void change_constraint(struct world_table *t, const struct act *act)
{
    struct world_constraint *constraint = world_constraint(t, act->name);
    if (constraint == NULL)
        return;
    constraint->valid = constraint->valid || act->kind == ACT_VALIDATE;
    constraint->gone = act->kind == ACT_DROP_CONSTRAINT;
}

static void change_table(struct arena *a, struct world_table *t, const struct act *act)
{
    if (act->kind == ACT_ADD_COLUMN)
        add_column(a, t, act);
    else if (act->kind == ACT_CONSTRAINT)
        add_constraint(a, t, act);
    else if (act->kind == ACT_VALIDATE || act->kind == ACT_DROP_CONSTRAINT)
        change_constraint(t, act);
    else
        change_column(t, act);
}

void world_apply(struct arena *a, struct world *w, const struct act *act, const struct maker *maker)
{
    if (act->kind == ACT_CREATE && act->thing == THING_INDEX)
        create_index(a, w, act);
    else if (act->kind == ACT_CREATE && is_relation(act->thing) && (act->flags & ACT_TEMPORARY) == 0)
        create_table(a, w, act, maker);
    else if (act->kind == ACT_DROP)
        apply_drop(a, w, act);
    else if (act->kind == ACT_RENAME)
        rename_table(a, w, act);
    struct world_table *t = world_find(w, table_key(a, act->schema, act->table));
    bool changes = act->kind == ACT_ADD_COLUMN || act->kind == ACT_CONSTRAINT || act->kind == ACT_VALIDATE ||
                   act->kind == ACT_DROP_CONSTRAINT || act->kind == ACT_DROP_COLUMN || act->kind == ACT_COLUMN_TYPE ||
                   act->kind == ACT_SET_NOT_NULL || act->kind == ACT_RENAME_COLUMN;
    if (t != NULL && changes)
        change_table(a, t, act);
}
