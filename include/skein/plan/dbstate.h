/*
 * The state of one target: per module the rows of its version table, and what skein's own two tables say.
 * Rows are compared as sets; a dbstate keeps modules and heads sorted by bytes and without duplicates.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/hash.h"
#include "skein/base/str.h"
#include "skein/graph/revision.h"

struct module_state {
    struct str module;
    struct names heads; /* sorted, unique; empty = base */
};

struct dbstate {
    VEC(struct module_state) modules; /* sorted by name; a module that is absent is at base */
};

/* The rows of one module; an empty list when the module is absent. */
const struct names *dbstate_heads(const struct dbstate *s, struct str module);

/* Sets the rows of one module: copies, sorts, drops duplicates. An empty list removes the module. */
void dbstate_set(struct arena *a, struct dbstate *s, struct str module, const struct names *heads);

/*
 * Names a module without rows: it belongs to the state though it is at base. A plan's `before` names every
 * module that must be read and compared.
 */
void dbstate_watch(struct arena *a, struct dbstate *s, struct str module);

struct dbstate dbstate_copy(struct arena *a, const struct dbstate *s);

/* Equality and hash do not tell a module without rows from one that is absent. */
bool dbstate_eq(const struct dbstate *a, const struct dbstate *b);
struct hash dbstate_hash(const struct dbstate *s);

/* "core=a1,b2 billing=c3", "base" when empty. For people and logs. */
struct str dbstate_format(struct arena *a, const struct dbstate *s);

/* The same text back; no ids are checked. False where a part is not "module=...". */
bool dbstate_parse(struct arena *a, struct str text, struct dbstate *ret_state);

/* skein_state and the newest row of skein_ledger; all zero where the tables are absent. */
struct ledger_state {
    uint64_t fence, closed_fence;
    uint64_t seq;     /* of the newest ledger row; 0 if none */
    struct hash head; /* hash of the newest ledger row */
};
