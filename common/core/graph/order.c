/*
 * Alembic's walk from the top of a set to its base.
 *
 * A list of heads, first by node number. The current head is given out when nothing above it is left, and its
 * place is taken by the first of its parents and dependencies that are not heads yet; the others go to the
 * end of the list. When it has none, its place goes and the one before it is next. When something above it is
 * left, the walk goes on at the first head of the list that is above it.
 *
 * Finding that head is a walk upwards through what is left, kept for as long as the same revision asks again, and
 * a look along the list. A node's children that were given out are never looked at again.
 */
#include "skein/graph/reach.h"

#include <stdint.h>

enum { NO_PLACE = 0 };

/* A place in the list of heads; places are numbered from 1. */
struct place {
    size_t node, before, after;
};

struct walk {
    struct arena *arena;
    const struct dag *dag;
    struct dag near; /* the same without dependencies that an ancestor has too */
    int kinds;
    const struct bitset *set;
    struct bitset left;        /* not given out yet; also what lies between members of the set */
    size_t *place_of;          /* by node; NO_PLACE if it is no head */
    struct dag_cursor *cursor; /* by node: over its children; those passed are given out */
    size_t *seen;              /* by node: number of the last search that met it */
    size_t search, marked_for;
    struct {
        VEC(struct place) list;
    } places;
    size_t first, last;
};

static struct place *place(struct walk *w, size_t number)
{
    return &w->places.list.items[number - 1];
}

static void append_head(struct walk *w, size_t node)
{
    struct place p = {.node = node, .before = w->last};
    vec_push(w->arena, &w->places.list, p);
    size_t number = w->places.list.count;
    if (w->last != NO_PLACE)
        place(w, w->last)->after = number;
    else
        w->first = number;
    w->last = number;
    w->place_of[node] = number;
}

/* The place before the removed one, else the new first. */
static size_t remove_head(struct walk *w, size_t number)
{
    struct place *p = place(w, number);
    if (p->before != NO_PLACE)
        place(w, p->before)->after = p->after;
    else
        w->first = p->after;
    if (p->after != NO_PLACE)
        place(w, p->after)->before = p->before;
    else
        w->last = p->before;
    return p->before != NO_PLACE ? p->before : w->first;
}

static bool is_left(const struct walk *w, size_t node)
{
    return bitset_has(&w->left, node);
}

/* The cursor stays at the first child that is left. */
static bool has_child_left(struct walk *w, size_t node)
{
    for (;;) {
        struct dag_cursor at = w->cursor[node];
        size_t child;
        if (!dag_next_up(w->dag, w->kinds, &w->cursor[node], &child))
            return false;
        if (is_left(w, child)) {
            w->cursor[node] = at;
            return true;
        }
    }
}

/* Marks everything left above `node`. What is marked only ever shrinks, so a second question needs no second walk. */
static void mark_above(struct walk *w, size_t node)
{
    struct nodes todo = {0};
    w->marked_for = node;
    w->search++;
    vec_push(w->arena, &todo.list, node);
    while (todo.list.count > 0) {
        size_t at = todo.list.items[--todo.list.count], child;
        has_child_left(w, at);
        struct dag_cursor c = w->cursor[at];
        while (dag_next_up(w->dag, w->kinds, &c, &child))
            if (is_left(w, child) && w->seen[child] != w->search) {
                w->seen[child] = w->search;
                vec_push(w->arena, &todo.list, child);
            }
    }
}

/* The first head of the list that is above `node`: there is one, since something above it is left. */
static size_t first_head_above(struct walk *w, size_t node)
{
    size_t number = w->first;
    if (w->marked_for != node)
        mark_above(w, node);
    while (w->seen[place(w, number)->node] != w->search)
        number = place(w, number)->after;
    return number;
}

