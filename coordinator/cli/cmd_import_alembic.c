/*
 * import alembic: the project's own Alembic renders its revisions, in a Python of its own (the exporter is
 * deploy/adapters/alembic_export.py, kept in the program), and what it prints becomes revision files.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/importing.h"
#include "coordinator/cli/stopping.h"
#include "embed/coordinator_cli.h"
#include "skein/base/names.h"
#include "skein/os/process.h"

enum { EXPORT_MAX = 256 * 1024 * 1024, EXPORT_MS = 600000, WORDS_MAX = 24 };

static const struct opt_option opt_python = {
    .name = "python",
    .type = OPT_TEXT,
    .value = "PATH",
    .doc = "The Python that has the project's Alembic; otherwise that of VIRTUAL_ENV, or python3"};
static const struct opt_option opt_ini = {
    .name = "ini", .type = OPT_TEXT, .value = "FILE", .doc = "Alembic's configuration; otherwise DIR/alembic.ini"};
static const struct opt_option opt_ini_section = {.name = "ini-section",
                                                  .type = OPT_TEXT,
                                                  .value = "NAME",
                                                  .doc = "The section of the configuration to use",
                                                  .fallback = "alembic"};
static const struct opt_option opt_env = {
    .name = "env", .doc = "Run env.py in Alembic's offline mode first: for the naming convention of its metadata"};

struct alembic {
    struct local *l;
    struct project_files files;
    struct import_list imports;
    const char *folder; /* as given */
    const char *path;   /* for Python's own imports; NULL */
};

static bool is_there(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static const char *python_of(struct alembic *in)
{
    const char *option = opt_value(in->l->line, &opt_python), *environment = getenv("VIRTUAL_ENV");
    if (option != NULL)
        return option;
    if (environment != NULL && environment[0] != '\0')
        return arena_printf(&in->l->arena, "%s/bin/python", environment);
    return "python3";
}

/* --- one environment -----------------------------------------------------------------------------------------------
 */

static bool run_exporter(struct alembic *in, const char *folder, struct str *ret_lines)
{
    struct local *l = in->l;
    const char *words[WORDS_MAX] = {python_of(in), "-c", deploy_adapters_alembic_export_py};
    size_t count = 3;
    const char *ini = opt_value(l->line, &opt_ini);
    bool engines[ENGINE_COUNT];
    const struct {
        const char *name, *value;
    } options[] = {{"--ini", ini}, {"--section", opt_value(l->line, &opt_ini_section)}, {"--path", in->path}};
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (options[i].value != NULL) {
            words[count++] = options[i].name;
            words[count++] = options[i].value;
        }
    importing_engines(l, &in->files, engines);
    for (int engine = ENGINE_UNSET + 1; engine < ENGINE_COUNT; engine++)
        if (engines[engine]) {
            words[count++] = "--engine";
            words[count++] = engine_name((enum engine)engine);
        }
    if (opt_has(l->line, &opt_env))
        words[count++] = "--env";
    words[count++] = "--";
    words[count] = folder;
    const struct process_request request = {.kind = "export_failed",
                                            .arguments = words,
                                            .folder = ".",
                                            .variable = "PYTHONDONTWRITEBYTECODE",
                                            .value = "1",
                                            .output_max = EXPORT_MAX,
                                            .timeout_ms = EXPORT_MS,
                                            .cancelled = stopping_asked};
    stopping_begin(); /* so that Python ends with this program */
    bool ok = process_run(&l->arena, &request, ret_lines, &l->err);
    stopping_end();
    if (ok || l->err.code == ERR_CANCELLED)
        return ok;
    return err_hint(&l->err, "name the Python that runs the project's Alembic: --python venv/bin/python");
}

static bool import_one(struct alembic *in, size_t module, const char *folder)
{
    struct str lines;
    struct import_into into = {.module = module};
    if (!run_exporter(in, folder, &lines) || !import_alembic(&in->l->arena, lines, &into.set, &in->l->err))
        return false;
    vec_push(&in->l->arena, &in->imports.list, into);
    return true;
}

/* --- core and extensions, each with its own folder and version table -----------------------------------------------
 */

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_script(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && str_ends(str_of(entry->d_name), STR(".py"));
}

static bool has_scripts(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_script, by_bytes);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    if (count >= 0)
        free(entries);
    return count > 0;
}

