/*
 * lint: which files are meant, and what is printed about them. What is found is decided by skein/lint/lint.h.
 *
 * Exit codes follow one rule: 3 when there is a finding of --fail-on or above, whatever it is about; 1 when lint could
 * not do its work (no project, a graph that does not hold together, a file that is not there, no git).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/lint_against.h"
#include "coordinator/cli/lint_print.h"
#include "coordinator/cli/local.h"
#include "skein/graph/revfile.h"
#include "skein/graph/squash.h"
#include "skein/os/file.h"
#include "skein/os/tree.h"
#include "skein/plan/query.h"

enum { CHECK_FAILED = 3 };

static const struct opt_option opt_lint_format = {.name = "format",
                                                  .type = OPT_CHOICE,
                                                  .value = "FORMAT",
                                                  .doc = "How to print; markdown is for --rules",
                                                  .choices = "human|json|sarif|markdown",
                                                  .fallback = "human"};
static const struct opt_option opt_fail_on = {
    .name = "fail-on",
    .type = OPT_CHOICE,
    .value = "SEVERITY",
    .doc = "End with exit code 3 when there is a finding of this severity or above",
    .choices = "error|warning|notice|never",
    .fallback = "error"};
static const struct opt_option opt_lint_engine = {
    .name = "engine",
    .type = OPT_CHOICE,
    .value = "ENGINE",
    .doc = "Only this engine; otherwise those that the project's sections name, or both",
    .choices = "postgresql|sqlite"};
static const struct opt_option opt_lint_against = {
    .name = "against",
    .type = OPT_TEXT,
    .value = "RANGE|DIR",
    .doc =
        "Only what is new or changed since the branch left git's BASE (BASE.. or BASE..HEAD), or what the project in "
        "another folder does not have"};
static const struct opt_option opt_rules = {.name = "rules", .doc = "Print the table of rules and check nothing"};

struct linting {
    struct local *l;
    bool has_project;
    struct project_files files;
    struct project_models models;
    struct lint_request request;
    struct lint_report report;
};

/* ---- files ---- */

/* Of one file that is in no project: a graph of one revision. */
static void project_of_one(struct arena *a, struct revision *r, struct project *ret_project)
{
    struct edges none = {0};
    struct project p = {.nodes = arena_new_array(a, 1, struct revision *), .node_count = 1};
    p.nodes[0] = r;
    vec_push(a, &p.modules.list, ((struct module){.name = STR("core"), .count = 1}));
    dag_build(a, 1, &none, &p.dag);
    *ret_project = p;
}

/* --engine, else what migration_extensions.json says, else what the sections say. */
static struct lint_engines lint_for(const struct linting *w, const struct project *p)
{
    const char *name = opt_value(w->l->line, &opt_lint_engine);
    struct lint_engines engines = {.certain = true};
    enum engine engine;
    bool said = name != NULL && engine_parse(str_of(name), &engine);
    if (said)
        engines.wanted[engine] = true;
    for (int e = ENGINE_UNSET + 1; e < ENGINE_COUNT && !said; e++)
        engines.wanted[e] = w->models.engines[e];
    for (int e = ENGINE_UNSET + 1; e < ENGINE_COUNT; e++)
        said = said || engines.wanted[e];
    return said ? engines : lint_engines_of(p);
}

static void add_report(struct linting *w, const struct lint_report *more)
{
    struct lint_report *r = &w->report;
    for (size_t i = 0; i < more->list.count; i++)
        vec_push(&w->l->arena, &r->list, more->list.items[i]);
    r->errors += more->errors;
    r->warnings += more->warnings;
    r->notices += more->notices;
    r->revisions += more->revisions;
    r->models += more->models;
}

/* A revision file that belongs to no project, or to another one. */
static bool lint_alone(struct linting *w, const char *path)
{
    struct arena *a = &w->l->arena;
    struct project project;
    struct str bytes;
    struct revision *r = arena_new(a, struct revision);
    if (!file_read(a, path, REVFILE_MAX, &bytes, &w->l->err))
        return err_wrap(&w->l->err, "%s", path);
    bool parsed = revfile_parse(a, str_of(path), bytes, &w->l->diag, r);
    if (!parsed && diag_to_err(&w->l->diag, &w->l->err))
        return false;
    if (!parsed)
        return false;
    project_of_one(a, r, &project);
    struct lint_request request = {.project = &project, .nodes = bitset_new(a, 1), .engines = lint_for(w, &project)};
    struct lint_report report;
    bitset_add(&request.nodes, 0);
    lint_run(a, &request, &report);
    add_report(w, &report);
    return true;
}

