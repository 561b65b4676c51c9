/* The coordinator's core without a simulator: selectors, roles, requests, pushes, keys. */
#include <stdio.h>
#include <string.h>

#include "coordinator/core/coord.h"
#include "coordinator/core/select.h"
#include "skein/base/index.h"
#include "skein/base/timers.h"
#include "skein/wire/manifest.h"
#include "skein/wire/session.h"
#include "tests/support/cmocka.h"

#define KEY(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c

struct fixture {
    struct coord *c;
    struct coord_effects fx;
    struct arena arena;
    int64_t now;
};

static void step(struct fixture *f, struct coord_event e)
{
    coord_effects_clear(&f->fx);
    e.now_ms = f->now;
    e.wall_ms = f->now + 1000000;
    coord_step(f->c, &e, &f->fx);
}

static void add_principal(struct fixture *f, const char *name, enum role role, const char *key)
{
    struct coord_event e = {.kind = COORD_ON_PRINCIPAL};
    e.principal = (struct event_principal){.name = str_of(name), .role = role, .public_key = str_of(key)};
    step(f, e);
}

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.c = coord_new(), .now = 1000};
    step(&f, (struct coord_event){.kind = COORD_ON_START});
    add_principal(&f, "agent", ROLE_AGENT, KEY("a1"));
    add_principal(&f, "viewer", ROLE_VIEWER, KEY("b1"));
    add_principal(&f, "operator", ROLE_OPERATOR, KEY("c1"));
    add_principal(&f, "approver", ROLE_APPROVER, KEY("d1"));
    add_principal(&f, "admin", ROLE_ADMIN, KEY("e1"));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    coord_effects_clear(&f->fx);
    coord_free(f->c);
    arena_release(&f->arena);
    return 0;
}

static void say(struct fixture *f, const char *who, const struct msg *m)
{
    struct coord_event e = {.kind = COORD_ON_MESSAGE};
    e.message = (struct event_message){.link = 7, .principal = str_of(who), .address = STR("test"), .msg = m};
    step(f, e);
}

static const struct coord_effect *find(const struct fixture *f, enum coord_effect_kind kind)
{
    for (size_t i = 0; i < f->fx.list.count; i++)
        if (f->fx.list.items[i].kind == kind)
            return &f->fx.list.items[i];
    return NULL;
}

/* The one reply; NULL when there is none. */
static const struct msg *reply(const struct fixture *f)
{
    const struct coord_effect *e = find(f, COORD_DO_SEND);
    return e != NULL ? &e->send.msg : NULL;
}

static void expect_error(const struct fixture *f, const char *kind)
{
    assert_non_null(reply(f));
    assert_int_equal(reply(f)->kind, MSG_ERROR);
    assert_string_equal(reply(f)->error.err.kind, kind);
}

static bool stored(const struct fixture *f, enum record_kind kind)
{
    for (size_t i = 0; i < f->fx.list.count; i++)
        if (f->fx.list.items[i].kind == COORD_DO_PERSIST && f->fx.list.items[i].persist.kind == kind)
            return true;
    return false;
}

/* ---- roles ---- */

/* Every kind from every role: what is allowed gets its answer, what is not is refused and changes nothing. */
static void test_every_kind_from_every_role(void **state)
{
    static const struct {
        const char *name;
        enum role role;
    } peers[] = {{"agent", ROLE_AGENT},       {"viewer", ROLE_VIEWER}, {"operator", ROLE_OPERATOR},
                 {"approver", ROLE_APPROVER}, {"admin", ROLE_ADMIN},   {"nobody", ROLE_UNSET}};
    struct fixture *f = *state;
    for (int kind = MSG_UNSET; kind < MSG_COUNT; kind++)
        for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
            const struct msg m = {.version = 1, .id = 5, .kind = (enum msg_kind)kind};
            say(f, peers[i].name, &m);
            bool refused =
                reply(f) != NULL && reply(f)->kind == MSG_ERROR && strcmp(reply(f)->error.err.kind, "role") == 0;
            bool silent = reply(f) == NULL && find(f, COORD_DO_LOG) != NULL;
            if (msg_allowed((enum msg_kind)kind, peers[i].role) == (refused || (peers[i].role == ROLE_UNSET && silent)))
                fail_msg("%s from %s", msg_kind_name((enum msg_kind)kind), peers[i].name);
            if (!msg_allowed((enum msg_kind)kind, peers[i].role))
                assert_null(find(f, COORD_DO_PERSIST));
        }
}

