/*
 * What the files of the agent's core share; nobody else includes it.
 *
 *     agent.c    events and messages to their handlers
 *     link.c     the conversation: HELLO, PING, terms, silence
 *     target.c   which targets there are and what was read of them
 *     report.c   TARGETS, page by page
 *     job.c      what the coordinator asked for a target: one job each, its states
 *     queue.c    which job gets the next worker
 *     cache.c    plans and scripts, fetched once and shared
 *     timer.c    one timer a target
 *     check.c    the invariants of all of them
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define uthash_fatal(text) abort()
#include <uthash.h>

#include "agent/core/agent.h"
#include "skein/base/timers.h"
#include "skein/wire/session.h"

struct cached;
struct target;

enum {
    CACHE_BYTES = 64 * 1024 * 1024,
    FETCH_PARALLEL = 16,       /* blobs fetched at the same time */
    PAGE_BYTES = 256 * 1024,   /* of packed reports in a page; the frame stays far below LIMIT_MESSAGE */
    FIRST_LIST_WAIT_MS = 5000, /* the first list waits so long for readings */
    REREAD_MS = 5 * 60 * 1000, /* a reading that is older is made again at the next discovery */
    PROGRESS_EVERY_MS = 200,   /* of one target */
    HELLO_RESEND_MS = 100,     /* the first time; doubles up to RESEND_MS */
    HELLO_FIRST_WAIT_MS = 4000,
    HELLO_NEW_WAIT_MS = 5000,                   /* at most, while nobody has ever answered */
    HELLO_LAST_WAIT_MS = HELLO_WAIT_MS * 5 / 6, /* with the jitter of agent_backoff(): HELLO_WAIT_MS */
    RESEND_MIN_MS = 10,                         /* a coordinator that says less is not believed */
};

/* ---- job.c: the states of a job; the table and the drawing are there ---- */

enum job_state {
    JOB_UNSET = 0,
    JOB_FETCHING,
    JOB_QUEUED,
    JOB_WORKING,
    JOB_STOPPING,
    JOB_WAITING,
    JOB_ANSWERING,
    JOB_SETTLED,
    JOB_STATE_COUNT
};

/* An offer or, with `action` unset, a request to close a fence. */
struct job {
    enum job_state state;
    enum offer_action action;
    uint64_t fence;
    uint64_t term; /* of the newest message that asked for it */
    struct hash plan_hash;
    struct apply_options options;
    struct str attempt, principal; /* in the same block as the job */
    struct cached *plan;           /* referenced from FETCHING to STOPPING, and in WAITING */
    bool told;                     /* the answer was sent at least once */
    int64_t started_ms;
    int64_t backoff_ms;
    enum outcome outcome;
    uint32_t steps_applied, failed_step;
    int64_t duration_ms;
    struct strbuf err; /* packed; empty: none */
};

const char *job_state_name(enum job_state state);
bool job_has_worker(const struct job *j); /* j may be NULL; so for the others */
bool job_is_over(const struct job *j);
bool job_is_close(const struct job *j);

void job_offered(struct agent *a, const struct msg *m);
void job_close_wanted(struct agent *a, const struct msg *m);
void job_acknowledged(struct agent *a, const struct msg *m);
void job_fetched(struct agent *a, struct target *t);
void job_unfetchable(struct agent *a, struct target *t, const struct err *err);
void job_start(struct agent *a, struct target *t);
void job_done(struct agent *a, const struct event_done *done);
void job_closed(struct agent *a, const struct event_done *done);
void job_progress(struct agent *a, const struct event_progress *progress);
void job_due(struct agent *a, struct target *t);
void job_was_read(struct agent *a, struct target *t);
void job_link_up(struct agent *a, struct target *t);
void job_cancel(struct agent *a, struct target *t);
void job_free(struct agent *a, struct target *t, struct job *j);

/* ---- target.c ---- */

/* Targets on one server share a cap on workers. */
struct server {
    UT_hash_handle hh;
    struct str name;
    size_t targets;
    unsigned running;
    struct target *queue;                 /* jobs that could start at once */
    struct server *ring_prev, *ring_next; /* in the agent's ring while it has a job and is below its cap */
    bool ringed;
    char bytes[];
};

struct target {
    UT_hash_handle hh, by_number;
    struct str name;
    uint64_t number; /* never used again */
    enum engine engine;
    struct server *server;
    struct server *working_on; /* whose worker is taken; usually the same */
    struct strbuf config;      /* packed: engine, labels, modules */
    struct strbuf reading;     /* packed: target_report from `identity` on, without the configuration; empty: none */
    bool readable;
    uint64_t serial;
    int64_t read_ms;
    uint64_t discovery; /* the last that named it */
    bool gone;
    bool reads;       /* AGENT_DO_READ is under way */
    bool read_wanted; /* as soon as its worker is back */
    bool dirty;       /* in the list of what the next pages report */
    bool queued;      /* in its server's queue */
    bool fetches;     /* in its plan's list of who waits */
    struct job *job;
    struct job *next_job; /* follows when the worker is back */
    struct target *dirty_prev, *dirty_next;
    struct target *wait_prev, *wait_next; /* of `queued` or `fetches`: never both */
    int64_t due_ms;                       /* of its timer; INT64_MAX: not set */
    int64_t progress_ms;
    char bytes[];
};

