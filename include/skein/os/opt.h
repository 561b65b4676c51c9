/*
 * The command line as rows: commands, their options and arguments are constant tables, and parsing,
 * help, the man page, the reference page and shell completion all read the same rows.
 *
 * Options may stand anywhere on the line, also before the command: `--name value`, `--name=value`,
 * `-n value`, `-nvalue`, flags together as `-iv`. After `--` everything is an argument. A word that starts
 * with `-` and a digit is an argument too (`downgrade -1`). One option name means one thing in the whole
 * program: commands share the row. A program without commands has one command with the name "".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"

enum opt_type {
    OPT_FLAG = 0,
    OPT_TEXT,
    OPT_CHOICE,   /* one of `choices` */
    OPT_NUMBER,   /* decimal, 0 .. UINT32_MAX */
    OPT_DURATION, /* "300ms", "5s", "10m": skein/base/timestamp.h */
};

struct opt_option {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum opt_type type;
    bool repeatable;      /* every value counts; else the last one */
    const char *value;    /* what stands for the value in texts ("URL"); NULL for a flag */
    const char *doc;      /* a sentence without full stop */
    const char *choices;  /* "table|json" */
    const char *variable; /* of the environment, read when the option is not given; NULL */
    const char *fallback; /* the value when neither is given; NULL */
};

enum { OPT_ARGUMENTS_MAX = 3, OPT_MANY = 65535 };

struct opt_argument {
    const char *name; /* "REV"; NULL ends the list */
    const char *doc;
    unsigned min, max; /* how many; OPT_MANY: no limit, and the last argument */
};

struct opt_line;

struct opt_command {
    const char *name;                        /* one word or two ("rollout start") */
    const char *group;                       /* the heading in the overview */
    const char *summary;                     /* one line */
    const char *text;                        /* paragraphs, an empty line between them; NULL */
    const char *examples;                    /* one command a line; NULL */
    const struct opt_option *const *options; /* ends in NULL; NULL: none */
    struct opt_argument arguments[OPT_ARGUMENTS_MAX + 1];
    int (*run)(const struct opt_line *line); /* returns the exit code */
};

/* A row of the lists "Exit codes" and "Environment" of the manual. */
struct opt_note {
    const char *name;
    const char *doc;
};

struct opt_program {
    const char *name, *version, *summary;
    const char *text;
    const struct opt_command *const *commands; /* those of one family stand together */
    size_t command_count;
    const struct opt_note *exit_codes; /* end in a NULL name; may be NULL */
    const struct opt_note *variables;
};

/* One option as found on the line. */
struct opt_given {
    const struct opt_option *option;
    const char *value; /* "" for a flag */
};

/* A line that was understood. */
struct opt_line {
    const struct opt_program *program;
    const struct opt_command *command; /* NULL only with `help` or `version` */
    bool help, version;
    const char *family; /* with `help`: the first word of several commands ("rollout"); else NULL */
    struct {
        VEC(struct opt_given) list;
    } options;
    struct {
        VEC(const char *) list;
    } arguments;
};

/*
 * Understands a line; argv[0] is skipped. Strings stay the caller's. False: err (ERR_USAGE) says what is
 * wrong and suggests the nearest name.
 */
bool opt_parse(struct arena *a, const struct opt_program *program, int argc, const char *const *argv,
               struct opt_line *ret_line, struct err *err);

/* Parses and runs: help and version to stdout, usage errors to stderr with exit code 2. */
int opt_main(const struct opt_program *program, int argc, const char *const *argv);

bool opt_has(const struct opt_line *line, const struct opt_option *option); /* on the line itself */

/* From the line, else the environment, else the row's fallback, else NULL. Empty variables count as unset. */
const char *opt_value(const struct opt_line *line, const struct opt_option *option);

/* Every value of a repeatable option, in order. */
size_t opt_count(const struct opt_line *line, const struct opt_option *option);
const char *opt_nth(const struct opt_line *line, const struct opt_option *option, size_t n);

/* Of OPT_NUMBER and OPT_DURATION (milliseconds); `absent` when there is no value. opt_parse() checked the text. */
uint32_t opt_number(const struct opt_line *line, const struct opt_option *option, uint32_t absent);
int64_t opt_duration(const struct opt_line *line, const struct opt_option *option, int64_t absent);

/* The n-th argument or NULL. */
const char *opt_argument(const struct opt_line *line, size_t n);

/* What is wrong with the rows themselves (a name with two meanings, no doc, ...); NULL if nothing. For tests. */
const char *opt_problem(struct arena *a, const struct opt_program *program);

/* Help for the terminal: the overview (NULL), one command, or a family of commands. */
void opt_help_overview(const struct opt_program *program, unsigned width, struct strbuf *out);
void opt_help_family(const struct opt_program *program, const char *family, unsigned width, struct strbuf *out);
void opt_help_command(const struct opt_program *program, const struct opt_command *command, unsigned width,
                      struct strbuf *out);

/* The same rows as a man page (roff, man(7)), a Markdown reference, and completion scripts. */
void opt_man(const struct opt_program *program, struct strbuf *out);
void opt_markdown(const struct opt_program *program, struct strbuf *out);
void opt_bash(const struct opt_program *program, struct strbuf *out);
void opt_zsh(const struct opt_program *program, struct strbuf *out);

/* "skein upgrade [OPTIONS] [REV]". */
void opt_usage(const struct opt_program *program, const struct opt_command *command, struct strbuf *out);

/* The nearest of `count` names to `word` if it is near enough to be a slip of the finger; else NULL. */
const char *opt_nearest(const char *word, const char *const *names, size_t count);
