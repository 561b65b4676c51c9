/*
 * One failure, for the person who has to act on it. The caller owns the struct; a function that
 * returns false has filled it, a function that returns true has not touched it.
 *
 * A message has three parts: `text` (what failed), `detail` (what the layer below said, for example
 * the server's own words) and `hint` (what to do next). Outcomes that are no failures ("not found",
 * "already applied", "busy") are results of their own, never an err.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "skein/base/str.h"

/* What kind of failure: decides the exit code and what a program may do about it. */
enum err_code {
    ERR_UNSET = 0,
    ERR_USAGE,       /* the caller's words are wrong */
    ERR_INPUT,       /* a file or a value that was given is bad */
    ERR_CHECK,       /* a check says pending or different */
    ERR_TARGET,      /* the expression does not resolve to revisions; `kind` says why */
    ERR_STATE,       /* the database is not in a state that allows this */
    ERR_SQL,         /* a statement failed; `sqlstate` is set where the engine has one */
    ERR_CONNECT,     /* no connection to the database */
    ERR_LOCK,        /* a lock was busy or timed out */
    ERR_UNREACHABLE, /* coordinator or agent does not answer */
    ERR_REFUSED,     /* role, policy or checksum */
    ERR_PARTIAL,     /* some targets failed */
    ERR_HALTED,      /* a rollout stopped */
    ERR_SYSTEM,      /* the operating system said no */
    ERR_LIMIT,       /* larger than a documented limit */
    ERR_CANCELLED,   /* a person or a signal stopped it */
    ERR_INTERNAL,    /* a bug in skein */
    ERR_CODE_COUNT
};

enum { ERR_TEXT_MAX = 1024, ERR_DETAIL_MAX = 2048, ERR_HINT_MAX = 512, ERR_ORIGIN_MAX = 512 };

struct err {
    enum err_code code;
    char kind[48];               /* machine-readable kind, e.g. "multiple_heads"; "" if none */
    char sqlstate[6];            /* "" if none */
    char text[ERR_TEXT_MAX];     /* what failed, one line, no full stop */
    char detail[ERR_DETAIL_MAX]; /* what the layer below said; may have several lines */
    char hint[ERR_HINT_MAX];     /* what to do next */
    char origin[ERR_ORIGIN_MAX]; /* file:line[:column] of the input at fault; "" if none */
};

const char *err_code_name(enum err_code code); /* "usage", "input", ... for logs and JSON */
bool err_code_parse(struct str name, enum err_code *ret_code);
int err_exit_code(enum err_code code); /* the documented exit code of a command that ends with it */

void err_clear(struct err *e);

/* Fills *e; always returns false, so that `return err_set(...)` reads well. Too long text is cut. */
bool err_set(struct err *e, enum err_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool err_vset(struct err *e, enum err_code code, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* err_set() with the machine-readable kind. */
bool err_kind(struct err *e, enum err_code code, const char *kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Sets one more part; all return false. */
bool err_hint(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool err_detail(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool err_origin(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts the noun that this caller knows in front of the text: "<noun>: <text>". Returns false. */
bool err_wrap(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The human form, several lines: "origin: text", "detail: ...", "hint: ...". Appends to *out. */
void err_format(const struct err *e, struct strbuf *out);
