/* The command rows, one family a file; main.c lists them. */
#pragma once

#include "skein/os/opt.h"

extern const struct opt_program program; /* main.c */

/* cmd_graph.c: the project's graph */
extern const struct opt_command command_heads, command_branches, command_history, command_show;

/* cmd_init.c, cmd_author.c, cmd_edit.c, cmd_squash.c: making projects and revisions */
extern const struct opt_command command_init, command_revision, command_merge, command_edit, command_squash;

/* cmd_init_extension.c: an extension with its first revision */
extern const struct opt_command command_init_extension;

/* cmd_fix_tables.c: model files */
extern const struct opt_command command_fix_tables;

/* cmd_debug.c: what the commands work with */
extern const struct opt_command command_debug;

/* cmd_lint.c */
extern const struct opt_command command_lint;

/* cmd_check.c */
extern const struct opt_command command_check;

extern const struct opt_command command_import_alembic;

extern const struct opt_command command_import_dbmate;

extern const struct opt_command command_import_goose;

extern const struct opt_command command_import_golang_migrate;

extern const struct opt_command command_import_flyway;

extern const struct opt_command command_import_sqitch;

extern const struct opt_command command_adopt;

/* cmd_current.c: what a database is at */
extern const struct opt_command command_current, command_check_heads;

/* cmd_plan.c: plans without carrying them out */
extern const struct opt_command command_plan_upgrade, command_plan_downgrade, command_plan_stamp;

/* cmd_migrate.c: changes to one database */
extern const struct opt_command command_upgrade, command_downgrade, command_stamp;

/* cmd_ledger.c: skein's own tables in a database */
extern const struct opt_command command_verify, command_detach;

/* cmd_status.c, cmd_push.c, cmd_rollout.c, cmd_resolve.c: the fleet, through the coordinator */
extern const struct opt_command command_status, command_push, command_resolve;
extern const struct opt_command command_plan_fleet, command_rollout_start, command_rollout_watch, command_rollout_list;
extern const struct opt_command command_rollout_show, command_rollout_cancel;

/* cmd_agent.c: keys */
extern const struct opt_command command_keygen, command_agent_list, command_agent_accept, command_agent_revoke;

/* cmd_help.c */
extern const struct opt_command command_help;
