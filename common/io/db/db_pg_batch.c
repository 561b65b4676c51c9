/*
 * What a session of PostgreSQL is told, and what it answers.
 *
 * A batch becomes a list of messages and goes out as one pipeline with one Sync at its end. Writing and reading
 * take turns on a non-blocking socket, so neither side waits for a full buffer. Result rows of scripts are
 * read one by one and dropped: a script's SELECT costs no memory. COMMIT is always alone.
 *
 * Own statements run with search_path = pg_catalog, pg_temp and qualified names, as the role that connected;
 * scripts run with the session's own path, or the tenant's schema alone, and as the role of the options. What a
 * script leaves behind (role, path, deferred constraints, an ended transaction) is undone or found out by
 * DB_ITEM_LEAVE.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/io/db/db_pg.h"
#include "common/io/db/pg_error.h"
#include "skein/os/clock.h"

#include "embed/io_db.h"

enum { PREPARED_MAX = 64 }; /* statements kept prepared a session */

enum message_kind { MESSAGE_QUERY = 0, MESSAGE_PREPARE, MESSAGE_PREPARED };

/* One protocol message of a batch. */
struct message {
    enum message_kind kind;
    struct str sql;
    const struct str *params;
    size_t param_count;
    unsigned name; /* number of the prepared statement */
    size_t item;   /* the item it belongs to; SIZE_MAX: the begin of the transaction */
    bool is_last;  /* of its item */
    enum db_want want;
    bool report, is_guard, is_xid;
};

struct messages {
    VEC(struct message) list;
};

/* ---- a batch as messages ---- */

static struct message *add(struct arena *a, struct messages *m, size_t item, struct str sql)
{
    vec_push(a, &m->list, ((struct message){.sql = sql, .item = item}));
    return &m->list.items[m->list.count - 1];
}

/* Outside a transaction settings are the session's: steps without a transaction run that way. */
static bool in_transaction(const struct pg *p, const struct messages *m)
{
    return PQtransactionStatus(p->conn) == PQTRANS_INTRANS || (m->list.count > 0 && m->list.items[0].item == SIZE_MAX);
}

static void add_limits(struct pg *p, struct arena *a, struct messages *m, size_t item, int64_t lock_ms,
                       int64_t statement_ms)
{
    const char *local = in_transaction(p, m) ? "LOCAL " : "";
    add(a, m, item, str_printf(a, "SET %slock_timeout = %lld", local, (long long)lock_ms));
    add(a, m, item, str_printf(a, "SET %sstatement_timeout = %lld", local, (long long)statement_ms));
    p->lock_timeout_ms = lock_ms;
}

