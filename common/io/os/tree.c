/*
 * From a folder to values. Reading goes on past whatever cannot be read: a folder that is missing or a file
 * that is unreadable is noted, and all notes are shown together.
 */
#include "skein/os/tree.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io/os/tree_private.h"
#include "skein/base/names.h"
#include "skein/graph/revfile.h"
#include "skein/os/file.h"

static const char migrations[] = "database/migrations";
static const char extension_file[] = "database/migrations/migration_extensions.json";

enum { EXTENSION_FILE_MAX = 1024 * 1024 };

struct tree {
    struct arena *arena;
    struct diag *diag;
    struct str root;
};

static char *below(struct tree *t, const char *path)
{
    return arena_printf(t->arena, "%.*s/%s", STR_ARG(t->root), path);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* --- the root -------------------------------------------------------------------------------------------------- */

/* The folder, or its `src`, that holds the migrations. */
static bool holds_project(struct arena *a, struct str folder, struct str *ret_root)
{
    static const char *const layouts[] = {"", "/src"};
    for (size_t i = 0; i < 2; i++) {
        struct str root = str_printf(a, "%.*s%s", STR_ARG(folder), layouts[i]);
        if (!is_folder(arena_printf(a, "%.*s/%s", STR_ARG(root), migrations)))
            continue;
        *ret_root = root;
        return true;
    }
    return false;
}

static bool fail_no_project(struct err *err, const char *where)
{
    err_kind(err, ERR_INPUT, "no_project", "there is no project %s", where);
    return err_hint(err, "a project holds database/migrations; name it with --project or SKEIN_PROJECT, or make one "
                         "with `skein init`");
}

static bool named_root(struct arena *a, const char *name, struct str *ret_root, struct err *err)
{
    char *path = realpath(name, NULL);
    if (path == NULL)
        return err_errno(err, "cannot find the project folder %s", name);
    struct str folder = str_of(arena_strdup(a, path));
    free(path);
    if (str_eq(folder, STR("/")))
        folder = STR("");
    return holds_project(a, folder, ret_root) || fail_no_project(err, arena_printf(a, "in %s", name));
}

static struct str parent_folder(struct str path)
{
    while (path.len > 0 && path.p[path.len - 1] != '/')
        path.len--;
    return path.len > 0 ? str_head(path, path.len - 1) : path;
}

bool tree_find_root(struct arena *a, const char *option, struct str *ret_root, struct err *err)
{
    const char *name = option != NULL ? option : getenv("SKEIN_PROJECT");
    if (name != NULL && name[0] != '\0')
        return named_root(a, name, ret_root, err);
    char *path = getcwd(NULL, 0);
    if (path == NULL)
        return err_errno(err, "cannot tell the working folder");
    struct str folder = str_of(arena_strdup(a, path));
    free(path);
    for (;; folder = parent_folder(folder)) {
        if (holds_project(a, folder, ret_root))
            return true;
        if (folder.len == 0)
            return fail_no_project(err, "here or in a folder above");
    }
}

/* --- the list of extensions ------------------------------------------------------------------------------------ */

static void bad_list(struct tree *t, const char *where, unsigned line, unsigned column, const char *text)
{
    diag_add(t->diag, DIAG_ERROR, "bad_extension_list", (struct diag_at){str_of(where), line, column},
             "it looks like {\"extensions\": [\"billing\"], \"auto_discover\": false}; OVERRIDE_EXTENSION_LIST like "
             "[\"billing\"]",
             "the list of extensions is not right: %s", text);
}

/* An array of strings. */
static void add_list(struct tree *t, const char *where, const json_t *array, struct names *ret_names)
{
    size_t i;
    json_t *item;
    if (!json_is_array(array)) {
        bad_list(t, where, 0, 0, "it is no array of names");
        return;
    }
    json_array_foreach(array, i, item)
    {
        if (!json_is_string(item)) {
            bad_list(t, where, 0, 0, "it has something else than names");
            return;
        }
        vec_push(t->arena, &ret_names->list, str_of(arena_strdup(t->arena, json_string_value(item))));
    }
}

static json_t *parse_json(struct tree *t, const char *where, struct str text)
{
    json_error_t error;
    json_t *json = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        bad_list(t, where, error.line > 0 ? (unsigned)error.line : 1, error.column > 0 ? (unsigned)error.column : 1,
                 error.text);
    return json;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

bool tree_list_folder(struct arena *a, const char *path, struct names *ret_names)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, by_bytes);
    if (count < 0)
        return false;
    for (int i = 0; i < count; i++) {
        vec_push(a, &ret_names->list, str_of(arena_strdup(a, entries[i]->d_name)));
        free(entries[i]);
    }
    free(entries);
    return true;
}

