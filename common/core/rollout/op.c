#include "skein/rollout/op.h"

#include <stddef.h>

struct move {
    enum op_state from, to;
    const char *sentence;
};

static const struct move moves[] = {
    {OP_PENDING, OP_OFFERED, "was offered to its agent"},
    {OP_PENDING, OP_ALREADY_APPLIED, "was at the goal before: nothing was offered"},
    {OP_PENDING, OP_REFUSED, "cannot be planned"},
    {OP_PENDING, OP_CLOSING, "is being closed"},
    {OP_PENDING, OP_CANCELLED, "was stopped before anything was offered"},
    {OP_PENDING, OP_QUARANTINED, "is not the database it was"},
    {OP_PENDING, OP_REGRESSED, "is older than it was, or its ledger was changed"},
    {OP_PENDING, OP_APPLIED, "was applied by an earlier try whose answer came late"},
    {OP_OFFERED, OP_PENDING, "will be tried again"},
    {OP_OFFERED, OP_APPLIED, "was applied"},
    {OP_OFFERED, OP_ALREADY_APPLIED, "was at the goal before: nothing was run"},
    {OP_OFFERED, OP_FAILED, "failed: rolled back, and the fence is closed"},
    {OP_OFFERED, OP_NEEDS_OPERATOR, "has a step whose effect an operator must decide"},
    {OP_OFFERED, OP_QUARANTINED, "is not the database it was"},
    {OP_OFFERED, OP_REGRESSED, "is older than it was, or its ledger was changed"},
    {OP_OFFERED, OP_CLOSING, "is being closed"},
    {OP_CLOSING, OP_APPLIED, "was applied before it could be stopped"},
    {OP_CLOSING, OP_ALREADY_APPLIED, "was at the goal before it could be stopped"},
    {OP_CLOSING, OP_CANCELLED, "was stopped: the fence is closed"},
    {OP_CLOSING, OP_BLOCKED, "was tried as often as allowed: the fence is closed"},
    {OP_CLOSING, OP_STATE_CHANGED, "was changed by others too often: the fence is closed"},
    {OP_CLOSING, OP_QUARANTINED, "is not the database it was"},
    {OP_CLOSING, OP_REGRESSED, "is older than it was, or its ledger was changed"},
    {OP_NEEDS_OPERATOR, OP_OFFERED, "was offered with the operator's answer"},
    {OP_NEEDS_OPERATOR, OP_APPLIED, "was applied"},
    {OP_QUARANTINED, OP_APPLIED, "was applied before"},
    {OP_REGRESSED, OP_APPLIED, "was applied before"},
};

const char *op_move_sentence(enum op_state from, enum op_state to)
{
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (moves[i].from == from && moves[i].to == to)
            return moves[i].sentence;
    return NULL;
}

bool op_is_final(enum op_state state)
{
    return state >= OP_APPLIED;
}

bool op_is_active(enum op_state state)
{
    return state == OP_OFFERED || state == OP_CLOSING;
}

bool op_is_goal(enum op_state state)
{
    return state == OP_APPLIED || state == OP_ALREADY_APPLIED;
}

bool op_is_failure(enum op_state state)
{
    return op_is_final(state) && !op_is_goal(state) && state != OP_CANCELLED;
}

static struct op_verdict move_to(enum op_state to)
{
    return (struct op_verdict){.kind = VERDICT_MOVE, .to = to};
}

static struct op_verdict close_to(enum op_state end)
{
    return (struct op_verdict){.kind = VERDICT_CLOSE, .to = end};
}

static struct op_verdict try_again(const struct op_facts *op)
{
    if (op->stopping)
        return close_to(OP_CANCELLED);
    if (op->tries + 1 >= OP_TRIES_MAX)
        return close_to(OP_BLOCKED);
    return (struct op_verdict){.kind = VERDICT_RETRY, .to = OP_PENDING, .pause = true, .try = true};
}

