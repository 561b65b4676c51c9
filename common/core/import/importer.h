/* What the readers of the tools' folders share. Private to this folder. */
#pragma once

#include <stdbool.h>

#include "skein/import/import.h"

struct importer {
    struct arena *arena;
    const struct import_input *in;
    struct diag *diag;
    struct import_set set;
};

/* The text of a file with LF line ends and without byte order mark; false with a finding when it is no text. */
bool importer_text(struct importer *im, const struct import_file *file, struct str *ret_text);

/* The last part of a path. */
struct str importer_name(struct str path);

struct import_place {
    struct str path;
    unsigned line; /* of the text's first line, from 1 */
};

/*
 * Adds a section. BEGIN and COMMIT around the whole text go; a statement that cannot run in a transaction makes the
 * section one without. `transactional` false: the tool says so itself.
 */
enum importer_transaction { IMPORTER_IN_TRANSACTION = 1, IMPORTER_ALONE };
void importer_section(struct importer *im, struct import_revision *r, enum section_kind kind, struct str sql,
                      enum importer_transaction transaction, struct import_place at);
void importer_opaque(struct importer *im, struct import_revision *r, enum section_kind kind, struct str reason);

/* `${name}` replaced by what is known of it; *ret_unknown is the first that is not ("" if none). */
struct str importer_placeholders(struct importer *im, struct str text, struct str *ret_unknown);

/* A revision by version and words ("2024_add users"): "words_of_it" become the message, 14 digits the time. */
struct import_revision importer_revision(struct importer *im, struct str id, struct str words, struct str source);

void importer_note(struct importer *im, struct import_revision *r, struct str note);

/* Each follows the one before. */
void importer_chain(struct importer *im);

/* The digits at the start; a number without leading zeros ("0" stays). */
struct str importer_digits(struct str s);
struct str importer_number(struct str digits);
int importer_number_cmp(struct str a, struct str b); /* of numbers without leading zeros */

bool importer_bad(struct importer *im, struct import_place at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void importer_left_out(struct importer *im, struct str path, const char *why);

/* Flyway's versions as ids: "1.2" for "1_02.0"; empty for what is none. */
struct str flyway_version(struct arena *a, struct str text);
int flyway_version_cmp(struct str a, struct str b);

/* Of a repeatable migration's description: "R.words_of_it", or with a hash where that is too long or odd. */
struct str flyway_repeatable_id(struct arena *a, struct str words);

typedef bool importer_fn(struct importer *im);
importer_fn import_dbmate, import_goose, import_golang_migrate, import_flyway, import_sqitch;
