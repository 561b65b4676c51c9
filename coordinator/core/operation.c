/*
 * One target's part in a rollout: performs what skein/rollout/op.h decides.
 *
 * Every move is durable before a word about it is said. A fence is allocated together with the move that
 * needs it and used for one offer or one close only; timers trigger offers, never an end.
 */
#include <stdlib.h>

#include "coordinator/core/state.h"

static struct operation *op_at(struct coord *c, uint32_t number)
{
    return &c->ops.list.items[number];
}

static struct target *target_of(struct coord *c, uint32_t number)
{
    return &c->targets.list.items[op_at(c, number)->target];
}

static struct rollout *rollout_of(struct coord *c, uint32_t number)
{
    return &c->rollouts.list.items[op_at(c, number)->rollout];
}

static struct principal *agent_of(struct coord *c, uint32_t number)
{
    return &c->principals.list.items[target_of(c, number)->agent];
}

/* ---- moves ---- */

void op_store(struct turn *t, uint32_t number)
{
    struct coord *c = t->c;
    const struct operation *op = op_at(c, number);
    struct record_operation row = {
        .rollout = rollout_of(c, number)->row.number,
        .target = target_of(c, number)->name,
        .state = op->state,
        .end = op->end,
        .action = op->action,
        .fence = op->fence,
        .tries = op->tries,
        .replans = op->replans,
        .sentence = str_copy(&t->fx->arena, str_of(op->sentence)),
        .updated_ms = op->updated_ms,
    };
    if (op->plan != NONE)
        row.plan = c->plans.list.items[op->plan].hash;
    if (op->err != NULL)
        row.err = *op->err;
    emit_persist(t, (struct record){.kind = RECORD_OPERATION, .operation = row});
}

static void set_err(struct operation *op, const struct err *err)
{
    if (err == NULL || err->code == ERR_UNSET) {
        free(op->err);
        op->err = NULL;
        return;
    }
    if (op->err == NULL)
        op->err = malloc(sizeof(*op->err));
    if (op->err == NULL)
        abort();
    *op->err = *err;
}

static void hold_target(struct coord *c, uint32_t number, bool was, bool is)
{
    if (was == is)
        return;
    target_of(c, number)->op = is ? number : NONE;
    if (is)
        agent_of(c, number)->active++;
    else
        agent_of(c, number)->active--;
    agent_of(c, number)->dirty = true;
}

static void set_state(struct turn *t, uint32_t number, enum op_state to)
{
    struct operation *op = op_at(t->c, number);
    enum op_state from = op->state;
    const char *sentence = op_move_sentence(from, to);
    if (sentence == NULL) {
        emit_note(t, LOG_ERROR, "impossible move of %.*s from %s to %s", STR_ARG(target_of(t->c, number)->name),
                  op_state_name(from), op_state_name(to));
        return;
    }
    op->state = to;
    op->end = to == OP_CLOSING ? op->end : OP_UNSET;
    op->updated_ms = t->wall_ms;
    text_set(&op->sentence, str_of(sentence));
    if (!op_is_active(to))
        repeat_stop(&op->repeat);
    hold_target(t->c, number, op_is_active(from), op_is_active(to));
    tally_move(&rollout_of(t->c, number)->tally, from, to);
    op_store(t, number);
    rollout_changed(t, op->rollout, number);
    rollout_check(t, op->rollout);
}

/* A number that no attempt on this target has ever had. */
static uint64_t new_fence(struct turn *t)
{
    t->c->meta.fence++;
    emit_meta(t);
    return t->c->meta.fence;
}

/* ---- what is said to the agent ---- */

/*
 * The name of an attempt in the target's ledger. It stays the same from try to try, so that a commit whose
 * answer was lost is found again, and changes with every new plan, so that what an older one has done, and
 * others may have undone since, is not taken for its own.
 */
