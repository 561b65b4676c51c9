/*
 * A10: a step that cannot run in a transaction (CREATE INDEX CONCURRENTLY, VACUUM, PRAGMA journal_mode, ...).
 *
 *     tx 1: admit, ledger row STARTED, skein_state.pending = that row, COMMIT
 *     probe: done -> tx 2; partial -> clean up; none -> run; no probe: run, but only if we have just started
 *     the statements, one by one, on the session that holds the migrator's lock
 *     probe again: only `done` may go on
 *     tx 2: admit again, version rows, ledger row DONE, pending = 0, COMMIT
 *
 * Who dies in between leaves STARTED behind. The next attempt at the same step gets the lock only when the old
 * session is gone, and asks the probe; what no probe can tell waits for an operator. A statement that failed
 * and left nothing behind is withdrawn: ledger row CLEANED.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/io/db/job.h"

#include "embed/io_db.h"

enum probe { PROBE_ABSENT = 0, PROBE_DONE, PROBE_PARTIAL, PROBE_NONE, PROBE_UNCLEAR };

/* What skein itself knows about an index that is made or dropped concurrently. */
struct index_step {
    struct str name;   /* as to_regclass() takes it; empty: the step is nothing of the kind */
    const char *probe; /* SQL */
    bool created;
};

bool step_is_alone(const struct job *j, size_t step)
{
    const struct plan_step *s = &j->plan->steps.list.items[step];
    return !s->transactional && s->direction != DIRECTION_STAMP;
}

/* ---- built-in probes ---- */

/* A name, perhaps quoted, perhaps with its schema, off the front. */
static struct str take_name(struct str *text)
{
    size_t len = 0;
    bool quoted = false;
    for (; len < text->len; len++) {
        char c = text->p[len];
        if (c == '"')
            quoted = !quoted;
        else if (!quoted && c != '.' && c != '_' && c != '$' && !isalnum((unsigned char)c) && (unsigned char)c < 0x80)
            break;
    }
    struct str name = str_head(*text, len);
    *text = str_trim(str_from(*text, len));
    return name;
}

/* The part of a dotted name up to and with its last dot. */
static struct str schema_part(struct str name)
{
    size_t end = 0;
    bool quoted = false;
    for (size_t i = 0; i < name.len; i++) {
        quoted = quoted != (name.p[i] == '"');
        if (name.p[i] == '.' && !quoted)
            end = i + 1;
    }
    return str_head(name, end);
}

static struct index_step created_index(struct arena *a, struct str sql)
{
    struct index_step none = {0};
    if (!word_at(&sql, "CREATE"))
        return none;
    word_at(&sql, "UNIQUE");
    if (!word_at(&sql, "INDEX") || !word_at(&sql, "CONCURRENTLY"))
        return none;
    if (word_at(&sql, "IF") && (!word_at(&sql, "NOT") || !word_at(&sql, "EXISTS")))
        return none;
    if (word_at(&sql, "ON"))
        return none; /* the server makes up a name: nothing to look for */
    struct str name = take_name(&sql);
    if (!word_at(&sql, "ON"))
        return none;
    word_at(&sql, "ONLY");
    struct str schema = schema_part(take_name(&sql));
    return (struct index_step){
        .name = str_printf(a, "%.*s%.*s", STR_ARG(schema), STR_ARG(name)),
        .probe = sql_pg_index_probe_sql,
        .created = true,
    };
}

static struct index_step dropped_index(struct arena *a, struct str sql)
{
    struct index_step none = {0};
    if (!word_at(&sql, "DROP") || !word_at(&sql, "INDEX") || !word_at(&sql, "CONCURRENTLY"))
        return none;
    if (word_at(&sql, "IF"))
        word_at(&sql, "EXISTS");
    struct str name = take_name(&sql);
    if (sql.len > 0) /* several indexes, or CASCADE: the author's probe has to tell */
        return none;
    return (struct index_step){.name = str_copy(a, name), .probe = sql_pg_index_gone_probe_sql};
}

static struct index_step index_step_of(const struct job *j, const struct script *s)
{
    struct index_step none = {0};
    if (j->db->engine != ENGINE_POSTGRESQL || s->body.statements.list.count != 1)
        return none;
    struct str sql = script_statement(&s->body, 0);
    struct index_step created = created_index(j->a, sql);
    return created.name.len > 0 ? created : dropped_index(j->a, sql);
}

