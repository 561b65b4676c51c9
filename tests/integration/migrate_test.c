/* migrate.h on a real database of either engine. */
#include "tests/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "skein/base/vec.h"
#include "skein/db/migrate.h"
#include "skein/os/clock.h"
#include "skein/os/random.h"
#include "tests/support/fixture.h"

static enum engine engine;

static int setup(void **state)
{
    *state = fixture_new(engine);
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

/* ---- what goes well ---- */

static void a_plan_is_applied_whole(void **state)
{
    struct fixture *f = *state;
    step(f, NULL, "a1", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)");
    step(f, "a1", "a2", "INSERT INTO users VALUES (1, 'one; two'); INSERT INTO users VALUES (2, 'two')");
    plan_make_step(&f->make, "billing", NULL, "b1", "CREATE TABLE invoices (id INTEGER PRIMARY KEY)");
    f->make.scripts[1]->body.statements.list.count = 0;
    plan_make_part(&f->make, &f->make.scripts[1]->body,
                   "INSERT INTO users VALUES (1, 'x'); INSERT INTO users VALUES (2, 'y')", 10);
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_int_equal(f->report.steps_applied, 3);
    assert_true(str_is(version(f), "a2"));
    assert_true(str_is(target_value(&f->target, "SELECT version_num FROM alembic_version_billing"), "b1"));
    assert_int_equal(value(f, "SELECT count(*) FROM users"), 2);
    assert_true(f->report.state_known);
    assert_true(dbstate_eq(&f->report.state, &f->make.plan.after));
    assert_int_equal(f->report.ledger.seq, 3);
    verify_ledger(f, 3);
}

static void steps_go_down_again(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    applied(f, "a1", "a2", "ALTER TABLE t ADD COLUMN m INTEGER");
    new_plan(f);
    struct script *s = plan_make_step(&f->make, "core", "a2", "a1", "ALTER TABLE t DROP COLUMN m");
    assert_non_null(s);
    f->make.plan.steps.list.items[0].direction = DIRECTION_DOWN;
    f->make.plan.steps.list.items[0].revision = STR("a2");
    step(f, "a1", NULL, "DROP TABLE t");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_int_equal(value(f, "SELECT count(*) FROM alembic_version"), 0);
    assert_false(has_table(f, "t"));
    verify_ledger(f, 4);
}

static void a_stamp_moves_rows_only(void **state)
{
    struct fixture *f = *state;
    step(f, NULL, "a1", "");
    f->make.plan.steps.list.items[0].direction = DIRECTION_STAMP;
    plan_make_end(&f->make);
    f->make.scripts[0] = NULL;
    migrate_apply(f->a, f->db, &f->make.plan, (const struct script *const *)f->make.scripts, &f->options, NULL,
                  &f->report);
    expect(f, OUTCOME_APPLIED);
    assert_true(str_is(version(f), "a1"));
    assert_true(str_is(target_value(&f->target, "SELECT direction FROM skein_ledger"), "stamp"));
    assert_true(str_is(target_value(&f->target, "SELECT checksum_algorithm FROM skein_ledger"), "sha256-1"));
}

static void the_same_attempt_again_is_already_applied(void **state)
{
    struct fixture *f = *state;
    f->options.fence = 5;
    step(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    for (int i = 0; i < 3; i++) {
        apply(f);
        expect(f, OUTCOME_ALREADY_APPLIED);
    }
    verify_ledger(f, 1);
}

static void another_attempt_at_the_goal_is_already_applied(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    f->options.attempt = STR("another");
    apply(f);
    expect(f, OUTCOME_ALREADY_APPLIED);
    verify_ledger(f, 1);
}

static void an_empty_plan_checks_the_state(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    struct names heads = {0};
    vec_push(f->a, &heads.list, STR("a1"));
    new_plan(f);
    dbstate_set(f->a, &f->make.plan.before, STR("core"), &heads);
    apply(f);
    expect(f, OUTCOME_ALREADY_APPLIED);
    new_plan(f);
    heads.list.items[0] = STR("zz");
    dbstate_set(f->a, &f->make.plan.before, STR("core"), &heads);
    apply(f);
    expect(f, OUTCOME_STATE_CHANGED);
}

static void revisions_can_commit_one_by_one(void **state)
{
    struct fixture *f = *state;
    f->options.transaction_per_revision = true;
    step(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    step(f, "a1", "a2", "CREATE TABLE u (n INTEGER)");
    step(f, "a2", "a3", "CREATE TABLE t (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_int_equal(f->report.steps_applied, 2);
    assert_int_equal(f->report.failed_step, 2);
    assert_non_null(strstr(f->report.err.detail, "the first 2 of 3 steps are applied and stay"));
    assert_true(str_is(version(f), "a2"));
    assert_true(str_is(dbstate_format(f->a, &f->report.state), "core=a2"));
    verify_ledger(f, 2);
    /* The same attempt goes on where it stopped. */
    plan_make_part(&f->make, &f->make.scripts[2]->body, "CREATE TABLE v (n INTEGER)", 10);
    struct hash id = f->make.plan.id;
    plan_make_end(&f->make);
    f->make.plan.id = id;
    migrate_apply(f->a, f->db, &f->make.plan, (const struct script *const *)f->make.scripts, &f->options, NULL,
                  &f->report);
    expect(f, OUTCOME_APPLIED);
    assert_int_equal(f->report.steps_applied, 1);
    verify_ledger(f, 3);
}

static void count_started(void *user, size_t index, const struct plan_step *what)
{
    struct fixture *f = user;
    assert_int_equal(index, f->started++);
    assert_true(what->revision.len > 0);
}

static void count_done(void *user, size_t index, const struct plan_step *what)
{
    struct fixture *f = user;
    assert_int_equal(index, f->done++);
    assert_true(what->revision.len > 0);
}

static void the_observer_sees_every_step(void **state)
{
    struct fixture *f = *state;
    f->observer = (struct migrate_observer){.step_started = count_started, .step_done = count_done, .user = f};
    step(f, NULL, "a1", ""); /* a merge has nothing to run, and is told all the same */
    step(f, "a1", "a2", "CREATE TABLE u (n INTEGER); CREATE TABLE v (n INTEGER)");
    step(f, "a2", "a3", "CREATE TABLE w (n INTEGER)");
    alone(f, "a3", "a4", "CREATE TABLE x (n INTEGER)");
    step(f, "a4", "a5", "");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_int_equal(f->started, 5);
    assert_int_equal(f->done, 5);
}

/* ---- what goes wrong ---- */

static void a_failure_rolls_everything_back_and_says_where(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    new_plan(f);
    f->options.fence = 7;
    step(f, "a1", "a2", "CREATE TABLE u (n INTEGER)");
    step(f, "a2", "a3", "CREATE TABLE v (n INTEGER);\nINSERT INTO v VALUES (1);\n  INSERT INTO nowhere VALUES (1)");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_int_equal(f->report.failed_step, 1);
    assert_int_equal(f->report.steps_applied, 0);
    assert_non_null(strstr(f->report.err.text, "revision a3 of core"));
    assert_non_null(strstr(f->report.err.text, "nowhere"));
    assert_non_null(strstr(f->report.err.origin, "versions/a3.sql:12:"));
    assert_non_null(strstr(f->report.err.detail, "statement: INSERT INTO nowhere VALUES (1)"));
    assert_non_null(strstr(f->report.err.detail, "nothing was changed: the transaction was rolled back"));
    if (engine == ENGINE_POSTGRESQL) {
        assert_string_equal(f->report.err.sqlstate, "42P01");
        assert_string_equal(f->report.err.origin, "versions/a3.sql:12:15");
    }
    assert_true(str_is(version(f), "a1"));
    assert_false(has_table(f, "u"));
    assert_false(has_table(f, "v"));
    assert_int_equal(f->report.ledger.closed_fence, 7);
    verify_ledger(f, 1);
}

/* The fault that a simulation found in the first draft of the protocol. */
static void an_offer_that_comes_twice_after_its_failure_is_stale(void **state)
{
    struct fixture *f = *state;
    f->options.fence = 7;
    step(f, NULL, "a1", "INSERT INTO nowhere VALUES (1)");
    apply(f);
    expect(f, OUTCOME_FAILED);
    target_exec(&f->target, "CREATE TABLE nowhere (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_STALE);
    assert_int_equal(value(f, "SELECT count(*) FROM nowhere"), 0);
    f->options.fence = 8;
    f->options.attempt = STR("next");
    apply(f);
    expect(f, OUTCOME_APPLIED);
}

static void an_overtaken_fence_is_stale(void **state)
{
    struct fixture *f = *state;
    f->options.fence = 9;
    step(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    new_plan(f);
    f->options.fence = 8;
    step(f, "a1", "a2", "CREATE TABLE u (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_STALE);
    assert_false(has_table(f, "u"));
    assert_int_equal(f->report.ledger.fence, 9);
}

static void a_closed_fence_keeps_an_attempt_out(void **state)
{
    struct fixture *f = *state;
    migrate_close(f->a, f->db, 4, &f->options, &f->report);
    expect(f, OUTCOME_CANCELLED);
    assert_int_equal(f->report.ledger.closed_fence, 4);
    migrate_close(f->a, f->db, 3, &f->options, &f->report);
    expect(f, OUTCOME_CANCELLED);
    assert_int_equal(f->report.ledger.closed_fence, 4); /* never goes down */
    f->options.fence = 4;
    step(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_STALE);
    f->options.fence = 5;
    apply(f);
    expect(f, OUTCOME_APPLIED);
}

static void another_state_is_left_alone(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    new_plan(f);
    step(f, "a2", "a3", "DROP TABLE t");
    apply(f);
    expect(f, OUTCOME_STATE_CHANGED);
    assert_non_null(strstr(f->report.err.text, "core=a1"));
    assert_non_null(strstr(f->report.err.text, "core=a2"));
    assert_true(has_table(f, "t"));
    assert_true(str_is(dbstate_format(f->a, &f->report.state), "core=a1"));
}

static void a_false_verify_section_rolls_back(void **state)
{
    struct fixture *f = *state;
    struct script *s =
        plan_make_step(&f->make, "core", NULL, "a1", "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)");
    plan_make_part(&f->make, &s->verify, "SELECT count(*) = 1 FROM t;\nSELECT count(*) = 2 FROM t", 20);
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_string_equal(f->report.err.kind, "verify_failed");
    assert_string_equal(f->report.err.origin, "versions/a1.sql:21:1");
    assert_false(has_table(f, "t"));
    plan_make_part(&f->make, &s->verify, "SELECT count(*) = 1 FROM t; SELECT n FROM t; SELECT 1 WHERE 1 = 2", 20);
    f->options.attempt = STR("second");
    apply(f);
    expect(f, OUTCOME_APPLIED);
}

static void a_script_cannot_commit(void **state)
{
    struct fixture *f = *state;
    step(f, NULL, "a1", "CREATE TABLE t (n INTEGER); COMMIT; CREATE TABLE u (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_string_equal(f->report.err.kind, "denied");
    assert_false(has_table(f, "t"));
}

/* A COMMIT that no look at the words finds: the transaction's number tells. */
static void a_hidden_commit_needs_an_operator(void **state)
{
    struct fixture *f = *state;
    if (engine == ENGINE_SQLITE) {
        step(f, NULL, "a1", "CREATE TABLE t (n INTEGER); /* hidden */ COMMIT");
        apply(f);
        expect(f, OUTCOME_FAILED);
        assert_false(has_table(f, "t"));
        return;
    }
    const char *endings[] = {"COMMIT", "COMMIT; /* and */ BEGIN", "COMMIT AND CHAIN"};
    for (int i = 0; i < 3; i++) {
        new_plan(f);
        step(f, NULL, "a1", arena_printf(f->a, "CREATE TABLE t%d (n INTEGER); /* hidden */ %s", i, endings[i]));
        apply(f);
        expect(f, OUTCOME_NEEDS_OPERATOR);
        assert_string_equal(f->report.err.kind, "transaction_ended");
        assert_true(has_table(f, arena_printf(f->a, "t%d", i))); /* it did commit */
        struct dbstate now;
        struct ledger_state ledger;
        struct names modules = {0};
        struct err err = {0};
        vec_push(f->a, &modules.list, STR("core"));
        assert_true(migrate_read_state(f->a, f->db, &modules, &now, &ledger, &err));
        assert_int_equal(now.modules.count, 0); /* but no version row and no ledger row */
        assert_int_equal(ledger.seq, 0);
    }
}

static void a_deferred_constraint_fails_its_step(void **state)
{
    struct fixture *f = *state;
    step(f, NULL, "a1",
         "CREATE TABLE p (id INTEGER PRIMARY KEY); "
         "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)");
    step(f, "a1", "a2",
         engine == ENGINE_SQLITE ? "PRAGMA foreign_keys=ON; INSERT INTO c VALUES (1, 99)"
                                 : "INSERT INTO c VALUES (1, 99)");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_false(has_table(f, "p"));
}

static void duplicate_version_rows_stop_the_update(void **state)
{
    struct fixture *f = *state;
    target_exec(&f->target, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)");
    target_exec(&f->target, "INSERT INTO alembic_version VALUES ('a1')");
    applied(f, "a1", "a2", "CREATE TABLE t (n INTEGER)"); /* no primary key: tolerated */
    target_exec(&f->target, "INSERT INTO alembic_version VALUES ('a2')");
    new_plan(f);
    step(f, "a2", "a3", "CREATE TABLE u (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_string_equal(f->report.err.kind, "version_rows");
    assert_non_null(strstr(f->report.err.text, "expected to match one row when updating 'a2' to 'a3' in "
                                               "'alembic_version'; 2 found"));
    assert_false(has_table(f, "u"));
}

static void rows_of_alembic_are_taken_over(void **state)
{
    struct fixture *f = *state;
    target_exec(&f->target, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
                            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))");
    target_exec(&f->target, "INSERT INTO alembic_version VALUES ('a1'), ('other')");
    struct names heads = {0};
    vec_push(f->a, &heads.list, STR("a2"));
    vec_push(f->a, &heads.list, STR("other"));
    step(f, "a1", "a2", "CREATE TABLE t (n INTEGER)");
    f->make.plan.steps.list.items[0].heads_after = heads;
    dbstate_set(f->a, &f->make.plan.after, STR("core"), &heads);
    heads.list.items[0] = STR("a1");
    dbstate_set(f->a, &f->make.plan.before, STR("core"), &heads);
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_int_equal(value(f, "SELECT count(*) FROM alembic_version WHERE version_num IN ('a2', 'other')"), 2);
    assert_true(str_is(target_value(&f->target, "SELECT heads_before FROM skein_ledger"), "a1,other"));
}

static void a_lock_that_stays_busy_blocks(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    new_plan(f);
    f->options.lock_retries = 1;
    f->options.fence = 3;
    struct db *other = target_open(&f->target);
    struct err err = {0};
    struct db_begin begin = {.lock_wait_ms = 100};
    struct db_item items[] = {{.kind = DB_ITEM_ENTER},
                              {.kind = DB_ITEM_SCRIPT, .sql = STR("ALTER TABLE t ADD COLUMN x INTEGER")}};
    struct db_batch batch = {.begin = &begin, .items = items, .count = 2};
    assert_true(db_run(other, f->a, &batch, &err));
    step(f, "a1", "a2", "ALTER TABLE t ADD COLUMN m INTEGER");
    apply(f);
    if (engine == ENGINE_SQLITE) {
        expect(f, OUTCOME_BUSY);
    } else {
        expect(f, OUTCOME_BLOCKED);
        assert_non_null(strstr(f->report.err.detail, "ALTER TABLE t ADD COLUMN x"));
        assert_non_null(strstr(f->report.err.detail, "tried 2 times"));
        assert_int_equal(f->report.failed_step, 0);
    }
    db_rollback(other);
    db_close(other);
    apply(f); /* the fence was not closed: the same attempt may go on */
    expect(f, OUTCOME_APPLIED);
}

static void keep_sentence(void *user, const char *sentence)
{
    struct fixture *f = user;
    f->waits++;
    snprintf(f->waited, sizeof(f->waited), "%s", sentence);
}

static void another_migrator_is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct db *other = target_open(&f->target);
    struct err err = {0};
    bool locked = false;
    f->observer = (struct migrate_observer){.waiting = keep_sentence, .user = f};
    assert_true(db_try_lock(other, &locked, &err) && locked);
    struct script *s = plan_make_step(&f->make, "core", NULL, "a1", "CREATE TABLE t (n INTEGER)");
    s->transactional = engine == ENGINE_POSTGRESQL; /* on SQLite only such steps take this lock */
    int64_t start = clock_mono_ms();
    apply(f);
    expect(f, OUTCOME_BUSY);
    assert_true(clock_mono_ms() - start >= 350);
    assert_non_null(strstr(f->report.err.detail, engine == ENGINE_SQLITE ? "another process" : "(skein, "));
    assert_int_equal(f->waits, 1);
    db_close(other);
    f->options.run_lock_wait_ms = 5000;
    apply(f);
    expect(f, OUTCOME_APPLIED);
}

static bool always(void *user)
{
    (void)user;
    return true;
}

static void a_cancelled_attempt_is_closed(void **state)
{
    struct fixture *f = *state;
    f->options.fence = 2;
    f->observer = (struct migrate_observer){.cancelled = always, .user = f};
    step(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_CANCELLED);
    assert_int_equal(f->report.ledger.closed_fence, 2);
    f->observer = (struct migrate_observer){0};
    apply(f);
    expect(f, OUTCOME_STALE);
}

static bool soon(void *user)
{
    struct fixture *f = user;
    return clock_mono_ms() >= (int64_t)f->waits;
}

static void a_running_statement_is_stopped(void **state)
{
    struct fixture *f = *state;
    f->options.fence = 2;
    f->waits = (size_t)clock_mono_ms() + 300;
    f->observer = (struct migrate_observer){.cancelled = soon, .user = f};
    step(f, NULL, "a1",
         engine == ENGINE_SQLITE
             ? "CREATE TABLE t (n INTEGER); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
               "count(*) FROM n"
             : "CREATE TABLE t (n INTEGER); SELECT pg_sleep(30)");
    int64_t start = clock_mono_ms();
    apply(f);
    expect(f, OUTCOME_CANCELLED);
    assert_true(clock_mono_ms() - start < 5000);
    assert_int_equal(f->report.ledger.closed_fence, 2);
    assert_false(has_table(f, "t"));
}

/* Several processes, one plan: one applies it, the others find it done. */
static void of_many_at_once_one_applies(void **state)
{
    enum { PROCESSES = 5 };
    struct fixture *f = *state;
    pid_t children[PROCESSES];
    unsigned applied_by = 0, found = 0;
    step(f, NULL, "a1", "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)");
    plan_make_step(&f->make, "billing", NULL, "b1", "CREATE TABLE u (n INTEGER)");
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            f->db = target_open(&f->target);
            f->options.attempt = random_hex(f->a, 8);
            f->options.run_lock_wait_ms = 10000;
            f->options.lock_timeout_ms = 5000;
            apply(f);
            _exit((int)f->report.outcome);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        waitpid(children[i], &status, 0);
        applied_by += WIFEXITED(status) && WEXITSTATUS(status) == OUTCOME_APPLIED;
        found += WIFEXITED(status) && WEXITSTATUS(status) == OUTCOME_ALREADY_APPLIED;
    }
    assert_int_equal(applied_by, 1);
    assert_int_equal(found, PROCESSES - 1);
    assert_int_equal(value(f, "SELECT count(*) FROM t"), 1);
    verify_ledger(f, 2);
}

/* ---- the ledger ---- */

static void hand_edits_are_found(void **state)
{
    struct fixture *f = *state;
    uint64_t rows = 0;
    struct err err = {0};
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    applied(f, "a1", "a2", "CREATE TABLE u (n INTEGER)");
    applied(f, "a2", "a3", "CREATE TABLE v (n INTEGER)");
    verify_ledger(f, 3);
    target_exec(&f->target, "UPDATE skein_ledger SET principal = 'nobody' WHERE seq = 2");
    assert_false(migrate_verify_ledger(f->a, f->db, &rows, &err));
    assert_string_equal(err.kind, "ledger_broken");
    assert_non_null(strstr(err.text, "row 2"));
    target_exec(&f->target, "UPDATE skein_ledger SET principal = 'tester' WHERE seq = 2");
    verify_ledger(f, 3);
    target_exec(&f->target, "DELETE FROM skein_ledger WHERE seq = 3");
    assert_false(migrate_verify_ledger(f->a, f->db, &rows, &err));
    new_plan(f);
    f->options.fence = 9;
    step(f, "a3", "a4", "CREATE TABLE w (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_QUARANTINED);
    assert_string_equal(f->report.err.kind, "ledger_broken");
    assert_false(has_table(f, "w"));
    target_exec(&f->target, "DROP TABLE skein_ledger");
    apply(f);
    expect(f, OUTCOME_QUARANTINED);
    assert_true(migrate_detach(f->a, f->db, &f->options, &err));
    assert_false(has_table(f, "skein_state"));
    apply(f); /* starts anew */
    expect(f, OUTCOME_APPLIED);
    assert_true(str_is(version(f), "a4"));
    verify_ledger(f, 1);
}

static void a_script_cannot_write_the_ledger(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    new_plan(f);
    step(f, "a1", "a2", "DELETE FROM skein_ledger");
    apply(f);
    if (engine == ENGINE_SQLITE) {
        expect(f, OUTCOME_FAILED);
        assert_string_equal(f->report.err.kind, "denied");
    } else { /* privileges are the administrator's to give; the chain tells */
        uint64_t rows = 0;
        struct err err = {0};
        assert_false(migrate_verify_ledger(f->a, f->db, &rows, &err));
    }
}

static void a_copy_is_quarantined(void **state)
{
    struct fixture *f = *state;
    f->options.fence = 1;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    target_exec(&f->target, "UPDATE skein_state SET incarnation = 'elsewhere'");
    new_plan(f);
    f->options.fence = 2;
    step(f, "a1", "a2", "CREATE TABLE u (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_QUARANTINED);
    assert_string_equal(f->report.err.kind, "other_database");
    f->options.adopt = true;
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_false(str_is(target_value(&f->target, "SELECT incarnation FROM skein_state"), "elsewhere"));
}

/* ---- steps without a transaction ---- */

static void a_step_can_stand_alone(void **state)
{
    struct fixture *f = *state;
    step(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    alone(f, "a1", "a2", "VACUUM");
    step(f, "a2", "a3", "CREATE TABLE u (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_int_equal(f->report.steps_applied, 3);
    assert_true(str_is(version(f), "a3"));
    assert_true(str_is(target_value(&f->target, "SELECT status FROM skein_ledger WHERE seq = 2"), "STARTED"));
    assert_int_equal(value(f, "SELECT pending FROM skein_state"), 0);
    verify_ledger(f, 4);
}

static void a_failed_step_alone_is_withdrawn(void **state)
{
    struct fixture *f = *state;
    f->options.fence = 3;
    alone(f, NULL, "a1", "CREATE TABLE t (n nonsense(");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_true(str_is(target_value(&f->target, "SELECT status FROM skein_ledger WHERE seq = 2"), "CLEANED"));
    assert_int_equal(f->report.ledger.closed_fence, 3);
    verify_ledger(f, 2);
}

/* As if the process had died after STARTED. */
static void leave_started(struct fixture *f)
{
    target_exec(&f->target, "DELETE FROM skein_ledger WHERE status = 'DONE' AND seq = 2");
    target_exec(&f->target, "UPDATE skein_state SET ledger_seq = 1, pending = 1, "
                            "ledger_head = (SELECT hash FROM skein_ledger WHERE seq = 1)");
    target_exec(&f->target, "DELETE FROM alembic_version");
}

static void an_open_start_without_probe_needs_an_operator(void **state)
{
    struct fixture *f = *state;
    alone(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    leave_started(f);
    f->options.attempt = STR("second");
    apply(f);
    expect(f, OUTCOME_NEEDS_OPERATOR);
    new_plan(f);
    step(f, NULL, "z1", "CREATE TABLE z (n INTEGER)"); /* nothing else may run meanwhile */
    apply(f);
    expect(f, OUTCOME_NEEDS_OPERATOR);
    assert_string_equal(f->report.err.kind, "undecided");
    assert_false(has_table(f, "z"));
    migrate_resolve(f->a, f->db, &f->make.plan, RESOLUTION_APPLIED, &f->options, &f->report);
    expect(f, OUTCOME_STATE_CHANGED); /* not that plan's to answer */
    new_plan(f);
    alone(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    migrate_resolve(f->a, f->db, plan_make_end(&f->make), RESOLUTION_APPLIED, &f->options, &f->report);
    expect(f, OUTCOME_APPLIED);
    assert_true(str_is(version(f), "a1"));
    assert_int_equal(value(f, "SELECT pending FROM skein_state"), 0);
    verify_ledger(f, 2);
}

/* Who started it is at work still: wait, and do not call it undecided. */
static void an_open_start_that_runs_is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    bool locked = false;
    alone(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    leave_started(f);
    struct db *other = target_open(&f->target);
    assert_true(db_try_lock(other, &locked, &err) && locked);
    new_plan(f);
    step(f, NULL, "z1", "CREATE TABLE z (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_BUSY);
    db_close(other);
    f->options.run_lock_wait_ms = 5000;
    apply(f);
    expect(f, OUTCOME_NEEDS_OPERATOR);
}

static void an_open_start_can_be_declared_not_applied(void **state)
{
    struct fixture *f = *state;
    alone(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    apply(f);
    leave_started(f);
    target_exec(&f->target, "DROP TABLE t");
    f->options.attempt = STR("second");
    migrate_resolve(f->a, f->db, &f->make.plan, RESOLUTION_NOT_APPLIED, &f->options, &f->report);
    expect(f, OUTCOME_APPLIED);
    assert_int_equal(value(f, "SELECT count(*) FROM alembic_version"), 0);
    f->options.attempt = STR("third");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_true(has_table(f, "t"));
    verify_ledger(f, 4);
}

static void a_probe_answers_for_an_open_start(void **state)
{
    struct fixture *f = *state;
    struct script *s = alone(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    plan_make_part(&f->make, &s->probe,
                   engine == ENGINE_SQLITE
                       ? "SELECT CASE count(*) WHEN 0 THEN 'none' ELSE 'done' END FROM sqlite_master WHERE name = 't'"
                       : "SELECT to_regclass('t') IS NOT NULL",
                   30);
    apply(f);
    expect(f, OUTCOME_APPLIED);
    leave_started(f);
    f->options.attempt = STR("second");
    apply(f); /* it is there: not run again */
    expect(f, OUTCOME_APPLIED);
    leave_started(f);
    target_exec(&f->target, "DROP TABLE t");
    f->options.attempt = STR("third");
    apply(f); /* it is not: run */
    expect(f, OUTCOME_APPLIED);
    assert_true(has_table(f, "t"));
    plan_make_part(&f->make, &s->probe, "SELECT 'who knows'", 30);
    leave_started(f);
    f->options.attempt = STR("fourth");
    apply(f);
    expect(f, OUTCOME_NEEDS_OPERATOR);
}

int main(int argc, char **argv)
{
    assert_true(argc >= 2);
    engine = strcmp(argv[1], "sqlite") == 0 ? ENGINE_SQLITE : ENGINE_POSTGRESQL;
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_plan_is_applied_whole),
        TEST(steps_go_down_again),
        TEST(a_stamp_moves_rows_only),
        TEST(the_same_attempt_again_is_already_applied),
        TEST(another_attempt_at_the_goal_is_already_applied),
        TEST(an_empty_plan_checks_the_state),
        TEST(revisions_can_commit_one_by_one),
        TEST(the_observer_sees_every_step),
        TEST(a_failure_rolls_everything_back_and_says_where),
        TEST(an_offer_that_comes_twice_after_its_failure_is_stale),
        TEST(an_overtaken_fence_is_stale),
        TEST(a_closed_fence_keeps_an_attempt_out),
        TEST(another_state_is_left_alone),
        TEST(a_false_verify_section_rolls_back),
        TEST(a_script_cannot_commit),
        TEST(a_hidden_commit_needs_an_operator),
        TEST(a_deferred_constraint_fails_its_step),
        TEST(duplicate_version_rows_stop_the_update),
        TEST(rows_of_alembic_are_taken_over),
        TEST(a_lock_that_stays_busy_blocks),
        TEST(another_migrator_is_waited_for),
        TEST(a_cancelled_attempt_is_closed),
        TEST(a_running_statement_is_stopped),
        TEST(of_many_at_once_one_applies),
        TEST(hand_edits_are_found),
        TEST(a_script_cannot_write_the_ledger),
        TEST(a_copy_is_quarantined),
        TEST(a_step_can_stand_alone),
        TEST(a_failed_step_alone_is_withdrawn),
        TEST(an_open_start_without_probe_needs_an_operator),
        TEST(an_open_start_that_runs_is_waited_for),
        TEST(an_open_start_can_be_declared_not_applied),
        TEST(a_probe_answers_for_an_open_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
