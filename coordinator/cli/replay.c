#include "coordinator/cli/replay.h"

#include <string.h>

#include "coordinator/cli/planning.h"
#include "skein/db/catalog.h"
#include "skein/db/migrate.h"
#include "skein/os/random.h"

struct replay {
    struct local *local;
    struct db *db;
    const struct load_watch *watch;
    const struct plan *plan;
    const struct script *const *scripts;
    size_t done;
};

static bool is_cancelled(void *user)
{
    const struct replay *r = user;
    return r->watch != NULL && r->watch->cancelled != NULL && r->watch->cancelled(r->watch->user);
}

static void step_started(void *user, size_t step, const struct plan_step *what)
{
    const struct replay *r = user;
    (void)what;
    if (r->watch != NULL && r->watch->progress != NULL)
        r->watch->progress(r->watch->user, "replaying migrations", r->done + step, r->plan->steps.list.count);
}

/* Steps first .. first+count-1 as a plan of their own. */
static bool apply(struct replay *r, size_t first, size_t count, struct dbstate *state)
{
    struct local *l = r->local;
    struct plan part = {.engine = r->plan->engine, .before = dbstate_copy(&l->arena, state)};
    struct dbstate after = dbstate_copy(&l->arena, state);
    for (size_t i = 0; i < count; i++) {
        struct plan_step *step = &r->plan->steps.list.items[first + i];
        vec_push(&l->arena, &part.steps.list, *step);
        dbstate_set(&l->arena, &after, step->module, &step->heads_after);
    }
    dbstate_watch(&l->arena, &part.before, part.steps.list.items[0].module);
    part.after = after;
    part.id = plan_hash(&part);
    struct migrate_options options;
    struct migrate_report report;
    const struct migrate_observer observer = {.step_started = step_started, .cancelled = is_cancelled, .user = r};
    migrate_options_init(&options);
    options.attempt = random_hex(&l->arena, 16);
    options.principal = STR("replay");
    r->done = first;
    migrate_apply(&l->arena, r->db, &part, r->scripts + first, &options, &observer, &report);
    if (report.outcome == OUTCOME_APPLIED) {
        *state = after;
        return true;
    }
    l->err = report.err;
    if (l->err.code == ERR_UNSET)
        err_kind(&l->err, ERR_STATE, outcome_name(report.outcome), "the scratch database %s",
                 outcome_sentence(report.outcome));
    return false;
}

/* What is new belongs to the module whose steps have just run; what was there stays whose it was. */
static bool attribute(struct replay *r, struct str module, struct owners *owners)
{
    struct arena *a = &r->local->arena;
    struct catalog_names names;
    struct owners now = {.engine = r->plan->engine};
    if (!catalog_names(a, r->db, &names, &r->local->err))
        return false;
    for (size_t i = 0; i < names.list.count; i++) {
        const struct catalog_name *n = &names.list.items[i];
        const struct owner *old = owners_find(owners, n->kind, n->schema, n->name);
        owners_put(a, &now, n->kind, n->schema, n->name, old != NULL ? *old : (struct owner){.module = module});
    }
    *owners = now;
    return true;
}

static bool prepare(struct replay *r, struct plan *plan)
{
    const struct script **scripts = NULL;
    if (!planning_scripts(r->local, plan, &scripts))
        return false;
    r->plan = plan;
    r->scripts = scripts;
    return true;
}

bool replay_all(struct local *l, struct db *db, const struct load_watch *watch, struct replayed *ret_replayed)
{
    struct plan plan;
    struct plan_request request = {.command = PLAN_UPGRADE, .all_modules = true, .module = STR("core")};
    struct replay r = {.local = l, .db = db, .watch = watch};
    struct replayed made = {.owners = {.engine = db->engine}};
    vec_push(&l->arena, &request.targets.list, STR("heads"));
    if (!plan_build(&l->arena, &l->project, &made.state, db->engine, &request, &plan, &l->err) || !prepare(&r, &plan))
        return false;
    for (size_t first = 0, end; first < plan.steps.list.count; first = end) {
        struct str module = plan.steps.list.items[first].module;
        for (end = first + 1; end < plan.steps.list.count; end++)
            if (!str_eq(plan.steps.list.items[end].module, module))
                break;
        if (!apply(&r, first, end - first, &made.state) || !attribute(&r, module, &made.owners))
            return false;
    }
    *ret_replayed = made;
    return true;
}

bool replay_move(struct local *l, struct db *db, const struct load_watch *watch, const struct plan_request *request,
                 struct dbstate *state)
{
    struct plan plan;
    struct replay r = {.local = l, .db = db, .watch = watch};
    return plan_build(&l->arena, &l->project, state, db->engine, request, &plan, &l->err) && prepare(&r, &plan) &&
           (plan.steps.list.count == 0 || apply(&r, 0, plan.steps.list.count, state));
}
