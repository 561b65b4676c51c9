/*
 * Finds the targets that the configuration describes: files by glob patterns, databases and schemas by
 * asking the server. Blocks on the network, so it runs on a worker.
 *
 * A target's name is the section's name alone where the section names one place, else "SECTION/WHAT VARIES":
 *
 *     files = /srv/shop.db                    shop
 *     files = /srv/shop/t*.db                 shop/t0001     without the literal folder and ending
 *     databases = shop_%                      shop/shop_7
 *     schemas = tenant_%                      shop/tenant_7
 *     both                                    shop/shop_7/tenant_7
 */
#pragma once

#include "agent/io/place.h"
#include "skein/db/db.h"

/* Something that an operator should know; discovery goes on with the rest. */
struct discovery_problem {
    const struct source *source;
    struct err err;
};

struct discovery {
    struct places places;
    VEC(struct discovery_problem) problems;
    bool incomplete; /* a server could not be asked: what it has is missing or as it was known before */
};

/*
 * `before` is the last discovery: the places of a source that cannot be asked now are copied from it, so
 * that a server that is down does not look like targets that were taken away.
 */
void discover(struct arena *a, const struct agent_config *config, const struct places *before,
              struct discovery *ret_discovery);

/* The parts, for discover() and its tests. */
void discover_files(struct arena *a, const struct source *source, struct discovery *d);
bool discover_server(struct arena *a, const struct agent_config *config, const struct source *source,
                     struct discovery *d, struct err *err);

/* "shop/t0001" for a path that matched a pattern. */
struct str discover_file_name(struct arena *a, struct str section, struct str pattern, struct str path);

/* The URL with another database; the group of connections that a URL belongs to: "pg:db1:5432". */
struct str discover_database_url(struct arena *a, struct str url, struct str database);
struct str discover_server_name(struct arena *a, struct str url);

/* Adds a problem to the list. */
void discover_problem(struct arena *a, struct discovery *d, const struct source *source, const struct err *err);

/* Adds a place, or the problem that its name cannot serve as one. */
void discover_add(struct arena *a, struct discovery *d, const struct place *place);
