/* Being stopped by SIGINT, SIGTERM or SIGHUP in work that has something to clean up: scratch databases. */
#pragma once

#include <stdbool.h>

/* From here on the signals only ask; the work looks with stopping_asked() (its argument is not used) and ends. */
void stopping_begin(void);
bool stopping_asked(void *user);

/* The signals do again what they do. */
void stopping_end(void);
