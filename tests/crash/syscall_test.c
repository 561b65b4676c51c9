/*
 * The n-th call that changes the file fails, or is the last thing that the process does, for every n: whatever
 * happens the target is at a step's beginning or end, the report is true, and the next run finishes the plan once.
 *
 * The program's own write(), fsync() and their like stand in front of libc's, for SQLite's library as well.
 */
#include "tests/support/cmocka.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "skein/os/clock.h"
#include "tests/support/fixture.h"

enum fault { FAULT_NONE = 0, FAULT_KILL, FAULT_KILL_HALF, FAULT_EIO, FAULT_ENOSPC };

static enum fault fault;
static long calls_left; /* until the fault; counts only while one is set */

/* True: the caller fails with errno set. Half a write is made by the caller. */
static bool strike(void)
{
    if (fault == FAULT_NONE || --calls_left != 0)
        return false;
    if (fault == FAULT_KILL)
        kill(getpid(), SIGKILL);
    errno = fault == FAULT_EIO ? EIO : ENOSPC;
    return true;
}

static ssize_t do_write(int fd, const void *bytes, size_t size, off_t at)
{
    return at < 0 ? syscall(SYS_write, fd, bytes, size) : syscall(SYS_pwrite64, fd, bytes, size, at);
}

static ssize_t faulty_write(int fd, const void *bytes, size_t size, off_t at)
{
    if (fd <= 2 || !strike())
        return do_write(fd, bytes, size, at);
    if (fault == FAULT_KILL_HALF) {
        do_write(fd, bytes, size / 2, at);
        kill(getpid(), SIGKILL);
    }
    return -1;
}

/* libc's headers name the parameters in their own way. NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
 */
