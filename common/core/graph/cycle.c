/*
 * Cycles by Tarjan's algorithm with an explicit stack: a knot is a strongly connected component of more than
 * one node, or a node that needs itself. One cycle of each knot is named.
 */
#include "skein/graph/dag.h"

struct search {
    struct arena *arena;
    const struct dag *dag;
    int kinds;
    size_t *index, *low; /* 0: not visited */
    size_t *knot;        /* the node that names the component; 0: none, else + 1 */
    struct dag_cursor *cursor;
    struct nodes open, path;
    struct bitset on_open;
    size_t next_index;
};

static void enter(struct search *s, size_t node)
{
    s->index[node] = s->low[node] = ++s->next_index;
    s->cursor[node] = (struct dag_cursor){.node = node};
    bitset_add(&s->on_open, node);
    vec_push(s->arena, &s->open.list, node);
    vec_push(s->arena, &s->path.list, node);
}

static void leave(struct search *s, size_t node)
{
    s->path.list.count--;
    if (s->path.list.count > 0) {
        size_t below = s->path.list.items[s->path.list.count - 1];
        if (s->low[node] < s->low[below])
            s->low[below] = s->low[node];
    }
    if (s->low[node] != s->index[node])
        return;
    size_t member;
    do {
        member = s->open.list.items[--s->open.list.count];
        bitset_remove(&s->on_open, member);
        s->knot[member] = node + 1;
    } while (member != node);
}

static void visit(struct search *s, size_t start)
{
    enter(s, start);
    while (s->path.list.count > 0) {
        size_t node = s->path.list.items[s->path.list.count - 1], other;
        if (!dag_next_down(s->dag, s->kinds, &s->cursor[node], &other))
            leave(s, node);
        else if (s->index[other] == 0)
            enter(s, other);
        else if (bitset_has(&s->on_open, other) && s->index[other] < s->low[node])
            s->low[node] = s->index[other];
    }
}

static struct search search_all(struct arena *a, const struct dag *d, int kinds)
{
    size_t n = d->node_count;
    struct search s = {.arena = a,
                       .dag = d,
                       .kinds = kinds,
                       .index = arena_new_array(a, n, size_t),
                       .low = arena_new_array(a, n, size_t),
                       .knot = arena_new_array(a, n, size_t),
                       .cursor = arena_new_array(a, n, struct dag_cursor),
                       .on_open = bitset_new(a, n)};
    for (size_t node = 0; node < n; node++)
        if (s.index[node] == 0)
            visit(&s, node);
    return s;
}

/* A neighbour in the same component, itself included. */
static bool inner_neighbour(const struct search *s, size_t node, size_t *ret_node)
{
    struct dag_cursor c = {.node = node};
    size_t other;
    while (dag_next_down(s->dag, s->kinds, &c, &other))
        if (s->knot[other] == s->knot[node]) {
            *ret_node = other;
            return true;
        }
    return false;
}

/* Walks inside the component until a node comes again: the walk from there is a cycle. */
static void name_cycle(struct search *s, size_t start, struct nodes *ret_nodes)
{
    struct nodes walk = {0};
    struct bitset seen = bitset_new(s->arena, s->dag->node_count);
    size_t node = start, from = 0;
    while (!bitset_has(&seen, node)) {
        bitset_add(&seen, node);
        vec_push(s->arena, &walk.list, node);
        if (!inner_neighbour(s, node, &node))
            return;
    }
    while (walk.list.items[from] != node)
        from++;
    for (size_t i = from; i < walk.list.count; i++)
        vec_push(s->arena, &ret_nodes->list, walk.list.items[i]);
}

/* Adds a cycle for every knot in which `skip` has none yet. */
static void collect(struct search *s, bool only_parents, struct bitset *skip, struct cycles *ret_cycles)
{
    struct bitset named = bitset_new(s->arena, s->dag->node_count);
    for (size_t node = 0; node < s->dag->node_count; node++) {
        size_t other, knot = s->knot[node] - 1;
        if (bitset_has(&named, knot) || bitset_has(skip, node) || !inner_neighbour(s, node, &other))
            continue;
        bitset_add(&named, knot);
        struct cycle cycle = {.only_parents = only_parents};
        name_cycle(s, node, &cycle.nodes);
        for (size_t i = 0; i < cycle.nodes.list.count; i++)
            bitset_add(skip, cycle.nodes.list.items[i]);
        vec_push(s->arena, &ret_cycles->list, cycle);
    }
}

void dag_find_cycles(struct arena *a, const struct dag *d, struct cycles *ret_cycles)
{
    struct bitset named = bitset_new(a, d->node_count);
    *ret_cycles = (struct cycles){0};
    struct search parents = search_all(a, d, EDGE_PARENT);
    collect(&parents, true, &named, ret_cycles);
    struct search all = search_all(a, d, EDGES_ALL);
    /* A knot that has a named cycle already needs no second one. */
    for (size_t i = 0; i < ret_cycles->list.count; i++) {
        size_t knot = all.knot[ret_cycles->list.items[i].nodes.list.items[0]];
        for (size_t node = 0; node < d->node_count; node++)
            if (all.knot[node] == knot)
                bitset_add(&named, node);
    }
    collect(&all, false, &named, ret_cycles);
}
