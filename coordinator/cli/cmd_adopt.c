/*
 * adopt: a database that another tool migrated is stamped where that tool left it, as its own version table says. The
 * tool's table is only read; it stays.
 */
#include "coordinator/cli/commands.h"
#include "coordinator/cli/local.h"
#include "coordinator/cli/migrating.h"
#include "coordinator/cli/planning.h"
#include "skein/graph/reach.h"
#include "skein/import/adopt.h"

static const struct opt_option opt_table = {
    .name = "table",
    .type = OPT_TEXT,
    .value = "NAME",
    .doc = "The tool's version table, if it is not the usual one: TABLE or SCHEMA.TABLE"};
static const struct opt_option opt_registry = {
    .name = "registry",
    .type = OPT_TEXT,
    .value = "URL",
    .doc = "Sqitch: the database of its registry, if it is another one; for SQLite that is a file of its own"};

struct adopt {
    struct local *l;
    enum import_tool tool;
    size_t module;
    struct nodes heads;
    struct dbstate state;
};

/* --- the tool's table ------------------------------------------------------------------------------------------------
 */

/* "table" in the database's schema (Sqitch's own on PostgreSQL), or "schema.table". */
static struct str table_name(const struct adopt *ad, const struct db *db)
{
    struct arena *a = &ad->l->arena;
    const char *option = opt_value(ad->l->line, &opt_table);
    struct str given = option != NULL ? str_of(option) : adopt_table(ad->tool);
    size_t dot = str_find(given, '.');
    bool own_schema = ad->tool == IMPORT_SQITCH && db->engine == ENGINE_POSTGRESQL;
    struct str schema = dot < given.len ? str_head(given, dot) : own_schema ? STR("sqitch") : db->schema;
    struct str table = dot < given.len ? str_from(given, dot + 1) : given;
    return str_printf(a, "%.*s.%.*s", STR_ARG(db_quote_name(a, schema)), STR_ARG(db_quote_name(a, table)));
}

static bool read_table(struct adopt *ad, struct db *db, struct db_rows *ret_rows)
{
    struct local *l = ad->l;
    struct str table = table_name(ad, db), query = adopt_query(&l->arena, ad->tool, table);
    if (db_query(db, &l->arena, query, NULL, 0, ret_rows, &l->err))
        return true;
    if (l->err.code != ERR_SQL)
        return false;
    err_wrap(&l->err, "the version table %.*s of %s cannot be read", STR_ARG(table), import_tool_name(ad->tool));
    return err_hint(&l->err, ad->tool == IMPORT_SQITCH
                                 ? "--registry names the database that Sqitch keeps it in, --table its name there"
                                 : "--table names it, if it has another name");
}

/* Sqitch keeps a registry; the others keep their table in the database itself. */
static bool read_registry(struct adopt *ad, struct db_rows *ret_rows)
{
    struct local *l = ad->l;
    const char *url = opt_value(l->line, &opt_registry);
    struct db_options options;
    struct db *db;
    if (url == NULL)
        return read_table(ad, l->db, ret_rows);
    db_options_init(&options);
    options.allow_standby = options.allow_pooler = true;
    if (!db_open(str_of(url), &options, &db, &l->err))
        return false;
    bool ok = read_table(ad, db, ret_rows);
    db_close(db);
    return ok;
}

static bool find_heads(struct adopt *ad)
{
    struct local *l = ad->l;
    struct db_rows rows;
    if (!read_registry(ad, &rows))
        return false;
    const struct adopt_rows plain = {.cells = rows.cells, .columns = rows.columns, .count = rows.count};
    return adopt_find(&l->arena, ad->tool, &plain, &l->project, ad->module, &ad->heads, &l->err);
}

/* --- the stamp -------------------------------------------------------------------------------------------------------
 */

/* True when the rows that are there already imply the heads. */
static bool is_beyond(struct adopt *ad, const struct nodes *rows)
{
    struct bitset applied = reach_down_from(&ad->l->arena, &ad->l->project.dag, EDGES_MODULE, rows);
    for (size_t i = 0; i < ad->heads.list.count; i++)
        if (!bitset_has(&applied, ad->heads.list.items[i]))
            return false;
    return true;
}

