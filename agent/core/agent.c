#include "agent/core/agent.h"

#include <stdlib.h>

#include "agent/core/state.h"

struct agent *agent_new(const struct agent_options *options)
{
    struct agent *a = calloc(1, sizeof(*a));
    if (a == NULL)
        abort();
    a->options = *options;
    a->options.software = str_copy(&a->arena, options->software);
    a->resend_ms = RESEND_MS;
    repeat_stop(&a->page_repeat);
    repeat_stop(&a->hello_repeat);
    return a;
}

void agent_free(struct agent *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->targets.list.count; i++) {
        struct target *target = &a->targets.list.items[i];
        arena_release(&target->reading);
        arena_release(&target->job.arena);
        arena_release(&target->waiting_arena);
        arena_release(&target->result_arena);
    }
    for (size_t i = 0; i < a->blobs.list.count; i++) {
        arena_release(&a->blobs.list.items[i].arena);
        strbuf_release(&a->blobs.list.items[i].bytes);
    }
    arena_release(&a->arena);
    free(a);
}

/* ---- the session ---- */

static void say_hello(struct turn *t)
{
    struct agent *a = t->a;
    struct msg m = {.kind = MSG_HELLO};
    session_close(&a->session);
    repeat_stop(&a->page_repeat);
    m.hello = (struct msg_hello){.version_min = PROTOCOL_MIN,
                                 .version_max = PROTOCOL_MAX,
                                 .software = a->options.software,
                                 .boot = a->options.boot,
                                 .term = a->term,
                                 .workers = a->options.workers};
    out_send(t, &m);
}

static void greet(struct turn *t)
{
    t->a->hello_ms = t->now_ms;
    repeat_start(&t->a->hello_repeat, t->now_ms, t->a->resend_ms);
    timer_set(t, TIMER_SESSION, 0, t->a->hello_repeat.due_ms);
    say_hello(t);
}

static void dial_again(struct turn *t, const char *why)
{
    struct agent_effect e = {.kind = AGENT_DO_RECONNECT};
    out_log(t, LOG_WARNING, "%s: dialling again", why);
    vec_push(&t->fx->arena, &t->fx->list, e);
    greet(t);
}

static void session_tick_agent(struct turn *t)
{
    struct agent *a = t->a;
    struct msg ping = {.kind = MSG_PING};
    if (!session_is_open(&a->session)) {
        if (t->now_ms >= a->hello_ms + HELLO_WAIT_MS) {
            dial_again(t, "the coordinator does not answer");
        } else if (repeat_is_due(&a->hello_repeat, t->now_ms)) {
            say_hello(t);
            timer_set(t, TIMER_SESSION, 0, a->hello_repeat.due_ms);
        }
        return;
    }
    enum session_need need = session_tick(&a->session, t->now_ms);
    if (need == SESSION_SILENT) {
        dial_again(t, "the coordinator is silent");
        return;
    }
    if (need == SESSION_PING)
        out_send(t, &ping);
    timer_set(t, TIMER_SESSION, 0, session_due_ms(&a->session));
}

static void on_hello_ack(struct turn *t, const struct msg *m)
{
    struct agent *a = t->a;
    const struct msg_hello_ack *ack = &m->hello_ack;
    if (session_is_open(&a->session))
        return;
    if (ack->version == 0 || session_version(ack->version, ack->version) == 0) {
        out_log(t, LOG_ERROR, "the coordinator speaks no version of the protocol that this agent knows (%d to %d)",
                PROTOCOL_MIN, PROTOCOL_MAX);
        out_exit(t, true, "no common protocol version");
        return;
    }
    session_open(&a->session, ack, t->now_ms);
    a->resend_ms = ack->resend_ms > 0 ? ack->resend_ms : RESEND_MS;
    repeat_stop(&a->hello_repeat);
    timer_set(t, TIMER_SESSION, 0, session_due_ms(&a->session));
    out_log(t, LOG_INFO, "connected to the coordinator (protocol %u, term %llu)", ack->version,
            (unsigned long long)a->term);
    report_list(t);
    for (uint32_t i = 0; i < a->targets.list.count; i++)
        job_tick(t, i);
}

/* The coordinator has forgotten us, or was restarted. */
static void on_error(struct turn *t, const struct msg *m)
{
    out_log(t, LOG_INFO, "the coordinator says: %s", m->error.err.text);
    if (str_is(str_of(m->error.err.kind), "no_session") && session_is_open(&t->a->session))
        greet(t);
}

