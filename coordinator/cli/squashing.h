/* What `skein squash` asks before it replaces anything. */
#pragma once

#include "coordinator/cli/local.h"
#include "skein/plan/squash_author.h"

extern const struct opt_option opt_fleet;

/*
 * Proves on scratch databases, for every engine of the project, that the squashed revision does what it replaces. Where
 * that cannot be tried (no scratch server, the replaced revisions do not run there either) the reason is noted. Kinds
 * of failure: proof_failed, and those of an upgrade.
 */
struct proved {
    enum engine engine;
    struct str reason; /* why not; empty: it is proven */
};

struct proofs {
    VEC(struct proved) list;
};

bool squashing_prove(struct local *l, const struct project_files *files, size_t module, const struct squash_made *made,
                     struct proofs *ret_proofs);

/*
 * Whether the whole range is applied in the database of the line (if one is named) and, with --fleet, in every
 * target of the fleet. Those that lack some of it go to *ret_lacking, with their state; *ret_asked says how many were
 * looked at. False: they could not be asked.
 */
struct lacking {
    struct str name, state;
};

struct lacking_list {
    VEC(struct lacking) list;
};

bool squashing_ask(struct local *l, size_t module, const struct squash_made *made, struct lacking_list *ret_lacking,
                   size_t *ret_asked);
