/*
 * Applies a plan to one target. A1 is connecting, db_open().
 *
 *     A2  the migrator's lock, held by the session outside transactions, polled and never waited for
 *     A3  BEGIN, row lock on skein_state, locks on the version tables, then everything is read
 *     A4  admit() decides from what was read: run, replayed, stale, started, conflict, ...
 *     A5  the scripts; their verify sections
 *     A6  back to the session's own role and search path, deferred constraints, "is it still our
 *         transaction?", version rows, ledger rows, the guarded update of skein_state
 *     A7  COMMIT as a message of its own
 *     A8  definite failure: ROLLBACK, then the fence is closed in a transaction of its own; only then FAILED
 *     A9  no answer: connect again, take the lock again (the old session may still hold it), read the ledger
 *     A10 steps without a transaction: migrate_alone.c
 *
 * Invariants: (1) a ledger row DONE, the version rows and the effect of its step are in one transaction, so none is
 * ever there without the others; (2) the book is read after the locks and written under them; (3) nothing that
 * happens after COMMIT can turn "applied" into something else; (4) FAILED and CANCELLED are told only when the
 * fence is closed in the target; (5) a lost answer is never called a failure.
 *
 * A run is a loop over segments: as many steps as one transaction takes, or one step that stands alone. A
 * segment ends with NEXT (committed), AGAIN (from A2: the target tells what is done) or END.
 */
#include <stdio.h>
#include <string.h>

#include "common/io/db/job.h"
#include "common/io/db/orphans.h"
#include "skein/os/clock.h"
#include "skein/os/random.h"

#include "embed/io_db.h"

enum {
    POLL_MIN_MS = 20, /* between two tries for the migrator's lock: doubles up to the maximum */
    POLL_MAX_MS = 500,
    UNDECIDED_MIN_MS = 5000, /* at least this long is a lost COMMIT asked for */
    RETRY_BASE_MS = 200,     /* before the transaction is tried again after a lock was lost */
    RETRY_MAX_MS = 5000,
    TELL_WAIT_MS = 2000, /* between two reports of who holds the lock */
};

void migrate_options_init(struct migrate_options *o)
{
    *o = (struct migrate_options){.run_lock_wait_ms = 10000, .lock_timeout_ms = 2000, .lock_retries = 5};
}

/* ---- the job ---- */

static bool job_cancelled(const struct job *j)
{
    const struct migrate_observer *o = j->observer;
    return o != NULL && o->cancelled != NULL && o->cancelled(o->user);
}

/* While the fate of a COMMIT is open, finding out comes before stopping. */
static bool watch_cancelled(void *user)
{
    const struct job *j = user;
    return !j->undecided && job_cancelled(j);
}

static void add_module(struct job *j, struct str module)
{
    if (!names_has(&j->modules, module))
        vec_push(j->a, &j->modules.list, module);
}

void job_init(struct job *j, struct arena *a, struct db *db, const struct plan *plan,
              const struct migrate_options *options, struct migrate_report *report)
{
    *report = (struct migrate_report){.failed_step = SIZE_MAX};
    *j = (struct job){.a = a, .db = db, .plan = plan, .options = options, .report = report};
    for (size_t i = 0; i < plan->before.modules.count; i++)
        add_module(j, plan->before.modules.items[i].module);
    for (size_t i = 0; i < plan->steps.list.count; i++)
        add_module(j, plan->steps.list.items[i].module);
    names_sort(&j->modules); /* so that two migrators lock the version tables in one order */
    book_prepare(j);
}

enum verdict job_end(struct job *j, enum outcome outcome)
{
    j->report->outcome = outcome;
    return VERDICT_END;
}

static enum verdict end_with(struct job *j, enum outcome outcome, const struct err *err)
{
    j->report->err = *err;
    return job_end(j, outcome);
}

