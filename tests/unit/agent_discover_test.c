#include "tests/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/io/discover.h"

static void names_hold_what_varies(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path, *name;
    } cases[] = {
        {"/srv/shop/*.db", "/srv/shop/t0001.db", "s/t0001"},
        {"/srv/shop/t*.db", "/srv/shop/t0001.db", "s/t0001"},
        {"/srv/*/main.db", "/srv/acme/main.db", "s/acme"},
        {"/srv/*/*.db", "/srv/acme/one.db", "s/acme/one"},
        {"/srv/shop[12].db", "/srv/shop1.db", "s/shop1"},
        {"*", "a.db", "s/a.db"},
        {"/srv/a.db", "/srv/a.db", "s/a.db"},
        {"a.db", "a.db", "s/a.db"},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str name = discover_file_name(&a, STR("s"), str_of(cases[i].pattern), str_of(cases[i].path));
        assert_string_equal(str_cstr(&a, name), cases[i].name);
    }
    arena_release(&a);
}

static void urls_lead_to_the_database(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str url = discover_database_url(&a, STR("postgresql://u@h/d"), STR("shop_1"));
    assert_string_equal(url.p, "postgresql://u@h/d?dbname=shop_1");
    url = discover_database_url(&a, STR("postgresql://h?sslmode=require"), STR("a b&c%"));
    assert_string_equal(url.p, "postgresql://h?sslmode=require&dbname=a%20b%26c%25");
    arena_release(&a);
}

