/*
 * A fresh, empty target for a test, on either engine: a SQLite file in a folder of its own, or a schema of its
 * own on the PostgreSQL server that the ctest run shares (tests/support/pg_fixture).
 */
#pragma once

#include "skein/db/db.h"

struct target {
    struct arena arena;
    enum engine engine;
    struct str url;    /* the schema, if any, comes first in its search path */
    struct str folder; /* SQLite: of the file */
    struct str path;   /* SQLite: the file */
    struct str schema; /* PostgreSQL */
};

/* A failure ends the test. */
void target_init(struct target *t, enum engine engine);
void target_release(struct target *t); /* drops the schema or the folder */

/* The shared server, another database of it or more parameters ("&a=b"). */
struct str target_server_url(struct arena *a, const char *database, const char *parameters);

struct db *target_open(struct target *t);                   /* for writing; creates the SQLite file */
void target_exec(struct target *t, const char *sql);        /* one statement on a connection of its own */
struct str target_value(struct target *t, const char *sql); /* first cell of the result; "" for NULL and for no row */