static void add_detail(struct err *err, const char *line)
{
    size_t len = strlen(err->detail);
    snprintf(err->detail + len, sizeof(err->detail) - len, "%s%s", len > 0 ? "\n" : "", line);
}

void job_announce(struct job *j, size_t end)
{
    const struct migrate_observer *o = j->observer;
    for (; j->announced < end; j->announced++)
        if (o != NULL && o->step_started != NULL)
            o->step_started(o->user, j->announced, &j->plan->steps.list.items[j->announced]);
}

/* What is true now, for the person who reads the error. */
static void state_truth(const struct job *j, struct err *err)
{
    char line[160];
    if (j->done == 0)
        snprintf(line, sizeof(line), "nothing was changed: the transaction was rolled back");
    else
        snprintf(line, sizeof(line), "the first %zu of %zu steps are applied and stay; the rest was rolled back",
                 j->done, j->plan->steps.list.count);
    add_detail(err, line);
}

/* ---- A2: the lock ---- */

static void tell_waiting(const struct job *j, const char *sentence)
{
    if (j->observer != NULL && j->observer->waiting != NULL)
        j->observer->waiting(j->observer->user, sentence);
}

static enum verdict lock_busy(struct job *j, struct str holders)
{
    struct err err = {0};
    err_kind(&err, ERR_LOCK, "busy", "another migrator is at work on %.*s", STR_ARG(j->db->name));
    if (holders.len > 0)
        err_detail(&err, "the lock is held by %.*s", STR_ARG(holders));
    err_hint(&err, "wait for it, or give more time with --wait");
    return end_with(j, j->undecided ? OUTCOME_UNKNOWN : OUTCOME_BUSY, &err);
}

/* Sleeps between two tries, no longer than allowed. False: time is up, or somebody wants us to stop. */
static bool poll_nap(struct job *j, int64_t deadline, unsigned tries)
{
    int64_t nap = random_jitter(tries < 5 ? POLL_MIN_MS << tries : POLL_MAX_MS, 50);
    int64_t left = deadline - clock_mono_ms();
    if (left <= 0 || (job_cancelled(j) && !j->undecided))
        return false;
    clock_sleep_ms(nap < left ? nap : left);
    return true;
}

/* A connection that was kept open may have died while nothing was asked of it: nothing is lost with it. */
static bool wake_up(struct job *j, struct err *err)
{
    return err->code == ERR_CONNECT && j->done == 0 && db_reconnect(j->db, err) && db_try_lock(j->db, &j->locked, err);
}

static enum verdict poll_lock(struct job *j)
{
    int64_t now = clock_mono_ms(), told = 0;
    int64_t deadline = j->undecided ? j->deadline : now + j->options->run_lock_wait_ms;
    struct str holders = STR("");
    struct err err = {0};
    for (unsigned tries = 0;; tries++) {
        bool asked = db_try_lock(j->db, &j->locked, &err) || (tries == 0 && wake_up(j, &err));
        if (!asked)
            return j->undecided ? job_undecided(j, &err) : job_fail(j, &err, SIZE_MAX);
        if (j->locked)
            return VERDICT_NEXT;
        now = clock_mono_ms();
        if (now - told >= TELL_WAIT_MS && db_holders(j->db, j->a, &holders, &err)) {
            told = now;
            tell_waiting(j, arena_printf(j->a, "waiting for %.*s", STR_ARG(holders)));
        }
        if (!poll_nap(j, deadline, tries))
            return lock_busy(j, holders);
    }
}

static bool has_alone_steps(const struct job *j)
{
    for (size_t i = 0; i < j->plan->steps.list.count; i++)
        if (step_is_alone(j, i))
            return true;
    return false;
}

static bool know_incarnation(struct job *j, struct err *err)
{
    return j->incarnation.p != NULL || db_incarnation(j->db, j->a, &j->incarnation, err);
}

