/* What an agent is asked to do to its targets. */
#include "tests/unit/agent_fixture.h"

/* ---- offers ---- */

static void test_happy_path(void **state)
{
    F;
    up(f, "a");
    offer(f, "a", 7);
    assert_true(str_is(said(f, MSG_ACCEPT).accept.target, "a"));
    serve_fetches(f);
    struct effect_apply apply = take(f, AGENT_DO_APPLY).apply;
    assert_true(str_is(apply.attempt, "r1") && str_is(apply.principal, "ann"));
    assert_int_equal(apply.plan->steps.list.count, FIXTURE_STEPS);
    assert_true(str_is(apply.scripts[1]->body.sql, "CREATE TABLE t1 (id integer)"));
    f->now_ms += 250;
    done(f, "a", 7, OUTCOME_APPLIED);
    struct msg_result result = said(f, MSG_RESULT).result;
    assert_int_equal(result.outcome, OUTCOME_APPLIED);
    assert_int_equal(result.fence, 7);
    assert_int_equal(result.steps_applied, FIXTURE_STEPS);
    assert_int_equal(result.duration_ms, 250);
    assert_true(str_is(dbstate_format(&f->arena, &result.report.state), "billing=x1 core=c3"));
    result_ack(f, "a", 7);
    forget(f);
    tick_after(f, RESEND_MAX_MS);
    assert_int_equal(count_said(f, MSG_RESULT), 0);
}

static void test_a_result_is_repeated_until_acknowledged(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    done(f, "a", 7, OUTCOME_FAILED);
    tick_after(f, 3 * RESEND_MS);
    assert_in_range(count_said(f, MSG_RESULT), 2, 3);
    result_ack(f, "a", 6);
    tick_after(f, 10 * RESEND_MS);
    struct msg_result result = said(f, MSG_RESULT).result;
    assert_int_equal(result.outcome, OUTCOME_FAILED);
    assert_string_equal(result.err.text, "no such table: nothing");
    result_ack(f, "a", 7);
    forget(f);
    tick_after(f, RESEND_MAX_MS);
    assert_int_equal(count_said(f, MSG_RESULT), 0);
}

static void test_the_same_offer_again_gets_the_same_answer(void **state)
{
    F;
    up(f, "a");
    offer(f, "a", 7);
    offer(f, "a", 7);
    assert_int_equal(count_said(f, MSG_ACCEPT), 2);
    serve_fetches(f);
    offer(f, "a", 7);
    assert_int_equal(count_said(f, MSG_ACCEPT), 1);
    assert_int_equal(count_effects(f, AGENT_DO_APPLY), 1);
    done(f, "a", 7, OUTCOME_FAILED);
    assert_int_equal(count_said(f, MSG_RESULT), 1);
    offer(f, "a", 7);
    assert_int_equal(said(f, MSG_RESULT).result.outcome, OUTCOME_FAILED);
    result_ack(f, "a", 7);
    offer(f, "a", 7);
    assert_int_equal(said(f, MSG_RESULT).result.outcome, OUTCOME_FAILED);
    assert_int_equal(count_effects(f, AGENT_DO_APPLY), 0);
}

static void test_one_fetch_serves_many_targets(void **state)
{
    F;
    up(f, "a b c");
    offer(f, "a", 7);
    offer(f, "b", 8);
    offer(f, "c", 9);
    assert_int_equal(count_effects(f, AGENT_DO_APPLY), 0);
    struct msg_fetch plan = said(f, MSG_FETCH).fetch;
    assert_int_equal(plan.kind, BLOB_PLAN);
    assert_int_equal(count_said(f, MSG_FETCH), 0);
    serve_one(f, &plan);
    struct msg_fetch first = said(f, MSG_FETCH).fetch, second = said(f, MSG_FETCH).fetch;
    assert_int_equal(count_said(f, MSG_FETCH), 0);
    serve_one(f, &second);
    assert_int_equal(count_effects(f, AGENT_DO_APPLY), 0);
    serve_one(f, &first);
    assert_int_equal(count_effects(f, AGENT_DO_APPLY), 3);
    done(f, "a", 7, OUTCOME_APPLIED);
    done(f, "b", 8, OUTCOME_APPLIED);
    done(f, "c", 9, OUTCOME_APPLIED);
    offer_of(f, "a", 17, "r2");
    assert_int_equal(count_said(f, MSG_FETCH), 0);
    assert_int_equal(count_effects(f, AGENT_DO_APPLY), 1);
}

