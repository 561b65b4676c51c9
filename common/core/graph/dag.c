#include "skein/graph/dag.h"

#include <stdint.h>

#include "skein/graph/reach.h"

static int kind_index(enum edge_kind kind)
{
    return __builtin_ctz((unsigned)kind);
}

static size_t span(const struct adjacency *adj, size_t node)
{
    return adj->at[node + 1] - adj->at[node];
}

size_t dag_down_count(const struct dag *d, enum edge_kind kind, size_t node)
{
    return span(&d->down[kind_index(kind)], node);
}

size_t dag_down(const struct dag *d, enum edge_kind kind, size_t node, size_t i)
{
    const struct adjacency *adj = &d->down[kind_index(kind)];
    return adj->to[adj->at[node] + i];
}

size_t dag_up_count(const struct dag *d, enum edge_kind kind, size_t node)
{
    return span(&d->up[kind_index(kind)], node);
}

size_t dag_up(const struct dag *d, enum edge_kind kind, size_t node, size_t i)
{
    const struct adjacency *adj = &d->up[kind_index(kind)];
    return adj->to[adj->at[node] + i];
}

static bool next(const struct adjacency *adj, int kinds, struct dag_cursor *c, size_t *ret_node)
{
    for (; c->kind < EDGE_KINDS; c->kind++, c->i = 0)
        if ((kinds & 1 << c->kind) != 0 && c->i < span(&adj[c->kind], c->node)) {
            *ret_node = adj[c->kind].to[adj[c->kind].at[c->node] + c->i++];
            return true;
        }
    return false;
}

bool dag_next_down(const struct dag *d, int kinds, struct dag_cursor *c, size_t *ret_node)
{
    return next(d->down, kinds, c, ret_node);
}

bool dag_next_up(const struct dag *d, int kinds, struct dag_cursor *c, size_t *ret_node)
{
    return next(d->up, kinds, c, ret_node);
}

/* Counting sort by `from` (or by `to` when `reverse`), keeping the order of edges. */
static void fill(struct arena *a, size_t node_count, const struct edges *edges, int kind, bool reverse,
                 struct adjacency *ret_adj)
{
    size_t *at = arena_new_array(a, node_count + 1, size_t), count = 0;
    for (size_t i = 0; i < edges->list.count; i++) {
        const struct edge *e = &edges->list.items[i];
        if (kind_index(e->kind) != kind)
            continue;
        at[(reverse ? e->to : e->from) + 1]++;
        count++;
    }
    for (size_t n = 0; n < node_count; n++)
        at[n + 1] += at[n];
    size_t *to = arena_new_array(a, count, size_t), *fill_at = arena_copy(a, at, (node_count + 1) * sizeof(*at));
    for (size_t i = 0; i < edges->list.count; i++) {
        const struct edge *e = &edges->list.items[i];
        if (kind_index(e->kind) == kind)
            to[fill_at[reverse ? e->to : e->from]++] = reverse ? e->from : e->to;
    }
    *ret_adj = (struct adjacency){at, to};
}

/* Drops repeated neighbours of one node; `mark` holds the last node that named each neighbour. */
static void drop_repeats(struct arena *a, size_t node_count, struct adjacency *adj)
{
    size_t *mark = arena_new_array(a, node_count, size_t), kept = 0;
    for (size_t n = 0; n < node_count; n++) {
        size_t start = kept;
        for (size_t i = adj->at[n]; i < adj->at[n + 1]; i++) {
            if (mark[adj->to[i]] == n + 1)
                continue;
            mark[adj->to[i]] = n + 1;
            adj->to[kept++] = adj->to[i];
        }
        adj->at[n] = start;
    }
    adj->at[node_count] = kept;
}

/* Revisions that depend on `node` though one of their ancestors by parents does so already. */
static struct bitset far_dependants(struct arena *a, const struct dag *d, size_t node)
{
    struct nodes children = {0};
    for (size_t i = 0; i < dag_up_count(d, EDGE_DEPENDENCY, node); i++) {
        size_t dependant = dag_up(d, EDGE_DEPENDENCY, node, i);
        for (size_t k = 0; k < dag_up_count(d, EDGE_PARENT, dependant); k++)
            vec_push(a, &children.list, dag_up(d, EDGE_PARENT, dependant, k));
    }
    return reach_up_from(a, d, EDGE_PARENT, &children);
}

static struct adjacency near_dependencies(struct arena *a, const struct dag *d)
{
    const struct adjacency *all = &d->down[1];
    struct bitset *far = arena_new_array(a, d->node_count, struct bitset);
    struct adjacency near = {.at = arena_new_array(a, d->node_count + 1, size_t),
                             .to = arena_new_array(a, all->at[d->node_count], size_t)};
    size_t kept = 0;
    for (size_t n = 0; n < d->node_count; n++)
        if (dag_up_count(d, EDGE_DEPENDENCY, n) > 1)
            far[n] = far_dependants(a, d, n);
    for (size_t n = 0; n < d->node_count; n++) {
        for (size_t i = all->at[n]; i < all->at[n + 1]; i++)
            if (!bitset_has(&far[all->to[i]], n))
                near.to[kept++] = all->to[i];
        near.at[n + 1] = kept;
    }
    return near;
}

void dag_build(struct arena *a, size_t node_count, const struct edges *edges, struct dag *ret_dag)
{
    *ret_dag = (struct dag){.node_count = node_count};
    for (int kind = 0; kind < EDGE_KINDS; kind++) {
        fill(a, node_count, edges, kind, false, &ret_dag->down[kind]);
        drop_repeats(a, node_count, &ret_dag->down[kind]);
        fill(a, node_count, edges, kind, true, &ret_dag->up[kind]);
        drop_repeats(a, node_count, &ret_dag->up[kind]);
    }
    ret_dag->near_dependencies = near_dependencies(a, ret_dag);
}
