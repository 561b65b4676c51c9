#include "skein/rollout/rollout.h"

#include <stddef.h>

#include "skein/rollout/op.h"

static const struct {
    enum rollout_status from, to;
    const char *sentence;
} moves[] = {
    {ROLLOUT_RUNNING, ROLLOUT_DONE, "every target is at the goal"},
    {ROLLOUT_RUNNING, ROLLOUT_PARTIAL, "ended, but not every target is at the goal"},
    {ROLLOUT_RUNNING, ROLLOUT_HALTING, "more targets failed than allowed: nothing new begins"},
    {ROLLOUT_RUNNING, ROLLOUT_CANCELLING, "is being stopped on request"},
    {ROLLOUT_HALTING, ROLLOUT_CANCELLING, "is being stopped on request"},
    {ROLLOUT_HALTING, ROLLOUT_HALTED, "was stopped by its failure limit"},
    {ROLLOUT_CANCELLING, ROLLOUT_CANCELLED, "was stopped on request"},
    {ROLLOUT_CANCELLING, ROLLOUT_DONE, "every target was at the goal before it could be stopped"},
    {ROLLOUT_PARTIAL, ROLLOUT_RUNNING, "goes on: an operator has answered"},
    {ROLLOUT_HALTED, ROLLOUT_HALTING, "goes on with one target: an operator has answered"},
    {ROLLOUT_CANCELLED, ROLLOUT_CANCELLING, "goes on with one target: an operator has answered"},
};

const char *rollout_move_sentence(enum rollout_status from, enum rollout_status to)
{
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        if (moves[i].from == from && moves[i].to == to)
            return moves[i].sentence;
    return NULL;
}

void tally_move(struct tally *t, enum op_state from, enum op_state to)
{
    if (from == OP_UNSET)
        t->total++;
    else
        t->counts[from]--;
    t->counts[to]++;
}

static uint64_t count_if(const struct tally *t, bool (*is)(enum op_state))
{
    uint64_t count = 0;
    for (int s = OP_UNSET + 1; s < OP_STATE_COUNT; s++)
        if (is((enum op_state)s))
            count += t->counts[s];
    return count;
}

static uint64_t tally_active(const struct tally *t)
{
    return count_if(t, op_is_active);
}

uint64_t tally_failed(const struct tally *t)
{
    return count_if(t, op_is_failure);
}

uint64_t tally_open(const struct tally *t)
{
    return t->total - count_if(t, op_is_final);
}

bool rollout_is_stopping(enum rollout_status status)
{
    return status != ROLLOUT_RUNNING;
}

uint64_t rollout_quota(enum rollout_status status, const struct strategy *s, const struct tally *t)
{
    uint64_t active = tally_active(t);
    if (rollout_is_stopping(status))
        return 0;
    if (s->parallel == 0)
        return UINT64_MAX;
    return active < s->parallel ? s->parallel - active : 0;
}

static enum rollout_status judge_end(enum rollout_status status, const struct tally *t)
{
    uint64_t good = count_if(t, op_is_goal);
    if (status == ROLLOUT_HALTING)
        return ROLLOUT_HALTED;
    if (good == t->total)
        return ROLLOUT_DONE;
    return status == ROLLOUT_CANCELLING ? ROLLOUT_CANCELLED : ROLLOUT_PARTIAL;
}

enum rollout_status rollout_judge(enum rollout_status status, const struct strategy *s, const struct tally *t)
{
    if (rollout_status_is_final(status))
        return status;
    if (status == ROLLOUT_RUNNING && tally_failed(t) > s->max_failures)
        return ROLLOUT_HALTING;
    return tally_open(t) > 0 ? status : judge_end(status, t);
}
