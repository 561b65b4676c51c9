/*
 * Runs planning cases (*.jsonl, one JSON object a line) against the planner: each case is a graph, the rows of
 * a version table, a command and what Alembic did. A case's graph becomes revision files, so the whole way
 * from text to plan is under test.
 *
 * What passes is what the cases' README says: the same steps in any order that the graph allows, `heads_after`
 * each time the applied revisions that nothing applied needs, the same rows at the end, the same kind of error.
 *
 * Argument: a folder. An absent folder is skipped with a message.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skein/graph/project.h"
#include "skein/graph/reach.h"
#include "skein/graph/revfile.h"
#include "skein/plan/plan.h"
#include "skein/plan/query.h"
#include "tests/support/cmocka.h"

static const char *folder;

struct run {
    struct arena arena;
    const json_t *test, *expect;
    struct project project;
    struct view view;
    struct names current;
    struct err err;
    char why[2048];
};

static bool fails(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fails(struct run *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r->why, sizeof(r->why), format, args);
    va_end(args);
    return false;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static bool has_text(const json_t *array, const char *text)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item) if (strcmp(json_string_value(item), text) == 0) return true;
    return false;
}

/* --- building -------------------------------------------------------------------------------------------------- */

static void add_header(struct strbuf *out, const char *name, const json_t *values)
{
    size_t i;
    json_t *value;
    json_array_foreach(values, i, value) strbuf_printf(out, "%s%s%s%s", i == 0 ? "-- " : "", i == 0 ? name : "",
                                                       i == 0 ? ": " : ", ", json_string_value(value));
    if (json_array_size(values) > 0)
        strbuf_putc(out, '\n');
}

/* A node may name its module: then it goes to that module's files (the project's own cases). */
static struct module_files *module_files(struct run *r, struct project_files *files, const char *name)
{
    for (size_t i = 0; i < files->modules.count; i++)
        if (str_is(files->modules.items[i].name, name))
            return &files->modules.items[i];
    struct module_files m = {.name = str_of(arena_strdup(&r->arena, name)),
                             .folder = str_printf(&r->arena, "%s", name)};
    vec_push(&r->arena, &files->modules, m);
    return &files->modules.items[files->modules.count - 1];
}

static void add_file(struct run *r, struct project_files *files, const json_t *node)
{
    const char *module = *text_of(node, "module") != '\0' ? text_of(node, "module") : "core";
    const char *slug = *text_of(node, "slug") != '\0' ? text_of(node, "slug") : "step";
    struct strbuf text;
    strbuf_init(&text, SIZE_MAX / 2);
    strbuf_printf(&text, "-- revision: %s\n", text_of(node, "id"));
    add_header(&text, "revises", json_object_get(node, "down"));
    add_header(&text, "branch_labels", json_object_get(node, "labels"));
    add_header(&text, "depends_on", json_object_get(node, "deps"));
    add_header(&text, "replaces", json_object_get(node, "replaces"));
    strbuf_puts(&text, "-- migrate:up\nSELECT 1;\n");
    if (!json_is_true(json_object_get(node, "irreversible")))
        strbuf_puts(&text, "-- migrate:down\nSELECT 2;\n");
    const char *place = json_is_true(json_object_get(node, "squashed")) ? "/squashed" : "";
    struct project_file file = {.path =
                                    str_printf(&r->arena, "%s%s/%s_%s.sql", module, place, text_of(node, "id"), slug),
                                .bytes = str_copy(&r->arena, strbuf_str(&text))};
    vec_push(&r->arena, &module_files(r, files, module)->files, file);
    strbuf_release(&text);
}

/* False: the project is bad, and the kind of the first finding is in the err. */
static bool build(struct run *r)
{
    struct project_files files = {.root = STR("/")};
    struct diag diag;
    size_t i;
    json_t *item;
    module_files(r, &files, "core");
    json_array_foreach(json_object_get(r->test, "graph"), i, item) add_file(r, &files, item);
    diag_init(&diag, &r->arena);
    if (!project_build(&r->arena, &files, &diag, &r->project))
        return diag_to_err(&diag, &r->err);
    r->view = (struct view){&r->project, 0};
    return true;
}

static struct names names_of(struct run *r, const json_t *array)
{
    struct names names = {0};
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
        vec_push(&r->arena, &names.list, str_of(arena_strdup(&r->arena, json_string_value(item))));
    return names;
}