/* The path below the project's root, or empty. */
static struct str path_in_project(const struct linting *w, const char *path)
{
    char *real = realpath(path, NULL), *root = realpath(str_cstr(&w->l->arena, w->l->project.root), NULL);
    struct str inside = STR("");
    size_t len = root != NULL ? strlen(root) : 0;
    if (real != NULL && root != NULL && strncmp(real, root, len) == 0 && real[len] == '/')
        inside = str_copy(&w->l->arena, str_of(real + len + 1));
    free(real);
    free(root);
    return inside;
}

static bool add_model(struct linting *w, struct str path)
{
    for (size_t i = 0; i < w->request.models.count; i++)
        if (str_eq(w->request.models.items[i].path, path)) {
            bitset_add(&w->request.chosen_models, i);
            return true;
        }
    return false;
}

static bool add_file(struct linting *w, const char *path)
{
    struct str inside = w->has_project ? path_in_project(w, path) : STR("");
    for (size_t n = 0; inside.len > 0 && n < w->l->project.node_count; n++)
        if (str_eq(squash_shown(&w->l->project, n)->path, inside)) {
            bitset_add(&w->request.nodes, n);
            return true;
        }
    return (inside.len > 0 && add_model(w, inside)) || lint_alone(w, path);
}

/* ---- expressions ---- */

static bool module_is_meant(const struct linting *w, size_t module)
{
    const char *extension = opt_value(w->l->line, &opt_extension);
    return extension == NULL || str_eq(local_module_name(w->l, module), str_of(extension));
}

static void add_nodes(struct linting *w, const struct nodes *nodes)
{
    for (size_t i = 0; i < nodes->list.count; i++)
        bitset_add(&w->request.nodes, nodes->list.items[i]);
}

static bool find_in_module(struct linting *w, size_t module, struct str expression, struct nodes *ret_nodes,
                           struct err *err)
{
    struct view v = local_view(w->l, module);
    if (str_find(expression, ':') < expression.len)
        return query_history(&w->l->arena, &v, expression, NULL, ret_nodes, err);
    return query_show(&w->l->arena, &v, expression, NULL, ret_nodes, err);
}

/* In every module that is meant; one that knows it is enough. */
static bool add_expression(struct linting *w, struct str expression)
{
    bool found = false, failed = false;
    for (size_t m = 0; m < w->l->project.modules.list.count; m++) {
        struct nodes nodes = {0};
        struct err err = {0};
        if (!module_is_meant(w, m))
            continue;
        if (find_in_module(w, m, expression, &nodes, &err)) {
            add_nodes(w, &nodes);
            found = true;
        } else if (!failed) {
            w->l->err = err;
            failed = true;
        }
    }
    if (found)
        err_clear(&w->l->err);
    return found;
}

static bool is_file(const char *argument)
{
    struct str text = str_of(argument);
    return str_find(text, '/') < text.len || str_ends(text, STR(".sql"));
}

static bool needs_project(const struct opt_line *line)
{
    bool needs = line->arguments.list.count == 0 || opt_has(line, &opt_lint_against);
    for (size_t i = 0; i < line->arguments.list.count; i++)
        needs = needs || !is_file(opt_argument(line, i));
    return needs;
}

/* Revisions inside a squashed one have been applied; what is applied from now on is the squashed one. */
static bool is_squashed_away(const struct project *p, size_t node)
{
    return squash_around(p, node) != NULL && squash_shown(p, node) == p->nodes[node];
}

static void add_everything(struct linting *w)
{
    const struct project *p = &w->l->project;
    for (size_t n = 0; n < p->node_count; n++)
        if (module_is_meant(w, project_module_of(p, n)) && !is_squashed_away(p, n))
            bitset_add(&w->request.nodes, n);
    for (size_t i = 0; i < w->request.models.count; i++) {
        int module = project_find_module(p, w->request.models.items[i].module);
        if (module >= 0 && module_is_meant(w, (size_t)module))
            bitset_add(&w->request.chosen_models, i);
    }
}

static bool choose(struct linting *w)
{
    const struct opt_line *line = w->l->line;
    bool ok = true;
    for (size_t i = 0; ok && i < line->arguments.list.count; i++) {
        const char *argument = opt_argument(line, i);
        ok = is_file(argument) ? add_file(w, argument) : add_expression(w, str_of(argument));
    }
    if (line->arguments.list.count == 0)
        add_everything(w);
    const char *against = opt_value(line, &opt_lint_against);
    return ok && (against == NULL || lint_against(w->l, against, &w->request));
}

/* ---- the run ---- */

