#include "tests/support/cmocka.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "skein/os/chan.h"
#include "skein/os/clock.h"
#include "skein/os/file.h"
#include "skein/os/log.h"
#include "skein/os/random.h"
#include "skein/os/signals.h"

static bool is_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void clock_goes_on(void **state)
{
    (void)state;
    int64_t before = clock_mono_ms();
    clock_sleep_ms(20);
    assert_in_range(clock_mono_ms() - before, 20, 10000);
    assert_true(clock_wall_ms() > 1700000000000);
}

static void random_numbers_stay_in_range(void **state)
{
    (void)state;
    struct arena a = {0};
    bool seen[3] = {false};
    for (int i = 0; i < 500; i++) {
        uint64_t n = random_below(3);
        assert_in_range(n, 0, 2);
        seen[n] = true;
        assert_in_range(random_jitter(1000, 20), 800, 1200);
    }
    assert_true(seen[0] && seen[1] && seen[2]);
    assert_int_equal(random_below(0), 0);
    assert_int_equal(random_below(1), 0);
    assert_int_equal(random_jitter(50, 0), 50);
    struct str one = random_hex(&a, 8), two = random_hex(&a, 8);
    assert_int_equal(one.len, 16);
    assert_int_equal(strspn(one.p, "0123456789abcdef"), 16);
    assert_false(str_eq(one, two));
    arena_release(&a);
}

/* A folder for one test, removed with what the test left in it. */
static int make_folder(void **state)
{
    char path[] = "/tmp/skein-os-XXXXXX";
    *state = strdup(mkdtemp(path));
    return *state == NULL;
}

static int remove_folder(void **state)
{
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
    free(*state);
    return system(command);
}

static void file_is_written_and_read_back(void **state)
{
    struct arena a = {0};
    struct err err = {0};
    struct str bytes;
    struct stat st;
    const char *path = arena_printf(&a, "%s/deep/er/file", (char *)*state);
    assert_true(file_mkdirs(str_cstr(&a, file_folder(str_of(path))), 0700, &err));
    assert_true(file_mkdirs(str_cstr(&a, file_folder(str_of(path))), 0700, &err));
    assert_true(file_write_atomic(path, STR("one\0two"), 0640, &err));
    assert_true(file_write_atomic(path, STR("three\0four"), 0600, &err));
    assert_true(file_read(&a, path, 100, &bytes, &err));
    assert_true(str_eq(bytes, STR("three\0four")));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    arena_release(&a);
}

static void file_read_says_what_is_wrong(void **state)
{
    struct arena a = {0};
    struct err err = {0};
    struct str bytes;
    const char *path = arena_printf(&a, "%s/file", (char *)*state), *link = arena_printf(&a, "%s/link", (char *)*state);
    assert_false(file_read(&a, path, 100, &bytes, &err));
    assert_string_equal(err.kind, "ENOENT");
    assert_non_null(strstr(err.text, path));
    assert_string_equal(err.detail, "No such file or directory");
    assert_true(file_write_atomic(path, STR("12345"), 0600, &err));
    assert_false(file_read(&a, path, 4, &bytes, &err));
    assert_string_equal(err.kind, "too_large");
    assert_true(file_read(&a, path, 5, &bytes, &err));
    assert_false(file_read(&a, *state, 100, &bytes, &err));
    assert_string_equal(err.kind, "not_a_file");
    assert_int_equal(mkfifo(link, 0600), 0);
    assert_false(file_read(&a, link, 100, &bytes, &err));
    assert_string_equal(err.kind, "not_a_file");
    /* A file of /proc has size 0 and content: it is read to its end and bounded all the same. */
    assert_true(file_read(&a, "/proc/self/status", 100000, &bytes, &err));
    assert_true(bytes.len > 100);
    assert_false(file_read(&a, "/proc/self/status", 50, &bytes, &err));
    assert_string_equal(err.kind, "too_large");
    arena_release(&a);
}

static void failed_write_leaves_the_old_file_and_nothing_else(void **state)
{
    struct arena a = {0};
    struct err err = {0};
    const char *path = arena_printf(&a, "%s/folder", (char *)*state);
    assert_true(file_mkdirs(arena_printf(&a, "%s/in", path), 0700, &err));
    assert_false(file_write_atomic(path, STR("x"), 0600, &err)); /* a folder is in the way */
    assert_string_equal(err.kind, "EISDIR");
    assert_int_equal(system(arena_printf(&a, "test $(ls '%s' | wc -l) = 1", (char *)*state)), 0);
    assert_false(file_write_atomic(arena_printf(&a, "%s/absent/file", (char *)*state), STR("x"), 0600, &err));
    assert_string_equal(err.kind, "ENOENT");
    arena_release(&a);
}

