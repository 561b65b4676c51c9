#include "skein/base/timers.h"

static void swap(struct timer *a, struct timer *b)
{
    struct timer t = *a;
    *a = *b;
    *b = t;
}

void timers_add(struct arena *a, struct timers *t, int64_t due_ms, uint64_t number)
{
    if (due_ms == INT64_MAX)
        return;
    struct timer item = {due_ms, number};
    vec_push(a, &t->heap, item);
    struct timer *h = t->heap.items;
    for (size_t i = t->heap.count - 1; i > 0 && h[i].due_ms < h[(i - 1) / 2].due_ms; i = (i - 1) / 2)
        swap(&h[i], &h[(i - 1) / 2]);
}

static void sink(struct timers *t)
{
    struct timer *h = t->heap.items;
    for (size_t i = 0, child = 1; child < t->heap.count; i = child, child = 2 * i + 1) {
        if (child + 1 < t->heap.count && h[child + 1].due_ms < h[child].due_ms)
            child++;
        if (h[i].due_ms <= h[child].due_ms)
            return;
        swap(&h[i], &h[child]);
    }
}

const struct timer *timers_first(const struct timers *t)
{
    return t->heap.count > 0 ? &t->heap.items[0] : NULL;
}

bool timers_take(struct timers *t, int64_t now_ms, uint64_t *ret_number)
{
    if (t->heap.count == 0 || t->heap.items[0].due_ms > now_ms)
        return false;
    *ret_number = t->heap.items[0].number;
    t->heap.items[0] = t->heap.items[--t->heap.count];
    sink(t);
    return true;
}

int64_t timers_next_ms(const struct timers *t)
{
    const struct timer *first = timers_first(t);
    return first != NULL ? first->due_ms : INT64_MAX;
}
