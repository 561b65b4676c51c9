/* The worker threads on real SQLite files: everything submitted comes back once, with the truth in it. */
#include "tests/support/cmocka.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/io/workers.h"
#include "skein/os/clock.h"
#include "tests/support/plan_make.h"

enum { FILES = 40 };

struct fixture {
    struct arena arena;
    char folder[64];
    struct agent_config config;
    struct workers *workers;
};

static struct str file_url(struct fixture *f, size_t number)
{
    return str_printf(&f->arena, "sqlite:///%s/t%02zu.db", f->folder, number);
}

static struct db *open_file(struct fixture *f, size_t number)
{
    struct db_options options;
    struct db *db;
    struct err err;
    db_options_init(&options);
    options.access = DB_ACCESS_CREATE;
    if (!db_open(file_url(f, number), &options, &db, &err))
        fail_msg("%s: %s", err.text, err.detail);
    return db;
}

static void execute(struct db *db, const char *sql)
{
    struct err err;
    if (!db_exec(db, str_of(sql), NULL, 0, &err))
        fail_msg("%s: %s", sql, err.text);
}

/* A database that something was written to: an empty file would go away with its connection. */
static void make_file(struct fixture *f, size_t number)
{
    struct db *db = open_file(f, number);
    execute(db, "PRAGMA user_version = 1");
    db_close(db);
}

static int start(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct source source = {.name = STR("t"), .engine = ENGINE_SQLITE};
    strcpy(f->folder, "/tmp/skein-workers-XXXXXX");
    if (mkdtemp(f->folder) == NULL)
        return 1;
    f->config.agent = (struct agent_settings){
        .workers = 4, .per_server = 4, .lock_wait_ms = 20000, .lock_timeout_ms = 2000, .connect_timeout_ms = 2000};
    vec_push(&f->arena, &f->config.sources.list, source);
    f->workers = workers_new(&f->config);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;
    char command[100];
    workers_free(f->workers);
    snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
    arena_release(&f->arena);
    free(f);
    return system(command);
}

static struct task *new_task(struct fixture *f, enum task_kind kind, size_t number)
{
    struct place place = {.name = str_printf(&f->arena, "t/t%02zu", number),
                          .engine = ENGINE_SQLITE,
                          .url = file_url(f, number),
                          .server = STR("sqlite"),
                          .source = &f->config.sources.list.items[0]};
    struct task *t = task_new(kind);
    task_set_place(t, &place);
    return t;
}

static struct task *next_task(struct fixture *f)
{
    struct pollfd fd = {.fd = workers_fd(f->workers), .events = POLLIN};
    struct task *t = NULL;
    while (t == NULL) {
        assert_int_equal(poll(&fd, 1, 20000), 1);
        t = workers_next(f->workers);
    }
    return t;
}

static void every_read_comes_back_once(void **state)
{
    struct fixture *f = *state;
    bool seen[FILES] = {false};
    for (size_t i = 0; i < FILES; i++) {
        struct db *db = open_file(f, i);
        execute(db, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)");
        execute(db, arena_printf(&f->arena, "INSERT INTO alembic_version VALUES ('r%02zu')", i));
        db_close(db);
    }
    for (size_t i = 0; i < FILES; i++)
        workers_submit(f->workers, new_task(f, TASK_READ, i));
    for (size_t i = 0; i < FILES; i++) {
        struct task *t = next_task(f);
        size_t number = (size_t)strtoul(t->place.name.p + 3, NULL, 10);
        assert_false(seen[number]);
        seen[number] = true;
        assert_true(t->reading.readable);
        assert_true(t->reading.identity.len > 0);
        assert_string_equal(str_cstr(&f->arena, dbstate_format(&t->arena, &t->reading.state)),
                            arena_printf(&f->arena, "core=r%02zu", number));
        task_free(t);
    }
    assert_null(workers_next(f->workers));
}

static void what_cannot_be_read_says_why(void **state)
{
    struct fixture *f = *state;
    FILE *file = fopen(file_url(f, 1).p + strlen("sqlite:///"), "w");
    for (int i = 0; i < 200; i++)
        fputs("this is no database, whatever its name says\n", file);
    fclose(file);
    workers_submit(f->workers, new_task(f, TASK_READ, 1));
    struct task *t = next_task(f);
    assert_false(t->reading.readable);
    assert_string_equal(t->reading.err.kind, "not_a_database");
    task_free(t);
    workers_submit(f->workers, new_task(f, TASK_READ, 2));
    t = next_task(f);
    assert_false(t->reading.readable);
    assert_string_equal(t->reading.err.kind, "no_database");
    task_free(t);
    assert_int_not_equal(access(file_url(f, 2).p + strlen("sqlite:///"), F_OK), 0);
}

/* One step of core from base to `a1`. */
static struct plan_make *make_step(struct arena *a, const char *sql)
{
    struct plan_make *m = arena_new(a, struct plan_make);
    plan_make_init(m, a, ENGINE_SQLITE);
    plan_make_step(m, "core", NULL, "a1", sql);
    plan_make_end(m);
    return m;
}