/* ---- asking ---- */

static enum probe parse_answer(const struct db_rows *rows)
{
    static const struct {
        const char *word;
        enum probe probe;
    } answers[] = {
        {"done", PROBE_DONE}, {"t", PROBE_DONE},     {"true", PROBE_DONE},
        {"1", PROBE_DONE},    {"none", PROBE_NONE},  {"f", PROBE_NONE},
        {"0", PROBE_NONE},    {"false", PROBE_NONE}, {"partial", PROBE_PARTIAL},
    };
    if (rows->count != 1 || rows->columns < 1)
        return PROBE_UNCLEAR;
    struct str cell = db_cell(rows, 0, 0);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        if (cell.len == strlen(answers[i].word) && strncasecmp(cell.p, answers[i].word, cell.len) == 0)
            return answers[i].probe;
    return PROBE_UNCLEAR;
}

/* Runs the probe in a transaction that only reads. False: it could not be asked. */
static bool ask(struct job *j, const struct script *s, enum probe *ret_probe, struct err *err)
{
    struct index_step index = index_step_of(j, s);
    struct work w = {.a = j->a};
    struct db_begin begin = {.read_only = true};
    size_t count = s->probe.statements.list.count;
    *ret_probe = PROBE_ABSENT;
    if (count == 0 && index.name.len == 0)
        return true;
    work_add(&w, (struct db_item){.kind = DB_ITEM_ENTER}, (struct note){.step = SIZE_MAX});
    for (size_t i = 0; i < count; i++)
        work_add(&w,
                 (struct db_item){.kind = DB_ITEM_SCRIPT, .sql = script_statement(&s->probe, i), .want = DB_WANT_ROWS},
                 (struct note){.kind = NOTE_BODY, .step = j->done, .part = &s->probe, .statement = i});
    if (count == 0)
        work_sql(&w, str_of(index.probe), &index.name, 1, DB_WANT_ROWS);
    bool ok = work_run(j, &w, &begin, err, NULL);
    if (ok)
        *ret_probe = parse_answer(&w.items.items[w.items.count - 1].rows);
    db_rollback(j->db);
    return ok;
}

/* ---- endings ---- */

static enum verdict needs_operator(struct job *j, const char *evidence, const struct err *cause)
{
    const struct plan_step *step = &j->plan->steps.list.items[j->done];
    struct err err = {0};
    if (cause != NULL)
        err = *cause;
    else
        err_kind(&err, ERR_STATE, "undecided", "whether revision %.*s of %.*s took effect cannot be told",
                 STR_ARG(step->revision), STR_ARG(step->module));
    size_t len = strlen(err.detail);
    snprintf(err.detail + len, sizeof(err.detail) - len, "%s%s", len > 0 ? "\n" : "", evidence);
    err_hint(&err, "look at the database, then `skein resolve` the step as applied or not applied");
    j->report->err = err;
    j->report->failed_step = j->done;
    return job_end(j, OUTCOME_NEEDS_OPERATOR);
}

/* Lost connections are found out about; anything else is an ordinary failure. */
static enum verdict lost_or_failed(struct job *j, const struct err *err)
{
    db_rollback(j->db);
    return err->code == ERR_CONNECT ? job_undecided(j, err) : job_fail(j, err, j->done);
}

/* A ledger row and its state in a transaction that is open, and COMMIT. */
static enum verdict write_row(struct job *j, enum ledger_status status)
{
    struct work w = {.a = j->a};
    struct err err = {0};
    size_t step = j->done;
    uint64_t old_seq = j->book.seq;
    if (status == LEDGER_DONE)
        book_add_versions(j, &w, step, step + 1);
    book_add_row(j, &w, step, status);
    book_add_state(j, &w, old_seq);
    if (!work_run(j, &w, NULL, &err, &step) || !work_check(j, &w, &err, &step)) {
        j->book.read = false;
        return lost_or_failed(j, &err);
    }
    return job_commit(j);
}

