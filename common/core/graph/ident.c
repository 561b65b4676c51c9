#include "common/core/graph/ident.h"

#include <stdint.h>
#include <stdio.h>

#include "skein/graph/reach.h"

bool ident_fail(struct err *err, const char *kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char text[ERR_TEXT_MAX];
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return err_kind(err, ERR_TARGET, kind, "%s", text);
}

static const struct module *module_of(const struct view *v)
{
    return &v->project->modules.list.items[v->module];
}

struct str ident_id(const struct view *v, size_t node)
{
    return v->project->nodes[node]->id;
}

struct nodes ident_filter(struct arena *a, const struct nodes *nodes, const struct bitset *set)
{
    struct nodes kept = {0};
    for (size_t i = 0; i < nodes->list.count; i++)
        if (bitset_has(set, nodes->list.items[i]))
            vec_push(a, &kept.list, nodes->list.items[i]);
    return kept;
}

/* "head" stands for several: names them. */
static bool fail_multiple(const struct view *v, const struct nodes *heads, struct str argument, struct err *err)
{
    struct strbuf ids;
    strbuf_init(&ids, ERR_TEXT_MAX / 2);
    for (size_t i = 0; i < heads->list.count; i++)
        strbuf_printf(&ids, "%s%.*s", i > 0 ? ", " : "", STR_ARG(ident_id(v, heads->list.items[i])));
    ident_fail(err, "multiple_heads", "'%.*s' stands for several revisions: %s", STR_ARG(argument), ids.p);
    strbuf_release(&ids);
    return err_hint(err, "name a revision, or '<branch>@head' for one branch, or 'heads' for all");
}

static bool split_branch(struct str name, struct str *ret_branch, struct str *ret_rest)
{
    size_t at = str_find(name, '@');
    *ret_branch = at < name.len ? str_head(name, at) : STR("");
    *ret_rest = at < name.len ? str_from(name, at + 1) : name;
    return at < name.len;
}

