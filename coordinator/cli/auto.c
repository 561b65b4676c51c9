#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/cli/auto_work.h"
#include "coordinator/cli/engines.h"
#include "coordinator/cli/stopping.h"
#include "skein/db/introspect.h"
#include "skein/db/migrate.h"
#include "skein/os/clock.h"

enum { PROGRESS_MS = 100 };

const struct opt_option opt_against = {
    .name = "against",
    .type = OPT_TEXT,
    .value = "URL",
    .doc = "Compare the models with this database, which is only read, instead of with what the migrations make"};

/* --- progress -------------------------------------------------------------------------------------------------- */

void auto_clear_progress(struct auto_work *w)
{
    if (w->progress_shown)
        fputs("\r\033[K", stderr);
    fflush(stderr);
    w->progress_shown = false;
}

static void show_progress(void *user, const char *what, size_t done, size_t total)
{
    struct auto_work *w = user;
    int64_t now = clock_mono_ms();
    if (now < w->progress_due || !isatty(STDERR_FILENO))
        return;
    w->progress_due = now + PROGRESS_MS;
    w->progress_shown = true;
    fprintf(stderr, "\r\033[K%s: %s, %zu of %zu", w->progress_of, what, done, total);
    fflush(stderr);
}

/* --- which engines --------------------------------------------------------------------------------------------- */

/* A live database to compare with is of an engine that counts, where the project names none. */
static bool choose_engines(struct auto_work *w)
{
    struct local *l = w->local;
    enum engine engine = ENGINE_UNSET;
    const char *against = opt_value(l->line, &opt_against);
    bool engines[ENGINE_COUNT] = {false};
    if (against != NULL && !db_url_engine(str_of(against), &engine, &l->err))
        return false;
    if (!engines_of(l, &w->models, engines))
        return false;
    bool named = false;
    for (int i = ENGINE_UNSET + 1; i < ENGINE_COUNT; i++)
        named = named || w->models.engines[i];
    w->engines = arena_new_array(&l->arena, ENGINE_COUNT, struct auto_engine);
    for (int i = ENGINE_UNSET + 1; i < ENGINE_COUNT; i++)
        if (named || engine == ENGINE_UNSET ? engines[i] : i == (int)engine)
            w->engines[w->engine_count++].engine = (enum engine)i;
    return true;
}

/* --- reading --------------------------------------------------------------------------------------------------- */

/* An object is its model's module's; one that no model has is that of the module whose migrations make it. */
static void attribute(const struct auto_engine *e, struct schema *schema)
{
    ownership_apply(&e->replayed.owners, schema);
    ownership_override(&e->loaded.owners, schema);
}

bool auto_read(struct auto_work *w, const struct auto_engine *e, struct scratch *scratch, struct schema *ret_schema)
{
    if (!introspect(scratch_db(scratch), &w->local->arena, ret_schema, &w->local->err))
        return false;
    attribute(e, ret_schema);
    return true;
}

bool auto_scratch(struct auto_work *w, enum engine engine, struct scratch **ret_scratch)
{
    const char *url = opt_value(w->local->line, &opt_scratch);
    const struct db_watch watch = {.cancelled = stopping_asked};
    if (!scratch_open(engine, str_of(url), ret_scratch, &w->local->err))
        return false;
    db_set_watch(scratch_db(*ret_scratch), &watch);
    return !stopping_asked(NULL) || err_kind(&w->local->err, ERR_CANCELLED, "cancelled", "stopped on request");
}

static bool check_up_to_date(struct auto_work *w, struct auto_engine *e, struct db *db)
{
    struct local *l = w->local;
    struct names modules = {0};
    struct dbstate state = {0};
    struct ledger_state ledger;
    for (size_t i = 0; i < l->project.modules.list.count; i++)
        vec_push(&l->arena, &modules.list, local_module_name(l, i));
    if (!migrate_read_state(&l->arena, db, &modules, &state, &ledger, &l->err))
        return false;
    if (dbstate_eq(&state, &e->replayed.state))
        return true;
    err_kind(&l->err, ERR_STATE, "not_up_to_date", "%.*s is not at the heads: it is at %.*s", STR_ARG(db->name),
             STR_ARG(dbstate_format(&l->arena, &state)));
    return err_hint(&l->err, "bring it there first: skein upgrade --all");
}

/* The database of --against instead of what the migrations make. */
static bool read_live(struct auto_work *w, struct auto_engine *e, const char *url)
{
    struct local *l = w->local;
    struct db_options options;
    struct db *db = NULL;
    db_options_init(&options);
    options.allow_standby = options.allow_pooler = true;
    if (!db_open(str_of(url), &options, &db, &l->err))
        return false;
    bool ok = check_up_to_date(w, e, db) && introspect(db, &l->arena, &e->current, &l->err);
    if (ok)
        attribute(e, &e->current);
    e->is_live = ok;
    db_close(db);
    return ok;
}

static bool read_current(struct auto_work *w, struct auto_engine *e)
{
    const char *against = opt_value(w->local->line, &opt_against);
    enum engine engine = ENGINE_UNSET;
    if (against != NULL && !db_url_engine(str_of(against), &engine, &w->local->err))
        return false;
    return engine == e->engine ? read_live(w, e, against) : auto_read(w, e, e->current_scratch, &e->current);
}

/* Models first, without a database: most mistakes are found there. */
static bool read_engine(struct auto_work *w, struct auto_engine *e)
{
    struct local *l = w->local;
    const struct load_request request = {
        .root = l->project.root, .models = &w->models, .engine = e->engine, .watch = &w->watch};
    w->progress_of = engine_name(e->engine);
    return load_read(&l->arena, &request, &e->loaded, &l->diag, &l->err) &&
           auto_scratch(w, e->engine, &e->current_scratch) && auto_scratch(w, e->engine, &e->models_scratch) &&
           replay_all(l, scratch_db(e->current_scratch), &w->watch, &e->replayed) &&
           load_run(&l->arena, &request, scratch_db(e->models_scratch), &e->loaded, &l->err) && read_current(w, e) &&
           auto_read(w, e, e->models_scratch, &e->models) &&
           introspect_settle(scratch_db(e->current_scratch), &e->current, scratch_db(e->models_scratch), &e->models,
                             &l->arena, &l->err);
}

static bool open_all(struct auto_work *w)
{
    struct local *l = w->local;
    if (!tree_read_models(&l->arena, w->files, &w->models, &l->diag)) {
        diag_sort(&l->diag);
        return diag_to_err(&l->diag, &l->err);
    }
    if (!choose_engines(w))
        return false;
    for (size_t i = 0; i < w->engine_count; i++)
        if (!read_engine(w, &w->engines[i]))
            return false;
    return true;
}

bool auto_open(struct local *l, const struct project_files *files, struct auto_work **ret_work)
{
    struct auto_work *w = arena_new(&l->arena, struct auto_work);
    *w = (struct auto_work){.local = l, .files = files};
    w->watch = (struct load_watch){.cancelled = stopping_asked, .progress = show_progress, .user = w};
    stopping_begin();
    bool ok = open_all(w);
    auto_clear_progress(w);
    if (ok)
        *ret_work = w;
    else
        auto_close(w);
    return ok;
}

void auto_close(struct auto_work *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->engine_count; i++) {
        scratch_close(w->engines[i].current_scratch);
        scratch_close(w->engines[i].models_scratch);
    }
    stopping_end();
}

bool auto_has_models(const struct auto_work *w, size_t module)
{
    return w->models.command.list.count > 0 || w->models.modules.list.items[module].files.list.count > 0;
}
