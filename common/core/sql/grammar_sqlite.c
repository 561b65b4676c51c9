/*
 * SQLite's grammar. sqlite3 looks names up while it parses, so on an empty database most statements end in "no such
 * table", after the whole statement was read; ALTER TABLE and CREATE TRIGGER stop right there, and get a table of
 * that name. What is said about things that are not there proves nothing; the list below is what does.
 */
#include <sqlite3.h>
#include <string.h>

#include "common/core/sql/grammar_engines.h"

/* Parts of the messages that no database could make go away. */
static const char *const certain[] = {
    "syntax error",
    "unrecognized token",
    "incomplete input",
    "duplicate column name",
    "more than one primary key",
    "AUTOINCREMENT",
    "datatype for",
    "generated column",
    "unknown table option",
    "PRIMARY KEY missing",
    "parser stack overflow",
    "Expression tree is too large",
    "qualified table names are not allowed",
    "default value of column",
    "too many columns",
    "prohibited in",
    "may not be used",
};

static bool is_certain(const char *message)
{
    for (size_t i = 0; i < sizeof(certain) / sizeof(*certain); i++)
        if (strstr(message, certain[i]) != NULL)
            return true;
    return false;
}

/* Some PRAGMAs work while they are prepared. */
static int judge(void *unused, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)unused, (void)a, (void)b, (void)c, (void)d;
    return action == SQLITE_PRAGMA || action == SQLITE_ATTACH || action == SQLITE_DETACH ? SQLITE_DENY : SQLITE_OK;
}

static bool prepare(sqlite3 *db, struct str statement)
{
    sqlite3_stmt *prepared = NULL;
    int code = sqlite3_prepare_v2(db, statement.p, (int)statement.len, &prepared, NULL);
    sqlite3_finalize(prepared);
    return code == SQLITE_OK;
}

/* "no such table: main.orders": makes it. False: the message is another one. */
static bool make_missing_table(struct arena *a, sqlite3 *db)
{
    static const char words[] = "no such table: ", schema[] = "main.";
    const char *message = sqlite3_errmsg(db);
    if (strncmp(message, words, sizeof(words) - 1) != 0)
        return false;
    const char *name = arena_strdup(a, message + sizeof(words) - 1);
    name += strncmp(name, schema, sizeof(schema) - 1) == 0 ? sizeof(schema) - 1 : 0;
    char *sql = sqlite3_mprintf("CREATE TABLE \"%w\" (\"a column of lint\")", name);
    bool made = sql != NULL && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_free(sql);
    return made;
}

static bool check(struct arena *a, sqlite3 *db, struct str statement, struct syntax_error *ret_error)
{
    bool ok = prepare(db, statement) || (make_missing_table(a, db) && prepare(db, statement));
    const char *message = sqlite3_errmsg(db);
    if (ok || !is_certain(message))
        return true;
    int offset = strcmp(message, "incomplete input") == 0 ? (int)statement.len : sqlite3_error_offset(db);
    *ret_error = (struct syntax_error){.offset = offset > 0 ? (size_t)offset : 0, .text = arena_strdup(a, message)};
    return false;
}

bool grammar_check_sqlite(struct arena *a, struct str statement, struct syntax_error *ret_error)
{
    sqlite3 *db = NULL;
    bool ok = true;
    if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) == SQLITE_OK) {
        sqlite3_set_authorizer(db, judge, NULL);
        ok = check(a, db, statement, ret_error);
    }
    sqlite3_close(db);
    return ok;
}
