/* Whose is it: told by the first words of models' statements. */
#include "tests/support/cmocka.h"

#include <string.h>

#include "skein/schema/load.h"
#include "skein/schema/ownership.h"
#include "tests/support/arena.h"

/* --- first words ----------------------------------------------------------------------------------------------- */

static void heads(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        enum model_verb verb;
        enum object_kind kind;
        const char *schema, *name, *on_table;
    } cases[] = {
        {"CREATE TABLE users (id int)", MODEL_CREATE, OBJECT_TABLE, "", "users", ""},
        {"create unlogged table if not exists App.\"Users\"(id int)", MODEL_CREATE, OBJECT_TABLE, "app", "Users", ""},
        {"/* a */ CREATE -- b\n TABLE public . t()", MODEL_CREATE, OBJECT_TABLE, "", "t", ""},
        {"CREATE UNIQUE INDEX i ON ONLY app.t (a)", MODEL_CREATE, OBJECT_INDEX, "app", "i", "t"},
        {"CREATE INDEX ON t USING gin (a)", MODEL_CREATE, OBJECT_INDEX, "", "", "t"},
        {"CREATE MATERIALIZED VIEW v AS SELECT 1", MODEL_CREATE, OBJECT_MATVIEW, "", "v", ""},
        {"CREATE OR REPLACE VIEW v AS SELECT 1", MODEL_CREATE, OBJECT_VIEW, "", "v", ""},
        {"CREATE TYPE mood AS ENUM ('a')", MODEL_CREATE, OBJECT_ENUM, "", "mood", ""},
        {"CREATE TYPE pair AS (a int)", MODEL_CREATE, OBJECT_COMPOSITE, "", "pair", ""},
        {"CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$", MODEL_CREATE,
         OBJECT_FUNCTION, "", "f", ""},
        {"CREATE CONSTRAINT TRIGGER g AFTER UPDATE OF \"on\" ON app.t EXECUTE FUNCTION f()", MODEL_CREATE,
         OBJECT_TRIGGER, "", "g", "t"},
        {"CREATE POLICY p ON t USING (true)", MODEL_CREATE, OBJECT_POLICY, "", "p", "t"},
        {"CREATE RULE r AS ON INSERT TO v DO INSTEAD NOTHING", MODEL_CREATE, OBJECT_RULE, "", "r", "v"},
        {"CREATE SCHEMA IF NOT EXISTS app", MODEL_CREATE, OBJECT_SCHEMA, "", "app", ""},
        {"ALTER TABLE IF EXISTS ONLY app.t ADD CHECK (a > 0)", MODEL_ALTER, OBJECT_TABLE, "app", "t", ""},
        {"ALTER SEQUENCE s OWNED BY t.a", MODEL_ALTER, OBJECT_SEQUENCE, "", "s", ""},
        {"COMMENT ON COLUMN app.t.a IS 'x'", MODEL_COMMENT, OBJECT_COLUMN, "", "a", "t"},
        {"COMMENT ON CONSTRAINT c ON DOMAIN d IS 'x'", MODEL_COMMENT, OBJECT_CONSTRAINT, "", "c", "d"},
        {"COMMENT ON FUNCTION f(int) IS 'x'", MODEL_COMMENT, OBJECT_FUNCTION, "", "f", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct model_head h = {0};
        const char *problem = "", *hint = "";
        if (!model_head_parse(&arena, ENGINE_POSTGRESQL, str_of(cases[i].sql), &h, &problem, &hint))
            fail_msg("%s: %s", cases[i].sql, problem);
        assert_int_equal(h.verb, cases[i].verb);
        assert_int_equal(h.kind, cases[i].kind);
        assert_true(str_is(h.schema, cases[i].schema));
        assert_true(str_is(h.name, cases[i].name));
        assert_true(str_is(h.on_table, cases[i].on_table));
    }
}

