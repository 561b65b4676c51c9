#include "coordinator/core/record.h"

const char *record_kind_name(enum record_kind kind)
{
    static const char *const names[RECORD_COUNT] = {
        [RECORD_UNSET] = "unset",   [RECORD_META] = "meta",       [RECORD_PRINCIPAL] = "principal",
        [RECORD_TARGET] = "target", [RECORD_BLOB] = "blob",       [RECORD_BUNDLE] = "bundle",
        [RECORD_PLAN] = "plan",     [RECORD_ROLLOUT] = "rollout", [RECORD_OPERATION] = "operation",
        [RECORD_AUDIT] = "audit",
    };
    return names[kind];
}
