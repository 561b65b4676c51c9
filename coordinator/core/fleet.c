/*
 * The fleet: who may speak, which agents are in a conversation, and what they say about their targets.
 * Authority comes from the key that a message came with, never from a name inside it: an agent speaks for
 * its own targets only, and a target has one agent.
 */
#include <stdlib.h>

#include "coordinator/core/state.h"

/* ---- principals ---- */

static struct principal *principal_at(struct coord *c, uint32_t number)
{
    return &c->principals.list.items[number];
}

uint32_t principal_find(const struct coord *c, struct str name)
{
    return index_find(&c->principals_by_name, name);
}

uint32_t principal_put(struct coord *c, const struct record_principal *row)
{
    uint32_t number = principal_find(c, row->name);
    if (number == NONE) {
        struct principal fresh = {.row.name = str_copy(&c->arena, row->name)};
        number = (uint32_t)c->principals.list.count;
        vec_push(&c->arena, &c->principals.list, fresh);
        index_put(&c->arena, &c->principals_by_name, row->name, number);
    }
    struct record_principal *mine = &principal_at(c, number)->row;
    mine->role = row->role;
    mine->status = row->status;
    mine->configured = row->configured;
    if (!str_eq(mine->public_key, row->public_key))
        mine->public_key = str_copy(&c->arena, row->public_key);
    return number;
}

void principal_store(struct turn *t, uint32_t number)
{
    emit_persist(t, (struct record){.kind = RECORD_PRINCIPAL, .principal = principal_at(t->c, number)->row});
}

/* ---- sessions of agents ---- */

bool fleet_in_session(struct turn *t)
{
    struct principal *p = principal_at(t->c, t->peer);
    if (session_is_open(&p->session) && p->link == t->link)
        return true;
    struct err err;
    err_kind(&err, ERR_STATE, "no_session", "there is no session with this connection: say hello");
    emit_error(t, &err);
    return false;
}

static void send_hello_ack(struct turn *t, const struct msg_hello_ack *ack)
{
    struct msg m = {.kind = MSG_HELLO_ACK, .hello_ack = *ack};
    emit_reply(t, &m);
}

/*
 * Every term has a range of fences of its own: what a lost copy of the store has handed out in older terms
 * stays below, whether or not it was ever written into a target.
 */
void term_set(struct turn *t, uint64_t term)
{
    t->c->meta.term = term;
    if (t->c->meta.fence < term * FENCES_A_TERM)
        t->c->meta.fence = term * FENCES_A_TERM;
    emit_meta(t);
}

/* An agent that has seen a newer term proves that this store is an older copy: go beyond it. */
static void raise_term(struct turn *t, uint64_t seen)
{
    if (seen <= t->c->meta.term)
        return;
    emit_note(t, LOG_WARNING, "the store is older than what agent %.*s has seen (term %llu, ours %llu): going beyond",
              STR_ARG(principal_at(t->c, t->peer)->row.name), (unsigned long long)seen,
              (unsigned long long)t->c->meta.term);
    term_set(t, seen + 1);
}

static void open_session(struct turn *t, const struct msg_hello *hello, const struct msg_hello_ack *ack)
{
    struct principal *p = principal_at(t->c, t->peer);
    bool again = session_is_open(&p->session) && p->link == t->link && p->boot == hello->boot;
    p->link = t->link;
    p->boot = hello->boot;
    p->credit = ack->credit;
    p->seen_ms = t->wall_ms;
    text_set(&p->software, hello->software);
    text_set(&p->address, t->address);
    session_open(&p->session, ack, t->now_ms);
    if (again)
        return; /* said twice: what was reported since the first time stays */
    p->epoch++;
    p->page = 0;
    p->listed = false;
    p->list_ms = t->now_ms;
    wake_set(t, TIMER_AGENT, t->peer, session_due_ms(&p->session));
    emit_note(t, LOG_INFO, "agent %.*s is here (%s, %s)", STR_ARG(p->row.name), p->software, p->address);
}

