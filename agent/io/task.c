#include "agent/io/task.h"

#include <stdlib.h>

#include "skein/db/modules.h"

struct task *task_new(enum task_kind kind)
{
    struct task *t = calloc(1, sizeof(*t));
    if (t == NULL)
        abort();
    t->kind = kind;
    return t;
}

void task_set_place(struct task *t, const struct place *place)
{
    t->place = (struct place){.name = str_copy(&t->arena, place->name),
                              .engine = place->engine,
                              .url = str_copy(&t->arena, place->url),
                              .schema = str_copy(&t->arena, place->schema),
                              .server = str_copy(&t->arena, place->server),
                              .source = place->source};
}

void task_free(struct task *t)
{
    arena_release(&t->arena);
    free(t);
}

/* The modules that the section names, else all that have a version table. */
static bool wanted_modules(struct task *t, struct db *db, struct names *ret_modules, struct err *err)
{
    const struct names *named = &t->place.source->settings.modules;
    if (named->list.count == 0)
        return modules_find(&t->arena, db, ret_modules, err);
    *ret_modules = *named;
    return true;
}

static bool read_target(struct task *t, struct db *db, struct err *err)
{
    struct reading *r = &t->reading;
    struct names modules;
    return wanted_modules(t, db, &modules, err) && db->ops->incarnation(db, &t->arena, &r->identity, err) &&
           migrate_read_state(&t->arena, db, &modules, &r->state, &r->ledger, err);
}

static void run_read(struct task *t, struct dbconn *conn)
{
    struct err *err = &t->reading.err;
    t->reading.readable = dbconn_open(conn, &t->place, DB_ACCESS_READ, err) && read_target(t, conn->db, err);
    dbconn_rest(conn, t->reading.readable ? NULL : err);
}

/* A server that does not answer one of them answers none: the others do not wait for their own timeout. */
void task_run_reads(struct task *const *tasks, size_t count, struct dbconn *conn)
{
    const struct err *dead = NULL;
    for (size_t i = 0; i < count; i++) {
        struct reading *r = &tasks[i]->reading;
        if (dead != NULL) {
            r->err = *dead;
            continue;
        }
        run_read(tasks[i], conn);
        if (!r->readable && r->err.code == ERR_CONNECT)
            dead = &r->err;
    }
}

/* ---- apply and close ---- */

struct watcher {
    struct task *task;
    const struct task_observer *observer;
    size_t steps_done;
};

static void on_step_done(void *user, size_t step, const struct plan_step *what)
{
    struct watcher *w = user;
    (void)what;
    w->steps_done = step + 1;
    w->observer->progress(w->observer->user, w->task, w->steps_done, "");
}

static void on_waiting(void *user, const char *sentence)
{
    struct watcher *w = user;
    w->observer->progress(w->observer->user, w->task, w->steps_done, sentence);
}

static bool is_cancelled(void *user)
{
    const struct watcher *w = user;
    return atomic_load(&w->task->cancelled);
}

static void fill_options(const struct task *t, const struct agent_settings *settings, struct migrate_options *o)
{
    const struct apply_options *wish = &t->apply.options;
    migrate_options_init(o);
    o->fence = t->fence;
    o->attempt = t->apply.attempt;
    o->principal = t->apply.principal;
    o->transaction_per_revision = wish->transaction_per_revision;
    o->run_lock_wait_ms = settings->lock_wait_ms;
    o->lock_timeout_ms = wish->lock_timeout_ms > 0 ? wish->lock_timeout_ms : settings->lock_timeout_ms;
    o->statement_timeout_ms =
        wish->statement_timeout_ms > 0 ? wish->statement_timeout_ms : settings->statement_timeout_ms;
}

static void migrate(struct task *t, struct db *db, const struct migrate_options *options,
                    const struct migrate_observer *observer)
{
    static const enum resolution resolutions[] = {
        [OFFER_RESOLVE_APPLIED] = RESOLUTION_APPLIED, [OFFER_RESOLVE_NOT_APPLIED] = RESOLUTION_NOT_APPLIED};
    if (t->kind == TASK_CLOSE)
        migrate_close(&t->arena, db, t->fence, options, &t->report);
    else if (t->apply.action == OFFER_APPLY)
        migrate_apply(&t->arena, db, t->apply.plan, t->apply.scripts, options, observer, &t->report);
    else
        migrate_resolve(&t->arena, db, t->apply.plan, resolutions[t->apply.action], options, &t->report);
}

/* Without a connection nothing was done and nothing can be said about the target: it may be tried again. */
static void report_unreachable(struct task *t, const struct err *err)
{
    t->report = (struct migrate_report){.outcome = OUTCOME_BLOCKED, .failed_step = SIZE_MAX, .err = *err};
}

/* The identity is read first: afterwards the connection may be gone, and an empty one would look like another database.
 */
static bool connect_for_migration(struct task *t, struct dbconn *conn, struct err *err)
{
    return dbconn_open(conn, &t->place, DB_ACCESS_WRITE, err) &&
           conn->db->ops->incarnation(conn->db, &t->arena, &t->reading.identity, err);
}

static void run_migration(struct task *t, struct dbconn *conn, const struct task_observer *observer)
{
    struct watcher watcher = {.task = t, .observer = observer};
    struct migrate_observer watching = {
        .step_done = on_step_done, .waiting = on_waiting, .cancelled = is_cancelled, .user = &watcher};
    struct migrate_options options;
    struct err err;
    fill_options(t, &conn->config->agent, &options);
    if (connect_for_migration(t, conn, &err))
        migrate(t, conn->db, &options, &watching);
    else
        report_unreachable(t, &err);
    dbconn_rest(conn, &t->report.err);
}

void task_run(struct task *t, struct dbconn *conn, const struct task_observer *observer)
{
    if (t->kind == TASK_DISCOVER)
        discover(&t->arena, conn->config, t->before, &t->discovery);
    else
        run_migration(t, conn, observer);
}
