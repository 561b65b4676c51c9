/*
 * Parsing a command line by rows (skein/os/opt.h).
 *
 * 1. cut: every word becomes an option (looked up among the rows of all commands, which agree about who
 *    takes a value) or an argument;
 * 2. the first one or two arguments name the command;
 * 3. check: every option is one of the command's, values are well-formed, the number of arguments fits.
 */
#include "skein/os/opt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "skein/base/timestamp.h"

static const struct opt_option help_row = {
    .name = "help", .letter = 'h', .doc = "Show what the command does and its options"};
static const struct opt_option version_row = {.name = "version", .doc = "Show the version"};

/* The words of a line before they are checked. */
struct cut {
    struct arena *arena;
    const struct opt_program *program;
    int argc;
    const char *const *argv;
    int at;
    struct opt_line *line;
    const char *unknown; /* the first option that no command knows; NULL */
};

static bool option_is_named(const struct opt_option *o, struct str name)
{
    return str_eq(str_of(o->name), name) || (name.len == 1 && o->letter != 0 && name.p[0] == o->letter);
}

static const struct opt_option *find_in(const struct opt_option *const *options, struct str name)
{
    for (; options != NULL && *options != NULL; options++)
        if (option_is_named(*options, name))
            return *options;
    return NULL;
}

static const struct opt_option *find_option(const struct opt_program *p, struct str name)
{
    if (option_is_named(&help_row, name))
        return &help_row;
    if (option_is_named(&version_row, name))
        return &version_row;
    for (size_t i = 0; i < p->command_count; i++) {
        const struct opt_option *o = find_in(p->commands[i]->options, name);
        if (o != NULL)
            return o;
    }
    return NULL;
}

/* The command with this name, or NULL. */
static const struct opt_command *opt_find_command(const struct opt_program *program, struct str name)
{
    for (size_t i = 0; i < program->command_count; i++)
        if (str_eq(str_of(program->commands[i]->name), name))
            return program->commands[i];
    return NULL;
}

static void keep_option(struct cut *c, const struct opt_option *o, const char *value)
{
    c->line->help |= o == &help_row;
    c->line->version |= o == &version_row;
    vec_push(c->arena, &c->line->options.list, ((struct opt_given){o, value}));
}

/* A word that looks like an option is not taken for the value of one before it. */
static bool looks_like_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && !isdigit((unsigned char)word[1]);
}

static bool take_value(struct cut *c, const struct opt_option *o, const char *attached, struct err *err)
{
    if (attached != NULL) {
        keep_option(c, o, attached);
        return true;
    }
    const char *next = c->at < c->argc ? c->argv[c->at] : NULL;
    if (next == NULL || looks_like_option(next)) {
        err_set(err, ERR_USAGE, "option --%s needs a value (%s)", o->name, o->value);
        return next == NULL ? false : err_hint(err, "if '%s' is the value, write --%s=%s", next, o->name, next);
    }
    c->at++;
    keep_option(c, o, next);
    return true;
}

static bool cut_long(struct cut *c, const char *word, struct err *err)
{
    struct str whole = str_of(word + 2), name = str_head(whole, str_find(whole, '='));
    const char *attached = name.len < whole.len ? word + 2 + name.len + 1 : NULL;
    /* A letter is not a long name. */
    const struct opt_option *o = name.len > 1 ? find_option(c->program, name) : NULL;
    if (o == NULL) {
        c->unknown = c->unknown != NULL ? c->unknown : word;
        return true;
    }
    if (o->type != OPT_FLAG)
        return take_value(c, o, attached, err);
    if (attached != NULL)
        return err_set(err, ERR_USAGE, "option --%s takes no value", o->name);
    keep_option(c, o, "");
    return true;
}

static bool cut_short(struct cut *c, const char *word, struct err *err)
{
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        const struct opt_option *o = find_option(c->program, (struct str){letter, 1});
        if (o == NULL) {
            c->unknown = c->unknown != NULL ? c->unknown : word;
            return true;
        }
        if (o->type != OPT_FLAG) {
            const char *rest = letter[1] == '=' ? letter + 2 : letter + 1;
            return take_value(c, o, letter[1] != '\0' ? rest : NULL, err);
        }
        keep_option(c, o, "");
    }
    return true;
}

