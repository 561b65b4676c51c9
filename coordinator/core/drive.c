/* Rollouts: from a goal and a selection to operations, and what becomes of the whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/core/state.h"

static struct rollout *rollout_at(struct coord *c, uint32_t number)
{
    return &c->rollouts.list.items[number];
}

/* ---- the table ---- */

static struct names names_copy(struct arena *a, const struct names *names)
{
    struct names copy = {0};
    for (size_t i = 0; i < names->list.count; i++)
        vec_push(a, &copy.list, str_copy(a, names->list.items[i]));
    return copy;
}

static struct goal goal_copy(struct arena *a, const struct goal *goal)
{
    struct goal copy = *goal;
    copy.request.targets = names_copy(a, &goal->request.targets);
    copy.request.module = str_copy(a, goal->request.module);
    copy.selection.labels = str_copy(a, goal->selection.labels);
    copy.selection.globs = names_copy(a, &goal->selection.globs);
    return copy;
}

static void format_id(const struct msg_id16 *id, char text[33])
{
    for (size_t i = 0; i < sizeof(id->bytes); i++)
        snprintf(text + 2 * i, 3, "%02x", id->bytes[i]);
}

static void rollout_fill(struct rollout *r, const struct record_rollout *row)
{
    r->row = *row;
    r->row.goal = goal_copy(&r->arena, &row->goal);
    r->row.principal = str_copy(&r->arena, row->principal);
    r->row.reason = str_copy(&r->arena, row->reason);
    r->strategy = (struct strategy){.parallel = row->parallel, .max_failures = row->max_failures};
    planner_reset(&r->planner, row->bundle, &r->row.goal.request);
}

uint32_t rollout_put(struct coord *c, const struct record_rollout *row)
{
    struct rollout fresh = {.first = (uint32_t)c->ops.list.count};
    uint32_t number = (uint32_t)c->rollouts.list.count;
    format_id(&row->id, fresh.id);
    rollout_fill(&fresh, row);
    vec_push(&c->arena, &c->rollouts.list, fresh);
    index_put(&c->arena, &c->rollouts_by_id, str_of(fresh.id), number);
    return number;
}

uint32_t rollout_add_op(struct coord *c, uint32_t rollout, uint32_t target, enum op_state state)
{
    struct rollout *r = rollout_at(c, rollout);
    struct operation fresh = {
        .rollout = rollout, .target = target, .state = state, .action = OFFER_APPLY, .plan = NONE};
    if (r->count == 0)
        r->first = (uint32_t)c->ops.list.count;
    repeat_stop(&fresh.repeat);
    vec_push(&c->arena, &c->ops.list, fresh);
    r->count++;
    tally_move(&r->tally, OP_UNSET, state);
    vec_push(&r->arena, &r->changes.list, (uint32_t)c->ops.list.count - 1);
    return (uint32_t)c->ops.list.count - 1;
}

uint32_t rollout_find(struct coord *c, struct str id)
{
    uint32_t found = index_find(&c->rollouts_by_id, id);
    if (id.len == 0 && c->rollouts.list.count > 0)
        return (uint32_t)c->rollouts.list.count - 1;
    if (found != NONE || id.len < 4 || id.len > 32)
        return found;
    for (uint32_t i = 0; i < c->rollouts.list.count; i++) {
        if (!str_starts(str_of(rollout_at(c, i)->id), id))
            continue;
        if (found != NONE)
            return NONE;
        found = i;
    }
    return found;
}

/* The operations of a rollout stand in the order of their targets. */
uint32_t rollout_op(const struct coord *c, uint32_t rollout, uint32_t target)
{
    const struct rollout *r = &c->rollouts.list.items[rollout];
    uint32_t low = r->first, high = r->first + r->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (c->ops.list.items[middle].target < target)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->first + r->count && c->ops.list.items[low].target == target ? low : NONE;
}

/* ---- what becomes of it ---- */

static void store(struct turn *t, uint32_t number)
{
    emit_persist(t, (struct record){.kind = RECORD_ROLLOUT, .rollout = rollout_at(t->c, number)->row});
}

void rollout_changed(struct turn *t, uint32_t rollout, uint32_t op)
{
    struct rollout *r = rollout_at(t->c, rollout);
    vec_push(&r->arena, &r->changes.list, op);
    r->changed = true;
    for (uint32_t i = 0; r->strategy.parallel > 0 && i < t->c->principals.list.count; i++)
        t->c->principals.list.items[i].dirty |= t->c->principals.list.items[i].pending.list.count > 0;
}

static void stop_ops(struct turn *t, const struct rollout *r)
{
    bool stopping = r->row.status == ROLLOUT_HALTING || r->row.status == ROLLOUT_CANCELLING;
    for (uint32_t i = 0; stopping && i < r->count; i++)
        op_stop(t, r->first + i);
}

