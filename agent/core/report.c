/*
 * Which targets there are, what was read from them, and telling the coordinator: first the full list, page
 * by page, then what changes. One page is under way at a time; the next goes out when it is acknowledged.
 * A page that is said again gets a new number, because what it says may have changed meanwhile.
 */
#include "agent/core/state.h"

static struct str target_key(const void *table, uint32_t number)
{
    const struct agent *a = table;
    return a->targets.list.items[number].name;
}

static struct str server_key(const void *table, uint32_t number)
{
    const struct agent *a = table;
    return a->servers.list.items[number].name;
}

uint32_t target_find(const struct agent *a, struct str name)
{
    return index_find(&a->targets_by_name, a, name);
}

static uint32_t server_get(struct agent *a, struct str name)
{
    uint32_t number = index_find(&a->servers_by_name, a, name);
    if (number == INDEX_NONE) {
        struct server fresh = {.name = str_copy(&a->arena, name), .first = INDEX_NONE, .last = INDEX_NONE};
        number = (uint32_t)a->servers.list.count;
        vec_push(&a->arena, &a->servers.list, fresh);
        a->servers_by_name.key = server_key;
        index_add(&a->arena, &a->servers_by_name, a, number);
    }
    return number;
}

static uint32_t target_add(struct agent *a, struct str name)
{
    struct target fresh = {.name = str_copy(&a->arena, name), .next = INDEX_NONE};
    uint32_t number = (uint32_t)a->targets.list.count;
    repeat_stop(&fresh.result_repeat);
    repeat_stop(&fresh.closed_repeat);
    vec_push(&a->arena, &a->targets.list, fresh);
    a->targets_by_name.key = target_key;
    index_add(&a->arena, &a->targets_by_name, a, number);
    return number;
}

static void mark_dirty(struct turn *t, uint32_t number)
{
    struct target *target = &t->a->targets.list.items[number];
    target->report.serial = ++t->a->serial;
    if (!target->dirty)
        vec_push(&t->a->arena, &t->a->dirty.list, number);
    target->dirty = true;
}

static struct labels labels_copy(struct arena *a, const struct labels *labels)
{
    struct labels copy = {0};
    for (size_t i = 0; i < labels->list.count; i++) {
        struct label l = {str_copy(a, labels->list.items[i].key), str_copy(a, labels->list.items[i].value)};
        vec_push(a, &copy.list, l);
    }
    return copy;
}

static struct names names_copy(struct arena *a, const struct names *names)
{
    struct names copy = {0};
    for (size_t i = 0; i < names->list.count; i++)
        vec_push(a, &copy.list, str_copy(a, names->list.items[i]));
    return copy;
}

/* The report is rebuilt in a fresh arena, so that old readings do not pile up. */
static struct arena report_renew(struct target *target, const struct target_found *found)
{
    struct arena old = target->reading;
    struct target_report *r = &target->report;
    target->reading = (struct arena){0};
    r->engine = found != NULL ? found->engine : r->engine;
    r->labels = labels_copy(&target->reading, found != NULL ? &found->labels : &r->labels);
    r->modules = names_copy(&target->reading, found != NULL ? &found->modules : &r->modules);
    r->identity = str_copy(&target->reading, r->identity);
    r->problem = str_copy(&target->reading, r->problem);
    r->state = dbstate_copy(&target->reading, &r->state);
    return old;
}

static void found_one(struct turn *t, const struct target_found *found)
{
    struct agent *a = t->a;
    uint32_t number = target_find(a, found->name);
    if (number == INDEX_NONE)
        number = target_add(a, found->name);
    struct target *target = &a->targets.list.items[number];
    uint32_t server = server_get(a, found->server);
    if (target->queued && target->server != server) {
        out_log(t, LOG_WARNING, "%.*s has moved to server %.*s while it is queued: seen at the next discovery",
                STR_ARG(target->name), STR_ARG(found->server));
        server = target->server;
    }
    target->server = server;
    target->gone = false;
    target->report.name = target->name;
    struct arena old = report_renew(target, found);
    arena_release(&old);
    target->want_read = true;
    mark_dirty(t, number);
    job_wake(t, number);
}

void report_found(struct turn *t, const struct event_targets *found)
{
    struct agent *a = t->a;
    bool *kept = arena_new_array(&t->fx->arena, a->targets.list.count, bool);
    size_t before = a->targets.list.count;
    for (size_t i = 0; i < found->count && i < LIMIT_AGENT_TARGETS; i++) {
        uint32_t number = target_find(a, found->list[i].name);
        if (number != INDEX_NONE && number < before)
            kept[number] = true;
        found_one(t, &found->list[i]);
    }
    for (uint32_t i = 0; i < before; i++)
        if (!kept[i] && !a->targets.list.items[i].gone) {
            a->targets.list.items[i].gone = true;
            mark_dirty(t, i);
        }
}