static void add_begin(struct pg *p, struct arena *a, struct messages *m, const struct db_begin *how)
{
    p->xid[0] = '\0';
    if (how->read_only) {
        add(a, m, SIZE_MAX, STR("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
        add(a, m, SIZE_MAX, STR("SET LOCAL search_path = pg_catalog, pg_temp"));
        return;
    }
    add(a, m, SIZE_MAX, STR("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"));
    add(a, m, SIZE_MAX, STR("SET LOCAL search_path = pg_catalog, pg_temp"));
    add_limits(p, a, m, SIZE_MAX, how->lock_timeout_ms, how->statement_timeout_ms);
    struct message *xid = add(a, m, SIZE_MAX, STR("SELECT pg_catalog.pg_current_xact_id()"));
    xid->is_xid = true;
    xid->want = DB_WANT_ROWS;
}

static void add_enter(struct pg *p, struct arena *a, struct messages *m, size_t item)
{
    add(a, m, item, STR("RESET SESSION AUTHORIZATION"));
    add(a, m, item, STR("RESET ROLE"));
    struct message *path = add(a, m, item,
                               in_transaction(p, m) ? STR("SELECT pg_catalog.set_config('search_path', $1, true)")
                                                    : STR("SELECT pg_catalog.set_config('search_path', $1, false)"));
    path->params = &p->search_path;
    path->param_count = 1;
    if (p->options.role.len > 0)
        add(a, m, item,
            str_printf(a, "SET %sROLE %.*s", in_transaction(p, m) ? "LOCAL " : "",
                       STR_ARG(db_quote_name(a, p->options.role))));
}

static void add_leave(struct pg *p, struct arena *a, struct messages *m, size_t item)
{
    bool transaction = in_transaction(p, m);
    if (transaction)
        add(a, m, item, STR("SET CONSTRAINTS ALL IMMEDIATE"));
    add(a, m, item, STR("RESET SESSION AUTHORIZATION"));
    add(a, m, item, STR("RESET ROLE"));
    if (!transaction)
        return;
    add(a, m, item, STR("SET LOCAL search_path = pg_catalog, pg_temp"));
    struct str *xid = arena_new(a, struct str);
    *xid = str_of(p->xid);
    struct message *guard = add(a, m, item, STR(sql_pg_guard_sql));
    guard->params = xid;
    guard->param_count = 1;
    guard->is_guard = true;
}

static const struct prepared *find_prepared(const struct pg *p, struct str sql)
{
    for (size_t i = 0; i < p->prepared.list.count; i++)
        if (str_eq(p->prepared.list.items[i].sql, sql))
            return &p->prepared.list.items[i];
    return NULL;
}

/* The prepared statement of a text that comes again and again; prepared now if it is not yet. */
static const struct prepared *prepare(struct pg *p, struct arena *a, struct messages *m, const struct db_item *item,
                                      size_t index)
{
    const struct prepared *known = find_prepared(p, item->sql);
    if (known != NULL || p->prepared.list.count >= PREPARED_MAX)
        return known;
    struct prepared new = {str_copy(&p->prepared_arena, item->sql), p->prepared_names++};
    vec_push(&p->prepared_arena, &p->prepared.list, new);
    struct message *message = add(a, m, index, item->sql);
    message->kind = MESSAGE_PREPARE;
    message->name = new.name;
    return find_prepared(p, item->sql);
}

static void add_statement(struct pg *p, struct arena *a, struct messages *m, size_t index, const struct db_item *item)
{
    const struct prepared *prepared = item->prepare ? prepare(p, a, m, item, index) : NULL;
    struct message *message = add(a, m, index, item->sql);
    message->params = item->params;
    message->param_count = item->param_count;
    message->want = item->want;
    if (prepared != NULL) {
        message->kind = MESSAGE_PREPARED;
        message->name = prepared->name;
    }
}

static void add_item(struct pg *p, struct arena *a, struct messages *m, size_t index, const struct db_item *item)
{
    switch (item->kind) {
    case DB_ITEM_SQL:
    case DB_ITEM_SCRIPT:
        add_statement(p, a, m, index, item);
        break;
    case DB_ITEM_LIMITS:
        add_limits(p, a, m, index, item->lock_timeout_ms, item->statement_timeout_ms);
        break;
    case DB_ITEM_ENTER:
        add_enter(p, a, m, index);
        break;
    case DB_ITEM_LEAVE:
        add_leave(p, a, m, index);
        break;
    case DB_ITEM_UNSET:
        break;
    }
    if (m->list.count > 0) {
        m->list.items[m->list.count - 1].is_last = true;
        m->list.items[m->list.count - 1].report = item->report;
    }
}

/* ---- sending ---- */

static bool send_message(struct pg *p, struct arena *a, const struct message *m)
{
    char name[32];
    snprintf(name, sizeof(name), "skein_%u", m->name);
    if (m->kind == MESSAGE_PREPARE)
        return PQsendPrepare(p->conn, name, str_cstr(a, m->sql), 0, NULL) == 1;
    const char **values = arena_new_array(a, m->param_count + 1, const char *);
    for (size_t i = 0; i < m->param_count; i++)
        values[i] = m->params[i].p != NULL ? str_cstr(a, m->params[i]) : NULL;
    int count = (int)m->param_count;
    if (m->kind == MESSAGE_PREPARED)
        return PQsendQueryPrepared(p->conn, name, count, values, NULL, NULL, 0) == 1;
    return PQsendQueryParams(p->conn, str_cstr(a, m->sql), count, NULL, values, NULL, NULL, 0) == 1;
}

/* One message goes out by itself: some statements refuse to run in a pipeline. */
static bool send_all(struct pg *p, struct arena *a, const struct messages *m, struct err *err)
{
    bool pipeline = m->list.count > 1;
    bool ok = !pipeline || PQenterPipelineMode(p->conn) == 1;
    for (size_t i = 0; ok && i < m->list.count; i++) {
        ok = send_message(p, a, &m->list.items[i]);
        if (ok && pipeline && m->list.items[i].report)
            ok = PQsendFlushRequest(p->conn) == 1;
    }
    ok = ok && (!pipeline || PQpipelineSync(p->conn) == 1);
    return ok || pg_fail_connection(p, err);
}

/* ---- receiving ---- */

/* A batch on its way: what was answered so far. */
struct exchange {
    struct pg *pg;
    struct arena *a;
    struct db_batch *batch;
    const struct messages *messages;
    size_t next;      /* the message whose answer comes next */
    int64_t answered; /* when the last answer came */
    bool asked_blockers;
    bool failed;
    struct err *err;
    VEC(struct str) cells; /* of the message that is being answered */
    size_t columns, rows;
};

static const struct message *current(const struct exchange *x)
{
    return x->next < x->messages->list.count ? &x->messages->list.items[x->next] : NULL;
}

static struct db_item *current_item(const struct exchange *x)
{
    const struct message *m = current(x);
    return m != NULL && m->item != SIZE_MAX ? &x->batch->items[m->item] : NULL;
}

/* Looks, over a connection of its own, who stands in the way of this session. */
static void ask_blockers(struct pg *p)
{
    const char *keys[] = {"dbname", "application_name", "client_encoding", "connect_timeout", NULL};
    const char *values[] = {str_cstr(&p->arena, p->url), "skein", "UTF8", "2", NULL};
    char pid[16];
    snprintf(pid, sizeof(pid), "%d", PQbackendPID(p->conn));
    const char *params[] = {pid};
    PGconn *conn = PQconnectdbParams(keys, values, 1);
    PGresult *result = NULL;
    if (PQstatus(conn) == CONNECTION_OK)
        result = PQexecParams(conn, sql_pg_blockers_sql, 1, NULL, params, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
        p->blockers = str_copy(&p->arena, str_of(PQgetvalue(result, 0, 0)));
    PQclear(result);
    PQfinish(conn);
}

/* Called while nothing comes: somebody may want us to stop, and a lock may be busy. */
static void while_waiting(struct exchange *x)
{
    struct pg *p = x->pg;
    if (!p->cancel_sent && driver_cancelled(&p->db)) {
        p->cancel_sent = true;
        db_cancel(&p->db);
    }
    int64_t waited = clock_mono_ms() - x->answered;
    if (!x->asked_blockers && p->lock_timeout_ms > 0 && waited * 2 >= p->lock_timeout_ms) {
        x->asked_blockers = true;
        ask_blockers(p);
    }
}

/* Until a result can be had without waiting; false when the connection is gone. */
static bool await_result(struct exchange *x)
{
    PGconn *conn = x->pg->conn;
    for (;;) {
        int unsent = PQflush(conn);
        if (unsent < 0)
            return false;
        if (!PQisBusy(conn))
            return true;
        int64_t half = x->pg->lock_timeout_ms > 0 && !x->asked_blockers ? x->pg->lock_timeout_ms / 2 : WAIT_SLICE_MS;
        pg_wait_socket(x->pg, (short)(POLLIN | (unsent > 0 ? POLLOUT : 0)), clock_mono_ms() + half);
        if (!PQconsumeInput(conn))
            return false;
        if (PQisBusy(conn))
            while_waiting(x);
    }
}

static bool is_true(const char *value)
{
    return value != NULL && strcmp(value, "f") != 0 && strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
}

static const char *value_at(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

static void keep_row(struct exchange *x, const PGresult *result, int row)
{
    for (int column = 0; column < PQnfields(result); column++) {
        const char *value = value_at(result, row, column);
        struct str cell = {value, value != NULL ? (size_t)PQgetlength(result, row, column) : 0};
        vec_push(x->a, &x->cells, value != NULL ? str_copy(x->a, cell) : STR_NONE);
    }
}

static void take_rows(struct exchange *x, const PGresult *result)
{
    const struct message *m = current(x);
    struct db_item *item = current_item(x);
    x->columns = (size_t)PQnfields(result);
    for (int row = 0; row < PQntuples(result); row++) {
        x->rows++;
        if (m->want == DB_WANT_ROWS)
            keep_row(x, result, row);
        else if (m->want == DB_WANT_TRUTH && item != NULL && item->failed_row == 0 &&
                 !is_true(value_at(result, row, 0)))
            item->failed_row = x->rows;
    }
}

/* Position of the error in characters, from 1, as a byte offset, from 1. */
static size_t byte_position(struct str sql, const char *characters)
{
    unsigned long long wanted = 0;
    if (characters == NULL || !str_to_u64(str_of(characters), INT32_MAX, &wanted) || wanted == 0)
        return 0;
    size_t byte = 0;
    for (unsigned long long n = 1; n < wanted && byte < sql.len; n++)
        do
            byte++;
        while (byte < sql.len && ((unsigned char)sql.p[byte] & 0xc0) == 0x80);
    return byte + 1;
}

static void take_error(struct exchange *x, const PGresult *result)
{
    const struct message *m = current(x);
    if (x->failed)
        return;
    struct pg *p = x->pg;
    x->failed = true;
    struct pg_error e = {
        .sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE),
        .message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
        .detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL),
        .hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT),
        .context = PQresultErrorField(result, PG_DIAG_CONTEXT),
        .fallback = PQresultErrorMessage(result),
        .cancel_sent = p->cancel_sent,
        .blockers = p->blockers,
    };
    if (m != NULL && m->is_guard)
        pg_error_ended(x->err);
    else
        pg_error_fill(x->err, &e);
    redact_err(&p->redact, x->err);
    if (m != NULL && m->item != SIZE_MAX) {
        x->batch->failed = m->item;
        if (x->batch->items[m->item].sql.p == m->sql.p)
            x->batch->position = byte_position(m->sql, PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION));
    }
}

