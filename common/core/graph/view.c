/* One module's graph at a glance. */
#include <stdint.h>

#include "skein/graph/reach.h"
#include "skein/graph/target.h"

static const struct module *module_of(const struct view *v)
{
    return &v->project->modules.list.items[v->module];
}

static bool has_up(const struct dag *d, int kinds, size_t node)
{
    struct dag_cursor c = {.node = node};
    size_t other;
    return dag_next_up(d, kinds, &c, &other);
}

static void nodes_without_up(struct arena *a, const struct view *v, int kinds, struct nodes *ret_nodes)
{
    const struct module *m = module_of(v);
    *ret_nodes = (struct nodes){0};
    for (size_t n = m->first; n < m->first + m->count; n++)
        if (!has_up(&v->project->dag, kinds, n))
            vec_push(a, &ret_nodes->list, n);
}

void view_heads(struct arena *a, const struct view *v, struct nodes *ret_heads)
{
    nodes_without_up(a, v, EDGE_PARENT, ret_heads);
}

void view_effective_heads(struct arena *a, const struct view *v, struct nodes *ret_heads)
{
    nodes_without_up(a, v, EDGES_MODULE, ret_heads);
}

void view_bases(struct arena *a, const struct view *v, struct nodes *ret_bases)
{
    const struct module *m = module_of(v);
    *ret_bases = (struct nodes){0};
    for (size_t n = m->first; n < m->first + m->count; n++)
        if (dag_down_count(&v->project->dag, EDGE_PARENT, n) == 0)
            vec_push(a, &ret_bases->list, n);
}

static size_t module_ups(const struct dag *d, size_t node)
{
    struct dag_cursor c = {.node = node};
    size_t other, count = 0, first = SIZE_MAX;
    while (dag_next_up(d, EDGES_MODULE, &c, &other))
        if (other != first) { /* a child that also depends on its parent counts once */
            count++;
            first = count == 1 ? other : first;
        }
    return count;
}

/* A fork (dependants count) or a merge: where a label's way up to ancestors ends. */
static bool is_junction(const struct dag *d, size_t node)
{
    return module_ups(d, node) > 1 || dag_down_count(d, EDGE_PARENT, node) > 1;
}

void view_label_members(struct arena *a, const struct view *v, size_t carrier, struct bitset *ret_members)
{
    const struct dag *d = &v->project->dag;
    struct nodes one = {0};
    bool straight = true;
    vec_push(a, &one.list, carrier);
    *ret_members = reach_up_from(a, d, EDGE_PARENT, &one);
    for (size_t n = bitset_next(ret_members, 0); n < ret_members->size; n = bitset_next(ret_members, n + 1))
        straight = straight && !is_junction(d, n);
    while (straight && dag_down_count(d, EDGE_PARENT, carrier) == 1) {
        carrier = dag_down(d, EDGE_PARENT, carrier, 0);
        straight = !is_junction(d, carrier);
        if (straight)
            bitset_add(ret_members, carrier);
    }
}
