/* What the import commands share: from revisions that were read to files of the project, and what is said about it. */
#pragma once

#include <stdbool.h>

#include "coordinator/cli/local.h"
#include "skein/import/import.h"

/*
 * Places the sets in the project, writes the new files unless --dry-run is given (all or none), and prints. `folder`
 * is what the sources are relative to, for people.
 */
bool importing_finish(struct local *l, const struct project_files *files, const struct import_list *imports,
                      const char *folder);
