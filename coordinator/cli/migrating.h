/* How the commands that change one database do it. */
#pragma once

#include "coordinator/cli/local.h"
#include "skein/db/migrate.h"
#include "skein/plan/plan.h"

/* From the options of the line; a fresh attempt; the user as principal. */
void migrating_options(struct local *l, struct migrate_options *ret_options);

/*
 * Plans for the connected database and applies, saying on stderr what runs. False when it was not brought there:
 * `err` and `diag` say why. *ret_steps is what was applied.
 */
bool migrating_apply(struct local *l, const struct plan_request *request, size_t *ret_steps);
