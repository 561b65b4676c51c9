/*
 * What an agent knows, shared by the files of agent/core. Targets, servers and blobs are numbered; the
 * numbers never change in one life.
 *
 * One target, one thing at a time:
 *
 *     idle ──READ──▶ work ──▶ idle            (discovery, at the start)
 *     idle ──CLOSE─▶ work ──▶ idle, CLOSED is repeated until acknowledged
 *     offer ▶ JOB_FETCHING ──blobs are here──▶ JOB_QUEUED ──worker free──▶ JOB_RUNNING ──▶ RESULT, repeated
 *                                                  ▲                           │
 *                                                  └──── pause ── JOB_UNKNOWN ◀┘ the ledger has to tell
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/core/agent.h"
#include "skein/base/index.h"
#include "skein/base/timers.h"
#include "skein/wire/session.h"

enum job_state { JOB_NONE = 0, JOB_FETCHING, JOB_QUEUED, JOB_RUNNING, JOB_UNKNOWN };

enum work { WORK_NONE = 0, WORK_READ, WORK_APPLY, WORK_CLOSE };

struct job {
    enum job_state state;
    struct arena arena; /* of the offer's copy and the list of scripts */
    struct msg_offer offer;
    uint32_t plan; /* blob */
    const struct script **scripts;
    uint32_t *script_blobs;
    size_t missing; /* blobs that are not here yet */
    bool cancelled; /* the worker was told to stop */
    uint32_t tries; /* of an unknown outcome */
    int64_t started_ms;
};

struct target {
    struct str name;
    uint32_t server;
    bool gone;
    struct target_report report; /* as last read; strings in `reading` */
    struct arena reading;
    bool was_read, want_read, dirty;
    enum work work;
    bool queued;   /* stands in its server's queue */
    uint32_t next; /* in that queue */
    struct job job;
    struct arena waiting_arena;
    struct msg_offer waiting; /* a newer offer that came while the job was running; fence 0: none */
    uint64_t close_fence;     /* to be closed in the target; 0: nothing */
    struct repeat result_repeat, closed_repeat;
    struct msg_result result; /* unacknowledged while result_repeat runs */
    struct arena result_arena;
    uint64_t closed_fence; /* unacknowledged CLOSED while closed_repeat runs */
    int64_t pause_until_ms;
};

struct server {
    struct str name;
    unsigned running;
    uint32_t first, last; /* queue of targets with something to do */
};

struct blob {
    struct hash hash;
    enum blob_kind kind;
    struct arena arena;
    bool here, wanted, fetching;
    struct strbuf bytes;
    struct repeat repeat;
    unsigned users; /* jobs that need it */
    struct plan *plan;
    struct script *script;
};

struct agent {
    struct agent_options options;
    struct arena arena;
    struct session session;
    uint64_t term;
    int64_t hello_ms; /* when the last HELLO went out */
    struct repeat hello_repeat;
    uint32_t resend_ms;
    struct {
        VEC(struct target) list;
    } targets;
    struct {
        VEC(struct server) list;
    } servers;
    struct index targets_by_name, servers_by_name;
    struct {
        VEC(struct blob) list;
    } blobs;
    struct index blobs_by_hash;
    struct {
        VEC(uint32_t) list;
    } wanted; /* blobs to be fetched, from wanted_head on */
    size_t wanted_head;
    size_t fetching;  /* blobs on their way */
    size_t cached;    /* bytes */
    unsigned running; /* workers at work */
    bool stopping, exited;

    /* reports: one page is under way at most */
    uint64_t serial, page;
    bool listing;     /* the full list is under way */
    size_t list_from; /* its next target */
    size_t page_end;  /* of the page under way */
    bool page_first;
    struct repeat page_repeat; /* runs while a page is unacknowledged */
    struct {
        VEC(uint32_t) list;
    } dirty, page_targets;

    struct timers timers;
};

/* The surroundings of one step. */
struct turn {
    struct agent *a;
    struct agent_effects *fx;
    int64_t now_ms;
};

enum timer_kind { TIMER_SESSION = 0, TIMER_PAGE, TIMER_TARGET, TIMER_BLOB };

/* out.c */
void out_send(struct turn *t, struct msg *m);
void out_log(struct turn *t, enum log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));
void out_target(struct turn *t, enum agent_effect_kind kind, const struct target *target, uint64_t fence);
void out_apply(struct turn *t, const struct target *target);
void out_exit(struct turn *t, bool failed, const char *reason);
void timer_set(struct turn *t, enum timer_kind kind, size_t number, int64_t due_ms);

/* report.c: which targets there are, and telling the coordinator */
uint32_t target_find(const struct agent *a, struct str name);
void report_found(struct turn *t, const struct event_targets *found);
void report_read(struct turn *t, const struct event_read *read);
void report_reading(struct turn *t, uint32_t number, const struct event_done *done); /* a job's reading */
void report_list(struct turn *t);                                                    /* from the beginning */
void report_acked(struct turn *t, const struct msg_targets_ack *ack);
void report_again(struct turn *t);
void report_fill(const struct target *target, struct target_report *ret_report);

/* job.c: offers, closes, workers, results */
void job_offer(struct turn *t, const struct msg_offer *offer);
void job_close(struct turn *t, const struct msg_close *close);
void job_acked(struct turn *t, const struct msg_result_ack *ack);
void job_done(struct turn *t, const struct event_done *done);
void job_closed(struct turn *t, const struct event_done *done);
void job_progress(struct turn *t, const struct event_progress *progress);
void job_blob_here(struct turn *t, uint32_t blob);
void job_blob_lost(struct turn *t, uint32_t blob, const struct err *err);
void job_tick(struct turn *t, uint32_t number);
void job_stop(struct turn *t);
void job_wake(struct turn *t, uint32_t number); /* the target may have something to do */
void job_pump(struct turn *t);

/* blob.c: plans and scripts by hash, fetched once */
uint32_t blob_need(struct turn *t, enum blob_kind kind, const struct hash *hash);
void blob_drop(struct turn *t, uint32_t number); /* one job less needs it */
void blob_chunk(struct turn *t, const struct msg_chunk *chunk);
void blob_tick(struct turn *t, uint32_t number);
void blob_pump(struct turn *t);
