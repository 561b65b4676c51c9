/*
 * What a statement does, as far as lint wants to know: a list of acts, the same for both engines, so that rules and
 * the picture of the database (world.h) need to know neither engine's grammar. Private to this folder.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/graph/revision.h"
#include "skein/sql/engine.h"

enum act_kind {
    ACT_UNSET = 0,
    ACT_CREATE,       /* thing, table or name */
    ACT_ADD_COLUMN,   /* table, name, type, flags */
    ACT_DROP_COLUMN,  /* table, name */
    ACT_COLUMN_TYPE,  /* table, name, type; ACT_USING */
    ACT_SET_NOT_NULL, /* table, name */
    ACT_ADD_IDENTITY, /* table, name */
    ACT_CONSTRAINT,   /* table, name, constraint, columns, other: the table it refers to or the index it uses */
    ACT_VALIDATE,     /* table, name */
    ACT_DROP_CONSTRAINT,
    ACT_REWRITE,       /* table, name: the words */
    ACT_ATTACH,        /* table, other: the partition */
    ACT_DETACH,        /* table, other */
    ACT_ALTER,         /* thing, table: anything else of ALTER */
    ACT_DROP,          /* thing, table or name */
    ACT_RENAME,        /* thing, table, other: the new name */
    ACT_RENAME_COLUMN, /* table, name, other */
    ACT_TRUNCATE,
    ACT_LOCK,
    ACT_VACUUM,  /* ACT_FULL; table may be empty */
    ACT_CLUSTER, /* table may be empty */
    ACT_REINDEX, /* thing, name */
    ACT_REFRESH,
    ACT_INSERT,
    ACT_UPDATE,
    ACT_DELETE,
    ACT_COPY_IN,
    ACT_ADD_ENUM_VALUE, /* name: the type, other: the value */
    ACT_SET,            /* name: the setting, other: its value; ACT_LOCAL */
    ACT_SERVER,         /* name: the words: CREATE ROLE, ALTER SYSTEM ... */
    ACT_ROLE,           /* GRANT, REVOKE, OWNER TO: name: the role */
    ACT_PRAGMA,         /* name, other: its value */
    ACT_REFER,          /* table: is mentioned anywhere in the statement */
};

enum thing {
    THING_UNSET = 0,
    THING_TABLE,
    THING_INDEX,
    THING_VIEW,
    THING_MATVIEW,
    THING_TYPE,
    THING_SEQUENCE,
    THING_FUNCTION,
    THING_TRIGGER, /* and policies and rules: they belong to `table` */
    THING_SCHEMA,
    THING_OTHER,
};

enum constraint_kind {
    CONSTRAINT_UNSET = 0,
    CONSTRAINT_PRIMARY,
    CONSTRAINT_UNIQUE,
    CONSTRAINT_EXCLUSION,
    CONSTRAINT_CHECK,
    CONSTRAINT_NOT_NULL_CHECK, /* CHECK (a IS NOT NULL): `columns` holds a */
    CONSTRAINT_FOREIGN,
};

enum act_flag {
    ACT_CONCURRENTLY = 1 << 0,
    ACT_EXISTS = 1 << 1, /* IF EXISTS, IF NOT EXISTS */
    ACT_CASCADE = 1 << 2,
    ACT_NOT_VALID = 1 << 3,
    ACT_USING = 1 << 4, /* a constraint USING INDEX; a type change with an expression that is more than the column */
    ACT_NOT_NULL = 1 << 5,
    ACT_DEFAULT = 1 << 6,
    ACT_DEFAULT_VOLATILE = 1 << 7,
    ACT_DEFAULT_COMPUTED = 1 << 8, /* SQLite: no constant */
    ACT_STORED = 1 << 9,
    ACT_SERIAL = 1 << 10,   /* serial types and identity */
    ACT_FILTERED = 1 << 11, /* has a WHERE */
    ACT_FULL = 1 << 12,
    ACT_LOCAL = 1 << 13,
    ACT_PARTITIONED = 1 << 14,
    ACT_INLINE = 1 << 15, /* a constraint written behind a column */
    ACT_TEMPORARY = 1 << 16,
    ACT_SELECTS = 1 << 17,      /* an INSERT that takes its rows from a query */
    ACT_IN_CREATE = 1 << 18,    /* a column or constraint of a table that the same statement makes */
    ACT_EXPRESSION = 1 << 19,   /* an index on expressions: not all of it is in `columns` */
    ACT_PARTITION_OF = 1 << 20, /* other: the parent */
    ACT_GENERATED = 1 << 21,    /* a column that is computed from others, stored or not */
};

struct act {
    enum act_kind kind;
    enum thing thing;
    enum constraint_kind constraint;
    unsigned flags;
    struct str schema, table, name, other, type;
    struct names columns;
};

struct acts {
    VEC(struct act) list;
};

/* The acts of one statement; none when it does nothing that is known here, or is not understood. */
void acts_read(struct arena *a, enum engine engine, struct str statement, struct acts *ret_acts);
void acts_read_postgresql(struct arena *a, struct str statement, struct acts *ret_acts);
void acts_read_sqlite(struct arena *a, struct str statement, struct acts *ret_acts);

/* How a table is known: "orders", "s.orders"; without main, temp and public. Lower case on SQLite. */
struct str table_key(struct arena *a, struct str schema, struct str table);
