/*
 * The statements that lead from one schema to another. The same function makes `up` (from what the migrations make
 * to the models) and `down` (the other way round). Pure and deterministic.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/schema/model.h"

/* `from` became `to`: a table, or a column of `table` (the table's name in `from`). Names as in the catalog. */
struct rename {
    enum object_kind kind; /* OBJECT_TABLE or OBJECT_COLUMN */
    struct str schema, table, from, to;
};

struct renames {
    VEC(struct rename) list;
};

struct diff_request {
    const struct schema *from, *to; /* of one engine */
    struct str module;              /* only its objects are changed, all others are scenery; empty: all objects */
    const struct renames *renames;
    bool back;         /* the way back: a column that was dropped comes again, NOT NULL and without a default. Its data
                          is gone, so that rows get an empty value ('' or 0) there instead of stopping the downgrade */
    bool concurrently; /* PostgreSQL: indexes on existing tables by CREATE and DROP INDEX CONCURRENTLY */
};

/* One statement, without `;`. */
struct ddl {
    struct str sql;
    struct str destroys; /* what is lost and why, half a sentence: becomes `-- destructive: ...`. Empty: nothing */
    struct str note;     /* a comment for the reader. Empty: none */
    bool alone;          /* cannot run in a transaction */
};

struct ddl_list {
    VEC(struct ddl) list;
};

/* No statement at all when the schemas mean the same. Kinds of failure: cannot_migrate. */
bool schema_diff(struct arena *a, const struct diff_request *request, struct ddl_list *ret_list, struct err *err);

/* Drops and additions of like type that may be renames: what a person is asked about. */
void schema_rename_candidates(struct arena *a, const struct diff_request *request, struct renames *ret_list);

/* The renames that lead back. */
void renames_reverse(struct arena *a, const struct renames *list, struct renames *ret_list);
