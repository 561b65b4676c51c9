#include "coordinator/io/runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/core/coord.h"
#include "coordinator/io/guard.h"
#include "coordinator/io/link.h"
#include "coordinator/io/settings.h"
#include "coordinator/io/store.h"
#include "skein/net/keys.h"
#include "skein/net/loop.h"
#include "skein/os/clock.h"
#include "skein/os/file.h"
#include "skein/os/log.h"
#include "skein/os/signals.h"
#include "skein/os/tree.h"
#include "skein/wire/codec.h"

enum {
    BURST = 256,                     /* messages that may share one commit */
    SILENT_LINK_MS = 15 * 60 * 1000, /* a connection without a word is forgotten */
    RETRY_STORE_MS = 5000,
    LOG_BURST = 20, /* lines about bad peers a minute */
};

/* A message that waits for the commit. */
struct outgoing {
    uint32_t link;
    enum msg_kind kind;
    uint64_t re;
    struct str bytes;
};

struct runtime {
    const char *config_path;
    struct arena settings_arena;
    struct settings settings;
    struct log log;
    struct log_limit peers; /* lines about bad peers */
    struct signals signals;
    struct key_pair keys;
    struct store *store;
    struct coord *coord; /* NULL while degraded */
    struct znet *net;
    struct zap *zap;
    struct links *links;
    struct guard guard;
    struct loop loop;
    unsigned ready_doors[ZAP_DOOR_COUNT], ready_signals, ready_knocks;
    int64_t timer_ms; /* COORD_ON_TICK is wanted */
    int64_t sweep_ms, retry_ms;
    int64_t knock_seen_ms;
    struct err degraded; /* why, while coord is NULL */
    struct coord_effects fx;
    struct arena burst; /* what lives until the commit */
    struct {
        VEC(struct outgoing) list;
    } outgoing;
    struct {
        VEC(uint32_t) list;
    } lost; /* links found dead while sending */
    bool keys_changed, stop;
    int exit_code;
};

/* ---- log lines about peers ---- */

static void log_peer(struct runtime *r, const char *what, const struct link_message *m, const struct err *err)
{
    unsigned dropped = 0;
    if (!log_allowed(&r->peers, clock_mono_ms(), &dropped))
        return;
    struct err none = {0};
    log_event(&r->log, LOG_WARNING, what,
              LOG_FIELDS(log_str("principal", m->principal), log_str("address", m->address),
                         log_text("door", zap_door_name(m->door)), log_failure(err != NULL ? err : &none),
                         log_number("held_back", dropped)));
}

/* ---- effects ---- */

static void outgoing_add(struct runtime *r, uint32_t link, const struct msg *m)
{
    struct outgoing o = {.link = link, .kind = m->kind, .re = m->re, .bytes = codec_encode(&r->burst, m)};
    vec_push(&r->burst, &r->outgoing.list, o);
}

/* Copies what the core has decided: the effects borrow from the core, which is about to go on. */
static void effects_take(struct runtime *r)
{
    for (size_t i = 0; i < r->fx.list.count; i++) {
        const struct coord_effect *e = &r->fx.list.items[i];
        switch (e->kind) {
        case COORD_DO_PERSIST:
            store_put(r->store, &e->persist);
            break;
        case COORD_DO_SEND:
            outgoing_add(r, e->send.link, &e->send.msg);
            break;
        case COORD_DO_KEYS:
            r->keys_changed = true;
            break;
        case COORD_DO_LOG:
            log_event(&r->log, e->log.level, str_cstr(&r->burst, e->log.text), NULL);
            break;
        case COORD_DO_TIMER:
            r->timer_ms = e->timer_ms;
            break;
        case COORD_DO_UNSET:
            break;
        }
    }
    coord_effects_clear(&r->fx);
}

static void feed(struct runtime *r, struct coord_event *event)
{
    if (r->coord == NULL)
        return;
    event->now_ms = clock_mono_ms();
    event->wall_ms = clock_wall_ms();
    coord_step(r->coord, event, &r->fx);
    effects_take(r);
}

