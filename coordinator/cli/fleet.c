#include "coordinator/cli/fleet.h"

#include "skein/base/timestamp.h"

struct str fleet_labels(struct arena *a, const struct labels *labels)
{
    struct str text = STR("");
    for (size_t i = 0; i < labels->list.count; i++)
        text = str_printf(a, "%.*s%s%.*s=%.*s", STR_ARG(text), i > 0 ? "," : "", STR_ARG(labels->list.items[i].key),
                          STR_ARG(labels->list.items[i].value));
    return text;
}

json_t *json_fleet_labels(const struct labels *labels)
{
    json_t *object = json_object();
    for (size_t i = 0; i < labels->list.count; i++) {
        struct arena a = {0};
        json_object_set_new(object, str_cstr(&a, labels->list.items[i].key), json_str(labels->list.items[i].value));
        arena_release(&a);
    }
    return object;
}

struct str fleet_ago(struct arena *a, int64_t then_ms, int64_t now_ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};
    if (then_ms == 0)
        return STR("never");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (now_ms - then_ms >= units[i].ms)
            return str_printf(a, "%lld%s ago", (long long)((now_ms - then_ms) / units[i].ms), units[i].unit);
    return STR("now");
}

json_t *json_time(int64_t ms)
{
    return ms != 0 ? json_string(timestamp_format(ms).text) : json_null();
}

json_t *json_dbstate(const struct dbstate *state)
{
    json_t *object = json_object();
    for (size_t i = 0; i < state->modules.count; i++) {
        struct arena a = {0};
        json_object_set_new(object, str_cstr(&a, state->modules.items[i].module),
                            json_names(&state->modules.items[i].heads));
        arena_release(&a);
    }
    return object;
}

json_t *json_fleet_plan(const struct plan *plan)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < plan->steps.list.count; i++) {
        const struct plan_step *step = &plan->steps.list.items[i];
        json_array_append_new(steps, json_pack("{s:o, s:o, s:s, s:b, s:o}", "module", json_str(step->module),
                                               "revision", json_str(step->revision), "direction",
                                               direction_name(step->direction), "transactional", step->transactional,
                                               "heads_after", json_names(&step->heads_after)));
    }
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "plan_id", hash_format(&plan->id).text, "engine",
                     engine_name(plan->engine), "before", json_dbstate(&plan->before), "steps", steps, "after",
                     json_dbstate(&plan->after));
}

bool fleet_goal(struct client *c, struct goal *ret_goal)
{
    static const struct opt_option opt_downgrade = {.name = "downgrade"};
    const char *extension = opt_value(c->line, &opt_extension), *target = opt_value(c->line, &opt_target);
    bool all = opt_has(c->line, &opt_all), down = opt_has(c->line, &opt_downgrade);
    if (all && extension != NULL)
        return err_set(&c->err, ERR_USAGE, "--all and --extension exclude each other");
    if (down && target == NULL)
        return err_set(&c->err, ERR_USAGE, "--downgrade needs --target");
    struct goal goal = {.request = {.command = down ? PLAN_DOWNGRADE : PLAN_UPGRADE,
                                    .all_modules = all,
                                    .module = str_of(extension != NULL ? extension : "core"),
                                    .cascade = opt_has(c->line, &opt_cascade)}};
    vec_push(&c->arena, &goal.request.targets.list, str_of(target != NULL ? target : "head"));
    client_selection(c, &goal.selection);
    *ret_goal = goal;
    return true;
}

struct str fleet_goal_text(struct arena *a, const struct goal *goal)
{
    const struct plan_request *r = &goal->request;
    struct str target = r->targets.list.count > 0 ? r->targets.list.items[0] : STR("");
    return str_printf(a, "%s %.*s to %.*s", r->command == PLAN_DOWNGRADE ? "downgrade" : "upgrade",
                      STR_ARG(r->all_modules ? STR("all modules") : r->module), STR_ARG(target));
}