static struct str attempt_of(struct coord *c, struct arena *a, uint32_t number)
{
    struct hash_hex plan = hash_format(&c->plans.list.items[op_at(c, number)->plan].hash);
    return str_printf(a, "%s:%.16s:%u", rollout_of(c, number)->id, plan.text, op_at(c, number)->replans);
}

static void say_offer(struct turn *t, uint32_t number)
{
    const struct operation *op = op_at(t->c, number);
    struct msg m = {.kind = MSG_OFFER};
    m.offer = (struct msg_offer){
        .target = target_of(t->c, number)->name,
        .attempt = attempt_of(t->c, &t->fx->arena, number),
        .fence = op->fence,
        .action = op->action,
        .plan = t->c->plans.list.items[op->plan].hash,
        .principal = rollout_of(t->c, number)->row.principal,
        .options = rollout_of(t->c, number)->row.options,
    };
    emit_send(t, agent_of(t->c, number)->link, &m);
}

static void say_close(struct turn *t, uint32_t number)
{
    struct msg m = {.kind = MSG_CLOSE};
    m.close = (struct msg_close){.target = target_of(t->c, number)->name, .fence = op_at(t->c, number)->fence};
    emit_send(t, agent_of(t->c, number)->link, &m);
}

/* Offers and closes are said to a target that can hear them, now and again until there is an answer. */
static void say(struct turn *t, uint32_t number)
{
    if (!target_is_reachable(t->c, target_of(t->c, number)))
        return;
    if (op_at(t->c, number)->state == OP_OFFERED)
        say_offer(t, number);
    else
        say_close(t, number);
}

static void say_from_now_on(struct turn *t, uint32_t number)
{
    struct operation *op = op_at(t->c, number);
    op->accepted = false;
    repeat_start(&op->repeat, t->now_ms, RESEND_MS);
    wake_set(t, TIMER_OP, number, op->repeat.due_ms);
    say(t, number);
}

static void offer(struct turn *t, uint32_t number, uint32_t plan, enum offer_action action)
{
    struct operation *op = op_at(t->c, number);
    op->plan = plan;
    op->action = action;
    op->fence = new_fence(t);
    op->step = 0;
    op->steps = (uint32_t)t->c->plans.list.items[plan].plan.steps.list.count;
    set_state(t, number, OP_OFFERED);
    say_from_now_on(t, number);
}

static void close_with(struct turn *t, uint32_t number, enum op_state end)
{
    struct operation *op = op_at(t->c, number);
    op->end = end;
    op->fence = new_fence(t);
    set_state(t, number, OP_CLOSING);
    say_from_now_on(t, number);
}

/* ---- the beginning ---- */

void op_enqueue(struct turn *t, uint32_t number)
{
    struct operation *op = op_at(t->c, number);
    struct principal *agent = agent_of(t->c, number);
    agent->dirty = true;
    if (op->queued)
        return;
    op->queued = true;
    vec_push(&t->c->arena, &agent->pending.list, number);
}

static bool can_begin(struct turn *t, uint32_t number)
{
    const struct operation *op = op_at(t->c, number);
    const struct target *target = target_of(t->c, number);
    const struct rollout *r = rollout_of(t->c, number);
    return t->now_ms >= op->not_before_ms && target->op == NONE && target->readable && target->state != NONE &&
           target_is_reachable(t->c, target) && agent_of(t->c, number)->active < agent_of(t->c, number)->credit &&
           rollout_quota(r->row.status, &r->strategy, &r->tally) > 0;
}

static bool has_lone_step(const struct plan *plan)
{
    bool found = false;
    for (size_t i = 0; i < plan->steps.list.count && !found; i++)
        found = !plan->steps.list.items[i].transactional;
    return found;
}

/*
 * The plan that an operator's answer may be about. The target says only that a step was left undecided; it may
 * be another rollout's. Turn 0 is the operation's own plan, then those of the target's other operations, the
 * newest first. NONE: no more.
 */
