/*
 * A coordinator gone mad, seen by an agent: messages of every kind in any order, with sensible and senseless
 * contents, between ticks, answers of the workers and discoveries. Whatever comes, the agent's state stays in
 * order, a target has at most one job, and nothing is applied that the agent did not verify.
 */
#include <string.h>

#include "agent/core/agent.h"
#include "skein/graph/project.h"
#include "skein/wire/blob.h"
#include "skein/wire/codec.h"
#include "tests/fuzz/fuzz.h"

enum { TARGETS = 3, EFFECTS_MAX = 4096 };

static const char *const target_names[TARGETS] = {"one", "two", "three"};

/* Plan and script that the coordinator offers; made once. */
static struct {
    struct arena arena;
    struct plan plan;
    struct script script;
    struct str plan_bytes, script_bytes;
} blobs;

/* What runs: the fuzzer's bytes, the agent, and the one job that each target may have. */
struct run {
    const uint8_t *bytes;
    size_t left;
    int64_t now_ms;
    struct arena arena;
    struct agent *agent;
    struct agent_effect jobs[TARGETS]; /* kind UNSET: none */
    bool over;
};

static uint8_t next(struct run *r)
{
    if (r->left == 0)
        return 0;
    r->left--;
    return *r->bytes++;
}

static struct str take(struct run *r, size_t count)
{
    struct str part = {(const char *)r->bytes, count < r->left ? count : r->left};
    r->bytes += part.len;
    r->left -= part.len;
    return part;
}

static struct str any_target(struct run *r)
{
    uint8_t n = next(r);
    return n < 250 ? str_of(target_names[n % TARGETS]) : STR("stranger");
}

static size_t target_number(struct str name)
{
    size_t n = 0;
    while (n < TARGETS && !str_is(name, target_names[n]))
        n++;
    FUZZ_CHECK(n < TARGETS);
    return n;
}

static void make_blobs(void)
{
    struct arena *a = &blobs.arena;
    struct project project;
    struct project_files files = {.root = STR("/")};
    struct module_files core = {.name = STR("core"), .folder = STR("v")};
    struct project_file file = {.path = STR("v/a1_x.sql"),
                                .bytes = STR("-- revision: a1\n-- migrate:up\nCREATE TABLE t (id INTEGER)\n")};
    vec_push(a, &core.files, file);
    vec_push(a, &files.modules, core);
    struct diag diag;
    diag_init(&diag, a);
    FUZZ_CHECK(project_build(a, &files, &diag, &project));
    struct plan_request request = {.command = PLAN_UPGRADE, .module = STR("core")};
    struct str head = STR("head");
    vec_push(a, &request.targets.list, head);
    struct dbstate empty = {0};
    struct err err;
    FUZZ_CHECK(plan_build(a, &project, &empty, ENGINE_SQLITE, &request, &blobs.plan, &err));
    blobs.script = (struct script){.hash = script_hash_of(project.nodes[0], DIRECTION_UP, ENGINE_SQLITE),
                                   .engine = ENGINE_SQLITE,
                                   .transactional = true,
                                   .lock_timeout_ms = TIMEOUT_DEFAULT,
                                   .statement_timeout_ms = TIMEOUT_DEFAULT,
                                   .path = file.path};
    blobs.script.body = (struct script_part){.sql = project.nodes[0]->sections.list.items[0].sql, .line = 3};
    struct statement whole = {.start = 0, .len = blobs.script.body.sql.len, .line = 1};
    vec_push(a, &blobs.script.body.statements.list, whole);
    blobs.plan_bytes = blob_encode_plan(a, &blobs.plan);
    blobs.script_bytes = blob_encode_script(a, &blobs.script);
}

/* Jobs are answered later; everything applied must be the plan that was verified. */
static void take_effects(struct run *r, struct agent_effects *fx)
{
    FUZZ_CHECK(fx->list.count < EFFECTS_MAX);
    for (size_t i = 0; i < fx->list.count; i++) {
        const struct agent_effect *e = &fx->list.items[i];
        if (e->kind == AGENT_DO_EXIT)
            r->over = true;
        if (e->kind != AGENT_DO_READ && e->kind != AGENT_DO_APPLY && e->kind != AGENT_DO_CLOSE)
            continue;
        size_t n = target_number(e->kind == AGENT_DO_APPLY ? e->apply.target : e->target.target);
        FUZZ_CHECK(r->jobs[n].kind == AGENT_DO_UNSET);
        r->jobs[n] = *e;
        if (e->kind == AGENT_DO_APPLY)
            FUZZ_CHECK(hash_eq(&e->apply.plan->id, &blobs.plan.id));
        else
            r->jobs[n].target.target = str_of(target_names[n]);
    }
}