static struct task *new_apply(struct fixture *f, size_t number, const struct plan_make *step, uint64_t fence)
{
    struct task *t = new_task(f, TASK_APPLY, number);
    t->fence = fence;
    t->apply = (struct task_apply){.attempt = str_printf(&t->arena, "attempt-%llu", (unsigned long long)fence),
                                   .principal = STR("tester"),
                                   .action = OFFER_APPLY,
                                   .plan = &step->plan,
                                   .scripts = (const struct script *const *)step->scripts};
    return t;
}

static enum outcome apply(struct fixture *f, size_t number, const struct plan_make *step, uint64_t fence)
{
    workers_submit(f->workers, new_apply(f, number, step, fence));
    struct task *t = next_task(f);
    enum outcome outcome = t->report.outcome;
    assert_true(t->report.state_known);
    assert_int_equal(t->report.ledger.seq, 1);
    task_free(t);
    return outcome;
}

static void plan_is_applied_once(void **state)
{
    struct fixture *f = *state;
    struct db_rows rows;
    struct err err;
    struct plan_make *step = make_step(&f->arena, "CREATE TABLE words (word TEXT)");
    make_file(f, 1);
    assert_int_equal(apply(f, 1, step, 7), OUTCOME_APPLIED);
    assert_int_equal(apply(f, 1, step, 8), OUTCOME_ALREADY_APPLIED);
    struct db *db = open_file(f, 1);
    assert_true(db_query(db, &f->arena, STR("SELECT attempt, principal FROM skein_ledger"), NULL, 0, &rows, &err));
    assert_int_equal(rows.count, 1);
    assert_true(str_is(db_cell(&rows, 0, 0), "attempt-7") && str_is(db_cell(&rows, 0, 1), "tester"));
    db_close(db);
    struct task_progress p;
    assert_true(workers_next_progress(f->workers, &p));
    assert_string_equal(p.target, "t/t01");
    assert_int_equal(p.steps_done, 1);
    assert_int_equal(p.steps, 1);
}

static void failure_closes_the_fence(void **state)
{
    struct fixture *f = *state;
    struct plan_make *bad = make_step(&f->arena, "CREATE TABLE no_table (");
    make_file(f, 1);
    workers_submit(f->workers, new_apply(f, 1, bad, 3));
    struct task *t = next_task(f);
    assert_int_equal(t->report.outcome, OUTCOME_FAILED);
    assert_int_equal(t->report.failed_step, 0);
    assert_int_equal(t->report.ledger.closed_fence, 3);
    task_free(t);
}

static void closed_fence_keeps_a_late_plan_out(void **state)
{
    struct fixture *f = *state;
    struct plan_make *step = make_step(&f->arena, "CREATE TABLE words (word TEXT)");
    make_file(f, 1);
    struct task *close = new_task(f, TASK_CLOSE, 1);
    close->fence = 5;
    workers_submit(f->workers, close);
    struct task *t = next_task(f);
    assert_int_equal(t->report.outcome, OUTCOME_CANCELLED);
    assert_int_equal(t->report.ledger.closed_fence, 5);
    task_free(t);
    workers_submit(f->workers, new_apply(f, 1, step, 5));
    t = next_task(f);
    assert_int_equal(t->report.outcome, OUTCOME_STALE);
    task_free(t);
}

/* Somebody else writes for a long time: the wait ends when it is cancelled, long before lock_wait is over. */
static void waiting_for_a_lock_can_be_cancelled(void **state)
{
    struct fixture *f = *state;
    struct plan_make *step = make_step(&f->arena, "CREATE TABLE words (word TEXT)");
    struct db *holder = open_file(f, 1);
    execute(holder, "BEGIN IMMEDIATE");
    int64_t begun = clock_mono_ms();
    workers_submit(f->workers, new_apply(f, 1, step, 2));
    workers_submit(f->workers, new_task(f, TASK_READ, 2));
    task_free(next_task(f)); /* the other target does not wait for this one */
    clock_sleep_ms(200);
    assert_null(workers_next(f->workers));
    workers_cancel(f->workers, STR("t/other"));
    clock_sleep_ms(100);
    assert_null(workers_next(f->workers));
    workers_cancel(f->workers, STR("t/t01"));
    clock_sleep_ms(100);
    execute(holder, "ROLLBACK");
    struct task *t = next_task(f);
    assert_true(clock_mono_ms() - begun < 10000);
    assert_int_not_equal(t->report.outcome, OUTCOME_APPLIED);
    assert_int_equal(t->report.steps_applied, 0);
    task_free(t);
    db_close(holder);
}

static void freeing_with_work_left_ends(void **state)
{
    struct fixture *f = *state;
    struct db *holder = open_file(f, 1);
    struct plan_make *step = make_step(&f->arena, "CREATE TABLE words (word TEXT)");
    execute(holder, "BEGIN IMMEDIATE");
    int64_t begun = clock_mono_ms();
    for (uint64_t i = 1; i <= 20; i++)
        workers_submit(f->workers, new_apply(f, 1, step, i));
    clock_sleep_ms(50);
    workers_free(f->workers);
    assert_true(clock_mono_ms() - begun < 10000);
    f->workers = workers_new(&f->config);
    db_close(holder);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_read_comes_back_once),
        CASE(what_cannot_be_read_says_why),
        CASE(plan_is_applied_once),
        CASE(failure_closes_the_fence),
        CASE(closed_fence_keeps_a_late_plan_out),
        CASE(waiting_for_a_lock_can_be_cancelled),
        CASE(freeing_with_work_left_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