/* DIR or DIR/src holds database/migrations with the list of extensions. NULL: it is one environment. */
static const char *find_layout(struct alembic *in)
{
    static const char *const roots[] = {"", "/src"};
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        const char *root = arena_printf(&in->l->arena, "%s%s", in->folder, roots[i]);
        if (has_scripts(arena_printf(&in->l->arena, "%s/database/migrations/versions", root)))
            return root;
    }
    return NULL;
}

static bool import_extension(struct alembic *in, const char *root, struct str name)
{
    struct local *l = in->l;
    const char *folder = arena_printf(&l->arena, "%s/extensions/%.*s/migrations", root, STR_ARG(name));
    int module = project_find_module(&l->project, name);
    if (module >= 0)
        return import_one(in, (size_t)module, folder);
    err_kind(&l->err, ERR_INPUT, "unknown_extension", "%s has revisions, and the project has no extension '%.*s'",
             folder, STR_ARG(name));
    return err_hint(&l->err, "add it first: skein init --extension %.*s", STR_ARG(name));
}

static bool import_extensions(struct alembic *in, const char *root)
{
    struct dirent **entries;
    struct names names = {0};
    int count = scandir(arena_printf(&in->l->arena, "%s/extensions", root), &entries, NULL, by_bytes);
    for (int i = 0; i < count; i++) {
        struct str name = str_of(arena_strdup(&in->l->arena, entries[i]->d_name));
        free(entries[i]);
        if (extension_name_problem(name) == NULL &&
            has_scripts(arena_printf(&in->l->arena, "%s/extensions/%s/migrations/versions", root, name.p)))
            vec_push(&in->l->arena, &names.list, name);
    }
    if (count >= 0)
        free(entries);
    for (size_t i = 0; i < names.list.count; i++)
        if (!import_extension(in, root, names.list.items[i]))
            return false;
    return true;
}

static bool import_layout(struct alembic *in, const char *root)
{
    in->path = root;
    return import_one(in, 0, arena_printf(&in->l->arena, "%s/database/migrations", root)) &&
           import_extensions(in, root);
}

static bool import_all(struct alembic *in)
{
    struct local *l = in->l;
    struct module_set set;
    bool one = opt_value(l->line, &opt_extension) != NULL || opt_value(l->line, &opt_ini) != NULL;
    const char *root = one ? NULL : find_layout(in);
    if (!is_there(in->folder)) {
        err_kind(&l->err, ERR_INPUT, "ENOENT", "there is no folder %s", in->folder);
        return err_hint(&l->err, "name the folder of alembic.ini, or the one that holds env.py and versions");
    }
    if (root != NULL)
        return import_layout(in, root);
    return local_select(l, &set) && import_one(in, set.list.items[0], in->folder);
}

static int run_import_alembic(const struct opt_line *line)
{
    struct local l;
    struct alembic in = {.l = &l, .folder = opt_argument(line, 0)};
    if (!local_open_files(&l, line, &in.files) || !import_all(&in) ||
        !importing_finish(&l, &in.files, &in.imports, in.folder))
        return local_fail(&l);
    local_close(&l);
    return 0;
}

static const struct opt_option *const import_alembic_options[] = {
    &opt_project,     &opt_extension, &opt_engine,  &opt_python, &opt_ini,
    &opt_ini_section, &opt_env,       &opt_dry_run, &opt_format, NULL};
const struct opt_command command_import_alembic = {
    .name = "import alembic",
    .group = "Moving over",
    .summary = "Make revision files of an Alembic environment",
    .text =
        "The ids stay, and Alembic's version table is skein's: a database at any of the revisions goes on from there.\n"
        "The project's own Alembic renders the SQL, without a database and without env.py, for --engine, or the\n"
        "project's `engines`, or the engine of sqlalchemy.url, or both. What it cannot render without looking into a "
        "database is kept as an opaque\n"
        "section, and listed. DIR holds alembic.ini, or env.py and versions; or database/migrations and\n"
        "extensions/NAME/migrations, each with versions of its own: then all of them are imported.\n"
        "\n"
        "It runs the revisions' Python, as Alembic does. All files are written or none; none is overwritten, and\n"
        "running it again adds what is new.",
    .examples = "skein import alembic . --dry-run\n"
                "skein import alembic backend --python backend/venv/bin/python --engine postgresql\n"
                "skein import alembic plugins/billing --extension billing",
    .options = import_alembic_options,
    .arguments = {{"DIR", "The folder of the Alembic environment", 1, 1}},
    .run = run_import_alembic};
