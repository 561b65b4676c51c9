/* What operators ask for. Every request gets exactly one reply; what changes something is in the audit. */
#include <stdlib.h>

#include "coordinator/core/state.h"

enum { OP_ROWS = 100 }; /* in one reply: a row may carry a long error */

static uint64_t page_limit(const struct page *page, uint64_t most)
{
    return page->limit == 0 || page->limit > most ? most : page->limit;
}

/* ---- status ---- */

static void add_target(struct turn *t, struct msg_status_reply *reply, const struct msg_status *request,
                       uint32_t number)
{
    uint32_t pending;
    uint64_t at = reply->total++, limit = page_limit(&request->page, LIMIT_ROWS);
    reply->counts[view_target_status(t->c, &t->c->targets.list.items[number], &pending)]++;
    if (request->summary_only || at < request->page.offset)
        return;
    if (reply->rows.count >= limit) {
        reply->next = request->page.offset + limit;
        return;
    }
    struct target_row row;
    view_target(t->c, number, &row);
    vec_push(&t->fx->arena, &reply->rows, row);
}

static uint64_t count_revisions(struct coord *c)
{
    static const struct names every_module;
    struct err ignored;
    struct bundle *newest = bundle_newest(c);
    const struct project *p = newest != NULL ? library_project(c, newest->number, &every_module, &ignored) : NULL;
    return p != NULL ? p->node_count : 0;
}

void control_status(struct turn *t, const struct msg *m)
{
    struct coord *c = t->c;
    struct msg reply = {.kind = MSG_STATUS_REPLY};
    struct selector selector;
    struct err err;
    if (!select_parse(&t->fx->arena, &m->status.selection, &selector, &err)) {
        emit_error(t, &err);
        return;
    }
    for (uint32_t i = 0; i < c->targets.list.count; i++) {
        const struct target *target = &c->targets.list.items[i];
        if (!target->gone && select_matches(&selector, target->name, &target->labels))
            add_target(t, &reply.status_reply, &m->status, i);
    }
    for (size_t i = 0; i < c->principals.list.count; i++) {
        const struct principal *p = &c->principals.list.items[i];
        bool is_agent = p->row.role == ROLE_AGENT && p->row.status == PRINCIPAL_ACCEPTED;
        reply.status_reply.agents += is_agent;
        reply.status_reply.agents_connected += is_agent && session_is_open(&p->session);
    }
    reply.status_reply.bundle = c->bundles.list.count;
    reply.status_reply.revisions = count_revisions(c);
    emit_reply(t, &reply);
}

/* ---- rollouts ---- */

void control_rollout_list(struct turn *t, const struct msg *m)
{
    const struct page *page = &m->rollout_list.page;
    struct msg reply = {.kind = MSG_ROLLOUTS};
    uint64_t total = t->c->rollouts.list.count, limit = page_limit(page, LIMIT_ROWS);
    for (uint64_t i = page->offset; i < total; i++) {
        struct rollout_row row;
        if (reply.rollouts.rows.count == limit) {
            reply.rollouts.next = i;
            break;
        }
        view_rollout(t->c, (uint32_t)(total - 1 - i), &row);
        vec_push(&t->fx->arena, &reply.rollouts.rows, row);
    }
    emit_reply(t, &reply);
}

/* NONE, and the error is sent, when the text names no rollout. */
static uint32_t named_rollout(struct turn *t, struct str text)
{
    uint32_t number = rollout_find(t->c, text);
    struct err err;
    if (number != NONE)
        return number;
    err_kind(&err, ERR_USAGE, "unknown_rollout", "there is no rollout '%.*s'", STR_ARG(text));
    err_hint(&err, "'skein rollout list' names them; a prefix needs four characters and must be unique");
    emit_error(t, &err);
    return NONE;
}

static bool is_problem(const struct operation *op)
{
    return op_is_failure(op->state) || op->err != NULL || op->state == OP_CANCELLED;
}