static bool cut_words(struct cut *c, struct err *err)
{
    bool only_arguments = false;
    while (c->at < c->argc) {
        const char *word = c->argv[c->at++];
        if (only_arguments || !looks_like_option(word))
            vec_push(c->arena, &c->line->arguments.list, word);
        else if (strcmp(word, "--") == 0)
            only_arguments = true;
        else if (!(word[1] == '-' ? cut_long(c, word, err) : cut_short(c, word, err)))
            return false;
    }
    return true;
}

static void drop_arguments(struct opt_line *line, size_t count)
{
    line->arguments.list.items += count;
    line->arguments.list.count -= count;
    line->arguments.list.cap -= count;
}

/* The first word of a command of two words. */
static bool is_family(const struct opt_program *p, struct str word)
{
    for (size_t i = 0; i < p->command_count; i++) {
        struct str name = str_of(p->commands[i]->name);
        if (str_starts(name, word) && name.len > word.len && name.p[word.len] == ' ')
            return true;
    }
    return false;
}

static const char *nearest_command(struct arena *a, const struct opt_program *p, const char *word)
{
    const char **names = arena_new_array(a, p->command_count, const char *);
    for (size_t i = 0; i < p->command_count; i++)
        names[i] = p->commands[i]->name;
    return opt_nearest(word, names, p->command_count);
}

static bool unknown_command(struct cut *c, const char *word, struct err *err)
{
    err_set(err, ERR_USAGE, "unknown command '%s'", word);
    const char *near = nearest_command(c->arena, c->program, word);
    if (near != NULL)
        return err_hint(err, "did you mean '%s %s'?", c->program->name, near);
    return err_hint(err, "'%s --help' lists the commands", c->program->name);
}

static bool find_family_command(struct cut *c, const char *first, struct err *err)
{
    struct opt_line *line = c->line;
    const char *second = line->arguments.list.count > 1 ? line->arguments.list.items[1] : NULL;
    if (second != NULL) {
        const char *both = arena_printf(c->arena, "%s %s", first, second);
        line->command = opt_find_command(c->program, str_of(both));
        if (line->command == NULL)
            return unknown_command(c, both, err);
        drop_arguments(line, 2);
        return true;
    }
    line->family = first;
    if (line->help)
        return true;
    err_set(err, ERR_USAGE, "'%s %s' needs one more word", c->program->name, first);
    return err_hint(err, "'%s %s --help' lists them", c->program->name, first);
}

static bool find_command(struct cut *c, struct err *err)
{
    struct opt_line *line = c->line;
    if (c->program->command_count == 1 && c->program->commands[0]->name[0] == '\0') {
        line->command = c->program->commands[0];
        return true;
    }
    if (line->arguments.list.count == 0) {
        if (line->help || line->version)
            return true;
        err_set(err, ERR_USAGE, "no command given");
        return err_hint(err, "'%s --help' lists the commands", c->program->name);
    }
    const char *first = line->arguments.list.items[0];
    line->command = opt_find_command(c->program, str_of(first));
    if (line->command != NULL) {
        drop_arguments(line, 1);
        return true;
    }
    return is_family(c->program, str_of(first)) ? find_family_command(c, first, err) : unknown_command(c, first, err);
}

static bool bad_option(struct cut *c, const char *word, struct err *err)
{
    const struct opt_command *command = c->line->command;
    const char *names[128];
    size_t count = 0;
    for (const struct opt_option *const *o = command->options; o != NULL && *o != NULL && count < 127; o++)
        names[count++] = (*o)->name;
    names[count++] = help_row.name;
    struct str whole = str_of(word);
    struct str name = str_from(str_head(whole, str_find(whole, '=')), str_starts(whole, STR("--")) ? 2 : 1);
    const char *typed = str_cstr(c->arena, name);
    const char *command_name = command->name[0] != '\0' ? arena_printf(c->arena, " %s", command->name) : "";
    err_set(err, ERR_USAGE, "'%s%s' has no option '%.*s'", c->program->name, command_name,
            STR_ARG(str_head(whole, str_find(whole, '='))));
    const char *near = opt_nearest(typed, names, count);
    if (near != NULL)
        return err_hint(err, "did you mean --%s?", near);
    return err_hint(err, "'%s%s --help' lists its options", c->program->name, command_name);
}

