/*
 * What one step runs on one engine: the text of its section, cut into statements, and the verify and
 * probe sections that go with it.
 *
 * The hash covers the texts and the options, not the cuts: it is known without cutting, so a plan of
 * 10,000 steps costs no parse. A receiver verifies the hash over the texts and that the cuts leave
 * nothing out (statements_cover()): it runs only bytes that the plan vouches for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/diag.h"
#include "skein/base/err.h"
#include "skein/base/hash.h"
#include "skein/base/str.h"
#include "skein/graph/revision.h"
#include "skein/sql/engine.h"
#include "skein/sql/split.h"

enum direction { DIRECTION_UNSET = 0, DIRECTION_UP, DIRECTION_DOWN, DIRECTION_STAMP };

const char *direction_name(enum direction direction); /* "up", "down", "stamp" */
bool direction_parse(struct str name, enum direction *ret_direction);

struct script_part {
    struct str sql;
    unsigned line; /* of the text's first line in the revision file */
    struct statements statements;
};

struct script {
    struct hash hash;
    enum engine engine;
    bool transactional;
    int64_t lock_timeout_ms;      /* or TIMEOUT_DEFAULT */
    int64_t statement_timeout_ms; /* or TIMEOUT_DEFAULT */
    struct str path;              /* of the revision file, for messages; not hashed */
    struct script_part body;      /* up or down; empty for a stamp */
    struct script_part verify;    /* only with up */
    struct script_part probe;
};

/* The hash alone: no cutting. */
struct hash script_hash_of(const struct revision *r, enum direction direction, enum engine engine);

/*
 * The script of a revision's section, cut (library core_script: not for agents). A revision without a section for
 * this direction gives an empty script: plan_build() has refused where one is missed.
 * False: the text cannot be cut; err.origin names file, line and column.
 */
bool script_build(struct arena *a, const struct revision *r, enum direction direction, enum engine engine,
                  struct script *ret_script, struct err *err);

/*
 * Findings about statements that cannot work as they stand: transaction_control (BEGIN, COMMIT ...; also in a
 * script without transaction, where it would leave one open), needs_no_transaction (VACUUM, CREATE INDEX CONCURRENTLY
 * ...) in one without `transaction:false`. For agents too: it needs the cuts only.
 */
void script_check(const struct script *s, struct diag *diag);

/* The same for every section of a revision, with bad_sql for one that cannot be cut (library core_script). */
void script_check_revision(struct arena *a, const struct revision *r, struct diag *diag);

/* Whether its transaction must end with it, because later steps may use an enum's label that it adds. NULL: no. */
bool script_ends_transaction(const struct script *s);

/* Recomputes the hash over texts and options, and checks the cuts: for scripts that came over a wire. */
bool script_verify(const struct script *s, const struct hash *expected);
