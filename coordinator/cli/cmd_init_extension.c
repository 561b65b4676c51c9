/*
 * init-extension: from nothing to an extension whose first revision is in the database. The steps, in this order:
 *
 *     folder -> list -> sample model -> first revision -> database
 *
 * Each looks first whether it was done, so a second run changes nothing and a run that was cut short is completed.
 * The sample is for an extension that has neither models nor revisions: once there is a revision it has begun.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/cli/authoring.h"
#include "coordinator/cli/auto.h"
#include "coordinator/cli/commands.h"
#include "coordinator/cli/initing.h"
#include "coordinator/cli/local.h"
#include "coordinator/cli/migrating.h"
#include "coordinator/cli/tree_files.h"
#include "skein/graph/author.h"
#include "skein/os/clock.h"

/* No name in it is longer than the extension's and 15 bytes: PostgreSQL cuts names at 63. */
static const char sample[] =
    "-- The models of %s: what its tables should be. They are plain CREATE statements, in any order, in as many\n"
    "-- DB_*.sql files as you like. After a change let the revision be written, look at it, and apply it:\n"
    "--\n"
    "--     skein revision --extension %s --auto -m \"what changed\"\n"
    "--     skein upgrade --extension %s\n"
    "--\n"
    "-- A table belongs to the module whose file creates it; the tables of an extension begin with its name, and may\n"
    "-- refer to core's. A file for one engine only is called DB_x.postgresql.sql or DB_x.sqlite.sql.\n"
    "\n"
    "-- An example: change it, or delete it.\n"
    "CREATE TABLE %s_items (\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    name VARCHAR(200) NOT NULL UNIQUE,\n"
    "    amount INTEGER NOT NULL DEFAULT 0 CHECK (amount >= 0),\n"
    "    note TEXT,\n"
    "    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP\n"
    ");\n"
    "\n"
    "CREATE INDEX %s_items_created ON %s_items (created_at);\n";

static const struct opt_option opt_skip_model = {.name = "skip-model", .doc = "Write no sample model"};
static const struct opt_option opt_skip_apply = {.name = "skip-apply", .doc = "Leave the database alone"};

struct begin {
    struct local *l;
    struct init in;
    struct str name;
    struct project_files files;
    size_t module; /* in the project and its files */
    size_t steps;  /* that were applied */
};

/* --- the model ------------------------------------------------------------------------------------------------- */

/* Any DB_*: models may be in another language, which a command turns into SQL. */
static int is_model(const struct dirent *entry)
{
    return strncmp(entry->d_name, "DB_", 3) == 0;
}

static bool has_models(struct begin *b, bool *ret_has)
{
    struct local *l = b->l;
    const char *folder = initing_path(&b->in, arena_printf(&l->arena, "extensions/%.*s", STR_ARG(b->name)));
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_model, alphasort);
    if (count < 0)
        return err_errno(&l->err, "cannot read the folder %s", folder);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    *ret_has = count > 0;
    return true;
}

static bool load(struct begin *b)
{
    if (!local_load(b->l, &b->files))
        return false;
    b->module = (size_t)project_find_module(&b->l->project, b->name);
    return true;
}

static bool has_revision(const struct begin *b)
{
    return b->l->project.modules.list.items[b->module].count > 0;
}

static bool write_sample(struct begin *b)
{
    struct local *l = b->l;
    const char *name = str_cstr(&l->arena, b->name);
    const char *path = arena_printf(&l->arena, "extensions/%s/DB_%s.sql", name, name);
    bool has;
    if (opt_has(l->line, &opt_skip_model) || has_revision(b))
        return true;
    if (!has_models(b, &has))
        return false;
    if (has)
        return true;
    struct str text = str_printf(&l->arena, sample, name, name, name, name, name, name);
    if (!tree_write(initing_path(&b->in, path), text, &l->err))
        return false;
    vec_push(&l->arena, &b->in.made.list, str_of(path));
    return true;
}

/* --- the first revision ---------------------------------------------------------------------------------------- */

/* From the models; without any, or when they make nothing, a file to be filled in. */
static bool author_first(struct begin *b, struct auto_files *ret_files)
{
    struct local *l = b->l;
    bool has;
    struct author_request request = {.module = b->module,
                                     .id = authoring_id(l),
                                     .message = str_printf(&l->arena, "begin %.*s", STR_ARG(b->name)),
                                     .created_ms = clock_wall_ms()};
    struct author_file empty;
    vec_push(&l->arena, &request.heads.list, STR("head"));
    if (!has_models(b, &has) || (has && !auto_make(l, &b->files, &request, ret_files)))
        return false;
    if (ret_files->list.count > 0)
        return true;
    if (!author_revision(&l->arena, &b->files, &l->project, &request, &l->diag, &empty, &l->err))
        return false;
    vec_push(&l->arena, &ret_files->list, empty);
    return true;
}

