/* The models of a project's modules, and what its list of extensions says about them. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "common/io/os/tree_private.h"
#include "skein/base/names.h"
#include "skein/os/file.h"

static const char list_file[] = "database/migrations/migration_extensions.json";

enum { LIST_MAX = 1024 * 1024, COMMAND_MAX = 100 };

struct reading {
    struct arena *arena;
    struct str root;
    struct diag *diag;
    size_t files;
};

static const char *below(const struct reading *r, struct str path)
{
    return arena_printf(r->arena, "%.*s/%.*s", STR_ARG(r->root), STR_ARG(path));
}

/* --- files ----------------------------------------------------------------------------------------------------- */

static bool is_model_name(struct str name)
{
    return str_starts(name, STR("DB_")) && str_ends(name, STR(".sql"));
}

static enum engine engine_of(struct str name)
{
    if (str_ends(name, STR(".sqlite.sql")))
        return ENGINE_SQLITE;
    return str_ends(name, STR(".postgresql.sql")) ? ENGINE_POSTGRESQL : ENGINE_UNSET;
}

static void report_unread(struct reading *r, struct str path, const struct err *err)
{
    struct str kind = str_of(err->kind);
    const char *name = str_is(kind, "too_large") ? "too_large" : str_is(kind, "ELOOP") ? "link_loop" : "unreadable";
    diag_add(r->diag, DIAG_ERROR, name, (struct diag_at){.path = path}, "make it a regular file of at most 16 MiB",
             "the model file cannot be read: %s", err->detail[0] != '\0' ? err->detail : err->text);
}

/* Text that no database would take is found here, where the file's name is known. */
static void check_text(struct reading *r, struct str path, struct str bytes)
{
    size_t bad = str_find(bytes, '\0');
    bool nul = bad < bytes.len;
    if (!nul && str_is_utf8(bytes, &bad))
        return;
    struct diag_at at = {.path = path, .line = 1, .column = 1};
    for (size_t i = 0; i < bad; i++) {
        at.column = bytes.p[i] == '\n' ? 1 : at.column + 1;
        at.line += bytes.p[i] == '\n';
    }
    diag_add(r->diag, DIAG_ERROR, nul ? "nul_byte" : "not_utf8", at, "save the file as UTF-8 text",
             nul ? "the model file has a NUL byte" : "the model file is not UTF-8");
}

static void read_file(struct reading *r, struct str path, struct str name, struct module_models *m)
{
    struct model_file file = {.path = path, .engine = engine_of(name)};
    struct err err = {0};
    if (++r->files > MODEL_FILES_MAX)
        return;
    if (!file_read(r->arena, below(r, path), MODEL_FILE_MAX, &file.bytes, &err)) {
        report_unread(r, path, &err);
        return;
    }
    check_text(r, path, file.bytes);
    if (str_starts(file.bytes, STR("\xef\xbb\xbf")))
        file.bytes = str_from(file.bytes, 3);
    vec_push(r->arena, &m->files.list, file);
}

static void read_module(struct reading *r, struct str name, struct project_models *models)
{
    struct module_models m = {.name = name};
    struct names found = {0};
    struct str folder = str_is(name, "core") ? STR("database") : str_printf(r->arena, "extensions/%.*s", STR_ARG(name));
    if (module_name_is_valid(name) && !tree_list_folder(r->arena, below(r, folder), &found) && errno != ENOENT)
        diag_add(r->diag, DIAG_ERROR, "unreadable", (struct diag_at){.path = folder},
                 "repair the folder's links and rights", "the folder of models cannot be read: %s", strerror(errno));
    for (size_t i = 0; i < found.list.count; i++) {
        struct str file = found.list.items[i];
        if (is_model_name(file))
            read_file(r, str_printf(r->arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(file)), file, &m);
    }
    vec_push(r->arena, &models->modules.list, m);
}

/* --- the list of extensions ------------------------------------------------------------------------------------ */

/* Where a key stands in the text; keys written with escapes are not found, and then the place is the file. */
static struct diag_at place_of(struct str text, const char *key)
{
    struct diag_at at = {.path = str_of(list_file), .line = 1, .column = 1};
    const char *found = memmem(text.p, text.len, key, strlen(key));
    for (const char *p = text.p; found != NULL && p < found; p++) {
        at.column = *p == '\n' ? 1 : at.column + 1;
        at.line += *p == '\n';
    }
    return at;
}

static void read_engines(struct reading *r, struct str text, const json_t *list, struct project_models *models)
{
    static const char hint[] = "write \"engines\": [\"postgresql\", \"sqlite\"], or one of them, or leave it out";
    struct diag_at at = place_of(text, "\"engines\"");
    size_t i;
    json_t *item;
    if (!json_is_array(list) || json_array_size(list) == 0) {
        diag_add(r->diag, DIAG_ERROR, "bad_engines", at, hint, "`engines` is no list of engines");
        return;
    }
    json_array_foreach(list, i, item)
    {
        enum engine engine = ENGINE_UNSET;
        const char *name = json_string_value(item);
        if (name == NULL || !engine_parse(str_of(name), &engine))
            diag_add(r->diag, DIAG_ERROR, "bad_engines", at, hint, "`engines` has something else than engines: %.80s",
                     name != NULL ? name : "no string");
        models->engines[engine] = engine != ENGINE_UNSET;
    }
}

static void read_command(struct reading *r, struct str text, const json_t *list, struct project_models *models)
{
    static const char hint[] = "write \"models_command\": [\"./print-ddl\", \"{module}\"]: a program and its arguments";
    size_t i;
    json_t *item;
    bool good = json_is_array(list) && json_array_size(list) > 0 && json_array_size(list) <= COMMAND_MAX;
    if (good)
        json_array_foreach(list, i, item)
        {
            good = good && json_is_string(item) && json_string_length(item) > 0;
            if (good)
                vec_push(r->arena, &models->command.list, str_of(arena_strdup(r->arena, json_string_value(item))));
        }
    if (!good)
        diag_add(r->diag, DIAG_ERROR, "bad_models_command", place_of(text, "\"models_command\""), hint,
                 "`models_command` is no list of strings");
}

/* tree_read() has reported what is wrong with the file as a whole. */
static void read_list(struct reading *r, struct project_models *models)
{
    struct str text;
    struct err none;
    if (!file_read(r->arena, below(r, str_of(list_file)), LIST_MAX, &text, &none))
        return;
    json_t *json = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *engines = json_object_get(json, "engines"), *command = json_object_get(json, "models_command");
    if (engines != NULL)
        read_engines(r, text, engines, models);
    if (command != NULL)
        read_command(r, text, command, models);
    json_decref(json);
}

bool tree_read_models(struct arena *a, const struct project_files *files, struct project_models *ret_models,
                      struct diag *diag)
{
    struct reading r = {.arena = a, .root = files->root, .diag = diag};
    size_t errors = diag->errors;
    *ret_models = (struct project_models){0};
    read_list(&r, ret_models);
    for (size_t i = 0; i < files->modules.count; i++)
        read_module(&r, files->modules.items[i].name, ret_models);
    if (r.files > MODEL_FILES_MAX)
        diag_add(diag, DIAG_ERROR, "too_large", (struct diag_at){.path = STR("database")},
                 "write several tables into one file", "there are more than %d model files", MODEL_FILES_MAX);
    return diag->errors == errors;
}
