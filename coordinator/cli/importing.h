/* What the import commands share: from revisions that were read to files of the project, and what is said about it. */
#pragma once

#include <stdbool.h>

#include "coordinator/cli/local.h"
#include "skein/import/import.h"

/*
 * The engines to make sections for: that of --engine, else those that migration_extensions.json names, else none is
 * true: it does not say. Returns how many are.
 */
size_t importing_engines(struct local *l, const struct project_files *files, bool ret_engines[ENGINE_COUNT]);

/*
 * Places the sets in the project, writes the new files unless --dry-run is given (all or none), and prints. `folder`
 * is what the sources are relative to, for people.
 */
bool importing_finish(struct local *l, const struct project_files *files, const struct import_list *imports,
                      const char *folder);
