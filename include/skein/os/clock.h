/* The two clocks. Only the I/O layer reads them; pure code gets `now` as a value. */
#pragma once

#include <stdint.h>

int64_t clock_wall_ms(void); /* since 1970-01-01T00:00:00Z; may jump */
int64_t clock_mono_ms(void); /* since an arbitrary point; never goes back, counts suspended time too */

/* Sleeps at least `ms`, through interruptions by signals. */
void clock_sleep_ms(int64_t ms);