/* On SQLite BEGIN IMMEDIATE is the lock; only what runs outside a transaction needs another. */
enum verdict job_lock(struct job *j)
{
    struct err err = {0};
    bool needed = j->db->engine == ENGINE_POSTGRESQL || has_alone_steps(j);
    if (needed && !j->locked) {
        enum verdict verdict = poll_lock(j);
        if (verdict != VERDICT_NEXT)
            return verdict;
    }
    if (!know_incarnation(j, &err))
        return j->undecided ? job_undecided(j, &err) : job_fail(j, &err, SIZE_MAX);
    return VERDICT_NEXT;
}

/* The lock goes with the session anyway; a failure here changes nothing that was done. */
void job_unlock(struct job *j)
{
    struct err ignored;
    if (j->locked)
        db_unlock(j->db, &ignored);
    j->locked = false;
}

/* ---- A8: definite failure ---- */

static bool is_one_of(const char *kind, const char *const *kinds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(kind, kinds[i]) == 0)
            return true;
    return false;
}

static bool is_lock_loss(const struct err *err)
{
    static const char *const kinds[] = {"lock_timeout", "deadlock", "serialization"};
    return is_one_of(err->kind, kinds, sizeof(kinds) / sizeof(kinds[0]));
}

static enum outcome outcome_of(const struct err *err)
{
    static const char *const blocked[] = {"lock_timeout",    "deadlock",  "serialization",  "disk_full",    "resources",
                                          "connection_lost", "no_server", "authentication", "idle_timeout", "io"};
    static const char *const quarantine[] = {"moved", "ledger_broken", "format"};
    if (err->code == ERR_CANCELLED)
        return OUTCOME_CANCELLED;
    if (strcmp(err->kind, "transaction_ended") == 0)
        return OUTCOME_NEEDS_OPERATOR;
    if (strcmp(err->kind, "stale") == 0)
        return OUTCOME_STALE;
    if (is_one_of(err->kind, quarantine, sizeof(quarantine) / sizeof(quarantine[0])))
        return OUTCOME_QUARANTINED;
    return is_one_of(err->kind, blocked, sizeof(blocked) / sizeof(blocked[0])) ? OUTCOME_BLOCKED : OUTCOME_FAILED;
}

static bool write_closed(struct job *j, uint64_t fence, struct err *err)
{
    struct work w = {.a = j->a};
    struct str *param = arena_new(j->a, struct str);
    *param = str_printf(j->a, "%llu", (unsigned long long)fence);
    work_sql(&w, book_bind(j->a, j->db, sql_close_fence_sql, STR("")), param, 1, DB_WANT_NOTHING);
    w.notes.items[0].kind = NOTE_STATE;
    size_t step;
    return work_run(j, &w, NULL, err, &step) && work_check(j, &w, err, &step);
}

/* Closing is monotone: when the answer to COMMIT is lost it is simply done again. */
bool job_close_fence(struct job *j, uint64_t fence, struct err *err)
{
    struct db_begin begin = book_begin(j);
    for (unsigned tries = 0; tries < 3; tries++) {
        bool ok = know_incarnation(j, err) && book_open(j, &begin, err) && write_closed(j, fence, err);
        enum db_commit commit = ok ? db_commit(j->db, err) : DB_ROLLED_BACK;
        if (commit == DB_COMMITTED || commit == DB_COMMITTED_LOCALLY) {
            j->book.fence = fence > j->book.fence ? fence : j->book.fence;
            j->book.closed_fence = fence > j->book.closed_fence ? fence : j->book.closed_fence;
            return true;
        }
        db_rollback(j->db);
        j->book.read = false;
        if (err->code == ERR_CONNECT && !db_reconnect(j->db, err))
            return false;
    }
    return false;
}