static void set_status(struct turn *t, uint32_t number, enum rollout_status to)
{
    struct rollout *r = rollout_at(t->c, number);
    const char *sentence = rollout_move_sentence(r->row.status, to);
    if (sentence == NULL) {
        emit_note(t, LOG_ERROR, "impossible move of rollout %s from %s to %s", r->id,
                  rollout_status_name(r->row.status), rollout_status_name(to));
        return;
    }
    if (to == ROLLOUT_HALTING)
        r->row.reason = str_printf(&r->arena, "%llu failed, %u allowed", (unsigned long long)tally_failed(&r->tally),
                                   r->strategy.max_failures);
    r->row.status = to;
    r->row.ended_ms = rollout_status_is_final(to) ? t->wall_ms : 0;
    r->changed = true;
    store(t, number);
    emit_note(t, LOG_INFO, "rollout %.12s %s", r->id, sentence);
    stop_ops(t, r);
}

void rollout_check(struct turn *t, uint32_t number)
{
    struct rollout *r = rollout_at(t->c, number);
    enum rollout_status next = rollout_judge(r->row.status, &r->strategy, &r->tally);
    while (next != r->row.status) {
        set_status(t, number, next);
        next = rollout_judge(r->row.status, &r->strategy, &r->tally);
    }
}

/* The process may have died between the rollout's move and those of its operations. */
void rollout_resume(struct turn *t, uint32_t number)
{
    stop_ops(t, rollout_at(t->c, number));
    rollout_check(t, number);
}

void rollout_reopen(struct turn *t, uint32_t number)
{
    static const enum rollout_status reopened[ROLLOUT_STATUS_COUNT] = {
        [ROLLOUT_PARTIAL] = ROLLOUT_RUNNING,
        [ROLLOUT_HALTED] = ROLLOUT_HALTING,
        [ROLLOUT_CANCELLED] = ROLLOUT_CANCELLING,
    };
    struct rollout *r = rollout_at(t->c, number);
    enum rollout_status to = reopened[r->row.status];
    if (to == ROLLOUT_UNSET)
        return;
    r->row.status = to;
    r->row.ended_ms = 0;
    store(t, number);
    rollout_check(t, number);
}

/* ---- requests ---- */

static bool goal_matches(const struct goal *goal, const struct selector *s, const struct target *target)
{
    bool takes = goal->request.all_modules || target->modules.list.count == 0 || str_is(goal->request.module, "core");
    for (size_t i = 0; i < target->modules.list.count && !takes; i++)
        takes = str_eq(target->modules.list.items[i], goal->request.module);
    return takes && !target->gone && select_matches(s, target->name, &target->labels);
}

/* Matching targets, by number. */
static bool find_targets(struct turn *t, const struct goal *goal, bool **ret_matches, uint64_t *ret_count,
                         struct err *err)
{
    struct selector selector;
    bool *matches = arena_new_array(&t->fx->arena, t->c->targets.list.count, bool);
    uint64_t count = 0;
    if (!select_parse(&t->fx->arena, &goal->selection, &selector, err))
        return false;
    for (uint32_t i = 0; i < t->c->targets.list.count; i++) {
        matches[i] = goal_matches(goal, &selector, &t->c->targets.list.items[i]);
        count += matches[i];
    }
    if (count == 0)
        return err_kind(err, ERR_USAGE, "no_targets", "no target matches"),
               err_hint(err, "'skein status' lists the fleet");
    *ret_matches = matches;
    *ret_count = count;
    return true;
}

/* A goal that no known target can reach is a mistake of the request, not of the targets. */
static bool check_goal(struct turn *t, uint64_t bundle, const struct goal *goal, const bool *matches, struct err *err)
{
    struct planner planner = {0};
    const struct err *first = NULL;
    bool some = false;
    planner_reset(&planner, bundle, &goal->request);
    for (uint32_t i = 0; i < t->c->targets.list.count && !some; i++) {
        if (!matches[i] || t->c->targets.list.items[i].state == NONE)
            continue;
        const struct choice *choice = planner_choose(t->c, &planner, &t->c->targets.list.items[i]);
        some = !choice->refused;
        first = first == NULL && choice->refused ? choice->err : first;
    }
    if (!some && first != NULL)
        *err = *first;
    arena_release(&planner.arena);
    return some || err->code == ERR_UNSET;
}

static void reply_row(struct turn *t, uint32_t number)
{
    struct msg reply = {.kind = MSG_ROLLOUT};
    view_rollout(t->c, number, &reply.rollout.rollout);
    emit_reply(t, &reply);
}

