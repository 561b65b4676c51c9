/*
 * What the coordinator is told of the targets. A change puts a target into the list of dirty ones; a page
 * takes up to LIMIT_REPORTS of them, is repeated as it is until TARGETS_ACK names its number, and only
 * then comes the next. After every HELLO_ACK all targets are dirty: the pages from `first` to `last` are
 * the whole list, and what they do not name is gone. An agent that has not found everything yet (a server
 * was down since its start) has no whole list to send: its pages are changes until it has.
 */
#include "agent/core/inside.h"

#include <utlist.h>

#include "agent/core/pack.h"

static void pack_report(struct strbuf *b, const struct target *t)
{
    pack_str(b, t->name);
    pack_u64(b, t->serial);
    pack_u64(b, t->gone);
    pack_str(b, strbuf_str(&t->config));
    pack_str(b, strbuf_str(&t->reading));
}

static struct target_report unpack_report(struct unpack *u)
{
    struct target_report r = {.name = unpack_str(u)};
    r.serial = unpack_u64(u);
    r.gone = unpack_u64(u) != 0;
    struct unpack config = {unpack_str(u), u->arena};
    struct unpack reading = {unpack_str(u), u->arena};
    if (r.gone)
        return r;
    r.engine = (enum engine)unpack_u64(&config);
    r.labels = unpack_labels(&config);
    r.modules = unpack_names(&config);
    if (reading.rest.len == 0) {
        r.problem = STR("has not been read yet");
        return r;
    }
    r.identity = unpack_str(&reading);
    r.readable = unpack_u64(&reading) != 0;
    r.problem = unpack_str(&reading);
    r.state = unpack_state(&reading);
    r.ledger = unpack_ledger(&reading);
    return r;
}

struct target_report report_of(const struct target *t, struct arena *arena)
{
    struct strbuf b;
    strbuf_init(&b, LIMIT_DECODE);
    pack_report(&b, t);
    struct unpack u = {strbuf_str(&b), arena};
    struct target_report r = unpack_report(&u);
    strbuf_release(&b);
    return r;
}

void report_changed(struct agent *a, struct target *t)
{
    if (t->dirty)
        return;
    t->dirty = true;
    DL_APPEND2(a->dirty, t, dirty_prev, dirty_next);
}

void report_forget(struct agent *a, struct target *t)
{
    if (!t->dirty)
        return;
    t->dirty = false;
    DL_DELETE2(a->dirty, t, dirty_prev, dirty_next);
}

static void page_clear(struct report_page *p)
{
    strbuf_release(&p->reports);
    *p = (struct report_page){.number = p->number};
}

void report_all(struct agent *a)
{
    page_clear(&a->page);
    a->list_wanted = true;
    a->list_started = false;
    for (struct target *t = a->targets, *next; t != NULL; t = next) {
        next = t->hh.next;
        report_changed(a, t);
    }
}

/* Once the first readings are there, or have been waited for long enough. */
static bool list_is_ready(const struct agent *a)
{
    return a->discovery > 0 && (a->unread == 0 || a->now_ms >= a->first_list_ms);
}

static void page_fill(struct agent *a)
{
    struct report_page *p = &a->page;
    strbuf_init(&p->reports, LIMIT_DECODE);
    for (struct target *t = a->dirty, *next; t != NULL; t = next) {
        next = t->dirty_next;
        if (p->count == LIMIT_REPORTS || (p->count > 0 && p->reports.len + t->reading.len > PAGE_BYTES))
            break;
        report_forget(a, t);
        pack_report(&p->reports, t);
        p->count++;
        target_settle(a, t);
    }
}

static void page_begin(struct agent *a)
{
    struct report_page *p = &a->page;
    p->number++;
    p->out = true;
    page_fill(a);
    a->page_discovery = a->discovery;
    if (a->list_wanted && a->all_found) {
        p->first = !a->list_started;
        a->list_started = true;
        p->last = a->dirty == NULL;
        a->list_wanted = !p->last;
    }
    p->due_ms = a->now_ms;
    p->backoff_ms = a->link.resend_ms;
}

static void page_send(struct agent *a)
{
    struct report_page *p = &a->page;
    struct msg m = {.kind = MSG_TARGETS,
                    .targets = {.boot = a->options.boot, .page = p->number, .first = p->first, .last = p->last}};
    struct arena *arena = agent_arena(a);
    struct unpack u = {strbuf_str(&p->reports), arena};
    for (size_t i = 0; i < p->count; i++)
        vec_push(arena, &m.targets.list, unpack_report(&u));
    agent_say(a, m);
    p->due_ms = agent_backoff(a, &p->backoff_ms);
}

/* An agent that cannot list its targets yet says so with an empty page at every attempt: it is at it. */
static bool has_news(const struct agent *a)
{
    return a->dirty != NULL || (a->list_wanted && (a->all_found || a->page_discovery != a->discovery));
}

void report_run(struct agent *a)
{
    if (!link_is_up(a) || !list_is_ready(a))
        return;
    if (!a->page.out && has_news(a))
        page_begin(a);
    if (a->page.out && a->now_ms >= a->page.due_ms)
        page_send(a);
}

void report_acknowledged(struct agent *a, const struct msg *m)
{
    const struct msg_targets_ack *ack = &m->targets_ack;
    if (!a->page.out || ack->page != a->page.number)
        return;
    for (size_t i = 0; i < ack->refused.count; i++)
        agent_log(a, LOG_WARNING, "the coordinator refuses target %.*s: %.*s", STR_ARG(ack->refused.items[i].name),
                  STR_ARG(ack->refused.items[i].reason));
    page_clear(&a->page);
}

int64_t report_due(const struct agent *a)
{
    if (!link_is_up(a) || a->discovery == 0)
        return INT64_MAX;
    if (!list_is_ready(a))
        return a->first_list_ms;
    return a->page.out ? a->page.due_ms : INT64_MAX;
}
