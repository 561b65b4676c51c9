/*
 * Building a project, in steps that all run whatever the step before found:
 *
 *   1 parse every file; one that says its id becomes a node, unless it replaces nodes that are there
 *   2 index ids and labels of each module; report names that are used twice
 *   3 resolve `revises` and `depends_on` to edges (references.c)
 *   4 build the graph and look for cycles
 *   5 find the ranges of squashed revisions (squash.c)
 */
#include "skein/graph/project.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/graph/references.h"
#include "skein/base/index.h"
#include "skein/base/names.h"
#include "skein/graph/revfile.h"

/* A file that says its id. */
struct parsed {
    struct revision *revision;
    bool is_node;
};

struct builder {
    struct arena *arena;
    struct diag *diag;
    struct project project;
    struct revision **nodes; /* room for every file */
    size_t node_count;
    struct squash_files squashed; /* room for every file */
};

static struct str file_name(struct str path)
{
    for (size_t slash = str_find(path, '/'); slash < path.len; slash = str_find(path, '/'))
        path = str_from(path, slash + 1);
    return path;
}

/* By name: a file keeps its place when it moves into the folder of those that were squashed. */
static int compare_files(const void *left, const void *right)
{
    const struct project_file *a = left, *b = right;
    int order = str_cmp(file_name(a->path), file_name(b->path));
    return order != 0 ? order : str_cmp(a->path, b->path);
}

/* NULL where the file does not say which revision it is. */
static struct revision *parse_file(struct builder *b, const struct project_file *file)
{
    if (file->problem != NULL) {
        diag_add(b->diag, DIAG_ERROR, file->kind != NULL ? file->kind : "unreadable",
                 (struct diag_at){.path = file->path}, "repair the file, or move it out of the folder", "the file %s",
                 file->problem);
        return NULL;
    }
    struct revision *rev = arena_new(b->arena, struct revision);
    revfile_parse(b->arena, file->path, file->bytes, b->diag, rev);
    return rev->id.len > 0 ? rev : NULL;
}

/* A file with `replaces`. */
struct candidate {
    size_t replaced, file;
};

struct candidates {
    VEC(struct candidate) list;
};

static int by_replaced(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->replaced != b->replaced)
        return (a->replaced > b->replaced) - (a->replaced < b->replaced);
    return (a->file > b->file) - (a->file < b->file);
}

/*
 * A file that replaces others is a node only where nothing else has its id: the files that it replaces are gone. Of
 * several such files the one that replaces least is the node.
 */
static void choose_candidates(struct builder *b, struct parsed *files, size_t count, struct candidates *candidates)
{
    struct index ids = {0};
    for (size_t i = 0; i < count; i++)
        if (files[i].is_node)
            index_put(b->arena, &ids, files[i].revision->id, 0);
    qsort(candidates->list.items, candidates->list.count, sizeof(*candidates->list.items), by_replaced);
    for (size_t i = 0; i < candidates->list.count; i++) {
        struct parsed *file = &files[candidates->list.items[i].file];
        file->is_node = index_find(&ids, file->revision->id) == INDEX_NONE;
        if (file->is_node)
            index_put(b->arena, &ids, file->revision->id, 0);
    }
}

static void choose_nodes(struct builder *b, struct parsed *files, size_t count)
{
    struct candidates candidates = {0};
    for (size_t i = 0; i < count; i++) {
        struct candidate c = {files[i].revision->replaces.list.count, i};
        files[i].is_node = c.replaced == 0;
        if (!files[i].is_node)
            vec_push(b->arena, &candidates.list, c);
    }
    if (candidates.list.count > 0)
        choose_candidates(b, files, count, &candidates);
}

static void add_parsed(struct builder *b, const struct parsed *file)
{
    if (file->is_node) {
        b->nodes[b->node_count++] = file->revision;
        return;
    }
    b->squashed.items[b->squashed.count].module = b->project.modules.list.count;
    b->squashed.items[b->squashed.count++].revision = file->revision;
}