/* FAILED and CANCELLED are final only once no late copy of this attempt can commit. */
static enum outcome close_for(struct job *j, enum outcome outcome, struct err *err)
{
    struct err why = {0};
    db_set_watch(j->db, NULL); /* who asked to stop wants this done nevertheless */
    if (j->options->fence == 0 || (outcome != OUTCOME_FAILED && outcome != OUTCOME_CANCELLED) ||
        job_close_fence(j, j->options->fence, &why))
        return outcome;
    add_detail(err, why.text);
    err_hint(err, "the failure could not be recorded in the target: it will be tried again");
    return OUTCOME_BLOCKED;
}

static bool try_again(struct job *j)
{
    if (j->lock_losses >= j->options->lock_retries)
        return false;
    int64_t nap = RETRY_BASE_MS << (j->lock_losses < 5 ? j->lock_losses : 5);
    j->lock_losses++;
    tell_waiting(j, "a lock was not to be had in time: trying again");
    int64_t until = clock_mono_ms() + random_jitter(nap < RETRY_MAX_MS ? nap : RETRY_MAX_MS, 50);
    while (clock_mono_ms() < until && !job_cancelled(j))
        clock_sleep_ms(20);
    return !job_cancelled(j);
}

enum verdict job_fail(struct job *j, const struct err *err, size_t step)
{
    struct err final = *err;
    db_rollback(j->db);
    if (j->undecided && err->code == ERR_CONNECT)
        return job_undecided(j, err);
    if (is_lock_loss(err) && try_again(j))
        return VERDICT_AGAIN;
    if (is_lock_loss(err) && j->lock_losses > 0)
        add_detail(&final, arena_printf(j->a, "tried %u times", j->lock_losses + 1));
    enum outcome outcome = close_for(j, outcome_of(err), &final);
    if (outcome == OUTCOME_NEEDS_OPERATOR)
        add_detail(&final, "the version tables are unchanged, but what the script committed is in the database");
    else
        state_truth(j, &final);
    j->report->failed_step = step;
    return end_with(j, outcome, &final);
}

/* ---- A9: undecided ---- */

enum verdict job_undecided(struct job *j, const struct err *err)
{
    struct err again = {0};
    int64_t wait = j->options->run_lock_wait_ms > UNDECIDED_MIN_MS ? j->options->run_lock_wait_ms : UNDECIDED_MIN_MS;
    if (!j->undecided)
        j->deadline = clock_mono_ms() + wait;
    j->undecided = true;
    j->locked = false;
    for (unsigned tries = 0; poll_nap(j, j->deadline, tries); tries++)
        if (db_reconnect(j->db, &again))
            return VERDICT_AGAIN;
    struct err final = *err;
    err_hint(&final, "run the command again: the ledger in the database tells whether it was applied");
    j->book.read = false;
    return end_with(j, OUTCOME_UNKNOWN, &final);
}

/* ---- A7: COMMIT ---- */

enum verdict job_commit(struct job *j)
{
    struct err err = {0};
    switch (db_commit(j->db, &err)) {
    case DB_COMMITTED_LOCALLY:
        tell_waiting(j, "committed here, but no standby has confirmed it: the wait for one was cut short");
        return VERDICT_NEXT;
    case DB_COMMITTED:
        return VERDICT_NEXT;
    case DB_COMMIT_UNKNOWN:
        return job_undecided(j, &err);
    case DB_ROLLED_BACK:
    case DB_COMMIT_UNSET:
        break;
    }
    return job_fail(j, &err, SIZE_MAX);
}

/* ---- A3, A4: begin, read, decide ---- */

static enum verdict refuse(struct job *j, enum outcome outcome, const struct err *err)
{
    db_rollback(j->db);
    return end_with(j, outcome, err);
}

static enum verdict end_conflict(struct job *j)
{
    struct err err = {0};
    struct dbstate expected = book_expected(j->a, j->plan, j->done);
    err_kind(&err, ERR_STATE, "state_changed", "the database is at %.*s, the plan starts from %.*s",
             STR_ARG(dbstate_format(j->a, &j->book.state)), STR_ARG(dbstate_format(j->a, &expected)));
    err_detail(&err, "nothing was run");
    err_hint(&err, "plan again from the state it is in now");
    return refuse(j, OUTCOME_STATE_CHANGED, &err);
}

