/*
 * The running coordinator, shared by the files that make up the process:
 *
 *     runtime.c   opening, the loop, time, closing
 *     intake.c    messages, strangers, configuration and project become events
 *     perform.c   what the core decided is stored, then sent
 *
 * Happy path: open the store, fold it into a core, bind both doors behind the key handler, check with a
 * throw-away key that they are shut, serve; what a burst of events changes is one commit in the store, and only
 * then is anything sent. Failures: a store that refuses a write because the disk is full -> degraded: the core is
 * thrown away (its memory is ahead of the store), requests are answered with the reason, and every few seconds it
 * is tried again; any other failure of the store, and a door found open, end the process: nothing was promised
 * that is not stored. Responses: a frame that cannot be decoded is answered with ERROR and counted; a peer that
 * sends more than one frame loses its key until the lists change.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "coordinator/core/coord.h"
#include "coordinator/io/guard.h"
#include "coordinator/io/link.h"
#include "coordinator/io/settings.h"
#include "coordinator/io/store.h"
#include "skein/net/keys.h"
#include "skein/net/loop.h"
#include "skein/os/log.h"
#include "skein/os/signals.h"

enum { RETRY_STORE_MS = 5000 }; /* while degraded */

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
    unsigned cut_doors; /* to be cut at cut_ms */
    int64_t cut_ms;
    uint64_t knock_seen; /* number of the newest that the core knows */
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

/* ---- perform.c ---- */

/* One event for the core; what it decides is copied at once and waits for perform(). Nothing while degraded. */
void feed(struct runtime *r, struct coord_event *event);

/* A message of the runtime's own, sent with the others. */
void outgoing_add(struct runtime *r, uint32_t link, const struct msg *m);

/* One commit for everything since the last call, then keys and messages. Frees what lived for this burst. */
void perform(struct runtime *r);

/* A core that knows what the store knows; and the end of both. */
bool core_build(struct runtime *r, struct err *err);
void core_drop(struct runtime *r);

/* Degrades or ends the process. */
void store_failed(struct runtime *r, const struct err *err);

/* Cuts every connection of these doors (bits, 1 << door) soon. Who lost its key is refused already. */
void doors_cut_later(struct runtime *r, unsigned doors);

/* ---- intake.c ---- */

void door_serve(struct runtime *r, enum zap_door door);
void knocks_take(struct runtime *r);

/* The first events of a core: its start, the configured keys, the project. */
void core_start(struct runtime *r);

/* SIGHUP: the configuration and the project again. Endpoints, key and store stay until a restart. */
void reload(struct runtime *r);