/* --- comparing ------------------------------------------------------------------------------------------------- */

static bool same_set(const struct names *names, const json_t *array)
{
    if (names->list.count != json_array_size(array))
        return false;
    for (size_t i = 0; i < names->list.count; i++) {
        bool found = false;
        size_t k;
        json_t *item;
        json_array_foreach(array, k, item) found = found || str_is(names->list.items[i], json_string_value(item));
        if (!found)
            return false;
    }
    return true;
}

static struct names ids_of(struct run *r, const struct nodes *nodes)
{
    struct names names = {0};
    for (size_t i = 0; i < nodes->list.count; i++)
        vec_push(&r->arena, &names.list, r->project.nodes[nodes->list.items[i]]->id);
    return names;
}

static const char *show(struct run *r, const struct names *names)
{
    struct str text = STR("");
    for (size_t i = 0; i < names->list.count; i++)
        text = str_printf(&r->arena, "%.*s %.*s", STR_ARG(text), STR_ARG(names->list.items[i]));
    return text.len > 0 ? text.p : " (none)";
}

static bool check_nodes(struct run *r, const char *what, const struct nodes *nodes, const json_t *array)
{
    struct names names = ids_of(r, nodes);
    return array == NULL || same_set(&names, array) ||
           fails(r, "%s:%s, expected %s", what, show(r, &names), json_dumps(array, 0));
}

/* An error was expected, or is allowed. */
static bool check_error(struct run *r)
{
    const json_t *accept = json_object_get(r->expect, "accept");
    if (accept == NULL)
        accept = json_object_get(r->test, "strict_ok");
    if (has_text(accept, "*") || has_text(accept, r->err.kind))
        return r->err.text[0] != '\0' && r->err.hint[0] != '\0' ? true : fails(r, "%s: no hint", r->err.kind);
    return fails(r, "error %s (%s), expected %s", r->err.kind, r->err.text, json_dumps(r->expect, 0));
}

static bool check_success(struct run *r)
{
    return json_object_get(r->expect, "error") == NULL ||
           fails(r, "succeeded, expected %s", text_of(r->expect, "error"));
}

/* --- plans ----------------------------------------------------------------------------------------------------- */

static size_t step_node(struct run *r, const struct plan_step *s)
{
    int module = project_find_module(&r->project, s->module);
    return project_find_node(&r->project, (size_t)module, s->revision);
}

/* "r3*" is the squashed revision r3, "r3" the one that it replaces. */
static bool is_step(struct run *r, const struct plan_step *s, const char *expected)
{
    const struct revision *revision = plan_step_revision(&r->project, s);
    bool squashed = revision != NULL && revision->replaces.list.count > 0;
    return str_is(str_printf(&r->arena, "%.*s%s", STR_ARG(s->revision), squashed ? "*" : ""), expected);
}

/* Every direction and revision as often as expected. */
static bool same_steps(struct run *r, const struct plan *plan)
{
    const json_t *steps = json_object_get(r->expect, "steps");
    size_t i;
    json_t *item;
    if (json_array_size(steps) != plan->steps.list.count)
        return fails(r, "%zu steps, expected %s", plan->steps.list.count, json_dumps(steps, 0));
    json_array_foreach(steps, i, item)
    {
        const char *direction = json_string_value(json_array_get(item, 0));
        const char *id = json_string_value(json_array_get(item, 1));
        const char *module = json_string_value(json_array_get(item, 2));
        bool found = false;
        for (size_t k = 0; k < plan->steps.list.count; k++) {
            const struct plan_step *s = &plan->steps.list.items[k];
            found = found || (strcmp(direction_name(s->direction), direction) == 0 && is_step(r, s, id) &&
                              (module == NULL || str_is(s->module, module)));
        }
        if (!found)
            return fails(r, "no step %s %s", direction, id);
    }
    return true;
}

/* The applied revisions of a module that nothing applied in it needs: rows, from the definition. */
static struct names defined_heads(struct run *r, const struct bitset *applied, size_t module)
{
    const struct module *m = &r->project.modules.list.items[module];
    struct names heads = {0};
    for (size_t n = m->first; n < m->first + m->count; n++) {
        struct dag_cursor c = {.node = n};
        size_t other;
        bool needed = false;
        while (dag_next_up(&r->project.dag, EDGES_MODULE, &c, &other))
            needed = needed || bitset_has(applied, other);
        if (bitset_has(applied, n) && !needed)
            vec_push(&r->arena, &heads.list, r->project.nodes[n]->id);
    }
    return heads;
}

