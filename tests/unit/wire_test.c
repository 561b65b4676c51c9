#include "skein/wire/manifest.h"
#include "skein/wire/msg.h"
#include "tests/support/cmocka.h"

/* Every kind and every role: what is allowed is written out here once more, by hand, as the review sees it. */
static const char *const expected_senders[] = {
    [MSG_HELLO] = "agent",
    [MSG_TARGETS] = "agent",
    [MSG_ACCEPT] = "agent",
    [MSG_PROGRESS] = "agent",
    [MSG_RESULT] = "agent",
    [MSG_CLOSED] = "agent",
    [MSG_FETCH] = "agent",
    [MSG_BYE] = "agent",
    [MSG_PING] = "agent viewer operator approver admin coordinator",
    [MSG_PONG] = "agent viewer operator approver admin coordinator",
    [MSG_STATUS] = "viewer operator approver admin",
    [MSG_PLAN] = "viewer operator approver admin",
    [MSG_ROLLOUT_LIST] = "viewer operator approver admin",
    [MSG_ROLLOUT_SHOW] = "viewer operator approver admin",
    [MSG_ROLLOUT_WATCH] = "viewer operator approver admin",
    [MSG_AGENT_LIST] = "viewer operator approver admin",
    [MSG_BLOBS_HAVE] = "operator admin",
    [MSG_BLOB_PUT] = "operator admin",
    [MSG_PUSH] = "operator admin",
    [MSG_ROLLOUT_START] = "operator admin",
    [MSG_ROLLOUT_CANCEL] = "operator admin",
    [MSG_RESOLVE] = "operator admin",
    [MSG_AGENT_ACCEPT] = "admin",
    [MSG_AGENT_REVOKE] = "admin",
    [MSG_HELLO_ACK] = "coordinator",
    [MSG_TARGETS_ACK] = "coordinator",
    [MSG_OFFER] = "coordinator",
    [MSG_RESULT_ACK] = "coordinator",
    [MSG_CLOSE] = "coordinator",
    [MSG_CHUNK] = "coordinator",
    [MSG_OK] = "coordinator",
    [MSG_ERROR] = "coordinator",
    [MSG_STATUS_REPLY] = "coordinator",
    [MSG_PLAN_REPLY] = "coordinator",
    [MSG_ROLLOUTS] = "coordinator",
    [MSG_ROLLOUT] = "coordinator",
    [MSG_AGENTS] = "coordinator",
    [MSG_BLOBS_LACK] = "coordinator",
    [MSG_PUSHED] = "coordinator",
};

_Static_assert(sizeof(expected_senders) / sizeof(expected_senders[0]) == MSG_COUNT, "a kind without a row");

static bool lists(struct str words, const char *word)
{
    struct str part;
    while (str_next(&words, ' ', &part))
        if (str_is(part, word))
            return true;
    return false;
}

static void test_kind_by_role(void **state)
{
    (void)state;
    for (int kind = MSG_UNSET; kind <= MSG_COUNT + 1; kind++)
        for (int role = 0; role <= 64; role = role == 0 ? 1 : role * 2) {
            const char *name = role_name((enum role)role);
            const char *senders = kind < MSG_COUNT ? expected_senders[kind] : NULL;
            bool expected = lists(str_of(senders), name);
            if (kind > MSG_UNSET && kind < MSG_COUNT)
                assert_non_null(senders);
            if (msg_allowed((enum msg_kind)kind, (enum role)role) != expected)
                fail_msg("%s from %s: expected %d", msg_kind_name((enum msg_kind)kind), name, expected);
        }
}

static void test_roles_have_names(void **state)
{
    (void)state;
    for (int role = 1; role <= ROLE_COORDINATOR; role *= 2) {
        enum role back;
        assert_true(role_parse(str_of(role_name((enum role)role)), &back));
        assert_int_equal(back, role);
    }
    enum role none;
    assert_false(role_parse(STR("root"), &none));
}

static void test_manifest_round_trip(void **state)
{
    (void)state;
    struct arena a = {0};
    struct project_files files = {0};
    struct module_files core = {.name = STR("core"), .folder = STR("v")};
    struct project_file f = {.path = STR("v/1.sql"), .bytes = STR("SELECT 1")};
    struct module_files billing = {.name = STR("billing"), .folder = STR("b")};
    struct manifest back;
    struct err err;
    vec_push(&a, &core.files, f);
    vec_push(&a, &files.modules, core);
    vec_push(&a, &files.modules, billing);
    struct manifest m = manifest_of(&a, &files);
    assert_true(manifest_parse(&a, manifest_format(&a, &m), &back, &err));
    assert_int_equal(back.list.count, 2);
    assert_true(str_is(back.list.items[0].path, "v/1.sql"));
    struct hash expected = hash_of(STR("SELECT 1"));
    assert_true(hash_eq(&back.list.items[0].hash, &expected));
    assert_true(str_is(back.list.items[1].module, "billing"));
    assert_int_equal(back.list.items[1].path.len, 0);
    arena_release(&a);
}

static void test_manifest_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "skein-manifest 2\n",
        "skein-manifest 1\ncore",
        "skein-manifest 1\n\tv\n",
        "skein-manifest 1\ncore\tv\tv/1.sql\n",
        "skein-manifest 1\ncore\tv\tv/1.sql\tabc\n",
        "skein-manifest 1\ncore\tv\tp\t0000000000000000000000000000000000000000000000000000000000000000\tx\n",
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct manifest m;
        struct err err;
        if (manifest_parse(&a, str_of(bad[i]), &m, &err))
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(err.code, ERR_INPUT);
    }
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kind_by_role),
        cmocka_unit_test(test_roles_have_names),
        cmocka_unit_test(test_manifest_round_trip),
        cmocka_unit_test(test_manifest_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
