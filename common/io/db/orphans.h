/* Rows of a SQLite database that refer to rows that are not there. */
#pragma once

#include "skein/db/db.h"

struct orphans {
    size_t count;
    struct str child, parent; /* tables of one of them */
};

/* Tables with a foreign key that fits no key of the table it refers to cannot be looked at: they are left out. */
bool orphans_find(struct db *db, struct arena *a, struct orphans *ret_orphans, struct err *err);
