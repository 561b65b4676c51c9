#include "skein/rollout/status.h"

#include <stddef.h>

struct word {
    const char *name, *sentence;
};

static const struct word target_words[TARGET_STATUS_COUNT] = {
    [TARGET_UNSET] = {"unset", "was never reported"},
    [TARGET_CURRENT] = {"current", "is at the newest revisions"},
    [TARGET_BEHIND] = {"behind", "has pending revisions"},
    [TARGET_ACTIVE] = {"active", "is being changed"},
    [TARGET_UNKNOWN] = {"unknown", "is in a state that the newest bundle does not know"},
    [TARGET_UNREADABLE] = {"unreadable", "cannot be read by its agent"},
    [TARGET_UNREACHABLE] = {"unreachable", "has an agent that is silent"},
    [TARGET_UNDECIDED] = {"undecided", "has a step whose effect an operator must decide"},
    [TARGET_QUARANTINED] = {"quarantined", "is another database than the one known under this name"},
    [TARGET_REGRESSED] = {"regressed", "is older than it was, or its ledger was changed"},
};

static const struct word op_words[OP_STATE_COUNT] = {
    [OP_UNSET] = {"unset", "does not exist"},
    [OP_PENDING] = {"pending", "waits for its turn"},
    [OP_OFFERED] = {"offered", "is being applied"},
    [OP_CLOSING] = {"closing", "waits for the target to confirm that nothing more will happen"},
    [OP_APPLIED] = {"applied", "is at the goal"},
    [OP_ALREADY_APPLIED] = {"already_applied", "was at the goal before"},
    [OP_FAILED] = {"failed", "failed; nothing was changed by the step that failed"},
    [OP_BLOCKED] = {"blocked", "was tried as often as allowed and never got through"},
    [OP_REFUSED] = {"refused", "has no plan from its state to the goal"},
    [OP_STATE_CHANGED] = {"state_changed", "was changed by somebody else again and again"},
    [OP_NEEDS_OPERATOR] = {"needs_operator", "has a step whose effect an operator must decide"},
    [OP_QUARANTINED] = {"quarantined", "is another database than the one known under this name"},
    [OP_REGRESSED] = {"regressed", "is older than it was, or its ledger was changed"},
    [OP_CANCELLED] = {"cancelled", "was stopped on request"},
};

static const struct word rollout_words[ROLLOUT_STATUS_COUNT] = {
    [ROLLOUT_UNSET] = {"unset", "does not exist"},
    [ROLLOUT_RUNNING] = {"running", "is under way"},
    [ROLLOUT_HALTING] = {"halting", "starts nothing new; what is at work ends first"},
    [ROLLOUT_CANCELLING] = {"cancelling", "is being stopped on request"},
    [ROLLOUT_DONE] = {"done", "has every target at the goal"},
    [ROLLOUT_PARTIAL] = {"partial", "has ended, but not every target is at the goal"},
    [ROLLOUT_HALTED] = {"halted", "was stopped by its failure limit"},
    [ROLLOUT_CANCELLED] = {"cancelled", "was stopped on request"},
};

static const struct word principal_words[] = {
    [PRINCIPAL_UNSET] = {"unset", ""},
    [PRINCIPAL_PENDING] = {"pending", ""},
    [PRINCIPAL_ACCEPTED] = {"accepted", ""},
    [PRINCIPAL_REVOKED] = {"revoked", ""},
};

enum { PRINCIPAL_STATUS_COUNT = sizeof(principal_words) / sizeof(principal_words[0]) };

/* Number of the word `name`; 0 (unset) when there is none. */
static unsigned find(const struct word *words, unsigned count, struct str name)
{
    for (unsigned i = 1; i < count; i++)
        if (str_is(name, words[i].name))
            return i;
    return 0;
}

const char *target_status_name(enum target_status status)
{
    return target_words[status].name;
}

const char *target_status_sentence(enum target_status status)
{
    return target_words[status].sentence;
}

bool target_status_parse(struct str name, enum target_status *ret_status)
{
    unsigned i = find(target_words, TARGET_STATUS_COUNT, name);
    if (i != 0)
        *ret_status = (enum target_status)i;
    return i != 0;
}

const char *op_state_name(enum op_state state)
{
    return op_words[state].name;
}

const char *op_state_sentence(enum op_state state)
{
    return op_words[state].sentence;
}

bool op_state_parse(struct str name, enum op_state *ret_state)
{
    unsigned i = find(op_words, OP_STATE_COUNT, name);
    if (i != 0)
        *ret_state = (enum op_state)i;
    return i != 0;
}

const char *rollout_status_name(enum rollout_status status)
{
    return rollout_words[status].name;
}

const char *rollout_status_sentence(enum rollout_status status)
{
    return rollout_words[status].sentence;
}

bool rollout_status_parse(struct str name, enum rollout_status *ret_status)
{
    unsigned i = find(rollout_words, ROLLOUT_STATUS_COUNT, name);
    if (i != 0)
        *ret_status = (enum rollout_status)i;
    return i != 0;
}

bool rollout_status_is_final(enum rollout_status status)
{
    return status >= ROLLOUT_DONE;
}

const char *principal_status_name(enum principal_status status)
{
    return principal_words[status].name;
}

bool principal_status_parse(struct str name, enum principal_status *ret_status)
{
    unsigned i = find(principal_words, PRINCIPAL_STATUS_COUNT, name);
    if (i != 0)
        *ret_status = (enum principal_status)i;
    return i != 0;
}
