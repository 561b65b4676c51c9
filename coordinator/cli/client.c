#include "coordinator/cli/client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "skein/os/clock.h"
#include "skein/os/conf.h"
#include "skein/os/file.h"
#include "skein/os/random.h"
#include "skein/wire/codec.h"

/* A request that was not answered is sent again: it or its reply may be lost. */
enum { RESEND_AFTER_MS = 2000 };

const struct opt_option opt_coordinator = {.name = "coordinator",
                                           .type = OPT_TEXT,
                                           .value = "ENDPOINT",
                                           .doc = "Where the coordinator listens for operators; otherwise client.ini, "
                                                  "otherwise ipc:///run/skein/operators",
                                           .variable = "SKEIN_COORDINATOR"};
const struct opt_option opt_key = {.name = "key",
                                   .type = OPT_TEXT,
                                   .value = "FILE",
                                   .doc = "Your key, made by 'skein keygen'; otherwise client.ini, otherwise "
                                          "operator.key beside it",
                                   .variable = "SKEIN_KEY"};
const struct opt_option opt_server_key = {.name = "server-key",
                                          .type = OPT_TEXT,
                                          .value = "KEY",
                                          .doc =
                                              "The coordinator's public key: 64 hex digits, or a file that holds them",
                                          .variable = "SKEIN_SERVER_KEY"};
const struct opt_option opt_client = {.name = "client",
                                      .type = OPT_TEXT,
                                      .value = "FILE",
                                      .doc = "The settings' file; otherwise ~/.config/skein/client.ini",
                                      .variable = "SKEIN_CLIENT"};
const struct opt_option opt_timeout = {.name = "timeout",
                                       .type = OPT_DURATION,
                                       .value = "D",
                                       .doc = "How long to wait for the coordinator's answer",
                                       .fallback = "5s"};
const struct opt_option opt_selector = {.name = "selector",
                                        .letter = 'l',
                                        .type = OPT_TEXT,
                                        .value = "EXPR",
                                        .doc = "Only targets whose labels fit, for example env=prod,tier!=free"};

struct client_conf {
    struct str coordinator, key, server_key;
};

static const struct conf_row client_rows[] = {
    {.key = "coordinator",
     .type = CONF_TEXT,
     .fallback = "ipc:///run/skein/operators",
     .doc = "Where the coordinator listens for operators.",
     .offset = offsetof(struct client_conf, coordinator)},
    {.key = "key",
     .type = CONF_TEXT,
     .doc = "Your key file, made by `skein keygen`. Default: operator.key beside this file.",
     .offset = offsetof(struct client_conf, key)},
    {.key = "server_key",
     .type = CONF_TEXT,
     .doc = "The coordinator's public key: 64 hex digits, or a file that holds them.",
     .offset = offsetof(struct client_conf, server_key)},
};
static const struct conf_section client_section = {.kind = "client",
                                                   .doc = "How `skein` reaches the coordinator.",
                                                   .size = sizeof(struct client_conf),
                                                   .rows = client_rows,
                                                   .row_count = sizeof(client_rows) / sizeof(client_rows[0])};

static const char *conf_path(struct client *c)
{
    const char *path = opt_value(c->line, &opt_client), *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (path != NULL)
        return path;
    if (xdg != NULL && xdg[0] == '/')
        return arena_printf(&c->arena, "%s/skein/client.ini", xdg);
    return arena_printf(&c->arena, "%s/.config/skein/client.ini", home != NULL ? home : "");
}

/* A missing file is no mistake unless it was named. */
static bool read_conf(struct client *c, const char *path, struct client_conf *ret_conf)
{
    struct diag diag;
    struct conf conf;
    diag_init(&diag, &c->arena);
    if (opt_value(c->line, &opt_client) == NULL && access(path, F_OK) != 0) {
        *ret_conf = (struct client_conf){0};
        return true;
    }
    if (!conf_load(&c->arena, path, &client_section, 1, &diag, &conf, &c->err))
        return false;
    const struct client_conf *values = conf_values(&conf, "client");
    *ret_conf = *values;
    return true;
}

static const char *setting(struct client *c, const struct opt_option *option, struct str from_file,
                           const char *fallback)
{
    const char *value = opt_value(c->line, option);
    if (value != NULL)
        return value;
    return from_file.len > 0 ? str_cstr(&c->arena, from_file) : fallback;
}

/* 64 hex digits, or a file with them. */
static bool read_public_key(struct client *c, const char *text, struct public_key *ret_key)
{
    if (text == NULL) {
        err_kind(&c->err, ERR_USAGE, "no_server_key", "the coordinator's public key is not known");
        return err_hint(&c->err, "give --server-key, set SKEIN_SERVER_KEY, or write server_key = ... into client.ini");
    }
    if (public_key_parse(str_of(text), ret_key))
        return true;
    return public_key_load(text, ret_key, &c->err) || err_wrap(&c->err, "the coordinator's public key");
}

static bool read_settings(struct client *c, struct public_key *ret_server)
{
    struct client_conf conf;
    const char *path = conf_path(c);
    if (!read_conf(c, path, &conf))
        return false;
    const char *beside = arena_printf(&c->arena, "%.*s/operator.key", STR_ARG(file_folder(str_of(path))));
    c->endpoint = setting(c, &opt_coordinator, conf.coordinator, "ipc:///run/skein/operators");
    const char *key = setting(c, &opt_key, conf.key, beside);
    c->has_keys = read_public_key(c, setting(c, &opt_server_key, conf.server_key, NULL), ret_server) &&
                  key_pair_load(key, &c->keys, &c->err);
    if (!c->has_keys && c->err.kind[0] != '\0' && strcmp(c->err.kind, "ENOENT") == 0)
        err_hint(&c->err, "'skein keygen FILE' makes a key; its public half has to be accepted by the coordinator");
    return c->has_keys;
}

