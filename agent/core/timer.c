/*
 * One timer a target. The heap is never searched: what a target set before, and what targets that are gone
 * have left, stays in it until its time has come or it stands first, and then counts for nothing.
 */
#include "agent/core/inside.h"

static struct target *owner(const struct agent *a, const struct timer *timer)
{
    struct target *t;
    HASH_FIND(by_number, a->numbered, &timer->number, sizeof(timer->number), t);
    return t != NULL && t->due_ms == timer->due_ms ? t : NULL;
}

static struct target *first(struct agent *a)
{
    struct target *t = NULL;
    uint64_t number;
    const struct timer *timer;
    while (t == NULL && (timer = timers_first(&a->timers)) != NULL) {
        t = owner(a, timer);
        if (t == NULL)
            (void)timers_take(&a->timers, timer->due_ms, &number);
    }
    return t;
}

bool timer_is_set(const struct target *t)
{
    return t->due_ms != INT64_MAX;
}

void timer_clear(struct target *t)
{
    t->due_ms = INT64_MAX;
}

void timer_set(struct agent *a, struct target *t, int64_t due_ms)
{
    t->due_ms = due_ms;
    timers_add(&a->arena, &a->timers, due_ms, t->number);
}

int64_t timer_due(struct agent *a)
{
    const struct target *t = first(a);
    return t != NULL ? t->due_ms : INT64_MAX;
}

struct target *timer_take(struct agent *a)
{
    struct target *t = first(a);
    if (t == NULL || t->due_ms > a->now_ms)
        return NULL;
    timer_clear(t);
    return t;
}

size_t timer_count(const struct agent *a)
{
    size_t count = 0;
    for (size_t i = 0; i < a->timers.heap.count; i++)
        count += owner(a, &a->timers.heap.items[i]) != NULL;
    return count;
}
