#include <stdarg.h>

#include "agent/core/state.h"

static struct agent_effect *add(struct turn *t, enum agent_effect_kind kind)
{
    struct agent_effect e = {.kind = kind};
    vec_push(&t->fx->arena, &t->fx->list, e);
    return &t->fx->list.items[t->fx->list.count - 1];
}

void agent_effects_clear(struct agent_effects *fx)
{
    arena_release(&fx->arena);
    *fx = (struct agent_effects){0};
}

void out_send(struct turn *t, struct msg *m)
{
    session_stamp(&t->a->session, m, t->a->term);
    add(t, AGENT_DO_SEND)->send = *m;
}

void out_log(struct turn *t, enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(&t->fx->arena, format, args);
    va_end(args);
    add(t, AGENT_DO_LOG)->log = (struct effect_log){level, str_of(text)};
}

void out_target(struct turn *t, enum agent_effect_kind kind, const struct target *target, uint64_t fence)
{
    add(t, kind)->target = (struct effect_target){.target = target->name, .fence = fence};
}

void out_apply(struct turn *t, const struct target *target)
{
    const struct job *job = &target->job;
    add(t, AGENT_DO_APPLY)->apply = (struct effect_apply){
        .target = target->name,
        .attempt = job->offer.attempt,
        .principal = job->offer.principal,
        .fence = job->offer.fence,
        .action = job->offer.action,
        .options = job->offer.options,
        .plan = t->a->blobs.list.items[job->plan].plan,
        .scripts = job->scripts,
    };
}

void out_exit(struct turn *t, bool failed, const char *reason)
{
    t->a->exited = true;
    add(t, AGENT_DO_EXIT)->exit = (struct effect_exit){.failed = failed, .reason = str_of(reason)};
}

void timer_set(struct turn *t, enum timer_kind kind, size_t number, int64_t due_ms)
{
    timers_add(&t->a->arena, &t->a->timers, due_ms, (uint64_t)number << 2 | (uint64_t)kind);
}