static bool names_match(const struct names *a, const struct names *b)
{
    if (a->list.count != b->list.count)
        return false;
    for (size_t i = 0; i < a->list.count; i++) {
        bool found = false;
        for (size_t k = 0; k < b->list.count; k++)
            found = found || str_eq(a->list.items[i], b->list.items[k]);
        if (!found)
            return false;
    }
    return true;
}

/* The row changes of a step lead from the heads before it to the heads after it, one row each. */
static bool check_row_changes(struct run *r, const struct plan_step *s, struct names *rows)
{
    for (size_t i = 0; i < s->rows.list.count; i++) {
        const struct row_change *c = &s->rows.list.items[i];
        size_t at = 0;
        if (c->kind == ROW_INSERT) {
            vec_push(&r->arena, &rows->list, c->to);
            continue;
        }
        while (at < rows->list.count && !str_eq(rows->list.items[at], c->from))
            at++;
        if (at == rows->list.count)
            return fails(r, "row change from '%.*s', which is no row", STR_ARG(c->from));
        rows->list.items[at] = c->kind == ROW_UPDATE ? c->to : rows->list.items[rows->list.count - 1];
        rows->list.count -= c->kind == ROW_DELETE;
    }
    return names_match(rows, &s->heads_after) || fails(r, "row changes of %.*s lead to%s, not%s", STR_ARG(s->revision),
                                                       show(r, rows), show(r, &s->heads_after));
}

/* The revisions that a step does: one, or all that a squashed one replaces. */
static struct bitset step_nodes(struct run *r, const struct plan_step *s)
{
    size_t node = step_node(r, s), module = project_module_of(&r->project, node);
    struct bitset nodes = bitset_new(&r->arena, r->project.node_count);
    const struct names *replaced = &plan_step_revision(&r->project, s)->replaces;
    bitset_add(&nodes, node);
    for (size_t i = 0; i < replaced->list.count; i++) {
        size_t member = project_find_node(&r->project, module, replaced->list.items[i]);
        if (member != SIZE_MAX)
            bitset_add(&nodes, member);
    }
    return nodes;
}

/* One of the revisions of a step: not done yet, and what it needs is done or of this step. */
static bool check_node(struct run *r, const struct plan_step *s, size_t node, const struct bitset *nodes,
                       const struct bitset *applied)
{
    struct dag_cursor c = {.node = node};
    bool up = s->direction == DIRECTION_UP;
    size_t other;
    if (bitset_has(applied, node) == up)
        return fails(r, "%s %.*s makes no sense", direction_name(s->direction), STR_ARG(s->revision));
    while (up ? dag_next_down(&r->project.dag, EDGES_ALL, &c, &other)
              : dag_next_up(&r->project.dag, EDGES_ALL, &c, &other))
        if (bitset_has(applied, other) != up && !bitset_has(nodes, other))
            return fails(r, "%s %.*s too early", direction_name(s->direction), STR_ARG(s->revision));
    return true;
}

static bool check_step(struct run *r, const struct plan_step *s, struct bitset *applied, struct dbstate *state)
{
    size_t module = project_module_of(&r->project, step_node(r, s));
    struct bitset nodes = step_nodes(r, s);
    for (size_t n = bitset_next(&nodes, 0); n < nodes.size; n = bitset_next(&nodes, n + 1))
        if (!check_node(r, s, n, &nodes, applied))
            return false;
    if (s->direction == DIRECTION_UP)
        bitset_unite(applied, &nodes);
    else
        bitset_subtract(applied, &nodes);
    struct names defined = defined_heads(r, applied, module), rows = {0};
    if (!names_match(&defined, &s->heads_after))
        return fails(r, "heads after %.*s:%s, not%s", STR_ARG(s->revision), show(r, &s->heads_after),
                     show(r, &defined));
    const struct names *before = dbstate_heads(state, s->module);
    for (size_t i = 0; i < before->list.count; i++)
        vec_push(&r->arena, &rows.list, before->list.items[i]);
    if (!check_row_changes(r, s, &rows))
        return false;
    dbstate_set(&r->arena, state, s->module, &s->heads_after);
    return true;
}

