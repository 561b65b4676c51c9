/*
 * Imported revisions become files of a project: names and texts, then the whole project with all of them in it.
 * Nothing is written here, so a set that does not fit leaves nothing behind.
 */
#include <string.h>

#include "skein/base/index.h"
#include "skein/base/names.h"
#include "skein/graph/revfile.h"
#include "skein/import/import.h"

struct placing {
    struct arena *arena;
    const struct project *project;
    struct project_files files; /* with the new ones */
    struct index paths;         /* of files that are there: 0; of new ones: their number in the result, from 1 */
    struct import_result result;
    struct err *err;
};

static struct module *module_of(const struct placing *p, size_t module)
{
    return &p->project->modules.list.items[module];
}

/* Also the files that are there: a name is given once. */
static void copy_files(struct placing *p, const struct project_files *from)
{
    p->files.root = from->root;
    for (size_t m = 0; m < from->modules.count; m++) {
        struct module_files to = {.name = from->modules.items[m].name, .folder = from->modules.items[m].folder};
        for (size_t i = 0; i < from->modules.items[m].files.count; i++) {
            vec_push(p->arena, &to.files, from->modules.items[m].files.items[i]);
            index_put(p->arena, &p->paths, from->modules.items[m].files.items[i].path, 0);
        }
        vec_push(p->arena, &p->files.modules, to);
    }
}

static struct str text_of(struct arena *a, const struct revision *r)
{
    struct strbuf text;
    strbuf_init(&text, REVFILE_MAX + 1);
    revfile_format(r, &text);
    struct str copy = str_copy(a, strbuf_str(&text));
    strbuf_release(&text);
    return copy;
}

/* The id begins a file's name: it may not lead into another folder, nor hide the file. */
static bool check_id(struct placing *p, const struct import_revision *from)
{
    struct str id = from->revision.id;
    const char *problem = revision_id_problem(id);
    if (problem == NULL && (id.p[0] == '.' || str_find(id, '/') < id.len || str_find(id, '\\') < id.len))
        problem = "cannot begin the name of a file";
    if (problem == NULL)
        return true;
    err_kind(p->err, ERR_INPUT, "illegal_id", "the revision id '%.*s' %s", STR_ARG(str_head(id, 80)), problem);
    err_origin(p->err, "%.*s", STR_ARG(from->source));
    return err_hint(p->err, "an id has 1 to 32 bytes, no white space and none of @ - + : and comma");
}

static bool choose_path(struct placing *p, size_t module, const struct revision *r, struct str *ret_path)
{
    struct str folder = p->files.modules.items[module].folder, slug = author_slug(p->arena, r->message);
    const struct str names[] = {
        str_printf(p->arena, "%.*s/%.*s_%.*s.sql", STR_ARG(folder), STR_ARG(r->id), STR_ARG(slug)),
        str_printf(p->arena, "%.*s/%.*s.sql", STR_ARG(folder), STR_ARG(r->id))};
    for (size_t i = slug.len == 0; i < 2; i++)
        if (index_find(&p->paths, names[i]) == INDEX_NONE) {
            index_put(p->arena, &p->paths, names[i], (uint32_t)p->result.list.count + 1);
            *ret_path = names[i];
            return true;
        }
    err_kind(p->err, ERR_INPUT, "file_exists", "%.*s is there already", STR_ARG(names[1]));
    return err_hint(p->err, "it is no revision '%.*s': give it another name", STR_ARG(r->id));
}

/* --- what is there already --------------------------------------------------------------------------------------- */

static bool fail_exists(struct placing *p, const struct import_revision *from, const struct revision *there)
{
    err_kind(p->err, ERR_INPUT, "revision_exists", "revision '%.*s' is there already with other content",
             STR_ARG(there->id));
    err_detail(p->err, "it is %.*s, and comes from %.*s", STR_ARG(there->path), STR_ARG(from->source));
    return err_hint(p->err, "an import overwrites nothing: remove the file to import it anew, or import into another "
                            "extension");
}

/* Parsed once more: what counts is what the file would say. */
static bool is_same(struct placing *p, struct revision made, struct str text, const struct revision *there)
{
    struct diag ignored;
    struct revision parsed;
    diag_init(&ignored, p->arena);
    revfile_parse(p->arena, made.path, text, &ignored, &parsed);
    return hash_eq(&parsed.checksum, &there->checksum) || revision_fills_in(&parsed, there);
}

/* --- new files -----------------------------------------------------------------------------------------------------
 */

static bool has_label(const struct names *labels, struct str label)
{
    for (size_t i = 0; i < labels->list.count; i++)
        if (str_eq(labels->list.items[i], label))
            return true;
    return false;
}

