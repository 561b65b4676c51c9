/* A project's models in a scratch database. */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/diag.h"
#include "skein/base/err.h"
#include "skein/db/db.h"
#include "skein/os/tree.h"
#include "skein/schema/ownership.h"

/* Who waits for work of some length. Both may be NULL. */
struct load_watch {
    bool (*cancelled)(void *user);
    void (*progress)(void *user, const char *what, size_t done, size_t total);
    void *user;
};

struct load_request {
    struct str root; /* of the project */
    const struct project_models *models;
    enum engine engine;
    const struct load_watch *watch;
};

/* The models' statements for one engine, with what `models_command` prints, and who owns what they create. */
struct loaded {
    struct model_statements statements;
    struct owners owners;
};

/* Reads, without a database. Kinds: bad_sql not_a_model models_command, and those of ownership_of_models(). */
bool load_read(struct arena *a, const struct load_request *request, struct loaded *ret_loaded, struct diag *diag,
               struct err *err);

/*
 * Runs them in an empty database, in an order in which they can be run: core's first, by themselves. Kinds: bad_model
 * (the engine refuses a statement: err.origin has file, line and column), missing_reference, cyclic_models,
 * core_needs_extension.
 */
bool load_run(struct arena *a, const struct load_request *request, struct db *db, const struct loaded *loaded,
              struct err *err);
