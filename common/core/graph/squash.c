/*
 * Ranges of squashed revisions. Members are taken from the headers; that they can be done in one go is asked of the
 * graph in which each range is one node: it must have no cycle. Squashes that are not inside each other are asked
 * together (two ranges may be fine each by itself and need each other), those inside a larger one by themselves.
 */
#include "skein/graph/squash.h"

#include <stdint.h>
#include <stdlib.h>

#include "skein/base/err.h"
#include "skein/graph/project.h"
#include "skein/graph/reach.h"
#include "skein/graph/target.h"

struct builder {
    struct arena *arena;
    struct project *project;
    struct diag *diag;
    size_t *owner; /* by node: the smallest squash so far that it is in, or SIZE_MAX */
};

static struct diag_at place(const struct revision *r)
{
    return (struct diag_at){r->path, r->lines.replaces, 1};
}

/* --- members --------------------------------------------------------------------------------------------------- */

static void add_member(struct squash *s, size_t node)
{
    s->count += !bitset_has(&s->members, node);
    bitset_add(&s->members, node);
}

/* The file of `id` is gone, and a member stands for it. */
static bool is_inherited(const struct project *p, const struct squash *s, struct str id)
{
    for (size_t n = bitset_next(&s->members, 0); n < s->members.size; n = bitset_next(&s->members, n + 1))
        if (names_has(&p->nodes[n]->replaces, id))
            return true;
    return false;
}

static bool find_members(struct builder *b, size_t module, struct squash *s)
{
    const struct revision *r = s->revision;
    s->members = bitset_new(b->arena, b->project->node_count);
    s->top = project_find_node(b->project, module, r->id);
    add_member(s, s->top);
    for (size_t i = 0; i < r->replaces.list.count; i++) {
        size_t node = project_find_node(b->project, module, r->replaces.list.items[i]);
        if (node != SIZE_MAX)
            add_member(s, node);
    }
    for (size_t i = 0; i < r->replaces.list.count; i++) {
        struct str id = r->replaces.list.items[i];
        if (project_find_node(b->project, module, id) != SIZE_MAX || is_inherited(b->project, s, id))
            continue;
        diag_add(b->diag, DIAG_ERROR, "squash_incomplete", place(r),
                 "restore the file, or remove the files of all revisions that it replaces",
                 "revision '%.*s' replaces '%.*s', whose file is not there while others are", STR_ARG(r->id),
                 STR_ARG(id));
        return false;
    }
    return true;
}

static bool check_top(struct builder *b, const struct squash *s)
{
    struct nodes top = {0};
    vec_push(b->arena, &top.list, s->top);
    struct bitset below = reach_down_from(b->arena, &b->project->dag, EDGES_MODULE, &top);
    for (size_t n = bitset_next(&s->members, 0); n < s->members.size; n = bitset_next(&s->members, n + 1))
        if (!bitset_has(&below, n)) {
            diag_add(b->diag, DIAG_ERROR, "squash_not_a_range", place(s->revision), "leave it out of `replaces`",
                     "revision '%.*s' replaces '%.*s', which is not below it", STR_ARG(s->revision->id),
                     STR_ARG(b->project->nodes[n]->id));
            return false;
        }
    if (s->count > 1)
        return true;
    diag_add(b->diag, DIAG_ERROR, "squash_not_a_range", place(s->revision), "name the others that it replaces",
             "revision '%.*s' replaces itself only", STR_ARG(s->revision->id));
    return false;
}

/* The parents of the range as a whole. */
static struct nodes outer_parents(struct arena *a, const struct project *p, const struct squash *s)
{
    struct bitset seen = bitset_new(a, p->node_count);
    struct nodes parents = {0};
    for (size_t n = bitset_next(&s->members, 0); n < s->members.size; n = bitset_next(&s->members, n + 1))
        for (size_t i = 0; i < dag_down_count(&p->dag, EDGE_PARENT, n); i++) {
            size_t parent = dag_down(&p->dag, EDGE_PARENT, n, i);
            if (bitset_has(&s->members, parent) || bitset_has(&seen, parent))
                continue;
            bitset_add(&seen, parent);
            vec_push(a, &parents.list, parent);
        }
    return parents;
}

/* The headers count once the replaced files are gone: they must say the same then. */
static bool check_parents(struct builder *b, const struct squash *s)
{
    const struct names *written = &s->revision->parents;
    struct nodes parents = outer_parents(b->arena, b->project, s);
    bool same = parents.list.count == written->list.count;
    struct str ids = STR("");
    for (size_t i = 0; i < parents.list.count; i++) {
        struct str id = b->project->nodes[parents.list.items[i]]->id;
        same = same && names_has(written, id);
        ids = str_printf(b->arena, "%.*s%s%.*s", STR_ARG(ids), i > 0 ? ", " : "", STR_ARG(id));
    }
    if (!same)
        diag_add(b->diag, DIAG_ERROR, "squash_differs",
                 (struct diag_at){s->revision->path, s->revision->lines.parents, 1},
                 arena_printf(b->arena, "it has to be -- revises: %.*s", STR_ARG(ids)),
                 "`revises` of '%.*s' is not what the revisions that it replaces follow", STR_ARG(s->revision->id));
    return same;
}