static void take_state(struct target *target, const struct event_read *read)
{
    struct target_report *r = &target->report;
    r->readable = read->readable;
    r->problem = str_head(read->problem, LIMIT_TEXT);
    if (read->readable) {
        r->identity = read->identity;
        r->state = read->state;
        r->ledger = read->ledger;
    }
    struct arena old = report_renew(target, NULL);
    arena_release(&old);
    target->was_read = true;
}

static bool same_reading(const struct target_report *r, const struct event_read *read)
{
    if (r->readable != read->readable)
        return false;
    if (!read->readable)
        return str_eq(r->problem, read->problem);
    return str_eq(r->identity, read->identity) && dbstate_eq(&r->state, &read->state) &&
           r->ledger.seq == read->ledger.seq && r->ledger.fence == read->ledger.fence &&
           r->ledger.closed_fence == read->ledger.closed_fence && hash_eq(&r->ledger.head, &read->ledger.head);
}

void report_read(struct turn *t, const struct event_read *read)
{
    uint32_t number = target_find(t->a, read->target);
    struct target *target = &t->a->targets.list.items[number];
    bool news = !target->was_read || !same_reading(&target->report, read);
    take_state(target, read);
    if (news)
        mark_dirty(t, number);
}

void report_reading(struct turn *t, uint32_t number, const struct event_done *done)
{
    struct target *target = &t->a->targets.list.items[number];
    const struct event_read read = {
        .target = target->name,
        .readable = true,
        .identity = done->identity,
        .state = done->state,
        .ledger = done->ledger,
    };
    if (!done->state_known)
        return;
    take_state(target, &read);
    mark_dirty(t, number);
}

void report_fill(const struct target *target, struct target_report *ret_report)
{
    *ret_report = target->report;
    ret_report->gone = target->gone;
    ret_report->name = target->name;
}

static void page_add(struct turn *t, struct msg_targets *page, uint32_t number)
{
    struct target_report report;
    struct target *target = &t->a->targets.list.items[number];
    report_fill(target, &report);
    target->dirty = false;
    vec_push(&t->fx->arena, &page->list, report);
    vec_push(&t->a->arena, &t->a->page_targets.list, number);
}

/* The next part of the full list. */
static void fill_list(struct turn *t, struct msg_targets *page)
{
    struct agent *a = t->a;
    size_t i = a->list_from;
    for (; i < a->targets.list.count && page->list.count < LIMIT_REPORTS; i++)
        page_add(t, page, (uint32_t)i);
    page->first = a->list_from == 0;
    page->last = i == a->targets.list.count;
    a->page_end = i;
}

static void fill_changes(struct turn *t, struct msg_targets *page)
{
    struct agent *a = t->a;
    size_t taken = 0;
    while (taken < a->dirty.list.count && page->list.count < LIMIT_REPORTS) {
        uint32_t number = a->dirty.list.items[taken++];
        if (a->targets.list.items[number].dirty)
            page_add(t, page, number);
    }
    for (size_t i = taken; i < a->dirty.list.count; i++)
        a->dirty.list.items[i - taken] = a->dirty.list.items[i];
    a->dirty.list.count -= taken;
}

static void send_page(struct turn *t)
{
    struct agent *a = t->a;
    struct msg m = {.kind = MSG_TARGETS, .targets = {.boot = a->options.boot}};
    a->page_targets.list.count = 0;
    if (a->listing)
        fill_list(t, &m.targets);
    else
        fill_changes(t, &m.targets);
    if (m.targets.list.count == 0 && !a->listing) {
        repeat_stop(&a->page_repeat);
        return;
    }
    m.targets.page = ++a->page;
    repeat_start(&a->page_repeat, t->now_ms, a->resend_ms);
    timer_set(t, TIMER_PAGE, 0, a->page_repeat.due_ms);
    out_send(t, &m);
}

void report_list(struct turn *t)
{
    t->a->listing = true;
    t->a->list_from = 0;
    send_page(t);
}

/* Sends changes when no page is under way; says an unanswered page again when it is time. */
void report_again(struct turn *t)
{
    struct agent *a = t->a;
    bool under_way = a->page_repeat.due_ms != INT64_MAX;
    if (!session_is_open(&a->session) || (under_way && !repeat_is_due(&a->page_repeat, t->now_ms)))
        return;
    for (size_t i = 0; under_way && !a->listing && i < a->page_targets.list.count; i++)
        mark_dirty(t, a->page_targets.list.items[i]);
    if (under_way || a->dirty.list.count > 0)
        send_page(t);
}

void report_acked(struct turn *t, const struct msg_targets_ack *ack)
{
    struct agent *a = t->a;
    if (ack->page != a->page || a->page_repeat.due_ms == INT64_MAX)
        return;
    for (size_t i = 0; i < ack->refused.count; i++)
        out_log(t, LOG_WARNING, "the coordinator refuses target %.*s: %.*s", STR_ARG(ack->refused.items[i].name),
                STR_ARG(ack->refused.items[i].reason));
    repeat_stop(&a->page_repeat);
    if (a->listing) {
        a->list_from = a->page_end;
        a->listing = a->list_from < a->targets.list.count;
    }
    if (a->listing)
        send_page(t);
    else
        report_again(t);
}
