#include "common/core/plan/rows.h"

#include "skein/graph/reach.h"

/* A module's names are sorted already: its ids among them get the numbers of its nodes. */
static void init_ranks(struct rows *r, const struct module *m)
{
    size_t next = m->first;
    for (size_t i = 0; i < m->name_count; i++)
        if (!m->names[i].is_label) {
            r->rank[m->names[i].node] = next;
            r->by_rank[next++] = m->names[i].node;
        }
}

void rows_init(struct rows *r, struct arena *a, const struct project *p)
{
    *r = (struct rows){.arena = a,
                       .project = p,
                       .applied = bitset_new(a, p->node_count),
                       .is_row = bitset_new(a, p->node_count),
                       .stale = bitset_new(a, p->node_count),
                       .sorted = bitset_new(a, p->node_count),
                       .rank = arena_new_array(a, p->node_count, size_t),
                       .by_rank = arena_new_array(a, p->node_count, size_t),
                       .needed_by = arena_new_array(a, p->node_count, size_t),
                       .ids = arena_new_array(a, p->node_count, struct str),
                       .modules = arena_new_array(a, p->modules.list.count, struct str)};
    for (size_t m = 0; m < p->modules.list.count; m++)
        init_ranks(r, &p->modules.list.items[m]);
}

struct str rows_id(struct rows *r, size_t node)
{
    if (r->ids[node].len == 0)
        r->ids[node] = str_copy(r->arena, r->project->nodes[node]->id);
    return r->ids[node];
}

struct str rows_module(struct rows *r, size_t module)
{
    if (r->modules[module].len == 0)
        r->modules[module] = str_copy(r->arena, r->project->modules.list.items[module].name);
    return r->modules[module];
}

/* Notes that `node` is applied: what it needs is needed by one more. */
static void set_applied(struct rows *r, size_t node)
{
    struct dag_cursor c = {.node = node};
    size_t other;
    bitset_add(&r->applied, node);
    while (dag_next_down(&r->project->dag, EDGES_MODULE, &c, &other))
        r->needed_by[other]++;
}

void rows_load(struct rows *r, const struct nodes *rows)
{
    struct bitset applied = reach_down_from(r->arena, &r->project->dag, EDGES_MODULE, rows);
    for (size_t n = bitset_next(&applied, 0); n < applied.size; n = bitset_next(&applied, n + 1))
        set_applied(r, n);
    for (size_t i = 0; i < rows->list.count; i++) {
        size_t row = rows->list.items[i];
        bitset_add(r->needed_by[row] == 0 ? &r->is_row : &r->stale, row);
        bitset_add(&r->sorted, r->rank[row]);
    }
}

struct names rows_heads(struct rows *r, size_t module)
{
    const struct module *m = &r->project->modules.list.items[module];
    struct names heads = {0};
    for (size_t n = bitset_next(&r->sorted, m->first); n < m->first + m->count; n = bitset_next(&r->sorted, n + 1))
        vec_push(r->arena, &heads.list, rows_id(r, r->by_rank[n]));
    return heads;
}

static void change(struct rows *r, struct plan_step *step, enum row_change_kind kind, size_t from, size_t to)
{
    struct row_change c = {.kind = kind, .module = step->module, .from = STR(""), .to = STR("")};
    if (kind != ROW_INSERT) {
        c.from = rows_id(r, from);
        bitset_remove(&r->is_row, from);
        bitset_remove(&r->sorted, r->rank[from]);
    }
    if (kind != ROW_DELETE) {
        c.to = rows_id(r, to);
        bitset_add(&r->is_row, to);
        bitset_add(&r->sorted, r->rank[to]);
    }
    vec_push(r->arena, &step->rows.list, c);
}

struct nodes rows_stale(struct rows *r, size_t module)
{
    const struct module *m = &r->project->modules.list.items[module];
    struct nodes stale = {0};
    for (size_t n = bitset_next(&r->stale, m->first); n < m->first + m->count; n = bitset_next(&r->stale, n + 1))
        vec_push(r->arena, &stale.list, n);
    return stale;
}

