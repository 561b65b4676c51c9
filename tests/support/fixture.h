/* A target, a plan in the making and a run of the migrator, for tests of applying. A failure ends the test. */
#pragma once

#include "skein/db/migrate.h"
#include "tests/support/plan_make.h"
#include "tests/support/target.h"

struct fixture {
    struct target target;
    struct arena *a;
    struct db *db;
    struct plan_make make;
    struct migrate_options options;
    struct migrate_observer observer;
    struct migrate_report report;
    size_t started, done, waits; /* counted by observers of tests */
    char waited[512];
};

struct fixture *fixture_new(enum engine engine);
void fixture_free(struct fixture *f);

/* Ends the plan and applies it. */
void apply(struct fixture *f);
void expect(struct fixture *f, enum outcome outcome);

/* An empty plan, and a new attempt for it. */
void new_plan(struct fixture *f);

/* A step of core, as plan_make_step(). */
struct script *step(struct fixture *f, const char *from, const char *to, const char *sql);
struct script *alone(struct fixture *f, const char *from, const char *to, const char *sql); /* no transaction */

/* A new plan with one step, applied. */
void applied(struct fixture *f, const char *from, const char *to, const char *sql);

uint64_t value(struct fixture *f, const char *sql); /* the first cell, a number */
bool has_table(struct fixture *f, const char *table);
struct str version(struct fixture *f); /* the rows of core's version table, with commas */
void verify_ledger(struct fixture *f, uint64_t rows);
