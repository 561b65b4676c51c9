/*
 * PostgreSQL's statements for functions, views and types as text, from an object's properties alone: what needs no
 * knowledge of the rest of the difference. Names and types inside of properties are SQL already; an object's own
 * name is not.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/schema/model.h"

/* Properties that hold lists: fields end at the unit separator, records at the record separator. */
enum { PG_FIELD = 0x1f, PG_RECORD = 0x1e };

struct pg_fields {
    VEC(struct str) list;
};

/* The parts of a list property; none for an empty or absent one. */
struct pg_fields pg_split(struct arena *a, struct str value, char separator);

/* The field of that number of a record; empty beyond the last. */
struct str pg_field(struct str record, unsigned number);

/* The number of the record whose first field is `name`, or SIZE_MAX. */
size_t pg_record_named(const struct pg_fields *records, struct str name);

/* A function's body in dollar quotes that do not occur in it. */
struct str pg_dollar_quote(struct arena *a, struct str body);

/* CREATE [OR REPLACE] FUNCTION, PROCEDURE or AGGREGATE; `name` is quoted and qualified. */
struct str pg_function_text(struct arena *a, const struct object *o, struct str name, bool or_replace);

/* Whether CREATE OR REPLACE can turn one function into the other. */
bool pg_function_can_replace(struct arena *a, const struct object *from, const struct object *to);

/* Whether CREATE OR REPLACE can turn one view into the other: the columns that were there stay as they are. */
bool pg_view_can_replace(struct arena *a, const struct object *from, const struct object *to);

/* "fillfactor = 70, security_barrier = true", from a list of options as pg_class has them. */
struct str pg_options_text(struct arena *a, struct str options);

/* One label that ALTER TYPE ... ADD VALUE adds: before `neighbour`, or at the end where that is empty. */
struct pg_label {
    struct str label, neighbour;
};

struct pg_labels {
    VEC(struct pg_label) list;
};

/* The labels to add, in order; false when labels went or moved. */
bool pg_enum_additions(struct arena *a, struct str from, struct str to, struct pg_labels *ret_labels);
