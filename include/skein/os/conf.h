/*
 * Daemon configuration: INI files whose sections and settings are rows of a table. Reading, checking, the
 * annotated example and the manual all come from the rows.
 *
 *     struct limits_conf { uint64_t workers; int64_t grace_ms; };
 *     static const struct conf_row limits_rows[] = {
 *         {.key = "workers", .type = CONF_NUMBER, .fallback = "4", .min = 1, .max = 64,
 *          .doc = "Threads that work on targets.", .offset = offsetof(struct limits_conf, workers)},
 *     };
 *
 * A section is `[kind]`, or `[kind name]` where the table says that it is named; named sections may occur
 * many times. Lines that start with `#` or `;` are comments; ` ;` starts a comment inside a line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/diag.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/graph/revision.h"

enum conf_type {
    CONF_UNSET = 0,
    CONF_TEXT,     /* struct str, NUL-terminated as well */
    CONF_NUMBER,   /* uint64_t, within min and max */
    CONF_DURATION, /* int64_t milliseconds, within min and max: "300ms", "5s", "10m", "2h" */
    CONF_BOOL,     /* bool: yes/no, true/false, on/off, 1/0 */
    CONF_LIST,     /* struct names: parts between commas, trimmed, none empty */
    CONF_CHOICE,   /* struct str, one of `choices` */
};

struct conf_row {
    const char *key;
    enum conf_type type;
    bool required;
    const char *fallback; /* the value when absent; NULL leaves zero */
    const char *choices;  /* "a,b,c" for CONF_CHOICE */
    uint64_t min, max;    /* for numbers and durations; max 0: no limit */
    const char *doc;      /* whole sentences */
    const char *example;  /* for the annotated example when there is no fallback; may be NULL */
    size_t offset;        /* of the member in the section's struct */
};

struct conf_section {
    const char *kind;
    const char *name_doc;     /* what the name stands for; NULL: the section has no name and occurs at most once */
    const char *name_example; /* for the annotated example; with name_doc */
    const char *doc;
    size_t size; /* of its struct */
    const struct conf_row *rows;
    size_t row_count;
};

/* One section of a file, or a nameless section that the file does not have, with its fallbacks. */
struct conf_block {
    const struct conf_section *section;
    struct str name; /* empty when the section has none */
    unsigned line;   /* 0 when the file does not have it */
    void *values;    /* the section's struct */
};

struct conf {
    VEC(struct conf_block) blocks; /* in the file's order; the missing nameless ones last */
};

enum { CONF_FILE_MAX = 1 << 20, CONF_LINE_MAX = 16384, CONF_SECTION_NAME_MAX = 47 };

/* Parses everything and reports every finding with its line; false when one is an error. */
bool conf_parse(struct arena *a, struct str text, const char *path, const struct conf_section *sections, size_t count,
                struct diag *diag, struct conf *ret_conf);

/* Reads and parses a file that only its owner may change; the error is the first finding, or why it cannot be read. */
bool conf_load(struct arena *a, const char *path, const struct conf_section *sections, size_t count, struct diag *diag,
               struct conf *ret_conf, struct err *err);

/* The values of a nameless section. */
void *conf_values(const struct conf *c, const char *kind);

/* An example of the file in which every setting is commented, with its meaning and its default. */
void conf_example(const struct conf_section *sections, size_t count, struct strbuf *out);
