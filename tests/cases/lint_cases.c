/*
 * Revision files and what lint finds in them: text files that anybody can extend, see README.md.
 *
 * usage: lint_cases FOLDER
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skein/lint/lint.h"
#include "skein/os/file.h"
#include "tests/support/cmocka.h"

static const char *folder;

struct test_case {
    struct str name, expected;
    struct project_files files;
};

/* ---- reading ---- */

static struct module_files *module_of(struct arena *a, struct test_case *c, struct str name)
{
    for (size_t i = 0; i < c->files.modules.count; i++)
        if (str_eq(c->files.modules.items[i].name, name))
            return &c->files.modules.items[i];
    vec_push(a, &c->files.modules, ((struct module_files){.name = name, .folder = name}));
    return &c->files.modules.items[c->files.modules.count - 1];
}

/* The path is the id, so that findings are short. */
static void add_file(struct arena *a, struct test_case *c, struct str module, struct str text)
{
    static const char mark[] = "-- revision: ";
    const char *at = memmem(text.p, text.len, mark, sizeof(mark) - 1);
    if (at == NULL)
        return;
    struct str rest = str_from(text, (size_t)(at - text.p) + sizeof(mark) - 1);
    struct str id = str_head(rest, str_find(rest, '\n'));
    struct project_file file = {.path = str_printf(a, "%.*s.sql", STR_ARG(id)), .bytes = text};
    struct module_files *m = module_of(a, c, module);
    vec_push(a, &m->files, file);
}

/* `=== name`, files (each but the first after `--- module`), `+++`, findings. */
static struct test_case parse_case(struct arena *a, struct str text)
{
    struct test_case c = {.name = str_head(text, str_find(text, '\n'))};
    struct str rest = str_from(text, c.name.len + 1), line, module = STR("core");
    size_t start = 0, at = 0;
    module_of(a, &c, module);
    for (struct str left = rest; str_next(&left, '\n', &line); at += line.len + 1) {
        bool next = str_starts(line, STR("--- ")), end = str_is(line, "+++");
        if (!next && !end)
            continue;
        add_file(a, &c, module, str_head(str_from(rest, start), at - start));
        start = at + line.len + 1;
        module = next ? str_from(line, 4) : module;
        if (end)
            break;
    }
    c.expected = str_trim(str_from(rest, start));
    return c;
}

/* ---- running ---- */

/* Few cases are about the way back: the others need not write it. */
static bool is_wanted(const struct test_case *c, const struct lint_finding *f)
{
    bool back = f->rule == RULE_NO_DOWN || f->rule == RULE_DOWN_INCOMPLETE;
    return !back || str_starts(c->name, STR("down:"));
}

static struct str findings(struct arena *a, const struct test_case *c, const struct lint_report *r)
{
    struct strbuf out;
    strbuf_init(&out, 1 << 20);
    for (size_t i = 0; i < r->list.count; i++) {
        const struct lint_finding *f = &r->list.items[i];
        struct str path = str_head(f->path, str_find(f->path, '.'));
        if (is_wanted(c, f))
            strbuf_printf(&out, "%s%.*s:%u:%u %s %s", out.len > 0 ? "\n" : "", STR_ARG(path), f->line, f->column,
                          lint_severity_name(f->severity), lint_rule_get(f->rule)->id);
    }
    struct str text = str_copy(a, strbuf_str(&out));
    strbuf_release(&out);
    return text;
}

static void lint_all(struct arena *a, struct project *p, struct lint_report *ret_report)
{
    struct lint_request request = {.project = p, .nodes = bitset_new(a, p->node_count), .engines = lint_engines_of(p)};
    for (size_t n = 0; n < p->node_count; n++)
        bitset_add(&request.nodes, n);
    lint_run(a, &request, ret_report);
}

