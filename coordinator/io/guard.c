#include "coordinator/io/guard.h"

#include "skein/os/clock.h"

enum { POLL_MS = 50 };

void guard_init(struct guard *g, struct znet *net, struct zap *zap, const struct links *links,
                const struct public_key *server)
{
    *g = (struct guard){.net = net, .zap = zap, .links = links, .server = server, .door = ZAP_DOOR_AGENTS};
}

void guard_release(struct guard *g)
{
    if (g->probe != NULL)
        zprobe_close(g->probe);
    g->probe = NULL;
}

static bool knock(struct guard *g, int64_t now_ms, struct err *err)
{
    const char *endpoint = zserver_endpoint(links_server(g->links, g->door));
    g->probe = zprobe_open(g->net, g->zap, endpoint, g->server, err);
    g->next_ms = now_ms + GUARD_WAIT_MS;
    return g->probe != NULL;
}

/* The next knock is at the next door. */
static enum guard_finding finish(struct guard *g, int64_t now_ms, enum guard_finding finding)
{
    guard_release(g);
    g->door = g->door == ZAP_DOOR_AGENTS ? ZAP_DOOR_OPERATORS : ZAP_DOOR_AGENTS;
    g->next_ms = now_ms + GUARD_EVERY_MS;
    return finding;
}

enum guard_finding guard_tick(struct guard *g, int64_t now_ms)
{
    struct err ignored;
    if (g->probe == NULL) {
        if (now_ms >= g->next_ms && !knock(g, now_ms, &ignored))
            return finish(g, now_ms, GUARD_NO_ANSWER);
        return GUARD_FINE;
    }
    enum zprobe_result result = zprobe_poll(g->probe);
    if (result == ZPROBE_ADMITTED)
        return finish(g, now_ms, GUARD_OPEN);
    if (result == ZPROBE_REFUSED)
        return finish(g, now_ms, GUARD_FINE);
    return now_ms < g->next_ms ? GUARD_FINE : finish(g, now_ms, GUARD_NO_ANSWER);
}

int64_t guard_due_ms(const struct guard *g, int64_t now_ms)
{
    return g->probe != NULL ? now_ms + POLL_MS : g->next_ms;
}

static bool door_check(struct guard *g, struct err *err)
{
    enum zap_door door = g->door;
    if (!knock(g, clock_mono_ms(), err))
        return false;
    enum guard_finding finding = GUARD_FINE;
    while (finding == GUARD_FINE && g->door == door) {
        clock_sleep_ms(5);
        finding = guard_tick(g, clock_mono_ms());
    }
    if (finding == GUARD_FINE)
        return true;
    err_kind(err, ERR_SYSTEM, "door_open", "the door for %s %s", zap_door_name(door),
             finding == GUARD_OPEN ? "lets a key in that is on no list" : "does not answer");
    return err_hint(err, "the key handler does not work; nothing was served");
}

bool guard_check_all(struct guard *g, struct err *err)
{
    for (int door = ZAP_DOOR_UNSET + 1; door < ZAP_DOOR_COUNT; door++)
        if (!door_check(g, err))
            return false;
    return true;
}
