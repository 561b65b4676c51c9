/*
 * SQLite's catalog as a schema. Tables, indexes, views and triggers have the property "sql" (the statement that SQLite
 * keeps); columns have "type", "default" (both as text; absent: none), "not_null" and "generated" ("yes" or absent).
 */
#pragma once

#include "skein/base/err.h"
#include "skein/schema/model.h"

/* A row of sqlite_schema. */
struct lite_catalog_row {
    struct str type, name, table, sql;
};

struct lite_catalog {
    VEC(struct lite_catalog_row) list; /* in the order in which the objects were made */
};

/* Leaves out skein's own tables and version tables with all that belongs to them. Kinds: bad_sql. */
bool catalog_lite(struct arena *a, const struct lite_catalog *rows, struct schema *ret_schema, struct err *err);
