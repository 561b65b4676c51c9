#include "coordinator/io/process.h"

#include <inttypes.h>

#include "skein/os/clock.h"
#include "skein/os/tree.h"
#include "skein/wire/codec.h"

enum { BURST = 256 }; /* messages of one door that may share a commit */

/* ---- log lines about peers ---- */

/* Held back when there are too many. `err` may be NULL. */
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
        doors_cut_later(r, 1U << in->door);
}

void door_serve(struct runtime *r, enum zap_door door)
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

void knocks_take(struct runtime *r)
{
    struct zap_knock knocks[ZAP_KNOCKS_MAX];
    size_t count = zap_knocks(r->zap, knocks);
    for (size_t i = count; i > 0; i--) {
        const struct zap_knock *k = &knocks[i - 1];
        if (k->number <= r->knock_seen)
            continue;
        struct key_text key = public_key_format(&k->key);
        struct event_stranger event = {str_of(key.text), str_of(k->address)};
        feed(r, &(struct coord_event){.kind = COORD_ON_STRANGER, .stranger = event});
    }
    if (count > 0)
        r->knock_seen = knocks[0].number;
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

void core_start(struct runtime *r)
{
    feed(r, &(struct coord_event){.kind = COORD_ON_START});
    principals_feed(r);
    project_feed(r);
    r->keys_changed = true;
    perform(r);
}

void reload(struct runtime *r)
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
