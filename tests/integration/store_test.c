/* The coordinator's store on real files: every kind of row, restarts, and files that are no good. */
#include "tests/support/cmocka.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coordinator/io/store.h"
#include "skein/base/vec.h"
#include "skein/db/db.h"

struct folder {
    char path[64];
    char file[96];
    struct arena arena;
};

static int folder_make(void **state)
{
    static struct folder f;
    f = (struct folder){.path = "/tmp/skein-store-XXXXXX"};
    if (mkdtemp(f.path) == NULL)
        return -1;
    snprintf(f.file, sizeof(f.file), "%s/coordinator.db", f.path);
    *state = &f;
    return 0;
}

static int folder_remove(void **state)
{
    struct folder *f = *state;
    char command[128];
    arena_release(&f->arena);
    snprintf(command, sizeof(command), "rm -rf %s", f->path);
    return system(command); // NOLINT(cert-env33-c): our own temporary folder
}

static struct store *open_store(const struct folder *f)
{
    struct store *s = NULL;
    struct err err = {0};
    if (!store_open(f->file, &s, &err))
        fail_msg("%s: %s", err.text, err.detail);
    return s;
}

static void write_all(struct store *s, const struct record *records, size_t count)
{
    struct err err = {0};
    for (size_t i = 0; i < count; i++)
        store_put(s, &records[i]);
    if (!store_commit(s, &err))
        fail_msg("%s", err.text);
}

/* ---- one record of each kind, with every field set ---- */

static struct hash hash_filled(int byte)
{
    struct hash h;
    memset(h.bytes, byte, sizeof(h.bytes));
    return h;
}

static struct record rollout_record(struct arena *a)
{
    struct record r = {.kind = RECORD_ROLLOUT};
    struct record_rollout *o = &r.rollout;
    *o = (struct record_rollout){.number = 4,
                                 .bundle = 2,
                                 .parallel = 8,
                                 .max_failures = 3,
                                 .principal = STR("op"),
                                 .status = ROLLOUT_HALTED,
                                 .reason = STR("too many"),
                                 .created_ms = 5,
                                 .ended_ms = 6};
    memset(o->id.bytes, 7, sizeof(o->id.bytes));
    o->goal.request.command = PLAN_UPGRADE;
    o->goal.request.module = STR("core");
    o->goal.selection.labels = STR("env=prod");
    vec_push(a, &o->goal.request.targets.list, STR("head"));
    vec_push(a, &o->goal.selection.globs.list, STR("shop_*"));
    o->options.transaction_per_revision = true;
    o->options.lock_timeout_ms = 250;
    return r;
}

static struct record operation_record(void)
{
    struct record r = {.kind = RECORD_OPERATION};
    r.operation = (struct record_operation){.rollout = 4,
                                            .target = STR("shop_1"),
                                            .state = OP_CLOSING,
                                            .end = OP_CANCELLED,
                                            .action = OFFER_APPLY,
                                            .plan = hash_filled(2),
                                            .fence = UINT64_MAX,
                                            .tries = 3,
                                            .replans = 1,
                                            .sentence = STR("waits"),
                                            .updated_ms = 9};
    err_set(&r.operation.err, ERR_SQL, "no such table");
    err_detail(&r.operation.err, "line 3");
    return r;
}

static struct record target_record(void)
{
    struct record r = {.kind = RECORD_TARGET};
    r.target = (struct record_target){.name = STR("shop_1"),
                                      .agent = STR("host-a"),
                                      .engine = ENGINE_SQLITE,
                                      .identity = STR("dev:1"),
                                      .labels = STR("env=prod"),
                                      .modules = STR("core"),
                                      .gone = true,
                                      .state_known = true,
                                      .state = STR("core=a1"),
                                      .ledger = {UINT64_MAX, 7, 3, hash_filled(9)},
                                      .condition = TARGET_REGRESSED,
                                      .problem = STR("older \xe2\x9c\x93")};
    return r;
}

