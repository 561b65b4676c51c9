/* The agent's configuration file: settings of the agent itself, and the sources of its targets. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/level.h"
#include "skein/base/str.h"
#include "skein/graph/revision.h"
#include "skein/sql/engine.h"
#include "skein/wire/msg.h"

struct agent_settings {
    struct str coordinator, server_key, server_key_file, key_file;
    uint64_t workers, per_server;
    int64_t rediscover_ms, stop_grace_ms, lock_wait_ms, lock_timeout_ms, statement_timeout_ms, connect_timeout_ms;
    struct str level_name;
    enum log_level level; /* of level_name */
};

/* The settings of one [sqlite NAME] or [postgresql NAME]; what the other engine has stays empty. */
struct source_settings {
    struct names files; /* glob patterns */
    struct str url, role;
    struct names databases, schemas; /* LIKE patterns; empty: the URL's own */
    struct names labels, modules;
    bool allow_pooler, allow_network_folder;
};

struct source {
    struct str name;
    enum engine engine;
    struct source_settings settings;
    struct labels labels;
};

struct agent_config {
    struct agent_settings agent;
    struct {
        VEC(struct source) list;
    } sources; /* in the file's order */
};

/* Everything lives in `a`. The error is the first finding of the file, with its line. */
bool config_load(struct arena *a, const char *path, struct agent_config *ret_config, struct err *err);

/* The annotated example, from the same rows that config_load() reads by. */
void config_example(struct strbuf *out);
