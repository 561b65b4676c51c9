/* Batches of the migrator: what goes in for a script, and what has to hold of the results. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/io/db/job.h"
#include "skein/base/names.h"

struct db_item *work_add(struct work *w, struct db_item item, struct note note)
{
    vec_push(w->a, &w->items, item);
    vec_push(w->a, &w->notes, note);
    return &w->items.items[w->items.count - 1];
}

struct db_item *work_sql(struct work *w, struct str sql, const struct str *params, size_t count, enum db_want want)
{
    struct db_item item = {.kind = DB_ITEM_SQL, .sql = sql, .params = params, .param_count = count, .want = want};
    return work_add(w, item, (struct note){.step = SIZE_MAX});
}

/* ---- looking at statements ---- */

struct str script_statement(const struct script_part *part, size_t n)
{
    const struct statement *s = &part->statements.list.items[n];
    return (struct str){part->sql.p + s->start, s->len};
}

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

bool word_at(struct str *text, const char *word)
{
    struct str rest = str_trim(*text);
    size_t len = strlen(word);
    if (rest.len < len || strncasecmp(rest.p, word, len) != 0 || (rest.len > len && is_word_byte(rest.p[len])))
        return false;
    *text = str_trim(str_from(rest, len));
    return true;
}

static bool begins_with(struct str text, const char *word)
{
    return word_at(&text, word);
}

enum fk_wish script_fk_wish(const struct script *s)
{
    if (s == NULL || s->body.statements.list.count == 0)
        return FK_NONE;
    struct str rest = script_statement(&s->body, 0);
    if (!word_at(&rest, "PRAGMA") || !word_at(&rest, "foreign_keys"))
        return FK_NONE;
    rest = str_trim(str_from(rest, rest.len > 0 && (rest.p[0] == '=' || rest.p[0] == '(') ? 1 : 0));
    if (begins_with(rest, "OFF") || begins_with(rest, "0") || begins_with(rest, "FALSE") || begins_with(rest, "NO"))
        return FK_OFF;
    return begins_with(rest, "ON") || begins_with(rest, "1") || begins_with(rest, "TRUE") || begins_with(rest, "YES")
               ? FK_ON
               : FK_NONE;
}

/* The declaration at the start of a script, and the one that takes it back at the end, are the migrator's to do. */
static bool is_fk_declaration(const struct script *s, size_t n)
{
    struct str rest = script_statement(&s->body, n);
    bool at_edge = n == 0 || n + 1 == s->body.statements.list.count;
    return s->engine == ENGINE_SQLITE && at_edge && script_fk_wish(s) != FK_NONE && word_at(&rest, "PRAGMA") &&
           word_at(&rest, "foreign_keys");
}

bool script_drops_table(const struct script *s)
{
    for (size_t i = 0; s != NULL && i < s->body.statements.list.count; i++) {
        struct str rest = script_statement(&s->body, i);
        if (word_at(&rest, "DROP") && word_at(&rest, "TABLE"))
            return true;
    }
    return false;
}

/* ---- what failed, and where it stands ---- */

/* Line and column, from 1, of a byte in a part's text. */
static void locate(const struct script_part *part, size_t byte, unsigned *ret_line, unsigned *ret_column)
{
    unsigned line = part->line, column = 1;
    for (size_t i = 0; i < byte && i < part->sql.len; i++) {
        column = part->sql.p[i] == '\n' ? 1 : column + 1;
        line += part->sql.p[i] == '\n';
    }
    *ret_line = line;
    *ret_column = column;
}

enum { STATEMENT_SHOWN = 300 };

static void add_statement_text(struct err *err, struct str sql)
{
    char shown[STATEMENT_SHOWN + 1];
    size_t len = 0;
    for (size_t i = 0; i < sql.len && len < STATEMENT_SHOWN; i++) {
        char c = isspace((unsigned char)sql.p[i]) ? ' ' : sql.p[i];
        if (c != ' ' || (len > 0 && shown[len - 1] != ' '))
            shown[len++] = c;
    }
    shown[len] = '\0';
    size_t used = strlen(err->detail);
    snprintf(err->detail + used, sizeof(err->detail) - used, "%sstatement: %s%s", used > 0 ? "\n" : "", shown,
             sql.len > STATEMENT_SHOWN ? " ..." : "");
}