static void take_affected(struct exchange *x, PGresult *result)
{
    unsigned long long affected = 0;
    struct db_item *item = current_item(x);
    if (item != NULL && str_to_u64(str_of(PQcmdTuples(result)), UINT64_MAX, &affected))
        item->affected = affected;
}

/* False: the session cannot go on (COPY to or from the client has no place here). */
static bool take_result(struct exchange *x, PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
        take_rows(x, result);
        take_affected(x, result);
        return true;
    case PGRES_COMMAND_OK:
        take_affected(x, result);
        return true;
    case PGRES_EMPTY_QUERY:
    case PGRES_PIPELINE_SYNC:
    case PGRES_PIPELINE_ABORTED:
        return true;
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE:
    case PGRES_NONFATAL_ERROR:
        take_error(x, result);
        return true;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        break;
    }
    err_kind(x->err, ERR_SQL, "denied", "COPY from or to the client is not possible in a revision");
    err_hint(x->err, "write INSERT statements");
    x->failed = true;
    if (current_item(x) != NULL)
        x->batch->failed = current(x)->item;
    return false;
}

static void keep_rows(struct exchange *x)
{
    const struct message *m = current(x);
    struct db_item *item = current_item(x);
    if (m->is_xid && x->rows == 1)
        snprintf(x->pg->xid, sizeof(x->pg->xid), "%.*s", STR_ARG(x->cells.items[0]));
    if (item != NULL && m->want == DB_WANT_ROWS)
        item->rows = (struct db_rows){x->columns, x->rows, x->cells.items};
    x->cells.items = NULL;
    x->cells.count = x->cells.cap = 0;
    x->columns = x->rows = 0;
}