static void secrets_are_refused_when_others_may_read_them(void **state)
{
    struct arena a = {0};
    struct err err = {0};
    const char *path = arena_printf(&a, "%s/key", (char *)*state);
    assert_int_equal(file_secrecy(path, &err), FILE_ABSENT);
    assert_true(file_write_atomic(path, STR("x"), 0600, &err));
    assert_int_equal(file_secrecy(path, &err), FILE_PRIVATE);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(chmod(path, (mode_t)(0600 | 1u << i)), 0);
        assert_int_equal(file_secrecy(path, &err), FILE_SHARED);
        assert_non_null(strstr(err.hint, "chmod 600"));
    }
    assert_int_equal(file_secrecy(*state, &err), FILE_SHARED);
    arena_release(&a);
}

static void files_that_others_can_change_are_refused(void **state)
{
    struct arena a = {0};
    struct err err = {0};
    const char *path = arena_printf(&a, "%s/conf", (char *)*state);
    assert_false(file_is_protected(path, &err));
    assert_string_equal(err.kind, "ENOENT");
    assert_true(file_write_atomic(path, STR("x"), 0644, &err));
    assert_true(file_is_protected(path, &err));
    assert_int_equal(chmod(path, 0664), 0);
    assert_false(file_is_protected(path, &err));
    assert_int_equal(chmod(path, 0646), 0);
    assert_false(file_is_protected(path, &err));
    assert_string_equal(err.kind, "shared_file");
    assert_non_null(strstr(err.hint, "chmod go-w"));
    arena_release(&a);
}

static void folder_of_a_path(void **state)
{
    (void)state;
    assert_true(str_is(file_folder(STR("a/b/c")), "a/b"));
    assert_true(str_is(file_folder(STR("/c")), "/"));
    assert_true(str_is(file_folder(STR("c")), "."));
    assert_true(str_is(file_folder(STR("a//c")), "a"));
}

static void signals_come_as_events(void **state)
{
    (void)state;
    struct signals s;
    struct err err;
    assert_true(signals_open(&s, &err));
    assert_int_equal(signals_next(&s), SIGNAL_NONE);
    assert_false(is_readable(s.fd));
    raise(SIGHUP);
    assert_true(is_readable(s.fd));
    assert_int_equal(signals_next(&s), SIGNAL_RELOAD);
    raise(SIGTERM);
    assert_int_equal(signals_next(&s), SIGNAL_STOP);
    raise(SIGINT);
    assert_int_equal(signals_next(&s), SIGNAL_STOP);
    raise(SIGPIPE);
    assert_int_equal(signals_next(&s), SIGNAL_NONE);
    signals_close(&s);
}

static void chan_is_a_bounded_queue(void **state)
{
    (void)state;
    struct chan c;
    int n;
    chan_init(&c, sizeof(n), 40);
    assert_false(is_readable(chan_fd(&c)));
    assert_int_equal(chan_receive(&c, &n), CHAN_EMPTY);
    int in = 0, out = 0;
    for (int round = 0; round < 7; round++) {
        for (int i = 0; i < 29; i++, in++)
            assert_int_equal(chan_send(&c, &in), CHAN_OK);
        assert_true(is_readable(chan_fd(&c)));
        for (int i = 0; i < 29; i++, out++) {
            assert_int_equal(chan_receive(&c, &n), CHAN_OK);
            assert_int_equal(n, out);
        }
        assert_false(is_readable(chan_fd(&c)));
    }
    for (int i = 0; i < 40; i++)
        assert_int_equal(chan_send(&c, &i), CHAN_OK);
    assert_int_equal(chan_send(&c, &n), CHAN_FULL);
    chan_release(&c);
}

enum { THREADS = 4, ITEMS = 5000 };

static void *send_numbers(void *user)
{
    for (long n = 1; n <= ITEMS; n++)
        if (chan_send(user, &n) != CHAN_OK)
            abort();
    return NULL;
}

/* Every number of every thread arrives once, and the poll side never sleeps on a queue that holds items. */
static void chan_carries_everything_between_threads(void **state)
{
    (void)state;
    struct chan c;
    pthread_t threads[THREADS];
    long sum = 0, got = 0, n;
    chan_init(&c, sizeof(long), (size_t)THREADS * ITEMS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_numbers, &c), 0);
    while (got < (long)THREADS * ITEMS) {
        struct pollfd fd = {.fd = chan_fd(&c), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 10000), 1);
        for (; chan_receive(&c, &n) == CHAN_OK; got++)
            sum += n;
    }
    assert_int_equal(sum, (long)THREADS * ITEMS * (ITEMS + 1) / 2);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    chan_release(&c);
}

