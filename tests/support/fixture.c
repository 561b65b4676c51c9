#include "tests/support/fixture.h"

#include "tests/support/cmocka.h"

#include <stdlib.h>

#include "skein/os/random.h"

struct fixture *fixture_new(enum engine engine)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    target_init(&f->target, engine);
    f->a = &f->target.arena;
    f->db = target_open(&f->target);
    migrate_options_init(&f->options);
    f->options.principal = STR("tester");
    f->options.run_lock_wait_ms = 400;
    f->options.lock_timeout_ms = 300;
    f->options.lock_retries = 0;
    new_plan(f);
    return f;
}

void fixture_free(struct fixture *f)
{
    db_close(f->db);
    target_release(&f->target);
    free(f);
}

void apply(struct fixture *f)
{
    const struct plan *plan = plan_make_end(&f->make);
    migrate_apply(f->a, f->db, plan, (const struct script *const *)f->make.scripts, &f->options, &f->observer,
                  &f->report);
}

void expect(struct fixture *f, enum outcome outcome)
{
    if (f->report.outcome != outcome)
        fail_msg("outcome %s, not %s: %s (%s) %s", outcome_name(f->report.outcome), outcome_name(outcome),
                 f->report.err.text, f->report.err.kind, f->report.err.detail);
}

void new_plan(struct fixture *f)
{
    plan_make_init(&f->make, f->a, f->target.engine);
    f->options.attempt = random_hex(f->a, 8);
}

struct script *step(struct fixture *f, const char *from, const char *to, const char *sql)
{
    return plan_make_step(&f->make, "core", from, to, sql);
}

struct script *alone(struct fixture *f, const char *from, const char *to, const char *sql)
{
    struct script *s = step(f, from, to, sql);
    s->transactional = false;
    return s;
}

void applied(struct fixture *f, const char *from, const char *to, const char *sql)
{
    new_plan(f);
    step(f, from, to, sql);
    apply(f);
    expect(f, OUTCOME_APPLIED);
}

uint64_t value(struct fixture *f, const char *sql)
{
    unsigned long long n = 0;
    struct str cell = target_value(&f->target, sql);
    if (!str_to_u64(cell, UINT64_MAX, &n))
        fail_msg("%s gives %.*s", sql, STR_ARG(cell));
    return n;
}

bool has_table(struct fixture *f, const char *table)
{
    return value(f, f->target.engine == ENGINE_SQLITE
                        ? arena_printf(f->a, "SELECT count(*) FROM sqlite_master WHERE name = '%s'", table)
                        : arena_printf(f->a, "SELECT count(*) FROM pg_class WHERE oid = to_regclass('%s')", table)) ==
           1;
}

struct str version(struct fixture *f)
{
    return target_value(&f->target,
                        f->target.engine == ENGINE_SQLITE
                            ? "SELECT group_concat(version_num) FROM alembic_version"
                            : "SELECT string_agg(version_num, ',' ORDER BY version_num) FROM alembic_version");
}

void verify_ledger(struct fixture *f, uint64_t rows)
{
    uint64_t found = 0;
    struct err err = {0};
    struct arena a = {0};
    if (!migrate_verify_ledger(&a, f->db, &found, &err))
        fail_msg("%s", err.text);
    assert_int_equal(found, rows);
    arena_release(&a);
}
