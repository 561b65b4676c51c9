/* Databases for a moment: made, used, gone; also those of a process that was killed. */
#include "tests/support/cmocka.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "skein/db/scratch.h"
#include "tests/support/target.h"

static uint64_t number(struct db *db, const char *sql)
{
    struct arena a = {0};
    struct db_rows rows;
    struct err err = {0};
    if (!db_query(db, &a, str_of(sql), NULL, 0, &rows, &err))
        fail_msg("%s: %s", sql, err.text);
    uint64_t value = db_cell_u64(&rows, 0, 0);
    arena_release(&a);
    return value;
}

static struct scratch *open_scratch(enum engine engine)
{
    struct arena a = {0};
    struct scratch *s = NULL;
    struct err err = {0};
    struct str url = engine == ENGINE_SQLITE ? STR_NONE : target_server_url(&a, "postgres", "");
    if (!scratch_open(engine, url, &s, &err))
        fail_msg("%s: %s", err.text, err.detail);
    arena_release(&a);
    return s;
}

static void fill(struct scratch *s, uint64_t value)
{
    struct err err = {0};
    char insert[64];
    snprintf(insert, sizeof(insert), "INSERT INTO t VALUES (%llu)", (unsigned long long)value);
    assert_true(db_exec(scratch_db(s), STR("CREATE TABLE t (n INTEGER)"), NULL, 0, &err));
    assert_true(db_exec(scratch_db(s), str_of(insert), NULL, 0, &err));
}

static void two_at_a_time(void **state)
{
    enum engine engine = *(const enum engine *)*state;
    struct scratch *one = open_scratch(engine), *two = open_scratch(engine);
    fill(one, 1);
    fill(two, 2);
    assert_int_equal(number(scratch_db(one), "SELECT sum(n) FROM t"), 1);
    assert_int_equal(number(scratch_db(two), "SELECT sum(n) FROM t"), 2);
    scratch_close(one);
    assert_int_equal(number(scratch_db(two), "SELECT sum(n) FROM t"), 2);
    scratch_close(two);
    scratch_close(NULL);
}

static char *current_name(struct scratch *s, struct arena *a)
{
    struct db_rows rows;
    struct err err = {0};
    assert_true(db_query(scratch_db(s), a, STR("SELECT current_database()"), NULL, 0, &rows, &err));
    return str_cstr(a, db_cell(&rows, 0, 0));
}

static bool is_there(struct arena *a, struct scratch *s, const char *name)
{
    return number(scratch_db(s), arena_printf(a, "SELECT count(*) FROM pg_database WHERE datname = '%s'", name)) == 1;
}

static void closing_drops(void **state)
{
    (void)state;
    struct arena a = {0};
    struct scratch *one = open_scratch(ENGINE_POSTGRESQL), *two = open_scratch(ENGINE_POSTGRESQL);
    const char *name = current_name(one, &a);
    assert_true(is_there(&a, two, name));
    scratch_close(one);
    assert_false(is_there(&a, two, name));
    scratch_close(two);
    arena_release(&a);
}

/* In a child, which then is killed while it holds the database. */
static void leave_one_behind(char name[64])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct arena a = {0};
        const char *mine = current_name(open_scratch(ENGINE_POSTGRESQL), &a);
        _exit(write(ends[1], mine, strlen(mine) + 1) > 0 && pause() ? 0 : 1);
    }
    assert_true(read(ends[0], name, 64) > 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
}

static void the_next_one_drops_what_was_left(void **state)
{
    (void)state;
    struct arena a = {0};
    char name[64];
    struct scratch *living = open_scratch(ENGINE_POSTGRESQL);
    leave_one_behind(name);
    bool gone = false;
    for (int i = 0; i < 100 && !gone; i++) { /* the server notices the dead client in its own time */
        scratch_close(open_scratch(ENGINE_POSTGRESQL));
        gone = !is_there(&a, living, name);
    }
    assert_true(gone);
    assert_true(is_there(&a, living, current_name(living, &a)));
    fill(living, 3);
    scratch_close(living);
    arena_release(&a);
}

static void no_server(void **state)
{
    (void)state;
    static const struct {
        const char *url, *kind;
    } cases[] = {{"", "no_scratch"},
                 {"sqlite:///a.db", "no_scratch"},
                 {"mysql://a/b", "bad_url"},
                 {"postgresql:///postgres?host=/nowhere", "no_server"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct scratch *s = NULL;
        struct err err = {0};
        assert_false(scratch_open(ENGINE_POSTGRESQL, str_of(cases[i].url), &s, &err));
        assert_string_equal(err.kind, cases[i].kind);
        assert_null(s);
    }
}

int main(void)
{
    static enum engine lite = ENGINE_SQLITE, pg = ENGINE_POSTGRESQL;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(two_at_a_time, &lite),
        cmocka_unit_test_prestate(two_at_a_time, &pg),
        cmocka_unit_test(closing_drops),
        cmocka_unit_test(the_next_one_drops_what_was_left),
        cmocka_unit_test(no_server),
    };
    return cmocka_run_group_tests_name("scratch", tests, NULL, NULL);
}
