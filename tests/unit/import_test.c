/* The pure parts of the importers that their folders of cases do not reach. */
#include "common/core/import/importer.h"
#include "common/core/import/psql.h"
#include "common/core/import/sha1.h"
#include "tests/support/arena.h"
#include "tests/support/cmocka.h"

/* FIPS 180's examples, and lengths around a block's end (as `sha1sum` has them). */
static void test_sha1(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hash;
    } rows[] = {
        {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "c1c8bbdc22796e28c0e15163d20899b65621d65a"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "0098ba824b5c16427bd7a1122a5a442a25ec644d"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_true(str_is(sha1_hex(&arena, str_of(rows[i].text)), rows[i].hash));
}

static void test_flyway_versions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *version;
    } rows[] = {
        {"1", "1"},         {"1_2", "1.2"}, {"001.020", "1.20"}, {"1.0", "1"},
        {"1.0.1", "1.0.1"}, {"0", "0"},     {"0.0", "0"},        {"2.0.0.0", "2"},
        {"", ""},           {"x", ""},      {"1.x", ""},         {"1..2", ""},
        {".1", ""},         {"1-2", ""},    {"10.0", "10"},      {"1.00", "1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str version = flyway_version(&arena, str_of(rows[i].text));
        if (!str_is(version, rows[i].version))
            fail_msg("'%s' is '%.*s'", rows[i].text, STR_ARG(version));
    }
    assert_true(flyway_version_cmp(STR("2"), STR("10")) < 0);
    assert_true(flyway_version_cmp(STR("1.10"), STR("1.9")) > 0);
    assert_true(flyway_version_cmp(STR("1"), STR("1.1")) < 0);
    assert_int_equal(flyway_version_cmp(STR("1.1"), STR("1.1")), 0);
}

/* What only a shell can do is found where it is a command or a variable, and nowhere else. */
static void test_shell_commands(void **state)
{
    (void)state;
    static const struct {
        enum engine engine;
        const char *script, *foreign, *plain;
    } rows[] = {
        {ENGINE_POSTGRESQL, "\\set ON_ERROR_STOP on\nSELECT 1;\n", "", "\nSELECT 1;\n"},
        {ENGINE_POSTGRESQL, "SELECT 1;\n  \\i x.sql\n", "\\i x.sql (line 2)", NULL},
        {ENGINE_POSTGRESQL, "SELECT '\n\\i x';\n", "", NULL},
        {ENGINE_POSTGRESQL, "SELECT E'\\'\n\\i x';\n", "", NULL},
        {ENGINE_POSTGRESQL, "SELECT $a$\n\\i x $$ :x\n$a$;\n", "", NULL},
        {ENGINE_POSTGRESQL, "/* /* \n\\i x\n */ :x */ -- :y\nSELECT 1;", "", NULL},
        {ENGINE_POSTGRESQL, "SELECT a::text, b[1:2], c[x:y], '::';", "", NULL},
        {ENGINE_POSTGRESQL, "SELECT :name;", ":name; (line 1)", NULL},
        {ENGINE_POSTGRESQL, "SELECT\n:'name';", ":'name'; (line 2)", NULL},
        {ENGINE_POSTGRESQL, "SELECT 1\n.5;", "", NULL},
        {ENGINE_SQLITE, ".bail on\nSELECT 1;\n", "", "\nSELECT 1;\n"},
        {ENGINE_SQLITE, ".read x\n", ".read x (line 1)", NULL},
        {ENGINE_SQLITE, "SELECT :x;", "", NULL},
        {ENGINE_UNSET, "\\copy a from b\n", "\\copy a from b (line 1)", NULL},
        {ENGINE_UNSET, "SELECT 'open", "", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str foreign, plain = psql_plain(&arena, str_of(rows[i].script), rows[i].engine, &foreign);
        if (!str_is(foreign, rows[i].foreign))
            fail_msg("'%s' has '%.*s'", rows[i].script, STR_ARG(foreign));
        if (foreign.len == 0)
            assert_true(str_is(plain, rows[i].plain != NULL ? rows[i].plain : rows[i].script));
    }
}

static void test_ids_of_descriptions(void **state)
{
    (void)state;
    assert_true(str_is(flyway_repeatable_id(&arena, STR("Some_view")), "R.some_view"));
    assert_true(str_is(flyway_repeatable_id(&arena, STR("Some view")), "R.some_view"));
    struct str words = STR("a description that is much too long for an id"), id = flyway_repeatable_id(&arena, words);
    assert_int_equal(id.len, 14);
    assert_true(str_eq(id, flyway_repeatable_id(&arena, STR("a_description_that is much too long for an id"))));
    assert_int_equal(flyway_repeatable_id(&arena, STR("")).len, 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha1),
        cmocka_unit_test(test_flyway_versions),
        cmocka_unit_test(test_shell_commands),
        cmocka_unit_test(test_ids_of_descriptions),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
