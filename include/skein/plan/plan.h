/*
 * A plan: what has to happen to one target, decided without touching it.
 *
 *     plan = f(project, state of one target, request)
 *
 * The same state and request give the same plan and the same id, on any machine: a thousand tenants in
 * one state share one plan. A plan holds no SQL, only the hashes of scripts (skein/plan/script.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/hash.h"
#include "skein/base/str.h"
#include "skein/graph/project.h"
#include "skein/plan/dbstate.h"
#include "skein/plan/script.h"
#include "skein/sql/engine.h"

/* One change to a version table; the database must report exactly one row for UPDATE and DELETE. */
enum row_change_kind { ROW_UNSET = 0, ROW_INSERT, ROW_UPDATE, ROW_DELETE };

struct row_change {
    enum row_change_kind kind;
    struct str module;
    struct str from; /* UPDATE, DELETE */
    struct str to;   /* INSERT, UPDATE */
};

struct plan_step {
    struct str module;
    struct str revision;
    enum direction direction;
    bool transactional;
    struct hash script;   /* zero for a stamp */
    struct hash checksum; /* of the revision file, for the ledger */
    struct {
        VEC(struct row_change) list;
    } rows;
    struct names heads_after; /* of this step's module; the others stay */
};

struct plan {
    struct hash id; /* over everything below, canonically */
    enum engine engine;
    struct dbstate before; /* the modules that matter: the target must be in exactly this state */
    struct dbstate after;
    struct {
        VEC(struct plan_step) list;
    } steps; /* empty: nothing to do */
};

enum plan_command { PLAN_UNSET = 0, PLAN_UPGRADE, PLAN_DOWNGRADE, PLAN_STAMP };

struct plan_request {
    enum plan_command command;
    struct names targets; /* target expressions; one, except for stamp */
    bool all_modules;     /* --all; else `module` */
    struct str module;    /* "core" or an extension */
    bool cascade;         /* downgrade: take dependants of other modules down first */
    bool purge;           /* stamp: empty the version table first */
};

/*
 * Decides. On failure err.kind is one of the kinds listed in docs/reference/json.md
 * (unknown_revision, multiple_heads, irreversible, has_dependants, ...).
 */
bool plan_build(struct arena *a, const struct project *p, const struct dbstate *state, enum engine engine,
                const struct plan_request *request, struct plan *ret_plan, struct err *err);

/* The id again, from the parts: for plans that came over a wire. */
struct hash plan_hash(const struct plan *plan);

/* The revision of a step; NULL where the project no longer has it. */
const struct revision *plan_step_revision(const struct project *p, const struct plan_step *step);
