/*
 * An agent without surroundings, for scenarios of a few lines: events go in by verbs, effects are taken out
 * by kind; after every step agent_check() is asked, and what is said must pass the codec.
 */
#pragma once

#include "agent/core/agent.h"
#include "skein/wire/blob.h"
#include "tests/support/cmocka.h"

enum { FIXTURE_STEPS = 2 };

struct fixture {
    struct agent_options options;
    struct agent *agent;
    struct agent_effects fx; /* what was taken has kind UNSET */
    struct arena arena;
    int64_t now_ms;
    uint64_t term, message_id;
    int64_t timer_ms; /* the newest wish */
    struct plan plan; /* of FIXTURE_STEPS steps of core; the targets start at "core=a1" */
    struct script scripts[FIXTURE_STEPS];
    struct str plan_bytes, script_bytes[FIXTURE_STEPS];
    size_t chunk; /* bytes in a CHUNK */
};

/* The fixture in a test; a row of the table of tests. */
#define F struct fixture *f = *state
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* ---- in ---- */
void step(struct fixture *f, struct agent_event event);
void start(struct fixture *f);
void receive(struct fixture *f, struct msg m); /* version, id and term are filled in where 0 */
void hello_ack(struct fixture *f);
void found(struct fixture *f, const char *names);      /* "a b@server c": SQLite targets */
void found_some(struct fixture *f, const char *names); /* an incomplete discovery */
void answer_reads(struct fixture *f);                  /* every READ so far: core=a1, fence 0 */
void ack_pages(struct fixture *f);                     /* every TARGETS so far */
void offer(struct fixture *f, const char *target, uint64_t fence);
void offer_of(struct fixture *f, const char *target, uint64_t fence, const char *attempt);
void close_fence(struct fixture *f, const char *target, uint64_t fence);
void result_ack(struct fixture *f, const char *target, uint64_t fence);
void serve_fetches(struct fixture *f); /* every FETCH, until there are none */
void serve_one(struct fixture *f, const struct msg_fetch *fetch);
void done(struct fixture *f, const char *target, uint64_t fence, enum outcome outcome);
void closed(struct fixture *f, const char *target, uint64_t fence);
void tick_after(struct fixture *f, int64_t ms); /* time passes; ticks whenever the agent wished so */

/* From nothing to targets that are read and reported. Forgets the effects up to here. */
void up(struct fixture *f, const char *names);
/* An offer up to its APPLY. */
void at_work(struct fixture *f, const char *target, uint64_t fence);

/* ---- out ---- */
struct agent_effect *find_effect(struct fixture *f, enum agent_effect_kind kind); /* NULL: none */
struct agent_effect take(struct fixture *f, enum agent_effect_kind kind); /* fails the test when there is none */
struct msg said(struct fixture *f, enum msg_kind kind);                   /* the same for a SEND */
size_t count_said(struct fixture *f, enum msg_kind kind);                 /* and takes them */
size_t count_effects(struct fixture *f, enum agent_effect_kind kind);     /* and takes them */
void forget(struct fixture *f);                                           /* all effects so far */