/* A local socket that is not there needs no waiting. */
static bool endpoint_exists(struct client *c)
{
    if (strncmp(c->endpoint, "ipc://", 6) != 0 || access(c->endpoint + 6, F_OK) == 0)
        return true;
    err_kind(&c->err, ERR_UNREACHABLE, "no_coordinator", "no coordinator listens at %s", c->endpoint);
    return err_hint(&c->err, "is skein-coordinator running? --coordinator names another endpoint");
}

bool client_open(struct client *c, const struct opt_line *line)
{
    const char *format = opt_value(line, &(const struct opt_option){.name = "format", .fallback = "table"});
    *c = (struct client){.line = line,
                         .form = strcmp(format, "json") == 0    ? OUT_FORM_JSON
                                 : strcmp(format, "jsonl") == 0 ? OUT_FORM_JSONL
                                                                : OUT_FORM_TEXT,
                         .timeout_ms = opt_duration(line, &opt_timeout, 5000)};
    struct public_key server;
    if (!read_settings(c, &server) || !endpoint_exists(c))
        return false;
    c->net = znet_open(&c->err);
    if (c->net == NULL)
        return false;
    c->link = zclient_open(c->net, &c->keys, &server, c->endpoint, &c->err);
    if (c->link == NULL)
        return false;
    loop_init(&c->loop);
    loop_add_client(&c->loop, c->link);
    random_bytes(&c->last_id, sizeof(c->last_id));
    c->last_id >>= 1; /* room to count up */
    return true;
}

void client_close(struct client *c)
{
    if (c->link != NULL)
        zclient_close(c->link);
    if (c->net != NULL)
        znet_close(c->net);
    if (c->has_keys)
        key_pair_release(&c->keys);
    arena_release(&c->arena);
}

int client_fail(struct client *c)
{
    int code = out_fail(c->form, &c->err, NULL);
    client_close(c);
    return code;
}

static bool no_answer(struct client *c, bool sent)
{
    struct fingerprint mine = public_key_fingerprint(&c->keys.public_key);
    if (sent)
        err_kind(&c->err, ERR_UNREACHABLE, "no_answer", "the coordinator at %s does not answer", c->endpoint);
    else
        err_kind(&c->err, ERR_UNREACHABLE, "no_coordinator", "no connection to the coordinator at %s", c->endpoint);
    return err_hint(&c->err, "is it running, is --server-key its key, and has it accepted your key (%s)?", mine.text);
}

/* The reply to this request, if it is there; what else comes is late and dropped. */
static bool take_reply(struct client *c, uint64_t id, struct msg *ret_reply)
{
    struct str body;
    while (zclient_receive(c->link, &body)) {
        struct err err = {0};
        struct msg m;
        if (codec_decode(&c->arena, body, &m, &err) && m.re == id) {
            *ret_reply = m;
            return true;
        }
    }
    return false;
}

static bool exchange(struct client *c, const struct msg *request, int64_t extra_ms, struct msg *ret_reply)
{
    struct str body = codec_encode(&c->arena, request);
    int64_t now = clock_mono_ms(), deadline = now + c->timeout_ms + extra_ms, resend = now;
    bool sent = false;
    while (!take_reply(c, request->id, ret_reply)) {
        now = clock_mono_ms();
        if (now >= deadline)
            return no_answer(c, sent);
        if (now >= resend) {
            enum zsend result = zclient_send(c->link, body);
            if (result == ZSEND_TOO_LARGE)
                return err_set(&c->err, ERR_LIMIT, "the request is larger than a message may be");
            sent |= result == ZSEND_OK;
            resend = now + (result == ZSEND_OK ? RESEND_AFTER_MS + extra_ms : 20);
        }
        unsigned ready;
        int64_t next = resend < deadline ? resend : deadline;
        if (!loop_wait(&c->loop, next - now, &ready, &c->err))
            return false;
    }
    return true;
}

bool client_ask(struct client *c, struct msg *request, enum msg_kind expected, int64_t extra_ms, struct msg *ret_reply)
{
    struct msg reply;
    request->version = PROTOCOL_MAX;
    request->id = ++c->last_id;
    if (!exchange(c, request, extra_ms, &reply))
        return false;
    if (reply.kind == MSG_ERROR) {
        c->err = reply.error.err;
        return false;
    }
    if (reply.kind != expected) {
        err_set(&c->err, ERR_INTERNAL, "the coordinator answered %s with %s", msg_kind_name(request->kind),
                msg_kind_name(reply.kind));
        return err_hint(&c->err, "do skein and skein-coordinator have the same version?");
    }
    *ret_reply = reply;
    return true;
}

void client_selection(struct client *c, struct selection *ret_selection)
{
    struct selection s = {.labels = str_of(opt_value(c->line, &opt_selector))};
    for (size_t i = 0; opt_argument(c->line, i) != NULL; i++)
        vec_push(&c->arena, &s.globs.list, str_of(opt_argument(c->line, i)));
    *ret_selection = s;
}
