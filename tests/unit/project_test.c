#include "skein/graph/project.h"
#include "skein/graph/reach.h"
#include "tests/support/arena.h"
#include "tests/support/cmocka.h"

static struct module_files *add_module(struct project_files *files, const char *name)
{
    struct module_files m = {.name = str_of(name), .folder = str_of(name)};
    vec_push(&arena, &files->modules, m);
    return &files->modules.items[files->modules.count - 1];
}

/* `headers` as they stand in the file, without the marker. */
static void add(struct module_files *m, const char *name, const char *headers)
{
    struct project_file file = {.path = str_printf(&arena, "%.*s/%s.sql", STR_ARG(m->name), name),
                                .bytes = str_printf(&arena, "%s-- migrate:up\n", headers)};
    vec_push(&arena, &m->files, file);
}

static const char *list(const struct diag *diag)
{
    struct str out = STR("");
    for (size_t i = 0; i < diag->list.count; i++) {
        const struct diag_item *d = &diag->list.items[i];
        assert_non_null(d->hint);
        out = str_printf(&arena, "%.*s%.*s:%u:%u %s%s\n", STR_ARG(out), STR_ARG(d->path), d->line, d->column, d->kind,
                         d->severity == DIAG_WARNING ? " (warning)" : "");
    }
    return out.p;
}

static void assert_findings(const struct project_files *files, const char *expected)
{
    struct diag diag;
    struct project project;
    diag_init(&diag, &arena);
    bool built = project_build(&arena, files, &diag, &project);
    diag_sort(&diag);
    assert_string_equal(list(&diag), expected);
    assert_int_equal(built, !diag_has_errors(&diag));
}

/* Everything that is wrong is said in one go. */
static void test_all_findings(void **state)
{
    (void)state;
    struct project_files files = {.root = STR("/")};
    struct module_files *core = add_module(&files, "core");
    add(core, "a1", "-- revision: a1\n-- branch_labels: one\n");
    add(core, "a2", "-- revision: a2\n-- revises: a1, nope\n-- branch_labels: one\n");
    add(core, "a3", "-- revision: a3\n-- revises: a3\n");
    add(core, "a4", "-- revision: a4\n-- revises: one\n-- depends_on: a4, nobody\n");
    add(core, "a5", "-- revision: a5\n-- depends_on: billing:b1\n");
    add(core, "a6", "-- revision: a6\n-- revises: a7\n");
    add(core, "a7", "-- revision: a7\n-- revises: a8\n");
    add(core, "a8", "-- revision: a8\n-- revises: a6\n");
    add(core, "a9", "-- revision: a9\n-- branch_labels: a1\n");
    add(core, "a91", "-- revision: a9\n");
    struct project_file gone = {
        .path = STR("core/b.sql"), .problem = "is a symbolic link that leads in a circle", .kind = "link_loop"};
    vec_push(&arena, &core->files, gone);
    struct module_files *billing = add_module(&files, "billing");
    add(billing, "b1", "-- revision: b1\n-- depends_on: shipping:s1, core:a2,core:none\n");
    add_module(&files, "Bad");
    add_module(&files, "billing");
    assert_findings(&files, "Bad:0:0 bad_extension\n"
                            "billing:0:0 bad_extension\n"
                            "billing/b1.sql:1:1 missing_extension_label (warning)\n"
                            "billing/b1.sql:2:16 unknown_extension\n"
                            "billing/b1.sql:2:37 missing_dependency\n"
                            "core/a2.sql:2:17 missing_parent\n"
                            "core/a2.sql:3:19 duplicate_branch_label\n"
                            "core/a3.sql:2:13 self_loop\n"
                            "core/a4.sql:2:13 missing_parent\n"
                            "core/a4.sql:3:16 dependency_self_loop\n"
                            "core/a4.sql:3:20 missing_dependency\n"
                            "core/a5.sql:2:16 core_depends_on_extension\n"
                            "core/a6.sql:2:1 cycle\n"
                            "core/a9.sql:2:19 duplicate_branch_label\n"
                            "core/a91.sql:1:14 duplicate_revision\n"
                            "core/b.sql:0:0 link_loop\n");
}

static const char *first_text(const struct project_files *files)
{
    struct diag diag;
    struct project project;
    diag_init(&diag, &arena);
    assert_false(project_build(&arena, files, &diag, &project));
    return diag.list.items[0].text;
}

static void test_cycles_are_named(void **state)
{
    (void)state;
    struct project_files files = {.root = STR("/")};
    struct module_files *core = add_module(&files, "core");
    add(core, "a", "-- revision: a\n");
    add(core, "b", "-- revision: b\n-- revises: a, d\n");
    add(core, "c", "-- revision: c\n-- revises: b\n");
    add(core, "d", "-- revision: d\n-- revises: c\n");
    add(core, "e", "-- revision: e\n-- revises: d\n");
    assert_string_equal(first_text(&files), "a cycle of 3 revisions: b -> d -> c -> b");
    assert_findings(&files, "core/b.sql:2:1 cycle\n");
}

/* One finding a knot; a cycle that needs a dependency to close is another kind. */
static void test_two_knots(void **state)
{
    (void)state;
    struct project_files files = {.root = STR("/")};
    struct module_files *core = add_module(&files, "core");
    add(core, "a", "-- revision: a\n-- depends_on: b\n");
    add(core, "b", "-- revision: b\n-- revises: a\n");
    add(core, "c", "-- revision: c\n-- revises: d\n");
    add(core, "d", "-- revision: d\n-- revises: c\n-- depends_on: b\n");
    assert_findings(&files, "core/a.sql:2:1 dependency_cycle\ncore/c.sql:2:1 cycle\n");
}

