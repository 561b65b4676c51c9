/* What every driver behind skein/db/db.h promises: one suite, run against each. */
#include "tests/support/cmocka.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "skein/base/vec.h"
#include "skein/os/clock.h"
#include "tests/support/target.h"

static enum engine engine;
static bool traced;

struct fixture {
    struct target target;
    struct arena arena;
    struct db *db;
    struct err err;
    size_t lines; /* of the trace */
};

static void count_line(void *user, const char *text)
{
    struct fixture *f = user;
    assert_non_null(text);
    f->lines++;
}

static struct db *open_db(struct fixture *f)
{
    struct db *db = target_open(&f->target);
    return traced ? db_trace_new(db, count_line, f) : db;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    target_init(&f->target, engine);
    f->db = open_db(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    db_close(f->db);
    target_release(&f->target);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static void must(struct fixture *f, bool ok)
{
    if (!ok)
        fail_msg("%s (%s, %s)", f->err.text, f->err.kind, f->err.detail);
}

static void exec(struct fixture *f, const char *sql)
{
    must(f, db_exec(f->db, str_of(sql), NULL, 0, &f->err));
}

static uint64_t number(struct fixture *f, const char *sql)
{
    struct db_rows rows;
    must(f, db_query(f->db, &f->arena, str_of(sql), NULL, 0, &rows, &f->err));
    return db_cell_u64(&rows, 0, 0);
}

static const struct db_begin writing = {.lock_wait_ms = 300, .lock_timeout_ms = 300};

/* A script in a transaction, as the migrator sends it. Returns what db_run() says. */
static bool run_script(struct fixture *f, const char *sql, struct db_batch *ret_batch)
{
    struct db_item items[] = {
        {.kind = DB_ITEM_ENTER}, {.kind = DB_ITEM_SCRIPT, .sql = str_of(sql)}, {.kind = DB_ITEM_LEAVE}};
    must(f, db_begin(f->db, &writing, &f->err));
    *ret_batch = (struct db_batch){.items = items, .count = 3};
    bool ok = db_run(f->db, &f->arena, ret_batch, &f->err);
    ret_batch->items = NULL;
    return ok;
}

static void rows_come_as_text(void **state)
{
    struct fixture *f = *state;
    struct str params[] = {STR("it's"), STR_NONE, STR("7")};
    struct db_rows rows;
    exec(f, "CREATE TABLE t (a TEXT, b TEXT, n BIGINT)");
    must(f, db_exec(f->db, STR("INSERT INTO t VALUES ($1, $2, $3)"), params, 3, &f->err));
    must(f,
         db_query(f->db, &f->arena, STR("SELECT a, b, n, n + 1 FROM t WHERE n = $1"), &params[2], 1, &rows, &f->err));
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.columns, 4);
    assert_true(str_is(db_cell(&rows, 0, 0), "it's"));
    assert_null(db_cell(&rows, 0, 1).p);
    assert_int_equal(db_cell_u64(&rows, 0, 2), 7);
    assert_int_equal(db_cell_u64(&rows, 0, 3), 8);
}

static void parameters_go_by_number_not_by_order(void **state)
{
    struct fixture *f = *state;
    struct str params[] = {STR("first"), STR("second")};
    struct db_rows rows;
    must(f, db_query(f->db, &f->arena, STR("SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), CAST($2 AS TEXT)"), params, 2,
                     &rows, &f->err));
    assert_true(str_is(db_cell(&rows, 0, 0), "second"));
    assert_true(str_is(db_cell(&rows, 0, 1), "first"));
    assert_true(str_is(db_cell(&rows, 0, 2), "second"));
}

static void affected_rows_are_counted(void **state)
{
    struct fixture *f = *state;
    exec(f, "CREATE TABLE t (n INTEGER)");
    struct db_item items[] = {
        {.kind = DB_ITEM_ENTER},
        {.kind = DB_ITEM_SQL, .sql = STR("INSERT INTO t VALUES (1), (2), (3)")},
        {.kind = DB_ITEM_SQL, .sql = STR("UPDATE t SET n = 9 WHERE n > 1")},
        {.kind = DB_ITEM_SQL, .sql = STR("DELETE FROM t WHERE n = 4")},
        {.kind = DB_ITEM_SQL, .sql = STR("CREATE TABLE u (n INTEGER)")},
    };
    struct db_batch batch = {.begin = &writing, .items = items, .count = 5};
    must(f, db_run(f->db, &f->arena, &batch, &f->err));
    assert_int_equal(db_commit(f->db, &f->err), DB_COMMITTED);
    assert_int_equal(items[1].affected, 3);
    assert_int_equal(items[2].affected, 2);
    assert_int_equal(items[3].affected, 0);
    assert_int_equal(items[4].affected, 0);
}

static void prepared_statements_come_again(void **state)
{
    struct fixture *f = *state;
    exec(f, "CREATE TABLE t (n INTEGER)");
    struct str numbers[50];
    struct db_item items[51] = {{.kind = DB_ITEM_ENTER}};
    for (size_t i = 0; i < 50; i++) {
        numbers[i] = str_printf(&f->arena, "%zu", i);
        items[i + 1] = (struct db_item){.kind = DB_ITEM_SQL,
                                        .sql = STR("INSERT INTO t VALUES ($1)"),
                                        .params = &numbers[i],
                                        .param_count = 1,
                                        .prepare = true};
    }
    struct db_batch batch = {.begin = &writing, .items = items, .count = 51};
    must(f, db_run(f->db, &f->arena, &batch, &f->err));
    assert_int_equal(db_commit(f->db, &f->err), DB_COMMITTED);
    batch.begin = &writing;
    must(f, db_run(f->db, &f->arena, &batch, &f->err));
    assert_int_equal(db_commit(f->db, &f->err), DB_COMMITTED);
    assert_int_equal(number(f, "SELECT sum(n) FROM t"), 2 * 49 * 50 / 2);
}

static void a_failure_names_its_item_and_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct db_item items[] = {
        {.kind = DB_ITEM_ENTER},
        {.kind = DB_ITEM_SQL, .sql = STR("CREATE TABLE t (n INTEGER)")},
        {.kind = DB_ITEM_SQL, .sql = STR("INSERT INTO t VALUES (1)"), .prepare = true},
        {.kind = DB_ITEM_SQL, .sql = STR("INSERT INTO nowhere VALUES (1)")},
        {.kind = DB_ITEM_SQL, .sql = STR("INSERT INTO t VALUES (2)")},
    };
    struct db_batch batch = {.begin = &writing, .items = items, .count = 5};
    assert_false(db_run(f->db, &f->arena, &batch, &f->err));
    assert_int_equal(batch.failed, 3);
    assert_int_equal(f->err.code, ERR_SQL);
    assert_non_null(strstr(f->err.text, "nowhere"));
    if (engine == ENGINE_POSTGRESQL)
        assert_string_equal(f->err.sqlstate, "42P01");
    db_rollback(f->db);
    exec(f, "CREATE TABLE t (n INTEGER)");
    exec(f, "INSERT INTO t VALUES (1)");
}

