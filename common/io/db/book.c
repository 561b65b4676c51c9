/* skein's own two tables and the version tables: what is read from them and what is written. */
#include <stdio.h>
#include <string.h>

#include "common/io/db/job.h"
#include "common/io/db/rowset.h"
#include "skein/base/names.h"
#include "skein/base/timestamp.h"
#include "skein/os/clock.h"
#include "skein/os/random.h"

#include "embed/io_db.h"

struct str book_bind(struct arena *a, const struct db *db, const char *text, struct str version_table)
{
    const struct sql_name names[] = {
        {"schema", db->schema},
        {"version_table", version_table},
        {"constraint", version_key_name(a, version_table)},
    };
    return sql_bind(a, str_of(text), names, 3);
}

static struct str bind_own(struct job *j, const char *text)
{
    return book_bind(j->a, j->db, text, STR(""));
}

static bool is_pg(const struct job *j)
{
    return j->db->engine == ENGINE_POSTGRESQL;
}

void book_prepare(struct job *j)
{
    j->sql = (struct book_sql){
        .insert_ledger = bind_own(j, sql_insert_ledger_sql),
        .update_state = bind_own(j, sql_update_state_sql),
        .newest = bind_own(j, sql_ledger_newest_sql),
        .of_attempt = bind_own(j, sql_ledger_of_attempt_sql),
        .pending = bind_own(j, sql_ledger_pending_sql),
        .state = bind_own(j, is_pg(j) ? sql_pg_state_sql : sql_lite_state_sql),
    };
}

struct db_begin book_begin(const struct job *j)
{
    return (struct db_begin){
        .lock_wait_ms = j->options->run_lock_wait_ms,
        .lock_timeout_ms = j->options->lock_timeout_ms,
        .statement_timeout_ms = j->options->statement_timeout_ms,
    };
}

/* ---- which tables there are ---- */

/* Names of modules hold no character that JSON would escape. */
static struct str json_array(struct arena *a, const struct names *names)
{
    struct strbuf text;
    strbuf_init(&text, names->list.count * 128 + 16);
    for (size_t i = 0; i < names->list.count; i++)
        strbuf_printf(&text, "%s\"%.*s\"", i > 0 ? "," : "[", STR_ARG(names->list.items[i]));
    strbuf_puts(&text, names->list.count > 0 ? "]" : "[]");
    struct str copy = str_copy(a, strbuf_str(&text));
    strbuf_release(&text);
    return copy;
}

static struct db_item tables_item(struct arena *a, const struct db *db, const struct names *wanted)
{
    bool pg = db->engine == ENGINE_POSTGRESQL;
    struct str *params = arena_new_array(a, 2, struct str);
    params[0] = json_array(a, wanted);
    params[1] = db->schema;
    return (struct db_item){.kind = DB_ITEM_SQL,
                            .sql = pg ? STR(sql_pg_tables_sql) : STR(sql_lite_tables_sql),
                            .params = params,
                            .param_count = pg ? 2 : 1,
                            .want = DB_WANT_ROWS,
                            .prepare = true};
}

static struct names first_column(struct arena *a, const struct db_rows *rows)
{
    struct names names = {0};
    for (size_t i = 0; i < rows->count; i++)
        vec_push(a, &names.list, db_cell(rows, i, 0));
    return names;
}

bool book_tables_present(struct arena *a, struct db *db, const struct names *wanted, struct names *ret_found,
                         struct err *err)
{
    struct db_item item = tables_item(a, db, wanted);
    struct db_batch batch = {.items = &item, .count = 1};
    if (!db_run(db, a, &batch, err))
        return false;
    *ret_found = first_column(a, &item.rows);
    return true;
}

static struct names wanted_tables(struct job *j)
{
    struct names wanted = {0};
    vec_push(j->a, &wanted.list, STR("skein_state"));
    vec_push(j->a, &wanted.list, STR("skein_ledger"));
    for (size_t i = 0; i < j->modules.list.count; i++)
        vec_push(j->a, &wanted.list, version_table_name(j->a, j->modules.list.items[i]));
    return wanted;
}

