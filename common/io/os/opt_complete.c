/* Completion scripts for bash and zsh, from the rows. */
#include "skein/os/opt.h"

#include <string.h>

static struct str first_word(const struct opt_command *c)
{
    struct str name = str_of(c->name);
    return str_head(name, str_find(name, ' '));
}

/* True for the first of several commands that share their first word: rows of a family stand together. */
static bool opens_word(const struct opt_program *p, size_t i)
{
    return i == 0 || !str_eq(first_word(p->commands[i - 1]), first_word(p->commands[i]));
}

static bool is_of_family(const struct opt_command *c)
{
    return strchr(c->name, ' ') != NULL;
}

/* The second words of the family that begins at row `i`. */
static void family_words(const struct opt_program *p, size_t i, const char *between, struct strbuf *out)
{
    struct str family = first_word(p->commands[i]);
    for (size_t k = i; k < p->command_count && str_eq(first_word(p->commands[k]), family); k++)
        strbuf_printf(out, "%s%s", k > i ? between : "", p->commands[k]->name + family.len + 1);
}

static void bash_family(const struct opt_program *p, size_t i, struct strbuf *out)
{
    strbuf_printf(out, "    %.*s) words=\"", STR_ARG(first_word(p->commands[i])));
    family_words(p, i, " ", out);
    strbuf_puts(out, "\" ;;\n");
}

static void bash_options(const struct opt_command *c, struct strbuf *out)
{
    strbuf_printf(out, "    \"%s\") words=\"--help", c->name);
    for (const struct opt_option *const *o = c->options; o != NULL && *o != NULL; o++)
        strbuf_printf(out, " --%s", (*o)->name);
    strbuf_puts(out, "\" ;;\n");
}

/* The values of options with choices, each option once. */
static void bash_choices(const struct opt_program *p, struct strbuf *out)
{
    for (size_t i = 0; i < p->command_count; i++)
        for (const struct opt_option *const *o = p->commands[i]->options; o != NULL && *o != NULL; o++) {
            if ((*o)->type != OPT_CHOICE)
                continue;
            strbuf_printf(out, "    \"%s --%s\") words=\"", p->commands[i]->name, (*o)->name);
            for (const char *c = (*o)->choices; *c != '\0'; c++)
                strbuf_putc(out, *c == '|' ? ' ' : *c);
            strbuf_puts(out, "\" ;;\n");
        }
}

static void bash_commands(const struct opt_program *p, struct strbuf *out)
{
    strbuf_puts(out, "    \"\") words=\"");
    for (size_t i = 0; i < p->command_count; i++)
        if (opens_word(p, i))
            strbuf_printf(out, "%s%.*s", i > 0 ? " " : "", STR_ARG(first_word(p->commands[i])));
    strbuf_puts(out, "\" ;;\n");
}

void opt_bash(const struct opt_program *p, struct strbuf *out)
{
    strbuf_printf(out,
                  "# bash completion for %s, printed by '%s help --bash'\n"
                  "_%s() {\n"
                  "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word words=\n"
                  "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                  "    case $word in -*) ;; *) command=\"${command:+$command }$word\" ;; esac\n"
                  "    case $command in *\\ *) break ;; esac\n"
                  "  done\n"
                  "  case $command in\n",
                  p->name, p->name, p->name);
    for (size_t i = 0; i < p->command_count; i++)
        if (is_of_family(p->commands[i]))
            strbuf_printf(out, "    \"%s\"*) command=\"%s\" ;;\n", p->commands[i]->name, p->commands[i]->name);
        else
            strbuf_printf(out, "    \"%s\"|\"%s \"*) command=\"%s\" ;;\n", p->commands[i]->name, p->commands[i]->name,
                          p->commands[i]->name);
    strbuf_puts(out, "  esac\n  case $command in\n");
    bash_commands(p, out);
    for (size_t i = 0; i < p->command_count; i++)
        if (opens_word(p, i) && is_of_family(p->commands[i]))
            bash_family(p, i, out);
    for (size_t i = 0; i < p->command_count; i++)
        bash_options(p->commands[i], out);
    strbuf_puts(out, "  esac\n  case \"$command $prev\" in\n");
    bash_choices(p, out);
    strbuf_printf(out,
                  "  esac\n"
                  "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                  "}\n"
                  "complete -o default -F _%s %s\n",
                  p->name, p->name);
}

