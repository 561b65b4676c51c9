/* Plans by hand, for tests of what applies them: no project, no files, no planner. */
#pragma once

#include "skein/plan/plan.h"

enum { PLAN_MAKE_MAX = 1100 };

struct plan_make {
    struct arena *a;
    struct plan plan;
    struct script *scripts[PLAN_MAKE_MAX]; /* one per step; NULL for a stamp */
};

void plan_make_init(struct plan_make *m, struct arena *a, enum engine engine);

/*
 * Adds a step that moves `module` from revision `from` to `to`: either may be NULL (base), a `to` of NULL means
 * down. `sql` is cut at every semicolon. The script may be changed until plan_make_end().
 */
struct script *plan_make_step(struct plan_make *m, const char *module, const char *from, const char *to,
                              const char *sql);

/* Sets a part of a script, cut the same way. */
void plan_make_part(struct plan_make *m, struct script_part *part, const char *sql, unsigned line);

/* Fills in before, after and the id. */
const struct plan *plan_make_end(struct plan_make *m);
