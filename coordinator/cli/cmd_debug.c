/*
 * debug: everything that decides what the commands do, in one report: surroundings, configuration, why each extension
 * is in or out, and whether the databases answer. What is broken is told in its place, and the rest goes on: the
 * command itself fails only when its line is wrong.
 *
 * The report is one JSON object, section by section; the text is the same object as headings, lines and tables.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/debug.h"
#include "coordinator/cli/engines.h"
#include "coordinator/cli/load.h"
#include "coordinator/cli/local.h"
#include "skein/base/names.h"
#include "skein/db/about.h"
#include "skein/db/scratch.h"
#include "skein/os/file.h"
#include "skein/os/tree.h"
#include "skein/sql/split.h"

static const char list_file[] = "database/migrations/migration_extensions.json";

enum { LIST_MAX = 1024 * 1024, PATH_SIZE = 4096 };

struct debug {
    struct local *l;
    struct str root;            /* empty when there is no project */
    struct project_files files; /* what was read of it */
    bool built;                 /* l->project is there */
    json_t *list;               /* migration_extensions.json as an object; NULL */
};

static const char *below(const struct debug *d, const char *path)
{
    return arena_printf(&d->l->arena, "%.*s/%s", STR_ARG(d->root), path);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* --- program and surroundings ---------------------------------------------------------------------------------- */

static json_t *program_section(struct debug *d)
{
    struct arena *a = &d->l->arena;
    char path[PATH_SIZE];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));
    json_t *s = json_object();
    json_object_set_new(s, "skein", json_string(SKEIN_VERSION));
    json_object_set_new(s, "path", len > 0 ? json_str((struct str){path, (size_t)len}) : json_null());
    json_object_set_new(s, "libpq", json_str(db_library_version(a, ENGINE_POSTGRESQL)));
    json_object_set_new(s, "sqlite", json_str(db_library_version(a, ENGINE_SQLITE)));
    json_object_set_new(s, "postgresql_grammar", json_string(sql_grammar_version()));
    json_object_set_new(s, "jansson", json_string(jansson_version_str()));
    return s;
}

/* A value that may be shown: URLs lose their passwords, and what is a secret by its name is not shown. */
static json_t *variable(struct debug *d, struct str name, struct str value)
{
    if (db_name_is_secret(name))
        return json_string("***");
    return json_str(db_url_shown(&d->l->arena, value));
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* libpq's, those that are set. */
static void add_libpq(struct debug *d, json_t *section)
{
    struct names found = {0};
    for (char **e = environ; *e != NULL; e++)
        if (strncmp(*e, "PG", 2) == 0)
            vec_push(&d->l->arena, &found.list, str_of(*e));
    if (found.list.count > 1)
        qsort(found.list.items, found.list.count, sizeof(found.list.items[0]), by_name);
    for (size_t i = 0; i < found.list.count; i++) {
        struct str pair = found.list.items[i], name = str_head(pair, str_find(pair, '='));
        json_object_set_new(section, str_cstr(&d->l->arena, name), variable(d, name, str_from(pair, name.len + 1)));
    }
}

static json_t *environment_section(struct debug *d)
{
    static const char *const names[] = {
        "SKEIN_PROJECT", "OVERRIDE_EXTENSION_LIST", "DATABASE_URL", "SKEIN_SCRATCH_URL", "NO_COLOR", "VISUAL",
        "EDITOR"};
    json_t *s = json_object();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        json_object_set_new(s, names[i], value != NULL ? variable(d, str_of(names[i]), str_of(value)) : json_null());
    }
    add_libpq(d, s);
    return s;
}

/* --- the project ----------------------------------------------------------------------------------------------- */

static const char *chosen_by(const struct debug *d)
{
    const char *variable_value = getenv("SKEIN_PROJECT");
    if (opt_has(d->l->line, &opt_project))
        return "--project";
    return variable_value != NULL && variable_value[0] != '\0' ? "SKEIN_PROJECT" : "the working folder and those above";
}

static bool is_overridden(void)
{
    const char *override = getenv("OVERRIDE_EXTENSION_LIST");
    return override != NULL && override[0] != '\0';
}

