/* Help for the terminal, from the rows. */
#include "skein/os/opt.h"

#include <string.h>

enum { INDENT = 2, COLUMN = 28 };

static void pad(struct strbuf *out, size_t count)
{
    while (count-- > 0)
        strbuf_putc(out, ' ');
}

/* Wraps `text` at `width`; the first line goes on at column `at`, the others start at `indent`. */
static void wrap(struct strbuf *out, const char *text, size_t at, size_t indent, unsigned width)
{
    struct str rest = str_of(text), word;
    bool first = true;
    while (str_next(&rest, ' ', &word)) {
        if (!first && at + 1 + word.len > width) {
            strbuf_putc(out, '\n');
            pad(out, indent);
            at = indent;
        } else if (!first) {
            strbuf_putc(out, ' ');
            at++;
        }
        strbuf_add(out, word);
        at += word.len;
        first = false;
    }
    strbuf_putc(out, '\n');
}

static void entry(struct strbuf *out, struct str name, const char *doc, unsigned width)
{
    pad(out, INDENT);
    strbuf_add(out, name);
    size_t at = INDENT + name.len;
    if (at + 2 > COLUMN) {
        strbuf_putc(out, '\n');
        at = 0;
    }
    pad(out, COLUMN - at);
    wrap(out, doc, COLUMN, COLUMN, width);
}

static void paragraphs(struct strbuf *out, const char *text, unsigned width)
{
    struct str rest = str_of(text), line;
    struct strbuf paragraph;
    strbuf_init(&paragraph, 1 << 16);
    bool more = true;
    while (more) {
        more = str_next(&rest, '\n', &line);
        if (more && line.len > 0) {
            if (paragraph.len > 0)
                strbuf_putc(&paragraph, ' ');
            strbuf_add(&paragraph, line);
        } else if (paragraph.len > 0) {
            strbuf_putc(out, '\n');
            wrap(out, paragraph.p, 0, 0, width);
            strbuf_clear(&paragraph);
        }
    }
    strbuf_release(&paragraph);
}

static void argument_usage(const struct opt_argument *arg, struct strbuf *out)
{
    const char *dots = arg->max > 1 ? "..." : "";
    strbuf_printf(out, arg->min == 0 ? " [%s%s]" : " %s%s", arg->name, dots);
}

void opt_usage(const struct opt_program *program, const struct opt_command *command, struct strbuf *out)
{
    strbuf_puts(out, program->name);
    if (command->name[0] != '\0')
        strbuf_printf(out, " %s", command->name);
    if (command->options != NULL)
        strbuf_puts(out, " [OPTIONS]");
    for (const struct opt_argument *arg = command->arguments; arg->name != NULL; arg++)
        argument_usage(arg, out);
}

static void option_name(const struct opt_option *o, struct strbuf *out)
{
    if (o->letter != 0)
        strbuf_printf(out, "-%c, ", o->letter);
    else
        strbuf_puts(out, "    ");
    strbuf_printf(out, "--%s", o->name);
    if (o->value != NULL)
        strbuf_printf(out, " %s", o->value);
}

/* The doc and what else the row knows: choices, variable, default. */
static void option_doc(const struct opt_option *o, struct strbuf *out)
{
    strbuf_puts(out, o->doc);
    if (o->choices != NULL) {
        strbuf_puts(out, ": ");
        struct str rest = str_of(o->choices), choice;
        for (bool first = true; str_next(&rest, '|', &choice); first = false)
            strbuf_printf(out, "%s%.*s", first ? "" : ", ", STR_ARG(choice));
    }
    if (o->variable != NULL)
        strbuf_printf(out, " [$%s]", o->variable);
    if (o->fallback != NULL)
        strbuf_printf(out, " [default: %s]", o->fallback);
    if (o->repeatable)
        strbuf_puts(out, " [may be repeated]");
}

static void options_part(const struct opt_command *command, unsigned width, struct strbuf *out)
{
    strbuf_puts(out, "\nOptions:\n");
    for (const struct opt_option *const *o = command->options; o != NULL && *o != NULL; o++) {
        struct strbuf name, doc;
        strbuf_init(&name, 256);
        strbuf_init(&doc, 4096);
        option_name(*o, &name);
        option_doc(*o, &doc);
        entry(out, strbuf_str(&name), doc.p, width);
        strbuf_release(&name);
        strbuf_release(&doc);
    }
    entry(out, STR("-h, --help"), "Show this help", width);
}

void opt_help_command(const struct opt_program *program, const struct opt_command *command, unsigned width,
                      struct strbuf *out)
{
    strbuf_puts(out, "Usage: ");
    opt_usage(program, command, out);
    strbuf_puts(out, "\n\n");
    wrap(out, command->summary, 0, 0, width);
    if (command->text != NULL)
        paragraphs(out, command->text, width);
    if (command->arguments[0].name != NULL)
        strbuf_puts(out, "\nArguments:\n");
    for (const struct opt_argument *arg = command->arguments; arg->name != NULL; arg++)
        entry(out, str_of(arg->name), arg->doc, width);
    options_part(command, width, out);
    if (command->examples == NULL)
        return;
    strbuf_puts(out, "\nExamples:\n");
    struct str rest = str_of(command->examples), line;
    while (str_next(&rest, '\n', &line))
        strbuf_printf(out, "  %.*s\n", STR_ARG(line));
}

void opt_help_family(const struct opt_program *program, const char *family, unsigned width, struct strbuf *out)
{
    size_t len = strlen(family);
    strbuf_printf(out, "Usage: %s %s COMMAND [OPTIONS]\n\n", program->name, family);
    for (size_t i = 0; i < program->command_count; i++) {
        const struct opt_command *c = program->commands[i];
        if (strncmp(c->name, family, len) == 0 && c->name[len] == ' ')
            entry(out, str_of(c->name), c->summary, width);
    }
}

void opt_help_overview(const struct opt_program *program, unsigned width, struct strbuf *out)
{
    strbuf_printf(out, "Usage: %s COMMAND [OPTIONS] [ARGUMENTS]\n\n", program->name);
    wrap(out, program->summary, 0, 0, width);
    const char *group = "";
    for (size_t i = 0; i < program->command_count; i++) {
        const struct opt_command *c = program->commands[i];
        if (strcmp(group, c->group) != 0)
            strbuf_printf(out, "\n%s:\n", c->group);
        group = c->group;
        entry(out, str_of(c->name), c->summary, width);
    }
    strbuf_printf(out, "\n'%s COMMAND --help' describes one command.\n", program->name);
}
