/* The engines that a project's models are for. */
#pragma once

#include <stdbool.h>

#include "coordinator/cli/local.h"
#include "skein/os/tree.h"

/*
 * What migration_extensions.json says; else the engine of --database, else PostgreSQL when there is a scratch server,
 * else SQLite. At least one is true. Kinds: bad_url.
 */
bool engines_of(struct local *l, const struct project_models *models, bool ret_engines[ENGINE_COUNT]);
