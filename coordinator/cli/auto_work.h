/* What the parts of auto.h share. */
#pragma once

#include "coordinator/cli/auto.h"
#include "coordinator/cli/load.h"
#include "coordinator/cli/replay.h"
#include "skein/db/scratch.h"

struct auto_engine {
    enum engine engine;
    struct scratch *current_scratch, *models_scratch;
    struct replayed replayed;
    struct loaded loaded;
    struct schema current, models;
    bool is_live; /* `current` was read from the database of --against */
};

struct auto_work {
    struct local *local;
    const struct project_files *files;
    struct project_models models;
    struct auto_engine *engines;
    size_t engine_count;
    struct renames renames;
    struct load_watch watch;
    const char *progress_of; /* the engine's name, for the line of progress */
    int64_t progress_due;
    bool progress_shown;
};

/* One more scratch database; interrupts stop what runs in it. */
bool auto_scratch(struct auto_work *w, enum engine engine, struct scratch **ret_scratch);

/* Reads the catalog of a scratch database, and whose its objects are. */
bool auto_read(struct auto_work *w, const struct auto_engine *e, struct scratch *scratch, struct schema *ret_schema);

/* The statements from one schema to another; only those of `module`, or of all if it is empty. */
struct auto_way {
    const struct schema *from, *to;
    struct str module;
    const struct renames *renames;
    bool back;
};

bool auto_diff(struct auto_work *w, const struct auto_way *way, struct ddl_list *ret_list);

/* --rename and --rename-table, and on a terminal what the person says to what may be one. */
bool auto_read_renames(struct auto_work *w, size_t module);

void auto_clear_progress(struct auto_work *w);