static enum verdict end_stale(struct job *j)
{
    struct err err = {0};
    err_kind(&err, ERR_STATE, "stale",
             "attempt with fence %llu comes too late: the target is at %llu, closed up to %llu",
             (unsigned long long)j->options->fence, (unsigned long long)j->book.fence,
             (unsigned long long)j->book.closed_fence);
    err_detail(&err, "nothing was run");
    return refuse(j, OUTCOME_STALE, &err);
}

/* On SQLite the one who started it may be at work still: only who gets the lock can tell. */
static enum verdict end_undecided(struct job *j)
{
    if (!j->locked) {
        db_rollback(j->db);
        enum verdict verdict = poll_lock(j);
        return verdict == VERDICT_NEXT ? VERDICT_AGAIN : verdict;
    }
    struct err err = {0};
    const struct str *c = j->book.pending_row.cells;
    err_kind(&err, ERR_STATE, "undecided", "revision %.*s of %.*s (%.*s) was started on %.*s and never finished",
             STR_ARG(c[LEDGER_REVISION]), STR_ARG(c[LEDGER_MODULE]), STR_ARG(c[LEDGER_DIRECTION]),
             STR_ARG(c[LEDGER_FINISHED]));
    err_detail(&err, "nothing was run");
    err_hint(&err, "look at the database, then `skein resolve` it as applied or not applied");
    return refuse(j, OUTCOME_NEEDS_OPERATOR, &err);
}

static enum verdict end_quarantine(struct job *j)
{
    struct err err = {0};
    err_kind(&err, ERR_STATE, "other_database",
             "this is not the database that it was: it was copied, moved or restored");
    err_detail(&err, "known as %.*s, now %.*s; nothing was run", STR_ARG(j->book.incarnation), STR_ARG(j->incarnation));
    err_hint(&err, "if this is right, `skein resolve TARGET --accept` takes it as it is");
    return refuse(j, OUTCOME_QUARANTINED, &err);
}

/* Replayed by this very run after a lost answer is "applied"; by an earlier one "already applied". */
static enum verdict end_replayed(struct job *j)
{
    db_rollback(j->db);
    return job_end(j, j->report->steps_applied > 0 ? OUTCOME_APPLIED : OUTCOME_ALREADY_APPLIED);
}

static enum verdict read_book(struct job *j, const struct db_begin *begin)
{
    struct err err = {0};
    if (book_open(j, begin, &err)) {
        j->found_out = j->found_out || j->undecided;
        j->undecided = false;
        return VERDICT_NEXT;
    }
    db_rollback(j->db);
    if (j->db->engine == ENGINE_SQLITE && strcmp(err.kind, "lock_timeout") == 0)
        return lock_busy(j, STR("another process that writes to the file"));
    if (!j->undecided)
        return job_fail(j, &err, SIZE_MAX);
    if (err.code == ERR_CONNECT)
        return job_undecided(j, &err);
    return is_lock_loss(&err) && try_again(j) ? VERDICT_AGAIN : end_with(j, OUTCOME_UNKNOWN, &err);
}

