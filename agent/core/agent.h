/*
 * The agent, decided: events in, effects out. It keeps nothing on disk: after a restart the targets
 * themselves say what was done.
 */
#pragma once

#include "agent/core/effect.h"
#include "agent/core/event.h"

struct agent;

struct agent_options {
    struct str software;         /* for HELLO */
    uint64_t boot;               /* random */
    unsigned workers;            /* jobs at the same time */
    unsigned workers_per_server; /* 0: no cap of its own */
};

struct agent *agent_new(const struct agent_options *options);
void agent_free(struct agent *a);

/* One event. Appends to *fx. */
void agent_step(struct agent *a, const struct agent_event *event, struct agent_effects *fx);