static void check_module_name(struct builder *b, const struct module_files *files, size_t index)
{
    const char *problem = index == 0 ? NULL : extension_name_problem(files->name);
    if (problem != NULL)
        diag_add(b->diag, DIAG_ERROR, "bad_extension", (struct diag_at){.path = files->folder},
                 "an extension's name is [a-z][a-z0-9_]*, at most 47 bytes, and not core",
                 "the extension name '%.*s' %s", STR_ARG(files->name), problem);
    else if (project_find_module(&b->project, files->name) >= 0)
        diag_add(b->diag, DIAG_ERROR, "bad_extension", (struct diag_at){.path = files->folder}, "list it once",
                 "the module '%.*s' is listed twice", STR_ARG(files->name));
}

static void add_module(struct builder *b, const struct module_files *files, size_t index)
{
    check_module_name(b, files, index);
    size_t count = files->files.count;
    struct project_file *sorted = arena_new_array(b->arena, count, struct project_file);
    if (count > 0)
        memcpy(sorted, files->files.items, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare_files);
    struct module m = {.name = files->name, .folder = files->folder, .first = b->node_count};
    struct parsed *parsed = arena_new_array(b->arena, count, struct parsed);
    size_t parsed_count = 0;
    for (size_t i = 0; i < count; i++) {
        parsed[parsed_count].revision = parse_file(b, &sorted[i]);
        parsed_count += parsed[parsed_count].revision != NULL;
    }
    choose_nodes(b, parsed, parsed_count);
    for (size_t i = 0; i < parsed_count; i++)
        add_parsed(b, &parsed[i]);
    m.count = b->node_count - m.first;
    vec_push(b->arena, &b->project.modules.list, m);
}

static int compare_names(const void *left, const void *right)
{
    const struct node_name *a = left, *b = right;
    int order = str_cmp(a->name, b->name);
    if (order == 0)
        order = (int)a->is_label - (int)b->is_label;
    return order != 0 ? order : (a->node > b->node) - (a->node < b->node);
}

static void report_duplicate(struct builder *b, const struct node_name *first, const struct node_name *again)
{
    const struct revision *one = b->nodes[first->node], *two = b->nodes[again->node];
    struct diag_at at = references_place(two, again->is_label ? two->lines.labels : two->lines.id, again->name);
    if (!again->is_label)
        diag_add(b->diag, DIAG_ERROR, "duplicate_revision", at, "give one of the two another id",
                 "the revision id '%.*s' is used by %.*s already", STR_ARG(again->name), STR_ARG(one->path));
    else if (!first->is_label)
        diag_add(b->diag, DIAG_ERROR, "duplicate_branch_label", at, "choose another label",
                 "the branch label '%.*s' is the id of a revision (%.*s)", STR_ARG(again->name), STR_ARG(one->path));
    else
        diag_add(b->diag, DIAG_ERROR, "duplicate_branch_label", at,
                 "only the branch's first revision carries the label",
                 "the branch label '%.*s' is carried by %.*s already", STR_ARG(again->name), STR_ARG(one->path));
}

/* Sorted names of a module, each once: an id before a label, the earlier file before the later. */
static void index_names(struct builder *b, struct module *m)
{
    struct {
        VEC(struct node_name) list;
    } all = {0};
    for (size_t n = m->first; n < m->first + m->count; n++) {
        const struct revision *rev = b->nodes[n];
        struct node_name id = {rev->id, n, false};
        vec_push(b->arena, &all.list, id);
        for (size_t i = 0; i < rev->labels.list.count; i++) {
            struct node_name label = {rev->labels.list.items[i], n, true};
            vec_push(b->arena, &all.list, label);
        }
    }
    if (all.list.count > 0)
        qsort(all.list.items, all.list.count, sizeof(*all.list.items), compare_names);
    for (size_t i = 0; i < all.list.count; i++) {
        const struct node_name *name = &all.list.items[i];
        if (m->name_count > 0 && str_eq(name->name, all.list.items[m->name_count - 1].name))
            report_duplicate(b, &all.list.items[m->name_count - 1], name);
        else
            all.list.items[m->name_count++] = *name;
    }
    m->names = all.list.items;
}

