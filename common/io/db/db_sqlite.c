/*
 * SQLite: the only file that includes sqlite3.h, save the one that cuts scripts.
 *
 * The file is opened by SQLite alone: closing any other descriptor of it in this process would drop its locks.
 * Writing transactions begin with BEGIN IMMEDIATE, so that a busy file is noticed before anything was done. An
 * error never leaves a transaction open unnoticed: the caller rolls back. Scripts run under an authorizer that
 * keeps them from ending the transaction, from other files, from extensions, from skein's own tables and from
 * settings that outlive the transaction.
 *
 * COMMIT: busy -> tried again within its budget, then rolled back; an input/output error -> unknown, the
 * ledger will tell. Before it, SQLite is asked whether the file was moved away under us.
 */
#include <sqlite3.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/io/db/driver.h"
#include "skein/base/vec.h"
#include "skein/os/clock.h"
#include "skein/sql/classify.h"

enum {
    PREPARED_MAX = 64,
    PROGRESS_STEPS = 20000, /* virtual machine steps between two looks at clock and watch */
    BUSY_SLEEP_MAX_MS = 25,
};

enum guard { GUARD_NONE = 0, GUARD_IN_TRANSACTION, GUARD_ALONE };

struct prepared {
    struct str sql;
    sqlite3_stmt *statement;
};

struct lite {
    struct db db; /* first: the drivers' functions get a pointer to it */
    struct arena arena;
    struct db_options options;
    char *path;
    const char *real_path; /* links followed, once it was opened */
    sqlite3 *conn;
    pthread_mutex_t conn_mutex; /* for cancel: conn changes when we connect again */
    struct {
        VEC(struct prepared) list;
    } prepared;
    enum guard guard;
    char denied[160];          /* what the authorizer forbade, as a sentence */
    bool in_transaction;       /* as begun by us */
    atomic_bool cancelled;     /* the watch said stop, or another thread */
    int64_t busy_deadline;     /* for the busy handler */
    int64_t statement_timeout; /* of the transaction; 0: none */
    int64_t statement_deadline;
    int64_t commit_wait;
    int64_t next_watch;
    int lock_fd; /* of the file beside the database; -1: not held */
    ino_t inode;
    bool made_file; /* it was not there when we opened it */
};

static struct lite *lite_of(struct db *db)
{
    return (struct lite *)db;
}

/* ---- errors ---- */

static const struct {
    int code; /* primary */
    enum err_code err;
    const char *kind, *hint;
} failures[] = {
    {SQLITE_BUSY, ERR_LOCK, "lock_timeout", "another process is writing to the file; try again when it is done"},
    {SQLITE_LOCKED, ERR_LOCK, "lock_timeout", "another statement holds the table"},
    {SQLITE_FULL, ERR_SQL, "disk_full", "make room on the disk, then try again"},
    {SQLITE_READONLY, ERR_SQL, "read_only", "check the permissions of the file and of its folder"},
    {SQLITE_CANTOPEN, ERR_CONNECT, "no_database", "check the path and its permissions"},
    {SQLITE_NOTADB, ERR_CONNECT, "not_a_database", "the file is no SQLite database; check the path"},
    {SQLITE_CORRUPT, ERR_SQL, "corrupt", "restore the file from a backup"},
    {SQLITE_IOERR, ERR_SQL, "io", "check the disk and the system's log"},
    {SQLITE_PERM, ERR_SQL, "permission", "check the permissions of the file and of its folder"},
    {SQLITE_INTERRUPT, ERR_CANCELLED, "cancelled", NULL},
    {SQLITE_AUTH, ERR_SQL, "denied", NULL},
};

