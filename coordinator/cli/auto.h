/*
 * Revisions from models: what the migrations make (replayed in scratch databases) against what the models say (loaded
 * in others), for every engine of the project. Nothing of it is written anywhere; all of it goes with auto_close(),
 * also after SIGINT, SIGTERM or SIGHUP, which stop it (ERR_CANCELLED) from auto_open() to auto_close().
 *
 * Options of the line that count: --scratch, --against, --database (its engine, where the project names none),
 * --rename, --rename-table, --concurrently.
 */
#pragma once

#include <stdbool.h>

#include "coordinator/cli/local.h"
#include "skein/graph/author.h"
#include "skein/schema/render.h"

extern const struct opt_option opt_against, opt_rename, opt_rename_table, opt_concurrently;

struct auto_work;

/*
 * `local` holds the project that was built from `files`. Kinds of failure: those of model files (load.h), of upgrades
 * and of scratch databases; not_up_to_date (--against a database that is not at the heads). ret_work is to be closed.
 */
bool auto_open(struct local *l, const struct project_files *files, struct auto_work **ret_work);
void auto_close(struct auto_work *w); /* NULL is fine */

/* Whether a module has models at all. One without is left as its migrations make it. */
bool auto_has_models(const struct auto_work *w, size_t module);

/* What one module's migrations lack, by engine; of a module without models nothing. */
struct auto_changes {
    VEC(struct engine_change) list;
    size_t statements; /* on the way up, of all engines; 0: migrations and models agree */
};

bool auto_changes(struct auto_work *w, size_t module, struct auto_changes *ret_changes);

struct auto_files {
    VEC(struct author_file) list; /* in the order in which they follow each other; none: nothing differs */
};

/*
 * The new revisions' texts, proven: on the scratch databases `up` led to the models and `down` back. A revision that
 * names what another module makes depends on that module's heads. Kinds: no_models proof_failed not_migrated
 * bad_rename, and those of author_revision().
 */
bool auto_revision(struct auto_work *w, const struct author_request *request, struct auto_files *ret_files);

/* All of the above in one, for who needs nothing else. */
bool auto_make(struct local *l, const struct project_files *files, const struct author_request *request,
               struct auto_files *ret_files);