/* The answer to one message is complete. */
static void finish_message(struct exchange *x)
{
    const struct message *m = current(x);
    keep_rows(x);
    x->answered = clock_mono_ms();
    x->asked_blockers = false;
    x->next++;
    if (m->is_last && m->item != SIZE_MAX && !x->failed && x->batch->done != NULL)
        x->batch->done(x->batch->user, m->item);
}

/* All results of one message. False: the connection is of no use any more. */
static bool receive_message(struct exchange *x)
{
    PGconn *conn = x->pg->conn;
    if (current(x)->want != DB_WANT_ROWS)
        PQsetSingleRowMode(conn);
    for (;;) {
        if (!await_result(x))
            return false;
        PGresult *result = PQgetResult(conn);
        if (result == NULL)
            break;
        bool usable = take_result(x, result);
        PQclear(result);
        if (!usable || PQstatus(conn) == CONNECTION_BAD)
            return false;
    }
    finish_message(x);
    return true;
}

static bool receive_sync(struct exchange *x)
{
    PGconn *conn = x->pg->conn;
    bool synced = false;
    while (!synced) {
        if (!await_result(x))
            return false;
        PGresult *result = PQgetResult(conn);
        synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        bool gone = result == NULL && PQstatus(conn) == CONNECTION_BAD;
        PQclear(result);
        if (gone)
            return false;
    }
    return PQexitPipelineMode(conn) == 1;
}

