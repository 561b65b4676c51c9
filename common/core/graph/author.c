/*
 * Making a revision, in steps; the first that fails says why, and nothing was made:
 *
 *   1 the words of the request by themselves: id, message, labels
 *   2 what it follows and what it depends on, as revisions of the project
 *   3 the text, and the file's name
 *   4 the whole project with the new file in it
 */
#include "skein/graph/author.h"

#include <stdint.h>
#include <string.h>

#include "common/core/graph/ident.h"
#include "skein/base/names.h"
#include "skein/graph/revfile.h"

enum { SLUG_MAX = 40, PARENTS_IN_MESSAGE = 200 };

struct author {
    struct arena *arena;
    const struct project_files *files;
    const struct project *project;
    const struct author_request *request;
    struct view view;
    struct nodes parents;
    struct revision revision;
    struct str path, text;
    struct err *err;
};

static const struct module *module_of(const struct author *w)
{
    return &w->project->modules.list.items[w->request->module];
}

/* "" for core, else " --extension NAME": for commands in hints. */
static struct str extension_option(const struct author *w)
{
    return w->request->module == 0 ? STR("") : str_printf(w->arena, " --extension %.*s", STR_ARG(module_of(w)->name));
}

/* --- 1 words --------------------------------------------------------------------------------------------------- */

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return true;
    return false;
}

/* The id begins a file's name: it may not lead into another folder, nor hide the file. */
static bool check_id(struct author *w)
{
    struct str id = w->request->id;
    const char *problem = revision_id_problem(id);
    size_t node = module_find_name(module_of(w), id), bad;
    if (problem == NULL && (id.p[0] == '.' || str_find(id, '/') < id.len || str_find(id, '\\') < id.len))
        problem = "cannot begin the name of a file";
    if (problem == NULL && !str_is_utf8(id, &bad))
        problem = "is not UTF-8";
    if (problem != NULL) {
        err_kind(w->err, ERR_INPUT, "illegal_id", "the revision id '%.*s' %s", STR_ARG(str_head(id, 80)), problem);
        return err_hint(w->err, "leave --rev-id out to get an id of 12 hex digits");
    }
    if (node == SIZE_MAX)
        return true;
    err_kind(w->err, ERR_INPUT, "duplicate_revision", "the revision id '%.*s' is used by %.*s already", STR_ARG(id),
             STR_ARG(w->project->nodes[node]->path));
    return err_hint(w->err, "choose another id, or leave --rev-id out");
}

static bool check_message(struct author *w)
{
    struct str message = w->request->message;
    size_t bad;
    if (str_is_utf8(message, &bad) && !has_control(message))
        return true;
    err_kind(w->err, ERR_INPUT, "bad_message", "the message is not one line of UTF-8 text");
    return err_hint(w->err, "a message is one line; more can be said in comments of the file");
}

static bool check_label(struct author *w, struct str label)
{
    size_t node = module_find_name(module_of(w), label), bad;
    bool one_word = label.len > 0 && !has_control(label) && str_find(label, ' ') == label.len &&
                    str_find(label, ',') == label.len && str_is_utf8(label, &bad);
    if (!one_word) {
        err_kind(w->err, ERR_INPUT, "bad_label", "the branch label '%.*s' is not one word",
                 STR_ARG(str_head(label, 80)));
        return err_hint(w->err, "a label has no white space and no commas; give --branch-label several times for "
                                "several labels");
    }
    if (node == SIZE_MAX)
        return true;
    err_kind(w->err, ERR_INPUT, "duplicate_branch_label", "the name '%.*s' is carried by %.*s already", STR_ARG(label),
             STR_ARG(w->project->nodes[node]->path));
    return err_hint(w->err, "choose another label: the revisions after that one have it without being told");
}

static bool add_labels(struct author *w)
{
    const struct names *labels = &w->request->labels;
    for (size_t i = 0; i < labels->list.count; i++) {
        if (!check_label(w, labels->list.items[i]))
            return false;
        if (!names_has(&w->revision.labels, labels->list.items[i]))
            vec_push(w->arena, &w->revision.labels.list, labels->list.items[i]);
    }
    return true;
}

