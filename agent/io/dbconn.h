/*
 * A worker's connection to a database. It stays open between tasks on the same PostgreSQL database, so
 * that thousands of schemas cost one connection; a SQLite file is closed after each task, since an open
 * file is in the way of who wants to replace it.
 */
#pragma once

#include "agent/io/place.h"
#include "skein/db/db.h"

struct dbconn {
    const struct agent_config *config;
    struct db *db;     /* NULL when closed */
    struct strbuf key; /* what was connected to: URL and role */
};

void dbconn_init(struct dbconn *s, const struct agent_config *config);

/* Connects to the place, or goes over to its schema on the connection that is open. */
bool dbconn_open(struct dbconn *s, const struct place *place, enum db_access access, struct err *err);

/* After a task: keeps the connection if it may be of use and `err` (NULL: none) does not say that it broke. */
void dbconn_rest(struct dbconn *s, const struct err *err);

void dbconn_close(struct dbconn *s);
