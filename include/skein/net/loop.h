/*
 * Waits for sockets, file descriptors and deadlines: the one place where a daemon sleeps. The owner asks
 * what is ready and serves it; there are no callbacks.
 *
 *     unsigned agents = loop_add_server(&loop, server);
 *     while (loop_wait(&loop, deadline - now, &ready, &err))
 *         if (ready & agents) ...
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skein/base/err.h"
#include "skein/net/zlink.h"

enum { LOOP_SOURCES_MAX = 16 };

struct loop_source {
    const struct zserver *server; /* one of the three */
    const struct zclient *client;
    int fd; /* -1 if none */
};

struct loop {
    struct loop_source sources[LOOP_SOURCES_MAX];
    size_t count;
};

void loop_init(struct loop *l);

/* Each returns the source's bit. A client may be reset meanwhile. More than LOOP_SOURCES_MAX is a bug. */
unsigned loop_add_server(struct loop *l, const struct zserver *server);
unsigned loop_add_client(struct loop *l, const struct zclient *client);
unsigned loop_add_fd(struct loop *l, int fd); /* readable */

/*
 * Waits until a source is ready or `timeout_ms` have passed (0: only looks; negative: for ever). A signal
 * ends the wait with nothing ready. False only for a broken descriptor.
 */
bool loop_wait(struct loop *l, int64_t timeout_ms, unsigned *ret_ready, struct err *err);
