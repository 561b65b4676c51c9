/* What only SQLite can do to a migrator. */
#include "tests/support/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/fixture.h"

static int setup(void **state)
{
    *state = fixture_new(ENGINE_SQLITE);
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

static const char rebuild[] = "PRAGMA foreign_keys=OFF;"
                              "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');"
                              "INSERT INTO parent_new (id) SELECT id FROM parent;"
                              "DROP TABLE parent;"
                              "ALTER TABLE parent_new RENAME TO parent;"
                              "PRAGMA foreign_keys=ON";

static void with_family(struct fixture *f)
{
    applied(f, NULL, "a1",
            "CREATE TABLE parent (id INTEGER PRIMARY KEY);"
            "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id) ON DELETE CASCADE);"
            "INSERT INTO parent VALUES (1), (2);"
            "INSERT INTO child VALUES (10, 1), (20, 2)");
}

static void a_rebuilt_table_keeps_its_children(void **state)
{
    struct fixture *f = *state;
    with_family(f);
    applied(f, "a1", "a2", rebuild);
    assert_int_equal(value(f, "SELECT count(*) FROM child"), 2);
    assert_int_equal(value(f, "SELECT count(*) FROM parent WHERE name = ''"), 2);
}

static void an_undeclared_rebuild_keeps_them_too(void **state)
{
    struct fixture *f = *state;
    with_family(f);
    applied(f, "a1", "a2",
            "CREATE TABLE n (id INTEGER PRIMARY KEY); INSERT INTO n SELECT id FROM parent;"
            "DROP TABLE parent; ALTER TABLE n RENAME TO parent");
    assert_int_equal(value(f, "SELECT count(*) FROM child"), 2);
}

static void a_rebuild_that_loses_parents_is_rolled_back(void **state)
{
    struct fixture *f = *state;
    with_family(f);
    new_plan(f);
    step(f, "a1", "a2",
         "PRAGMA foreign_keys = OFF; CREATE TABLE n (id INTEGER PRIMARY KEY); DROP TABLE parent;"
         "ALTER TABLE n RENAME TO parent");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_string_equal(f->report.err.kind, "foreign_keys");
    assert_non_null(strstr(f->report.err.text, "2 rows would refer to rows that are not there"));
    assert_int_equal(value(f, "SELECT count(*) FROM parent"), 2);
}

/* PRAGMA foreign_key_check fails where a foreign key fits no key; the other tables are looked at all the same. */
static void a_foreign_key_without_a_key_hides_no_lost_parents(void **state)
{
    struct fixture *f = *state;
    with_family(f);
    applied(f, "a1", "a2", "CREATE TABLE odd (name TEXT REFERENCES parent (name))");
    applied(f, "a2", "a3", rebuild);
    new_plan(f);
    step(f, "a3", "a4", "PRAGMA foreign_keys=OFF; DELETE FROM parent WHERE id = 2");
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_non_null(strstr(f->report.err.text, "1 rows would refer to rows that are not there"));
}

static void old_violations_are_not_held_against_a_rebuild(void **state)
{
    struct fixture *f = *state;
    with_family(f);
    target_exec(&f->target, "INSERT INTO child VALUES (30, 99)");
    applied(f, "a1", "a2", rebuild);
    assert_int_equal(value(f, "SELECT count(*) FROM child"), 3);
}

static void enforcement_can_be_asked_for(void **state)
{
    struct fixture *f = *state;
    with_family(f);
    applied(f, "a1", "a2", "PRAGMA foreign_keys=ON; DELETE FROM parent WHERE id = 1");
    assert_int_equal(value(f, "SELECT count(*) FROM child"), 1); /* the cascade ran */
    new_plan(f);
    step(f, "a2", "a3", "PRAGMA foreign_keys=ON; INSERT INTO child VALUES (40, 99)");
    apply(f);
    expect(f, OUTCOME_FAILED);
    new_plan(f);
    step(f, "a2", "a3", "PRAGMA foreign_keys=ON; DELETE FROM parent");
    step(f, "a3", "a4", rebuild);
    apply(f);
    expect(f, OUTCOME_FAILED);
    assert_non_null(strstr(f->report.err.hint, "--transaction-per-revision"));
    f->options.transaction_per_revision = true;
    f->options.attempt = STR("one by one");
    apply(f);
    expect(f, OUTCOME_APPLIED);
}

static void scripts_are_kept_in_their_place(void **state)
{
    struct fixture *f = *state;
    const char *forbidden[] = {
        "BEGIN",
        "COMMIT",
        "END",
        "ROLLBACK",
        "SAVEPOINT s",
        "ATTACH '/tmp/skein-other.db' AS other",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA synchronous = OFF",
        "PRAGMA writable_schema = ON",
        "SELECT 1; PRAGMA foreign_keys = ON; SELECT 2",
        "VACUUM INTO '/tmp/skein-other.db'",
        "SELECT load_extension('x')",
        "UPDATE skein_state SET fence = 0",
        "DROP TABLE skein_ledger",
        "ALTER TABLE skein_ledger RENAME TO x",
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM skein_ledger",
    };
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        new_plan(f);
        step(f, "a1", "a2", arena_printf(f->a, "INSERT INTO t VALUES (1); %s", forbidden[i]));
        apply(f);
        if (f->report.outcome != OUTCOME_FAILED)
            fail_msg("%s: %s", forbidden[i], outcome_name(f->report.outcome));
        assert_int_equal(value(f, "SELECT count(*) FROM t"), 0);
    }
    assert_int_not_equal(access("/tmp/skein-other.db", F_OK), 0);
    applied(f, "a1", "a2", "PRAGMA user_version = 7; PRAGMA table_info(t); PRAGMA defer_foreign_keys = ON");
    assert_int_equal(value(f, "PRAGMA user_version"), 7);
}