static void test_requests_are_answered(void **state)
{
    struct fixture *f = *state;
    for (int kind = MSG_UNSET + 1; kind < MSG_COUNT; kind++) {
        const struct msg m = {.version = 1, .id = 77, .kind = (enum msg_kind)kind};
        if (!msg_allowed((enum msg_kind)kind, ROLE_ADMIN) || kind == MSG_PONG)
            continue;
        say(f, "admin", &m);
        assert_non_null(reply(f));
        assert_int_equal(reply(f)->re, 77);
    }
}

static void test_a_revoked_key_is_refused_at_once(void **state)
{
    struct fixture *f = *state;
    struct msg m = {.version = 1, .id = 1, .kind = MSG_AGENT_REVOKE, .agent_revoke = {.name = STR("viewer")}};
    say(f, "admin", &m);
    assert_int_equal(reply(f)->kind, MSG_OK);
    assert_non_null(find(f, COORD_DO_KEYS));
    assert_true(stored(f, RECORD_PRINCIPAL) && stored(f, RECORD_AUDIT));
    m = (struct msg){.version = 1, .id = 2, .kind = MSG_STATUS};
    say(f, "viewer", &m);
    assert_null(reply(f));
    assert_int_equal(coord_role(f->c, STR("viewer")), ROLE_UNSET);
}

static struct msg accept(const char *name, const char *key)
{
    return (struct msg){.version = 1,
                        .id = 1,
                        .kind = MSG_AGENT_ACCEPT,
                        .agent_accept = {.name = str_of(name), .role = ROLE_AGENT, .public_key = str_of(key)}};
}

static void test_names_and_keys_belong_together_for_ever(void **state)
{
    struct fixture *f = *state;
    struct coord_event knock = {.kind = COORD_ON_STRANGER};
    knock.stranger = (struct event_stranger){.public_key = STR(KEY("f1")), .address = STR("10.0.0.9")};
    step(f, knock);
    const struct msg list = {.version = 1, .id = 3, .kind = MSG_AGENT_LIST};
    say(f, "admin", &list);
    assert_int_equal(reply(f)->agents.rows.count, 6);
    assert_int_equal(reply(f)->agents.rows.items[5].status, PRINCIPAL_PENDING);
    struct msg m = accept("second", KEY("f1"));
    say(f, "admin", &m);
    assert_int_equal(reply(f)->kind, MSG_OK);
    say(f, "admin", &list);
    assert_int_equal(reply(f)->agents.rows.count, 6);
    assert_int_equal(coord_role(f->c, STR("second")), ROLE_AGENT);
    m = accept("third", KEY("f1"));
    say(f, "admin", &m);
    expect_error(f, "key_taken");
    m = accept("second", KEY("f2"));
    say(f, "admin", &m);
    expect_error(f, "name_taken");
    m = accept("third", "short");
    say(f, "admin", &m);
    expect_error(f, "bad_key");
}

/* ---- pushes ---- */

static struct project_files project(struct fixture *f, const char *column)
{
    struct project_files files = {0};
    struct module_files core = {.name = STR("core"), .folder = STR("v")};
    struct project_file file = {.path = STR("v/a1_x.sql")};
    file.bytes = str_printf(&f->arena,
                            "-- revision: a1\n-- revises:\n\n-- migrate:up\nCREATE TABLE t (%s INTEGER);\n"
                            "-- migrate:down\nDROP TABLE t;\n",
                            column);
    vec_push(&f->arena, &core.files, file);
    vec_push(&f->arena, &files.modules, core);
    return files;
}

static void put(struct fixture *f, struct str bytes)
{
    struct msg m = {.version = 1, .id = 9, .kind = MSG_BLOB_PUT};
    m.blob_put = (struct msg_blob_put){.hash = hash_of(bytes), .total = bytes.len};
    for (size_t at = 0; at < bytes.len; at += 50) { /* in pieces, the first one twice */
        m.blob_put.offset = at;
        m.blob_put.bytes = str_head(str_from(bytes, at), 50);
        say(f, "operator", &m);
        assert_int_equal(reply(f)->kind, MSG_OK);
        if (at == 0)
            say(f, "operator", &m);
    }
}

