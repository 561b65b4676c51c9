/* The manual, as a man page (man(7)) and as Markdown, from the rows. */
#include "skein/os/opt.h"

#include <ctype.h>
#include <string.h>

/* roff: backslashes and dashes are escaped, a control character may not start a line. */
static void roff(struct strbuf *out, const char *text)
{
    bool line_start = true;
    for (; *text != '\0'; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            strbuf_puts(out, "\\&");
        if (*text == '\\')
            strbuf_puts(out, "\\e");
        else if (*text == '-')
            strbuf_puts(out, "\\-");
        else
            strbuf_putc(out, *text);
        line_start = *text == '\n';
    }
}

/* An empty line becomes a paragraph. */
static void roff_paragraphs(struct strbuf *out, const char *text)
{
    struct str rest = str_of(text), line;
    while (str_next(&rest, '\n', &line)) {
        struct arena a = {0};
        if (line.len == 0)
            strbuf_puts(out, ".PP");
        else
            roff(out, str_cstr(&a, line));
        strbuf_putc(out, '\n');
        arena_release(&a);
    }
}

static void option_facts(const struct opt_option *o, struct strbuf *out)
{
    if (o->choices != NULL) {
        strbuf_puts(out, ": ");
        struct str rest = str_of(o->choices), choice;
        for (bool first = true; str_next(&rest, '|', &choice); first = false)
            strbuf_printf(out, "%s%.*s", first ? "" : ", ", STR_ARG(choice));
    }
    strbuf_putc(out, '.');
    if (o->variable != NULL)
        strbuf_printf(out, " From the environment: %s.", o->variable);
    if (o->fallback != NULL)
        strbuf_printf(out, " Default: %s.", o->fallback);
    if (o->repeatable)
        strbuf_puts(out, " May be repeated.");
}

static void man_option(const struct opt_option *o, struct strbuf *out)
{
    strbuf_puts(out, ".TP\n");
    if (o->letter != 0)
        strbuf_printf(out, "\\fB\\-%c\\fR, ", o->letter);
    strbuf_puts(out, "\\fB\\-\\-");
    roff(out, o->name);
    strbuf_puts(out, "\\fR");
    if (o->value != NULL) {
        strbuf_puts(out, " \\fI");
        roff(out, o->value);
        strbuf_puts(out, "\\fR");
    }
    strbuf_putc(out, '\n');
    struct strbuf text;
    strbuf_init(&text, 4096);
    strbuf_puts(&text, o->doc);
    option_facts(o, &text);
    roff(out, text.p);
    strbuf_putc(out, '\n');
    strbuf_release(&text);
}

static void man_command(const struct opt_program *program, const struct opt_command *c, struct strbuf *out)
{
    struct strbuf usage;
    strbuf_init(&usage, 1024);
    opt_usage(program, c, &usage);
    strbuf_puts(out, ".SS ");
    roff(out, usage.p);
    strbuf_putc(out, '\n');
    strbuf_release(&usage);
    roff(out, c->summary);
    strbuf_puts(out, ".\n");
    if (c->text != NULL) {
        strbuf_puts(out, ".PP\n");
        roff_paragraphs(out, c->text);
    }
    for (const struct opt_argument *arg = c->arguments; arg->name != NULL; arg++) {
        strbuf_printf(out, ".TP\n\\fI%s\\fR\n", arg->name);
        roff(out, arg->doc);
        strbuf_puts(out, ".\n");
    }
    for (const struct opt_option *const *o = c->options; o != NULL && *o != NULL; o++)
        man_option(*o, out);
    if (c->examples != NULL) {
        strbuf_puts(out, ".PP\n.nf\n");
        roff(out, c->examples);
        strbuf_puts(out, "\n.fi\n");
    }
}

static void man_notes(const char *heading, const struct opt_note *notes, struct strbuf *out)
{
    if (notes == NULL)
        return;
    strbuf_printf(out, ".SH %s\n", heading);
    for (; notes->name != NULL; notes++) {
        strbuf_printf(out, ".TP\n\\fB%s\\fR\n", notes->name);
        roff(out, notes->doc);
        strbuf_puts(out, ".\n");
    }
}

