#include "common/core/graph/references.h"

#include <stdint.h>

struct diag_at references_place(const struct revision *r, unsigned line, struct str value)
{
    unsigned column = 1;
    for (const char *p = value.p; p > r->text.p && p[-1] != '\n'; p--)
        column++;
    return (struct diag_at){r->path, line, column};
}

struct resolver {
    struct arena *arena;
    const struct project *project;
    struct diag *diag;
    struct edges *edges;
    size_t module, node;
    const struct revision *revision;
};

/* Who else knows the name, as a hint. */
static const char *missing_hint(const struct resolver *r, struct str name, const char *otherwise)
{
    const struct project *p = r->project;
    for (size_t m = 0; m < p->modules.list.count; m++) {
        const struct module *module = &p->modules.list.items[m];
        size_t node = module_find_name(module, name);
        if (node == SIZE_MAX)
            continue;
        if (m == r->module)
            return arena_printf(r->arena, "'%.*s' is a branch label; write the id '%.*s' of its revision",
                                STR_ARG(name), STR_ARG(p->nodes[node]->id));
        return arena_printf(r->arena, "%.*s has a revision of this name: depends_on: %.*s:%.*s", STR_ARG(module->name),
                            STR_ARG(module->name), STR_ARG(name));
    }
    return otherwise;
}

static void add_edge(struct resolver *r, size_t to, enum edge_kind kind)
{
    struct edge e = {r->node, to, kind};
    vec_push(r->arena, &r->edges->list, e);
}

static void resolve_parent(struct resolver *r, struct str name)
{
    const struct revision *rev = r->revision;
    struct diag_at at = references_place(rev, rev->lines.parents, name);
    size_t to = project_find_node(r->project, r->module, name);
    if (str_eq(name, rev->id))
        diag_add(r->diag, DIAG_ERROR, "self_loop", at, "leave `revises` empty for a base revision",
                 "revision '%.*s' revises itself", STR_ARG(name));
    else if (to == SIZE_MAX)
        diag_add(r->diag, DIAG_ERROR, "missing_parent", at,
                 missing_hint(r, name, "add the missing file, or correct the id"),
                 "revision '%.*s' revises '%.*s', which is not there", STR_ARG(rev->id), STR_ARG(name));
    else
        add_edge(r, to, EDGE_PARENT);
}

static void resolve_local_dependency(struct resolver *r, struct str name, struct diag_at at)
{
    const struct revision *rev = r->revision;
    size_t to = module_find_name(&r->project->modules.list.items[r->module], name);
    if (to == r->node || str_eq(name, rev->id))
        diag_add(r->diag, DIAG_ERROR, str_eq(name, rev->id) ? "dependency_self_loop" : "dependency_cycle", at,
                 "remove it from `depends_on`", "revision '%.*s' depends on itself", STR_ARG(rev->id));
    else if (to == SIZE_MAX)
        diag_add(r->diag, DIAG_ERROR, "missing_dependency", at,
                 missing_hint(r, name, "add the missing file, or correct the name"),
                 "revision '%.*s' depends on '%.*s', which is not there", STR_ARG(rev->id), STR_ARG(name));
    else
        add_edge(r, to, EDGE_DEPENDENCY);
}

/* What was squashed away is applied with the revision that replaces it. */
static size_t find_in_module(const struct project *p, size_t module, struct str name)
{
    size_t node = module_find_name(&p->modules.list.items[module], name);
    const struct revision *heir = node == SIZE_MAX ? squash_heir(p, module, name) : NULL;
    return heir != NULL ? project_find_node(p, module, heir->id) : node;
}

static void resolve_cross_dependency(struct resolver *r, struct str module, struct str name, struct diag_at at)
{
    const struct revision *rev = r->revision;
    int other = project_find_module(r->project, module);
    size_t to = other >= 0 ? find_in_module(r->project, (size_t)other, name) : SIZE_MAX;
    if (r->module == 0)
        diag_add(r->diag, DIAG_ERROR, "core_depends_on_extension", at,
                 "let the extension's revision depend on core's instead",
                 "core's revision '%.*s' depends on the extension '%.*s'", STR_ARG(rev->id), STR_ARG(module));
    else if (other < 0)
        diag_add(r->diag, DIAG_ERROR, "unknown_extension", at,
                 "add it to migration_extensions.json, or correct the name",
                 "revision '%.*s' depends on the extension '%.*s', which the project does not have", STR_ARG(rev->id),
                 STR_ARG(module));
    else if (to == SIZE_MAX)
        diag_add(r->diag, DIAG_ERROR, "missing_dependency", at, "add the missing file, or correct the name",
                 "revision '%.*s' depends on '%.*s' of %.*s, which is not there", STR_ARG(rev->id), STR_ARG(name),
                 STR_ARG(module));
    else
        add_edge(r, to, EDGE_CROSS);
}

static void resolve_dependency(struct resolver *r, struct str written)
{
    struct diag_at at = references_place(r->revision, r->revision->lines.depends_on, written);
    size_t colon = str_find(written, ':');
    struct str module = str_head(written, colon), name = str_from(written, colon + 1);
    if (colon == written.len)
        resolve_local_dependency(r, written, at);
    else if (str_eq(module, r->project->modules.list.items[r->module].name))
        resolve_local_dependency(r, name, at);
    else
        resolve_cross_dependency(r, module, name, at);
}

void references_resolve(struct arena *a, const struct project *p, struct diag *diag, struct edges *ret_edges)
{
    struct resolver r = {.arena = a, .project = p, .diag = diag, .edges = ret_edges};
    for (r.module = 0; r.module < p->modules.list.count; r.module++) {
        const struct module *m = &p->modules.list.items[r.module];
        for (r.node = m->first; r.node < m->first + m->count; r.node++) {
            r.revision = p->nodes[r.node];
            for (size_t i = 0; i < r.revision->parents.list.count; i++)
                resolve_parent(&r, r.revision->parents.list.items[i]);
            for (size_t i = 0; i < r.revision->depends_on.list.count; i++)
                resolve_dependency(&r, r.revision->depends_on.list.items[i]);
        }
    }
}
