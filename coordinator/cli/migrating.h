/* How the commands that change one database do it. */
#pragma once

#include "coordinator/cli/local.h"
#include "skein/db/migrate.h"

/* From the options of the line; a fresh attempt; the user as principal. */
void migrating_options(struct local *l, struct migrate_options *ret_options);
