/*
 * Databases and schemas by asking the server. Only sections with patterns connect here; one connection for
 * the list of databases, and one to each database whose schemas are listed.
 */
#include "agent/io/discover.h"

#include <string.h>

static void add_encoded(struct strbuf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        strbuf_printf(out, plain ? "%c" : "%%%02X", c);
    }
}

/* libpq takes the last of several values of a keyword, and one in the query before the path. */
struct str discover_database_url(struct arena *a, struct str url, struct str database)
{
    struct strbuf out;
    strbuf_init(&out, url.len + database.len * 3 + 16);
    strbuf_add(&out, url);
    strbuf_puts(&out, str_find(url, '?') < url.len ? "&dbname=" : "?dbname=");
    add_encoded(&out, database);
    struct str result = str_copy(a, strbuf_str(&out));
    strbuf_release(&out);
    return result;
}

/* The part of a URL's query that says where to connect. */
static struct str query_place(struct arena *a, struct str query)
{
    struct str part, place = STR_NONE;
    while (str_next(&query, '&', &part))
        if (str_starts(part, STR("host=")) || str_starts(part, STR("port=")) || str_starts(part, STR("service=")))
            place = str_printf(a, "%.*s%s%.*s", STR_ARG(place), place.len > 0 ? "&" : "", STR_ARG(part));
    return place;
}

struct str discover_server_name(struct arena *a, struct str url)
{
    size_t question = str_find(url, '?');
    struct str query = str_from(url, question + 1), hosts = str_head(url, question);
    size_t colon = str_find(hosts, ':');
    hosts = str_from(hosts, colon + 3); /* without "postgresql://" */
    hosts = str_head(hosts, str_find(hosts, '/'));
    size_t at = str_find(hosts, '@');
    if (at < hosts.len)
        hosts = str_from(hosts, at + 1);
    struct str place = query_place(a, query);
    return str_printf(a, "pg:%.*s%s%.*s", STR_ARG(hosts), place.len > 0 ? "?" : "", STR_ARG(place));
}

/* " AND (column LIKE $1 OR column LIKE $2 ...)" */
static struct str like_any(struct arena *a, const char *column, size_t count)
{
    struct str where = STR_NONE;
    for (size_t i = 1; i <= count; i++)
        where = str_printf(a, "%.*s%s%s LIKE $%zu", STR_ARG(where), i == 1 ? " AND (" : " OR ", column, i);
    return str_printf(a, "%.*s)", STR_ARG(where));
}

static bool list_names(struct arena *a, struct db *db, const char *select, const char *column,
                       const struct names *patterns, struct names *ret_names, struct err *err)
{
    struct db_rows rows;
    size_t count = patterns->list.count;
    struct str sql = str_printf(a, "%s%.*s ORDER BY 1", select, STR_ARG(like_any(a, column, count)));
    if (!db_query(db, a, sql, patterns->list.items, count, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        vec_push(a, &ret_names->list, db_cell(&rows, i, 0));
    return true;
}

static bool open_server(const struct agent_config *config, const struct source *source, struct str url,
                        struct db **ret_db, struct err *err)
{
    struct db_options options;
    db_options_init(&options);
    options.connect_timeout_ms = config->agent.connect_timeout_ms;
    options.allow_pooler = source->settings.allow_pooler;
    options.allow_standby = true;
    options.application_name = "skein-agent";
    return db_open(url, &options, ret_db, err);
}

static bool list_databases(struct arena *a, const struct agent_config *config, const struct source *source,
                           struct names *ret_databases, struct err *err)
{
    static const char select[] = "SELECT datname::text COLLATE \"C\" FROM pg_catalog.pg_database"
                                 " WHERE datallowconn AND NOT datistemplate";
    struct db *db;
    if (!open_server(config, source, source->settings.url, &db, err))
        return false;
    bool ok = list_names(a, db, select, "datname", &source->settings.databases, ret_databases, err);
    db_close(db);
    return ok;
}

/* pg_catalog, pg_temp_1, ... and information_schema belong to the server, whatever the pattern says. */
static bool list_schemas(struct arena *a, const struct agent_config *config, const struct source *source,
                         struct str url, struct names *ret_schemas, struct err *err)
{
    static const char select[] = "SELECT nspname::text COLLATE \"C\" FROM pg_catalog.pg_namespace"
                                 " WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'";
    struct db *db;
    if (!open_server(config, source, url, &db, err))
        return false;
    bool ok = list_names(a, db, select, "nspname", &source->settings.schemas, ret_schemas, err);
    db_close(db);
    return ok;
}

/* A place, or one for each schema of a database; `name` is what its targets' names begin with. */
static bool add_database(struct arena *a, const struct agent_config *config, const struct source *source,
                         struct str name, struct str url, struct discovery *d, struct err *err)
{
    struct place place = {.name = name,
                          .engine = ENGINE_POSTGRESQL,
                          .url = url,
                          .server = discover_server_name(a, source->settings.url),
                          .source = source};
    struct names schemas = {0};
    if (source->settings.schemas.list.count == 0) {
        discover_add(a, d, &place);
        return true;
    }
    if (!list_schemas(a, config, source, url, &schemas, err))
        return false;
    for (size_t i = 0; i < schemas.list.count; i++) {
        place.schema = schemas.list.items[i];
        place.name = str_printf(a, "%.*s/%.*s", STR_ARG(name), STR_ARG(place.schema));
        discover_add(a, d, &place);
    }
    return true;
}

bool discover_server(struct arena *a, const struct agent_config *config, const struct source *source,
                     struct discovery *d, struct err *err)
{
    struct discovery found = {0};
    struct names databases = {0};
    bool listed = source->settings.databases.list.count > 0;
    if (listed && !list_databases(a, config, source, &databases, err))
        return false;
    for (size_t i = 0; i < databases.list.count; i++) {
        struct str database = databases.list.items[i];
        struct str name = str_printf(a, "%.*s/%.*s", STR_ARG(source->name), STR_ARG(database));
        if (!add_database(a, config, source, name, discover_database_url(a, source->settings.url, database), &found,
                          err))
            return err_wrap(err, "database %.*s", STR_ARG(database));
    }
    if (!listed && !add_database(a, config, source, source->name, source->settings.url, &found, err))
        return false;
    for (size_t i = 0; i < found.places.list.count; i++)
        discover_add(a, d, &found.places.list.items[i]);
    for (size_t i = 0; i < found.problems.count; i++)
        discover_problem(a, d, source, &found.problems.items[i].err);
    return true;
}
