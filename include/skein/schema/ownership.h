/*
 * Which module owns what. The module whose model file creates an object owns it; `CREATE TABLE IF NOT EXISTS` in an
 * extension of a table that another module creates only refers to it. Pure: statements in, owners and findings out.
 *
 * An owner is found by the name of an object of its own (a table, a type, a function by its name without
 * arguments ...); columns, constraints, indexes, triggers and policies belong to the owner of their table.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/diag.h"
#include "skein/base/index.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/schema/model.h"
#include "skein/sql/engine.h"

enum model_verb { MODEL_UNSET = 0, MODEL_CREATE, MODEL_ALTER, MODEL_COMMENT };

/* What a statement of a model says, by its first words. Names as in the catalog; an empty schema is the default one. */
struct model_head {
    enum model_verb verb;
    enum object_kind kind;
    struct str schema, name;        /* of the object; the name is empty where the server makes one up */
    struct str on_schema, on_table; /* the relation that an index, a trigger, a column ... belongs to */
    bool if_not_exists, or_replace;
};

/* False when it is no statement of a model; *ret_problem and *ret_hint (literals) say why. */
bool model_head_parse(struct arena *a, enum engine engine, struct str sql, struct model_head *ret_head,
                      const char **ret_problem, const char **ret_hint);

struct model_statement {
    struct str module, path; /* of the file, relative to the project's root */
    struct str sql;
    unsigned line, column; /* of its first byte in the file */
    struct model_head head;
    bool refers; /* creates nothing: what it names is another's */
};

struct model_statements {
    VEC(struct model_statement) list;
};

struct owner {
    struct str module;
    struct str file; /* "path:line" of what creates the object; empty if not known */
};

struct owners {
    enum engine engine;
    struct index index;
    VEC(struct owner) list;
};

/* The last one who is put stays. */
void owners_put(struct arena *a, struct owners *o, enum object_kind kind, struct str schema, struct str name,
                struct owner owner);

/* NULL when nobody owns it. `name` of a function may have its arguments. */
const struct owner *owners_find(const struct owners *o, enum object_kind kind, struct str schema, struct str name);

/*
 * The owners of what the statements create, core's statements first. Marks those that only refer. Findings, each with
 * its place: two_owners, foreign_object (a model alters what another module creates), name_too_long (PostgreSQL cuts
 * names at 63 bytes without a word). False when there is one.
 */
bool ownership_of_models(struct arena *a, enum engine engine, struct model_statements *statements,
                         struct owners *ret_owners, struct diag *diag);

/* Whether a table, or the schema that it is in, is called after its extension: `billing_invoices`. Core's always are.
 */
bool ownership_has_prefix(struct str module, struct str schema, struct str table);

/* A warning, table_prefix, for every table of an extension that is not, once for each place. */
void ownership_check_prefixes(const struct model_statements *statements, struct diag *diag);

/* Gives every object its module and file; those that nobody owns have none. */
void ownership_apply(const struct owners *owners, struct schema *schema);

/* The same where these owners know the object; all others stay whose they are. */
void ownership_override(const struct owners *owners, struct schema *schema);
