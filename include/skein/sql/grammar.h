/*
 * The engines' own grammars, without a database: PostgreSQL's through libpg_query, SQLite's through sqlite3 on an
 * empty database in memory, which nothing is run on but tables of one column that a statement asks for. Library
 * core_sql_grammar: like the splitter not for agents.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"
#include "skein/sql/engine.h"

/* Longer statements are only checked: libpg_query prints a tree by recursion, and a chain of operators is as deep. */
enum { GRAMMAR_TREE_MAX = 64 * 1024 };

struct syntax_error {
    size_t offset;    /* into the statement, in bytes */
    const char *text; /* half a sentence: the engine's words */
};

/* Does the engine's grammar take this statement, one without a NUL byte? *ret_error is set when it does not. */
bool grammar_check(struct arena *a, enum engine engine, struct str statement, struct syntax_error *ret_error);

/*
 * PostgreSQL's tree of one statement as libpg_query prints it: {"SelectStmt": {...}}. NULL when there is none: the
 * statement is wrong, too long or nested too deeply. The caller releases it with json_decref().
 */
json_t *grammar_tree(struct arena *a, struct str statement);