static bool fail_code(struct lite *l, int code, struct err *err)
{
    const char *message = l->conn != NULL ? sqlite3_errmsg(l->conn) : sqlite3_errstr(code);
    err_set(err, ERR_SQL, "%s", message);
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        if (failures[i].code == (code & 0xff)) {
            err_kind(err, failures[i].err, failures[i].kind, "%s", message);
            if (failures[i].hint != NULL)
                err_hint(err, "%s", failures[i].hint);
        }
    if ((code & 0xff) == SQLITE_INTERRUPT && !l->cancelled && l->statement_timeout > 0)
        err_kind(err, ERR_SQL, "statement_timeout", "the statement took longer than %lld ms",
                 (long long)l->statement_timeout);
    if ((code & 0xff) == SQLITE_AUTH && l->denied[0] != '\0')
        err_kind(err, ERR_SQL, "denied", "%s", l->denied);
    if (code == SQLITE_READONLY_DBMOVED) {
        err_kind(err, ERR_SQL, "moved", "the file was moved, deleted or replaced meanwhile");
        err_hint(err, "find out who did that, then try again");
    }
    if ((code & 0xff) == SQLITE_BUSY)
        err_detail(err, "another process holds a lock on %s", l->path);
    return false;
}

/* ---- callbacks of SQLite ---- */

/* Sleeps and says "try again" until the deadline. */
static int on_busy(void *user, int count)
{
    struct lite *l = user;
    if (driver_cancelled(&l->db))
        l->cancelled = true;
    int64_t left = l->busy_deadline - clock_mono_ms();
    if (left <= 0 || l->cancelled)
        return 0;
    int64_t nap = count < 5 ? 1 + count : BUSY_SLEEP_MAX_MS;
    clock_sleep_ms(nap < left ? nap : left);
    return 1;
}

/* Non-zero stops the statement. */
static int on_progress(void *user)
{
    struct lite *l = user;
    int64_t now = clock_mono_ms();
    if (l->statement_deadline > 0 && now >= l->statement_deadline)
        return 1;
    if (now < l->next_watch)
        return 0;
    l->next_watch = now + 100;
    l->cancelled = l->cancelled || driver_cancelled(&l->db);
    return l->cancelled;
}

static int deny(struct lite *l, const char *what)
{
    snprintf(l->denied, sizeof(l->denied), "a revision may not use %s", what);
    return SQLITE_DENY;
}

static int judge_table(struct lite *l, const char *name)
{
    bool own = name != NULL && (strcasecmp(name, "skein_ledger") == 0 || strcasecmp(name, "skein_state") == 0);
    return own ? deny(l, "skein's own tables") : SQLITE_OK;
}

/* Modules of virtual tables ask for these while one is made. */
static bool is_question(const char *name, const char *value)
{
    return value[0] == '\0' && (strcasecmp(name, "data_version") == 0 || strcasecmp(name, "page_size") == 0);
}

static int judge_pragma(struct lite *l, const char *name, const char *value)
{
    char what[64];
    if (is_question(name, value))
        return SQLITE_OK;
    if (pragma_is_allowed(str_of(name), l->guard != GUARD_ALONE))
        return SQLITE_OK;
    snprintf(what, sizeof(what), "PRAGMA %.40s here", name);
    return deny(l, what);
}

/* VACUUM attaches a database without a name. */
static int judge_attach(struct lite *l, const char *name)
{
    return l->guard == GUARD_ALONE && name[0] == '\0' ? SQLITE_OK : deny(l, "ATTACH");
}

static int judge_function(struct lite *l, const char *name)
{
    return strcasecmp(name, "load_extension") == 0 ? deny(l, "load_extension()") : SQLITE_OK;
}

static int judge(struct lite *l, int action, const char *first, const char *second)
{
    switch (action) {
    case SQLITE_TRANSACTION: /* VACUUM begins and ends one of its own */
    case SQLITE_SAVEPOINT:
        return l->guard == GUARD_ALONE ? SQLITE_OK : deny(l, "BEGIN, COMMIT, ROLLBACK or SAVEPOINT");
    case SQLITE_ATTACH:
        return judge_attach(l, first);
    case SQLITE_DETACH:
        return deny(l, "DETACH");
    case SQLITE_PRAGMA:
        return judge_pragma(l, first, second);
    case SQLITE_FUNCTION:
        return judge_function(l, second);
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
    case SQLITE_DROP_TABLE:
        return judge_table(l, first);
    case SQLITE_ALTER_TABLE:
        return judge_table(l, second);
    default:
        return SQLITE_OK;
    }
}

