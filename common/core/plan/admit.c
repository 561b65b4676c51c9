#include "skein/plan/admit.h"

static const char *const status_names[LEDGER_STATUS_COUNT] = {
    [LEDGER_NONE] = "NONE",       [LEDGER_STARTED] = "STARTED",   [LEDGER_DONE] = "DONE",
    [LEDGER_CLEANED] = "CLEANED", [LEDGER_RESOLVED] = "RESOLVED",
};

static const char *const admission_names[ADMISSION_COUNT] = {
    [ADMISSION_UNSET] = "unset",           [ADMISSION_RUN] = "run",         [ADMISSION_REPLAYED] = "replayed",
    [ADMISSION_STALE] = "stale",           [ADMISSION_STARTED] = "started", [ADMISSION_UNDECIDED] = "undecided",
    [ADMISSION_QUARANTINE] = "quarantine", [ADMISSION_AT_GOAL] = "at_goal", [ADMISSION_CONFLICT] = "conflict",
};

const char *ledger_status_name(enum ledger_status status)
{
    return status < LEDGER_STATUS_COUNT ? status_names[status] : "unknown";
}

bool ledger_status_parse(struct str name, enum ledger_status *ret_status)
{
    for (int i = 0; i < LEDGER_STATUS_COUNT; i++)
        if (str_is(name, status_names[i])) {
            *ret_status = (enum ledger_status)i;
            return true;
        }
    return false;
}

const char *admission_name(enum admission admission)
{
    return admission < ADMISSION_COUNT ? admission_names[admission] : "unknown";
}

bool admit_fence(uint64_t fence, uint64_t target_fence, uint64_t closed_fence)
{
    return fence == 0 || (fence >= target_fence && fence > closed_fence);
}

enum admission admit(const struct admit_facts *facts)
{
    if (facts->status == LEDGER_DONE)
        return ADMISSION_REPLAYED;
    if (!admit_fence(facts->fence, facts->target_fence, facts->closed_fence))
        return ADMISSION_STALE;
    if (facts->status == LEDGER_STARTED)
        return ADMISSION_STARTED;
    if (facts->other_start_open)
        return ADMISSION_UNDECIDED;
    if (!facts->same_target)
        return ADMISSION_QUARANTINE;
    if (facts->heads_expected)
        return ADMISSION_RUN;
    return facts->heads_at_goal ? ADMISSION_AT_GOAL : ADMISSION_CONFLICT;
}