static const char *list_state(struct debug *d)
{
    struct str text;
    struct err err;
    json_error_t error;
    if (!file_read(&d->l->arena, below(d, list_file), LIST_MAX, &text, &err))
        return str_is(str_of(err.kind), "ENOENT") ? "not there: every extension with migrations/versions counts"
                                                  : arena_printf(&d->l->arena, "cannot be read: %s", err.detail);
    d->list = json_loadb(text.p, text.len, 0, &error);
    if (d->list == NULL)
        return arena_printf(&d->l->arena, "no JSON: line %d: %s", error.line, error.text);
    return is_overridden() ? "read; its list is overridden by OVERRIDE_EXTENSION_LIST" : "read";
}

static json_t *project_section(struct debug *d)
{
    struct local *l = d->l;
    char *cwd = getcwd(NULL, 0);
    json_t *s = json_object();
    json_object_set_new(s, "working_folder", cwd != NULL ? json_str(str_of(cwd)) : json_null());
    json_object_set_new(s, "looked_in", json_string(chosen_by(d)));
    free(cwd);
    if (!tree_find_root(&l->arena, opt_value(l->line, &opt_project), &d->root, &l->err)) {
        json_object_set_new(s, "root", json_null());
        json_object_set_new(s, "error", json_err(&l->err));
        return s;
    }
    json_object_set_new(s, "root", json_str(d->root));
    json_object_set_new(s, "configuration", json_string(below(d, list_file)));
    json_object_set_new(s, "configuration_state", json_string(list_state(d)));
    const char *key;
    json_t *value;
    json_object_foreach(d->list, key, value)
    {
        json_object_set(s, key, value);
    }
    return s;
}

/* --- extensions ------------------------------------------------------------------------------------------------ */

static bool array_has(const json_t *array, struct str name)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        if (json_is_string(item) && str_is(name, json_string_value(item)))
            return true;
    }
    return false;
}

static const struct module_files *find_files(const struct debug *d, struct str name)
{
    for (size_t i = 1; i < d->files.modules.count; i++)
        if (str_eq(d->files.modules.items[i].name, name))
            return &d->files.modules.items[i];
    return NULL;
}

static const char *why_in(const struct debug *d, struct str name)
{
    if (is_overridden())
        return "named in OVERRIDE_EXTENSION_LIST";
    if (array_has(json_object_get(d->list, "extensions"), name))
        return "listed in migration_extensions.json";
    return d->list != NULL ? "found: auto_discover is true" : "found: there is no migration_extensions.json";
}

static const char *why_out(const struct debug *d, const char *name)
{
    if (is_overridden())
        return "not named in OVERRIDE_EXTENSION_LIST";
    if (!is_folder(below(d, arena_printf(&d->l->arena, "extensions/%s/migrations/versions", name))))
        return "not listed, and has no migrations/versions";
    return "not listed, and auto_discover is not true";
}

static const char *problem_of(const struct debug *d, struct str name)
{
    const char *problem = extension_name_problem(name);
    if (problem != NULL)
        return arena_printf(&d->l->arena, "the name %s", problem);
    const char *folder = arena_printf(&d->l->arena, "extensions/%.*s/migrations/versions", STR_ARG(name));
    return is_folder(below(d, folder)) ? NULL : "its folder migrations/versions is not there";
}

static void add_extension(const struct debug *d, json_t *list, struct str name, bool is_in, const char *why)
{
    const char *problem = is_in ? problem_of(d, name) : NULL;
    json_t *row = json_object();
    json_object_set_new(row, "extension", json_str(name));
    json_object_set_new(row, "in", json_boolean(is_in));
    json_object_set_new(row, "why", json_string(why));
    json_object_set_new(row, "problem", problem != NULL ? json_string(problem) : json_null());
    json_array_append_new(list, row);
}

/* Those that count in their order, then the other folders by name. */
static json_t *extensions_section(struct debug *d)
{
    json_t *list = json_array();
    struct dirent **entries = NULL;
    for (size_t i = 1; i < d->files.modules.count; i++) {
        struct str name = d->files.modules.items[i].name;
        add_extension(d, list, name, true, why_in(d, name));
    }
    int count = scandir(below(d, "extensions"), &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (name[0] != '.' && find_files(d, str_of(name)) == NULL &&
            is_folder(below(d, arena_printf(&d->l->arena, "extensions/%s", name))))
            add_extension(d, list, str_of(name), false, why_out(d, name));
        free(entries[i]);
    }
    free(entries);
    return list;
}

