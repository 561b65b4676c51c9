/* Discovery and reading on a real PostgreSQL server, which is private to this test. */
#include "tests/support/cmocka.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/io/discover.h"
#include "agent/io/workers.h"
#include "tests/support/plan_make.h"

#define PG_PRIVATE SKEIN_SOURCE_DIR "/tests/support/pg_private"

static struct {
    struct arena arena;
    char folder[64];
    struct str url; /* of the database `postgres` */
    struct agent_config config;
} server = {.folder = "/tmp/skein-agent-pg-XXXXXX"};

static int run_server(const char *verb)
{
    return system(arena_printf(&server.arena, "%s %s %s >/dev/null", PG_PRIVATE, verb, server.folder));
}

static void execute(struct str url, const char *sql)
{
    struct db_options options;
    struct db *db;
    struct err err;
    db_options_init(&options);
    options.access = DB_ACCESS_WRITE;
    if (!db_open(url, &options, &db, &err) || !db_exec(db, str_of(sql), NULL, 0, &err))
        fail_msg("%s: %s (%s)", sql, err.text, err.detail);
    db_close(db);
}

static int start_server(void **state)
{
    char line[300];
    (void)state;
    if (mkdtemp(server.folder) == NULL)
        return 1;
    FILE *out =
        popen(arena_printf(&server.arena, "chmod 755 %s; %s start %s", server.folder, PG_PRIVATE, server.folder), "r");
    if (out == NULL || fgets(line, sizeof(line), out) == NULL || pclose(out) != 0)
        return 1;
    server.url = str_copy(&server.arena, str_trim(str_of(line)));
    execute(server.url, "CREATE DATABASE shop_2");
    execute(server.url, "CREATE DATABASE shop_1");
    execute(server.url, "CREATE DATABASE other");
    execute(server.url, "CREATE DATABASE shop_closed ALLOW_CONNECTIONS false");
    execute(discover_database_url(&server.arena, server.url, STR("shop_1")), "CREATE SCHEMA tenant_b");
    execute(discover_database_url(&server.arena, server.url, STR("shop_1")), "CREATE SCHEMA tenant_a");
    execute(discover_database_url(&server.arena, server.url, STR("shop_1")), "CREATE SCHEMA \"Strange \"\"one\"\"\"");
    execute(discover_database_url(&server.arena, server.url, STR("shop_2")), "CREATE SCHEMA tenant_c");
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    run_server("stop");
    int result = system(arena_printf(&server.arena, "rm -rf %s", server.folder));
    arena_release(&server.arena);
    return result;
}

static void use_section(const char *databases, const char *schemas)
{
    struct source source = {.name = STR("s"), .engine = ENGINE_POSTGRESQL};
    source.settings.url = server.url;
    if (databases != NULL)
        vec_push(&server.arena, &source.settings.databases.list, str_of(databases));
    if (schemas != NULL)
        vec_push(&server.arena, &source.settings.schemas.list, str_of(schemas));
    server.config = (struct agent_config){
        .agent = {.workers = 3, .per_server = 2, .connect_timeout_ms = 5000, .lock_timeout_ms = 1000}};
    vec_push(&server.arena, &server.config.sources.list, source);
}

static const char *found(struct discovery *d)
{
    static const struct places none;
    discover(&server.arena, &server.config, &none, d);
    const char *names = "";
    for (size_t i = 0; i < d->places.list.count; i++)
        names = arena_printf(&server.arena, "%s%s%.*s", names, i > 0 ? " " : "", STR_ARG(d->places.list.items[i].name));
    return names;
}

static void patterns_find_databases_and_schemas(void **state)
{
    (void)state;
    struct discovery d;
    use_section(NULL, NULL);
    assert_string_equal(found(&d), "s");
    use_section("shop_%", NULL);
    assert_string_equal(found(&d), "s/shop_1 s/shop_2");
    use_section("shop_%", "tenant_%");
    assert_string_equal(found(&d), "s/shop_1/tenant_a s/shop_1/tenant_b s/shop_2/tenant_c");
    use_section("shop_1", "%");
    assert_string_equal(found(&d), "s/shop_1/public s/shop_1/tenant_a s/shop_1/tenant_b");
    assert_int_equal(d.problems.count, 1); /* the strange one holds a space */
    assert_string_equal(d.problems.items[0].err.kind, "bad_name");
    use_section("nothing_%", NULL);
    assert_string_equal(found(&d), "");
    assert_false(d.incomplete);
}

/* Takes answers until `count` tasks are back; the caller frees them. */
static void collect(struct workers *w, struct task **ret_tasks, size_t count)
{
    for (size_t got = 0; got < count;) {
        struct pollfd fd = {.fd = workers_fd(w), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 30000), 1);
        struct task *t = workers_next(w);
        if (t != NULL)
            ret_tasks[got++] = t;
    }
}

static void submit_reads(struct workers *w, const struct places *places)
{
    for (size_t i = 0; i < places->list.count; i++) {
        struct task *t = task_new(TASK_READ);
        task_set_place(t, &places->list.items[i]);
        workers_submit(w, t);
    }
}

static const struct reading *reading_of(struct task **tasks, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(tasks[i]->place.name, name))
            return &tasks[i]->reading;
    return NULL;
}

