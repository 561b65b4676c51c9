/* What an upgrade, a downgrade, a stamp and `show` ask about a target. */
#include "skein/graph/target.h"

#include <stdint.h>

#include "common/core/graph/relative.h"
#include "skein/graph/reach.h"

bool target_rows(struct arena *a, const struct view *v, const struct names *rows, struct nodes *ret_nodes,
                 struct err *err)
{
    *ret_nodes = (struct nodes){0};
    for (size_t i = 0; i < rows->list.count; i++) {
        size_t node = project_find_node(v->project, v->module, rows->list.items[i]);
        if (node == SIZE_MAX) {
            struct str module = v->project->modules.list.items[v->module].name;
            ident_fail(err, "unknown_revision", "the version table of %.*s holds '%.*s', which is no revision of it",
                       STR_ARG(module), STR_ARG(rows->list.items[i]));
            const struct revision *heir = squash_heir(v->project, v->module, rows->list.items[i]);
            if (heir != NULL)
                return err_hint(err,
                                "it was squashed into '%.*s': restore the files that this one replaces, so that "
                                "the database finds its way",
                                STR_ARG(heir->id));
            return err_hint(err, "add the missing revision file, or set the table right with `skein stamp --purge`");
        }
        vec_push(a, &ret_nodes->list, node);
    }
    return true;
}

static bool fail_range(struct err *err)
{
    ident_fail(err, "range_not_allowed", "a range is not allowed here");
    return err_hint(err, "name one revision; ranges are for `history -r` and `--sql`");
}

bool target_upgrade(struct arena *a, const struct view *v, const struct names *rows, struct str expression,
                    struct nodes *ret_targets, struct err *err)
{
    struct origin o = {.names = rows, .overwalk = OVERWALK_NONE};
    if (str_find(expression, ':') < expression.len)
        return fail_range(err);
    return relative_targets(a, v, &o, expression, ret_targets, err);
}

/* How many names (ids and labels) lead to the bases: Alembic asks for the branch when there are several. */
static size_t count_base_names(const struct view *v, const struct nodes *bases)
{
    size_t count = 0;
    for (size_t i = 0; i < bases->list.count; i++)
        count += 1 + v->project->nodes[bases->list.items[i]]->labels.list.count;
    return count;
}

/* The roots that are on the branch's way down. */
static bool keep_branch_roots(struct arena *a, const struct view *v, struct str branch, struct nodes *roots,
                              struct err *err)
{
    struct nodes one = {0};
    size_t carrier;
    if (!ident_branch(a, v, branch, &carrier, err))
        return false;
    vec_push(a, &one.list, carrier);
    struct bitset ancestors = reach_down_from(a, &v->project->dag, EDGE_PARENT, &one);
    *roots = ident_filter(a, roots, &ancestors);
    if (roots->list.count > 0)
        return true;
    ident_fail(err, "invalid_downgrade_target", "no revision above that target is on the branch '%.*s'",
               STR_ARG(branch));
    return err_hint(err, "leave the branch out, or name a revision of that branch");
}

bool target_downgrade(struct arena *a, const struct view *v, const struct names *rows, struct str expression,
                      struct downgrade_target *ret_target, struct err *err)
{
    const struct dag *d = &v->project->dag;
    struct nodes roots = {0};
    struct origin o = {.names = rows, .overwalk = OVERWALK_NONE};
    struct str branch;
    long node;
    if (str_find(expression, ':') < expression.len)
        return fail_range(err);
    if (!relative_downgrade(a, v, &o, expression, &branch, &node, err))
        return false;
    if (node < 0)
        view_bases(a, v, &roots);
    for (size_t i = 0; node >= 0 && i < dag_up_count(d, EDGE_PARENT, (size_t)node); i++)
        vec_push(a, &roots.list, dag_up(d, EDGE_PARENT, (size_t)node, i));
    size_t ways = node < 0 ? count_base_names(v, &roots) : roots.list.count;
    if (branch.len > 0 && ways > 1 && !keep_branch_roots(a, v, branch, &roots, err))
        return false;
    *ret_target = (struct downgrade_target){roots, node < 0 ? SIZE_MAX : (size_t)node};
    return true;
}

bool target_resolve(struct arena *a, const struct view *v, struct str expression, struct nodes *ret_nodes,
                    struct err *err)
{
    return ident_many(a, v, expression, ret_nodes, err);
}

bool target_filter_rows(struct arena *a, const struct view *v, const struct nodes *rows, struct str expression,
                        struct nodes *ret_rows, struct err *err)
{
    struct bitset lineage;
    *ret_rows = (struct nodes){0};
    if (rows->list.count == 0)
        return true;
    if (!ident_lineage(a, v, expression, EDGES_MODULE, &lineage, err))
        return false;
    *ret_rows = ident_filter(a, rows, &lineage);
    return true;
}

bool target_check_overlap(struct arena *a, const struct view *v, const struct nodes *nodes, struct err *err)
{
    size_t upper, lower;
    if (!reach_overlap(a, &v->project->dag, EDGES_MODULE, nodes, &upper, &lower))
        return true;
    ident_fail(err, "overlapping_revisions", "revision '%.*s' implies '%.*s'; both together make no sense",
               STR_ARG(ident_id(v, upper)), STR_ARG(ident_id(v, lower)));
    return err_hint(err, "name the upper one only");
}
