#include <dlfcn.h>
#include <pg_query.h>
#include <protobuf-c/protobuf-c.h>

#include "skein/sql/classify.h"
#include "skein/sql/split.h"
#include "tests/support/arena.h"
#include "tests/support/cmocka.h"

/* "line:text|line:text|..." or "error at ORIGIN". */
static const char *split(enum engine engine, const char *text)
{
    struct statements cuts;
    struct err err;
    struct str sql = str_of(text), out = STR("");
    if (!sql_split(&arena, engine, sql, &cuts, &err))
        return arena_printf(&arena, "error at %s", err.origin);
    assert_true(statements_cover(engine, &cuts, sql));
    for (size_t i = 0; i < cuts.list.count; i++) {
        const struct statement *s = &cuts.list.items[i];
        out =
            str_printf(&arena, "%.*s%s%u:%.*s", STR_ARG(out), i > 0 ? "|" : "", s->line, (int)s->len, sql.p + s->start);
    }
    return out.p;
}

static void test_split_both(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *cuts;
    } cases[] = {
        {"", ""},
        {" \n-- nothing\n/* here */;;\n", ""},
        {"SELECT 1", "1:SELECT 1"},
        {"SELECT 1;", "1:SELECT 1"},
        {"SELECT 1; SELECT 2;", "1:SELECT 1|1:SELECT 2"},
        {"SELECT 1;\n\n-- x;y\nSELECT 2\n;\n", "1:SELECT 1|4:SELECT 2"},
        {"SELECT ';', 'it''s;';\nSELECT 2", "1:SELECT ';', 'it''s;'|2:SELECT 2"},
        {"SELECT \";\";SELECT 1 /* ; */ + 1;", "1:SELECT \";\"|1:SELECT 1 /* ; */ + 1"},
        {"SELECT\n'a\nb';\nSELECT 2;", "1:SELECT\n'a\nb'|4:SELECT 2"},
        {"SELECT 'open", "error at 1:8"},
        {"SELECT 1;\n  SELECT 'open;", "error at 2:10"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_string_equal(split(ENGINE_SQLITE, cases[i].sql), cases[i].cuts);
        assert_string_equal(split(ENGINE_POSTGRESQL, cases[i].sql), cases[i].cuts);
    }
}

static void test_split_sqlite(void **state)
{
    (void)state;
    const char *trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT CASE 1 WHEN 1 THEN 2 END;\n"
                          "  UPDATE a SET x = ';';\nEND;\nSELECT 2;";
    assert_string_equal(split(ENGINE_SQLITE, trigger),
                        "1:CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT CASE 1 WHEN 1 THEN 2 END;\n"
                        "  UPDATE a SET x = ';';\nEND|5:SELECT 2");
    assert_string_equal(split(ENGINE_SQLITE, "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END"),
                        "1:CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END");
    assert_string_equal(split(ENGINE_SQLITE, "SELECT [;], `;`; SELECT 2 -- end\n;"), "1:SELECT [;], `;`|1:SELECT 2");
    assert_string_equal(split(ENGINE_SQLITE, "SELECT 1; /* to the end"), "1:SELECT 1");
    assert_string_equal(split(ENGINE_SQLITE, "SELECT 1; /* a /* b */ SELECT 2"), "1:SELECT 1|1:SELECT 2");
    assert_string_equal(split(ENGINE_SQLITE, "BEGIN; SELECT 1; END;"), "1:BEGIN|1:SELECT 1|1:END");
}

static void test_split_postgresql(void **state)
{
    (void)state;
    assert_string_equal(split(ENGINE_POSTGRESQL, "DO $$ BEGIN PERFORM 1; END $$;\nSELECT $a$;$b$;$a$;"),
                        "1:DO $$ BEGIN PERFORM 1; END $$|2:SELECT $a$;$b$;$a$");
    assert_string_equal(split(ENGINE_POSTGRESQL, "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\n SELECT 1; SELECT 2;\n"
                                                 "END;\nSELECT 3;"),
                        "1:CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\n SELECT 1; SELECT 2;\nEND|4:SELECT 3");
    assert_string_equal(split(ENGINE_POSTGRESQL, "SELECT 1; /* a /* b; */ c; */ SELECT 2"), "1:SELECT 1|1:SELECT 2");
    assert_string_equal(split(ENGINE_POSTGRESQL, "SELECT E'\\';'; SELECT 2"), "1:SELECT E'\\';'|1:SELECT 2");
    assert_string_equal(split(ENGINE_POSTGRESQL, "CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2); SELECT 3"),
                        "1:CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2)|1:SELECT 3");
}

