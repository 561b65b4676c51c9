/*
 * What a command prints. Data goes to stdout, messages to stderr; colour and width only where a terminal
 * is. Text from files, databases and peers is cleaned: control characters never reach the terminal.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "skein/base/diag.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/graph/revision.h"

enum out_style { OUT_PLAIN = 0, OUT_BOLD, OUT_DIM, OUT_RED, OUT_GREEN, OUT_YELLOW };

/* A terminal that takes colour: not with NO_COLOR or TERM=dumb. */
bool out_is_terminal(FILE *file);

/* Columns of the terminal on `file`, or 0 when it is none. */
unsigned out_width(FILE *file);

/* Writes cleaned text: control characters other than line feed and tab as \x1b. */
void out_clean(FILE *file, struct str text);

/* The same in a style, where the file is a terminal. */
void out_styled(FILE *file, enum out_style style, struct str text);

/* printf() to stdout or stderr with cleaned text. */
void out_printf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A message to stderr: "skein: ..." */
void out_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The error in its three parts to stderr. */
void out_err(const struct err *err);

/* All findings, then a line with their number, to stderr. */
void out_diag(const struct diag *diag);

/* JSON texts are UTF-8: bytes that are not are replaced. */
json_t *json_str(struct str s);
json_t *json_names(const struct names *names);

/* {"code", "message", "hint"} and what else is known. */
json_t *json_err(const struct err *err);

/* The findings as an array. */
json_t *json_findings(const struct diag *diag);

/* Prints and releases. `out_json_line` makes one line, for streams. */
void out_json(json_t *value);
void out_json_line(json_t *value);

/*
 * The end of a failed command: the error object on stdout when `as_json`, else the text on stderr; the
 * exit code. `diag` may be NULL.
 */
enum out_form { OUT_FORM_UNSET = 0, OUT_FORM_TEXT, OUT_FORM_JSON, OUT_FORM_JSONL };

int out_fail(enum out_form form, const struct err *err, const struct diag *diag);

/* A table on stdout: as wide as the terminal, or as its content when there is none. */
struct out_table;

enum out_column { OUT_COLUMN_TEXT = 0, OUT_COLUMN_NUMBER, OUT_COLUMN_WRAP, OUT_COLUMN_CUT };

struct out_table *out_table_new(void);
void out_table_column(struct out_table *t, const char *name, enum out_column kind);
void out_table_row(struct out_table *t);
void out_table_cell(struct out_table *t, struct str text); /* the next cell of the row */
void out_table_cellf(struct out_table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_table_print(struct out_table *t); /* and frees it */
void out_table_free(struct out_table *t);  /* NULL is fine */