static void settings_of_the_file_can_change_alone(void **state)
{
    struct fixture *f = *state;
    alone(f, NULL, "a1", "PRAGMA journal_mode = WAL");
    apply(f);
    expect(f, OUTCOME_APPLIED);
    assert_true(str_is(target_value(&f->target, "PRAGMA journal_mode"), "wal"));
    new_plan(f);
    alone(f, "a1", "a2", "BEGIN");
    apply(f);
    expect(f, OUTCOME_FAILED);
    new_plan(f);
    alone(f, "a1", "a2", "ATTACH '/tmp/skein-other.db' AS other");
    apply(f);
    expect(f, OUTCOME_FAILED);
}

/* A full disk ends the statement only; a program that goes on to COMMIT would keep half. */
static void a_full_disk_keeps_nothing(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    applied(f, NULL, "a1", "CREATE TABLE t (n TEXT)");
    new_plan(f);
    f->options.fence = 3;
    uint64_t pages = value(f, "PRAGMA page_count");
    assert_true(
        db_exec(f->db, str_printf(f->a, "PRAGMA max_page_count = %llu", (unsigned long long)pages + 8), NULL, 0, &err));
    step(f, "a1", "a2", "CREATE TABLE u (n TEXT); INSERT INTO t VALUES (hex(zeroblob(100000)))");
    apply(f);
    expect(f, OUTCOME_BLOCKED);
    assert_string_equal(f->report.err.kind, "disk_full");
    assert_false(has_table(f, "u"));
    assert_true(str_is(version(f), "a1"));
    assert_int_equal(f->report.ledger.closed_fence, 0); /* it may be tried again */
    assert_true(db_exec(f->db, STR("PRAGMA max_page_count = 1000000"), NULL, 0, &err));
    apply(f);
    expect(f, OUTCOME_APPLIED);
}

static void a_reader_holds_up_the_commit(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)");
    struct db *reader = target_open(&f->target);
    struct db_begin begin = {.read_only = true};
    struct err err = {0};
    struct db_rows rows;
    assert_true(db_begin(reader, &begin, &err));
    assert_true(db_query(reader, f->a, STR("SELECT * FROM t"), NULL, 0, &rows, &err));
    new_plan(f);
    step(f, "a1", "a2", "CREATE TABLE u (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_BLOCKED);
    assert_string_equal(f->report.err.kind, "lock_timeout");
    db_close(reader);
    assert_false(has_table(f, "u"));
    apply(f);
    expect(f, OUTCOME_APPLIED);
}

/* Replaced under us: the commit would go to a file that nobody sees. */
static void a_moved_file_is_quarantined(void **state)
{
    struct fixture *f = *state;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    char *away = arena_printf(f->a, "%s.away", f->target.path.p);
    assert_int_equal(rename(f->target.path.p, away), 0);
    new_plan(f);
    step(f, "a1", "a2", "CREATE TABLE u (n INTEGER)");
    apply(f);
    expect(f, OUTCOME_QUARANTINED);
    assert_string_equal(f->report.err.kind, "moved");
    assert_int_equal(rename(away, f->target.path.p), 0);
    assert_false(has_table(f, "u"));
}

