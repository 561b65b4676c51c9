#include "common/core/graph/relative.h"

#include <stdint.h>

#include "skein/graph/reach.h"

/* "branch@symbol+N": any part but the number may be missing (empty). What follows the digits does not count. */
struct relative {
    struct str branch, symbol, text;
    bool has_branch, has_symbol;
    long steps;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           ((unsigned char)c & 0x80) != 0;
}

static bool is_digit(struct str s, size_t at)
{
    return at < s.len && s.p[at] >= '0' && s.p[at] <= '9';
}

/* A symbol and a number at `start`. */
static bool parse_walk(struct str s, size_t start, struct relative *ret_relative)
{
    size_t sign = start, end;
    while (sign < s.len && is_word(s.p[sign]))
        sign++;
    if (sign == s.len || (s.p[sign] != '+' && s.p[sign] != '-') || !is_digit(s, sign + 1))
        return false;
    long value = 0;
    for (end = sign + 1; is_digit(s, end); end++)
        if (value < INT32_MAX / 10)
            value = value * 10 + (s.p[end] - '0');
        else
            value = INT32_MAX; /* further than any graph goes */
    *ret_relative = (struct relative){.symbol = str_head(str_from(s, start), sign - start),
                                      .text = str_head(str_from(s, sign), end - sign),
                                      .has_symbol = sign > start,
                                      .steps = s.p[sign] == '-' ? -value : value};
    return true;
}

static bool parse_relative(struct str s, struct relative *ret_relative)
{
    for (size_t at = 1; at < s.len; at++)
        if (s.p[at] == '@' && parse_walk(s, at + 1, ret_relative)) {
            ret_relative->branch = str_head(s, at);
            ret_relative->has_branch = true;
            return true;
        }
    return parse_walk(s, 0, ret_relative);
}

static bool fail_length(const struct relative *r, struct err *err)
{
    ident_fail(err, "relative_unreachable", "there are no %ld revisions to go for '%.*s'",
               r->steps < 0 ? -r->steps : r->steps, STR_ARG(r->text));
    return err_hint(err, "`skein history` shows how far the graph goes");
}

static bool fail_several_rows(const struct relative *r, struct err *err)
{
    ident_fail(err, "ambiguous_relative", "'%.*s' is not clear: several revisions are current", STR_ARG(r->text));
    return err_hint(err, "name a branch, as in '<branch>@%.*s', or a revision", STR_ARG(r->text));
}

static bool fail_fork(struct err *err)
{
    ident_fail(err, "ambiguous_walk", "the way up forks: which branch to follow is not clear");
    return err_hint(err, "name a branch, as in '<branch>@+1', or a revision");
}

/* Walks up by children; from nowhere to a base first. Only what is on the branch counts. */
static bool walk_up(struct arena *a, const struct view *v, long start, const struct relative *r, enum overwalk overwalk,
                    long *ret_node, struct err *err)
{
    struct str branch = r->branch;
    struct bitset lineage = {0};
    long at = start;
    for (long steps = r->steps; steps > 0; steps--) {
        struct nodes children = squash_children(a, v->project, v->module, at < 0 ? SIZE_MAX : (size_t)at);
        if (branch.len > 0 && children.list.count > 0) {
            if (lineage.size == 0 && !ident_lineage(a, v, branch, EDGE_PARENT, &lineage, err))
                return false;
            children = ident_filter(a, &children, &lineage);
        }
        if (children.list.count > 1)
            return fail_fork(err);
        if (children.list.count == 0) {
            *ret_node = overwalk == OVERWALK_STOP ? at : IDENT_NONE;
            return true;
        }
        at = (long)children.list.items[0];
    }
    *ret_node = at;
    return true;
}

