/* A binary heap: the earliest is at the root, children of slot n (from 1) are 2n and 2n + 1. */
#include "agent/core/inside.h"

static struct target *at(const struct timers *timers, size_t slot)
{
    return timers->heap[slot - 1];
}

static void put(struct timers *timers, size_t slot, struct target *t)
{
    timers->heap[slot - 1] = t;
    t->timer = slot;
}

static void rise(struct timers *timers, size_t slot)
{
    struct target *t = at(timers, slot);
    for (; slot > 1 && at(timers, slot / 2)->due_ms > t->due_ms; slot /= 2)
        put(timers, slot, at(timers, slot / 2));
    put(timers, slot, t);
}

static void sink(struct timers *timers, size_t slot)
{
    struct target *t = at(timers, slot);
    for (size_t child = 2 * slot; child <= timers->count; child = 2 * slot) {
        if (child < timers->count && at(timers, child + 1)->due_ms < at(timers, child)->due_ms)
            child++;
        if (at(timers, child)->due_ms >= t->due_ms)
            break;
        put(timers, slot, at(timers, child));
        slot = child;
    }
    put(timers, slot, t);
}

static void make_room(struct timers *timers)
{
    if (timers->count < timers->cap)
        return;
    timers->cap = timers->cap > 0 ? 2 * timers->cap : 16;
    timers->heap = realloc(timers->heap, timers->cap * sizeof(struct target *));
    if (timers->heap == NULL)
        abort();
}

void timer_clear(struct agent *a, struct target *t)
{
    struct timers *timers = &a->timers;
    size_t slot = t->timer;
    if (slot == 0)
        return;
    t->timer = 0;
    struct target *last = at(timers, timers->count--);
    if (last == t)
        return;
    put(timers, slot, last);
    rise(timers, slot);
    sink(timers, last->timer);
}

void timer_set(struct agent *a, struct target *t, int64_t due_ms)
{
    timer_clear(a, t);
    make_room(&a->timers);
    t->due_ms = due_ms;
    put(&a->timers, ++a->timers.count, t);
    rise(&a->timers, a->timers.count);
}

int64_t timer_due(const struct agent *a)
{
    return a->timers.count > 0 ? at(&a->timers, 1)->due_ms : INT64_MAX;
}

struct target *timer_take(struct agent *a)
{
    if (timer_due(a) > a->now_ms)
        return NULL;
    struct target *t = at(&a->timers, 1);
    timer_clear(a, t);
    return t;
}