void fleet_hello(struct turn *t, const struct msg *m)
{
    const struct msg_hello *hello = &m->hello;
    uint32_t wish = 2 * hello->workers;
    const struct msg_hello_ack ack = {
        .version = session_version(hello->version_min, hello->version_max),
        .credit = wish < 2              ? 2
                  : wish < LIMIT_CREDIT ? wish
                                        : LIMIT_CREDIT,
        .ping_every_ms = PING_EVERY_MS,
        .silent_after_ms = PEER_SILENT_MS,
        .resend_ms = RESEND_MS,
    };
    raise_term(t, hello->term);
    if (ack.version != 0)
        open_session(t, hello, &ack);
    else
        emit_note(t, LOG_WARNING, "agent %.*s speaks protocol %u to %u, this coordinator %d to %d",
                  STR_ARG(principal_at(t->c, t->peer)->row.name), hello->version_min, hello->version_max, PROTOCOL_MIN,
                  PROTOCOL_MAX);
    send_hello_ack(t, &ack);
}

static void fleet_disconnect(struct turn *t, uint32_t agent, const char *why)
{
    struct principal *p = principal_at(t->c, agent);
    if (!session_is_open(&p->session))
        return;
    session_close(&p->session);
    emit_note(t, LOG_WARNING, "agent %.*s %s: its targets are unreachable", STR_ARG(p->row.name), why);
}

void fleet_link_down(struct turn *t, uint32_t link)
{
    for (uint32_t i = 0; i < t->c->principals.list.count; i++)
        if (principal_at(t->c, i)->link == link)
            fleet_disconnect(t, i, "has left");
}

void fleet_bye(struct turn *t, const struct msg *m)
{
    struct principal *p = principal_at(t->c, t->peer);
    if (p->link == t->link && p->boot == m->bye.boot)
        fleet_disconnect(t, t->peer, "says goodbye");
}

void fleet_ping(struct turn *t, const struct msg *m)
{
    struct msg pong = {.kind = MSG_PONG, .pong = {.nonce = m->ping.nonce}};
    if (principal_at(t->c, t->peer)->row.role == ROLE_AGENT && !fleet_in_session(t))
        return;
    emit_reply(t, &pong);
}

void fleet_pong(struct turn *t, const struct msg *m)
{
    (void)t, (void)m; /* that something came is all that counts: coord_step() has noted it */
}

void fleet_tick(struct turn *t, uint32_t agent)
{
    struct principal *p = principal_at(t->c, agent);
    struct msg ping = {.kind = MSG_PING};
    enum session_need need = session_tick(&p->session, t->now_ms);
    if (need == SESSION_SILENT)
        fleet_disconnect(t, agent, "is silent");
    else if (!p->listed && t->now_ms >= p->list_ms + 2 * HELLO_WAIT_MS)
        fleet_disconnect(t, agent, "does not list its targets");
    if (need == SESSION_PING)
        emit_send(t, p->link, &ping);
    wake_set(t, TIMER_AGENT, agent, session_due_ms(&p->session));
}

void fleet_revoke(struct turn *t, uint32_t principal)
{
    fleet_disconnect(t, principal, "was revoked");
    principal_at(t->c, principal)->row.status = PRINCIPAL_REVOKED;
    principal_store(t, principal);
    emit_keys(t);
}

/* ---- targets ---- */

static struct target *target_at(struct coord *c, uint32_t number)
{
    return &c->targets.list.items[number];
}

uint32_t fleet_find(const struct coord *c, struct str name)
{
    return index_find(&c->targets_by_name, name);
}

uint32_t fleet_add(struct coord *c, struct str name)
{
    struct target fresh = {.name = str_copy(&c->arena, name), .agent = NONE, .state = NONE, .op = NONE};
    uint32_t number = (uint32_t)c->targets.list.count;
    vec_push(&c->arena, &c->targets.list, fresh);
    index_put(&c->arena, &c->targets_by_name, name, number);
    return number;
}

