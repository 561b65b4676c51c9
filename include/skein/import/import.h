/*
 * Histories of other migration tools as revisions. Pure: who calls has read the files or run the tool, and
 * writes what comes out.
 *
 * Ids are what the tool's own version table holds, or are derived from that without the files: so a database that
 * the tool left can be found in the imported history (skein/import/adopt.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/diag.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/graph/author.h"
#include "skein/graph/project.h"
#include "skein/graph/revision.h"
#include "skein/sql/engine.h"

/* A revision as it will be written; path and text are not set. */
struct import_revision {
    struct revision revision;
    struct str source; /* the file it comes from, for people; relative to the tool's folder */
    struct str note;   /* worth knowing, for people; may be empty */
};

struct import_set {
    VEC(struct import_revision) list; /* parents first */
};

/* --- tools whose migrations are files ---------------------------------------------------------------------------- */

/* A file of the tool's folder. `problem` says why it could not be read; bytes only of names that a tool reads. */
struct import_file {
    struct str path; /* relative to the folder, with '/' */
    struct str bytes;
    const char *problem;
};

struct import_value {
    struct str name, value;
};

struct import_input {
    enum engine engine; /* whose SQL it is; ENGINE_UNSET: sections for every engine */
    struct {
        VEC(struct import_file) list; /* sorted by path */
    } files;
    struct {
        VEC(struct import_value) list;
    } placeholders; /* what stands for ${name} */
};

enum import_tool {
    IMPORT_UNSET = 0,
    IMPORT_DBMATE,
    IMPORT_GOOSE,
    IMPORT_GOLANG_MIGRATE,
    IMPORT_FLYWAY,
    IMPORT_SQITCH,
    IMPORT_TOOL_COUNT
};

const char *import_tool_name(enum import_tool tool); /* as in the command: "golang-migrate" */
bool import_tool_parse(struct str name, enum import_tool *ret_tool);

/*
 * The folder as one line of revisions, oldest first. Findings have paths relative to the folder; false when one is an
 * error. Kinds: bad_migration duplicate_version unreadable not_utf8 nul_byte, and as warnings not_imported
 * changed_meaning.
 */
bool import_read(struct arena *a, enum import_tool tool, const struct import_input *in, struct diag *diag,
                 struct import_set *ret_set);

/* --- Alembic -------------------------------------------------------------------------------------------------------
 */

/*
 * What deploy/adapters/alembic_export.py printed: JSON lines, not trusted. Sections that say the same for all engines
 * become one general section. False: err says what is wrong with the lines, or what the exporter said.
 */
bool import_alembic(struct arena *a, struct str lines, struct import_set *ret_set, struct err *err);

/* --- into the project ----------------------------------------------------------------------------------------------
 */

enum { IMPORT_REVISIONS_MAX = 100000 };

/* A set and where it goes. */
struct import_into {
    size_t module; /* index into the project's modules */
    struct import_set set;
};

struct import_list {
    VEC(struct import_into) list;
};

struct import_made {
    struct author_file file;
    const struct import_revision *from;
    size_t module;
    bool was_there; /* with the same content, or with the SQL of opaque sections filled in: nothing to write */
};

struct import_result {
    VEC(struct import_made) list;
    size_t new_count;
};

/*
 * The files to write. The project is built with all of them in it before true is returned; warnings about new files
 * go to `diag`. The first revision of an extension gets the label `ext_<name>` unless it carries one.
 *
 * Kinds of failure: those of findings about graphs (skein/graph/project.h), illegal_id, revision_exists (another
 * content), module_not_empty, file_exists.
 */
bool import_place(struct arena *a, const struct project_files *files, const struct project *project,
                  const struct import_list *imports, struct diag *diag, struct import_result *ret_result,
                  struct err *err);