static void test_what_is_idle_may_be_evicted(void **state)
{
    F;
    agent_free(f->agent);
    f->options.cache_bytes = 1;
    f->agent = agent_new(&f->options);
    up(f, "a b");
    at_work(f, "a", 7);
    offer(f, "b", 8);
    assert_int_equal(count_said(f, MSG_FETCH), 0);
    take(f, AGENT_DO_APPLY);
    done(f, "a", 7, OUTCOME_APPLIED);
    done(f, "b", 8, OUTCOME_APPLIED);
    offer_of(f, "a", 9, "r2");
    assert_int_equal(count_said(f, MSG_FETCH), 1);
}

static void test_chunks_are_resumed_where_they_were_lost(void **state)
{
    F;
    up(f, "a");
    f->chunk = 40;
    offer(f, "a", 7);
    struct msg_fetch fetch = said(f, MSG_FETCH).fetch;
    serve_one(f, &fetch);
    struct msg_fetch next = said(f, MSG_FETCH).fetch;
    assert_int_equal(next.offset, 40);
    serve_one(f, &fetch);
    assert_int_equal(count_said(f, MSG_FETCH), 0);
    tick_after(f, 2 * RESEND_MS);
    assert_int_equal(said(f, MSG_FETCH).fetch.offset, 40);
    tick_after(f, PEER_SILENT_MS);
    forget(f);
    hello_ack(f);
    next = said(f, MSG_FETCH).fetch;
    assert_int_equal(next.offset, 40);
    serve_one(f, &next);
    serve_fetches(f);
    take(f, AGENT_DO_APPLY);
}

static void assert_refused(struct fixture *f, uint64_t fence, enum err_code code)
{
    struct msg_result result = said(f, MSG_RESULT).result;
    assert_int_equal(result.outcome, OUTCOME_BLOCKED);
    assert_int_equal(result.fence, fence);
    assert_int_equal(result.err.code, code);
    assert_null(find_effect(f, AGENT_DO_APPLY));
}

static void test_a_wrong_hash_is_refused_for_all_who_wait(void **state)
{
    F;
    up(f, "a b");
    f->script_bytes[1] = f->script_bytes[0];
    offer(f, "a", 7);
    offer(f, "b", 8);
    serve_fetches(f);
    assert_refused(f, 7, ERR_REFUSED);
    assert_refused(f, 8, ERR_REFUSED);
    f->script_bytes[1] = blob_encode_script(&f->arena, &f->scripts[1]);
    at_work(f, "a", 9);
}

static void test_a_blob_that_cannot_be_had_is_said(void **state)
{
    F;
    up(f, "a");
    f->plan_bytes = STR_NONE;
    offer(f, "a", 7);
    serve_fetches(f);
    assert_refused(f, 7, ERR_INPUT);
    f->plan_bytes = STR("\xff\xff");
    offer(f, "a", 8);
    serve_fetches(f);
    assert_refused(f, 8, ERR_INPUT);
}

static void test_chunks_that_do_not_fit_are_refused(void **state)
{
    F;
    up(f, "a");
    offer(f, "a", 7);
    struct msg_fetch fetch = said(f, MSG_FETCH).fetch;
    struct msg m = {.kind = MSG_CHUNK, .chunk = {.kind = BLOB_PLAN, .hash = fetch.hash}};
    m.chunk.total = 3;
    m.chunk.bytes = STR("four");
    receive(f, m);
    assert_refused(f, 7, ERR_INPUT);
    offer(f, "a", 8);
    m.chunk.total = (uint64_t)LIMIT_BLOB + 1;
    receive(f, m);
    assert_refused(f, 8, ERR_INPUT);
}

/* The plan as the fixture has it by now, under its new name. */
static void plan_changed(struct fixture *f)
{
    f->plan.id = plan_hash(&f->plan);
    f->plan_bytes = blob_encode_plan(&f->arena, &f->plan);
}

static void test_a_plan_for_another_engine_is_refused(void **state)
{
    F;
    up(f, "a");
    f->plan.engine = ENGINE_POSTGRESQL;
    plan_changed(f);
    offer(f, "a", 7);
    serve_fetches(f);
    assert_refused(f, 7, ERR_REFUSED);
}