void control_rollout_show(struct turn *t, const struct msg *m)
{
    const struct msg_rollout_show *show = &m->rollout_show;
    struct msg reply = {.kind = MSG_ROLLOUT};
    uint32_t number = named_rollout(t, show->rollout);
    uint64_t seen = 0, limit = page_limit(&show->page, OP_ROWS);
    if (number == NONE)
        return;
    const struct rollout *r = &t->c->rollouts.list.items[number];
    view_rollout(t->c, number, &reply.rollout.rollout);
    for (uint32_t i = r->first; i < r->first + r->count && reply.rollout.next == 0; i++) {
        struct op_row row;
        if ((show->problems_only && !is_problem(&t->c->ops.list.items[i])) || seen++ < show->page.offset)
            continue;
        if (reply.rollout.ops.count == limit) {
            reply.rollout.next = show->page.offset + limit;
            break;
        }
        view_op(t->c, i, &t->fx->arena, &row);
        vec_push(&t->fx->arena, &reply.rollout.ops, row);
    }
    emit_reply(t, &reply);
}

/* Cursors of another life of the coordinator begin anew: its list of changes was another one. */
static uint64_t cursor_make(const struct coord *c, uint64_t position)
{
    return c->meta.term << 32 | position;
}

static uint64_t cursor_position(const struct coord *c, uint64_t cursor)
{
    return cursor >> 32 == c->meta.term ? cursor & UINT32_MAX : 0;
}

/* True when the entry is the last one about its operation, so that each is told once. */
static bool is_newest_change(const struct rollout *r, size_t at, size_t end)
{
    for (size_t i = at + 1; i < end; i++)
        if (r->changes.list.items[i] == r->changes.list.items[at])
            return false;
    return true;
}

static void send_changes(struct turn *t, const struct watcher *w)
{
    const struct rollout *r = &t->c->rollouts.list.items[w->rollout];
    struct msg reply = {.kind = MSG_ROLLOUT, .re = w->re};
    uint64_t from = cursor_position(t->c, w->cursor), count = r->changes.list.count;
    uint64_t end = count - from > OP_ROWS ? from + OP_ROWS : count;
    view_rollout(t->c, w->rollout, &reply.rollout.rollout);
    for (uint64_t i = from; i < end; i++) {
        struct op_row row;
        if (!is_newest_change(r, i, end))
            continue;
        view_op(t->c, r->changes.list.items[i], &t->fx->arena, &row);
        vec_push(&t->fx->arena, &reply.rollout.ops, row);
    }
    reply.rollout.cursor = cursor_make(t->c, end);
    emit_send(t, w->link, &reply);
}

/* A rollout that is over has nothing more to wait for. */
static bool has_news(const struct coord *c, const struct watcher *w)
{
    const struct rollout *r = &c->rollouts.list.items[w->rollout];
    return r->changed || r->changes.list.count > cursor_position(c, w->cursor) ||
           rollout_status_is_final(r->row.status);
}

void control_rollout_watch(struct turn *t, const struct msg *m)
{
    struct watcher w = {.link = t->link, .re = m->id, .cursor = m->rollout_watch.cursor};
    w.rollout = named_rollout(t, m->rollout_watch.rollout);
    if (w.rollout == NONE)
        return;
    if (cursor_position(t->c, w.cursor) > t->c->rollouts.list.items[w.rollout].changes.list.count)
        w.cursor = 0;
    w.due_ms = t->now_ms + WATCH_WAIT_MS;
    if (has_news(t->c, &w) || t->c->watchers.list.count >= LIMIT_WATCHERS) {
        send_changes(t, &w);
        return;
    }
    vec_push(&t->c->arena, &t->c->watchers.list, w);
    wake_set(t, TIMER_WATCH, 0, w.due_ms);
}

void control_watch_tick(struct turn *t)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->c->watchers.list.count; i++) {
        struct watcher w = t->c->watchers.list.items[i];
        if (has_news(t->c, &w) || t->now_ms >= w.due_ms)
            send_changes(t, &w);
        else
            t->c->watchers.list.items[kept++] = w;
    }
    t->c->watchers.list.count = kept;
    for (size_t i = 0; i < t->c->rollouts.list.count; i++)
        t->c->rollouts.list.items[i].changed = false;
}

