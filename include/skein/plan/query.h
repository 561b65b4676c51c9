/*
 * Questions about graphs and states that need no database: what heads, branches, history, show and current
 * print. Results are node numbers; the caller renders them.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/graph/project.h"
#include "skein/graph/target.h"
#include "skein/plan/dbstate.h"

/* One module at a glance; every list in node order. */
struct module_summary {
    struct nodes heads, effective_heads, bases, branch_points, merge_points;
};

void query_summary(struct arena *a, const struct view *v, struct module_summary *ret_summary);

/* The labels that a listing shows for a revision: its own and those that spread to it. Indexed by node - first. */
struct label_table {
    struct names *labels; /* each sorted */
};

void query_labels(struct arena *a, const struct view *v, struct label_table *ret_table);

/*
 * `history -r RANGE`, newest first; an empty range is everything. `rows` serves `current` in the range and may
 * be NULL. Kinds of failure: target.h's, and range_syntax.
 */
bool query_history(struct arena *a, const struct view *v, struct str range, const struct names *rows,
                   struct nodes *ret_nodes, struct err *err);

/*
 * Lists every range of a squashed revision that is in `nodes` as a whole by its top alone. Where only a part of a
 * range is in it, *ret_plain has the top: it stands for itself there.
 */
void query_fold(struct arena *a, const struct project *p, struct nodes *nodes, struct bitset *ret_plain);

/* `show EXPRESSION`; `current` needs rows (NULL: none). */
bool query_show(struct arena *a, const struct view *v, struct str expression, const struct names *rows,
                struct nodes *ret_nodes, struct err *err);

/* What `current` prints: the rows and the heads of branches that are applied as dependencies only. */
bool query_current(struct arena *a, const struct view *v, const struct names *rows, struct nodes *ret_nodes,
                   struct err *err);

/* What the rows lack to be at every head: the effective heads that are not applied. Empty: up to date. */
bool query_missing_heads(struct arena *a, const struct view *v, const struct names *rows, struct nodes *ret_missing,
                         struct err *err);

/* All applied revisions of one module, as a set over all nodes. */
bool query_applied(struct arena *a, const struct view *v, const struct names *rows, struct bitset *ret_applied,
                   struct err *err);

/* Rows that the module does not know. Never fails. */
void query_unknown_rows(struct arena *a, const struct view *v, const struct names *rows, struct names *ret_unknown);

/* What a revision is, for listings and JSON. */
bool query_is_head(const struct project *p, size_t node);           /* no child */
bool query_is_effective_head(const struct project *p, size_t node); /* no child, and nothing depends on it */
bool query_is_branch_point(const struct project *p, size_t node);
bool query_is_merge_point(const struct project *p, size_t node);
