#include "agent/core/agent.h"

#include <stdio.h>
#include <string.h>

#include "agent/core/inside.h"

void *must_alloc(size_t size)
{
    void *p = calloc(1, size);
    if (p == NULL) {
        fputs("skein: out of memory\n", stderr);
        abort();
    }
    return p;
}

/* splitmix64: spreads repetitions in time; nothing depends on it being unpredictable. */
static uint64_t random_next(struct agent *a)
{
    uint64_t z = (a->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int64_t agent_backoff(struct agent *a, int64_t *backoff_ms)
{
    int64_t wait = *backoff_ms * (80 + (int64_t)(random_next(a) % 41)) / 100;
    *backoff_ms = *backoff_ms * 2 < RESEND_MAX_MS ? *backoff_ms * 2 : RESEND_MAX_MS;
    return a->now_ms + wait;
}

struct agent *agent_new(const struct agent_options *options)
{
    struct agent *a = must_alloc(sizeof(*a));
    char *software = must_alloc(options->software.len + 1);
    if (options->software.len > 0)
        memcpy(software, options->software.p, options->software.len);
    a->options = *options;
    a->options.software.p = software;
    a->random = options->boot;
    a->timer_wish_ms = INT64_MAX;
    return a;
}

void agent_free(struct agent *a)
{
    if (a == NULL)
        return;
    targets_free(a);
    cache_free(a);
    strbuf_release(&a->page.reports);
    arena_release(&a->arena);
    union {
        const char *borrowed;
        char *owned;
    } software = {a->options.software.p};
    free(software.owned);
    free(a);
}

/* ---- messages ---- */

static void nothing_to_do(struct agent *a, const struct msg *m)
{
    (void)a;
    (void)m;
}

/* A row for every kind that a coordinator sends to agents; what has none is dropped. */
static void (*const handlers[MSG_COUNT])(struct agent *, const struct msg *) = {
    [MSG_HELLO_ACK] = link_hello_ack, [MSG_TARGETS_ACK] = report_acknowledged,
    [MSG_OFFER] = job_offered,        [MSG_RESULT_ACK] = job_acknowledged,
    [MSG_CLOSE] = job_close_wanted,   [MSG_CHUNK] = cache_chunk,
    [MSG_PING] = link_ping,           [MSG_ERROR] = link_error,
    [MSG_PONG] = nothing_to_do, /* that it came is all it says */
};

static void message(struct agent *a, const struct msg *m)
{
    if (!link_admit(a, m))
        return;
    if (handlers[m->kind] != NULL)
        handlers[m->kind](a, m);
    else
        agent_log(a, LOG_WARNING, "a message that is not for agents is dropped: %s", msg_kind_name(m->kind));
}

/* ---- stopping ---- */

static void cancel_all(struct agent *a)
{
    for (struct target *t = a->targets, *next; t != NULL; t = next) {
        next = t->hh.next;
        if (t->job != NULL && t->job->state == JOB_WORKING && !job_is_close(t->job))
            job_cancel(a, t);
    }
    a->stop_by_ms = INT64_MAX;
}

static void stop(struct agent *a)
{
    a->stop_by_ms = a->stopping ? a->now_ms : a->now_ms + a->options.stop_grace_ms;
    a->stopping = true;
}

static void stop_run(struct agent *a)
{
    if (!a->stopping)
        return;
    if (a->now_ms >= a->stop_by_ms)
        cancel_all(a);
    if (a->running > 0)
        return;
    a->ended = true;
    agent_say(a, (struct msg){.kind = MSG_BYE, .bye = {.boot = a->options.boot}});
    agent_emit(a, (struct agent_effect){.kind = AGENT_DO_EXIT, .exit = {.reason = STR("was asked to stop")}});
}

/* ---- steps ---- */

static void dispatch(struct agent *a, const struct agent_event *event)
{
    switch (event->kind) {
    case AGENT_ON_START:
        link_start(a);
        break;
    case AGENT_ON_MESSAGE:
        message(a, event->msg);
        break;
    case AGENT_ON_TARGETS:
        targets_found(a, &event->targets);
        break;
    case AGENT_ON_READ:
        target_was_read(a, &event->read);
        break;
    case AGENT_ON_DONE:
        job_done(a, &event->done);
        break;
    case AGENT_ON_CLOSED:
        job_closed(a, &event->done);
        break;
    case AGENT_ON_PROGRESS:
        job_progress(a, &event->progress);
        break;
    case AGENT_ON_STOP:
        stop(a);
        break;
    case AGENT_ON_TICK:
        a->timer_wish_ms = INT64_MAX; /* used up */
        break;
    case AGENT_ON_UNSET:
        break;
    }
}

/* What the time has come for, and what the event has made possible. */
static void run(struct agent *a)
{
    link_run(a);
    for (struct target *t = timer_take(a); t != NULL; t = timer_take(a))
        job_due(a, t);
    queue_run(a);
    cache_run(a);
    report_run(a);
    stop_run(a);
}

static void wish_timer(struct agent *a)
{
    const int64_t dues[] = {link_due(a), timer_due(a), cache_due(a), report_due(a),
                            a->stopping ? a->stop_by_ms : INT64_MAX};
    int64_t wish = INT64_MAX;
    for (size_t i = 0; i < sizeof(dues) / sizeof(dues[0]); i++)
        if (dues[i] < wish)
            wish = dues[i];
    if (wish == a->timer_wish_ms && wish > a->now_ms)
        return;
    a->timer_wish_ms = wish;
    agent_emit(a, (struct agent_effect){.kind = AGENT_DO_TIMER, .timer_ms = wish});
}

void agent_step(struct agent *a, const struct agent_event *event, struct agent_effects *fx)
{
    if (a->ended)
        return;
    a->fx = fx;
    a->now_ms = event->now_ms;
    dispatch(a, event);
    if (!a->ended)
        run(a);
    if (!a->ended)
        wish_timer(a);
    a->fx = NULL;
}
