/* help: the manual in every form, from the command rows. */
#include <stdio.h>
#include <string.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/out.h"

static const struct opt_option opt_man_page = {.name = "man", .doc = "Print the man page as roff"};
static const struct opt_option opt_markdown_page = {.name = "markdown", .doc = "Print the reference as Markdown"};
static const struct opt_option opt_bash_script = {.name = "bash", .doc = "Print the completion script for bash"};
static const struct opt_option opt_zsh_script = {.name = "zsh", .doc = "Print the completion script for zsh"};

static const struct {
    const struct opt_option *option;
    void (*print)(const struct opt_program *program, struct strbuf *out);
} forms[] = {
    {&opt_man_page, opt_man},
    {&opt_markdown_page, opt_markdown},
    {&opt_bash_script, opt_bash},
    {&opt_zsh_script, opt_zsh},
};

/* `help X [Y]` is `X [Y] --help`. */
static int help_about(const struct opt_line *line)
{
    const char *argv[] = {"skein", opt_argument(line, 0), opt_argument(line, 1), NULL, NULL};
    int argc = 1;
    while (argv[argc] != NULL)
        argc++;
    argv[argc++] = "--help";
    return opt_main(&program, argc, argv);
}

/* Rows that contradict each other make a manual that lies. */
static bool rows_are_sound(void)
{
    struct arena arena = {0};
    const char *problem = opt_problem(&arena, &program);
    if (problem != NULL)
        out_note("the command table is wrong: %s", problem);
    arena_release(&arena);
    return problem == NULL;
}

static int run_help(const struct opt_line *line)
{
    if (!rows_are_sound())
        return err_exit_code(ERR_INTERNAL);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (!opt_has(line, forms[i].option))
            continue;
        struct strbuf text;
        strbuf_init(&text, 1 << 22);
        forms[i].print(&program, &text);
        fwrite(text.p, 1, text.len, stdout);
        strbuf_release(&text);
        return 0;
    }
    return help_about(line);
}

static const struct opt_option *const help_options[] = {&opt_man_page, &opt_markdown_page, &opt_bash_script,
                                                        &opt_zsh_script, NULL};
const struct opt_command command_help = {.name = "help",
                                         .group = "Help",
                                         .summary = "Show help about a command, or the whole manual",
                                         .options = help_options,
                                         .arguments = {{"COMMAND", "The command, one word or two", 0, 2}},
                                         .run = run_help};
