/*
 * Relative expressions and what an upgrade or a downgrade makes of a target. The two read the same text in
 * slightly different ways, and both ways are Alembic's: an upgrade splits `x@y@z` at the first @, a downgrade
 * at the last; a bare -N is for downgrades, a bare +N for upgrades.
 */
#include "skein/graph/target.h"

#include <stdint.h>

#include "common/core/graph/ident.h"
#include "skein/graph/reach.h"

/*
 * What a relative expression counts from: the rows of a version table, or (in a history range) one other
 * expression. A range stops at the end of the graph where a plan would fail.
 */
struct origin {
    const struct names *names;
    bool are_expressions;
    enum overwalk overwalk;
};

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
    const struct dag *d = &v->project->dag;
    struct bitset lineage = {0};
    long at = start;
    for (long steps = r->steps; steps > 0; steps--) {
        struct nodes children = {0};
        if (at < 0)
            view_bases(a, v, &children);
        for (size_t i = 0; at >= 0 && i < dag_up_count(d, EDGE_PARENT, (size_t)at); i++)
            vec_push(a, &children.list, dag_up(d, EDGE_PARENT, (size_t)at, i));
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
            return err_hint(err, "add the missing revision file, or set the table right with `skein stamp --purge`");
        }
        vec_push(a, &ret_nodes->list, node);
    }
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

static bool origin_nodes(struct arena *a, const struct view *v, const struct origin *o, struct nodes *ret_nodes,
                         struct err *err)
{
    if (!o->are_expressions)
        return target_rows(a, v, o->names, ret_nodes, err);
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

static bool fail_range(struct err *err)
{
    ident_fail(err, "range_not_allowed", "a range is not allowed here");
    return err_hint(err, "name one revision; ranges are for `history -r` and `--sql`");
}

static bool upgrade_targets(struct arena *a, const struct view *v, const struct origin *o, struct str expression,
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

bool target_upgrade(struct arena *a, const struct view *v, const struct names *rows, struct str expression,
                    struct nodes *ret_targets, struct err *err)
{
    struct origin o = {.names = rows, .overwalk = OVERWALK_NONE};
    if (str_find(expression, ':') < expression.len)
        return fail_range(err);
    return upgrade_targets(a, v, &o, expression, ret_targets, err);
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

static bool downgrade_target_node(struct arena *a, const struct view *v, const struct origin *o, struct str expression,
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
    if (!downgrade_target_node(a, v, &o, expression, &branch, &node, err))
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

/* --- history ranges ------------------------------------------------------------------------------------------ */

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

/* `branch@base:...` shows that branch's revisions only. */
static bool keep_branch(struct arena *a, const struct view *v, const struct end *lower, struct nodes *targets,
                        struct err *err)
{
    const struct module *m = &v->project->modules.list.items[v->module];
    struct str branch = str_head(lower->expression, str_find(lower->expression, '@'));
    struct nodes kept = {0};
    long node;
    if (branch.len == lower->expression.len)
        return true;
    if (!ident_one(a, v, branch, &node, err))
        return false;
    bool by_id = node >= 0 && str_eq(ident_id(v, (size_t)node), branch);
    for (size_t i = 0; i < m->name_count; i++) {
        struct bitset members;
        if (!m->names[i].is_label || (!by_id && !str_eq(m->names[i].name, branch)))
            continue;
        view_label_members(a, v, m->names[i].node, &members);
        if (by_id && !bitset_has(&members, (size_t)node))
            continue;
        kept = ident_filter(a, targets, &members);
        break;
    }
    *targets = kept;
    return true;
}

static bool upper_targets(struct arena *a, const struct view *v, const struct end *lower, const struct end *upper,
                          struct nodes *ret_targets, struct err *err)
{
    struct names one = {0};
    struct origin o = end_origin(a, lower, &one);
    if (upper->rows != NULL)
        return target_rows(a, v, upper->rows, ret_targets, err) && keep_branch(a, v, lower, ret_targets, err);
    return upgrade_targets(a, v, &o, upper->expression, ret_targets, err) && keep_branch(a, v, lower, ret_targets, err);
}

/* Counted from the upper end: a walk down that stops at base. */
static bool lower_from_upper(struct arena *a, const struct view *v, const struct end *lower, const struct end *upper,
                             struct nodes *ret_nodes, struct err *err)
{
    struct names one = {0};
    struct origin o = end_origin(a, upper, &one);
    struct str branch;
    long node;
    if (!downgrade_target_node(a, v, &o, lower->expression, &branch, &node, err))
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
    for (size_t i = 0; i < ends.list.count; i++) {
        long node = ends.list.items[i];
        if (node == IDENT_BASE || (node >= 0 && !bitset_has(shown, (size_t)node)) ||
            (node == IDENT_NONE && ends.list.items[0] != IDENT_NONE))
            return fail_not_ancestor(err);
        if (node >= 0)
            vec_push(a, &ret_nodes->list, (size_t)node);
    }
    if (ends.list.count == 0 || ends.list.items[0] != IDENT_NONE)
        return true;
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

bool target_check_overlap(struct arena *a, const struct view *v, const struct nodes *nodes, struct err *err)
{
    size_t upper, lower;
    if (!reach_overlap(a, &v->project->dag, EDGES_MODULE, nodes, &upper, &lower))
        return true;
    ident_fail(err, "overlapping_revisions", "revision '%.*s' implies '%.*s'; both together make no sense",
               STR_ARG(ident_id(v, upper)), STR_ARG(ident_id(v, lower)));
    return err_hint(err, "name the upper one only");
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
