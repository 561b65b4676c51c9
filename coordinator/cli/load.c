/*
 * Runs the statements of models: optimistically in batches, in an order told by the names in them. What fails is tried
 * again after the others, as long as that brings anything forward; then PostgreSQL's CREATE TABLEs are tried without
 * their foreign keys, which are added afterwards (tables that refer to each other). What is left then is an error, and
 * the one that no other error explains is told.
 *
 * Core's statements are run by themselves: what they lack, no extension may give them.
 */
#include "coordinator/cli/load.h"

#include <stdint.h>
#include <string.h>

#include "skein/schema/load.h"
#include "skein/sql/token.h"

enum { BATCH_MAX = 64 };

/* A statement to be run: one of a model, or a foreign key that was cut out of one. */
struct todo {
    size_t number; /* of the statement */
    struct str sql;
    size_t cut_at; /* where a key stood in the statement */
    bool is_key, was_cut;
};

/* Why one did not run. */
struct failure {
    struct err err;
    size_t position; /* in the text that was run, from 1; 0 unknown */
};

struct todos {
    VEC(struct todo) list;
};

struct loading {
    struct arena *arena;
    const struct load_request *request;
    struct db *db;
    const struct model_statements *statements;
    const struct owners *owners;
    struct todos todo, left;
    struct {
        VEC(struct failure) list;
    } failures; /* as `left` */
    size_t done, total;
    struct err *err;
};

static const struct model_statement *statement_of(const struct loading *l, const struct todo *t)
{
    return &l->statements->list.items[t->number];
}

/* --- running --------------------------------------------------------------------------------------------------- */

static void tell_progress(const struct loading *l)
{
    const struct load_watch *watch = l->request->watch;
    if (watch != NULL && watch->progress != NULL)
        watch->progress(watch->user, "loading models", l->done, l->total);
}

static bool run_batch(struct loading *l, size_t first, size_t count, struct db_batch *ret_batch, struct err *err)
{
    struct arena scratch = {0};
    struct db_item *items = arena_new_array(&scratch, count, struct db_item);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct db_item){.kind = DB_ITEM_SCRIPT, .sql = l->todo.list.items[first + i].sql};
    *ret_batch = (struct db_batch){.items = items, .count = count};
    bool ok = db_run(l->db, &scratch, ret_batch, err);
    ret_batch->items = NULL;
    arena_release(&scratch);
    return ok;
}

static bool is_fatal(const struct err *err)
{
    return err->code == ERR_CONNECT || err->code == ERR_CANCELLED || err->code == ERR_SYSTEM;
}

/*
 * Everything that waits, once. A batch that fails is undone as a whole on PostgreSQL: what stood before the failure is
 * run again. False: the database cannot go on.
 */
static bool run_all(struct loading *l)
{
    size_t size = BATCH_MAX, at = 0, count = l->todo.list.count;
    bool undone = l->request->engine == ENGINE_POSTGRESQL;
    l->left = (struct todos){0};
    l->failures.list.count = 0;
    while (at < count) {
        size_t n = size < count - at ? size : count - at;
        struct failure f = {0};
        struct db_batch batch;
        tell_progress(l);
        if (run_batch(l, at, n, &batch, &f.err)) {
            at += n;
            l->done += n;
            size = size * 2 < BATCH_MAX ? size * 2 : BATCH_MAX;
            continue;
        }
        if (is_fatal(&f.err) || batch.failed >= n) {
            *l->err = f.err;
            return false;
        }
        if (batch.failed > 0 && undone) {
            size = batch.failed;
            continue;
        }
        at += batch.failed;
        l->done += batch.failed;
        f.position = batch.position;
        vec_push(l->arena, &l->left.list, l->todo.list.items[at]);
        vec_push(l->arena, &l->failures.list, f);
        at++;
        size = 1 + size / 4;
    }
    return true;
}

/* --- foreign keys of tables that need each other --------------------------------------------------------------- */

static bool lacks_table_or_key(const struct err *err)
{
    return strcmp(err->sqlstate, "42P01") == 0 || strcmp(err->sqlstate, "42830") == 0 ||
           strcmp(err->sqlstate, "42703") == 0;
}