/* ---- keys ---- */

struct grants {
    struct arena *arena;
    VEC(struct zap_grant) list;
};

static bool grant_add(void *user, const struct record_principal *p)
{
    struct grants *g = user;
    struct zap_grant grant = {.principal = p->name};
    grant.door = p->role == ROLE_AGENT ? ZAP_DOOR_AGENTS : ZAP_DOOR_OPERATORS;
    if (p->status == PRINCIPAL_ACCEPTED && p->role != ROLE_UNSET && public_key_parse(p->public_key, &grant.key))
        vec_push(g->arena, &g->list, grant);
    return true;
}

static void door_cut(struct runtime *r, enum zap_door door)
{
    struct err err;
    if (links_cut(r->links, door, &err))
        return;
    log_event(&r->log, LOG_ERROR, "cannot open a door again", LOG_FIELDS(log_failure(&err)));
    r->stop = true;
    r->exit_code = 1;
}

static void keys_apply(struct runtime *r)
{
    struct grants g = {.arena = &r->burst};
    r->keys_changed = false;
    coord_each_principal(r->coord, grant_add, &g);
    unsigned doors = zap_replace(r->zap, g.list.items, g.list.count);
    for (int door = ZAP_DOOR_UNSET + 1; door < ZAP_DOOR_COUNT; door++)
        if ((doors & (1U << door)) != 0)
            door_cut(r, (enum zap_door)door);
}

/* ---- the store ---- */

static bool record_take(void *user, const struct record *record, struct err *err)
{
    return coord_replay(user, record, err);
}

/* A core that knows what the store knows. */
static bool core_build(struct runtime *r, struct err *err)
{
    if (!store_open(str_cstr(&r->settings_arena, r->settings.store), &r->store, err))
        return false;
    struct coord *coord = coord_new();
    if (!store_load(r->store, record_take, coord, err)) {
        coord_free(coord);
        store_close(r->store);
        r->store = NULL;
        return false;
    }
    if (store_audit_broken(r->store) != 0)
        log_event(&r->log, LOG_ERROR, "security: the audit log was changed from outside",
                  LOG_FIELDS(log_number("row", (int64_t)store_audit_broken(r->store))));
    r->coord = coord;
    return true;
}

static void core_drop(struct runtime *r)
{
    if (r->coord != NULL)
        coord_free(r->coord);
    if (r->store != NULL)
        store_close(r->store);
    r->coord = NULL;
    r->store = NULL;
    r->timer_ms = INT64_MAX;
}

static void store_failed(struct runtime *r, const struct err *err)
{
    core_drop(r);
    memset(&r->outgoing, 0, sizeof(r->outgoing));
    if (strcmp(err->kind, "disk_full") == 0) {
        log_event(&r->log, LOG_ERROR, "degraded: the store is full, nothing new is begun",
                  LOG_FIELDS(log_failure(err)));
        r->degraded = *err;
        r->retry_ms = clock_mono_ms() + RETRY_STORE_MS;
        return;
    }
    log_event(&r->log, LOG_ERROR, "the store refuses a write; ending", LOG_FIELDS(log_failure(err)));
    r->stop = true;
    r->exit_code = 1;
}

/* ---- sending ---- */

/* A reply that does not fit becomes an error, so that nobody waits for it. */
static void answer_too_large(struct runtime *r, const struct outgoing *o)
{
    struct msg m = {.version = PROTOCOL_MAX, .kind = MSG_ERROR, .re = o->re};
    err_set(&m.error.err, ERR_LIMIT, "the answer is larger than a message may be");
    err_hint(&m.error.err, "ask for less at a time");
    log_event(&r->log, LOG_ERROR, "a message is too large to be sent",
              LOG_FIELDS(log_text("kind", msg_kind_name(o->kind)), log_number("bytes", (int64_t)o->bytes.len)));
    if (o->re != 0)
        (void)links_send(r->links, o->link, codec_encode(&r->burst, &m));
}

