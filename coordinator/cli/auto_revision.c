/*
 * From changes to revisions, and the proof:
 *
 *   1 the request by itself, before anything is compared: Alembic's rules for what a revision follows
 *   2 the statements, there and back, as sections; one revision for each run that has to be one
 *   3 the modules that they refer to, as dependencies
 *   4 the files, as the project will have them
 *   5 up: the scratch database of the migrations is as the models' is; down: it is as it was
 */
#include <stdint.h>
#include <string.h>

#include "coordinator/cli/authoring.h"
#include "coordinator/cli/auto_work.h"
#include "skein/db/introspect.h"
#include "skein/graph/reach.h"
#include "skein/plan/query.h"
#include "skein/sql/token.h"

struct making {
    struct auto_work *work;
    struct author_request request;
    struct auto_changes changes;
    struct auto_files made;
    struct project_files files; /* with those that are made */
    struct project project;     /* the same */
};

static struct local *local_of(const struct making *m)
{
    return m->work->local;
}

static struct str module_of(const struct making *m)
{
    return local_module_name(local_of(m), m->request.module);
}

/* --- 3 dependencies -------------------------------------------------------------------------------------------- */

static const struct owner *owner_named(const struct owners *owners, struct str schema, struct str name)
{
    const struct owner *owner = owners_find(owners, OBJECT_TABLE, schema, name);
    return owner != NULL ? owner : owners_find(owners, OBJECT_FUNCTION, schema, name);
}

/* The modules whose objects a statement names. A column that is called like another's table counts too: no harm. */
static bool find_modules(struct making *m, const struct auto_engine *e, struct str sql, struct names *modules)
{
    struct local *l = local_of(m);
    struct token t, before = {0}, dotted = {0};
    size_t at = 0;
    for (; (t = token_next(e->engine, sql, &at)).kind != TOKEN_END; dotted = before, before = t) {
        if (t.kind != TOKEN_WORD && t.kind != TOKEN_NAME)
            continue;
        bool has_schema = token_is_sign(&before, '.');
        struct str schema = has_schema ? token_name(&l->arena, e->engine, &dotted) : STR("");
        struct str name = token_name(&l->arena, e->engine, &t);
        const struct owner *owner = owner_named(&e->loaded.owners, schema, name);
        if (owner == NULL || str_eq(owner->module, module_of(m)))
            continue;
        if (token_is(&before, "references") && owner_named(&e->replayed.owners, schema, name) == NULL) {
            err_kind(&l->err, ERR_STATE, "not_migrated", "%.*s refers to %.*s of %.*s, which no revision makes yet",
                     STR_ARG(module_of(m)), STR_ARG(name), STR_ARG(owner->module));
            return err_hint(&l->err, "make the other module's revision first: skein revision --auto%s%.*s -m ...",
                            str_is(owner->module, "core") ? "" : " --extension ",
                            STR_ARG(str_is(owner->module, "core") ? STR("") : owner->module));
        }
        if (!names_has(modules, owner->module))
            vec_push(&l->arena, &modules->list, owner->module);
    }
    return true;
}

/* What the revision that is followed has below it already needs no saying. */
static void add_heads(struct making *m, const struct nodes *parents, struct str other)
{
    struct local *l = local_of(m);
    int module = project_find_module(&l->project, other);
    struct bitset below = reach_down_from(&l->arena, &l->project.dag, EDGES_ALL, parents);
    struct module_summary summary = {0};
    if (module < 0)
        return;
    struct view view = local_view(l, (size_t)module);
    query_summary(&l->arena, &view, &summary);
    for (size_t i = 0; i < summary.heads.list.count; i++) {
        size_t node = summary.heads.list.items[i];
        struct str name = str_printf(&l->arena, "%.*s:%.*s", STR_ARG(other), STR_ARG(l->project.nodes[node]->id));
        if (!bitset_has(&below, node) && !names_has(&m->request.depends_on, name))
            vec_push(&l->arena, &m->request.depends_on.list, name);
    }
}

static bool add_dependencies(struct making *m, const struct revision *probe)
{
    struct local *l = local_of(m);
    struct names modules = {0};
    struct nodes parents = {0};
    for (size_t i = 0; i < m->changes.list.count; i++) {
        const struct ddl_list *up = &m->changes.list.items[i].up;
        for (size_t k = 0; k < up->list.count; k++)
            if (!find_modules(m, &m->work->engines[i], up->list.items[k].sql, &modules))
                return false;
    }
    for (size_t i = 0; i < probe->parents.list.count; i++)
        vec_push(&l->arena, &parents.list,
                 project_find_node(&l->project, m->request.module, probe->parents.list.items[i]));
    for (size_t i = 0; i < modules.list.count; i++)
        add_heads(m, &parents, modules.list.items[i]);
    return true;
}