/* Puts what is left into `todo` again, tables without their keys and the keys at the end; false when nothing is cut. */
static bool cut_keys(struct loading *l)
{
    struct todos keys = {0}, all = {0};
    for (size_t i = 0; i < l->left.list.count; i++) {
        struct todo t = l->left.list.items[i];
        const struct model_head *head = &statement_of(l, &t)->head;
        bool table = head->verb == MODEL_CREATE && head->kind == OBJECT_TABLE && !t.is_key && !t.was_cut;
        struct cut_keys cut = {0};
        if (table && lacks_table_or_key(&l->failures.list.items[i].err) &&
            load_cut_keys(l->arena, t.sql, &t.sql, &cut)) {
            t.was_cut = true;
            for (size_t k = 0; k < cut.list.count; k++)
                vec_push(l->arena, &keys.list,
                         ((struct todo){.number = t.number,
                                        .sql = cut.list.items[k].sql,
                                        .cut_at = cut.list.items[k].at,
                                        .is_key = true}));
        }
        vec_push(l->arena, &all.list, t);
    }
    l->total += keys.list.count;
    for (size_t k = 0; k < keys.list.count; k++)
        vec_push(l->arena, &all.list, keys.list.items[k]);
    l->todo = all;
    return keys.list.count > 0;
}

/* --- the error that is told ------------------------------------------------------------------------------------ */

static bool is_missing(const struct err *err)
{
    static const char *const states[] = {"42P01", "42704", "42883", "3F000", "42703", "42830"};
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(err->sqlstate, states[i]) == 0)
            return true;
    return err->sqlstate[0] == '\0' && strncmp(err->text, "no such", 7) == 0;
}

/* Whether the statement names what one of `others` creates (not itself). */
static bool names_one_of(const struct loading *l, size_t number, const struct todos *others)
{
    const struct model_statement *s = &l->statements->list.items[number];
    struct arena scratch = {0};
    struct token t;
    size_t at = 0;
    bool found = false;
    while (!found && (t = token_next(l->request->engine, s->sql, &at)).kind != TOKEN_END) {
        if (t.kind != TOKEN_WORD && t.kind != TOKEN_NAME)
            continue;
        struct str name = token_name(&scratch, l->request->engine, &t);
        for (size_t i = 0; !found && i < others->list.count; i++) {
            const struct todo *o = &others->list.items[i];
            found = o->number != number && str_eq(statement_of(l, o)->head.name, name);
        }
    }
    arena_release(&scratch);
    return found;
}

/* The first failure that is not about something missing, else the first that waits for none of the others. */
static size_t culprit(const struct loading *l)
{
    for (size_t i = 0; i < l->left.list.count; i++)
        if (!is_missing(&l->failures.list.items[i].err))
            return i;
    for (size_t i = 0; i < l->left.list.count; i++)
        if (!names_one_of(l, l->left.list.items[i].number, &l->left))
            return i;
    return 0;
}

static void set_origin(const struct loading *l, const struct todo *t, size_t offset)
{
    const struct model_statement *s = statement_of(l, t);
    unsigned line = s->line, column = s->column;
    for (size_t i = 0; i < offset && i < s->sql.len; i++) {
        column = s->sql.p[i] == '\n' ? 1 : column + 1;
        line += s->sql.p[i] == '\n';
    }
    err_origin(l->err, "%.*s:%u:%u", STR_ARG(s->path), line, column);
}

/* The extension whose model creates something that core's statement names. */
static struct str extension_needed(const struct loading *l, const struct model_statement *s)
{
    struct arena scratch = {0};
    struct str module = STR("");
    struct token t;
    size_t at = 0;
    while (module.len == 0 && (t = token_next(l->request->engine, s->sql, &at)).kind != TOKEN_END) {
        if (t.kind != TOKEN_WORD && t.kind != TOKEN_NAME)
            continue;
        struct str name = token_name(&scratch, l->request->engine, &t);
        const struct owner *owner = owners_find(l->owners, OBJECT_TABLE, STR(""), name);
        if (owner == NULL)
            owner = owners_find(l->owners, OBJECT_FUNCTION, STR(""), name);
        if (owner != NULL && !str_is(owner->module, "core"))
            module = owner->module;
    }
    arena_release(&scratch);
    return module;
}

