/*
 * Watches our own doors: now and then knocks with a throw-away key, which must be refused. A door that lets
 * it in has no key handler any more: libzmq then admits everybody, and the only safe
 * answer is to close the doors and end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "coordinator/io/link.h"

enum { GUARD_EVERY_MS = 20 * 1000, GUARD_WAIT_MS = 5 * 1000 };

enum guard_finding { GUARD_UNSET = 0, GUARD_FINE, GUARD_OPEN, GUARD_NO_ANSWER };

struct guard {
    struct znet *net;
    struct zap *zap;
    const struct links *links;
    const struct public_key *server;
    struct zprobe *probe; /* NULL between two */
    enum zap_door door;
    int64_t next_ms; /* of the next knock, or the end of our patience with this one */
};

void guard_init(struct guard *g, struct znet *net, struct zap *zap, const struct links *links,
                const struct public_key *server);
void guard_release(struct guard *g);

/* Knocks at every door and waits for the answers. */
bool guard_check_all(struct guard *g, struct err *err);

/* What there is to say now. Never waits; guard_due_ms() tells when to ask again. */
enum guard_finding guard_tick(struct guard *g, int64_t now_ms);
int64_t guard_due_ms(const struct guard *g, int64_t now_ms);