/* The seed's rule: an extension's history begins with the label that names it. */
static void add_extension_label(struct author *w)
{
    struct str label = str_printf(w->arena, "ext_%.*s", STR_ARG(module_of(w)->name));
    bool first = w->request->module != 0 && w->parents.list.count == 0;
    if (first && module_find_name(module_of(w), label) == SIZE_MAX && !names_has(&w->revision.labels, label))
        vec_push(w->arena, &w->revision.labels.list, label);
}

/* --- 2 references ---------------------------------------------------------------------------------------------- */

static bool has_node(const struct nodes *nodes, size_t node)
{
    for (size_t i = 0; i < nodes->list.count; i++)
        if (nodes->list.items[i] == node)
            return true;
    return false;
}

static bool add_parent(struct author *w, size_t node)
{
    struct str id = w->project->nodes[node]->id;
    if (has_node(&w->parents, node)) {
        err_kind(w->err, ERR_TARGET, "duplicate_parent", "revision '%.*s' is named twice", STR_ARG(id));
        return err_hint(w->err, "name each head once");
    }
    if (!w->request->splice && dag_up_count(&w->project->dag, EDGE_PARENT, node) > 0) {
        err_kind(w->err, ERR_TARGET, "not_a_head", "revision '%.*s' is not a head: others follow it", STR_ARG(id));
        return err_hint(w->err, "add --splice to begin a new branch there");
    }
    vec_push(w->arena, &w->parents.list, node);
    vec_push(w->arena, &w->revision.parents.list, id);
    return true;
}

/* "head" of a module with several is the one failure whose way out differs here from other commands. */
static bool fail_head(struct author *w)
{
    struct str option = extension_option(w);
    if (strcmp(w->err->kind, "multiple_heads") == 0)
        err_hint(w->err, "name the one to follow with --head, or join them first: skein merge heads%.*s",
                 STR_ARG(option));
    return false;
}

static bool add_parents(struct author *w)
{
    const struct names *heads = &w->request->heads;
    for (size_t i = 0; i < heads->list.count; i++) {
        struct nodes found = {0};
        if (!ident_many(w->arena, &w->view, heads->list.items[i], &found, w->err))
            return fail_head(w);
        for (size_t k = 0; k < found.list.count; k++)
            if (!add_parent(w, found.list.items[k]))
                return false;
    }
    return true;
}

/* A label stays a label; anything else is written as the id that it stands for. */
static struct str dependency_name(const struct author *w, size_t node, struct str written)
{
    const struct revision *r = w->project->nodes[node];
    return names_has(&r->labels, written) ? written : r->id;
}

static bool fail_dependency(struct author *w, size_t module, struct str name)
{
    const struct project *p = w->project;
    for (size_t m = 0; m < p->modules.list.count; m++)
        if (m != module && module_find_name(&p->modules.list.items[m], name) != SIZE_MAX)
            err_hint(w->err, "%.*s has a revision of this name: --depends-on %.*s:%.*s",
                     STR_ARG(p->modules.list.items[m].name), STR_ARG(p->modules.list.items[m].name), STR_ARG(name));
    return err_wrap(w->err, "--depends-on %.*s", STR_ARG(name));
}

static bool find_dependency(struct author *w, size_t module, struct str name, size_t *ret_node)
{
    struct view view = {.project = w->project, .module = module};
    long node;
    if (!ident_one(w->arena, &view, name, &node, w->err))
        return fail_dependency(w, module, name);
    if (node < 0) {
        err_kind(w->err, ERR_TARGET, "missing_dependency", "--depends-on %.*s: that is no revision", STR_ARG(name));
        return err_hint(w->err, "name a revision or a label");
    }
    *ret_node = (size_t)node;
    return true;
}