static void explain_missing(struct loading *l, const struct todo *t, struct str circle)
{
    const struct model_statement *s = statement_of(l, t);
    struct str extension = str_is(s->module, "core") ? extension_needed(l, s) : STR("");
    char why[ERR_TEXT_MAX];
    memcpy(why, l->err->text, sizeof(why));
    if (extension.len > 0) {
        err_kind(l->err, ERR_INPUT, "core_needs_extension", "core refers to something of the extension %.*s: %s",
                 STR_ARG(extension), why);
        err_hint(l->err, "core has to work without extensions: move the table to core, or the reference to %.*s",
                 STR_ARG(extension));
    } else if (circle.len > 0) {
        err_kind(l->err, ERR_INPUT, "cyclic_models", "these need each other, so none of them can be made first: %.*s",
                 STR_ARG(circle));
        err_hint(l->err, "break the circle: only foreign keys of tables may go in circles");
    } else {
        err_kind(l->err, ERR_INPUT, "missing_reference", "%s", why);
        if (l->err->hint[0] == '\0')
            err_hint(l->err, "create it in a model file DB_*.sql of this module, or correct the name");
    }
}

static bool fail_left(struct loading *l)
{
    size_t i = culprit(l);
    const struct todo *t = &l->left.list.items[i];
    const struct failure *f = &l->failures.list.items[i];
    *l->err = f->err;
    if (!is_missing(&f->err)) {
        err_kind(l->err, ERR_INPUT, "bad_model", "%s", f->err.text);
        if (l->err->hint[0] == '\0')
            err_hint(l->err, "correct the statement in the model file");
    } else {
        struct load_order among = {0};
        for (size_t k = 0; k < l->left.list.count; k++)
            if (!l->left.list.items[k].is_key)
                vec_push(l->arena, &among.list, l->left.list.items[k].number);
        bool waits = !t->is_key && names_one_of(l, t->number, &l->left);
        explain_missing(l, t,
                        waits ? load_circle(l->arena, l->request->engine, l->statements, t->number, &among) : STR(""));
    }
    set_origin(l, t, t->is_key ? t->cut_at : f->position > 0 ? f->position - 1 : 0);
    return false;
}

/* --- SQLite takes references to what is not there -------------------------------------------------------------- */

/* The tables that REFERENCES names in a statement. */
static bool check_references(struct loading *l, const struct todo *t)
{
    const struct model_statement *s = statement_of(l, t);
    struct token token;
    size_t at = 0;
    while ((token = token_next(ENGINE_SQLITE, s->sql, &at)).kind != TOKEN_END) {
        if (!token_is(&token, "references"))
            continue;
        struct token name = token_next(ENGINE_SQLITE, s->sql, &at);
        struct str table = token_name(l->arena, ENGINE_SQLITE, &name);
        const struct owner *owner = owners_find(l->owners, OBJECT_TABLE, STR(""), table);
        bool foreign = owner != NULL && str_is(s->module, "core") && !str_is(owner->module, "core");
        if (owner != NULL && !foreign)
            continue;
        err_set(l->err, ERR_INPUT, "there is no table %.*s", STR_ARG(table));
        explain_missing(l, t, STR(""));
        set_origin(l, t, (size_t)(name.text.p - s->sql.p));
        return false;
    }
    return true;
}

/* Compiles a statement that uses what `t` creates: it says what is missing below that. */
static bool check_use(struct loading *l, const struct todo *t, struct str sql)
{
    struct err none = {0};
    bool explains = str_starts(sql, STR("EXPLAIN"));
    if (db_exec(l->db, sql, NULL, 0, &none))
        return true;
    if (explains && !is_fatal(&none) && !is_missing(&none)) /* this way to make it run is not the right one */
        return true;
    *l->err = none;
    if (is_fatal(&none))
        return false;
    if (strstr(none.text, "circularly") != NULL)
        err_kind(l->err, ERR_INPUT, "cyclic_models", "%s", none.text);
    else if (is_missing(&none))
        explain_missing(l, t, STR(""));
    else
        err_kind(l->err, ERR_INPUT, "bad_model", "%s", none.text);
    if (l->err->hint[0] == '\0')
        err_hint(l->err, "correct the statement in the model file");
    set_origin(l, t, 0);
    return false;
}

static bool check_view(struct loading *l, const struct todo *t)
{
    struct str name = db_quote_name(l->arena, statement_of(l, t)->head.name);
    return check_use(l, t, str_printf(l->arena, "SELECT * FROM %.*s LIMIT 0", STR_ARG(name)));
}

