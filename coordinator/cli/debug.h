/* The report of `skein debug` as text. */
#pragma once

#include <jansson.h>

/* Sections: objects become lines, arrays of objects tables. */
void debug_print(json_t *report);
