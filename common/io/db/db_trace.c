/* A driver around a driver that tells what passes through, one line a call. */
#include <stdlib.h>

#include "skein/db/db.h"

struct trace {
    struct db db; /* first: the drivers' functions get a pointer to it */
    struct db *inner;
    void (*line)(void *user, const char *text);
    void *user;
};

static struct trace *trace_of(struct db *db)
{
    return (struct trace *)db;
}

static void tell(struct trace *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct trace *t, const char *format, ...)
{
    struct strbuf text;
    strbuf_init(&text, 4096);
    va_list args;
    va_start(args, format);
    strbuf_vprintf(&text, format, args);
    va_end(args);
    t->line(t->user, strbuf_str(&text).p);
    strbuf_release(&text);
}

static const char *ending(bool ok, const struct err *err)
{
    return ok ? "ok" : err->text;
}

static const char *item_name(enum db_item_kind kind)
{
    static const char *const names[] = {"unset", "sql", "script", "limits", "enter", "leave"};
    return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

/* What the inner one knows is read from the outer one too. */
static void copy_facts(struct trace *t)
{
    t->db.engine = t->inner->engine;
    t->db.name = t->inner->name;
    t->db.schema = t->inner->schema;
}

static bool trace_run(struct db *db, struct arena *a, struct db_batch *batch, struct err *err)
{
    struct trace *t = trace_of(db);
    tell(t, "run %s%zu items", batch->begin != NULL ? "begin, " : "", batch->count);
    for (size_t i = 0; i < batch->count; i++)
        tell(t, "  %s %.*s", item_name(batch->items[i].kind), STR_ARG(batch->items[i].sql));
    t->inner->watch = db->watch;
    bool ok = db_run(t->inner, a, batch, err);
    tell(t, "  -> %s", ending(ok, err));
    return ok;
}

static enum db_commit trace_commit(struct db *db, struct err *err)
{
    static const char *const names[] = {"unset", "committed", "committed locally", "rolled back", "unknown"};
    enum db_commit outcome = db_commit(trace_of(db)->inner, err);
    tell(trace_of(db), "commit -> %s", names[outcome]);
    return outcome;
}

static void trace_rollback(struct db *db)
{
    tell(trace_of(db), "rollback");
    db_rollback(trace_of(db)->inner);
}

static bool trace_reconnect(struct db *db, struct err *err)
{
    bool ok = db_reconnect(trace_of(db)->inner, err);
    tell(trace_of(db), "reconnect -> %s", ending(ok, err));
    copy_facts(trace_of(db));
    return ok;
}

static bool trace_try_lock(struct db *db, bool *ret_locked, struct err *err)
{
    bool ok = db_try_lock(trace_of(db)->inner, ret_locked, err);
    tell(trace_of(db), "try_lock -> %s", !ok ? err->text : *ret_locked ? "locked" : "busy");
    return ok;
}

static bool trace_unlock(struct db *db, struct err *err)
{
    bool ok = db_unlock(trace_of(db)->inner, err);
    tell(trace_of(db), "unlock -> %s", ending(ok, err));
    return ok;
}

static bool trace_holders(struct db *db, struct arena *a, struct str *ret_sentence, struct err *err)
{
    bool ok = db_holders(trace_of(db)->inner, a, ret_sentence, err);
    tell(trace_of(db), "holders -> %s", ending(ok, err));
    return ok;
}

static bool trace_use_schema(struct db *db, struct str schema, struct err *err)
{
    bool ok = db_use_schema(trace_of(db)->inner, schema, err);
    tell(trace_of(db), "use_schema %.*s -> %s", STR_ARG(schema), ending(ok, err));
    copy_facts(trace_of(db));
    return ok;
}

static bool trace_incarnation(struct db *db, struct arena *a, struct str *ret_text, struct err *err)
{
    bool ok = db_incarnation(trace_of(db)->inner, a, ret_text, err);
    tell(trace_of(db), "incarnation -> %s", ending(ok, err));
    return ok;
}

static void trace_cancel(struct db *db)
{
    db_cancel(trace_of(db)->inner);
}

static void trace_close(struct db *db)
{
    tell(trace_of(db), "close");
    db_close(trace_of(db)->inner);
    free(trace_of(db));
}

static const struct db_ops trace_ops = {
    .close = trace_close,
    .reconnect = trace_reconnect,
    .run = trace_run,
    .commit = trace_commit,
    .rollback = trace_rollback,
    .try_lock = trace_try_lock,
    .unlock = trace_unlock,
    .holders = trace_holders,
    .use_schema = trace_use_schema,
    .incarnation = trace_incarnation,
    .cancel = trace_cancel,
};

struct db *db_trace_new(struct db *inner, void (*line)(void *user, const char *text), void *user)
{
    struct trace *t = calloc(1, sizeof(*t));
    if (t == NULL)
        abort();
    t->db.ops = &trace_ops;
    t->inner = inner;
    t->line = line;
    t->user = user;
    copy_facts(t);
    return &t->db;
}
