/*
 * One target's part in a rollout: which moves there are, and what an agent's answer makes of it. Pure
 * rules; the coordinator performs what they say.
 *
 *     PENDING ──fence, store, send──▶ OFFERED ──▶ APPLIED | FAILED | NEEDS_OPERATOR | QUARANTINED | ...
 *        ▲                              │  │
 *        └── busy, blocked, stale, ─────┘  └── cancel, or tried too often ──▶ CLOSING(new fence)
 *            state changed: later,                                              │ target has closed it
 *            with a new fence                                                   ▼
 *                                                          CANCELLED | BLOCKED | STATE_CHANGED
 *
 * APPLIED is a fact: with the current fence it is taken as it is, from an older one when the target is at the
 * goal to show for it. Every other answer counts only with the current fence.
 * FAILED, CANCELLED, BLOCKED and STATE_CHANGED need the fence closed in the target: after them no copy of
 * an offer, however late, can have an effect.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/plan/outcome.h"
#include "skein/rollout/status.h"

/* The sentence of a move; NULL where the table has none: then the move is a bug. */
const char *op_move_sentence(enum op_state from, enum op_state to);

bool op_is_final(enum op_state state);   /* nothing is under way; NEEDS_OPERATOR is final until it is answered */
bool op_is_active(enum op_state state);  /* holds its target: OFFERED, CLOSING */
bool op_is_failure(enum op_state state); /* counts against the failure limit */
bool op_is_goal(enum op_state state);    /* the target is at the goal */

enum { OP_TRIES_MAX = 8, OP_REPLANS_MAX = 5 };

struct op_facts {
    enum op_state state;
    uint64_t fence; /* current */
    uint32_t tries, replans;
    bool resolving; /* the offer carries an operator's answer about one step, not the whole plan */
    bool stopping;  /* the rollout halts or is cancelled: nothing is tried again */
};

struct op_answer {
    enum outcome outcome;
    uint64_t fence;
    uint64_t closed_fence; /* as the target says */
    bool at_goal;          /* the state read afterwards is the plan's last */
};

enum op_verdict_kind {
    VERDICT_IGNORE = 0, /* old news, or not proven */
    VERDICT_NOTE,       /* nothing is decided; people may want to know */
    VERDICT_MOVE,       /* to `to` */
    VERDICT_CLOSE,      /* to CLOSING, ends in `to` */
    VERDICT_RETRY,      /* to PENDING: after a pause (`pause`), with a new fence */
};

struct op_verdict {
    enum op_verdict_kind kind;
    enum op_state to;
    bool pause;  /* RETRY: wait first */
    bool try;    /* RETRY: counts as a try */
    bool replan; /* RETRY: counts as a plan that was overtaken */
};

/* RESULT of this operation's current plan. */
struct op_verdict op_judge(const struct op_facts *op, const struct op_answer *answer);

/* A CLOSING operation, and the target says it has closed the fences up to `closed_fence`. */
struct op_verdict op_judge_closed(const struct op_facts *op, enum op_state end, const struct op_answer *answer);

/* How long to wait before try number `tries` + 1. `salt` spreads targets: the same salt, the same pause. */
int64_t op_pause_ms(uint32_t tries, uint64_t salt);