struct target *target_find(struct agent *a, struct str name);
void targets_found(struct agent *a, const struct event_targets *found);
void target_was_read(struct agent *a, const struct event_read *read);
void target_read(struct agent *a, struct target *t);
void target_learn(struct agent *a, struct target *t, const struct event_done *done, const struct plan *plan);
void target_settle(struct agent *a, struct target *t); /* frees it when it is gone and nothing needs it any more */
void targets_free(struct agent *a);
struct target_report report_of(const struct target *t, struct arena *arena);

/* ---- report.c ---- */

struct report_page {
    uint64_t number;
    bool first, last;
    size_t count;
    struct strbuf reports; /* packed */
    int64_t due_ms, backoff_ms;
    bool out; /* waits for its TARGETS_ACK */
};

void report_changed(struct agent *a, struct target *t);
void report_all(struct agent *a);
void report_forget(struct agent *a, struct target *t);
void report_acknowledged(struct agent *a, const struct msg *m);
void report_run(struct agent *a);
int64_t report_due(const struct agent *a);

/* ---- queue.c ---- */

struct server *server_get(struct agent *a, struct str name);
void server_put(struct agent *a, struct server *s);
void queue_add(struct agent *a, struct target *t);
void queue_remove(struct agent *a, struct target *t);
void queue_worker_back(struct agent *a, struct target *t);
void queue_run(struct agent *a);

/* ---- cache.c ---- */

enum cached_state { CACHED_UNSET = 0, CACHED_WANTED, CACHED_FETCHING, CACHED_HERE };

struct cached_key {
    uint64_t kind;
    struct hash hash;
};

/* A plan or a script. A plan that jobs use holds its scripts; what nobody holds is idle and may go. */
struct cached {
    UT_hash_handle hh;
    struct cached_key key;
    enum cached_state state;
    size_t references;          /* of a plan: jobs; of a script: steps of plans in use */
    struct cached *prev, *next; /* in the list of its state: wanted, fetching or idle */
    struct strbuf bytes;        /* so far */
    uint64_t total;             /* 0: not known yet */
    int64_t due_ms, backoff_ms;
    struct arena arena;
    struct plan plan;
    struct script script;
    struct cached **needs;         /* of a plan in use: one a step, NULL for a stamp */
    const struct script **scripts; /* the same, for the worker; NULL until all are here */
    size_t missing;
    struct target *waiters; /* whose job waits for this plan */
    struct {
        struct cached **items;
        size_t count, cap;
    } users; /* of a script that is not here: the plans that wait, once for each step */
};

bool cached_is_ready(const struct cached *plan);
struct cached *cache_use(struct agent *a, const struct hash *hash);
void cache_release(struct agent *a, struct cached *plan);
void cache_wait(struct agent *a, struct target *t);
void cache_wait_no_more(struct agent *a, struct target *t);
void cache_chunk(struct agent *a, const struct msg *m);
void cache_link_up(struct agent *a);
void cache_run(struct agent *a);
int64_t cache_due(const struct agent *a);
void cache_free(struct agent *a);

/* ---- link.c ---- */

struct link {
    struct session session;
    uint64_t term; /* highest seen */
    uint64_t hello_id;
    int64_t hello_due_ms, hello_wait_ms, give_up_ms;
    int64_t patience_ms; /* until the next dialling; grows */
    bool answered;       /* ever */
    int64_t resend_ms;
};

bool link_is_up(const struct agent *a);
void link_start(struct agent *a);
bool link_admit(struct agent *a, const struct msg *m); /* false: not for us, logged */
void link_hello_ack(struct agent *a, const struct msg *m);
void link_ping(struct agent *a, const struct msg *m);
void link_error(struct agent *a, const struct msg *m);
void link_run(struct agent *a);
int64_t link_due(const struct agent *a);

/* ---- timer.c ---- */

void timer_set(struct agent *a, struct target *t, int64_t due_ms);
void timer_clear(struct target *t);
bool timer_is_set(const struct target *t);
int64_t timer_due(struct agent *a);
struct target *timer_take(struct agent *a); /* one whose time has come; NULL: none */
size_t timer_count(const struct agent *a);  /* entries that count; for agent_check() */

/* ---- effect.c ---- */

void agent_emit(struct agent *a, struct agent_effect effect);
void agent_say(struct agent *a, struct msg m); /* dropped while the link is down, save HELLO, PONG and BYE */
void agent_log(struct agent *a, enum log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));
struct arena *agent_arena(struct agent *a);

/* ---- agent.c ---- */

struct agent {
    struct agent_options options;
    int64_t now_ms;
    uint64_t random;
    struct agent_effects *fx; /* of the step at hand */
    int64_t timer_wish_ms;

    struct link link;

    struct target *targets;  /* by name */
    struct target *numbered; /* the same */
    uint64_t last_number;
    uint64_t discovery; /* number of the last */
    bool all_found;     /* one of them was complete */
    uint64_t serial;
    size_t unread; /* targets whose first reading is under way */
    int64_t first_list_ms;

    struct target *dirty;
    struct report_page page;
    bool list_wanted, list_started;
    uint64_t page_discovery; /* the last when the page was begun */

    struct server *servers; /* by name */
    struct server *ring;
    unsigned running;

    struct cached *blobs; /* by kind and hash */
    struct cached *wanted, *fetching, *idle;
    size_t fetching_count, idle_bytes;

    struct timers timers;
    struct arena arena; /* of the timers */

    bool stopping, ended;
    int64_t stop_by_ms;
    const char *broken; /* a move that the table of job states does not allow; for agent_check() */
};

void *must_alloc(size_t size);                               /* zeroed; running out of memory ends the process */
int64_t agent_backoff(struct agent *a, int64_t *backoff_ms); /* when to repeat: now, then twice as long, with jitter */
