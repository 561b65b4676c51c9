/*
 * A schema as data: the objects of a database (or of the part of one that a project's models describe), each with
 * a name, properties as text and the objects that it needs. Engine-neutral in shape; which kinds and which
 * properties there are is the business of the engine's reader (catalog_pg.c, catalog_lite.c) and writer.
 *
 * A column, constraint, index, trigger or policy belongs to a relation and names it in `table`. Everything lives in
 * the arena that it was made in.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/index.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/sql/engine.h"

enum object_kind {
    OBJECT_UNSET = 0,
    OBJECT_SCHEMA,
    OBJECT_EXTENSION,
    OBJECT_COLLATION,
    OBJECT_ENUM,
    OBJECT_DOMAIN,
    OBJECT_COMPOSITE,
    OBJECT_RANGE,
    OBJECT_SEQUENCE,
    OBJECT_TABLE,
    OBJECT_COLUMN,
    OBJECT_CONSTRAINT,
    OBJECT_INDEX,
    OBJECT_VIEW,
    OBJECT_MATVIEW,
    OBJECT_FUNCTION, /* and procedures and aggregates; the name holds the argument types */
    OBJECT_TRIGGER,
    OBJECT_POLICY,
    OBJECT_RULE,
    OBJECT_STATISTICS,
    OBJECT_KIND_COUNT
};

const char *object_kind_name(enum object_kind kind); /* "table", "column", ...: for people and JSON */

/* A fact about an object. Keys are literals of the engine's reader. */
struct property {
    const char *key;
    struct str value;
};

struct object {
    enum object_kind kind;
    struct str schema; /* empty on SQLite, and for kinds that lie in no schema */
    struct str table;  /* the relation that it belongs to; empty if to none */
    struct str name;
    unsigned position; /* among its siblings, from 1: the order of columns, of enum values ... */
    struct {
        VEC(struct property) list;
    } properties;
    struct {
        VEC(size_t) list;
    } needs; /* numbers of the objects that must be there before this one */
    struct {
        VEC(size_t) list;
    } reads;           /* numbers of objects that its text speaks of: better there before it, but no dependency */
    struct str module; /* its owner; empty: nobody's, left alone */
    struct str file;   /* the model file or revision that makes it, with ":line"; empty if not known */
};

struct schema {
    enum engine engine;
    struct {
        VEC(struct object) list; /* they move when one is added: keep numbers, not pointers */
    } objects;
    struct index names; /* object_key() -> number */
};

/* "table public.users", "column public.users.email": unique in a schema, the same in two schemas for one thing. */
struct str object_key(struct arena *a, enum object_kind kind, struct str schema, struct str table, struct str name);

/* A new object without properties, at the end of the list; returns its number. An object of that key is replaced. */
size_t schema_add(struct arena *a, struct schema *s, enum object_kind kind, struct str schema, struct str table,
                  struct str name);

/* The number of an object, or SIZE_MAX. */
size_t schema_find(const struct schema *s, enum object_kind kind, struct str schema, struct str table, struct str name);

/* The value of a property; STR_NONE (p is NULL) when it is absent. */
struct str object_get(const struct object *o, const char *key);
void object_set(struct arena *a, struct object *o, const char *key, struct str value);
