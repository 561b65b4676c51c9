/* heads, branches, history, show: the graph of the project's files. */
#include <string.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/local.h"
#include "coordinator/cli/revline.h"

/* What a command of this file does with each module of the selection. */
struct module_command {
    bool (*print)(struct local *l, const struct revline *r, json_t *json); /* or adds it to `json` */
    /* With --all: false to leave the module out, *err says why; NULL: none is left out. */
    bool (*applies)(struct local *l, const struct view *v, struct err *err);
};

/* One module: its heading line `# NAME` with --all, and its JSON object at the end of `modules`. */
static bool print_module(struct local *l, const struct module_command *command, bool all, const struct view *v,
                         json_t *modules)
{
    struct revline r;
    struct str name = local_module_name(l, v->module);
    revline_init(&r, &l->arena, v);
    json_t *object = json_pack("{s:o}", "module", json_str(name));
    json_array_append_new(modules, object);
    if (all && l->form == OUT_FORM_TEXT)
        out_printf(stdout, "# %.*s\n", STR_ARG(name));
    return command->print(l, &r, object);
}

static bool print_modules(struct local *l, const struct module_command *command, const struct module_set *set,
                          json_t *modules)
{
    for (size_t i = 0; i < set->list.count; i++) {
        struct view v = local_view(l, set->list.items[i]);
        bool applies = !set->all || command->applies == NULL || command->applies(l, &v, &l->err);
        if (applies && !print_module(l, command, set->all, &v, modules))
            return false;
    }
    return json_array_size(modules) > 0; /* else `err` says why the last was left out */
}

/* Open, select, print each module. With --all JSON is {"modules": [...]} instead of one module's object. */
static int each_module(const struct opt_line *line, const struct module_command *command)
{
    struct local l;
    struct module_set set;
    if (!local_open(&l, line) || !local_select(&l, &set))
        return local_fail(&l);
    json_t *modules = json_array();
    bool ok = print_modules(&l, command, &set, modules);
    if (ok && l.form == OUT_FORM_JSON)
        out_json(set.all ? json_pack("{s:O}", "modules", modules) : json_incref(json_array_get(modules, 0)));
    json_decref(modules);
    if (!ok)
        return local_fail(&l);
    local_close(&l);
    return 0;
}

/* One revision, then a line end: `parts` says what the short form shows. */
static void print_node(const struct local *l, const struct revline *r, size_t node, int parts)
{
    struct strbuf text;
    strbuf_init(&text, 1 << 24);
    if (opt_has(l->line, &opt_verbose))
        revline_entry(r, node, &text);
    else
        revline_format(r, node, parts, &text);
    strbuf_putc(&text, '\n');
    out_clean(stdout, strbuf_str(&text));
    strbuf_release(&text);
}

static json_t *json_labels(const struct revline *r)
{
    const struct module *m = &r->view->project->modules.list.items[r->view->module];
    json_t *object = json_object();
    for (size_t i = 0; i < m->count; i++)
        if (r->labels[i].list.count > 0) {
            struct arena a = {0};
            const char *id = str_cstr(&a, r->view->project->nodes[m->first + i]->id);
            json_object_set_new(object, id, json_names(&r->labels[i]));
            arena_release(&a);
        }
    return object;
}

static bool print_heads(struct local *l, const struct revline *r, json_t *json)
{
    struct module_summary summary;
    query_summary(&l->arena, r->view, &summary);
    json_object_set_new(json, "heads", json_nodes(r->view, &summary.heads));
    json_object_set_new(json, "effective_heads", json_nodes(r->view, &summary.effective_heads));
    json_object_set_new(json, "bases", json_nodes(r->view, &summary.bases));
    json_object_set_new(json, "branch_points", json_nodes(r->view, &summary.branch_points));
    json_object_set_new(json, "merge_points", json_nodes(r->view, &summary.merge_points));
    json_object_set_new(json, "labels", json_labels(r));
    const struct nodes *shown = opt_has(l->line, &opt_resolve_dependencies) ? &summary.effective_heads : &summary.heads;
    for (size_t i = 0; l->form == OUT_FORM_TEXT && i < shown->list.count; i++)
        print_node(l, r, shown->list.items[i], REVLINE_LABELS);
    return true;
}

static int run_heads(const struct opt_line *line)
{
    return each_module(line, &(const struct module_command){.print = print_heads});
}

