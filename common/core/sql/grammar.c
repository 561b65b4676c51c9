#include "common/core/sql/grammar_engines.h"

bool grammar_check(struct arena *a, enum engine engine, struct str statement, struct syntax_error *ret_error)
{
    if (engine == ENGINE_SQLITE)
        return grammar_check_sqlite(a, statement, ret_error);
    return grammar_check_postgresql(a, statement, ret_error);
}