/* Puts what `number` needs in its place; returns the place to go on with. */
static size_t replace_head(struct walk *w, size_t number)
{
    size_t node = place(w, number)->node, other;
    struct dag_cursor c = {.node = node};
    bool replaced = false;
    w->place_of[node] = NO_PLACE;
    while (dag_next_down(&w->near, w->kinds, &c, &other)) {
        if (!is_left(w, other) || !bitset_has(w->set, other) || w->place_of[other] != NO_PLACE)
            continue;
        if (replaced) {
            append_head(w, other);
        } else {
            place(w, number)->node = other;
            w->place_of[other] = number;
            replaced = true;
        }
    }
    return replaced ? number : remove_head(w, number);
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

/* The graph without edges to dependencies that an ancestor has too: Alembic does not walk those. */
static struct dag near_graph(struct arena *a, const struct dag *d)
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
    struct dag result = *d;
    result.down[1] = near;
    return result;
}

/*
 * What lies between members of the set blocks what is below it, like a member, but is never given out: it goes when
 * nothing above it is left. *ret_freed are the members right below such revisions.
 */
static void give_out(struct walk *w, size_t node, struct nodes *ret_freed)
{
    struct nodes todo = {0};
    vec_push(w->arena, &todo.list, node);
    while (todo.list.count > 0) {
        size_t at = todo.list.items[--todo.list.count], below;
        struct dag_cursor c = {.node = at};
        bitset_remove(&w->left, at);
        while (dag_next_down(w->dag, w->kinds, &c, &below)) {
            bool member = bitset_has(w->set, below);
            if (is_left(w, below) && !member && !has_child_left(w, below))
                vec_push(w->arena, &todo.list, below);
            else if (member && at != node)
                vec_push(w->arena, &ret_freed->list, below);
        }
    }
}

/* Members that no head leads to become heads when what lay above them has gone. */
static void add_freed(struct walk *w, const struct nodes *freed)
{
    for (size_t i = 0; i < freed->list.count; i++) {
        size_t node = freed->list.items[i];
        if (is_left(w, node) && w->place_of[node] == NO_PLACE && !has_child_left(w, node))
            append_head(w, node);
    }
}

/* The set, and what lies between its members. */
static struct bitset with_between(struct arena *a, const struct dag *d, int kinds, const struct bitset *set)
{
    struct bitset down = bitset_copy(a, set), up = bitset_copy(a, set);
    reach_down(a, d, kinds, &down);
    reach_up(a, d, kinds, &up);
    bitset_intersect(&down, &up);
    return down;
}

static struct walk walk_init(struct arena *a, const struct dag *d, int kinds, const struct bitset *set)
{
    struct walk w = {.arena = a,
                     .dag = d,
                     .near = near_graph(a, d),
                     .kinds = kinds,
                     .marked_for = SIZE_MAX,
                     .set = set,
                     .left = with_between(a, d, kinds, set),
                     .place_of = arena_new_array(a, d->node_count, size_t),
                     .cursor = arena_new_array(a, d->node_count, struct dag_cursor),
                     .seen = arena_new_array(a, d->node_count, size_t)};
    for (size_t n = 0; n < d->node_count; n++)
        w.cursor[n].node = n;
    for (size_t n = bitset_next(set, 0); n < set->size; n = bitset_next(set, n + 1))
        if (!has_child_left(&w, n))
            append_head(&w, n);
    return w;
}

void reach_order(struct arena *a, const struct dag *d, int kinds, const struct bitset *set, struct nodes *ret_order)
{
    struct walk w = walk_init(a, d, kinds, set);
    size_t at = w.first;
    *ret_order = (struct nodes){0};
    while (w.first != NO_PLACE) {
        size_t node = place(&w, at)->node;
        if (has_child_left(&w, node)) {
            at = first_head_above(&w, node);
            continue;
        }
        struct nodes freed = {0};
        vec_push(a, &ret_order->list, node);
        give_out(&w, node, &freed);
        at = replace_head(&w, at);
        add_freed(&w, &freed);
        at = at != NO_PLACE ? at : w.first;
    }
}
