/*
 * The coordinator's process: performs what the real core decides. Its store is a table of copied rows;
 * the rows of one step up to the next message are one commit, and whatever was not committed when the
 * process dies is lost.
 */
#include <stdlib.h>
#include <string.h>

#include "coordinator/core/coord.h"
#include "skein/wire/codec.h"
#include "tests/sim/world.h"

struct stored {
    char key[LIMIT_NAME + 32];
    struct record row;
};

struct store {
    VEC(struct stored) rows;
};

struct hub {
    struct coord *coord;
    struct store store, copy; /* durable; and as it was when somebody made a backup */
    VEC(struct record) open;  /* persisted by the step at hand, not yet committed */
    uint64_t life;
    int64_t timer;
    uint64_t last_fence[DATABASES_MAX];
    struct hash last_said[DATABASES_MAX];
    bool dead[ROLLOUTS_MAX][DATABASES_MAX];
    bool restored;
};

/* ---- the store ---- */

static struct names names_copy(struct arena *a, const struct names *names)
{
    struct names copy = {0};
    for (size_t i = 0; i < names->list.count; i++)
        vec_push(a, &copy.list, str_copy(a, names->list.items[i]));
    return copy;
}

static void copy_texts(struct arena *a, struct record *r)
{
    switch ((int)r->kind) {
    case RECORD_PRINCIPAL:
        r->principal.name = str_copy(a, r->principal.name);
        r->principal.public_key = str_copy(a, r->principal.public_key);
        break;
    case RECORD_TARGET:
        r->target.name = str_copy(a, r->target.name);
        r->target.agent = str_copy(a, r->target.agent);
        r->target.identity = str_copy(a, r->target.identity);
        r->target.labels = str_copy(a, r->target.labels);
        r->target.modules = str_copy(a, r->target.modules);
        r->target.state = str_copy(a, r->target.state);
        r->target.problem = str_copy(a, r->target.problem);
        break;
    case RECORD_BLOB:
        r->blob.bytes = str_copy(a, r->blob.bytes);
        break;
    case RECORD_BUNDLE:
        r->bundle.principal = str_copy(a, r->bundle.principal);
        break;
    case RECORD_PLAN:
        r->plan.bytes = str_copy(a, r->plan.bytes);
        break;
    case RECORD_ROLLOUT:
        r->rollout.principal = str_copy(a, r->rollout.principal);
        r->rollout.reason = str_copy(a, r->rollout.reason);
        r->rollout.goal.request.targets = names_copy(a, &r->rollout.goal.request.targets);
        r->rollout.goal.request.module = str_copy(a, r->rollout.goal.request.module);
        r->rollout.goal.selection.labels = str_copy(a, r->rollout.goal.selection.labels);
        r->rollout.goal.selection.globs = names_copy(a, &r->rollout.goal.selection.globs);
        break;
    case RECORD_OPERATION:
        r->operation.target = str_copy(a, r->operation.target);
        r->operation.sentence = str_copy(a, r->operation.sentence);
        break;
    default:
        break;
    }
}

static void key_of(const struct record *r, char key[LIMIT_NAME + 32])
{
    size_t size = LIMIT_NAME + 32;
    key[0] = '\0';
    switch ((int)r->kind) {
    case RECORD_PRINCIPAL:
        snprintf(key, size, "%.*s", STR_ARG(r->principal.name));
        break;
    case RECORD_TARGET:
        snprintf(key, size, "%.*s", STR_ARG(r->target.name));
        break;
    case RECORD_BLOB:
        snprintf(key, size, "%s", hash_format(&r->blob.hash).text);
        break;
    case RECORD_PLAN:
        snprintf(key, size, "%s", hash_format(&r->plan.hash).text);
        break;
    case RECORD_BUNDLE:
        snprintf(key, size, "%08llu", (unsigned long long)r->bundle.number);
        break;
    case RECORD_ROLLOUT:
        snprintf(key, size, "%08llu", (unsigned long long)r->rollout.number);
        break;
    case RECORD_OPERATION:
        snprintf(key, size, "%08llu %.*s", (unsigned long long)r->operation.rollout, STR_ARG(r->operation.target));
        break;
    default:
        break;
    }
}

static struct stored *find_row(const struct store *s, enum record_kind kind, const char *key)
{
    for (size_t i = 0; i < s->rows.count; i++)
        if (s->rows.items[i].row.kind == kind && strcmp(s->rows.items[i].key, key) == 0)
            return &s->rows.items[i];
    return NULL;
}