static void outgoing_send(struct runtime *r)
{
    for (size_t i = 0; i < r->outgoing.list.count; i++) {
        const struct outgoing *o = &r->outgoing.list.items[i];
        enum zsend result = links_send(r->links, o->link, o->bytes);
        if (result == ZSEND_GONE)
            vec_push(&r->burst, &r->lost.list, o->link);
        else if (result == ZSEND_TOO_LARGE)
            answer_too_large(r, o);
        else if (result == ZSEND_FULL)
            log_event(&r->log, LOG_WARNING, "a peer reads too slowly; it will be told again",
                      LOG_FIELDS(log_text("kind", msg_kind_name(o->kind)), log_number("link", o->link)));
    }
    memset(&r->outgoing, 0, sizeof(r->outgoing));
}

/* One commit for everything since the last one, then the messages that stand on it. */
static void round_perform(struct runtime *r)
{
    struct err err = {0};
    if (r->coord != NULL && !store_commit(r->store, &err)) {
        store_failed(r, &err);
        return;
    }
    if (r->keys_changed && r->coord != NULL)
        keys_apply(r);
    outgoing_send(r);
}

/* Sending may find peers gone, which is an event, which may have effects ... */
static void perform(struct runtime *r)
{
    round_perform(r);
    while (r->lost.list.count > 0) {
        uint32_t link = r->lost.list.items[--r->lost.list.count];
        feed(r, &(struct coord_event){.kind = COORD_ON_LINK_DOWN, .link_down = {link}});
        if (r->lost.list.count == 0)
            round_perform(r);
    }
    memset(&r->lost, 0, sizeof(r->lost));
    arena_release(&r->burst);
}

/* ---- messages ---- */

static void answer_error(struct runtime *r, uint32_t link, uint64_t request, const struct err *err)
{
    struct msg m = {.version = PROTOCOL_MAX, .kind = MSG_ERROR, .re = request, .error = {.err = *err}};
    outgoing_add(r, link, &m);
}

static bool version_is_spoken(const struct msg *m)
{
    return m->kind == MSG_HELLO || (m->version >= PROTOCOL_MIN && m->version <= PROTOCOL_MAX);
}

static void message_take(struct runtime *r, const struct link_message *in)
{
    struct msg *m = arena_new(&r->burst, struct msg);
    struct err err = {0};
    if (!codec_decode(&r->burst, in->body, m, &err)) {
        log_peer(r, "security: refused a message that cannot be decoded", in, &err);
        answer_error(r, in->link, m->id, &err);
        return;
    }
    if (!version_is_spoken(m)) {
        err_kind(&err, ERR_REFUSED, "version", "protocol version %" PRIu32 " is not spoken here", m->version);
        err_hint(&err, "this coordinator speaks versions %d to %d", PROTOCOL_MIN, PROTOCOL_MAX);
        answer_error(r, in->link, m->id, &err);
        return;
    }
    if (r->coord == NULL) {
        if (in->door == ZAP_DOOR_OPERATORS)
            answer_error(r, in->link, m->id, &r->degraded);
        return;
    }
    struct event_message event = {in->link, in->principal, in->address, m};
    feed(r, &(struct coord_event){.kind = COORD_ON_MESSAGE, .message = event});
}

/* libzmq keeps all frames of a message in memory before we see one: such a peer is not let near it again. */
static void peer_block(struct runtime *r, const struct link_message *in)
{
    log_peer(r, "security: a message of several frames; the key is blocked until the lists of keys change", in, NULL);
    if (zap_revoke(r->zap, in->door, &in->key))
        door_cut(r, in->door);
}

static void door_serve(struct runtime *r, enum zap_door door)
{
    for (int i = 0; i < BURST && !r->stop; i++) {
        struct link_message in;
        switch (links_receive(r->links, door, clock_mono_ms(), &in)) {
        case ZRECEIVE_MESSAGE:
            message_take(r, &in);
            break;
        case ZRECEIVE_STRANGER:
            log_peer(r, "security: dropped a message of a key that is no longer accepted", &in, NULL);
            break;
        case ZRECEIVE_MALFORMED:
            peer_block(r, &in);
            break;
        case ZRECEIVE_NOTHING:
        case ZRECEIVE_UNSET:
            return;
        }
    }
}

