/*
 * Which modules a request is for. Without --all, the one that it names. With --all, `head`, `heads`, `base` and bare
 * steps (+1, -2) go to every module; any other expression to the one module in which it means something.
 */
#include "common/core/plan/planner.h"

/* What the expression means in `module`. Stamps are resolved later, one after the other. */
static bool understand(struct planner *p, size_t module, struct str expression, struct choice *ret_choice,
                       struct err *err)
{
    struct view v = planner_view(p, module);
    const struct names *rows = dbstate_heads(p->state, planner_module_name(p, module));
    struct choice c = {.module = module, .expression = expression};
    bool ok = false;
    switch (p->request->command) {
    case PLAN_UPGRADE:
        ok = target_upgrade(p->arena, &v, rows, expression, &c.targets, err);
        break;
    case PLAN_DOWNGRADE:
        ok = target_downgrade(p->arena, &v, rows, expression, &c.down, err);
        break;
    case PLAN_STAMP:
        ok = target_resolve(p->arena, &v, expression, &c.targets, err);
        break;
    case PLAN_UNSET:
        ok = err_set(err, ERR_INTERNAL, "a request without a command");
        break;
    }
    if (ok)
        *ret_choice = c;
    return ok;
}

static bool is_step(struct str s)
{
    unsigned long long steps;
    return s.len > 1 && (s.p[0] == '+' || s.p[0] == '-') && str_to_u64(str_from(s, 1), UINT64_MAX, &steps);
}

static bool is_for_every_module(struct str s)
{
    return str_is(s, "head") || str_is(s, "heads") || str_is(s, "base") || is_step(s);
}

/* Nobody knows the name: that says less than any other failure. */
static bool is_unknown(const struct err *err)
{
    struct str kind = str_of(err->kind);
    return str_is(kind, "unknown_revision") || str_is(kind, "no_such_branch");
}

static bool fail_several(struct planner *p, struct str expression, size_t one, size_t two, struct err *err)
{
    err_kind(err, ERR_TARGET, "ambiguous_partial", "'%.*s' means something in %.*s and in %.*s", STR_ARG(expression),
             STR_ARG(planner_module_name(p, one)), STR_ARG(planner_module_name(p, two)));
    return err_hint(err, "name the module with --extension, or write the whole id");
}

/* The one module that has the name. */
static bool choose_one(struct planner *p, struct str expression, struct choice *ret_choice, struct err *err)
{
    bool found = false, failed = false;
    for (size_t m = 0; m < p->project->modules.list.count; m++) {
        struct choice c;
        struct err one;
        if (understand(p, m, expression, &c, &one)) {
            if (found)
                return fail_several(p, expression, ret_choice->module, m, err);
            *ret_choice = c;
            found = true;
        } else if (!failed || is_unknown(err)) {
            *err = one;
            failed = true;
        }
    }
    return found;
}

/* Modules in which the expression is an id or a label as it stands go before all others. */
static bool choose_exact(struct planner *p, struct str expression, struct choice *ret_choice, bool *ret_found,
                         struct err *err)
{
    *ret_found = false;
    for (size_t m = 0; m < p->project->modules.list.count; m++) {
        if (module_find_name(&p->project->modules.list.items[m], expression) == SIZE_MAX)
            continue;
        if (*ret_found)
            return fail_several(p, expression, ret_choice->module, m, err);
        if (!understand(p, m, expression, ret_choice, err))
            return false;
        *ret_found = true;
    }
    return true;
}

static bool choose_every(struct planner *p, struct str expression, struct choices *ret_choices, struct err *err)
{
    for (size_t m = 0; m < p->project->modules.list.count; m++) {
        struct choice c;
        if (!understand(p, m, expression, &c, err)) {
            struct str name = planner_module_name(p, m);
            return err_wrap(err, "%.*s", STR_ARG(name));
        }
        vec_push(p->arena, &ret_choices->list, c);
    }
    return true;
}

static bool choose_all(struct planner *p, struct str expression, struct choices *ret_choices, struct err *err)
{
    struct choice c;
    bool found;
    if (is_for_every_module(expression))
        return choose_every(p, expression, ret_choices, err);
    if (!choose_exact(p, expression, &c, &found, err) || (!found && !choose_one(p, expression, &c, err)))
        return false;
    vec_push(p->arena, &ret_choices->list, c);
    return true;
}

static bool choose_module(struct planner *p, struct str expression, struct choices *ret_choices, struct err *err)
{
    struct choice c;
    int module = project_find_module(p->project, p->request->module);
    if (module < 0) {
        err_kind(err, ERR_USAGE, "unknown_extension", "the project has no extension '%.*s'",
                 STR_ARG(p->request->module));
        return err_hint(err, "it must be listed in migration_extensions.json");
    }
    if (p->request->command == PLAN_STAMP) /* resolved when its turn comes, after the rows are read */
        c = (struct choice){.module = (size_t)module, .expression = expression};
    else if (!understand(p, (size_t)module, expression, &c, err))
        return false;
    vec_push(p->arena, &ret_choices->list, c);
    return true;
}

bool choose(struct planner *p, struct choices *ret_choices, struct err *err)
{
    const struct plan_request *r = p->request;
    if (r->targets.list.count == 0 || (r->targets.list.count > 1 && r->command != PLAN_STAMP))
        return err_set(err, ERR_USAGE, r->targets.list.count == 0 ? "no target was named" : "more than one target");
    for (size_t i = 0; i < r->targets.list.count; i++) {
        struct str expression = r->targets.list.items[i];
        if (!(r->all_modules ? choose_all(p, expression, ret_choices, err)
                             : choose_module(p, expression, ret_choices, err)))
            return false;
    }
    return true;
}