static bool check_steps(struct run *r, const struct plan *plan, const struct dbstate *before)
{
    struct dbstate state = dbstate_copy(&r->arena, before);
    struct bitset applied = bitset_new(&r->arena, r->project.node_count);
    for (size_t m = 0; m < r->project.modules.list.count; m++) {
        struct view v = {&r->project, m};
        struct bitset one;
        if (query_applied(&r->arena, &v, dbstate_heads(&state, r->project.modules.list.items[m].name), &one, &r->err))
            bitset_unite(&applied, &one);
    }
    for (size_t i = 0; i < plan->steps.list.count; i++)
        if (!check_step(r, &plan->steps.list.items[i], &applied, &state))
            return false;
    return true;
}

/* `final` is a list for core, or an object of lists by module. */
static bool check_final(struct run *r, const struct plan *plan)
{
    const json_t *final = json_object_get(r->expect, "final");
    const char *module;
    json_t *rows;
    if (!json_is_object(final)) {
        const struct names *heads = dbstate_heads(&plan->after, STR("core"));
        return same_set(heads, final) ||
               fails(r, "rows at the end:%s, expected %s", show(r, heads), json_dumps(final, 0));
    }
    json_object_foreach(json_object_get(r->expect, "final"), module, rows)
    {
        const struct names *heads = dbstate_heads(&plan->after, str_of(module));
        if (!same_set(heads, rows))
            return fails(r, "rows of %s at the end:%s, expected %s", module, show(r, heads), json_dumps(rows, 0));
    }
    return true;
}

static struct plan_request request_of(struct run *r)
{
    const json_t *target = json_object_get(r->test, "target"), *list = json_object_get(target, "targets");
    const char *direction = text_of(r->test, "direction"), *module = text_of(r->test, "module");
    struct plan_request q = {.module = str_of(*module != '\0' ? module : "core"),
                             .all_modules = json_is_true(json_object_get(r->test, "all")),
                             .cascade = json_is_true(json_object_get(r->test, "cascade")),
                             .purge = json_is_true(json_object_get(target, "purge"))};
    q.command = strcmp(direction, "upgrade") == 0     ? PLAN_UPGRADE
                : strcmp(direction, "downgrade") == 0 ? PLAN_DOWNGRADE
                                                      : PLAN_STAMP;
    if (list != NULL)
        q.targets = names_of(r, list);
    else
        vec_push(&r->arena, &q.targets.list, str_of(json_string_value(target)));
    return q;
}

/* `current` is a list for core, or an object of lists by module. */
static struct dbstate state_of(struct run *r)
{
    struct dbstate state = {0};
    const char *module;
    json_t *rows;
    dbstate_set(&r->arena, &state, STR("core"), &r->current);
    json_object_foreach(json_object_get(r->test, "current"), module, rows)
    {
        struct names names = names_of(r, rows);
        dbstate_set(&r->arena, &state, str_of(module), &names);
    }
    return state;
}

static bool run_plan(struct run *r)
{
    struct dbstate state = state_of(r);
    struct plan_request request = request_of(r);
    struct plan plan;
    if (!plan_build(&r->arena, &r->project, &state, ENGINE_SQLITE, &request, &plan, &r->err))
        return check_error(r);
    struct hash again = plan_hash(&plan);
    if (!check_success(r))
        return false;
    if (!hash_eq(&again, &plan.id))
        return fails(r, "the plan's hash is not its hash");
    if (request.command == PLAN_STAMP)
        return check_final(r, &plan);
    return same_steps(r, &plan) && check_steps(r, &plan, &state) && check_final(r, &plan);
}

/* --- queries --------------------------------------------------------------------------------------------------- */

static bool check_labels(struct run *r)
{
    const json_t *labels = json_object_get(r->expect, "labels");
    struct label_table table;
    if (labels == NULL)
        return true;
    query_labels(&r->arena, &r->view, &table);
    for (size_t n = 0; n < r->project.node_count; n++) {
        const json_t *wanted = json_object_get(labels, str_cstr(&r->arena, r->project.nodes[n]->id));
        if (!same_set(&table.labels[n], wanted))
            return fails(r, "labels of %.*s:%s, expected %s", STR_ARG(r->project.nodes[n]->id),
                         show(r, &table.labels[n]), wanted != NULL ? json_dumps(wanted, 0) : "none");
    }
    return true;
}

