/* Where a target is: what discovery found and the workers need. Never leaves this process. */
#pragma once

#include "agent/io/config.h"

struct place {
    struct str name; /* unique within the agent and stable: it is the target's name everywhere */
    enum engine engine;
    struct str url;    /* for db_open(); may hold a password: never logged, never sent */
    struct str schema; /* PostgreSQL; empty: the session's own */
    struct str server; /* places with one `server` share its cap on connections */
    const struct source *source;
};

struct places {
    VEC(struct place) list; /* sorted by name */
};

/* The place of a name, or NULL. */
const struct place *places_find(const struct places *p, struct str name);