static int on_authorize(void *user, int action, const char *first, const char *second, const char *database,
                        const char *trigger)
{
    struct lite *l = user;
    bool copying = database != NULL && strcmp(database, "vacuum_db") == 0; /* VACUUM fills its copy */
    (void)trigger;
    if (l->guard == GUARD_NONE || (l->guard == GUARD_ALONE && copying))
        return SQLITE_OK;
    return judge(l, action, first != NULL ? first : "", second != NULL ? second : "");
}

/* ---- opening ---- */

/* The path in `sqlite:///path`; false with err for other forms. */
static bool lite_path(struct str url, struct str *ret_path, struct err *err)
{
    struct str prefix = STR("sqlite:///");
    struct str path = str_from(url, prefix.len);
    if (!str_starts(url, prefix) || path.len == 0) {
        err_kind(err, ERR_USAGE, "bad_url", "this SQLite URL names no file: %.*s", STR_ARG(url));
        return err_hint(err, "write sqlite:///relative.db or sqlite:////absolute.db");
    }
    if (str_is(path, ":memory:")) {
        err_kind(err, ERR_USAGE, "bad_url", "a database in memory cannot be migrated: nothing would stay");
        return err_hint(err, "name a file");
    }
    if (str_find(path, '?') < path.len) {
        err_kind(err, ERR_USAGE, "bad_url", "parameters in a SQLite URL are not supported: %.*s", STR_ARG(url));
        return err_hint(err, "remove everything from the question mark on");
    }
    *ret_path = path;
    return true;
}

/* statfs(2): NFS, SMB, CIFS and SMB2. The field is signed on some machines. */
bool lite_is_network_type(long type)
{
    static const unsigned long types[] = {0x6969, 0x517b, 0xff534d42, 0xfe534d42};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (((unsigned long)type & 0xffffffff) == types[i])
            return true;
    return false;
}

static bool lies_on_network(const char *path)
{
    struct statfs fs;
    return statfs(path, &fs) == 0 && lite_is_network_type((long)fs.f_type);
}

/* Of a file that is not there yet, its folder tells. */
static bool folder_lies_on_network(struct lite *l)
{
    const char *slash = strrchr(l->path, '/');
    return lies_on_network(slash == NULL ? "." : arena_printf(&l->arena, "%.*s/", (int)(slash - l->path), l->path));
}

static bool fail_path(struct lite *l, const char *kind, const char *problem, const char *hint, struct err *err)
{
    err_kind(err, ERR_CONNECT, kind, "%.*s: %s", STR_ARG(l->db.name), problem);
    return err_hint(err, "%s", hint);
}

/* Looks at the path without opening it. */
static bool check_path(struct lite *l, struct err *err)
{
    struct stat st;
    bool missing = stat(l->path, &st) != 0;
    if (missing && errno != ENOENT)
        return fail_path(l, "no_database", strerror(errno), "check the path and its permissions", err);
    if (missing && l->options.access != DB_ACCESS_CREATE)
        return fail_path(l, "no_database", "there is no such file", "check the path; `skein upgrade` creates it", err);
    if (!missing && !S_ISREG(st.st_mode))
        return fail_path(l, "no_database", "this is no regular file", "check the path", err);
    if (!l->options.allow_network_folder && (missing ? folder_lies_on_network(l) : lies_on_network(l->path)))
        return fail_path(l, "network_folder", "the file lies on a network file system",
                         "locks are not reliable there: move the file, or run skein where its disk is", err);
    if (missing) {
        l->made_file = true;
        return true;
    }
    if (l->inode != 0 && l->inode != st.st_ino)
        return fail_path(l, "moved", "the file was replaced by another one", "find out who did that, then try again",
                         err);
    l->inode = st.st_ino;
    return true;
}

