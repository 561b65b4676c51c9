/* The one source for everything that shows the fleet and its rollouts. */
#include "coordinator/core/state.h"

struct str view_labels(struct arena *a, const struct labels *labels)
{
    struct str text = STR_NONE;
    for (size_t i = 0; i < labels->list.count; i++)
        text = str_printf(a, "%.*s%s%.*s=%.*s", STR_ARG(text), i > 0 ? "," : "", STR_ARG(labels->list.items[i].key),
                          STR_ARG(labels->list.items[i].value));
    return text;
}

struct str view_modules(struct arena *a, const struct names *modules)
{
    struct str text = STR_NONE;
    for (size_t i = 0; i < modules->list.count; i++)
        text = str_printf(a, "%.*s%s%.*s", STR_ARG(text), i > 0 ? "," : "", STR_ARG(modules->list.items[i]));
    return text;
}

/* Revisions between a target's state and the newest heads; false when no plan leads there. */
static bool count_pending(struct coord *c, const struct target *target, uint32_t *ret_pending)
{
    struct planner *p = &c->status_planner;
    struct bundle *newest = bundle_newest(c);
    if (newest == NULL || target->state == NONE)
        return false;
    if (p->bundle != newest->number) {
        struct plan_request request = {.command = PLAN_UPGRADE, .all_modules = true};
        planner_reset(p, newest->number, &request);
        vec_push(&p->arena, &p->request.targets.list, STR("heads"));
    }
    const struct choice *choice = planner_choose(c, p, target);
    *ret_pending = (uint32_t)choice->plan.steps.list.count;
    return !choice->refused;
}

enum target_status view_target_status(struct coord *c, const struct target *target, uint32_t *ret_pending)
{
    *ret_pending = 0;
    bool known = count_pending(c, target, ret_pending);
    if (target->condition != TARGET_UNSET)
        return target->condition;
    if (!target_is_reachable(c, target))
        return TARGET_UNREACHABLE;
    if (!target->readable)
        return TARGET_UNREADABLE;
    if (target->op != NONE)
        return TARGET_ACTIVE;
    if (!known)
        return TARGET_UNKNOWN;
    return *ret_pending > 0 ? TARGET_BEHIND : TARGET_CURRENT;
}

void view_target(struct coord *c, uint32_t number, struct target_row *ret_row)
{
    const struct target *target = &c->targets.list.items[number];
    struct target_row row = {
        .name = target->name,
        .agent = target->agent != NONE ? c->principals.list.items[target->agent].row.name : STR_NONE,
        .engine = target->engine,
        .labels = target->labels,
        .problem = target->problem,
        .state_known = target->state != NONE,
        .seen_ms = target->seen_ms,
    };
    row.status = view_target_status(c, target, &row.pending);
    if (row.state_known)
        row.state = c->states.list.items[target->state].state;
    *ret_row = row;
}

void view_rollout(const struct coord *c, uint32_t number, struct rollout_row *ret_row)
{
    const struct rollout *r = &c->rollouts.list.items[number];
    struct rollout_row row = {
        .id = str_of(r->id),
        .goal = r->row.goal,
        .status = r->row.status,
        .reason = r->row.reason,
        .principal = r->row.principal,
        .created_ms = r->row.created_ms,
        .ended_ms = r->row.ended_ms,
        .parallel = r->row.parallel,
        .max_failures = r->row.max_failures,
        .total = r->tally.total,
    };
    for (int i = 0; i < OP_STATE_COUNT; i++)
        row.counts[i] = r->tally.counts[i];
    *ret_row = row;
}

/* What an open operation waits for, where that is not its own turn. */
static struct str waiting_sentence(const struct coord *c, uint32_t number, struct arena *a)
{
    const struct operation *op = &c->ops.list.items[number];
    const struct target *target = &c->targets.list.items[op->target];
    if (target->gone)
        return STR("waits until its agent lists it again");
    if (!target_is_reachable(c, target))
        return STR("waits for its agent, which is silent");
    if (!target->readable && target->problem.len > 0)
        return str_printf(a, "waits until it can be read: %.*s", STR_ARG(target->problem));
    if (op->state == OP_PENDING && target->op != NONE && target->op != number)
        return STR("waits for another rollout that is at work on it");
    return STR_NONE;
}

static struct str op_sentence(const struct coord *c, uint32_t number, struct arena *a)
{
    const struct operation *op = &c->ops.list.items[number];
    struct str waits = op_is_final(op->state) ? STR_NONE : waiting_sentence(c, number, a);
    if (waits.p != NULL)
        return waits;
    return op->sentence != NULL ? str_of(op->sentence) : str_of(op_state_sentence(op->state));
}

void view_op(const struct coord *c, uint32_t number, struct arena *a, struct op_row *ret_row)
{
    const struct operation *op = &c->ops.list.items[number];
    const struct target *target = &c->targets.list.items[op->target];
    struct op_row row = {
        .target = target->name,
        .agent = target->agent != NONE ? c->principals.list.items[target->agent].row.name : STR_NONE,
        .state = op->state,
        .end = op->end,
        .unreachable = !target_is_reachable(c, target),
        .tries = op->tries,
        .step = op->step,
        .steps = op->steps,
        .sentence = op_sentence(c, number, a),
        .updated_ms = op->updated_ms,
    };
    if (op->err != NULL)
        row.err = *op->err;
    if (op->plan != NONE)
        row.plan = c->plans.list.items[op->plan].hash;
    *ret_row = row;
}

void view_principal(const struct coord *c, uint32_t number, struct agent_row *ret_row)
{
    const struct principal *p = &c->principals.list.items[number];
    *ret_row = (struct agent_row){
        .name = p->row.name,
        .role = p->row.role,
        .status = p->row.status,
        .public_key = p->row.public_key,
        .software = str_of(p->software),
        .address = str_of(p->address),
        .connected = session_is_open(&p->session),
        .targets = p->targets,
        .seen_ms = p->seen_ms,
    };
}
