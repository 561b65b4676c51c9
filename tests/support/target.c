#include "tests/support/target.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned made;

static void fail(const char *what, const struct err *err)
{
    struct strbuf text;
    strbuf_init(&text, 8192);
    err_format(err, &text);
    fprintf(stderr, "test support: %s: %s", what, strbuf_str(&text).p);
    fprintf(stderr, "(PostgreSQL for tests: tests/support/pg_fixture start " SKEIN_PG_FOLDER ")\n");
    exit(99);
}

struct str target_server_url(struct arena *a, const char *database, const char *parameters)
{
    return str_printf(a, "postgresql:///%s?host=%s&user=skein%s", database, SKEIN_PG_FOLDER, parameters);
}

static struct db *open_url(struct str url)
{
    struct db_options options;
    struct db *db = NULL;
    struct err err = {0};
    db_options_init(&options);
    options.access = DB_ACCESS_CREATE;
    if (!db_open(url, &options, &db, &err))
        fail("open", &err);
    return db;
}

static void exec_url(struct str url, struct str sql)
{
    struct db *db = open_url(url);
    struct err err = {0};
    if (!db_exec(db, sql, NULL, 0, &err))
        fail(sql.p, &err);
    db_close(db);
}

static void init_postgresql(struct target *t)
{
    t->schema = str_printf(&t->arena, "t_%ld_%u", (long)getpid(), made++);
    exec_url(target_server_url(&t->arena, "postgres", ""),
             str_printf(&t->arena, "CREATE SCHEMA %.*s", STR_ARG(t->schema)));
    t->url = target_server_url(&t->arena, "postgres",
                               arena_printf(&t->arena, "&options=-csearch_path%%3D%.*s", STR_ARG(t->schema)));
}

static void init_sqlite(struct target *t)
{
    char *folder = arena_strdup(&t->arena, "/tmp/skein-test-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        perror("mkdtemp");
        exit(99);
    }
    t->folder = str_of(folder);
    t->path = str_printf(&t->arena, "%s/t.db", folder);
    t->url = str_printf(&t->arena, "sqlite:///%.*s", STR_ARG(t->path));
}

void target_init(struct target *t, enum engine engine)
{
    *t = (struct target){.engine = engine};
    if (engine == ENGINE_SQLITE)
        init_sqlite(t);
    else
        init_postgresql(t);
}

static void remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[4096];
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(folder);
}

void target_release(struct target *t)
{
    if (t->engine == ENGINE_SQLITE)
        remove_folder(t->folder.p);
    else
        exec_url(target_server_url(&t->arena, "postgres", ""),
                 str_printf(&t->arena, "DROP SCHEMA %.*s CASCADE", STR_ARG(t->schema)));
    arena_release(&t->arena);
}

struct db *target_open(struct target *t)
{
    return open_url(t->url);
}

void target_exec(struct target *t, const char *sql)
{
    exec_url(t->url, str_of(sql));
}

struct str target_value(struct target *t, const char *sql)
{
    struct db *db = open_url(t->url);
    struct db_rows rows;
    struct err err = {0};
    if (!db_query(db, &t->arena, str_of(sql), NULL, 0, &rows, &err))
        fail(sql, &err);
    db_close(db);
    return rows.count > 0 && db_cell(&rows, 0, 0).p != NULL ? db_cell(&rows, 0, 0) : STR("");
}
