/*
 * Stamping: rows move, nothing runs. Several expressions are taken one after the other. Each moves all rows on its
 * lineage (dependencies included) to the revisions that it stands for; in the end no row implies another.
 */
#include "common/core/plan/planner.h"
#include "skein/graph/reach.h"

static void add_step(struct planner *p, size_t module, const struct nodes *from, size_t to)
{
    struct plan_step step = planner_step(p, module, to != SIZE_MAX ? to : from->list.items[0]);
    rows_replace(&p->rows, from, to, &step);
    vec_push(p->arena, &p->plan.steps.list, step);
}

static struct nodes current_rows(struct planner *p, size_t module)
{
    const struct module *m = &p->project->modules.list.items[module];
    struct nodes rows = {0};
    for (size_t n = m->first; n < m->first + m->count; n++)
        if (bitset_has(&p->rows.is_row, n))
            vec_push(p->arena, &rows.list, n);
    return rows;
}

static struct nodes one_node(struct planner *p, size_t node)
{
    struct nodes one = {0};
    vec_push(p->arena, &one.list, node);
    return one;
}

static void remove_rows(struct planner *p, size_t module, const struct nodes *rows)
{
    for (size_t i = 0; i < rows->list.count; i++) {
        struct nodes one = one_node(p, rows->list.items[i]);
        add_step(p, module, &one, SIZE_MAX);
    }
}

/* Those of `rows` that are rows still. */
static struct nodes still_rows(struct planner *p, const struct nodes *rows)
{
    struct nodes still = {0};
    for (size_t i = 0; i < rows->list.count; i++)
        if (bitset_has(&p->rows.is_row, rows->list.items[i]))
            vec_push(p->arena, &still.list, rows->list.items[i]);
    return still;
}

static bool contains(const struct nodes *nodes, size_t node)
{
    for (size_t i = 0; i < nodes->list.count; i++)
        if (nodes->list.items[i] == node)
            return true;
    return false;
}

static bool meets(const struct bitset *set, const struct nodes *nodes)
{
    for (size_t i = 0; i < nodes->list.count; i++)
        if (bitset_has(set, nodes->list.items[i]))
            return true;
    return false;
}

/* `moved`: the rows on the expression's lineage as they were before its first revision. */
static void stamp_one(struct planner *p, size_t module, const struct nodes *moved, size_t to)
{
    const struct dag *d = &p->project->dag;
    struct nodes one = one_node(p, to), none = {0};
    if (contains(moved, to) || bitset_has(&p->rows.is_row, to))
        return;
    struct bitset lineage = reach_up_from(p->arena, d, EDGES_MODULE, &one);
    struct bitset below = reach_down_from(p->arena, d, EDGES_MODULE, &one);
    bitset_unite(&lineage, &below);
    struct nodes from = meets(&lineage, moved) ? still_rows(p, moved) : none;
    add_step(p, module, &from, to);
}

/* A row that another implies goes: Alembic could not work with it. */
static void drop_implied(struct planner *p, size_t module)
{
    struct nodes stale = rows_stale(&p->rows, module);
    if (stale.list.count > 0) {
        struct plan_step step = planner_step(p, module, stale.list.items[0]);
        struct nodes none = {0};
        rows_replace(&p->rows, &none, SIZE_MAX, &step);
        vec_push(p->arena, &p->plan.steps.list, step);
    }
    struct nodes rows = current_rows(p, module);
    for (size_t i = 0; i < rows.list.count; i++) {
        struct nodes one = one_node(p, rows.list.items[i]);
        struct bitset above = reach_up_from(p->arena, &p->project->dag, EDGES_MODULE, &one);
        bitset_remove(&above, rows.list.items[i]);
        if (meets(&above, &rows))
            remove_rows(p, module, &one);
    }
}

static bool stamp_choice(struct planner *p, const struct choice *c, struct err *err)
{
    struct view v = planner_view(p, c->module);
    struct nodes rows = current_rows(p, c->module), moved, targets;
    if (!target_filter_rows(p->arena, &v, &rows, c->expression, &moved, err) ||
        !target_resolve(p->arena, &v, c->expression, &targets, err))
        return false;
    if (targets.list.count == 0)
        remove_rows(p, c->module, &moved);
    for (size_t i = 0; i < targets.list.count; i++)
        stamp_one(p, c->module, &moved, targets.list.items[i]);
    drop_implied(p, c->module);
    return true;
}

/* --purge: every row goes, known or not. */
static void purge(struct planner *p, size_t module)
{
    const struct names *rows = dbstate_heads(p->state, planner_module_name(p, module));
    for (size_t i = 0; i < rows->list.count; i++) {
        struct plan_step step = planner_step(p, module, SIZE_MAX);
        struct row_change change = {.kind = ROW_DELETE, .module = step.module};
        change.from = step.revision = str_copy(p->arena, rows->list.items[i]);
        change.to = STR("");
        vec_push(p->arena, &step.rows.list, change);
        for (size_t k = i + 1; k < rows->list.count; k++)
            vec_push(p->arena, &step.heads_after.list, str_copy(p->arena, rows->list.items[k]));
        vec_push(p->arena, &p->plan.steps.list, step);
    }
}

bool stamp_steps(struct planner *p, const struct choices *choices, struct err *err)
{
    for (size_t i = 0; i < choices->list.count; i++) {
        const struct choice *c = &choices->list.items[i];
        struct nodes rows;
        if (!p->matters[c->module] && p->request->purge) {
            purge(p, c->module);
        } else if (!p->matters[c->module]) {
            if (!planner_rows(p, c->module, &rows, err))
                return false;
            rows_load(&p->rows, &rows);
        }
        p->matters[c->module] = true;
        if (!stamp_choice(p, c, err))
            return false;
    }
    return true;
}
