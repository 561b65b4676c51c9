/* Rollouts on the screen: shared by cmd_rollout.c and watch.c. */
#pragma once

#include "coordinator/cli/client.h"

json_t *json_rollout(const struct rollout_row *r);
json_t *json_op(const struct op_row *op);

/* 0 while it runs and when it is done, 4 partial, 5 halted or cancelled. */
int rollout_exit_code(enum rollout_status status);

/* Both end the command: they print, close the client and return the exit code. */
int rollout_plan(struct client *c, const struct goal *goal);
int rollout_watch(struct client *c, struct str rollout);
