#include <stdio.h>

#include "coordinator/io/runtime.h"
#include "coordinator/io/settings.h"
#include "skein/os/opt.h"

static const struct opt_option config_option = {
    .name = "config",
    .type = OPT_TEXT,
    .value = "FILE",
    .doc = "The configuration file",
    .fallback = "/etc/skein/coordinator.ini",
};
static const struct opt_option example_option = {
    .name = "example",
    .type = OPT_FLAG,
    .doc = "Print an annotated configuration file and end",
};

static int run(const struct opt_line *line)
{
    if (!opt_has(line, &example_option))
        return runtime_main(opt_value(line, &config_option));
    struct strbuf text;
    strbuf_init(&text, 65536);
    settings_example(&text);
    fputs(text.p, stdout);
    strbuf_release(&text);
    return 0;
}

static const struct opt_option *const options[] = {&config_option, &example_option, NULL};
static const struct opt_command command = {
    .name = "",
    .summary = "Holds the canonical revision graphs and the state of the fleet, and moves it",
    .text = "Runs in the foreground and logs to standard error. SIGHUP reads operators, agents and the project again; "
            "SIGTERM ends it. It can be killed at any moment: what it promised is in its store.",
    .options = options,
    .run = run,
};
static const struct opt_command *const commands[] = {&command};

static const struct opt_note exit_codes[] = {
    {"0", "stopped by a signal"},
    {"1", "failed; the last line of the log says why"},
    {"2", "the command line is wrong"},
    {"6", "another coordinator uses the store"},
    {"8", "a key file that others can read"},
    {NULL, NULL},
};

static const struct opt_program program = {
    .name = "skein-coordinator",
    .version = SKEIN_VERSION,
    .summary = "The coordinator of a fleet of databases",
    .commands = commands,
    .command_count = 1,
    .exit_codes = exit_codes,
};

int main(int argc, char **argv)
{
    return opt_main(&program, argc, (const char *const *)argv);
}
