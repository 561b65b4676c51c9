/* PostgreSQL's grammar, as libpg_query has it. */
#include <pg_query.h>

#include "common/core/sql/grammar_engines.h"

/* The parser counts characters from 1; a statement in UTF-8 has more bytes than these. */
static size_t offset_of(struct str statement, int cursor)
{
    size_t at = 0;
    for (int seen = 1; seen < cursor && at < statement.len; seen++) {
        at++;
        while (at < statement.len && ((unsigned char)statement.p[at] & 0xc0) == 0x80)
            at++;
    }
    return at;
}

/* The splitter parses too, and prints no tree: chains of any depth are harmless there. */
bool grammar_check_postgresql(struct arena *a, struct str statement, struct syntax_error *ret_error)
{
    PgQuerySplitResult result = pg_query_split_with_parser(str_cstr(a, statement));
    bool understood = result.error == NULL;
    if (!understood)
        *ret_error = (struct syntax_error){.offset = offset_of(statement, result.error->cursorpos),
                                           .text = arena_strdup(a, result.error->message)};
    pg_query_free_split_result(result);
    return understood;
}

json_t *grammar_tree(struct arena *a, struct str statement)
{
    if (statement.len > GRAMMAR_TREE_MAX)
        return NULL;
    PgQueryParseResult result = pg_query_parse(str_cstr(a, statement));
    json_t *all = result.error == NULL ? json_loads(result.parse_tree, 0, NULL) : NULL;
    pg_query_free_parse_result(result);
    json_t *first = json_array_get(json_object_get(all, "stmts"), 0);
    json_t *tree = json_incref(json_object_get(first, "stmt"));
    json_decref(all);
    return tree;
}