uint32_t state_intern(struct coord *c, const struct dbstate *s)
{
    struct hash hash = dbstate_hash(s);
    uint32_t number = index_find(&c->states_by_hash, hash_str(&hash));
    if (number == NONE) {
        struct state fresh = {.hash = hash, .state = dbstate_copy(&c->arena, s)};
        number = (uint32_t)c->states.list.count;
        vec_push(&c->arena, &c->states.list, fresh);
        index_put(&c->arena, &c->states_by_hash, hash_str(&hash), number);
    }
    return number;
}

bool target_is_reachable(const struct coord *c, const struct target *target)
{
    if (target->agent == NONE || target->gone)
        return false;
    const struct principal *p = &c->principals.list.items[target->agent];
    return p->row.status == PRINCIPAL_ACCEPTED && session_is_open(&p->session) && target->epoch == p->epoch;
}

void target_store(struct turn *t, uint32_t number)
{
    const struct coord *c = t->c;
    const struct target *target = &c->targets.list.items[number];
    struct arena *a = &t->fx->arena;
    const struct record_target row = {
        .name = target->name,
        .agent = c->principals.list.items[target->agent].row.name,
        .engine = target->engine,
        .identity = str_copy(a, target->identity),
        .labels = view_labels(a, &target->labels),
        .modules = view_modules(a, &target->modules),
        .gone = target->gone,
        .state_known = target->state != NONE,
        .state = target->state != NONE ? dbstate_format(a, &c->states.list.items[target->state].state) : STR_NONE,
        .ledger = target->ledger,
        .condition = target->condition,
        .problem = str_copy(a, target->problem),
    };
    emit_persist(t, (struct record){.kind = RECORD_TARGET, .target = row});
}

/* Who speaks for the target now may go on doing so unless its key was revoked or it has given it up. */
static bool is_claimed(const struct coord *c, const struct target *target, uint32_t by)
{
    return target->agent != NONE && target->agent != by && !target->gone &&
           c->principals.list.items[target->agent].row.status == PRINCIPAL_ACCEPTED;
}

/* The first target that said to be this database, unless it says something else now. */
static uint32_t find_identity(const struct coord *c, struct str identity)
{
    uint32_t number = index_find(&c->targets_by_identity, identity);
    return number != NONE && str_eq(c->targets.list.items[number].identity, identity) ? number : NONE;
}

void target_identify(struct coord *c, uint32_t number)
{
    struct str identity = c->targets.list.items[number].identity;
    if (identity.len > 0 && find_identity(c, identity) == NONE)
        index_put(&c->arena, &c->targets_by_identity, identity, number);
}

/* Another target that is the same database; NONE if there is none. */
static uint32_t find_twin(const struct coord *c, const struct target_report *report, uint32_t number, uint32_t agent)
{
    uint32_t twin = find_identity(c, report->identity);
    if (twin == NONE || twin == number || report->identity.len == 0)
        return NONE;
    const struct target *other = &c->targets.list.items[twin];
    bool claimed = !other->gone && (other->agent == agent || is_claimed(c, other, agent));
    return claimed ? twin : NONE;
}

/* NULL when the peer may speak for this target, else the reason for people. */
static const char *claim_problem(struct turn *t, const struct target_report *report, uint32_t number)
{
    struct coord *c = t->c;
    if (number == NONE && c->targets.list.count >= LIMIT_FLEET_TARGETS)
        return "the fleet is full";
    if (number != NONE && is_claimed(c, target_at(c, number), t->peer))
        return arena_printf(&t->fx->arena, "is already served by agent %.*s",
                            STR_ARG(principal_at(c, target_at(c, number)->agent)->row.name));
    bool known = number != NONE && str_eq(target_at(c, number)->identity, report->identity);
    uint32_t twin = report->readable && !known ? find_twin(c, report, number, t->peer) : NONE;
    if (twin == NONE)
        return NULL;
    return arena_printf(&t->fx->arena, "is the same database as target %.*s of agent %.*s",
                        STR_ARG(target_at(c, twin)->name),
                        STR_ARG(principal_at(c, target_at(c, twin)->agent)->row.name));
}