/* ---- reading ---- */

static void add_creation(struct job *j, struct work *w, const struct names *found)
{
    struct str *params = arena_new_array(j->a, 2, struct str);
    params[0] = random_hex(j->a, 16);
    params[1] = j->incarnation;
    if (!names_has(found, STR("skein_state")))
        work_sql(w, bind_own(j, sql_create_state_sql), NULL, 0, DB_WANT_NOTHING);
    if (!names_has(found, STR("skein_ledger"))) {
        work_sql(w, bind_own(j, sql_create_ledger_sql), NULL, 0, DB_WANT_NOTHING);
        work_sql(w, bind_own(j, is_pg(j) ? sql_pg_create_ledger_index_sql : sql_lite_create_ledger_index_sql), NULL, 0,
                 DB_WANT_NOTHING);
    }
    if (!names_has(found, STR("skein_state")))
        work_sql(w, bind_own(j, sql_insert_state_sql), params, 2, DB_WANT_NOTHING);
}

static bool plan_changes(const struct plan *plan, struct str module)
{
    for (size_t i = 0; i < plan->steps.list.count; i++)
        if (str_eq(plan->steps.list.items[i].module, module))
            return true;
    return false;
}

/* Positions of the results in the reading batch. */
struct reading {
    size_t state, newest, attempt, pending, versions;
};

static size_t add_read(struct work *w, struct str sql, const struct str *params, size_t count)
{
    work_sql(w, sql, params, count, DB_WANT_ROWS)->prepare = true;
    return w->items.count - 1;
}

static void add_versions(struct job *j, struct work *w, const struct names *found, struct reading *r)
{
    r->versions = SIZE_MAX;
    for (size_t i = 0; i < j->modules.list.count; i++) {
        struct str table = version_table_name(j->a, j->modules.list.items[i]);
        bool missing = !names_has(found, table);
        if (missing && !plan_changes(j->plan, j->modules.list.items[i])) {
            vec_push(j->a, &j->book.missing.list, table);
            continue;
        }
        if (missing)
            work_sql(w, book_bind(j->a, j->db, sql_create_version_sql, table), NULL, 0, DB_WANT_NOTHING);
        if (is_pg(j))
            work_sql(w, book_bind(j->a, j->db, sql_pg_version_lock_sql, table), NULL, 0, DB_WANT_NOTHING);
    }
    for (size_t i = 0; i < j->modules.list.count; i++) {
        struct str table = version_table_name(j->a, j->modules.list.items[i]);
        if (names_has(&j->book.missing, table))
            continue;
        size_t at = add_read(w, book_bind(j->a, j->db, sql_version_rows_sql, table), NULL, 0);
        if (r->versions == SIZE_MAX)
            r->versions = at;
    }
}

/* The row lock on skein_state comes first: whoever holds it is the only one to read and write. */
static void add_reading(struct job *j, struct work *w, const struct names *found, struct reading *r)
{
    add_creation(j, w, found);
    r->state = add_read(w, j->sql.state, NULL, 0);
    r->newest = add_read(w, j->sql.newest, NULL, 0);
    r->pending = add_read(w, j->sql.pending, NULL, 0);
    r->attempt = add_read(w, j->sql.of_attempt, &j->options->attempt, 1);
    add_versions(j, w, found, r);
}

static bool broken(struct err *err, const char *problem)
{
    err_kind(err, ERR_STATE, "ledger_broken", "%s", problem);
    return err_hint(err, "somebody changed skein's tables: compare with a backup; `skein detach` starts anew");
}