static void test_a_module_that_is_not_served_is_refused(void **state)
{
    F;
    start(f);
    hello_ack(f);
    struct target_found t = {.name = STR("a"), .engine = ENGINE_SQLITE, .server = STR("s")};
    vec_push(&f->arena, &t.modules.list, STR("billing"));
    step(f, (struct agent_event){.kind = AGENT_ON_TARGETS, .targets = {.list = &t, .count = 1}});
    answer_reads(f);
    ack_pages(f);
    offer(f, "a", 7);
    serve_fetches(f);
    assert_refused(f, 7, ERR_REFUSED);
}

static void test_a_module_taken_down_to_its_base_is_gone(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    struct event_done d = {.target = STR("a"), .fence = 7, .outcome = OUTCOME_APPLIED, .state_known = true};
    step(f, (struct agent_event){.kind = AGENT_ON_DONE, .done = d});
    struct target_report r = said(f, MSG_RESULT).result.report;
    assert_true(str_is(dbstate_format(&f->arena, &r.state), "billing=x1"));
}

static void test_only_a_stamp_needs_no_script(void **state)
{
    F;
    up(f, "a");
    f->plan.steps.list.items[0].script = (struct hash){0};
    plan_changed(f);
    offer(f, "a", 7);
    serve_fetches(f);
    assert_refused(f, 7, ERR_REFUSED);
    f->plan.steps.list.items[0].direction = DIRECTION_STAMP;
    plan_changed(f);
    offer(f, "a", 8);
    serve_fetches(f);
    struct effect_apply apply = take(f, AGENT_DO_APPLY).apply;
    assert_null(apply.scripts[0]);
    assert_non_null(apply.scripts[1]);
}

static void test_a_script_that_two_steps_share_is_fetched_once(void **state)
{
    F;
    up(f, "a");
    f->plan.steps.list.items[0].script = f->plan.steps.list.items[1].script;
    plan_changed(f);
    offer(f, "a", 7);
    struct msg_fetch fetch = said(f, MSG_FETCH).fetch;
    serve_one(f, &fetch);
    assert_int_equal(count_said(f, MSG_FETCH), 1);
    close_fence(f, "a", 8);
    offer_of(f, "a", 9, "r2");
    closed(f, "a", 8);
    answer_reads(f);
    serve_fetches(f);
    struct effect_apply apply = take(f, AGENT_DO_APPLY).apply;
    assert_ptr_equal(apply.scripts[0], apply.scripts[1]);
}

/* ---- fences ---- */

static void test_a_newer_fence_replaces_what_has_not_begun(void **state)
{
    F;
    up(f, "a");
    offer(f, "a", 7);
    offer_of(f, "a", 8, "r2");
    serve_fetches(f);
    struct effect_apply apply = take(f, AGENT_DO_APPLY).apply;
    assert_int_equal(apply.fence, 8);
    assert_true(str_is(apply.attempt, "r2"));
    done(f, "a", 8, OUTCOME_APPLIED);
    assert_int_equal(said(f, MSG_RESULT).result.fence, 8);
}

static void test_a_newer_fence_for_the_same_follows_what_is_at_work(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    forget(f);
    offer(f, "a", 8);
    assert_int_equal(said(f, MSG_ACCEPT).accept.fence, 8);
    assert_null(find_effect(f, AGENT_DO_CANCEL));
    done(f, "a", 7, OUTCOME_APPLIED);
    assert_int_equal(said(f, MSG_RESULT).result.fence, 7);
    assert_int_equal(take(f, AGENT_DO_APPLY).apply.fence, 8);
    done(f, "a", 8, OUTCOME_ALREADY_APPLIED);
    assert_int_equal(said(f, MSG_RESULT).result.outcome, OUTCOME_ALREADY_APPLIED);
}

static void test_a_newer_fence_for_something_else_stops_what_is_at_work(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    offer_of(f, "a", 8, "r2");
    assert_true(str_is(take(f, AGENT_DO_CANCEL).target.target, "a"));
    offer_of(f, "a", 9, "r3");
    offer(f, "a", 7);
    assert_null(find_effect(f, AGENT_DO_CANCEL));
    assert_null(find_effect(f, AGENT_DO_APPLY));
    done(f, "a", 7, OUTCOME_CANCELLED);
    assert_int_equal(take(f, AGENT_DO_APPLY).apply.fence, 9);
}

static void test_an_older_fence_is_stale(void **state)
{
    F;
    up(f, "a");
    offer_of(f, "a", 8, "r2");
    forget(f);
    offer(f, "a", 7);
    struct msg_result result = said(f, MSG_RESULT).result;
    assert_int_equal(result.outcome, OUTCOME_STALE);
    assert_int_equal(result.fence, 7);
    offer(f, "a", 8);
    assert_int_equal(said(f, MSG_RESULT).result.fence, 8);
    tick_after(f, RESEND_MAX_MS);
    assert_int_equal(count_said(f, MSG_RESULT), 0);
}

