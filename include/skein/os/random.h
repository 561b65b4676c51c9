/* Random numbers from the kernel (getrandom(2)). Ends the process when the kernel has none to give. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"

void random_bytes(void *out, size_t size);

/* `bytes` random bytes as twice as many lower-case hex digits, NUL-terminated as well. */
struct str random_hex(struct arena *a, size_t bytes);

/* 0 .. limit-1, every number equally likely; 0 for limit 0. */
uint64_t random_below(uint64_t limit);

/* `value` plus or minus at most `percent` (0..100) of it: for timers that must not beat in step. */
int64_t random_jitter(int64_t value, unsigned percent);