/* --- 4 files --------------------------------------------------------------------------------------------------- */

static void add_file(struct making *m, const struct author_file *made)
{
    struct local *l = local_of(m);
    struct project_files files = {.root = m->files.root};
    for (size_t i = 0; i < m->files.modules.count; i++) {
        struct module_files module = m->files.modules.items[i], copy = module;
        if (i == m->request.module) {
            copy.files.items = NULL;
            copy.files.count = copy.files.cap = 0;
            for (size_t k = 0; k < module.files.count; k++)
                vec_push(&l->arena, &copy.files, module.files.items[k]);
            vec_push(&l->arena, &copy.files, ((struct project_file){.path = made->path, .bytes = made->text}));
        }
        vec_push(&l->arena, &files.modules, copy);
    }
    m->files = files;
    vec_push(&l->arena, &m->made.list, *made);
}

/* The next revision follows the one that was just made, and has nothing of what was asked for the first. */
static void follow(struct making *m, const struct author_file *made)
{
    struct local *l = local_of(m);
    struct author_request next = {.module = m->request.module,
                                  .id = authoring_id(l),
                                  .message = m->request.message,
                                  .created_ms = m->request.created_ms};
    vec_push(&l->arena, &next.heads.list, made->revision.id);
    m->request = next;
}

static bool make_files(struct making *m)
{
    struct local *l = local_of(m);
    struct change_parts parts = {0};
    change_render(&l->arena, m->changes.list.items, m->changes.list.count, &parts);
    for (size_t i = 0; i < parts.list.count; i++) {
        struct author_file made;
        struct diag findings;
        diag_init(&findings, &l->arena);
        m->request.sections = parts.list.items[i].text;
        if (!author_revision(&l->arena, &m->files, &m->project, &m->request, &l->diag, &made, &l->err))
            return false;
        add_file(m, &made);
        follow(m, &made);
        if (!project_build(&l->arena, &m->files, &findings, &m->project))
            return diag_to_err(&findings, &l->err);
    }
    return true;
}

/* --- 5 proof --------------------------------------------------------------------------------------------------- */

static bool fail_proof(struct making *m, const struct auto_engine *e, const struct ddl_list *rest, const char *way)
{
    struct err *err = &local_of(m)->err;
    struct strbuf detail;
    strbuf_init(&detail, ERR_DETAIL_MAX);
    for (size_t i = 0; i < rest->list.count; i++)
        strbuf_printf(&detail, "%s%.*s", i > 0 ? "\n" : "", STR_ARG(rest->list.items[i].sql));
    err_kind(err, ERR_CHECK, "proof_failed", "the generated revision does not lead %s on %s", way,
             engine_name(e->engine));
    err->code = ERR_STATE;
    err_detail(err, "still to be done: %.*s", STR_ARG(strbuf_str(&detail)));
    strbuf_release(&detail);
    return err_hint(err, "nothing was written; write this change by hand: skein revision without --auto");
}

static bool must_agree(struct making *m, const struct auto_engine *e, const struct auto_way *way, const char *where)
{
    struct ddl_list rest;
    if (!auto_diff(m->work, way, &rest))
        return false;
    return rest.list.count == 0 || fail_proof(m, e, &rest, where);
}

/* By the very files, with the planner and the code of upgrade and downgrade. */
static bool go(struct making *m, struct auto_engine *e, enum plan_command command, struct str target,
               struct schema *ret_schema)
{
    struct local *l = local_of(m);
    struct plan_request request = {.command = command, .module = module_of(m)};
    struct project before = l->project;
    vec_push(&l->arena, &request.targets.list, target);
    l->project = m->project;
    bool ok = replay_move(l, scratch_db(e->current_scratch), &m->work->watch, &request, &e->replayed.state);
    l->project = before;
    if (!ok)
        return err_wrap(&l->err, "trying the generated revision on %s", engine_name(e->engine));
    return auto_read(m->work, e, e->current_scratch, ret_schema);
}

static bool settle(struct making *m, struct scratch *from_scratch, struct schema *from, struct scratch *to_scratch,
                   const struct schema *to)
{
    struct local *l = local_of(m);
    return introspect_settle(scratch_db(from_scratch), from, scratch_db(to_scratch), to, &l->arena, &l->err);
}

