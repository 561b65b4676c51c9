/* current, check-heads: what one database is at, compared with the project. */
#include "coordinator/cli/commands.h"
#include "coordinator/cli/local.h"
#include "coordinator/cli/revline.h"

/* Rows that the project does not know go to *ret_unknown, the others count. */
static bool current_nodes(struct local *l, const struct view *v, const struct names *rows, struct nodes *ret_nodes,
                          struct names *ret_unknown)
{
    struct names known = {0};
    query_unknown_rows(&l->arena, v, rows, ret_unknown);
    for (size_t i = 0; i < rows->list.count; i++)
        if (project_find_node(&l->project, v->module, rows->list.items[i]) != SIZE_MAX)
            vec_push(&l->arena, &known.list, rows->list.items[i]);
    return query_current(&l->arena, v, &known, ret_nodes, &l->err);
}

static void print_current(struct local *l, const struct view *v, const struct nodes *nodes)
{
    struct revline r;
    revline_init(&r, &l->arena, v);
    for (size_t i = 0; i < nodes->list.count; i++) {
        struct strbuf text;
        strbuf_init(&text, 1 << 24);
        if (opt_has(l->line, &opt_verbose))
            revline_entry(&r, nodes->list.items[i], &text);
        else
            revline_format(&r, nodes->list.items[i], REVLINE_TREE, &text);
        strbuf_putc(&text, '\n');
        out_clean(stdout, strbuf_str(&text));
        strbuf_release(&text);
    }
}

static bool unknown_rows(struct local *l, struct str module, const struct names *unknown)
{
    if (unknown->list.count == 0)
        return false;
    struct str row = unknown->list.items[0];
    err_kind(&l->err, ERR_STATE, "unknown_revision",
             "the database is at revision '%.*s' of %.*s, which the project does not have", STR_ARG(row),
             STR_ARG(module));
    err_hint(&l->err, "get the newest revision files, or repair the version table with 'skein stamp --purge'");
    return true;
}

/* Prints what is known of the module, then fails if a row is unknown. */
static bool show_module(struct local *l, const struct module_set *s, size_t module, const struct dbstate *state,
                        json_t *object)
{
    struct view v = local_view(l, module);
    struct str name = local_module_name(l, module);
    const struct names *rows = dbstate_heads(state, name);
    struct nodes nodes = {0};
    struct names unknown = {0};
    if (!current_nodes(l, &v, rows, &nodes, &unknown))
        return false;
    if (s->all && l->form == OUT_FORM_TEXT)
        out_printf(stdout, "# %.*s\n", STR_ARG(name));
    if (l->form == OUT_FORM_TEXT)
        print_current(l, &v, &nodes);
    json_object_set_new(object, "revisions", json_nodes(&v, &nodes));
    json_object_set_new(object, "heads", json_names(rows));
    return !unknown_rows(l, name, &unknown);
}

static struct str join(struct local *l, const struct nodes *nodes)
{
    struct str text = STR("");
    for (size_t i = 0; i < nodes->list.count; i++)
        text = str_printf(&l->arena, "%.*s%s%.*s", STR_ARG(text), i > 0 ? ", " : "",
                          STR_ARG(l->project.nodes[nodes->list.items[i]]->id));
    return text;
}

static bool check_modules(struct local *l, const struct module_set *s, const struct dbstate *state)
{
    for (size_t i = 0; i < s->list.count; i++) {
        struct str name = local_module_name(l, s->list.items[i]);
        struct view v = local_view(l, s->list.items[i]);
        const struct names *rows = dbstate_heads(state, name);
        struct nodes missing = {0};
        struct names unknown = {0};
        query_unknown_rows(&l->arena, &v, rows, &unknown);
        if (unknown_rows(l, name, &unknown) || !query_missing_heads(&l->arena, &v, rows, &missing, &l->err))
            return false;
        if (missing.list.count == 0)
            continue;
        struct str list = join(l, &missing);
        err_kind(&l->err, ERR_CHECK, "not_at_heads",
                 "the database is not on all head revisions of %.*s: %.*s not applied", STR_ARG(name), STR_ARG(list));
        return err_hint(&l->err, "'skein upgrade%s%.*s' brings it there", str_is(name, "core") ? "" : " --extension ",
                        str_is(name, "core") ? 0 : (int)name.len, name.p);
    }
    return true;
}

static const struct opt_option opt_check_heads = {
    .name = "check-heads", .doc = "Exit with 3 and print nothing unless the database is at every head"};

static int run_current(const struct opt_line *line)
{
    struct local l;
    struct module_set s;
    struct dbstate state = {0};
    if (!local_open(&l, line) || !local_select(&l, &s) || !local_state(&l, &state) ||
        (opt_has(line, &opt_check_heads) && !check_modules(&l, &s, &state)))
        return local_fail(&l);
    if (opt_has(line, &opt_verbose) && l.db != NULL && l.form == OUT_FORM_TEXT)
        out_printf(stdout, "Current revision(s) for %.*s:\n", STR_ARG(l.db->name));
    json_t *modules = json_array();
    bool ok = true;
    for (size_t i = 0; i < s.list.count && ok; i++) {
        json_t *object = json_pack("{s:o}", "module", json_str(local_module_name(&l, s.list.items[i])));
        json_array_append_new(modules, object);
        ok = show_module(&l, &s, s.list.items[i], &state, object);
    }
    if (ok && l.form == OUT_FORM_JSON)
        out_json(s.all ? json_pack("{s:O}", "modules", modules) : json_incref(json_array_get(modules, 0)));
    json_decref(modules);
    if (!ok)
        return local_fail(&l);
    local_close(&l);
    return 0;
}

static int run_check_heads(const struct opt_line *line)
{
    struct local l;
    struct module_set s;
    struct dbstate state = {0};
    if (!local_open(&l, line) || !local_select(&l, &s) || !local_state(&l, &state) || !check_modules(&l, &s, &state))
        return local_fail(&l);
    if (l.form == OUT_FORM_JSON)
        out_json(json_pack("{s:b}", "at_heads", 1));
    local_close(&l);
    return 0;
}

static const struct opt_option *const current_options[] = {
    &opt_database, &opt_schema, &opt_project,         &opt_extension,   &opt_all, &opt_from,
    &opt_verbose,  &opt_format, &opt_connect_timeout, &opt_check_heads, NULL};
static const struct opt_option *const check_options[] = {
    &opt_database, &opt_schema,  &opt_project, &opt_extension,       &opt_all,
    &opt_from,     &opt_verbose, &opt_format,  &opt_connect_timeout, NULL};
const struct opt_command command_current = {
    .name = "current",
    .group = "One database",
    .summary = "Show the revisions that a database is at",
    .text = "Prints Alembic's lines, and nothing when the database is at base. Never writes to the database.",
    .options = current_options,
    .run = run_current};
const struct opt_command command_check_heads = {.name = "check-heads",
                                                .group = "One database",
                                                .summary = "Exit with 3 unless the database is at every head",
                                                .text = "Prints nothing when it is. Never writes to the database.",
                                                .options = check_options,
                                                .run = run_check_heads};