static bool take_state(struct job *j, const struct db_rows *rows, struct err *err)
{
    struct book *b = &j->book;
    if (rows->count != 1)
        return broken(err, "skein_state does not hold exactly one row");
    if (db_cell_u64(rows, 0, 7) != 1) {
        err_kind(err, ERR_STATE, "format", "skein_state was written by a newer skein");
        return err_hint(err, "use that version of skein");
    }
    b->incarnation = db_cell(rows, 0, 1);
    b->fence = db_cell_u64(rows, 0, 2);
    b->closed_fence = db_cell_u64(rows, 0, 3);
    b->seq = db_cell_u64(rows, 0, 4);
    b->head = db_cell(rows, 0, 5);
    b->pending = db_cell_u64(rows, 0, 6);
    return true;
}

/* skein_state says where the ledger ends; the newest row must be that one, and unchanged. */
static bool take_newest(struct job *j, const struct db_rows *rows, struct err *err)
{
    const struct book *b = &j->book;
    if (b->seq == 0)
        return rows->count == 0 || broken(err, "skein_ledger holds rows that skein_state does not know");
    if (rows->count == 0)
        return broken(err, "skein_ledger is empty, but skein_state says otherwise");
    struct ledger_row row = ledger_row_from(rows, 0);
    bool ok = ledger_row_follows(&row, b->seq, row.cells[LEDGER_PREV_HASH]) && str_eq(row.cells[LEDGER_HASH], b->head);
    return ok || broken(err, "the newest row of skein_ledger is not the one that skein_state names");
}

static bool take_pending(struct job *j, const struct db_rows *rows, struct err *err)
{
    if (j->book.pending == 0)
        return true;
    if (rows->count != 1)
        return broken(err, "skein_state names a start that skein_ledger does not hold");
    j->book.pending_row = ledger_row_from(rows, 0);
    return true;
}

/* The leading steps that are DONE. Another plan under this attempt's name is somebody's mistake. */
static bool take_attempt(struct job *j, const struct db_rows *rows, struct err *err)
{
    size_t count = j->plan->steps.list.count;
    bool *done = arena_new_array(j->a, count + 1, bool);
    struct hash_hex plan = hash_format(&j->plan->id);
    for (size_t i = 0; i < rows->count; i++) {
        uint64_t step = db_cell_u64(rows, i, 0);
        if (!str_is(db_cell(rows, i, 2), plan.text))
            return err_kind(err, ERR_STATE, "attempt_reused", "attempt %.*s was used for another plan",
                            STR_ARG(j->options->attempt));
        if (step < count && str_is(db_cell(rows, i, 1), "DONE"))
            done[step] = true;
    }
    j->book.done = 0;
    while (j->book.done < count && done[j->book.done])
        j->book.done++;
    return true;
}

static void take_versions(struct job *j, const struct work *w, size_t at)
{
    j->book.state = (struct dbstate){0};
    for (size_t i = 0; i < j->modules.list.count; i++) {
        struct str module = j->modules.list.items[i];
        if (names_has(&j->book.missing, version_table_name(j->a, module)))
            continue;
        struct names heads = first_column(j->a, &w->items.items[at++].rows);
        dbstate_set(j->a, &j->book.state, module, &heads);
    }
}

static bool take_all(struct job *j, const struct work *w, const struct reading *r, struct err *err)
{
    return take_state(j, &w->items.items[r->state].rows, err) && take_newest(j, &w->items.items[r->newest].rows, err) &&
           take_pending(j, &w->items.items[r->pending].rows, err) &&
           take_attempt(j, &w->items.items[r->attempt].rows, err);
}

bool book_open(struct job *j, const struct db_begin *begin, struct err *err)
{
    struct names wanted = wanted_tables(j), found;
    struct reading r;
    struct work tables = {.a = j->a}, w = {.a = j->a};
    j->book = (struct book){0};
    work_add(&tables, tables_item(j->a, j->db, &wanted), (struct note){.step = SIZE_MAX});
    if (!work_run(j, &tables, begin, err, NULL))
        return false;
    found = first_column(j->a, &tables.items.items[0].rows);
    j->book.has_tables = names_has(&found, STR("skein_state")) && names_has(&found, STR("skein_ledger"));
    if (names_has(&found, STR("skein_state")) && !names_has(&found, STR("skein_ledger")))
        return broken(err, "the table skein_ledger is gone");
    add_reading(j, &w, &found, &r);
    if (!work_run(j, &w, NULL, err, NULL) || !take_all(j, &w, &r, err))
        return false;
    take_versions(j, &w, r.versions);
    j->book.read = true;
    return true;
}