static bool pragma_text(struct lite *l, const char *sql, char *ret, size_t size, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(l->conn, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        snprintf(ret, size, "%s", (const char *)sqlite3_column_text(statement, 0));
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        fail_code(l, code, err);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static void configure(struct lite *l)
{
    sqlite3_extended_result_codes(l->conn, 1);
    sqlite3_db_config(l->conn, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(l->conn, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(l->conn, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_busy_handler(l->conn, on_busy, l);
    sqlite3_progress_handler(l->conn, PROGRESS_STEPS, on_progress, l);
    sqlite3_set_authorizer(l->conn, on_authorize, l);
}

/* Reading the schema's version is what tells a database from any other file. */
static bool probe_file(struct lite *l, struct err *err)
{
    char ignored[32] = "";
    l->busy_deadline = clock_mono_ms() + l->options.busy_wait_ms;
    if (!pragma_text(l, "PRAGMA schema_version", ignored, sizeof(ignored), err))
        return err_wrap(err, "%.*s", STR_ARG(l->db.name));
    if (l->options.access == DB_ACCESS_READ)
        return pragma_text(l, "PRAGMA query_only = ON", ignored, sizeof(ignored), err);
    if (sqlite3_db_readonly(l->conn, "main") == 1)
        return fail_path(l, "read_only", "the file is read-only", "check the permissions of the file and its folder",
                         err);
    return true;
}

/* A reader opens for writing where it may: only so can SQLite finish what a crashed writer left. */
static int open_file(struct lite *l, sqlite3 **ret_conn)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    if (l->options.memory)
        return sqlite3_open_v2(":memory:", ret_conn, flags | SQLITE_OPEN_MEMORY, NULL);
    if (l->options.access == DB_ACCESS_CREATE)
        flags |= SQLITE_OPEN_CREATE;
    if (l->options.access == DB_ACCESS_READ && access(l->path, W_OK) != 0)
        flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    return sqlite3_open_v2(l->path, ret_conn, flags, NULL);
}

static void remember_inode(struct lite *l)
{
    struct stat st;
    if (l->options.memory)
        return;
    if (l->inode == 0 && stat(l->path, &st) == 0)
        l->inode = st.st_ino;
    if (l->real_path == NULL)
        l->real_path = arena_printf(&l->arena, "%s", sqlite3_db_filename(l->conn, "main"));
}

static bool open_connection(struct lite *l, struct err *err)
{
    if (!l->options.memory && !check_path(l, err))
        return false;
    sqlite3 *conn = NULL;
    int code = open_file(l, &conn);
    pthread_mutex_lock(&l->conn_mutex);
    l->conn = conn;
    pthread_mutex_unlock(&l->conn_mutex);
    if (code != SQLITE_OK) {
        fail_code(l, code, err);
        return err_wrap(err, "%.*s", STR_ARG(l->db.name));
    }
    configure(l);
    if (!probe_file(l, err))
        return false;
    remember_inode(l);
    return true;
}

static void disconnect(struct lite *l)
{
    for (size_t i = 0; i < l->prepared.list.count; i++)
        sqlite3_finalize(l->prepared.list.items[i].statement);
    l->prepared.list.count = 0;
    pthread_mutex_lock(&l->conn_mutex);
    sqlite3_close_v2(l->conn);
    l->conn = NULL;
    pthread_mutex_unlock(&l->conn_mutex);
    l->in_transaction = false;
}

/* ---- statements ---- */

static sqlite3_stmt *find_prepared(const struct lite *l, struct str sql)
{
    for (size_t i = 0; i < l->prepared.list.count; i++)
        if (str_eq(l->prepared.list.items[i].sql, sql))
            return l->prepared.list.items[i].statement;
    return NULL;
}

/* Only white space, comments and semicolons may follow: a batch's item is one statement. */
static bool is_blank(struct lite *l, const char *tail, const char *end)
{
    while (tail < end) {
        sqlite3_stmt *more = NULL;
        const char *next = NULL;
        int code = sqlite3_prepare_v2(l->conn, tail, (int)(end - tail), &more, &next);
        sqlite3_finalize(more);
        if (code != SQLITE_OK || more != NULL)
            return false;
        if (next == tail)
            break;
        tail = next;
    }
    return true;
}

static bool compile(struct lite *l, const struct db_item *item, sqlite3_stmt **ret_statement, struct err *err)
{
    const char *tail = NULL;
    sqlite3_stmt *statement = NULL;
    unsigned flags = item->prepare ? SQLITE_PREPARE_PERSISTENT : 0;
    int code = sqlite3_prepare_v3(l->conn, item->sql.p, (int)item->sql.len, flags, &statement, &tail);
    if (code != SQLITE_OK)
        return fail_code(l, code, err);
    if (is_blank(l, tail, item->sql.p + item->sql.len)) {
        *ret_statement = statement;
        return true;
    }
    sqlite3_finalize(statement);
    return err_set(err, ERR_INTERNAL, "more than one statement in one message");
}

static bool get_statement(struct lite *l, const struct db_item *item, sqlite3_stmt **ret_statement, struct err *err)
{
    sqlite3_stmt *known = item->prepare ? find_prepared(l, item->sql) : NULL;
    if (known != NULL) {
        *ret_statement = known;
        return true;
    }
    if (!compile(l, item, ret_statement, err))
        return false;
    if (item->prepare && *ret_statement != NULL && l->prepared.list.count < PREPARED_MAX)
        vec_push(&l->arena, &l->prepared.list, ((struct prepared){str_copy(&l->arena, item->sql), *ret_statement}));
    return true;
}

/* $1, $2, ... by name: SQLite numbers them in the order in which they appear. */
static void bind(sqlite3_stmt *statement, const struct db_item *item)
{
    for (size_t i = 0; i < item->param_count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "$%zu", i + 1);
        int index = sqlite3_bind_parameter_index(statement, name);
        if (index > 0 && item->params[i].p != NULL)
            sqlite3_bind_text(statement, index, item->params[i].p, (int)item->params[i].len, SQLITE_STATIC);
    }
}

struct cells {
    VEC(struct str) list;
};

static void keep_row(sqlite3_stmt *statement, struct arena *a, struct db_item *item, struct cells *cells)
{
    int columns = sqlite3_column_count(statement);
    item->rows.columns = (size_t)columns;
    item->rows.count++;
    for (int i = 0; i < columns; i++) {
        const char *text = (const char *)sqlite3_column_text(statement, i);
        struct str cell = {text, text != NULL ? (size_t)sqlite3_column_bytes(statement, i) : 0};
        vec_push(a, &cells->list, text != NULL ? str_copy(a, cell) : STR_NONE);
    }
    item->rows.cells = cells->list.items;
}

static bool row_is_true(sqlite3_stmt *statement)
{
    if (sqlite3_column_type(statement, 0) == SQLITE_NULL)
        return false;
    if (sqlite3_column_type(statement, 0) != SQLITE_TEXT)
        return sqlite3_column_double(statement, 0) != 0;
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    return strcmp(text, "0") != 0 && strcasecmp(text, "f") != 0 && strcasecmp(text, "false") != 0;
}

static int step_all(sqlite3_stmt *statement, struct arena *a, struct db_item *item)
{
    struct cells cells = {0};
    uint64_t rows = 0;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        rows++;
        if (item->want == DB_WANT_ROWS)
            keep_row(statement, a, item, &cells);
        else if (item->want == DB_WANT_TRUTH && item->failed_row == 0 && !row_is_true(statement))
            item->failed_row = rows;
    }
    item->affected = rows;
    return code;
}

static bool execute(struct lite *l, struct arena *a, struct db_item *item, sqlite3_stmt *statement, struct err *err)
{
    int before = sqlite3_total_changes(l->conn);
    bind(statement, item);
    l->statement_deadline = l->statement_timeout > 0 ? clock_mono_ms() + l->statement_timeout : 0;
    int code = step_all(statement, a, item);
    l->statement_deadline = 0;
    if (!sqlite3_stmt_readonly(statement) && sqlite3_column_count(statement) == 0)
        item->affected = sqlite3_total_changes(l->conn) != before ? (uint64_t)sqlite3_changes(l->conn) : 0;
    return code == SQLITE_DONE || fail_code(l, code, err);
}

static bool check_transaction(struct lite *l, struct err *err)
{
    if (!l->in_transaction || sqlite3_get_autocommit(l->conn) == 0)
        return true;
    l->in_transaction = false;
    return err_kind(err, ERR_STATE, "transaction_ended", "the script ended the transaction that it runs in");
}

static void lite_rollback(struct db *db);

/* A statement that stands alone must not leave a transaction behind. */
static bool check_alone(struct lite *l, struct err *err)
{
    if (l->in_transaction || sqlite3_get_autocommit(l->conn) != 0)
        return true;
    lite_rollback(&l->db);
    return err_kind(err, ERR_SQL, "denied", "a revision may not use BEGIN, COMMIT, ROLLBACK or SAVEPOINT");
}

static bool run_statement(struct lite *l, struct arena *a, struct db_batch *batch, struct db_item *item,
                          struct err *err)
{
    sqlite3_stmt *statement = NULL;
    l->guard = item->kind != DB_ITEM_SCRIPT ? GUARD_NONE : l->in_transaction ? GUARD_IN_TRANSACTION : GUARD_ALONE;
    l->denied[0] = '\0';
    bool ok = get_statement(l, item, &statement, err);
    if (ok && statement != NULL)
        ok = execute(l, a, item, statement, err);
    if (!ok) {
        int offset = sqlite3_error_offset(l->conn);
        batch->position = offset >= 0 ? (size_t)offset + 1 : 0;
    }
    if (find_prepared(l, item->sql) == statement)
        sqlite3_reset(statement);
    else
        sqlite3_finalize(statement);
    l->guard = GUARD_NONE;
    return ok && check_transaction(l, err);
}

static bool run_item(struct lite *l, struct arena *a, struct db_batch *batch, struct db_item *item, struct err *err)
{
    switch (item->kind) {
    case DB_ITEM_SQL:
        return run_statement(l, a, batch, item, err);
    case DB_ITEM_SCRIPT:
        return run_statement(l, a, batch, item, err) && check_alone(l, err);
    case DB_ITEM_LIMITS:
        l->statement_timeout = item->statement_timeout_ms;
        return true;
    case DB_ITEM_LEAVE:
        return check_transaction(l, err);
    case DB_ITEM_ENTER:
    case DB_ITEM_UNSET:
        break;
    }
    return true;
}

/*
 * The setting is silently ignored inside a transaction. So it is set before, and read back. The other one is as new
 * whatever an earlier script left.
 */
static bool set_pragmas(struct lite *l, bool enforce, struct err *err)
{
    char value[8] = "";
    const char *set = enforce ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF";
    char ignored[8];
    if (!pragma_text(l, "PRAGMA legacy_alter_table = OFF", ignored, sizeof(ignored), err) ||
        !pragma_text(l, set, ignored, sizeof(ignored), err) ||
        !pragma_text(l, "PRAGMA foreign_keys", value, sizeof(value), err))
        return false;
    return strcmp(value, enforce ? "1" : "0") == 0 ||
           err_set(err, ERR_INTERNAL, "PRAGMA foreign_keys could not be switched");
}

static bool exec_control(struct lite *l, const char *sql, struct err *err)
{
    struct arena a = {0};
    struct db_item item = {.kind = DB_ITEM_SQL, .sql = str_of(sql), .prepare = true};
    struct db_batch batch = {.items = &item, .count = 1};
    bool ok = run_statement(l, &a, &batch, &item, err);
    arena_release(&a);
    return ok;
}

static bool lite_begin(struct lite *l, const struct db_begin *how, struct err *err)
{
    if (!set_pragmas(l, how->enforce_foreign_keys, err))
        return false;
    l->busy_deadline = clock_mono_ms() + how->lock_wait_ms;
    if (!exec_control(l, how->read_only ? "BEGIN" : "BEGIN IMMEDIATE", err))
        return false;
    l->in_transaction = true;
    l->statement_timeout = how->statement_timeout_ms;
    l->commit_wait = how->lock_timeout_ms;
    return true;
}

static bool lite_run(struct db *db, struct arena *a, struct db_batch *batch, struct err *err)
{
    struct lite *l = lite_of(db);
    batch->failed = batch->count;
    batch->position = 0;
    l->cancelled = false;
    if (l->conn == NULL)
        return err_kind(err, ERR_CONNECT, "connection_lost", "%.*s is not open", STR_ARG(db->name));
    l->busy_deadline = clock_mono_ms() + l->options.busy_wait_ms;
    if (batch->begin != NULL && !lite_begin(l, batch->begin, err))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        batch->items[i].rows = (struct db_rows){0};
        batch->items[i].failed_row = 0;
        if (driver_cancelled(db))
            return err_kind(err, ERR_CANCELLED, "cancelled", "stopped on request");
        if (!run_item(l, a, batch, &batch->items[i], err)) {
            batch->failed = i;
            return false;
        }
        if (batch->done != NULL)
            batch->done(batch->user, i);
    }
    return true;
}

/* ---- the end of a transaction ---- */

static void lite_rollback(struct db *db)
{
    struct lite *l = lite_of(db);
    struct err ignored;
    l->in_transaction = false;
    l->statement_timeout = 0;
    if (l->conn != NULL && sqlite3_get_autocommit(l->conn) == 0)
        exec_control(l, "ROLLBACK", &ignored);
    if (l->conn != NULL && sqlite3_get_autocommit(l->conn) == 0)
        disconnect(l); /* closing rolls back what ROLLBACK could not */
}

static bool check_not_moved(struct lite *l, struct err *err)
{
    int moved = 0;
    if (sqlite3_file_control(l->conn, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved)
        return fail_path(l, "moved", "the file was moved, deleted or replaced meanwhile",
                         "find out who did that, then try again", err);
    return true;
}

static enum db_commit lite_commit(struct db *db, struct err *err)
{
    struct lite *l = lite_of(db);
    if (l->conn == NULL || !check_transaction(l, err)) {
        if (l->conn == NULL)
            err_kind(err, ERR_CONNECT, "connection_lost", "%.*s is not open", STR_ARG(db->name));
        return DB_ROLLED_BACK;
    }
    if (!check_not_moved(l, err)) {
        lite_rollback(db);
        return DB_ROLLED_BACK;
    }
    l->busy_deadline = clock_mono_ms() + l->commit_wait;
    l->in_transaction = false;
    l->statement_timeout = 0;
    if (exec_control(l, "COMMIT", err))
        return DB_COMMITTED;
    bool unknown = strcmp(err->kind, "io") == 0 || sqlite3_get_autocommit(l->conn) != 0;
    lite_rollback(db);
    if (!unknown)
        return DB_ROLLED_BACK;
    disconnect(l); /* only the file itself can tell now */
    return DB_COMMIT_UNKNOWN;
}

/* ---- lock, identity, life ---- */

/*
 * BEGIN IMMEDIATE is the lock of a transaction; around steps that run outside one, a lock on a file of our
 * own beside the database keeps other migrators away. It goes with the process.
 */
static bool lite_try_lock(struct db *db, bool *ret_locked, struct err *err)
{
    struct lite *l = lite_of(db);
    char path[4096];
    if (l->options.memory || l->lock_fd >= 0) { /* it outlives the connection: a descriptor of its own */
        *ret_locked = true;
        return true;
    }
    if ((size_t)snprintf(path, sizeof(path), "%s.skein-lock", l->real_path) >= sizeof(path))
        return err_set(err, ERR_LIMIT, "the path of the database is too long");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
    if (fd < 0)
        return err_kind(err, ERR_SYSTEM, "permission", "cannot open %s: %s", path, strerror(errno));
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
        l->lock_fd = fd;
        *ret_locked = true;
        return true;
    }
    bool busy = errno == EAGAIN || errno == EACCES;
    close(fd);
    *ret_locked = false;
    return busy || err_kind(err, ERR_SYSTEM, "io", "cannot lock %s: %s", path, strerror(errno));
}

static bool lite_unlock(struct db *db, struct err *err)
{
    struct lite *l = lite_of(db);
    if (l->options.memory)
        return true; /* nobody else can reach it */
    if (l->lock_fd < 0)
        return err_set(err, ERR_INTERNAL, "the lock is not held");
    close(l->lock_fd);
    l->lock_fd = -1;
    return true;
}

static bool lite_holders(struct db *db, struct arena *a, struct str *ret_sentence, struct err *err)
{
    (void)err;
    *ret_sentence = str_printf(a, "another process that migrates %s", lite_of(db)->path);
    return true;
}

static bool lite_use_schema(struct db *db, struct str schema, struct err *err)
{
    return str_eq(schema, db->schema) || err_kind(err, ERR_USAGE, "no_schema", "SQLite has no schemas");
}

/* A copy is another file: its number on the file system tells, not its content. */
static bool lite_incarnation(struct db *db, struct arena *a, struct str *ret_text, struct err *err)
{
    (void)err;
    *ret_text = str_printf(a, "inode %llu", (unsigned long long)lite_of(db)->inode);
    return true;
}

static bool lite_reconnect(struct db *db, struct err *err)
{
    struct lite *l = lite_of(db);
    disconnect(l);
    if (open_connection(l, err))
        return true;
    disconnect(l);
    return false;
}

static void lite_cancel(struct db *db)
{
    struct lite *l = lite_of(db);
    if (pthread_mutex_trylock(&l->conn_mutex) != 0)
        return; /* it is being opened or closed: nothing runs */
    if (l->conn != NULL) {
        l->cancelled = true;
        sqlite3_interrupt(l->conn);
    }
    pthread_mutex_unlock(&l->conn_mutex);
}

/*
 * A file that we made and that nothing was written to goes away again. SQLite's own lock says that nobody else
 * is at it; deleting a name drops no locks.
 */
static void remove_unused_file(struct lite *l)
{
    struct stat st;
    if (!l->made_file || l->conn == NULL)
        return;
    l->busy_deadline = 0;
    if (sqlite3_get_autocommit(l->conn) == 0)
        sqlite3_exec(l->conn, "ROLLBACK", NULL, NULL, NULL);
    if (sqlite3_exec(l->conn, "BEGIN EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK && stat(l->path, &st) == 0 &&
        st.st_ino == l->inode && st.st_size == 0)
        unlink(l->path);
}

static void lite_close(struct db *db)
{
    struct lite *l = lite_of(db);
    remove_unused_file(l);
    disconnect(l);
    if (l->lock_fd >= 0)
        close(l->lock_fd);
    pthread_mutex_destroy(&l->conn_mutex);
    arena_release(&l->arena);
    free(l);
}

static const struct db_ops lite_ops = {
    .close = lite_close,
    .reconnect = lite_reconnect,
    .run = lite_run,
    .commit = lite_commit,
    .rollback = lite_rollback,
    .try_lock = lite_try_lock,
    .unlock = lite_unlock,
    .holders = lite_holders,
    .use_schema = lite_use_schema,
    .incarnation = lite_incarnation,
    .cancel = lite_cancel,
};

static struct lite *lite_new(struct str url, struct str path, const struct db_options *options)
{
    struct lite *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return NULL;
    l->db = (struct db){.ops = &lite_ops, .engine = ENGINE_SQLITE, .schema = STR("main")};
    l->db.name = str_copy(&l->arena, url);
    bool looks_like_uri = str_starts(path, STR("file:"));
    l->path = arena_printf(&l->arena, "%s%.*s", looks_like_uri ? "./" : "", STR_ARG(path));
    l->options = *options;
    l->lock_fd = -1;
    pthread_mutex_init(&l->conn_mutex, NULL);
    return l;
}

bool lite_open(struct str url, const struct db_options *options, struct db **ret_db, struct err *err)
{
    struct str path = STR(":memory:");
    if (!options->memory && !lite_path(url, &path, err))
        return false;
    if (options->role.len > 0)
        return err_kind(err, ERR_USAGE, "bad_url", "SQLite has no roles: %.*s", STR_ARG(url));
    struct lite *l = lite_new(url, path, options);
    if (l == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    if (!open_connection(l, err)) {
        lite_close(&l->db);
        return false;
    }
    *ret_db = &l->db;
    return true;
}

const char *lite_library_version(void)
{
    return sqlite3_libversion();
}
