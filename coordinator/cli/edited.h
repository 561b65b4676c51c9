/* Revisions whose files are not what was applied, told by a database's ledger. */
#pragma once

#include "coordinator/cli/local.h"
#include "skein/db/migrate.h"

/* What the database says: read once. */
struct edited_source {
    struct dbstate state;
    struct applied_list applied; /* empty: there is no ledger */
};

bool edited_read(struct local *l, struct edited_source *ret_source);

/* The nodes of one module that are applied and were something else when that happened. Adds to *nodes. */
bool edited_find(struct local *l, const struct edited_source *source, size_t module, struct nodes *nodes);