static void start(struct turn *t, const struct msg_rollout_start *s, uint64_t bundle, const bool *matches)
{
    struct coord *c = t->c;
    const struct record_rollout row = {
        .number = c->rollouts.list.count + 1,
        .id = s->id,
        .bundle = bundle,
        .goal = s->goal,
        .options = s->options,
        .parallel = s->parallel,
        .max_failures = s->max_failures,
        .principal = c->principals.list.items[t->peer].row.name,
        .status = ROLLOUT_RUNNING,
        .created_ms = t->wall_ms,
    };
    uint32_t number = rollout_put(c, &row);
    store(t, number);
    for (uint32_t i = 0; i < c->targets.list.count; i++) {
        if (!matches[i])
            continue;
        uint32_t op = rollout_add_op(c, number, i, OP_PENDING);
        c->ops.list.items[op].updated_ms = t->wall_ms;
        op_store(t, op);
        op_enqueue(t, op);
    }
    emit_audit(t, "rollout_start", str_of(rollout_at(c, number)->id), STR("running"));
    reply_row(t, number);
}

void rollout_start(struct turn *t, const struct msg *m)
{
    const struct msg_rollout_start *s = &m->rollout_start;
    static const struct names every_module;
    struct bundle *newest = bundle_newest(t->c);
    struct err err = {0};
    bool *matches;
    uint64_t count;
    char id[33];
    format_id(&s->id, id);
    uint32_t again = index_find(&t->c->rollouts_by_id, str_of(id));
    if (again != NONE)
        reply_row(t, again);
    else if (library_project(t->c, newest != NULL ? newest->number : 0, &every_module, &err) == NULL ||
             !find_targets(t, &s->goal, &matches, &count, &err) ||
             !check_goal(t, newest->number, &s->goal, matches, &err))
        emit_error(t, &err);
    else
        start(t, s, newest->number, matches);
}

void rollout_cancel(struct turn *t, const struct msg *m)
{
    uint32_t number = rollout_find(t->c, m->rollout_cancel.rollout);
    struct err err;
    if (number == NONE) {
        err_kind(&err, ERR_USAGE, "unknown_rollout", "there is no rollout '%.*s'", STR_ARG(m->rollout_cancel.rollout));
        emit_error(t, &err);
        return;
    }
    const struct rollout *r = rollout_at(t->c, number);
    if (rollout_move_sentence(r->row.status, ROLLOUT_CANCELLING) != NULL && !rollout_status_is_final(r->row.status)) {
        emit_audit(t, "rollout_cancel", str_of(r->id), STR("cancelling"));
        set_status(t, number, ROLLOUT_CANCELLING);
        rollout_check(t, number);
    }
    reply_row(t, number);
}

/* ---- what would happen ---- */

static struct plan_group *group_get(struct arena *a, struct msg_plan_reply *reply, const struct choice *choice,
                                    size_t *at)
{
    if (*at != SIZE_MAX)
        return &reply->groups.items[*at];
    if (reply->groups.count == LIMIT_ROWS)
        return NULL;
    struct plan_group fresh = {.engine = choice->engine, .refused = choice->refused, .plan = choice->plan};
    if (choice->refused)
        fresh.err = *choice->err;
    *at = reply->groups.count;
    vec_push(a, &reply->groups, fresh);
    return &reply->groups.items[*at];
}

static void group_add(struct turn *t, struct msg_plan_reply *reply, struct planner *p, uint32_t target, size_t *groups)
{
    struct arena *a = &t->fx->arena;
    const struct target *here = &t->c->targets.list.items[target];
    const struct choice *choice = planner_choose(t->c, p, here);
    struct plan_group *g = group_get(a, reply, choice, &groups[choice - p->choices.items]);
    if (g == NULL) {
        reply->dropped++;
        return;
    }
    g->before = t->c->states.list.items[here->state].state;
    g->targets++;
    if (g->names.list.count < LIMIT_ROWS)
        vec_push(a, &g->names.list, here->name);
}

void control_plan(struct turn *t, const struct msg *m)
{
    const struct goal *goal = &m->plan.goal;
    struct bundle *newest = bundle_newest(t->c);
    static const struct names every_module;
    struct msg reply = {.kind = MSG_PLAN_REPLY};
    struct planner planner = {0};
    struct err err = {0};
    bool *matches;
    if (library_project(t->c, newest != NULL ? newest->number : 0, &every_module, &err) == NULL ||
        !find_targets(t, goal, &matches, &reply.plan_reply.total, &err)) {
        emit_error(t, &err);
        return;
    }
    size_t count = t->c->targets.list.count;
    size_t *groups = arena_new_array(&t->fx->arena, count, size_t);
    memset(groups, 0xff, count * sizeof(*groups));
    planner.bundle = newest->number;
    planner.request = goal->request;
    for (uint32_t i = 0; i < count; i++)
        if (matches[i] && t->c->targets.list.items[i].state == NONE)
            reply.plan_reply.unknown++;
        else if (matches[i])
            group_add(t, &reply.plan_reply, &planner, i, groups);
    emit_reply(t, &reply);
    /* the reply borrows the plans: they live as long as the effects do */
    t->c->lent = planner.arena;
}
