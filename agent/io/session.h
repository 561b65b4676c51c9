/*
 * A worker's connection to a database. It stays open between tasks on the same PostgreSQL database, so
 * that thousands of schemas cost one connection; a SQLite file is closed after each task, since an open
 * file is in the way of who wants to replace it.
 */
#pragma once

#include "agent/io/place.h"
#include "skein/db/db.h"

struct session {
    const struct agent_config *config;
    struct db *db; /* NULL when closed */
    struct strbuf url;
};

void session_init(struct session *s, const struct agent_config *config);

/* Connects to the place, or goes over to its schema on the connection that is open. */
bool session_open(struct session *s, const struct place *place, enum db_access access, struct err *err);

/* After a task: keeps the connection if it may be of use and `err` (NULL: none) does not say that it broke. */
void session_rest(struct session *s, const struct err *err);

void session_close(struct session *s);
