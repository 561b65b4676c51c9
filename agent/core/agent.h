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
    int64_t stop_grace_ms;       /* after AGENT_ON_STOP: so long may work go on before it is asked to roll back */
    size_t cache_bytes;          /* plans and scripts that no job uses are kept up to this; 0: 64 MiB */
};

struct agent *agent_new(const struct agent_options *options);
void agent_free(struct agent *a);

/* One event. Appends to *fx. */
void agent_step(struct agent *a, const struct agent_event *event, struct agent_effects *fx);

/*
 * Whether everything that has to agree does: states, counts, queues, references, timers. For simulations and
 * tests, after any step; costs a walk over all targets.
 */
bool agent_check(const struct agent *a, struct err *err);