static void print_branch(const struct local *l, const struct revline *r, size_t node)
{
    const struct project *p = r->view->project;
    print_node(l, r, node, REVLINE_LABELS | REVLINE_TREE);
    int parts = REVLINE_LABELS | REVLINE_TREE | (opt_has(l->line, &opt_verbose) ? REVLINE_MESSAGE : 0);
    for (size_t i = 0; i < dag_up_count(&p->dag, EDGE_PARENT, node); i++) {
        struct strbuf text;
        strbuf_init(&text, 1 << 20);
        strbuf_printf(&text, "%*s -> ", (int)p->nodes[node]->id.len, "");
        revline_format(r, dag_up(&p->dag, EDGE_PARENT, node, i), parts, &text);
        strbuf_putc(&text, '\n');
        out_clean(stdout, strbuf_str(&text));
        strbuf_release(&text);
    }
    putchar('\n');
}

static json_t *json_children(const struct revline *r, size_t node)
{
    const struct project *p = r->view->project;
    json_t *list = json_array();
    for (size_t i = 0; i < dag_up_count(&p->dag, EDGE_PARENT, node); i++)
        json_array_append_new(list, json_str(p->nodes[dag_up(&p->dag, EDGE_PARENT, node, i)]->id));
    return list;
}

/* Where all branches are inside a squashed range, as is the fork, there is none to see. */
static bool forks_inside(const struct project *p, size_t node)
{
    const struct squash *s = squash_around(p, node);
    bool inside = s != NULL;
    for (size_t i = 0; inside && i < dag_up_count(&p->dag, EDGE_PARENT, node); i++)
        inside = bitset_has(&s->members, dag_up(&p->dag, EDGE_PARENT, node, i));
    return inside;
}

static bool print_branches(struct local *l, const struct revline *r, json_t *json)
{
    struct module_summary summary;
    struct nodes order = {0};
    if (!query_history(&l->arena, r->view, STR(""), NULL, &order, &l->err))
        return false;
    query_summary(&l->arena, r->view, &summary);
    json_object_set_new(json, "branch_points", json_nodes(r->view, &summary.branch_points));
    json_object_set_new(json, "labels", json_labels(r));
    json_t *into = json_object();
    for (size_t i = 0; i < order.list.count; i++) {
        size_t node = order.list.items[i];
        if (!query_is_branch_point(r->view->project, node) || forks_inside(r->view->project, node))
            continue;
        json_object_set_new(into, str_cstr(&l->arena, r->view->project->nodes[node]->id), json_children(r, node));
        if (l->form == OUT_FORM_TEXT)
            print_branch(l, r, node);
    }
    json_object_set_new(json, "branches_into", into);
    return true;
}

static int run_branches(const struct opt_line *line)
{
    return each_module(line, &(const struct module_command){.print = print_branches});
}

/* The rows of one module, when the command asked for them. */
static bool current_rows(struct local *l, const struct view *v, const struct names **ret_rows)
{
    static const struct names none = {0};
    *ret_rows = &none;
    const char *range = opt_value(l->line, &opt_rev_range);
    bool needed = opt_has(l->line, &opt_indicate_current) || local_is_offline(l) ||
                  (range != NULL && strstr(range, "current") != NULL && opt_value(l->line, &opt_database) != NULL);
    struct dbstate *state = arena_new(&l->arena, struct dbstate);
    if (!needed)
        return true;
    if (!local_state(l, state))
        return false;
    *ret_rows = dbstate_heads(state, local_module_name(l, v->module));
    return true;
}

/* The rows that the project knows. */
static struct bitset known_rows(struct local *l, const struct view *v, const struct names *rows)
{
    struct bitset set = bitset_new(&l->arena, l->project.node_count);
    for (size_t i = 0; i < rows->list.count; i++) {
        size_t node = project_find_node(&l->project, v->module, rows->list.items[i]);
        if (node != SIZE_MAX)
            bitset_add(&set, node);
    }
    return set;
}

static const struct opt_option opt_squashed = {
    .name = "squashed", .doc = "List the revisions that squashed ones replace, instead of these"};

static struct bitset all_tops(struct local *l)
{
    struct bitset tops = bitset_new(&l->arena, l->project.node_count);
    for (size_t i = 0; i < l->project.squashes.list.count; i++)
        bitset_add(&tops, l->project.squashes.list.items[i].top);
    return tops;
}