/* A server newer than the grammar, or a typing error: nothing may be lost. */
static void test_split_unknown_grammar(void **state)
{
    (void)state;
    assert_string_equal(split(ENGINE_POSTGRESQL, "FROBNICATE TABLE a;\n\nSELECT ';';"),
                        "1:FROBNICATE TABLE a|3:SELECT ';'");
    assert_string_equal(split(ENGINE_POSTGRESQL, "SELECT 'é';\nSELECT 'ü', 'open"), "error at 2:14");
    static const struct {
        const char *sql, *cuts;
    } cases[] = {
        {"SELECV 1", "1:SELECV 1"},
        {"SELECT 1; )( ; SELECV 2 -- x", "1:SELECT 1|1:)( ; SELECV 2"},
        {"SELECV $$;$$, $a$ $b$;$a$, $1; x", "1:SELECV $$;$$, $a$ $b$;$a$, $1|1:x"},
        {"SELECV a$b$; c$b$", "1:SELECV a$b$|1:c$b$"},
        {"SELECV E'\\';', e'a''b;', U&'x;', \";\"; y", "1:SELECV E'\\';', e'a''b;', U&'x;', \";\"|1:y"},
        {"SELECV /* ; /* ; */ ; */ 1; z", "1:SELECV /* ; /* ; */ ; */ 1|1:z"},
        {"SELECV (1; (2); 3); z", "1:SELECV (1; (2); 3)|1:z"},
        {"FROB f() BEGIN ATOMIC SELECT CASE WHEN a THEN b END; SELECT 2; END; BEGIN; z",
         "1:FROB f() BEGIN ATOMIC SELECT CASE WHEN a THEN b END; SELECT 2; END|1:BEGIN|1:z"},
        {"SELECV\n /* open", "error at 2:2"},
        {"SELECV $x$ open", "error at 1:8"},
        {"SELECV \"open", "error at 1:8"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_string_equal(split(ENGINE_POSTGRESQL, cases[i].sql), cases[i].cuts);
}

static void test_cover(void **state)
{
    (void)state;
    struct str sql = STR("SELECT 1; DROP TABLE a; SELECT 2");
    struct statements cuts, fewer = {0};
    struct err err;
    assert_true(sql_split(&arena, ENGINE_SQLITE, sql, &cuts, &err));
    assert_true(statements_cover(ENGINE_SQLITE, &cuts, sql));
    vec_push(&arena, &fewer.list, cuts.list.items[0]);
    vec_push(&arena, &fewer.list, cuts.list.items[2]);
    assert_false(statements_cover(ENGINE_SQLITE, &fewer, sql));
    fewer.list.items[1] = cuts.list.items[1];
    assert_false(statements_cover(ENGINE_SQLITE, &fewer, sql));
    cuts.list.items[2].len += 1;
    assert_false(statements_cover(ENGINE_SQLITE, &cuts, sql));
    cuts.list.items[2].len = SIZE_MAX;
    assert_false(statements_cover(ENGINE_SQLITE, &cuts, sql));
    cuts.list.items[2] = cuts.list.items[0];
    assert_false(statements_cover(ENGINE_SQLITE, &cuts, sql));
}

/* The same bytes are a comment for one engine and hide a statement for the other. */
static void test_cover_engines(void **state)
{
    (void)state;
    const struct statements none = {0};
    struct str nested = STR("/* /* */ DROP TABLE a; -- */");
    assert_false(statements_cover(ENGINE_SQLITE, &none, nested));
    assert_true(statements_cover(ENGINE_POSTGRESQL, &none, STR("/* /* */ DROP TABLE a; */")));
    assert_false(statements_cover(ENGINE_POSTGRESQL, &none, STR("-- a\rDROP TABLE a")));
    assert_true(statements_cover(ENGINE_SQLITE, &none, STR("-- a\rDROP TABLE a")));
    assert_false(statements_cover(ENGINE_POSTGRESQL, &none, STR("/* open")));
}

static void test_classify(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        enum statement_class postgresql, sqlite;
    } cases[] = {
        {"SELECT 1", STATEMENT_PLAIN, STATEMENT_PLAIN},
        {"begin", STATEMENT_TRANSACTION_CONTROL, STATEMENT_TRANSACTION_CONTROL},
        {"/* x */ COMMIT WORK", STATEMENT_TRANSACTION_CONTROL, STATEMENT_TRANSACTION_CONTROL},
        {"ROLLBACK", STATEMENT_TRANSACTION_CONTROL, STATEMENT_TRANSACTION_CONTROL},
        {"ROLLBACK TO SAVEPOINT a", STATEMENT_PLAIN, STATEMENT_PLAIN},
        {"rollback transaction to a", STATEMENT_PLAIN, STATEMENT_PLAIN},
        {"SAVEPOINT a", STATEMENT_PLAIN, STATEMENT_PLAIN},
        {"PREPARE TRANSACTION 'x'", STATEMENT_TRANSACTION_CONTROL, STATEMENT_TRANSACTION_CONTROL},
        {"PREPARE q AS SELECT 1", STATEMENT_PLAIN, STATEMENT_PLAIN},
        {"VACUUM", STATEMENT_NO_TRANSACTION, STATEMENT_NO_TRANSACTION},
        {"ATTACH 'x' AS y", STATEMENT_PLAIN, STATEMENT_NO_TRANSACTION},
        {"CREATE UNIQUE -- c\n INDEX CONCURRENTLY i ON t (a)", STATEMENT_NO_TRANSACTION, STATEMENT_PLAIN},
        {"CREATE INDEX i ON t (concurrently)", STATEMENT_PLAIN, STATEMENT_PLAIN},
        {"DROP INDEX CONCURRENTLY i", STATEMENT_NO_TRANSACTION, STATEMENT_PLAIN},
        {"REINDEX (VERBOSE) TABLE CONCURRENTLY t", STATEMENT_NO_TRANSACTION, STATEMENT_PLAIN},
        {"REINDEX TABLE t", STATEMENT_PLAIN, STATEMENT_PLAIN},
        {"ALTER TABLE t DETACH PARTITION p CONCURRENTLY", STATEMENT_NO_TRANSACTION, STATEMENT_PLAIN},
        {"ALTER TABLE t ADD COLUMN concurrently int", STATEMENT_PLAIN, STATEMENT_PLAIN},
        {"REFRESH MATERIALIZED VIEW CONCURRENTLY v", STATEMENT_PLAIN, STATEMENT_PLAIN},
        {"ALTER SYSTEM SET a = 1", STATEMENT_NO_TRANSACTION, STATEMENT_PLAIN},
        {"", STATEMENT_PLAIN, STATEMENT_PLAIN},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(statement_classify(ENGINE_POSTGRESQL, str_of(cases[i].sql)), cases[i].postgresql);
        assert_int_equal(statement_classify(ENGINE_SQLITE, str_of(cases[i].sql)), cases[i].sqlite);
    }
}

/* libpg_query brings a copy of protobuf-c of its own: the library's must be the one that is used. */
static void test_adds_label(void **state)
{
    (void)state;
    assert_true(statement_adds_label(STR("ALTER TYPE mood ADD VALUE 'x'")));
    assert_true(
        statement_adds_label(STR("/* a */ alter type \"S\".mood -- b\n add value if not exists 'x' before 'y'")));
    assert_false(statement_adds_label(STR("ALTER TYPE mood RENAME VALUE 'x' TO 'y'")));
    assert_false(statement_adds_label(STR("ALTER TYPE pair ADD ATTRIBUTE value integer")));
    assert_false(statement_adds_label(STR("ALTER TABLE mood ADD value integer")));
}

static void test_protobuf_symbols(void **state)
{
    (void)state;
    Dl_info info, query;
    union {
        const char *(*function)(void);
        void *address;
    } version = {protobuf_c_version};
    union {
        PgQuerySplitResult (*function)(const char *);
        void *address;
    } splitter = {pg_query_split_with_parser};
    void *linked = dlsym(RTLD_DEFAULT, "protobuf_c_message_pack");
    assert_int_not_equal(dladdr(version.address, &info), 0);
    assert_non_null(strstr(info.dli_fname, "libprotobuf-c"));
    assert_int_not_equal(dladdr(linked, &info), 0);
    assert_non_null(strstr(info.dli_fname, "libprotobuf-c"));
    assert_int_not_equal(dladdr(splitter.address, &query), 0);
    assert_non_null(strstr(query.dli_fname, "libpg_query"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_both),
        cmocka_unit_test(test_split_sqlite),
        cmocka_unit_test(test_split_postgresql),
        cmocka_unit_test(test_split_unknown_grammar),
        cmocka_unit_test(test_cover),
        cmocka_unit_test(test_cover_engines),
        cmocka_unit_test(test_classify),
        cmocka_unit_test(test_adds_label),
        cmocka_unit_test(test_protobuf_symbols),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
