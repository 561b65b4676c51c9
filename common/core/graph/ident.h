/*
 * Names of revisions without arithmetic: ids, prefixes, labels, head, heads, base, branch@name. Private to this
 * folder; target.c adds relative expressions. The rules are those of Alembic's RevisionMap.
 */
#pragma once

#include "skein/graph/target.h"

/* A revision, or one of the two things that are none. */
enum { IDENT_NONE = -1, IDENT_BASE = -2 };

bool ident_fail(struct err *err, const char *kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* `name` must lead to at most one revision: *ret_node is its number, or IDENT_NONE for base. */
bool ident_one(struct arena *a, const struct view *v, struct str name, long *ret_node, struct err *err);

/* All revisions that the name stands for. "-N" walks down from every head. */
bool ident_many(struct arena *a, const struct view *v, struct str name, struct nodes *ret_nodes, struct err *err);

/* The revision that names a branch: by id, label or prefix of one. */
bool ident_branch(struct arena *a, const struct view *v, struct str branch, size_t *ret_node, struct err *err);

/*
 * Everything on the lineage of what `name` stands for: its ancestors, its descendants, itself, by edges of these
 * kinds. `base` stands for all.
 */
bool ident_lineage(struct arena *a, const struct view *v, struct str name, int kinds, struct bitset *ret_set,
                   struct err *err);

/* Those of `nodes` that are in the set, in order. */
struct nodes ident_filter(struct arena *a, const struct nodes *nodes, const struct bitset *set);

/* What a walk does that leads past the end of the graph. */
enum overwalk { OVERWALK_NONE = 1, OVERWALK_STOP };

/*
 * Walks down by parents. *ret_node is IDENT_BASE when it ends exactly there; when it leads further, IDENT_NONE or
 * with OVERWALK_STOP still IDENT_BASE. From IDENT_NONE the first step is to the one head.
 */
bool ident_walk_down(struct arena *a, const struct view *v, long start, long steps, enum overwalk overwalk,
                     long *ret_node, struct err *err);

/* "-N" or "branch@-N" as a name: N steps down from every effective head (of the branch). */
struct walk_ends {
    VEC(long) list; /* as ident_walk_down() */
};

bool ident_is_walk(struct str name, struct str *ret_branch, long *ret_steps);
bool ident_walk_heads(struct arena *a, const struct view *v, struct str branch, long steps, struct walk_ends *ret_ends,
                      struct err *err);

struct str ident_id(const struct view *v, size_t node);
