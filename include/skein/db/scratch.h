/*
 * Databases for a moment: where models are loaded and migrations are replayed. SQLite: in memory. PostgreSQL: a
 * temporary database on a server that the user names; it goes with scratch_close(), also after an interrupt, and
 * one that a killed process left behind goes with the next scratch_open() on that server.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/db/db.h"

struct scratch;

/* `url` names the PostgreSQL server (its database is only connected to); unused on SQLite. Kinds: no_scratch. */
bool scratch_open(enum engine engine, struct str url, struct scratch **ret_scratch, struct err *err);

/* Its connection, owned by it. Statements that run outside a batch with `begin` are committed one by one. */
struct db *scratch_db(struct scratch *s);

void scratch_close(struct scratch *s); /* NULL is fine */
