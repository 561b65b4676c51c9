#include "agent/core/inside.h"

void agent_effects_clear(struct agent_effects *fx)
{
    arena_release(&fx->arena);
    *fx = (struct agent_effects){0};
}

struct arena *agent_arena(struct agent *a)
{
    return &a->fx->arena;
}

void agent_emit(struct agent *a, struct agent_effect effect)
{
    vec_push(agent_arena(a), &a->fx->list, effect);
}

void agent_say(struct agent *a, struct msg m)
{
    if (!link_is_up(a) && m.kind != MSG_HELLO && m.kind != MSG_PONG && m.kind != MSG_BYE)
        return;
    session_stamp(&a->link.session, &m, a->link.term);
    agent_emit(a, (struct agent_effect){.kind = AGENT_DO_SEND, .send = m});
}

void agent_log(struct agent *a, enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(agent_arena(a), format, args);
    va_end(args);
    agent_emit(a, (struct agent_effect){.kind = AGENT_DO_LOG, .log = {.level = level, .text = str_of(text)}});
}
