/*
 * CREATE TABLE, INDEX, VIEW and TRIGGER of SQLite, read into what they mean. `norm` is a text that two spellings of
 * one meaning share: white space, comments, quotes, case of keywords, types and of names within expressions, what is
 * the default anyway, outer parentheses and the place of a constraint (at its column or at the end) leave no trace.
 */
#pragma once

#include "skein/base/err.h"
#include "skein/base/index.h"
#include "skein/schema/lite_token.h"

/* A name, and what stands for it in the schema that is compared with: renames of tables and columns. */
struct lite_alias {
    struct str table;  /* of the column; of the table itself: its name */
    struct str column; /* empty: the table itself */
    struct str to;
    bool dropped; /* a table that another one takes the name of: `to` only tells it apart */
};

struct lite_aliases {
    VEC(struct lite_alias) list;
};

struct str lite_alias_table(const struct lite_aliases *names, struct str table);
struct str lite_alias_column(const struct lite_aliases *names, struct str table, struct str column);

enum lite_default {
    LITE_DEFAULT_NONE = 0,
    LITE_DEFAULT_CONSTANT, /* ALTER TABLE ADD COLUMN takes it */
    LITE_DEFAULT_COMPUTED, /* in parentheses, or CURRENT_TIMESTAMP and its like */
};

enum lite_affinity { LITE_BLOB_AFFINITY = 0, LITE_TEXT, LITE_INTEGER, LITE_REAL, LITE_NUMERIC };

struct lite_column {
    struct str name;          /* without quotes, as written */
    struct str text;          /* the whole definition as written, borrowed */
    struct str type;          /* words in upper case, single spaces; empty: none */
    struct str norm;          /* type, NOT NULL, default, collation, generation */
    struct str default_text;  /* as written; empty: none */
    struct str default_value; /* as an expression: a bare word stands for a string */
    enum lite_default default_kind;
    bool not_null, generated, stored;
    bool primary_key, unique, check, references; /* by a constraint at the column itself */
};

enum lite_constraint_kind { LITE_PRIMARY_KEY = 1, LITE_UNIQUE, LITE_CHECK, LITE_FOREIGN_KEY };

struct lite_constraint {
    enum lite_constraint_kind kind;
    struct str name; /* without quotes; empty: none */
    struct str norm;
    size_t column; /* the one that it is written at; SIZE_MAX: at the end of the table */
    struct {
        VEC(struct str) list;
    } columns;             /* its own: none of a CHECK */
    struct str references; /* a foreign key's table, without quotes */
};

struct lite_table {
    struct str name;      /* without quotes */
    struct str text;      /* the statement, borrowed */
    struct str name_text; /* the name's place in it */
    bool virtual_table;   /* only names of columns are known then, of known modules; `norm` is all */
    struct str module;    /* of a virtual table, in lower case */
    struct str content;   /* of a full-text table: the table that holds its rows; empty: itself, or none does */
    bool foreign_content; /* something else than itself holds its rows, if anything */
    bool without_rowid, strict, autoincrement;
    size_t rowid_column; /* which column is the rowid (INTEGER PRIMARY KEY); SIZE_MAX: none */
    struct str norm;     /* options, and a virtual table's module with its arguments */
    struct {
        VEC(struct lite_column) list;
    } columns;
    struct {
        VEC(struct lite_constraint) list;
    } constraints; /* of the table and of its columns, sorted by norm */
};

/* `names` may be NULL. Kinds: bad_sql. */
bool lite_table_parse(struct arena *a, struct str statement, const struct lite_aliases *names,
                      struct lite_table *ret_table, struct err *err);

size_t lite_table_column(const struct lite_table *t, struct str name); /* SIZE_MAX: none */

enum lite_affinity lite_affinity(struct str type);

/*
 * The normal form of an index, a view or a trigger, without its name. `columns` (folded names; may be NULL): what is
 * none of them, in double quotes, is a string.
 */
struct str lite_norm_object(struct arena *a, struct str statement, const struct lite_aliases *names,
                            const struct index *columns);

/* Does the statement name `name` anywhere behind the object's own name? */
bool lite_mentions(struct str statement, struct str name);

/* Does it hold `WITH name AS (` or `, name AS (`, or `name (columns) AS (`? `folded`: in lower case. */
bool lite_defines(struct arena *a, struct str statement, struct str folded);
