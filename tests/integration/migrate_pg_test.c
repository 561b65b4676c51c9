/* What only PostgreSQL can do to a migrator. */
#include "tests/support/cmocka.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "skein/os/clock.h"
#include "tests/support/fixture.h"

static int setup(void **state)
{
    *state = fixture_new(ENGINE_POSTGRESQL);
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

static void count_trips(void *user, const char *text)
{
    size_t *trips = user;
    *trips += strncmp(text, "run ", 4) == 0 || strncmp(text, "commit", 6) == 0 || strncmp(text, "try_lock", 8) == 0 ||
              strncmp(text, "unlock", 6) == 0 || strncmp(text, "incarnation", 11) == 0;
}

/* However many statements: the number of round trips is fixed. */
static void a_plan_takes_few_round_trips(void **state)
{
    struct fixture *f = *state;
    size_t trips = 0;
    f->db = db_trace_new(f->db, count_trips, &trips);
    char ids[101][8];
    for (int i = 0; i <= 100; i++)
        snprintf(ids[i], sizeof(ids[i]), "r%d", i);
    for (int i = 0; i < 100; i++)
        step(f, i > 0 ? ids[i] : NULL, ids[i + 1], arena_printf(f->a, "CREATE TABLE t%d (n INTEGER)", i));
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_true(trips <= 7);
    verify_ledger(f, 100);
}

static struct db *open_schema(struct fixture *f, const char *schema, struct err *err)
{
    struct db_options options;
    struct db *db = NULL;
    db_options_init(&options);
    options.access = DB_ACCESS_WRITE;
    options.schema = str_of(schema);
    return db_open(target_server_url(f->a, "postgres", ""), &options, &db, err) ? db : NULL;
}

static void tenants_are_schemas(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    const char *tenants[] = {"t_left", "t_right"};
    target_exec(&f->target, "CREATE SCHEMA t_left");
    target_exec(&f->target, "CREATE SCHEMA t_right");
    struct db *own = f->db;
    f->db = open_schema(f, "t_left", &err);
    assert_non_null(f->db);
    for (int i = 0; i < 2; i++) { /* one connection serves both */
        assert_true(db_use_schema(f->db, str_of(tenants[i]), &err));
        new_plan(f);
        step(f, NULL, "a1", "CREATE TABLE users (n INTEGER)");
        alone(f, "a1", "a2", "CREATE INDEX CONCURRENTLY users_n ON users (n)");
        apply(f);
        expect(f, OUTCOME_APPLIED);
    }
    assert_int_equal(value(f, "SELECT count(*) FROM pg_class WHERE relname IN ('users', 'users_n') AND relnamespace IN "
                              "('t_left'::regnamespace, 't_right'::regnamespace)"),
                     4);
    assert_int_equal(value(f, "SELECT count(*) FROM t_left.skein_ledger"), 3);
    assert_int_equal(value(f, "SELECT count(*) FROM t_right.alembic_version WHERE version_num = 'a2'"), 1);
    new_plan(f);
    step(f, "a2", "a3", "ALTER TABLE users ADD COLUMN m INTEGER");
    assert_true(db_use_schema(f->db, STR("t_left"), &err));
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_int_equal(value(f, "SELECT count(*) FROM information_schema.columns WHERE table_schema = 't_right' AND "
                              "table_name = 'users'"),
                     1);
    assert_false(db_use_schema(f->db, STR("t_nowhere"), &err));
    assert_string_equal(err.kind, "no_schema");
    db_close(f->db);
    f->db = own;
    target_exec(&f->target, "DROP SCHEMA t_left, t_right CASCADE");
}

/* What a script sets must not lead our own statements, or the next script, elsewhere. */
static void a_hostile_session_does_not_mislead(void **state)
{
    struct fixture *f = *state;
    step(f, NULL, "a1",
         "CREATE SCHEMA evil;"
         "CREATE TABLE evil.skein_ledger (x INTEGER); CREATE TABLE evil.skein_state (x INTEGER);"
         "CREATE TABLE evil.alembic_version (version_num TEXT);"
         "CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';"
         "CREATE ROLE nobody_at_all;"
         "SET search_path = evil, pg_catalog;"
         "SET SESSION AUTHORIZATION nobody_at_all");
    step(f, "a1", "a2", "CREATE TABLE here (n INTEGER); SET ROLE nobody_at_all");
    step(f, "a2", "a3", "CREATE TABLE here_too (n INTEGER)");
    step(f, "a3", "a4", "RESET ALL");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_true(str_is(version(f), "a4"));
    assert_true(has_table(f, "here"));
    assert_true(has_table(f, "here_too"));
    assert_int_equal(value(f, "SELECT count(*) FROM evil.alembic_version"), 0);
    target_exec(&f->target, "DROP SCHEMA evil CASCADE");
    target_exec(&f->target, "DROP ROLE nobody_at_all");
    verify_ledger(f, 4);
}

static void statements_that_need_no_transaction_say_so(void **state)
{
    struct fixture *f = *state;
    const char *statements[] = {"VACUUM", "ALTER SYSTEM RESET work_mem", "CREATE DATABASE never_made",
                                "REINDEX DATABASE postgres", "CREATE INDEX CONCURRENTLY i ON t (n)"};
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        new_plan(f);
        step(f, "a1", "a2", statements[i]);
        apply(f);
        expect(f, OUTCOME_FAILED);
        assert_string_equal(f->report.err.sqlstate, "25001");
        assert_non_null(strstr(f->report.err.hint, "transaction:false"));
    }
}

