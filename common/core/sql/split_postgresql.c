/*
 * PostgreSQL. The parser knows BEGIN ATOMIC bodies and rules with several commands; text that it does not
 * understand (a newer server's grammar, a typing error that the server shall report) is cut by a walk over its
 * tokens. (libpg_query's own scanner will not do: it drops statements whose first word is no keyword.)
 */
#include <pg_query.h>
#include <string.h>
#include <strings.h>

#include "common/core/sql/splitter.h"

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

/* ---- the walk ---- */

enum { UNCLOSED = 0 }; /* no token ends at 0 */

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           ((unsigned char)c & 0x80) != 0;
}

static size_t skip_word(struct str s, size_t at)
{
    while (at < s.len && is_word_byte(s.p[at]))
        at++;
    return at;
}

/* A doubled quote begins a new quoted text at once: no need to tell it apart. */
static size_t skip_quoted(struct str s, size_t at, bool escapes)
{
    for (size_t i = at + 1; i < s.len; i++) {
        if (escapes && s.p[i] == '\\')
            i++;
        else if (s.p[i] == s.p[at])
            return i + 1;
    }
    return UNCLOSED;
}

/* $tag$ ... $tag$; a `$` that begins no such tag is a token of its own ($1). */
static size_t skip_dollars(struct str s, size_t at)
{
    size_t end = at + 1;
    while (end < s.len && s.p[end] != '$' && is_word_byte(s.p[end]))
        end++;
    bool parameter = at + 1 < s.len && s.p[at + 1] >= '0' && s.p[at + 1] <= '9';
    if (end == s.len || s.p[end] != '$' || parameter)
        return at + 1;
    struct str tag = str_head(str_from(s, at), end + 1 - at), rest = str_from(s, end + 1);
    const char *close = memmem(rest.p, rest.len, tag.p, tag.len);
    return close != NULL ? (size_t)(close - s.p) + tag.len : UNCLOSED;
}

/* Position behind the token, comment or space at `at`; UNCLOSED if it does not end. */
static size_t skip_token(struct str s, size_t at)
{
    char c = s.p[at];
    size_t end = skip_comment(ENGINE_POSTGRESQL, s, at);
    if (end > at)
        return end;
    if (c == '/' && at + 1 < s.len && s.p[at + 1] == '*')
        return UNCLOSED;
    if ((c == 'E' || c == 'e') && at + 1 < s.len && s.p[at + 1] == '\'')
        return skip_quoted(s, at + 1, true);
    if (c == '\'' || c == '"')
        return skip_quoted(s, at, false);
    if (c == '$')
        return skip_dollars(s, at);
    return is_word_byte(c) ? skip_word(s, at) : at + 1;
}

/* Where semicolons do not count: inside parentheses, and between BEGIN ATOMIC and its END. */
struct nesting {
    size_t parentheses, body;
    bool begin; /* the last word was BEGIN */
};

static bool word_is(struct str word, const char *keyword)
{
    return word.len == strlen(keyword) && strncasecmp(word.p, keyword, word.len) == 0;
}

static void see_word(struct nesting *n, struct str word)
{
    if (n->body > 0 && word_is(word, "end"))
        n->body--;
    else if ((n->begin && word_is(word, "atomic")) || (n->body > 0 && word_is(word, "case")))
        n->body++;
    n->begin = word_is(word, "begin");
}

static void see_sign(struct nesting *n, char c)
{
    if (c == '(')
        n->parentheses++;
    else if (c == ')' && n->parentheses > 0)
        n->parentheses--;
}

static bool walk(struct cutter *c, struct err *err)
{
    struct str sql = c->sql;
    struct nesting nesting = {0};
    size_t start = skip_blank(ENGINE_POSTGRESQL, sql, 0), end = start, at = start;
    while (at < sql.len) {
        size_t next = skip_token(sql, at);
        if (next == UNCLOSED)
            return cutter_fail(c, at, err, sql.p[at] == '/' ? "a comment is not closed" : "a quote is not closed");
        if (sql.p[at] == ';' && nesting.parentheses == 0 && nesting.body == 0) {
            cutter_add(c, start, end);
            start = end = at = skip_blank(ENGINE_POSTGRESQL, sql, next);
            continue;
        }
        if (is_word_byte(sql.p[at]))
            see_word(&nesting, str_head(str_from(sql, at), next - at));
        else
            see_sign(&nesting, sql.p[at]);
        if (skip_blank(ENGINE_POSTGRESQL, str_head(sql, next), at) == at || sql.p[at] == ';')
            end = next;
        at = next;
    }
    cutter_add(c, start, end);
    return true;
}

bool split_postgresql(struct arena *a, struct str sql, struct statements *ret_list, struct err *err)
{
    struct cutter c;
    cutter_init(&c, a, sql);
    if (sql_is_blank(ENGINE_POSTGRESQL, sql)) {
        *ret_list = c.statements;
        return true;
    }
    PgQuerySplitResult result = pg_query_split_with_parser(str_cstr(a, sql));
    bool understood = result.error == NULL;
    if (understood)
        add_cuts(&c, &result);
    pg_query_free_split_result(result);
    if (!understood && !walk(&c, err))
        return false;
    *ret_list = c.statements;
    return true;
}

const char *sql_grammar_version(void)
{
    return PG_VERSION;
}
