/* Checking of cuts without cutting: what lies between statements. */
#include "common/core/sql/splitter.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* PostgreSQL ends a line comment at CR as well. */
static size_t skip_line_comment(enum engine engine, struct str s, size_t at)
{
    while (at < s.len && s.p[at] != '\n' && !(engine == ENGINE_POSTGRESQL && s.p[at] == '\r'))
        at++;
    return at;
}

/* Position behind the comment at `at`. SQLite takes the end of the text for its end, PostgreSQL does not. */
static size_t skip_block_comment(enum engine engine, struct str s, size_t at)
{
    size_t depth = 1, start = at;
    for (at += 2; at + 1 < s.len && depth > 0; at++) {
        if (s.p[at] == '*' && s.p[at + 1] == '/')
            depth--;
        else if (engine == ENGINE_POSTGRESQL && s.p[at] == '/' && s.p[at + 1] == '*')
            depth++;
        else
            continue;
        at++;
    }
    if (depth > 0)
        return engine == ENGINE_SQLITE ? s.len : start;
    return at;
}

size_t skip_comment(enum engine engine, struct str s, size_t at)
{
    if (str_starts(str_from(s, at), STR("--")))
        return skip_line_comment(engine, s, at);
    if (str_starts(str_from(s, at), STR("/*")))
        return skip_block_comment(engine, s, at);
    return at;
}

size_t skip_blank(enum engine engine, struct str s, size_t at)
{
    while (at < s.len) {
        size_t next = is_space(s.p[at]) || s.p[at] == ';' ? at + 1 : skip_comment(engine, s, at);
        if (next == at)
            return at;
        at = next;
    }
    return at;
}

bool statements_cover(enum engine engine, const struct statements *list, struct str sql)
{
    size_t end = 0;
    for (size_t i = 0; i < list->list.count; i++) {
        const struct statement *s = &list->list.items[i];
        if (s->start < end || s->start >= sql.len || s->len == 0 || s->len > sql.len - s->start)
            return false;
        if (skip_blank(engine, str_head(sql, s->start), end) != s->start)
            return false;
        end = s->start + s->len;
    }
    return skip_blank(engine, sql, end) == sql.len;
}

bool sql_is_blank(enum engine engine, struct str sql)
{
    return skip_blank(engine, sql, 0) == sql.len;
}
