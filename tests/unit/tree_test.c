#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "skein/os/file.h"
#include "skein/os/tree.h"
#include "tests/support/cmocka.h"

static struct arena arena;
static char root[64];

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    snprintf(root, sizeof(root), "/tmp/skein_tree_XXXXXX");
    unsetenv("SKEIN_PROJECT");
    unsetenv("OVERRIDE_EXTENSION_LIST");
    return mkdtemp(root) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *path, const char *text)
{
    struct err err;
    const char *full = arena_printf(&arena, "%s/%s", root, path);
    assert_true(file_mkdirs(arena_printf(&arena, "%.*s", STR_ARG(file_folder(str_of(full)))), 0755, &err));
    assert_true(file_write_atomic(full, str_of(text), 0644, &err));
}

static void write_revision(const char *folder, const char *id)
{
    write_file(arena_printf(&arena, "%s/%s_x.sql", folder, id),
               arena_printf(&arena, "-- revision: %s\n-- migrate:up\n", id));
}

#define CORE "database/migrations/versions"
#define EXTENSION(name) "extensions/" name "/migrations/versions"
#define LIST "database/migrations/migration_extensions.json"

/* "core:a1,a2 billing:b1 | findings" */
static const char *read_tree(void)
{
    struct project_files files;
    struct diag diag;
    struct err err;
    struct str out = STR("");
    diag_init(&diag, &arena);
    if (!tree_read(&arena, str_of(root), &files, &diag, &err))
        return arena_printf(&arena, "error %s", err.kind);
    for (size_t i = 0; i < files.modules.count; i++) {
        const struct module_files *m = &files.modules.items[i];
        out = str_printf(&arena, "%.*s%s%.*s:%zu", STR_ARG(out), i > 0 ? " " : "", STR_ARG(m->name), m->files.count);
        for (size_t k = 0; k < m->files.count; k++)
            if (m->files.items[k].problem != NULL)
                out = str_printf(&arena, "%.*s(%s)", STR_ARG(out), m->files.items[k].kind);
    }
    for (size_t i = 0; i < diag.list.count; i++)
        out = str_printf(&arena, "%.*s | %s", STR_ARG(out), diag.list.items[i].kind);
    return out.p;
}

static void test_extension_lists(void **state)
{
    (void)state;
    assert_string_equal(read_tree(), "error no_project");
    write_revision(CORE, "a1");
    assert_string_equal(read_tree(), "core:1");
    write_revision(EXTENSION("shipping"), "s1");
    write_revision(EXTENSION("billing"), "b1");
    write_file("extensions/models/DB_x.sql", "");
    assert_string_equal(read_tree(), "core:1 billing:1 shipping:1"); /* no list: all that have migrations */
    write_file(LIST, "{\"extensions\": [\"shipping\"]}");
    assert_string_equal(read_tree(), "core:1 shipping:1");
    write_file(LIST, "{\"extensions\": [\"shipping\"], \"auto_discover\": true}");
    assert_string_equal(read_tree(), "core:1 shipping:1 billing:1");
    setenv("OVERRIDE_EXTENSION_LIST", "[\"billing\"]", 1);
    assert_string_equal(read_tree(), "core:1 billing:1");
    setenv("OVERRIDE_EXTENSION_LIST", "[]", 1);
    assert_string_equal(read_tree(), "core:1");
    setenv("OVERRIDE_EXTENSION_LIST", "billing", 1);
    assert_string_equal(read_tree(), "core:1 | bad_extension_list");
    setenv("OVERRIDE_EXTENSION_LIST", "[1]", 1);
    assert_string_equal(read_tree(), "core:1 | bad_extension_list");
}

static void test_bad_lists(void **state)
{
    (void)state;
    write_revision(CORE, "a1");
    write_file(LIST, "{\"extensions\": [\"none\"]}");
    assert_string_equal(read_tree(), "core:1 none:0 | missing_extension");
    write_file(LIST, "{\"extensions\": [\"../../etc\"]}");
    assert_string_equal(read_tree(), "core:1 ../../etc:0"); /* project_build() refuses the name */
    write_file(LIST, "{\"extensions\": ");
    assert_string_equal(read_tree(), "core:1 | bad_extension_list");
    write_file(LIST, "{\"extensions\": \"x\", \"auto_discover\": 1}");
    assert_string_equal(read_tree(), "core:1 | bad_extension_list | bad_extension_list");
    write_file(LIST, "[]");
    assert_string_equal(read_tree(), "core:1 | bad_extension_list");
}