static bool run_heads(struct run *r)
{
    struct module_summary s;
    query_summary(&r->arena, &r->view, &s);
    return check_success(r) && check_nodes(r, "heads", &s.heads, json_object_get(r->expect, "heads")) &&
           check_nodes(r, "effective heads", &s.effective_heads, json_object_get(r->expect, "effective_heads")) &&
           check_nodes(r, "bases", &s.bases, json_object_get(r->expect, "bases")) &&
           check_nodes(r, "branch points", &s.branch_points, json_object_get(r->expect, "branch_points")) &&
           check_nodes(r, "merge points", &s.merge_points, json_object_get(r->expect, "merge_points")) &&
           check_labels(r);
}

static bool run_resolve(struct run *r)
{
    struct nodes nodes;
    if (!query_show(&r->arena, &r->view, str_of(text_of(r->test, "target")), &r->current, &nodes, &r->err))
        return check_error(r);
    return check_success(r) && check_nodes(r, "revisions", &nodes, json_object_get(r->expect, "revisions"));
}

static bool run_current(struct run *r)
{
    struct nodes nodes;
    if (!query_current(&r->arena, &r->view, &r->current, &nodes, &r->err))
        return check_error(r);
    return check_success(r) && check_nodes(r, "revisions", &nodes, json_object_get(r->expect, "revisions"));
}

static bool run_history(struct run *r)
{
    const json_t *wanted = json_object_get(r->expect, "revisions_in_order");
    struct nodes nodes;
    if (!query_history(&r->arena, &r->view, str_of(text_of(r->test, "target")), &r->current, &nodes, &r->err))
        return check_error(r);
    if (!check_success(r) || !check_nodes(r, "revisions", &nodes, wanted))
        return false;
    struct names names = ids_of(r, &nodes);
    for (size_t i = 0; i < names.list.count; i++)
        if (!str_is(names.list.items[i], json_string_value(json_array_get(wanted, i))))
            return fails(r, "order:%s, expected %s", show(r, &names), json_dumps(wanted, 0));
    return true;
}

/* --- running --------------------------------------------------------------------------------------------------- */

static bool run_case(struct run *r)
{
    static const struct {
        const char *direction;
        bool (*run)(struct run *);
    } runners[] = {{"heads", run_heads},  {"resolve", run_resolve}, {"current", run_current}, {"history", run_history},
                   {"upgrade", run_plan}, {"downgrade", run_plan},  {"stamp", run_plan}};
    r->expect = json_object_get(r->test, "expect");
    r->current = names_of(r, json_object_get(r->test, "current"));
    if (!build(r))
        return check_error(r);
    for (size_t i = 0; i < sizeof(runners) / sizeof(*runners); i++)
        if (strcmp(runners[i].direction, text_of(r->test, "direction")) == 0)
            return runners[i].run(r);
    return fails(r, "unknown direction '%s'", text_of(r->test, "direction"));
}

static size_t run_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0, bad = 0, count = 0;
    assert_non_null(file);
    while (getline(&line, &size, file) > 0) {
        json_error_t error;
        json_t *test = json_loads(line, 0, &error);
        struct run r = {.test = test};
        assert_non_null(test);
        arena_init(&r.arena);
        count++;
        if (!run_case(&r)) {
            bad++;
            print_error("%s %s '%s': %s\n", text_of(test, "id"), text_of(test, "direction"), text_of(test, "target"),
                        r.why);
        }
        arena_release(&r.arena);
        json_decref(test);
    }
    print_message("%s: %zu cases, %zu bad\n", path, count, bad);
    free(line);
    fclose(file);
    return bad;
}

static void test_cases(void **state)
{
    (void)state;
    struct dirent **entries;
    size_t bad = 0, files = 0;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0) {
        print_message("skipped: there is no folder %s\n", folder);
        skip();
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        if (str_ends(str_of(entries[i]->d_name), STR(".jsonl"))) {
            snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
            bad += run_file(path);
            files++;
        }
        free(entries[i]);
    }
    free(entries);
    assert_int_not_equal(files, 0);
    assert_int_equal(bad, 0);
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : ".";
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
