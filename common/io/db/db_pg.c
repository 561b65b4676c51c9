/*
 * PostgreSQL by libpq, which only these two files include: sessions here, what they are told in db_pg_batch.c.
 *
 * A session is opened without blocking, against a deadline, and checked before use: version, no pooler in
 * between (the backend that answers must be the one we were given), no standby, the schema is there. It
 * limits itself, so that a client that died is noticed by the server.
 */
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/db/db_pg.h"
#include "common/io/db/driver.h"
#include "common/io/db/pg_error.h"
#include "common/io/db/redact.h"
#include "skein/base/hash.h"
#include "skein/base/vec.h"
#include "skein/os/clock.h"

#include "embed/io_db.h"

enum {
    VERSION_MIN = 140000,
    COMMIT_CANCEL_MS = 10000, /* how long a COMMIT may still take after somebody asked to stop */
};

/* A WARNING that the wait for a synchronous standby was cut short is the only notice that matters. */
static void on_notice(void *user, const PGresult *notice)
{
    struct pg *p = user;
    const char *function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
    if (function != NULL && strcmp(function, "SyncRepWaitForLSN") == 0)
        p->standby_wait_cut = true;
}

void pg_wait_socket(const struct pg *p, short events, int64_t deadline)
{
    int64_t left = deadline - clock_mono_ms();
    struct pollfd fd = {.fd = PQsocket(p->conn), .events = events};
    poll(&fd, 1, (int)(left < 0 ? 0 : left < WAIT_SLICE_MS ? left : WAIT_SLICE_MS));
}

bool pg_fail_connection(struct pg *p, struct err *err)
{
    pg_error_connection(err, PQerrorMessage(p->conn), p->db.name);
    redact_err(&p->redact, err);
    return false;
}

bool pg_fail_no_session(struct pg *p, struct err *err)
{
    err_kind(err, ERR_CONNECT, "connection_lost", "there is no connection to %.*s", STR_ARG(p->db.name));
    return false;
}

/* ---- connecting ---- */

/* libpq's own complaint about a URL may hold pieces of it that no parser can tell from a password. */
static bool check_url(struct pg *p, struct err *err)
{
    char *text = str_cstr(&p->arena, p->url), *problem = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &problem);
    if (options == NULL) {
        PQfreemem(problem);
        err_kind(err, ERR_USAGE, "bad_url", "the database URL cannot be read: %.*s", STR_ARG(p->db.name));
        return err_hint(err, "write postgresql://user@host:5432/database; percent-encode special characters");
    }
    for (PQconninfoOption *o = options; o->keyword != NULL; o++)
        if (o->val != NULL && (strstr(o->keyword, "password") != NULL || strcmp(o->keyword, "passfile") == 0))
            redact_add(&p->redact, str_of(o->val));
    PQconninfoFree(options);
    return true;
}

static bool poll_connect(struct pg *p, int64_t deadline, struct err *err)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED)
            return pg_fail_connection(p, err);
        if (clock_mono_ms() >= deadline || driver_cancelled(&p->db)) {
            err_kind(err, ERR_CONNECT, "no_server", "no answer from %.*s within %lld ms", STR_ARG(p->db.name),
                     (long long)p->options.connect_timeout_ms);
            return err_hint(err, "check host, port and firewall");
        }
        pg_wait_socket(p, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
        status = PQconnectPoll(p->conn);
    }
    return true;
}

