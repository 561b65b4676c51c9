/*
 * The words for where things stand: of a target, of one target's part in a rollout, of a rollout, of a key.
 * They are stored, sent and shown; every one has a name and a sentence in common/core/rollout/status.c.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/str.h"

enum target_status {
    TARGET_UNSET = 0,
    TARGET_CURRENT,     /* at the newest heads of all its modules */
    TARGET_BEHIND,      /* some revisions are pending */
    TARGET_ACTIVE,      /* a plan is being applied */
    TARGET_UNKNOWN,     /* in a state that the newest bundle does not know, or no bundle was pushed */
    TARGET_UNREADABLE,  /* the agent cannot read it */
    TARGET_UNREACHABLE, /* its agent is silent */
    TARGET_UNDECIDED,   /* a step needs an operator's answer */
    TARGET_QUARANTINED, /* another database under the same name */
    TARGET_REGRESSED,   /* older than it was, or its ledger was changed */
    TARGET_STATUS_COUNT
};

const char *target_status_name(enum target_status status);
const char *target_status_sentence(enum target_status status);
bool target_status_parse(struct str name, enum target_status *ret_status);

/* One target's part in one rollout. The table of moves is common/core/rollout/op.c. */
enum op_state {
    OP_UNSET = 0,
    OP_PENDING,         /* waits for its turn, for its agent, or for the next try */
    OP_OFFERED,         /* a fence is durable and the offer is on its way, at work, or unknown */
    OP_CLOSING,         /* ends in `end` as soon as the target has closed the fence */
    OP_APPLIED,         /* the target's ledger has it */
    OP_ALREADY_APPLIED, /* was at the goal: nothing was offered */
    OP_FAILED,          /* rolled back; the fence is closed */
    OP_BLOCKED,         /* tried as often as allowed; may be tried again by a new rollout */
    OP_REFUSED,         /* no plan leads from its state to the goal */
    OP_STATE_CHANGED,   /* somebody else keeps changing it */
    OP_NEEDS_OPERATOR,  /* `skein resolve` answers */
    OP_QUARANTINED,
    OP_REGRESSED,
    OP_CANCELLED,
    OP_STATE_COUNT
};

const char *op_state_name(enum op_state state);
bool op_state_parse(struct str name, enum op_state *ret_state);
const char *op_state_sentence(enum op_state state);

enum rollout_status {
    ROLLOUT_UNSET = 0,
    ROLLOUT_RUNNING,
    ROLLOUT_HALTING,    /* too many failures: nothing new is offered, what is at work ends */
    ROLLOUT_CANCELLING, /* on request: what is at work is closed */
    ROLLOUT_DONE,       /* every target is at the goal */
    ROLLOUT_PARTIAL,    /* ended within the failure limit, but not every target is at the goal */
    ROLLOUT_HALTED,
    ROLLOUT_CANCELLED,
    ROLLOUT_STATUS_COUNT
};

const char *rollout_status_name(enum rollout_status status);
bool rollout_status_parse(struct str name, enum rollout_status *ret_status);
const char *rollout_status_sentence(enum rollout_status status);
bool rollout_status_is_final(enum rollout_status status);

enum principal_status { PRINCIPAL_UNSET = 0, PRINCIPAL_PENDING, PRINCIPAL_ACCEPTED, PRINCIPAL_REVOKED };

const char *principal_status_name(enum principal_status status);
bool principal_status_parse(struct str name, enum principal_status *ret_status);
