#include "skein/graph/revfile.h"
#include "skein/plan/script.h"
#include "tests/support/arena.h"
#include "tests/support/cmocka.h"

static struct revision revision(const char *sections)
{
    struct revision r;
    struct diag diag;
    diag_init(&diag, &arena);
    assert_true(revfile_parse(&arena, STR("versions/a1_x.sql"), str_printf(&arena, "-- revision: a1\n\n%s", sections),
                              &diag, &r));
    return r;
}

static struct script build(const char *sections, enum direction direction, enum engine engine)
{
    struct revision r = revision(sections);
    struct script s;
    struct err err;
    assert_true(script_build(&arena, &r, direction, engine, &s, &err));
    assert_true(script_verify(&s, &s.hash));
    struct hash alone = script_hash_of(&r, direction, engine);
    assert_true(hash_eq(&alone, &s.hash));
    return s;
}

static const char *const sections = "-- migrate:up transaction:false lock_timeout:3s\nSELECT 1;\n\nSELECT 2;\n"
                                    "-- migrate:up sqlite\nSELECT 3;\n-- migrate:down\nSELECT 4;\n"
                                    "-- migrate:verify\nSELECT 5;\n-- migrate:probe postgresql\nSELECT 6;\n";

static void test_parts(void **state)
{
    (void)state;
    struct script s = build(sections, DIRECTION_UP, ENGINE_POSTGRESQL);
    assert_false(s.transactional);
    assert_int_equal(s.lock_timeout_ms, 3000);
    assert_int_equal(s.statement_timeout_ms, TIMEOUT_DEFAULT);
    assert_int_equal(s.body.statements.list.count, 2);
    assert_int_equal(s.body.line + s.body.statements.list.items[1].line - 1, 6);
    assert_int_equal(s.verify.statements.list.count, 1);
    assert_int_equal(s.probe.statements.list.count, 1);
    s = build(sections, DIRECTION_UP, ENGINE_SQLITE);
    assert_true(s.transactional);
    assert_true(str_is(s.body.sql, "SELECT 3;"));
    assert_int_equal(s.probe.sql.len, 0);
    s = build(sections, DIRECTION_DOWN, ENGINE_SQLITE);
    assert_true(str_is(s.body.sql, "SELECT 4;"));
    assert_int_equal(s.verify.sql.len, 0);
    s = build(sections, DIRECTION_STAMP, ENGINE_SQLITE);
    assert_int_equal(s.body.sql.len + s.verify.sql.len + s.probe.sql.len, 0);
}

/* An open quote is reported where it stands in the file. */
static void test_place_of_failure(void **state)
{
    (void)state;
    struct revision r = revision("-- migrate:up\nSELECT 1;\n  SELECT 'open;\n");
    struct script s;
    struct err err;
    assert_false(script_build(&arena, &r, DIRECTION_UP, ENGINE_SQLITE, &s, &err));
    assert_string_equal(err.kind, "bad_sql");
    assert_string_equal(err.origin, "versions/a1_x.sql:5:10");
    assert_false(script_build(&arena, &r, DIRECTION_UP, ENGINE_POSTGRESQL, &s, &err));
    assert_string_equal(err.origin, "versions/a1_x.sql:5:10");
}

/* Every part that runs is under the hash, and no cut may hide a statement. */
static void test_verify(void **state)
{
    (void)state;
    struct script good = build(sections, DIRECTION_UP, ENGINE_POSTGRESQL), bad;
    struct hash expected = good.hash;
#define TAMPERED(change)                                                                                               \
    do {                                                                                                               \
        bad = good;                                                                                                    \
        change;                                                                                                        \
        assert_false(script_verify(&bad, &expected));                                                                  \
    } while (0)
    TAMPERED(bad.transactional = true);
    TAMPERED(bad.engine = ENGINE_SQLITE);
    TAMPERED(bad.lock_timeout_ms = 0);
    TAMPERED(bad.statement_timeout_ms = 0);
    TAMPERED(bad.body.sql = STR("SELECT 1;\n\nSELECT 7;"));
    TAMPERED(bad.verify.sql = STR(""); bad.verify.statements.list.count = 0);
    TAMPERED(bad.probe.sql = bad.verify.sql);
    TAMPERED(bad.body.statements.list.count = 1);
    TAMPERED(bad.hash.bytes[0] ^= 1);
    bad = good;
    bad.path = STR("elsewhere");
    assert_true(script_verify(&bad, &expected));
}

