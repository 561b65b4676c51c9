/*
 * The simulator: the real coordinator and real agents, in one process on virtual time, with everything
 * around them made up: network, store, processes that die, databases. One seed is one run; the same seed
 * gives the same run. Every message goes through the real codec.
 *
 * What is checked, and where (P as in the protocol's list of invariants):
 *
 *     database.c   every commit: P1 once and in order, P2 heads = fold of the ledger, P5 fences, P6 nothing
 *                  after FAILED or CANCELLED, P13 the lock is held from probe to DONE
 *     hub.c        every stored row: P3 APPLIED is in the ledger; every send: P4 fences grow and are durable
 *     node.c       every RESULT: P3 nothing is reported before it is committed; the agent's own check
 *     world.c      the end: P8 every rollout is over, and what the report says is true
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/plan/admit.h"
#include "skein/plan/dbstate.h"
#include "skein/plan/outcome.h"
#include "skein/plan/plan.h"
#include "skein/rollout/status.h"
#include "skein/wire/msg.h"

struct world;

enum { REVISIONS = 4, AGENTS_MAX = 3, DATABASES_MAX = 6, ROLLOUTS_MAX = 3 };

/* Protocol bugs, made at the seams of the simulator: the product has no switches for them. */
enum mutant {
    MUTANT_NONE = 0,
    MUTANT_SKIP_LEDGER,       /* the target does not look whether the attempt is in its ledger */
    MUTANT_NO_FENCE,          /* the target does not compare fences */
    MUTANT_NO_LOCK,           /* neither lock nor compare-and-set in the target */
    MUTANT_UNKNOWN_IS_FAILED, /* a COMMIT without an answer is reported as failed */
    MUTANT_SPLIT_LEDGER,      /* ledger and version rows in a second transaction */
    MUTANT_OLD_FAILED,        /* FAILED of an old fence and connection counts as one of the current */
    MUTANT_EARLY_CANCEL,      /* CLOSED without asking the target */
    MUTANT_FAILED_OPEN,       /* FAILED without closing the fence */
    MUTANT_HALF_CLOSE,        /* closing writes the fence, but does not close it */
    MUTANT_BLIND_RERUN,       /* an interrupted step without a transaction runs again without a probe */
    MUTANT_UNLOCKED_STEP,     /* a step without a transaction runs without the lock */
    MUTANT_EARLY_RESULT,      /* RESULT before the COMMIT is answered */
    MUTANT_SEND_FIRST,        /* sends before the store has committed */
    MUTANT_RESULT_ONCE,       /* results are not repeated */
    MUTANT_OFFER_ONCE,        /* offers are not repeated */
    MUTANT_FENCE_REUSED,      /* the highest fence is not stored */
    MUTANT_NO_REGRESSION,     /* a restored target is not noticed */
    MUTANT_FORGED_TERM,       /* terms are not compared, and every life begins the same one */
    MUTANT_COUNT
};

const char *mutant_name(enum mutant m);

struct row {
    char attempt[LIMIT_ATTEMPT + 1];
    unsigned revision;
    bool up;
    enum ledger_status status;
    uint64_t fence;
};

struct database {
    char name[16];
    unsigned head;          /* revisions that the version table says are applied */
    int effects[REVISIONS]; /* how often each is in effect: 0 or 1 */
    struct {
        VEC(struct row) list;
    } ledger;
    uint64_t fence, closed_fence;
    uint64_t claimed_closed; /* what a mutant says is closed */
    uint64_t life;           /* another one after it was restored: rows no longer grow from the old ones */
    uint32_t lock;           /* session + 1 */
    unsigned broken;         /* revision that cannot be applied here; REVISIONS: none */
    bool restored;
    uint64_t known_seq; /* when it was restored, the coordinator knew this many rows */
    struct database *backup;
};

struct step {
    unsigned revision;
    bool up, transactional;
};

enum phase {
    PHASE_LOCK,
    PHASE_DECIDE,
    PHASE_RUN,
    PHASE_COMMIT,
    PHASE_LEDGER,
    PHASE_STARTED,
    PHASE_ALONE,
    PHASE_FINISH_ALONE,
    PHASE_CLOSE,
    PHASE_OVER
};

/* One connection to a database: a migration or a close, with the process that asked for it or without. */
struct session {
    uint32_t database;
    uint32_t agent;
    uint64_t life; /* of the agent's process; when it is over the session is a zombie */
    bool zombie, closing, cancelled, lost_once, started;
    enum offer_action action;
    char attempt[LIMIT_ATTEMPT + 1];
    uint64_t fence;
    struct step steps[REVISIONS];
    unsigned count, at, staged; /* steps; the first not committed; run in the open transaction */
    enum phase phase;
    unsigned polls;
    enum outcome outcome;
    unsigned failed_step;
};

struct knobs {
    unsigned drop, duplicate, late;               /* of 1000 messages */
    unsigned crash_hub, crash_agent;              /* of 10000 effects */
    unsigned lost_commit, transient, flaky, lost; /* of 1000 database operations */
    bool restore_store, restore_target, clock_jumps, stops, alone, no_probe;
    unsigned cancel, broken, second_rollout; /* of 100 */
};

