/*
 * Making a squashed revision, in steps; the first that fails says why, and nothing was made:
 *
 *   1 the range: everything from its lower to its upper end, squashed revisions inside as a whole
 *   2 the headers, which are those of a revision that follows what the range follows
 *   3 the sections (squash_sql.c)
 *   4 the whole project with the files moved and the new one in it
 */
#include "skein/plan/squash_author.h"

#include "common/core/plan/squash_sql.h"
#include "skein/graph/reach.h"
#include "skein/graph/revfile.h"
#include "skein/graph/target.h"

struct author {
    struct arena *arena;
    const struct project_files *files;
    const struct project *project;
    const struct squash_request *request;
    struct bitset members;
    size_t top;
    struct revision revision;
    struct squash_made made;
    struct err *err;
};

static const struct module *module_of(const struct author *w)
{
    return &w->project->modules.list.items[w->request->module];
}

static void add_name(struct author *w, struct names *names, struct str name)
{
    if (!names_has(names, name))
        vec_push(w->arena, &names->list, name);
}

/* --- 1 range --------------------------------------------------------------------------------------------------- */

/* One end of the range; SIZE_MAX is base. */
static bool find_end(struct author *w, struct str expression, size_t *ret_node)
{
    struct view v = {.project = w->project, .module = w->request->module};
    struct nodes nodes;
    if (!target_resolve(w->arena, &v, expression, &nodes, w->err))
        return false;
    *ret_node = nodes.list.count > 0 ? nodes.list.items[0] : SIZE_MAX;
    if (nodes.list.count <= 1)
        return true;
    err_kind(w->err, ERR_TARGET, "multiple_heads", "'%.*s' stands for several revisions", STR_ARG(expression));
    return err_hint(w->err, "a range has one revision at each end: FROM:TO");
}

static struct bitset one_node(struct author *w, size_t node)
{
    struct bitset set = bitset_new(w->arena, w->project->node_count);
    bitset_add(&set, node);
    return set;
}

/* Between the two ends. A squashed revision at the lower end stands for all that it replaces. */
static void collect(struct author *w, size_t from, size_t to)
{
    const struct dag *d = &w->project->dag;
    w->members = one_node(w, to);
    w->top = to;
    reach_down(w->arena, d, EDGES_MODULE, &w->members);
    if (from == SIZE_MAX)
        return;
    const struct squash *s = squash_around(w->project, from);
    struct bitset above = s != NULL && s->top == from ? bitset_copy(w->arena, &s->members) : one_node(w, from);
    reach_up(w->arena, d, EDGES_MODULE, &above);
    bitset_intersect(&w->members, &above);
}

/* A squashed revision is in the range as a whole or not at all. */
static bool check_squashes(struct author *w)
{
    const struct squashes *all = &w->project->squashes;
    for (size_t i = 0; i < all->list.count; i++) {
        const struct squash *s = &all->list.items[i];
        size_t inside = 0;
        for (size_t n = bitset_next(&s->members, 0); n < s->members.size; n = bitset_next(&s->members, n + 1))
            inside += bitset_has(&w->members, n);
        if (inside == 0 || (inside == s->count && s->count < bitset_count(&w->members)))
            continue;
        err_kind(w->err, ERR_TARGET, "squash_overlap",
                 "the range has a part of what '%.*s' has squashed already, or "
                 "nothing else",
                 STR_ARG(s->revision->id));
        err_origin(w->err, "%.*s", STR_ARG(s->revision->path));
        return err_hint(w->err, "name a range that begins and ends outside of it");
    }
    return true;
}

static bool fail_order(struct author *w)
{
    err_kind(w->err, ERR_TARGET, "not_ancestor", "the range's start is not below its end");
    return err_hint(w->err, "write the older revision first, both of one branch");
}

static bool find_range(struct author *w)
{
    struct str range = w->request->range;
    size_t colon = str_find(range, ':'), from = SIZE_MAX, to = SIZE_MAX;
    struct str lower = str_trim(str_head(range, colon)), upper = str_trim(str_from(range, colon + 1));
    if (colon == range.len || str_find(upper, ':') < upper.len) {
        err_kind(w->err, ERR_USAGE, "range_syntax", "'%.*s' is not a range", STR_ARG(range));
        return err_hint(w->err, "write FROM:TO; both are replaced");
    }
    if (!find_end(w, lower.len > 0 ? lower : STR("base"), &from) ||
        !find_end(w, upper.len > 0 ? upper : STR("head"), &to))
        return false;
    if (to != SIZE_MAX)
        collect(w, from, to);
    if (to != SIZE_MAX && bitset_is_empty(&w->members))
        return fail_order(w);
    if (to != SIZE_MAX && bitset_count(&w->members) > 1)
        return check_squashes(w);
    err_kind(w->err, ERR_TARGET, "nothing_to_squash", "the range has %s", to == SIZE_MAX ? "no revision" : "one only");
    return err_hint(w->err, "`skein history -r %.*s` lists it", STR_ARG(range));
}

