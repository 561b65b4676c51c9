/*
 * Findings about input: parsing and checking go on after the first problem and collect them all here,
 * each with the place and what to do about it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"

enum diag_severity { DIAG_UNSET = 0, DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };

struct diag_item {
    enum diag_severity severity;
    const char *kind; /* machine-readable, e.g. "missing_parent"; a literal */
    struct str path;  /* relative to the project's root where there is one; empty if no file */
    unsigned line;    /* from 1; 0 if unknown */
    unsigned column;  /* in bytes from 1; 0 if unknown */
    const char *text;
    const char *hint; /* NULL if none */
};

/* The list lives in `arena`, which must outlive it. At most DIAG_MAX items are kept, the rest counted. */
enum { DIAG_MAX = 1000 };

struct diag {
    struct arena *arena;
    VEC(struct diag_item) list;
    size_t errors, warnings, dropped;
};

const char *diag_severity_name(enum diag_severity severity);

void diag_init(struct diag *d, struct arena *arena);

/* The place of a finding. */
struct diag_at {
    struct str path;
    unsigned line, column;
};

/* Adds one finding; texts are copied. `hint` may be NULL. */
void diag_add(struct diag *d, enum diag_severity severity, const char *kind, struct diag_at at, const char *hint,
              const char *format, ...) __attribute__((format(printf, 6, 7)));

bool diag_has_errors(const struct diag *d);

/* Sorted by path, line, column, then by order of finding. */
void diag_sort(struct diag *d);

/* The human form, a block a finding: "path:line:column: error: text" and "    hint: ...". */
void diag_format(const struct diag *d, struct strbuf *out);

/* The first error as an err (code ERR_INPUT), its text saying how many others there are. False. */
bool diag_to_err(const struct diag *d, struct err *err);