static void a_syntax_error_has_its_place(void **state)
{
    struct fixture *f = *state;
    struct db_item item = {.kind = DB_ITEM_SQL, .sql = STR("SELECT 'h\xc3\xa4', nope FROM (SELECT 1) AS x")};
    struct db_batch batch = {.items = &item, .count = 1};
    assert_false(db_run(f->db, &f->arena, &batch, &f->err));
    assert_int_equal(batch.position, 15);
}

static void a_rolled_back_transaction_is_gone(void **state)
{
    struct fixture *f = *state;
    struct db_batch batch;
    assert_true(run_script(f, "CREATE TABLE t (n INTEGER)", &batch));
    db_rollback(f->db);
    db_rollback(f->db); /* harmless */
    exec(f, "CREATE TABLE t (n INTEGER)");
}

static void a_script_cannot_end_its_transaction_unnoticed(void **state)
{
    struct fixture *f = *state;
    struct db_batch batch;
    assert_false(run_script(f, "COMMIT", &batch));
    assert_string_equal(f->err.kind, engine == ENGINE_SQLITE ? "denied" : "transaction_ended");
    db_rollback(f->db);
    assert_false(run_script(f, "ROLLBACK", &batch));
    db_rollback(f->db);
    exec(f, "CREATE TABLE still_usable (n INTEGER)");
}

static void committing_nothing_is_a_rollback(void **state)
{
    struct fixture *f = *state;
    struct db_batch batch;
    assert_false(run_script(f, "SELECT nope", &batch));
    enum db_commit outcome = db_commit(f->db, &f->err);
    if (engine == ENGINE_POSTGRESQL)
        assert_int_equal(outcome, DB_ROLLED_BACK);
    db_rollback(f->db);
}

