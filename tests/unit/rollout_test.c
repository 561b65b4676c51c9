#include <string.h>

#include "skein/rollout/op.h"
#include "skein/rollout/rollout.h"
#include "tests/support/cmocka.h"

static const struct op_facts offered = {.state = OP_OFFERED, .fence = 7};

static struct op_verdict judge(struct op_facts op, enum outcome outcome, uint64_t fence, uint64_t closed)
{
    const struct op_answer answer = {.outcome = outcome, .fence = fence, .closed_fence = closed};
    return op_judge(&op, &answer);
}

static void expect(struct op_verdict v, enum op_verdict_kind kind, enum op_state to)
{
    assert_int_equal(v.kind, kind);
    if (kind != VERDICT_IGNORE && kind != VERDICT_NOTE)
        assert_string_equal(op_state_name(v.to), op_state_name(to));
}

/* Every outcome of the current fence, in its order: an outcome without a row here fails the assertion below. */
static void test_every_outcome_of_an_offer(void **state)
{
    static const struct {
        enum op_verdict_kind kind;
        enum op_state to;
    } expected[] = {
        [OUTCOME_UNSET] = {VERDICT_IGNORE, OP_UNSET},
        [OUTCOME_APPLIED] = {VERDICT_MOVE, OP_APPLIED},
        [OUTCOME_ALREADY_APPLIED] = {VERDICT_MOVE, OP_ALREADY_APPLIED},
        [OUTCOME_STATE_CHANGED] = {VERDICT_RETRY, OP_PENDING},
        [OUTCOME_FAILED] = {VERDICT_MOVE, OP_FAILED},
        [OUTCOME_BUSY] = {VERDICT_RETRY, OP_PENDING},
        [OUTCOME_BLOCKED] = {VERDICT_RETRY, OP_PENDING},
        [OUTCOME_STALE] = {VERDICT_RETRY, OP_PENDING},
        [OUTCOME_NEEDS_OPERATOR] = {VERDICT_MOVE, OP_NEEDS_OPERATOR},
        [OUTCOME_QUARANTINED] = {VERDICT_MOVE, OP_QUARANTINED},
        [OUTCOME_UNKNOWN] = {VERDICT_NOTE, OP_UNSET},
        [OUTCOME_CANCELLED] = {VERDICT_RETRY, OP_PENDING},
    };
    (void)state;
    _Static_assert(sizeof(expected) / sizeof(expected[0]) == OUTCOME_COUNT, "an outcome without a row");
    for (int o = 0; o < OUTCOME_COUNT; o++)
        expect(judge(offered, (enum outcome)o, 7, 7), expected[o].kind, expected[o].to);
}

/* Every verdict is a move that the table has. */
static void test_every_verdict_has_a_move(void **state)
{
    (void)state;
    for (int s = OP_PENDING; s < OP_STATE_COUNT; s++)
        for (int o = 0; o < OUTCOME_COUNT; o++)
            for (int bits = 0; bits < 16; bits++) {
                const struct op_facts op = {.state = (enum op_state)s,
                                            .fence = 7,
                                            .tries = (bits & 1) != 0 ? OP_TRIES_MAX : 0,
                                            .replans = (bits & 1) != 0 ? OP_REPLANS_MAX : 0,
                                            .stopping = (bits & 2) != 0,
                                            .resolving = (bits & 4) != 0};
                const struct op_answer answer = {
                    .outcome = (enum outcome)o, .fence = 7, .closed_fence = 7, .at_goal = (bits & 8) != 0};
                struct op_verdict v = op_judge(&op, &answer);
                if (v.kind == VERDICT_MOVE || v.kind == VERDICT_RETRY)
                    assert_non_null(op_move_sentence(op.state, v.to));
                if (v.kind == VERDICT_CLOSE) {
                    assert_non_null(op_move_sentence(op.state, OP_CLOSING));
                    assert_non_null(op_move_sentence(OP_CLOSING, v.to));
                }
            }
}

