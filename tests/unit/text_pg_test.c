/* PostgreSQL's statements as text: enum labels, dollar quotes, options, what CREATE OR REPLACE can do. */
#include "common/core/schema/plain_pg.h"
#include "common/core/schema/text_pg.h"
#include "tests/support/arena.h"
#include "tests/support/cmocka.h"

#define US "\x1f"
#define RS "\x1e"

static const struct {
    const char *from, *to, *additions; /* NULL: cannot be done by adding */
} enums[] = {
    {"a" US "b", "a" US "b", ""},
    {"a" US "b", "a" US "b" US "c" US "d", "c@ d@ "},
    {"a" US "b", "z" US "a" US "y" US "x" US "b", "z@a y@b x@b "},
    {"a" US "b", "b" US "a", NULL},
    {"a" US "b", "a", NULL},
    {"", "a", "a@ "},
};

static void adds_labels(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(enums) / sizeof(*enums); i++) {
        struct pg_labels labels = {0};
        bool can = pg_enum_additions(&arena, str_of(enums[i].from), str_of(enums[i].to), &labels);
        assert_int_equal(can, enums[i].additions != NULL);
        struct str text = STR("");
        for (size_t j = 0; can && j < labels.list.count; j++)
            text = str_printf(&arena, "%.*s%.*s@%.*s ", STR_ARG(text), STR_ARG(labels.list.items[j].label),
                              STR_ARG(labels.list.items[j].neighbour));
        if (can)
            assert_string_equal(str_cstr(&arena, text), enums[i].additions);
    }
}

static const char *const quotes[][2] = {
    {" SELECT 1 ", "$$ SELECT 1 $$"},
    {"a $$ b", "$body$a $$ b$body$"},
    {"costs 1$", "$body$costs 1$$body$"},
    {"$$ $body$", "$body1$$$ $body$$body1$"},
    {"$$ ends in $body", "$body1$$$ ends in $body$body1$"},
};

static void quotes_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(quotes) / sizeof(*quotes); i++)
        assert_string_equal(str_cstr(&arena, pg_dollar_quote(&arena, str_of(quotes[i][0]))), quotes[i][1]);
}

static const struct {
    const char *result, *parameters, *defaults;
    const char *new_result, *new_parameters, *new_defaults;
    bool can;
} functions[] = {
    {"integer", "ia" US "ib", "0", "integer", "ia" US "ib", "1", true},
    {"integer", "ia" US "ib", "1", "integer", "ia" US "ib", "0", false},
    {"integer", "ia", "0", "bigint", "ia", "0", false},
    {"integer", "i", "0", "integer", "ia", "0", true},
    {"integer", "ia", "0", "integer", "ib", "0", false},
    {"record", "ia" US "ob", "0", "record", "ia" US "oc", "0", false},
    {"integer", "vargs", "0", "integer", "iargs", "0", false},
};

static void replaces_functions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
        struct object from = {.kind = OBJECT_FUNCTION}, to = {.kind = OBJECT_FUNCTION};
        object_set(&arena, &from, "result", str_of(functions[i].result));
        object_set(&arena, &from, "parameters", str_of(functions[i].parameters));
        object_set(&arena, &from, "defaults", str_of(functions[i].defaults));
        object_set(&arena, &to, "result", str_of(functions[i].new_result));
        object_set(&arena, &to, "parameters", str_of(functions[i].new_parameters));
        object_set(&arena, &to, "defaults", str_of(functions[i].new_defaults));
        assert_int_equal(pg_function_can_replace(&arena, &from, &to), functions[i].can);
    }
}

static const struct {
    const char *from, *to;
    bool can;
} views[] = {
    {"id" US "integer", "id" US "integer" RS "n" US "text", true},
    {"id" US "integer" RS "n" US "text", "id" US "integer", false},
    {"id" US "integer", "id" US "bigint", false},
    {"", "id" US "integer", true},
};

static void replaces_views(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++) {
        struct object from = {.kind = OBJECT_VIEW}, to = {.kind = OBJECT_VIEW};
        object_set(&arena, &from, "columns", str_of(views[i].from));
        object_set(&arena, &to, "columns", str_of(views[i].to));
        assert_int_equal(pg_view_can_replace(&arena, &from, &to), views[i].can);
    }
}

static const char *const plain[][2] = {
    {"s::text = ANY (ARRAY['a'::character varying, 'it''s'::character varying]::text[])", "s IN ('a', 'it''s')"},
    {"x AND t.s::text <> ALL (ARRAY['a'::character varying]::text[]) OR y", "x AND t.s NOT IN ('a') OR y"},
    {"s = '::text = ANY (ARRAY[''a''::character varying]::text[])'", NULL},
    {"s::text = ANY (ARRAY['a'::character varying, t]::text[])", NULL},
    {"s::text = ANY (ARRAY['a'::character varying::text, 'b'::text])", NULL},
    {"s::text = ANY (ARRAY['a'::character varying]::text[]", NULL},
};

static void writes_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
        assert_string_equal(str_cstr(&arena, pg_plain(&arena, str_of(plain[i][0]))),
                            plain[i][1] != NULL ? plain[i][1] : plain[i][0]);
    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
        if (plain[i][1] != NULL)
            assert_string_equal(str_cstr(&arena, pg_unplain(&arena, str_of(plain[i][1]))), plain[i][0]);
}

static void writes_functions(void **state)
{
    (void)state;
    struct object f = {.kind = OBJECT_FUNCTION};
    object_set(&arena, &f, "kind", STR("function"));
    object_set(&arena, &f, "arguments", STR("a integer"));
    object_set(&arena, &f, "result", STR("integer"));
    object_set(&arena, &f, "language", STR("sql"));
    object_set(&arena, &f, "volatility", STR("IMMUTABLE"));
    object_set(&arena, &f, "strict", STR("STRICT"));
    object_set(&arena, &f, "cost", STR("5"));
    object_set(&arena, &f, "settings", STR("search_path=public, \"$user\"" US "search_path=\"\"" US "x.y=it's"));
    object_set(&arena, &f, "source", STR(" SELECT a "));
    assert_string_equal(str_cstr(&arena, pg_function_text(&arena, &f, STR("f"), true)),
                        "CREATE OR REPLACE FUNCTION f(a integer) RETURNS integer\n"
                        "    LANGUAGE sql IMMUTABLE STRICT COST 5\n"
                        "    SET search_path TO public, \"$user\"\n"
                        "    SET search_path TO ''\n"
                        "    SET x.y TO 'it''s'\n"
                        "AS $$ SELECT a $$");
    assert_string_equal(str_cstr(&arena, pg_options_text(&arena, STR("fillfactor=70" US "x=A b"))),
                        "fillfactor = 70, x = 'A b'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_labels),    cmocka_unit_test(quotes_bodies),    cmocka_unit_test(replaces_functions),
        cmocka_unit_test(replaces_views), cmocka_unit_test(writes_functions), cmocka_unit_test(writes_lists),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