/* ---- facts ---- */

struct dbstate book_expected(struct arena *a, const struct plan *plan, size_t step)
{
    struct dbstate state = dbstate_copy(a, &plan->before);
    for (size_t i = 0; i < step; i++)
        dbstate_set(a, &state, plan->steps.list.items[i].module, &plan->steps.list.items[i].heads_after);
    return state;
}

static const char *direction_text(enum direction direction)
{
    return direction == DIRECTION_UP ? "up" : direction == DIRECTION_DOWN ? "down" : "stamp";
}

static bool is_pending(const struct book *b, const struct plan_step *step)
{
    const struct str *cells = b->pending_row.cells;
    return b->pending != 0 && str_eq(cells[LEDGER_MODULE], step->module) &&
           str_eq(cells[LEDGER_REVISION], step->revision) &&
           str_is(cells[LEDGER_DIRECTION], direction_text(step->direction));
}

struct admit_facts book_facts(const struct job *j, size_t step)
{
    const struct book *b = &j->book;
    size_t count = j->plan->steps.list.count;
    struct arena scratch = {0};
    struct dbstate expected = book_expected(&scratch, j->plan, step);
    bool pending = step < count && is_pending(b, &j->plan->steps.list.items[step]);
    struct admit_facts facts = {
        .fence = j->options->fence,
        .target_fence = b->fence,
        .closed_fence = b->closed_fence,
        .status = step >= count ? LEDGER_DONE
                  : pending     ? LEDGER_STARTED
                                : LEDGER_NONE,
        .other_start_open = b->pending != 0 && !pending,
        .same_target = j->options->fence == 0 || j->options->adopt || str_eq(b->incarnation, j->incarnation),
        .heads_expected = dbstate_eq(&b->state, &expected),
        .heads_at_goal = dbstate_eq(&b->state, &j->plan->after),
    };
    arena_release(&scratch);
    return facts;
}

/* ---- writing ---- */

/* "a1,b2" */
static struct str book_heads(struct arena *a, const struct dbstate *state, struct str module)
{
    const struct names *heads = dbstate_heads(state, module);
    struct str text = STR("");
    for (size_t i = 0; i < heads->list.count; i++)
        text = str_printf(a, "%.*s%s%.*s", STR_ARG(text), i > 0 ? "," : "", STR_ARG(heads->list.items[i]));
    return text;
}

static struct str number(struct arena *a, uint64_t n)
{
    return str_printf(a, "%llu", (unsigned long long)n);
}

static struct str hex(struct arena *a, const struct hash *hash)
{
    struct hash_hex text = hash_format(hash);
    return str_copy(a, str_of(text.text));
}

static void fill_row(struct job *j, struct ledger_row *row, size_t index, enum ledger_status status)
{
    const struct plan_step *step = &j->plan->steps.list.items[index];
    struct timestamp_text now = timestamp_format(clock_wall_ms());
    struct str *c = row->cells;
    c[LEDGER_SEQ] = number(j->a, j->book.seq + 1);
    c[LEDGER_ATTEMPT] = j->options->attempt;
    c[LEDGER_STEP] = number(j->a, index);
    c[LEDGER_MODULE] = step->module;
    c[LEDGER_REVISION] = step->revision;
    c[LEDGER_DIRECTION] = str_of(direction_text(step->direction));
    c[LEDGER_STATUS] = str_of(ledger_status_name(status));
    c[LEDGER_FENCE] = number(j->a, j->options->fence);
    c[LEDGER_PLAN_HASH] = hex(j->a, &j->plan->id);
    c[LEDGER_SCRIPT_HASH] = hex(j->a, &step->script);
    c[LEDGER_CHECKSUM] = hex(j->a, &step->checksum);
    c[LEDGER_CHECKSUM_ALGORITHM] = STR(REVISION_CHECKSUM);
    c[LEDGER_PRINCIPAL] = j->options->principal.p != NULL ? j->options->principal : STR("");
    c[LEDGER_HEADS_BEFORE] = book_heads(j->a, &j->book.state, step->module);
    c[LEDGER_FINISHED] = str_copy(j->a, str_of(now.text));
    c[LEDGER_PREV_HASH] = j->book.head;
}

