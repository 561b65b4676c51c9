/* Models of SQLite in a scratch database: any order, and what is wrong with them. */
#include "tests/support/cmocka.h"

#include <string.h>

#include "coordinator/cli/load.h"
#include "skein/db/scratch.h"
#include "tests/support/arena.h"

static struct project_models models;

static void file(const char *module, const char *path, const char *text)
{
    struct model_file f = {.path = str_of(path), .bytes = str_of(text)};
    for (size_t i = 0; i < models.modules.list.count; i++)
        if (str_is(models.modules.list.items[i].name, module)) {
            vec_push(&arena, &models.modules.list.items[i].files.list, f);
            return;
        }
    struct module_models m = {.name = str_of(module)};
    vec_push(&arena, &m.files.list, f);
    vec_push(&arena, &models.modules.list, m);
}

/* Loads what was given with file(), and forgets it; the err's kind is "" when it could be loaded. */
static struct err load(void)
{
    struct err err = {0};
    struct diag diag;
    struct loaded loaded;
    struct scratch *scratch = NULL;
    const struct load_request request = {.root = STR("/"), .models = &models, .engine = ENGINE_SQLITE};
    diag_init(&diag, &arena);
    bool ok = load_read(&arena, &request, &loaded, &diag, &err) &&
              scratch_open(ENGINE_SQLITE, STR_NONE, &scratch, &err) &&
              load_run(&arena, &request, scratch_db(scratch), &loaded, &err);
    assert_int_equal(ok, err.code == ERR_UNSET);
    scratch_close(scratch);
    models = (struct project_models){0};
    return err;
}

static void expect(const char *kind, const char *origin)
{
    struct err err = load();
    assert_string_equal(err.kind, kind);
    assert_string_equal(err.origin, origin);
    assert_true(kind[0] == '\0' || err.hint[0] != '\0');
}

static void any_order(void **state)
{
    (void)state;
    file("core", "a", "CREATE INDEX i ON t (a);\nCREATE VIEW v AS SELECT * FROM w;");
    file("core", "b", "CREATE VIEW w AS SELECT * FROM t;");
    file("core", "c", "CREATE TABLE t (a REFERENCES u (a));");
    file("core", "g",
         "CREATE TRIGGER g1 AFTER UPDATE ON t BEGIN DELETE FROM u; END;"
         "CREATE TRIGGER g2 INSTEAD OF INSERT ON v BEGIN DELETE FROM u; END;"
         "CREATE TRIGGER g3 INSTEAD OF UPDATE ON v BEGIN INSERT INTO u VALUES (NEW.a); END;"
         "CREATE TRIGGER g4 BEFORE DELETE ON \"t\" WHEN OLD.a > 1 BEGIN SELECT RAISE(ABORT, 'no'); END;");
    file("core", "d", "CREATE TABLE u (a PRIMARY KEY REFERENCES t (a));");
    file("x", "e", "CREATE TABLE x_a (b REFERENCES x_b (a), u REFERENCES u (a));");
    file("x", "f", "CREATE TABLE x_b (a PRIMARY KEY);");
    expect("", "");
}

static void errors(void **state)
{
    (void)state;
    static const struct {
        const char *module, *sql, *kind, *origin;
    } cases[] = {
        {"core", "CREATE TABLE t (a,\n  b,);", "bad_model", "f:2:5"},
        {"core", "CREATE TABLE t (\n a REFERENCES nowhere (b));", "missing_reference", "f:2:15"},
        {"core", "CREATE INDEX i ON t (a);", "missing_reference", "f:1:1"},
        {"core", "CREATE TABLE t (a);\n  CREATE VIEW v AS SELECT * FROM u;", "missing_reference", "f:2:3"},
        {"core", "CREATE VIEW v AS SELECT * FROM w;CREATE VIEW w AS SELECT * FROM v;", "cyclic_models", "f:1:34"},
        {"core", "CREATE TABLE t (a REFERENCES x_a (b));", "core_needs_extension", "f:1:30"},
        {"core", "CREATE VIEW v AS SELECT * FROM x_a;", "core_needs_extension", "f:1:1"},
        {"core", "CREATE TABLE t (a);CREATE TRIGGER g INSERT ON t BEGIN DELETE FROM u; END;", "missing_reference",
         "f:1:20"},
        {"core", "CREATE TABLE t (a);CREATE TRIGGER g DELETE ON t BEGIN SELECT b FROM t; END;", "missing_reference",
         "f:1:20"},
        {"core", "CREATE TABLE t (a, b);CREATE TRIGGER g AFTER UPDATE OF b ON t BEGIN DELETE FROM x_a; END;",
         "core_needs_extension", "f:1:23"},
        {"core", "CREATE TABLE t (a TEXT DEFAULT 'x);", "bad_sql", "f:1:32"},
        {"core", "CREATE TABLE t (a);\nDELETE FROM t;", "not_a_model", "f:2:1"},
        {"core", "CREATE TABLE t (a);\nCREATE TABLE T (a);", "two_owners", "f:2:1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        file(cases[i].module, "f", cases[i].sql);
        file("x", "x", "CREATE TABLE x_a (b PRIMARY KEY);");
        struct err err = load();
        if (strcmp(err.kind, cases[i].kind) != 0)
            fail_msg("%s: %s: %s", cases[i].sql, err.kind, err.text);
        if (strcmp(err.origin, cases[i].origin) != 0)
            fail_msg("%s: %s", cases[i].sql, err.origin);
        assert_true(err.hint[0] != '\0');
    }
}

/* As many failures as statements would take if they were only tried again and again. */
static void a_long_chain_backwards(void **state)
{
    (void)state;
    struct strbuf text;
    strbuf_init(&text, 1 << 22);
    for (int i = 2000; i > 0; i--)
        strbuf_printf(&text, "CREATE TABLE t%d (a PRIMARY KEY REFERENCES t%d (a));\nCREATE INDEX i%d ON t%d (a);\n", i,
                      i - 1, i, i);
    strbuf_puts(&text, "CREATE TABLE t0 (a PRIMARY KEY);");
    file("core", "f", str_cstr(&arena, strbuf_str(&text)));
    strbuf_release(&text);
    expect("", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(any_order), TEST(errors), TEST(a_long_chain_backwards)};
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
