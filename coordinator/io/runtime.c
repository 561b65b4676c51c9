#include "coordinator/io/runtime.h"

#include <string.h>
#include <unistd.h>

#include "coordinator/io/process.h"
#include "skein/os/clock.h"
#include "skein/os/file.h"

enum {
    SILENT_LINK_MS = 15 * 60 * 1000, /* a connection without a word is forgotten */
    LOG_BURST = 20,                  /* lines about bad peers a minute */
};

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

static void doors_cut(struct runtime *r)
{
    struct err err;
    unsigned doors = r->cut_doors;
    r->cut_doors = 0;
    for (int door = ZAP_DOOR_UNSET + 1; door < ZAP_DOOR_COUNT; door++) {
        if ((doors & (1U << door)) == 0 || links_cut(r->links, (enum zap_door)door, &err))
            continue;
        log_event(&r->log, LOG_ERROR, "cannot open a door again; ending", LOG_FIELDS(log_failure(&err)));
        r->stop = true;
        r->exit_code = 1;
    }
}

static void times_serve(struct runtime *r)
{
    int64_t now_ms = clock_mono_ms();
    if (now_ms >= r->timer_ms) {
        r->timer_ms = INT64_MAX;
        feed(r, &(struct coord_event){.kind = COORD_ON_TICK});
    }
    if (r->cut_doors != 0 && now_ms >= r->cut_ms)
        doors_cut(r);
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
    if (r->cut_doors != 0)
        due = earliest(due, r->cut_ms);
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