static bool choice_fits(const char *choices, const char *value)
{
    struct str rest = str_of(choices), choice;
    while (str_next(&rest, '|', &choice))
        if (str_is(choice, value))
            return true;
    return false;
}

/* `source` is how the user gave it: "--format" or "$SKEIN_FORMAT". */
static bool check_value(const struct opt_option *o, const char *source, const char *value, struct err *err)
{
    unsigned long long number;
    int64_t ms;
    if (o->type == OPT_CHOICE && !choice_fits(o->choices, value))
        return err_set(err, ERR_USAGE, "%s is one of %s, not '%s'", source, o->choices, value);
    if (o->type == OPT_NUMBER && !str_to_u64(str_of(value), UINT32_MAX, &number))
        return err_set(err, ERR_USAGE, "%s is a number, not '%s'", source, value);
    if (o->type == OPT_DURATION && !duration_parse(str_of(value), &ms)) {
        err_set(err, ERR_USAGE, "%s is a duration, not '%s'", source, value);
        return err_hint(err, "for example 300ms, 5s, 10m, 2h");
    }
    return true;
}

static const char *variable_value(const struct opt_option *o)
{
    const char *value = o->variable != NULL ? getenv(o->variable) : NULL;
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool check_options(struct cut *c, struct err *err)
{
    const struct opt_command *command = c->line->command;
    if (c->unknown != NULL)
        return bad_option(c, c->unknown, err);
    for (size_t i = 0; i < c->line->options.list.count; i++) {
        struct opt_given *g = &c->line->options.list.items[i];
        if (g->option == &help_row || g->option == &version_row)
            continue;
        const char *dashed = arena_printf(c->arena, "--%s", g->option->name);
        g->option = find_in(command->options, str_of(g->option->name));
        if (g->option == NULL)
            return bad_option(c, dashed, err);
        if (!check_value(g->option, dashed, g->value, err))
            return false;
    }
    for (const struct opt_option *const *o = command->options; o != NULL && *o != NULL; o++) {
        const char *value = variable_value(*o);
        if (value != NULL && !opt_has(c->line, *o) &&
            !check_value(*o, arena_printf(c->arena, "$%s", (*o)->variable), value, err))
            return false;
    }
    return true;
}

static bool check_arguments(struct cut *c, struct err *err)
{
    const struct opt_command *command = c->line->command;
    size_t count = c->line->arguments.list.count, min = 0, max = 0;
    const char *missing = NULL;
    for (const struct opt_argument *arg = command->arguments; arg->name != NULL; arg++) {
        min += arg->min;
        max += arg->max;
        if (missing == NULL && min > count)
            missing = arg->name;
    }
    if (missing == NULL && count <= max)
        return true;
    if (missing != NULL)
        err_set(err, ERR_USAGE, "%s is missing", missing);
    else
        err_set(err, ERR_USAGE, "unexpected argument '%s'", c->line->arguments.list.items[max]);
    struct strbuf usage;
    strbuf_init(&usage, ERR_HINT_MAX);
    opt_usage(c->program, command, &usage);
    err_hint(err, "usage: %.*s", STR_ARG(strbuf_str(&usage)));
    strbuf_release(&usage);
    return false;
}

bool opt_parse(struct arena *a, const struct opt_program *program, int argc, const char *const *argv,
               struct opt_line *ret_line, struct err *err)
{
    struct opt_line line = {.program = program};
    struct cut c = {.arena = a, .program = program, .argc = argc, .argv = argv, .at = 1, .line = &line};
    if (!cut_words(&c, err) || !find_command(&c, err))
        return false;
    if (line.command != NULL && !line.help && !line.version && (!check_options(&c, err) || !check_arguments(&c, err)))
        return false;
    *ret_line = line;
    return true;
}

/* By name: a command may have its own row for a name (other choices). */
static bool is_same(const struct opt_option *a, const struct opt_option *b)
{
    return strcmp(a->name, b->name) == 0;
}

bool opt_has(const struct opt_line *line, const struct opt_option *option)
{
    return opt_count(line, option) > 0;
}

const char *opt_value(const struct opt_line *line, const struct opt_option *option)
{
    for (size_t i = line->options.list.count; i > 0; i--)
        if (is_same(line->options.list.items[i - 1].option, option))
            return line->options.list.items[i - 1].value;
    const char *value = variable_value(option);
    return value != NULL ? value : option->fallback;
}

size_t opt_count(const struct opt_line *line, const struct opt_option *option)
{
    size_t count = 0;
    for (size_t i = 0; i < line->options.list.count; i++)
        count += is_same(line->options.list.items[i].option, option);
    return count;
}

const char *opt_nth(const struct opt_line *line, const struct opt_option *option, size_t n)
{
    for (size_t i = 0; i < line->options.list.count; i++)
        if (is_same(line->options.list.items[i].option, option) && n-- == 0)
            return line->options.list.items[i].value;
    return NULL;
}

uint32_t opt_number(const struct opt_line *line, const struct opt_option *option, uint32_t absent)
{
    unsigned long long number;
    const char *value = opt_value(line, option);
    return value != NULL && str_to_u64(str_of(value), UINT32_MAX, &number) ? (uint32_t)number : absent;
}

int64_t opt_duration(const struct opt_line *line, const struct opt_option *option, int64_t absent)
{
    int64_t ms;
    const char *value = opt_value(line, option);
    return value != NULL && duration_parse(str_of(value), &ms) ? ms : absent;
}

const char *opt_argument(const struct opt_line *line, size_t n)
{
    return n < line->arguments.list.count ? line->arguments.list.items[n] : NULL;
}

static const char *problem_of_option(struct arena *a, const struct opt_program *p, const struct opt_command *c,
                                     const struct opt_option *o)
{
    if (o->name == NULL || strlen(o->name) < 2 || o->doc == NULL)
        return arena_printf(a, "an option of '%s' has no name or no doc", c->name);
    if ((o->type == OPT_FLAG) != (o->value == NULL) || (o->type == OPT_CHOICE) != (o->choices != NULL))
        return arena_printf(a, "--%s of '%s': its type does not fit its value or choices", o->name, c->name);
    const struct opt_option *by_name = find_option(p, str_of(o->name));
    if ((by_name->type == OPT_FLAG) != (o->type == OPT_FLAG) || by_name->letter != o->letter)
        return arena_printf(a, "--%s has two meanings", o->name);
    if (o->letter != 0 && strcmp(find_option(p, (struct str){&o->letter, 1})->name, o->name) != 0)
        return arena_printf(a, "-%c has two meanings", o->letter);
    return NULL;
}

/* The first word of command `i` was seen before, but not in the row before. */
static bool first_word_is_torn(const struct opt_program *p, size_t i)
{
    struct str name = str_of(p->commands[i]->name), word = str_head(name, str_find(name, ' '));
    bool before = false, seen = false;
    for (size_t k = 0; k < i; k++) {
        struct str other = str_of(p->commands[k]->name);
        before = str_eq(str_head(other, str_find(other, ' ')), word);
        seen |= before;
    }
    return seen && !before;
}

const char *opt_problem(struct arena *a, const struct opt_program *program)
{
    for (size_t i = 0; i < program->command_count; i++) {
        const struct opt_command *c = program->commands[i];
        if (c->summary == NULL || c->group == NULL || c->run == NULL)
            return arena_printf(a, "command '%s' is not complete", c->name);
        if (opt_find_command(program, str_of(c->name)) != c)
            return arena_printf(a, "command '%s' stands there twice", c->name);
        if (i > 0 && first_word_is_torn(program, i))
            return arena_printf(a, "commands that begin like '%s' do not stand together", c->name);
        for (const struct opt_option *const *o = c->options; o != NULL && *o != NULL; o++) {
            const char *problem = problem_of_option(a, program, c, *o);
            if (problem != NULL)
                return problem;
        }
    }
    return NULL;
}
