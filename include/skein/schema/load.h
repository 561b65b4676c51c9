/*
 * The order in which the statements of models can be run, told by the names in them: files may refer to each other in
 * any order. Pure; what the order does not know (a cycle, a name in a string) the one who runs them finds out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/schema/ownership.h"

struct load_order {
    VEC(size_t) list; /* numbers of statements */
};

/* The statements that do not only refer: those of core first, each after what it names where that is possible. */
void load_order_build(struct arena *a, enum engine engine, const struct model_statements *statements,
                      struct load_order *ret_order);

/*
 * Names of a circle of statements, each of which needs the next ("a, b"), that begins at `start` and is made of the
 * numbers in `among` only. Empty when there is none.
 */
struct str load_circle(struct arena *a, enum engine engine, const struct model_statements *statements, size_t start,
                       const struct load_order *among);

/* A foreign key that was cut out of CREATE TABLE (PostgreSQL). */
struct cut_key {
    struct str sql; /* ALTER TABLE ... ADD ... */
    size_t at;      /* where it stood in the statement */
};

struct cut_keys {
    VEC(struct cut_key) list;
};

/*
 * CREATE TABLE without its foreign keys, and these as statements of their own, in their order: the server then gives
 * them the names that it would have given them in place. Every byte that stays keeps its position. False: it has none.
 */
bool load_cut_keys(struct arena *a, struct str sql, struct str *ret_rest, struct cut_keys *ret_keys);