/* The names of the module that start with `prefix` and have at least four bytes. */
static void find_prefix(struct arena *a, const struct module *m, struct str prefix, struct nodes *ret_nodes)
{
    size_t low = 0, high = m->name_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (str_cmp(m->names[middle].name, prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < m->name_count && str_starts(m->names[low].name, prefix); low++)
        if (m->names[low].name.len > 3)
            vec_push(a, &ret_nodes->list, m->names[low].node);
}

static bool fail_prefix(const struct view *v, struct str name, const struct nodes *found, struct err *err)
{
    if (found->list.count > 1) {
        ident_fail(err, "ambiguous_partial", "several revisions or branches start with '%.*s': %.*s, %.*s%s",
                   STR_ARG(name), STR_ARG(ident_id(v, found->list.items[0])),
                   STR_ARG(ident_id(v, found->list.items[1])), found->list.count > 2 ? ", ..." : "");
        return err_hint(err, "write more of the id");
    }
    ident_fail(err, "unknown_revision", "there is no revision or branch '%.*s' in %.*s", STR_ARG(name),
               STR_ARG(module_of(v)->name));
    const struct revision *heir = squash_heir(v->project, v->module, name);
    if (heir != NULL)
        return err_hint(err, "it was squashed into '%.*s', and its file was removed", STR_ARG(heir->id));
    return err_hint(err, "`skein history` lists the revisions; the start of an id is enough if the id has four "
                         "characters or more");
}

/* Ancestors and descendants by parents of the revision that names the branch. */
static bool branch_lineage(struct arena *a, const struct view *v, struct str branch, struct bitset *ret_set,
                           struct err *err)
{
    struct nodes one = {0};
    size_t carrier;
    if (!ident_branch(a, v, branch, &carrier, err))
        return false;
    vec_push(a, &one.list, carrier);
    *ret_set = reach_down_from(a, &v->project->dag, EDGE_PARENT, &one);
    struct bitset up = reach_up_from(a, &v->project->dag, EDGE_PARENT, &one);
    bitset_unite(ret_set, &up);
    return true;
}

static bool fail_not_in_branch(const struct view *v, size_t node, struct str branch, struct err *err)
{
    ident_fail(err, "not_in_branch", "revision '%.*s' is not on the branch '%.*s'", STR_ARG(ident_id(v, node)),
               STR_ARG(branch));
    return err_hint(err, "leave '%.*s@' out, or name a revision of that branch", STR_ARG(branch));
}

/* One name, whole or as a prefix; with a branch it must be on the branch's lineage. */
static bool lookup(struct arena *a, const struct view *v, struct str name, struct str branch, size_t *ret_node,
                   struct err *err)
{
    struct bitset lineage = {0};
    if (branch.len > 0 && !branch_lineage(a, v, branch, &lineage, err))
        return false;
    size_t node = module_find_name(module_of(v), name);
    if (node == SIZE_MAX) {
        struct nodes found = {0};
        if (name.len > 0)
            find_prefix(a, module_of(v), name, &found);
        if (branch.len > 0)
            found = ident_filter(a, &found, &lineage);
        if (found.list.count != 1)
            return fail_prefix(v, name, &found, err);
        node = found.list.items[0];
    }
    if (branch.len > 0 && !bitset_has(&lineage, node))
        return fail_not_in_branch(v, node, branch, err);
    *ret_node = node;
    return true;
}

bool ident_branch(struct arena *a, const struct view *v, struct str branch, size_t *ret_node, struct err *err)
{
    *ret_node = module_find_name(module_of(v), branch);
    if (*ret_node != SIZE_MAX)
        return true;
    struct err inner;
    if (lookup(a, v, branch, STR(""), ret_node, &inner))
        return true;
    ident_fail(err, "no_such_branch", "there is no branch '%.*s' in %.*s", STR_ARG(branch),
               STR_ARG(module_of(v)->name));
    err_detail(err, "%s", inner.text);
    return err_hint(err, "a branch is named by a label, or by any revision on it: `skein history` shows both");
}

/* The heads that `branch@head` chooses from. */
static bool branch_heads(struct arena *a, const struct view *v, struct str branch, struct nodes *ret_heads,
                         struct err *err)
{
    struct nodes heads;
    view_heads(a, v, &heads);
    if (branch.len > 0) {
        struct bitset lineage;
        if (!ident_lineage(a, v, branch, EDGE_PARENT, &lineage, err))
            return false;
        heads = ident_filter(a, &heads, &lineage);
    }
    *ret_heads = heads;
    return true;
}

/*
 * First stage, without looking the name up: symbols become nodes. *ret_symbol tells whether it was one; else
 * *ret_rest is the name to look up on *ret_branch.
 */
static bool resolve_symbol(struct arena *a, const struct view *v, struct str name, struct str *ret_branch,
                           struct str *ret_rest, bool *ret_symbol, struct nodes *ret_nodes, struct err *err)
{
    split_branch(name, ret_branch, ret_rest);
    *ret_nodes = (struct nodes){0};
    *ret_symbol = true;
    if (str_is(*ret_rest, "base"))
        return true;
    if (str_is(*ret_rest, "heads")) {
        if (ret_branch->len > 0)
            return branch_heads(a, v, *ret_branch, ret_nodes, err);
        view_effective_heads(a, v, ret_nodes);
        return true;
    }
    if (str_is(*ret_rest, "head")) {
        if (!branch_heads(a, v, *ret_branch, ret_nodes, err))
            return false;
        return ret_nodes->list.count <= 1 || fail_multiple(v, ret_nodes, name, err);
    }
    *ret_symbol = false;
    return true;
}

/* A symbol's nodes still have to be on the branch: a branch may be named by a prefix that leads elsewhere. */
static bool check_branch(struct arena *a, const struct view *v, struct str branch, const struct nodes *nodes,
                         struct err *err)
{
    struct bitset lineage;
    if (branch.len == 0 || nodes->list.count == 0)
        return true;
    if (!branch_lineage(a, v, branch, &lineage, err))
        return false;
    for (size_t i = 0; i < nodes->list.count; i++)
        if (!bitset_has(&lineage, nodes->list.items[i]))
            return fail_not_in_branch(v, nodes->list.items[i], branch, err);
    return true;
}

bool ident_one(struct arena *a, const struct view *v, struct str name, long *ret_node, struct err *err)
{
    struct str branch, rest;
    struct nodes nodes;
    bool symbol;
    size_t node;
    if (!resolve_symbol(a, v, name, &branch, &rest, &symbol, &nodes, err))
        return false;
    if (!symbol) {
        if (!lookup(a, v, rest, branch, &node, err))
            return false;
        *ret_node = (long)node;
        return true;
    }
    if (nodes.list.count > 1)
        return fail_multiple(v, &nodes, name, err);
    if (branch.len > 0 && !ident_branch(a, v, branch, &node, err))
        return false;
    if (!check_branch(a, v, branch, &nodes, err))
        return false;
    *ret_node = nodes.list.count == 1 ? (long)nodes.list.items[0] : IDENT_NONE;
    return true;
}

/* "-3": how Alembic reads a negative number where a revision is meant. */
static bool negative_number(struct str s, long *ret_steps)
{
    unsigned long long value;
    if (s.len < 2 || s.p[0] != '-' || !str_to_u64(str_from(s, 1), INT32_MAX, &value) || value == 0)
        return false;
    *ret_steps = -(long)value;
    return true;
}

bool ident_is_walk(struct str name, struct str *ret_branch, long *ret_steps)
{
    struct str rest;
    split_branch(name, ret_branch, &rest);
    return negative_number(rest, ret_steps);
}

bool ident_walk_heads(struct arena *a, const struct view *v, struct str branch, long steps, struct walk_ends *ret_ends,
                      struct err *err)
{
    struct nodes heads;
    view_effective_heads(a, v, &heads);
    if (branch.len > 0) {
        size_t carrier = module_find_name(module_of(v), branch);
        struct bitset members = bitset_new(a, v->project->node_count);
        if (carrier != SIZE_MAX && !str_eq(ident_id(v, carrier), branch))
            view_label_members(a, v, carrier, &members);
        heads = ident_filter(a, &heads, &members);
    }
    *ret_ends = (struct walk_ends){0};
    for (size_t i = 0; i < heads.list.count; i++) {
        long node;
        if (!ident_walk_down(a, v, (long)heads.list.items[i], steps, OVERWALK_NONE, &node, err))
            return false;
        vec_push(a, &ret_ends->list, node);
    }
    return true;
}

/* "-N" where revisions are meant: each one once. */
static bool walked_nodes(struct arena *a, const struct view *v, struct str branch, long steps, struct nodes *ret_nodes,
                         struct err *err)
{
    struct bitset seen = bitset_new(a, v->project->node_count);
    struct walk_ends ends;
    if (!ident_walk_heads(a, v, branch, steps, &ends, err))
        return false;
    for (size_t i = 0; i < ends.list.count; i++) {
        long node = ends.list.items[i];
        if (node < 0) {
            ident_fail(err, "relative_unreachable", "there are no %ld revisions below every head", -steps);
            return err_hint(err, "`skein history` shows how far the graph goes");
        }
        if (!bitset_has(&seen, (size_t)node))
            vec_push(a, &ret_nodes->list, (size_t)node);
        bitset_add(&seen, (size_t)node);
    }
    return true;
}

bool ident_many(struct arena *a, const struct view *v, struct str name, struct nodes *ret_nodes, struct err *err)
{
    struct str branch, rest;
    bool symbol;
    size_t node;
    long steps;
    if (!resolve_symbol(a, v, name, &branch, &rest, &symbol, ret_nodes, err))
        return false;
    if (symbol)
        return check_branch(a, v, branch, ret_nodes, err);
    if (negative_number(rest, &steps))
        return walked_nodes(a, v, branch, steps, ret_nodes, err);
    if (!lookup(a, v, rest, branch, &node, err))
        return false;
    vec_push(a, &ret_nodes->list, node);
    return true;
}

bool ident_lineage(struct arena *a, const struct view *v, struct str name, int kinds, struct bitset *ret_set,
                   struct err *err)
{
    struct str branch, rest;
    struct nodes nodes;
    bool symbol;
    size_t node;
    if (!resolve_symbol(a, v, name, &branch, &rest, &symbol, &nodes, err))
        return false;
    if (branch.len > 0) {
        if (!lookup(a, v, branch, STR(""), &node, err))
            return false;
        vec_push(a, &nodes.list, node);
    }
    if (!symbol) {
        if (!lookup(a, v, rest, STR(""), &node, err))
            return false;
        vec_push(a, &nodes.list, node);
    }
    *ret_set = reach_down_from(a, &v->project->dag, kinds, &nodes);
    struct bitset up = reach_up_from(a, &v->project->dag, kinds, &nodes);
    bitset_unite(ret_set, &up);
    for (size_t n = 0; nodes.list.count == 0 && n < ret_set->size; n++)
        bitset_add(ret_set, n);
    return true;
}

/* One step; IDENT_NONE past the base. */
static bool step_down(struct arena *a, const struct view *v, long at, long *ret_node, struct err *err)
{
    struct nodes below = {0};
    if (at == IDENT_NONE)
        view_heads(a, v, &below);
    if (at >= 0)
        below = squash_parents(a, v->project, (size_t)at);
    if (below.list.count > 1) {
        ident_fail(err, "ambiguous_walk", "which way down to go is not clear: there are several parents or heads");
        return err_hint(err, "name the revision to go to");
    }
    if (below.list.count == 1)
        *ret_node = (long)below.list.items[0];
    else
        *ret_node = at == IDENT_BASE ? IDENT_NONE : IDENT_BASE;
    return true;
}

bool ident_walk_down(struct arena *a, const struct view *v, long start, long steps, enum overwalk overwalk,
                     long *ret_node, struct err *err)
{
    long at = start;
    for (; steps < 0; steps++) {
        long next;
        if (!step_down(a, v, at, &next, err))
            return false;
        if (next == IDENT_NONE) {
            *ret_node = overwalk == OVERWALK_STOP ? at : IDENT_NONE;
            return true;
        }
        at = next;
    }
    *ret_node = at;
    return true;
}