/* A database that has rows already is skein's: they are not taken back to where the other tool stopped. */
static bool check_rows(struct adopt *ad, bool *ret_done)
{
    struct local *l = ad->l;
    struct view v = local_view(l, ad->module);
    struct nodes rows = {0};
    if (!local_state(l, &ad->state) ||
        !target_rows(&l->arena, &v, dbstate_heads(&ad->state, local_module_name(l, ad->module)), &rows, &l->err))
        return false;
    *ret_done = is_beyond(ad, &rows);
    if (*ret_done || rows.list.count == 0)
        return true;
    err_kind(&l->err, ERR_STATE, "already_adopted", "the database's own version table says something else: %.*s",
             STR_ARG(dbstate_format(&l->arena, &ad->state)));
    return err_hint(&l->err, "two tools have migrated this database: find out what is true, then `skein stamp`");
}

static struct plan_request request_of(struct adopt *ad)
{
    struct plan_request r = {.command = PLAN_STAMP, .module = local_module_name(ad->l, ad->module)};
    for (size_t i = 0; i < ad->heads.list.count; i++)
        vec_push(&ad->l->arena, &r.targets.list, ad->l->project.nodes[ad->heads.list.items[i]]->id);
    return r;
}

static void print_done(struct adopt *ad, const struct plan_request *request, size_t steps)
{
    struct local *l = ad->l;
    if (l->form == OUT_FORM_JSON) {
        out_json(json_pack("{s:s, s:o, s:o, s:b}", "tool", import_tool_name(ad->tool), "module",
                           json_str(request->module), "heads", json_names(&request->targets), "stamped", steps > 0));
        return;
    }
    if (ad->heads.list.count == 0)
        out_note("%s has applied nothing to %.*s: nothing to stamp", import_tool_name(ad->tool), STR_ARG(l->db->name));
    else if (steps == 0)
        out_note("%.*s knows it already: nothing to do", STR_ARG(l->db->name));
    for (size_t i = 0; i < request->targets.list.count && steps > 0; i++)
        out_note("%.*s goes on from %.*s", STR_ARG(l->db->name), STR_ARG(request->targets.list.items[i]));
}

static bool adopt(struct adopt *ad)
{
    struct local *l = ad->l;
    struct plan plan;
    bool done = false, dry_run = opt_has(l->line, &opt_dry_run);
    size_t steps = 0;
    if (!local_connect(l, dry_run ? DB_ACCESS_READ : DB_ACCESS_WRITE) || !find_heads(ad) || !check_rows(ad, &done))
        return false;
    struct plan_request request = request_of(ad);
    if (dry_run && !done)
        return planning_build(l, &request, &plan) && planning_print(l, &plan);
    if (!done && !migrating_apply(l, &request, &steps))
        return false;
    print_done(ad, &request, steps);
    return true;
}

static int run_adopt(const struct opt_line *line)
{
    struct local l;
    struct adopt ad = {.l = &l};
    struct module_set modules;
    struct str name = str_of(opt_argument(line, 0));
    if (!local_open(&l, line) || !local_select(&l, &modules))
        return local_fail(&l);
    if (!import_tool_parse(name, &ad.tool)) {
        err_kind(&l.err, ERR_USAGE, "unknown_tool", "skein cannot read the version table of '%.*s'", STR_ARG(name));
        err_hint(&l.err, "it knows dbmate, goose, golang-migrate, flyway and sqitch; Alembic's table it uses as it is");
        return local_fail(&l);
    }
    ad.module = modules.list.items[0];
    if (!adopt(&ad))
        return local_fail(&l);
    local_close(&l);
    return 0;
}

static const struct opt_option *const adopt_options[] = {
    &opt_database, &opt_extension, &opt_project,      &opt_schema,          &opt_table,  &opt_registry,
    &opt_dry_run,  &opt_wait,      &opt_lock_timeout, &opt_connect_timeout, &opt_format, NULL};
const struct opt_command command_adopt = {
    .name = "adopt",
    .group = "Moving over",
    .summary = "Stamp a database where another tool left it",
    .text =
        "Reads the version table of dbmate, goose, golang-migrate, flyway or sqitch, and stamps the revision of the\n"
        "imported history that it stands for. A migration that failed, one that the project does not have, and a gap\n"
        "are refused. The tool's table is not changed. A database of Alembic needs none of this.",
    .examples = "skein adopt dbmate --database postgresql://localhost/app\n"
                "skein adopt flyway --schema app --dry-run\n"
                "skein adopt sqitch --registry sqlite:///sqitch.db --database sqlite:///app.db",
    .options = adopt_options,
    .arguments = {{"TOOL", "dbmate, goose, golang-migrate, flyway or sqitch", 1, 1}},
    .run = run_adopt};