static void test_old_fences(void **state)
{
    (void)state;
    expect(judge(offered, OUTCOME_FAILED, 6, 7), VERDICT_IGNORE, OP_UNSET);
    expect(judge(offered, OUTCOME_BLOCKED, 6, 7), VERDICT_IGNORE, OP_UNSET);
    expect(judge(offered, OUTCOME_APPLIED, 6, 0), VERDICT_IGNORE, OP_UNSET);
    const struct op_answer late = {.outcome = OUTCOME_APPLIED, .fence = 6, .at_goal = true};
    expect(op_judge(&offered, &late), VERDICT_MOVE, OP_APPLIED);
}

static void test_failed_needs_a_closed_fence(void **state)
{
    (void)state;
    expect(judge(offered, OUTCOME_FAILED, 7, 6), VERDICT_IGNORE, OP_UNSET);
    expect(judge(offered, OUTCOME_FAILED, 7, 7), VERDICT_MOVE, OP_FAILED);
}

static void test_the_end_is_the_end(void **state)
{
    static const enum op_state ends[] = {OP_APPLIED, OP_ALREADY_APPLIED, OP_FAILED, OP_CANCELLED, OP_BLOCKED};
    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        for (int o = 0; o < OUTCOME_COUNT; o++) {
            const struct op_facts op = {.state = ends[i], .fence = 7};
            const struct op_answer answer = {
                .outcome = (enum outcome)o, .fence = 7, .closed_fence = 9, .at_goal = true};
            expect(op_judge(&op, &answer), VERDICT_IGNORE, OP_UNSET);
            assert_true(op_is_final(ends[i]) && !op_is_active(ends[i]));
        }
}

static void test_budgets_end_in_a_close(void **state)
{
    struct op_facts op = offered;
    (void)state;
    op.tries = OP_TRIES_MAX - 1;
    expect(judge(op, OUTCOME_BUSY, 7, 0), VERDICT_CLOSE, OP_BLOCKED);
    op.replans = OP_REPLANS_MAX - 1;
    expect(judge(op, OUTCOME_STATE_CHANGED, 7, 0), VERDICT_CLOSE, OP_STATE_CHANGED);
    op.stopping = true;
    expect(judge(op, OUTCOME_BUSY, 7, 0), VERDICT_CLOSE, OP_CANCELLED);
}

static void test_an_answer_about_one_step_is_not_the_plan(void **state)
{
    struct op_facts op = offered;
    (void)state;
    op.resolving = true;
    expect(judge(op, OUTCOME_APPLIED, 7, 0), VERDICT_RETRY, OP_PENDING);
    expect(judge(op, OUTCOME_STATE_CHANGED, 7, 0), VERDICT_RETRY, OP_PENDING);
    op.stopping = true;
    expect(judge(op, OUTCOME_APPLIED, 7, 0), VERDICT_CLOSE, OP_CANCELLED);
    const struct op_answer whole = {.outcome = OUTCOME_APPLIED, .fence = 7, .at_goal = true};
    expect(op_judge(&op, &whole), VERDICT_MOVE, OP_APPLIED);
}

static void test_closing_waits_for_the_target(void **state)
{
    const struct op_facts closing = {.state = OP_CLOSING, .fence = 9};
    struct op_answer answer = {.closed_fence = 8};
    (void)state;
    expect(op_judge_closed(&closing, OP_CANCELLED, &answer), VERDICT_IGNORE, OP_UNSET);
    answer.closed_fence = 9;
    expect(op_judge_closed(&closing, OP_CANCELLED, &answer), VERDICT_MOVE, OP_CANCELLED);
    answer.at_goal = true;
    expect(op_judge_closed(&closing, OP_CANCELLED, &answer), VERDICT_MOVE, OP_ALREADY_APPLIED);
    expect(op_judge_closed(&offered, OP_CANCELLED, &answer), VERDICT_IGNORE, OP_UNSET);
}

static void test_pauses_grow_and_spread(void **state)
{
    (void)state;
    for (uint32_t tries = 0; tries < 20; tries++)
        for (uint64_t salt = 0; salt < 50; salt++) {
            int64_t pause = op_pause_ms(tries, salt);
            assert_in_range(pause, 250, 96000);
            assert_int_equal(pause, op_pause_ms(tries, salt));
        }
    assert_int_not_equal(op_pause_ms(3, 1), op_pause_ms(3, 2));
    assert_true(op_pause_ms(7, 1) > op_pause_ms(0, 1));
}

