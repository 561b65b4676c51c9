/*
 * How an attempt to apply a plan to a target can end. Outcomes are facts about the target, not errors:
 * the words are the same in the agent, on the wire, in the store and on the screen.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/str.h"

enum outcome {
    OUTCOME_UNSET = 0,
    OUTCOME_APPLIED,         /* committed by this attempt */
    OUTCOME_ALREADY_APPLIED, /* the target was at the goal, or the ledger has this plan */
    OUTCOME_STATE_CHANGED,   /* the target is in another state than the plan expects; nothing was run */
    OUTCOME_FAILED,          /* definite: rolled back, and the fence is closed in the target */
    OUTCOME_BUSY,            /* the migrator's lock is held by another; nothing was run; may be tried again */
    OUTCOME_BLOCKED,         /* lock_timeout, deadlock, no connection, no space ...: rolled back; may be tried again */
    OUTCOME_STALE,           /* the fence was overtaken or closed; nothing was run */
    OUTCOME_NEEDS_OPERATOR,  /* a non-transactional step whose effect cannot be decided */
    OUTCOME_QUARANTINED,     /* not the database it was: copied, moved, restored */
    OUTCOME_UNKNOWN,         /* COMMIT was lost: the ledger will tell; never reported as failed */
    OUTCOME_CANCELLED,       /* stopped on request before anything was committed; the fence is closed */
    OUTCOME_COUNT
};

const char *outcome_name(enum outcome outcome); /* "applied", "already_applied", ... */
bool outcome_parse(struct str name, enum outcome *ret_outcome);

/* The sentence for people, without subject: "is at the goal", "was rolled back: nothing was changed", ... */
const char *outcome_sentence(enum outcome outcome);
