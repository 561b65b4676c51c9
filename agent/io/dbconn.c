#include "agent/io/dbconn.h"

enum { KEY_MAX = 1 << 17 };

void dbconn_init(struct dbconn *s, const struct agent_config *config)
{
    *s = (struct dbconn){.config = config};
    strbuf_init(&s->key, KEY_MAX);
}

void dbconn_close(struct dbconn *s)
{
    db_close(s->db);
    s->db = NULL;
    strbuf_release(&s->key);
    strbuf_init(&s->key, KEY_MAX);
}

static bool is_same(const struct dbconn *s, const struct place *place)
{
    struct str key = strbuf_str(&s->key), role = place->source->settings.role;
    return str_eq(str_head(key, place->url.len), place->url) && key.len == place->url.len + 1 + role.len &&
           str_eq(str_from(key, place->url.len + 1), role);
}

static bool connect_to(struct dbconn *s, const struct place *place, enum db_access access, struct err *err)
{
    struct db_options options;
    db_options_init(&options);
    options.access = access;
    options.schema = place->schema;
    options.role = place->source->settings.role;
    options.application_name = "skein-agent";
    options.connect_timeout_ms = s->config->agent.connect_timeout_ms;
    options.busy_wait_ms = s->config->agent.lock_timeout_ms;
    options.allow_pooler = place->source->settings.allow_pooler;
    options.allow_network_folder = place->source->settings.allow_network_folder;
    dbconn_close(s);
    if (!db_open(place->url, &options, &s->db, err))
        return false;
    strbuf_add(&s->key, place->url);
    strbuf_putc(&s->key, '\n');
    strbuf_add(&s->key, options.role);
    return true;
}

/* An idle connection may have died unseen: the change of schema finds that out, and a new one is made. */
bool dbconn_open(struct dbconn *s, const struct place *place, enum db_access access, struct err *err)
{
    if (place->engine == ENGINE_POSTGRESQL)
        access = DB_ACCESS_WRITE;
    if (s->db != NULL && is_same(s, place)) {
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