void opt_man(const struct opt_program *program, struct strbuf *out)
{
    strbuf_printf(out, ".TH %s 1 \"\" \"%s %s\" \"User Commands\"\n.SH NAME\n", program->name, program->name,
                  program->version);
    strbuf_printf(out, "%s \\- ", program->name);
    roff(out, program->summary);
    strbuf_printf(out,
                  "\n.SH SYNOPSIS\n.B %s\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n.SH DESCRIPTION\n",
                  program->name);
    roff_paragraphs(out, program->text);
    const char *group = "";
    for (size_t i = 0; i < program->command_count; i++) {
        const struct opt_command *c = program->commands[i];
        if (strcmp(group, c->group) != 0) {
            strbuf_puts(out, ".SH ");
            for (const char *p = c->group; *p != '\0'; p++)
                strbuf_putc(out, (char)toupper((unsigned char)*p));
            strbuf_putc(out, '\n');
        }
        group = c->group;
        man_command(program, c, out);
    }
    man_notes("EXIT STATUS", program->exit_codes, out);
    man_notes("ENVIRONMENT", program->variables, out);
}

/* The characters that mean something inside a table cell or as HTML. */
static void cell(struct strbuf *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '|')
            strbuf_puts(out, "\\|");
        else if (*text == '<')
            strbuf_puts(out, "&lt;");
        else
            strbuf_putc(out, *text);
}

static void markdown_option(const struct opt_option *o, struct strbuf *out)
{
    strbuf_puts(out, "| `");
    if (o->letter != 0)
        strbuf_printf(out, "-%c`, `", o->letter);
    strbuf_printf(out, "--%s", o->name);
    if (o->value != NULL)
        strbuf_printf(out, " %s", o->value);
    strbuf_puts(out, "` | ");
    struct strbuf text;
    strbuf_init(&text, 4096);
    strbuf_puts(&text, o->doc);
    option_facts(o, &text);
    cell(out, text.p);
    strbuf_release(&text);
    strbuf_puts(out, " |\n");
}

static void markdown_command(const struct opt_program *program, const struct opt_command *c, struct strbuf *out)
{
    strbuf_printf(out, "\n### %s %s\n\n    ", program->name, c->name);
    opt_usage(program, c, out);
    strbuf_printf(out, "\n\n%s.\n", c->summary);
    if (c->text != NULL)
        strbuf_printf(out, "\n%s\n", c->text);
    if (c->arguments[0].name != NULL || c->options != NULL)
        strbuf_puts(out, "\n| | |\n|---|---|\n");
    for (const struct opt_argument *arg = c->arguments; arg->name != NULL; arg++) {
        strbuf_printf(out, "| `%s` | ", arg->name);
        cell(out, arg->doc);
        strbuf_puts(out, ". |\n");
    }
    for (const struct opt_option *const *o = c->options; o != NULL && *o != NULL; o++)
        markdown_option(*o, out);
    if (c->examples == NULL)
        return;
    strbuf_puts(out, "\n");
    struct str rest = str_of(c->examples), line;
    while (str_next(&rest, '\n', &line))
        strbuf_printf(out, "    %.*s\n", STR_ARG(line));
}

static void markdown_notes(const char *heading, const struct opt_note *notes, struct strbuf *out)
{
    if (notes == NULL)
        return;
    strbuf_printf(out, "\n## %s\n\n| | |\n|---|---|\n", heading);
    for (; notes->name != NULL; notes++) {
        strbuf_printf(out, "| `%s` | ", notes->name);
        cell(out, notes->doc);
        strbuf_puts(out, ". |\n");
    }
}

void opt_markdown(const struct opt_program *program, struct strbuf *out)
{
    strbuf_printf(out, "# %s: command line\n\n%s\n", program->name, program->text);
    strbuf_printf(out, "\nThis page is printed by `%s help --markdown`; a test compares the two.\n", program->name);
    const char *group = "";
    for (size_t i = 0; i < program->command_count; i++) {
        const struct opt_command *c = program->commands[i];
        if (strcmp(group, c->group) != 0)
            strbuf_printf(out, "\n## %s\n", c->group);
        group = c->group;
        markdown_command(program, c, out);
    }
    markdown_notes("Exit codes", program->exit_codes, out);
    markdown_notes("Environment", program->variables, out);
}
