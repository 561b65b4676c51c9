/*
 * One connection to one database: the only way by which skein talks to PostgreSQL and SQLite.
 *
 * Statements go out in batches. A batch is sent as one pipeline where the engine has one (PostgreSQL: one
 * round trip), runs in order and stops at the first statement that fails; COMMIT is always a message of its
 * own. Parameters are written $1, $2, ... on both engines and are sent as text.
 *
 * A failure is an err: ERR_CONNECT when the connection is gone, ERR_LOCK when a lock was busy or timed out,
 * ERR_CANCELLED when it was asked to stop, ERR_SQL for the rest. err.sqlstate is set on PostgreSQL; err.kind
 * is the same on both engines and is one of
 *     lock_timeout deadlock serialization disk_full resources connection_lost no_server authentication
 *     cancelled statement_timeout permission read_only no_database not_a_database pooler standby old_server
 *     no_schema bad_url transaction_ended not_in_transaction idle_timeout corrupt io moved denied
 * or "" for an ordinary error of a statement. err.detail of a lock that was waited for in vain names its holders.
 * No message ever holds a password.
 *
 * A connection belongs to one thread at a time; only db_cancel() may be called from another one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/sql/engine.h"

/* A result as plain text cells, row by row; the `p` of a cell is NULL for SQL's NULL. */
struct db_rows {
    size_t columns, count;
    struct str *cells; /* count * columns of them */
};

/* The cell of a row and column, both from 0 and in bounds. */
struct str db_cell(const struct db_rows *rows, size_t row, size_t column);

/* The cell as a number; 0 for NULL and for what is no number. */
uint64_t db_cell_u64(const struct db_rows *rows, size_t row, size_t column);

enum db_item_kind {
    DB_ITEM_UNSET = 0,
    DB_ITEM_SQL,    /* a statement of skein's own */
    DB_ITEM_SCRIPT, /* a statement of a revision: not trusted to leave the session as it was */
    DB_ITEM_LIMITS, /* sets the timeouts for what follows in the transaction */
    DB_ITEM_ENTER,  /* before scripts: the role of the options or the session's own, and its search path */
    DB_ITEM_LEAVE,  /* after scripts, before own statements: own role, safe search path, deferred constraints
                       checked now; fails with kind "transaction_ended" if a script ended the transaction.
                       Not in the batch that begins the transaction */
};

enum db_want {
    DB_WANT_NOTHING = 0, /* result rows are thrown away as they come */
    DB_WANT_ROWS,        /* keep them in `rows` */
    DB_WANT_TRUTH,       /* keep none; `failed_row` counts to the first whose first column is NULL, false or 0 */
};

struct db_item {
    enum db_item_kind kind;
    struct str sql; /* exactly one statement */
    const struct str *params;
    size_t param_count;
    enum db_want want;
    bool prepare;                                  /* the text comes again: keep it prepared */
    bool report;                                   /* let the server say at once that it is done */
    int64_t lock_timeout_ms, statement_timeout_ms; /* DB_ITEM_LIMITS; 0: none */

    struct db_rows rows; /* out: DB_WANT_ROWS */
    uint64_t affected;   /* out: rows that the statement changed or returned */
    uint64_t failed_row; /* out: DB_WANT_TRUTH; from 1, 0 if every row is true */
};

/*
 * How a transaction is begun. On PostgreSQL its search path is pg_catalog alone until a DB_ITEM_ENTER: own
 * statements write table names with their schema.
 */
struct db_begin {
    bool read_only;
    bool enforce_foreign_keys;    /* SQLite: PRAGMA foreign_keys for this transaction; checked that it holds */
    int64_t lock_wait_ms;         /* SQLite: for the write lock. PostgreSQL has none here */
    int64_t lock_timeout_ms;      /* PostgreSQL: for each lock. SQLite: for COMMIT while others read */
    int64_t statement_timeout_ms; /* 0: none */
};

struct db_batch {
    const struct db_begin *begin; /* not NULL: begin a transaction first; it stays open afterwards */
    struct db_item *items;
    size_t count;
    void (*done)(void *user, size_t item); /* may be NULL: called as each item's result arrives */
    void *user;
    size_t failed;   /* out: the item that failed; `count` if it was none of them */
    size_t position; /* out: byte in the failed item's text where the engine points, from 1; 0 unknown */
};

enum db_commit {
    DB_COMMIT_UNSET = 0,
    DB_COMMITTED,
    DB_COMMITTED_LOCALLY, /* durable here, but the wait for a synchronous standby was cut short */
    DB_ROLLED_BACK,       /* definite: nothing of the transaction is in the database; err says why */
    DB_COMMIT_UNKNOWN,    /* the answer was lost; err says how */
};

struct db;

/* What a driver does. Callers use the functions below. */
struct db_ops {
    void (*close)(struct db *db);

    /* Connects again, to the same database, after the connection was lost. */
    bool (*reconnect)(struct db *db, struct err *err);

