#include "tests/support/cmocka.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "skein/net/keys.h"

struct folder {
    char path[64];
    char file[96];
};

static int folder_make(void **state)
{
    static struct folder f;
    snprintf(f.path, sizeof(f.path), "/tmp/skein-keys-XXXXXX");
    if (mkdtemp(f.path) == NULL)
        return -1;
    snprintf(f.file, sizeof(f.file), "%s/agent.key", f.path);
    *state = &f;
    return 0;
}

static int folder_remove(void **state)
{
    const struct folder *f = *state;
    unlink(f->file);
    return rmdir(f->path);
}

static void file_write(const struct folder *f, const char *text, mode_t mode)
{
    int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void load_is_refused(const struct folder *f, const char *word)
{
    struct key_pair pair;
    struct err err = {0};
    assert_false(key_pair_load(f->file, &pair, &err));
    assert_non_null(strstr(err.text, word));
    assert_int_equal(err.code, ERR_REFUSED);
}

static void a_pair_survives_the_file(void **state)
{
    const struct folder *f = *state;
    struct key_pair made, loaded;
    struct err err;
    struct stat st;
    assert_true(key_pair_generate(&made, &err));
    assert_true(key_pair_save(&made, 1763805600000, f->file, &err));
    assert_int_equal(stat(f->file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(key_pair_load(f->file, &loaded, &err));
    assert_memory_equal(&made, &loaded, sizeof(made));
    key_pair_release(&made);
    key_pair_release(&loaded);
    static const struct key_pair zero;
    assert_memory_equal(&made, &zero, sizeof(zero));
}

static void a_key_file_is_never_replaced(void **state)
{
    const struct folder *f = *state;
    struct key_pair pair;
    struct err err = {0};
    file_write(f, "mine", 0600);
    assert_true(key_pair_generate(&pair, &err));
    assert_false(key_pair_save(&pair, 0, f->file, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    key_pair_release(&pair);
}

static void open_modes_and_links_are_refused(void **state)
{
    const struct folder *f = *state;
    struct key_pair pair;
    struct err err = {0};
    char link[96];
    assert_true(key_pair_generate(&pair, &err) && key_pair_save(&pair, 0, f->file, &err));
    key_pair_release(&pair);
    assert_int_equal(chmod(f->file, 0640), 0);
    load_is_refused(f, "group or others");
    assert_int_equal(chmod(f->file, 0604), 0);
    load_is_refused(f, "group or others");
    assert_int_equal(chmod(f->file, 0600), 0);
    snprintf(link, sizeof(link), "%s/link", f->path);
    assert_int_equal(symlink(f->file, link), 0);
    assert_false(key_pair_load(link, &pair, &err));
    unlink(link);
    assert_false(key_pair_load(f->path, &pair, &err)); /* a folder */
}

static void bad_contents_are_refused(void **state)
{
    const struct folder *f = *state;
    static const char zeroes[] = "0000000000000000000000000000000000000000000000000000000000000000";
    char text[512];
    file_write(f, "", 0600);
    load_is_refused(f, "lacks");
    file_write(f, "algo = rot13\n", 0600);
    load_is_refused(f, "cannot be read");
    file_write(f, "algo = curve25519\npublic = 12\n", 0600);
    load_is_refused(f, "cannot be read");
    snprintf(text, sizeof(text), "algo = curve25519\npublic = %s\nsecret = %s\n", zeroes, zeroes);
    file_write(f, text, 0600);
    load_is_refused(f, "does not belong");
}

static void public_keys_are_64_hex_digits(void **state)
{
    (void)state;
    struct public_key key, again;
    struct str text = STR("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    assert_true(public_key_parse(text, &key));
    assert_string_equal(public_key_format(&key).text, text.p);
    assert_true(public_key_parse(str_of(public_key_format(&key).text), &again) && public_key_eq(&key, &again));
    assert_int_equal(strlen(public_key_fingerprint(&key).text), 19);
    assert_false(public_key_parse(str_head(text, 63), &key));
    assert_false(public_key_parse(STR("zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"), &key));
    again.bytes[31] ^= 1;
    assert_false(public_key_eq(&key, &again));
    assert_string_not_equal(public_key_fingerprint(&key).text, public_key_fingerprint(&again).text);
}

static void a_public_key_is_found_in_either_file(void **state)
{
    const struct folder *f = *state;
    const char *hex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const char *const texts[] = {"%s\n", "%s", "algo = curve25519\npublic = %s\nsecret = 12\n"};
    struct public_key key;
    struct err err = {0};
    char text[256];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *percent = strstr(texts[i], "%s");
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(percent - texts[i]), texts[i], hex, percent + 2);
        file_write(f, text, 0644);
        assert_true(public_key_load(f->file, &key, &err));
        assert_string_equal(public_key_format(&key).text, hex);
    }
    file_write(f, "secret = 12\n", 0644);
    assert_false(public_key_load(f->file, &key, &err));
    assert_string_equal(err.kind, "bad_key");
    unlink(f->file);
    assert_false(public_key_load(f->file, &key, &err));
    assert_string_equal(err.kind, "ENOENT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pair_survives_the_file, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_key_file_is_never_replaced, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(open_modes_and_links_are_refused, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(bad_contents_are_refused, folder_make, folder_remove),
        cmocka_unit_test(public_keys_are_64_hex_digits),
        cmocka_unit_test_setup_teardown(a_public_key_is_found_in_either_file, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
