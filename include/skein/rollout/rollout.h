/*
 * A rollout as a whole: how many of its targets stand where, whether more may begin, and when it is over.
 * The strategy of this version is one wave; others will answer rollout_quota() from more than the tally.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/rollout/status.h"

struct strategy {
    uint32_t parallel;     /* targets at work at the same time; 0: no limit */
    uint32_t max_failures; /* halts when more than this have failed */
};

struct tally {
    uint64_t total;
    uint64_t counts[OP_STATE_COUNT];
};

/* One operation moves; OP_UNSET as `from` adds one. */
void tally_move(struct tally *t, enum op_state from, enum op_state to);

uint64_t tally_failed(const struct tally *t);
uint64_t tally_open(const struct tally *t); /* not final */

/* How many more targets may begin now. */
uint64_t rollout_quota(enum rollout_status status, const struct strategy *s, const struct tally *t);

/* Where the rollout stands after its tally has changed: the same status, or the next one. */
enum rollout_status rollout_judge(enum rollout_status status, const struct strategy *s, const struct tally *t);

/* True while nothing new begins and nothing is tried again. */
bool rollout_is_stopping(enum rollout_status status);

/* The sentence of a move between two statuses; NULL where there is none. */
const char *rollout_move_sentence(enum rollout_status from, enum rollout_status to);