static const struct msg *push(struct fixture *f, const struct project_files *files)
{
    struct manifest manifest = manifest_of(&f->arena, files);
    struct str text = manifest_format(&f->arena, &manifest);
    struct msg m = {.version = 1, .id = 10, .kind = MSG_PUSH, .push = {.manifest = hash_of(text)}};
    put(f, files->modules.items[0].files.items[0].bytes);
    put(f, text);
    say(f, "operator", &m);
    return reply(f);
}

/* An agent that says hello and reports one target at revision a1. */
static void report_target(struct fixture *f, const char *name, const char *state_text)
{
    struct msg hello = {.version = 1, .id = 1, .kind = MSG_HELLO};
    struct msg page = {.version = 1, .id = 2, .kind = MSG_TARGETS};
    struct target_report r = {.name = str_of(name), .serial = 1, .engine = ENGINE_SQLITE, .readable = true};
    struct label env = {STR("env"), STR("prod")};
    hello.hello = (struct msg_hello){.version_min = 1, .version_max = 1, .boot = 5, .workers = 2};
    say(f, "agent", &hello);
    assert_int_equal(reply(f)->kind, MSG_HELLO_ACK);
    assert_true(dbstate_parse(&f->arena, str_of(state_text), &r.state));
    r.identity = str_of(name);
    vec_push(&f->arena, &r.labels.list, env);
    page.targets = (struct msg_targets){.boot = 5, .page = 1, .first = true, .last = true};
    vec_push(&f->arena, &page.targets.list, r);
    say(f, "agent", &page);
}

static void test_push_is_checked_and_kept(void **state)
{
    struct fixture *f = *state;
    struct project_files files = project(f, "a");
    const struct msg *m = push(f, &files);
    assert_int_equal(m->kind, MSG_PUSHED);
    assert_true(m->pushed.accepted && m->pushed.added == 1);
    assert_true(stored(f, RECORD_BLOB) && stored(f, RECORD_BUNDLE));
    m = push(f, &files);
    assert_int_equal(m->pushed.bundle, 1); /* the same again is no new bundle */
    files.modules.items[0].files.items[0].bytes =
        STR("-- revision: a1\n-- revises: nowhere\n\n-- migrate:up\nSELECT 1;\n");
    m = push(f, &files);
    assert_false(m->pushed.accepted);
    assert_string_equal(m->pushed.findings.items[0].kind, "missing_parent");
    const struct msg lost = {.version = 1, .id = 11, .kind = MSG_PUSH, .push = {.manifest = hash_of(STR("x"))}};
    say(f, "operator", &lost);
    expect_error(f, "missing_blob");
}

/* A script that would end the step's transaction is refused with its place, before any target sees it. */
static void test_push_reads_new_scripts(void **state)
{
    struct fixture *f = *state;
    struct project_files files = project(f, "a"), bad = project(f, "a");
    struct project_file file = {.path = STR("v/b2_x.sql")};
    file.bytes = STR("-- revision: b2\n-- revises: a1\n\n-- migrate:up\nSELECT 1;\nCOMMIT;\n");
    assert_true(push(f, &files)->pushed.accepted);
    vec_push(&f->arena, &bad.modules.items[0].files, file);
    put(f, file.bytes);
    const struct msg *m = push(f, &bad);
    assert_false(m->pushed.accepted);
    assert_int_equal(m->pushed.findings.count, 1);
    assert_string_equal(m->pushed.findings.items[0].kind, "transaction_control");
    assert_int_equal(m->pushed.findings.items[0].line, 6);
    assert_non_null(m->pushed.findings.items[0].hint);
    bad.modules.items[0].files.items[1].bytes =
        STR("-- revision: b2\n-- revises: a1\n\n-- migrate:up\nSELECT 1;\n-- migrate:down\nVACUUM;\n");
    put(f, bad.modules.items[0].files.items[1].bytes);
    m = push(f, &bad);
    assert_false(m->pushed.accepted);
    assert_string_equal(m->pushed.findings.items[0].kind, "needs_no_transaction");
}

static void test_an_applied_revision_must_not_change(void **state)
{
    struct fixture *f = *state;
    struct project_files files = project(f, "a"), edited = project(f, "b"), again = project(f, "c");
    assert_true(push(f, &files)->pushed.accepted);
    assert_true(push(f, &edited)->pushed.accepted); /* nobody has it yet */
    report_target(f, "shop", "core=a1");
    const struct msg *m = push(f, &again);
    assert_false(m->pushed.accepted);
    assert_string_equal(m->pushed.findings.items[0].kind, "edited");
}