static void step(struct run *r, struct agent_event *event)
{
    if (r->over)
        return;
    struct agent_effects fx = {0};
    struct err err = {0};
    event->now_ms = r->now_ms;
    agent_step(r->agent, event, &fx);
    take_effects(r, &fx);
    agent_effects_clear(&fx);
    if (!agent_check(r->agent, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

static void say(struct run *r, struct msg *m)
{
    m->version = PROTOCOL_MAX;
    m->term = next(r) % 4;
    m->re = next(r) % 8;
    step(r, &(struct agent_event){.kind = AGENT_ON_MESSAGE, .msg = m});
}

/* ---- one function per thing that can happen ---- */

static void raw_frame(struct run *r)
{
    struct msg m = {0};
    struct err err;
    if (codec_decode(&r->arena, take(r, next(r)), &m, &err) && msg_allowed(m.kind, ROLE_COORDINATOR))
        step(r, &(struct agent_event){.kind = AGENT_ON_MESSAGE, .msg = &m});
}

static void hello_ack(struct run *r)
{
    uint8_t version = next(r);
    struct msg m = {.kind = MSG_HELLO_ACK};
    m.hello_ack = (struct msg_hello_ack){.version = version < 250 ? PROTOCOL_MAX : version % 3,
                                         .credit = next(r),
                                         .ping_every_ms = 15000,
                                         .silent_after_ms = 45000,
                                         .resend_ms = 5000};
    say(r, &m);
}

static void offer(struct run *r)
{
    struct msg m = {.kind = MSG_OFFER};
    m.offer.target = any_target(r);
    m.offer.attempt = str_head(STR("1:2:3"), next(r) % 6U);
    m.offer.fence = next(r);
    m.offer.action = (enum offer_action)(OFFER_APPLY + next(r) % 3);
    m.offer.plan = next(r) < 200 ? blobs.plan.id : hash_of(STR("unknown"));
    m.offer.principal = STR("ann");
    say(r, &m);
}

static void close_fence(struct run *r)
{
    struct msg m = {.kind = MSG_CLOSE};
    m.close = (struct msg_close){.target = any_target(r), .fence = next(r)};
    say(r, &m);
}

/* Mostly what was asked for, cut at any place. */
static void chunk(struct run *r)
{
    bool plan = next(r) % 2 == 0;
    struct str whole = plan ? blobs.plan_bytes : blobs.script_bytes;
    struct msg m = {.kind = MSG_CHUNK};
    m.chunk.kind = plan ? BLOB_PLAN : BLOB_SCRIPT;
    m.chunk.hash = plan ? blobs.plan.id : blobs.script.hash;
    uint8_t how = next(r);
    m.chunk.offset = how < 128 ? 0 : how;
    m.chunk.total = how % 16 == 15 ? how : whole.len;
    m.chunk.bytes =
        how % 16 == 14 ? take(r, how) : str_head(str_from(whole, m.chunk.offset), how < 64 ? whole.len : how);
    say(r, &m);
}

static void acknowledge(struct run *r)
{
    struct msg m = {.kind = MSG_RESULT_ACK};
    m.result_ack = (struct msg_result_ack){.target = any_target(r), .fence = next(r)};
    say(r, &m);
    m = (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = next(r)}};
    say(r, &m);
}

static void tick(struct run *r)
{
    r->now_ms += next(r) * 500;
    step(r, &(struct agent_event){.kind = AGENT_ON_TICK});
}

static void discover(struct run *r)
{
    struct target_found found[TARGETS];
    size_t count = 0;
    uint8_t which = next(r);
    for (size_t i = 0; i < TARGETS; i++)
        if ((which >> i & 1) != 0)
            found[count++] =
                (struct target_found){.name = str_of(target_names[i]), .engine = ENGINE_SQLITE, .server = STR("s")};
    step(r, &(struct agent_event){.kind = AGENT_ON_TARGETS, .targets = {.list = found, .count = count}});
}

/* The worker of one target answers. */
static void answer(struct run *r)
{
    size_t n = next(r) % TARGETS;
    struct agent_effect job = r->jobs[n];
    uint8_t how = next(r);
    struct agent_event e = {0};
    r->jobs[n].kind = AGENT_DO_UNSET;
    if (job.kind == AGENT_DO_READ) {
        e.kind = AGENT_ON_READ;
        e.read = (struct event_read){
            .target = str_of(target_names[n]), .readable = how > 20, .problem = STR("gone"), .identity = STR("id")};
    } else if (job.kind == AGENT_DO_APPLY || job.kind == AGENT_DO_CLOSE) {
        e.kind = job.kind == AGENT_DO_APPLY ? AGENT_ON_DONE : AGENT_ON_CLOSED;
        e.done = (struct event_done){.target = str_of(target_names[n]), .identity = STR("id")};
        e.done.fence = job.kind == AGENT_DO_APPLY ? job.apply.fence : job.target.fence;
        e.done.outcome = (enum outcome)(OUTCOME_APPLIED + how % (OUTCOME_COUNT - OUTCOME_APPLIED));
        e.done.state_known = how < 200;
        e.done.ledger = (struct ledger_state){.fence = e.done.fence, .closed_fence = e.done.fence};
        if (e.done.outcome != OUTCOME_APPLIED)
            err_set(&e.done.err, ERR_SQL, "something failed");
    } else {
        return;
    }
    step(r, &e);
}

static void ping_or_stop(struct run *r)
{
    struct msg m = {.kind = MSG_PING, .ping = {.nonce = 1}};
    if (next(r) == 255)
        step(r, &(struct agent_event){.kind = AGENT_ON_STOP});
    else
        say(r, &m);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static void (*const happenings[])(struct run *) = {raw_frame,   hello_ack, offer,    close_fence, chunk,
                                                       acknowledge, tick,      discover, answer,      ping_or_stop};
    if (blobs.plan_bytes.len == 0)
        make_blobs();
    struct run r = {.bytes = bytes, .left = size, .now_ms = 1000};
    struct agent_options options = {.software = STR("fuzz"), .boot = 1, .workers = 2, .stop_grace_ms = 1000};
    r.agent = agent_new(&options);
    step(&r, &(struct agent_event){.kind = AGENT_ON_START});
    while (r.left > 0 && !r.over)
        happenings[next(&r) % (sizeof(happenings) / sizeof(happenings[0]))](&r);
    agent_free(r.agent);
    arena_release(&r.arena);
    return 0;
}
