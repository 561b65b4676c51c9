/* What the two files of the PostgreSQL driver share; nobody else includes it. */
#pragma once

#include <libpq-fe.h>
#include <stdatomic.h>

#include "common/io/db/driver.h"
#include "common/io/db/redact.h"
#include "skein/base/vec.h"

enum { WAIT_SLICE_MS = 100 }; /* how often a wait looks at the clock and at the watch */

struct prepared {
    struct str sql;
    unsigned name;
};

struct old_cancel {
    PGcancel *cancel;
};

struct pg {
    struct db db; /* first: the drivers' functions get a pointer to it */
    struct arena arena;
    struct str url;
    struct db_options options;
    struct redact redact;
    PGconn *conn;
    _Atomic(PGcancel *) cancel;
    struct {
        VEC(struct old_cancel) list;
    } old_cancels; /* of earlier connections: another thread may hold one until close */
    struct str search_path, database;
    struct str lock_key;
    char xid[24]; /* of the open transaction */
    bool standby_wait_cut;
    int64_t lock_timeout_ms; /* of the open transaction */
    struct {
        VEC(struct prepared) list;
    } prepared;
    struct arena prepared_arena;
    unsigned prepared_names;
    bool cancel_sent;
    struct str blockers; /* who we waited for; in the arena */
};

static inline struct pg *pg_of(struct db *db)
{
    return (struct pg *)db;
}

/* Waits for the socket, at most a slice and not beyond `deadline`. */
void pg_wait_socket(const struct pg *p, short events, int64_t deadline);

/* Fills err with what libpq says of the connection; returns false. */
bool pg_fail_connection(struct pg *p, struct err *err);
bool pg_fail_no_session(struct pg *p, struct err *err);

void pg_disconnect(struct pg *p);

/* db_pg_batch.c's part of the driver: db_run(). */
bool pg_run(struct db *db, struct arena *a, struct db_batch *batch, struct err *err);