/* --- nesting --------------------------------------------------------------------------------------------------- */

static int larger_first(const void *left, const void *right)
{
    const struct squash *a = left, *b = right;
    if (a->count != b->count)
        return (a->count < b->count) - (a->count > b->count);
    return str_cmp(a->revision->path, b->revision->path);
}

/* All members must have been in the same squash so far, and fewer than all of its members. */
static bool nest(struct builder *b, size_t index)
{
    struct squash *s = &b->project->squashes.list.items[index];
    s->inside = b->owner[s->top];
    for (size_t n = bitset_next(&s->members, 0); n < s->members.size; n = bitset_next(&s->members, n + 1)) {
        if (b->owner[n] != s->inside) {
            diag_add(b->diag, DIAG_ERROR, "squash_overlap", place(s->revision),
                     "of two squashed revisions one replaces all of the other or none of it",
                     "revision '%.*s' replaces '%.*s', and so does another squashed revision, which replaces others "
                     "too",
                     STR_ARG(s->revision->id), STR_ARG(b->project->nodes[n]->id));
            return false;
        }
        b->owner[n] = index;
    }
    if (s->inside == SIZE_MAX || b->project->squashes.list.items[s->inside].count > s->count)
        return true;
    diag_add(b->diag, DIAG_ERROR, "duplicate_revision", place(s->revision), "remove one of the two files",
             "the same revisions are replaced by %.*s already",
             STR_ARG(b->project->squashes.list.items[s->inside].revision->path));
    return false;
}

/* --- one node a range ------------------------------------------------------------------------------------------ */

/* The graph in which every squash directly inside `around` is one node: its top. */
static bool contract(struct builder *b, size_t around, struct dag *ret_dag, size_t *of)
{
    const struct project *p = b->project;
    struct edges edges = {0};
    bool any = false;
    for (size_t n = 0; n < p->node_count; n++)
        of[n] = n;
    for (size_t i = 0; i < p->squashes.list.count; i++) {
        const struct squash *s = &p->squashes.list.items[i];
        for (size_t n = bitset_next(&s->members, 0); s->inside == around && n < s->members.size;
             n = bitset_next(&s->members, n + 1))
            of[n] = s->top;
        any = any || s->inside == around;
    }
    if (!any)
        return false;
    for (size_t n = 0; n < p->node_count; n++) {
        struct dag_cursor c = {.node = n};
        size_t other;
        while (dag_next_down(&p->dag, EDGES_ALL, &c, &other))
            if (of[n] != of[other]) {
                struct edge e = {of[n], of[other], EDGE_PARENT};
                vec_push(b->arena, &edges.list, e);
            }
    }
    dag_build(b->arena, p->node_count, &edges, ret_dag);
    return true;
}

static void report_between(struct builder *b, const struct cycle *cycle)
{
    const struct project *p = b->project;
    const struct revision *squashed = NULL;
    struct str names = STR("");
    for (size_t i = 0; i < p->squashes.list.count && squashed == NULL; i++)
        for (size_t k = 0; k < cycle->nodes.list.count; k++)
            if (p->squashes.list.items[i].top == cycle->nodes.list.items[k])
                squashed = p->squashes.list.items[i].revision;
    if (squashed == NULL)
        return;
    for (size_t k = 0; k < cycle->nodes.list.count && names.len < ERR_TEXT_MAX / 2; k++) {
        size_t node = cycle->nodes.list.items[k];
        if (!str_eq(p->nodes[node]->id, squashed->id))
            names = str_printf(b->arena, "%.*s%s%.*s:%.*s", STR_ARG(names), names.len > 0 ? ", " : "",
                               STR_ARG(p->modules.list.items[project_module_of(p, node)].name),
                               STR_ARG(p->nodes[node]->id));
    }
    diag_add(b->diag, DIAG_ERROR, "squash_not_a_range", place(squashed),
             "squash up to the one in between, and from the one after it",
             "what '%.*s' replaces cannot be applied in one go: %.*s must come in between", STR_ARG(squashed->id),
             STR_ARG(names));
}

static void check_ranges(struct builder *b, size_t around, size_t *of)
{
    struct dag dag;
    struct cycles cycles;
    if (!contract(b, around, &dag, of))
        return;
    dag_find_cycles(b->arena, &dag, &cycles);
    for (size_t i = 0; i < cycles.list.count; i++)
        report_between(b, &cycles.list.items[i]);
}

