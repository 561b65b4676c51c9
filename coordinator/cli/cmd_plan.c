/* plan upgrade | downgrade | stamp: what would be done, without doing it. */
#include "coordinator/cli/commands.h"
#include "coordinator/cli/planning.h"

static const struct opt_option opt_plan_format = {.name = "format",
                                                  .type = OPT_CHOICE,
                                                  .value = "FORMAT",
                                                  .doc = "How to print",
                                                  .choices = "table|json|sql",
                                                  .fallback = "table"};

static int run_plan(const struct opt_line *line, enum plan_command command, const char *fallback)
{
    struct local l;
    struct plan_request request;
    struct plan plan;
    if (!local_open(&l, line) || !planning_request(&l, command, fallback, &request) ||
        !planning_build(&l, &request, &plan) || !planning_print(&l, &plan))
        return local_fail(&l);
    local_close(&l);
    return 0;
}

static int run_upgrade(const struct opt_line *line)
{
    return run_plan(line, PLAN_UPGRADE, "head");
}

static int run_downgrade(const struct opt_line *line)
{
    return run_plan(line, PLAN_DOWNGRADE, NULL);
}

static int run_stamp(const struct opt_line *line)
{
    return run_plan(line, PLAN_STAMP, NULL);
}

static const struct opt_option *const move_options[] = {
    &opt_from, &opt_database, &opt_schema,  &opt_engine,       &opt_project,     &opt_extension,
    &opt_all,  &opt_target,   &opt_cascade, &opt_per_revision, &opt_plan_format, &opt_connect_timeout,
    NULL};
static const struct opt_option *const stamp_options[] = {
    &opt_from, &opt_database, &opt_schema, &opt_engine,      &opt_project,         &opt_extension,
    &opt_all,  &opt_target,   &opt_purge,  &opt_plan_format, &opt_connect_timeout, NULL};

const struct opt_command command_plan_upgrade = {
    .name = "plan upgrade",
    .group = "One database",
    .summary = "Show what an upgrade would do",
    .text = "The state comes from the database, which is only read, or from --from: then no database is needed.",
    .examples = "skein plan upgrade head --from core=a1 --format json\n"
                "skein plan upgrade --all --database sqlite:///app.db --format sql",
    .options = move_options,
    .arguments = {{"REV", "The target revision; head when not given", 0, 1}},
    .run = run_upgrade};
const struct opt_command command_plan_downgrade = {.name = "plan downgrade",
                                                   .group = "One database",
                                                   .summary = "Show what a downgrade would do",
                                                   .examples = "skein plan downgrade -1 --from core=a3",
                                                   .options = move_options,
                                                   .arguments = {{"REV", "The target revision", 0, 1}},
                                                   .run = run_downgrade};
const struct opt_command command_plan_stamp = {.name = "plan stamp",
                                               .group = "One database",
                                               .summary = "Show what a stamp would change",
                                               .options = stamp_options,
                                               .arguments = {{"REV", "The revisions", 0, OPT_MANY}},
                                               .run = run_stamp};