static size_t every_kind(struct arena *a, struct record list[RECORD_COUNT])
{
    size_t n = 0;
    list[n++] = (struct record){.kind = RECORD_META, .meta = {3, 1000}};
    list[n++] = (struct record){.kind = RECORD_PRINCIPAL,
                                .principal = {STR("op"), ROLE_ADMIN, PRINCIPAL_ACCEPTED, STR("ab"), true}};
    list[n++] = target_record();
    list[n++] = (struct record){.kind = RECORD_BLOB, .blob = {hash_filled(1), {"a\0\xff'", 4}}};
    list[n++] = (struct record){.kind = RECORD_BUNDLE, .bundle = {2, hash_filled(1), STR("op"), 77}};
    list[n++] = (struct record){.kind = RECORD_PLAN, .plan = {hash_filled(2), 2, STR("plan")}};
    list[n++] = rollout_record(a);
    list[n++] = operation_record();
    list[n++] = (struct record){.kind = RECORD_AUDIT,
                                .audit = {1, 55, STR("op"), STR("push"), STR("bundle 2"), STR("accepted")}};
    return n;
}

/* ---- reading back ---- */

struct seen {
    size_t count;
    enum record_kind last;
};

static void see_target(const struct record_target *t)
{
    assert_true(str_is(t->name, "shop_1") && str_is(t->problem, "older \xe2\x9c\x93"));
    assert_true(t->gone && t->state_known && t->condition == TARGET_REGRESSED);
    assert_true(t->ledger.fence == UINT64_MAX && t->ledger.head.bytes[5] == 9);
    assert_int_equal(t->engine, ENGINE_SQLITE);
}

static void see_rollout(const struct record_rollout *o)
{
    assert_true(o->number == 4 && o->id.bytes[3] == 7 && o->max_failures == 3);
    assert_true(str_is(o->goal.selection.globs.list.items[0], "shop_*"));
    assert_true(str_is(o->goal.request.targets.list.items[0], "head"));
    assert_true(o->options.lock_timeout_ms == 250 && o->status == ROLLOUT_HALTED);
}

static void see_operation(const struct record_operation *o)
{
    assert_true(o->fence == UINT64_MAX && o->end == OP_CANCELLED);
    assert_string_equal(o->err.detail, "line 3");
    assert_true(o->state == OP_CLOSING && o->replans == 1);
}

static bool see(void *user, const struct record *r, struct err *err)
{
    struct seen *s = user;
    (void)err;
    assert_true(r->kind >= s->last);
    s->last = r->kind;
    s->count++;
    if (r->kind == RECORD_TARGET)
        see_target(&r->target);
    else if (r->kind == RECORD_BLOB)
        assert_true(r->blob.bytes.len == 4 && memcmp(r->blob.bytes.p, "a\0\xff'", 4) == 0);
    else if (r->kind == RECORD_ROLLOUT)
        see_rollout(&r->rollout);
    else if (r->kind == RECORD_OPERATION)
        see_operation(&r->operation);
    else if (r->kind == RECORD_META)
        assert_true(r->meta.term == 3 && r->meta.fence == 1000);
    else if (r->kind == RECORD_PRINCIPAL)
        assert_true(r->principal.role == ROLE_ADMIN && r->principal.configured);
    else if (r->kind == RECORD_BUNDLE)
        assert_true(r->bundle.number == 2 && r->bundle.created_ms == 77);
    else if (r->kind == RECORD_PLAN)
        assert_true(str_is(r->plan.bytes, "plan") && r->plan.bundle == 2);
    return true;
}

static void every_kind_comes_back_after_a_restart(void **state)
{
    struct folder *f = *state;
    struct record list[RECORD_COUNT];
    struct seen seen = {0};
    struct err err = {0};
    size_t count = every_kind(&f->arena, list);
    assert_int_equal(count, RECORD_COUNT - 1);
    struct store *s = open_store(f);
    write_all(s, list, count);
    write_all(s, list, count - 1); /* again: rows are replaced, but the audit log only grows */
    store_close(s);
    s = open_store(f);
    if (!store_load(s, see, &seen, &err))
        fail_msg("%s", err.text);
    assert_int_equal(seen.count, RECORD_COUNT - 1);
    assert_int_equal(store_audit_broken(s), 0);
    store_close(s);
}