/* Of all modules: who owns what is asked of all of them. */
static bool read_models(struct linting *w)
{
    struct arena *a = &w->l->arena;
    if (!tree_read_models(a, &w->files, &w->models, &w->l->diag))
        return diag_to_err(&w->l->diag, &w->l->err);
    for (size_t m = 0; m < w->models.modules.list.count; m++) {
        const struct module_models *module = &w->models.modules.list.items[m];
        for (size_t i = 0; i < module->files.list.count; i++) {
            const struct model_file *file = &module->files.list.items[i];
            struct lint_model model = {module->name, file->path, file->bytes, file->engine};
            vec_push(a, &w->request.models, model);
        }
    }
    w->request.chosen_models = bitset_new(a, w->request.models.count);
    return true;
}

static bool is_in_project(const struct opt_line *line)
{
    struct arena a = {0};
    struct err err = {0};
    struct str root;
    bool found = tree_find_root(&a, opt_value(line, &opt_project), &root, &err);
    arena_release(&a);
    return found;
}

static bool open_project(struct linting *w, const struct opt_line *line)
{
    struct module_set set;
    w->has_project = is_in_project(line) || needs_project(line);
    local_begin(w->l, line);
    if (!w->has_project)
        return true;
    if (!local_open_files(w->l, line, &w->files) || !local_select(w->l, &set) || !read_models(w))
        return false;
    w->request.project = &w->l->project;
    w->request.nodes = bitset_new(&w->l->arena, w->l->project.node_count);
    w->request.engines = lint_for(w, &w->l->project);
    return true;
}

static void run_rules(struct linting *w)
{
    struct lint_report report;
    if (!w->has_project)
        return;
    lint_run(&w->l->arena, &w->request, &report);
    add_report(w, &report);
}

static void print(const struct linting *w)
{
    const char *format = opt_value(w->l->line, &opt_lint_format);
    struct lint_words words = {.report = &w->report, .root = w->has_project ? w->l->project.root : STR("")};
    if (strcmp(format, "json") == 0)
        lint_print_json(&words);
    else if (strcmp(format, "sarif") == 0)
        lint_print_sarif(&words);
    else
        lint_print_human(&words);
    if (strcmp(format, "human") == 0)
        out_diag(&w->l->diag); /* warnings about the files themselves */
}

static bool fails(const struct linting *w)
{
    const char *level = opt_value(w->l->line, &opt_fail_on);
    const struct lint_report *r = &w->report;
    if (strcmp(level, "never") == 0)
        return false;
    return r->errors > 0 || (strcmp(level, "error") != 0 && r->warnings > 0) ||
           (strcmp(level, "notice") == 0 && r->notices > 0);
}

static int print_rules(const struct opt_line *line)
{
    if (strcmp(opt_value(line, &opt_lint_format), "markdown") == 0)
        lint_print_markdown();
    else
        lint_print_rules();
    return 0;
}

static int run_lint(const struct opt_line *line)
{
    struct local l = {0};
    struct linting w = {.l = &l};
    if (opt_has(line, &opt_rules))
        return print_rules(line);
    if (!open_project(&w, line) || !choose(&w))
        return local_fail(&l);
    run_rules(&w);
    print(&w);
    int code = fails(&w) ? CHECK_FAILED : 0;
    local_close(&l);
    return code;
}

static const struct opt_option *const lint_options[] = {
    &opt_project, &opt_extension, &opt_lint_engine, &opt_lint_against,
    &opt_fail_on, &opt_rules,     &opt_lint_format, NULL};
const struct opt_command command_lint = {
    .name = "lint",
    .group = "Writing revisions",
    .summary = "Check the SQL of revisions without a database",
    .text =
        "Reads every section with its engine's grammar, and looks for what cannot work and for what hurts a database\n"
        "in use: long locks, lost data, tables of other modules. Without arguments the whole project is checked.\n"
        "A revision is looked for in every module, or in that of --extension; an argument with a slash or the ending\n"
        ".sql is a file.\n"
        "\n"
        "`-- skein:lint off RULE[, RULE]: reason` in a file switches rules off for it, `-- skein:lint ignore RULE: "
        "reason`\n"
        "for the statement below it. docs/reference/lint.md has all rules.\n"
        "\n"
        "Exit code 3: there is a finding of --fail-on or above. 1: lint could not do its work.",
    .examples = "skein lint\nskein lint head --fail-on warning\nskein lint --against origin/main..\nskein lint "
                "--format sarif > lint.sarif",
    .options = lint_options,
    .arguments = {{"REV|FILE", "Revisions (as for `show`, or a range A:B) or files", 0, OPT_MANY}},
    .run = run_lint};