/* ---- strangers ---- */

static void knocks_take(struct runtime *r)
{
    struct zap_knock knocks[ZAP_KNOCKS_MAX];
    size_t count = zap_knocks(r->zap, knocks);
    for (size_t i = count; i > 0; i--) {
        const struct zap_knock *k = &knocks[i - 1];
        if (k->last_ms <= r->knock_seen_ms)
            continue;
        struct key_text key = public_key_format(&k->key);
        struct event_stranger event = {str_of(key.text), str_of(k->address)};
        feed(r, &(struct coord_event){.kind = COORD_ON_STRANGER, .stranger = event});
    }
    if (count > 0)
        r->knock_seen_ms = knocks[0].last_ms;
}

/* ---- configuration and project ---- */

static void principal_feed(struct runtime *r, struct str name, enum role role, struct str key)
{
    struct event_principal event = {name, role, key};
    feed(r, &(struct coord_event){.kind = COORD_ON_PRINCIPAL, .principal = event});
}

/* Who was configured once and is no longer. */
struct absentees {
    struct arena *arena;
    const struct settings *settings;
    VEC(struct record_principal) list;
};

static bool absentee_add(void *user, const struct record_principal *p)
{
    struct absentees *a = user;
    for (size_t i = 0; i < a->settings->principals.list.count; i++)
        if (str_eq(a->settings->principals.list.items[i].name, p->name))
            return true;
    if (p->configured && p->role != ROLE_UNSET) {
        struct record_principal copy = {.name = str_copy(a->arena, p->name),
                                        .public_key = str_copy(a->arena, p->public_key)};
        vec_push(a->arena, &a->list, copy);
    }
    return true;
}

static void principals_feed(struct runtime *r)
{
    struct absentees gone = {.arena = &r->burst, .settings = &r->settings};
    coord_each_principal(r->coord, absentee_add, &gone);
    for (size_t i = 0; i < gone.list.count; i++)
        principal_feed(r, gone.list.items[i].name, ROLE_UNSET, gone.list.items[i].public_key);
    for (size_t i = 0; i < r->settings.principals.list.count; i++) {
        const struct principal_settings *p = &r->settings.principals.list.items[i];
        struct key_text key = public_key_format(&p->key);
        principal_feed(r, p->name, p->role, str_of(key.text));
    }
}

static void project_feed(struct runtime *r)
{
    struct arena a = {0};
    struct diag diag;
    struct project_files files;
    struct err err = {0};
    if (r->settings.project.len == 0)
        return;
    diag_init(&diag, &a);
    bool ok = tree_read(&a, r->settings.project, &files, &diag, &err);
    for (size_t i = 0; ok && i < diag.list.count; i++)
        log_event(&r->log, LOG_WARNING, "project: a finding",
                  LOG_FIELDS(log_str("path", diag.list.items[i].path), log_text("text", diag.list.items[i].text)));
    if (ok && diag_has_errors(&diag))
        ok = diag_to_err(&diag, &err);
    if (ok)
        feed(r, &(struct coord_event){.kind = COORD_ON_PROJECT, .project = {&files}});
    else
        log_event(&r->log, LOG_ERROR, "the project cannot be read; the newest bundle stays",
                  LOG_FIELDS(log_str("project", r->settings.project), log_failure(&err)));
    arena_release(&a);
}

static void core_start(struct runtime *r)
{
    feed(r, &(struct coord_event){.kind = COORD_ON_START});
    principals_feed(r);
    project_feed(r);
    r->keys_changed = true;
    perform(r);
}

