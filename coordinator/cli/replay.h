/* A project's migrations in a scratch database: what they make, and which module makes it. */
#pragma once

#include <stdbool.h>

#include "coordinator/cli/load.h"
#include "coordinator/cli/local.h"
#include "skein/plan/plan.h"
#include "skein/schema/ownership.h"

struct replayed {
    struct dbstate state;
    struct owners owners;
};

/*
 * Brings an empty database to all heads of all modules, by the planner and the code of `upgrade`. Whatever appears
 * while steps of one module run is that module's. Errors are those of an upgrade, with file and line.
 */
bool replay_all(struct local *l, struct db *db, const struct load_watch *watch, struct replayed *ret_replayed);

/* One more move of the same kind in a database at *state, which is kept up to date. */
bool replay_move(struct local *l, struct db *db, const struct load_watch *watch, const struct plan_request *request,
                 struct dbstate *state);