void book_add_row(struct job *j, struct work *w, size_t index, enum ledger_status status)
{
    const struct plan_step *step = &j->plan->steps.list.items[index];
    struct ledger_row *row = arena_new(j->a, struct ledger_row);
    fill_row(j, row, index, status);
    if (status == LEDGER_DONE)
        dbstate_set(j->a, &j->book.state, step->module, &step->heads_after);
    row->cells[LEDGER_HEADS_AFTER] = book_heads(j->a, &j->book.state, step->module);
    row->cells[LEDGER_HASH] = ledger_row_hash(j->a, row);
    j->book.seq++;
    j->book.head = row->cells[LEDGER_HASH];
    j->book.pending = status == LEDGER_STARTED ? j->book.seq : 0;
    work_sql(w, j->sql.insert_ledger, row->cells, LEDGER_COLUMNS, DB_WANT_NOTHING)->prepare = true;
}

void book_add_state(struct job *j, struct work *w, uint64_t old_seq)
{
    struct str *params = arena_new_array(j->a, 6, struct str);
    params[0] = number(j->a, j->options->fence);
    params[1] = number(j->a, old_seq);
    params[2] = number(j->a, j->book.seq);
    params[3] = j->book.head;
    params[4] = number(j->a, j->book.pending);
    params[5] = j->incarnation;
    work_sql(w, j->sql.update_state, params, 6, DB_WANT_NOTHING)->prepare = true;
    w->notes.items[w->notes.count - 1].kind = NOTE_STATE;
    if (j->options->fence > j->book.fence)
        j->book.fence = j->options->fence;
}

static void add_change(struct job *j, struct work *w, const struct row_change *change)
{
    static const char *const texts[] = {
        [ROW_INSERT] = sql_version_insert_sql,
        [ROW_UPDATE] = sql_version_update_sql,
        [ROW_DELETE] = sql_version_delete_sql,
    };
    struct str *params = arena_new_array(j->a, 2, struct str);
    params[0] = change->kind == ROW_INSERT ? change->to : change->from;
    params[1] = change->to;
    struct str table = version_table_name(j->a, change->module);
    struct db_item item = {.kind = DB_ITEM_SQL,
                           .sql = book_bind(j->a, j->db, texts[change->kind], table),
                           .params = params,
                           .param_count = change->kind == ROW_UPDATE ? 2 : 1};
    work_add(w, item, (struct note){.kind = NOTE_ROWS, .step = SIZE_MAX, .change = *change});
}

void book_add_versions(struct job *j, struct work *w, size_t first, size_t end)
{
    struct row_changes changes = rowset_net(j->a, j->plan, first, end);
    for (size_t i = 0; i < changes.list.count; i++)
        add_change(j, w, &changes.list.items[i]);
}

void book_report(struct job *j)
{
    const struct book *b = &j->book;
    struct migrate_report *r = j->report;
    r->state_known = b->read;
    if (!b->read)
        return;
    r->state = dbstate_copy(j->a, &b->state);
    r->ledger = (struct ledger_state){.fence = b->fence, .closed_fence = b->closed_fence, .seq = b->seq};
    if (b->head.len > 0)
        hash_parse(b->head, &r->ledger.head);
}
