/* SHA-1 (FIPS 180-4), for nothing but Sqitch's names of changes: where a hash protects, use skein/base/hash.h. */
#pragma once

#include "skein/base/arena.h"
#include "skein/base/str.h"

/* 40 hex digits. */
struct str sha1_hex(struct arena *a, struct str bytes);