/* What Alembic lets pass: at most a warning. */
static void test_warnings_only(void **state)
{
    (void)state;
    struct project_files files = {.root = STR("/")};
    struct module_files *core = add_module(&files, "core");
    add(core, "a%b", "-- revision: a%b\n-- branch_labels: my@branch\n");
    add(core, "c", "-- revision: c\n-- depends_on: a%b, a%b\n");
    assert_findings(&files, "core/a%b.sql:2:19 odd_label (warning)\ncore/c.sql:2:21 duplicate_dependency (warning)\n");
}

static void test_nodes(void **state)
{
    (void)state;
    struct project_files files = {.root = STR("/")};
    struct module_files *core = add_module(&files, "core");
    struct diag diag;
    struct project p;
    add(core, "b", "-- revision: b\n-- revises: a\n");
    add(core, "a", "-- revision: a\n");
    add_module(&files, "empty");
    struct module_files *billing = add_module(&files, "billing");
    add(billing, "a", "-- revision: a\n-- branch_labels: ext_billing\n-- depends_on: core:b\n");
    diag_init(&diag, &arena);
    assert_true(project_build(&arena, &files, &diag, &p));
    assert_int_equal(p.node_count, 3);
    assert_true(str_is(p.nodes[0]->id, "a")); /* sorted by name, not as given */
    assert_int_equal(project_module_of(&p, 1), 0);
    assert_int_equal(project_module_of(&p, 2), 2);
    assert_int_equal(project_find_module(&p, STR("billing")), 2);
    assert_int_equal(project_find_module(&p, STR("shipping")), -1);
    assert_int_equal(project_find_node(&p, 2, STR("a")), 2);
    assert_int_equal(project_find_node(&p, 2, STR("ext_billing")), SIZE_MAX);
    assert_int_equal(module_find_name(&p.modules.list.items[2], STR("ext_billing")), 2);
    assert_int_equal(dag_down(&p.dag, EDGE_CROSS, 2, 0), 1);
    assert_int_equal(dag_up_count(&p.dag, EDGES_MODULE & EDGE_PARENT, 1), 0);
}

/* --- reach: on a grid the answer is arithmetic ------------------------------------------------------------------ */

enum { SIDE = 20 };

static size_t cell(size_t x, size_t y)
{
    return y * SIDE + x;
}

/* Every cell needs its left and its upper neighbour. */
static void grid(struct dag *ret_dag)
{
    struct edges edges = {0};
    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x < SIDE; x++) {
            struct edge left = {cell(x, y), cell(x - 1, y), EDGE_PARENT},
                        up = {cell(x, y), cell(x, y - 1), EDGE_PARENT};
            if (x > 0)
                vec_push(&arena, &edges.list, left);
            if (y > 0)
                vec_push(&arena, &edges.list, up);
        }
    dag_build(&arena, (size_t)SIDE * SIDE, &edges, ret_dag);
}

static void test_reach_grid(void **state)
{
    (void)state;
    struct dag d;
    struct nodes from = {0};
    size_t upper, lower;
    grid(&d);
    vec_push(&arena, &from.list, cell(7, 11));
    struct bitset down = reach_down_from(&arena, &d, EDGE_PARENT, &from),
                  up = reach_up_from(&arena, &d, EDGE_PARENT, &from);
    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x < SIDE; x++) {
            assert_int_equal(bitset_has(&down, cell(x, y)), x <= 7 && y <= 11);
            assert_int_equal(bitset_has(&up, cell(x, y)), x >= 7 && y >= 11);
        }
    vec_push(&arena, &from.list, cell(8, 10));
    assert_false(reach_overlap(&arena, &d, EDGE_PARENT, &from, &upper, &lower));
    vec_push(&arena, &from.list, cell(9, 12));
    assert_true(reach_overlap(&arena, &d, EDGE_PARENT, &from, &upper, &lower));
    assert_int_equal(upper, cell(9, 12));
}

/* Whatever the set, dependants come before what they need, and everything comes once. */
static void test_order_grid(void **state)
{
    (void)state;
    struct dag d;
    struct nodes from = {0}, order;
    grid(&d);
    vec_push(&arena, &from.list, cell(13, 19));
    vec_push(&arena, &from.list, cell(19, 5));
    struct bitset set = reach_down_from(&arena, &d, EDGE_PARENT, &from);
    reach_order(&arena, &d, EDGE_PARENT, &set, &order);
    assert_int_equal(order.list.count, bitset_count(&set));
    struct bitset given = bitset_new(&arena, d.node_count);
    for (size_t i = 0; i < order.list.count; i++) {
        struct dag_cursor c = {.node = order.list.items[i]};
        size_t other;
        while (dag_next_up(&d, EDGE_PARENT, &c, &other))
            assert_true(bitset_has(&given, other) || !bitset_has(&set, other));
        assert_false(bitset_has(&given, order.list.items[i]));
        bitset_add(&given, order.list.items[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_findings), cmocka_unit_test(test_cycles_are_named),
        cmocka_unit_test(test_two_knots),    cmocka_unit_test(test_warnings_only),
        cmocka_unit_test(test_nodes),        cmocka_unit_test(test_reach_grid),
        cmocka_unit_test(test_order_grid),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
