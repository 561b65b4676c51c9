/*
 * What is due next: a heap of (time, number). A number may stand in it several times; whoever takes it out
 * looks whether there is really something to do, so nothing ever has to be removed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/vec.h"

struct timer {
    int64_t due_ms;
    uint64_t number;
};

struct timers {
    VEC(struct timer) heap;
};

/* INT64_MAX is never: nothing is added. */
void timers_add(struct arena *a, struct timers *t, int64_t due_ms, uint64_t number);

/* The earliest, or NULL. Borrowed until the next call. */
const struct timer *timers_first(const struct timers *t);

/* Takes out the earliest that is due; false when none is. */
bool timers_take(struct timers *t, int64_t now_ms, uint64_t *ret_number);

/* INT64_MAX when there is none. */
int64_t timers_next_ms(const struct timers *t);
