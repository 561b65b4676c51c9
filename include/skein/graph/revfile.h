/*
 * Revision files: text to `struct revision` and back. docs/REVISION_FORMAT.md is the manual.
 *
 * The text is UTF-8 without NUL bytes, at most REVFILE_MAX bytes; a byte order mark and CRLF line ends are
 * taken and not kept. Before the first marker stand the headers, one a line, as SQL comments:
 *
 *     -- revision: ID               required
 *     -- revises: ID[, ID ...]      absent or empty: a base; several: a merge
 *     -- branch_labels: LABEL[, ...]
 *     -- depends_on: ID or LABEL or MODULE:ID[, ...]
 *     -- replaces: ID[, ...]                    a squashed revision (skein/graph/squash.h)
 *     -- replaced_checksums: 64 HEX DIGITS[, ...]
 *     -- message: TEXT
 *     -- created: RFC 3339 time
 *
 * At most 1,000 names a header. Other comments are allowed there, SQL is not. A marker is a line that starts with `--
 * migrate:` and one of up, down, verify, probe, then in any order an engine and options (`transaction:false`,
 * `lock_timeout:5s`, `statement_timeout:10m`, `opaque`; only up and down take options). A section reaches to the next
 * marker or the end. A file without a section is allowed for a merge only. An opaque section has comments only: the
 * first says why its SQL is not known.
 *
 * Canonical bytes and checksum. The checksum is SHA-256 over this text; neither will ever change:
 *
 *   1. the headers revision, revises, branch_labels, depends_on, replaces, replaced_checksums, in this order, each
 *      as `-- NAME: VALUES` LF, values as written (order kept) joined by a comma and one space; a header without a
 *      value is left out;
 *   2. then every section in the order of the file: `-- migrate:KIND`, then if given ` ENGINE`,
 *      ` transaction:false`, ` lock_timeout:Nms`, ` statement_timeout:Nms` (N decimal milliseconds), ` opaque`, LF;
 *      then the section's text with LF line ends and without spaces, tabs and line ends at its end, and if that
 *      leaves anything, LF.
 *
 * So message, created, other comments before the first marker, blank lines at a section's end, a byte order
 * mark and the kind of line ends (CRs before an LF) do not count; every other byte does.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/diag.h"
#include "skein/base/str.h"
#include "skein/graph/revision.h"

enum { REVFILE_MAX = 16 * 1024 * 1024 };

/*
 * Parses one file. All problems go to `diag` with line and column; true when none is an error. The revision's
 * strings point into `bytes` where they can, so `bytes` must live as long as `a`. *ret_revision is filled as
 * far as possible in every case (its id is empty when unknown), so that checking of the graph can go on.
 *
 * Kinds of findings: too_large nul_byte not_utf8 bad_header duplicate_header missing_header illegal_id
 * reserved_id reserved_label bad_section bad_section_option duplicate_section missing_up, and as warnings
 * unknown_header duplicate_dependency file_name odd_label.
 */
bool revfile_parse(struct arena *a, struct str path, struct str bytes, struct diag *diag,
                   struct revision *ret_revision);

/* The text of a file that parses to this revision. */
void revfile_format(const struct revision *r, struct strbuf *out);

/* The canonical bytes, and the checksum over them. revfile_parse() has stored the latter. */
void revfile_canonical(const struct revision *r, struct strbuf *out);
struct hash revfile_checksum(const struct revision *r);
