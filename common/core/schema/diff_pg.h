/*
 * How PostgreSQL's schemas are compared and changed: the frame (diff_pg.c, diff_pg_order.c, diff_pg_run.c) and the
 * rows that the kinds of objects are for it.
 *
 * An item is one object of both schemas together: in `from`, in `to`, or (a pair) in both. Each gets a change. What
 * is dropped, replaced or disturbed shakes what needs it, which may have to be released or replaced as well. Every
 * item then has three moments, which are put in order:
 *
 *     off   dropped, or released from what it needs      before the off of what it needs in `from`
 *     on    created or altered                           after the on of what it needs in `to`, after its own off
 *     end   what is left to do                           after the on of all that needs it
 *
 * A drop also waits for the alteration of what does not need it any more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/schema/diff.h"
#include "skein/schema/quote.h"

enum pg_change {
    PG_SAME = 0,
    PG_ALTER,   /* on: altered in place */
    PG_RELEASE, /* off: freed from what it hangs on; on: altered */
    PG_REPLACE, /* off: dropped; on: created */
    PG_CREATE,  /* is not in `from` */
    PG_DROP     /* is not in `to` */
};

struct pg_item {
    size_t from, to; /* numbers of the objects; SIZE_MAX: none */
    enum pg_change change;
    bool ours;     /* of the module that the request is about: others are never touched */
    bool off_done; /* or the parent's off did it */
    bool on_done;
    bool shaken; /* its change comes from something that it needs */
};

/* What needs object n of a schema: list[first[n]] .. list[first[n + 1] - 1]. */
struct pg_dependants {
    size_t *first, *list;
};

struct pg_diff {
    struct arena *a;
    const struct diff_request *request;
    const struct schema *from, *to;
    struct {
        VEC(struct pg_item) list;
    } items;
    size_t *from_items, *to_items; /* number of an object -> number of its item */
    struct pg_dependants from_up, to_up;
    struct ddl_list out;
    struct err *err;
    bool failed;
};

/* A property whose difference makes a change; the last row has no key. */
struct pg_property {
    const char *key;
    enum pg_change change;
};

/*
 * What the frame knows of a kind. Everything but noun and create may be NULL. Comments (property "comment") are the
 * frame's business. Objects given are of d->from and d->to, so that pg_item_from() and pg_item_to() find the item.
 */
struct pg_kind {
    unsigned rank; /* among what could come next the lowest is created first, and dropped last */
    const struct pg_property *properties;

    /* Instead of the properties. */
    enum pg_change (*compare)(struct pg_diff *d, const struct object *from, const struct object *to);

    struct str (*noun)(struct pg_diff *d, const struct object *o); /* "VIEW v": for DROP and COMMENT ON */
    void (*create)(struct pg_diff *d, const struct object *to);
    void (*drop)(struct pg_diff *d, const struct object *from); /* NULL: DROP and the noun */
    void (*alter)(struct pg_diff *d, const struct object *from, const struct object *to);
    void (*release)(struct pg_diff *d, const struct object *from, const struct object *to); /* off of PG_RELEASE */

    /* The end of an item with a change; `from` or `to` is NULL where there is none. */
    void (*finish)(struct pg_diff *d, const struct object *from, const struct object *to);

    /* Whether PG_ALTER is in the way of what needs the object; NULL: no. */
    bool (*disturbs)(struct pg_diff *d, const struct object *from, const struct object *to);

    /* What the object must suffer because `by`, which it needs in `from`, is dropped, replaced or disturbing. NULL:
     * PG_REPLACE. */
    enum pg_change (*shaken)(struct pg_diff *d, const struct object *from, const struct object *to,
                             const struct pg_item *by);
};

extern const struct pg_kind pg_schema_kind, pg_extension_kind, pg_collation_kind, pg_enum_kind, pg_range_kind,
    pg_composite_kind, pg_domain_kind, pg_function_kind, pg_view_kind, pg_matview_kind, pg_trigger_kind, pg_policy_kind,
    pg_rule_kind, pg_statistics_kind;
extern const struct pg_kind pg_sequence_kind, pg_table_kind, pg_column_kind, pg_constraint_kind, pg_index_kind;

const struct pg_kind *pg_kind_of(enum object_kind kind); /* NULL: a kind that is not migrated */

/* ---- for kinds ---- */

const struct object *pg_from(const struct pg_diff *d, size_t number); /* NULL for SIZE_MAX */
const struct object *pg_to(const struct pg_diff *d, size_t number);
struct pg_item *pg_item_from(struct pg_diff *d, const struct object *from);
struct pg_item *pg_item_to(struct pg_diff *d, const struct object *to);
struct pg_item *pg_item_named(struct pg_diff *d, enum object_kind kind, struct str schema, struct str table,
                              struct str name); /* as named in `to`, else in `from`; NULL: none */
const struct object *pg_table_of(const struct schema *s, const struct object *o); /* its relation if it is a table */

