/*
 * SQLite's SQL as tokens: comments and white space are gone, every kind of quotes is known. Enough to find names and
 * nested parentheses in any statement; lite_parse.h reads CREATE statements with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/schema/model.h"

enum lite_token_kind {
    LITE_END = 0,  /* nothing is left; text is empty */
    LITE_WORD,     /* a keyword or a bare name */
    LITE_QUOTED,   /* a name in "", [] or `` */
    LITE_STRING,   /* 'text'; SQLite takes one for a name, too, where only a name can stand */
    LITE_BLOB,     /* x'00' */
    LITE_NUMBER,   /* without a sign */
    LITE_VARIABLE, /* ?1 :a @a $a */
    LITE_OPERATOR, /* ( ) , ; . and operators of one to three bytes */
    LITE_BAD,      /* a quote that is not closed, or a byte that no token begins with */
};

struct lite_token {
    enum lite_token_kind kind;
    struct str text; /* borrowed from the SQL, with its quotes */
};

struct lite_tokens {
    VEC(struct lite_token) list;
};

/* The token at or behind *at; *at moves behind it. */
struct lite_token lite_next(struct str sql, size_t *at);

/* All of them, without LITE_END. False at the first bad one: it is the last in the list. */
bool lite_tokenize(struct arena *a, struct str sql, struct lite_tokens *ret_tokens);

bool lite_is_word(struct lite_token t, const char *word); /* a bare word, any case */
bool lite_is_operator(struct lite_token t, const char *text);
bool lite_is_name(struct lite_token t); /* can be a name where only one can stand */

/* The name without its quotes. */
struct str lite_name(struct arena *a, struct lite_token t);

/* A name as SQL writes it: in double quotes only where it must be. */
struct str lite_quote(struct arena *a, struct str name);
struct str lite_quote_string(struct arena *a, struct str text); /* 'it''s' */

/* Lower case as SQLite folds names: ASCII only. */
struct str lite_fold(struct arena *a, struct str name);
bool lite_same_name(struct str a, struct str b);

/* What a CREATE statement makes. */
struct lite_create {
    enum object_kind kind; /* OBJECT_TABLE, OBJECT_INDEX, OBJECT_VIEW or OBJECT_TRIGGER */
    struct str name;       /* without quotes */
    struct str name_text;  /* as written, borrowed: its place in the statement */
    struct str table;      /* of an index or a trigger, without quotes */
    bool temporary, virtual_table, unique, if_not_exists;
    struct str after_create_object; /* where `IF NOT EXISTS` stands or would stand, borrowed */
};

/* False for any other statement. Reads no further than it must: the rest may be wrong. */
bool lite_create_parse(struct arena *a, struct str statement, struct lite_create *ret_create);