static uint32_t find_answered_plan(const struct coord *c, uint32_t number)
{
    const struct operation *op = &c->ops.list.items[number];
    uint32_t left = op->turn;
    if (left == 0)
        return op->plan;
    for (size_t i = c->rollouts.list.count; i > 0; i--) {
        uint32_t other = rollout_op(c, (uint32_t)i - 1, op->target);
        uint32_t plan = other != NONE && other != number ? c->ops.list.items[other].plan : NONE;
        if (plan != NONE && has_lone_step(&c->plans.list.items[plan].plan) && --left == 0)
            return plan;
    }
    return NONE;
}

static bool begin_answer(struct turn *t, uint32_t number)
{
    struct operation *op = op_at(t->c, number);
    uint32_t plan = op->action != OFFER_APPLY ? find_answered_plan(t->c, number) : NONE;
    if (plan == NONE) {
        op->action = OFFER_APPLY;
        return false;
    }
    offer(t, number, plan, op->action);
    return true;
}

static void begin(struct turn *t, uint32_t number)
{
    struct rollout *r = rollout_of(t->c, number);
    const struct target *target = target_of(t->c, number);
    if (target->condition == TARGET_REGRESSED || target->condition == TARGET_QUARANTINED) {
        set_state(t, number, target->condition == TARGET_REGRESSED ? OP_REGRESSED : OP_QUARANTINED);
        return;
    }
    if (begin_answer(t, number))
        return;
    struct choice *choice = planner_choose(t->c, &r->planner, target);
    uint32_t plan = NONE;
    set_err(op_at(t->c, number), choice->refused ? choice->err : NULL);
    if (choice->refused)
        set_state(t, number, OP_REFUSED);
    else if (choice->plan.steps.list.count == 0)
        set_state(t, number, OP_ALREADY_APPLIED);
    else if ((plan = plan_store(t, &r->planner, choice)) != NONE)
        offer(t, number, plan, OFFER_APPLY);
}

/* Ends, begins or leaves one that waits; false: it need not stand in the queue any more. */
static bool pump_one(struct turn *t, uint32_t agent, uint32_t number)
{
    if (op_at(t->c, number)->state == OP_PENDING && rollout_is_stopping(rollout_of(t->c, number)->row.status))
        op_stop(t, number);
    else if (op_at(t->c, number)->state == OP_PENDING && can_begin(t, number))
        begin(t, number);
    return op_at(t->c, number)->state == OP_PENDING && target_of(t->c, number)->agent == agent;
}

/* From the head of the queue until the agent has enough to do. What was passed over stays in front. */
static void pump_agent(struct turn *t, uint32_t agent)
{
    struct principal *p = &t->c->principals.list.items[agent];
    size_t i = p->pending_head, kept = 0;
    for (; i < p->pending.list.count && p->active < p->credit; i++) {
        uint32_t number = p->pending.list.items[i];
        if (pump_one(t, agent, number))
            p->pending.list.items[p->pending_head + kept++] = number;
        else
            op_at(t->c, number)->queued = false;
    }
    for (size_t k = kept; k > 0; k--)
        p->pending.list.items[i - kept + k - 1] = p->pending.list.items[p->pending_head + k - 1];
    p->pending_head = i - kept;
    if (p->pending_head == p->pending.list.count)
        p->pending_head = p->pending.list.count = 0;
}

void op_pump(struct turn *t)
{
    for (uint32_t i = 0; i < t->c->principals.list.count; i++) {
        bool dirty = t->c->principals.list.items[i].dirty;
        t->c->principals.list.items[i].dirty = false;
        if (dirty)
            pump_agent(t, i);
    }
}

/* ---- answers ---- */

static void again_later(struct turn *t, uint32_t number, const struct op_verdict *v)
{
    struct operation *op = op_at(t->c, number);
    op->tries += v->try;
    op->replans += v->replan;
    op->not_before_ms = v->pause ? t->now_ms + op_pause_ms(op->tries, op->fence) : t->now_ms;
    set_state(t, number, OP_PENDING);
    wake_set(t, TIMER_OP, number, op->not_before_ms);
    op_enqueue(t, number);
}

