/* The simulator as a test: scenarios of a few lines, thousands of random runs, and mutants that must die. */
#include <stdlib.h>

#include "tests/sim/world.h"
#include "tests/support/cmocka.h"

enum { SEEDS = 6000, MUTANT_SEEDS = 15000 };

/* ---- scenarios ---- */

static void finish(struct world *w)
{
    bool ok = world_run(w);
    if (!ok)
        fail_msg("%s", w->violation);
}

static void expect_all(struct world *w, unsigned rollout, enum op_state state)
{
    for (unsigned d = 0; d < w->database_count; d++)
        assert_string_equal(op_state_name(hub_op(w, rollout, d)), op_state_name(state));
}

static void ask_status(struct world *w)
{
    const struct msg status = {.version = 1, .id = 200, .kind = MSG_STATUS};
    hub_say(w, &status);
}

static void revoke(struct world *w, const char *agent)
{
    struct msg m = {.version = 1, .id = 201, .kind = MSG_AGENT_REVOKE};
    m.agent_revoke.name = str_of(agent);
    hub_say(w, &m);
}

static void test_all_targets_get_there_once(void **state)
{
    (void)state;
    struct world *w = world_quiet(2, 6);
    unsigned r = world_plan(w, 1000, REVISIONS, true);
    finish(w);
    expect_all(w, r, OP_APPLIED);
    assert_int_equal(hub_rollout(w, r), ROLLOUT_DONE);
    for (unsigned d = 0; d < w->database_count; d++)
        assert_int_equal(w->databases[d].head, REVISIONS);
    world_free(w);
}

static void test_up_and_down_again(void **state)
{
    (void)state;
    struct world *w = world_quiet(1, 2);
    world_plan(w, 1000, 3, true);
    unsigned again = world_plan(w, 10000, 3, true), down = world_plan(w, 20000, 1, false);
    finish(w);
    expect_all(w, again, OP_ALREADY_APPLIED);
    expect_all(w, down, OP_APPLIED);
    assert_int_equal(w->databases[1].head, 1);
    world_free(w);
}

static void test_one_plan_serves_all(void **state)
{
    (void)state;
    struct world *w = world_quiet(1, 6);
    world_plan(w, 1000, REVISIONS, true);
    finish(w);
    assert_true(w->event_count < 200); /* plan and scripts were fetched once, not six times */
    world_free(w);
}

/* Kills at every millisecond-ish moment of a rollout; afterwards it must end by itself, and well. */
static void kill_at(int64_t ms, bool hub, bool agent)
{
    struct world *w = world_quiet(1, 3);
    unsigned r = world_plan(w, 100, REVISIONS, true);
    world_run_for(w, ms);
    if (hub)
        hub_crash(w);
    if (agent)
        node_crash(w, 0);
    finish(w);
    for (unsigned d = 0; d < w->database_count; d++) {
        enum op_state end = hub_op(w, r, d);
        assert_true(end == OP_APPLIED || end == OP_ALREADY_APPLIED);
        assert_int_equal(w->databases[d].head, REVISIONS);
    }
    world_free(w);
}

static void test_killed_coordinator(void **state)
{
    (void)state;
    for (int64_t ms = 100; ms < 6000; ms += 37)
        kill_at(ms, true, false);
}

static void test_killed_agent(void **state)
{
    (void)state;
    for (int64_t ms = 100; ms < 6000; ms += 37)
        kill_at(ms, false, true);
}

static void test_killed_both(void **state)
{
    (void)state;
    for (int64_t ms = 100; ms < 6000; ms += 37)
        kill_at(ms, true, true);
}

static void test_cancel_is_final(void **state)
{
    (void)state;
    struct world *w = world_quiet(1, 6);
    unsigned r = world_plan(w, 1000, REVISIONS, true);
    w->rollouts[r].parallel = 1;
    w->rollouts[r].cancel_at = 3500;
    finish(w);
    assert_int_equal(hub_rollout(w, r), ROLLOUT_CANCELLED);
    assert_int_equal(hub_op(w, r, 5), OP_CANCELLED);
    assert_int_equal(w->databases[5].head, 0);
    world_free(w);
}

static void test_failures_halt(void **state)
{
    (void)state;
    struct world *w = world_quiet(1, 6);
    unsigned r = world_plan(w, 1000, REVISIONS, true);
    w->rollouts[r].parallel = 1;
    w->rollouts[r].max_failures = 0;
    w->databases[1].broken = 2;
    finish(w);
    assert_int_equal(hub_rollout(w, r), ROLLOUT_HALTED);
    assert_int_equal(hub_op(w, r, 0), OP_APPLIED);
    assert_int_equal(hub_op(w, r, 1), OP_FAILED);
    assert_int_equal(hub_op(w, r, 5), OP_CANCELLED);
    assert_int_equal(w->databases[1].head, 0);
    world_free(w);
}

static void test_a_failure_within_the_limit(void **state)
{
    (void)state;
    struct world *w = world_quiet(1, 3);
    unsigned r = world_plan(w, 1000, REVISIONS, true);
    w->databases[1].broken = 2;
    finish(w);
    assert_int_equal(hub_rollout(w, r), ROLLOUT_PARTIAL);
    assert_int_equal(hub_op(w, r, 2), OP_APPLIED);
    world_free(w);
}

