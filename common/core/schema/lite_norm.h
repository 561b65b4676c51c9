/* Normal forms of pieces of SQLite's SQL. Private to this folder. */
#pragma once

#include "skein/schema/lite_parse.h"

struct lite_norm {
    struct arena *arena;
    const struct lite_token *tokens;
    const struct lite_aliases *names; /* NULL: none */
    struct str table;                 /* whose columns the names in expressions are; empty: not known */
    const struct index *columns; /* folded names. What is none of them in double quotes is a string; NULL: not so */
    struct strbuf out;           /* released by lite_norm_end() */
};

enum { LITE_NORM_MAX = 16 << 20 };

void lite_norm_begin(struct lite_norm *n, struct arena *a, const struct lite_token *tokens,
                     const struct lite_aliases *names, struct str table);
struct str lite_norm_end(struct lite_norm *n);

void lite_norm_word(struct lite_norm *n, const char *word);
void lite_norm_name(struct lite_norm *n, struct str name); /* a name where only a name can stand */
void lite_norm_table(struct lite_norm *n, struct lite_token name);
void lite_norm_columns(struct lite_norm *n, struct str table, size_t first, size_t end); /* names and commas */

/* Tokens first .. end-1 as an expression; with outer parentheses taken off where `unwrap` says so. */
void lite_norm_expression(struct lite_norm *n, size_t first, size_t end);
void lite_norm_unwrapped(struct lite_norm *n, size_t first, size_t end);

/* What stands between the parentheses of an index, a key or a UNIQUE. */
void lite_norm_indexed(struct lite_norm *n, size_t first, size_t end);

/* `tokens[at]` is an opening parenthesis: the number of its closing one, or `end`. */
size_t lite_closing(const struct lite_token *tokens, size_t at, size_t end);