static json_t *heads_of(const struct debug *d, size_t module)
{
    struct view v = local_view(d->l, module);
    struct nodes heads = {0};
    json_t *list = json_array();
    struct err none;
    if (!target_resolve(&d->l->arena, &v, STR("heads"), &heads, &none))
        return list;
    for (size_t i = 0; i < heads.list.count; i++)
        json_array_append_new(list, json_str(d->l->project.nodes[heads.list.items[i]]->id));
    return list;
}

static json_t *modules_section(struct debug *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->files.modules.count; i++) {
        const struct module_files *m = &d->files.modules.items[i];
        json_t *row = json_object();
        json_object_set_new(row, "module", json_str(m->name));
        json_object_set_new(row, "revisions", json_integer((json_int_t)m->files.count));
        json_object_set_new(row, "heads", d->built ? heads_of(d, i) : json_null());
        json_object_set_new(row, "folder", json_str(m->folder));
        json_array_append_new(list, row);
    }
    return list;
}

/* --- models ---------------------------------------------------------------------------------------------------- */

static bool has_row(const json_t *rows, const json_t *row)
{
    size_t i;
    json_t *other;
    json_array_foreach(rows, i, other)
    {
        if (json_equal(other, row))
            return true;
    }
    return false;
}

/* Every table that a model file creates, once, whichever engines the file is for. */
static void add_tables(const struct loaded *loaded, json_t *rows)
{
    for (size_t i = 0; i < loaded->statements.list.count; i++) {
        const struct model_statement *s = &loaded->statements.list.items[i];
        struct arena a = {0};
        if (s->head.verb != MODEL_CREATE || s->head.kind != OBJECT_TABLE || s->refers)
            continue;
        struct str file = str_printf(&a, "%.*s:%u", STR_ARG(s->path), s->line);
        const char *dot = s->head.schema.len > 0 ? "." : "";
        struct str table = str_printf(&a, "%.*s%s%.*s", STR_ARG(s->head.schema), dot, STR_ARG(s->head.name));
        json_t *row = json_pack("{s:o,s:o,s:o}", "module", json_str(s->module), "table", json_str(table), "declared",
                                json_str(file));
        if (!has_row(rows, row))
            json_array_append(rows, row);
        json_decref(row);
        arena_release(&a);
    }
}

/* The models of each engine, as far as they can be read; the tables go to `tables`. */
static json_t *models_section(struct debug *d, json_t *tables)
{
    struct local *l = d->l;
    bool engines[ENGINE_COUNT] = {false};
    struct project_models models = {0};
    json_t *s = json_object(), *names = json_array(), *error = NULL;
    if (!tree_read_models(&l->arena, &d->files, &models, &l->diag))
        error = json_string("the files cannot be read: see the findings");
    else if (!engines_of(l, &models, engines))
        error = json_err(&l->err);
    for (enum engine e = ENGINE_POSTGRESQL; e < ENGINE_COUNT; e++) {
        const struct load_request request = {.root = d->root, .models = &models, .engine = e};
        struct loaded loaded = {0};
        size_t errors = l->diag.errors;
        if (!engines[e])
            continue;
        json_array_append_new(names, json_string(engine_name(e)));
        if (!load_read(&l->arena, &request, &loaded, &l->diag, &l->err) && l->diag.errors == errors && error == NULL)
            error = json_err(&l->err);
        add_tables(&loaded, tables);
    }
    json_object_set_new(s, "engines", names);
    json_object_set_new(s, "command", models.command.list.count > 0 ? json_names(&models.command) : json_null());
    if (error != NULL)
        json_object_set_new(s, "error", error);
    return s;
}

static void read_project(struct debug *d)
{
    struct local *l = d->l;
    if (tree_read(&l->arena, d->root, &d->files, &l->diag, &l->err))
        d->built = project_build(&l->arena, &d->files, &l->diag, &l->project);
}

/* --- databases ------------------------------------------------------------------------------------------------- */

