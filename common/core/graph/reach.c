#include "skein/graph/reach.h"

typedef bool next_function(const struct dag *d, int kinds, struct dag_cursor *c, size_t *ret_node);

/* Takes nodes off `todo`, adds what `next` leads to and is new. */
static void spread(struct arena *a, const struct dag *d, int kinds, next_function *next, struct nodes *todo,
                   struct bitset *set)
{
    while (todo->list.count > 0) {
        struct dag_cursor c = {.node = todo->list.items[--todo->list.count]};
        size_t other;
        while (next(d, kinds, &c, &other)) {
            if (bitset_has(set, other))
                continue;
            bitset_add(set, other);
            vec_push(a, &todo->list, other);
        }
    }
}

static void reach(struct arena *a, const struct dag *d, int kinds, next_function *next, struct bitset *set)
{
    struct nodes todo = {0};
    for (size_t n = bitset_next(set, 0); n < set->size; n = bitset_next(set, n + 1))
        vec_push(a, &todo.list, n);
    spread(a, d, kinds, next, &todo, set);
}

void reach_down(struct arena *a, const struct dag *d, int kinds, struct bitset *set)
{
    reach(a, d, kinds, dag_next_down, set);
}

void reach_up(struct arena *a, const struct dag *d, int kinds, struct bitset *set)
{
    reach(a, d, kinds, dag_next_up, set);
}

static struct bitset set_of(struct arena *a, const struct dag *d, const struct nodes *from)
{
    struct bitset set = bitset_new(a, d->node_count);
    for (size_t i = 0; i < from->list.count; i++)
        bitset_add(&set, from->list.items[i]);
    return set;
}

struct bitset reach_down_from(struct arena *a, const struct dag *d, int kinds, const struct nodes *from)
{
    struct bitset set = set_of(a, d, from);
    reach_down(a, d, kinds, &set);
    return set;
}

struct bitset reach_up_from(struct arena *a, const struct dag *d, int kinds, const struct nodes *from)
{
    struct bitset set = set_of(a, d, from);
    reach_up(a, d, kinds, &set);
    return set;
}

/* Everything strictly below the nodes: a member of `nodes` in there has another above it. */
static struct bitset below(struct arena *a, const struct dag *d, int kinds, const struct nodes *nodes)
{
    struct bitset set = bitset_new(a, d->node_count);
    struct nodes todo = {0};
    for (size_t i = 0; i < nodes->list.count; i++) {
        struct dag_cursor c = {.node = nodes->list.items[i]};
        size_t other;
        while (dag_next_down(d, kinds, &c, &other)) {
            if (bitset_has(&set, other))
                continue;
            bitset_add(&set, other);
            vec_push(a, &todo.list, other);
        }
    }
    spread(a, d, kinds, dag_next_down, &todo, &set);
    return set;
}

bool reach_overlap(struct arena *a, const struct dag *d, int kinds, const struct nodes *nodes, size_t *ret_upper,
                   size_t *ret_lower)
{
    struct bitset lower = below(a, d, kinds, nodes);
    for (size_t i = 0; i < nodes->list.count; i++) {
        if (!bitset_has(&lower, nodes->list.items[i]))
            continue;
        struct nodes one = {0};
        vec_push(a, &one.list, nodes->list.items[i]);
        struct bitset above = reach_up_from(a, d, kinds, &one);
        for (size_t k = 0; k < nodes->list.count; k++)
            if (nodes->list.items[k] != nodes->list.items[i] && bitset_has(&above, nodes->list.items[k])) {
                *ret_upper = nodes->list.items[k];
                *ret_lower = nodes->list.items[i];
                return true;
            }
    }
    return false;
}
