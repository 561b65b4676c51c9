#include "skein/plan/query.h"

#include <stdlib.h>

#include "skein/graph/reach.h"

static const struct module *module_of(const struct view *v)
{
    return &v->project->modules.list.items[v->module];
}

bool query_is_head(const struct project *p, size_t node)
{
    return dag_up_count(&p->dag, EDGE_PARENT, node) == 0;
}

bool query_is_effective_head(const struct project *p, size_t node)
{
    return query_is_head(p, node) && dag_up_count(&p->dag, EDGE_DEPENDENCY, node) == 0;
}

bool query_is_branch_point(const struct project *p, size_t node)
{
    return dag_up_count(&p->dag, EDGE_PARENT, node) > 1;
}

bool query_is_merge_point(const struct project *p, size_t node)
{
    return dag_down_count(&p->dag, EDGE_PARENT, node) > 1;
}

void query_summary(struct arena *a, const struct view *v, struct module_summary *ret_summary)
{
    const struct module *m = module_of(v);
    *ret_summary = (struct module_summary){0};
    view_heads(a, v, &ret_summary->heads);
    view_effective_heads(a, v, &ret_summary->effective_heads);
    view_bases(a, v, &ret_summary->bases);
    for (size_t n = m->first; n < m->first + m->count; n++) {
        if (query_is_branch_point(v->project, n))
            vec_push(a, &ret_summary->branch_points.list, n);
        if (query_is_merge_point(v->project, n))
            vec_push(a, &ret_summary->merge_points.list, n);
    }
}

/* Names come sorted, so every revision's list is sorted too. */
void query_labels(struct arena *a, const struct view *v, struct label_table *ret_table)
{
    const struct module *m = module_of(v);
    ret_table->labels = arena_new_array(a, m->count, struct names);
    for (size_t i = 0; i < m->name_count; i++) {
        struct bitset members;
        if (!m->names[i].is_label)
            continue;
        view_label_members(a, v, m->names[i].node, &members);
        for (size_t n = bitset_next(&members, 0); n < members.size; n = bitset_next(&members, n + 1))
            vec_push(a, &ret_table->labels[n - m->first].list, m->names[i].name);
    }
}

bool query_history(struct arena *a, const struct view *v, struct str range, const struct names *rows,
                   struct nodes *ret_nodes, struct err *err)
{
    size_t colon = str_find(range, ':');
    struct str lower = str_trim(str_head(range, colon)), upper = str_trim(str_from(range, colon + 1));
    if (range.len > 0 && (colon == range.len || str_find(upper, ':') < upper.len)) {
        err_kind(err, ERR_USAGE, "range_syntax", "'%.*s' is not a range", STR_ARG(range));
        return err_hint(err, "write START:END, START: or :END");
    }
    return target_range(a, v, lower, upper, rows, ret_nodes, err);
}

static bool folds(const struct squash *s, const struct bitset *listed, size_t *ret_shared)
{
    *ret_shared = 0;
    for (size_t n = bitset_next(&s->members, 0); n < s->members.size; n = bitset_next(&s->members, n + 1))
        *ret_shared += bitset_has(listed, n);
    return *ret_shared == s->count;
}

void query_fold(struct arena *a, const struct project *p, struct nodes *nodes, struct bitset *ret_plain)
{
    struct bitset listed = bitset_new(a, p->node_count);
    size_t kept = 0, shared;
    *ret_plain = bitset_new(a, p->node_count);
    for (size_t i = 0; i < nodes->list.count; i++)
        bitset_add(&listed, nodes->list.items[i]);
    for (size_t i = 0; i < p->squashes.list.count; i++) {
        const struct squash *s = &p->squashes.list.items[i];
        if (s->inside == SIZE_MAX && folds(s, &listed, &shared)) {
            bitset_subtract(&listed, &s->members);
            bitset_add(&listed, s->top);
        } else if (s->inside == SIZE_MAX && shared > 1) {
            bitset_add(ret_plain, s->top);
        }
    }
    for (size_t i = 0; i < nodes->list.count; i++)
        if (bitset_has(&listed, nodes->list.items[i]))
            nodes->list.items[kept++] = nodes->list.items[i];
    nodes->list.count = kept;
}

bool query_show(struct arena *a, const struct view *v, struct str expression, const struct names *rows,
                struct nodes *ret_nodes, struct err *err)
{
    if (!str_is(expression, "current"))
        return target_resolve(a, v, expression, ret_nodes, err);
    *ret_nodes = (struct nodes){0};
    return rows == NULL || target_rows(a, v, rows, ret_nodes, err);
}

bool query_applied(struct arena *a, const struct view *v, const struct names *rows, struct bitset *ret_applied,
                   struct err *err)
{
    struct nodes nodes;
    if (!target_rows(a, v, rows, &nodes, err))
        return false;
    *ret_applied = reach_down_from(a, &v->project->dag, EDGES_MODULE, &nodes);
    return true;
}

/* Applied, and no child is applied. */
bool query_current(struct arena *a, const struct view *v, const struct names *rows, struct nodes *ret_nodes,
                   struct err *err)
{
    const struct dag *d = &v->project->dag;
    struct bitset applied;
    if (!query_applied(a, v, rows, &applied, err))
        return false;
    *ret_nodes = (struct nodes){0};
    for (size_t n = bitset_next(&applied, 0); n < applied.size; n = bitset_next(&applied, n + 1)) {
        bool is_head = true;
        for (size_t i = 0; i < dag_up_count(d, EDGE_PARENT, n); i++)
            is_head = is_head && !bitset_has(&applied, dag_up(d, EDGE_PARENT, n, i));
        if (is_head)
            vec_push(a, &ret_nodes->list, n);
    }
    return true;
}

bool query_missing_heads(struct arena *a, const struct view *v, const struct names *rows, struct nodes *ret_missing,
                         struct err *err)
{
    struct nodes heads;
    struct bitset applied;
    if (!query_applied(a, v, rows, &applied, err))
        return false;
    view_effective_heads(a, v, &heads);
    *ret_missing = (struct nodes){0};
    for (size_t i = 0; i < heads.list.count; i++)
        if (!bitset_has(&applied, heads.list.items[i]))
            vec_push(a, &ret_missing->list, heads.list.items[i]);
    return true;
}

void query_unknown_rows(struct arena *a, const struct view *v, const struct names *rows, struct names *ret_unknown)
{
    *ret_unknown = (struct names){0};
    for (size_t i = 0; i < rows->list.count; i++)
        if (project_find_node(v->project, v->module, rows->list.items[i]) == SIZE_MAX)
            vec_push(a, &ret_unknown->list, rows->list.items[i]);
}
