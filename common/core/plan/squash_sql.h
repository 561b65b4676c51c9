/* The sections of a squashed revision. Private to this folder. */
#pragma once

#include "skein/graph/project.h"

/* Fills the sections from those of `members` (in the order of an upgrade); `ret_irreversible` is by engine. */
bool squash_sections(struct arena *a, const struct project *p, const struct nodes *members, struct revision *revision,
                     bool ret_irreversible[ENGINE_COUNT], struct err *err);
