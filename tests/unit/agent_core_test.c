/* The agent's conversation and its targets; what it is asked to do is in agent_job_test.c. */
#include "tests/unit/agent_fixture.h"

/* ---- hello ---- */

static void test_hello_is_repeated_then_dialled_again(void **state)
{
    F;
    start(f);
    struct msg_hello hello = said(f, MSG_HELLO).hello;
    assert_int_equal(hello.boot, 77);
    assert_int_equal(hello.version_min, PROTOCOL_MIN);
    assert_int_equal(hello.workers, 4);
    tick_after(f, 500);
    assert_in_range(count_said(f, MSG_HELLO), 2, 3);
    tick_after(f, 4500);
    take(f, AGENT_DO_RECONNECT);
    said(f, MSG_HELLO);
    assert_null(find_effect(f, AGENT_DO_RECONNECT));
    tick_after(f, 1000 * 1000);
    assert_in_range(count_effects(f, AGENT_DO_RECONNECT), 1000 / 6, 1000 / 4);
    hello_ack(f);
    forget(f);
    tick_after(f, PEER_SILENT_MS + 1000 * 1000);
    assert_in_range(count_effects(f, AGENT_DO_RECONNECT), 1000 / 30, 1000 / 20 + 3);
}

static void test_no_common_version_ends_the_agent(void **state)
{
    F;
    start(f);
    receive(f, (struct msg){.kind = MSG_HELLO_ACK, .version = 9, .hello_ack = {.version = 0}});
    assert_true(take(f, AGENT_DO_EXIT).exit.failed);
    forget(f);
    found(f, "a");
    assert_int_equal(f->fx.list.count, 0);
}

static void test_pings_and_silence(void **state)
{
    F;
    up(f, "a");
    tick_after(f, PING_EVERY_MS);
    said(f, MSG_PING);
    receive(f, (struct msg){.kind = MSG_PONG});
    receive(f, (struct msg){.kind = MSG_PING, .ping = {.nonce = 4711}});
    assert_int_equal(said(f, MSG_PONG).pong.nonce, 4711);
    tick_after(f, PEER_SILENT_MS - 1);
    assert_int_equal(count_said(f, MSG_PING), 2);
    assert_null(find_effect(f, AGENT_DO_RECONNECT));
    tick_after(f, 1);
    take(f, AGENT_DO_RECONNECT);
    said(f, MSG_HELLO);
}

static void test_a_reconnect_tells_everything_again(void **state)
{
    F;
    up(f, "a b");
    tick_after(f, PEER_SILENT_MS);
    forget(f);
    hello_ack(f);
    struct msg_targets page = said(f, MSG_TARGETS).targets;
    assert_true(page.first && page.last);
    assert_int_equal(page.list.count, 2);
}

static void test_an_old_answer_to_hello_does_not_count(void **state)
{
    F;
    start(f);
    uint64_t id = said(f, MSG_HELLO).id;
    tick_after(f, HELLO_WAIT_MS);
    found(f, "");
    struct msg ack = {.kind = MSG_HELLO_ACK, .re = id, .hello_ack = {.version = PROTOCOL_MAX}};
    receive(f, ack);
    assert_int_equal(count_said(f, MSG_TARGETS), 0);
    ack.re = said(f, MSG_HELLO).id + 100;
    receive(f, ack);
    said(f, MSG_TARGETS);
}

static void test_stale_term_is_not_listened_to(void **state)
{
    F;
    up(f, "a");
    f->term = 4;
    offer(f, "a", 9);
    assert_int_equal(count_said(f, MSG_ACCEPT), 0);
    assert_non_null(find_effect(f, AGENT_DO_LOG));
    f->term = 5;
    offer(f, "a", 9);
    assert_int_equal(said(f, MSG_ACCEPT).accept.fence, 9);
}

static void test_a_new_term_is_greeted(void **state)
{
    F;
    up(f, "a");
    f->term = 6;
    receive(f, (struct msg){.kind = MSG_PONG});
    assert_int_equal(said(f, MSG_HELLO).hello.term, 6);
    assert_null(find_effect(f, AGENT_DO_RECONNECT));
    hello_ack(f);
    assert_int_equal(said(f, MSG_TARGETS).targets.list.count, 1);
}

