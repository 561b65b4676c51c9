/* From a line to an exit code. */
#include "skein/os/opt.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col < 40 ? 40 : size.ws_col > 100 ? 100 : size.ws_col;
}

static void print_help(const struct opt_line *line)
{
    struct strbuf out;
    strbuf_init(&out, 1 << 20);
    if (line->command != NULL)
        opt_help_command(line->program, line->command, terminal_width(), &out);
    else if (line->family != NULL)
        opt_help_family(line->program, line->family, terminal_width(), &out);
    else
        opt_help_overview(line->program, terminal_width(), &out);
    fwrite(out.p, 1, out.len, stdout);
    strbuf_release(&out);
}

static int usage_failure(const struct opt_program *program, const struct err *err)
{
    struct strbuf out;
    strbuf_init(&out, 1 << 16);
    err_format(err, &out);
    fprintf(stderr, "%s: %.*s", program->name, STR_ARG(strbuf_str(&out)));
    strbuf_release(&out);
    return err_exit_code(ERR_USAGE);
}

int opt_main(const struct opt_program *program, int argc, const char *const *argv)
{
    struct arena arena = {0};
    struct opt_line line;
    struct err err;
    int code = 0;
    if (!opt_parse(&arena, program, argc, argv, &line, &err))
        code = usage_failure(program, &err);
    else if (line.help)
        print_help(&line);
    else if (line.version)
        printf("%s %s\n", program->name, program->version);
    else
        code = line.command->run(&line);
    arena_release(&arena);
    return code;
}
