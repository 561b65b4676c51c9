#include "tests/support/cmocka.h"

#include <stdlib.h>
#include <unistd.h>

#include "skein/db/modules.h"

static char path[] = "/tmp/skein-modules-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

/* "a b": the modules after the statements were run. */
static const char *modules_after(struct arena *a, const char *const *statements, size_t count)
{
    struct db_options options;
    struct names modules;
    struct db *db;
    struct err err;
    db_options_init(&options);
    options.access = DB_ACCESS_WRITE;
    assert_true(db_open(str_printf(a, "sqlite:///%s", path), &options, &db, &err));
    for (size_t i = 0; i < count; i++)
        if (!db_exec(db, str_of(statements[i]), NULL, 0, &err))
            fail_msg("%s: %s", statements[i], err.text);
    assert_true(modules_find(a, db, &modules, &err));
    db_close(db);
    const char *all = "";
    for (size_t i = 0; i < modules.list.count; i++)
        all = arena_printf(a, "%s%s%.*s", all, i > 0 ? " " : "", STR_ARG(modules.list.items[i]));
    return all;
}

static void version_tables_name_the_modules(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "CREATE TABLE alembic_version (version_num VARCHAR(32))",
        "CREATE TABLE alembic_version_zoo (version_num VARCHAR(32))",
        "CREATE TABLE alembic_version_billing (version_num VARCHAR(32))",
        "CREATE TABLE alembicXversion_no (version_num VARCHAR(32))",
        "CREATE TABLE \"alembic_version_Not A Name\" (version_num VARCHAR(32))",
        "CREATE TABLE alembic_version_core (version_num VARCHAR(32))",
        "CREATE INDEX alembic_version_index ON alembic_version (version_num)",
    };
    struct arena a = {0};
    assert_string_equal(modules_after(&a, statements, 0), "core");
    assert_string_equal(modules_after(&a, statements, 7), "billing core zoo");
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(version_tables_name_the_modules)};
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
