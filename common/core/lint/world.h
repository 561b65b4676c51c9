/*
 * The database as far as the revisions read so far have made it, one for each engine: which tables there are and who
 * made them, columns and their types, constraints, indexes. Nothing is said about what no revision has made. Private
 * to this folder.
 */
#pragma once

#include "common/core/lint/act.h"
#include "skein/base/index.h"

struct world_column {
    struct str name, type;
    bool not_null, generated, gone;
};

struct world_constraint {
    struct str name;
    enum constraint_kind kind;
    bool valid, gone;
    struct names columns;
};

struct world_index {
    struct str name;
    bool gone;
    struct names columns;
};

struct world_table {
    struct str key, parent;
    enum thing thing;
    size_t module;  /* that made it */
    size_t node;    /* the revision that made it */
    size_t section; /* number of the section that made it, from 1 */
    bool gone, partitioned;
    VEC(struct world_column) columns;
    VEC(struct world_constraint) constraints;
    VEC(struct world_index) indexes;
};

struct world {
    VEC(struct world_table) tables;
    struct index names;   /* key -> table */
    struct index indexes; /* name of an index -> table */
};

/* Who makes it. */
struct maker {
    size_t module, node, section;
};

void world_apply(struct arena *a, struct world *w, const struct act *act, const struct maker *maker);

/* NULL when it is not known. Pointers live until the next world_apply(). */
struct world_table *world_find(const struct world *w, struct str key);
struct world_table *world_find_index(const struct world *w, struct str name); /* the table of an index */
struct world_column *world_column(const struct world_table *t, struct str name);
struct world_constraint *world_constraint(const struct world_table *t, struct str name);

bool names_have(const struct names *names, struct str name);
