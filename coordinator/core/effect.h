/*
 * Everything that a coordinator can want. The runtime performs the list in order; it may join the effects
 * of a burst of events, but nothing is sent before every COORD_DO_PERSIST that stands before it is durable
 * (one commit for all of them). A store that refuses ends the process: nothing was promised yet.
 *
 * What an effect points to lives until the list is cleared with coord_effects_clear(), or the next step.
 */
#pragma once

#include <stdint.h>

#include "coordinator/core/record.h"
#include "skein/base/arena.h"
#include "skein/base/level.h"
#include "skein/wire/msg.h"

enum coord_effect_kind {
    COORD_DO_UNSET = 0,
    COORD_DO_PERSIST,
    COORD_DO_SEND,
    COORD_DO_KEYS,  /* the accepted keys have changed: read them with coord_each_principal() */
    COORD_DO_LOG,   /* one line for the journal */
    COORD_DO_TIMER, /* COORD_ON_TICK wanted at this monotonic time; the newest wish counts; INT64_MAX: none */
};

struct effect_send {
    uint32_t link;
    struct msg msg;
};

struct effect_log {
    enum log_level level;
    struct str text;
};

struct coord_effect {
    enum coord_effect_kind kind;
    union {
        struct record persist;
        struct effect_send send;
        struct effect_log log;
        int64_t timer_ms;
    };
};

struct coord_effects {
    struct arena arena;
    VEC(struct coord_effect) list;
};

/* Frees what the effects pointed to. Zero-initialise before the first use. */
void coord_effects_clear(struct coord_effects *fx);