static bool receive_all(struct exchange *x)
{
    while (x->next < x->messages->list.count)
        if (!receive_message(x))
            return false;
    return x->messages->list.count <= 1 || receive_sync(x);
}

/* What was prepared in a batch that failed may be there or not: forget it. */
static void forget_prepared(struct pg *p, size_t count)
{
    if (p->prepared.list.count > count)
        p->prepared.list.count = count;
}

static bool exchange_run(struct exchange *x)
{
    struct pg *p = x->pg;
    p->cancel_sent = false;
    p->blockers = STR("");
    x->answered = clock_mono_ms();
    if (receive_all(x))
        return !x->failed;
    struct err lost = {0};
    pg_fail_connection(p, &lost);
    pg_error_lost(&lost, p->db.name);
    if (!x->failed || x->err->kind[0] == '\0')
        *x->err = lost;
    pg_disconnect(p);
    return false;
}

bool pg_run(struct db *db, struct arena *a, struct db_batch *batch, struct err *err)
{
    struct pg *p = pg_of(db);
    struct arena scratch = {0};
    struct messages messages = {0};
    size_t prepared = p->prepared.list.count;
    batch->failed = batch->count;
    batch->position = 0;
    if (p->conn == NULL)
        return pg_fail_no_session(p, err);
    if (batch->begin != NULL)
        add_begin(p, &scratch, &messages, batch->begin);
    for (size_t i = 0; i < batch->count; i++)
        add_item(p, &scratch, &messages, i, &batch->items[i]);
    struct exchange x = {.pg = p, .a = a, .batch = batch, .messages = &messages, .err = err};
    bool ok = messages.list.count == 0 || (send_all(p, &scratch, &messages, err) && exchange_run(&x));
    if (!ok)
        forget_prepared(p, prepared);
    arena_release(&scratch);
    return ok;
}
