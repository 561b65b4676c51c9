#include "tests/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/io/settings.h"
#include "skein/os/file.h"

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

struct file {
    char path[64], key[96];
};

static int file_make(void **state)
{
    static struct file f;
    snprintf(f.path, sizeof(f.path), "/tmp/skein-settings-XXXXXX");
    int fd = mkstemp(f.path);
    snprintf(f.key, sizeof(f.key), "%s.pub", f.path);
    *state = &f;
    return fd >= 0 ? close(fd) : -1;
}

static int file_remove(void **state)
{
    const struct file *f = *state;
    unlink(f->key);
    return unlink(f->path);
}

static bool load(const struct file *f, struct arena *a, const char *text, struct settings *ret_settings,
                 struct err *err)
{
    assert_true(file_write_atomic(f->path, str_of(text), 0600, err));
    return settings_load(a, f->path, ret_settings, err);
}

static void keys_come_with_names_and_roles(void **state)
{
    const struct file *f = *state;
    struct arena a = {0};
    struct settings s;
    struct err err = {0};
    assert_true(file_write_atomic(f->key, STR(KEY "\n# of ada\n"), 0644, &err));
    const char *text = arena_printf(&a,
                                    "[coordinator]\nstore = /x/y.db\n[operator ada]\nrole = admin\nkey_file = %s\n"
                                    "[operator bob]\nkey = " KEY "\n[agent host-a]\nkey = " KEY "\n",
                                    f->key);
    if (!load(f, &a, text, &s, &err))
        fail_msg("%s", err.text);
    assert_true(str_is(s.store, "/x/y.db") && str_is(s.agents, "tcp://127.0.0.1:7411") && s.project.len == 0);
    assert_int_equal(s.level, LOG_INFO);
    assert_int_equal(s.principals.list.count, 3);
    const struct principal_settings *p = s.principals.list.items;
    assert_true(str_is(p[0].name, "ada") && p[0].role == ROLE_ADMIN);
    assert_string_equal(public_key_format(&p[0].key).text, KEY);
    assert_true(str_is(p[1].name, "bob") && p[1].role == ROLE_VIEWER); /* unless it says otherwise */
    assert_true(str_is(p[2].name, "host-a") && p[2].role == ROLE_AGENT);
    arena_release(&a);
}

static void fails(const struct file *f, const char *text, const char *words, const char *line)
{
    struct arena a = {0};
    struct settings s;
    struct err err = {0};
    assert_false(load(f, &a, text, &s, &err));
    if (strstr(err.text, words) == NULL || strstr(err.origin, line) == NULL)
        fail_msg("%s: %s", err.origin, err.text);
    arena_release(&a);
}

static void findings_name_the_line(void **state)
{
    const struct file *f = *state;
    fails(f, "[coordinator]\nnonsense = 1\n", "nonsense", ":2");
    fails(f, "[operator ada]\nrole = king\nkey = " KEY "\n", "role", ":2");
    fails(f, "\n[operator ada]\nrole = admin\n", "neither", ":2");
    fails(f, "[agent a]\nkey = 12\n", "no public key", ":1");
    fails(f, "[agent a]\nkey_file = /nonexistent.pub\n", "/nonexistent.pub", ":1");
}

static void documented_example_is_the_programs(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str page;
    struct strbuf out;
    struct err err = {0};
    const char *path = SKEIN_SOURCE_DIR "/docs/reference/coordinator.ini";
    strbuf_init(&out, 1 << 16);
    settings_example(&out);
    assert_true(file_read(&a, path, 1 << 16, &page, &err));
    assert_string_equal(page.p, out.p);
    strbuf_release(&out);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_come_with_names_and_roles, file_make, file_remove),
        cmocka_unit_test_setup_teardown(findings_name_the_line, file_make, file_remove),
        cmocka_unit_test(documented_example_is_the_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