struct event {
    int64_t at;
    uint64_t order;
    void (*run)(struct world *w, const struct event *e);
    uint64_t a, b;
    struct str bytes;
};

struct rollout_plan {
    unsigned char id[16];
    char hex[33];
    int64_t start_at, cancel_at; /* INT64_MAX: never */
    bool up;
    unsigned to;
    uint32_t parallel, max_failures;
    bool refused; /* no target can get there from where it is */
};

struct hub;  /* the coordinator's process and its store */
struct node; /* an agent's process */

struct world {
    struct arena arena;
    uint64_t seed, random;
    enum mutant mutant;
    bool trace;
    struct knobs knobs;
    int64_t now, calm_at; /* from calm_at on nothing new goes wrong */
    int64_t wall_skew;
    uint64_t order;
    struct {
        VEC(struct event) heap;
    } events;
    uint64_t event_count;
    struct database databases[DATABASES_MAX];
    unsigned database_count, agent_count;
    unsigned agent_of[DATABASES_MAX];
    bool greedy[AGENTS_MAX];                     /* claims every database */
    uint64_t status_counts[TARGET_STATUS_COUNT]; /* of the last reply to STATUS */
    struct {
        VEC(struct session) list;
    } sessions;
    struct rollout_plan rollouts[ROLLOUTS_MAX];
    unsigned rollout_count;
    bool alone[REVISIONS]; /* steps without a transaction */
    struct hub *hub;
    struct node *nodes[AGENTS_MAX];
    bool violated;
    char violation[512];
};

/* world.c */
uint64_t chance(struct world *w);
bool happens(struct world *w, unsigned of, unsigned total); /* never after calm_at */
int64_t between(struct world *w, int64_t low, int64_t high);
void later(struct world *w, int64_t delay, struct event e);
void violate(struct world *w, const char *invariant, const char *format, ...) __attribute__((format(printf, 3, 4)));
void trace(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void carry(struct world *w, void (*deliver)(struct world *, const struct event *), uint64_t a, uint64_t b,
           struct str bytes);
unsigned rollout_of_attempt(const struct world *w, const char *attempt); /* rollout_count: none */

struct world *world_new(uint64_t seed, enum mutant mutant, bool trace);
struct world *world_quiet(unsigned agents, unsigned databases); /* nothing goes wrong by itself */
void world_free(struct world *w);
bool world_run(struct world *w); /* to the end; false: w->violation says why */
void world_run_for(struct world *w, int64_t ms);
unsigned world_plan(struct world *w, int64_t at, unsigned to, bool up); /* a rollout; its number */

/* project.c: the chain of revisions r0 .. r3 as a real project */
struct project_files;
const char *revision_id(unsigned revision);
void project_fill(struct world *w, struct project_files *ret_files);

/* database.c */
void database_read(const struct world *w, uint32_t database, struct arena *a, struct dbstate *ret_state,
                   struct ledger_state *ret_ledger);
uint32_t session_begin(struct world *w, const struct session *s);
void sessions_orphan(struct world *w, uint32_t agent, uint64_t life); /* the process is gone, the sessions are not */
bool database_has_done(const struct database *d, const char *attempt);
void database_resolve(struct world *w, uint32_t database);
void database_backup(struct world *w, uint32_t database);
void database_restore(struct world *w, uint32_t database);
void database_check(struct world *w, uint32_t database);

/* hub.c: the coordinator */
void hub_new(struct world *w);
void hub_free(struct world *w);
void hub_start(struct world *w, const struct event *e);
void hub_crash(struct world *w);
void hub_deliver(struct world *w, const struct event *e); /* a: link, b: agent; or OPERATOR */
void hub_say(struct world *w, const struct msg *m);       /* from the operator */
void hub_copy_store(struct world *w);
void hub_restore_store(struct world *w);
enum rollout_status hub_rollout(const struct world *w, unsigned rollout); /* as stored; UNSET: unknown */
enum op_state hub_op(const struct world *w, unsigned rollout, unsigned database);
bool hub_is_dead(const struct world *w, unsigned rollout, unsigned database); /* FAILED or CANCELLED is stored */
bool hub_was_restored(const struct world *w);                                 /* its store knows less than it did */
enum target_status hub_condition(const struct world *w, unsigned database);
uint64_t hub_known_seq(const struct world *w, unsigned database);
enum { OPERATOR = 99 };

/* node.c: an agent */
void node_new(struct world *w, unsigned agent);
void node_free(struct world *w, unsigned agent);
void node_start(struct world *w, const struct event *e); /* a: agent */
void node_crash(struct world *w, unsigned agent);
void node_stop(struct world *w, unsigned agent);
void node_deliver(struct world *w, const struct event *e); /* a: agent */
void node_session_over(struct world *w, const struct session *s);
uint64_t node_link(const struct world *w, unsigned agent);
unsigned node_of_link(const struct world *w, uint64_t link);
