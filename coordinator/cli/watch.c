/*
 * Following a rollout to its end: one line a target that did not go well, a bar on a terminal, or a stream of
 * JSON lines. The coordinator may go away meanwhile: the rollout goes on without it, and so does the watching.
 */
#include <string.h>

#include "coordinator/cli/rollout.h"
#include "skein/os/clock.h"

enum { LOST_FOR_MS = 300 * 1000, BAR_WIDTH = 30 };

/* Targets whose end was told already. */
struct told {
    struct arena arena;
    VEC(struct str) list;
};

struct watch {
    struct client *client;
    struct str rollout;
    uint64_t cursor;
    struct told told;
    bool bar;
    struct str waiting; /* what was told last about what it waits for */
    int64_t lost_since; /* 0: the coordinator answers */
};

static bool went_well(enum op_state state)
{
    return state == OP_PENDING || state == OP_OFFERED || state == OP_CLOSING || state == OP_APPLIED ||
           state == OP_ALREADY_APPLIED || state == OP_CANCELLED;
}

static bool tell_once(struct told *t, struct str target)
{
    for (size_t i = 0; i < t->list.count; i++)
        if (str_eq(t->list.items[i], target))
            return false;
    vec_push(&t->arena, &t->list, str_copy(&t->arena, target));
    return true;
}

static void clear_bar(const struct watch *w)
{
    if (w->bar)
        fputs("\r\033[K", stderr);
}

static void tell_failure(struct watch *w, const struct op_row *op)
{
    if (went_well(op->state) || !tell_once(&w->told, op->target))
        return;
    clear_bar(w);
    out_styled(stdout, OUT_RED, str_of(op_state_name(op->state)));
    out_printf(stdout, " %.*s: ", STR_ARG(op->target));
    if (op->err.origin[0] != '\0')
        out_printf(stdout, "%s: ", op->err.origin);
    out_printf(stdout, "%s%s%s\n", op->err.code != ERR_UNSET ? op->err.text : "",
               op->err.code != ERR_UNSET && op->sentence.len > 0 ? "; " : "",
               op->sentence.len > 0 ? str_cstr(&w->told.arena, op->sentence) : "");
}

static uint64_t at_goal(const struct rollout_row *r)
{
    return r->counts[OP_APPLIED] + r->counts[OP_ALREADY_APPLIED];
}

static uint64_t ended(const struct rollout_row *r)
{
    uint64_t open = r->counts[OP_PENDING] + r->counts[OP_OFFERED] + r->counts[OP_CLOSING];
    return open < r->total ? r->total - open : 0;
}

static void draw_bar(const struct watch *w, const struct rollout_row *r)
{
    if (!w->bar)
        return;
    uint64_t full = r->total > 0 ? ended(r) * BAR_WIDTH / r->total : BAR_WIDTH;
    fputs("\r\033[K[", stderr);
    for (uint64_t i = 0; i < BAR_WIDTH; i++)
        fputc(i < full ? '#' : '.', stderr);
    fprintf(stderr, "] %llu of %llu, %llu at work, %zu not well", (unsigned long long)ended(r),
            (unsigned long long)r->total, (unsigned long long)r->counts[OP_OFFERED], w->told.list.count);
    fflush(stderr);
}

static void show(struct watch *w, const struct msg_rollout *m)
{
    for (size_t i = 0; i < m->ops.count; i++)
        if (w->client->form == OUT_FORM_TEXT)
            tell_failure(w, &m->ops.items[i]);
        else if (w->client->form == OUT_FORM_JSONL)
            out_json_line(json_op(&m->ops.items[i]));
    draw_bar(w, &m->rollout);
    fflush(stdout);
}

static bool is_open(enum op_state state)
{
    return state == OP_PENDING || state == OP_OFFERED || state == OP_CLOSING;
}

