/* The names of what is in a database: to tell what a migration made, by listing before and after. */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/vec.h"
#include "skein/db/db.h"
#include "skein/schema/model.h"

struct catalog_name {
    enum object_kind kind; /* OBJECT_TABLE stands for every relation and type: they share their names */
    struct str schema, name;
};

struct catalog_names {
    VEC(struct catalog_name) list;
};

/* Objects of their own: what belongs to a table is left out, and so is the engine's own. Functions without arguments.
 */
bool catalog_names(struct arena *a, struct db *db, struct catalog_names *ret_names, struct err *err);