static void servers_are_told_apart_without_credentials(void **state)
{
    (void)state;
    static const struct {
        const char *url, *name;
    } cases[] = {
        {"postgresql://user:secret@db1:5433/shop", "pg:db1:5433"},
        {"postgresql://db1:5433/other?sslmode=require", "pg:db1:5433"},
        {"postgres://db1", "pg:db1"},
        {"postgresql:///shop?host=/run/pg&port=1&user=x&password=secret", "pg:?host=/run/pg&port=1"},
        {"postgresql://?service=shop", "pg:?service=shop"},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(str_cstr(&a, discover_server_name(&a, str_of(cases[i].url))), cases[i].name);
    arena_release(&a);
}

/* ---- files ---- */

struct folder {
    struct arena arena;
    char path[64];
    struct agent_config config;
};

static int make_folder(void **state)
{
    struct folder *f = calloc(1, sizeof(*f));
    strcpy(f->path, "/tmp/skein-discover-XXXXXX");
    *state = f;
    return mkdtemp(f->path) == NULL;
}

static int remove_folder(void **state)
{
    struct folder *f = *state;
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s'", f->path);
    arena_release(&f->arena);
    free(f);
    return system(command);
}

static void make_file(struct folder *f, const char *name)
{
    FILE *file = fopen(arena_printf(&f->arena, "%s/%s", f->path, name), "w");
    assert_non_null(file);
    fclose(file);
}

/* A section with one pattern below the folder. */
static void add_section(struct folder *f, const char *name, const char *pattern)
{
    struct source source = {.name = str_of(name), .engine = ENGINE_SQLITE};
    vec_push(&f->arena, &source.settings.files.list, str_printf(&f->arena, "%s/%s", f->path, pattern));
    vec_push(&f->arena, &f->config.sources.list, source);
}

static void add_pattern(struct folder *f, const char *pattern)
{
    struct names *files = &f->config.sources.list.items[f->config.sources.list.count - 1].settings.files;
    vec_push(&f->arena, &files->list, str_printf(&f->arena, "%s/%s", f->path, pattern));
}

/* "a b c": the names of what was found. */
static const char *found(struct folder *f, struct discovery *d)
{
    static const struct places none;
    discover(&f->arena, &f->config, &none, d);
    const char *names = "";
    for (size_t i = 0; i < d->places.list.count; i++)
        names = arena_printf(&f->arena, "%s%s%.*s", names, i > 0 ? " " : "", STR_ARG(d->places.list.items[i].name));
    return names;
}

static void patterns_find_databases_only(void **state)
{
    struct folder *f = *state;
    struct discovery d;
    make_file(f, "b.db");
    make_file(f, "a.db");
    make_file(f, "a.db-wal");
    make_file(f, "a.db-shm");
    make_file(f, "a.db-journal");
    make_file(f, "a.db.skein-lock");
    make_file(f, ".hidden.db");
    assert_int_equal(mkdir(arena_printf(&f->arena, "%s/folder.db", f->path), 0700), 0);
    add_section(f, "t", "*");
    assert_string_equal(found(f, &d), "t/a.db t/b.db");
    assert_int_equal(d.problems.count, 0);
    const struct place *place = places_find(&d.places, STR("t/b.db"));
    assert_non_null(place);
    assert_true(str_eq(place->url, str_printf(&f->arena, "sqlite:///%s/b.db", f->path)));
    assert_null(places_find(&d.places, STR("t/c.db")));
}

static void named_file_is_a_target_even_when_absent(void **state)
{
    struct folder *f = *state;
    struct discovery d;
    add_section(f, "one", "absent.db");
    add_section(f, "none", "x*.db");
    assert_string_equal(found(f, &d), "one");
}

static void places_with_one_name_are_reported_and_left_out(void **state)
{
    struct folder *f = *state;
    struct discovery d;
    make_file(f, "a.db");
    make_file(f, "a.sqlite");
    make_file(f, "b.db");
    add_section(f, "t", "*.db");
    add_pattern(f, "*.sqlite");
    assert_string_equal(found(f, &d), "t/b");
    assert_int_equal(d.problems.count, 1);
    assert_string_equal(d.problems.items[0].err.kind, "duplicate_name");
    assert_non_null(strstr(d.problems.items[0].err.text, "2 places would have the name t/a"));
}

static void links_to_one_file_are_reported(void **state)
{
    struct folder *f = *state;
    struct discovery d;
    make_file(f, "a.db");
    assert_int_equal(symlink("a.db", arena_printf(&f->arena, "%s/b.db", f->path)), 0);
    add_section(f, "t", "*.db");
    assert_string_equal(found(f, &d), "t/a t/b");
    assert_int_equal(d.problems.count, 1);
    assert_string_equal(d.problems.items[0].err.kind, "duplicate_file");
}

static void names_that_cannot_travel_are_reported(void **state)
{
    struct folder *f = *state;
    struct discovery d;
    char longest[140] = "";
    memset(longest, 'x', 130);
    make_file(f, "with space.db");
    make_file(f, "line\nbreak.db");
    make_file(f, "\xff.db");
    make_file(f, longest);
    make_file(f, "gr\xc3\xbc\xc3\x9f.db");
    add_section(f, "t", "*");
    assert_string_equal(found(f, &d), "t/gr\xc3\xbc\xc3\x9f.db");
    assert_int_equal(d.problems.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(d.problems.items[i].err.kind, "bad_name");
}

/* A server that is down keeps the targets that it had; nothing else is lost by it. */
static void unreachable_server_keeps_what_was_known(void **state)
{
    struct folder *f = *state;
    struct discovery d;
    make_file(f, "a.db");
    add_section(f, "files", "*.db");
    struct source server = {.name = STR("pg"), .engine = ENGINE_POSTGRESQL};
    server.settings.url = str_printf(&f->arena, "postgresql://u:topsecret@/x?host=%s", f->path);
    vec_push(&f->arena, &server.settings.schemas.list, STR("tenant_%"));
    vec_push(&f->arena, &f->config.sources.list, server);
    f->config.agent.connect_timeout_ms = 2000;
    struct places before = {0};
    struct place known = {.name = STR("pg/tenant_1"),
                          .engine = ENGINE_POSTGRESQL,
                          .url = server.settings.url,
                          .schema = STR("tenant_1"),
                          .server = STR("pg:x"),
                          .source = &f->config.sources.list.items[1]};
    vec_push(&f->arena, &before.list, known);
    discover(&f->arena, &f->config, &before, &d);
    assert_int_equal(d.places.list.count, 2);
    assert_true(str_is(d.places.list.items[1].name, "pg/tenant_1"));
    assert_true(d.incomplete);
    assert_int_equal(d.problems.count, 1);
    assert_int_equal(d.problems.items[0].err.code, ERR_CONNECT);
    assert_null(strstr(d.problems.items[0].err.text, "topsecret"));
    assert_null(strstr(d.problems.items[0].err.detail, "topsecret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_hold_what_varies),
        cmocka_unit_test(urls_lead_to_the_database),
        cmocka_unit_test(servers_are_told_apart_without_credentials),
        cmocka_unit_test_setup_teardown(patterns_find_databases_only, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(named_file_is_a_target_even_when_absent, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(places_with_one_name_are_reported_and_left_out, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(links_to_one_file_are_reported, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(names_that_cannot_travel_are_reported, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(unreachable_server_keeps_what_was_known, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
