#include "agent/io/link.h"

#include <errno.h>

#include "skein/os/clock.h"
#include "skein/os/file.h"
#include "skein/wire/codec.h"

enum { PUBLIC_KEY_FILE_MAX = 4096, RETRY_FIRST_MS = 20, RETRY_MAX_MS = 1000 };

static bool make_keys(struct link *l, const char *path, struct err *err)
{
    struct arena a = {0};
    const char *folder = str_cstr(&a, file_folder(str_of(path)));
    bool ok = file_mkdirs(folder, 0700, err) && key_pair_generate(&l->keys, err) &&
              key_pair_save(&l->keys, clock_wall_ms(), path, err);
    arena_release(&a);
    l->made_keys = ok;
    return ok;
}

bool link_load_keys(struct link *l, const struct agent_settings *settings, struct err *err)
{
    const char *path = settings->key_file.p;
    enum file_access access = file_secrecy(path, err);
    bool ok =
        access == FILE_ABSENT ? make_keys(l, path, err) : access == FILE_PRIVATE && key_pair_load(path, &l->keys, err);
    return ok || err_wrap(err, "key_file");
}

/* The key stands alone on a line, or after "public =" as in a key file. */
static bool find_public_key(struct str text, struct public_key *ret_key)
{
    struct str line;
    while (str_next(&text, '\n', &line)) {
        line = str_trim(line);
        if (str_starts(line, STR("public")))
            line = str_trim(str_from(line, str_find(line, '=') + 1));
        if (public_key_parse(line, ret_key))
            return true;
    }
    return false;
}

static bool load_server_key(struct link *l, const struct agent_settings *settings, struct err *err)
{
    struct arena a = {0};
    struct str text = settings->server_key;
    const char *path = settings->server_key_file.p;
    bool ok = text.len > 0 || file_read(&a, path, PUBLIC_KEY_FILE_MAX, &text, err);
    if (!ok)
        err_hint(err, "copy the coordinator's public key to this host and name it by server_key_file or server_key");
    else if (!find_public_key(text, &l->server))
        ok = err_set(err, ERR_INPUT, "%s holds no public key", settings->server_key.len > 0 ? "server_key" : path) ||
             err_hint(err, "a public key is 64 hex digits");
    arena_release(&a);
    return ok;
}

bool link_open(struct link *l, const struct agent_settings *settings, struct err *err)
{
    if (!load_server_key(l, settings, err))
        return false;
    l->net = znet_open(err);
    if (l->net == NULL)
        return false;
    l->client = zclient_open(l->net, &l->keys, &l->server, settings->coordinator.p, err);
    return l->client != NULL;
}

void link_close(struct link *l)
{
    if (l->client != NULL)
        zclient_close(l->client);
    if (l->net != NULL)
        znet_close(l->net);
    key_pair_release(&l->keys);
    strbuf_release(&l->greeting);
    *l = (struct link){0};
}

static void keep_greeting(struct link *l, struct str body, int64_t now_ms)
{
    strbuf_release(&l->greeting);
    strbuf_init(&l->greeting, LIMIT_MESSAGE);
    strbuf_add(&l->greeting, body);
    l->retry_ms = RETRY_FIRST_MS;
    l->retry_at = now_ms + l->retry_ms;
}

void link_send(struct link *l, const struct msg *m, int64_t now_ms)
{
    struct arena a = {0};
    struct str body = codec_encode(&a, m);
    if (zclient_send(l->client, body) == ZSEND_GONE && m->kind == MSG_HELLO)
        keep_greeting(l, body, now_ms);
    arena_release(&a);
}

int64_t link_retry_at(const struct link *l)
{
    return l->greeting.len > 0 ? l->retry_at : INT64_MAX;
}

void link_retry(struct link *l, int64_t now_ms)
{
    if (zclient_send(l->client, strbuf_str(&l->greeting)) == ZSEND_OK)
        strbuf_clear(&l->greeting);
    l->retry_ms = l->retry_ms * 2 < RETRY_MAX_MS ? l->retry_ms * 2 : RETRY_MAX_MS;
    l->retry_at = now_ms + l->retry_ms;
}

enum link_receive link_receive(struct link *l, struct arena *a, struct msg *ret_msg, struct err *err)
{
    struct str body;
    if (!zclient_receive(l->client, &body))
        return LINK_NOTHING;
    return codec_decode(a, body, ret_msg, err) ? LINK_MESSAGE : LINK_MALFORMED;
}

bool link_reset(struct link *l, struct err *err)
{
    strbuf_clear(&l->greeting);
    return zclient_reset(l->client, err);
}
