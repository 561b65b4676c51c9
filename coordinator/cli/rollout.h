/* Rollouts on the screen: shared by cmd_rollout.c and watch.c. */
#pragma once

#include "coordinator/cli/client.h"

json_t *json_rollout(const struct rollout_row *r);
json_t *json_op(const struct op_row *op);

/* 0 while it runs and when it is done, 4 partial, 5 halted or cancelled. */
int rollout_exit_code(enum rollout_status status);

/* Ends the command: prints, closes the client and returns the exit code. */
int rollout_watch(struct client *c, struct str rollout);
