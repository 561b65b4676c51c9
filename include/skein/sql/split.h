/*
 * Cutting SQL text into statements. PostgreSQL by libpg_query (its parser, since the scanner cuts
 * BEGIN ATOMIC bodies wrongly; the scanner where the parser does not know the grammar), SQLite by
 * sqlite3_complete(). Only programs on the coordinator's side split (library core_sql_split): agents receive
 * cuts and check them with statements_cover() (library core_sql).
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/sql/engine.h"

/* One statement: a cut of the text it came from, without white space, comments or `;` at its ends. */
struct statement {
    size_t start, len;
    unsigned line; /* of its first byte, from 1 within the text */
};

struct statements {
    VEC(struct statement) list;
};

/* The cuts of `sql`, in order. False: the text cannot be cut (an open quote); err.origin is "LINE:COLUMN". */
bool sql_split(struct arena *a, enum engine engine, struct str sql, struct statements *ret_list, struct err *err);

/* The PostgreSQL whose grammar the splitter knows: "15.1". */
const char *sql_grammar_version(void);

/*
 * True when nothing but white space, comments and semicolons lies outside the cuts and the cuts are in
 * order and in bounds: whoever receives cuts checks with this that none hides a statement. What a comment is
 * depends on the engine (PostgreSQL's nest).
 */
bool statements_cover(enum engine engine, const struct statements *list, struct str sql);

/* True when there is nothing to run in the text: white space, comments and semicolons only. */
bool sql_is_blank(enum engine engine, struct str sql);