static void test_a_new_term_may_have_lower_fences(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    done(f, "a", 7, OUTCOME_APPLIED);
    result_ack(f, "a", 7);
    f->term = 6;
    offer_of(f, "a", 3, "r9");
    assert_int_equal(take(f, AGENT_DO_APPLY).apply.fence, 3);
}

/* ---- closing ---- */

static void test_close_before_apply(void **state)
{
    F;
    up(f, "a");
    offer(f, "a", 7);
    close_fence(f, "a", 7);
    struct effect_target what = take(f, AGENT_DO_CLOSE).target;
    assert_int_equal(what.fence, 7);
    serve_fetches(f);
    assert_null(find_effect(f, AGENT_DO_APPLY));
    closed(f, "a", 7);
    assert_int_equal(count_said(f, MSG_CLOSED), 0);
    answer_reads(f);
    assert_int_equal(said(f, MSG_CLOSED).closed.fence, 7);
    close_fence(f, "a", 7);
    assert_int_equal(count_said(f, MSG_CLOSED), 1);
    tick_after(f, 2 * RESEND_MS);
    assert_in_range(count_said(f, MSG_CLOSED), 1, 2);
    result_ack(f, "a", 7);
    tick_after(f, RESEND_MAX_MS);
    assert_int_equal(count_said(f, MSG_CLOSED), 0);
    assert_int_equal(count_effects(f, AGENT_DO_CLOSE), 0);
}

static void test_close_while_at_work(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    close_fence(f, "a", 9);
    take(f, AGENT_DO_CANCEL);
    assert_null(find_effect(f, AGENT_DO_CLOSE));
    done(f, "a", 7, OUTCOME_CANCELLED);
    assert_int_equal(take(f, AGENT_DO_CLOSE).target.fence, 9);
    closed(f, "a", 9);
    answer_reads(f);
    assert_int_equal(said(f, MSG_CLOSED).closed.fence, 9);
    offer(f, "a", 9);
    assert_int_equal(count_effects(f, AGENT_DO_APPLY), 0);
}

static void test_close_after_a_result_that_may_be_lost(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    done(f, "a", 7, OUTCOME_APPLIED);
    forget(f);
    close_fence(f, "a", 9);
    assert_int_equal(said(f, MSG_RESULT).result.outcome, OUTCOME_APPLIED);
    struct target_report r = said(f, MSG_TARGETS).targets.list.items[0];
    assert_true(str_is(dbstate_format(&f->arena, &r.state), "billing=x1 core=c3"));
    take(f, AGENT_DO_CLOSE);
}

static void test_close_that_fails_is_tried_again(void **state)
{
    F;
    up(f, "a");
    close_fence(f, "a", 9);
    take(f, AGENT_DO_CLOSE);
    struct event_done d = {.target = STR("a"), .fence = 9, .outcome = OUTCOME_BLOCKED};
    step(f, (struct agent_event){.kind = AGENT_ON_CLOSED, .done = d});
    assert_int_equal(count_said(f, MSG_CLOSED), 0);
    tick_after(f, 2 * RESEND_MS);
    take(f, AGENT_DO_CLOSE);
}

static void test_closed_is_said_only_with_the_state_that_proves_it(void **state)
{
    F;
    up(f, "a");
    close_fence(f, "a", 9);
    closed(f, "a", 9);
    struct event_read bad = {.target = STR("a"), .problem = STR("no connection")};
    take(f, AGENT_DO_READ);
    step(f, (struct agent_event){.kind = AGENT_ON_READ, .read = bad});
    assert_int_equal(count_said(f, MSG_CLOSED), 0);
    tick_after(f, 2 * RESEND_MS);
    answer_reads(f);
    assert_true(said(f, MSG_CLOSED).closed.report.readable);
}

/* ---- workers ---- */

static void test_an_unknown_outcome_is_asked_again(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    done(f, "a", 7, OUTCOME_UNKNOWN);
    assert_int_equal(count_said(f, MSG_RESULT), 0);
    assert_true(str_is(said(f, MSG_PROGRESS).progress.sentence, "is tried again: how it ended is not known"));
    tick_after(f, 2 * RESEND_MS);
    assert_int_equal(take(f, AGENT_DO_APPLY).apply.fence, 7);
    done(f, "a", 7, OUTCOME_ALREADY_APPLIED);
    assert_int_equal(said(f, MSG_RESULT).result.outcome, OUTCOME_ALREADY_APPLIED);
}

