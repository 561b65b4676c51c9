/* What else is done with a target's tables: reading, closing a fence, resolving, verifying, taking leave. */
#include <stdio.h>
#include <string.h>

#include "common/io/db/job.h"
#include "skein/base/names.h"

#include "embed/io_db.h"

/* ---- reading ---- */

struct reading {
    struct names found;
    struct work w;
    size_t state, newest; /* SIZE_MAX where the tables are not there */
};

static bool find_tables(struct arena *a, struct db *db, const struct names *modules, struct reading *r, struct err *err)
{
    struct names wanted = {0};
    vec_push(a, &wanted.list, STR("skein_state"));
    vec_push(a, &wanted.list, STR("skein_ledger"));
    for (size_t i = 0; i < modules->list.count; i++)
        vec_push(a, &wanted.list, version_table_name(a, modules->list.items[i]));
    return book_tables_present(a, db, &wanted, &r->found, err);
}

static size_t add_read(struct reading *r, struct db *db, const char *text, struct str table)
{
    work_sql(&r->w, book_bind(r->w.a, db, text, table), NULL, 0, DB_WANT_ROWS)->prepare = true;
    return r->w.items.count - 1;
}

static bool run_reading(struct arena *a, struct db *db, const struct names *modules, struct reading *r, struct err *err)
{
    r->state = r->newest = SIZE_MAX;
    for (size_t i = 0; i < modules->list.count; i++) {
        struct str table = version_table_name(a, modules->list.items[i]);
        if (names_has(&r->found, table))
            add_read(r, db, sql_version_rows_sql, table);
    }
    if (names_has(&r->found, STR("skein_state")))
        r->state = add_read(r, db, sql_lite_state_sql, STR(""));
    if (names_has(&r->found, STR("skein_ledger")))
        r->newest = add_read(r, db, sql_ledger_newest_sql, STR(""));
    struct db_batch batch = {.items = r->w.items.items, .count = r->w.items.count};
    return batch.count == 0 || db_run(db, a, &batch, err);
}

static void take_heads(struct arena *a, const struct names *modules, const struct reading *r, struct dbstate *ret)
{
    struct dbstate state = {0};
    size_t at = 0;
    for (size_t i = 0; i < modules->list.count; i++) {
        struct names heads = {0};
        if (!names_has(&r->found, version_table_name(a, modules->list.items[i])))
            continue;
        const struct db_rows *rows = &r->w.items.items[at++].rows;
        for (size_t k = 0; k < rows->count; k++)
            vec_push(a, &heads.list, db_cell(rows, k, 0));
        dbstate_set(a, &state, modules->list.items[i], &heads);
    }
    *ret = state;
}

static void take_ledger(const struct reading *r, struct ledger_state *ret)
{
    struct ledger_state ledger = {0};
    if (r->state != SIZE_MAX && r->w.items.items[r->state].rows.count == 1) {
        const struct db_rows *rows = &r->w.items.items[r->state].rows;
        ledger.fence = db_cell_u64(rows, 0, 2);
        ledger.closed_fence = db_cell_u64(rows, 0, 3);
    }
    if (r->newest != SIZE_MAX && r->w.items.items[r->newest].rows.count == 1) {
        struct ledger_row row = ledger_row_from(&r->w.items.items[r->newest].rows, 0);
        unsigned long long seq = 0;
        if (str_to_u64(row.cells[LEDGER_SEQ], UINT64_MAX, &seq))
            ledger.seq = seq;
        hash_parse(row.cells[LEDGER_HASH], &ledger.head);
    }
    *ret = ledger;
}

bool migrate_read_state(struct arena *a, struct db *db, const struct names *modules, struct dbstate *ret_state,
                        struct ledger_state *ret_ledger, struct err *err)
{
    struct db_begin begin = {.read_only = true, .lock_wait_ms = 5000};
    struct reading r = {.w = {.a = a}};
    if (!db_begin(db, &begin, err))
        return false;
    bool ok = find_tables(a, db, modules, &r, err) && run_reading(a, db, modules, &r, err);
    db_rollback(db);
    if (!ok)
        return false;
    take_heads(a, modules, &r, ret_state);
    take_ledger(&r, ret_ledger);
    return true;
}

