/*
 * Squashed histories: chance builds graphs, squashes ranges of them, once or twice, and moves databases about. With and
 * without the squash the same moves are possible, end in the same rows, and do the same revisions.
 */
#include <stdio.h>

#include "skein/graph/reach.h"
#include "skein/plan/plan.h"
#include "skein/plan/squash_author.h"
#include "tests/support/arena.h"
#include "tests/support/cmocka.h"

enum { GRAPHS = 1500, NODES_MAX = 9, MOVES = 12 };

static uint32_t seed;

static size_t below(size_t limit)
{
    seed = seed * 1664525u + 1013904223u;
    return limit > 0 ? (seed >> 8) % limit : 0;
}

/* --- graphs ---------------------------------------------------------------------------------------------------- */

static void add_list(struct strbuf *out, const char *header, const char *prefix, size_t limit, size_t count)
{
    size_t given[3], kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t node = below(limit);
        bool again = false;
        for (size_t k = 0; k < kept; k++)
            again = again || given[k] == node;
        if (again)
            continue;
        strbuf_printf(out, "%s%s%zu", kept == 0 ? header : ", ", prefix, node);
        given[kept++] = node;
    }
    if (kept > 0)
        strbuf_putc(out, '\n');
}

static void add_file(struct module_files *m, size_t module, size_t number, size_t core_count)
{
    static const char *const names[] = {"a", "b"};
    struct strbuf text;
    strbuf_init(&text, 4096);
    strbuf_printf(&text, "-- revision: %s%zu\n", names[module], number);
    if (number > 0 && below(8) > 0)
        add_list(&text, "-- revises: ", names[module], number, 1 + below(2));
    if (module == 1 && core_count > 0 && below(3) == 0)
        add_list(&text, "-- depends_on: ", "core:a", core_count, 1);
    else if (number > 1 && below(6) == 0)
        add_list(&text, "-- depends_on: ", names[module], number, 1);
    strbuf_printf(&text, "-- migrate:up\nUP %s%zu;\n-- migrate:down\nDOWN %s%zu;\n", names[module], number,
                  names[module], number);
    struct project_file file = {.path =
                                    str_printf(&arena, "%.*s/%s%zu_x.sql", STR_ARG(m->folder), names[module], number),
                                .bytes = str_copy(&arena, strbuf_str(&text))};
    vec_push(&arena, &m->files, file);
    strbuf_release(&text);
}

static struct project_files random_files(void)
{
    struct project_files files = {.root = STR("/")};
    struct module_files core = {.name = STR("core"), .folder = STR("core")};
    struct module_files extension = {.name = STR("ext"), .folder = STR("ext")};
    size_t core_count = 2 + below(NODES_MAX - 1), count = below(NODES_MAX);
    for (size_t i = 0; i < core_count; i++)
        add_file(&core, 0, i, core_count);
    for (size_t i = 0; i < count; i++)
        add_file(&extension, 1, i, core_count);
    vec_push(&arena, &files.modules, core);
    vec_push(&arena, &files.modules, extension);
    return files;
}

static struct str random_name(const struct project *p, size_t module)
{
    const struct module *m = &p->modules.list.items[module];
    return p->nodes[m->first + below(m->count)]->id;
}

/* False where the range cannot be squashed. */
static bool squash(struct project_files *files, struct project *p)
{
    size_t module = p->modules.list.items[1].count > 1 ? below(2) : 0;
    struct str from = below(3) == 0 ? STR("base") : random_name(p, module), to = random_name(p, module);
    struct squash_request request = {.module = module,
                                     .range = str_printf(&arena, "%.*s:%.*s", STR_ARG(from), STR_ARG(to)),
                                     .message = str_printf(&arena, "message %zu", below(1000))};
    struct squash_made made;
    struct err err = {0};
    if (!squash_author(&arena, files, p, &request, &made, &err)) {
        assert_true(err.kind[0] != '\0' && err.text[0] != '\0');
        return false;
    }
    *files = made.files;
    *p = made.project;
    return true;
}

/* --- moves ----------------------------------------------------------------------------------------------------- */