static void test_an_unreadable_target_is_read_before_the_answer(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    struct event_done d = {.target = STR("a"), .fence = 7, .outcome = OUTCOME_BLOCKED};
    step(f, (struct agent_event){.kind = AGENT_ON_DONE, .done = d});
    assert_int_equal(count_said(f, MSG_RESULT), 0);
    struct event_read bad = {.target = STR("a"), .problem = STR("no connection")};
    take(f, AGENT_DO_READ);
    step(f, (struct agent_event){.kind = AGENT_ON_READ, .read = bad});
    struct msg_result result = said(f, MSG_RESULT).result;
    assert_int_equal(result.outcome, OUTCOME_BLOCKED);
    assert_false(result.report.readable);
}

static void offer_all(struct fixture *f, const char *prefix, int count, uint64_t fence)
{
    for (int i = 0; i < count; i++)
        offer(f, str_printf(&f->arena, "%s%d", prefix, i).p, fence + (uint64_t)i);
    serve_fetches(f);
}

static void test_workers_are_capped(void **state)
{
    F;
    up(f, "a0 a1 a2 a3 a4 a5");
    offer_all(f, "a", 6, 10);
    assert_int_equal(count_effects(f, AGENT_DO_APPLY), 4);
    done(f, "a1", 11, OUTCOME_APPLIED);
    assert_true(str_is(take(f, AGENT_DO_APPLY).apply.target, "a4"));
    close_fence(f, "a2", 20);
    close_fence(f, "a5", 21);
    done(f, "a0", 10, OUTCOME_APPLIED);
    assert_true(str_is(take(f, AGENT_DO_CLOSE).target.target, "a5"));
}

static void test_servers_take_turns_and_have_caps(void **state)
{
    F;
    agent_free(f->agent);
    f->options.workers = 3;
    f->options.workers_per_server = 2;
    f->agent = agent_new(&f->options);
    up(f, "a0@x a1@x a2@x a3@x b0@y b1@y");
    offer_all(f, "a", 4, 10);
    assert_int_equal(count_effects(f, AGENT_DO_APPLY), 2);
    offer_all(f, "b", 2, 20);
    assert_true(str_is(take(f, AGENT_DO_APPLY).apply.target, "b0"));
    done(f, "a0", 10, OUTCOME_APPLIED);
    assert_true(str_is(take(f, AGENT_DO_APPLY).apply.target, "b1"));
    done(f, "b0", 20, OUTCOME_APPLIED);
    assert_true(str_is(take(f, AGENT_DO_APPLY).apply.target, "a2"));
}

static void test_progress_is_passed_on_but_not_all_of_it(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    struct event_progress p = {.target = STR("a"), .fence = 7, .step = 1, .steps = 2};
    f->now_ms += 1000;
    step(f, (struct agent_event){.kind = AGENT_ON_PROGRESS, .progress = p});
    step(f, (struct agent_event){.kind = AGENT_ON_PROGRESS, .progress = p});
    assert_int_equal(count_said(f, MSG_PROGRESS), 1);
    p.sentence = STR("waits for a lock");
    step(f, (struct agent_event){.kind = AGENT_ON_PROGRESS, .progress = p});
    assert_true(str_is(said(f, MSG_PROGRESS).progress.sentence, "waits for a lock"));
    p.sentence = STR("waits for \xff");
    step(f, (struct agent_event){.kind = AGENT_ON_PROGRESS, .progress = p});
    assert_true(str_is(said(f, MSG_PROGRESS).progress.sentence, "waits for ?"));
    p.fence = 6;
    step(f, (struct agent_event){.kind = AGENT_ON_PROGRESS, .progress = p});
    assert_int_equal(count_said(f, MSG_PROGRESS), 0);
}

static void test_a_worker_that_nobody_asked_is_not_believed(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    forget(f);
    done(f, "a", 6, OUTCOME_APPLIED);
    closed(f, "a", 7);
    done(f, "nobody", 7, OUTCOME_APPLIED);
    step(f, (struct agent_event){.kind = AGENT_ON_READ, .read = {.target = STR("a"), .readable = true}});
    assert_int_equal(count_effects(f, AGENT_DO_SEND), 0);
    assert_int_equal(count_effects(f, AGENT_DO_LOG), 4);
}