static enum verdict begin_again(struct job *j)
{
    struct db_begin begin = book_begin(j);
    enum admission admission = ADMISSION_UNSET;
    enum verdict verdict = job_admit(j, &begin, &admission);
    if (verdict == VERDICT_NEXT && admission != ADMISSION_STARTED) {
        db_rollback(j->db);
        return VERDICT_AGAIN;
    }
    return verdict;
}

/* The verify section cannot roll this step back; what it says is evidence. */
static enum verdict check_verify(struct job *j, const struct script *s)
{
    struct work w = {.a = j->a};
    struct err err = {0};
    size_t step = j->done;
    work_add(&w, (struct db_item){.kind = DB_ITEM_ENTER}, (struct note){.step = SIZE_MAX});
    for (size_t i = 0; i < s->verify.statements.list.count; i++)
        work_add(
            &w, (struct db_item){.kind = DB_ITEM_SCRIPT, .sql = script_statement(&s->verify, i), .want = DB_WANT_TRUTH},
            (struct note){.kind = NOTE_VERIFY, .step = j->done, .part = &s->verify, .statement = i});
    struct db_begin begin = {.read_only = true};
    bool ok = w.items.count == 1 || (work_run(j, &w, &begin, &err, &step) && work_check(j, &w, &err, &step));
    db_rollback(j->db);
    if (ok)
        return VERDICT_NEXT;
    return err.code == ERR_CONNECT ? job_undecided(j, &err)
                                   : needs_operator(j, "the statements ran, the verify section failed", &err);
}

static enum verdict finish(struct job *j, const struct script *s)
{
    enum verdict verdict = check_verify(j, s);
    if (verdict == VERDICT_NEXT)
        verdict = begin_again(j);
    if (verdict == VERDICT_NEXT)
        verdict = write_row(j, LEDGER_DONE);
    if (verdict != VERDICT_NEXT)
        return verdict;
    const struct migrate_observer *o = j->observer;
    job_announce(j, j->done + 1);
    if (o != NULL && o->step_done != NULL)
        o->step_done(o->user, j->done, &j->plan->steps.list.items[j->done]);
    j->report->steps_applied++;
    j->done++;
    return VERDICT_NEXT;
}

/* The statement failed and left nothing: the start is taken back, then the failure is told. */
static enum verdict withdraw(struct job *j, const struct err *err)
{
    enum verdict verdict = begin_again(j);
    if (verdict == VERDICT_NEXT)
        verdict = write_row(j, LEDGER_CLEANED);
    return verdict == VERDICT_NEXT ? job_fail(j, err, j->done) : verdict;
}

/* ---- running ---- */

static bool run_alone(struct job *j, struct str sql, struct note note, struct err *err)
{
    struct work w = {.a = j->a};
    work_add(&w, (struct db_item){.kind = DB_ITEM_SCRIPT, .sql = sql}, note);
    return work_run(j, &w, NULL, err, NULL);
}

/* Timeouts and search path of the session, since there is no transaction to hold them. */
static bool set_session(struct job *j, const struct script *s, enum db_item_kind kind, struct err *err)
{
    bool enter = kind == DB_ITEM_ENTER;
    int64_t lock = s->lock_timeout_ms == TIMEOUT_DEFAULT ? j->options->lock_timeout_ms : s->lock_timeout_ms;
    int64_t statement =
        s->statement_timeout_ms == TIMEOUT_DEFAULT ? j->options->statement_timeout_ms : s->statement_timeout_ms;
    struct work w = {.a = j->a};
    work_add(&w, (struct db_item){.kind = kind}, (struct note){.step = SIZE_MAX});
    work_add(&w,
             (struct db_item){.kind = DB_ITEM_LIMITS,
                              .lock_timeout_ms = enter ? lock : 0,
                              .statement_timeout_ms = enter ? statement : 0},
             (struct note){.step = SIZE_MAX});
    return work_run(j, &w, NULL, err, NULL);
}

/* Drops what CREATE INDEX CONCURRENTLY leaves when it fails: an invalid index. */
static bool clean_up(struct job *j, const struct script *s, struct err *err)
{
    struct index_step index = index_step_of(j, s);
    struct str sql = str_printf(j->a, "DROP INDEX CONCURRENTLY IF EXISTS %.*s", STR_ARG(index.name));
    return set_session(j, s, DB_ITEM_ENTER, err) &&
           run_alone(j, sql, (struct note){.step = j->done, .starts_step = false}, err) &&
           set_session(j, s, DB_ITEM_LEAVE, err);
}