enum verdict job_admit(struct job *j, const struct db_begin *begin, enum admission *ret_admission)
{
    enum verdict verdict = read_book(j, begin);
    if (verdict != VERDICT_NEXT)
        return verdict;
    if (j->book.done != j->done) { /* the ledger knows better: an earlier run of this attempt, or a lost COMMIT */
        if (j->found_out && j->book.done > j->done)
            j->report->steps_applied += j->book.done - j->done;
        j->done = j->book.done;
        if (j->done < j->plan->steps.list.count) {
            db_rollback(j->db);
            return VERDICT_AGAIN;
        }
    }
    struct admit_facts facts = book_facts(j, j->done);
    *ret_admission = admit(&facts);
    switch (*ret_admission) {
    case ADMISSION_RUN:
    case ADMISSION_STARTED:
        return VERDICT_NEXT;
    case ADMISSION_REPLAYED:
        return end_replayed(j);
    case ADMISSION_AT_GOAL:
        db_rollback(j->db);
        return job_end(j, OUTCOME_ALREADY_APPLIED);
    case ADMISSION_STALE:
        return end_stale(j);
    case ADMISSION_UNDECIDED:
        return end_undecided(j);
    case ADMISSION_QUARANTINE:
        return end_quarantine(j);
    case ADMISSION_CONFLICT:
    case ADMISSION_UNSET:
    case ADMISSION_COUNT:
        break;
    }
    return end_conflict(j);
}

/* ---- A5, A6: one transaction ---- */

/* The steps j->done .. end-1 go into one transaction. */
static size_t segment_end(const struct job *j)
{
    size_t end = j->done + 1;
    while (!j->options->transaction_per_revision && end < j->plan->steps.list.count && !step_is_alone(j, end) &&
           !script_ends_transaction(j->scripts[end - 1]))
        end++;
    return end;
}

struct foreign_keys {
    bool off, on, check;
};

static struct foreign_keys foreign_keys_of(const struct job *j, size_t end)
{
    struct foreign_keys fk = {0};
    for (size_t i = j->done; j->db->engine == ENGINE_SQLITE && i < end; i++) {
        enum fk_wish wish = script_fk_wish(j->scripts[i]);
        fk.off = fk.off || wish == FK_OFF;
        fk.on = fk.on || wish == FK_ON;
        fk.check = fk.check || wish == FK_OFF || script_drops_table(j->scripts[i]);
    }
    return fk;
}

/* Violations that were there before are not ours; more of them are. */
static bool check_orphans(const struct orphans *before, const struct orphans *after, struct err *err)
{
    if (after->count <= before->count)
        return true;
    err_kind(err, ERR_STATE, "foreign_keys",
             "%zu rows would refer to rows that are not there, for example in %.*s to %.*s",
             after->count - before->count, STR_ARG(after->child), STR_ARG(after->parent));
    return err_hint(err, "PRAGMA foreign_key_check lists such rows");
}

/* Runs the work, with a look at foreign keys before and after where `check` says so. */
static bool run_checked(struct job *j, struct work *w, bool check, struct err *err, size_t *ret_step)
{
    struct orphans before = {0}, after = {0};
    return (!check || orphans_find(j->db, j->a, &before, err)) && work_run(j, w, NULL, err, ret_step) &&
           work_check(j, w, err, ret_step) && (!check || orphans_find(j->db, j->a, &after, err)) &&
           check_orphans(&before, &after, err);
}

static void fill_work(struct job *j, struct work *w, size_t end)
{
    uint64_t old_seq = j->book.seq;
    for (size_t i = j->done; i < end; i++)
        work_add_script(j, w, i);
    /* What is found out only here (a deferred constraint, an ended transaction) has one author or many. */
    work_add(w, (struct db_item){.kind = DB_ITEM_LEAVE},
             (struct note){.step = end - j->done == 1 ? j->done : SIZE_MAX});
    book_add_versions(j, w, j->done, end);
    for (size_t i = j->done; i < end; i++)
        book_add_row(j, w, i, LEDGER_DONE);
    book_add_state(j, w, old_seq);
}

static enum verdict committed(struct job *j, size_t end)
{
    const struct migrate_observer *o = j->observer;
    job_announce(j, end);
    for (size_t i = j->done; o != NULL && o->step_done != NULL && i < end; i++)
        o->step_done(o->user, i, &j->plan->steps.list.items[i]);
    j->report->steps_applied += end - j->done;
    j->done = end;
    return VERDICT_NEXT;
}