static bool connect_start(struct pg *p, struct err *err)
{
    const char *name = p->options.application_name != NULL ? p->options.application_name : "skein";
    const char *other = p->options.database.len > 0 ? str_cstr(&p->arena, p->options.database) : NULL;
    const char *keys[] = {"dbname", "application_name", "client_encoding", "tcp_user_timeout", "dbname", NULL};
    const char *values[] = {str_cstr(&p->arena, p->url), name, "UTF8", "15000", other, NULL};
    p->conn = PQconnectStartParams(keys, values, 1);
    if (p->conn == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory while connecting");
    if (PQstatus(p->conn) == CONNECTION_BAD)
        return pg_fail_connection(p, err);
    if (!poll_connect(p, clock_mono_ms() + p->options.connect_timeout_ms, err))
        return false;
    if (PQpass(p->conn) != NULL)
        redact_add(&p->redact, str_of(PQpass(p->conn)));
    PQsetNoticeReceiver(p->conn, on_notice, p);
    PQsetnonblocking(p->conn, 1);
    atomic_store(&p->cancel, PQgetCancel(p->conn));
    return true;
}

void pg_disconnect(struct pg *p)
{
    PGcancel *cancel = atomic_exchange(&p->cancel, NULL);
    if (cancel != NULL)
        vec_push(&p->arena, &p->old_cancels.list, (struct old_cancel){cancel});
    PQfinish(p->conn);
    p->conn = NULL;
    p->prepared.list.items = NULL;
    p->prepared.list.count = p->prepared.list.cap = 0;
    arena_release(&p->prepared_arena);
}

static bool check_version(struct pg *p, struct err *err)
{
    int version = PQserverVersion(p->conn);
    if (version >= VERSION_MIN)
        return true;
    err_kind(err, ERR_CONNECT, "old_server", "PostgreSQL %d.%d is too old", version / 10000, version % 10000);
    return err_hint(err, "skein needs PostgreSQL 14 or newer");
}

static bool check_session(struct pg *p, const struct db_rows *row, struct err *err)
{
    if (!p->options.allow_pooler && db_cell_u64(row, 0, 0) != (uint64_t)PQbackendPID(p->conn)) {
        err_kind(err, ERR_CONNECT, "pooler", "a connection pooler stands between skein and %.*s", STR_ARG(p->db.name));
        return err_hint(err, "connect to the server itself: locks and settings of a session do not survive pooling");
    }
    if (!p->options.allow_standby && str_is(db_cell(row, 0, 1), "t")) {
        err_kind(err, ERR_CONNECT, "standby", "%.*s is a standby server", STR_ARG(p->db.name));
        return err_hint(err, "connect to the primary, for example with target_session_attrs=read-write");
    }
    struct str schema = db_cell(row, 0, 3);
    if (schema.len == 0) {
        err_kind(err, ERR_STATE, "no_schema", "there is no schema %.*s in %.*s",
                 STR_ARG(p->options.schema.len > 0 ? p->options.schema : STR("of the search path")),
                 STR_ARG(p->db.name));
        return err_hint(err, "create the schema first, or name another one");
    }
    return true;
}

static struct str lock_key(struct arena *a, struct str database, struct str schema)
{
    struct hasher h;
    hasher_init(&h);
    hasher_field(&h, STR("skein lock"));
    hasher_field(&h, database);
    hasher_field(&h, schema);
    struct hash hash = hasher_end(&h);
    uint64_t key = 0;
    for (size_t i = 0; i < sizeof(key); i++)
        key = key << 8 | hash.bytes[i];
    return str_printf(a, "%lld", (long long)key);
}

static void take_session(struct pg *p, const struct db_rows *row)
{
    p->database = str_copy(&p->arena, db_cell(row, 0, 2));
    p->db.schema = str_copy(&p->arena, db_cell(row, 0, 3));
    p->search_path =
        p->options.schema.len > 0 ? db_quote_name(&p->arena, p->db.schema) : str_copy(&p->arena, db_cell(row, 0, 4));
    p->lock_key = lock_key(&p->arena, p->database, p->db.schema);
}

/* Whether scripts can run as the role that was asked for. */
static bool check_role(struct pg *p, struct arena *a, struct err *err)
{
    struct db_item items[] = {
        {.kind = DB_ITEM_SQL, .sql = str_printf(a, "SET ROLE %.*s", STR_ARG(db_quote_name(a, p->options.role)))},
        {.kind = DB_ITEM_SQL, .sql = STR("RESET ROLE")},
    };
    struct db_batch batch = {.items = items, .count = 2};
    if (p->options.role.len == 0 || db_run(&p->db, a, &batch, err))
        return true;
    if (err->code != ERR_CONNECT)
        err_hint(err, "scripts shall run as the role %.*s: create it, and GRANT it to the role that connects",
                 STR_ARG(p->options.role));
    return false;
}

/* Settings and checks of a new session, in one round trip. */
static bool start_session(struct pg *p, struct err *err)
{
    struct arena a = {0};
    struct str schema = p->options.schema.len > 0 ? p->options.schema : STR_NONE;
    struct db_item items[] = {
        {.kind = DB_ITEM_SQL,
         .sql = STR(sql_pg_session_sql),
         .params = &schema,
         .param_count = 1,
         .want = DB_WANT_ROWS},
        {.kind = DB_ITEM_SQL, .sql = STR(sql_pg_settings_sql)},
    };
    struct db_batch batch = {.items = items, .count = 2};
    bool ok = check_version(p, err) && db_run(&p->db, &a, &batch, err) && check_session(p, &items[0].rows, err) &&
              check_role(p, &a, err);
    if (ok)
        take_session(p, &items[0].rows);
    arena_release(&a);
    return ok;
}

static bool open_connection(struct pg *p, struct err *err)
{
    return check_url(p, err) && connect_start(p, err) && start_session(p, err);
}

/* ---- the end of a transaction ---- */

/* One simple statement without parameters; the connection stays or is closed. NULL: no answer. */
static PGresult *simple(struct pg *p, const char *sql, int64_t deadline)
{
    if (PQsendQuery(p->conn, sql) != 1)
        return NULL;
    PGresult *last = NULL;
    for (;;) {
        while (PQflush(p->conn) == 1 || PQisBusy(p->conn)) {
            if (clock_mono_ms() >= deadline)
                return last;
            pg_wait_socket(p, POLLIN, deadline);
            if (!PQconsumeInput(p->conn))
                return last;
            if (deadline == INT64_MAX && driver_cancelled(&p->db))
                deadline = clock_mono_ms() + COMMIT_CANCEL_MS;
        }
        PGresult *result = PQgetResult(p->conn);
        if (result == NULL)
            return last;
        PQclear(last);
        last = result;
    }
}

static enum db_commit refused_commit(struct pg *p, PGresult *result, struct err *err)
{
    struct pg_error e = {
        .sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE),
        .message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
        .detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL),
        .hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT),
        .fallback = PQresultErrorMessage(result),
    };
    pg_error_fill(err, &e);
    redact_err(&p->redact, err);
    return DB_ROLLED_BACK;
}