static void reload(struct runtime *r)
{
    struct arena a = {0};
    struct settings fresh;
    struct err err = {0};
    log_event(&r->log, LOG_INFO, "reading the configuration again", NULL);
    if (!settings_load(&a, r->config_path, &fresh, &err)) {
        log_event(&r->log, LOG_ERROR, "the configuration is not taken over", LOG_FIELDS(log_failure(&err)));
        arena_release(&a);
        return;
    }
    /* Endpoints, key and store stay as they were until a restart. */
    fresh.store = str_copy(&a, r->settings.store);
    arena_release(&r->settings_arena);
    r->settings_arena = a;
    r->settings = fresh;
    r->log.level = fresh.level;
    if (r->coord != NULL) {
        principals_feed(r);
        project_feed(r);
    }
}

/* ---- time ---- */

static void retry_store(struct runtime *r, int64_t now_ms)
{
    struct err err = {0};
    r->retry_ms = now_ms + RETRY_STORE_MS;
    if (core_build(r, &err)) {
        core_start(r);
        if (r->coord != NULL)
            log_event(&r->log, LOG_INFO, "the store takes writes again", NULL);
    } else if (strcmp(err.kind, "disk_full") != 0) {
        store_failed(r, &err);
    }
}

static void sweep(struct runtime *r, int64_t now_ms)
{
    r->sweep_ms = now_ms + SILENT_LINK_MS / 10;
    for (uint32_t link; (link = links_forget_silent(r->links, now_ms - SILENT_LINK_MS)) != 0;)
        feed(r, &(struct coord_event){.kind = COORD_ON_LINK_DOWN, .link_down = {link}});
}

static void guard_ask(struct runtime *r, int64_t now_ms)
{
    enum guard_finding finding = guard_tick(&r->guard, now_ms);
    if (finding == GUARD_NO_ANSWER)
        log_event(&r->log, LOG_WARNING, "the self-test of the doors got no answer", NULL);
    if (finding != GUARD_OPEN)
        return;
    log_event(&r->log, LOG_ERROR, "security: a door lets in a key that is on no list; ending", NULL);
    r->stop = true;
    r->exit_code = 1;
}