static void missing_privileges_are_told(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    target_exec(&f->target, "CREATE ROLE weak LOGIN");
    target_exec(&f->target, "CREATE TABLE precious (n INTEGER)");
    struct db_options options;
    struct db *own = f->db;
    db_options_init(&options);
    options.access = DB_ACCESS_WRITE;
    options.schema = f->target.schema;
    target_exec(&f->target, arena_printf(f->a, "GRANT USAGE, CREATE ON SCHEMA %s TO weak", f->target.schema.p));
    assert_true(db_open(target_server_url(f->a, "postgres", "&user=weak"), &options, &f->db, &err));
    step(f, NULL, "a1", "ALTER TABLE precious ADD COLUMN m INTEGER");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_string_equal(f->report.err.kind, "permission");
    assert_string_equal(f->report.err.sqlstate, "42501");
    target_exec(&f->target, arena_printf(f->a, "REVOKE CREATE ON SCHEMA %s FROM weak", f->target.schema.p));
    f->options.fence = 4; /* the fence cannot be closed: nothing final may be said */
    apply(f);
    expect(f, OUTCOME_BLOCKED);
    db_close(f->db);
    f->db = own;
    target_exec(&f->target, arena_printf(f->a, "DROP OWNED BY weak"));
    target_exec(&f->target, "DROP ROLE weak");
}

static struct db *open_as(struct fixture *f, const char *role, struct err *err)
{
    struct db_options options;
    struct db *db = NULL;
    db_options_init(&options);
    options.access = DB_ACCESS_WRITE;
    options.schema = f->target.schema;
    options.role = str_of(role);
    return db_open(target_server_url(f->a, "postgres", "&user=deploy"), &options, &db, err) ? db : NULL;
}

static void expect_owner(struct fixture *f, const char *relation, const char *owner)
{
    uint64_t count = value(f, arena_printf(f->a,
                                           "SELECT count(*) FROM pg_class WHERE oid = '%s'::regclass AND "
                                           "relowner = '%s'::regrole",
                                           relation, owner));
    if (count != 1)
        fail_msg("%s does not belong to %s", relation, owner);
}

