/*
 * Signals as events of the main loop. signals_open() blocks SIGTERM, SIGINT and SIGHUP in the calling
 * thread, so call it before any other thread is made: they inherit the block. SIGPIPE is ignored.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/err.h"

enum signal_event { SIGNAL_NONE = 0, SIGNAL_STOP, SIGNAL_RELOAD };

struct signals {
    int fd; /* readable when a signal waits; -1 when closed */
};

bool signals_open(struct signals *s, struct err *err);
void signals_close(struct signals *s); /* the signals stay blocked */

/* The next waiting signal, or NONE. Never blocks. */
enum signal_event signals_next(struct signals *s);
