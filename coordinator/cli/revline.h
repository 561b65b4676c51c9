/*
 * Revisions as Alembic prints them: scripts parse these lines, so they are kept to the byte.
 * alembic/script/base.py, Script.cmd_format() and Script.log_entry.
 */
#pragma once

#include <jansson.h>

#include "skein/base/str.h"
#include "skein/graph/target.h"
#include "skein/plan/query.h"

/* What is asked about one module again and again. */
struct revline {
    const struct view *view;
    struct arena *arena;
    size_t first;                 /* node number of the module's first revision */
    struct names *labels;         /* by node number less `first`: every label that the revision shows, sorted */
    const struct bitset *current; /* revisions to mark "(current)"; NULL: none */
    const struct bitset *plain;   /* tops of squashed ranges to show as the revision that was replaced; NULL: none */
};

void revline_init(struct revline *r, struct arena *a, const struct view *v);

enum revline_part {
    REVLINE_PARENTS = 1, /* "<down> -> " in front */
    REVLINE_LABELS = 2,
    REVLINE_TREE = 4, /* (branchpoint), (mergepoint) */
    REVLINE_MESSAGE = 8,
};

/* "a1 -> b2 (label) (head) (current) (mergepoint), message" without a line end. */
void revline_format(const struct revline *r, size_t node, int parts, struct strbuf *out);

/* "Rev: ...", "Parent: ...", "Path: ...", an empty line and the text: ends in a line end. */
void revline_entry(const struct revline *r, size_t node, struct strbuf *out);

/* One revision with everything known about it. */
json_t *revline_json(const struct revline *r, size_t node);

json_t *json_nodes(const struct view *v, const struct nodes *nodes);
