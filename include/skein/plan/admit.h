/*
 * Whether a step may run in a target: decided from facts that were read under the target's own locks.
 * The order of the questions is the heart of "applied at most once": the same
 * function decides in the agent, on a laptop and in the simulator.
 *
 *     DONE for this attempt?            -> replayed: it is a fact, whatever the fence says by now
 *     fence overtaken or closed?        -> stale: somebody else was given the target, or it was cancelled
 *     STARTED, and nothing after it?    -> started: a probe has to tell (steps without a transaction)
 *     another step was left undecided?  -> undecided: that one comes first
 *     not the database it was?          -> quarantine
 *     heads as the step expects them?   -> run
 *     heads as after the plan?          -> at goal
 *     else                              -> conflict
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/str.h"

/* The status of a ledger row. The newest row of a step decides. */
enum ledger_status {
    LEDGER_NONE = 0,
    LEDGER_STARTED,  /* a step without a transaction is about to run, or was running when we died */
    LEDGER_DONE,     /* effect and version rows are in */
    LEDGER_CLEANED,  /* a start that was withdrawn: nothing of it is left */
    LEDGER_RESOLVED, /* a start that an operator declared not applied */
    LEDGER_STATUS_COUNT
};

const char *ledger_status_name(enum ledger_status status); /* "NONE", "STARTED", ... as the ledger stores them */
bool ledger_status_parse(struct str name, enum ledger_status *ret_status);

struct admit_facts {
    uint64_t fence;            /* of this attempt; 0: no coordinator, lock and compare-and-set alone decide */
    uint64_t target_fence;     /* skein_state.fence */
    uint64_t closed_fence;     /* skein_state.closed_fence */
    enum ledger_status status; /* newest ledger row of this attempt and step; or an older attempt's open start
                                  of the very same module, revision and direction */
    bool other_start_open;     /* an undecided start of any other step */
    bool same_target;          /* identity and incarnation are the known ones, or there is nothing to compare */
    bool heads_expected;       /* heads are what the step starts from */
    bool heads_at_goal;        /* heads are what the whole plan ends with */
};

enum admission {
    ADMISSION_UNSET = 0,
    ADMISSION_RUN,
    ADMISSION_REPLAYED,
    ADMISSION_STALE,
    ADMISSION_STARTED,
    ADMISSION_UNDECIDED,
    ADMISSION_QUARANTINE,
    ADMISSION_AT_GOAL,
    ADMISSION_CONFLICT,
    ADMISSION_COUNT
};

const char *admission_name(enum admission admission);

enum admission admit(const struct admit_facts *facts);

/* True when a commit with this fence is allowed: the guard of every write to skein_state. */
bool admit_fence(uint64_t fence, uint64_t target_fence, uint64_t closed_fence);