static void test_a_job_waits_for_a_target_that_is_gone(void **state)
{
    F;
    up(f, "a");
    offer(f, "a", 7);
    found(f, "");
    ack_pages(f);
    serve_fetches(f);
    assert_null(find_effect(f, AGENT_DO_APPLY));
    found(f, "a");
    assert_null(find_effect(f, AGENT_DO_APPLY));
    answer_reads(f);
    take(f, AGENT_DO_APPLY);
    found(f, "");
    ack_pages(f);
    done(f, "a", 7, OUTCOME_APPLIED);
    assert_int_equal(said(f, MSG_RESULT).result.fence, 7);
    result_ack(f, "a", 7);
    offer(f, "a", 8);
    assert_int_equal(count_said(f, MSG_FETCH), 0);
}

/* ---- stopping ---- */

static void test_stop_when_idle(void **state)
{
    F;
    up(f, "a");
    step(f, (struct agent_event){.kind = AGENT_ON_STOP});
    assert_int_equal(said(f, MSG_BYE).bye.boot, 77);
    assert_false(take(f, AGENT_DO_EXIT).exit.failed);
}

static void test_stop_lets_work_end_then_asks_it_to(void **state)
{
    F;
    up(f, "a b");
    at_work(f, "a", 7);
    step(f, (struct agent_event){.kind = AGENT_ON_STOP});
    offer(f, "b", 8);
    assert_null(find_effect(f, AGENT_DO_EXIT));
    tick_after(f, 9999);
    assert_null(find_effect(f, AGENT_DO_CANCEL));
    tick_after(f, 1);
    take(f, AGENT_DO_CANCEL);
    tick_after(f, 20000);
    assert_null(find_effect(f, AGENT_DO_CANCEL));
    done(f, "a", 7, OUTCOME_CANCELLED);
    assert_int_equal(said(f, MSG_RESULT).result.outcome, OUTCOME_CANCELLED);
    said(f, MSG_BYE);
    take(f, AGENT_DO_EXIT);
    assert_null(find_effect(f, AGENT_DO_APPLY));
}

static void test_a_second_stop_does_not_wait(void **state)
{
    F;
    up(f, "a");
    at_work(f, "a", 7);
    step(f, (struct agent_event){.kind = AGENT_ON_STOP});
    step(f, (struct agent_event){.kind = AGENT_ON_STOP});
    take(f, AGENT_DO_CANCEL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_happy_path),
        T(test_a_result_is_repeated_until_acknowledged),
        T(test_the_same_offer_again_gets_the_same_answer),
        T(test_one_fetch_serves_many_targets),
        T(test_a_script_that_two_steps_share_is_fetched_once),
        T(test_what_is_idle_may_be_evicted),
        T(test_chunks_are_resumed_where_they_were_lost),
        T(test_a_wrong_hash_is_refused_for_all_who_wait),
        T(test_a_blob_that_cannot_be_had_is_said),
        T(test_chunks_that_do_not_fit_are_refused),
        T(test_a_plan_for_another_engine_is_refused),
        T(test_a_module_that_is_not_served_is_refused),
        T(test_only_a_stamp_needs_no_script),
        T(test_a_module_taken_down_to_its_base_is_gone),
        T(test_a_newer_fence_replaces_what_has_not_begun),
        T(test_a_newer_fence_for_the_same_follows_what_is_at_work),
        T(test_a_newer_fence_for_something_else_stops_what_is_at_work),
        T(test_an_older_fence_is_stale),
        T(test_a_new_term_may_have_lower_fences),
        T(test_close_before_apply),
        T(test_close_while_at_work),
        T(test_close_after_a_result_that_may_be_lost),
        T(test_close_that_fails_is_tried_again),
        T(test_closed_is_said_only_with_the_state_that_proves_it),
        T(test_an_unknown_outcome_is_asked_again),
        T(test_an_unreadable_target_is_read_before_the_answer),
        T(test_workers_are_capped),
        T(test_servers_take_turns_and_have_caps),
        T(test_progress_is_passed_on_but_not_all_of_it),
        T(test_a_worker_that_nobody_asked_is_not_believed),
        T(test_a_job_waits_for_a_target_that_is_gone),
        T(test_stop_when_idle),
        T(test_stop_lets_work_end_then_asks_it_to),
        T(test_a_second_stop_does_not_wait),
    };
    return cmocka_run_group_tests_name("agent jobs", tests, NULL, NULL);
}