static void link_to(const char *target, const char *path)
{
    assert_int_equal(symlink(target, arena_printf(&arena, "%s/%s", root, path)), 0);
}

static void test_files(void **state)
{
    (void)state;
    write_revision(CORE, "a1");
    write_file(CORE "/notes.txt", "x");
    write_file(CORE "/.hidden.sql", "x");
    write_file(CORE "/a2.sql~", "x");
    assert_string_equal(read_tree(), "core:1");
    write_file("elsewhere.sql", "-- revision: a2\n-- migrate:up\n");
    link_to("../../../elsewhere.sql", CORE "/a2.sql");
    assert_string_equal(read_tree(), "core:2"); /* links are followed */
    link_to("a3.sql", CORE "/a3.sql");
    assert_string_equal(read_tree(), "core:3(link_loop)");
    link_to("nowhere", CORE "/a4.sql");
    write_file(CORE "/a5.sql/x", "");
    assert_string_equal(read_tree(), "core:5(link_loop)(unreadable)(unreadable)");
    const char *large = arena_printf(&arena, "%s/" CORE "/a6.sql", root);
    write_file(CORE "/a6.sql", "");
    assert_int_equal(truncate(large, 16 * 1024 * 1024 + 1), 0);
    assert_string_equal(read_tree(), "core:6(link_loop)(unreadable)(unreadable)(too_large)");
}

static void test_folder_loop(void **state)
{
    (void)state;
    write_file("database/migrations/x", "");
    link_to("versions", CORE);
    assert_string_equal(read_tree(), "core:0 | link_loop");
}

static void test_find_root(void **state)
{
    (void)state;
    struct str found;
    struct err err;
    char before[4096];
    assert_non_null(getcwd(before, sizeof(before)));
    assert_false(tree_find_root(&arena, root, &found, &err));
    assert_string_equal(err.kind, "no_project");
    assert_false(tree_find_root(&arena, "/no/such/folder", &found, &err));
    write_revision("src/" CORE, "a1");
    write_file("src/deep/er/x", "");
    const char *src = arena_printf(&arena, "%s/src", root);
    assert_true(tree_find_root(&arena, root, &found, &err)); /* the folder above `src` will do */
    assert_true(str_is(found, src));
    assert_true(tree_find_root(&arena, src, &found, &err));
    assert_true(str_is(found, src));
    setenv("SKEIN_PROJECT", root, 1);
    assert_true(tree_find_root(&arena, NULL, &found, &err));
    assert_true(str_is(found, src));
    assert_false(tree_find_root(&arena, "/tmp", &found, &err)); /* the option goes first */
    unsetenv("SKEIN_PROJECT");
    assert_int_equal(chdir(arena_printf(&arena, "%s/deep/er", src)), 0);
    assert_true(tree_find_root(&arena, NULL, &found, &err));
    assert_true(str_is(found, src));
    assert_int_equal(chdir(before), 0);
}

static void test_load(void **state)
{
    (void)state;
    struct project project;
    struct diag diag;
    struct err err;
    write_revision(CORE, "a1");
    write_revision(EXTENSION("billing"), "b1");
    diag_init(&diag, &arena);
    assert_true(tree_load(&arena, root, &diag, &project, &err));
    assert_int_equal(project.node_count, 2);
    assert_true(str_is(project.nodes[1]->path, EXTENSION("billing") "/b1_x.sql"));
    write_file(CORE "/a2.sql", "-- revision: a2\n-- revises: a9\n-- migrate:up\n");
    write_file(LIST, "{");
    diag_init(&diag, &arena);
    assert_false(tree_load(&arena, root, &diag, &project, &err));
    assert_int_equal(diag.errors, 2);
    assert_string_equal(diag.list.items[0].kind, "bad_extension_list");
    assert_string_equal(diag.list.items[1].kind, "missing_parent");
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(test_extension_lists), EACH(test_bad_lists), EACH(test_files),
        EACH(test_folder_loop),     EACH(test_find_root), EACH(test_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