static bool count_only(void *user, const struct record *r, struct err *err)
{
    (void)err;
    (void)r;
    ++*(size_t *)user;
    return true;
}

static size_t count_rows(struct store *s)
{
    size_t count = 0;
    struct err err = {0};
    if (!store_load(s, count_only, &count, &err))
        fail_msg("%s", err.text);
    return count;
}

static void long_tables_come_back_whole(void **state)
{
    struct folder *f = *state;
    struct store *s = open_store(f);
    static struct record rows[2500];
    for (size_t i = 0; i < 2500; i++) {
        rows[i] = operation_record();
        rows[i].operation.target = str_printf(&f->arena, "t%zu", i);
    }
    write_all(s, rows, 2500);
    assert_int_equal(count_rows(s), 2500);
    store_close(s);
}

/* ---- what is not durable does not come back, what is does ---- */

static void a_killed_writer_leaves_whole_bursts(void **state)
{
    struct folder *f = *state;
    struct store *s = open_store(f);
    struct record list[RECORD_COUNT];
    write_all(s, list, every_kind(&f->arena, list));
    store_close(s);
    for (int round = 0; round < 8; round++) {
        pid_t child = fork();
        if (child == 0) {
            struct record_audit audit = {0, 1, STR("op"), STR("x"), STR("y"), STR("z")};
            struct store *own = open_store(f);
            size_t start = count_rows(own);
            for (uint64_t seq = start;; seq += 2) {
                audit.seq = seq;
                struct record a = {.kind = RECORD_AUDIT, .audit = audit}, b = a;
                b.audit.seq++;
                write_all(own, (struct record[]){a, b}, 2);
            }
        }
        usleep(20000U + (unsigned)round * 7000U);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        s = open_store(f);
        assert_int_equal((count_rows(s) - (RECORD_COUNT - 1)) % 2, 0);
        assert_int_equal(store_audit_broken(s), 0);
        store_close(s);
    }
    s = open_store(f);
    assert_true(count_rows(s) > RECORD_COUNT);
    store_close(s);
}

/* ---- no good ---- */

static void open_fails(const struct folder *f, const char *path, const char *kind)
{
    struct store *s = NULL;
    struct err err = {0};
    assert_false(store_open(path != NULL ? path : f->file, &s, &err));
    assert_null(s);
    assert_string_equal(err.kind, kind);
    assert_non_null(strstr(err.text, path != NULL ? path : f->file));
}

static void a_second_coordinator_is_refused(void **state)
{
    struct folder *f = *state;
    struct store *s = open_store(f);
    pid_t child = fork();
    if (child == 0) {
        open_fails(f, NULL, "store_in_use");
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    store_close(s);
    store_close(open_store(f)); /* and the lock goes with its holder */
}

/* A restart right after a kill finds the old one still on its way out. */
static void a_holder_that_leaves_is_waited_for(void **state)
{
    struct folder *f = *state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)open_store(f);
        (void)!write(ready[1], "x", 1);
        usleep(300000);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    store_close(open_store(f));
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
}

static void file_put(const struct folder *f, const char *text, size_t len)
{
    int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len);
    close(fd);
}

static void other_files_are_refused(void **state)
{
    struct folder *f = *state;
    file_put(f, "this is a text file, and not a small one: longer than a header of a hundred bytes, to be sure of it",
             99);
    open_fails(f, NULL, "not_a_database");
    unlink(f->file);
    open_fails(f, "/nonexistent/folder/coordinator.db", "no_database");
}

static void exec(const struct folder *f, const char *sql)
{
    struct arena a = {0};
    struct db *db;
    struct db_options options;
    struct err err = {0};
    db_options_init(&options);
    options.access = DB_ACCESS_CREATE;
    assert_true(db_open(str_printf(&a, "sqlite:///%s", f->file), &options, &db, &err));
    if (!db_exec(db, str_of(sql), NULL, 0, &err))
        fail_msg("%s", err.text);
    db_close(db);
    arena_release(&a);
}