    /* Runs a batch; on failure inside a transaction that stays open until rollback(). */
    bool (*run)(struct db *db, struct arena *a, struct db_batch *batch, struct err *err);

    /* Ends the transaction; COMMIT is a message of its own, and its answer is read exactly. */
    enum db_commit (*commit)(struct db *db, struct err *err);

    /* Ends the transaction without effect; nothing to do when there is none or the connection is gone. */
    void (*rollback)(struct db *db);

    /*
     * The migrator's own lock, held by the session outside transactions and let go with it. Never waits.
     * SQLite: a lock on the file beside the database, needed only around steps without a transaction.
     */
    bool (*try_lock)(struct db *db, bool *ret_locked, struct err *err);
    bool (*unlock)(struct db *db, struct err *err);

    /* Who holds the migrator's lock, for people: "process 123 (app, idle): SELECT ...". Empty if nobody does. */
    bool (*holders)(struct db *db, struct arena *a, struct str *ret_sentence, struct err *err);

    /* PostgreSQL: goes on with another schema, in a session as new. SQLite refuses all but "main". */
    bool (*use_schema)(struct db *db, struct str schema, struct err *err);

    /* Names this very database: changes when it is copied or restored elsewhere. */
    bool (*incarnation)(struct db *db, struct arena *a, struct str *ret_text, struct err *err);

    /* Stops the running statement. From any thread. */
    void (*cancel)(struct db *db);
};

/* Asked now and then while the connection waits or computes; true: stop (ERR_CANCELLED). */
struct db_watch {
    bool (*cancelled)(void *user);
    void *user;
};

/* Common to all drivers; fields are for reading. */
struct db {
    const struct db_ops *ops;
    enum engine engine;
    struct str name;   /* the database for people, password hidden: lives as long as the connection */
    struct str schema; /* of version tables, ledger and scripts; "main" on SQLite */
    struct db_watch watch;
};

enum db_access {
    DB_ACCESS_UNSET = 0,
    DB_ACCESS_READ,   /* nothing is created or changed */
    DB_ACCESS_WRITE,  /* the database must exist */
    DB_ACCESS_CREATE, /* SQLite: a missing file is created, and removed at close if nothing was written to it */
};

struct db_options {
    enum db_access access;
    struct str schema;            /* PostgreSQL: a tenant's; empty: the first of the search path */
    struct str role;              /* PostgreSQL: scripts run as this role (SET ROLE), own statements do not */
    const char *application_name; /* NULL: "skein" */
    int64_t connect_timeout_ms;
    int64_t busy_wait_ms;      /* SQLite: for locks of statements outside a transaction of ours */
    bool allow_pooler;         /* PostgreSQL: a pooler in session mode is between */
    bool allow_standby;        /* PostgreSQL: for reading */
    bool allow_network_folder; /* SQLite: the file lies on NFS or SMB, whose locks are not to be trusted */
    bool memory;               /* SQLite: an empty database in memory that goes with the connection, whatever the URL */
    struct str database;       /* PostgreSQL: another database than the URL's, on the same server */
};

/* Reading, 10 s to connect, 5 s for a busy file. */
void db_options_init(struct db_options *o);

/*
 * Opens `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://...` (libpq's URI; service files,
 * pgpass and the environment work as usual). A session on PostgreSQL is checked: no pooler between, no
 * standby, version 14 or newer, the schema there.
 */
bool db_open(struct str url, const struct db_options *options, struct db **ret_db, struct err *err);

/* The engine that a URL names; false with err for anything else. */
bool db_url_engine(struct str url, enum engine *ret_engine, struct err *err);

void db_close(struct db *db); /* NULL is fine */
bool db_reconnect(struct db *db, struct err *err);
bool db_run(struct db *db, struct arena *a, struct db_batch *batch, struct err *err);
enum db_commit db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);
bool db_try_lock(struct db *db, bool *ret_locked, struct err *err);
bool db_unlock(struct db *db, struct err *err);
bool db_holders(struct db *db, struct arena *a, struct str *ret_sentence, struct err *err);
bool db_use_schema(struct db *db, struct str schema, struct err *err);
bool db_incarnation(struct db *db, struct arena *a, struct str *ret_text, struct err *err);
void db_cancel(struct db *db);
void db_set_watch(struct db *db, const struct db_watch *watch); /* NULL: none */

/* One statement of skein's own, with text parameters. */
bool db_exec(struct db *db, struct str sql, const struct str *params, size_t param_count, struct err *err);
bool db_query(struct db *db, struct arena *a, struct str sql, const struct str *params, size_t param_count,
              struct db_rows *ret_rows, struct err *err);

/* Begins a transaction and nothing else. */
bool db_begin(struct db *db, const struct db_begin *how, struct err *err);

/* A name as SQL writes it, in double quotes; the same on both engines. */
struct str db_quote_name(struct arena *a, struct str name);

/* `lines` gets every call as one line, without parameters' values. Takes over `inner`: closing closes both. */
struct db *db_trace_new(struct db *inner, void (*line)(void *user, const char *text), void *user);