static void test_a_lost_session_is_greeted(void **state)
{
    F;
    up(f, "a");
    struct msg m = {.kind = MSG_ERROR};
    err_kind(&m.error.err, ERR_STATE, "no_session", "say hello");
    receive(f, m);
    said(f, MSG_HELLO);
}

static void test_hostile_messages_are_dropped(void **state)
{
    F;
    up(f, "a");
    for (int kind = 0; kind < MSG_COUNT + 3; kind++)
        if (!msg_allowed((enum msg_kind)kind, ROLE_COORDINATOR)) {
            receive(f, (struct msg){.kind = (enum msg_kind)kind});
            take(f, AGENT_DO_LOG);
        }
    receive(f, (struct msg){.kind = MSG_STATUS_REPLY});
    receive(f, (struct msg){.kind = MSG_OFFER, .version = 99});
    offer(f, "nobody", 7);
    offer(f, "a", 0);
    offer_of(f, "a", 7, "");
    close_fence(f, "a", 0);
    close_fence(f, "nobody", 3);
    result_ack(f, "nobody", 3);
    receive(f, (struct msg){.kind = MSG_CHUNK, .chunk = {.kind = BLOB_PLAN, .total = 5, .bytes = STR("hello")}});
    assert_int_equal(count_effects(f, AGENT_DO_SEND), 0);
}

/* ---- targets ---- */

static void test_the_first_list_waits_for_readings(void **state)
{
    F;
    start(f);
    hello_ack(f);
    found(f, "a b");
    assert_int_equal(count_said(f, MSG_TARGETS), 0);
    answer_reads(f);
    struct msg_targets page = said(f, MSG_TARGETS).targets;
    assert_true(page.first && page.last && page.list.count == 2);
    assert_true(page.list.items[0].readable);
    assert_true(str_is(dbstate_format(&f->arena, &page.list.items[0].state), "billing=x1 core=a1"));
    assert_true(str_is(page.list.items[0].identity, "file:1:2"));
}

static void test_a_stuck_reading_does_not_hold_the_list(void **state)
{
    F;
    start(f);
    hello_ack(f);
    found(f, "a");
    tick_after(f, 5000);
    struct msg_targets page = said(f, MSG_TARGETS).targets;
    assert_false(page.list.items[0].readable);
    assert_true(page.list.items[0].problem.len > 0);
}

static void test_nothing_is_said_before_discovery(void **state)
{
    F;
    start(f);
    hello_ack(f);
    assert_int_equal(count_said(f, MSG_TARGETS), 0);
    found(f, "");
    struct msg_targets page = said(f, MSG_TARGETS).targets;
    assert_true(page.first && page.last && page.list.count == 0);
}

static void find_many(struct fixture *f, int count)
{
    struct strbuf names;
    strbuf_init(&names, 1 << 20);
    for (int i = 0; i < count; i++)
        strbuf_printf(&names, "%st%04d", i > 0 ? " " : "", i);
    found(f, names.p);
    strbuf_release(&names);
}

static void answer_reads_at_once(struct fixture *f)
{
    struct agent_effects reads = f->fx;
    f->fx = (struct agent_effects){0};
    for (size_t i = 0; i < reads.list.count; i++)
        if (reads.list.items[i].kind == AGENT_DO_READ)
            vec_push(&f->fx.arena, &f->fx.list, reads.list.items[i]);
    answer_reads(f);
    agent_effects_clear(&reads);
}

static void test_three_thousand_targets_come_in_pages(void **state)
{
    F;
    start(f);
    hello_ack(f);
    find_many(f, 3000);
    answer_reads_at_once(f);
    size_t pages = 0, targets = 0;
    for (bool last = false; !last; pages++) {
        struct msg_targets page = said(f, MSG_TARGETS).targets;
        assert_int_equal(page.first, pages == 0);
        assert_true(page.list.count <= LIMIT_REPORTS);
        targets += page.list.count;
        last = page.last;
        forget(f);
        receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = page.page}});
    }
    assert_int_equal(targets, 3000);
    assert_int_equal(pages, 15);
    find_many(f, 3000);
    assert_int_equal(count_effects(f, AGENT_DO_SEND) + count_effects(f, AGENT_DO_READ), 0);
}

