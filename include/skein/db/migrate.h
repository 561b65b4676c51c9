/*
 * Applies a plan to one target: the only code that changes a version table, for `skein upgrade` on a
 * laptop and for the agent alike. The order of its steps and the
 * invariants it keeps are listed at the top of common/io/db/migrate.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/db/db.h"
#include "skein/plan/dbstate.h"
#include "skein/plan/outcome.h"
#include "skein/plan/plan.h"
#include "skein/plan/script.h"

struct migrate_options {
    uint64_t fence;                /* 0: no coordinator; lock and compare-and-set alone decide */
    struct str attempt;            /* plan id of the rollout's attempt, or a fresh one; names the ledger rows */
    struct str principal;          /* who asked, for the ledger */
    bool transaction_per_revision; /* else one transaction, but for what must end one (script_ends_transaction()) */
    int64_t run_lock_wait_ms;      /* the migrator's own lock */
    int64_t lock_timeout_ms;       /* for DDL, unless the section says */
    int64_t statement_timeout_ms;  /* 0: none */
    unsigned lock_retries;         /* of the whole transaction after lock_timeout */
    bool adopt;                    /* take the target as it is, although it was copied, moved or restored */
};

void migrate_options_init(struct migrate_options *o);

/* What happens meanwhile. Every function may be NULL. Called on the caller's thread. */
struct migrate_observer {
    /* A step's first statement runs; it may still be rolled back. */
    void (*step_started)(void *user, size_t step, const struct plan_step *what);
    /* The step is committed. */
    void (*step_done)(void *user, size_t step, const struct plan_step *what);
    void (*waiting)(void *user, const char *sentence); /* for a lock; names the holders. Or worth a note */
    bool (*cancelled)(void *user);                     /* polled while waiting and between statements */
    void *user;
};

struct migrate_report {
    enum outcome outcome;
    size_t steps_applied; /* committed by this attempt */
    size_t failed_step;   /* index into the plan; SIZE_MAX if no step is at fault */
    struct dbstate state; /* as read after the attempt; of all modules in the plan */
    bool state_known;     /* false: the target could not be read afterwards */
    struct ledger_state ledger;
    struct err err; /* why, for every outcome but applied and already_applied */
};

/*
 * `scripts` has one entry per step of the plan (NULL for a stamp); strings of the report live in `a`.
 * The report is always filled: there is no other way for this function to fail.
 */
void migrate_apply(struct arena *a, struct db *db, const struct plan *plan, const struct script *const *scripts,
                   const struct migrate_options *options, const struct migrate_observer *observer,
                   struct migrate_report *ret_report);

/*
 * Closes a fence in the target without applying anything: after it no attempt with this fence or a lower
 * one can commit. The outcome is CANCELLED, or what prevented it.
 */
void migrate_close(struct arena *a, struct db *db, uint64_t fence, const struct migrate_options *options,
                   struct migrate_report *ret_report);

/*
 * Answers a step that was left undecided: `applied` says what is true in the database. Writes the version
 * rows (applied) or withdraws the start (not applied), and the ledger row that says who decided. The outcome
 * APPLIED means that the answer is written; STATE_CHANGED that no step of the plan is undecided.
 */
enum resolution { RESOLUTION_UNSET = 0, RESOLUTION_APPLIED, RESOLUTION_NOT_APPLIED };

void migrate_resolve(struct arena *a, struct db *db, const struct plan *plan, enum resolution resolution,
                     const struct migrate_options *options, struct migrate_report *ret_report);

/* The step outside a transaction that was started and whose end is not known. */
struct undecided {
    struct str module, revision;
    enum direction direction;
    struct str started; /* RFC 3339 */
};

/* Reads which step migrate_resolve() would answer; *ret_step is set only when one was found. Never writes. */
bool migrate_find_undecided(struct arena *a, struct db *db, bool *ret_found, struct undecided *ret_step,
                            struct err *err);

/* What was brought up, with which content; of a revision that came up twice the later one counts. */
struct applied {
    struct str module, revision;
    struct hash checksum; /* of the revision file then */
};

struct applied_list {
    VEC(struct applied) items; /* oldest first; a revision may be there twice */
};

/* Empty where there is no ledger. Never writes. */
bool migrate_read_applied(struct arena *a, struct db *db, struct applied_list *ret_list, struct err *err);

/*
 * Checks the hash chain of skein_ledger from its first row to the one that skein_state names. False with kind
 * "ledger_broken" names the first row that does not fit. No tables: fine, no rows.
 */
bool migrate_verify_ledger(struct arena *a, struct db *db, uint64_t *ret_rows, struct err *err);

/* Drops skein's two tables: the target goes back to Alembic alone. The version tables stay. */
bool migrate_detach(struct arena *a, struct db *db, const struct migrate_options *options, struct err *err);

/* Reads the version tables of the given modules, and skein's tables if there; never writes. */
bool migrate_read_state(struct arena *a, struct db *db, const struct names *modules, struct dbstate *ret_state,
                        struct ledger_state *ret_ledger, struct err *err);