static void another_programs_database_is_left_alone(void **state)
{
    struct folder *f = *state;
    exec(f, "CREATE TABLE customers (id INTEGER)");
    open_fails(f, NULL, "not_a_store");
}

static void a_later_format_is_refused(void **state)
{
    struct folder *f = *state;
    store_close(open_store(f));
    exec(f, "UPDATE store_format SET version = 2");
    open_fails(f, NULL, "store_format");
}

static void a_damaged_file_is_refused(void **state)
{
    struct folder *f = *state;
    static char junk[20000];
    struct store *s = open_store(f);
    struct record list[RECORD_COUNT];
    write_all(s, list, every_kind(&f->arena, list));
    store_close(s);
    memset(junk, 0x5a, sizeof(junk));
    int fd = open(f->file, O_WRONLY);
    assert_int_equal(pwrite(fd, junk, sizeof(junk), 4096), sizeof(junk));
    close(fd);
    struct err err = {0};
    assert_false(store_open(f->file, &s, &err));
    assert_true(strcmp(err.kind, "store_corrupt") == 0 || strcmp(err.kind, "corrupt") == 0);
}

static void a_row_that_makes_no_sense_is_named(void **state)
{
    struct folder *f = *state;
    struct record list[RECORD_COUNT];
    struct err err = {0};
    size_t count = 0;
    struct store *s = open_store(f);
    write_all(s, list, every_kind(&f->arena, list));
    store_close(s);
    exec(f, "UPDATE operation SET state = 'flying'");
    s = open_store(f);
    assert_false(store_load(s, count_only, &count, &err));
    assert_string_equal(err.kind, "store_corrupt");
    assert_non_null(strstr(err.text, "operation"));
    store_close(s);
}

static void a_changed_audit_log_is_found(void **state)
{
    struct folder *f = *state;
    struct record list[3];
    struct store *s = open_store(f);
    for (uint64_t i = 0; i < 3; i++)
        list[i] = (struct record){.kind = RECORD_AUDIT,
                                  .audit = {i + 1, 5, STR("op"), STR("cancel"), STR("rollout"), STR("ok")}};
    write_all(s, list, 3);
    store_close(s);
    exec(f, "UPDATE audit SET principal = 'somebody' WHERE seq = 2");
    s = open_store(f);
    assert_int_equal(count_rows(s), 3);
    assert_int_equal(store_audit_broken(s), 2);
    store_close(s);
}

static void a_full_disk_loses_nothing_that_was_stored(void **state)
{
    struct folder *f = *state;
    struct err err = {0};
    if (mount("tmpfs", f->path, "tmpfs", 0, "size=400k") != 0)
        skip(); /* needs the right to mount */
    struct store *s = open_store(f);
    static char page[40000];
    memset(page, 'x', sizeof(page));
    size_t written = 0;
    for (; written < 100; written++) {
        struct record r = {.kind = RECORD_BLOB, .blob = {hash_filled((int)written), {page, sizeof(page)}}};
        store_put(s, &r);
        if (!store_commit(s, &err))
            break;
    }
    bool full = written > 0 && written < 100 && strcmp(err.kind, "disk_full") == 0;
    store_close(s);
    s = open_store(f); /* as a coordinator does after any failure */
    size_t kept = count_rows(s);
    store_close(s);
    umount2(f->path, MNT_DETACH);
    assert_true(full);
    assert_int_equal(kept, written);
}

#define folder_test(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(every_kind_comes_back_after_a_restart),
        folder_test(long_tables_come_back_whole),
        folder_test(a_killed_writer_leaves_whole_bursts),
        folder_test(a_second_coordinator_is_refused),
        folder_test(a_holder_that_leaves_is_waited_for),
        folder_test(other_files_are_refused),
        folder_test(another_programs_database_is_left_alone),
        folder_test(a_later_format_is_refused),
        folder_test(a_damaged_file_is_refused),
        folder_test(a_row_that_makes_no_sense_is_named),
        folder_test(a_changed_audit_log_is_found),
        folder_test(a_full_disk_loses_nothing_that_was_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
