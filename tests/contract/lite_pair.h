/* A pair of SQLite schemas in two databases in memory, and what schema_diff() says of them, there and back. */
#pragma once

#include "skein/db/scratch.h"
#include "skein/schema/diff.h"

struct pair {
    struct arena arena;
    char name[256];
    struct str a, b, data;
    bool nochange, spelled; /* the class; views and indexes only differ in spelling: their text is no fact */
    bool fills;             /* rows may have NULL where a default takes its place */
    char problem[2000];
};

struct world {
    struct scratch *a, *b;
    struct schema from, to;
    struct str module;      /* its objects are changed; empty: all */
    struct renames renames; /* from a to b */
    struct ddl_list up, down;
};

/* All fill p->problem when they return false. */
bool pair_report(struct pair *p, const char *what, const struct err *err);
bool pair_load(struct pair *p, struct db *db, struct str sql, const char *what);
void pair_fill(struct pair *p, struct db *db);      /* a few rows for every table that takes them */
bool pair_open(struct pair *p, struct world *w);    /* a and b are loaded and read */
bool pair_compare(struct pair *p, struct world *w); /* fills up and down */
bool pair_there_and_back(struct pair *p, struct world *w, bool filled);
void pair_close(struct world *w);
struct str pair_text(struct pair *p, const struct ddl_list *list); /* the statements as in a revision */