/* One that was left out and comes back with another content: what targets have of it is not forgotten. */
static void test_a_revision_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct project_files files = project(f, "a"), none = project(f, "a"), edited = project(f, "b");
    none.modules.items[0].files.items[0].path = STR("v/z9_x.sql");
    none.modules.items[0].files.items[0].bytes = STR("-- revision: z9\n-- migrate:up\nSELECT 1;\n");
    assert_true(push(f, &files)->pushed.accepted);
    report_target(f, "shop", "core=a1");
    assert_true(push(f, &none)->pushed.accepted);
    const struct msg *m = push(f, &edited);
    assert_false(m->pushed.accepted);
    assert_string_equal(m->pushed.findings.items[0].kind, "edited");
    assert_true(push(f, &files)->pushed.accepted);
}

static void test_a_blob_must_have_its_hash(void **state)
{
    struct fixture *f = *state;
    struct msg m = {.version = 1, .id = 9, .kind = MSG_BLOB_PUT};
    m.blob_put = (struct msg_blob_put){.hash = hash_of(STR("abc")), .total = 3, .bytes = STR("abd")};
    say(f, "operator", &m);
    assert_int_equal(reply(f)->kind, MSG_ERROR);
    struct msg have = {.version = 1, .id = 10, .kind = MSG_BLOBS_HAVE};
    struct hash wanted = hash_of(STR("abc"));
    vec_push(&f->arena, &have.blobs_have.hashes, wanted);
    say(f, "operator", &have);
    assert_int_equal(reply(f)->blobs_lack.hashes.count, 1);
}

/* ---- who speaks for a target ---- */

static void report_as(struct fixture *f, const char *who, uint64_t page, const char *name, const char *identity)
{
    struct msg hello = {.version = 1, .id = 1, .kind = MSG_HELLO};
    struct msg m = {.version = 1, .id = 2, .kind = MSG_TARGETS};
    struct target_report r = {.name = str_of(name), .serial = page, .engine = ENGINE_SQLITE, .readable = true};
    hello.hello = (struct msg_hello){.version_min = 1, .version_max = 1, .boot = 5, .workers = 2};
    say(f, who, &hello);
    r.identity = str_of(identity);
    m.targets = (struct msg_targets){.boot = 5, .page = page};
    vec_push(&f->arena, &m.targets.list, r);
    say(f, who, &m);
    assert_int_equal(reply(f)->kind, MSG_TARGETS_ACK);
}

static void test_a_target_has_one_agent_and_one_name(void **state)
{
    struct fixture *f = *state;
    add_principal(f, "other", ROLE_AGENT, KEY("f1"));
    report_as(f, "agent", 1, "shop", "file:1:1");
    assert_int_equal(reply(f)->targets_ack.refused.count, 0);
    report_as(f, "other", 1, "shop", "file:9:9");
    assert_int_equal(reply(f)->targets_ack.refused.count, 1);
    report_as(f, "other", 2, "shop_copy", "file:1:1");
    assert_int_equal(reply(f)->targets_ack.refused.count, 1);
    report_as(f, "agent", 2, "shop_again", "file:1:1");
    assert_int_equal(reply(f)->targets_ack.refused.count, 1);
    report_as(f, "other", 3, "cellar", "file:2:2");
    assert_int_equal(reply(f)->targets_ack.refused.count, 0);
    struct msg revoke = {.version = 1, .id = 3, .kind = MSG_AGENT_REVOKE, .agent_revoke = {.name = STR("agent")}};
    say(f, "admin", &revoke);
    report_as(f, "other", 4, "shop", "file:1:1"); /* a revoked key claims nothing */
    assert_int_equal(reply(f)->targets_ack.refused.count, 0);
}