/*
 * What is back after `down` may only be spelled otherwise, which takes a second database to find out: the migrations
 * are replayed once more.
 */
static bool is_back(struct making *m, struct auto_engine *e, struct schema *back, const struct schema *before)
{
    struct local *l = local_of(m);
    struct ddl_list rest;
    struct scratch *scratch = NULL;
    struct replayed again;
    struct schema fresh;
    const struct auto_way plain = {.from = back, .to = before}, settled = {.from = back, .to = &fresh};
    if (!auto_diff(m->work, &plain, &rest))
        return false;
    if (rest.list.count == 0)
        return true;
    if (e->engine == ENGINE_SQLITE)
        return fail_proof(m, e, &rest, "back to what was there");
    bool ok = auto_scratch(m->work, e->engine, &scratch) &&
              replay_all(l, scratch_db(scratch), &m->work->watch, &again) && auto_read(m->work, e, scratch, &fresh) &&
              settle(m, e->current_scratch, back, scratch, &fresh) &&
              must_agree(m, e, &settled, "back to what was there");
    scratch_close(scratch);
    return ok;
}

static bool prove_engine(struct making *m, struct auto_engine *e)
{
    const struct revision *first = &m->made.list.items[0].revision;
    struct str below = first->parents.list.count > 0 ? first->parents.list.items[0] : STR("base");
    struct schema before = e->current, after, back;
    bool respelled = e->engine == ENGINE_POSTGRESQL; /* as in the models: `before` is what the server says itself */
    if ((respelled && !auto_read(m->work, e, e->current_scratch, &before)) ||
        !go(m, e, PLAN_UPGRADE, STR("heads"), &after))
        return false;
    const struct auto_way up = {.from = &after, .to = &e->models, .module = module_of(m)};
    return settle(m, e->current_scratch, &after, e->models_scratch, &e->models) &&
           must_agree(m, e, &up, "to the models") && go(m, e, PLAN_DOWNGRADE, below, &back) &&
           is_back(m, e, &back, &before);
}

static bool prove(struct making *m)
{
    for (size_t i = 0; i < m->work->engine_count; i++) {
        struct auto_engine *e = &m->work->engines[i];
        if (e->is_live) /* it is not to be written to, and no scratch database is like it */
            out_note("note: the statements for %s are not tried, for they begin at a live database",
                     engine_name(e->engine));
        else if (!prove_engine(m, e))
            return false;
    }
    return true;
}

/* --- all of it ------------------------------------------------------------------------------------------------- */

static bool check_models(const struct making *m)
{
    struct local *l = local_of(m);
    struct str module = module_of(m);
    if (auto_has_models(m->work, m->request.module))
        return true;
    err_kind(&l->err, ERR_INPUT, "no_models", "%.*s has no models", STR_ARG(module));
    return err_hint(&l->err, "write what its tables shall be as CREATE statements into %s%.*s/DB_*.sql",
                    str_is(module, "core") ? "" : "extensions/",
                    STR_ARG(str_is(module, "core") ? STR("database") : module));
}

/* The request by itself: what is wrong with it is said before anything is compared. */
static bool try_request(struct local *l, const struct project_files *files, const struct author_request *request,
                        struct author_file *ret_probe)
{
    struct diag ignored;
    diag_init(&ignored, &l->arena);
    return author_revision(&l->arena, files, &l->project, request, &ignored, ret_probe, &l->err);
}

bool auto_revision(struct auto_work *w, const struct author_request *request, struct auto_files *ret_files)
{
    struct local *l = w->local;
    struct making m = {.work = w, .request = *request, .files = *w->files, .project = l->project};
    struct author_file probe;
    if (!try_request(l, w->files, request, &probe) || !check_models(&m) || !auto_read_renames(w, request->module) ||
        !auto_changes(w, request->module, &m.changes))
        return false;
    if (m.changes.statements > 0 && (!add_dependencies(&m, &probe.revision) || !make_files(&m) || !prove(&m)))
        return false;
    *ret_files = m.made;
    return true;
}

bool auto_make(struct local *l, const struct project_files *files, const struct author_request *request,
               struct auto_files *ret_files)
{
    struct auto_work *w = NULL;
    struct author_file probe;
    if (!try_request(l, files, request, &probe) || !auto_open(l, files, &w))
        return false;
    bool ok = auto_revision(w, request, ret_files);
    auto_clear_progress(w);
    auto_close(w);
    return ok;
}