/* ---- the ledger's chain ---- */

static bool broken_at(struct err *err, uint64_t seq)
{
    err_kind(err, ERR_STATE, "ledger_broken", "row %llu of skein_ledger was changed, removed or added by hand",
             (unsigned long long)seq);
    return err_hint(err, "compare with a backup; `skein detach` starts the ledger anew");
}

/* The rows after `seq`, a page at a time, so that a long ledger costs no memory. */
static bool verify_page(struct db *db, struct str sql, uint64_t *seq, struct str *head, struct arena *head_arena,
                        size_t *ret_rows, struct err *err)
{
    struct arena page = {0};
    struct db_rows rows;
    struct str after = str_printf(&page, "%llu", (unsigned long long)*seq);
    bool ok = db_query(db, &page, sql, &after, 1, &rows, err);
    *ret_rows = ok ? rows.count : 0;
    for (size_t i = 0; ok && i < rows.count; i++) {
        struct ledger_row row = ledger_row_from(&rows, i);
        ok = ledger_row_follows(&row, *seq + 1, *head) || broken_at(err, *seq + 1);
        *seq += 1;
        *head = str_copy(head_arena, row.cells[LEDGER_HASH]);
    }
    arena_release(&page);
    return ok;
}

static bool verify_chain(struct arena *a, struct db *db, uint64_t *ret_rows, struct err *err)
{
    struct str sql = book_bind(a, db, sql_ledger_all_sql, STR("")), head = STR("");
    uint64_t seq = 0;
    size_t rows = 0;
    do {
        if (!verify_page(db, sql, &seq, &head, a, &rows, err))
            return false;
    } while (rows > 0);
    struct db_rows state;
    if (!db_query(db, a, book_bind(a, db, sql_lite_state_sql, STR("")), NULL, 0, &state, err))
        return false;
    if (state.count != 1 || db_cell_u64(&state, 0, 4) != seq || !str_eq(db_cell(&state, 0, 5), head))
        return broken_at(err, seq + 1);
    *ret_rows = seq;
    return true;
}

bool migrate_verify_ledger(struct arena *a, struct db *db, uint64_t *ret_rows, struct err *err)
{
    struct db_begin begin = {.read_only = true, .lock_wait_ms = 5000};
    struct names none = {0};
    struct reading r = {.w = {.a = a}};
    uint64_t rows = 0;
    if (!db_begin(db, &begin, err))
        return false;
    bool ok = find_tables(a, db, &none, &r, err);
    if (ok && r.found.list.count == 1)
        ok = err_kind(err, ERR_STATE, "ledger_broken", "one of the tables skein_state and skein_ledger is gone");
    else if (ok && r.found.list.count == 2)
        ok = verify_chain(a, db, &rows, err);
    db_rollback(db);
    if (ok)
        *ret_rows = rows;
    return ok;
}

/* ---- closing a fence ---- */

static const struct plan no_plan;

/* As for applying, with the lock: whoever runs now must be done first. */
static bool take_lock(struct job *j)
{
    enum verdict verdict = VERDICT_AGAIN;
    while (verdict == VERDICT_AGAIN)
        verdict = job_lock(j);
    return verdict == VERDICT_NEXT;
}

static void end_failed(struct job *j, const struct err *err)
{
    db_rollback(j->db);
    j->report->err = *err;
    j->report->outcome = err->code == ERR_LOCK      ? OUTCOME_BUSY
                         : err->code == ERR_CONNECT ? OUTCOME_UNKNOWN
                                                    : OUTCOME_BLOCKED;
}

void migrate_close(struct arena *a, struct db *db, uint64_t fence, const struct migrate_options *options,
                   struct migrate_report *ret_report)
{
    struct job j;
    struct err err = {0};
    struct migrate_options without_fence = *options;
    without_fence.fence = 0;
    job_init(&j, a, db, &no_plan, &without_fence, ret_report);
    if (!take_lock(&j))
        return;
    if (job_close_fence(&j, fence, &err))
        ret_report->outcome = OUTCOME_CANCELLED;
    else
        end_failed(&j, &err);
    job_unlock(&j);
    book_report(&j);
}

