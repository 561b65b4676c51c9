#include "coordinator/cli/local.h"

#include <stdlib.h>
#include <string.h>

#include "skein/db/migrate.h"
#include "skein/os/tree.h"
#include "skein/plan/query.h"

static enum out_form form_of(const struct opt_line *line)
{
    const char *format = opt_value(line, &opt_format);
    return strcmp(format, "json") == 0 ? OUT_FORM_JSON : OUT_FORM_TEXT;
}

void local_begin(struct local *l, const struct opt_line *line)
{
    *l = (struct local){.line = line, .form = form_of(line)};
    diag_init(&l->diag, &l->arena);
}

bool local_load(struct local *l, struct project_files *ret_files)
{
    struct str root;
    diag_init(&l->diag, &l->arena);
    if (!tree_find_root(&l->arena, opt_value(l->line, &opt_project), &root, &l->err) ||
        !tree_read(&l->arena, root, ret_files, &l->diag, &l->err))
        return false;
    bool built = project_build(&l->arena, ret_files, &l->diag, &l->project);
    diag_sort(&l->diag);
    return (built && !diag_has_errors(&l->diag)) || diag_to_err(&l->diag, &l->err);
}

bool local_open_files(struct local *l, const struct opt_line *line, struct project_files *ret_files)
{
    local_begin(l, line);
    return local_load(l, ret_files);
}

bool local_open(struct local *l, const struct opt_line *line)
{
    struct project_files files;
    bool ok = local_open_files(l, line, &files);
    if (ok && l->form == OUT_FORM_TEXT)
        out_diag(&l->diag);
    return ok;
}

void local_close(struct local *l)
{
    db_close(l->db);
    arena_release(&l->arena);
}

int local_fail(struct local *l)
{
    bool findings = l->diag.errors > 0;
    int code = out_fail(l->form, &l->err, findings ? &l->diag : NULL);
    local_close(l);
    return code;
}

struct str local_module_name(const struct local *l, size_t module)
{
    return l->project.modules.list.items[module].name;
}

struct view local_view(const struct local *l, size_t module)
{
    return (struct view){.project = &l->project, .module = module};
}

static bool unknown_module(struct local *l, struct str name)
{
    size_t count = l->project.modules.list.count;
    const char **names = arena_new_array(&l->arena, count, const char *);
    for (size_t i = 0; i < count; i++)
        names[i] = str_cstr(&l->arena, local_module_name(l, i));
    err_kind(&l->err, ERR_USAGE, "unknown_extension", "the project has no extension '%.*s'", STR_ARG(name));
    const char *near = opt_nearest(str_cstr(&l->arena, name), names, count);
    if (near != NULL)
        return err_hint(&l->err, "did you mean '%s'?", near);
    return err_hint(&l->err,
                    "extensions are listed in migration_extensions.json; `skein init --extension NAME` adds one");
}

bool local_select(struct local *l, struct module_set *ret_set)
{
    struct module_set s = {.all = opt_has(l->line, &opt_all)};
    const char *extension = opt_value(l->line, &opt_extension);
    if (s.all && extension != NULL)
        return err_set(&l->err, ERR_USAGE, "--all and --extension exclude each other");
    for (size_t i = 0; s.all && i < l->project.modules.list.count; i++)
        vec_push(&l->arena, &s.list, i);
    if (!s.all) {
        int module = project_find_module(&l->project, extension != NULL ? str_of(extension) : STR("core"));
        if (module < 0)
            return unknown_module(l, str_of(extension));
        vec_push(&l->arena, &s.list, (size_t)module);
    }
    *ret_set = s;
    return true;
}

/* SQLAlchemy's `postgresql+psycopg2://...`: one DATABASE_URL serves Alembic and skein. */
static const char *without_driver(struct arena *a, const char *url)
{
    size_t scheme = strcspn(url, "+:"), driver = strcspn(url, ":");
    if (url[scheme] != '+' || strncmp(url + driver, "://", 3) != 0)
        return url;
    return arena_printf(a, "%.*s%s", (int)scheme, url, url + driver);
}

