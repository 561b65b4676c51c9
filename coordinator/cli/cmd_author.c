/*
 * revision, merge: new revision files. What goes into them is decided by skein/graph/author.h; here the project
 * is read and the one file is written.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/cli/authoring.h"
#include "coordinator/cli/auto.h"
#include "coordinator/cli/commands.h"
#include "coordinator/cli/local.h"
#include "coordinator/cli/tree_files.h"
#include "skein/graph/author.h"
#include "skein/os/clock.h"
#include "skein/os/random.h"

enum { ID_BYTES = 6 }; /* Alembic's length: the last 12 hex digits of a UUID */

struct str authoring_id(struct local *l)
{
    return random_hex(&l->arena, ID_BYTES);
}

const struct opt_option opt_message = {
    .name = "message", .letter = 'm', .type = OPT_TEXT, .value = "TEXT", .doc = "What the revision does, in one line"};
static const struct opt_option opt_head = {.name = "head",
                                           .type = OPT_TEXT,
                                           .value = "REV",
                                           .doc = "The revision that the new one follows; 'base' for none",
                                           .fallback = "head"};
static const struct opt_option opt_splice = {.name = "splice",
                                             .doc = "Allow it to follow a revision that is not a head"};
static const struct opt_option opt_branch_label = {.name = "branch-label",
                                                   .type = OPT_TEXT,
                                                   .value = "LABEL",
                                                   .doc = "A name for the line of revisions that begins here",
                                                   .repeatable = true};
static const struct opt_option opt_depends_on = {.name = "depends-on",
                                                 .type = OPT_TEXT,
                                                 .value = "REV",
                                                 .doc = "A revision that has to be applied first without being the one "
                                                        "that is followed: an id, a label, or MODULE:ID",
                                                 .repeatable = true};
static const struct opt_option opt_rev_id = {
    .name = "rev-id", .type = OPT_TEXT, .value = "ID", .doc = "The id; otherwise 12 random hex digits"};

static const struct opt_option opt_auto = {.name = "auto",
                                           .doc = "Write what leads from the migrations to the models, and back"};

static void read_values(struct local *l, const struct opt_option *option, struct names *ret_names)
{
    for (size_t i = 0; i < opt_count(l->line, option); i++)
        vec_push(&l->arena, &ret_names->list, str_of(opt_nth(l->line, option, i)));
}

/* What both commands take. */
static bool read_request(struct local *l, struct author_request *ret_request)
{
    struct module_set set;
    if (!local_select(l, &set))
        return false;
    const char *id = opt_value(l->line, &opt_rev_id);
    struct author_request request = {.module = set.list.items[0],
                                     .id = id != NULL ? str_of(id) : authoring_id(l),
                                     .message = str_of(opt_value(l->line, &opt_message)),
                                     .created_ms = clock_wall_ms(),
                                     .splice = opt_has(l->line, &opt_splice)};
    read_values(l, &opt_branch_label, &request.labels);
    *ret_request = request;
    return true;
}

static json_t *json_made(const struct local *l, const struct author_request *request, const struct author_file *made,
                         struct str path)
{
    const struct revision *r = &made->revision;
    json_t *object = json_object();
    json_object_set_new(object, "module", json_str(local_module_name(l, request->module)));
    json_object_set_new(object, "revision", json_str(r->id));
    json_object_set_new(object, "parents", json_names(&r->parents));
    json_object_set_new(object, "depends_on", json_names(&r->depends_on));
    json_object_set_new(object, "labels", json_names(&r->labels));
    json_object_set_new(object, "message", json_str(r->message));
    json_object_set_new(object, "path", json_str(made->path));
    json_object_set_new(object, "file", json_str(path));
    return object;
}

static void print_made(const struct local *l, const struct author_request *request, const struct author_file *made,
                       struct str path)
{
    if (l->form == OUT_FORM_JSON)
        out_json(json_made(l, request, made, path));
    else
        out_printf(stdout, "%.*s\n", STR_ARG(path));
}

/* A folder without a file in it is not in a version control system: it may have to be made again. */
bool authoring_write(struct local *l, const struct author_file *made, struct str *ret_path)
{
    struct str path = str_printf(&l->arena, "%.*s/%.*s", STR_ARG(l->project.root), STR_ARG(made->path));
    const char *folder = str_cstr(&l->arena, file_folder(path));
    if (!file_mkdirs(folder, 0777, &l->err) || !tree_write(path.p, made->text, &l->err))
        return false;
    *ret_path = path;
    return true;
}

typedef bool author_fn(struct arena *a, const struct project_files *files, const struct project *project,
                       const struct author_request *request, struct diag *diag, struct author_file *ret_file,
                       struct err *err);

static bool make(struct local *l, const struct project_files *files, const struct author_request *request,
                 author_fn *author)
{
    struct author_file made;
    if (!author(&l->arena, files, &l->project, request, &l->diag, &made, &l->err))
        return false;
    if (l->form == OUT_FORM_TEXT)
        out_diag(&l->diag);
    struct str path;
    if (!authoring_write(l, &made, &path))
        return false;
    print_made(l, request, &made, path);
    return true;
}

