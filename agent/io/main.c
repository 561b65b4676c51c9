/* skein-agent: the daemon beside the databases. */
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent/io/config.h"
#include "agent/io/link.h"
#include "agent/io/runtime.h"
#include "skein/os/log.h"
#include "skein/os/opt.h"
#include "skein/os/signals.h"

static const struct opt_option opt_config = {.name = "config",
                                             .letter = 'c',
                                             .type = OPT_TEXT,
                                             .value = "FILE",
                                             .doc = "Read this configuration file",
                                             .variable = "SKEIN_AGENT_CONFIG",
                                             .fallback = "/etc/skein/agent.ini"};
static const struct opt_option opt_example = {
    .name = "example", .type = OPT_FLAG, .doc = "Print a configuration file with every setting explained"};
static const struct opt_option opt_public_key = {
    .name = "public-key",
    .type = OPT_FLAG,
    .doc = "Print the agent's public key, making its key file if there is none"};

static int fail(const struct err *err)
{
    struct strbuf text;
    strbuf_init(&text, 8192);
    err_format(err, &text);
    fputs(text.p, stderr);
    strbuf_release(&text);
    return err_exit_code(err->code);
}

static int print_example(void)
{
    struct strbuf text;
    strbuf_init(&text, 1 << 16);
    config_example(&text);
    fputs(text.p, stdout);
    strbuf_release(&text);
    return 0;
}

static void log_start(const struct log *log, const struct agent_config *config, const struct link *link)
{
    log_event(log, LOG_INFO, link->made_keys ? "starts with a new key" : "starts",
              LOG_FIELDS(log_text("version", SKEIN_VERSION), log_str("coordinator", config->agent.coordinator),
                         log_text("public_key", public_key_format(&link->keys.public_key).text),
                         log_text("fingerprint", public_key_fingerprint(&link->keys.public_key).text),
                         log_number("sections", (int64_t)config->sources.list.count)));
}

static int serve(const struct agent_config *config, struct link *link)
{
    struct log log = {.fd = STDERR_FILENO, .level = config->agent.level, .program = "skein-agent"};
    struct signals signals = {.fd = -1};
    struct err err;
    int code = 1;
    if (signals_open(&signals, &err) && link_open(link, &config->agent, &err)) {
        log_start(&log, config, link);
        code = runtime_run(config, link, &signals, &log) ? 0 : 1;
    } else {
        code = fail(&err);
    }
    signals_close(&signals);
    return code;
}

static int run(const struct opt_line *line)
{
    struct arena a = {0};
    struct agent_config config;
    struct link link = {0};
    struct err err;
    int code;
    if (opt_has(line, &opt_example))
        return print_example();
    prctl(PR_SET_DUMPABLE, 0); /* keys and passwords are in memory */
    if (!config_load(&a, opt_value(line, &opt_config), &config, &err) || !link_load_keys(&link, &config.agent, &err))
        code = fail(&err);
    else if (opt_has(line, &opt_public_key))
        code = puts(public_key_format(&link.keys.public_key).text) < 0;
    else
        code = serve(&config, &link);
    link_close(&link);
    arena_release(&a);
    return code;
}

static const struct opt_option *const options[] = {&opt_config, &opt_example, &opt_public_key, NULL};

static const struct opt_command command = {
    .name = "",
    .group = "",
    .summary = "Serve the databases of this host",
    .text = "Finds the databases that the configuration describes, reports their state to the coordinator, and applies "
            "the plans that it offers. Database credentials stay here: the coordinator never sees them.\n\n"
            "SIGTERM lets running migrations finish for a while (stop_grace), then rolls them back. SIGHUP looks for "
            "targets at once.",
    .options = options,
    .run = run,
};
static const struct opt_command *const commands[] = {&command};

static const struct opt_note exit_codes[] = {
    {"0", "stopped by a signal"},
    {"1", "failed; the last line on standard error says why"},
    {"2", "the command line is wrong"},
    {"8", "a key or configuration file that others can use"},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    static const struct opt_program program = {.name = "skein-agent",
                                               .version = SKEIN_VERSION,
                                               .summary = "the agent beside the databases",
                                               .commands = commands,
                                               .command_count = 1,
                                               .exit_codes = exit_codes};
    return opt_main(&program, argc, (const char *const *)argv);
}
