/*
 * One side of one conversation, without sockets: which version is spoken, whether the other side is still
 * there, and when something has to be said again. Both cores use it; time is handed in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/wire/msg.h"

struct session {
    uint32_t version;  /* agreed; 0: no conversation yet */
    uint64_t last_id;  /* of the messages sent */
    int64_t heard_ms;  /* the other side's last word */
    int64_t pinged_ms; /* our last PING */
    uint32_t ping_every_ms, silent_after_ms;
};

/* The highest version that both ranges hold; 0 if there is none. */
uint32_t session_version(uint32_t min, uint32_t max);

/* A conversation begins (or begins anew) with what HELLO_ACK says. Numbering goes on. */
void session_open(struct session *s, const struct msg_hello_ack *ack, int64_t now_ms);
void session_close(struct session *s);
bool session_is_open(const struct session *s);

/* Numbers a message that is about to be sent. */
void session_stamp(struct session *s, struct msg *m, uint64_t term);

void session_heard(struct session *s, int64_t now_ms);

enum session_need { SESSION_NOTHING = 0, SESSION_PING, SESSION_SILENT };

/* What the time of day asks for; SESSION_PING at most once an interval. */
enum session_need session_tick(struct session *s, int64_t now_ms);

/* When session_tick() has to be asked next. */
int64_t session_due_ms(const struct session *s);

/* One thing that is said again until it is answered, at doubling intervals. */
struct repeat {
    int64_t due_ms;  /* INT64_MAX: answered, or never started */
    int64_t wait_ms; /* the last interval */
};

void repeat_start(struct repeat *r, int64_t now_ms, int64_t first_ms);
void repeat_stop(struct repeat *r);

/* True when it is time to say it again; the next time is set. */
bool repeat_is_due(struct repeat *r, int64_t now_ms);