static void truth_is_checked_without_keeping_rows(void **state)
{
    struct fixture *f = *state;
    exec(f, "CREATE TABLE t (n INTEGER)");
    exec(f, "INSERT INTO t VALUES (1), (2), (0), (NULL)");
    struct db_item items[] = {
        {.kind = DB_ITEM_SQL, .sql = STR("SELECT n FROM t WHERE n > 0"), .want = DB_WANT_TRUTH},
        {.kind = DB_ITEM_SQL, .sql = STR("SELECT n FROM t ORDER BY n IS NULL, n DESC"), .want = DB_WANT_TRUTH},
        {.kind = DB_ITEM_SQL, .sql = STR("SELECT NULL"), .want = DB_WANT_TRUTH},
        {.kind = DB_ITEM_SQL, .sql = STR("SELECT 1 = 2"), .want = DB_WANT_TRUTH},
    };
    struct db_batch batch = {.items = items, .count = 4};
    must(f, db_run(f->db, &f->arena, &batch, &f->err));
    assert_int_equal(items[0].failed_row, 0);
    assert_int_equal(items[1].failed_row, 3);
    assert_int_equal(items[2].failed_row, 1);
    assert_int_equal(items[3].failed_row, 1);
}

/* A hundred megabytes of rows that nobody asked for are not kept. */
static void result_rows_of_scripts_cost_no_memory(void **state)
{
    struct fixture *f = *state;
    const char *sql = engine == ENGINE_SQLITE
                          ? "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) "
                            "SELECT i, 'some text that is thrown away' FROM n"
                          : "SELECT i, repeat('some text', 5) FROM generate_series(1, 400000) i";
    struct db_item item = {.kind = DB_ITEM_SCRIPT, .sql = str_of(sql)};
    struct db_batch batch = {.begin = &writing, .items = &item, .count = 1};
    must(f, db_run(f->db, &f->arena, &batch, &f->err));
    assert_true(item.affected >= 400000);
    assert_true(f->arena.total < 100000);
    db_rollback(f->db);
}

static void a_long_pipeline_does_not_jam(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 3000 };
    struct db_item *items = arena_new_array(&f->arena, COUNT, struct db_item);
    struct str filler = {arena_array(&f->arena, 1, 2000), 2000};
    memset((char *)(uintptr_t)filler.p, 'x', filler.len);
    struct str sql = str_printf(&f->arena, "SELECT '%.*s'", STR_ARG(filler));
    for (size_t i = 0; i < COUNT; i++)
        items[i] = (struct db_item){.kind = DB_ITEM_SCRIPT, .sql = sql};
    struct db_batch batch = {.begin = &writing, .items = items, .count = COUNT};
    must(f, db_run(f->db, &f->arena, &batch, &f->err));
    assert_int_equal(items[COUNT - 1].affected, 1);
    db_rollback(f->db);
}

static void done_is_told_in_order(void *user, size_t item)
{
    size_t *next = user;
    assert_int_equal(*next, item);
    (*next)++;
}

static void progress_is_told_item_by_item(void **state)
{
    struct fixture *f = *state;
    size_t next = 0;
    struct db_item items[] = {{.kind = DB_ITEM_ENTER},
                              {.kind = DB_ITEM_SCRIPT, .sql = STR("CREATE TABLE t (n INTEGER)"), .report = true},
                              {.kind = DB_ITEM_LEAVE},
                              {.kind = DB_ITEM_SQL, .sql = STR("SELECT 1")}};
    struct db_batch batch = {.items = items, .count = 4, .done = done_is_told_in_order, .user = &next};
    must(f, db_begin(f->db, &writing, &f->err));
    must(f, db_run(f->db, &f->arena, &batch, &f->err));
    assert_int_equal(next, 4);
    db_rollback(f->db);
}

