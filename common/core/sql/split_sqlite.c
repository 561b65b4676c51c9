/*
 * SQLite. A walk over quotes and comments finds the semicolons that count; sqlite3_complete() tells at each of
 * them whether the statement ends there (a trigger's body has semicolons of its own).
 */
#include <sqlite3.h>
#include <string.h>
#include <strings.h>

#include "common/core/sql/splitter.h"

/* Position behind the quoted text at `at`, or sql.len + 1 if it does not end. */
static size_t skip_quoted(struct str sql, size_t at)
{
    char close = sql.p[at] == '[' ? ']' : sql.p[at];
    size_t end = at + 1 + str_find(str_from(sql, at + 1), close);
    return end < sql.len ? end + 1 : sql.len + 1;
}

static bool is_complete(struct arena *a, struct str statement)
{
    char small[512], *copy = statement.len < sizeof(small) ? small : arena_alloc(a, statement.len + 1);
    memcpy(copy, statement.p, statement.len);
    copy[statement.len] = '\0';
    return sqlite3_complete(copy) != 0;
}

/*
 * Does the statement that ends at the semicolon `at` end there? The first semicolon of a trigger does not end it; after
 * that only one that follows END can.
 */
static bool ends_here(struct arena *a, struct str sql, size_t start, size_t end, size_t at, bool first)
{
    bool after_end = end >= start + 3 && strncasecmp(sql.p + end - 3, "end", 3) == 0;
    return (first || after_end) && is_complete(a, str_head(str_from(sql, start), at + 1 - start));
}

bool split_sqlite(struct arena *a, struct str sql, struct statements *ret_list, struct err *err)
{
    struct cutter c;
    cutter_init(&c, a, sql);
    size_t start = skip_blank(ENGINE_SQLITE, sql, 0), end = start, at = start;
    bool first = true;
    while (at < sql.len) {
        size_t comment = skip_comment(ENGINE_SQLITE, sql, at);
        if (comment > at) {
            at = comment;
        } else if (strchr("'\"`[", sql.p[at]) != NULL) {
            size_t quoted = skip_quoted(sql, at);
            if (quoted > sql.len)
                return cutter_fail(&c, at, err, "a quote is not closed");
            at = end = quoted;
        } else if (sql.p[at] == ';' && ends_here(a, sql, start, end, at, first)) {
            cutter_add(&c, start, end);
            start = end = at = skip_blank(ENGINE_SQLITE, sql, at);
            first = true;
        } else {
            first = first && sql.p[at] != ';';
            bool space = strchr(" \t\r\n\f", sql.p[at]) != NULL;
            at++;
            end = space ? end : at;
        }
    }
    cutter_add(&c, start, end);
    *ret_list = c.statements;
    return true;
}
