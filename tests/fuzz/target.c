/*
 * Target expressions over a graph with a fork, a merge, labels and a dependency: any text is an error of a known
 * kind or names nodes of the module.
 */
#include "skein/graph/target.h"

#include "tests/fuzz/fuzz.h"

static const struct {
    const char *path, *text;
} files[] = {
    {"v/abcd1111_x.sql", "-- revision: abcd1111\n-- branch_labels: core\n-- migrate:up\n"},
    {"v/abcd2222_x.sql", "-- revision: abcd2222\n-- revises: abcd1111\n-- migrate:up\n"},
    {"v/b1_x.sql", "-- revision: b1\n-- revises: abcd2222\n-- branch_labels: one\n-- migrate:up\n"},
    {"v/b2_x.sql", "-- revision: b2\n-- revises: abcd2222\n-- branch_labels: two\n-- migrate:up\n"},
    {"v/m_x.sql", "-- revision: m\n-- revises: b1, b2\n"},
    {"v/x1_x.sql", "-- revision: x1\n-- branch_labels: ext\n-- migrate:up\n"},
    {"v/x2_x.sql", "-- revision: x2\n-- revises: x1\n-- depends_on: b1\n-- migrate:up\n"},
};

static const struct project *graph(void)
{
    static struct arena a;
    static struct project project;
    if (project.node_count > 0)
        return &project;
    struct project_files all = {.root = STR("/")};
    struct module_files core = {.name = STR("core"), .folder = STR("v")};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct project_file file = {.path = str_of(files[i].path), .bytes = str_of(files[i].text)};
        vec_push(&a, &core.files, file);
    }
    vec_push(&a, &all.modules, core);
    struct diag diag;
    diag_init(&diag, &a);
    FUZZ_CHECK(project_build(&a, &all, &diag, &project));
    return &project;
}

static void check_answer(bool good, const struct nodes *nodes, const struct err *err)
{
    if (!good) {
        FUZZ_CHECK(err->code == ERR_TARGET && err->kind[0] != '\0' && err->text[0] != '\0');
        return;
    }
    for (size_t i = 0; i < nodes->list.count; i++)
        FUZZ_CHECK(nodes->list.items[i] < graph()->node_count);
}

static void ask(struct str expression, const struct names *rows)
{
    struct arena a = {0};
    struct view v = {.project = graph(), .module = 0};
    struct nodes nodes = {0};
    struct downgrade_target down = {0};
    struct err err = {0};
    bool good = target_resolve(&a, &v, expression, &nodes, &err);
    check_answer(good, &nodes, &err);
    nodes = (struct nodes){0};
    good = target_upgrade(&a, &v, rows, expression, &nodes, &err);
    check_answer(good, &nodes, &err);
    good = target_downgrade(&a, &v, rows, expression, &down, &err);
    check_answer(good, &down.roots, &err);
    arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str some[] = {STR("abcd2222"), STR("x2"), STR("m")};
    for (size_t count = 0; count <= sizeof(some) / sizeof(some[0]); count++) {
        struct names rows = {0};
        rows.list.items = some;
        rows.list.count = count;
        ask((struct str){(const char *)bytes, size}, &rows);
    }
    return 0;
}
