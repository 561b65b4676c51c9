#include "tests/unit/agent_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "skein/wire/codec.h"

/* ---- a plan with its scripts ---- */

static struct script script_make(struct fixture *f, const char *sql)
{
    struct revision r = {0};
    struct section up = {.kind = SECTION_UP,
                         .transactional = true,
                         .lock_timeout_ms = TIMEOUT_DEFAULT,
                         .statement_timeout_ms = TIMEOUT_DEFAULT,
                         .sql = str_of(sql),
                         .line = 1};
    vec_push(&f->arena, &r.sections.list, up);
    struct script s = {.hash = script_hash_of(&r, DIRECTION_UP, ENGINE_SQLITE),
                       .engine = ENGINE_SQLITE,
                       .transactional = true,
                       .lock_timeout_ms = TIMEOUT_DEFAULT,
                       .statement_timeout_ms = TIMEOUT_DEFAULT,
                       .path = STR("r.sql"),
                       .body = {.sql = str_of(sql), .line = 1},
                       .verify = {.sql = STR("")},
                       .probe = {.sql = STR("")}};
    struct statement cut = {.start = 0, .len = s.body.sql.len, .line = 1};
    vec_push(&f->arena, &s.body.statements.list, cut);
    return s;
}

static struct plan_step step_make(struct fixture *f, const char *revision, struct hash script)
{
    struct plan_step s = {.module = STR("core"),
                          .revision = str_of(revision),
                          .direction = DIRECTION_UP,
                          .transactional = true,
                          .script = script};
    vec_push(&f->arena, &s.heads_after.list, s.revision);
    return s;
}

static void plan_make(struct fixture *f)
{
    const char *const revisions[FIXTURE_STEPS] = {"b2", "c3"};
    assert_true(dbstate_parse(&f->arena, STR("core=a1"), &f->plan.before));
    assert_true(dbstate_parse(&f->arena, STR("core=c3"), &f->plan.after));
    f->plan.engine = ENGINE_SQLITE;
    for (size_t i = 0; i < FIXTURE_STEPS; i++) {
        f->scripts[i] = script_make(f, str_printf(&f->arena, "CREATE TABLE t%zu (id integer)", i).p);
        f->script_bytes[i] = blob_encode_script(&f->arena, &f->scripts[i]);
        vec_push(&f->arena, &f->plan.steps.list, step_make(f, revisions[i], f->scripts[i].hash));
    }
    f->plan.id = plan_hash(&f->plan);
    f->plan_bytes = blob_encode_plan(&f->arena, &f->plan);
}

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return -1;
    f->options = (struct agent_options){.software = STR("skein-agent test"), .boot = 77, .workers = 4};
    f->options.stop_grace_ms = 10000;
    f->agent = agent_new(&f->options);
    f->now_ms = 1000;
    f->term = 5;
    f->chunk = 100000;
    plan_make(f);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    agent_free(f->agent);
    agent_effects_clear(&f->fx);
    arena_release(&f->arena);
    free(f);
    return 0;
}

/* ---- in ---- */

/* What the agent says must be what the coordinator's codec takes. */
static void assert_can_be_sent(const struct msg *m)
{
    struct arena a = {0};
    struct msg again;
    struct err err;
    struct str bytes = codec_encode(&a, m);
    assert_true(bytes.len <= LIMIT_MESSAGE);
    if (!codec_decode(&a, bytes, &again, &err))
        fail_msg("%s: %s", msg_kind_name(m->kind), err.text);
    arena_release(&a);
}

void step(struct fixture *f, struct agent_event event)
{
    struct err err;
    size_t before = f->fx.list.count;
    event.now_ms = f->now_ms;
    agent_step(f->agent, &event, &f->fx);
    for (size_t i = before; i < f->fx.list.count; i++)
        if (f->fx.list.items[i].kind == AGENT_DO_SEND)
            assert_can_be_sent(&f->fx.list.items[i].send);
    if (!agent_check(f->agent, &err))
        fail_msg("%s", err.text);
    for (struct agent_effect *e = find_effect(f, AGENT_DO_TIMER); e != NULL; e = find_effect(f, AGENT_DO_TIMER)) {
        f->timer_ms = e->timer_ms;
        e->kind = AGENT_DO_UNSET;
    }
}

