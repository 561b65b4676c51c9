/*
 * `-- skein:lint off RULE[, RULE]: reason` for a file, `-- skein:lint ignore RULE[, RULE]: reason` for the statement
 * below. Private to this folder.
 */
#pragma once

#include "common/core/lint/read.h"

/* Lines on which statements begin, ascending. */
struct lines {
    VEC(unsigned) list;
};

/*
 * Takes out of `found` what the file's comments switch off, and adds what is wrong with the comments. `text` is the
 * whole file, `found` the findings of this file alone.
 */
void switches_apply(struct arena *a, struct str path, struct str text, const struct lines *statements,
                    struct lint_report *found);
