/*
 * The tokens of a SQL text, of either engine: as much as it takes to see what a statement names. Comments and white
 * space are no tokens. Text that no engine would take (an open quote) gives one token up to the end.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"
#include "skein/sql/engine.h"

enum token_kind {
    TOKEN_END = 0,
    TOKEN_WORD,   /* a keyword, or a name without quotes */
    TOKEN_NAME,   /* a name in quotes */
    TOKEN_STRING, /* a literal in quotes or dollars */
    TOKEN_NUMBER,
    TOKEN_SIGN, /* one byte of anything else */
};

struct token {
    enum token_kind kind;
    struct str text; /* as written, quotes and all */
};

/* The token that begins at or after *at, which moves behind it. */
struct token token_next(enum engine engine, struct str sql, size_t *at);

/* True for a keyword, in any case. */
bool token_is(const struct token *t, const char *keyword);

/* True for this sign. */
bool token_is_sign(const struct token *t, char c);

/* The name that a token stands for: without quotes, and on PostgreSQL in lower case if it has none. */
struct str token_name(struct arena *a, enum engine engine, const struct token *t);