static bool add_dependency(struct author *w, struct str written)
{
    size_t colon = str_find(written, ':'), module = w->request->module, node;
    struct str prefix = str_head(written, colon), name = written;
    if (colon < written.len) {
        int other = project_find_module(w->project, prefix);
        if (other < 0) {
            err_kind(w->err, ERR_INPUT, "unknown_extension", "--depends-on %.*s: the project has no extension '%.*s'",
                     STR_ARG(written), STR_ARG(prefix));
            return err_hint(w->err, "write an id, a label, core:ID or EXTENSION:ID");
        }
        module = (size_t)other;
        name = str_from(written, colon + 1);
    }
    if (!find_dependency(w, module, name, &node))
        return false;
    name = dependency_name(w, node, name);
    if (module != w->request->module)
        name = str_printf(w->arena, "%.*s:%.*s", STR_ARG(prefix), STR_ARG(name));
    if (!names_has(&w->revision.depends_on, name))
        vec_push(w->arena, &w->revision.depends_on.list, name);
    return true;
}

static bool add_dependencies(struct author *w)
{
    const struct names *names = &w->request->depends_on;
    for (size_t i = 0; i < names->list.count; i++)
        if (!add_dependency(w, names->list.items[i]))
            return false;
    return true;
}

/* --- 3 text and name ------------------------------------------------------------------------------------------- */

/* Length of the UTF-8 character at `i`; `s` is well-formed, or its bytes count one by one. */
static size_t char_len(struct str s, size_t i)
{
    unsigned char c = (unsigned char)s.p[i];
    size_t len = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return len <= s.len - i ? len : 1;
}

/*
 * Python's \w, near enough: letters, digits and '_' of ASCII, and all beyond it but Latin-1's signs (U+0080 ..
 * U+00BF) and general punctuation (U+2000 .. U+206F).
 */
static bool is_word_char(struct str s, size_t i, size_t len)
{
    unsigned char c = (unsigned char)s.p[i];
    if (len == 1)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    return c != 0xc2 && !(len == 3 && c == 0xe2 && (unsigned char)s.p[i + 1] <= 0x81);
}