static uint64_t stored_fence(const struct store *s)
{
    const struct stored *meta = find_row(s, RECORD_META, "");
    return meta != NULL ? meta->row.meta.fence : 0;
}

static int in_order(const void *a, const void *b)
{
    const struct stored *x = a, *y = b;
    return x->row.kind != y->row.kind ? (int)x->row.kind - (int)y->row.kind : strcmp(x->key, y->key);
}

/* ---- what the stored rows say ---- */

static const struct record_operation *stored_op(const struct world *w, unsigned rollout, unsigned database)
{
    for (size_t i = 0; i < w->hub->store.rows.count; i++) {
        const struct record *r = &w->hub->store.rows.items[i].row;
        if (r->kind != RECORD_ROLLOUT || memcmp(r->rollout.id.bytes, w->rollouts[rollout].id, 16) != 0)
            continue;
        struct record wanted = {.kind = RECORD_OPERATION};
        char key[LIMIT_NAME + 32];
        wanted.operation.rollout = r->rollout.number;
        wanted.operation.target = str_of(w->databases[database].name);
        key_of(&wanted, key);
        const struct stored *found = find_row(&w->hub->store, RECORD_OPERATION, key);
        return found != NULL ? &found->row.operation : NULL;
    }
    return NULL;
}

enum rollout_status hub_rollout(const struct world *w, unsigned rollout)
{
    for (size_t i = 0; i < w->hub->store.rows.count; i++) {
        const struct record *r = &w->hub->store.rows.items[i].row;
        if (r->kind == RECORD_ROLLOUT && memcmp(r->rollout.id.bytes, w->rollouts[rollout].id, 16) == 0)
            return r->rollout.status;
    }
    return ROLLOUT_UNSET;
}

enum op_state hub_op(const struct world *w, unsigned rollout, unsigned database)
{
    const struct record_operation *op = stored_op(w, rollout, database);
    return op != NULL ? op->state : OP_UNSET;
}

static uint64_t hub_current_fence(const struct world *w, unsigned database)
{
    for (unsigned i = 0; i < w->rollout_count; i++) {
        const struct record_operation *op = stored_op(w, i, database);
        if (op != NULL && op->state == OP_OFFERED)
            return op->fence;
    }
    return 0;
}

static const struct record_target *stored_target(const struct world *w, unsigned database)
{
    const struct stored *found = find_row(&w->hub->store, RECORD_TARGET, w->databases[database].name);
    return found != NULL ? &found->row.target : NULL;
}

enum target_status hub_condition(const struct world *w, unsigned database)
{
    const struct record_target *target = stored_target(w, database);
    return target != NULL ? target->condition : TARGET_UNSET;
}

uint64_t hub_known_seq(const struct world *w, unsigned database)
{
    const struct record_target *target = stored_target(w, database);
    return target != NULL ? target->ledger.seq : 0;
}

bool hub_was_restored(const struct world *w)
{
    return w->hub->restored;
}

bool hub_is_dead(const struct world *w, unsigned rollout, unsigned database)
{
    return w->hub->dead[rollout][database];
}

static unsigned database_named(const struct world *w, struct str name)
{
    unsigned i = 0;
    while (i < w->database_count && !str_is(name, w->databases[i].name))
        i++;
    return i;
}

static unsigned rollout_numbered(const struct world *w, uint64_t number)
{
    char key[16];
    snprintf(key, sizeof(key), "%08llu", (unsigned long long)number);
    const struct stored *found = find_row(&w->hub->store, RECORD_ROLLOUT, key);
    for (unsigned i = 0; found != NULL && i < w->rollout_count; i++)
        if (memcmp(found->row.rollout.id.bytes, w->rollouts[i].id, 16) == 0)
            return i;
    return w->rollout_count;
}

/* P3: what is called applied is in the target's ledger. */
static void check_applied(struct world *w, unsigned rollout, unsigned database)
{
    const struct database *d = &w->databases[database];
    for (size_t i = 0; i < d->ledger.list.count; i++)
        if (d->ledger.list.items[i].status == LEDGER_DONE &&
            strncmp(d->ledger.list.items[i].attempt, w->rollouts[rollout].hex, 32) == 0)
            return;
    if (!d->restored)
        violate(w, "P3", "%s is stored as applied, its ledger does not have it", d->name);
}

/*
 * Nothing may happen after FAILED or CANCELLED. An older copy of the store cannot know what was offered after
 * it was made: what it cancels without ever having offered it is not held against it.
 */
