/* Does down take back what up makes? Private to this folder. */
#pragma once

#include "common/core/lint/read.h"

/* One revision on one engine; `down` is NULL when there is no such section. Findings go to c->report. */
void rules_down(struct check *c, const struct reading *up, const struct reading *down);
