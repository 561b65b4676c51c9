/*
 * import dbmate, goose, golang-migrate, flyway, sqitch: their folder is read into values, and what it means is decided
 * by skein/import/import.h. Links may not lead out of the folder: what is imported is what the folder holds.
 */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/importing.h"
#include "skein/graph/revfile.h"
#include "skein/os/file.h"

enum { DEPTH_MAX = 16, FILES_MAX = 100000, TOTAL_MAX = 512 * 1024 * 1024 };

static const struct opt_option opt_placeholder = {.name = "placeholder",
                                                  .type = OPT_TEXT,
                                                  .value = "NAME=VALUE",
                                                  .doc = "What ${NAME} stands for",
                                                  .repeatable = true};

struct folder {
    struct local *l;
    struct import_input in;
    char *root; /* as realpath() has it */
    size_t total;
};

/* --- reading the folder ----------------------------------------------------------------------------------------------
 */

static bool is_read(struct str name)
{
    return str_ends(name, STR(".sql")) || str_ends(name, STR(".plan")) || str_ends(name, STR(".sql.conf"));
}

/* A link to a file inside is fine. */
static bool is_inside(const struct folder *f, const char *path)
{
    char *real = realpath(path, NULL);
    size_t len = strlen(f->root);
    bool inside = real != NULL && strncmp(real, f->root, len) == 0 && (real[len] == '/' || f->root[len - 1] == '/');
    free(real);
    return inside;
}

static bool fail_limit(struct folder *f, const char *what)
{
    err_kind(&f->l->err, ERR_LIMIT, "too_large", "the folder %s %s", opt_argument(f->l->line, 0), what);
    return err_hint(&f->l->err, "name the folder that holds the migrations and nothing else");
}