static bool is_dead(const struct hub *hub, const struct record_operation *op)
{
    if (hub->restored && op->fence == 0)
        return false;
    return op->state == OP_FAILED || op->state == OP_CANCELLED;
}

static void check_operation(struct world *w, const struct record_operation *op)
{
    unsigned rollout = rollout_numbered(w, op->rollout), database = database_named(w, op->target);
    if (rollout == w->rollout_count || database == w->database_count)
        return;
    if (op->state == OP_APPLIED)
        check_applied(w, rollout, database);
    w->hub->dead[rollout][database] = is_dead(w->hub, op);
}

static void commit(struct world *w)
{
    struct hub *hub = w->hub;
    for (size_t i = 0; i < hub->open.count; i++) {
        struct stored fresh = {.row = hub->open.items[i]};
        key_of(&fresh.row, fresh.key);
        struct stored *known = find_row(&hub->store, fresh.row.kind, fresh.key);
        if (w->mutant == MUTANT_FENCE_REUSED && fresh.row.kind == RECORD_META && known != NULL)
            fresh.row.meta.fence = known->row.meta.fence;
        if (w->mutant == MUTANT_FORGED_TERM && fresh.row.kind == RECORD_META)
            fresh.row.meta.term = 0;
        copy_texts(&w->arena, &fresh.row);
        if (known != NULL)
            *known = fresh;
        else
            vec_push(&w->arena, &hub->store.rows, fresh);
        if (fresh.row.kind == RECORD_OPERATION)
            check_operation(w, &fresh.row.operation);
    }
    hub->open.count = 0;
}

/* ---- what the core wants ---- */

/* P4: fences grow, one is used for one thing, and it is durable before it is said. */
static void check_fence(struct world *w, const struct msg *m)
{
    bool offer = m->kind == MSG_OFFER;
    struct str name = offer ? m->offer.target : m->close.target;
    uint64_t fence = offer ? m->offer.fence : m->close.fence;
    unsigned database = database_named(w, name);
    struct hash what = offer ? m->offer.plan : hash_of(STR("close"));
    if (fence > stored_fence(&w->hub->store))
        violate(w, "P4", "fence %llu is said before it is durable", (unsigned long long)fence);
    if (fence < w->hub->last_fence[database] ||
        (fence == w->hub->last_fence[database] && !hash_eq(&what, &w->hub->last_said[database])))
        violate(w, "P4", "%.*s: fence %llu after %llu", STR_ARG(name), (unsigned long long)fence,
                (unsigned long long)w->hub->last_fence[database]);
    w->hub->last_fence[database] = fence;
    w->hub->last_said[database] = what;
}

/* A mutant answers for the target. */
static void forge_closed(struct world *w, uint64_t link, const struct msg *close)
{
    unsigned database = database_named(w, close->close.target), agent = w->agent_of[database];
    struct msg m = {.version = 1, .id = 1, .kind = MSG_CLOSED};
    struct arena a = {0};
    database_read(w, database, &a, &m.closed.report.state, &m.closed.report.ledger);
    m.closed.fence = m.closed.report.ledger.closed_fence = m.closed.report.ledger.fence = close->close.fence;
    w->databases[database].claimed_closed = close->close.fence;
    m.closed.report.name = close->close.target;
    m.closed.report.engine = ENGINE_SQLITE;
    m.closed.report.identity = close->close.target;
    m.closed.report.readable = true;
    m.closed.report.serial = UINT64_MAX / 2;
    m.closed.boot = link;
    later(w, 1, (struct event){.run = hub_deliver, .a = link, .b = agent, .bytes = codec_encode(&w->arena, &m)});
    arena_release(&a);
}

static bool said_before(struct world *w, const struct msg *m)
{
    unsigned database = m->kind == MSG_OFFER ? database_named(w, m->offer.target) : 0;
    return w->mutant == MUTANT_OFFER_ONCE && m->kind == MSG_OFFER && m->offer.fence == w->hub->last_fence[database];
}

/* The operator looks into the store for everything but a refusal; an empty fleet is asked again. */
static void answered(struct world *w, const struct msg *m)
{
    if (m->kind == MSG_STATUS_REPLY)
        memcpy(w->status_counts, m->status_reply.counts, sizeof(w->status_counts));
    if (m->kind != MSG_ERROR || m->re == 0 || m->re > w->rollout_count ||
        str_is(str_of(m->error.err.kind), "no_targets"))
        return;
    trace(w, "hub refuses rollout %llu: %s", (unsigned long long)m->re - 1, m->error.err.text);
    w->rollouts[m->re - 1].refused = true;
}