static void order_members(struct author *w)
{
    struct nodes order;
    reach_order(w->arena, &w->project->dag, EDGES_MODULE, &w->members, &order);
    for (size_t i = order.list.count; i-- > 0;)
        vec_push(w->arena, &w->made.members.list, order.list.items[i]);
}

/* --- 2 headers ------------------------------------------------------------------------------------------------- */

static bool check_message(struct author *w)
{
    struct str message = str_trim(w->request->message);
    size_t bad;
    if (message.len == 0) {
        err_kind(w->err, ERR_USAGE, "no_message", "what is in the squashed revision?");
        return err_hint(w->err, "add -m \"the schema of 2025\", for example");
    }
    bool fine = str_is_utf8(message, &bad);
    for (size_t i = 0; i < message.len; i++)
        fine = fine && (unsigned char)message.p[i] >= ' ' && message.p[i] != 0x7f;
    if (fine)
        return true;
    err_kind(w->err, ERR_INPUT, "bad_message", "the message is not one line of UTF-8 text");
    return err_hint(w->err, "a message is one line; more can be said in comments of the file");
}

static void add_parents(struct author *w, size_t node)
{
    const struct dag *d = &w->project->dag;
    for (size_t i = 0; i < dag_down_count(d, EDGE_PARENT, node); i++) {
        size_t parent = dag_down(d, EDGE_PARENT, node, i);
        if (!bitset_has(&w->members, parent))
            add_name(w, &w->revision.parents, w->project->nodes[parent]->id);
    }
}

/* A dependency inside the range is kept by the order of the statements. */
static void add_dependencies(struct author *w, size_t node)
{
    const struct names *written = &w->project->nodes[node]->depends_on;
    for (size_t i = 0; i < written->list.count; i++) {
        struct str name = written->list.items[i], local = name;
        size_t colon = str_find(name, ':');
        if (colon < name.len && str_eq(str_head(name, colon), module_of(w)->name))
            local = str_from(name, colon + 1);
        size_t to = str_find(local, ':') == local.len ? module_find_name(module_of(w), local) : SIZE_MAX;
        if (to == SIZE_MAX || !bitset_has(&w->members, to))
            add_name(w, &w->revision.depends_on, name);
    }
}

static void add_checksum(struct author *w, const struct revision *r)
{
    vec_push(w->arena, &w->revision.replaced_checksums.list, r->checksum);
    for (size_t i = 0; i < r->replaced_checksums.list.count; i++)
        if (!hash_eq(&r->replaced_checksums.list.items[i], &w->project->nodes[w->top]->checksum))
            vec_push(w->arena, &w->revision.replaced_checksums.list, r->replaced_checksums.list.items[i]);
}

static void add_replaced(struct author *w, size_t node)
{
    const struct revision *r = w->project->nodes[node];
    for (size_t i = 0; i < r->replaces.list.count; i++)
        add_name(w, &w->revision.replaces, r->replaces.list.items[i]);
    if (node != w->top)
        add_name(w, &w->revision.replaces, r->id);
    for (size_t i = 0; i < r->labels.list.count; i++)
        add_name(w, &w->revision.labels, r->labels.list.items[i]);
}

static void add_headers(struct author *w)
{
    const struct squashes *all = &w->project->squashes;
    w->revision.id = w->project->nodes[w->top]->id;
    w->revision.message = str_trim(w->request->message);
    w->revision.created_ms = w->request->created_ms - w->request->created_ms % 1000;
    for (size_t i = 0; i < w->made.members.list.count; i++) {
        size_t node = w->made.members.list.items[i];
        add_parents(w, node);
        add_dependencies(w, node);
        add_replaced(w, node);
    }
    add_checksum(w, w->project->nodes[w->top]);
    for (size_t i = 0; i < all->list.count; i++)
        if (all->list.items[i].top == w->top)
            add_checksum(w, all->list.items[i].revision);
}

/* --- 4 files --------------------------------------------------------------------------------------------------- */

static struct str base_name(struct str path)
{
    for (size_t slash = str_find(path, '/'); slash < path.len; slash = str_find(path, '/'))
        path = str_from(path, slash + 1);
    return path;
}

