/*
 * The connection to PostgreSQL is cut after exactly N bytes, for many N in both directions: before, in and after
 * COMMIT. Whatever the migrator then says must be true, and in the end every revision is applied exactly once.
 */
#include "tests/support/cmocka.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "skein/os/clock.h"
#include "tests/support/fixture.h"

enum way { UP = 0, DOWN, WAYS };

/* Shared with the proxy. Counted since they were last set to 0; a limit below 0 is none. */
struct wire {
    volatile long passed[WAYS];
    volatile long limit[WAYS];
    volatile bool refuse;  /* new connections */
    volatile bool pretend; /* to be another backend, as a pooler does */
};

static struct wire *wire;
static char folder[] = "/tmp/skein-cut-XXXXXX";
static pid_t proxy;

static int socket_at(const char *path, bool listening)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", path);
    int failed = listening ? bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 16)
                           : connect(fd, (struct sockaddr *)&address, sizeof(address));
    if (failed) {
        close(fd);
        return -1;
    }
    return fd;
}

/* BackendKeyData (protocol manual, 55.7): `K`, length 12, process id, secret. */
static void falsify_key(char *bytes, size_t size)
{
    char *key = memmem(bytes, size, "K\0\0\0\x0c", 5);
    if (wire->pretend && key != NULL && key + 13 <= bytes + size)
        key[8] ^= 1;
}

/* Passes on what there is, up to the limit. False: the connection is to end. */
static bool pass(int from, int to, enum way way)
{
    char bytes[4096];
    size_t most = sizeof(bytes);
    if (wire->limit[way] >= 0) {
        long left = wire->limit[way] - wire->passed[way];
        if (left <= 0)
            return false;
        most = (size_t)left < most ? (size_t)left : most;
    }
    ssize_t got = read(from, bytes, most);
    if (got > 0 && way == DOWN)
        falsify_key(bytes, (size_t)got);
    if (got <= 0 || write(to, bytes, (size_t)got) != got)
        return false;
    wire->passed[way] += got;
    return wire->limit[way] < 0 || wire->passed[way] < wire->limit[way];
}

static void carry(int client)
{
    int server = socket_at(SKEIN_PG_FOLDER, false);
    struct pollfd fds[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    while (server >= 0 && poll(fds, 2, -1) > 0)
        if ((fds[0].revents && !pass(client, server, UP)) || (fds[1].revents && !pass(server, client, DOWN)))
            break;
    _exit(0);
}

static void run_proxy(int listener)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client >= 0 && !wire->refuse && fork() == 0)
            carry(client);
        close(client);
    }
}