static void a_busy_lock_times_out(void **state)
{
    struct fixture *f = *state;
    exec(f, "CREATE TABLE t (n INTEGER)");
    struct db *other = target_open(&f->target);
    struct db_item first[] = {{.kind = DB_ITEM_ENTER},
                              {.kind = DB_ITEM_SCRIPT, .sql = STR("ALTER TABLE t ADD COLUMN m INTEGER")}};
    struct db_item second[] = {{.kind = DB_ITEM_ENTER},
                               {.kind = DB_ITEM_SCRIPT, .sql = STR("ALTER TABLE t ADD COLUMN k INTEGER")}};
    struct db_batch batch = {.begin = &writing, .items = first, .count = 2};
    must(f, db_run(other, &f->arena, &batch, &f->err));
    batch.items = second;
    int64_t start = clock_mono_ms();
    assert_false(db_run(f->db, &f->arena, &batch, &f->err));
    int64_t took = clock_mono_ms() - start;
    assert_int_equal(f->err.code, ERR_LOCK);
    assert_string_equal(f->err.kind, "lock_timeout");
    assert_true(took >= 250 && took < 3000);
    if (engine == ENGINE_POSTGRESQL) {
        assert_string_equal(f->err.sqlstate, "55P03");
        assert_non_null(strstr(f->err.detail, "ALTER TABLE t ADD COLUMN m"));
        assert_non_null(strstr(f->err.detail, "process "));
    }
    db_rollback(f->db);
    db_close(other);
}

static const char *slow_sql(void)
{
    return engine == ENGINE_SQLITE ? "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                                     "SELECT count(*) FROM n"
                                   : "SELECT pg_sleep(30)";
}

static void *cancel_soon(void *db)
{
    clock_sleep_ms(150);
    db_cancel(db);
    return NULL;
}

static void another_thread_can_cancel(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    int64_t start = clock_mono_ms();
    pthread_create(&thread, NULL, cancel_soon, f->db);
    assert_false(db_exec(f->db, str_of(slow_sql()), NULL, 0, &f->err));
    pthread_join(thread, NULL);
    assert_true(clock_mono_ms() - start < 5000);
    assert_true(number(f, "SELECT 5") == 5);
}

static bool yes(void *user)
{
    (void)user;
    return true;
}

static void the_watch_can_cancel(void **state)
{
    struct fixture *f = *state;
    db_set_watch(f->db, &(struct db_watch){.cancelled = yes});
    assert_false(db_exec(f->db, str_of(slow_sql()), NULL, 0, &f->err));
    assert_int_equal(f->err.code, ERR_CANCELLED);
    assert_string_equal(f->err.kind, "cancelled");
    db_set_watch(f->db, NULL);
    assert_true(number(f, "SELECT 5") == 5);
}

static void a_slow_statement_times_out(void **state)
{
    struct fixture *f = *state;
    struct db_begin how = writing;
    how.statement_timeout_ms = 200;
    struct db_item item = {.kind = DB_ITEM_SCRIPT, .sql = str_of(slow_sql())};
    struct db_batch batch = {.begin = &how, .items = &item, .count = 1};
    int64_t start = clock_mono_ms();
    assert_false(db_run(f->db, &f->arena, &batch, &f->err));
    assert_true(clock_mono_ms() - start < 5000);
    assert_string_equal(f->err.kind, "statement_timeout");
    db_rollback(f->db);
}

static void the_migrators_lock_has_one_holder(void **state)
{
    struct fixture *f = *state;
    struct db *other = target_open(&f->target);
    bool mine = false, theirs = true;
    struct str who;
    must(f, db_try_lock(f->db, &mine, &f->err));
    must(f, db_try_lock(other, &theirs, &f->err));
    assert_true(mine);
    assert_false(theirs);
    must(f, db_holders(other, &f->arena, &who, &f->err));
    assert_true(who.len > 0);
    if (engine == ENGINE_POSTGRESQL)
        assert_non_null(strstr(who.p, "(skein, "));
    must(f, db_unlock(f->db, &f->err));
    must(f, db_try_lock(other, &theirs, &f->err));
    assert_true(theirs);
    assert_false(db_unlock(f->db, &f->err)); /* not held: never silently fine */
    db_close(other);                         /* goes with the session, soon after it */
    mine = false;
    for (int i = 0; i < 100 && !mine; i++) {
        must(f, db_try_lock(f->db, &mine, &f->err));
        clock_sleep_ms(mine ? 0 : 20);
    }
    assert_true(mine);
    must(f, db_unlock(f->db, &f->err));
}

static void a_connection_can_be_made_again(void **state)
{
    struct fixture *f = *state;
    struct db_batch batch;
    exec(f, "CREATE TABLE t (n INTEGER)");
    assert_true(run_script(f, "INSERT INTO t VALUES (1)", &batch));
    must(f, db_reconnect(f->db, &f->err));
    assert_int_equal(number(f, "SELECT count(*) FROM t"), 0);
    exec(f, "INSERT INTO t VALUES (2)");
}

