/*
 * A temporary database on PostgreSQL is in use as long as a session holds an advisory lock made from its name. The
 * session takes the lock before it makes the database and keeps it to the end, so a database of such a name without
 * the lock was left behind by a process that died: the next scratch_open() drops it. Names are random: no second
 * process ever takes the lock of a database that is there.
 *
 * Nothing in these databases has to last: commits do not wait for the disk.
 */
#include "skein/db/scratch.h"

#include <stdlib.h>
#include <string.h>

#include "skein/os/random.h"

#include "embed/io_db.h"

enum { NAME_BYTES = 12 };

struct scratch {
    struct arena arena;
    struct db *server; /* PostgreSQL: holds the lock, makes and drops the database */
    struct db *db;
    struct str name; /* of the database on the server; empty when there is none */
};

static bool is_postgresql(struct str url, struct err *err)
{
    enum engine engine = ENGINE_UNSET;
    if (url.len == 0) {
        err_kind(err, ERR_USAGE, "no_scratch", "there is no PostgreSQL server for scratch databases");
        return err_hint(err, "name one with --scratch URL or SKEIN_SCRATCH_URL, for example "
                             "postgresql://localhost/postgres: temporary databases are made there and dropped again");
    }
    if (!db_url_engine(url, &engine, err))
        return err_wrap(err, "the scratch server");
    if (engine == ENGINE_POSTGRESQL)
        return true;
    err_kind(err, ERR_USAGE, "no_scratch", "the URL of the scratch server names no PostgreSQL server");
    return err_hint(err, "SQLite needs none; write postgresql://user@host/database");
}

/* What a killed process left. A database that cannot be dropped now is somebody else's business, or the next one's. */
static bool drop_stale(struct scratch *s, struct err *err)
{
    struct db_rows rows;
    struct err ignored;
    if (!db_query(s->server, &s->arena, STR(sql_pg_scratch_stale_sql), NULL, 0, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct str name = db_quote_name(&s->arena, db_cell(&rows, i, 0));
        struct str drop = str_printf(&s->arena, "DROP DATABASE IF EXISTS %.*s WITH (FORCE)", STR_ARG(name));
        db_exec(s->server, drop, NULL, 0, &ignored);
    }
    return true;
}

static bool make_database(struct scratch *s, struct err *err)
{
    struct str name = str_printf(&s->arena, "skein_scratch_%.*s", STR_ARG(random_hex(&s->arena, NAME_BYTES)));
    struct str create = str_printf(&s->arena, "CREATE DATABASE %.*s TEMPLATE template0", STR_ARG(name));
    if (!db_exec(s->server, STR(sql_pg_scratch_lock_sql), &name, 1, err))
        return false;
    s->name = name; /* from here on it may be there */
    if (db_exec(s->server, create, NULL, 0, err))
        return true;
    if (strcmp(err->kind, "permission") == 0)
        err_hint(err, "the role needs the right to make databases: ALTER ROLE ... CREATEDB");
    return err_wrap(err, "cannot make a scratch database");
}

static bool start_session(struct scratch *s, struct err *err)
{
    struct db_item items[] = {
        {.kind = DB_ITEM_ENTER},
        {.kind = DB_ITEM_SQL, .sql = STR("SET synchronous_commit = off")},
    };
    struct db_batch batch = {.items = items, .count = 2};
    return db_run(s->db, &s->arena, &batch, err);
}

static bool open_postgresql(struct scratch *s, struct str url, struct err *err)
{
    struct db_options options;
    db_options_init(&options);
    options.access = DB_ACCESS_WRITE;
    options.application_name = "skein scratch";
    options.schema = STR("pg_catalog"); /* the one that is always there: only databases are made here */
    if (!is_postgresql(url, err))
        return false;
    if (!db_open(url, &options, &s->server, err))
        return err_wrap(err, "the scratch server");
    if (!drop_stale(s, err) || !make_database(s, err))
        return false;
    options.database = s->name;
    options.schema = STR("public");
    return db_open(url, &options, &s->db, err) && start_session(s, err);
}

static bool open_sqlite(struct scratch *s, struct err *err)
{
    struct db_options options;
    db_options_init(&options);
    options.access = DB_ACCESS_WRITE;
    options.memory = true;
    return db_open(STR("sqlite:///:memory:"), &options, &s->db, err);
}

bool scratch_open(enum engine engine, struct str url, struct scratch **ret_scratch, struct err *err)
{
    struct scratch *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    if (!(engine == ENGINE_SQLITE ? open_sqlite(s, err) : open_postgresql(s, url, err))) {
        scratch_close(s);
        return false;
    }
    *ret_scratch = s;
    return true;
}

struct db *scratch_db(struct scratch *s)
{
    return s->db;
}

static void drop_database(struct scratch *s)
{
    struct err ignored;
    struct str drop = str_printf(&s->arena, "DROP DATABASE IF EXISTS %.*s WITH (FORCE)", STR_ARG(s->name));
    if (!db_exec(s->server, drop, NULL, 0, &ignored) && db_reconnect(s->server, &ignored))
        db_exec(s->server, drop, NULL, 0, &ignored);
}

void scratch_close(struct scratch *s)
{
    if (s == NULL)
        return;
    db_close(s->db);
    if (s->name.len > 0)
        drop_database(s);
    db_close(s->server);
    arena_release(&s->arena);
    free(s);
}