/* A login that owns nothing: scripts run as the owner, in and outside transactions, and own tables stay the login's. */
static void scripts_run_as_another_role(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct db *own = f->db;
    const char *schema = f->target.schema.p;
    target_exec(&f->target, "CREATE ROLE deploy LOGIN NOINHERIT");
    target_exec(&f->target, "CREATE ROLE app_owner");
    target_exec(&f->target, "CREATE ROLE foreigner");
    target_exec(&f->target, "GRANT app_owner TO deploy");
    target_exec(&f->target, arena_printf(f->a, "GRANT USAGE, CREATE ON SCHEMA %s TO deploy, app_owner", schema));
    target_exec(&f->target, "CREATE TABLE precious (n INTEGER)");
    target_exec(&f->target, "ALTER TABLE precious OWNER TO app_owner");
    assert_null(open_as(f, "foreigner", &err));
    assert_string_equal(err.kind, "permission");
    assert_non_null(strstr(err.hint, "foreigner"));
    assert_null(open_as(f, "no\"such role", &err));
    f->db = open_as(f, "app_owner", &err);
    assert_non_null(f->db);
    step(f, NULL, "a1", "ALTER TABLE precious ADD COLUMN m INTEGER; CREATE TABLE fresh (n INTEGER); RESET ROLE");
    step(f, "a1", "a2", "CREATE TABLE next (n INTEGER)");
    alone(f, "a2", "a3", "CREATE INDEX CONCURRENTLY fresh_n ON fresh (n)");
    step(f, "a3", "a4", "CREATE TABLE last (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    const char *const scripts[] = {"fresh", "next", "fresh_n", "last"};
    const char *const ours[] = {"skein_ledger", "skein_state", "alembic_version"};
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
        expect_owner(f, scripts[i], "app_owner");
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        expect_owner(f, ours[i], "deploy");
    assert_true(db_use_schema(f->db, f->target.schema, &err));
    new_plan(f);
    step(f, "a4", "a5", "CREATE TABLE again (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    expect_owner(f, "again", "app_owner");
    db_close(f->db);
    f->db = open_as(f, "", &err);
    new_plan(f);
    step(f, "a5", "a6", "ALTER TABLE precious ADD COLUMN o INTEGER");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_string_equal(f->report.err.kind, "permission");
    db_close(f->db);
    f->db = own;
    target_exec(&f->target, "DROP OWNED BY deploy, app_owner");
    target_exec(&f->target, "DROP ROLE deploy, app_owner, foreigner");
}

static void opening_fails_with_a_reason(void **state)
{
    struct fixture *f = *state;
    const struct {
        const char *database, *parameters, *kind;
    } bad[] = {
        {"nowhere_to_be_found", "", "no_database"},
        {"postgres", "&host=/nonexistent", "no_server"},
        {"postgres", "&user=stranger_to_the_server", "no_server"},
        {"postgres", "&nonsense=1", "bad_url"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct db_options options;
        struct db *db = NULL;
        struct err err = {0};
        db_options_init(&options);
        assert_false(db_open(target_server_url(f->a, bad[i].database, bad[i].parameters), &options, &db, &err));
        if (strcmp(err.kind, bad[i].kind) != 0)
            fail_msg("%zu: %s (%s) %s", i, err.text, err.kind, err.detail);
        assert_true(err.hint[0] != '\0');
    }
    struct err err = {0};
    assert_null(open_schema(f, "t_nowhere", &err));
    assert_string_equal(err.kind, "no_schema");
}

/* ---- lost connections ---- */

static void a_terminated_backend_rolls_back(void **state)
{
    struct fixture *f = *state;
    f->options.fence = 3;
    step(f, NULL, "a1", "CREATE TABLE t (n INTEGER); SELECT pg_terminate_backend(pg_backend_pid())");
    apply(f);
    expect(f, OUTCOME_BLOCKED);
    assert_string_equal(f->report.err.kind, "connection_lost");
    assert_false(has_table(f, "t"));
    struct err err = {0};
    assert_true(db_reconnect(f->db, &err));
    plan_make_part(&f->make, &f->make.scripts[0]->body, "CREATE TABLE t (n INTEGER)", 1);
    apply(f); /* the same fence goes on */
    expect(f, OUTCOME_APPLIED);
    verify_ledger(f, 1);
}

/* A connection that was kept and died meanwhile costs nothing. */
static void a_connection_that_died_idle_is_made_again(void **state)
{
    struct fixture *f = *state;
    struct db_rows rows;
    struct err err = {0};
    assert_true(db_query(f->db, f->a, STR("SELECT pg_backend_pid()"), NULL, 0, &rows, &err));
    target_exec(&f->target,
                arena_printf(f->a, "SELECT pg_terminate_backend(%.*s, 5000)", STR_ARG(db_cell(&rows, 0, 0))));
    step(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_APPLIED);
}

/* ---- CREATE INDEX CONCURRENTLY ---- */

static void with_rows(struct fixture *f)
{
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER); INSERT INTO t SELECT generate_series(1, 1000)");
}

static bool index_is_valid(struct fixture *f)
{
    return value(f, "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('t_n') AND indisvalid") == 1;
}

static void an_index_is_made_concurrently(void **state)
{
    struct fixture *f = *state;
    with_rows(f);
    new_plan(f);
    alone(f, "a1", "a2", "CREATE INDEX CONCURRENTLY t_n ON t (n)");
    alone(f, "a2", "a3", "DROP INDEX CONCURRENTLY t_n");
    alone(f, "a3", "a4", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_n ON ONLY t USING btree (n)");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_true(index_is_valid(f));
    verify_ledger(f, 7);
}

/* A cancelled build leaves an invalid index: it is dropped, and the failure is final. */
static void a_failed_index_is_cleaned_up(void **state)
{
    struct fixture *f = *state;
    with_rows(f);
    target_exec(&f->target, "INSERT INTO t VALUES (1)");
    new_plan(f);
    f->options.fence = 6;
    alone(f, "a1", "a2", "CREATE UNIQUE INDEX CONCURRENTLY t_n ON t (n)");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_string_equal(f->report.err.sqlstate, "23505");
    assert_false(has_table(f, "t_n"));
    assert_int_equal(f->report.ledger.closed_fence, 6);
    assert_true(str_is(target_value(&f->target, "SELECT string_agg(status, ',' ORDER BY seq) FROM skein_ledger"),
                       "DONE,STARTED,CLEANED"));
}

/* An invalid index that a dead process left: IF NOT EXISTS would take it for done. */
static void an_invalid_index_is_made_again(void **state)
{
    struct fixture *f = *state;
    with_rows(f);
    new_plan(f);
    alone(f, "a1", "a2", "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_n ON t (n)");
    target_exec(&f->target, "CREATE INDEX t_n ON t (n)");
    target_exec(&f->target, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_n'::regclass");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_true(index_is_valid(f));
}

/*
 * The process dies while its backend builds; another one comes, waits for the lock that the old session holds,
 * and finds out what became of the index.
 */
static void a_killed_process_leaves_a_state_that_resumes(void **state)
{
    struct fixture *f = *state;
    with_rows(f);
    new_plan(f);
    alone(f, "a1", "a2", "CREATE INDEX CONCURRENTLY t_n ON t (n)");
    plan_make_end(&f->make);
    struct db *holder = target_open(&f->target); /* a transaction that the build has to wait for */
    struct db_item items[] = {{.kind = DB_ITEM_ENTER},
                              {.kind = DB_ITEM_SCRIPT, .sql = STR("INSERT INTO t VALUES (0)")}};
    struct db_begin begin = {0};
    struct db_batch batch = {.begin = &begin, .items = items, .count = 2};
    struct err err = {0};
    assert_true(db_run(holder, f->a, &batch, &err));
    pid_t child = fork();
    if (child == 0) {
        f->db = target_open(&f->target);
        f->options.lock_timeout_ms = 0;
        apply(f);
        _exit(0);
    }
    for (int i = 0; i < 200 && value(f, "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('t_n')") == 0;
         i++)
        clock_sleep_ms(20);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(value(f, "SELECT pending FROM skein_state"), 2);
    db_rollback(holder);
    db_close(holder);
    f->options.run_lock_wait_ms = 10000;
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_true(index_is_valid(f));
    assert_true(str_is(version(f), "a2"));
    assert_int_equal(value(f, "SELECT count(*) FROM skein_ledger WHERE status = 'DONE'"), 2);
}

/* Waiting inside pg_advisory_lock() would hold a snapshot that the build waits for. */
static void polling_for_the_lock_does_not_hold_up_a_build(void **state)
{
    struct fixture *f = *state;
    with_rows(f);
    pid_t child = fork();
    if (child == 0) {
        f->db = target_open(&f->target);
        f->options.run_lock_wait_ms = 3000;
        new_plan(f);
        step(f, "a1", "b2", "SELECT 1");
        clock_sleep_ms(100);
        apply(f);
        _exit(f->report.outcome == OUTCOME_STATE_CHANGED || f->report.outcome == OUTCOME_UNSET ? 0 : 1);
    }
    new_plan(f);
    alone(f, "a1", "a2", "CREATE INDEX CONCURRENTLY t_n ON t (n)");
    alone(f, "a2", "a3", "DROP INDEX CONCURRENTLY t_n");
    alone(f, "a3", "a4", "CREATE INDEX CONCURRENTLY t_n ON t (n)");
    f->make.scripts[2]->lock_timeout_ms = 2000;
    int64_t start = clock_mono_ms();
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_true(clock_mono_ms() - start < 3000);
    int status = 0;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void a_section_has_its_own_timeouts(void **state)
{
    struct fixture *f = *state;
    struct script *s = step(f, NULL, "a1", "SELECT pg_sleep(5)");
    s->statement_timeout_ms = 100;
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_string_equal(f->report.err.kind, "statement_timeout");
    new_plan(f);
    s = step(f, NULL, "a1", "SELECT pg_sleep(0.01)");
    s->statement_timeout_ms = 500;
    step(f, "a1", "a2", "SELECT pg_sleep(0.9)"); /* not the section before's */
    apply(f);
    expect(f, OUTCOME_APPLIED);
}

/* A stray Alembic process waits at its UPDATE and then matches no row. */
static void a_stray_writer_waits_and_then_misses(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    pid_t child = fork();
    if (child == 0) {
        struct db *stray = target_open(&f->target);
        struct db_item item = {.kind = DB_ITEM_SQL,
                               .sql = STR("UPDATE alembic_version SET version_num = 'stray' WHERE version_num = 'a1'")};
        struct db_batch batch = {.items = &item, .count = 1};
        struct err err = {0};
        clock_sleep_ms(200);
        _exit(db_run(stray, f->a, &batch, &err) && item.affected == 0 ? 0 : 1);
    }
    new_plan(f);
    step(f, "a1", "a2", "SELECT pg_sleep(0.6)");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_true(str_is(version(f), "a2"));
}

static void count_waits(void *user, const char *sentence)
{
    struct fixture *f = user;
    f->waits += strstr(sentence, "trying again") != NULL;
}

/* Holds y, waits until the migrator has x, then wants x too: never the one that the server picks as victim. */
static void hold_against(struct fixture *f)
{
    struct db *rival = target_open(&f->target);
    struct db_item items[] = {
        {.kind = DB_ITEM_ENTER},
        {.kind = DB_ITEM_SCRIPT, .sql = STR("SET LOCAL deadlock_timeout = '60s'")},
        {.kind = DB_ITEM_SCRIPT, .sql = STR("LOCK TABLE y")},
        {.kind = DB_ITEM_SCRIPT,
         .sql = STR("DO $$ BEGIN FOR i IN 1..1000 LOOP EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE granted "
                    "AND relation = 'x'::regclass AND mode = 'AccessExclusiveLock'); PERFORM pg_sleep(0.01); "
                    "END LOOP; END $$")},
        {.kind = DB_ITEM_SCRIPT, .sql = STR("LOCK TABLE x")},
    };
    struct db_begin begin = {0};
    struct db_batch batch = {.begin = &begin, .items = items, .count = sizeof(items) / sizeof(items[0])};
    struct err err = {0};
    bool ok = db_run(rival, f->a, &batch, &err) && db_commit(rival, &err) == DB_COMMITTED;
    _exit(ok ? 0 : 1);
}

/* The lock timeout is far away: only the server's word about the deadlock lets both go on. */
static void a_deadlock_is_tried_again(void **state)
{
    struct fixture *f = *state;
    int status = -1;
    applied(f, NULL, "a1", "CREATE TABLE x (n INTEGER); CREATE TABLE y (n INTEGER)");
    pid_t child = fork();
    if (child == 0)
        hold_against(f);
    for (int i = 0; i < 500 && value(f, "SELECT count(*) FROM pg_locks WHERE granted AND relation = 'y'::regclass "
                                        "AND mode = 'AccessExclusiveLock'") == 0;
         i++)
        clock_sleep_ms(10);
    new_plan(f);
    step(f, "a1", "a2", "LOCK TABLE x; ALTER TABLE y ADD COLUMN m INTEGER");
    f->observer = (struct migrate_observer){.waiting = count_waits, .user = f};
    f->options.lock_timeout_ms = 30000;
    f->options.lock_retries = 3;
    int64_t start = clock_mono_ms();
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_true(clock_mono_ms() - start < 15000);
    assert_int_equal(f->waits, 1);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_true(str_is(version(f), "a2"));
    verify_ledger(f, 2);
}

/* A sequence keeps counting through rollbacks: the first tries fail, the third one does not. */
static void a_serialization_failure_is_tried_again(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1", "CREATE SEQUENCE tries");
    target_exec(&f->target, "CREATE FUNCTION unlucky() RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
                            "IF nextval('tries') < 3 THEN RAISE EXCEPTION 'could not serialize' "
                            "USING ERRCODE = 'serialization_failure'; END IF; END $$");
    new_plan(f);
    step(f, "a1", "a2", "SELECT unlucky()");
    f->observer = (struct migrate_observer){.waiting = count_waits, .user = f};
    f->options.lock_retries = 1;
    apply(f);
    expect(f, OUTCOME_BLOCKED);
    assert_string_equal(f->report.err.kind, "serialization");
    assert_int_equal(f->waits, 1);
    assert_true(str_is(version(f), "a1"));
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_int_equal(value(f, "SELECT last_value FROM tries"), 3);
    verify_ledger(f, 2);
}

static void a_deferred_failure_is_the_steps_own(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1",
            "CREATE TABLE p (id INTEGER PRIMARY KEY);"
            "CREATE TABLE c (p INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)");
    new_plan(f);
    step(f, "a1", "a2", "INSERT INTO c VALUES (99)");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_string_equal(f->report.err.sqlstate, "23503");
    assert_string_equal(f->report.err.origin, "versions/a2.sql");
    assert_int_equal(f->report.failed_step, 0);
    assert_true(str_is(version(f), "a1"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_plan_takes_few_round_trips),
        TEST(tenants_are_schemas),
        TEST(a_hostile_session_does_not_mislead),
        TEST(statements_that_need_no_transaction_say_so),
        TEST(missing_privileges_are_told),
        TEST(scripts_run_as_another_role),
        TEST(opening_fails_with_a_reason),
        TEST(a_terminated_backend_rolls_back),
        TEST(a_connection_that_died_idle_is_made_again),
        TEST(an_index_is_made_concurrently),
        TEST(a_failed_index_is_cleaned_up),
        TEST(an_invalid_index_is_made_again),
        TEST(a_killed_process_leaves_a_state_that_resumes),
        TEST(polling_for_the_lock_does_not_hold_up_a_build),
        TEST(a_section_has_its_own_timeouts),
        TEST(a_stray_writer_waits_and_then_misses),
        TEST(a_deadlock_is_tried_again),
        TEST(a_serialization_failure_is_tried_again),
        TEST(a_deferred_failure_is_the_steps_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
