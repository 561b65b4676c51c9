#include "coordinator/io/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/io/row.h"
#include "skein/base/vec.h"
#include "skein/db/db.h"
#include "skein/os/clock.h"

#include "embed/coordinator_io.h"

enum { STORE_FORMAT = 1, BUSY_WAIT_MS = 2000, LOCK_POLL_MS = 20, PAGE_ROWS = 1000, PAGE_BLOBS = 16 };

struct store {
    struct db *db;
    struct arena arena; /* the statements' texts */
    struct str put[RECORD_COUNT], page[RECORD_COUNT];
    char *path;
    struct hash audit_head, pending_head; /* of what is durable, and with what is pending */
    uint64_t audit_broken;
    struct arena pending_arena;
    VEC(struct db_item) pending;
};

/* ---- statements ---- */

static struct str statement_put(struct arena *a, enum record_kind kind)
{
    const struct row_table *t = row_table(kind);
    bool chained = kind == RECORD_AUDIT;
    struct strbuf sql;
    strbuf_init(&sql, 4096);
    strbuf_printf(&sql, "INSERT INTO %s (%s%s) VALUES (", t->table, t->columns, chained ? ", hash" : "");
    for (size_t i = 1; i <= t->count + chained; i++)
        strbuf_printf(&sql, "%s$%zu", i > 1 ? ", " : "", i);
    strbuf_puts(&sql, ")");
    struct str rest = str_of(t->columns), column;
    if (!chained)
        strbuf_printf(&sql, " ON CONFLICT (%s) DO UPDATE SET ", t->key);
    for (bool first = true; !chained && str_next(&rest, ',', &column); first = false) {
        column = str_trim(column);
        strbuf_printf(&sql, "%s%.*s = excluded.%.*s", first ? "" : ", ", STR_ARG(column), STR_ARG(column));
    }
    struct str copy = str_copy(a, strbuf_str(&sql));
    strbuf_release(&sql);
    return copy;
}

static struct str statement_page(struct arena *a, enum record_kind kind)
{
    const struct row_table *t = row_table(kind);
    return str_printf(a, "SELECT %s%s FROM %s ORDER BY %s LIMIT $1 OFFSET $2", t->columns,
                      kind == RECORD_AUDIT ? ", hash" : "", t->table, t->key);
}

static void statements_build(struct store *s)
{
    for (int kind = RECORD_UNSET + 1; kind < RECORD_COUNT; kind++) {
        s->put[kind] = statement_put(&s->arena, (enum record_kind)kind);
        s->page[kind] = statement_page(&s->arena, (enum record_kind)kind);
    }
}

/* ---- opening ---- */

/* One that was just killed may still be on its way out. */
static bool lock_take(struct store *s, struct err *err)
{
    bool locked = false;
    for (int64_t end = clock_mono_ms() + BUSY_WAIT_MS; !locked && clock_mono_ms() < end;) {
        if (!db_try_lock(s->db, &locked, err))
            return false;
        if (!locked)
            clock_sleep_ms(LOCK_POLL_MS);
    }
    if (locked)
        return true;
    err_kind(err, ERR_LOCK, "store_in_use", "another coordinator uses this store");
    return err_hint(err, "stop it first, or give this one a store of its own");
}

static bool durability_set(struct store *s, struct arena *a, struct err *err)
{
    struct db_rows rows;
    if (!db_query(s->db, a, STR("PRAGMA journal_mode = WAL"), NULL, 0, &rows, err) ||
        !db_exec(s->db, STR("PRAGMA synchronous = FULL"), NULL, 0, err))
        return false;
    if (rows.count == 1 && str_is(db_cell(&rows, 0, 0), "wal"))
        return true;
    return err_set(err, ERR_STATE, "cannot switch to write-ahead logging");
}