/* What an answer says about the target itself: undecided, another database, or neither any more. */
static void mark_target(struct turn *t, uint32_t number, enum outcome outcome)
{
    static const struct {
        bool says;
        enum target_status condition;
    } meaning[OUTCOME_COUNT] = {
        [OUTCOME_NEEDS_OPERATOR] = {true, TARGET_UNDECIDED},
        [OUTCOME_QUARANTINED] = {true, TARGET_QUARANTINED},
        [OUTCOME_APPLIED] = {true, TARGET_UNSET},
        [OUTCOME_ALREADY_APPLIED] = {true, TARGET_UNSET},
        [OUTCOME_FAILED] = {true, TARGET_UNSET},
    };
    struct target *target = target_of(t->c, number);
    enum target_status condition = meaning[outcome].condition;
    if (!meaning[outcome].says || target->condition == condition || target->condition == TARGET_REGRESSED ||
        target->condition == TARGET_QUARANTINED)
        return;
    target->condition = condition;
    target_store(t, op_at(t->c, number)->target);
}

static void perform(struct turn *t, uint32_t number, const struct op_verdict *v)
{
    switch (v->kind) {
    case VERDICT_MOVE:
        set_state(t, number, v->to);
        break;
    case VERDICT_CLOSE:
        close_with(t, number, v->to);
        break;
    case VERDICT_RETRY:
        again_later(t, number, v);
        break;
    case VERDICT_NOTE:
        text_set(&op_at(t->c, number)->sentence, str_of(outcome_sentence(OUTCOME_UNKNOWN)));
        rollout_changed(t, op_at(t->c, number)->rollout, number);
        break;
    case VERDICT_IGNORE:
        break;
    }
}

static struct op_facts facts_of(struct coord *c, uint32_t number)
{
    const struct operation *op = op_at(c, number);
    return (struct op_facts){
        .state = op->state,
        .fence = op->fence,
        .tries = op->tries,
        .replans = op->replans,
        .resolving = op->action != OFFER_APPLY,
        .stopping = rollout_is_stopping(rollout_of(c, number)->row.status),
    };
}

static bool at_goal(struct coord *c, uint32_t number)
{
    const struct target *target = target_of(c, number);
    const struct operation *op = op_at(c, number);
    return op->plan != NONE && target->state != NONE &&
           plan_reached(&c->plans.list.items[op->plan].plan, &c->states.list.items[target->state].state);
}

/* The operation that an attempt's name means, if that is still its plan; NONE otherwise. */
static uint32_t find_attempt(struct turn *t, uint32_t target, struct str attempt)
{
    uint32_t rollout = attempt.len > 32 ? rollout_find(t->c, str_head(attempt, 32)) : NONE;
    uint32_t number = rollout != NONE ? rollout_op(t->c, rollout, target) : NONE;
    if (number == NONE || op_at(t->c, number)->plan == NONE ||
        !str_eq(attempt_of(t->c, &t->fx->arena, number), attempt))
        return NONE;
    return number;
}

static void judge(struct turn *t, uint32_t number, const struct msg_result *result)
{
    const struct op_facts facts = facts_of(t->c, number);
    const struct op_answer answer = {
        .outcome = result->outcome,
        .fence = result->fence,
        .closed_fence = result->report.readable ? result->report.ledger.closed_fence : 0,
        .at_goal = result->report.readable && at_goal(t->c, number),
    };
    struct op_verdict v = op_judge(&facts, &answer);
    if (v.kind == VERDICT_IGNORE)
        return;
    mark_target(t, number, result->outcome);
    set_err(op_at(t->c, number), &result->err);
    op_at(t->c, number)->step = result->steps_applied;
    if (result->outcome == OUTCOME_STATE_CHANGED)
        op_at(t->c, number)->turn++; /* the answer was not about this plan */
    else if (result->outcome == OUTCOME_APPLIED)
        op_at(t->c, number)->action = OFFER_APPLY;
    perform(t, number, &v);
}