static bool print_history(struct local *l, const struct revline *shared, json_t *json)
{
    struct revline r = *shared;
    const char *range = opt_value(l->line, &opt_rev_range);
    const struct names *rows;
    struct nodes order = {0};
    if (!current_rows(l, r.view, &rows) || !query_history(&l->arena, r.view, str_of(range), rows, &order, &l->err))
        return false;
    struct bitset current = known_rows(l, r.view, rows), plain;
    if (opt_has(l->line, &opt_squashed))
        plain = all_tops(l);
    else
        query_fold(&l->arena, &l->project, &order, &plain);
    r.plain = &plain;
    if (opt_has(l->line, &opt_indicate_current))
        r.current = &current;
    json_object_set_new(json, "revisions_in_order", json_nodes(r.view, &order));
    json_t *details = json_array();
    for (size_t i = 0; i < order.list.count; i++) {
        size_t node = order.list.items[i];
        if (l->form == OUT_FORM_TEXT)
            print_node(l, &r, node, REVLINE_PARENTS | REVLINE_LABELS | REVLINE_TREE | REVLINE_MESSAGE);
        else
            json_array_append_new(details, revline_json(&r, node));
    }
    json_object_set_new(json, "details", details);
    return true;
}

static int run_history(const struct opt_line *line)
{
    return each_module(line, &(const struct module_command){.print = print_history});
}

static bool print_shown(struct local *l, const struct revline *r, json_t *json)
{
    struct nodes nodes = {0};
    if (!local_show(l, r->view, str_of(opt_argument(l->line, 0)), &nodes))
        return false;
    json_object_set_new(json, "revisions", json_nodes(r->view, &nodes));
    json_t *details = json_array();
    for (size_t i = 0; i < nodes.list.count; i++) {
        json_array_append_new(details, revline_json(r, nodes.list.items[i]));
        struct strbuf text;
        strbuf_init(&text, 1 << 24);
        revline_entry(r, nodes.list.items[i], &text);
        strbuf_putc(&text, '\n');
        if (l->form == OUT_FORM_TEXT)
            out_clean(stdout, strbuf_str(&text));
        strbuf_release(&text);
    }
    json_object_set_new(json, "details", details);
    return true;
}

/* With --all a revision is shown where it is. */
static bool is_shown(struct local *l, const struct view *v, struct err *err)
{
    struct nodes nodes = {0};
    struct str expression = str_of(opt_argument(l->line, 0));
    struct err why = {0};
    if (str_is(expression, "current") || query_show(&l->arena, v, expression, NULL, &nodes, &why) ||
        strcmp(why.kind, "unknown_revision") != 0)
        return true;
    *err = why;
    return false;
}

static int run_show(const struct opt_line *line)
{
    return each_module(line, &(const struct module_command){.print = print_shown, .applies = is_shown});
}

static const struct opt_option *const heads_options[] = {
    &opt_project, &opt_extension, &opt_all, &opt_resolve_dependencies, &opt_verbose, &opt_format, NULL};
const struct opt_command command_heads = {
    .name = "heads",
    .group = "Revisions",
    .summary = "Show the newest revisions: those that no other one follows",
    .text = "Prints Alembic's lines: `REV (label) (head)`. A head that another revision depends on is an\n"
            "`(effective head)`: it has no row of its own once the other one is applied.",
    .options = heads_options,
    .run = run_heads};

static const struct opt_option *const branches_options[] = {&opt_project, &opt_extension, &opt_all,
                                                            &opt_verbose, &opt_format,    NULL};
const struct opt_command command_branches = {.name = "branches",
                                             .group = "Revisions",
                                             .summary = "Show the revisions that more than one other follows",
                                             .options = branches_options,
                                             .run = run_branches};

static const struct opt_option *const history_options[] = {
    &opt_project,  &opt_extension, &opt_all,     &opt_rev_range, &opt_indicate_current, &opt_from, &opt_squashed,
    &opt_database, &opt_schema,    &opt_verbose, &opt_format,    &opt_connect_timeout,  NULL};
const struct opt_command command_history = {
    .name = "history",
    .group = "Revisions",
    .summary = "List revisions, newest first",
    .text = "Prints Alembic's lines: `DOWN -> REV (label) (head), message`. The database is asked only with -i and\n"
            "for ranges that name `current`.",
    .examples = "skein history -r base:head\nskein history -r -3:current -i\nskein history --extension billing -v",
    .options = history_options,
    .run = run_history};

static const struct opt_option *const show_options[] = {&opt_project, &opt_extension,       &opt_all,
                                                        &opt_from,    &opt_database,        &opt_schema,
                                                        &opt_format,  &opt_connect_timeout, NULL};
const struct opt_command command_show = {
    .name = "show",
    .group = "Revisions",
    .summary = "Show revisions in full",
    .options = show_options,
    .arguments = {{"REV",
                   "An id or the beginning of one, a label, head, heads, LABEL@head, a relative target or current", 1,
                   1}},
    .run = run_show};
