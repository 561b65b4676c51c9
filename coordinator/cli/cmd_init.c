/*
 * init: the folders and the list of a project, or of an extension. Every step looks first whether it was done:
 * a second run changes nothing, and a run that was cut short is completed. The list comes last, so that an
 * extension is listed only once its folder is there.
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/initing.h"
#include "coordinator/cli/local.h"
#include "coordinator/cli/tree_files.h"
#include "skein/base/names.h"
#include "skein/graph/author.h"
#include "skein/os/tree.h"

static const char list_file[] = "database/migrations/migration_extensions.json";

enum { LIST_MAX = 1024 * 1024 };

const char *initing_path(const struct init *in, const char *path)
{
    return arena_printf(&in->l->arena, "%.*s/%s", STR_ARG(in->root), path);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static bool make_folder(struct init *in, const char *path)
{
    if (is_folder(initing_path(in, path)))
        return true;
    if (!file_mkdirs(initing_path(in, path), 0777, &in->l->err))
        return false;
    vec_push(&in->l->arena, &in->made.list, str_of(path));
    return true;
}

/* --- a project ------------------------------------------------------------------------------------------------- */

/* What is there already decides: the seed keeps everything below src/. */
static const char *layout_of(struct arena *a, const char *folder)
{
    static const struct {
        const char *sign, *root;
    } layouts[] = {{"database/migrations", ""}, {"src/database", "/src"}};
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (is_folder(arena_printf(a, "%s/%s", folder, layouts[i].sign)))
            return layouts[i].root;
    return "";
}

static bool choose_root(struct init *in)
{
    struct local *l = in->l;
    const char *option = opt_value(l->line, &opt_project), *folder = option != NULL ? option : ".";
    if (!file_mkdirs(folder, 0777, &l->err))
        return false;
    char *path = realpath(folder, NULL);
    if (path == NULL)
        return err_errno(&l->err, "cannot find the folder %s", folder);
    const char *absolute = path[1] == '\0' ? "" : arena_strdup(&l->arena, path);
    free(path);
    in->root = str_printf(&l->arena, "%s%s", absolute, layout_of(&l->arena, absolute));
    return true;
}

/* Probably not what was meant, and from now on commands in this folder work on the new one. */
static void note_project_above(const struct init *in)
{
    struct str above;
    struct err none;
    bool named = opt_value(in->l->line, &opt_project) != NULL;
    if (!named && tree_find_root(&in->l->arena, NULL, &above, &none) && !str_eq(above, in->root))
        out_note("note: this folder is inside another project, %.*s", STR_ARG(above));
}

/* Without the file every extension with a folder counts; the new file has to say the same. */
static bool list_text(struct init *in, struct str *ret_text)
{
    struct local *l = in->l;
    struct project_files files;
    struct str text = STR("{\n    \"extensions\": [],\n    \"auto_discover\": false\n}\n");
    if (!tree_read(&l->arena, in->root, &files, &l->diag, &l->err))
        return false;
    for (size_t i = 1; i < files.modules.count; i++) {
        struct str name = files.modules.items[i].name;
        if (extension_name_problem(name) == NULL && !author_list_extension(&l->arena, text, name, &text, &l->err))
            return false;
    }
    *ret_text = text;
    return true;
}

static bool make_list(struct init *in)
{
    struct str text;
    if (is_there(initing_path(in, list_file)))
        return true;
    if (!list_text(in, &text) || !tree_write(initing_path(in, list_file), text, &in->l->err))
        return false;
    vec_push(&in->l->arena, &in->made.list, str_of(list_file));
    return true;
}

static bool init_project(struct init *in)
{
    in->next = "skein revision -m \"create ...\"";
    if (!choose_root(in))
        return false;
    note_project_above(in);
    return make_folder(in, "database/migrations/versions") && make_list(in);
}

/* --- an extension ---------------------------------------------------------------------------------------------- */

static bool check_name(struct init *in, struct str name)
{
    struct err *err = &in->l->err;
    const char *problem = extension_name_problem(name);
    if (problem == NULL)
        return true;
    err_kind(err, ERR_USAGE, "bad_extension", "the extension name '%.*s' %s", STR_ARG(str_head(name, 80)), problem);
    return err_hint(err, "an extension's name is [a-z][a-z0-9_]*, at most 47 bytes, and not core");
}

