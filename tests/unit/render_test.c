/* Statements as sections: where engines agree and where they do not, and what stands alone. */
#include "tests/support/cmocka.h"

#include <string.h>

#include "skein/schema/render.h"
#include "tests/support/arena.h"

/* "a|!b|c": three statements, the second alone. */
static struct ddl_list statements(const char *text)
{
    struct ddl_list list = {0};
    struct str rest = str_of(text), part;
    while (rest.len > 0 && str_next(&rest, '|', &part)) {
        bool alone = str_starts(part, STR("!"));
        vec_push(&arena, &list.list, ((struct ddl){.sql = str_from(part, alone ? 1 : 0), .alone = alone}));
    }
    return list;
}

static struct change_parts render(const char *pg_up, const char *pg_down, const char *lite_up, const char *lite_down)
{
    struct change_parts parts = {0};
    struct engine_change changes[] = {
        {.engine = ENGINE_POSTGRESQL, .up = statements(pg_up), .down = statements(pg_down)}, {.engine = ENGINE_SQLITE}};
    if (lite_up != NULL) {
        changes[1].up = statements(lite_up);
        changes[1].down = statements(lite_down);
    }
    change_render(&arena, changes, lite_up != NULL ? 2 : 1, &parts);
    return parts;
}

static void expect(const struct change_parts *parts, size_t part, const char *text)
{
    assert_true(part < parts->list.count);
    if (!str_is(parts->list.items[part].text, text))
        fail_msg("%.*s", STR_ARG(parts->list.items[part].text));
}

static void nothing(void **state)
{
    (void)state;
    assert_int_equal(render("", "", "", "").list.count, 0);
}

static void engines_that_agree_share_a_section(void **state)
{
    (void)state;
    struct change_parts parts = render("A|B", "C", "A|B", "D");
    assert_int_equal(parts.list.count, 1);
    expect(&parts, 0, "-- migrate:up\nA;\nB;\n\n-- migrate:down postgresql\nC;\n\n-- migrate:down sqlite\nD;\n");
}

static void an_engine_without_a_change_has_an_empty_section(void **state)
{
    (void)state;
    struct change_parts parts = render("A", "B", "", "");
    expect(&parts, 0,
           "-- migrate:up postgresql\nA;\n\n-- migrate:up sqlite\n\n-- migrate:down postgresql\nB;\n\n-- migrate:down "
           "sqlite\n");
}

static void comments_stand_above_their_statement(void **state)
{
    (void)state;
    struct change_parts parts = {0};
    struct engine_change change = {.engine = ENGINE_SQLITE};
    vec_push(&arena, &change.up.list, ((struct ddl){.sql = STR("A")}));
    vec_push(&arena, &change.up.list,
             ((struct ddl){.sql = STR("B\n  C"), .destroys = STR("all rows"), .note = STR("first\nsecond")}));
    vec_push(&arena, &change.up.list, ((struct ddl){.sql = STR("D")}));
    change_render(&arena, &change, 1, &parts);
    expect(&parts, 0,
           "-- migrate:up\nA;\n\n-- first\n-- second\n-- destructive: all rows\nB\n  C;\n\nD;\n\n-- migrate:down\n");
}

static void down_says_that_it_does_not_restore(void **state)
{
    (void)state;
    struct change_parts parts = {0};
    struct engine_change change = {.engine = ENGINE_SQLITE};
    vec_push(&arena, &change.up.list, ((struct ddl){.sql = STR("A"), .destroys = STR("all rows")}));
    vec_push(&arena, &change.down.list, ((struct ddl){.sql = STR("B")}));
    change_render(&arena, &change, 1, &parts);
    expect(
        &parts, 0,
        "-- migrate:up\n-- destructive: all rows\nA;\n\n-- migrate:down\n-- does not restore what up destroys\nB;\n");
}

static void what_stands_alone_is_a_revision_of_its_own(void **state)
{
    (void)state;
    struct change_parts parts = render("A|!B|!C", "!c|!b|a", "A|B", "b|a");
    assert_int_equal(parts.list.count, 3);
    assert_false(parts.list.items[0].alone);
    expect(&parts, 0,
           "-- migrate:up postgresql\nA;\n\n-- migrate:up sqlite\nA;\nB;\n\n-- migrate:down postgresql\na;\n\n"
           "-- migrate:down sqlite\nb;\na;\n");
    expect(&parts, 1,
           "-- migrate:up postgresql transaction:false\nB;\n\n-- migrate:up sqlite\n\n"
           "-- migrate:down postgresql transaction:false\nb;\n\n-- migrate:down sqlite\n");
    assert_true(parts.list.items[2].alone);
    expect(&parts, 2,
           "-- migrate:up postgresql transaction:false\nC;\n\n-- migrate:up sqlite\n\n"
           "-- migrate:down postgresql transaction:false\nc;\n\n-- migrate:down sqlite\n");
}

/* The order of the statements is kept in both directions, whatever stands between. */
static void alone_in_between(void **state)
{
    (void)state;
    struct change_parts parts = render("!A|B|!C", "a", NULL, NULL);
    assert_int_equal(parts.list.count, 3);
    expect(&parts, 0, "-- migrate:up transaction:false\nA;\n\n-- migrate:down\n");
    expect(&parts, 1, "-- migrate:up\nB;\n\n-- migrate:down\na;\n");
    expect(&parts, 2, "-- migrate:up transaction:false\nC;\n\n-- migrate:down\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing),
        TEST(engines_that_agree_share_a_section),
        TEST(an_engine_without_a_change_has_an_empty_section),
        TEST(comments_stand_above_their_statement),
        TEST(down_says_that_it_does_not_restore),
        TEST(what_stands_alone_is_a_revision_of_its_own),
        TEST(alone_in_between),
    };
    return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
