#include "skein/db/db.h"

#include <string.h>

#include "common/io/db/driver.h"

struct str db_cell(const struct db_rows *rows, size_t row, size_t column)
{
    return rows->cells[row * rows->columns + column];
}

uint64_t db_cell_u64(const struct db_rows *rows, size_t row, size_t column)
{
    unsigned long long value = 0;
    return str_to_u64(db_cell(rows, row, column), UINT64_MAX, &value) ? value : 0;
}

void db_options_init(struct db_options *o)
{
    *o = (struct db_options){.access = DB_ACCESS_READ, .connect_timeout_ms = 10000, .busy_wait_ms = 5000};
}

bool db_url_engine(struct str url, enum engine *ret_engine, struct err *err)
{
    if (str_starts(url, STR("postgresql://")) || str_starts(url, STR("postgres://"))) {
        *ret_engine = ENGINE_POSTGRESQL;
        return true;
    }
    if (str_starts(url, STR("sqlite:"))) {
        *ret_engine = ENGINE_SQLITE;
        return true;
    }
    struct str scheme = str_head(url, str_find(url, ':'));
    if (url.len == 0)
        err_kind(err, ERR_USAGE, "bad_url", "the database URL is empty");
    else if (scheme.len == url.len || scheme.len > 32)
        err_kind(err, ERR_USAGE, "bad_url", "this is no database URL: it names no scheme");
    else
        err_kind(err, ERR_USAGE, "bad_url", "the URL scheme `%.*s` is not supported", STR_ARG(scheme));
    return err_hint(err, "write sqlite:///relative.db, sqlite:////absolute.db or postgresql://user@host/database");
}

bool db_open(struct str url, const struct db_options *options, struct db **ret_db, struct err *err)
{
    enum engine engine = ENGINE_UNSET;
    if (!db_url_engine(url, &engine, err))
        return false;
    return engine == ENGINE_SQLITE ? lite_open(url, options, ret_db, err) : pg_open(url, options, ret_db, err);
}

void db_close(struct db *db)
{
    if (db != NULL)
        db->ops->close(db);
}

bool db_reconnect(struct db *db, struct err *err)
{
    return db->ops->reconnect(db, err);
}

bool db_run(struct db *db, struct arena *a, struct db_batch *batch, struct err *err)
{
    return db->ops->run(db, a, batch, err);
}

enum db_commit db_commit(struct db *db, struct err *err)
{
    return db->ops->commit(db, err);
}

void db_rollback(struct db *db)
{
    db->ops->rollback(db);
}

bool db_try_lock(struct db *db, bool *ret_locked, struct err *err)
{
    return db->ops->try_lock(db, ret_locked, err);
}

bool db_unlock(struct db *db, struct err *err)
{
    return db->ops->unlock(db, err);
}

bool db_holders(struct db *db, struct arena *a, struct str *ret_sentence, struct err *err)
{
    return db->ops->holders(db, a, ret_sentence, err);
}

bool db_use_schema(struct db *db, struct str schema, struct err *err)
{
    return db->ops->use_schema(db, schema, err);
}

bool db_incarnation(struct db *db, struct arena *a, struct str *ret_text, struct err *err)
{
    return db->ops->incarnation(db, a, ret_text, err);
}

void db_cancel(struct db *db)
{
    db->ops->cancel(db);
}

void db_set_watch(struct db *db, const struct db_watch *watch)
{
    db->watch = watch != NULL ? *watch : (struct db_watch){0};
}

bool driver_cancelled(const struct db *db)
{
    return db->watch.cancelled != NULL && db->watch.cancelled(db->watch.user);
}

bool db_query(struct db *db, struct arena *a, struct str sql, const struct str *params, size_t param_count,
              struct db_rows *ret_rows, struct err *err)
{
    struct db_item item = {
        .kind = DB_ITEM_SQL, .sql = sql, .params = params, .param_count = param_count, .want = DB_WANT_ROWS};
    struct db_batch batch = {.items = &item, .count = 1};
    if (!db_run(db, a, &batch, err))
        return false;
    *ret_rows = item.rows;
    return true;
}

bool db_exec(struct db *db, struct str sql, const struct str *params, size_t param_count, struct err *err)
{
    struct arena a = {0};
    struct db_item item = {.kind = DB_ITEM_SQL, .sql = sql, .params = params, .param_count = param_count};
    struct db_batch batch = {.items = &item, .count = 1};
    bool ok = db_run(db, &a, &batch, err);
    arena_release(&a);
    return ok;
}

bool db_begin(struct db *db, const struct db_begin *how, struct err *err)
{
    struct arena a = {0};
    struct db_batch batch = {.begin = how};
    bool ok = db_run(db, &a, &batch, err);
    arena_release(&a);
    return ok;
}

struct str db_quote_name(struct arena *a, struct str name)
{
    char *out = arena_alloc(a, name.len * 2 + 3);
    size_t len = 0;
    out[len++] = '"';
    for (size_t i = 0; i < name.len; i++) {
        if (name.p[i] == '"')
            out[len++] = '"';
        out[len++] = name.p[i];
    }
    out[len++] = '"';
    return (struct str){out, len};
}