static void no_models(void **state)
{
    (void)state;
    static const char *const cases[] = {"DROP TABLE t",
                                        "INSERT INTO t VALUES (1)",
                                        "BEGIN",
                                        "SET search_path = a",
                                        "\\d t",
                                        "GRANT SELECT ON t TO x",
                                        "DO $$ BEGIN END $$",
                                        "CREATE TEMP TABLE t (a int)",
                                        "CREATE INDEX CONCURRENTLY i ON t (a)",
                                        "CREATE ROLE x",
                                        "CREATE SCHEMA s CREATE TABLE t (a int)",
                                        "ALTER TABLE t RENAME TO u",
                                        "ALTER TABLE t SET SCHEMA u",
                                        "CREATE TABLE",
                                        "SELECT 1",
                                        "CREAT TABLE t (a int)",
                                        "COMMENT ON COLUMN a IS 'x'"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct model_head h;
        const char *problem = NULL, *hint = NULL;
        if (model_head_parse(&arena, ENGINE_POSTGRESQL, str_of(cases[i]), &h, &problem, &hint))
            fail_msg("taken: %s", cases[i]);
        assert_non_null(problem);
        assert_non_null(hint);
    }
}

static void lite_names(void **state)
{
    (void)state;
    static const char *const cases[] = {"CREATE TABLE [t] (a)", "CREATE TABLE `t` (a)", "CREATE TABLE 't' (a)",
                                        "CREATE VIRTUAL TABLE main.t USING fts5(a)"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct model_head h = {0};
        const char *problem, *hint;
        assert_true(model_head_parse(&arena, ENGINE_SQLITE, str_of(cases[i]), &h, &problem, &hint));
        assert_true(str_is(h.name, "t"));
        assert_int_equal(h.schema.len, 0);
    }
}

/* --- owners ---------------------------------------------------------------------------------------------------- */

static void add(struct model_statements *list, const char *module, const char *sql)
{
    const char *problem, *hint;
    struct model_statement s = {.module = str_of(module),
                                .path = str_printf(&arena, "%s.sql", module),
                                .sql = str_of(sql),
                                .line = (unsigned)list->list.count + 1,
                                .column = 1};
    assert_true(model_head_parse(&arena, ENGINE_POSTGRESQL, s.sql, &s.head, &problem, &hint));
    vec_push(&arena, &list->list, s);
}

/* The kind of the only finding; "" when there is none. */
static const char *judge(struct model_statements *list, struct owners *owners)
{
    struct diag diag;
    diag_init(&diag, &arena);
    bool ok = ownership_of_models(&arena, ENGINE_POSTGRESQL, list, owners, &diag);
    assert_int_equal(ok, diag.errors == 0);
    assert_true(diag.list.count <= 1);
    return ok ? "" : diag.list.items[0].kind;
}

static struct str module_of(const struct owners *o, enum object_kind kind, const char *schema, const char *name)
{
    const struct owner *owner = owners_find(o, kind, str_of(schema), str_of(name));
    return owner != NULL ? owner->module : STR("");
}

static void the_creator_owns(void **state)
{
    (void)state;
    struct model_statements list = {0};
    struct owners owners;
    add(&list, "core", "CREATE TABLE users (id int PRIMARY KEY)");
    add(&list, "billing", "CREATE TABLE billing_x (u int REFERENCES users)");
    add(&list, "billing", "CREATE INDEX i ON billing_x (u)");
    add(&list, "billing", "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS ''");
    assert_string_equal(judge(&list, &owners), "");
    assert_true(str_is(module_of(&owners, OBJECT_TABLE, "", "users"), "core"));
    assert_true(str_is(module_of(&owners, OBJECT_VIEW, "", "billing_x"), "billing"));
    assert_true(str_is(module_of(&owners, OBJECT_FUNCTION, "", "f(integer)"), "billing"));
    assert_null(owners_find(&owners, OBJECT_TABLE, STR("app"), STR("users")));

    struct schema schema = {.engine = ENGINE_POSTGRESQL};
    schema_add(&arena, &schema, OBJECT_TABLE, STR(""), STR(""), STR("users"));
    schema_add(&arena, &schema, OBJECT_COLUMN, STR(""), STR("billing_x"), STR("u"));
    schema_add(&arena, &schema, OBJECT_TABLE, STR(""), STR(""), STR("stranger"));
    size_t sequence = schema_add(&arena, &schema, OBJECT_SEQUENCE, STR(""), STR(""), STR("users_id_seq"));
    object_set(&arena, &schema.objects.list.items[sequence], "owner_table", STR("users"));
    ownership_apply(&owners, &schema);
    assert_true(str_is(schema.objects.list.items[sequence].module, "core"));
    assert_true(str_is(schema.objects.list.items[0].module, "core"));
    assert_true(str_is(schema.objects.list.items[0].file, "core.sql:1"));
    assert_true(str_is(schema.objects.list.items[1].module, "billing"));
    assert_int_equal(schema.objects.list.items[2].module.len, 0);
}