static bool integrity_check(struct store *s, struct arena *a, struct err *err)
{
    struct db_rows rows;
    if (!db_query(s->db, a, STR("PRAGMA quick_check(1)"), NULL, 0, &rows, err))
        return false;
    if (rows.count == 1 && str_is(db_cell(&rows, 0, 0), "ok"))
        return true;
    err_kind(err, ERR_STATE, "store_corrupt", "the file is damaged");
    if (rows.count > 0)
        err_detail(err, "%.*s", STR_ARG(db_cell(&rows, 0, 0)));
    return err_hint(err, "restore it from a backup");
}

/* The schema is our own text: a statement ends with a semicolon at the end of a line. */
static bool statement_next(struct str *rest, struct str *ret_sql)
{
    struct str all = str_trim(*rest), line, left = all;
    while (str_next(&left, '\n', &line))
        if (str_ends(line, STR(";"))) {
            *ret_sql = str_head(all, (size_t)(line.p - all.p) + line.len - 1);
            *rest = left;
            return true;
        }
    return false;
}

static bool schema_create(struct store *s, struct err *err)
{
    struct str rest = str_of(sql_schema_sql), sql;
    struct db_begin begin = {.lock_wait_ms = BUSY_WAIT_MS, .lock_timeout_ms = BUSY_WAIT_MS};
    if (!db_begin(s->db, &begin, err))
        return false;
    while (statement_next(&rest, &sql))
        if (!db_exec(s->db, sql, NULL, 0, err)) {
            db_rollback(s->db);
            return false;
        }
    return db_commit(s->db, err) == DB_COMMITTED;
}

static bool format_check(struct store *s, struct arena *a, struct err *err)
{
    struct db_rows tables, version;
    if (!db_query(s->db, a,
                  STR("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name = 'store_format' DESC"), NULL,
                  0, &tables, err))
        return false;
    if (tables.count == 0)
        return schema_create(s, err);
    if (!str_is(db_cell(&tables, 0, 0), "store_format"))
        return err_kind(err, ERR_STATE, "not_a_store", "the file is a database, but no coordinator's store");
    if (!db_query(s->db, a, STR("SELECT version FROM store_format"), NULL, 0, &version, err))
        return false;
    uint64_t found = version.count == 1 ? db_cell_u64(&version, 0, 0) : 0;
    if (found == STORE_FORMAT)
        return true;
    err_kind(err, ERR_STATE, "store_format", "the store has format %" PRIu64 ", this program knows %d", found,
             STORE_FORMAT);
    return err_hint(err, "run the version of skein that wrote it, or a later one");
}

static bool store_connect(struct store *s, struct err *err)
{
    struct arena a = {0};
    struct db_options options;
    struct str url = str_printf(&a, "sqlite:///%s", s->path);
    db_options_init(&options);
    options.access = DB_ACCESS_CREATE;
    options.busy_wait_ms = BUSY_WAIT_MS;
    options.application_name = "skein-coordinator";
    bool ok = db_open(url, &options, &s->db, err) && lock_take(s, err) && integrity_check(s, &a, err) &&
              durability_set(s, &a, err) && format_check(s, &a, err);
    arena_release(&a);
    return ok;
}

bool store_open(const char *path, struct store **ret_store, struct err *err)
{
    struct store *s = calloc(1, sizeof(*s));
    if (s == NULL)
        abort();
    s->path = arena_strdup(&s->arena, path);
    statements_build(s);
    if (!store_connect(s, err)) {
        store_close(s);
        return err_wrap(err, "store %s", path);
    }
    *ret_store = s;
    return true;
}

void store_close(struct store *s)
{
    db_close(s->db);
    arena_release(&s->pending_arena);
    arena_release(&s->arena);
    free(s);
}

/* ---- the audit log's chain ---- */

static struct hash audit_hash(const struct hash *before, const struct str *cells, size_t count)
{
    struct hasher h;
    hasher_init(&h);
    hasher_field(&h, (struct str){(const char *)before->bytes, HASH_SIZE});
    for (size_t i = 0; i < count; i++)
        hasher_field(&h, cells[i]);
    return hasher_end(&h);
}