static const char *check(const char *text, enum engine engine)
{
    struct script s = build(text, DIRECTION_UP, engine);
    struct diag diag;
    struct str out = STR("");
    diag_init(&diag, &arena);
    script_check(&s, &diag);
    for (size_t i = 0; i < diag.list.count; i++)
        out = str_printf(&arena, "%.*s%s%u:%s", STR_ARG(out), i > 0 ? " " : "", diag.list.items[i].line,
                         diag.list.items[i].kind);
    return out.p;
}

static void test_check(void **state)
{
    (void)state;
    assert_string_equal(check(sections, ENGINE_POSTGRESQL), "");
    assert_string_equal(
        check("-- migrate:up\nBEGIN;\nSELECT 1;\nCOMMIT;\n-- migrate:verify\nROLLBACK;\n", ENGINE_SQLITE),
        "4:transaction_control 6:transaction_control 8:transaction_control");
    const char *text = "-- migrate:up\nSELECT 1;\nCREATE INDEX CONCURRENTLY i ON t (a);\n";
    assert_string_equal(check(text, ENGINE_POSTGRESQL), "5:needs_no_transaction");
    assert_string_equal(check("-- migrate:up transaction:false\nVACUUM;\n", ENGINE_SQLITE), "");
}

static const char *check_all(const char *text)
{
    struct revision r = revision(text);
    struct diag diag;
    struct str out = STR("");
    diag_init(&diag, &arena);
    script_check_revision(&arena, &r, &diag);
    for (size_t i = 0; i < diag.list.count; i++)
        out = str_printf(&arena, "%.*s%s%u:%s", STR_ARG(out), i > 0 ? " " : "", diag.list.items[i].line,
                         diag.list.items[i].kind);
    return out.p;
}

/* Every section counts; a general one is refused for what an engine refuses, not for another engine's grammar. */
static void test_check_revision(void **state)
{
    (void)state;
    assert_string_equal(check_all(sections), "");
    assert_string_equal(check_all("-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\nCOMMIT;\n"),
                        "7:transaction_control");
    assert_string_equal(check_all("-- migrate:up sqlite\nBEGIN;\n-- migrate:up postgresql\nVACUUM;\n"),
                        "4:transaction_control 6:needs_no_transaction");
    assert_string_equal(check_all("-- migrate:up\nCREATE INDEX CONCURRENTLY i ON t (a);\n"), "4:needs_no_transaction");
    assert_string_equal(check_all("-- migrate:up\nATTACH 'x' AS y;\n"), "4:needs_no_transaction");
    assert_string_equal(check_all("-- migrate:up\nVACUUM;\n"), "4:needs_no_transaction");
    assert_string_equal(check_all("-- migrate:up transaction:false\nVACUUM;\n-- migrate:verify\nSELECT 'x;\n"),
                        "6:bad_sql");
    assert_string_equal(check_all("-- migrate:up\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM b;\n"
                                  "  DELETE FROM c;\nEND;\n"),
                        "");
    assert_string_equal(check_all("-- migrate:up\nCREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$\n"
                                  "BEGIN\n  RETURN NEW;\nEND;\n$$;\n"),
                        "");
}

static void test_direction_names(void **state)
{
    (void)state;
    for (int i = DIRECTION_UP; i <= DIRECTION_STAMP; i++) {
        enum direction again;
        assert_true(direction_parse(str_of(direction_name((enum direction)i)), &again));
        assert_int_equal(again, i);
    }
    enum direction none;
    assert_false(direction_parse(STR("unset"), &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts), cmocka_unit_test(test_place_of_failure), cmocka_unit_test(test_verify),
        cmocka_unit_test(test_check), cmocka_unit_test(test_check_revision),   cmocka_unit_test(test_direction_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