static void ack_result(struct turn *t, struct str target, uint64_t fence)
{
    struct msg m = {.kind = MSG_RESULT_ACK, .result_ack = {.target = target, .fence = fence}};
    emit_reply(t, &m);
}

/* The target of an answer, if the peer speaks for it; else NONE, and the fact is noted. */
static uint32_t own_target(struct turn *t, struct str name)
{
    uint32_t target = fleet_find(t->c, name);
    if (target != NONE && t->c->targets.list.items[target].agent == t->peer)
        return target;
    emit_note(t, LOG_WARNING, "security: agent %.*s speaks for target %.*s, which is not its own",
              STR_ARG(t->c->principals.list.items[t->peer].row.name), STR_ARG(name));
    return NONE;
}

void op_result(struct turn *t, const struct msg *m)
{
    const struct msg_result *result = &m->result;
    if (!fleet_in_session(t))
        return;
    uint32_t target = own_target(t, result->report.name);
    if (target != NONE) {
        bool returned = fleet_report(t, target, &result->report, result->boot);
        uint32_t number = find_attempt(t, target, result->attempt);
        if (number != NONE)
            judge(t, number, result);
        op_target_reported(t, target, returned);
    }
    ack_result(t, result->report.name, result->fence);
}

void op_closed(struct turn *t, const struct msg *m)
{
    if (!fleet_in_session(t))
        return;
    uint32_t target = own_target(t, m->closed.report.name);
    if (target != NONE) {
        bool returned = fleet_report(t, target, &m->closed.report, m->closed.boot);
        op_target_reported(t, target, returned);
    }
    ack_result(t, m->closed.report.name, m->closed.fence);
}

/* The operation that holds the target and has this fence; NONE otherwise. */
static uint32_t find_held(struct turn *t, struct str name, uint64_t fence)
{
    uint32_t target = fleet_find(t->c, name);
    uint32_t number = target != NONE ? t->c->targets.list.items[target].op : NONE;
    if (number == NONE || t->c->targets.list.items[target].agent != t->peer || op_at(t->c, number)->fence != fence)
        return NONE;
    return number;
}

void op_accept(struct turn *t, const struct msg *m)
{
    uint32_t number = fleet_in_session(t) ? find_held(t, m->accept.target, m->accept.fence) : NONE;
    if (number == NONE || op_at(t->c, number)->state != OP_OFFERED)
        return;
    op_at(t->c, number)->accepted = true;
    repeat_start(&op_at(t->c, number)->repeat, t->now_ms, RESEND_MAX_MS);
    wake_set(t, TIMER_OP, number, op_at(t->c, number)->repeat.due_ms);
}

void op_progress(struct turn *t, const struct msg *m)
{
    const struct msg_progress *p = &m->progress;
    uint32_t number = fleet_in_session(t) ? find_held(t, p->target, p->fence) : NONE;
    if (number == NONE)
        return;
    op_at(t->c, number)->step = p->step;
    if (p->sentence.len > 0)
        text_set(&op_at(t->c, number)->sentence, p->sentence);
    rollout_changed(t, op_at(t->c, number)->rollout, number);
}

/* ---- reports, time ---- */

static enum op_state state_of_condition(enum target_status condition)
{
    if (condition == TARGET_REGRESSED)
        return OP_REGRESSED;
    return condition == TARGET_QUARANTINED ? OP_QUARANTINED : OP_UNSET;
}

/* The target has seen a higher fence than the one that is to be closed: the store is an older copy. */
static bool renew_close(struct turn *t, uint32_t number)
{
    struct operation *op = op_at(t->c, number);
    if (op->state != OP_CLOSING || target_of(t->c, number)->ledger.fence <= op->fence)
        return false;
    op->fence = new_fence(t);
    op_store(t, number);
    return true;
}