/* The first target that has not ended; *ret_reply holds its page. NULL if there is none, or no answer. */
static const struct op_row *find_open(struct watch *w, struct msg *ret_reply)
{
    struct msg request = {.kind = MSG_ROLLOUT_SHOW};
    request.rollout_show.rollout = w->rollout;
    while (client_ask(w->client, &request, MSG_ROLLOUT, 0, ret_reply)) {
        const struct msg_rollout *page = &ret_reply->rollout;
        for (size_t i = 0; i < page->ops.count; i++)
            if (is_open(page->ops.items[i].state))
                return &page->ops.items[i];
        if (page->next <= request.rollout_show.page.offset)
            return NULL;
        request.rollout_show.page.offset = page->next;
    }
    return NULL;
}

/* Nothing has changed for a while: say what it waits for, once. */
static void tell_waiting(struct watch *w, const struct rollout_row *r)
{
    struct msg reply;
    const struct op_row *op = find_open(w, &reply);
    if (op == NULL)
        return;
    struct str text = str_printf(&w->told.arena, "%llu of %llu targets are open, %.*s (%s): %.*s",
                                 (unsigned long long)(r->total - ended(r)), (unsigned long long)r->total,
                                 STR_ARG(op->target), op_state_name(op->state), STR_ARG(op->sentence));
    if (str_eq(text, w->waiting))
        return;
    w->waiting = text;
    clear_bar(w);
    out_note("%.*s", STR_ARG(text));
}

/* True to try again: a coordinator that is away comes back, the rollout does not depend on it. */
static bool wait_for_coordinator(struct watch *w)
{
    struct client *c = w->client;
    int64_t now = clock_mono_ms();
    if (c->err.code != ERR_UNREACHABLE || (w->lost_since != 0 && now - w->lost_since > LOST_FOR_MS))
        return false;
    if (w->lost_since == 0) {
        clear_bar(w);
        out_note("the coordinator does not answer, trying again");
        w->lost_since = now;
    }
    return zclient_reset(c->link, &c->err);
}

static bool next_change(struct watch *w, struct msg *ret_reply)
{
    for (;;) {
        struct msg request = {.kind = MSG_ROLLOUT_WATCH};
        request.rollout_watch = (struct msg_rollout_watch){.rollout = w->rollout, .cursor = w->cursor};
        if (client_ask(w->client, &request, MSG_ROLLOUT, WATCH_WAIT_MS, ret_reply))
            break;
        /* The first question must be answered: there may be no coordinator at all. */
        if (w->cursor == 0 || !wait_for_coordinator(w))
            return false;
    }
    w->lost_since = 0;
    return true;
}

static int end(struct watch *w, const struct rollout_row *r)
{
    struct client *c = w->client;
    int code = rollout_exit_code(r->status);
    clear_bar(w);
    if (c->form == OUT_FORM_TEXT) {
        out_note("rollout %.*s %s: %llu of %llu targets at the goal", STR_ARG(str_head(r->id, 12)),
                 rollout_status_name(r->status), (unsigned long long)at_goal(r), (unsigned long long)r->total);
        if (r->reason.len > 0)
            out_note("%.*s", STR_ARG(r->reason));
    } else {
        (c->form == OUT_FORM_JSON ? out_json : out_json_line)(json_rollout(r));
    }
    arena_release(&w->told.arena);
    client_close(c);
    return code;
}

int rollout_watch(struct client *c, struct str rollout)
{
    struct watch w = {.client = c, .rollout = rollout, .bar = c->form == OUT_FORM_TEXT && out_is_terminal(stderr)};
    struct msg reply;
    while (next_change(&w, &reply)) {
        const struct msg_rollout *m = &reply.rollout;
        show(&w, m);
        if (rollout_status_is_final(m->rollout.status))
            return end(&w, &m->rollout);
        if (m->ops.count == 0 && w.cursor != 0 && c->form == OUT_FORM_TEXT)
            tell_waiting(&w, &m->rollout);
        w.cursor = m->cursor;
        /* A newer rollout must not take the place of "the newest". */
        w.rollout = str_copy(&w.told.arena, m->rollout.id);
    }
    clear_bar(&w);
    arena_release(&w.told.arena);
    return client_fail(c);
}
