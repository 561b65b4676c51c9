/*
 * PostgreSQL. The parser knows BEGIN ATOMIC bodies and rules with several commands; text that it does not
 * understand (a newer server's grammar, a typing error that the server shall report) is cut by the scanner.
 */
#include <pg_query.h>
#include <string.h>

#include "common/core/sql/splitter.h"

/* libpg_query counts characters. */
static size_t byte_of_character(struct str sql, int position)
{
    size_t at = 0;
    for (int n = 1; n < position && at < sql.len; n++)
        do
            at++;
        while (at < sql.len && ((unsigned char)sql.p[at] & 0xc0) == 0x80);
    return at;
}

static void add_cuts(struct cutter *c, const PgQuerySplitResult *result)
{
    for (int i = 0; i < result->n_stmts; i++) {
        size_t from = (size_t)result->stmts[i]->stmt_location, end = from + (size_t)result->stmts[i]->stmt_len;
        struct str upto = str_head(c->sql, end);
        size_t start = skip_blank(ENGINE_POSTGRESQL, upto, from);
        while (end > start && strchr(" \t\r\n\f;", c->sql.p[end - 1]) != NULL)
            end--;
        cutter_add(c, start, end);
    }
}

bool split_postgresql(struct arena *a, struct str sql, struct statements *ret_list, struct err *err)
{
    struct cutter c;
    cutter_init(&c, a, sql);
    if (sql_is_blank(ENGINE_POSTGRESQL, sql)) {
        *ret_list = c.statements;
        return true;
    }
    char *text = str_cstr(a, sql);
    PgQuerySplitResult result = pg_query_split_with_parser(text);
    if (result.error != NULL) {
        pg_query_free_split_result(result);
        result = pg_query_split_with_scanner(text);
    }
    bool ok = result.error == NULL;
    if (ok)
        add_cuts(&c, &result);
    else
        cutter_fail(&c, byte_of_character(sql, result.error->cursorpos), err, result.error->message);
    pg_query_free_split_result(result);
    if (ok)
        *ret_list = c.statements;
    return ok;
}
