#include "tests/support/cmocka.h"

#include "common/io/db/rowset.h"

static struct row_change change(enum row_change_kind kind, const char *from, const char *to)
{
    return (struct row_change){kind, STR("core"), from != NULL ? str_of(from) : STR_NONE,
                               to != NULL ? str_of(to) : STR_NONE};
}

static void add(struct arena *a, struct plan *plan, struct row_change c)
{
    struct plan_step step = {.module = c.module};
    vec_push(a, &step.rows.list, c);
    vec_push(a, &plan->steps.list, step);
}

static void a_line_is_one_update(void **state)
{
    (void)state;
    struct arena a = {0};
    struct plan plan = {0};
    add(&a, &plan, change(ROW_UPDATE, "r0", "r1"));
    add(&a, &plan, change(ROW_UPDATE, "r1", "r2"));
    add(&a, &plan, change(ROW_UPDATE, "r2", "r3"));
    struct row_changes net = rowset_net(&a, &plan, 0, 3);
    assert_int_equal(net.list.count, 1);
    assert_int_equal(net.list.items[0].kind, ROW_UPDATE);
    assert_true(str_is(net.list.items[0].from, "r0") && str_is(net.list.items[0].to, "r3"));
    arena_release(&a);
}

static void there_and_back_is_nothing(void **state)
{
    (void)state;
    struct arena a = {0};
    struct plan plan = {0};
    add(&a, &plan, change(ROW_INSERT, NULL, "r1"));
    add(&a, &plan, change(ROW_UPDATE, "r1", "r2"));
    add(&a, &plan, change(ROW_DELETE, "r2", NULL));
    add(&a, &plan, change(ROW_UPDATE, "x1", "x2"));
    add(&a, &plan, change(ROW_UPDATE, "x2", "x1"));
    assert_int_equal(rowset_net(&a, &plan, 0, 5).list.count, 0);
    arena_release(&a);
}

/* ---- any sequence: the net must do what the steps do, one by one, and meet a primary key at no time ---- */

enum { VALUES = 6 };

struct table {
    bool has[VALUES];
};

static const char *const names[VALUES] = {"v0", "v1", "v2", "v3", "v4", "v5"};

static size_t index_of(struct str name)
{
    return (size_t)(name.p[1] - '0');
}

/* False: the database would have refused it. */
static bool execute(struct table *t, const struct row_change *c)
{
    if (c->kind != ROW_INSERT) {
        if (!t->has[index_of(c->from)])
            return false;
        t->has[index_of(c->from)] = false;
    }
    if (c->kind != ROW_DELETE) {
        if (t->has[index_of(c->to)])
            return false;
        t->has[index_of(c->to)] = true;
    }
    return true;
}

static unsigned seed;

static unsigned draw(unsigned limit)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 16) % limit;
}

static void any_sequence_has_the_same_end(void **state)
{
    (void)state;
    for (unsigned run = 0; run < 20000; run++) {
        struct arena a = {0};
        struct plan plan = {0};
        struct table start = {0}, steps, net;
        seed = run;
        for (size_t i = 0; i < VALUES; i++)
            start.has[i] = draw(2) != 0;
        steps = net = start;
        for (unsigned n = draw(12); n > 0; n--) {
            struct row_change c =
                change((enum row_change_kind)(ROW_INSERT + draw(3)), names[draw(VALUES)], names[draw(VALUES)]);
            struct table after = steps;
            if (execute(&after, &c)) {
                steps = after;
                add(&a, &plan, c);
            }
        }
        struct row_changes changes = rowset_net(&a, &plan, 0, plan.steps.list.count);
        for (size_t i = 0; i < changes.list.count; i++)
            if (!execute(&net, &changes.list.items[i]))
                fail_msg("run %u: change %zu is refused", run, i);
        assert_memory_equal(&net, &steps, sizeof(net));
        arena_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_update),
        cmocka_unit_test(there_and_back_is_nothing),
        cmocka_unit_test(any_sequence_has_the_same_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