static bool can_clean_up(struct job *j, const struct script *s)
{
    return s->probe.statements.list.count == 0 && index_step_of(j, s).created;
}

/* *ret_ran counts the statements that succeeded. */
static bool run_body(struct job *j, const struct script *s, size_t *ret_ran, struct err *err)
{
    job_announce(j, j->done + 1);
    bool ok = set_session(j, s, DB_ITEM_ENTER, err);
    for (*ret_ran = 0; ok && *ret_ran < s->body.statements.list.count; *ret_ran += ok)
        ok = run_alone(j, script_statement(&s->body, *ret_ran),
                       (struct note){.kind = NOTE_BODY, .step = j->done, .part = &s->body, .statement = *ret_ran}, err);
    struct err ignored = {0};
    if (ok)
        ok = set_session(j, s, DB_ITEM_LEAVE, err);
    else if (err->code != ERR_CONNECT)
        set_session(j, s, DB_ITEM_LEAVE, &ignored);
    return ok;
}

static enum verdict after_failure(struct job *j, const struct script *s, size_t ran, const struct err *cause)
{
    enum probe probe = PROBE_ABSENT;
    struct err err = {0};
    struct db_watch none = {0};
    if (cause->code == ERR_CONNECT)
        return job_undecided(j, cause);
    db_set_watch(j->db, &none); /* a request to stop must not stop the tidying up */
    if (!ask(j, s, &probe, &err))
        return err.code == ERR_CONNECT ? job_undecided(j, &err) : needs_operator(j, err.text, cause);
    if (probe == PROBE_PARTIAL && can_clean_up(j, s)) {
        if (!clean_up(j, s, &err))
            return err.code == ERR_CONNECT ? job_undecided(j, &err) : needs_operator(j, err.text, cause);
        probe = PROBE_NONE;
    }
    if (probe == PROBE_DONE)
        return finish(j, s);
    if (probe == PROBE_NONE || (probe == PROBE_ABSENT && ran == 0))
        return withdraw(j, cause);
    return needs_operator(j, "the step ran in part", cause);
}

static enum verdict run(struct job *j, const struct script *s)
{
    enum probe probe = PROBE_ABSENT;
    struct err err = {0};
    size_t ran = 0;
    if (!run_body(j, s, &ran, &err))
        return after_failure(j, s, ran, &err);
    if (!ask(j, s, &probe, &err))
        return err.code == ERR_CONNECT ? job_undecided(j, &err) : needs_operator(j, err.text, NULL);
    if (probe != PROBE_DONE && probe != PROBE_ABSENT)
        return needs_operator(j, "the statements ran, but the probe does not say done", NULL);
    return finish(j, s);
}

static enum verdict decide(struct job *j, const struct script *s, enum probe probe, bool fresh)
{
    struct err err = {0};
    switch (probe) {
    case PROBE_DONE:
        return finish(j, s);
    case PROBE_NONE:
        return run(j, s);
    case PROBE_PARTIAL:
        if (!can_clean_up(j, s))
            return needs_operator(j, "the probe says: done in part", NULL);
        return clean_up(j, s, &err) ? run(j, s) : lost_or_failed(j, &err);
    case PROBE_ABSENT:
        return fresh ? run(j, s) : needs_operator(j, "the step was started and has no probe section", NULL);
    case PROBE_UNCLEAR:
        break;
    }
    return needs_operator(j, "the probe's answer is none of done, partial, none", NULL);
}

enum verdict alone_run(struct job *j, enum admission admission)
{
    const struct script *s = j->scripts[j->done];
    enum probe probe = PROBE_ABSENT;
    struct err err = {0};
    bool fresh = admission == ADMISSION_RUN;
    if (fresh) {
        enum verdict verdict = write_row(j, LEDGER_STARTED);
        if (verdict != VERDICT_NEXT)
            return verdict;
    } else {
        db_rollback(j->db);
    }
    if (!ask(j, s, &probe, &err))
        return err.code == ERR_CONNECT ? job_undecided(j, &err) : needs_operator(j, err.text, NULL);
    return decide(j, s, probe, fresh);
}
