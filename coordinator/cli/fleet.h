/* What the operators' commands share: counts, states, labels and times as text and JSON. */
#pragma once

#include "coordinator/cli/client.h"

/* "prod,eu" style: "env=prod,tier=free". */
struct str fleet_labels(struct arena *a, const struct labels *labels);
json_t *json_fleet_labels(const struct labels *labels);

/* "12s ago", "3h ago", "never". */
struct str fleet_ago(struct arena *a, int64_t then_ms, int64_t now_ms);
json_t *json_time(int64_t ms); /* null for 0 */

/* {"core": ["a1"], ...}: the modules that are not at base. */
json_t *json_dbstate(const struct dbstate *state);

/* {"steps": [...]} without heads of other modules: the project may not be here. */
json_t *json_fleet_plan(const struct plan *plan);

/* The goal of --all, --extension, --target and --downgrade, and the selection. */
bool fleet_goal(struct client *c, struct goal *ret_goal);

/* "core to head", "all modules to base (downgrade)". */
struct str fleet_goal_text(struct arena *a, const struct goal *goal);
