/* The scratch object of plan_build(). Private to this folder. */
#pragma once

#include "common/core/plan/rows.h"
#include "skein/graph/target.h"
#include "skein/plan/plan.h"

/* Ranges of revisions that are done by one script, each at its top. */
struct folds {
    const struct squash **at; /* by node; NULL: the node by itself. The whole array is NULL where nothing is folded */
};

struct planner {
    struct arena *arena;
    const struct project *project;
    const struct dbstate *state;
    enum engine engine;
    const struct plan_request *request;
    enum direction direction;
    struct bitset wanted; /* revisions to apply or to undo */
    struct folds folds;
    bool *matters; /* by module: the target's rows must be what the plan expects */
    struct rows rows;
    struct plan plan;
};

/* What the request's expression means in one module. */
struct choice {
    size_t module;
    struct str expression;
    struct nodes targets;         /* upgrade */
    struct downgrade_target down; /* downgrade */
};

struct choices {
    VEC(struct choice) list;
};

/* Phase 1: one choice a module; for a stamp one for each of the expressions. */
bool choose(struct planner *p, struct choices *ret_choices, struct err *err);

/* Phase 4: the largest squashes whose revisions are all wanted and that can do it on this engine. */
void fold(struct planner *p);
const struct squash *fold_at(const struct planner *p, size_t node);

/* The revision whose script does the node: its own, or that of its squash. */
const struct revision *planner_revision(const struct planner *p, size_t node);

/* Phase 5: what is wanted, in the order in which it is done. */
struct nodes sequence(const struct planner *p);

/* Phases 2 to 6 for a stamp. */
bool stamp_steps(struct planner *p, const struct choices *choices, struct err *err);

struct view planner_view(const struct planner *p, size_t module);
struct str planner_module_name(const struct planner *p, size_t module);

/* The rows of a module as nodes; unknown ones are an error. */
bool planner_rows(const struct planner *p, size_t module, struct nodes *ret_nodes, struct err *err);

/* A step of this plan's direction without rows; node SIZE_MAX for none. */
struct plan_step planner_step(struct planner *p, size_t module, size_t node);
