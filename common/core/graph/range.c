/* What `history -r START:END` lists. */
#include <stdint.h>

#include "common/core/graph/relative.h"
#include "skein/graph/reach.h"

/* One end of a range: rows, or one expression. */
struct end {
    struct str expression; /* empty for rows */
    const struct names *rows;
};

static bool fail_not_ancestor(struct err *err)
{
    ident_fail(err, "not_ancestor", "the range's start is not below its end");
    return err_hint(err, "write the older revision first, both of one branch");
}

static struct end range_end(struct str text, struct str otherwise, const struct names *rows)
{
    if (str_is(text, "current") && rows != NULL && rows->list.count > 0)
        return (struct end){STR(""), rows};
    if (text.len == 0 || str_is(text, "current"))
        text = otherwise;
    return (struct end){text, NULL};
}

static struct origin end_origin(struct arena *a, const struct end *e, struct names *one)
{
    if (e->rows != NULL)
        return (struct origin){e->rows, false, OVERWALK_STOP};
    vec_push(a, &one->list, e->expression);
    return (struct origin){one, true, OVERWALK_STOP};
}

/* The one label that a revision shows, by the node that carries it; SIZE_MAX where there is none or several. */
static size_t only_label(struct arena *a, const struct view *v, size_t node)
{
    const struct module *m = &v->project->modules.list.items[v->module];
    size_t carrier = SIZE_MAX, count = 0;
    for (size_t i = 0; i < m->name_count; i++) {
        struct bitset members;
        if (!m->names[i].is_label)
            continue;
        view_label_members(a, v, m->names[i].node, &members);
        if (bitset_has(&members, node)) {
            carrier = m->names[i].node;
            count++;
        }
    }
    return count == 1 ? carrier : SIZE_MAX;
}

static bool fail_no_branch(struct str branch, struct err *err)
{
    ident_fail(err, "no_such_branch", "'%.*s' is a revision with no label or with several, not a branch",
               STR_ARG(branch));
    return err_hint(err, "name the branch by its label");
}

/* `branch@base:...` shows that branch's revisions only. A revision stands for the one label that it shows. */
static bool keep_branch(struct arena *a, const struct view *v, const struct end *lower, struct nodes *targets,
                        struct err *err)
{
    const struct module *m = &v->project->modules.list.items[v->module];
    struct str branch = str_head(lower->expression, str_find(lower->expression, '@'));
    struct bitset members = bitset_new(a, v->project->node_count);
    long node;
    if (branch.len == lower->expression.len)
        return true;
    if (!ident_one(a, v, branch, &node, err))
        return false;
    bool by_id = node >= 0 && str_eq(ident_id(v, (size_t)node), branch);
    size_t carrier = by_id ? only_label(a, v, (size_t)node) : module_find_name(m, branch);
    if (by_id && carrier == SIZE_MAX)
        return fail_no_branch(branch, err);
    if (carrier != SIZE_MAX)
        view_label_members(a, v, carrier, &members);
    *targets = ident_filter(a, targets, &members);
    return true;
}

static bool upper_targets(struct arena *a, const struct view *v, const struct end *lower, const struct end *upper,
                          struct nodes *ret_targets, struct err *err)
{
    struct names one = {0};
    struct origin o = end_origin(a, lower, &one);
    if (upper->rows != NULL)
        return target_rows(a, v, upper->rows, ret_targets, err) && keep_branch(a, v, lower, ret_targets, err);
    return relative_targets(a, v, &o, upper->expression, ret_targets, err) &&
           keep_branch(a, v, lower, ret_targets, err);
}

/* Counted from the upper end: a walk down that stops at base. */
static bool lower_from_upper(struct arena *a, const struct view *v, const struct end *lower, const struct end *upper,
                             struct nodes *ret_nodes, struct err *err)
{
    struct names one = {0};
    struct origin o = end_origin(a, upper, &one);
    struct str branch;
    long node;
    if (!relative_downgrade(a, v, &o, lower->expression, &branch, &node, err))
        return false;
    if (node >= 0)
        vec_push(a, &ret_nodes->list, (size_t)node);
    return true;
}

/*
 * "-N" as the start counts from every head. Where the first walk leads past the end, it counts from the upper end
 * instead; one that ends at base is below nothing.
 */
static bool lower_walk(struct arena *a, const struct view *v, const struct end *lower, const struct end *upper,
                       const struct bitset *shown, struct nodes *ret_nodes, struct err *err)
{
    struct walk_ends ends;
    struct str branch;
    long steps = 0;
    ident_is_walk(lower->expression, &branch, &steps);
    if (!ident_walk_heads(a, v, branch, steps, &ends, err))
        return false;
    bool past = false;
    for (size_t i = 0; i < ends.list.count; i++) {
        long node = ends.list.items[i];
        past = past || node == IDENT_NONE;
        if (node == IDENT_BASE || (node >= 0 && !bitset_has(shown, (size_t)node)))
            return fail_not_ancestor(err);
        if (node >= 0)
            vec_push(a, &ret_nodes->list, (size_t)node);
    }
    if (!past || ends.list.items[0] != IDENT_NONE)
        return target_check_overlap(a, v, ret_nodes, err) && (!past || fail_not_ancestor(err));
    *ret_nodes = (struct nodes){0};
    return lower_from_upper(a, v, lower, upper, ret_nodes, err);
}

/* The revisions that the range starts at; none for base. They must be among those that the end implies. */
static bool lower_nodes(struct arena *a, const struct view *v, const struct end *lower, const struct end *upper,
                        const struct bitset *shown, struct nodes *ret_nodes, struct err *err)
{
    struct str branch;
    long steps;
    *ret_nodes = (struct nodes){0};
    if (lower->rows == NULL && ident_is_walk(lower->expression, &branch, &steps))
        return lower_walk(a, v, lower, upper, shown, ret_nodes, err);
    if (!(lower->rows != NULL ? target_rows(a, v, lower->rows, ret_nodes, err)
                              : ident_many(a, v, lower->expression, ret_nodes, err)))
        return false;
    for (size_t i = 0; i < ret_nodes->list.count; i++)
        if (!bitset_has(shown, ret_nodes->list.items[i]))
            return fail_not_ancestor(err);
    return true;
}

bool target_range(struct arena *a, const struct view *v, struct str lower, struct str upper, const struct names *rows,
                  struct nodes *ret_nodes, struct err *err)
{
    const struct dag *d = &v->project->dag;
    struct end low = range_end(lower, STR("base"), rows), high = range_end(upper, STR("heads"), rows);
    struct nodes targets, start;
    if (!upper_targets(a, v, &low, &high, &targets, err) || !target_check_overlap(a, v, &targets, err))
        return false;
    struct bitset shown = reach_down_from(a, d, EDGES_MODULE, &targets);
    if (!lower_nodes(a, v, &low, &high, &shown, &start, err) || !target_check_overlap(a, v, &start, err))
        return false;
    if (start.list.count > 0) {
        struct bitset above = reach_up_from(a, d, EDGE_PARENT, &start),
                      below = reach_down_from(a, d, EDGES_MODULE, &start);
        bitset_subtract(&shown, &below);
        for (size_t i = 0; i < start.list.count; i++)
            bitset_add(&shown, start.list.items[i]);
        bitset_intersect(&shown, &above);
    }
    reach_order(a, d, EDGES_MODULE, &shown, ret_nodes);
    return true;
}
