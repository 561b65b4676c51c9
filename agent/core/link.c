/*
 * The conversation itself. The agent says HELLO, repeats it (often at first: what is said before the
 * connection stands is lost, and nobody says when it does) and is up when HELLO_ACK has come; a refused
 * DEALER only ever hears silence, so it dials anew: often while nobody has ever answered (somebody may just
 * be accepting its key), later at growing intervals up to HELLO_WAIT_MS. While it is up it says PING;
 * whoever is silent for three of them is taken for gone and dialled anew. A higher term means that the
 * coordinator has begun a new life and knows nothing of this conversation: HELLO again, over the same
 * connection. A lower term is the voice of a deposed one and is not listened to.
 */
#include "agent/core/inside.h"

static void say_hello(struct agent *a)
{
    struct msg m = {.kind = MSG_HELLO,
                    .hello = {.version_min = PROTOCOL_MIN,
                              .version_max = PROTOCOL_MAX,
                              .software = a->options.software,
                              .boot = a->options.boot,
                              .term = a->link.term,
                              .workers = a->options.workers}};
    agent_say(a, m);
    a->link.hello_due_ms = agent_backoff(a, &a->link.hello_wait_ms);
    if (a->link.hello_wait_ms > RESEND_MS)
        a->link.hello_wait_ms = RESEND_MS;
}

static void greet(struct agent *a)
{
    struct link *l = &a->link;
    session_close(&l->session);
    l->hello_id = l->session.last_id + 1; /* the answer to this HELLO or a later one counts */
    l->give_up_ms = agent_backoff(a, &l->patience_ms);
    int64_t most = l->answered ? HELLO_LAST_WAIT_MS : HELLO_NEW_WAIT_MS;
    if (l->patience_ms > most)
        l->patience_ms = most;
    l->hello_wait_ms = HELLO_RESEND_MS;
    say_hello(a);
}

static void dial(struct agent *a, const char *why)
{
    agent_log(a, LOG_WARNING, "the coordinator %s: dialling again", why);
    agent_emit(a, (struct agent_effect){.kind = AGENT_DO_RECONNECT});
    greet(a);
}

void link_start(struct agent *a)
{
    a->link.resend_ms = RESEND_MS;
    a->link.patience_ms = HELLO_FIRST_WAIT_MS;
    greet(a);
}

bool link_is_up(const struct agent *a)
{
    return session_is_open(&a->link.session);
}

static bool is_refusal(const struct msg *m)
{
    return m->kind == MSG_HELLO_ACK && m->hello_ack.version == 0;
}

bool link_admit(struct agent *a, const struct msg *m)
{
    struct link *l = &a->link;
    if (!msg_allowed(m->kind, ROLE_COORDINATOR)) {
        agent_log(a, LOG_WARNING, "a message that no coordinator sends is dropped: %s", msg_kind_name(m->kind));
        return false;
    }
    if (session_version(m->version, m->version) == 0 && !is_refusal(m)) {
        agent_log(a, LOG_WARNING, "a message in version %u of the protocol is dropped", m->version);
        return false;
    }
    if (m->term < l->term) {
        agent_log(a, LOG_WARNING, "%s of term %llu is dropped: the coordinator is in term %llu", msg_kind_name(m->kind),
                  (unsigned long long)m->term, (unsigned long long)l->term);
        return false;
    }
    session_heard(&l->session, a->now_ms);
    bool newer = m->term > l->term;
    l->term = m->term;
    if (newer && link_is_up(a))
        greet(a);
    return true;
}

static void end(struct agent *a, uint32_t version)
{
    const char *reason =
        arena_printf(agent_arena(a), "the coordinator speaks none of the protocol versions %d to %d (it says %u)",
                     PROTOCOL_MIN, PROTOCOL_MAX, version);
    a->ended = true;
    agent_emit(a, (struct agent_effect){.kind = AGENT_DO_EXIT, .exit = {.failed = true, .reason = str_of(reason)}});
}

static void targets_link_up(struct agent *a)
{
    for (struct target *t = a->targets, *next; t != NULL; t = next) {
        next = t->hh.next;
        job_link_up(a, t);
    }
}

void link_hello_ack(struct agent *a, const struct msg *m)
{
    const struct msg_hello_ack *ack = &m->hello_ack;
    struct link *l = &a->link;
    if (link_is_up(a) || (m->re != 0 && m->re < l->hello_id))
        return;
    if (session_version(ack->version, ack->version) == 0) {
        end(a, ack->version);
        return;
    }
    session_open(&l->session, ack, a->now_ms);
    l->answered = true;
    l->patience_ms = HELLO_FIRST_WAIT_MS;
    l->resend_ms = ack->resend_ms >= RESEND_MIN_MS ? ack->resend_ms : RESEND_MS;
    agent_log(a, LOG_INFO, "the coordinator answers, in term %llu", (unsigned long long)l->term);
    report_all(a);
    cache_link_up(a);
    targets_link_up(a);
}

void link_ping(struct agent *a, const struct msg *m)
{
    agent_say(a, (struct msg){.kind = MSG_PONG, .re = m->id, .pong = {.nonce = m->ping.nonce}});
}

/* Most of all: that the coordinator does not know this conversation, having been restarted. */
void link_error(struct agent *a, const struct msg *m)
{
    agent_log(a, LOG_WARNING, "the coordinator says: %s", m->error.err.text);
    if (str_is(str_of(m->error.err.kind), "no_session") && link_is_up(a))
        greet(a);
}

static void run_up(struct agent *a)
{
    switch (session_tick(&a->link.session, a->now_ms)) {
    case SESSION_SILENT:
        dial(a, "is silent");
        break;
    case SESSION_PING:
        agent_say(a, (struct msg){.kind = MSG_PING, .ping = {.nonce = a->link.session.last_id + 1}});
        break;
    case SESSION_NOTHING:
        break;
    }
}

void link_run(struct agent *a)
{
    if (link_is_up(a))
        run_up(a);
    else if (a->now_ms >= a->link.give_up_ms)
        dial(a, "does not answer");
    else if (a->now_ms >= a->link.hello_due_ms)
        say_hello(a);
}

int64_t link_due(const struct agent *a)
{
    const struct link *l = &a->link;
    if (link_is_up(a))
        return session_due_ms(&l->session);
    return l->hello_due_ms < l->give_up_ms ? l->hello_due_ms : l->give_up_ms;
}