/* The project as it is: whether it has the extension already, and nothing wrong with its list. */
static bool is_listed(struct init *in, struct str name, bool *ret_listed)
{
    struct local *l = in->l;
    struct project_files files;
    if (!tree_read(&l->arena, in->root, &files, &l->diag, &l->err))
        return false;
    if (diag_has_errors(&l->diag))
        return diag_to_err(&l->diag, &l->err);
    *ret_listed = false;
    for (size_t i = 1; i < files.modules.count; i++)
        *ret_listed |= str_eq(files.modules.items[i].name, name);
    return true;
}

/* After the folder is there: a project that discovers its extensions has it by now. */
static bool list_extension(struct init *in, struct str name)
{
    struct local *l = in->l;
    struct str text;
    bool listed;
    if (!is_listed(in, name, &listed))
        return false;
    if (listed)
        return true;
    const char *path = initing_path(in, list_file);
    if (!file_read(&l->arena, path, LIST_MAX, &text, &l->err) ||
        !author_list_extension(&l->arena, text, name, &text, &l->err) || !tree_write(path, text, &l->err))
        return err_origin(&l->err, "%s", list_file);
    vec_push(&l->arena, &in->edited.list, str_of(list_file));
    return true;
}

bool initing_extension(struct init *in, struct str name)
{
    struct local *l = in->l;
    bool listed;
    const char *folder = arena_printf(&l->arena, "extensions/%.*s/migrations/versions", STR_ARG(name));
    in->next = arena_printf(&l->arena, "skein revision --extension %.*s -m \"create ...\"", STR_ARG(name));
    return check_name(in, name) && tree_find_root(&l->arena, opt_value(l->line, &opt_project), &in->root, &l->err) &&
           is_listed(in, name, &listed) && make_folder(in, folder) && list_extension(in, name);
}

/* --- what was done --------------------------------------------------------------------------------------------- */

json_t *initing_json(const struct init *in)
{
    return json_pack("{s:o,s:o,s:o,s:s}", "root", json_str(in->root), "made", json_names(&in->made), "changed",
                     json_names(&in->edited), "next", in->next);
}

void initing_print(const struct init *in)
{
    for (size_t i = 0; i < in->made.list.count; i++)
        out_printf(stdout, "made %.*s\n", STR_ARG(in->made.list.items[i]));
    for (size_t i = 0; i < in->edited.list.count; i++)
        out_printf(stdout, "changed %.*s\n", STR_ARG(in->edited.list.items[i]));
    fflush(stdout); /* what was done stands before what comes next */
}

static void print_done(const struct init *in)
{
    if (in->l->form == OUT_FORM_JSON) {
        out_json(initing_json(in));
        return;
    }
    initing_print(in);
    if (in->made.list.count + in->edited.list.count == 0)
        out_note("everything is there already: nothing to do");
    out_note("next: %s", in->next);
}

/* The list that counts in this environment may be another one than the file. */
void initing_begin(struct init *in, struct local *l)
{
    const char *override = getenv("OVERRIDE_EXTENSION_LIST");
    if (override != NULL && override[0] != '\0')
        out_note("warning: OVERRIDE_EXTENSION_LIST is set: commands take the extensions from it, not from the file");
    unsetenv("OVERRIDE_EXTENSION_LIST"); /* what init works on is the file */
    *in = (struct init){.l = l};
}

static int run_init(const struct opt_line *line)
{
    struct local l;
    local_begin(&l, line);
    struct init in;
    initing_begin(&in, &l);
    const char *name = opt_value(line, &opt_extension);
    if (!(name != NULL ? initing_extension(&in, str_of(name)) : init_project(&in)))
        return local_fail(&l);
    print_done(&in);
    local_close(&l);
    return 0;
}

static const struct opt_option *const init_options[] = {&opt_project, &opt_extension, &opt_format, NULL};
const struct opt_command command_init = {
    .name = "init",
    .group = "Writing revisions",
    .summary = "Make a project in this folder, or an extension in the project",
    .text = "A project is made in the folder of --project or in the working folder: database/migrations/versions and\n"
            "the list of extensions, migration_extensions.json; below src/ when there is a src/database. With\n"
            "--extension it is the extension's folder and its name in the list. What is there already is left alone:\n"
            "running it twice changes nothing, and what an interrupted run left out is completed.",
    .examples = "skein init\nskein init --extension billing",
    .options = init_options,
    .run = run_init};
