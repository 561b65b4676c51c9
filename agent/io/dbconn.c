#include "agent/io/dbconn.h"

enum { URL_MAX = 65536 };

void dbconn_init(struct dbconn *s, const struct agent_config *config)
{
    *s = (struct dbconn){.config = config};
    strbuf_init(&s->url, URL_MAX);
}

void dbconn_close(struct dbconn *s)
{
    db_close(s->db);
    s->db = NULL;
    strbuf_release(&s->url);
    strbuf_init(&s->url, URL_MAX);
}

static bool connect_to(struct dbconn *s, const struct place *place, enum db_access access, struct err *err)
{
    struct db_options options;
    db_options_init(&options);
    options.access = access;
    options.schema = place->schema;
    options.application_name = "skein-agent";
    options.connect_timeout_ms = s->config->agent.connect_timeout_ms;
    options.busy_wait_ms = s->config->agent.lock_timeout_ms;
    options.allow_pooler = place->source->settings.allow_pooler;
    options.allow_network_folder = place->source->settings.allow_network_folder;
    dbconn_close(s);
    if (!db_open(place->url, &options, &s->db, err))
        return false;
    strbuf_add(&s->url, place->url);
    return true;
}

/* An idle connection may have died unseen: the change of schema finds that out, and a new one is made. */
bool dbconn_open(struct dbconn *s, const struct place *place, enum db_access access, struct err *err)
{
    if (place->engine == ENGINE_POSTGRESQL)
        access = DB_ACCESS_WRITE;
    if (s->db != NULL && str_eq(strbuf_str(&s->url), place->url)) {
        if (db_use_schema(s->db, place->schema, err))
            return true;
        if (err->code != ERR_CONNECT)
            return false;
    }
    return connect_to(s, place, access, err);
}

void dbconn_rest(struct dbconn *s, const struct err *err)
{
    bool broken = err != NULL && err->code == ERR_CONNECT;
    if (s->db != NULL && (broken || s->db->engine != ENGINE_POSTGRESQL))
        dbconn_close(s);
}