static bool ask_database(struct debug *d, json_t *s)
{
    struct local *l = d->l;
    struct str version;
    struct dbstate state;
    if (!local_connect(l, DB_ACCESS_READ) || !db_server_version(l->db, &l->arena, &version, &l->err))
        return false;
    json_object_set_new(s, "server", json_str(version));
    json_object_set_new(s, "schema", json_str(l->db->schema));
    if (!d->built)
        return true;
    if (!local_state(l, &state))
        return false;
    json_object_set_new(s, "state", json_str(dbstate_format(&l->arena, &state)));
    return true;
}

static json_t *database_section(struct debug *d)
{
    struct local *l = d->l;
    const char *url = opt_value(l->line, &opt_database);
    json_t *s = json_object();
    json_object_set_new(s, "url", url != NULL ? json_str(db_url_shown(&l->arena, str_of(url))) : json_null());
    if (url == NULL)
        return s;
    bool answered = ask_database(d, s);
    json_object_set_new(s, "reachable", json_boolean(l->db != NULL));
    if (!answered)
        json_object_set_new(s, "error", json_err(&l->err));
    return s;
}

static bool ask_scratch(struct debug *d, struct str url, json_t *s)
{
    struct local *l = d->l;
    struct scratch *scratch;
    struct str version;
    if (!scratch_open(ENGINE_POSTGRESQL, url, &scratch, &l->err))
        return false;
    bool answered = db_server_version(scratch_db(scratch), &l->arena, &version, &l->err);
    if (answered)
        json_object_set_new(s, "server", json_str(version));
    scratch_close(scratch);
    return answered;
}

/* Whether a temporary database can be made there: that is what it is for. */
static json_t *scratch_section(struct debug *d)
{
    struct local *l = d->l;
    const char *url = opt_value(l->line, &opt_scratch);
    json_t *s = json_object();
    json_object_set_new(s, "url", url != NULL ? json_str(db_url_shown(&l->arena, str_of(url))) : json_null());
    if (url == NULL)
        return s;
    bool usable = ask_scratch(d, str_of(url), s);
    json_object_set_new(s, "usable", json_boolean(usable));
    if (!usable)
        json_object_set_new(s, "error", json_err(&l->err));
    return s;
}

/* --- the report ------------------------------------------------------------------------------------------------ */

static json_t *report(struct debug *d)
{
    json_t *r = json_object();
    json_object_set_new(r, "program", program_section(d));
    json_object_set_new(r, "environment", environment_section(d));
    json_object_set_new(r, "project", project_section(d));
    if (d->root.len > 0) {
        read_project(d);
        json_object_set_new(r, "extensions", extensions_section(d));
        json_object_set_new(r, "modules", modules_section(d));
        json_t *tables = json_array();
        json_object_set_new(r, "models", models_section(d, tables));
        json_object_set_new(r, "tables", tables);
        diag_sort(&d->l->diag);
    }
    json_object_set_new(r, "database", database_section(d));
    json_object_set_new(r, "scratch_server", scratch_section(d));
    json_object_set_new(r, "findings", json_findings(&d->l->diag));
    json_decref(d->list);
    return r;
}

static int run_debug(const struct opt_line *line)
{
    struct local l;
    local_begin(&l, line);
    struct debug d = {.l = &l};
    json_t *r = report(&d);
    if (l.form == OUT_FORM_JSON) {
        out_json(r);
    } else {
        debug_print(r);
        json_decref(r);
    }
    local_close(&l);
    return 0;
}

static const struct opt_option *const debug_options[] = {&opt_project,         &opt_database, &opt_scratch, &opt_schema,
                                                         &opt_connect_timeout, &opt_format,   NULL};
const struct opt_command command_debug = {
    .name = "debug",
    .group = "Writing revisions",
    .summary = "Tell what the commands work with: configuration, extensions, databases, versions",
    .text = "Environment, project, why each extension is in or out, whether the database answers, versions of skein,\n"
            "its libraries and the servers. Passwords are hidden. It changes nothing, and exits with 0 whatever it\n"
            "finds: what is broken stands in the report.",
    .examples = "skein debug\nskein debug --format json",
    .options = debug_options,
    .run = run_debug};