/* What one event looks like on the descriptor, after the time. */
static const char *logged(struct arena *a, enum log_level level, const struct log_field *fields)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct log l = {.fd = fds[1], .level = LOG_INFO, .program = "test"};
    log_event(&l, level, "something happened", fields);
    close(fds[1]);
    char *line = arena_alloc(a, LOG_LINE_MAX + 10);
    ssize_t n = read(fds[0], line, LOG_LINE_MAX + 9);
    close(fds[0]);
    if (n <= 0)
        return "";
    assert_int_equal(line[n - 1], '\n');
    line[n - 1] = '\0';
    assert_null(strchr(line, '\n'));
    return strchr(line, ' ') + 1;
}

static void log_writes_one_line_an_event(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_string_equal(logged(&a, LOG_INFO, NULL), "info test: something happened");
    assert_string_equal(logged(&a, LOG_DEBUG, NULL), "");
    assert_string_equal(
        logged(&a, LOG_ERROR, LOG_FIELDS(log_text("target", "shop_1"), log_number("n", -3), log_text("none", ""))),
        "error test: something happened target=shop_1 n=-3 none=\"\"");
    struct err err = {0};
    err_kind(&err, ERR_SYSTEM, "ENOENT", "cannot open x");
    assert_string_equal(logged(&a, LOG_WARNING, LOG_FIELDS(log_failure(&err))),
                        "warning test: something happened error=\"cannot open x\" kind=ENOENT");
    arena_release(&a);
}

static void log_escapes_hostile_text(void **state)
{
    (void)state;
    static const struct {
        struct str value;
        const char *shown;
    } cases[] = {
        {{"a\nerror test: forged", 20}, "v=\"a\\nerror test: forged\""},
        {{"\x1b[2J", 4}, "v=\"\\x1b[2J\""},
        {{"a\"b\\c", 5}, "v=\"a\\\"b\\\\c\""},
        {{"x=y", 3}, "v=\"x=y\""},
        {{"a\0b", 3}, "v=\"a\\x00b\""},
        {{"\xff\xfe", 2}, "v=\"\\xff\\xfe\""},
        {{"\xc2\x9b"
          "2J",
          4},
         "v=\"\\u009b2J\""},
        {{"gr\xc3\xbc\xc3\x9f", 6}, "v=\"gr\xc3\xbc\xc3\x9f\""},
        {{"\x7f", 1}, "v=\"\\x7f\""},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(logged(&a, LOG_INFO, LOG_FIELDS(log_str("v", cases[i].value))) +
                                strlen("info test: something happened "),
                            cases[i].shown);
    arena_release(&a);
}

static void log_cuts_what_is_long(void **state)
{
    (void)state;
    struct arena a = {0};
    char value[2000];
    memset(value, 'x', sizeof(value));
    struct str text = {value, sizeof(value)};
    const char *line = logged(&a, LOG_INFO, LOG_FIELDS(log_str("a", text), log_text("b", "end")));
    assert_int_equal(strspn(strchr(line, '=') + 1, "x"), LOG_VALUE_MAX);
    assert_non_null(strstr(line, "x... b=end"));
    struct log_field many[40];
    for (size_t i = 0; i < 39; i++)
        many[i] = log_str("k", text);
    many[39] = (struct log_field){0};
    line = logged(&a, LOG_INFO, many);
    assert_in_range(strlen(line), LOG_LINE_MAX - 40, LOG_LINE_MAX);
    assert_string_equal(line + strlen(line) - 3, "...");
    arena_release(&a);
}

static void log_limit_counts_what_it_holds_back(void **state)
{
    (void)state;
    struct log_limit l = {.interval_ms = 1000, .burst = 2};
    unsigned dropped = 9;
    assert_true(log_allowed(&l, 5000, &dropped) && dropped == 0);
    assert_true(log_allowed(&l, 5001, &dropped));
    assert_false(log_allowed(&l, 5999, &dropped));
    assert_false(log_allowed(&l, 5999, &dropped));
    assert_true(log_allowed(&l, 6000, &dropped) && dropped == 2);
    assert_true(log_allowed(&l, 6000, &dropped) && dropped == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_goes_on),
        cmocka_unit_test(random_numbers_stay_in_range),
        cmocka_unit_test_setup_teardown(file_is_written_and_read_back, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(file_read_says_what_is_wrong, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(failed_write_leaves_the_old_file_and_nothing_else, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(secrets_are_refused_when_others_may_read_them, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(files_that_others_can_change_are_refused, make_folder, remove_folder),
        cmocka_unit_test(folder_of_a_path),
        cmocka_unit_test(signals_come_as_events),
        cmocka_unit_test(chan_is_a_bounded_queue),
        cmocka_unit_test(chan_carries_everything_between_threads),
        cmocka_unit_test(log_writes_one_line_an_event),
        cmocka_unit_test(log_escapes_hostile_text),
        cmocka_unit_test(log_cuts_what_is_long),
        cmocka_unit_test(log_limit_counts_what_it_holds_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