static void test_a_result_for_another_agents_target_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct msg m = {.version = 1, .id = 9, .kind = MSG_RESULT};
    add_principal(f, "other", ROLE_AGENT, KEY("f1"));
    report_as(f, "agent", 1, "shop", "file:1:1");
    report_as(f, "other", 1, "cellar", "file:2:2");
    m.result = (struct msg_result){.boot = 5, .attempt = STR("x"), .fence = 1, .outcome = OUTCOME_APPLIED};
    m.result.report = (struct target_report){.name = STR("shop"), .serial = 99, .readable = true};
    say(f, "other", &m);
    assert_null(find(f, COORD_DO_PERSIST));
    assert_non_null(find(f, COORD_DO_LOG));
    assert_int_equal(reply(f)->kind, MSG_RESULT_ACK); /* so that it is not said for ever */
}

static void test_another_database_under_the_name_is_quarantined(void **state)
{
    struct fixture *f = *state;
    struct msg status = {.version = 1, .id = 20, .kind = MSG_STATUS};
    struct msg resolve = {.version = 1, .id = 21, .kind = MSG_RESOLVE};
    report_as(f, "agent", 1, "shop", "file:1:1");
    report_as(f, "agent", 2, "shop", "file:8:8");
    say(f, "viewer", &status);
    assert_int_equal(reply(f)->status_reply.counts[TARGET_QUARANTINED], 1);
    resolve.resolve = (struct msg_resolve){.target = STR("shop"), .resolution = RESOLVE_ACCEPT};
    say(f, "operator", &resolve);
    assert_int_equal(reply(f)->kind, MSG_OK);
    assert_true(str_is(reply(f)->ok.text, "shop: accepted as it is"));
    say(f, "viewer", &status);
    assert_int_equal(reply(f)->status_reply.counts[TARGET_QUARANTINED], 0);
    say(f, "operator", &resolve);
    expect_error(f, "nothing_to_resolve");
}

/* ---- status, dry run, rollouts ---- */

static void test_status_and_dry_run(void **state)
{
    struct fixture *f = *state;
    struct project_files files = project(f, "a");
    push(f, &files);
    report_target(f, "shop", "base");
    struct msg m = {.version = 1, .id = 20, .kind = MSG_STATUS};
    m.status.selection.labels = STR("env=prod");
    say(f, "viewer", &m);
    assert_int_equal(reply(f)->status_reply.total, 1);
    assert_int_equal(reply(f)->status_reply.counts[TARGET_BEHIND], 1);
    assert_int_equal(reply(f)->status_reply.rows.items[0].pending, 1);
    m.status.selection.labels = STR("env!=prod");
    say(f, "viewer", &m);
    assert_int_equal(reply(f)->status_reply.total, 0);
    m.status.selection.labels = STR("env=");
    say(f, "viewer", &m);
    expect_error(f, "bad_selector");
    struct msg plan = {.version = 1, .id = 21, .kind = MSG_PLAN};
    plan.plan.goal.request = (struct plan_request){.command = PLAN_UPGRADE, .module = STR("core")};
    vec_push(&f->arena, &plan.plan.goal.request.targets.list, STR("head"));
    say(f, "viewer", &plan);
    assert_int_equal(reply(f)->kind, MSG_PLAN_REPLY);
    assert_int_equal(reply(f)->plan_reply.groups.count, 1);
    assert_int_equal(reply(f)->plan_reply.groups.items[0].plan.steps.list.count, 1);
}

static struct msg start(struct fixture *f, const char *target)
{
    struct msg m = {.version = 1, .id = 30, .kind = MSG_ROLLOUT_START};
    memset(m.rollout_start.id.bytes, 0x5a, sizeof(m.rollout_start.id.bytes));
    m.rollout_start.goal.request = (struct plan_request){.command = PLAN_UPGRADE, .module = STR("core")};
    vec_push(&f->arena, &m.rollout_start.goal.request.targets.list, str_of(target));
    return m;
}