/* ---- files that are none ---- */

static void refuses(struct fixture *f, const char *url, enum db_access access, const char *kind)
{
    struct db_options options;
    struct db *db = NULL;
    struct err err = {0};
    db_options_init(&options);
    options.access = access;
    options.busy_wait_ms = 200;
    assert_false(db_open(str_of(url), &options, &db, &err));
    if (strcmp(err.kind, kind) != 0)
        fail_msg("%s: %s (%s)", url, err.text, err.kind);
    assert_true(err.hint[0] != '\0');
    (void)f;
}

static void a_missing_file_is_not_made_for_readers(void **state)
{
    struct fixture *f = *state;
    char *url = arena_printf(f->a, "sqlite:///%s/none.db", f->target.folder.p);
    char *path = arena_printf(f->a, "%s/none.db", f->target.folder.p);
    refuses(f, url, DB_ACCESS_READ, "no_database");
    refuses(f, url, DB_ACCESS_WRITE, "no_database");
    assert_int_not_equal(access(path, F_OK), 0);
    refuses(f, "sqlite:////nonexistent/folder/x.db", DB_ACCESS_CREATE, "no_database");
    refuses(f, "sqlite:////tmp", DB_ACCESS_WRITE, "no_database");
    refuses(f, "sqlite://", DB_ACCESS_WRITE, "bad_url");
    refuses(f, "sqlite:///:memory:", DB_ACCESS_WRITE, "bad_url");
    refuses(f, "sqlite:///x.db?mode=ro", DB_ACCESS_WRITE, "bad_url");
}

static void a_file_that_is_no_database_is_told(void **state)
{
    struct fixture *f = *state;
    char *path = arena_printf(f->a, "%s/text.db", f->target.folder.p);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", file);
    fclose(file);
    refuses(f, arena_printf(f->a, "sqlite:///%s", path), DB_ACCESS_WRITE, "not_a_database");
    refuses(f, arena_printf(f->a, "sqlite:///%s", path), DB_ACCESS_READ, "not_a_database");
}

static void a_read_only_file_can_be_read(void **state)
{
    struct fixture *f = *state;
    if (geteuid() == 0) {
        print_message("skipped: root may write to every file\n");
        skip();
    }
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    assert_int_equal(chmod(f->target.path.p, 0444), 0);
    refuses(f, f->target.url.p, DB_ACCESS_WRITE, "read_only");
}

/* Two names of one file are one database: the lock around steps without a transaction is the same. */
static void a_link_leads_to_the_same_lock(void **state)
{
    struct fixture *f = *state;
    struct db_options options;
    struct db *other = NULL;
    bool mine = false, theirs = true;
    struct err err;
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    const char *link = arena_printf(f->a, "%s.link", f->target.path.p);
    assert_int_equal(symlink(f->target.path.p, link), 0);
    db_options_init(&options);
    options.access = DB_ACCESS_WRITE;
    assert_true(db_open(str_printf(f->a, "sqlite:///%s", link), &options, &other, &err));
    assert_true(db_try_lock(f->db, &mine, &err) && mine);
    assert_true(db_try_lock(other, &theirs, &err));
    assert_false(theirs);
    db_close(other);
    unlink(link);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_rebuilt_table_keeps_its_children),
        TEST(an_undeclared_rebuild_keeps_them_too),
        TEST(a_rebuild_that_loses_parents_is_rolled_back),
        TEST(a_foreign_key_without_a_key_hides_no_lost_parents),
        TEST(old_violations_are_not_held_against_a_rebuild),
        TEST(enforcement_can_be_asked_for),
        TEST(scripts_are_kept_in_their_place),
        TEST(settings_of_the_file_can_change_alone),
        TEST(a_full_disk_keeps_nothing),
        TEST(a_reader_holds_up_the_commit),
        TEST(a_moved_file_is_quarantined),
        TEST(a_missing_file_is_not_made_for_readers),
        TEST(a_file_that_is_no_database_is_told),
        TEST(a_read_only_file_can_be_read),
        TEST(a_link_leads_to_the_same_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