static enum db_commit read_commit(struct pg *p, PGresult *result, struct err *err)
{
    bool alive = PQstatus(p->conn) == CONNECTION_OK && PQtransactionStatus(p->conn) == PQTRANS_IDLE;
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0)
        return p->standby_wait_cut ? DB_COMMITTED_LOCALLY : DB_COMMITTED;
    if (status == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "ROLLBACK") == 0) {
        err_kind(err, ERR_SQL, "not_in_transaction", "the server rolled the transaction back instead of committing it");
        return DB_ROLLED_BACK;
    }
    if (status == PGRES_FATAL_ERROR && alive)
        return refused_commit(p, result, err);
    pg_fail_connection(p, err);
    pg_error_lost(err, p->db.name);
    pg_disconnect(p);
    return DB_COMMIT_UNKNOWN;
}

static enum db_commit pg_commit(struct db *db, struct err *err)
{
    struct pg *p = pg_of(db);
    if (p->conn == NULL) {
        pg_fail_no_session(p, err);
        return DB_ROLLED_BACK; /* COMMIT was never sent */
    }
    p->standby_wait_cut = false;
    p->lock_timeout_ms = 0;
    PGresult *result = simple(p, "COMMIT", INT64_MAX);
    enum db_commit outcome = read_commit(p, result, err);
    PQclear(result);
    return outcome;
}

static void pg_rollback(struct db *db)
{
    struct pg *p = pg_of(db);
    if (p->conn == NULL)
        return;
    p->lock_timeout_ms = 0;
    PGTransactionStatusType status = PQtransactionStatus(p->conn);
    if (status == PQTRANS_IDLE)
        return;
    PGresult *result = simple(p, "ROLLBACK", clock_mono_ms() + COMMIT_CANCEL_MS);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        pg_disconnect(p);
    PQclear(result);
}

/* ---- locks, identity, life ---- */

static bool lock_query(struct pg *p, struct arena *a, const char *sql, struct str *ret_cell, struct err *err)
{
    struct db_rows rows;
    if (!db_query(&p->db, a, str_of(sql), &p->lock_key, 1, &rows, err))
        return false;
    *ret_cell = rows.count > 0 ? db_cell(&rows, 0, 0) : STR_NONE;
    return true;
}

