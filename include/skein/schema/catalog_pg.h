/*
 * PostgreSQL's catalog as a schema: which queries there are, what their columns mean, and how their rows become
 * objects. The queries are common/io/db/sql/catalog_pg_<name>.sql.
 *
 * A row of an object: kind (as object_kind_name()), classid, objid, objsubid, schema, table, name, position, and then
 * its properties in the order of the part's keys. NULL: the property is absent. The queries run with the default
 * schema as search path, so names inside of properties are qualified only when they lie elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/schema/model.h"

enum catalog_pg_query {
    CATALOG_PG_SCHEMA = 0,
    CATALOG_PG_EXTENSION,
    CATALOG_PG_COLLATION,
    CATALOG_PG_ENUM,
    CATALOG_PG_RANGE,
    CATALOG_PG_COMPOSITE,
    CATALOG_PG_DOMAIN,
    CATALOG_PG_DOMAIN_CHECK,
    CATALOG_PG_FUNCTION,
    CATALOG_PG_TABLE,
    CATALOG_PG_VIEW, /* and materialised ones */
    CATALOG_PG_COLUMN,
    CATALOG_PG_CONSTRAINT,
    CATALOG_PG_INDEX,
    CATALOG_PG_SEQUENCE,
    CATALOG_PG_STATISTICS,
    CATALOG_PG_TRIGGER,
    CATALOG_PG_POLICY,
    CATALOG_PG_RULE,
    CATALOG_PG_ALIAS,  /* classid, objid, objsubid -> what stands for it, where pg_depend names it */
    CATALOG_PG_DEPEND, /* classid, objid, objsubid -> what it needs */
    CATALOG_PG_COUNT
};

/* A result as plain cells, row by row. */
struct catalog_rows {
    size_t columns, count;
    const struct str *cells;
};

/*
 * Objects of `default_schema` get an empty schema: statements name them unqualified. The cells are borrowed. Left
 * out: version tables, skein's tables, and what belongs to a relation that is left out. False: a row is not what its
 * query promises.
 */
bool catalog_pg_build(struct arena *a, const struct catalog_rows rows[CATALOG_PG_COUNT], struct str default_schema,
                      struct schema *ret_schema, struct err *err);
