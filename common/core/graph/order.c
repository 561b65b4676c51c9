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

/* What the walk knows of a node. */
struct mark {
    size_t place;             /* NO_PLACE if it is no head */
    size_t seen;              /* number of the last search that met it */
    struct dag_cursor cursor; /* over its children; those passed are given out */
};

struct walk {
    struct arena *arena;
    const struct dag *dag;
    struct dag near; /* the same without dependencies that an ancestor has too */
    int kinds;
    const struct bitset *set;
    struct bitset left; /* not given out yet; also what lies between members of the set */
    struct mark *marks; /* of the nodes from `base` on: no module pays for the size of the others */
    size_t base, search, marked_for;
    struct {
        VEC(struct place) list;
    } places;
    size_t first, last;
};

static struct mark *mark(const struct walk *w, size_t node)
{
    return &w->marks[node - w->base];
}

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
    mark(w, node)->place = number;
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
        struct dag_cursor at = mark(w, node)->cursor;
        size_t child;
        if (!dag_next_up(w->dag, w->kinds, &mark(w, node)->cursor, &child))
            return false;
        if (is_left(w, child)) {
            mark(w, node)->cursor = at;
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
        struct dag_cursor c = mark(w, at)->cursor;
        while (dag_next_up(w->dag, w->kinds, &c, &child))
            if (is_left(w, child) && mark(w, child)->seen != w->search) {
                mark(w, child)->seen = w->search;
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
    while (mark(w, place(w, number)->node)->seen != w->search)
        number = place(w, number)->after;
    return number;
}

/* Puts what `number` needs in its place; returns the place to go on with. */
static size_t replace_head(struct walk *w, size_t number)
{
    size_t node = place(w, number)->node, other;
    struct dag_cursor c = {.node = node};
    bool replaced = false;
    mark(w, node)->place = NO_PLACE;
    while (dag_next_down(&w->near, w->kinds, &c, &other)) {
        if (!is_left(w, other) || !bitset_has(w->set, other) || mark(w, other)->place != NO_PLACE)
            continue;
        if (replaced) {
            append_head(w, other);
        } else {
            place(w, number)->node = other;
            mark(w, other)->place = number;
            replaced = true;
        }
    }
    return replaced ? number : remove_head(w, number);
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
        if (is_left(w, node) && mark(w, node)->place == NO_PLACE && !has_child_left(w, node))
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
                     .near = *d,
                     .kinds = kinds,
                     .marked_for = SIZE_MAX,
                     .set = set,
                     .left = with_between(a, d, kinds, set)};
    w.near.down[1] = d->near_dependencies;
    w.base = bitset_next(&w.left, 0);
    size_t end = w.base;
    for (size_t n = w.base; n < w.left.size; n = bitset_next(&w.left, n + 1))
        end = n + 1;
    w.marks = arena_new_array(a, end - w.base, struct mark);
    for (size_t n = w.base; n < end; n++)
        mark(&w, n)->cursor.node = n;
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