static void check_extension_label(struct builder *b, const struct module *m)
{
    struct str label = str_printf(b->arena, "ext_%.*s", STR_ARG(m->name));
    if (m == &b->project.modules.list.items[0] || m->count == 0 || module_find_name(m, label) != SIZE_MAX)
        return;
    for (size_t n = m->first; n < m->first + m->count; n++)
        if (b->nodes[n]->parents.list.count == 0) {
            const struct revision *rev = b->nodes[n];
            diag_add(b->diag, DIAG_WARNING, "missing_extension_label", (struct diag_at){rev->path, rev->lines.id, 1},
                     arena_printf(b->arena, "add a line -- branch_labels: %.*s", STR_ARG(label)),
                     "the first revision of the extension '%.*s' does not carry its branch label", STR_ARG(m->name));
            return;
        }
}

static void report_cycle(struct builder *b, const struct cycle *cycle)
{
    const struct nodes *nodes = &cycle->nodes;
    const struct revision *first = b->nodes[nodes->list.items[0]];
    struct strbuf walk;
    strbuf_init(&walk, ERR_TEXT_MAX / 2);
    for (size_t i = 0; i < nodes->list.count; i++)
        strbuf_printf(&walk, "%.*s -> ", STR_ARG(b->nodes[nodes->list.items[i]]->id));
    unsigned line =
        cycle->only_parents || first->lines.depends_on == 0 ? first->lines.parents : first->lines.depends_on;
    diag_add(b->diag, DIAG_ERROR, cycle->only_parents ? "cycle" : "dependency_cycle",
             (struct diag_at){first->path, line, 1}, "one of these revisions must not need the next",
             "a cycle of %zu revisions: %s%.*s", nodes->list.count, walk.p, STR_ARG(first->id));
    strbuf_release(&walk);
}

static void build_graph(struct builder *b)
{
    struct edges edges = {0};
    struct cycles cycles;
    references_resolve(b->arena, &b->project, b->diag, &edges);
    dag_build(b->arena, b->project.node_count, &edges, &b->project.dag);
    dag_find_cycles(b->arena, &b->project.dag, &cycles);
    for (size_t i = 0; i < cycles.list.count; i++)
        report_cycle(b, &cycles.list.items[i]);
}

bool project_build(struct arena *a, const struct project_files *files, struct diag *diag, struct project *ret_project)
{
    struct builder b = {.arena = a, .diag = diag, .project = {.root = files->root}};
    size_t errors = diag->errors;
    size_t count = 0;
    for (size_t i = 0; i < files->modules.count; i++)
        count += files->modules.items[i].files.count;
    b.nodes = arena_new_array(a, count, struct revision *);
    b.squashed.items = arena_array(a, count, sizeof(*b.squashed.items));
    for (size_t i = 0; i < files->modules.count; i++)
        add_module(&b, &files->modules.items[i], i);
    b.project.nodes = b.nodes;
    b.project.node_count = b.node_count;
    for (size_t i = 0; i < b.project.modules.list.count; i++) {
        index_names(&b, &b.project.modules.list.items[i]);
        check_extension_label(&b, &b.project.modules.list.items[i]);
    }
    build_graph(&b);
    if (diag->errors == errors)
        squash_build(a, &b.project, &b.squashed, diag);
    if (diag->errors > errors)
        return false;
    *ret_project = b.project;
    return true;
}

int project_find_module(const struct project *p, struct str name)
{
    for (size_t i = 0; i < p->modules.list.count; i++)
        if (str_eq(p->modules.list.items[i].name, name))
            return (int)i;
    return -1;
}

size_t project_module_of(const struct project *p, size_t node)
{
    size_t low = 0, high = p->modules.list.count;
    while (low + 1 < high) {
        size_t middle = (low + high) / 2;
        if (p->modules.list.items[middle].first <= node)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static const struct node_name *find_name(const struct module *m, struct str name)
{
    size_t low = 0, high = m->name_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_cmp(m->names[middle].name, name);
        if (order == 0)
            return &m->names[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

size_t module_find_name(const struct module *m, struct str name)
{
    const struct node_name *found = find_name(m, name);
    return found != NULL ? found->node : SIZE_MAX;
}

size_t project_find_node(const struct project *p, size_t module, struct str id)
{
    const struct node_name *found = find_name(&p->modules.list.items[module], id);
    return found != NULL && !found->is_label ? found->node : SIZE_MAX;
}
