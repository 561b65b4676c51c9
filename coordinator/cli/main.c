/* skein: the command line. The commands are rows (commands.h); this file lists them. */
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "coordinator/cli/commands.h"
#include "skein/base/err.h"

static const struct opt_command *const commands[] = {
    &command_heads,         &command_branches,      &command_history,
    &command_show,          &command_init,          &command_init_extension,
    &command_revision,      &command_merge,         &command_edit,
    &command_check,         &command_lint,          &command_squash,
    &command_fix_tables,    &command_debug,         &command_import_alembic,
    &command_import_dbmate, &command_import_goose,  &command_import_golang_migrate,
    &command_import_flyway, &command_import_sqitch, &command_adopt,
    &command_upgrade,       &command_downgrade,     &command_current,
    &command_check_heads,   &command_stamp,         &command_verify,
    &command_detach,        &command_plan_upgrade,  &command_plan_downgrade,
    &command_plan_stamp,    &command_plan_fleet,    &command_status,
    &command_push,          &command_rollout_start, &command_rollout_watch,
    &command_rollout_list,  &command_rollout_show,  &command_rollout_cancel,
    &command_resolve,       &command_keygen,        &command_agent_list,
    &command_agent_accept,  &command_agent_revoke,  &command_help,
};

/* skein/base/err.h maps failures to them. */
static const struct opt_note exit_codes[] = {
    {"0", "Done, or nothing to do"},
    {"1", "Failed"},
    {"2", "The command line is wrong"},
    {"3", "A check says pending or different"},
    {"4", "Some targets failed"},
    {"5", "A rollout was halted or cancelled"},
    {"6", "A lock was busy or timed out"},
    {"7", "The coordinator or an agent is unreachable"},
    {"8", "Refused: role, policy or checksum"},
    {0},
};

static const struct opt_note variables[] = {
    {"DATABASE_URL", "The database when --database is not given"},
    {"SKEIN_PROJECT", "The project's root when --project is not given"},
    {"SKEIN_SCRATCH_URL", "A PostgreSQL server for temporary databases, when --scratch is not given"},
    {"OVERRIDE_EXTENSION_LIST", "The extensions as a JSON array, instead of migration_extensions.json"},
    {"VISUAL, EDITOR", "The editor of `skein edit`; the first that is set"},
    {"NO_COLOR", "When set, nothing is coloured"},
    {"PGSERVICE, PGPASSFILE, PG...", "libpq's own variables work as usual"},
    {0},
};

const struct opt_program program = {
    .name = "skein",
    .version = SKEIN_VERSION,
    .summary = "Move databases from one schema revision to another, one or a whole fleet",
    .text = "skein applies the revisions of a project (core and its extensions) to PostgreSQL and SQLite databases\n"
            "and keeps Alembic's version tables. Without --extension or --all a command works on core.\n"
            "\n"
            "Options may stand anywhere on the line. Data goes to stdout, messages to stderr. A revision is named as\n"
            "in Alembic: an id or its unique beginning, a label, head, heads, base, LABEL@head, +1, -2, ID+1.",
    .commands = commands,
    .command_count = sizeof(commands) / sizeof(commands[0]),
    .exit_codes = exit_codes,
    .variables = variables,
};

/* The other end of the pipe is closed. */
static bool reader_has_gone(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0;
}

/* Data that did not reach its file was not printed. A reader that has gone away had enough. */
static int end(int code)
{
    bool flushed = fflush(stdout) == 0;
    if ((flushed && !ferror(stdout)) || reader_has_gone())
        return code;
    fputs("skein: cannot write the output\n", stderr);
    return code != 0 ? code : err_exit_code(ERR_SYSTEM);
}

/* A closed pipe ends in a failed write, not in a signal: a migration must not die of its reader. */
int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    return end(opt_main(&program, argc, (const char *const *)argv));
}
