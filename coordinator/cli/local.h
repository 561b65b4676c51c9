/*
 * What the commands for one database share: the project, the modules they work on, and the state of the
 * target (from --from or from the database, which is only read here).
 */
#pragma once

#include <stdbool.h>

#include "coordinator/cli/options.h"
#include "coordinator/cli/out.h"
#include "skein/base/arena.h"
#include "skein/base/diag.h"
#include "skein/base/err.h"
#include "skein/db/db.h"
#include "skein/graph/project.h"
#include "skein/graph/target.h"
#include "skein/os/opt.h"
#include "skein/plan/dbstate.h"

struct local {
    struct arena arena;
    const struct opt_line *line;
    enum out_form form;
    struct diag diag;
    struct err err;
    struct project project;
    struct db *db; /* NULL until local_connect() */
};

/* Without a project. */
void local_begin(struct local *l, const struct opt_line *line);

/* Loads and checks the project. On false everything is said in `err` and `diag`. */
bool local_open(struct local *l, const struct opt_line *line);

/* The same, and the files as they were read. Warnings are not printed yet. */
bool local_open_files(struct local *l, const struct opt_line *line, struct project_files *ret_files);

/* Loads the project after local_begin(), again if it was loaded before: for commands that change it. */
bool local_load(struct local *l, struct project_files *ret_files);

void local_close(struct local *l);

/* Prints the failure, closes, and returns the exit code. */
int local_fail(struct local *l);

/* The modules that --extension, --all or neither (core) ask for, as numbers into project.modules. */
struct module_set {
    bool all;
    VEC(size_t) list;
};

bool local_select(struct local *l, struct module_set *ret_set);

struct str local_module_name(const struct local *l, size_t module);
struct view local_view(const struct local *l, size_t module);

/* Opens the database of --database; nothing to do when it is open. */
bool local_connect(struct local *l, enum db_access access);

/* True when the state does not come from a database: --from was given. */
bool local_is_offline(const struct local *l);

/* The state of all the project's modules, from --from or else from the database. */
bool local_state(struct local *l, struct dbstate *ret_state);

/* What an expression stands for; `current` asks for the database's rows. */
bool local_show(struct local *l, const struct view *v, struct str expression, struct nodes *ret_nodes);

/* The engine to plan for: the database's, --engine, that of the URL, or SQLite. */
bool local_engine(struct local *l, enum engine *ret_engine);