static bool check_scripts(struct job *j, size_t end, size_t *ret_step, struct err *err)
{
    for (size_t i = j->done; i < end; i++)
        if (work_refuses(j, i, err)) {
            *ret_step = i;
            return false;
        }
    return true;
}

static enum verdict run_transaction(struct job *j, size_t end, bool check_foreign_keys)
{
    struct work w = {.a = j->a};
    struct err err = {0};
    struct book as_read = j->book;
    size_t step = SIZE_MAX;
    j->book.state = dbstate_copy(j->a, &as_read.state);
    fill_work(j, &w, end);
    if (!check_scripts(j, end, &step, &err) || !run_checked(j, &w, check_foreign_keys, &err, &step)) {
        j->book = as_read;
        return job_fail(j, &err, step);
    }
    enum verdict verdict = job_commit(j);
    if (verdict != VERDICT_NEXT) {
        if (j->report->outcome != OUTCOME_UNKNOWN)
            j->book.read = false;
        return verdict;
    }
    return committed(j, end);
}

static enum verdict run_segment(struct job *j)
{
    size_t end = segment_end(j);
    struct foreign_keys fk = foreign_keys_of(j, end);
    struct db_begin begin = book_begin(j);
    struct err err = {0};
    enum admission admission = ADMISSION_UNSET;
    if (fk.on && fk.off) {
        err_kind(&err, ERR_INPUT, "foreign_keys",
                 "one revision wants foreign_keys on, another off: not in one transaction");
        err_hint(&err, "use --transaction-per-revision");
        return job_fail(j, &err, j->done);
    }
    begin.enforce_foreign_keys = fk.on;
    enum verdict verdict = job_admit(j, &begin, &admission);
    if (verdict != VERDICT_NEXT)
        return verdict;
    if (step_is_alone(j, j->done) || admission == ADMISSION_STARTED)
        return alone_run(j, admission);
    return run_transaction(j, end, fk.check);
}

static enum verdict run_once(struct job *j)
{
    struct err err = {0};
    enum verdict verdict = job_lock(j);
    if (verdict == VERDICT_NEXT && watch_cancelled(j)) {
        err_kind(&err, ERR_CANCELLED, "cancelled", "stopped on request");
        return job_fail(j, &err, SIZE_MAX);
    }
    return verdict == VERDICT_NEXT ? run_segment(j) : verdict;
}

static void run_plan(struct job *j)
{
    enum verdict verdict = VERDICT_NEXT;
    while (verdict != VERDICT_END) {
        verdict = run_once(j);
        if (verdict == VERDICT_NEXT && j->done >= j->plan->steps.list.count)
            verdict = job_end(j, OUTCOME_APPLIED);
    }
}

/* Nothing to do is only true while the target is where the plan says. */
static void run_empty(struct job *j)
{
    struct err err = {0};
    struct migrate_report *r = j->report;
    if (!migrate_read_state(j->a, j->db, &j->modules, &r->state, &r->ledger, &err)) {
        end_with(j, outcome_of(&err), &err);
        return;
    }
    r->state_known = true;
    j->book.state = r->state;
    if (dbstate_eq(&r->state, &j->plan->before))
        job_end(j, OUTCOME_ALREADY_APPLIED);
    else
        end_conflict(j);
}

void migrate_apply(struct arena *a, struct db *db, const struct plan *plan, const struct script *const *scripts,
                   const struct migrate_options *options, const struct migrate_observer *observer,
                   struct migrate_report *ret_report)
{
    struct job j;
    job_init(&j, a, db, plan, options, ret_report);
    j.scripts = scripts;
    j.observer = observer;
    if (plan->steps.list.count == 0) {
        run_empty(&j);
        return;
    }
    db_set_watch(db, &(struct db_watch){watch_cancelled, &j});
    run_plan(&j);
    db_set_watch(db, NULL);
    job_unlock(&j);
    book_report(&j);
}