static struct str slug_of_words(struct arena *a, struct str message)
{
    char *slug = arena_alloc(a, message.len + 1);
    size_t len = 0;
    bool gap = false;
    for (size_t i = 0, n; i < message.len; i += n) {
        n = char_len(message, i);
        bool word = is_word_char(message, i, n);
        if (word && gap && len > 0)
            slug[len++] = '_';
        for (size_t k = 0; word && k < n; k++) {
            char c = message.p[i + k];
            slug[len++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
        gap = !word;
    }
    return (struct str){slug, len};
}

struct str author_slug(struct arena *a, struct str message)
{
    struct str slug = slug_of_words(a, message);
    size_t end = 0, chars = 0;
    while (end < slug.len && chars < SLUG_MAX) {
        end += char_len(slug, end);
        chars++;
    }
    if (end == slug.len)
        return slug;
    size_t last = end;
    while (last > 0 && slug.p[last - 1] != '_')
        last--;
    return str_printf(a, "%.*s_", STR_ARG(str_head(slug, last > 0 ? last - 1 : end)));
}

/* The sections stand ready to be filled in. */
static void write_text(struct author *w)
{
    struct strbuf text;
    strbuf_init(&text, REVFILE_MAX);
    revfile_format(&w->revision, &text);
    strbuf_add(&text, w->request->sections.len > 0 ? w->request->sections : STR("-- migrate:up\n\n-- migrate:down\n"));
    w->text = str_copy(w->arena, strbuf_str(&text));
    strbuf_release(&text);
}

static bool choose_path(struct author *w)
{
    const struct module_files *m = &w->files->modules.items[w->request->module];
    struct str slug = author_slug(w->arena, w->revision.message);
    w->path = str_printf(w->arena, "%.*s/%.*s_%.*s.sql", STR_ARG(m->folder), STR_ARG(w->revision.id), STR_ARG(slug));
    for (size_t i = 0; i < m->files.count; i++)
        if (str_eq(m->files.items[i].path, w->path)) {
            err_kind(w->err, ERR_INPUT, "file_exists", "%.*s is there already", STR_ARG(w->path));
            return err_hint(w->err, "choose another id or message");
        }
    return true;
}

/* --- 4 the project with it ------------------------------------------------------------------------------------- */

static struct project_files with_file(struct author *w)
{
    struct project_files files = {.root = w->files->root};
    struct project_file added = {.path = w->path, .bytes = w->text};
    for (size_t m = 0; m < w->files->modules.count; m++) {
        const struct module_files *from = &w->files->modules.items[m];
        struct module_files to = {.name = from->name, .folder = from->folder};
        for (size_t i = 0; i < from->files.count; i++)
            vec_push(w->arena, &to.files, from->files.items[i]);
        if (m == w->request->module)
            vec_push(w->arena, &to.files, added);
        vec_push(w->arena, &files.modules, to);
    }
    return files;
}

/* The file is not there yet, so its findings are said without their place. */
static bool fail_finding(const struct diag *diag, struct err *err)
{
    for (size_t i = 0; i < diag->list.count; i++) {
        const struct diag_item *d = &diag->list.items[i];
        if (d->severity != DIAG_ERROR)
            continue;
        err_kind(err, ERR_INPUT, d->kind, "%s", d->text);
        return d->hint != NULL && err_hint(err, "%s", d->hint);
    }
    return err_set(err, ERR_INTERNAL, "the project with the new revision cannot be built");
}

static bool check_project(struct author *w, struct diag *diag)
{
    struct project_files files = with_file(w);
    struct project project;
    struct diag findings;
    diag_init(&findings, w->arena);
    if (!project_build(w->arena, &files, &findings, &project))
        return fail_finding(&findings, w->err);
    for (size_t i = 0; i < findings.list.count; i++) {
        const struct diag_item *d = &findings.list.items[i];
        if (str_eq(d->path, w->path))
            diag_add(diag, d->severity, d->kind, (struct diag_at){d->path, d->line, d->column}, d->hint, "%s", d->text);
    }
    w->revision = *project.nodes[project_find_node(&project, w->request->module, w->revision.id)];
    return true;
}

/* --- all of it ------------------------------------------------------------------------------------------------- */

static struct author begin(struct arena *a, const struct project_files *files, const struct project *project,
                           const struct author_request *request, struct err *err)
{
    return (struct author){
        .arena = a,
        .files = files,
        .project = project,
        .request = request,
        .view = {.project = project, .module = request->module},
        .revision = {.id = request->id,
                     .message = str_trim(request->message),
                     .created_ms = request->created_ms - request->created_ms % 1000},
        .err = err,
    };
}

static bool finish(struct author *w, struct diag *diag, struct author_file *ret_file)
{
    add_extension_label(w);
    write_text(w);
    if (!choose_path(w) || !check_project(w, diag))
        return false;
    *ret_file = (struct author_file){.path = w->path, .text = w->text, .revision = w->revision};
    return true;
}

bool author_revision(struct arena *a, const struct project_files *files, const struct project *project,
                     const struct author_request *request, struct diag *diag, struct author_file *ret_file,
                     struct err *err)
{
    struct author w = begin(a, files, project, request, err);
    return check_id(&w) && check_message(&w) && add_labels(&w) && add_parents(&w) && add_dependencies(&w) &&
           finish(&w, diag, ret_file);
}

static bool check_merge(struct author *w)
{
    if (w->parents.list.count > 1)
        return true;
    err_kind(w->err, ERR_TARGET, "nothing_to_merge", "a merge joins two revisions or more, and this is %s",
             w->parents.list.count == 0 ? "none" : "one");
    return err_hint(w->err, "`skein heads` shows the heads");
}

/* "merge a1, b2" */
static void default_message(struct author *w)
{
    struct strbuf text;
    if (w->revision.message.len > 0)
        return;
    strbuf_init(&text, PARENTS_IN_MESSAGE);
    for (size_t i = 0; i < w->revision.parents.list.count; i++)
        strbuf_printf(&text, "%s%.*s", i == 0 ? "merge " : ", ", STR_ARG(w->revision.parents.list.items[i]));
    w->revision.message = text.overflow ? STR("merge") : str_copy(w->arena, strbuf_str(&text));
    strbuf_release(&text);
}

bool author_merge(struct arena *a, const struct project_files *files, const struct project *project,
                  const struct author_request *request, struct diag *diag, struct author_file *ret_file,
                  struct err *err)
{
    struct author w = begin(a, files, project, request, err);
    if (!check_id(&w) || !check_message(&w) || !add_labels(&w) || !add_parents(&w) || !check_merge(&w))
        return false;
    default_message(&w);
    return finish(&w, diag, ret_file);
}