static void send(struct world *w, uint32_t link, const struct msg *m)
{
    unsigned agent = node_of_link(w, link);
    if (agent == w->agent_count)
        answered(w, m);
    if (agent == w->agent_count || said_before(w, m))
        return;
    if (m->kind == MSG_OFFER || m->kind == MSG_CLOSE)
        check_fence(w, m);
    if (m->kind == MSG_CLOSE && w->mutant == MUTANT_EARLY_CANCEL)
        forge_closed(w, link, m);
    if (w->trace) {
        struct arena a = {0};
        struct str text = msg_describe(&a, m);
        trace(w, "hub -> agent %u: %.*s", agent, STR_ARG(text));
        arena_release(&a);
    }
    carry(w, node_deliver, agent, 0, codec_encode(&w->arena, m));
}

static void hub_tick(struct world *w, const struct event *e);

static void set_timer(struct world *w, int64_t due)
{
    w->hub->timer = due;
    if (due != INT64_MAX)
        later(w, due > w->now ? due - w->now : 0,
              (struct event){.run = hub_tick, .a = w->hub->life, .b = (uint64_t)due});
}

/* False when the process died meanwhile. */
static bool perform(struct world *w, const struct coord_effect *e)
{
    if (happens(w, w->knobs.crash_hub, 10000)) {
        hub_crash(w);
        return false;
    }
    switch (e->kind) {
    case COORD_DO_PERSIST:
        vec_push(&w->arena, &w->hub->open, e->persist);
        break;
    case COORD_DO_SEND:
        if (w->mutant != MUTANT_SEND_FIRST)
            commit(w);
        send(w, e->send.link, &e->send.msg);
        break;
    case COORD_DO_LOG:
        trace(w, "hub: %.*s", STR_ARG(e->log.text));
        if (e->log.level == LOG_ERROR)
            violate(w, "log", "%.*s", STR_ARG(e->log.text));
        break;
    case COORD_DO_TIMER:
        set_timer(w, e->timer_ms);
        break;
    case COORD_DO_KEYS:
    case COORD_DO_UNSET:
        break;
    }
    return true;
}

static void step(struct world *w, struct coord_event *event)
{
    struct coord_effects fx = {0};
    event->now_ms = w->now;
    event->wall_ms = 1700000000000 + w->now + w->wall_skew;
    coord_step(w->hub->coord, event, &fx);
    bool alive = true;
    for (size_t i = 0; i < fx.list.count && alive; i++)
        alive = perform(w, &fx.list.items[i]);
    if (alive)
        commit(w);
    coord_effects_clear(&fx);
}

static void hub_tick(struct world *w, const struct event *e)
{
    struct coord_event tick = {.kind = COORD_ON_TICK};
    if (w->hub->coord != NULL && w->hub->life == e->a && w->hub->timer == (int64_t)e->b)
        step(w, &tick);
}