static bool run_case(const struct test_case *c)
{
    struct arena a = {0};
    struct diag diag;
    struct project project;
    struct lint_report report = {0};
    diag_init(&diag, &a);
    bool built = project_build(&a, &c->files, &diag, &project);
    if (built)
        lint_all(&a, &project, &report);
    struct str got = findings(&a, c, &report);
    bool ok = built && str_eq(got, c->expected);
    if (!built)
        printf("%.*s: is no project: %s\n", STR_ARG(c->name), diag.list.items[0].text);
    else if (!ok)
        printf("%.*s: expected\n%.*s\n... got\n%.*s\n\n", STR_ARG(c->name), STR_ARG(c->expected), STR_ARG(got));
    arena_release(&a);
    return ok;
}

static size_t run_text(struct arena *a, struct str text, size_t *count)
{
    size_t failed = 0;
    const char *at = text.p, *end = text.p + text.len;
    while (at != NULL && at < end) {
        const char *next = memmem(at, (size_t)(end - at), "\n=== ", 5);
        struct str block = {at, (size_t)((next != NULL ? next + 1 : end) - at)};
        if (str_starts(block, STR("=== "))) {
            struct test_case c = parse_case(a, str_from(block, 4));
            failed += !run_case(&c);
            ++*count;
        }
        at = next != NULL ? next + 1 : NULL;
    }
    return failed;
}

static void test_cases(void **state)
{
    (void)state;
    size_t failed = 0, count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct arena a = {0};
        struct str bytes;
        struct err err;
        if (str_ends(str_of(entry->d_name), STR(".txt"))) {
            assert_true(file_read(&a, arena_printf(&a, "%s/%s", folder, entry->d_name), 1 << 20, &bytes, &err));
            failed += run_text(&a, bytes, &count);
        }
        arena_release(&a);
    }
    closedir(dir);
    printf("%zu cases\n", count);
    assert_int_equal(failed, 0);
    assert_true(count > 50);
}

/* What the table says is found is found, and what it says is safer is not. */
static bool finds(enum rule_id rule, const char *sql)
{
    struct arena a = {0};
    bool found = false;
    struct str text =
        str_starts(str_of(sql), STR("-- migrate:")) ? str_of(sql) : str_printf(&a, "-- migrate:up\n%s", sql);
    struct test_case c = {0};
    struct diag diag;
    struct project project;
    struct lint_report report = {0};
    add_file(&a, &c, STR("core"), str_printf(&a, "-- revision: a1\n%.*s\n-- migrate:down\n", STR_ARG(text)));
    diag_init(&diag, &a);
    assert_true(project_build(&a, &c.files, &diag, &project));
    lint_all(&a, &project, &report);
    for (size_t i = 0; i < report.list.count; i++)
        found = found || report.list.items[i].rule == rule;
    arena_release(&a);
    return found;
}

/* Those need another module, an earlier revision, or are about a header. */
static bool needs_more(enum rule_id rule)
{
    static const enum rule_id rules[] = {
        RULE_CONCURRENT_ON_PARTITIONED, RULE_OTHER_MODULES_TABLE, RULE_OTHER_MODULES_ROWS,
        RULE_CORE_NEEDS_EXTENSION,      RULE_DEPENDENCY_MISSING,  RULE_TWO_OWNERS,
        RULE_EXTENSION_PREFIX,          RULE_SQLITE_DROP_COLUMN,  RULE_REBUILD_FOREIGN_KEYS};
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
        if (rules[i] == rule)
            return true;
    return false;
}

static void test_examples_of_the_table(void **state)
{
    (void)state;
    for (int id = RULE_UNSET + 1; id < RULE_COUNT; id++) {
        const struct lint_rule *rule = lint_rule_get((enum rule_id)id);
        assert_int_equal(lint_rule_find(str_of(rule->id)), id);
        if (rule->bad != NULL && !needs_more((enum rule_id)id) && !finds((enum rule_id)id, rule->bad))
            fail_msg("%s: its own example is not found", rule->id);
    }
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : "";
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_examples_of_the_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