static struct op_verdict plan_again(const struct op_facts *op)
{
    if (op->stopping)
        return close_to(OP_CANCELLED);
    if (op->replans + 1 >= OP_REPLANS_MAX)
        return close_to(OP_STATE_CHANGED);
    return (struct op_verdict){.kind = VERDICT_RETRY, .to = OP_PENDING, .replan = true};
}

/* Not decided by the target, only overtaken there: a newer fence settles it. */
static struct op_verdict fence_again(const struct op_facts *op)
{
    if (op->stopping)
        return close_to(OP_CANCELLED);
    return (struct op_verdict){.kind = VERDICT_RETRY, .to = OP_PENDING, .pause = true};
}

/* An operator's answer was carried out; the rest of the plan goes on, if its rollout does. */
static struct op_verdict go_on(const struct op_facts *op)
{
    if (op->stopping)
        return close_to(OP_CANCELLED);
    return (struct op_verdict){.kind = VERDICT_RETRY, .to = OP_PENDING, .replan = true};
}

static struct op_verdict judge_offered(const struct op_facts *op, const struct op_answer *answer)
{
    switch (answer->outcome) {
    case OUTCOME_FAILED:
        if (answer->closed_fence >= op->fence)
            return move_to(OP_FAILED);
        break;
    case OUTCOME_ALREADY_APPLIED:
        return move_to(OP_ALREADY_APPLIED);
    case OUTCOME_BUSY:
    case OUTCOME_BLOCKED:
        return try_again(op);
    case OUTCOME_STATE_CHANGED:
        return op->resolving ? go_on(op) : plan_again(op);
    case OUTCOME_STALE:
    case OUTCOME_CANCELLED: /* the agent is going down */
        return fence_again(op);
    case OUTCOME_NEEDS_OPERATOR:
        return move_to(OP_NEEDS_OPERATOR);
    case OUTCOME_QUARANTINED:
        return move_to(OP_QUARANTINED);
    case OUTCOME_UNKNOWN:
        return (struct op_verdict){.kind = VERDICT_NOTE};
    case OUTCOME_UNSET:
    case OUTCOME_APPLIED:
    case OUTCOME_COUNT:
        break;
    }
    return (struct op_verdict){.kind = VERDICT_IGNORE};
}

/* A fact is accepted wherever the table has a way to it. */
static struct op_verdict take_fact(const struct op_facts *op, enum op_state to)
{
    if (op_move_sentence(op->state, to) != NULL)
        return move_to(to);
    return (struct op_verdict){.kind = VERDICT_IGNORE};
}

struct op_verdict op_judge(const struct op_facts *op, const struct op_answer *answer)
{
    bool current = op->state == OP_OFFERED && answer->fence == op->fence;
    if (answer->outcome == OUTCOME_APPLIED && (answer->at_goal || (current && !op->resolving)))
        return take_fact(op, OP_APPLIED);
    if (answer->outcome == OUTCOME_ALREADY_APPLIED && op->state == OP_CLOSING && answer->at_goal)
        return move_to(OP_ALREADY_APPLIED);
    if (!current)
        return (struct op_verdict){.kind = VERDICT_IGNORE};
    if (answer->outcome == OUTCOME_APPLIED)
        return go_on(op);
    return judge_offered(op, answer);
}

struct op_verdict op_judge_closed(const struct op_facts *op, enum op_state end, const struct op_answer *answer)
{
    if (op->state != OP_CLOSING || answer->closed_fence < op->fence)
        return (struct op_verdict){.kind = VERDICT_IGNORE};
    return move_to(answer->at_goal ? OP_ALREADY_APPLIED : end);
}

int64_t op_pause_ms(uint32_t tries, uint64_t salt)
{
    int64_t base = (int64_t)500 << (tries < 7 ? tries : 7);
    uint64_t spread = (salt * 0x9E3779B97F4A7C15u) >> 40;
    return base / 2 + (int64_t)(spread % (uint64_t)base);
}
