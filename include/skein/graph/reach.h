/* What can be reached from what: sets in, sets out, linear in nodes and edges. */
#pragma once

#include "skein/graph/dag.h"

/* Adds to `set` all nodes that its members need (down) or that need them (up), by edges of these kinds. */
void reach_down(struct arena *a, const struct dag *d, int kinds, struct bitset *set);
void reach_up(struct arena *a, const struct dag *d, int kinds, struct bitset *set);

struct bitset reach_down_from(struct arena *a, const struct dag *d, int kinds, const struct nodes *from);
struct bitset reach_up_from(struct arena *a, const struct dag *d, int kinds, const struct nodes *from);

/* True when one of `nodes` is a proper ancestor of another; *ret_upper and *ret_lower name such a pair. */
bool reach_overlap(struct arena *a, const struct dag *d, int kinds, const struct nodes *nodes, size_t *ret_upper,
                   size_t *ret_lower);

/*
 * The order in which Alembic walks `set` from its top to its base, dependants before what they need: heads by
 * node number, a branch down to its fork before the next, a merge's first parent first. `kinds` as above.
 */
void reach_order(struct arena *a, const struct dag *d, int kinds, const struct bitset *set, struct nodes *ret_order);
