/* The parts of SQLite's schema_diff(). Private to this folder. */
#pragma once

#include "skein/schema/diff.h"
#include "skein/schema/lite_parse.h"

enum lite_how {
    LITE_SAME = 0,
    LITE_CREATE,
    LITE_DROP,
    LITE_REPLACE, /* dropped and created: a virtual table */
    LITE_ALTER,   /* columns added and dropped, which ALTER TABLE can do */
    LITE_REBUILD, /* a new table, filled from the old one, takes its place */
};

struct lite_table_change {
    enum lite_how how;
    size_t from, to;            /* objects; SIZE_MAX: none */
    struct lite_table old, new; /* read only where there is something to do; `old` has its new names */
    struct {
        VEC(size_t) list; /* columns of `new` */
    } added;
    struct {
        VEC(size_t) list; /* columns of `old` */
    } dropped;
    struct str why; /* of a rebuild: what ALTER TABLE cannot do */
};

/* What becomes of an index, a view or a trigger. */
struct lite_fate {
    size_t counterpart; /* in the other schema; SIZE_MAX: none */
    bool drop, create;  /* `drop` by a statement of its own */
    bool vanishes;      /* goes with its table or view */
};

struct lite_fates {
    VEC(struct lite_fate) list; /* by number of object */
};

/* A rename of tables and columns as it is run. */
struct lite_move {
    struct str table; /* of the column, as it is called at that moment; empty: a table is renamed */
    struct str from, to;
};

struct lite_diff {
    struct arena *arena;
    const struct diff_request *request;
    const struct schema *from, *to;
    struct ddl_list *out;
    struct err *err;
    struct lite_aliases names; /* what objects of `from` are called in `to` */
    struct {
        VEC(struct lite_move) list;
    } moves;
    struct index from_tables, to_tables; /* folded name -> number of the object; of `from`: by its new name */
    struct {
        VEC(struct lite_table_change) list;
    } tables;             /* those with something to do, in the order of `from`, then of `to` */
    struct index changes; /* folded name -> number in `tables` */
    struct lite_fates old_fates, new_fates;
    struct index columns; /* folded names of all columns, in both schemas */
};

bool diff_lite(struct arena *a, const struct diff_request *request, struct ddl_list *ret_list, struct err *err);
void lite_rename_candidates(struct arena *a, const struct diff_request *request, struct renames *ret_list);

bool lite_is_ours(const struct lite_diff *d, const struct object *o);
struct str lite_sql(const struct object *o);

/* diff_lite_rename.c: fills `names` and `moves`. */
void lite_plan_renames(struct lite_diff *d);

/* diff_lite_table.c: fills `tables`. */
bool lite_plan_tables(struct lite_diff *d);
const struct lite_table_change *lite_change_of(const struct lite_diff *d, struct str table); /* NULL: none */

/* diff_lite_object.c: indexes, views, triggers; turns an ALTER into a rebuild where a foreign view forbids it. */
bool lite_plan_objects(struct lite_diff *d);

/* emit_lite.c: writes everything. */
void lite_emit(struct lite_diff *d);

/* emit_lite_text.c */
struct str lite_tidy(struct arena *a, struct str sql); /* the author's text, in lines of bearable length */
struct str lite_renamed_text(struct arena *a, const struct lite_table *t, struct str name); /* CREATE TABLE name ... */
