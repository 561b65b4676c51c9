#include "skein/plan/dbstate.h"
#include "skein/plan/outcome.h"
#include "skein/rollout/status.h"
#include "tests/support/cmocka.h"

static struct dbstate state_of(struct arena *a, const char *text)
{
    struct dbstate s;
    assert_true(dbstate_parse(a, str_of(text), &s));
    return s;
}

static void test_dbstate_is_a_set(void **unused)
{
    (void)unused;
    struct arena a = {0};
    struct dbstate x = state_of(&a, "core=b,a,b billing=1"), y = state_of(&a, "billing=1 core=a,b extra=");
    assert_true(dbstate_eq(&x, &y));
    struct hash hx = dbstate_hash(&x), hy = dbstate_hash(&y);
    assert_true(hash_eq(&hx, &hy));
    assert_true(str_is(dbstate_format(&a, &x), "billing=1 core=a,b"));
    struct dbstate copy = dbstate_copy(&a, &x);
    const struct names none = {0};
    dbstate_set(&a, &copy, STR("core"), &none);
    assert_true(str_is(dbstate_format(&a, &copy), "billing=1"));
    assert_false(dbstate_eq(&copy, &x));
    assert_int_equal(dbstate_heads(&x, STR("core"))->list.count, 2);
    assert_int_equal(dbstate_heads(&x, STR("nothing"))->list.count, 0);
    arena_release(&a);
}

static void test_dbstate_text(void **unused)
{
    (void)unused;
    struct arena a = {0};
    struct dbstate s = state_of(&a, "base");
    assert_true(str_is(dbstate_format(&a, &s), "base"));
    assert_false(dbstate_parse(&a, STR("core"), &s));
    assert_false(dbstate_parse(&a, STR("=a1"), &s));
    arena_release(&a);
}

static void test_words_come_back(void **unused)
{
    (void)unused;
    for (int i = 1; i < OUTCOME_COUNT; i++) {
        enum outcome o;
        assert_true(outcome_parse(str_of(outcome_name((enum outcome)i)), &o) && (int)o == i);
        assert_true(outcome_sentence((enum outcome)i)[0] != '\0');
    }
    for (int i = 1; i < OP_STATE_COUNT; i++) {
        enum op_state o;
        assert_true(op_state_parse(str_of(op_state_name((enum op_state)i)), &o) && (int)o == i);
    }
    for (int i = 1; i < ROLLOUT_STATUS_COUNT; i++) {
        enum rollout_status o;
        assert_true(rollout_status_parse(str_of(rollout_status_name((enum rollout_status)i)), &o) && (int)o == i);
    }
    for (int i = 1; i < TARGET_STATUS_COUNT; i++) {
        enum target_status o;
        assert_true(target_status_parse(str_of(target_status_name((enum target_status)i)), &o) && (int)o == i);
    }
    enum outcome o;
    assert_false(outcome_parse(STR("dirty"), &o));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dbstate_is_a_set),
        cmocka_unit_test(test_dbstate_text),
        cmocka_unit_test(test_words_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