static void receive(struct world *w, uint64_t link, unsigned agent, const struct msg *m)
{
    char name[16] = "op";
    struct coord_event event = {.kind = COORD_ON_MESSAGE};
    if (agent != OPERATOR)
        snprintf(name, sizeof(name), "agent%u", agent);
    event.message =
        (struct event_message){.link = (uint32_t)link, .principal = str_of(name), .address = STR("sim"), .msg = m};
    step(w, &event);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What was known stays, whatever the target shows now. */
static void hide_regression(struct world *w, struct target_report *r)
{
    const struct record_target *known = stored_target(w, database_named(w, r->name));
    if (known == NULL)
        return;
    if (r->ledger.seq <= known->ledger.seq)
        r->ledger.head = known->ledger.head;
    r->ledger.seq = larger(r->ledger.seq, known->ledger.seq);
    r->ledger.fence = larger(r->ledger.fence, known->ledger.fence);
    r->ledger.closed_fence = larger(r->ledger.closed_fence, known->ledger.closed_fence);
}

static void twist(struct world *w, struct msg *m)
{
    unsigned database = m->kind == MSG_RESULT ? database_named(w, m->result.report.name) : w->database_count;
    uint64_t current = database < w->database_count ? hub_current_fence(w, database) : 0;
    if (w->mutant == MUTANT_OLD_FAILED && m->kind == MSG_RESULT && m->result.outcome == OUTCOME_FAILED && current > 0) {
        m->result.fence = current;
        m->result.report.ledger.closed_fence = current;
    }
    if (w->mutant == MUTANT_NO_REGRESSION && m->kind == MSG_RESULT)
        hide_regression(w, &m->result.report);
    for (size_t i = 0; w->mutant == MUTANT_NO_REGRESSION && m->kind == MSG_TARGETS && i < m->targets.list.count; i++)
        hide_regression(w, &m->targets.list.items[i]);
}

void hub_deliver(struct world *w, const struct event *e)
{
    struct arena a = {0};
    struct msg m;
    struct err err;
    if (w->hub->coord == NULL)
        return;
    if (!codec_decode(&a, e->bytes, &m, &err)) {
        violate(w, "codec", "%s", err.text);
    } else {
        twist(w, &m);
        if (w->trace) {
            struct str text = msg_describe(&a, &m);
            trace(w, "agent %u -> hub: %.*s", (unsigned)e->b, STR_ARG(text));
        }
        bool any_link = w->mutant == MUTANT_OLD_FAILED && m.kind == MSG_RESULT;
        receive(w, any_link ? node_link(w, (unsigned)e->b) : e->a, (unsigned)e->b, &m);
    }
    arena_release(&a);
}

void hub_say(struct world *w, const struct msg *m)
{
    if (w->hub->coord != NULL)
        receive(w, 1, OPERATOR, m);
}

/* ---- life and death ---- */

static void introduce(struct world *w, const char *name, enum role role, unsigned number)
{
    struct coord_event event = {.kind = COORD_ON_PRINCIPAL};
    char key[LIMIT_KEY + 1];
    if (w->hub->coord == NULL)
        return;
    memset(key, '0' + (char)number, LIMIT_KEY);
    key[LIMIT_KEY] = '\0';
    event.principal = (struct event_principal){.name = str_of(name), .role = role, .public_key = str_of(key)};
    step(w, &event);
}

static bool replay(struct world *w)
{
    struct hub *hub = w->hub;
    struct err err;
    if (hub->store.rows.count > 0)
        qsort(hub->store.rows.items, hub->store.rows.count, sizeof(struct stored), in_order);
    for (size_t i = 0; i < hub->store.rows.count; i++)
        if (!coord_replay(hub->coord, &hub->store.rows.items[i].row, &err)) {
            violate(w, "replay", "%s", err.text);
            return false;
        }
    return true;
}

void hub_start(struct world *w, const struct event *e)
{
    struct coord_event start = {.kind = COORD_ON_START}, project = {.kind = COORD_ON_PROJECT};
    struct project_files files;
    (void)e;
    if (w->hub->coord != NULL)
        return;
    trace(w, "hub starts");
    w->hub->coord = coord_new();
    w->hub->life++;
    if (!replay(w))
        return;
    step(w, &start);
    introduce(w, "op", ROLE_ADMIN, 9);
    for (unsigned i = 0; i < w->agent_count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "agent%u", i);
        introduce(w, name, ROLE_AGENT, i);
    }
    project_fill(w, &files);
    project.project.files = &files;
    if (w->hub->coord != NULL)
        step(w, &project);
}

void hub_crash(struct world *w)
{
    if (w->hub->coord == NULL)
        return;
    trace(w, "hub dies");
    w->hub->open.count = 0;
    coord_free(w->hub->coord);
    w->hub->coord = NULL;
    later(w, between(w, 10, 5000), (struct event){.run = hub_start});
}

void hub_copy_store(struct world *w)
{
    struct hub *hub = w->hub;
    hub->copy = hub->store;
    hub->copy.rows.items = arena_copy(&w->arena, hub->store.rows.items, hub->store.rows.count * sizeof(struct stored));
    hub->copy.rows.cap = hub->store.rows.count;
}

void hub_restore_store(struct world *w)
{
    struct hub *hub = w->hub;
    if (hub->copy.rows.count == 0)
        return;
    trace(w, "the store is replaced by an older copy");
    hub_crash(w);
    hub->store = hub->copy;
    hub->copy.rows.count = 0;
    hub->restored = true;
    memset(hub->last_fence, 0, sizeof(hub->last_fence));
    memset(hub->dead, 0, sizeof(hub->dead));
    for (unsigned r = 0; r < w->rollout_count; r++)
        for (unsigned d = 0; d < w->database_count; d++) {
            const struct record_operation *op = stored_op(w, r, d);
            hub->dead[r][d] = op != NULL && is_dead(hub, op);
        }
}

void hub_new(struct world *w)
{
    w->hub = arena_new(&w->arena, struct hub);
}

void hub_free(struct world *w)
{
    coord_free(w->hub->coord);
}