/* Folders below extensions/ that have migrations/versions, after those that are listed. */
static void discover(struct tree *t, struct names *names)
{
    struct names found = {0};
    if (!tree_list_folder(t->arena, below(t, "extensions"), &found))
        return;
    for (size_t i = 0; i < found.list.count; i++) {
        struct str name = found.list.items[i];
        if (name.p[0] != '.' && !names_has(names, name) &&
            is_folder(below(t, arena_printf(t->arena, "extensions/%s/migrations/versions", name.p))))
            vec_push(t->arena, &names->list, name);
    }
}

static void read_extension_file(struct tree *t, struct str text, struct names *ret_names)
{
    json_t *json = parse_json(t, extension_file, text);
    if (json == NULL)
        return;
    const json_t *list = json_object_get(json, "extensions"), *automatic = json_object_get(json, "auto_discover");
    if (!json_is_object(json))
        bad_list(t, extension_file, 1, 1, "it is no object");
    else if (automatic != NULL && !json_is_boolean(automatic))
        bad_list(t, extension_file, 0, 0, "auto_discover is neither true nor false");
    if (list != NULL)
        add_list(t, extension_file, list, ret_names);
    if (json_is_true(automatic))
        discover(t, ret_names);
    json_decref(json);
}

static void list_extensions(struct tree *t, struct names *ret_names)
{
    const char *override = getenv("OVERRIDE_EXTENSION_LIST");
    struct str text;
    struct err err;
    if (override != NULL && override[0] != '\0') {
        json_t *json = parse_json(t, "OVERRIDE_EXTENSION_LIST", str_of(override));
        if (json != NULL)
            add_list(t, "OVERRIDE_EXTENSION_LIST", json, ret_names);
        json_decref(json);
    } else if (file_read(t->arena, below(t, extension_file), EXTENSION_FILE_MAX, &text, &err)) {
        read_extension_file(t, text, ret_names);
    } else if (str_is(str_of(err.kind), "ENOENT")) {
        discover(t, ret_names);
    } else {
        diag_add(t->diag, DIAG_ERROR, "unreadable", (struct diag_at){.path = str_of(extension_file)},
                 "make it readable for this user", "the list of extensions cannot be read: %s", err.detail);
    }
}

/* --- the files ------------------------------------------------------------------------------------------------- */

static void set_problem(struct tree *t, struct project_file *file, const struct err *err)
{
    struct str kind = str_of(err->kind);
    file->kind = "unreadable";
    if (str_is(kind, "ELOOP")) {
        file->kind = "link_loop";
        file->problem = "is a symbolic link that leads in a circle";
    } else if (str_is(kind, "too_large")) {
        file->kind = "too_large";
        file->problem = "is larger than 16 MiB";
    } else if (str_is(kind, "not_a_file")) {
        file->problem = "is no regular file";
    } else {
        file->problem = arena_printf(t->arena, "cannot be read: %s", err->detail);
    }
}

