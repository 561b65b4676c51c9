/*
 * One revision: a node of a module's graph with the SQL that moves a database up to it and down from it.
 * Plain data, made by revfile_parse(); everything it points to lives in the arena it was parsed into.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/hash.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/sql/engine.h"

enum section_kind { SECTION_UNSET = 0, SECTION_UP, SECTION_DOWN, SECTION_VERIFY, SECTION_PROBE, SECTION_COUNT };

const char *section_kind_name(enum section_kind kind); /* "up", "down", "verify", "probe" */
bool section_kind_parse(struct str name, enum section_kind *ret_kind);

enum { TIMEOUT_DEFAULT = -1 }; /* "the section does not say" */

struct section {
    enum section_kind kind;
    enum engine engine;           /* ENGINE_UNSET: for every engine that has no section of its own */
    bool transactional;           /* false: `transaction:false` */
    bool opaque;                  /* what it does is not known as SQL: never run, can be stamped over */
    int64_t lock_timeout_ms;      /* or TIMEOUT_DEFAULT */
    int64_t statement_timeout_ms; /* or TIMEOUT_DEFAULT */
    struct str sql;               /* without the marker line, LF line ends, no white space at its end */
    unsigned line;                /* of the SQL's first line in the file, from 1 */
};

struct names {
    VEC(struct str) list;
};

bool names_has(const struct names *names, struct str name);
void names_sort(struct names *names); /* by bytes */

/* Where a header's value stands, for findings. 0 when the header is absent. */
struct revision_lines {
    unsigned id, parents, labels, depends_on, replaces;
};

/* Names the rule of the checksum (canonical bytes and hash), and is stored beside every one of them. */
#define REVISION_CHECKSUM "sha256-1"

struct revision {
    struct str id;
    struct names parents; /* as written, in order */
    struct names labels;
    struct names depends_on; /* as written: an id or a label, or `module:` and one */
    struct names replaces;   /* a squashed revision: the ids that it stands for beside its own */
    struct {
        VEC(struct hash) list;
    } replaced_checksums; /* of those with its own id that it replaces */
    struct str message;
    int64_t created_ms; /* 0 if not given */
    struct {
        VEC(struct section) list;
    } sections;
    struct hash checksum; /* over the canonical bytes: skein/graph/revfile.h */
    struct str path;      /* relative to the project's root */
    struct str text;      /* of the file, with LF line ends: what the strings above point into */
    struct revision_lines lines;
};

/* The section that serves `engine`: its own before the general one. NULL if there is none. */
const struct section *revision_section(const struct revision *r, enum section_kind kind, enum engine engine);

/* True when the file has a section of this kind, whatever its engine. */
bool revision_has_section(const struct revision *r, enum section_kind kind);

/* True when any section is opaque. */
bool revision_is_opaque(const struct revision *r);

/* True when `now` is `before` with the SQL of opaque sections written, and nothing else changed. */
bool revision_fills_in(const struct revision *before, const struct revision *now);
