/*
 * A database's catalog read into a schema (skein/schema/model.h). Left out are the engine's own objects, skein's
 * tables, version tables, and what belongs to an installed extension.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/db/db.h"
#include "skein/schema/model.h"

/* A fixed number of queries, whatever the number of objects. */
bool introspect(struct db *db, struct arena *a, struct schema *ret_schema, struct err *err);

/*
 * An engine that prints expressions from its parse trees prints one differently after it has read its own print
 * once. Makes the expressions of `from` that mean the same as those of `to` be spelled as in `to`: asks the
 * databases, which are scratch ones holding these very schemas and are left as they were. SQLite keeps the author's
 * text: there is nothing to do.
 */
bool introspect_settle(struct db *from_db, struct schema *from, struct db *to_db, const struct schema *to,
                       struct arena *a, struct err *err);
