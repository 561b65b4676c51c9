/*
 * The graph of all modules as numbers: edges between nodes, no text. Marks live outside, one bitset a query.
 *
 * Edges inside a module (parents and dependencies) decide what the module's version table holds; edges to
 * another module (cross) only decide the order of steps and what an upgrade needs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/bitset.h"
#include "skein/base/vec.h"

/* A list of node numbers. */
struct nodes {
    VEC(size_t) list;
};

/* For every node its neighbours: to[at[n]] .. to[at[n + 1] - 1]. */
struct adjacency {
    size_t *at;
    size_t *to;
};

enum edge_kind {
    EDGE_PARENT = 1,     /* `revises` */
    EDGE_DEPENDENCY = 2, /* `depends_on` in the same module */
    EDGE_CROSS = 4,      /* `depends_on` to another module */
    EDGES_MODULE = EDGE_PARENT | EDGE_DEPENDENCY,
    EDGES_ALL = EDGES_MODULE | EDGE_CROSS,
};

enum { EDGE_KINDS = 3 };

struct dag {
    size_t node_count;
    struct adjacency down[EDGE_KINDS];  /* parents, dependencies, cross dependencies; in the order written */
    struct adjacency up[EDGE_KINDS];    /* the reverse, by node number */
    struct adjacency near_dependencies; /* without those that an ancestor by parents has too */
};

struct edge {
    size_t from, to; /* `from` needs `to` */
    enum edge_kind kind;
};

struct edges {
    VEC(struct edge) list;
};

/* Builds both directions; edges of one node keep their order. Repeated edges count once. */
void dag_build(struct arena *a, size_t node_count, const struct edges *edges, struct dag *ret_dag);

/* Neighbours of one kind. */
size_t dag_down_count(const struct dag *d, enum edge_kind kind, size_t node);
size_t dag_down(const struct dag *d, enum edge_kind kind, size_t node, size_t i);
size_t dag_up_count(const struct dag *d, enum edge_kind kind, size_t node);
size_t dag_up(const struct dag *d, enum edge_kind kind, size_t node, size_t i);

/* Walks over the neighbours of several kinds; zero-initialise with the node set. */
struct dag_cursor {
    size_t node;
    int kind;
    size_t i;
};

bool dag_next_down(const struct dag *d, int kinds, struct dag_cursor *c, size_t *ret_node);
bool dag_next_up(const struct dag *d, int kinds, struct dag_cursor *c, size_t *ret_node);

/*
 * Cycles: one list of nodes for every knot of the graph, in walking order (each needs the next, the last the
 * first). `only_parents` says whether parents alone close it.
 */
struct cycle {
    struct nodes nodes;
    bool only_parents;
};

struct cycles {
    VEC(struct cycle) list;
};

void dag_find_cycles(struct arena *a, const struct dag *d, struct cycles *ret_cycles);
