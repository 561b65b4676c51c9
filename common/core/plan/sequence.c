/*
 * Phase 5: the order of steps. A folded range is one step: its top's. Inside a module it is Alembic's; between modules
 * core comes first on the way up and last on the way down, where no edge forces another order.
 */
#include "common/core/plan/planner.h"
#include "skein/graph/reach.h"

/* Alembic's order of each module's share, in the direction of the plan. */
static struct nodes module_orders(const struct planner *p)
{
    const struct project *project = p->project;
    struct nodes all = {0}, order;
    for (size_t i = 0; i < project->modules.list.count; i++) {
        bool up = p->direction == DIRECTION_UP;
        const struct module *m = &project->modules.list.items[up ? i : project->modules.list.count - 1 - i];
        if (bitset_next(&p->wanted, m->first) >= m->first + m->count)
            continue;
        struct bitset share = bitset_new(p->arena, project->node_count);
        for (size_t n = m->first; n < m->first + m->count; n++)
            if (bitset_has(&p->wanted, n))
                bitset_add(&share, n);
        reach_order(p->arena, &project->dag, EDGES_MODULE, &share, &order);
        for (size_t k = 0; k < order.list.count; k++)
            vec_push(p->arena, &all.list, order.list.items[up ? order.list.count - 1 - k : k]);
    }
    return all;
}

/* The node whose step does this node too. */
static size_t step_of(const struct planner *p, size_t node)
{
    const struct squash *range = fold_at(p, node);
    return range != NULL ? range->top : node;
}

/* The next node that must be done before (`back`) or after `c->node`, by another step. */
static bool next_step(const struct planner *p, bool back, struct dag_cursor *c, size_t *ret_step)
{
    const struct dag *d = &p->project->dag;
    bool down = back == (p->direction == DIRECTION_UP);
    size_t other;
    while (down ? dag_next_down(d, EDGES_ALL, c, &other) : dag_next_up(d, EDGES_ALL, c, &other)) {
        *ret_step = step_of(p, other);
        if (bitset_has(&p->wanted, other) && *ret_step != step_of(p, c->node))
            return true;
    }
    return false;
}

/*
 * Always the first revision of `wish` that may go now: a binary heap of positions in it. With one module that is
 * the wish itself.
 */
struct queue {
    size_t *items, count;
};

static void queue_push(struct queue *q, size_t position)
{
    size_t at = q->count++;
    for (; at > 0 && q->items[(at - 1) / 2] > position; at = (at - 1) / 2)
        q->items[at] = q->items[(at - 1) / 2];
    q->items[at] = position;
}

static size_t queue_pop(struct queue *q)
{
    size_t result = q->items[0], last = q->items[--q->count], at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < q->count && q->items[child + 1] < q->items[child])
            child++;
        if (child >= q->count || q->items[child] >= last)
            break;
        q->items[at] = q->items[child];
        at = child;
    }
    q->items[at] = last;
    return result;
}

struct merge {
    const struct planner *planner;
    size_t *before, *position; /* by step */
    struct queue queue;
};

/* After `node`, what waited for it only may go. */
static void release(struct merge *m, size_t node)
{
    struct dag_cursor c = {.node = node};
    size_t other;
    while (next_step(m->planner, false, &c, &other))
        if (--m->before[other] == 0)
            queue_push(&m->queue, m->position[other]);
}

static void release_all(struct merge *m, size_t node)
{
    const struct squash *range = fold_at(m->planner, node);
    if (range == NULL) {
        release(m, node);
        return;
    }
    for (size_t n = bitset_next(&range->members, 0); n < range->members.size; n = bitset_next(&range->members, n + 1))
        release(m, n);
}

static struct nodes merge_orders(const struct planner *p, const struct nodes *wish)
{
    size_t count = p->project->node_count;
    struct merge m = {.planner = p,
                      .before = arena_new_array(p->arena, count, size_t),
                      .position = arena_new_array(p->arena, count, size_t),
                      .queue.items = arena_new_array(p->arena, wish->list.count + 1, size_t)};
    struct nodes order = {0};
    for (size_t i = 0; i < wish->list.count; i++) {
        struct dag_cursor c = {.node = wish->list.items[i]};
        size_t step = step_of(p, c.node), other;
        if (step == c.node)
            m.position[step] = i;
        while (next_step(p, true, &c, &other))
            m.before[step]++;
    }
    for (size_t i = 0; i < wish->list.count; i++)
        if (step_of(p, wish->list.items[i]) == wish->list.items[i] && m.before[wish->list.items[i]] == 0)
            queue_push(&m.queue, i);
    while (m.queue.count > 0) {
        size_t node = wish->list.items[queue_pop(&m.queue)];
        vec_push(p->arena, &order.list, node);
        release_all(&m, node);
    }
    return order;
}

struct nodes sequence(const struct planner *p)
{
    struct nodes wish = module_orders(p);
    return merge_orders(p, &wish);
}