static void test_silent_agent_is_unreachable(void **state)
{
    (void)state;
    struct world *w = world_quiet(2, 4);
    world_run_for(w, 5000);
    ask_status(w);
    assert_int_equal(w->status_counts[TARGET_BEHIND], 4);
    node_free(w, 1);
    node_new(w, 1); /* dead, and nobody starts it again */
    world_run_for(w, PEER_SILENT_MS + 1000);
    ask_status(w);
    assert_int_equal(w->status_counts[TARGET_UNREACHABLE], 2);
    assert_int_equal(w->status_counts[TARGET_BEHIND], 2);
    world_free(w);
}

static void test_two_agents_claim_one_target(void **state)
{
    (void)state;
    struct world *w = world_quiet(2, 4);
    w->greedy[1] = true;
    unsigned r = world_plan(w, 1000, REVISIONS, true);
    finish(w);
    expect_all(w, r, OP_APPLIED);
    world_free(w);
}

static void test_revoked_key_is_refused_and_another_takes_over(void **state)
{
    (void)state;
    struct world *w = world_quiet(2, 2);
    w->greedy[1] = true;
    world_run_for(w, 5000);
    revoke(w, "agent0");
    unsigned r = world_plan(w, 1000, REVISIONS, true);
    world_run_for(w, 60000);
    assert_int_equal(hub_op(w, r, 0), OP_PENDING); /* nothing is offered to a revoked key */
    assert_int_equal(hub_op(w, r, 1), OP_APPLIED);
    node_crash(w, 1); /* comes back, lists everything, and may have it now */
    finish(w);
    expect_all(w, r, OP_APPLIED);
    world_free(w);
}

static void test_older_copy_of_the_store(void **state)
{
    (void)state;
    struct world *w = world_quiet(1, 3);
    world_run_for(w, 3000);
    hub_copy_store(w);
    unsigned r = world_plan(w, 1000, REVISIONS, true);
    world_run_for(w, 60000);
    expect_all(w, r, OP_APPLIED);
    hub_restore_store(w);
    world_run_for(w, 120000);
    finish(w);
    expect_all(w, r, OP_ALREADY_APPLIED); /* the operator said it again; the targets knew better */
    world_free(w);
}

static void test_restored_target_is_noticed(void **state)
{
    (void)state;
    struct world *w = world_quiet(1, 2);
    world_run_for(w, 3000);
    database_backup(w, 0);
    world_plan(w, 1000, REVISIONS, true);
    world_run_for(w, 60000);
    database_restore(w, 0);
    world_run_for(w, 360000);
    assert_int_equal(hub_condition(w, 0), TARGET_REGRESSED);
    unsigned r = world_plan(w, 1000, REVISIONS, true);
    finish(w);
    assert_int_equal(hub_op(w, r, 0), OP_REGRESSED);
    assert_int_equal(hub_op(w, r, 1), OP_ALREADY_APPLIED);
    world_free(w);
}

/* ---- chance ---- */

static void test_random_runs(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *w = world_new(seed, MUTANT_NONE, false);
        if (!world_run(w))
            fail_msg("%s\nreplay with: sim --seed %llu --trace", w->violation, (unsigned long long)seed);
        world_free(w);
    }
}

static void test_same_seed_same_run(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct world *a = world_new(seed, MUTANT_NONE, false), *b = world_new(seed, MUTANT_NONE, false);
        world_run(a);
        world_run(b);
        assert_int_equal(a->event_count, b->event_count);
        assert_int_equal(a->random, b->random);
        world_free(a);
        world_free(b);
    }
}

static bool dies(enum mutant mutant)
{
    bool dead = false;
    for (uint64_t seed = 1; seed <= MUTANT_SEEDS && !dead; seed++) {
        struct world *w = world_new(seed, mutant, false);
        dead = !world_run(w);
        world_free(w);
    }
    return dead;
}

static void test_no_mutant_survives(void **state)
{
    (void)state;
    for (int m = MUTANT_NONE + 1; m < MUTANT_COUNT; m++)
        if (!dies((enum mutant)m))
            fail_msg("the mutant %s survives %d seeds: the simulation does not see this bug",
                     mutant_name((enum mutant)m), MUTANT_SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_targets_get_there_once),
        cmocka_unit_test(test_up_and_down_again),
        cmocka_unit_test(test_one_plan_serves_all),
        cmocka_unit_test(test_killed_coordinator),
        cmocka_unit_test(test_killed_agent),
        cmocka_unit_test(test_killed_both),
        cmocka_unit_test(test_cancel_is_final),
        cmocka_unit_test(test_failures_halt),
        cmocka_unit_test(test_a_failure_within_the_limit),
        cmocka_unit_test(test_silent_agent_is_unreachable),
        cmocka_unit_test(test_two_agents_claim_one_target),
        cmocka_unit_test(test_revoked_key_is_refused_and_another_takes_over),
        cmocka_unit_test(test_older_copy_of_the_store),
        cmocka_unit_test(test_restored_target_is_noticed),
        cmocka_unit_test(test_same_seed_same_run),
        cmocka_unit_test(test_random_runs),
        cmocka_unit_test(test_no_mutant_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