/* Comes first in a step: from here on rows are what their definition says. */
static void delete_stale(struct rows *r, size_t module, struct plan_step *step)
{
    struct nodes stale = rows_stale(r, module);
    for (size_t i = 0; i < stale.list.count; i++) {
        change(r, step, ROW_DELETE, stale.list.items[i], 0);
        bitset_remove(&r->stale, stale.list.items[i]);
    }
}

/* All rows `from` become the one row `to`. */
static void merge_rows(struct rows *r, const struct nodes *from, size_t to, struct plan_step *step)
{
    size_t count = from->list.count;
    for (size_t i = 0; i + 1 < count; i++)
        change(r, step, ROW_DELETE, from->list.items[i], 0);
    if (count > 0)
        change(r, step, ROW_UPDATE, from->list.items[count - 1], to);
    else
        change(r, step, ROW_INSERT, 0, to);
}

/* The members of a range one after the other, or the node alone; SIZE_MAX at the end. */
static size_t first_member(size_t node, const struct squash *range)
{
    return range != NULL ? bitset_next(&range->members, 0) : node;
}

static size_t next_member(size_t member, const struct squash *range)
{
    size_t next = range != NULL ? bitset_next(&range->members, member + 1) : SIZE_MAX;
    return range != NULL && next < range->members.size ? next : SIZE_MAX;
}

static bool is_member(const struct squash *range, size_t node)
{
    return range != NULL && bitset_has(&range->members, node);
}

/* The rows that `member` implies are rows no longer. */
static void take_implied(struct rows *r, size_t member, struct nodes *implied)
{
    struct dag_cursor c = {.node = member};
    size_t other;
    while (dag_next_down(&r->project->dag, EDGES_MODULE, &c, &other))
        if (bitset_has(&r->is_row, other)) {
            bitset_remove(&r->is_row, other); /* a parent may be named as dependency too */
            vec_push(r->arena, &implied->list, other);
        }
}

void rows_up(struct rows *r, size_t node, const struct squash *range, struct plan_step *step)
{
    struct nodes implied = {0};
    size_t module = project_module_of(r->project, node);
    delete_stale(r, module, step);
    for (size_t m = first_member(node, range); m != SIZE_MAX; m = next_member(m, range))
        take_implied(r, m, &implied);
    merge_rows(r, &implied, node, step);
    for (size_t m = first_member(node, range); m != SIZE_MAX; m = next_member(m, range))
        set_applied(r, m);
    step->heads_after = rows_heads(r, module);
}

/* What nothing applied needs any more once `member` is gone. */
static void give_back(struct rows *r, size_t member, const struct squash *range, struct nodes *back)
{
    struct dag_cursor c = {.node = member};
    size_t other;
    bitset_remove(&r->applied, member);
    while (dag_next_down(&r->project->dag, EDGES_MODULE, &c, &other))
        if (--r->needed_by[other] == 0 && !is_member(range, other))
            vec_push(r->arena, &back->list, other);
}

void rows_down(struct rows *r, size_t node, const struct squash *range, struct plan_step *step)
{
    struct nodes back = {0};
    size_t module = project_module_of(r->project, node);
    delete_stale(r, module, step);
    for (size_t m = first_member(node, range); m != SIZE_MAX; m = next_member(m, range))
        give_back(r, m, range, &back);
    for (size_t i = 1; i < back.list.count; i++)
        change(r, step, ROW_INSERT, 0, back.list.items[i]);
    if (back.list.count > 0)
        change(r, step, ROW_UPDATE, node, back.list.items[0]);
    else
        change(r, step, ROW_DELETE, node, 0);
    step->heads_after = rows_heads(r, module);
}

void rows_replace(struct rows *r, const struct nodes *from, size_t to, struct plan_step *step)
{
    size_t module = (size_t)project_find_module(r->project, step->module);
    delete_stale(r, module, step);
    if (to != SIZE_MAX)
        merge_rows(r, from, to, step);
    for (size_t i = 0; to == SIZE_MAX && i < from->list.count; i++)
        change(r, step, ROW_DELETE, from->list.items[i], 0);
    step->heads_after = rows_heads(r, module);
}