/* An extension's history begins with the label that names it. One line of revisions has one beginning. */
static void label_first(struct placing *p, size_t module, struct import_set *set)
{
    struct import_revision *first = NULL;
    struct str label = str_printf(p->arena, "ext_%.*s", STR_ARG(module_of(p, module)->name));
    size_t carrier = module_find_name(module_of(p, module), label);
    if (module == 0)
        return;
    for (size_t i = 0; i < set->list.count; i++) {
        struct revision *r = &set->list.items[i].revision;
        bool begins = carrier == SIZE_MAX ? r->parents.list.count == 0 : str_eq(p->project->nodes[carrier]->id, r->id);
        if (has_label(&r->labels, label))
            return;
        if (begins && first == NULL)
            first = &set->list.items[i];
    }
    if (first != NULL)
        vec_push(p->arena, &first->revision.labels.list, label);
}

static bool add_one(struct placing *p, size_t module, const struct import_revision *from)
{
    struct import_made made = {.from = from, .module = module, .file = {.revision = from->revision}};
    struct revision *r = &made.file.revision;
    size_t node = project_find_node(p->project, module, r->id);
    if (!check_id(p, from))
        return false;
    made.file.text = text_of(p->arena, r);
    made.was_there = node != SIZE_MAX;
    if (made.was_there) {
        r->path = made.file.path = p->project->nodes[node]->path;
        if (!is_same(p, *r, made.file.text, p->project->nodes[node]))
            return fail_exists(p, from, p->project->nodes[node]);
    } else {
        if (!choose_path(p, module, r, &made.file.path))
            return false;
        struct project_file file = {.path = made.file.path, .bytes = made.file.text};
        vec_push(p->arena, &p->files.modules.items[module].files, file);
        p->result.new_count++;
    }
    vec_push(p->arena, &p->result.list, made);
    return true;
}

/* A second beginning beside revisions that the set does not know would be an accident. */
static bool check_beginnings(struct placing *p, size_t module, const struct import_set *set)
{
    const struct module *m = module_of(p, module);
    struct index ids = {0};
    for (size_t i = 0; i < set->list.count; i++)
        index_put(p->arena, &ids, set->list.items[i].revision.id, 0);
    for (size_t n = m->first; n < m->first + m->count; n++) {
        const struct revision *r = p->project->nodes[n];
        if (r->parents.list.count > 0 || index_find(&ids, r->id) != INDEX_NONE)
            continue;
        err_kind(p->err, ERR_INPUT, "module_not_empty", "%.*s has a history already, which begins with revision '%.*s'",
                 STR_ARG(m->name), STR_ARG(r->id));
        return err_hint(p->err,
                        "import into an extension of its own: skein init --extension NAME, and --extension NAME");
    }
    return true;
}

static bool add_set(struct placing *p, struct import_into *into)
{
    if (!check_beginnings(p, into->module, &into->set))
        return false;
    label_first(p, into->module, &into->set);
    for (size_t i = 0; i < into->set.list.count; i++)
        if (!add_one(p, into->module, &into->set.list.items[i]))
            return false;
    return true;
}

/* --- the project with them --------------------------------------------------------------------------------------- */

/* NULL for a file that was there. */
static const struct import_made *made_at(const struct placing *p, struct str path)
{
    uint32_t number = index_find(&p->paths, path);
    return number != INDEX_NONE && number > 0 ? &p->result.list.items[number - 1] : NULL;
}

/* The file is not there yet: its finding is one about where it comes from. */
static bool fail_finding(struct placing *p, const struct diag *findings)
{
    for (size_t i = 0; i < findings->list.count; i++) {
        const struct diag_item *d = &findings->list.items[i];
        if (d->severity != DIAG_ERROR)
            continue;
        const struct import_made *made = made_at(p, d->path);
        err_kind(p->err, ERR_INPUT, d->kind, "%s", d->text);
        if (made != NULL)
            err_origin(p->err, "%.*s", STR_ARG(made->from->source));
        return d->hint != NULL && err_hint(p->err, "%s", d->hint);
    }
    return err_set(p->err, ERR_INTERNAL, "the project with the imported revisions cannot be built");
}

static bool check_project(struct placing *p, struct diag *diag)
{
    struct project project;
    struct diag findings;
    diag_init(&findings, p->arena);
    if (!project_build(p->arena, &p->files, &findings, &project))
        return fail_finding(p, &findings);
    for (size_t i = 0; i < findings.list.count; i++) {
        const struct diag_item *d = &findings.list.items[i];
        const struct import_made *made = made_at(p, d->path);
        if (made != NULL)
            diag_add(diag, d->severity, d->kind, (struct diag_at){made->from->source, 0, 0}, d->hint, "%s", d->text);
    }
    for (size_t i = 0; i < p->result.list.count; i++) {
        struct import_made *made = &p->result.list.items[i];
        made->file.revision = *project.nodes[project_find_node(&project, made->module, made->file.revision.id)];
    }
    return true;
}

bool import_place(struct arena *a, const struct project_files *files, const struct project *project,
                  const struct import_list *imports, struct diag *diag, struct import_result *ret_result,
                  struct err *err)
{
    struct placing p = {.arena = a, .project = project, .err = err};
    copy_files(&p, files);
    for (size_t i = 0; i < imports->list.count; i++)
        if (!add_set(&p, &imports->list.items[i]))
            return false;
    if (!check_project(&p, diag))
        return false;
    *ret_result = p.result;
    return true;
}
