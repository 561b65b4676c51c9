#include "coordinator/io/process.h"

#include <string.h>

#include "skein/os/clock.h"
#include "skein/wire/codec.h"

enum { CUT_AFTER_MS = 200 };

/* ---- effects ---- */

void outgoing_add(struct runtime *r, uint32_t link, const struct msg *m)
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

void feed(struct runtime *r, struct coord_event *event)
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

/* Not at once: the answer to whoever asked for it is still on its way through the same door. */
void doors_cut_later(struct runtime *r, unsigned doors)
{
    r->cut_doors |= doors;
    r->cut_ms = clock_mono_ms() + CUT_AFTER_MS;
}

static void keys_apply(struct runtime *r)
{
    struct grants g = {.arena = &r->burst};
    r->keys_changed = false;
    coord_each_principal(r->coord, grant_add, &g);
    unsigned doors = zap_replace(r->zap, g.list.items, g.list.count);
    if (doors != 0)
        doors_cut_later(r, doors);
}

/* ---- the store ---- */

static bool record_take(void *user, const struct record *record, struct err *err)
{
    return coord_replay(user, record, err);
}

/* A core that knows what the store knows. */
bool core_build(struct runtime *r, struct err *err)
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

void core_drop(struct runtime *r)
{
    if (r->coord != NULL)
        coord_free(r->coord);
    if (r->store != NULL)
        store_close(r->store);
    r->coord = NULL;
    r->store = NULL;
    r->timer_ms = INT64_MAX;
}

void store_failed(struct runtime *r, const struct err *err)
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
void perform(struct runtime *r)
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