/* The tips of what is applied on a branch that has no row of its own. */
static struct nodes applied_tips(struct arena *a, const struct view *v, const struct nodes *rows,
                                 const struct bitset *lineage)
{
    const struct dag *d = &v->project->dag;
    struct bitset applied = reach_down_from(a, d, EDGES_MODULE, rows), needed = bitset_new(a, d->node_count);
    struct nodes tips = {0};
    bitset_intersect(&applied, lineage);
    for (size_t n = bitset_next(&applied, 0); n < applied.size; n = bitset_next(&applied, n + 1)) {
        struct dag_cursor c = {.node = n};
        size_t other;
        while (dag_next_down(d, EDGES_MODULE, &c, &other))
            bitset_add(&needed, other);
    }
    bitset_subtract(&applied, &needed);
    for (size_t n = bitset_next(&applied, 0); n < applied.size; n = bitset_next(&applied, n + 1))
        vec_push(a, &tips.list, n);
    return tips;
}

/* "-2" as the start of a range: what lies past base has no name to count from. */
static bool walked_origin(struct arena *a, const struct view *v, struct str branch, long steps, struct nodes *ret_nodes,
                          struct err *err)
{
    struct walk_ends ends;
    *ret_nodes = (struct nodes){0};
    if (!ident_walk_heads(a, v, branch, steps, &ends, err))
        return false;
    for (size_t i = 0; i < ends.list.count; i++) {
        if (ends.list.items[i] == IDENT_BASE) {
            ident_fail(err, "unknown_revision", "nothing can be counted from base here");
            return err_hint(err, "name the revision to count from");
        }
        if (ends.list.items[i] >= 0)
            vec_push(a, &ret_nodes->list, (size_t)ends.list.items[i]);
    }
    return true;
}

static bool origin_nodes(struct arena *a, const struct view *v, const struct origin *o, struct nodes *ret_nodes,
                         struct err *err)
{
    struct str branch;
    long steps;
    if (!o->are_expressions)
        return target_rows(a, v, o->names, ret_nodes, err);
    if (ident_is_walk(o->names->list.items[0], &branch, &steps))
        return walked_origin(a, v, branch, steps, ret_nodes, err);
    return ident_many(a, v, o->names->list.items[0], ret_nodes, err);
}

/* Where "+N" or "branch@+N" starts. */
static bool upgrade_start(struct arena *a, const struct view *v, const struct origin *o, const struct relative *r,
                          long *ret_start, struct err *err)
{
    struct nodes starts;
    struct bitset lineage;
    if (r->branch.len == 0 && o->names->list.count > 1)
        return fail_several_rows(r, err);
    if (r->branch.len == 0 && o->are_expressions)
        return ident_one(a, v, o->names->list.items[0], ret_start, err);
    if (!origin_nodes(a, v, o, &starts, err))
        return false;
    if (r->branch.len > 0 && starts.list.count > 0) {
        struct nodes all = starts;
        if (!ident_lineage(a, v, r->branch, EDGE_PARENT, &lineage, err))
            return false;
        starts = ident_filter(a, &all, &lineage);
        if (starts.list.count == 0)
            starts = applied_tips(a, v, &all, &lineage);
    }
    if (starts.list.count > 1)
        return fail_several_rows(r, err);
    *ret_start = starts.list.count == 1 ? (long)starts.list.items[0] : IDENT_NONE;
    return true;
}

static struct str branch_symbol(struct arena *a, const struct relative *r)
{
    return str_printf(a, "%.*s@%.*s", STR_ARG(r->branch), STR_ARG(r->symbol));
}

static bool upgrade_relative(struct arena *a, const struct view *v, const struct origin *o, const struct relative *r,
                             long *ret_node, struct err *err)
{
    long start;
    if (r->steps > 0) {
        bool found = r->has_symbol ? ident_one(a, v, r->symbol, &start, err) : upgrade_start(a, v, o, r, &start, err);
        return found && walk_up(a, v, start, r, o->overwalk, ret_node, err);
    }
    if (!r->has_symbol)
        return fail_length(r, err);
    struct str from = r->has_branch ? branch_symbol(a, r) : r->symbol;
    return ident_one(a, v, from, &start, err) && ident_walk_down(a, v, start, r->steps, o->overwalk, ret_node, err);
}

