/*
 * Everything that an agent can want. A target has at most one of APPLY, CLOSE and READ under way; the
 * runtime answers each exactly once. What an effect points to lives until agent_effects_clear(), except plans
 * and scripts: these live as long as the job (until its AGENT_ON_DONE was stepped).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/level.h"
#include "skein/plan/plan.h"
#include "skein/plan/script.h"
#include "skein/wire/msg.h"

enum agent_effect_kind {
    AGENT_DO_UNSET = 0,
    AGENT_DO_SEND,
    AGENT_DO_READ,   /* read identity, state and ledger of a target */
    AGENT_DO_APPLY,  /* migrate_apply() or migrate_resolve() on a worker */
    AGENT_DO_CANCEL, /* the job of this target shall stop where it safely can; it still answers */
    AGENT_DO_CLOSE,  /* migrate_close() on a worker */
    AGENT_DO_LOG,
    AGENT_DO_RECONNECT, /* close the socket and dial again: the coordinator is silent or has refused */
    AGENT_DO_TIMER,     /* AGENT_ON_TICK wanted at this monotonic time; the newest wish counts */
    AGENT_DO_EXIT,      /* nothing is under way any more after AGENT_ON_STOP, or the coordinator can never be served */
};

struct effect_apply {
    struct str target;
    struct str attempt;
    struct str principal;
    uint64_t fence;
    enum offer_action action;
    struct apply_options options;
    const struct plan *plan;
    const struct script *const *scripts; /* one a step; NULL for a stamp */
};

struct effect_target {
    struct str target;
    uint64_t fence; /* CLOSE; else 0 */
};

struct effect_log {
    enum log_level level;
    struct str text;
};

struct effect_exit {
    bool failed;
    struct str reason;
};

struct agent_effect {
    enum agent_effect_kind kind;
    union {
        struct msg send;
        struct effect_apply apply;
        struct effect_target target; /* READ, CANCEL, CLOSE */
        struct effect_log log;
        struct effect_exit exit;
        int64_t timer_ms;
    };
};

struct agent_effects {
    struct arena arena;
    VEC(struct agent_effect) list;
};

void agent_effects_clear(struct agent_effects *fx);
