/*
 * One thing that a worker does for the main thread. A task owns its memory: request and answer live in its
 * arena and go with it. The main thread makes it, a worker fills the answer in, the main thread reads it:
 * at any time one of them holds it (only `cancelled` may be set from outside).
 */
#pragma once

#include <stdatomic.h>

#include "agent/core/effect.h"
#include "agent/io/dbconn.h"
#include "agent/io/discover.h"
#include "skein/db/migrate.h"

enum task_kind { TASK_UNSET = 0, TASK_DISCOVER, TASK_READ, TASK_APPLY, TASK_CLOSE };

struct task_apply {
    struct str attempt, principal;
    enum offer_action action;
    struct apply_options options;
    const struct plan *plan; /* the core's; lives until it got the answer */
    const struct script *const *scripts;
};

/* What a target said of itself. */
struct reading {
    bool readable;
    struct err err; /* when not readable */
    struct str identity;
    struct dbstate state;
    struct ledger_state ledger;
};

struct task {
    struct arena arena;
    enum task_kind kind;
    struct place place; /* copied; not for DISCOVER */
    uint64_t fence;     /* APPLY, CLOSE */
    struct task_apply apply;
    const struct places *before; /* DISCOVER: kept by the main thread until the answer came */
    atomic_bool cancelled;
    struct task *next; /* in a queue */

    /* The answer. */
    struct discovery discovery;
    struct reading reading;       /* READ; after APPLY and CLOSE only its identity */
    struct migrate_report report; /* APPLY, CLOSE */
};

struct task *task_new(enum task_kind kind);
void task_set_place(struct task *t, const struct place *place);
void task_free(struct task *t);

/* Told while a task runs, on the worker's thread. */
struct task_observer {
    void (*progress)(void *user, const struct task *t, size_t steps_done, const char *sentence);
    void *user;
};

/* Does it. Reads come many at a time, all of one database; everything else comes alone. */
void task_run(struct task *t, struct dbconn *conn, const struct task_observer *observer);
void task_run_reads(struct task *const *tasks, size_t count, struct dbconn *conn);
