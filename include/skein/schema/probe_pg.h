/*
 * What an expression of PostgreSQL's catalog becomes when it is run again: the statements that do so to an object of
 * a scratch database, and where the catalog shows the result. The deparser is no fixed point: CHECK (s IN ('a', 'b'))
 * of a varchar reads differently after each of the first rounds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/schema/model.h"

/* Of two objects: a property with an expression, or NULL after the last one. */
const char *probe_pg_key(enum object_kind kind, size_t number);

/* Whether the property of such an object holds an expression. */
bool probe_pg_has(enum object_kind kind, const char *key);

struct probe_pg {
    struct {
        VEC(struct str) list;
    } statements;
    enum object_kind kind; /* of the object that shows the result; it has the same properties */
    struct str schema, table, name;
};

/* `number` keeps the names apart that probes make up. False: the object cannot be probed. */
bool probe_pg_build(struct arena *a, const struct object *o, unsigned number, struct probe_pg *ret_probe);