void start(struct fixture *f)
{
    step(f, (struct agent_event){.kind = AGENT_ON_START});
}

void receive(struct fixture *f, struct msg m)
{
    if (m.version == 0)
        m.version = PROTOCOL_MAX;
    if (m.term == 0)
        m.term = f->term;
    m.id = ++f->message_id;
    step(f, (struct agent_event){.kind = AGENT_ON_MESSAGE, .msg = &m});
}

void hello_ack(struct fixture *f)
{
    receive(f, (struct msg){.kind = MSG_HELLO_ACK, .hello_ack = {.version = PROTOCOL_MAX, .credit = 100}});
}

static void find(struct fixture *f, const char *names, bool incomplete)
{
    struct {
        VEC(struct target_found) list;
    } targets = {0};
    struct str rest = str_of(names), one;
    while (rest.len > 0 && str_next(&rest, ' ', &one)) {
        size_t at = str_find(one, '@');
        struct target_found t = {.name = str_head(one, at), .engine = ENGINE_SQLITE};
        t.server = at < one.len ? str_from(one, at + 1) : STR("sqlite");
        vec_push(&f->arena, &targets.list, t);
    }
    struct event_targets event = {targets.list.items, targets.list.count, incomplete};
    step(f, (struct agent_event){.kind = AGENT_ON_TARGETS, .targets = event});
}

void found(struct fixture *f, const char *names)
{
    find(f, names, false);
}

void found_some(struct fixture *f, const char *names)
{
    find(f, names, true);
}

static void answer_read(struct fixture *f, struct str target)
{
    struct event_read read = {.target = target, .readable = true, .identity = STR("file:1:2")};
    assert_true(dbstate_parse(&f->arena, STR("billing=x1 core=a1"), &read.state));
    step(f, (struct agent_event){.kind = AGENT_ON_READ, .read = read});
}

void answer_reads(struct fixture *f)
{
    while (find_effect(f, AGENT_DO_READ) != NULL)
        answer_read(f, take(f, AGENT_DO_READ).target.target);
}

static struct agent_effect *find_said(struct fixture *f, enum msg_kind kind)
{
    for (size_t i = 0; i < f->fx.list.count; i++)
        if (f->fx.list.items[i].kind == AGENT_DO_SEND && f->fx.list.items[i].send.kind == kind)
            return &f->fx.list.items[i];
    return NULL;
}

void ack_pages(struct fixture *f)
{
    while (find_said(f, MSG_TARGETS) != NULL)
        receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = said(f, MSG_TARGETS).targets.page}});
}

void offer_of(struct fixture *f, const char *target, uint64_t fence, const char *attempt)
{
    struct msg m = {.kind = MSG_OFFER};
    m.offer = (struct msg_offer){.target = str_of(target),
                                 .attempt = str_of(attempt),
                                 .fence = fence,
                                 .action = OFFER_APPLY,
                                 .plan = f->plan.id,
                                 .principal = STR("ann")};
    receive(f, m);
}

void offer(struct fixture *f, const char *target, uint64_t fence)
{
    offer_of(f, target, fence, "r1");
}

void close_fence(struct fixture *f, const char *target, uint64_t fence)
{
    receive(f, (struct msg){.kind = MSG_CLOSE, .close = {.target = str_of(target), .fence = fence}});
}

void result_ack(struct fixture *f, const char *target, uint64_t fence)
{
    receive(f, (struct msg){.kind = MSG_RESULT_ACK, .result_ack = {.target = str_of(target), .fence = fence}});
}

static struct str bytes_of(const struct fixture *f, const struct msg_fetch *fetch)
{
    if (hash_eq(&fetch->hash, &f->plan.id))
        return f->plan_bytes;
    for (size_t i = 0; i < FIXTURE_STEPS; i++)
        if (hash_eq(&fetch->hash, &f->scripts[i].hash))
            return f->script_bytes[i];
    return STR_NONE;
}