/* ---- push ---- */

void control_push(struct turn *t, const struct msg *m)
{
    struct msg reply = {.kind = MSG_PUSHED};
    struct project_files files;
    struct err err;
    if (!library_files(t->c, &t->fx->arena, &m->push.manifest, &files, &err)) {
        emit_error(t, &err);
        return;
    }
    library_push(t, &files, &reply.pushed);
    emit_reply(t, &reply);
}

/* ---- targets that need an answer ---- */

/*
 * The operation of the target that has waited for an operator the longest, NONE if there is none. Several may
 * wait: the one whose step was interrupted, and later ones that ran into it. One that is answered too early
 * finds nothing of its own to settle, is tried again, and stands behind the others with its newer fence.
 */
static uint32_t find_undecided(const struct coord *c, uint32_t target)
{
    uint32_t found = NONE;
    for (uint32_t i = 0; i < c->rollouts.list.count; i++) {
        uint32_t op = rollout_op(c, i, target);
        if (op != NONE && c->ops.list.items[op].state == OP_NEEDS_OPERATOR &&
            (found == NONE || c->ops.list.items[op].fence < c->ops.list.items[found].fence))
            found = op;
    }
    return found;
}

static bool accept_as_it_is(struct turn *t, uint32_t number, struct err *err)
{
    struct target *target = &t->c->targets.list.items[number];
    bool stuck = target->op != NONE && !target_is_reachable(t->c, target) &&
                 t->c->ops.list.items[target->op].state == OP_CLOSING;
    if (stuck) {
        op_give_up(t, target->op);
        return true;
    }
    if (target->condition != TARGET_REGRESSED && target->condition != TARGET_QUARANTINED)
        return err_kind(err, ERR_STATE, "nothing_to_resolve", "%.*s is neither regressed nor quarantined",
                        STR_ARG(target->name));
    target->condition = TARGET_UNSET;
    target_store(t, number);
    return true;
}

static bool resolve_step(struct turn *t, uint32_t number, enum resolution_kind resolution, struct err *err)
{
    uint32_t op = find_undecided(t->c, number);
    if (op == NONE)
        return err_kind(err, ERR_STATE, "nothing_to_resolve", "no step of %.*s waits for an answer",
                        STR_ARG(t->c->targets.list.items[number].name));
    return op_resolve(t, op, resolution == RESOLVE_APPLIED ? OFFER_RESOLVE_APPLIED : OFFER_RESOLVE_NOT_APPLIED, err);
}

static bool resolve(struct turn *t, const struct msg_resolve *r, struct err *err)
{
    uint32_t number = fleet_find(t->c, r->target);
    if (number == NONE)
        return err_kind(err, ERR_USAGE, "unknown_target", "there is no target '%.*s'", STR_ARG(r->target));
    if (r->resolution == RESOLVE_ACCEPT)
        return accept_as_it_is(t, number, err);
    return resolve_step(t, number, r->resolution, err);
}

void control_resolve(struct turn *t, const struct msg *m)
{
    static const char *const words[] = {
        [RESOLVE_UNSET] = "unset",
        [RESOLVE_APPLIED] = "applied",
        [RESOLVE_NOT_APPLIED] = "not applied",
        [RESOLVE_ACCEPT] = "accepted as it is",
    };
    struct msg ok = {.kind = MSG_OK};
    struct err err;
    if (!resolve(t, &m->resolve, &err)) {
        emit_error(t, &err);
        return;
    }
    emit_audit(t, "resolve", m->resolve.target, str_of(words[m->resolve.resolution]));
    const char *next = m->resolve.resolution == RESOLVE_ACCEPT ? "" : ": its agent writes that into the ledger";
    ok.ok.text =
        str_printf(&t->fx->arena, "%.*s: %s%s", STR_ARG(m->resolve.target), words[m->resolve.resolution], next);
    emit_reply(t, &ok);
}

/* ---- agents and operators ---- */