/* Inside '...' of _arguments: quotes, brackets and colons mean something. */
static void zsh_text(struct strbuf *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '\'')
            strbuf_puts(out, "'\\''");
        else if (*text == ':' || *text == '[' || *text == ']')
            strbuf_printf(out, "\\%c", *text);
        else
            strbuf_putc(out, *text);
}

static void zsh_option(const struct opt_option *o, struct strbuf *out)
{
    strbuf_printf(out, " '%s--%s%s[", o->repeatable ? "*" : "", o->name, o->value != NULL ? "=" : "");
    zsh_text(out, o->doc);
    strbuf_putc(out, ']');
    if (o->value != NULL) {
        strbuf_printf(out, ":%s:", o->value);
        if (o->choices != NULL)
            strbuf_putc(out, '(');
        for (const char *c = o->choices != NULL ? o->choices : ""; *c != '\0'; c++)
            strbuf_putc(out, *c == '|' ? ' ' : *c);
        strbuf_puts(out, o->choices != NULL ? ")" : "_files");
    }
    strbuf_putc(out, '\'');
}

static void zsh_described(const char *indent, struct str word, const char *doc, struct strbuf *out)
{
    strbuf_printf(out, "%s'%.*s:", indent, STR_ARG(word));
    zsh_text(out, doc);
    strbuf_puts(out, "'\n");
}

/* A family is described by its second words. */
static void zsh_first_word(const struct opt_program *p, size_t i, struct strbuf *out)
{
    struct strbuf words;
    strbuf_init(&words, 1 << 16);
    if (is_of_family(p->commands[i]))
        family_words(p, i, ", ", &words);
    else
        strbuf_puts(&words, p->commands[i]->summary);
    zsh_described("    ", first_word(p->commands[i]), words.p, out);
    strbuf_release(&words);
}

static void zsh_words(const struct opt_program *p, struct strbuf *out)
{
    strbuf_puts(out, "  commands=(\n");
    for (size_t i = 0; i < p->command_count; i++)
        if (opens_word(p, i))
            zsh_first_word(p, i, out);
    strbuf_puts(out,
                "  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n  case $words[2] in\n");
    for (size_t i = 0; i < p->command_count; i++) {
        struct str family = first_word(p->commands[i]);
        if (!opens_word(p, i) || !is_of_family(p->commands[i]))
            continue;
        strbuf_printf(out, "    %.*s) commands=(\n", STR_ARG(family));
        for (size_t k = i; k < p->command_count && str_eq(first_word(p->commands[k]), family); k++)
            zsh_described("      ", str_of(p->commands[k]->name + family.len + 1), p->commands[k]->summary, out);
        strbuf_puts(out, "    )\n    if (( CURRENT == 3 )); then _describe command commands; return; fi ;;\n");
    }
    strbuf_puts(out, "  esac\n");
}

void opt_zsh(const struct opt_program *p, struct strbuf *out)
{
    strbuf_printf(out, "#compdef %s\n# printed by '%s help --zsh'\n_%s() {\n  local -a commands\n", p->name, p->name,
                  p->name);
    zsh_words(p, out);
    strbuf_puts(out, "  case \"$words[2] $words[3]\" in\n");
    for (size_t i = 0; i < p->command_count; i++) {
        const struct opt_command *c = p->commands[i];
        strbuf_printf(out, "    \"%s%s\"*) _arguments '--help[Show help]'", c->name, is_of_family(c) ? "" : " ");
        for (const struct opt_option *const *o = c->options; o != NULL && *o != NULL; o++)
            zsh_option(*o, out);
        strbuf_puts(out, " '*:argument:_files' ;;\n");
    }
    strbuf_printf(out, "  esac\n}\n_%s \"$@\"\n", p->name);
}