static bool read_revision(struct local *l, struct author_request *request)
{
    if (str_trim(request->message).len == 0) {
        err_kind(&l->err, ERR_USAGE, "no_message", "what does the revision do?");
        return err_hint(&l->err, "add -m \"add phone numbers\", for example");
    }
    vec_push(&l->arena, &request->heads.list, str_of(opt_value(l->line, &opt_head)));
    read_values(l, &opt_depends_on, &request->depends_on);
    return true;
}

/* All of them or none. */
static bool write_all(struct local *l, const struct auto_files *made, struct str *ret_paths)
{
    for (size_t i = 0; i < made->list.count; i++)
        if (!authoring_write(l, &made->list.items[i], &ret_paths[i])) {
            while (i-- > 0)
                unlink(str_cstr(&l->arena, ret_paths[i]));
            return false;
        }
    return true;
}

/* A revision from the models; several where a statement has to stand alone. */
static bool make_from_models(struct local *l, const struct project_files *files, const struct author_request *request)
{
    struct auto_files made = {0};
    if (!auto_make(l, files, request, &made))
        return false;
    if (l->form == OUT_FORM_TEXT)
        out_diag(&l->diag);
    struct str *paths = arena_new_array(&l->arena, made.list.count, struct str);
    if (!write_all(l, &made, paths))
        return false;
    json_t *list = json_array();
    for (size_t i = 0; i < made.list.count; i++)
        json_array_append_new(list, json_made(l, request, &made.list.items[i], paths[i]));
    if (l->form == OUT_FORM_JSON) {
        out_json(json_pack("{s:o}", "revisions", list));
        return true;
    }
    json_decref(list);
    for (size_t i = 0; i < made.list.count; i++)
        out_printf(stdout, "%.*s\n", STR_ARG(paths[i]));
    if (made.list.count == 0)
        out_note("the models of %.*s are what its migrations make: nothing to do",
                 STR_ARG(local_module_name(l, request->module)));
    return true;
}

static int run_revision(const struct opt_line *line)
{
    struct local l;
    struct project_files files;
    struct author_request request;
    bool ok = local_open_files(&l, line, &files) && read_request(&l, &request) && read_revision(&l, &request);
    if (ok)
        ok = opt_has(line, &opt_auto) ? make_from_models(&l, &files, &request)
                                      : make(&l, &files, &request, author_revision);
    if (!ok)
        return local_fail(&l);
    local_close(&l);
    return 0;
}

static int run_merge(const struct opt_line *line)
{
    struct local l;
    struct project_files files;
    struct author_request request;
    bool ok = local_open_files(&l, line, &files) && read_request(&l, &request);
    for (size_t i = 0; ok && i < line->arguments.list.count; i++)
        vec_push(&l.arena, &request.heads.list, str_of(opt_argument(line, i)));
    if (!ok || !make(&l, &files, &request, author_merge))
        return local_fail(&l);
    local_close(&l);
    return 0;
}

static const struct opt_option *const revision_options[] = {
    &opt_project, &opt_extension,    &opt_message,      &opt_auto,    &opt_head,    &opt_splice,
    &opt_rev_id,  &opt_branch_label, &opt_depends_on,   &opt_scratch, &opt_against, &opt_database,
    &opt_rename,  &opt_rename_table, &opt_concurrently, &opt_format,  NULL};
const struct opt_command command_revision = {
    .name = "revision",
    .group = "Writing revisions",
    .summary = "Make the file of a new revision, ready to be filled in",
    .text = "Prints the file's path. The new revision follows the module's head; with several heads --head says\n"
            "which. The first revision of an extension gets the label `ext_NAME`. The whole project is checked with\n"
            "the new file in it before anything is written.\n"
            "With --auto it is what leads from the migrations to the models, the files DB_*.sql, and back: both are\n"
            "run in scratch databases and compared, for each of the project's `engines`, and the result is tried\n"
            "there before it is written. Without a difference nothing is written.",
    .examples = "skein revision -m \"add phone numbers\"\n"
                "skein revision --extension billing -m \"link users\" --depends-on core:8e51b0c44f02\n"
                "skein revision --auto -m \"split names\" --rename users.name=first_name",
    .options = revision_options,
    .run = run_revision};

static const struct opt_option *const merge_options[] = {&opt_project, &opt_extension,    &opt_message, &opt_splice,
                                                         &opt_rev_id,  &opt_branch_label, &opt_format,  NULL};
const struct opt_command command_merge = {
    .name = "merge",
    .group = "Writing revisions",
    .summary = "Make a revision that joins several heads",
    .text = "Prints the file's path. Its sections are empty; they may get SQL as any other's.",
    .examples = "skein merge heads -m \"join the two features\"\nskein merge a1b2 c3d4 --extension billing",
    .options = merge_options,
    .arguments = {{"REV", "The heads: ids, labels, or 'heads' for all", 1, OPT_MANY}},
    .run = run_merge};