/* Puts file, line, statement and revision into the err of a failed statement. */
static void work_describe(struct job *j, const struct note *note, size_t position, struct err *err)
{
    if (note->step >= j->plan->steps.list.count)
        return;
    const struct plan_step *step = &j->plan->steps.list.items[note->step];
    const struct script *s = j->scripts[note->step];
    if (note->part != NULL && s != NULL) {
        unsigned line, column;
        size_t start = note->part->statements.list.items[note->statement].start;
        locate(note->part, start + (position > 0 ? position - 1 : 0), &line, &column);
        err_origin(err, "%.*s:%u:%u", STR_ARG(s->path), line, column);
        add_statement_text(err, script_statement(note->part, note->statement));
    } else if (s != NULL) {
        err_origin(err, "%.*s", STR_ARG(s->path));
    }
    err_wrap(err, "revision %.*s of %.*s", STR_ARG(step->revision), STR_ARG(step->module));
}

/* ---- what must not run inside our transaction ---- */

static bool ends_transaction(struct str sql)
{
    static const char *const words[] = {"BEGIN", "START", "COMMIT", "END", "ABORT"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (begins_with(sql, words[i]))
            return true;
    struct str rest = sql;
    if (word_at(&rest, "PREPARE"))
        return begins_with(rest, "TRANSACTION");
    if (!word_at(&rest, "ROLLBACK"))
        return false;
    return !begins_with(rest, "TO") && !(word_at(&rest, "WORK") && begins_with(rest, "TO")) &&
           !(word_at(&rest, "TRANSACTION") && begins_with(rest, "TO"));
}

static bool copies_to_client(struct str sql)
{
    if (!begins_with(sql, "COPY"))
        return false;
    for (size_t i = 0; i + 5 <= sql.len; i++)
        if ((i == 0 || !is_word_byte(sql.p[i - 1])) &&
            (begins_with(str_from(sql, i), "STDIN") || begins_with(str_from(sql, i), "STDOUT")))
            return true;
    return false;
}

static bool refuse(struct job *j, size_t step, size_t statement, const char *text, const char *hint, struct err *err)
{
    const struct script *s = j->scripts[step];
    err_kind(err, ERR_SQL, "denied", "%s", text);
    err_hint(err, "%s", hint);
    struct note note = {.kind = NOTE_BODY, .step = step, .part = &s->body, .statement = statement};
    work_describe(j, &note, 0, err);
    return true;
}

bool work_refuses(struct job *j, size_t step, struct err *err)
{
    const struct script *s = j->scripts[step];
    for (size_t i = 0; s != NULL && j->db->engine == ENGINE_POSTGRESQL && i < s->body.statements.list.count; i++) {
        struct str sql = script_statement(&s->body, i);
        if (ends_transaction(sql))
            return refuse(j, step, i, "a revision may not begin or end a transaction",
                          "remove the statement: the whole plan runs in one transaction", err);
        if (copies_to_client(sql))
            return refuse(j, step, i, "a revision cannot COPY from or to the client", "write INSERT statements", err);
    }
    return false;
}

/* ---- a script as items ---- */

static void add_part(struct work *w, const struct script *s, const struct script_part *part, struct note note)
{
    for (size_t i = 0; i < part->statements.list.count; i++) {
        if (note.kind == NOTE_BODY && is_fk_declaration(s, i))
            continue;
        note.part = part;
        note.statement = i;
        work_add(w,
                 (struct db_item){.kind = DB_ITEM_SCRIPT,
                                  .sql = script_statement(part, i),
                                  .want = note.kind == NOTE_VERIFY ? DB_WANT_TRUTH : DB_WANT_NOTHING},
                 note);
    }
}

static int64_t limit(int64_t of_section, int64_t of_options)
{
    return of_section == TIMEOUT_DEFAULT ? of_options : of_section;
}

/* A script that sets something may leave the session changed for the next one. */
static bool sets_something(const struct script *s)
{
    for (size_t i = 0; i < s->body.statements.list.count; i++)
        if (begins_with(script_statement(&s->body, i), "SET") || begins_with(script_statement(&s->body, i), "RESET"))
            return true;
    return false;
}

static const struct script *script_before(const struct work *w, const struct job *j)
{
    for (size_t i = w->notes.count; i > 0; i--)
        if (w->notes.items[i - 1].step != SIZE_MAX && w->notes.items[i - 1].kind != NOTE_NONE)
            return j->scripts[w->notes.items[i - 1].step];
    return NULL;
}

void work_add_script(struct job *j, struct work *w, size_t step)
{
    const struct script *s = j->scripts[step], *before = script_before(w, j);
    struct note note = {.step = step};
    if (s == NULL)
        return;
    if (before == NULL || sets_something(before))
        work_add(w, (struct db_item){.kind = DB_ITEM_ENTER}, note);
    bool limits = s->lock_timeout_ms != TIMEOUT_DEFAULT || s->statement_timeout_ms != TIMEOUT_DEFAULT;
    bool restore = before != NULL && (before->lock_timeout_ms != TIMEOUT_DEFAULT ||
                                      before->statement_timeout_ms != TIMEOUT_DEFAULT || sets_something(before));
    if (limits || restore)
        work_add(
            w,
            (struct db_item){.kind = DB_ITEM_LIMITS,
                             .lock_timeout_ms = limit(s->lock_timeout_ms, j->options->lock_timeout_ms),
                             .statement_timeout_ms = limit(s->statement_timeout_ms, j->options->statement_timeout_ms)},
            note);
    size_t first = w->items.count;
    note.kind = NOTE_BODY;
    add_part(w, s, &s->body, note);
    note.kind = NOTE_VERIFY;
    add_part(w, s, &s->verify, note);
    if (w->items.count > first) {
        w->notes.items[first].starts_step = true;
        w->items.items[w->items.count - 1].report = j->observer != NULL && j->observer->step_started != NULL;
    }
}

/* ---- running and checking ---- */

struct progress {
    struct job *j;
    struct work *w;
};

/* As an item is done the next one starts. */
static void on_done(void *user, size_t item)
{
    struct progress *p = user;
    size_t next = item + 1;
    if (next < p->w->notes.count && p->w->notes.items[next].starts_step)
        job_announce(p->j, p->w->notes.items[next].step + 1);
}

bool work_run(struct job *j, struct work *w, const struct db_begin *begin, struct err *err, size_t *ret_step)
{
    struct progress progress = {j, w};
    struct db_batch batch = {
        .begin = begin, .items = w->items.items, .count = w->items.count, .done = on_done, .user = &progress};
    if (w->notes.count > 0 && w->notes.items[0].starts_step)
        on_done(&progress, (size_t)-1);
    if (db_run(j->db, j->a, &batch, err))
        return true;
    if (batch.failed < batch.count) {
        const struct note *note = &w->notes.items[batch.failed];
        work_describe(j, note, batch.position, err);
        if (ret_step != NULL)
            *ret_step = note->step;
    }
    return false;
}

static bool fail_rows(struct job *j, const struct row_change *c, uint64_t found, struct err *err)
{
    struct str table = version_table_name(j->a, c->module);
    if (c->kind == ROW_UPDATE)
        err_kind(err, ERR_STATE, "version_rows",
                 "expected to match one row when updating '%.*s' to '%.*s' in '%.*s'; %llu found", STR_ARG(c->from),
                 STR_ARG(c->to), STR_ARG(table), (unsigned long long)found);
    else
        err_kind(err, ERR_STATE, "version_rows", "expected to match one row when %s '%.*s' in '%.*s'; %llu found",
                 c->kind == ROW_DELETE ? "deleting" : "inserting", STR_ARG(c->kind == ROW_DELETE ? c->from : c->to),
                 STR_ARG(table), (unsigned long long)found);
    return err_hint(err, "the table holds a row twice and lacks its primary key: `skein stamp --purge` clears it");
}

/* One row each, as Alembic demands; a stamp may clear a row that a table without its key holds twice. */
static bool rows_fit(const struct job *j, const struct db_item *item, const struct note *note)
{
    const struct plan *plan = j->plan;
    bool stamps = plan->steps.list.count > 0 && plan->steps.list.items[0].direction == DIRECTION_STAMP;
    bool clears = stamps && note->change.kind == ROW_DELETE;
    return clears ? item->affected >= 1 : item->affected == 1;
}

static bool check_item(struct job *j, const struct db_item *item, const struct note *note, struct err *err)
{
    if (note->kind == NOTE_ROWS && !rows_fit(j, item, note))
        return fail_rows(j, &note->change, item->affected, err);
    if (note->kind == NOTE_STATE && item->affected != 1)
        return err_kind(err, ERR_STATE, "stale", "another attempt was given this target meanwhile");
    if (note->kind == NOTE_VERIFY && item->failed_row != 0) {
        err_kind(err, ERR_STATE, "verify_failed", "its verify section says no: row %llu is false, 0 or NULL",
                 (unsigned long long)item->failed_row);
        work_describe(j, note, 0, err);
        return false;
    }
    return true;
}

bool work_check(struct job *j, struct work *w, struct err *err, size_t *ret_step)
{
    for (size_t i = 0; i < w->items.count; i++)
        if (!check_item(j, &w->items.items[i], &w->notes.items[i], err)) {
            *ret_step = w->notes.items[i].step;
            return false;
        }
    return true;
}
