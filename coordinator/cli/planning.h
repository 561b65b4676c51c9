/* From a command line to a plan, and a plan on the screen: table, JSON, or one SQL script. */
#pragma once

#include <jansson.h>

#include "coordinator/cli/local.h"
#include "skein/plan/plan.h"

/* The target is an argument or --target; `fallback` when neither is given (NULL: that is a usage error). */
bool planning_request(struct local *l, enum plan_command command, const char *fallback,
                      struct plan_request *ret_request);

/* State, engine and plan. */
bool planning_build(struct local *l, const struct plan_request *request, struct plan *ret_plan);

/* The script of every step; NULL for stamps. */
bool planning_scripts(struct local *l, const struct plan *plan, const struct script ***ret_scripts);

/* "a1 -> b2, message": what Alembic says after "Running upgrade". */
struct str planning_sentence(struct local *l, const struct plan_step *step);

json_t *json_state(const struct local *l, const struct dbstate *state);
json_t *json_plan(const struct local *l, const struct plan *plan);

/* The whole plan as SQL for psql or the sqlite3 shell, version tables included, the ledger not. */
bool planning_print_sql(struct local *l, const struct plan *plan);

/* By --format: table, json or sql. */
bool planning_print(struct local *l, const struct plan *plan);