static bool pg_try_lock(struct db *db, bool *ret_locked, struct err *err)
{
    struct arena a = {0};
    struct str cell;
    bool ok = lock_query(pg_of(db), &a, sql_pg_lock_sql, &cell, err);
    if (ok)
        *ret_locked = str_is(cell, "t");
    arena_release(&a);
    return ok;
}

static bool pg_unlock(struct db *db, struct err *err)
{
    struct arena a = {0};
    struct str cell;
    bool ok = lock_query(pg_of(db), &a, sql_pg_unlock_sql, &cell, err);
    if (ok && !str_is(cell, "t"))
        ok = err_kind(err, ERR_LOCK, "pooler", "the lock was not held by this session any more");
    arena_release(&a);
    return ok;
}

static bool pg_holders(struct db *db, struct arena *a, struct str *ret_sentence, struct err *err)
{
    return lock_query(pg_of(db), a, sql_pg_holders_sql, ret_sentence, err);
}

static bool pg_use_schema(struct db *db, struct str schema, struct err *err)
{
    struct pg *p = pg_of(db);
    p->options.schema = str_copy(&p->arena, schema);
    p->prepared.list.count = 0;
    return db_exec(db, STR("DISCARD ALL"), NULL, 0, err) && start_session(p, err);
}

static bool pg_incarnation(struct db *db, struct arena *a, struct str *ret_text, struct err *err)
{
    struct pg *p = pg_of(db);
    struct db_rows rows;
    struct err denied = {0};
    const char *sql = sql_pg_incarnation_sql;
    bool ok = db_query(db, a, str_of(sql), &p->db.schema, 1, &rows, &denied);
    if (!ok && strcmp(denied.kind, "permission") == 0) /* pg_control_system() was taken from PUBLIC */
        ok = db_query(db, a, STR(sql_pg_incarnation_plain_sql), &p->db.schema, 1, &rows, &denied);
    if (!ok) {
        *err = denied;
        return false;
    }
    *ret_text = rows.count > 0 ? db_cell(&rows, 0, 0) : STR("");
    return true;
}

static bool pg_reconnect(struct db *db, struct err *err)
{
    struct pg *p = pg_of(db);
    if (p->conn != NULL)
        pg_disconnect(p);
    return open_connection(p, err) || (pg_disconnect(p), false);
}

/* PQcancel() is safe in signal handlers and other threads. */
static void pg_cancel(struct db *db)
{
    char ignored[64];
    PGcancel *cancel = atomic_load(&pg_of(db)->cancel);
    if (cancel != NULL)
        PQcancel(cancel, ignored, sizeof(ignored));
}

static void pg_close(struct db *db)
{
    struct pg *p = pg_of(db);
    pg_disconnect(p);
    for (size_t i = 0; i < p->old_cancels.list.count; i++)
        PQfreeCancel(p->old_cancels.list.items[i].cancel);
    arena_release(&p->arena);
    free(p);
}

static const struct db_ops pg_ops = {
    .close = pg_close,
    .reconnect = pg_reconnect,
    .run = pg_run,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .try_lock = pg_try_lock,
    .unlock = pg_unlock,
    .holders = pg_holders,
    .use_schema = pg_use_schema,
    .incarnation = pg_incarnation,
    .cancel = pg_cancel,
};

bool pg_open(struct str url, const struct db_options *options, struct db **ret_db, struct err *err)
{
    struct pg *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    p->db = (struct db){.ops = &pg_ops, .engine = ENGINE_POSTGRESQL};
    p->url = str_copy(&p->arena, url);
    p->options = *options;
    p->options.schema = str_copy(&p->arena, options->schema);
    p->options.role = str_copy(&p->arena, options->role);
    p->options.database = str_copy(&p->arena, options->database);
    if (options->application_name != NULL)
        p->options.application_name = arena_strdup(&p->arena, options->application_name);
    p->db.name = redact_url(&p->arena, url);
    redact_init(&p->redact, &p->arena);
    redact_add_url(&p->redact, url);
    if (!open_connection(p, err)) {
        pg_close(&p->db);
        return false;
    }
    *ret_db = &p->db;
    return true;
}

unsigned pg_library_version(void)
{
    return (unsigned)PQlibVersion();
}