static void audit_follow(struct store *s, const struct str *cells, size_t count)
{
    struct hash expected = audit_hash(&s->audit_head, cells, count), found = {{0}};
    unsigned long long seq = 0;
    bool fits = hash_parse(cells[count], &found) && hash_eq(&found, &expected);
    if (!fits && s->audit_broken == 0 && str_to_u64(cells[0], UINT64_MAX, &seq))
        s->audit_broken = seq;
    s->audit_head = found;
}

uint64_t store_audit_broken(const struct store *s)
{
    return s->audit_broken;
}

/* ---- reading ---- */

struct taker {
    bool (*take)(void *user, const struct record *r, struct err *err);
    void *user;
};

static bool page_take(struct store *s, struct arena *a, enum record_kind kind, const struct db_rows *rows,
                      const struct taker *t, struct err *err)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct record r;
        const struct str *cells = &rows->cells[i * rows->columns];
        if (kind == RECORD_AUDIT)
            audit_follow(s, cells, row_table(kind)->count);
        if (!row_to_record(a, kind, cells, &r, err) || !t->take(t->user, &r, err))
            return false;
    }
    return true;
}

static bool kind_load(struct store *s, enum record_kind kind, const struct taker *t, struct err *err)
{
    size_t page = kind == RECORD_BLOB || kind == RECORD_PLAN ? PAGE_BLOBS : PAGE_ROWS, offset = 0;
    struct arena a = {0};
    struct db_rows rows;
    bool ok;
    do {
        struct str params[] = {str_printf(&a, "%zu", page), str_printf(&a, "%zu", offset)};
        ok = db_query(s->db, &a, s->page[kind], params, 2, &rows, err) && page_take(s, &a, kind, &rows, t, err);
        offset += page;
        arena_release(&a);
    } while (ok && rows.count == page);
    return ok;
}

bool store_load(struct store *s, bool (*take)(void *user, const struct record *r, struct err *err), void *user,
                struct err *err)
{
    struct taker t = {take, user};
    memset(&s->audit_head, 0, sizeof(s->audit_head));
    s->audit_broken = 0;
    for (int kind = RECORD_UNSET + 1; kind < RECORD_COUNT; kind++)
        if (!kind_load(s, (enum record_kind)kind, &t, err))
            return err_wrap(err, "store %s", s->path);
    s->pending_head = s->audit_head;
    return true;
}

/* ---- writing ---- */

void store_put(struct store *s, const struct record *r)
{
    struct arena *a = &s->pending_arena;
    struct str *cells = arena_new_array(a, ROW_COLUMNS_MAX, struct str);
    size_t count = row_table(r->kind)->count;
    row_from_record(a, r, cells);
    if (r->kind == RECORD_AUDIT) {
        s->pending_head = audit_hash(&s->pending_head, cells, count);
        cells[count++] = str_copy(a, str_of(hash_format(&s->pending_head).text));
    }
    struct db_item item = {
        .kind = DB_ITEM_SQL, .sql = s->put[r->kind], .params = cells, .param_count = count, .prepare = true};
    vec_push(a, &s->pending, item);
}

static bool pending_write(struct store *s, struct err *err)
{
    struct db_begin begin = {.lock_wait_ms = BUSY_WAIT_MS, .lock_timeout_ms = BUSY_WAIT_MS};
    struct db_batch batch = {.begin = &begin, .items = s->pending.items, .count = s->pending.count};
    if (db_run(s->db, &s->pending_arena, &batch, err))
        return db_commit(s->db, err) == DB_COMMITTED || err_wrap(err, "store %s", s->path);
    db_rollback(s->db);
    return err_wrap(err, "store %s", s->path);
}

bool store_commit(struct store *s, struct err *err)
{
    bool ok = s->pending.count == 0 || pending_write(s, err);
    if (ok)
        s->audit_head = s->pending_head;
    s->pending_head = s->audit_head;
    memset(&s->pending, 0, sizeof(s->pending));
    arena_release(&s->pending_arena);
    return ok;
}