static void the_incarnation_is_stable(void **state)
{
    struct fixture *f = *state;
    struct target copy;
    struct str first, again, other;
    target_init(&copy, engine);
    struct db *elsewhere = target_open(&copy);
    must(f, db_exec(elsewhere, STR("CREATE TABLE t (n INTEGER)"), NULL, 0, &f->err));
    exec(f, "CREATE TABLE t (n INTEGER)");
    must(f, db_incarnation(f->db, &f->arena, &first, &f->err));
    must(f, db_reconnect(f->db, &f->err));
    must(f, db_incarnation(f->db, &f->arena, &again, &f->err));
    must(f, db_incarnation(elsewhere, &f->arena, &other, &f->err));
    assert_true(str_eq(first, again));
    assert_false(str_eq(first, other));
    db_close(elsewhere);
    target_release(&copy);
}

static void names_are_quoted(void **state)
{
    struct fixture *f = *state;
    struct str name = db_quote_name(&f->arena, STR("we\"ird; name"));
    exec(f, str_printf(&f->arena, "CREATE TABLE %.*s (n INTEGER)", STR_ARG(name)).p);
    exec(f, str_printf(&f->arena, "INSERT INTO %.*s VALUES (1)", STR_ARG(name)).p);
}

static void two_statements_in_one_item_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_false(db_exec(f->db, STR("CREATE TABLE a (n INTEGER); CREATE TABLE b (n INTEGER)"), NULL, 0, &f->err));
    exec(f, "CREATE TABLE a (n INTEGER)");
    exec(f, "CREATE TABLE b (n INTEGER); -- a comment may follow");
}

static void a_reader_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct db_begin how = {.read_only = true};
    exec(f, "CREATE TABLE t (n INTEGER)");
    must(f, db_begin(f->db, &how, &f->err));
    if (engine == ENGINE_POSTGRESQL) {
        assert_false(db_exec(f->db, STR("CREATE TABLE u (n INTEGER)"), NULL, 0, &f->err));
        assert_string_equal(f->err.kind, "read_only");
    }
    db_rollback(f->db);
    struct db_options options;
    struct db *reader = NULL;
    db_options_init(&options);
    must(f, db_open(f->target.url, &options, &reader, &f->err));
    if (engine == ENGINE_SQLITE)
        assert_false(db_exec(reader, STR("CREATE TABLE u (n INTEGER)"), NULL, 0, &f->err));
    db_close(reader);
    exec(f, "CREATE TABLE u (n INTEGER)");
}

static void the_trace_tells_every_call(void **state)
{
    struct fixture *f = *state;
    size_t before = f->lines;
    exec(f, "CREATE TABLE t (n INTEGER)");
    assert_int_equal(f->lines - before, traced ? 3 : 0);
}

int main(int argc, char **argv)
{
    assert_true(argc >= 2);
    engine = strcmp(argv[1], "sqlite") == 0 ? ENGINE_SQLITE : ENGINE_POSTGRESQL;
    traced = argc > 2;
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(rows_come_as_text),
        TEST(parameters_go_by_number_not_by_order),
        TEST(affected_rows_are_counted),
        TEST(prepared_statements_come_again),
        TEST(a_failure_names_its_item_and_leaves_nothing),
        TEST(a_syntax_error_has_its_place),
        TEST(a_rolled_back_transaction_is_gone),
        TEST(a_script_cannot_end_its_transaction_unnoticed),
        TEST(committing_nothing_is_a_rollback),
        TEST(truth_is_checked_without_keeping_rows),
        TEST(result_rows_of_scripts_cost_no_memory),
        TEST(a_long_pipeline_does_not_jam),
        TEST(progress_is_told_item_by_item),
        TEST(a_busy_lock_times_out),
        TEST(another_thread_can_cancel),
        TEST(the_watch_can_cancel),
        TEST(a_slow_statement_times_out),
        TEST(the_migrators_lock_has_one_holder),
        TEST(a_connection_can_be_made_again),
        TEST(the_incarnation_is_stable),
        TEST(names_are_quoted),
        TEST(two_statements_in_one_item_are_refused),
        TEST(a_reader_changes_nothing),
        TEST(the_trace_tells_every_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