bool relative_targets(struct arena *a, const struct view *v, const struct origin *o, struct str expression,
                      struct nodes *ret_targets, struct err *err)
{
    struct relative r;
    long node;
    if (!parse_relative(expression, &r))
        return ident_many(a, v, expression, ret_targets, err);
    if (!upgrade_relative(a, v, o, &r, &node, err))
        return false;
    if (node < 0)
        return fail_length(&r, err);
    *ret_targets = (struct nodes){0};
    vec_push(a, &ret_targets->list, (size_t)node);
    return true;
}

/* Heads of what is applied, branches that are applied as dependencies included: no child is applied. */
static struct nodes applied_heads(struct arena *a, const struct view *v, const struct nodes *rows)
{
    const struct dag *d = &v->project->dag;
    struct bitset applied = reach_down_from(a, d, EDGES_MODULE, rows);
    struct nodes heads = {0};
    for (size_t n = bitset_next(&applied, 0); n < applied.size; n = bitset_next(&applied, n + 1)) {
        bool is_head = true;
        for (size_t i = 0; i < dag_up_count(d, EDGE_PARENT, n); i++)
            is_head = is_head && !bitset_has(&applied, dag_up(d, EDGE_PARENT, n, i));
        if (is_head)
            vec_push(a, &heads.list, n);
    }
    return heads;
}

/* Where "branch@-N" starts: the one current head on that lineage. */
static bool downgrade_branch_start(struct arena *a, const struct view *v, const struct origin *o,
                                   const struct relative *r, size_t *ret_start, struct err *err)
{
    struct bitset lineage;
    struct nodes rows;
    if (!origin_nodes(a, v, o, &rows, err) || !ident_lineage(a, v, r->branch, EDGE_PARENT, &lineage, err))
        return false;
    struct nodes starts = ident_filter(a, &rows, &lineage);
    if (starts.list.count == 0) {
        struct nodes heads = applied_heads(a, v, &rows);
        starts = ident_filter(a, &heads, &lineage);
    }
    if (starts.list.count == 0)
        return fail_length(r, err);
    if (starts.list.count > 1)
        return fail_several_rows(r, err);
    *ret_start = starts.list.items[0];
    return true;
}

/* "-N" or "branch@-N": fills the symbol, and the branch that limits what goes. */
static bool downgrade_from_origin(struct arena *a, const struct view *v, const struct origin *o, struct relative *r,
                                  struct err *err)
{
    size_t start;
    if (r->branch.len > 0) {
        if (!downgrade_branch_start(a, v, o, r, &start, err))
            return false;
        r->symbol = ident_id(v, start);
        return true;
    }
    if (o->names->list.count == 0)
        return fail_length(r, err);
    r->symbol = r->branch = o->names->list.items[0];
    r->has_branch = true;
    return true;
}

static bool downgrade_relative(struct arena *a, const struct view *v, const struct origin *o, struct relative *r,
                               long *ret_node, struct err *err)
{
    long start;
    if (r->steps >= 0) {
        if (!r->has_symbol)
            return fail_length(r, err);
        return ident_one(a, v, r->symbol, &start, err) && walk_up(a, v, start, r, o->overwalk, ret_node, err);
    }
    if (!r->has_symbol && !downgrade_from_origin(a, v, o, r, err))
        return false;
    struct str from = r->has_branch ? branch_symbol(a, r) : r->symbol;
    return ident_one(a, v, from, &start, err) && ident_walk_down(a, v, start, r->steps, o->overwalk, ret_node, err);
}

bool relative_downgrade(struct arena *a, const struct view *v, const struct origin *o, struct str expression,
                        struct str *ret_branch, long *ret_node, struct err *err)
{
    struct relative r;
    *ret_branch = STR("");
    if (parse_relative(expression, &r)) {
        if (!downgrade_relative(a, v, o, &r, ret_node, err))
            return false;
        *ret_branch = r.branch;
        return *ret_node != IDENT_NONE || fail_length(&r, err);
    }
    for (size_t at = expression.len; at-- > 0;)
        if (expression.p[at] == '@') {
            *ret_branch = str_head(expression, at);
            expression = str_from(expression, at + 1);
            break;
        }
    return ident_one(a, v, expression, ret_node, err);
}
