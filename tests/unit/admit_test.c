#include "tests/support/cmocka.h"

#include "skein/plan/admit.h"

static struct admit_facts ready(void)
{
    return (struct admit_facts){
        .fence = 5, .target_fence = 4, .closed_fence = 3, .same_target = true, .heads_expected = true};
}

static void a_step_that_fits_runs(void **state)
{
    (void)state;
    struct admit_facts f = ready();
    assert_int_equal(admit(&f), ADMISSION_RUN);
    f.status = LEDGER_CLEANED;
    assert_int_equal(admit(&f), ADMISSION_RUN);
    f.status = LEDGER_RESOLVED;
    assert_int_equal(admit(&f), ADMISSION_RUN);
}

static void done_comes_before_everything(void **state)
{
    (void)state;
    struct admit_facts f = {.fence = 1, .target_fence = 9, .closed_fence = 9, .status = LEDGER_DONE};
    assert_int_equal(admit(&f), ADMISSION_REPLAYED);
}

static void an_old_or_closed_fence_is_stale(void **state)
{
    (void)state;
    struct admit_facts f = ready();
    f.target_fence = 6;
    assert_int_equal(admit(&f), ADMISSION_STALE);
    f = ready();
    f.closed_fence = f.target_fence = 5;
    assert_int_equal(admit(&f), ADMISSION_STALE);
    f.status = LEDGER_STARTED; /* a stale owner must not even probe and finish */
    assert_int_equal(admit(&f), ADMISSION_STALE);
}

static void the_same_fence_may_come_again_until_it_is_closed(void **state)
{
    (void)state;
    assert_true(admit_fence(5, 5, 4));
    assert_false(admit_fence(5, 5, 5));
    assert_false(admit_fence(5, 6, 0));
}

static void without_a_coordinator_fences_do_not_count(void **state)
{
    (void)state;
    struct admit_facts f = ready();
    f.fence = 0;
    assert_int_equal(admit(&f), ADMISSION_RUN);
}

static void a_start_is_probed_and_blocks_other_steps(void **state)
{
    (void)state;
    struct admit_facts f = ready();
    f.status = LEDGER_STARTED;
    assert_int_equal(admit(&f), ADMISSION_STARTED);
    f = ready();
    f.other_start_open = true;
    assert_int_equal(admit(&f), ADMISSION_UNDECIDED);
}

static void another_database_is_quarantined_before_its_heads_are_believed(void **state)
{
    (void)state;
    struct admit_facts f = ready();
    f.same_target = false;
    assert_int_equal(admit(&f), ADMISSION_QUARANTINE);
}

static void other_heads_are_a_conflict_unless_they_are_the_goal(void **state)
{
    (void)state;
    struct admit_facts f = ready();
    f.heads_expected = false;
    assert_int_equal(admit(&f), ADMISSION_CONFLICT);
    f.heads_at_goal = true;
    assert_int_equal(admit(&f), ADMISSION_AT_GOAL);
}

static void every_status_can_be_read_back(void **state)
{
    (void)state;
    for (int i = 0; i < LEDGER_STATUS_COUNT; i++) {
        enum ledger_status s = LEDGER_STATUS_COUNT;
        assert_true(ledger_status_parse(str_of(ledger_status_name((enum ledger_status)i)), &s));
        assert_int_equal(s, i);
    }
    enum ledger_status s = LEDGER_DONE;
    assert_false(ledger_status_parse(STR("done"), &s));
    assert_int_equal(s, LEDGER_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_that_fits_runs),
        cmocka_unit_test(done_comes_before_everything),
        cmocka_unit_test(an_old_or_closed_fence_is_stale),
        cmocka_unit_test(the_same_fence_may_come_again_until_it_is_closed),
        cmocka_unit_test(without_a_coordinator_fences_do_not_count),
        cmocka_unit_test(a_start_is_probed_and_blocks_other_steps),
        cmocka_unit_test(another_database_is_quarantined_before_its_heads_are_believed),
        cmocka_unit_test(other_heads_are_a_conflict_unless_they_are_the_goal),
        cmocka_unit_test(every_status_can_be_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