static bool labels_eq(const struct labels *a, const struct labels *b)
{
    bool eq = a->list.count == b->list.count;
    for (size_t i = 0; eq && i < a->list.count; i++)
        eq = str_eq(a->list.items[i].key, b->list.items[i].key) &&
             str_eq(a->list.items[i].value, b->list.items[i].value);
    return eq;
}

static bool names_eq(const struct names *a, const struct names *b)
{
    bool eq = a->list.count == b->list.count;
    for (size_t i = 0; eq && i < a->list.count; i++)
        eq = str_eq(a->list.items[i], b->list.items[i]);
    return eq;
}

/* The texts of a report, in an arena of their own. True when one differs from what was known. */
static bool take_texts(struct target *target, const struct target_report *r)
{
    struct str identity = r->readable ? r->identity : target->identity;
    if (labels_eq(&target->labels, &r->labels) && names_eq(&target->modules, &r->modules) &&
        str_eq(target->identity, identity) && str_eq(target->problem, r->problem))
        return false;
    struct arena fresh = {0}, old = target->arena;
    struct labels labels = {0};
    struct names modules = {0};
    for (size_t i = 0; i < r->labels.list.count; i++) {
        struct label l = {str_copy(&fresh, r->labels.list.items[i].key),
                          str_copy(&fresh, r->labels.list.items[i].value)};
        vec_push(&fresh, &labels.list, l);
    }
    for (size_t i = 0; i < r->modules.list.count; i++)
        vec_push(&fresh, &modules.list, str_copy(&fresh, r->modules.list.items[i]));
    target->identity = str_copy(&fresh, identity);
    target->problem = str_copy(&fresh, r->problem);
    target->labels = labels;
    target->modules = modules;
    target->arena = fresh;
    arena_release(&old);
    return true;
}

/* C5: what a target has recorded once it must show for ever. */
static enum target_status find_condition(const struct target *target, const struct target_report *r)
{
    const struct ledger_state *was = &target->ledger, *is = &r->ledger;
    if (target->state == NONE)
        return TARGET_UNSET;
    if (target->identity.len > 0 && !str_eq(target->identity, r->identity))
        return TARGET_QUARANTINED;
    if (is->seq < was->seq || is->fence < was->fence || is->closed_fence < was->closed_fence ||
        (is->seq == was->seq && !hash_eq(&is->head, &was->head)))
        return TARGET_REGRESSED;
    return TARGET_UNSET;
}

static bool take_state(struct turn *t, struct target *target, const struct target_report *r)
{
    uint32_t state = state_intern(t->c, &r->state);
    bool news = state != target->state || r->ledger.seq != target->ledger.seq ||
                r->ledger.fence != target->ledger.fence || r->ledger.closed_fence != target->ledger.closed_fence ||
                !hash_eq(&r->ledger.head, &target->ledger.head);
    enum target_status condition = find_condition(target, r);
    if (condition != TARGET_UNSET && target->condition != TARGET_REGRESSED && target->condition != TARGET_QUARANTINED) {
        target->condition = condition;
        emit_note(t, LOG_WARNING, "target %.*s %s", STR_ARG(target->name), target_status_sentence(condition));
    }
    target->state = state;
    target->ledger = r->ledger;
    return news;
}