/* The column that an UPDATE has to name for the trigger to run: that of UPDATE OF, or any. */
static bool find_column(struct loading *l, struct str table, struct str sql, size_t at, struct str *ret_column)
{
    struct token t = token_next(ENGINE_SQLITE, sql, &at);
    struct db_rows rows;
    if (token_is(&t, "of")) {
        t = token_next(ENGINE_SQLITE, sql, &at);
        *ret_column = token_name(l->arena, ENGINE_SQLITE, &t);
        return true;
    }
    if (!db_query(l->db, l->arena, STR("SELECT name FROM pragma_table_info($1)"), &table, 1, &rows, l->err))
        return false;
    *ret_column = rows.count > 0 ? db_cell(&rows, 0, 0) : STR("");
    return true;
}

/* A trigger's body is compiled with a statement that makes it run. */
static bool check_trigger(struct loading *l, const struct todo *t)
{
    const struct model_statement *s = statement_of(l, t);
    struct str table = s->head.on_table, name = db_quote_name(l->arena, table), column;
    struct token word;
    size_t at = 0;
    do
        word = token_next(ENGINE_SQLITE, s->sql, &at);
    while (word.kind != TOKEN_END && !token_is(&word, "insert") && !token_is(&word, "delete") &&
           !token_is(&word, "update"));
    if (token_is(&word, "insert"))
        return check_use(l, t, str_printf(l->arena, "EXPLAIN INSERT INTO %.*s DEFAULT VALUES", STR_ARG(name)));
    if (token_is(&word, "delete"))
        return check_use(l, t, str_printf(l->arena, "EXPLAIN DELETE FROM %.*s", STR_ARG(name)));
    if (!find_column(l, table, s->sql, at, &column))
        return false;
    column = db_quote_name(l->arena, column);
    return check_use(l, t, str_printf(l->arena, "EXPLAIN UPDATE %.*s SET %.*s = NULL", STR_ARG(name), STR_ARG(column)));
}

static bool check_lite(struct loading *l, const struct todos *all)
{
    for (size_t i = 0; l->request->engine == ENGINE_SQLITE && i < all->list.count; i++) {
        const struct todo *t = &all->list.items[i];
        const struct model_head *head = &statement_of(l, t)->head;
        if (head->verb != MODEL_CREATE)
            continue;
        if (head->kind == OBJECT_TABLE && !check_references(l, t))
            return false;
        if (head->kind == OBJECT_VIEW && !check_view(l, t))
            return false;
        if (head->kind == OBJECT_TRIGGER && !check_trigger(l, t))
            return false;
    }
    return true;
}

/* --- all of it ------------------------------------------------------------------------------------------------- */

static bool run_stage(struct loading *l, const struct todos *all)
{
    l->todo = *all;
    while (l->todo.list.count > 0) {
        size_t before = l->todo.list.count;
        if (!run_all(l))
            return false;
        if (l->left.list.count < before)
            l->todo = l->left;
        else if (!cut_keys(l))
            return fail_left(l);
    }
    return check_lite(l, all);
}

static void choose(struct loading *l, const struct load_order *order, bool core, struct todos *ret_todos)
{
    for (size_t i = 0; i < order->list.count; i++) {
        size_t number = order->list.items[i];
        const struct model_statement *s = &l->statements->list.items[number];
        if (str_is(s->module, "core") == core)
            vec_push(l->arena, &ret_todos->list, ((struct todo){.number = number, .sql = s->sql}));
    }
}

/* Bodies of functions are not looked at: they may name what comes later. */
static bool begin(struct loading *l)
{
    return l->request->engine != ENGINE_POSTGRESQL ||
           db_exec(l->db, STR("SET check_function_bodies = off"), NULL, 0, l->err);
}

bool load_run(struct arena *a, const struct load_request *request, struct db *db, const struct loaded *loaded,
              struct err *err)
{
    struct loading l = {.arena = a,
                        .request = request,
                        .db = db,
                        .statements = &loaded->statements,
                        .owners = &loaded->owners,
                        .err = err};
    struct load_order order;
    struct todos core = {0}, rest = {0};
    load_order_build(a, request->engine, l.statements, &order);
    choose(&l, &order, true, &core);
    choose(&l, &order, false, &rest);
    l.total = order.list.count;
    return begin(&l) && run_stage(&l, &core) && run_stage(&l, &rest);
}