static bool add_file(struct folder *f, const char *path, struct str below)
{
    struct local *l = f->l;
    struct import_file file = {.path = below, .bytes = STR("")};
    struct err err;
    if (f->in.files.list.count == FILES_MAX)
        return fail_limit(f, "holds more than 100,000 files");
    if (is_read(below)) {
        if (!is_inside(f, path))
            file.problem = "is a link that leads out of the folder, or nowhere";
        else if (!file_read(&l->arena, path, REVFILE_MAX, &file.bytes, &err))
            file.problem = arena_printf(&l->arena, "cannot be read: %s", err.detail[0] != '\0' ? err.detail : err.text);
    }
    f->total += file.bytes.len;
    vec_push(&l->arena, &f->in.files.list, file);
    return f->total <= TOTAL_MAX || fail_limit(f, "holds more than 512 MiB of migrations");
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_folder(struct folder *f, const char *path, struct str below, int depth);

/* Folders are not followed through links: they could lead in a circle. */
static bool add_entry(struct folder *f, const char *folder, struct str below, const char *name, int depth)
{
    struct arena *a = &f->l->arena;
    const char *path = arena_printf(a, "%s/%s", folder, name);
    struct str relative = below.len > 0 ? str_printf(a, "%.*s/%s", STR_ARG(below), name) : str_copy(a, str_of(name));
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return add_folder(f, path, relative, depth + 1);
    return add_file(f, path, relative);
}

static bool add_folder(struct folder *f, const char *path, struct str below, int depth)
{
    struct dirent **entries;
    bool ok = true;
    if (depth > DEPTH_MAX)
        return fail_limit(f, "is nested too deeply");
    int count = scandir(path, &entries, is_shown, by_bytes);
    if (count < 0)
        return err_errno(&f->l->err, "cannot read the folder %s", path);
    for (int i = 0; i < count; i++) {
        ok = ok && add_entry(f, path, below, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

static int by_path(const void *a, const void *b)
{
    const struct import_file *x = a, *y = b;
    return str_cmp(x->path, y->path);
}

static bool read_folder(struct folder *f)
{
    const char *folder = opt_argument(f->l->line, 0);
    f->root = realpath(folder, NULL);
    if (f->root == NULL)
        return err_errno(&f->l->err, "cannot find the folder %s", folder);
    bool ok = add_folder(f, folder, STR(""), 0);
    if (ok && f->in.files.list.count > 0)
        qsort(f->in.files.list.items, f->in.files.list.count, sizeof(*f->in.files.list.items), by_path);
    free(f->root);
    return ok;
}

/* --- the commands ----------------------------------------------------------------------------------------------------
 */

static bool read_placeholders(struct folder *f)
{
    const struct opt_line *line = f->l->line;
    for (size_t i = 0; i < opt_count(line, &opt_placeholder); i++) {
        struct str text = str_of(opt_nth(line, &opt_placeholder, i));
        size_t equals = str_find(text, '=');
        struct import_value value = {str_head(text, equals), str_from(text, equals + 1)};
        if (equals == 0 || equals == text.len)
            return err_set(&f->l->err, ERR_USAGE, "--placeholder is NAME=VALUE and not '%.*s'", STR_ARG(text));
        vec_push(&f->l->arena, &f->in.placeholders.list, value);
    }
    return true;
}

static bool import_tool(struct local *l, const struct project_files *files, enum import_tool tool)
{
    struct folder f = {.l = l};
    struct import_into into;
    struct import_list imports = {0};
    struct module_set modules;
    bool engines[ENGINE_COUNT];
    if (importing_engines(l, files, engines) == 1)
        f.in.engine = engines[ENGINE_SQLITE] ? ENGINE_SQLITE : ENGINE_POSTGRESQL;
    if (!local_select(l, &modules) || !read_placeholders(&f) || !read_folder(&f))
        return false;
    into = (struct import_into){.module = modules.list.items[0]};
    if (!import_read(&l->arena, tool, &f.in, &l->diag, &into.set))
        return diag_to_err(&l->diag, &l->err);
    vec_push(&l->arena, &imports.list, into);
    return importing_finish(l, files, &imports, opt_argument(l->line, 0));
}

static int run(const struct opt_line *line, enum import_tool tool)
{
    struct local l;
    struct project_files files;
    if (!local_open_files(&l, line, &files) || !import_tool(&l, &files, tool))
        return local_fail(&l);
    local_close(&l);
    return 0;
}

static int run_dbmate(const struct opt_line *line)
{
    return run(line, IMPORT_DBMATE);
}

static int run_goose(const struct opt_line *line)
{
    return run(line, IMPORT_GOOSE);
}

static int run_golang_migrate(const struct opt_line *line)
{
    return run(line, IMPORT_GOLANG_MIGRATE);
}

static int run_flyway(const struct opt_line *line)
{
    return run(line, IMPORT_FLYWAY);
}

static int run_sqitch(const struct opt_line *line)
{
    return run(line, IMPORT_SQITCH);
}

static const struct opt_option *const plain_options[] = {&opt_project, &opt_extension, &opt_engine,
                                                         &opt_dry_run, &opt_format,    NULL};
static const struct opt_option *const placeholder_options[] = {
    &opt_project, &opt_extension, &opt_engine, &opt_placeholder, &opt_dry_run, &opt_format, NULL};
#define FOLDER                                                                                                         \
    {                                                                                                                  \
        {                                                                                                              \
            "DIR", "The folder of the migrations", 1, 1                                                                \
        }                                                                                                              \
    }

const struct opt_command command_import_dbmate = {
    .name = "import dbmate",
    .group = "Moving over",
    .summary = "Make revision files of dbmate's migrations",
    .text = "One revision each, in the order of their names; the version is the id. All files are written or none;\n"
            "none is overwritten, and running it again adds what is new. The sections are for every engine unless\n"
            "--engine or the project's `engines` name one.",
    .examples = "skein import dbmate db/migrations --dry-run\nskein adopt dbmate",
    .options = plain_options,
    .arguments = FOLDER,
    .run = run_dbmate};
const struct opt_command command_import_goose = {
    .name = "import goose",
    .group = "Moving over",
    .summary = "Make revision files of goose's migrations",
    .text = "One revision each, in the order of their numbers; the number is the id. Migrations in Go, and those with\n"
            "variables (ENVSUB) that --placeholder does not give, become opaque sections.",
    .examples = "skein import goose migrations --engine postgresql",
    .options = placeholder_options,
    .arguments = FOLDER,
    .run = run_goose};
const struct opt_command command_import_golang_migrate = {
    .name = "import golang-migrate",
    .group = "Moving over",
    .summary = "Make revision files of golang-migrate's migrations",
    .text = "One revision for each number, which is the id, of its .up.sql and .down.sql.",
    .examples = "skein import golang-migrate migrations --extension billing",
    .options = plain_options,
    .arguments = FOLDER,
    .run = run_golang_migrate};
const struct opt_command command_import_flyway = {
    .name = "import flyway",
    .group = "Moving over",
    .summary = "Make revision files of Flyway's migrations",
    .text =
        "One revision for each V file, with the version as id and the U file as its way back; each R file becomes a\n"
        "revision at the end, which runs once. Code, and SQL with placeholders that --placeholder does not give,\n"
        "become opaque sections. Callbacks are listed and left out.",
    .examples = "skein import flyway src/main/resources/db/migration --placeholder owner=app",
    .options = placeholder_options,
    .arguments = FOLDER,
    .run = run_flyway};
const struct opt_command command_import_sqitch = {
    .name = "import sqitch",
    .group = "Moving over",
    .summary = "Make revision files of a Sqitch project",
    .text =
        "One revision for each change of sqitch.plan; its id is the beginning of the change's. Tags become labels;\n"
        "deploy, revert and verify the sections. What only psql or sqlite3 can do becomes an opaque section.",
    .examples = "skein import sqitch . --engine postgresql",
    .options = plain_options,
    .arguments = FOLDER,
    .run = run_sqitch};
