/*
 * A bundle's table of contents: which file of which module has which content. Itself a blob, so a push
 * names one hash. Text, one line a file, sorted by module (core first) and path:
 *
 *     skein-manifest 1
 *     core<TAB>database/migrations/versions<TAB>database/migrations/versions/0001_first.sql<TAB><64 hex digits>
 *     core<TAB>database/migrations/versions
 *
 * A line with two fields names a module without files.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/hash.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/graph/project.h"

struct manifest_file {
    struct str module, folder;
    struct str path; /* relative to the root, as in project_file; empty: the module has no files */
    struct hash hash;
};

struct manifest {
    VEC(struct manifest_file) list;
};

struct manifest manifest_of(struct arena *a, const struct project_files *files);
struct str manifest_format(struct arena *a, const struct manifest *m);
bool manifest_parse(struct arena *a, struct str text, struct manifest *ret_manifest, struct err *err);
