/* One reader of a catalog an engine. */
#pragma once

#include "skein/db/introspect.h"

bool introspect_pg(struct db *db, struct arena *a, struct schema *ret_schema, struct err *err);

/* introspect() in the transaction that is open, whose doings it sees. */
bool introspect_here(struct db *db, struct arena *a, struct schema *ret_schema, struct err *err);

/* introspect_settle() on PostgreSQL. */
bool settle_pg(struct db *from_db, struct schema *from, struct db *to_db, const struct schema *to, struct arena *a,
               struct err *err);