static void times_serve(struct runtime *r)
{
    int64_t now_ms = clock_mono_ms();
    if (now_ms >= r->timer_ms) {
        r->timer_ms = INT64_MAX;
        feed(r, &(struct coord_event){.kind = COORD_ON_TICK});
    }
    if (now_ms >= r->sweep_ms)
        sweep(r, now_ms);
    if (r->coord == NULL && now_ms >= r->retry_ms)
        retry_store(r, now_ms);
    guard_ask(r, now_ms);
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t wait_ms(const struct runtime *r)
{
    int64_t now_ms = clock_mono_ms(), due = earliest(r->timer_ms, r->sweep_ms);
    due = earliest(due, guard_due_ms(&r->guard, now_ms));
    if (r->coord == NULL)
        due = earliest(due, r->retry_ms);
    return due > now_ms ? due - now_ms : 0;
}

/* ---- the loop ---- */

static void signals_serve(struct runtime *r)
{
    for (enum signal_event s; (s = signals_next(&r->signals)) != SIGNAL_NONE;)
        if (s == SIGNAL_RELOAD)
            reload(r);
        else
            r->stop = true;
}

static void serve(struct runtime *r)
{
    struct err err = {0};
    unsigned ready = 0;
    while (!r->stop) {
        if (!loop_wait(&r->loop, wait_ms(r), &ready, &err)) {
            log_event(&r->log, LOG_ERROR, "cannot wait for peers; ending", LOG_FIELDS(log_failure(&err)));
            r->exit_code = 1;
            return;
        }
        for (int door = ZAP_DOOR_UNSET + 1; door < ZAP_DOOR_COUNT; door++)
            if ((ready & r->ready_doors[door]) != 0)
                door_serve(r, (enum zap_door)door);
        if ((ready & r->ready_knocks) != 0)
            knocks_take(r);
        if ((ready & r->ready_signals) != 0)
            signals_serve(r);
        times_serve(r);
        perform(r);
    }
}

/* ---- opening and closing ---- */

/* FILE.pub beside the key file: what agents and operators pin. */
static bool public_key_publish(const struct runtime *r, struct err *err)
{
    struct arena a = {0};
    const char *path = arena_printf(&a, "%.*s.pub", STR_ARG(r->settings.key_file));
    struct str text = str_printf(&a, "%s\n", public_key_format(&r->keys.public_key).text), found;
    struct err absent;
    bool ok =
        (file_read(&a, path, 4096, &found, &absent) && str_eq(found, text)) || file_write_atomic(path, text, 0644, err);
    arena_release(&a);
    return ok;
}

static bool keys_open(struct runtime *r, struct err *err)
{
    const char *path = str_cstr(&r->settings_arena, r->settings.key_file);
    if (access(path, F_OK) != 0) {
        bool made = key_pair_generate(&r->keys, err) && key_pair_save(&r->keys, clock_wall_ms(), path, err);
        if (made)
            log_event(&r->log, LOG_INFO, "made a key pair", LOG_FIELDS(log_text("file", path)));
        return made && public_key_publish(r, err);
    }
    return key_pair_load(path, &r->keys, err) && public_key_publish(r, err);
}

static bool doors_open(struct runtime *r, struct err *err)
{
    struct arena a = {0};
    r->net = znet_open(err);
    r->zap = r->net != NULL ? zap_open(r->net, err) : NULL;
    if (r->zap != NULL)
        r->links = links_open(r->net, r->zap, &r->keys, str_cstr(&a, r->settings.agents),
                              str_cstr(&a, r->settings.operators), err);
    arena_release(&a);
    if (r->links == NULL)
        return false;
    guard_init(&r->guard, r->net, r->zap, r->links, &r->keys.public_key);
    return guard_check_all(&r->guard, err);
}

static void loop_open(struct runtime *r)
{
    loop_init(&r->loop);
    for (int door = ZAP_DOOR_UNSET + 1; door < ZAP_DOOR_COUNT; door++)
        r->ready_doors[door] = loop_add_server(&r->loop, links_server(r->links, (enum zap_door)door));
    r->ready_signals = loop_add_fd(&r->loop, r->signals.fd);
    r->ready_knocks = loop_add_fd(&r->loop, zap_knock_fd(r->zap));
}

static bool runtime_open(struct runtime *r, struct err *err)
{
    if (!settings_load(&r->settings_arena, r->config_path, &r->settings, err))
        return false;
    r->log.level = r->settings.level;
    if (!signals_open(&r->signals, err) || !keys_open(r, err) || !core_build(r, err) || !doors_open(r, err))
        return false;
    loop_open(r);
    return true;
}

static void runtime_close(struct runtime *r)
{
    guard_release(&r->guard);
    if (r->links != NULL)
        links_close(r->links);
    if (r->zap != NULL)
        zap_close(r->zap);
    if (r->net != NULL)
        znet_close(r->net);
    core_drop(r);
    key_pair_release(&r->keys);
    signals_close(&r->signals);
    arena_release(&r->burst);
    arena_release(&r->settings_arena);
}

int runtime_main(const char *config_path)
{
    struct runtime r = {
        .config_path = config_path,
        .log = {.fd = STDERR_FILENO, .level = LOG_INFO, .program = "skein-coordinator"},
        .peers = {.interval_ms = 60000, .burst = LOG_BURST},
        .signals = {.fd = -1},
        .timer_ms = INT64_MAX,
    };
    struct err err = {0};
    if (!runtime_open(&r, &err)) {
        log_event(&r.log, LOG_ERROR, "cannot start", LOG_FIELDS(log_failure(&err)));
        runtime_close(&r);
        return err_exit_code(err.code);
    }
    core_start(&r);
    log_event(&r.log, LOG_INFO, "ready",
              LOG_FIELDS(log_text("agents", zserver_endpoint(links_server(r.links, ZAP_DOOR_AGENTS))),
                         log_text("operators", zserver_endpoint(links_server(r.links, ZAP_DOOR_OPERATORS))),
                         log_text("public_key", public_key_format(&r.keys.public_key).text)));
    serve(&r);
    log_event(&r.log, LOG_INFO, "stopped", NULL);
    runtime_close(&r);
    return r.exit_code;
}
