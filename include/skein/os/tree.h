/*
 * A project's folder read into values: which root, which extensions, every revision file. What is wrong with
 * a file is noted beside it (project_build() reports it with all other findings); what is wrong with the
 * layout goes to `diag`.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/diag.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/graph/project.h"

/*
 * The root: `option` (--project) if not NULL, else the environment's SKEIN_PROJECT, else the nearest folder from
 * the working folder upwards that holds database/migrations or src/database/migrations. *ret_root is absolute
 * and holds `database` (so it ends in `/src` for the second layout).
 */
bool tree_find_root(struct arena *a, const char *option, struct str *ret_root, struct err *err);

/*
 * Reads core and the extensions: OVERRIDE_EXTENSION_LIST (a JSON array) in the environment, else the
 * `extensions` of database/migrations/migration_extensions.json; with its `auto_discover`, or without that
 * file, also every folder below extensions/ that has migrations/versions. Only files that end in `.sql` and
 * do not start with a dot count, also those in the folder `squashed` of a module's revisions. Symbolic links are
 * followed as long as they lead to a regular file.
 *
 * False only when the root is no project. Kinds of findings: bad_extension_list unreadable link_loop, and as a
 * warning missing_extension.
 */
bool tree_read(struct arena *a, struct str root, struct project_files *ret_files, struct diag *diag, struct err *err);

/* One file of models. */
struct model_file {
    struct str path;    /* relative to the root */
    enum engine engine; /* DB_x.sqlite.sql, DB_x.postgresql.sql: for this one only; else ENGINE_UNSET */
    struct str bytes;
};

struct module_models {
    struct str name; /* of the module */
    struct {
        VEC(struct model_file) list; /* sorted by name, by bytes */
    } files;
};

enum { MODEL_FILE_MAX = 16 * 1024 * 1024, MODEL_FILES_MAX = 100000 };

struct project_models {
    struct {
        VEC(struct module_models) list; /* as in project_files: core first */
    } modules;
    bool engines[ENGINE_COUNT]; /* as migration_extensions.json names them; all false: it does not say */
    struct names command;       /* `models_command`: what prints a module's models; empty: none */
};

/*
 * Reads the model files DB_*.sql of core (database/) and of the extensions (extensions/NAME/), and what
 * migration_extensions.json says about models: `"engines": ["postgresql", "sqlite"]` and `"models_command":
 * ["./print-ddl", "{module}"]`. False when there is a finding: bad_engines bad_models_command unreadable too_large
 * link_loop not_utf8 nul_byte.
 */
bool tree_read_models(struct arena *a, const struct project_files *files, struct project_models *ret_models,
                      struct diag *diag);

/* tree_find_root(), tree_read() and project_build() in one; false with the first finding in *err. */
bool tree_load(struct arena *a, const char *option, struct diag *diag, struct project *ret_project, struct err *err);