static void clashes(void **state)
{
    (void)state;
    static const struct {
        const char *one, *first, *two, *second, *kind;
    } cases[] = {
        {"core", "CREATE TABLE t (a int)", "x", "CREATE TABLE t (a int)", "two_owners"},
        {"core", "CREATE TABLE t (a int)", "core", "CREATE TABLE t (a int)", "two_owners"},
        {"core", "CREATE TABLE t (a int)", "x", "CREATE VIEW t AS SELECT 1", "two_owners"},
        {"core", "CREATE TABLE t (a int)", "x", "CREATE TABLE IF NOT EXISTS t (a int)", ""},
        {"x", "CREATE TABLE IF NOT EXISTS t (a int)", "y", "CREATE TABLE t (a int)", ""},
        {"x", "CREATE TABLE IF NOT EXISTS t (a int)", "y", "CREATE TABLE IF NOT EXISTS t (a int)", "two_owners"},
        {"core", "CREATE EXTENSION IF NOT EXISTS e", "y", "CREATE EXTENSION IF NOT EXISTS e", ""},
        {"core", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''", "core",
         "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS ''", ""},
        {"core", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''", "x",
         "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS ''", "two_owners"},
        {"core", "CREATE TABLE t (a int)", "x", "CREATE INDEX i ON t (a)", "foreign_object"},
        {"core", "CREATE TABLE t (a int)", "x", "ALTER TABLE t ADD b int", "foreign_object"},
        {"core", "CREATE TABLE t (a int)", "x", "COMMENT ON COLUMN t.a IS 'x'", "foreign_object"},
        {"x", "CREATE TABLE t (a int)", "core", "CREATE POLICY p ON t", "foreign_object"},
        {"core", "CREATE TABLE t (a int)", "core", "CREATE INDEX i ON t (a)", ""},
        {"core", "CREATE TABLE t (a2345678901234567890123456789012345678901234567890123456789012345 int)", "core",
         "CREATE TABLE u (a int)", "name_too_long"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct model_statements list = {0};
        struct owners owners;
        add(&list, cases[i].one, cases[i].first);
        add(&list, cases[i].two, cases[i].second);
        if (strcmp(judge(&list, &owners), cases[i].kind) != 0)
            fail_msg("%s / %s", cases[i].first, cases[i].second);
    }
}

static void a_reference_gives_way_whichever_comes_first(void **state)
{
    (void)state;
    struct model_statements list = {0};
    struct owners owners;
    add(&list, "a", "CREATE TABLE IF NOT EXISTS t (a int)");
    add(&list, "b", "CREATE TABLE t (a int)");
    assert_string_equal(judge(&list, &owners), "");
    assert_true(list.list.items[0].refers);
    assert_false(list.list.items[1].refers);
    assert_true(str_is(module_of(&owners, OBJECT_TABLE, "", "t"), "b"));
}

/* --- order ----------------------------------------------------------------------------------------------------- */

static void what_is_named_comes_first(void **state)
{
    (void)state;
    struct model_statements list = {0};
    struct owners owners;
    struct load_order order;
    add(&list, "x", "CREATE TABLE x_a (c int REFERENCES c)");
    add(&list, "core", "CREATE VIEW v AS SELECT * FROM b");
    add(&list, "core", "CREATE TABLE b (c int REFERENCES C)");
    add(&list, "core", "CREATE TABLE c (id int PRIMARY KEY)");
    add(&list, "core", "CREATE INDEX i ON b (c)");
    assert_string_equal(judge(&list, &owners), "");
    load_order_build(&arena, ENGINE_POSTGRESQL, &list, &order);
    assert_int_equal(order.list.count, 5);
    size_t places[5];
    for (size_t i = 0; i < 5; i++)
        places[order.list.items[i]] = i;
    assert_true(places[3] < places[2] && places[2] < places[1] && places[2] < places[4] && places[0] == 4);
}

static void circles(void **state)
{
    (void)state;
    struct model_statements list = {0};
    struct load_order among = {0};
    add(&list, "core", "CREATE VIEW a AS SELECT * FROM b");
    add(&list, "core", "CREATE VIEW b AS SELECT * FROM a");
    add(&list, "core", "CREATE VIEW c AS SELECT * FROM nothing");
    for (size_t i = 0; i < 3; i++)
        vec_push(&arena, &among.list, i);
    assert_true(str_is(load_circle(&arena, ENGINE_POSTGRESQL, &list, 0, &among), "a, b"));
    assert_int_equal(load_circle(&arena, ENGINE_POSTGRESQL, &list, 2, &among).len, 0);
}

/* --- foreign keys ---------------------------------------------------------------------------------------------- */

static void keys_are_cut(void **state)
{
    (void)state;
    struct str rest;
    struct cut_keys keys = {0};
    assert_true(load_cut_keys(
        &arena,
        STR("CREATE TABLE app.t (id int PRIMARY KEY, a int NOT NULL CONSTRAINT fk REFERENCES u (id) MATCH FULL ON "
            "DELETE "
            "SET NULL (a) DEFERRABLE INITIALLY DEFERRED NOT NULL, \"B\" int DEFAULT (1), CONSTRAINT k FOREIGN KEY (a, "
            "\"B\") REFERENCES v ON UPDATE NO ACTION, CHECK (a > 0)) WITH (fillfactor=70)"),
        &rest, &keys));
    assert_int_equal(keys.list.count, 2);
    assert_true(str_is(keys.list.items[0].sql,
                       "ALTER TABLE app.t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES u (id) MATCH FULL ON DELETE SET "
                       "NULL (a) DEFERRABLE INITIALLY DEFERRED"));
    assert_true(str_is(keys.list.items[1].sql, "ALTER TABLE app.t ADD CONSTRAINT k FOREIGN KEY (a, \"B\") REFERENCES v "
                                               "ON UPDATE NO ACTION"));
    struct strbuf squeezed;
    strbuf_init(&squeezed, 4096);
    for (size_t i = 0; i < rest.len; i++)
        if (rest.p[i] != ' ' || (squeezed.len > 0 && squeezed.p[squeezed.len - 1] != ' '))
            strbuf_putc(&squeezed, rest.p[i]);
    assert_string_equal(squeezed.p,
                        "CREATE TABLE app.t (id int PRIMARY KEY, a int NOT NULL NOT NULL, \"B\" int DEFAULT "
                        "(1) , CHECK (a > 0)) WITH (fillfactor=70)");
    strbuf_release(&squeezed);
}

static void tables_begin_with_the_name_of_their_extension(void **state)
{
    (void)state;
    static const struct {
        const char *module, *sql;
        bool good;
    } cases[] = {
        {"core", "CREATE TABLE users (a int)", true}, {"x", "CREATE TABLE x_users (a int)", true},
        {"x", "CREATE TABLE x (a int)", true},        {"x", "CREATE TABLE \"X_users\" (a int)", true},
        {"x", "CREATE TABLE x.users (a int)", true},  {"x", "CREATE TABLE xusers (a int)", false},
        {"x", "CREATE TABLE users (a int)", false},   {"x", "CREATE TABLE users_x_ (a int)", false},
        {"x", "CREATE INDEX i ON x_users (a)", true}, {"x", "CREATE VIEW v AS SELECT 1", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct model_statements list = {0};
        struct diag diag;
        diag_init(&diag, &arena);
        add(&list, cases[i].module, cases[i].sql);
        ownership_check_prefixes(&list, &diag);
        ownership_check_prefixes(&list, &diag); /* for the second engine */
        if (diag.warnings != (cases[i].good ? 0 : 1) || diag.errors != 0)
            fail_msg("%s: %s", cases[i].module, cases[i].sql);
    }
}

static void nothing_to_cut(void **state)
{
    (void)state;
    static const char *const cases[] = {"CREATE TABLE t (a int, \"references\" int)", "CREATE TABLE t AS SELECT 1",
                                        "CREATE TABLE t PARTITION OF u FOR VALUES IN ('references u')",
                                        "CREATE TABLE t (a text DEFAULT 'x references y'", "CREATE TABLE"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str rest;
        struct cut_keys keys;
        assert_false(load_cut_keys(&arena, str_of(cases[i]), &rest, &keys));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(heads),
        TEST(no_models),
        TEST(lite_names),
        TEST(the_creator_owns),
        TEST(clashes),
        TEST(a_reference_gives_way_whichever_comes_first),
        TEST(tables_begin_with_the_name_of_their_extension),
        TEST(what_is_named_comes_first),
        TEST(circles),
        TEST(keys_are_cut),
        TEST(nothing_to_cut),
    };
    return cmocka_run_group_tests_name("ownership", tests, NULL, NULL);
}
