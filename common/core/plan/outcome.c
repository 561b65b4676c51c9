#include "skein/plan/outcome.h"

static const struct {
    const char *name, *sentence;
} outcomes[OUTCOME_COUNT] = {
    [OUTCOME_UNSET] = {"unset", "has no outcome yet"},
    [OUTCOME_APPLIED] = {"applied", "is at the goal"},
    [OUTCOME_ALREADY_APPLIED] = {"already_applied", "was at the goal before: nothing was run"},
    [OUTCOME_STATE_CHANGED] = {"state_changed", "is in another state than the plan expects: nothing was run"},
    [OUTCOME_FAILED] = {"failed", "was rolled back: the step that failed has changed nothing"},
    [OUTCOME_BUSY] = {"busy", "is locked by another migration: nothing was run"},
    [OUTCOME_BLOCKED] = {"blocked", "did not let us through and was rolled back: nothing was changed"},
    [OUTCOME_STALE] = {"stale", "was given to a newer attempt, or this one was cancelled: nothing was run"},
    [OUTCOME_NEEDS_OPERATOR] = {"needs_operator", "has a step whose effect an operator must decide"},
    [OUTCOME_QUARANTINED] = {"quarantined", "is not the database it was: nothing was run"},
    [OUTCOME_UNKNOWN] = {"unknown", "may or may not have committed: its ledger will tell"},
    [OUTCOME_CANCELLED] = {"cancelled", "was stopped on request before anything was committed"},
};

const char *outcome_name(enum outcome outcome)
{
    return outcomes[outcome].name;
}

bool outcome_parse(struct str name, enum outcome *ret_outcome)
{
    for (unsigned i = 1; i < OUTCOME_COUNT; i++)
        if (str_is(name, outcomes[i].name)) {
            *ret_outcome = (enum outcome)i;
            return true;
        }
    return false;
}

const char *outcome_sentence(enum outcome outcome)
{
    return outcomes[outcome].sentence;
}
