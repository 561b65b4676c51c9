/*
 * Where another tool left a database, as revisions of the imported history. Pure: who calls has read the tool's own
 * version table (adopt_query() says how) and stamps what comes out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/graph/project.h"
#include "skein/graph/target.h"
#include "skein/import/import.h"

/* The table that the tool keeps when it is not told otherwise: "schema_migrations"; Sqitch's is "changes". */
struct str adopt_table(enum import_tool tool);

/* Reads the table, whose name is quoted already. The columns are what adopt_find() expects. */
struct str adopt_query(struct arena *a, enum import_tool tool, struct str quoted_table);

/* A result of that query: plain cells, row by row; the `p` of a cell is NULL for SQL's NULL. */
struct adopt_rows {
    const struct str *cells;
    size_t columns, count;
};

/*
 * The heads of what the rows say is applied; none when nothing is. False: a migration failed half way (dirty), one is
 * applied that the module does not have (unknown_version), or one before an applied one is not (version_gap).
 */
bool adopt_find(struct arena *a, enum import_tool tool, const struct adopt_rows *rows, const struct project *project,
                size_t module, struct nodes *ret_heads, struct err *err);
