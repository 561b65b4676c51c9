#include "tests/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/cli/fleet.h"
#include "coordinator/cli/out.h"

static void assert_cleaned(struct str text, const char *expected)
{
    char *p = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&p, &len);
    assert_non_null(file);
    out_styled(file, OUT_RED, text);
    fclose(file);
    assert_string_equal(p, expected);
    free(p);
}

static void control_characters_never_reach_the_terminal(void **state)
{
    (void)state;
    assert_cleaned(STR("plain\ttext\n"), "plain\ttext\n");
    assert_cleaned(STR("\033[2Jgone\a"), "\\x1b[2Jgone\\x07");
    assert_cleaned(STR("a\0b"), "a\\x00b");
    assert_cleaned(STR("del\x7f c1 \xc2\x9b rest"), "del\\x7f c1 \\xc2\\x9b rest");
    assert_cleaned(STR("caf\xc3\xa9"), "caf\xc3\xa9");
    assert_cleaned(STR("cut \xc2"), "cut \xc2");
}

static void assert_json(json_t *value, const char *expected)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

static void json_text_is_always_utf8(void **state)
{
    (void)state;
    assert_json(json_str(STR("caf\xc3\xa9")), "\"caf\xc3\xa9\"");
    assert_json(json_str(STR("a\xff"
                             "b\xc3")),
                "\"a\xef\xbf\xbd"
                "b\xef\xbf\xbd\"");
    assert_json(json_str(STR_NONE), "\"\"");
}

static void an_error_says_its_kind_or_its_category(void **state)
{
    (void)state;
    struct err err;
    err_kind(&err, ERR_TARGET, "multiple_heads", "there are two");
    err_hint(&err, "choose");
    assert_json(json_err(&err), "{\"code\":\"multiple_heads\",\"message\":\"there are two\",\"hint\":\"choose\","
                                "\"category\":\"target\"}");
    err_set(&err, ERR_LOCK, "busy");
    err_origin(&err, "a.sql:3");
    assert_json(json_err(&err), "{\"code\":\"lock\",\"message\":\"busy\",\"hint\":null,\"origin\":\"a.sql:3\","
                                "\"category\":\"lock\"}");
}

static void times_are_told_from_now(void **state)
{
    (void)state;
    struct arena a = {0};
    const int64_t now = 1000000000;
    assert_true(str_is(fleet_ago(&a, 0, now), "never"));
    assert_true(str_is(fleet_ago(&a, now - 999, now), "now"));
    assert_true(str_is(fleet_ago(&a, now + 5000, now), "now"));
    assert_true(str_is(fleet_ago(&a, now - 61000, now), "1m ago"));
    assert_true(str_is(fleet_ago(&a, now - 86400000 * 3, now), "3d ago"));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_never_reach_the_terminal),
        cmocka_unit_test(json_text_is_always_utf8),
        cmocka_unit_test(an_error_says_its_kind_or_its_category),
        cmocka_unit_test(times_are_told_from_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