/* The one without parents that carries the extension's label, or the first file's. */
static struct str first_of(const struct begin *b)
{
    const struct module *m = &b->l->project.modules.list.items[b->module];
    struct str label = str_printf(&b->l->arena, "ext_%.*s", STR_ARG(b->name));
    size_t node = module_find_name(m, label);
    return b->l->project.nodes[node != SIZE_MAX ? node : m->first]->id;
}

static bool make_first(struct begin *b)
{
    struct local *l = b->l;
    struct auto_files made = {0};
    struct str path;
    if (has_revision(b))
        return true;
    if (!author_first(b, &made))
        return false;
    if (l->form == OUT_FORM_TEXT)
        out_diag(&l->diag);
    for (size_t i = 0; i < made.list.count; i++) {
        if (!authoring_write(l, &made.list.items[i], &path))
            return false;
        vec_push(&l->arena, &b->in.made.list, made.list.items[i].path);
    }
    return load(b);
}

/* --- the database ---------------------------------------------------------------------------------------------- */

/* Said before anything is made: afterwards it would look like a run that was cut short. */
static bool check_database(struct begin *b)
{
    struct local *l = b->l;
    if (opt_has(l->line, &opt_skip_apply) || opt_value(l->line, &opt_database) != NULL)
        return true;
    err_kind(&l->err, ERR_USAGE, "no_database_url", "no database given to apply the first revision to");
    return err_hint(&l->err, "give --database URL or set DATABASE_URL, or leave it for later with --skip-apply");
}

static bool apply_first(struct begin *b)
{
    struct local *l = b->l;
    struct plan_request request = {.command = PLAN_UPGRADE, .module = b->name};
    if (opt_has(l->line, &opt_skip_apply))
        return true;
    vec_push(&l->arena, &request.targets.list, first_of(b));
    return local_connect(l, DB_ACCESS_CREATE) && migrating_apply(l, &request, &b->steps);
}

/* --- the command ----------------------------------------------------------------------------------------------- */

static void print_done(const struct begin *b)
{
    const struct local *l = b->l;
    const struct db *db = l->db;
    if (l->form == OUT_FORM_JSON) {
        json_t *object = initing_json(&b->in);
        json_object_set_new(object, "extension", json_str(b->name));
        json_object_set_new(object, "revision", json_str(first_of(b)));
        json_object_set_new(object, "steps_applied", json_integer((json_int_t)b->steps));
        json_object_set_new(object, "database", db != NULL ? json_str(db->name) : json_null());
        out_json(object);
        return;
    }
    if (b->steps > 0)
        out_note("%.*s has revision %.*s now", STR_ARG(db->name), STR_ARG(first_of(b)));
    else if (b->in.made.list.count + b->in.edited.list.count == 0)
        out_note("everything is there already: nothing to do");
    out_note("next: %s", b->in.next);
}

static const char *next_of(const struct begin *b)
{
    return arena_printf(&b->l->arena,
                        "edit extensions/%.*s/DB_*.sql, then skein revision --extension %.*s --auto -m \"...\"",
                        STR_ARG(b->name), STR_ARG(b->name));
}

static int run_init_extension(const struct opt_line *line)
{
    struct local l;
    local_begin(&l, line);
    struct begin b = {.l = &l, .name = str_of(opt_argument(line, 0))};
    initing_begin(&b.in, &l);
    bool made =
        check_database(&b) && initing_extension(&b.in, b.name) && load(&b) && write_sample(&b) && make_first(&b);
    if (l.form == OUT_FORM_TEXT)
        initing_print(&b.in); /* what is there by now stays, whatever comes */
    if (!made || !apply_first(&b))
        return local_fail(&l);
    b.in.next = next_of(&b);
    print_done(&b);
    local_close(&l);
    return 0;
}

static const struct opt_option *const init_extension_options[] = {&opt_skip_model,
                                                                  &opt_skip_apply,
                                                                  &opt_database,
                                                                  &opt_schema,
                                                                  &opt_script_role,
                                                                  &opt_project,
                                                                  &opt_scratch,
                                                                  &opt_statement_timeout,
                                                                  &opt_lock_timeout,
                                                                  &opt_wait,
                                                                  &opt_connect_timeout,
                                                                  &opt_format,
                                                                  NULL};
const struct opt_command command_init_extension = {
    .name = "init-extension",
    .group = "Writing revisions",
    .summary = "Begin an extension: folder, list, a sample model, its first revision, applied",
    .text = "The first revision is generated from the extension's models: a sample that is written for it, or its own\n"
            "DB_* files when there are any. It carries the label `ext_NAME`. Without models (--skip-model) it is an\n"
            "empty file to be filled in.\n"
            "\n"
            "What was done already is left alone: running it twice changes nothing, and what an interrupted run left\n"
            "out is completed.",
    .examples = "skein init-extension billing --database sqlite:///app.db\n"
                "skein init-extension billing --skip-model --skip-apply",
    .options = init_extension_options,
    .arguments = {{"NAME", "The extension's name: [a-z][a-z0-9_]*", 1, 1}},
    .run = run_init_extension};
