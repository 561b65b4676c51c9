/*
 * Making a squashed revision (skein/graph/squash.h): which revisions a range names, and the one file that replaces
 * them. Pure: who calls has read the files, moves them and writes the result. Needs the splitter (library
 * core_script).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/graph/author.h"

struct squash_request {
    size_t module;
    struct str range; /* FROM:TO, both included, as target expressions; FROM may be empty or base, TO empty: head */
    struct str message;
    int64_t created_ms;
};

/* A file that has to go, and where to. Relative to the root. */
struct squash_move {
    struct str from, to;
};

struct squash_made {
    struct author_file file;
    struct nodes members; /* of the project that the request was for, in the order of an upgrade */
    struct {
        VEC(struct squash_move) list;
    } moves;
    bool irreversible[ENGINE_COUNT]; /* by engine: there is an up section and no down section */
    struct project_files files;      /* with all of this done */
    struct project project;          /* built from these */
};

/*
 * The statements of the replaced revisions one after the other, each under a comment that names it; `verify` is the
 * top's. Moving the files first and writing the new one last leaves a project that works at every moment.
 *
 * Kinds of failure: those of target expressions and findings, nothing_to_squash, not_squashable (a section without
 * transaction or without SQL), squash_overlap, no_message, bad_message, file_exists, bad_sql.
 */
bool squash_author(struct arena *a, const struct project_files *files, const struct project *project,
                   const struct squash_request *request, struct squash_made *ret_made, struct err *err);