static void add_file(struct tree *t, struct module_files *m, const char *folder, const char *name)
{
    struct project_file file = {.path = str_printf(t->arena, "%s/%s", folder, name)};
    struct err err;
    if (!file_read(t->arena, below(t, file.path.p), REVFILE_MAX, &file.bytes, &err))
        set_problem(t, &file, &err);
    vec_push(t->arena, &m->files, file);
}

static bool is_revision_name(const char *name)
{
    return name[0] != '.' && str_ends(str_of(name), STR(".sql"));
}

static void report_folder(struct tree *t, const struct module_files *m)
{
    bool missing = errno == ENOENT, core = str_is(m->name, "core");
    const char *problem = strerror(errno);
    if (missing && core)
        return; /* a project without a revision yet */
    if (missing)
        diag_add(t->diag, DIAG_WARNING, "missing_extension", (struct diag_at){.path = m->folder},
                 arena_printf(t->arena, "make it with `skein init --extension %.*s`", STR_ARG(m->name)),
                 "the extension '%.*s' is listed and has no folder of migrations", STR_ARG(m->name));
    else
        diag_add(t->diag, DIAG_ERROR, errno == ELOOP ? "link_loop" : "unreadable", (struct diag_at){.path = m->folder},
                 "repair the folder's links and rights", "the folder of migrations cannot be read: %s", problem);
}

static void add_files(struct tree *t, struct module_files *m, const char *folder, const struct names *found)
{
    for (size_t i = 0; i < found->list.count; i++)
        if (is_revision_name(found->list.items[i].p))
            add_file(t, m, folder, found->list.items[i].p);
}

/* What was squashed is kept in a folder of its own. */
static void read_squashed(struct tree *t, struct module_files *m)
{
    const char *folder = arena_printf(t->arena, "%.*s/" SQUASH_FOLDER, STR_ARG(m->folder));
    struct names found = {0};
    if (tree_list_folder(t->arena, below(t, folder), &found))
        add_files(t, m, folder, &found);
    else if (errno != ENOENT && errno != ENOTDIR)
        report_folder(t, m);
}

static void read_module(struct tree *t, struct str name, struct str folder, struct project_files *ret_files)
{
    struct module_files m = {.name = name, .folder = folder};
    struct names found = {0};
    bool legal = module_name_is_valid(name); /* else project_build() says so: no path is made of it */
    bool listed = legal && tree_list_folder(t->arena, below(t, folder.p), &found);
    if (legal && !listed)
        report_folder(t, &m);
    add_files(t, &m, str_cstr(t->arena, folder), &found);
    if (listed)
        read_squashed(t, &m);
    vec_push(t->arena, &ret_files->modules, m);
}

bool tree_read(struct arena *a, struct str root, struct project_files *ret_files, struct diag *diag, struct err *err)
{
    struct tree t = {.arena = a, .diag = diag, .root = str_copy(a, root)};
    struct names extensions = {0};
    if (!is_folder(below(&t, migrations)))
        return fail_no_project(err, arena_printf(a, "in %.*s", STR_ARG(root)));
    *ret_files = (struct project_files){.root = t.root};
    read_module(&t, STR("core"), STR("database/migrations/versions"), ret_files);
    list_extensions(&t, &extensions);
    for (size_t i = 0; i < extensions.list.count; i++) {
        struct str name = extensions.list.items[i];
        struct str folder = str_printf(a, "extensions/%.*s/migrations/versions", STR_ARG(name));
        read_module(&t, name, folder, ret_files);
    }
    return true;
}

bool tree_load(struct arena *a, const char *option, struct diag *diag, struct project *ret_project, struct err *err)
{
    struct str root;
    struct project_files files;
    if (!tree_find_root(a, option, &root, err) || !tree_read(a, root, &files, diag, err))
        return false;
    bool built = project_build(a, &files, diag, ret_project);
    diag_sort(diag);
    return (built && !diag_has_errors(diag)) || diag_to_err(diag, err);
}