static void schemas_are_read_apart(void **state)
{
    (void)state;
    struct discovery d;
    struct task *tasks[3];
    struct str shop = discover_database_url(&server.arena, server.url, STR("shop_1"));
    execute(shop, "CREATE TABLE tenant_b.alembic_version (version_num varchar(32) NOT NULL)");
    execute(shop, "INSERT INTO tenant_b.alembic_version VALUES ('abc123')");
    execute(shop, "CREATE TABLE tenant_b.alembic_version_billing (version_num varchar(32) NOT NULL)");
    execute(shop, "INSERT INTO tenant_b.alembic_version_billing VALUES ('b1')");
    use_section("shop_%", "tenant_%");
    found(&d);
    struct workers *w = workers_new(&server.config);
    submit_reads(w, &d.places);
    collect(w, tasks, 3);
    const struct reading *a = reading_of(tasks, 3, "s/shop_1/tenant_a"), *b = reading_of(tasks, 3, "s/shop_1/tenant_b");
    assert_true(a->readable && b->readable);
    assert_string_equal(str_cstr(&server.arena, dbstate_format(&server.arena, &a->state)), "base");
    assert_string_equal(str_cstr(&server.arena, dbstate_format(&server.arena, &b->state)), "billing=b1 core=abc123");
    assert_int_equal(b->ledger.seq, 0);
    assert_false(str_eq(a->identity, b->identity));
    assert_false(str_eq(a->identity, reading_of(tasks, 3, "s/shop_2/tenant_c")->identity));
    for (size_t i = 0; i < 3; i++)
        task_free(tasks[i]);
    workers_free(w);
}

static uint64_t count_busy(struct db *db)
{
    struct db_rows rows;
    struct err err;
    struct str sql = STR("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep%'"
                         " AND pid <> pg_backend_pid()");
    if (!db_query(db, &server.arena, sql, NULL, 0, &rows, &err))
        fail_msg("%s", err.text);
    return db_cell_u64(&rows, 0, 0);
}

/* Three workers, but two migrations at a time on one server; all of them get their turn. */
static void migrations_keep_to_the_cap_of_their_server(void **state)
{
    (void)state;
    enum { SCHEMAS = 6 };
    struct arena *a = &server.arena;
    struct db_options options;
    struct db *watching;
    struct plan_make m;
    struct err err;
    uint64_t most = 0;
    use_section(NULL, NULL);
    plan_make_init(&m, a, ENGINE_POSTGRESQL);
    plan_make_step(&m, "core", NULL, "a1", "CREATE TABLE words (word text); SELECT pg_sleep(0.3)");
    plan_make_end(&m);
    db_options_init(&options);
    assert_true(db_open(server.url, &options, &watching, &err));
    struct workers *w = workers_new(&server.config);
    for (int i = 0; i < SCHEMAS; i++) {
        struct str schema = str_printf(a, "cap_%d", i);
        struct place place = {.name = schema,
                              .engine = ENGINE_POSTGRESQL,
                              .url = server.url,
                              .schema = schema,
                              .server = STR("pg:one"),
                              .source = &server.config.sources.list.items[0]};
        execute(server.url, arena_printf(a, "CREATE SCHEMA cap_%d", i));
        struct task *t = task_new(TASK_APPLY);
        task_set_place(t, &place);
        t->fence = 1;
        t->apply = (struct task_apply){.attempt = schema,
                                       .principal = STR("tester"),
                                       .action = OFFER_APPLY,
                                       .plan = &m.plan,
                                       .scripts = (const struct script *const *)m.scripts};
        workers_submit(w, t);
    }
    for (int done = 0; done < SCHEMAS;) {
        uint64_t busy = count_busy(watching);
        most = busy > most ? busy : most;
        struct task *t = workers_next(w);
        if (t == NULL)
            continue;
        assert_int_equal(t->report.outcome, OUTCOME_APPLIED);
        task_free(t);
        done++;
    }
    assert_int_equal(most, 2);
    db_close(watching);
    workers_free(w);
}

/* The connections of workers die with the server; the next reads make new ones. */
static void reads_survive_a_restart_of_the_server(void **state)
{
    (void)state;
    struct discovery d;
    struct task *tasks[3];
    use_section("shop_%", "tenant_%");
    found(&d);
    struct workers *w = workers_new(&server.config);
    for (int round = 0; round < 2; round++) {
        submit_reads(w, &d.places);
        collect(w, tasks, 3);
        for (size_t i = 0; i < 3; i++) {
            assert_true(tasks[i]->reading.readable);
            task_free(tasks[i]);
        }
        if (round == 0)
            assert_int_equal(run_server("restart"), 0);
    }
    workers_free(w);
}

static void server_that_is_down_is_said_for_each_target(void **state)
{
    (void)state;
    struct discovery d, later;
    struct task *tasks[3];
    use_section("shop_%", "tenant_%");
    found(&d);
    assert_int_equal(run_server("stop"), 0);
    discover(&server.arena, &server.config, &d.places, &later);
    assert_int_equal(later.places.list.count, 3);
    assert_true(later.incomplete);
    struct workers *w = workers_new(&server.config);
    submit_reads(w, &later.places);
    collect(w, tasks, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_false(tasks[i]->reading.readable);
        assert_int_equal(tasks[i]->reading.err.code, ERR_CONNECT);
        task_free(tasks[i]);
    }
    workers_free(w);
    assert_int_equal(run_server("launch"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_find_databases_and_schemas),
        cmocka_unit_test(schemas_are_read_apart),
        cmocka_unit_test(migrations_keep_to_the_cap_of_their_server),
        cmocka_unit_test(reads_survive_a_restart_of_the_server),
        cmocka_unit_test(server_that_is_down_is_said_for_each_target),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
