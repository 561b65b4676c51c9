#include "common/core/lint/act.h"
#include "skein/sql/grammar.h"

void acts_read(struct arena *a, enum engine engine, struct str statement, struct acts *ret_acts)
{
    if (engine == ENGINE_POSTGRESQL && statement.len <= GRAMMAR_TREE_MAX)
        acts_read_postgresql(a, statement, ret_acts);
    else /* too long for a tree: rows, whose first words are the same on both engines */
        acts_read_sqlite(a, statement, ret_acts);
}

struct str table_key(struct arena *a, struct str schema, struct str table)
{
    bool home = schema.len == 0 || str_is(schema, "public") || str_is(schema, "main") || str_is(schema, "temp");
    return home ? table : str_printf(a, "%.*s.%.*s", STR_ARG(schema), STR_ARG(table));
}