static void test_start_is_idempotent_and_offers_durably(void **state)
{
    struct fixture *f = *state;
    struct project_files files = project(f, "a");
    struct msg m = start(f, "head");
    say(f, "operator", &m);
    expect_error(f, "no_project");
    push(f, &files);
    say(f, "operator", &m);
    expect_error(f, "no_targets");
    report_target(f, "shop", "base");
    struct msg wrong = start(f, "nowhere");
    say(f, "operator", &wrong);
    expect_error(f, "unknown_revision");
    say(f, "operator", &m);
    assert_int_equal(reply(f)->kind, MSG_ROLLOUT);
    size_t offer = 0, operation = 0;
    for (size_t i = 0; i < f->fx.list.count; i++) {
        const struct coord_effect *e = &f->fx.list.items[i];
        if (e->kind == COORD_DO_SEND && e->send.msg.kind == MSG_OFFER)
            offer = i;
        if (e->kind == COORD_DO_PERSIST && e->persist.kind == RECORD_OPERATION && e->persist.operation.fence > 0)
            operation = i;
    }
    assert_true(operation > 0 && operation < offer); /* the fence is stored before it is said */
    say(f, "operator", &m);
    assert_int_equal(reply(f)->kind, MSG_ROLLOUT);
    const struct msg list = {.version = 1, .id = 31, .kind = MSG_ROLLOUT_LIST};
    say(f, "viewer", &list);
    assert_int_equal(reply(f)->rollouts.rows.count, 1);
    assert_int_equal(reply(f)->rollouts.rows.items[0].counts[OP_OFFERED], 1);
}

static struct str shown_sentence(struct fixture *f)
{
    const struct msg show = {.version = 1, .id = 33, .kind = MSG_ROLLOUT_SHOW};
    say(f, "viewer", &show);
    assert_int_equal(reply(f)->rollout.ops.items[0].state, OP_PENDING);
    return str_copy(&f->arena, reply(f)->rollout.ops.items[0].sentence);
}

/* A target that nothing can be done about for now says why, so that a person knows whom to help. */
static void test_a_waiting_operation_says_for_what(void **state)
{
    struct fixture *f = *state;
    struct project_files files = project(f, "a");
    struct msg m = start(f, "head");
    struct msg page = {.version = 1, .id = 32, .kind = MSG_TARGETS};
    struct target_report r = {.name = STR("shop"), .serial = 2, .engine = ENGINE_SQLITE};
    push(f, &files);
    report_target(f, "shop", "base");
    r.identity = r.name;
    r.problem = STR("file is not a database");
    page.targets = (struct msg_targets){.boot = 5, .page = 2};
    vec_push(&f->arena, &page.targets.list, r);
    say(f, "agent", &page);
    say(f, "operator", &m);
    assert_true(str_is(shown_sentence(f), "waits until it can be read: file is not a database"));
    f->now += 600000;
    step(f, (struct coord_event){.kind = COORD_ON_TICK});
    assert_true(str_is(shown_sentence(f), "waits for its agent, which is silent"));
}

static void test_watch_waits_for_news(void **state)
{
    struct fixture *f = *state;
    struct project_files files = project(f, "a");
    struct msg m = start(f, "head"), watch = {.version = 1, .id = 40, .kind = MSG_ROLLOUT_WATCH};
    push(f, &files);
    report_target(f, "shop", "base");
    say(f, "operator", &m);
    say(f, "viewer", &watch);
    assert_int_equal(reply(f)->rollout.ops.count, 1);
    watch.rollout_watch.cursor = reply(f)->rollout.cursor;
    say(f, "viewer", &watch);
    assert_null(reply(f)); /* nothing new: it waits */
    f->now += WATCH_WAIT_MS;
    step(f, (struct coord_event){.kind = COORD_ON_TICK});
    bool answered = false;
    for (size_t i = 0; i < f->fx.list.count; i++)
        answered |= f->fx.list.items[i].kind == COORD_DO_SEND && f->fx.list.items[i].send.msg.re == 40;
    assert_true(answered);
}

/* ---- selectors ---- */

static void test_selectors(void **state)
{
    static const struct {
        const char *expression;
        bool matches;
    } cases[] = {
        {"", true},
        {"env=prod", true},
        {"env==prod, tier=free", true},
        {"env!=prod", false},
        {"region!=eu", true},
        {"env in (dev, prod)", true},
        {"env notin (dev,prod)", false},
        {"region notin (eu)", true},
        {"env", true},
        {"!env", false},
        {"!region,tier", true},
        {"tier=paid", false},
    };
    static const char *const bad[] = {"env=", "=prod", "env in prod", "env in ()", "a b", "env=prod,", "env=(a)"};
    struct arena a = {0};
    struct labels labels = {0};
    struct label env = {STR("env"), STR("prod")}, tier = {STR("tier"), STR("free")};
    struct err err;
    (void)state;
    vec_push(&a, &labels.list, env);
    vec_push(&a, &labels.list, tier);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct selection selection = {.labels = str_of(cases[i].expression)};
        struct selector s;
        assert_true(select_parse(&a, &selection, &s, &err));
        if (select_matches(&s, STR("shop_1"), &labels) != cases[i].matches)
            fail_msg("%s", cases[i].expression);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct selection selection = {.labels = str_of(bad[i])};
        struct selector s;
        if (select_parse(&a, &selection, &s, &err))
            fail_msg("accepted: %s", bad[i]);
    }
    arena_release(&a);
}

