/*
 * Version tables while a plan is made: which revisions are applied, and which of them have a row. Private to this
 * folder.
 *
 * A revision has a row when it is applied and no applied revision of its module needs it (as parent or as
 * dependency). Moving one revision keeps that true with the row changes that Alembic makes: an upgrade updates
 * one of the rows that it implies and deletes the others; a downgrade updates its row to one of those that come
 * back and inserts the others.
 */
#pragma once

#include "skein/graph/project.h"
#include "skein/plan/plan.h"

struct rows {
    struct arena *arena;
    const struct project *project;
    struct bitset applied, is_row;
    struct bitset stale;    /* rows that another row implies: the module's first step deletes them */
    struct bitset sorted;   /* all rows, by rank: reading a module's rows in order needs no sorting */
    size_t *rank, *by_rank; /* a node's place among its module's ids sorted by bytes, and back */
    size_t *needed_by;      /* by node: applied revisions of the module that need it */
    struct str *ids;        /* by node: copies that outlive the project; empty until used */
    struct str *modules;    /* copies of the names */
};

void rows_init(struct rows *r, struct arena *a, const struct project *p);

/* Takes over what the version table of a module holds, with all that it implies. */
void rows_load(struct rows *r, const struct nodes *rows);

/*
 * Applies or undoes one revision, or with `range` all of its members at once (`node` is its top, NULL: the node
 * alone); fills the row changes and the heads of its module.
 */
void rows_up(struct rows *r, size_t node, const struct squash *range, struct plan_step *step);
void rows_down(struct rows *r, size_t node, const struct squash *range, struct plan_step *step);

/* Stamp: replaces the rows `from` by `to` (SIZE_MAX: by nothing) without asking what they imply. */
void rows_replace(struct rows *r, const struct nodes *from, size_t to, struct plan_step *step);

/* The module's rows that another row implies and that no step has deleted yet. */
struct nodes rows_stale(struct rows *r, size_t module);

/* The rows of a module, sorted. */
struct names rows_heads(struct rows *r, size_t module);

struct str rows_id(struct rows *r, size_t node);
struct str rows_module(struct rows *r, size_t module);