void serve_one(struct fixture *f, const struct msg_fetch *fetch)
{
    struct str all = bytes_of(f, fetch);
    struct msg m = {.kind = MSG_CHUNK};
    m.chunk = (struct msg_chunk){.kind = fetch->kind,
                                 .hash = fetch->hash,
                                 .offset = fetch->offset,
                                 .total = all.len,
                                 .bytes = str_head(str_from(all, fetch->offset), f->chunk)};
    receive(f, m);
}

void serve_fetches(struct fixture *f)
{
    while (find_said(f, MSG_FETCH) != NULL) {
        struct msg_fetch fetch = said(f, MSG_FETCH).fetch;
        serve_one(f, &fetch);
    }
}

void done(struct fixture *f, const char *target, uint64_t fence, enum outcome outcome)
{
    bool worked = outcome == OUTCOME_APPLIED;
    struct event_done d = {.target = str_of(target), .fence = fence, .outcome = outcome, .identity = STR("file:1:2")};
    d.state_known = outcome != OUTCOME_UNKNOWN;
    d.steps_applied = worked ? FIXTURE_STEPS : 0;
    d.ledger.seq = worked ? FIXTURE_STEPS : 0;
    if (!worked)
        err_set(&d.err, ERR_SQL, "no such table: nothing");
    assert_true(dbstate_parse(&f->arena, worked ? STR("core=c3") : STR("core=a1"), &d.state));
    step(f, (struct agent_event){.kind = AGENT_ON_DONE, .done = d});
}

void closed(struct fixture *f, const char *target, uint64_t fence)
{
    struct event_done d = {.target = str_of(target), .fence = fence, .outcome = OUTCOME_CANCELLED};
    step(f, (struct agent_event){.kind = AGENT_ON_CLOSED, .done = d});
}

void tick_after(struct fixture *f, int64_t ms)
{
    int64_t until = f->now_ms + ms;
    while (f->timer_ms <= until) {
        f->now_ms = f->timer_ms;
        f->timer_ms = INT64_MAX;
        step(f, (struct agent_event){.kind = AGENT_ON_TICK});
    }
    f->now_ms = until;
}

void up(struct fixture *f, const char *names)
{
    start(f);
    hello_ack(f);
    found(f, names);
    answer_reads(f);
    ack_pages(f);
    forget(f);
}

void at_work(struct fixture *f, const char *target, uint64_t fence)
{
    offer(f, target, fence);
    serve_fetches(f);
    struct agent_effect e = take(f, AGENT_DO_APPLY);
    assert_true(str_is(e.apply.target, target));
    assert_int_equal(e.apply.fence, fence);
}

/* ---- out ---- */

struct agent_effect *find_effect(struct fixture *f, enum agent_effect_kind kind)
{
    for (size_t i = 0; i < f->fx.list.count; i++)
        if (f->fx.list.items[i].kind == kind)
            return &f->fx.list.items[i];
    return NULL;
}

static struct agent_effect taken(struct agent_effect *e)
{
    struct agent_effect copy = *e;
    e->kind = AGENT_DO_UNSET;
    return copy;
}

struct agent_effect take(struct fixture *f, enum agent_effect_kind kind)
{
    struct agent_effect *e = find_effect(f, kind);
    if (e == NULL)
        fail_msg("no effect of kind %d", (int)kind);
    return taken(e);
}

struct msg said(struct fixture *f, enum msg_kind kind)
{
    struct agent_effect *e = find_said(f, kind);
    if (e == NULL)
        fail_msg("no %s was sent", msg_kind_name(kind));
    return taken(e).send;
}

size_t count_said(struct fixture *f, enum msg_kind kind)
{
    size_t count = 0;
    for (; find_said(f, kind) != NULL; count++)
        taken(find_said(f, kind));
    return count;
}

size_t count_effects(struct fixture *f, enum agent_effect_kind kind)
{
    size_t count = 0;
    for (; find_effect(f, kind) != NULL; count++)
        taken(find_effect(f, kind));
    return count;
}

void forget(struct fixture *f)
{
    agent_effects_clear(&f->fx);
}