/* ---- resolving ---- */

/* The plan's step that was left undecided; SIZE_MAX if none was, or if it is another's. */
static size_t pending_step(const struct job *j)
{
    for (size_t i = 0; i < j->plan->steps.list.count; i++)
        if (book_facts(j, i).status == LEDGER_STARTED)
            return i;
    return SIZE_MAX;
}

static bool check_resolvable(struct job *j, size_t step, struct err *err)
{
    struct dbstate expected = book_expected(j->a, j->plan, step == SIZE_MAX ? 0 : step);
    if (step == SIZE_MAX) {
        err_kind(err, ERR_STATE, "nothing_undecided", "no step of this plan was left undecided in %.*s",
                 STR_ARG(j->db->name));
        return false;
    }
    if (dbstate_eq(&expected, &j->book.state))
        return true;
    err_kind(err, ERR_STATE, "state_changed", "the database is at %.*s, the step starts from %.*s",
             STR_ARG(dbstate_format(j->a, &j->book.state)), STR_ARG(dbstate_format(j->a, &expected)));
    return false;
}

static bool write_resolution(struct job *j, size_t step, enum resolution resolution, struct err *err)
{
    struct work w = {.a = j->a};
    uint64_t old_seq = j->book.seq;
    bool applied = resolution == RESOLUTION_APPLIED;
    if (applied)
        book_add_versions(j, &w, step, step + 1);
    book_add_row(j, &w, step, applied ? LEDGER_DONE : LEDGER_RESOLVED);
    book_add_state(j, &w, old_seq);
    return work_run(j, &w, NULL, err, &step) && work_check(j, &w, err, &step);
}

static void resolve(struct job *j, enum resolution resolution)
{
    struct db_begin begin = book_begin(j);
    struct err err = {0};
    bool ok = book_open(j, &begin, &err);
    size_t step = ok ? pending_step(j) : SIZE_MAX;
    if (ok && (!check_resolvable(j, step, &err))) {
        end_failed(j, &err);
        j->report->outcome = OUTCOME_STATE_CHANGED;
        return;
    }
    ok = ok && write_resolution(j, step, resolution, &err);
    enum db_commit commit = ok ? db_commit(j->db, &err) : DB_ROLLED_BACK;
    if (commit == DB_COMMITTED || commit == DB_COMMITTED_LOCALLY) {
        j->report->outcome = OUTCOME_APPLIED;
        j->report->steps_applied = resolution == RESOLUTION_APPLIED;
        return;
    }
    j->book.read = false;
    end_failed(j, &err);
    if (commit == DB_COMMIT_UNKNOWN)
        j->report->outcome = OUTCOME_UNKNOWN;
}

void migrate_resolve(struct arena *a, struct db *db, const struct plan *plan, enum resolution resolution,
                     const struct migrate_options *options, struct migrate_report *ret_report)
{
    struct job j;
    job_init(&j, a, db, plan, options, ret_report);
    if (!take_lock(&j))
        return;
    resolve(&j, resolution);
    job_unlock(&j);
    book_report(&j);
}

/* ---- taking leave ---- */

bool migrate_detach(struct arena *a, struct db *db, const struct migrate_options *options, struct err *err)
{
    struct migrate_report report;
    struct job j;
    job_init(&j, a, db, &no_plan, options, &report);
    if (!take_lock(&j)) {
        *err = report.err;
        return false;
    }
    struct db_begin begin = book_begin(&j);
    struct db_item items[] = {
        {.kind = DB_ITEM_SQL, .sql = book_bind(a, db, sql_drop_ledger_sql, STR(""))},
        {.kind = DB_ITEM_SQL, .sql = book_bind(a, db, sql_drop_state_sql, STR(""))},
    };
    struct db_batch batch = {.begin = &begin, .items = items, .count = 2};
    bool ok = db_run(db, a, &batch, err);
    enum db_commit commit = ok ? db_commit(db, err) : DB_ROLLED_BACK;
    ok = commit == DB_COMMITTED || commit == DB_COMMITTED_LOCALLY;
    if (!ok)
        db_rollback(db);
    job_unlock(&j);
    return ok;
}