static void test_a_page_is_repeated_as_it_was(void **state)
{
    F;
    start(f);
    hello_ack(f);
    found(f, "a");
    answer_reads(f);
    struct msg_targets page = said(f, MSG_TARGETS).targets;
    found(f, "a b");
    answer_reads(f);
    tick_after(f, 2 * RESEND_MS);
    struct msg_targets again = said(f, MSG_TARGETS).targets;
    assert_int_equal(again.page, page.page);
    assert_int_equal(again.list.count, 1);
    receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = page.page + 1}});
    assert_int_equal(count_said(f, MSG_TARGETS), 0);
    receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = page.page}});
    struct msg_targets next = said(f, MSG_TARGETS).targets;
    assert_true(!next.first && !next.last && next.list.count == 1);
    assert_true(str_is(next.list.items[0].name, "b"));
}

static void test_what_is_gone_is_said_and_forgotten(void **state)
{
    F;
    up(f, "a b");
    found(f, "a");
    struct msg_targets page = said(f, MSG_TARGETS).targets;
    assert_int_equal(page.list.count, 1);
    assert_true(page.list.items[0].gone && str_is(page.list.items[0].name, "b"));
    receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = page.page}});
    forget(f);
    found(f, "a b");
    assert_true(str_is(take(f, AGENT_DO_READ).target.target, "b"));
}

static void test_an_incomplete_discovery_takes_nothing_away(void **state)
{
    F;
    start(f);
    hello_ack(f);
    found_some(f, "a");
    answer_reads(f);
    struct msg_targets page = said(f, MSG_TARGETS).targets;
    assert_true(!page.first && !page.last && page.list.count == 1);
    receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = page.page}});
    assert_int_equal(count_said(f, MSG_TARGETS), 0);
    found_some(f, "a");
    page = said(f, MSG_TARGETS).targets;
    assert_true(!page.first && !page.last && page.list.count == 0);
    receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = page.page}});
    found(f, "a b");
    answer_reads(f);
    page = said(f, MSG_TARGETS).targets;
    assert_true(page.first && page.last && page.list.count == 2);
    receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = page.page}});
    found_some(f, "a");
    assert_int_equal(count_said(f, MSG_TARGETS), 0);
    found(f, "a");
    assert_true(said(f, MSG_TARGETS).targets.list.items[0].gone);
}

static void test_old_readings_are_made_again(void **state)
{
    F;
    up(f, "a");
    found(f, "a");
    assert_null(find_effect(f, AGENT_DO_READ));
    f->now_ms += 5 * 60 * 1000;
    found(f, "a");
    answer_reads(f);
    assert_int_equal(count_said(f, MSG_TARGETS), 0);
}

static void test_rows_that_nobody_takes_are_no_state(void **state)
{
    F;
    start(f);
    hello_ack(f);
    found(f, "a");
    struct event_read read = {.target = STR("a"), .readable = true};
    struct names heads = {0};
    vec_push(&f->arena, &heads.list, STR("two words"));
    dbstate_set(&f->arena, &read.state, STR("core"), &heads);
    step(f, (struct agent_event){.kind = AGENT_ON_READ, .read = read});
    struct target_report r = said(f, MSG_TARGETS).targets.list.items[0];
    assert_false(r.readable);
    assert_true(str_is(r.problem, "has a row in the version table of core that is no revision id: it has white space "
                                  "or a control character"));
}

static void read_with_many_heads(struct fixture *f, const char *target, int modules)
{
    struct event_read read = {.target = str_of(target), .readable = true};
    struct names heads = {0};
    for (int i = 0; i < LIMIT_HEADS; i++)
        vec_push(&f->arena, &heads.list, str_printf(&f->arena, "%032d", i));
    for (int i = 0; i < modules; i++)
        dbstate_set(&f->arena, &read.state, str_printf(&f->arena, "m%d", i), &heads);
    step(f, (struct agent_event){.kind = AGENT_ON_READ, .read = read});
}

static void test_large_states_take_pages_of_their_own(void **state)
{
    F;
    start(f);
    hello_ack(f);
    found(f, "a b c");
    read_with_many_heads(f, "a", 40);
    read_with_many_heads(f, "b", 40);
    read_with_many_heads(f, "c", 100);
    for (int i = 0; i < 3; i++) {
        struct msg_targets page = said(f, MSG_TARGETS).targets;
        assert_int_equal(page.list.count, 1);
        assert_int_equal(page.last, i == 2);
        assert_int_equal(page.list.items[0].state.modules.count, i < 2 ? 40 : 0);
        assert_true(i < 2 || str_is(page.list.items[0].problem, "has a state that is too large to report"));
        receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = page.page}});
    }
}