void squash_build(struct arena *a, struct project *p, const struct squash_files *files, struct diag *diag)
{
    struct builder b = {.arena = a, .project = p, .diag = diag, .owner = arena_new_array(a, p->node_count, size_t)};
    struct squashes *all = &p->squashes;
    for (size_t i = 0; i < files->count; i++) {
        struct squash s = {.revision = files->items[i].revision, .inside = SIZE_MAX};
        if (find_members(&b, files->items[i].module, &s) && check_top(&b, &s) && check_parents(&b, &s))
            vec_push(a, &all->list, s);
    }
    if (all->list.count == 0 || all->list.count < files->count)
        return;
    qsort(all->list.items, all->list.count, sizeof(*all->list.items), larger_first);
    for (size_t n = 0; n < p->node_count; n++)
        b.owner[n] = SIZE_MAX;
    for (size_t i = 0; i < all->list.count; i++)
        if (!nest(&b, i))
            return;
    size_t *of = arena_new_array(a, p->node_count, size_t);
    check_ranges(&b, SIZE_MAX, of);
    for (size_t i = 0; i < all->list.count; i++)
        check_ranges(&b, i, of);
}

/* --- questions ------------------------------------------------------------------------------------------------- */

const struct squash *squash_around(const struct project *p, size_t node)
{
    for (size_t i = 0; i < p->squashes.list.count; i++)
        if (bitset_has(&p->squashes.list.items[i].members, node))
            return &p->squashes.list.items[i];
    return NULL;
}

const struct revision *squash_shown(const struct project *p, size_t node)
{
    const struct squash *s = squash_around(p, node);
    return s != NULL && s->top == node ? s->revision : p->nodes[node];
}

const struct revision *squash_with_checksum(const struct project *p, size_t node, const struct hash *checksum)
{
    for (size_t i = 0; i < p->squashes.list.count; i++) {
        const struct squash *s = &p->squashes.list.items[i];
        if (s->top == node && hash_eq(&s->revision->checksum, checksum))
            return s->revision;
    }
    return hash_eq(&p->nodes[node]->checksum, checksum) ? p->nodes[node] : NULL;
}

static bool replaced(const struct revision *r, const struct hash *checksum)
{
    for (size_t i = 0; i < r->replaced_checksums.list.count; i++)
        if (hash_eq(&r->replaced_checksums.list.items[i], checksum))
            return true;
    return false;
}

bool squash_accepts(const struct project *p, size_t node, const struct hash *checksum)
{
    bool accepted = squash_with_checksum(p, node, checksum) != NULL || replaced(p->nodes[node], checksum);
    for (size_t i = 0; i < p->squashes.list.count && !accepted; i++)
        accepted = p->squashes.list.items[i].top == node && replaced(p->squashes.list.items[i].revision, checksum);
    return accepted;
}

const struct revision *squash_heir(const struct project *p, size_t module, struct str id)
{
    const struct module *m = &p->modules.list.items[module];
    for (size_t n = m->first; n < m->first + m->count; n++)
        if (names_has(&p->nodes[n]->replaces, id))
            return p->nodes[n];
    return NULL;
}

static void add_once(struct arena *a, struct nodes *nodes, size_t node)
{
    for (size_t i = 0; i < nodes->list.count; i++)
        if (nodes->list.items[i] == node)
            return;
    vec_push(a, &nodes->list, node);
}

/* Where a step to `node` leads that starts outside of its squash: to its top. */
static size_t entered(const struct project *p, size_t from, size_t node)
{
    const struct squash *s = squash_around(p, node);
    return s != NULL && (from == SIZE_MAX || !bitset_has(&s->members, from)) ? s->top : node;
}

struct nodes squash_children(struct arena *a, const struct project *p, size_t module, size_t node)
{
    struct view v = {.project = p, .module = module};
    struct nodes children = {0}, found = {0};
    if (node == SIZE_MAX)
        view_bases(a, &v, &children);
    for (size_t i = 0; node != SIZE_MAX && i < dag_up_count(&p->dag, EDGE_PARENT, node); i++)
        vec_push(a, &children.list, dag_up(&p->dag, EDGE_PARENT, node, i));
    for (size_t i = 0; i < children.list.count; i++)
        add_once(a, &found, entered(p, node, children.list.items[i]));
    return found;
}

struct nodes squash_parents(struct arena *a, const struct project *p, size_t node)
{
    const struct squash *s = squash_around(p, node);
    struct nodes parents = {0};
    if (s != NULL && s->top == node)
        return outer_parents(a, p, s);
    for (size_t i = 0; i < dag_down_count(&p->dag, EDGE_PARENT, node); i++)
        vec_push(a, &parents.list, dag_down(&p->dag, EDGE_PARENT, node, i));
    return parents;
}