static void on_ping(struct turn *t, const struct msg *m)
{
    struct msg pong = {.kind = MSG_PONG, .re = m->id, .pong = {.nonce = m->ping.nonce}};
    out_send(t, &pong);
}

static void on_message(struct turn *t, const struct msg *m)
{
    struct agent *a = t->a;
    if (!msg_allowed(m->kind, ROLE_COORDINATOR)) {
        out_log(t, LOG_WARNING, "security: ignored %s from the coordinator", msg_kind_name(m->kind));
        return;
    }
    if (m->term < a->term) {
        out_log(t, LOG_DEBUG, "ignored %s of the older term %llu", msg_kind_name(m->kind), (unsigned long long)m->term);
        return;
    }
    a->term = m->term;
    session_heard(&a->session, t->now_ms);
    switch ((int)m->kind) {
    case MSG_HELLO_ACK:
        on_hello_ack(t, m);
        break;
    case MSG_ERROR:
        on_error(t, m);
        break;
    case MSG_PING:
        on_ping(t, m);
        break;
    case MSG_TARGETS_ACK:
        report_acked(t, &m->targets_ack);
        break;
    case MSG_OFFER:
        job_offer(t, &m->offer);
        break;
    case MSG_CLOSE:
        job_close(t, &m->close);
        break;
    case MSG_RESULT_ACK:
        job_acked(t, &m->result_ack);
        break;
    case MSG_CHUNK:
        blob_chunk(t, &m->chunk);
        break;
    default: /* PONG, and replies that only operators ask for */
        break;
    }
}

/* ---- time and the end ---- */

static void on_tick(struct turn *t)
{
    uint64_t number;
    while (timers_take(&t->a->timers, t->now_ms, &number)) {
        switch ((enum timer_kind)(number & 3)) {
        case TIMER_SESSION:
            session_tick_agent(t);
            break;
        case TIMER_PAGE:
            report_again(t);
            break;
        case TIMER_TARGET:
            job_tick(t, (uint32_t)(number >> 2));
            break;
        case TIMER_BLOB:
            blob_tick(t, (uint32_t)(number >> 2));
            break;
        }
    }
}

static void on_read(struct turn *t, const struct event_read *read)
{
    uint32_t number = target_find(t->a, read->target);
    struct target *target = &t->a->targets.list.items[number];
    target->work = WORK_NONE;
    t->a->running--;
    t->a->servers.list.items[target->server].running--;
    report_read(t, read);
    job_wake(t, number);
}

static void finish(struct turn *t)
{
    struct msg bye = {.kind = MSG_BYE, .bye = {.boot = t->a->options.boot}};
    if (!t->a->stopping || t->a->running > 0 || t->a->exited)
        return;
    if (session_is_open(&t->a->session))
        out_send(t, &bye);
    out_exit(t, false, "stopped");
}

void agent_step(struct agent *a, const struct agent_event *event, struct agent_effects *fx)
{
    struct turn t = {.a = a, .fx = fx, .now_ms = event->now_ms};
    if (a->exited)
        return;
    switch (event->kind) {
    case AGENT_ON_START:
        greet(&t);
        break;
    case AGENT_ON_MESSAGE:
        on_message(&t, event->msg);
        break;
    case AGENT_ON_TARGETS:
        report_found(&t, &event->targets);
        break;
    case AGENT_ON_READ:
        on_read(&t, &event->read);
        break;
    case AGENT_ON_DONE:
        job_done(&t, &event->done);
        break;
    case AGENT_ON_CLOSED:
        job_closed(&t, &event->done);
        break;
    case AGENT_ON_PROGRESS:
        job_progress(&t, &event->progress);
        break;
    case AGENT_ON_TICK:
        on_tick(&t);
        break;
    case AGENT_ON_STOP:
        a->stopping = true;
        job_stop(&t);
        break;
    case AGENT_ON_UNSET:
        break;
    }
    job_pump(&t);
    blob_pump(&t);
    report_again(&t);
    finish(&t);
    struct agent_effect timer = {.kind = AGENT_DO_TIMER, .timer_ms = timers_next_ms(&a->timers)};
    vec_push(&fx->arena, &fx->list, timer);
}
