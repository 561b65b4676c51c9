/*
 * Phase 4: the order of steps. Inside a module it is Alembic's; between modules core comes first on the way up and
 * last on the way down, where no edge forces another order.
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

/* What must be done before `node` and is not yet. */
static size_t count_before(const struct planner *p, size_t node)
{
    const struct dag *d = &p->project->dag;
    struct dag_cursor c = {.node = node};
    size_t other, count = 0;
    if (p->direction == DIRECTION_UP)
        while (dag_next_down(d, EDGES_ALL, &c, &other))
            count += bitset_has(&p->wanted, other);
    else
        while (dag_next_up(d, EDGES_ALL, &c, &other))
            count += bitset_has(&p->wanted, other);
    return count;
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

static struct nodes merge_orders(const struct planner *p, const struct nodes *wish)
{
    const struct dag *d = &p->project->dag;
    size_t *before = arena_new_array(p->arena, d->node_count, size_t);
    size_t *position = arena_new_array(p->arena, d->node_count, size_t);
    struct queue q = {.items = arena_new_array(p->arena, wish->list.count + 1, size_t)};
    struct nodes order = {0};
    for (size_t i = 0; i < wish->list.count; i++) {
        size_t node = wish->list.items[i];
        position[node] = i;
        before[node] = count_before(p, node);
        if (before[node] == 0)
            queue_push(&q, i);
    }
    while (q.count > 0) {
        size_t node = wish->list.items[queue_pop(&q)], other;
        struct dag_cursor c = {.node = node};
        bool up = p->direction == DIRECTION_UP;
        vec_push(p->arena, &order.list, node);
        while (up ? dag_next_up(d, EDGES_ALL, &c, &other) : dag_next_down(d, EDGES_ALL, &c, &other))
            if (bitset_has(&p->wanted, other) && --before[other] == 0)
                queue_push(&q, position[other]);
    }
    return order;
}

struct nodes sequence(const struct planner *p)
{
    struct nodes wish = module_orders(p);
    return merge_orders(p, &wish);
}