static int start_proxy(void **state)
{
    (void)state;
    wire = mmap(NULL, sizeof(*wire), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(wire, MAP_FAILED);
    assert_non_null(mkdtemp(folder));
    int listener = socket_at(folder, true);
    assert_true(listener >= 0);
    proxy = fork();
    if (proxy == 0)
        run_proxy(listener);
    close(listener);
    return 0;
}

static int stop_proxy(void **state)
{
    (void)state;
    char path[200];
    kill(proxy, SIGKILL);
    waitpid(proxy, NULL, 0);
    snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", folder);
    unlink(path);
    rmdir(folder);
    return 0;
}

static void no_limit(void)
{
    wire->limit[UP] = wire->limit[DOWN] = -1;
    wire->refuse = wire->pretend = false;
}

static void cut_after(enum way way, long bytes)
{
    wire->passed[UP] = wire->passed[DOWN] = 0;
    wire->limit[way] = bytes;
}

static int setup(void **state)
{
    no_limit();
    struct fixture *f = fixture_new(ENGINE_POSTGRESQL);
    applied(f, NULL, "r0", "CREATE TABLE done (n INTEGER)");
    db_close(f->db);
    struct db_options options;
    struct err err = {0};
    db_options_init(&options);
    options.access = DB_ACCESS_WRITE;
    options.schema = f->target.schema;
    f->options.run_lock_wait_ms = 3000;
    assert_true(db_open(str_printf(f->a, "postgresql:///postgres?host=%s&user=skein", folder), &options, &f->db, &err));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

static void plan_step(struct fixture *f, unsigned n)
{
    new_plan(f);
    f->options.fence = n + 1;
    step(f, arena_printf(f->a, "r%u", n), arena_printf(f->a, "r%u", n + 1),
         arena_printf(f->a, "INSERT INTO done VALUES (%u)", n));
}

/* How many bytes one application sends that way. */
static long measure(struct fixture *f, enum way way, unsigned n)
{
    plan_step(f, n);
    cut_after(UP, -1);
    wire->limit[DOWN] = -1;
    apply(f);
    expect(f, OUTCOME_APPLIED);
    return wire->passed[way];
}

/* The proxy ends connections for `limit` bytes once: afterwards everything passes. */
static bool lift(void *user)
{
    (void)user;
    for (int way = UP; way < WAYS; way++)
        if (wire->limit[way] >= 0 && wire->passed[way] >= wire->limit[way])
            wire->limit[way] = -1;
    return false;
}

/* One cut, what it led to, and then the same attempt again until it is done. */
static enum outcome one_cut(struct fixture *f, enum way way, long bytes, unsigned n)
{
    struct err err = {0};
    plan_step(f, n);
    f->observer = (struct migrate_observer){.cancelled = lift};
    cut_after(way, bytes);
    apply(f);
    enum outcome first = f->report.outcome;
    no_limit();
    for (int tries = 0; tries < 3 && f->report.outcome == OUTCOME_BLOCKED; tries++) {
        assert_true(db_reconnect(f->db, &err));
        apply(f);
    }
    if (f->report.outcome != OUTCOME_APPLIED && f->report.outcome != OUTCOME_ALREADY_APPLIED)
        fail_msg("cut after %ld bytes: %s: %s", bytes, outcome_name(f->report.outcome), f->report.err.text);
    return first;
}

static void cut_everywhere(struct fixture *f, enum way way, long cuts)
{
    struct err err = {0};
    unsigned n = 0, applied_at_once = 0, blocked = 0;
    long total = measure(f, way, n++);
    long stride = total / cuts > 0 ? total / cuts : 1;
    int64_t end = clock_mono_ms() + 12000;
    for (long at = 1; at <= total + stride && clock_mono_ms() < end; at += at > total - 120 ? 3 : stride) {
        enum outcome outcome = one_cut(f, way, at, n++);
        applied_at_once += outcome == OUTCOME_APPLIED;
        blocked += outcome == OUTCOME_BLOCKED;
    }
    assert_true(n > 20);
    assert_true(blocked > 0);         /* cuts before COMMIT */
    assert_true(applied_at_once > 0); /* cuts after it */
    assert_int_equal(value(f, "SELECT count(*) FROM done"), n);
    assert_int_equal(value(f, "SELECT count(DISTINCT n) FROM done"), n);
    assert_int_equal(value(f, "SELECT count(*) FROM skein_ledger WHERE status = 'DONE'"), n + 1);
    assert_true(db_reconnect(f->db, &err)); /* the last cut may have come after everything was done */
    verify_ledger(f, n + 1);
}

static void cut_on_the_way_to_the_server(void **state)
{
    cut_everywhere(*state, UP, 60);
}

static void cut_on_the_way_back(void **state)
{
    cut_everywhere(*state, DOWN, 60);
}

/* The server commits, the answer is lost, and nobody can be asked: unknown, never failed. */
static void an_answer_that_cannot_be_had_is_unknown(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    long total = measure(f, DOWN, 0);
    unsigned n = 1;
    for (long at = total - 160; f->report.outcome != OUTCOME_UNKNOWN && at < 2 * total; at += 4) {
        plan_step(f, n);
        cut_after(DOWN, at);
        wire->refuse = true;
        apply(f);
        if (f->report.outcome == OUTCOME_APPLIED)
            n++;
        else if (f->report.outcome != OUTCOME_UNKNOWN)
            expect(f, OUTCOME_BLOCKED);
        no_limit();
        assert_true(db_reconnect(f->db, &err));
    }
    expect(f, OUTCOME_UNKNOWN);
    assert_false(f->report.state_known);
    apply(f); /* the ledger tells */
    assert_true(f->report.outcome == OUTCOME_APPLIED || f->report.outcome == OUTCOME_ALREADY_APPLIED);
    assert_int_equal(value(f, "SELECT count(*) - count(DISTINCT n) FROM done"), 0);
    assert_int_equal(value(f, "SELECT count(*) FROM done"), n + 1);
}

/* Behind a pooler the backend that answers is not the one that the session was given. */
static void a_pooler_is_refused(void **state)
{
    struct fixture *f = *state;
    struct str url = str_printf(f->a, "postgresql:///postgres?host=%s&user=skein", folder);
    struct db_options options;
    struct db *db = NULL;
    struct err err = {0};
    db_options_init(&options);
    wire->pretend = true;
    assert_false(db_open(url, &options, &db, &err));
    assert_string_equal(err.kind, "pooler");
    assert_true(err.hint[0] != '\0');
    options.allow_pooler = true; /* in session mode, on request */
    assert_true(db_open(url, &options, &db, &err));
    db_close(db);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(cut_on_the_way_to_the_server),
        TEST(cut_on_the_way_back),
        TEST(an_answer_that_cannot_be_had_is_unknown),
        TEST(a_pooler_is_refused),
    };
    return cmocka_run_group_tests(tests, start_proxy, stop_proxy);
}