static void test_globs(void **state)
{
    (void)state;
    assert_true(select_glob(STR("shop_*"), STR("shop_17")));
    assert_true(select_glob(STR("*_1?"), STR("shop_17")));
    assert_true(select_glob(STR("*"), STR("")));
    assert_true(select_glob(STR("a*b*c"), STR("aXbYbZc")));
    assert_false(select_glob(STR("shop_?"), STR("shop_17")));
    assert_false(select_glob(STR("shop"), STR("shop_17")));
    assert_false(select_glob(STR(""), STR("x")));
}

/* ---- what stands below ---- */

static void test_index_and_timers(void **state)
{
    struct arena a = {0};
    struct index ix = {0};
    struct timers timers = {0};
    uint64_t number;
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        struct str key = str_printf(&a, "target_%u", i);
        assert_int_equal(index_find(&ix, key), INDEX_NONE);
        index_put(&a, &ix, key, i);
        timers_add(&a, &timers, (int64_t)(i * 7919) % 1000, i);
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(index_find(&ix, str_printf(&a, "target_%u", i)), i);
    index_put(&a, &ix, STR("target_7"), 1007);
    assert_int_equal(index_find(&ix, STR("target_7")), 1007);
    timers_add(&a, &timers, INT64_MAX, 5);
    for (int64_t now = 0; now < 1000; now++) {
        assert_int_equal(timers_next_ms(&timers), now);
        assert_true(timers_take(&timers, now, &number));
        assert_int_equal((number * 7919) % 1000, now);
    }
    assert_int_equal(timers_next_ms(&timers), INT64_MAX);
    arena_release(&a);
}

static void test_sessions(void **state)
{
    struct session s = {0};
    struct repeat r;
    const struct msg_hello_ack ack = {.version = 1, .ping_every_ms = 100, .silent_after_ms = 300};
    (void)state;
    assert_int_equal(session_version(1, 5), PROTOCOL_MAX);
    assert_int_equal(session_version(PROTOCOL_MAX + 1, 9), 0);
    assert_int_equal(session_tick(&s, 1000), SESSION_NOTHING);
    session_open(&s, &ack, 0);
    assert_int_equal(session_due_ms(&s), 100);
    assert_int_equal(session_tick(&s, 99), SESSION_NOTHING);
    assert_int_equal(session_tick(&s, 100), SESSION_PING);
    assert_int_equal(session_tick(&s, 101), SESSION_NOTHING);
    session_heard(&s, 150);
    assert_int_equal(session_tick(&s, 449), SESSION_PING);
    assert_int_equal(session_tick(&s, 450), SESSION_SILENT);
    repeat_start(&r, 0, 1000);
    assert_false(repeat_is_due(&r, 999));
    assert_true(repeat_is_due(&r, 1000));
    assert_int_equal(r.due_ms, 3000);
    for (int i = 0; i < 20; i++)
        assert_true(repeat_is_due(&r, r.due_ms));
    assert_int_equal(r.wait_ms, RESEND_MAX_MS);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_every_kind_from_every_role),
        T(test_requests_are_answered),
        T(test_a_revoked_key_is_refused_at_once),
        T(test_names_and_keys_belong_together_for_ever),
        T(test_push_is_checked_and_kept),
        T(test_push_reads_new_scripts),
        T(test_an_applied_revision_must_not_change),
        T(test_a_revision_comes_back_as_it_was),
        T(test_a_blob_must_have_its_hash),
        T(test_a_target_has_one_agent_and_one_name),
        T(test_a_result_for_another_agents_target_changes_nothing),
        T(test_another_database_under_the_name_is_quarantined),
        T(test_status_and_dry_run),
        T(test_start_is_idempotent_and_offers_durably),
        T(test_a_waiting_operation_says_for_what),
        T(test_watch_waits_for_news),
        cmocka_unit_test(test_selectors),
        cmocka_unit_test(test_globs),
        cmocka_unit_test(test_index_and_timers),
        cmocka_unit_test(test_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
