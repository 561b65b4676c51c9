#include "skein/wire/session.h"

uint32_t session_version(uint32_t min, uint32_t max)
{
    uint32_t highest = max < PROTOCOL_MAX ? max : PROTOCOL_MAX;
    uint32_t lowest = min > PROTOCOL_MIN ? min : PROTOCOL_MIN;
    return highest >= lowest ? highest : 0;
}

void session_open(struct session *s, const struct msg_hello_ack *ack, int64_t now_ms)
{
    s->version = ack->version;
    s->heard_ms = s->pinged_ms = now_ms;
    s->ping_every_ms = ack->ping_every_ms > 0 ? ack->ping_every_ms : PING_EVERY_MS;
    s->silent_after_ms = ack->silent_after_ms > 0 ? ack->silent_after_ms : PEER_SILENT_MS;
}

void session_close(struct session *s)
{
    s->version = 0;
}

bool session_is_open(const struct session *s)
{
    return s->version != 0;
}

void session_stamp(struct session *s, struct msg *m, uint64_t term)
{
    m->version = s->version != 0 ? s->version : PROTOCOL_MAX;
    m->id = ++s->last_id;
    m->term = term;
}

void session_heard(struct session *s, int64_t now_ms)
{
    if (now_ms > s->heard_ms)
        s->heard_ms = now_ms;
}

static int64_t ping_at(const struct session *s)
{
    return (s->heard_ms > s->pinged_ms ? s->heard_ms : s->pinged_ms) + s->ping_every_ms;
}

enum session_need session_tick(struct session *s, int64_t now_ms)
{
    if (!session_is_open(s))
        return SESSION_NOTHING;
    if (now_ms >= s->heard_ms + s->silent_after_ms)
        return SESSION_SILENT;
    if (now_ms < ping_at(s))
        return SESSION_NOTHING;
    s->pinged_ms = now_ms;
    return SESSION_PING;
}

int64_t session_due_ms(const struct session *s)
{
    int64_t silent = s->heard_ms + s->silent_after_ms, ping = ping_at(s);
    if (!session_is_open(s))
        return INT64_MAX;
    return silent < ping ? silent : ping;
}

void repeat_start(struct repeat *r, int64_t now_ms, int64_t first_ms)
{
    r->wait_ms = first_ms;
    r->due_ms = now_ms + first_ms;
}

void repeat_stop(struct repeat *r)
{
    r->due_ms = INT64_MAX;
}

bool repeat_is_due(struct repeat *r, int64_t now_ms)
{
    if (now_ms < r->due_ms)
        return false;
    r->wait_ms = 2 * r->wait_ms < RESEND_MAX_MS ? 2 * r->wait_ms : RESEND_MAX_MS;
    r->due_ms = now_ms + r->wait_ms;
    return true;
}
