/*
 * Expressions with a distance (+2, branch@-1, rev+3) and those without: what an upgrade and a downgrade make of
 * them. Private to this folder. The two read the same text in slightly different ways, and both ways are Alembic's:
 * an upgrade splits `x@y@z` at the first @, a downgrade at the last; a bare -N is for downgrades, a bare +N for
 * upgrades.
 */
#pragma once

#include "common/core/graph/ident.h"

/*
 * What a relative expression counts from: the rows of a version table, or (in a history range) one other
 * expression. A range stops at the end of the graph where a plan would fail.
 */
struct origin {
    const struct names *names;
    bool are_expressions;
    enum overwalk overwalk;
};

/* Where an upgrade leads. */
bool relative_targets(struct arena *a, const struct view *v, const struct origin *o, struct str expression,
                      struct nodes *ret_targets, struct err *err);

/*
 * Where a downgrade leads: a node, IDENT_NONE or IDENT_BASE for base. *ret_branch limits what goes; empty: nothing
 * does.
 */
bool relative_downgrade(struct arena *a, const struct view *v, const struct origin *o, struct str expression,
                        struct str *ret_branch, long *ret_node, struct err *err);