/* Fences that this store never handed out: it is an older copy. Ours must go beyond them. */
static void raise_fence(struct turn *t, const struct target_report *r)
{
    uint64_t seen = r->ledger.fence > r->ledger.closed_fence ? r->ledger.fence : r->ledger.closed_fence;
    if (seen <= t->c->meta.fence)
        return;
    emit_note(t, LOG_WARNING,
              "target %.*s has seen fence %llu, this store only %llu: it is an older copy, going beyond",
              STR_ARG(r->name), (unsigned long long)seen, (unsigned long long)t->c->meta.fence);
    t->c->meta.fence = seen;
    emit_meta(t);
}

static void take_owner(struct turn *t, uint32_t number)
{
    struct target *target = target_at(t->c, number);
    uint32_t before = target->agent;
    if (before == t->peer)
        return;
    if (before != NONE)
        principal_at(t->c, before)->targets--;
    target->agent = t->peer;
    target->boot = target->serial = 0;
    principal_at(t->c, t->peer)->targets++;
    op_change_owner(t, number, before, t->peer);
}

/* What changes in the store's row; false: nothing. */
static bool take_report(struct turn *t, struct target *target, const struct target_report *r)
{
    bool news = target->gone != r->gone;
    target->gone = r->gone;
    if (r->gone)
        return news;
    news |= target->engine != r->engine;
    target->engine = r->engine;
    target->readable = r->readable;
    if (r->readable) {
        raise_fence(t, r);
        news |= take_state(t, target, r);
    }
    return take_texts(target, r) || news;
}

bool fleet_report(struct turn *t, uint32_t number, const struct target_report *r, uint64_t boot)
{
    struct principal *p = principal_at(t->c, t->peer);
    take_owner(t, number);
    struct target *target = target_at(t->c, number);
    bool returned = target->epoch != p->epoch, old = target->boot == boot && r->serial <= target->serial;
    target->epoch = p->epoch;
    target->round = p->round;
    target->seen_ms = t->wall_ms;
    p->dirty = true;
    if (old)
        return returned;
    target->boot = boot;
    target->serial = r->serial;
    if (take_report(t, target, r)) {
        target_identify(t->c, number);
        target_store(t, number);
    }
    return returned;
}

/* What the full list did not name is gone. */
static void sweep(struct turn *t)
{
    struct principal *p = principal_at(t->c, t->peer);
    for (uint32_t i = 0; i < t->c->targets.list.count; i++) {
        struct target *target = target_at(t->c, i);
        if (target->agent != t->peer || target->gone || target->round == p->round)
            continue;
        target->gone = true;
        target_store(t, i);
    }
}

void fleet_targets(struct turn *t, const struct msg *m)
{
    const struct msg_targets *page = &m->targets;
    struct principal *p = principal_at(t->c, t->peer);
    struct msg ack = {.kind = MSG_TARGETS_ACK, .targets_ack = {.page = page->page}};
    if (!fleet_in_session(t) || page->boot != p->boot)
        return;
    bool again = page->page <= p->page;
    if (!again && page->first)
        p->round++;
    for (size_t i = 0; i < page->list.count; i++) {
        const struct target_report *r = &page->list.items[i];
        uint32_t number = fleet_find(t->c, r->name);
        const char *problem = claim_problem(t, r, number);
        if (problem != NULL) {
            struct target_refusal refusal = {r->name, str_of(problem)};
            vec_push(&t->fx->arena, &ack.targets_ack.refused, refusal);
            emit_note(t, LOG_WARNING, "agent %.*s: target %.*s %s", STR_ARG(p->row.name), STR_ARG(r->name), problem);
        } else if (!again && (number != NONE || !r->gone)) {
            number = number != NONE ? number : fleet_add(t->c, r->name);
            bool returned = fleet_report(t, number, r, page->boot);
            op_target_reported(t, number, returned);
        }
    }
    if (!again && page->last) {
        sweep(t);
        p->listed = true;
    }
    p->list_ms = t->now_ms;
    p->page = again ? p->page : page->page;
    p->dirty = true;
    emit_reply(t, &ack);
}