/* ---- the whole ---- */

static struct tally tally_of(uint64_t pending, uint64_t offered_count, uint64_t applied, uint64_t failed)
{
    struct tally t = {.total = pending + offered_count + applied + failed};
    t.counts[OP_PENDING] = pending;
    t.counts[OP_OFFERED] = offered_count;
    t.counts[OP_APPLIED] = applied;
    t.counts[OP_FAILED] = failed;
    return t;
}

static void expect_status(enum rollout_status from, struct tally t, uint32_t max_failures, enum rollout_status to)
{
    const struct strategy s = {.max_failures = max_failures};
    enum rollout_status next = rollout_judge(from, &s, &t);
    assert_string_equal(rollout_status_name(next), rollout_status_name(to));
    if (next != from)
        assert_non_null(rollout_move_sentence(from, next));
}

static void test_rollout_statuses(void **state)
{
    (void)state;
    expect_status(ROLLOUT_RUNNING, tally_of(1, 1, 1, 0), 0, ROLLOUT_RUNNING);
    expect_status(ROLLOUT_RUNNING, tally_of(0, 0, 3, 0), 0, ROLLOUT_DONE);
    expect_status(ROLLOUT_RUNNING, tally_of(0, 0, 2, 1), 1, ROLLOUT_PARTIAL);
    expect_status(ROLLOUT_RUNNING, tally_of(5, 1, 2, 1), 1, ROLLOUT_RUNNING);
    expect_status(ROLLOUT_RUNNING, tally_of(5, 1, 2, 2), 1, ROLLOUT_HALTING);
    expect_status(ROLLOUT_RUNNING, tally_of(0, 0, 2, 2), 1, ROLLOUT_HALTING);
    expect_status(ROLLOUT_HALTING, tally_of(0, 1, 2, 2), 1, ROLLOUT_HALTING);
    expect_status(ROLLOUT_HALTING, tally_of(0, 0, 3, 2), 1, ROLLOUT_HALTED);
    expect_status(ROLLOUT_CANCELLING, tally_of(0, 1, 3, 0), 1, ROLLOUT_CANCELLING);
    expect_status(ROLLOUT_CANCELLING, tally_of(0, 0, 3, 1), 1, ROLLOUT_CANCELLED);
    expect_status(ROLLOUT_CANCELLING, tally_of(0, 0, 3, 0), 1, ROLLOUT_DONE);
    for (int s = ROLLOUT_DONE; s < ROLLOUT_STATUS_COUNT; s++)
        expect_status((enum rollout_status)s, tally_of(0, 0, 0, 9), 0, (enum rollout_status)s);
}

static void test_quota(void **state)
{
    const struct strategy two = {.parallel = 2}, all = {.parallel = 0};
    struct tally t = tally_of(9, 1, 0, 0);
    (void)state;
    assert_int_equal(rollout_quota(ROLLOUT_RUNNING, &two, &t), 1);
    tally_move(&t, OP_PENDING, OP_OFFERED);
    assert_int_equal(rollout_quota(ROLLOUT_RUNNING, &two, &t), 0);
    assert_true(rollout_quota(ROLLOUT_RUNNING, &all, &t) > 1000);
    assert_int_equal(rollout_quota(ROLLOUT_HALTING, &all, &t), 0);
    tally_move(&t, OP_OFFERED, OP_CLOSING); /* still at work: its target is not free */
    assert_int_equal(rollout_quota(ROLLOUT_RUNNING, &two, &t), 0);
    assert_int_equal(tally_open(&t), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_outcome_of_an_offer),
        cmocka_unit_test(test_every_verdict_has_a_move),
        cmocka_unit_test(test_old_fences),
        cmocka_unit_test(test_failed_needs_a_closed_fence),
        cmocka_unit_test(test_the_end_is_the_end),
        cmocka_unit_test(test_budgets_end_in_a_close),
        cmocka_unit_test(test_an_answer_about_one_step_is_not_the_plan),
        cmocka_unit_test(test_closing_waits_for_the_target),
        cmocka_unit_test(test_pauses_grow_and_spread),
        cmocka_unit_test(test_rollout_statuses),
        cmocka_unit_test(test_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