ssize_t write(int fd, const void *bytes, size_t size)
{
    return faulty_write(fd, bytes, size, -1);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    return faulty_write(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return faulty_write(fd, bytes, size, at);
}

/* Not synced for real: the process is killed here, not the machine. */
int fdatasync(int fd)
{
    (void)fd;
    return strike() ? -1 : 0;
}

int fsync(int fd)
{
    (void)fd;
    return strike() ? -1 : 0;
}

int ftruncate64(int fd, off_t size)
{
    return strike() ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size)
{
    return strike() ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int unlink(const char *path)
{
    return strike() ? -1 : (int)syscall(SYS_unlink, path);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* ---- the work ---- */

static void build_plan(struct fixture *f)
{
    new_plan(f);
    f->options.attempt = STR("the attempt");
    f->options.fence = 2;
    f->options.adopt = true; /* every run works on a copy */
    step(f, "a1", "a2", "CREATE TABLE u (n INTEGER); INSERT INTO u VALUES (1)");
    struct script *s = alone(f, "a2", "a3", "CREATE INDEX u_n ON u (n)");
    plan_make_part(&f->make, &s->probe, "SELECT count(*) FROM sqlite_master WHERE name = 'u_n'", 30);
    step(f, "a3", "a4", "INSERT INTO u VALUES (2)");
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t got;
    assert_true(in >= 0 && out >= 0);
    while ((got = read(in, bytes, sizeof(bytes))) > 0)
        assert_int_equal(do_write(out, bytes, (size_t)got, -1), got);
    close(in);
    close(out);
}

static void fresh_copy(struct fixture *f, const char *template)
{
    const char *leftovers[] = {"-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++)
        syscall(SYS_unlink, arena_printf(f->a, "%s%s", f->target.path.p, leftovers[i]));
    copy_file(template, f->target.path.p);
}

/* In a process of its own. Returns its wait status; exit code = outcome. */
static int run_with_fault(struct fixture *f, enum fault what, long n)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        f->db = target_open(&f->target);
        build_plan(f);
        fault = what;
        calls_left = n;
        apply(f);
        _exit(calls_left > 0 ? 100 : (int)f->report.outcome);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

/* The target is exactly at a1, a2, a3 or a4. Returns which (1..4). */
static unsigned check_consistent(struct fixture *f, long n)
{
    struct str at = version(f);
    assert_int_equal(at.len, 2);
    unsigned step = (unsigned)(at.p[1] - '0');
    bool has_u = has_table(f, "u");
    uint64_t rows = has_u ? value(f, "SELECT count(*) FROM u") : 0;
    uint64_t done = value(f, "SELECT count(*) FROM skein_ledger WHERE status = 'DONE'");
    bool ok = has_u == (step >= 2) &&
              rows == (step < 2   ? 0U
                       : step < 4 ? 1U
                                  : 2U) &&
              done == step && (has_table(f, "u_n") || step < 3);
    if (!ok)
        fail_msg("call %ld: version %.*s, table %d, %d rows, %d ledger rows", n, STR_ARG(at), has_u, (int)rows,
                 (int)done);
    return step;
}

/* A later run of the same attempt finishes, once. */
static void check_finishes(struct fixture *f, long n, bool closed)
{
    f->db = target_open(&f->target);
    build_plan(f);
    apply(f);
    if (closed)
        expect(f, OUTCOME_STALE);
    else if (f->report.outcome != OUTCOME_ALREADY_APPLIED)
        expect(f, OUTCOME_APPLIED);
    db_close(f->db);
    f->db = NULL;
    if (!closed)
        assert_int_equal(check_consistent(f, n), 4);
}

/* What the process said before it ended must be so. */
static bool check_report(struct fixture *f, int status, unsigned at, long n)
{
    if (!WIFEXITED(status))
        return false;
    enum outcome outcome = (enum outcome)WEXITSTATUS(status);
    if (outcome == OUTCOME_APPLIED)
        assert_int_equal(at, 4);
    else if (outcome != OUTCOME_FAILED && outcome != OUTCOME_BLOCKED && outcome != OUTCOME_BUSY &&
             outcome != OUTCOME_UNKNOWN && outcome != OUTCOME_NEEDS_OPERATOR)
        fail_msg("call %ld: outcome %s", n, outcome_name(outcome));
    if (outcome == OUTCOME_FAILED)
        assert_int_equal(value(f, "SELECT closed_fence FROM skein_state"), 2);
    return outcome == OUTCOME_FAILED;
}

enum {
    STRIKE_MS = 4000, /* on a slow machine not every call is struck ... */
    POINTS_MIN = 20,  /* ... but these are, however long it takes */
};

static void strike_everywhere(struct fixture *f, const char *template, enum fault what, long stride)
{
    long n = 1, points = 0;
    int64_t end = clock_mono_ms() + STRIKE_MS;
    for (; points < POINTS_MIN || clock_mono_ms() < end; n += stride, points++) {
        fresh_copy(f, template);
        int status = run_with_fault(f, what, n);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 100)
            break; /* n is more calls than there are */
        unsigned at = check_consistent(f, n);
        bool closed = check_report(f, status, at, n);
        check_finishes(f, n, closed);
    }
    assert_true(points >= POINTS_MIN);
}

static void prepare(struct fixture *f, const char *journal, char **ret_template)
{
    struct err err = {0};
    struct db_rows rows;
    assert_true(db_query(f->db, f->a, str_printf(f->a, "PRAGMA journal_mode = %s", journal), NULL, 0, &rows, &err));
    assert_true(str_is(db_cell(&rows, 0, 0), journal));
    applied(f, NULL, "a1", "CREATE TABLE t (n INTEGER)");
    db_close(f->db);
    f->db = NULL;
    *ret_template = arena_printf(f->a, "%s.template", f->target.path.p);
    copy_file(f->target.path.p, *ret_template);
}

static void strike_with(struct fixture *f, const char *journal)
{
    char *template = NULL;
    prepare(f, journal, &template);
    strike_everywhere(f, template, FAULT_KILL, 1);
    strike_everywhere(f, template, FAULT_KILL_HALF, 1);
    strike_everywhere(f, template, FAULT_EIO, 2);
    strike_everywhere(f, template, FAULT_ENOSPC, 2);
}

static void with_a_rollback_journal(void **state)
{
    strike_with(*state, "delete");
}

static void with_a_write_ahead_log(void **state)
{
    strike_with(*state, "wal");
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(with_a_rollback_journal, setup, teardown),
        cmocka_unit_test_setup_teardown(with_a_write_ahead_log, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