static const char *database_url(struct local *l)
{
    const char *url = opt_value(l->line, &opt_database);
    if (url == NULL) {
        err_kind(&l->err, ERR_USAGE, "no_database_url", "no database given");
        err_hint(&l->err, "give --database URL or set DATABASE_URL, for example sqlite:///app.db");
    }
    return url != NULL ? without_driver(&l->arena, url) : NULL;
}

bool local_connect(struct local *l, enum db_access access)
{
    if (l->db != NULL)
        return true;
    const char *url = database_url(l);
    if (url == NULL)
        return false;
    struct db_options options;
    db_options_init(&options);
    options.access = access;
    options.schema = str_of(opt_value(l->line, &opt_schema));
    options.role = str_of(opt_value(l->line, &opt_script_role));
    options.connect_timeout_ms = opt_duration(l->line, &opt_connect_timeout, options.connect_timeout_ms);
    options.allow_standby = access == DB_ACCESS_READ;
    options.allow_pooler = access == DB_ACCESS_READ;
    return db_open(str_of(url), &options, &l->db, &l->err);
}

bool local_is_offline(const struct local *l)
{
    return opt_has(l->line, &opt_from);
}

/* "core=a1,a2,billing=b1": a comma separates ids, and a module's name with '=' begins the next module. */
static bool read_from(struct local *l, struct str text, struct dbstate *state)
{
    struct str rest = text, part, module = STR_NONE;
    struct names heads = {0};
    while (str_next(&rest, ',', &part)) {
        struct str name = str_head(part, str_find(part, '='));
        bool opens = name.len < part.len && (module.p == NULL || project_find_module(&l->project, name) >= 0);
        if (opens) {
            if (module.p != NULL)
                dbstate_set(&l->arena, state, module, &heads);
            module = name;
            heads = (struct names){0};
            part = str_from(part, name.len + 1);
        }
        if (module.p == NULL)
            return err_set(&l->err, ERR_USAGE, "--from is MODULE=ID,... and not '%.*s'", STR_ARG(text));
        if (project_find_module(&l->project, module) < 0)
            return unknown_module(l, module);
        if (str_trim(part).len > 0)
            vec_push(&l->arena, &heads.list, str_trim(part));
    }
    dbstate_set(&l->arena, state, module, &heads);
    return true;
}

static bool state_from_options(struct local *l, struct dbstate *ret_state)
{
    struct dbstate state = {0};
    for (size_t i = 0; i < opt_count(l->line, &opt_from); i++)
        if (!read_from(l, str_of(opt_nth(l->line, &opt_from, i)), &state))
            return false;
    *ret_state = state;
    return true;
}

bool local_state(struct local *l, struct dbstate *ret_state)
{
    if (local_is_offline(l))
        return state_from_options(l, ret_state);
    if (!local_connect(l, DB_ACCESS_READ))
        return false;
    struct names modules = {0};
    for (size_t i = 0; i < l->project.modules.list.count; i++)
        vec_push(&l->arena, &modules.list, local_module_name(l, i));
    struct ledger_state ledger;
    return migrate_read_state(&l->arena, l->db, &modules, ret_state, &ledger, &l->err);
}

bool local_show(struct local *l, const struct view *v, struct str expression, struct nodes *ret_nodes)
{
    struct dbstate state = {0};
    if (str_is(expression, "current") && !local_state(l, &state))
        return false;
    const struct names *rows = dbstate_heads(&state, local_module_name(l, v->module));
    return query_show(&l->arena, v, expression, rows, ret_nodes, &l->err);
}

bool local_engine(struct local *l, enum engine *ret_engine)
{
    const char *engine = opt_value(l->line, &opt_engine);
    bool has_url = opt_value(l->line, &opt_database) != NULL;
    if (l->db != NULL)
        *ret_engine = l->db->engine;
    else if (engine != NULL)
        engine_parse(str_of(engine), ret_engine); /* opt checked it */
    else if (has_url)
        return db_url_engine(str_of(database_url(l)), ret_engine, &l->err);
    else
        *ret_engine = ENGINE_SQLITE;
    return true;
}