static struct plan_request random_request(const struct project *p)
{
    size_t module = p->modules.list.items[1].count > 0 ? below(2) : 0;
    struct plan_request r = {.command = below(2) == 0 ? PLAN_UPGRADE : PLAN_DOWNGRADE,
                             .module = p->modules.list.items[module].name,
                             .cascade = below(2) == 0};
    struct str target = random_name(p, module);
    if (below(5) == 0)
        target = r.command == PLAN_UPGRADE ? STR("heads") : STR("base");
    vec_push(&arena, &r.targets.list, target);
    return r;
}

/* What the steps of a plan do: every revision of theirs. */
static struct bitset done_by(const struct project *p, const struct plan *plan, size_t *ret_squashed)
{
    struct bitset set = bitset_new(&arena, p->node_count);
    for (size_t i = 0; i < plan->steps.list.count; i++) {
        const struct plan_step *step = &plan->steps.list.items[i];
        size_t module = (size_t)project_find_module(p, step->module);
        const struct revision *r = plan_step_revision(p, step);
        bitset_add(&set, project_find_node(p, module, step->revision));
        *ret_squashed += r->replaces.list.count > 0;
        for (size_t k = 0; k < r->replaces.list.count; k++)
            bitset_add(&set, project_find_node(p, module, r->replaces.list.items[k]));
    }
    return set;
}

/* Every step comes after all that its revisions need; what is done in one step needs nothing of a later one. */
static void check_order(const struct project *p, const struct plan *plan, const struct bitset *all)
{
    struct bitset left = bitset_copy(&arena, all);
    for (size_t i = 0; i < plan->steps.list.count; i++) {
        struct plan one = {.steps.list = {.items = &plan->steps.list.items[i], .count = 1}};
        size_t ignored = 0;
        struct bitset now = done_by(p, &one, &ignored);
        bitset_subtract(&left, &now);
        for (size_t n = bitset_next(&now, 0); n < now.size; n = bitset_next(&now, n + 1)) {
            struct dag_cursor c = {.node = n};
            size_t other;
            bool up = one.steps.list.items[0].direction == DIRECTION_UP;
            while (up ? dag_next_down(&p->dag, EDGES_ALL, &c, &other) : dag_next_up(&p->dag, EDGES_ALL, &c, &other))
                assert_false(bitset_has(&left, other));
        }
    }
}

/* The same move in both projects; true when it was possible, and *state is where it ends. */
static bool move(const struct project *plain, const struct project *squashed, struct dbstate *state, size_t *used)
{
    struct plan_request request = random_request(plain);
    struct plan one, two;
    struct err first = {0}, second = {0};
    bool ok = plan_build(&arena, plain, state, ENGINE_SQLITE, &request, &one, &first);
    assert_int_equal(ok, plan_build(&arena, squashed, state, ENGINE_SQLITE, &request, &two, &second));
    if (!ok) {
        assert_string_equal(first.kind, second.kind);
        return false;
    }
    size_t none = 0;
    struct bitset before = done_by(plain, &one, &none), now = done_by(squashed, &two, used);
    assert_int_equal(none, 0);
    assert_int_equal(bitset_count(&before), one.steps.list.count);
    assert_int_equal(bitset_count(&before), bitset_count(&now));
    bitset_subtract(&before, &now);
    assert_true(bitset_is_empty(&before));
    assert_true(dbstate_eq(&one.after, &two.after));
    check_order(squashed, &two, &now);
    for (size_t i = 0; i < two.after.modules.count; i++)
        dbstate_set(&arena, state, two.after.modules.items[i].module, &two.after.modules.items[i].heads);
    return true;
}

static void test_random_histories(void **state)
{
    (void)state;
    size_t squashed = 0, used = 0, moved = 0;
    for (seed = 1; squashed < GRAPHS; arena_release(&arena)) {
        struct project_files files = random_files();
        struct project plain, p;
        struct dbstate at = {0};
        struct diag diag;
        diag_init(&diag, &arena);
        if (!project_build(&arena, &files, &diag, &plain))
            continue;
        p = plain;
        if (!squash(&files, &p))
            continue;
        squashed++;
        for (size_t more = below(3); more > 0; more--)
            squash(&files, &p);
        for (size_t i = 0; i < MOVES; i++)
            moved += move(&plain, &p, &at, &used);
    }
    assert_true(used > GRAPHS && moved > GRAPHS * 4);
    print_message("%zu histories, %zu moves, %zu squashed steps\n", squashed, moved, used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_histories)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