void op_target_reported(struct turn *t, uint32_t target, bool returned)
{
    const struct target *here = &t->c->targets.list.items[target];
    uint32_t number = here->op;
    enum op_state lost = state_of_condition(here->condition);
    if (number == NONE)
        return;
    if (lost != OP_UNSET) {
        set_state(t, number, lost);
        return;
    }
    const struct op_facts facts = facts_of(t->c, number);
    const struct op_answer answer = {
        .closed_fence = here->readable ? here->ledger.closed_fence : 0,
        .at_goal = at_goal(t->c, number),
    };
    struct op_verdict v = op_judge_closed(&facts, op_at(t->c, number)->end, &answer);
    perform(t, number, &v);
    if (v.kind == VERDICT_IGNORE && (renew_close(t, number) || returned))
        say_from_now_on(t, number);
}

void op_tick(struct turn *t, uint32_t number)
{
    struct operation *op = op_at(t->c, number);
    if (op->state == OP_PENDING)
        agent_of(t->c, number)->dirty = true;
    if (!op_is_active(op->state) || !repeat_is_due(&op->repeat, t->now_ms))
        return;
    say(t, number);
    wake_set(t, TIMER_OP, number, op->repeat.due_ms);
}

/* ---- what operators do ---- */

/*
 * What was never offered just ends. What was offered must be closed in the target; while another operation
 * holds the target it waits for that (op_pump() asks again), because a target hears of one fence at a time.
 */
void op_stop(struct turn *t, uint32_t number)
{
    const struct operation *op = op_at(t->c, number);
    bool cancelling = rollout_of(t->c, number)->row.status == ROLLOUT_CANCELLING;
    bool free_target = op->state == OP_PENDING && target_of(t->c, number)->op == NONE;
    if (op->state == OP_PENDING && op->fence == 0)
        set_state(t, number, OP_CANCELLED);
    else if (free_target || (op->state == OP_OFFERED && cancelling))
        close_with(t, number, OP_CANCELLED);
}

bool op_resolve(struct turn *t, uint32_t number, enum offer_action action, struct err *err)
{
    struct target *target = target_of(t->c, number);
    if (!target_is_reachable(t->c, target))
        return err_kind(err, ERR_UNREACHABLE, "unreachable", "the agent of %.*s is silent", STR_ARG(target->name));
    if (target->op != NONE)
        return err_kind(err, ERR_STATE, "busy", "another rollout is at work on %.*s", STR_ARG(target->name));
    op_at(t->c, number)->turn = 0;
    offer(t, number, op_at(t->c, number)->plan, action);
    rollout_reopen(t, op_at(t->c, number)->rollout);
    return true;
}

void op_give_up(struct turn *t, uint32_t number)
{
    const struct operation *op = op_at(t->c, number);
    if (op->state == OP_CLOSING)
        set_state(t, number, op->end);
}

void op_change_owner(struct turn *t, uint32_t target, uint32_t from, uint32_t to)
{
    struct coord *c = t->c;
    uint32_t held = c->targets.list.items[target].op;
    if (held != NONE) {
        c->principals.list.items[from].active--;
        c->principals.list.items[to].active++;
        if (op_at(c, held)->state == OP_OFFERED)
            again_later(t, held, &(const struct op_verdict){.kind = VERDICT_RETRY});
    }
    for (size_t i = from != NONE ? c->principals.list.items[from].pending_head : 0;
         from != NONE && i < c->principals.list.items[from].pending.list.count; i++) {
        uint32_t number = c->principals.list.items[from].pending.list.items[i];
        if (op_at(c, number)->target != target || op_at(c, number)->state != OP_PENDING)
            continue;
        op_at(c, number)->queued = false;
        op_enqueue(t, number);
    }
}
