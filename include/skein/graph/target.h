/*
 * Target expressions: what `head`, `ab12`, `billing@+1`, `base` mean in one module's graph, exactly as
 * Alembic reads them (script/revision.py of 1.19: RevisionMap and its rules for upgrade, downgrade and show).
 *
 * Failures are ERR_TARGET with err.kind one of: unknown_revision ambiguous_partial no_such_branch
 * not_in_branch multiple_heads relative_unreachable ambiguous_walk ambiguous_relative
 * invalid_downgrade_target not_ancestor overlapping_revisions range_not_allowed.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/graph/project.h"

/* One module's graph, as Alembic would see it. */
struct view {
    const struct project *project;
    size_t module;
};

/* What `show EXPRESSION` looks up: any number of revisions, none for `base`. */
bool target_resolve(struct arena *a, const struct view *v, struct str expression, struct nodes *ret_nodes,
                    struct err *err);

/* Where an upgrade leads from these rows: the revisions that are to be applied with all they need. */
bool target_upgrade(struct arena *a, const struct view *v, const struct names *rows, struct str expression,
                    struct nodes *ret_targets, struct err *err);

/*
 * What a downgrade takes down first: `roots` and everything above them. `keep` is the revision that it leads
 * to, or SIZE_MAX for base.
 */
struct downgrade_target {
    struct nodes roots;
    size_t keep;
};

bool target_downgrade(struct arena *a, const struct view *v, const struct names *rows, struct str expression,
                      struct downgrade_target *ret_target, struct err *err);

/* The nodes of rows. False: a row that the module does not know (unknown_revision). */
bool target_rows(struct arena *a, const struct view *v, const struct names *rows, struct nodes *ret_nodes,
                 struct err *err);

/* False when one of the nodes implies another (overlapping_revisions). */
bool target_check_overlap(struct arena *a, const struct view *v, const struct nodes *nodes, struct err *err);

/*
 * What `history -r LOWER:UPPER` lists, newest first. Empty ends are base and heads; `current` stands for `rows`,
 * which may be NULL.
 */
bool target_range(struct arena *a, const struct view *v, struct str lower, struct str upper, const struct names *rows,
                  struct nodes *ret_nodes, struct err *err);

/* For stamp: the rows that lie on the lineage of `expression`, dependencies included. */
bool target_filter_rows(struct arena *a, const struct view *v, const struct nodes *rows, struct str expression,
                        struct nodes *ret_rows, struct err *err);

/* Heads that no other revision names as parent; and those that nothing depends on either (`effective`). */
void view_heads(struct arena *a, const struct view *v, struct nodes *ret_heads);
void view_effective_heads(struct arena *a, const struct view *v, struct nodes *ret_heads);
void view_bases(struct arena *a, const struct view *v, struct nodes *ret_bases);

/*
 * The revisions that show a label: what descends from the one that carries it, and its ancestors along a
 * straight line, as in Alembic.
 */
void view_label_members(struct arena *a, const struct view *v, size_t carrier, struct bitset *ret_members);
