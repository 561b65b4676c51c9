#include "agent/io/link.h"

#include <errno.h>

#include "skein/os/clock.h"
#include "skein/os/file.h"
#include "skein/wire/codec.h"

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

static bool load_server_key(struct link *l, const struct agent_settings *settings, struct err *err)
{
    if (settings->server_key.len == 0)
        return public_key_load(settings->server_key_file.p, &l->server, err) ||
               err_hint(err, "copy the coordinator's public key to this host and name it by server_key_file or "
                             "server_key");
    return public_key_parse(str_trim(settings->server_key), &l->server) ||
           err_set(err, ERR_INPUT, "server_key holds no public key") || err_hint(err, "a public key is 64 hex digits");
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
    *l = (struct link){0};
}

void link_send(struct link *l, const struct msg *m)
{
    struct arena a = {0};
    zclient_send(l->client, codec_encode(&a, m));
    arena_release(&a);
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
    return zclient_reset(l->client, err);
}
