/* Everything that can happen to an agent. Time is `now_ms`, monotonic. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/plan/dbstate.h"
#include "skein/plan/outcome.h"
#include "skein/wire/msg.h"

enum agent_event_kind {
    AGENT_ON_UNSET = 0,
    AGENT_ON_START,
    AGENT_ON_MESSAGE,  /* decoded, from the coordinator (its key is pinned) */
    AGENT_ON_TARGETS,  /* discovery: the whole list of what is configured here */
    AGENT_ON_READ,     /* answer to AGENT_DO_READ */
    AGENT_ON_DONE,     /* answer to AGENT_DO_APPLY */
    AGENT_ON_CLOSED,   /* answer to AGENT_DO_CLOSE */
    AGENT_ON_PROGRESS, /* from the worker, meanwhile */
    AGENT_ON_TICK,
    AGENT_ON_STOP, /* SIGTERM: finish or roll back what is at work, say so, end */
};

/* A target as discovery found it. `server` groups targets for the cap on workers ("pg:db1:5432", "sqlite"). */
struct target_found {
    struct str name;
    enum engine engine;
    struct str server;
    struct labels labels;
    struct names modules;
};

struct event_targets {
    const struct target_found *list;
    size_t count;
    bool incomplete; /* a server could not be asked: what is not in the list may still be there */
};

struct event_read {
    struct str target;
    bool readable;
    struct str problem;
    struct str identity;
    struct dbstate state;
    struct ledger_state ledger;
};

/* How the worker's job ended; the fields are those of struct migrate_report. */
struct event_done {
    struct str target;
    uint64_t fence;
    enum outcome outcome;
    uint32_t steps_applied;
    uint32_t failed_step; /* from 1; 0: none */
    struct err err;
    bool state_known;
    struct str identity;
    struct dbstate state;
    struct ledger_state ledger;
};

struct event_progress {
    struct str target;
    uint64_t fence;
    uint32_t step, steps;
    struct str sentence;
};

struct agent_event {
    enum agent_event_kind kind;
    int64_t now_ms;
    union {
        const struct msg *msg;
        struct event_targets targets;
        struct event_read read;
        struct event_done done; /* AGENT_ON_DONE and AGENT_ON_CLOSED */
        struct event_progress progress;
    };
};