/* Walks what needs an object (or belongs to it) in its schema: zero *at first; NULL at the end. */
const struct object *pg_next_dependant(const struct pg_diff *d, const struct object *o, size_t *at);

bool pg_differs(const struct object *from, const struct object *to, const char *key);
bool pg_has(const struct object *o, const char *key); /* o may be NULL */

/* One more statement; it may be added to until the next one. */
struct ddl *pg_emit(struct pg_diff *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The difference cannot be migrated: err cannot_migrate naming both objects (either may be NULL). */
void pg_cannot(struct pg_diff *d, const struct object *o, const struct object *other, const char *why);

void pg_comment(struct pg_diff *d, const struct object *o); /* COMMENT ON as it is in `to`, NULL if none */

struct str pg_qualified(struct arena *a, struct str schema, struct str name); /* the default schema is not written */
struct str pg_literal(struct arena *a, struct str text);
struct str pg_path(struct arena *a, const struct object *o);  /* "name" or "schema.name" */
struct str pg_owner(struct arena *a, const struct object *o); /* the same of the relation that it belongs to */

/* The name that the server gives what belongs to a table: "table_column_suffix", cut to its limit. */
struct str pg_made_name(struct arena *a, struct str table, struct str column, const char *suffix);

/* ---- the frame's parts ---- */

void pg_plan(struct pg_diff *d); /* items and their changes */

enum pg_moment { PG_OFF = 0, PG_ON, PG_END, PG_MOMENTS };

/* Items' moments in the order of running; item = value / PG_MOMENTS, moment = value % PG_MOMENTS. */
size_t *pg_order(struct pg_diff *d, size_t *ret_count);
void pg_write(struct pg_diff *d, const size_t *order, size_t count);

bool schema_diff_pg(struct arena *a, const struct diff_request *request, struct ddl_list *ret_list, struct err *err);

/* `from` as it is after the renames of the request, which are added to the list. */
const struct schema *pg_renamed(struct arena *a, const struct diff_request *request, struct ddl_list *list);
void pg_rename_candidates(struct arena *a, const struct diff_request *request, struct renames *ret_list);

bool pg_is_of_same_type(const struct object *from, const struct object *to); /* tables OF one composite type */

/* Whether the off or on of something else does it for this item too: a table's for its columns, say. */
bool pg_off_implied(struct pg_diff *d, const struct pg_item *item);
bool pg_on_implied(struct pg_diff *d, const struct pg_item *item);

/* ---- a composite type that is made again: its text form knows attributes by their place alone ---- */

bool pg_attributes_stay_in_place(struct pg_diff *d, const struct object *from, const struct object *to);

/* The column's value in the new type, attribute by attribute, by name. */
struct str pg_row_using(struct pg_diff *d, struct str column, const struct object *from, const struct object *to);

/* ---- shared by the kinds of tables ---- */

/* The column of the same schema that makes `sequence` when it is written as serial; NULL: none. */
const struct object *pg_serial_column(struct pg_diff *d, const struct schema *s, const struct object *sequence);

/* The sequence of `to` that comes with a new column; NULL: none. */
const struct object *pg_serial_sequence(struct pg_diff *d, const struct object *column);

bool pg_is_made(const struct pg_item *item);   /* created or replaced */
bool pg_is_unmade(const struct pg_item *item); /* dropped or replaced */

/* Options of a sequence or an identity column, each as " WORD value": all that are not usual, or what is new. */
void pg_sequence_options(struct pg_diff *d, const struct object *o, struct strbuf *out);
void pg_sequence_changes(struct pg_diff *d, const struct object *from, const struct object *to, const char *word,
                         struct strbuf *out);

struct str pg_type_text(struct arena *a, struct str type);                          /* as people write it */
void pg_column_text(struct pg_diff *d, const struct object *c, struct strbuf *out); /* without its constraints */
void pg_column_settings(struct pg_diff *d, const struct object *from, const struct object *to); /* storage ... */
void pg_column_inherited(struct pg_diff *d, const struct object *to); /* where it differs from its parent's */
void pg_column_advance(struct pg_diff *d, const struct object *column, struct str start); /* its sequence beyond rows */
bool pg_column_is_local(const struct object *c);

/* The constraint as it stands in a CREATE TABLE or behind ADD; `named`: with CONSTRAINT and its name. */
void pg_constraint_text(struct pg_diff *d, const struct object *o, bool named, struct strbuf *out);
bool pg_constraint_made_name(struct pg_diff *d, const struct object *o); /* its name is the one it would get */

/* Text of any length: grown in a strbuf, then the arena's. */
const char *pg_take(struct arena *a, struct strbuf *b);
void pg_text_init(struct strbuf *b);

/* A USING expression for changing a column's type, or empty when the server converts by itself. */
struct str pg_using(struct pg_diff *d, const struct object *from, const struct object *to);