static void test_labels_and_modules_are_reported(void **state)
{
    F;
    start(f);
    hello_ack(f);
    struct target_found t = {.name = STR("a"), .engine = ENGINE_SQLITE, .server = STR("s")};
    struct label label = {STR("env"), STR("prod")};
    vec_push(&f->arena, &t.labels.list, label);
    vec_push(&f->arena, &t.modules.list, STR("core"));
    step(f, (struct agent_event){.kind = AGENT_ON_TARGETS, .targets = {.list = &t, .count = 1}});
    answer_reads(f);
    struct msg_targets page = said(f, MSG_TARGETS).targets;
    assert_true(str_is(page.list.items[0].labels.list.items[0].value, "prod"));
    assert_true(str_is(page.list.items[0].modules.list.items[0], "core"));
    t.labels.list.items[0].value = STR("test");
    step(f, (struct agent_event){.kind = AGENT_ON_TARGETS, .targets = {.list = &t, .count = 1}});
    receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = page.page}});
    page = said(f, MSG_TARGETS).targets;
    assert_true(str_is(page.list.items[0].labels.list.items[0].value, "test"));
    receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = page.page}});
    answer_reads(f);
    offer(f, "a", 7);
    serve_fetches(f);
    take(f, AGENT_DO_APPLY);
    t.labels.list.items[0].value = STR("\n");
    forget(f);
    step(f, (struct agent_event){.kind = AGENT_ON_TARGETS, .targets = {.list = &t, .count = 1}});
    assert_int_equal(count_effects(f, AGENT_DO_LOG), 2);
}

static void test_a_target_may_move_to_another_server(void **state)
{
    F;
    agent_free(f->agent);
    f->options.workers_per_server = 1;
    f->agent = agent_new(&f->options);
    up(f, "a@x b@x");
    at_work(f, "a", 7);
    offer(f, "b", 8);
    assert_null(find_effect(f, AGENT_DO_APPLY));
    found(f, "a@y b@y");
    assert_true(str_is(take(f, AGENT_DO_APPLY).apply.target, "b"));
    done(f, "a", 7, OUTCOME_APPLIED);
    done(f, "b", 8, OUTCOME_APPLIED);
}

static void test_names_that_nobody_takes_are_left_out(void **state)
{
    F;
    start(f);
    hello_ack(f);
    found(f, "a \xff\xfe a b\x01");
    assert_int_equal(count_effects(f, AGENT_DO_LOG), 4);
    assert_int_equal(count_effects(f, AGENT_DO_READ), 1);
}

static void test_an_idle_agent_sleeps(void **state)
{
    F;
    up(f, "a");
    assert_true(f->timer_ms >= f->now_ms + PING_EVERY_MS);
    receive(f, (struct msg){.kind = MSG_PONG});
    assert_int_equal(f->fx.list.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_hello_is_repeated_then_dialled_again),
        T(test_no_common_version_ends_the_agent),
        T(test_pings_and_silence),
        T(test_a_reconnect_tells_everything_again),
        T(test_an_old_answer_to_hello_does_not_count),
        T(test_stale_term_is_not_listened_to),
        T(test_a_new_term_is_greeted),
        T(test_a_lost_session_is_greeted),
        T(test_hostile_messages_are_dropped),
        T(test_the_first_list_waits_for_readings),
        T(test_a_stuck_reading_does_not_hold_the_list),
        T(test_nothing_is_said_before_discovery),
        T(test_three_thousand_targets_come_in_pages),
        T(test_a_page_is_repeated_as_it_was),
        T(test_what_is_gone_is_said_and_forgotten),
        T(test_an_incomplete_discovery_takes_nothing_away),
        T(test_old_readings_are_made_again),
        T(test_rows_that_nobody_takes_are_no_state),
        T(test_large_states_take_pages_of_their_own),
        T(test_labels_and_modules_are_reported),
        T(test_names_that_nobody_takes_are_left_out),
        T(test_a_target_may_move_to_another_server),
        T(test_an_idle_agent_sleeps),
    };
    return cmocka_run_group_tests_name("agent core", tests, NULL, NULL);
}
