/* Points in time as milliseconds since 1970-01-01T00:00:00Z. Who needs "now" gets it as a value. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/str.h"

enum { TIMESTAMP_TEXT_SIZE = 32 };

struct timestamp_text {
    char text[TIMESTAMP_TEXT_SIZE];
};

struct timestamp_text timestamp_format(int64_t ms);  /* "2026-11-22T10:00:00Z"; with ".123" when not whole */
bool timestamp_parse(struct str s, int64_t *ret_ms); /* RFC 3339, UTC or with an offset */

/* "300ms", "5s", "10m", "2h", or a plain number of milliseconds; at most 24 days. */
bool duration_parse(struct str s, int64_t *ret_ms);
