/* Which modules a target has, for who does not know the project: an agent. */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/db/db.h"
#include "skein/graph/revision.h"

enum { MODULES_MAX = 256 };

/*
 * The modules whose version table is there, sorted by name; core always, with or without its table. Tables
 * that are only named similarly are left out. Never writes.
 */
bool modules_find(struct arena *a, struct db *db, struct names *ret_modules, struct err *err);