void control_agent_list(struct turn *t, const struct msg *m)
{
    const struct page *page = &m->agent_list.page;
    struct coord *c = t->c;
    struct msg reply = {.kind = MSG_AGENTS};
    uint64_t principals = c->principals.list.count, total = principals + c->strangers.list.count;
    uint64_t limit = page_limit(page, LIMIT_ROWS);
    for (uint64_t i = page->offset; i < total; i++) {
        struct agent_row row = {.role = ROLE_UNSET, .status = PRINCIPAL_PENDING};
        if (reply.agents.rows.count == limit) {
            reply.agents.next = i;
            break;
        }
        if (i < principals) {
            view_principal(c, (uint32_t)i, &row);
        } else {
            const struct stranger *s = &c->strangers.list.items[i - principals];
            row.public_key = s->public_key;
            row.address = str_of(s->address);
            row.seen_ms = s->seen_ms;
        }
        vec_push(&t->fx->arena, &reply.agents.rows, row);
    }
    emit_reply(t, &reply);
}

static void forget_stranger(struct coord *c, struct str public_key)
{
    for (size_t i = 0; i < c->strangers.list.count; i++)
        if (str_eq(c->strangers.list.items[i].public_key, public_key)) {
            free(c->strangers.list.items[i].address);
            c->strangers.list.items[i] = c->strangers.list.items[--c->strangers.list.count];
            return;
        }
}

/* A name belongs to one key for ever, and a key to one name. */
static bool check_accept(const struct coord *c, const struct msg_agent_accept *m, struct err *err)
{
    uint32_t number = principal_find(c, m->name);
    if (m->name.len == 0 || m->public_key.len != LIMIT_KEY)
        return err_kind(err, ERR_USAGE, "bad_key", "a name and a public key of %d characters are needed", LIMIT_KEY);
    if (m->role == ROLE_UNSET || m->role == ROLE_COORDINATOR || str_is(str_of(role_name(m->role)), "unset"))
        return err_kind(err, ERR_USAGE, "bad_role", "that is no role for a key");
    if (number != NONE && !str_eq(c->principals.list.items[number].row.public_key, m->public_key))
        return err_kind(err, ERR_REFUSED, "name_taken", "the name '%.*s' belongs to another key", STR_ARG(m->name)),
               err_hint(err, "names are never given to another key: choose a new one");
    for (size_t i = 0; i < c->principals.list.count; i++)
        if (i != number && str_eq(c->principals.list.items[i].row.public_key, m->public_key))
            return err_kind(err, ERR_REFUSED, "key_taken", "the key belongs to '%.*s'",
                            STR_ARG(c->principals.list.items[i].row.name));
    if (number == NONE && c->principals.list.count >= LIMIT_PRINCIPALS)
        return err_set(err, ERR_LIMIT, "there are %d principals already", LIMIT_PRINCIPALS);
    return true;
}

void control_agent_accept(struct turn *t, const struct msg *m)
{
    const struct msg_agent_accept *accept = &m->agent_accept;
    const struct record_principal row = {
        .name = accept->name,
        .role = accept->role,
        .status = PRINCIPAL_ACCEPTED,
        .public_key = accept->public_key,
    };
    struct msg ok = {.kind = MSG_OK};
    struct err err;
    if (!check_accept(t->c, accept, &err)) {
        emit_error(t, &err);
        return;
    }
    principal_store(t, principal_put(t->c, &row));
    forget_stranger(t->c, accept->public_key);
    emit_audit(t, "accept", accept->name, str_of(role_name(accept->role)));
    emit_keys(t);
    emit_reply(t, &ok);
}

void control_agent_revoke(struct turn *t, const struct msg *m)
{
    uint32_t number = principal_find(t->c, m->agent_revoke.name);
    struct msg ok = {.kind = MSG_OK};
    struct err err;
    if (number == NONE) {
        err_kind(&err, ERR_USAGE, "unknown_agent", "there is no key with the name '%.*s'",
                 STR_ARG(m->agent_revoke.name));
        emit_error(t, &err);
        return;
    }
    fleet_revoke(t, number);
    emit_audit(t, "revoke", m->agent_revoke.name, STR("revoked"));
    emit_reply(t, &ok);
}