static bool is_replaced(const struct author *w, struct str path)
{
    for (size_t i = 0; i < w->made.members.list.count; i++)
        if (str_eq(w->project->nodes[w->made.members.list.items[i]]->path, path))
            return true;
    for (size_t i = 0; i < w->project->squashes.list.count; i++) {
        const struct squash *s = &w->project->squashes.list.items[i];
        if (bitset_has(&w->members, s->top) && str_eq(s->revision->path, path))
            return true;
    }
    return false;
}

/* The files of the module where they will be. */
static struct module_files moved_files(struct author *w, const struct module_files *from)
{
    struct str folder = str_printf(w->arena, "%.*s/" SQUASH_FOLDER, STR_ARG(from->folder));
    struct module_files to = {.name = from->name, .folder = from->folder};
    for (size_t i = 0; i < from->files.count; i++) {
        struct project_file file = from->files.items[i];
        struct squash_move move = {.from = file.path};
        move.to = str_printf(w->arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(base_name(file.path)));
        if (is_replaced(w, file.path) && !str_starts(file.path, folder)) {
            vec_push(w->arena, &w->made.moves.list, move);
            file.path = move.to;
        }
        vec_push(w->arena, &to.files, file);
    }
    return to;
}

static bool fail_exists(struct author *w, struct str path)
{
    err_kind(w->err, ERR_INPUT, "file_exists", "%.*s is there already", STR_ARG(path));
    return err_hint(w->err, "choose another message, or move that file away");
}

/* No two files may come to the same place. */
static bool check_place(struct author *w, const struct module_files *m, struct str path, size_t allowed)
{
    size_t count = 0;
    for (size_t i = 0; i < m->files.count; i++)
        count += str_eq(m->files.items[i].path, path);
    return count <= allowed || fail_exists(w, path);
}

static bool check_places(struct author *w, const struct module_files *m)
{
    for (size_t i = 0; i < w->made.moves.list.count; i++)
        if (!check_place(w, m, w->made.moves.list.items[i].to, 1))
            return false;
    return check_place(w, m, w->made.file.path, 0);
}

static bool place_files(struct author *w)
{
    const struct module_files *from = &w->files->modules.items[w->request->module];
    struct str slug = author_slug(w->arena, w->revision.message);
    struct module_files to = moved_files(w, from);
    struct strbuf text;
    strbuf_init(&text, REVFILE_MAX);
    revfile_format(&w->revision, &text);
    bool fits = !text.overflow;
    w->made.file.text = str_copy(w->arena, strbuf_str(&text));
    strbuf_release(&text);
    w->made.file.path = str_printf(w->arena, "%.*s/%.*s%s%.*s.sql", STR_ARG(from->folder), STR_ARG(w->revision.id),
                                   slug.len > 0 ? "_" : "", STR_ARG(slug));
    if (!fits) {
        err_kind(w->err, ERR_LIMIT, "too_large", "the squashed revision would be larger than 16 MiB");
        return err_hint(w->err, "squash a smaller range");
    }
    if (!check_places(w, &to))
        return false;
    struct project_file file = {.path = w->made.file.path, .bytes = w->made.file.text};
    vec_push(w->arena, &to.files, file);
    w->made.files.root = w->files->root;
    for (size_t m = 0; m < w->files->modules.count; m++)
        vec_push(w->arena, &w->made.files.modules, m == w->request->module ? to : w->files->modules.items[m]);
    return true;
}

static bool check_project(struct author *w)
{
    struct diag findings;
    diag_init(&findings, w->arena);
    if (!project_build(w->arena, &w->made.files, &findings, &w->made.project)) {
        diag_to_err(&findings, w->err);
        w->err->origin[0] = '\0'; /* the file is not there yet */
        return false;
    }
    size_t node = project_find_node(&w->made.project, w->request->module, w->revision.id);
    w->made.file.revision = *squash_shown(&w->made.project, node);
    return true;
}

bool squash_author(struct arena *a, const struct project_files *files, const struct project *project,
                   const struct squash_request *request, struct squash_made *ret_made, struct err *err)
{
    struct author w = {.arena = a, .files = files, .project = project, .request = request, .err = err};
    if (!check_message(&w) || !find_range(&w))
        return false;
    order_members(&w);
    add_headers(&w);
    if (!squash_sections(a, project, &w.made.members, &w.revision, w.made.irreversible, err) || !place_files(&w) ||
        !check_project(&w))
        return false;
    *ret_made = w.made;
    return true;
}
