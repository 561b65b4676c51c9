/* An agent's process: performs what the real core decides, with made-up databases for workers. */
#include <string.h>

#include "agent/core/agent.h"
#include "skein/wire/codec.h"
#include "tests/sim/world.h"

struct node {
    struct agent *agent;
    uint64_t life, link;
    int64_t timer;
    uint64_t said_fence[DATABASES_MAX];
    bool answering[DATABASES_MAX]; /* the last job carried an operator's answer */
};

static unsigned database_named(const struct world *w, struct str name)
{
    unsigned i = 0;
    while (i < w->database_count && !str_is(name, w->databases[i].name))
        i++;
    return i;
}

uint64_t node_link(const struct world *w, unsigned agent)
{
    return w->nodes[agent]->link;
}

/* Links are numbered so that each tells its agent; an old link of a dead process leads to its successor. */
unsigned node_of_link(const struct world *w, uint64_t link)
{
    return link >= 100 ? (unsigned)(link % 100) : w->agent_count;
}

static void new_link(struct world *w, unsigned agent)
{
    w->nodes[agent]->link = ++w->order * 100 + agent;
}

/* ---- what the core wants ---- */

/* P3: nothing is reported before it is committed. */
static void check_result(struct world *w, unsigned agent, const struct msg *m)
{
    const struct database *d = &w->databases[database_named(w, m->result.report.name)];
    struct arena a = {0};
    bool answer = w->nodes[agent]->answering[database_named(w, m->result.report.name)];
    if (m->result.outcome == OUTCOME_APPLIED && !d->restored && !answer &&
        !database_has_done(d, str_cstr(&a, m->result.attempt)))
        violate(w, "P3", "%s is reported as applied, its ledger does not have it", d->name);
    arena_release(&a);
}

static bool said_before(struct world *w, unsigned agent, const struct msg *m)
{
    if (w->mutant != MUTANT_RESULT_ONCE || m->kind != MSG_RESULT)
        return false;
    uint64_t *said = &w->nodes[agent]->said_fence[database_named(w, m->result.report.name)];
    bool before = *said == m->result.fence;
    *said = m->result.fence;
    return before;
}

static void send(struct world *w, unsigned agent, const struct msg *m)
{
    if (m->kind == MSG_RESULT)
        check_result(w, agent, m);
    if (!said_before(w, agent, m))
        carry(w, hub_deliver, node_link(w, agent), agent, codec_encode(&w->arena, m));
}

static void read_done(struct world *w, const struct event *e);

static void node_read(struct world *w, unsigned agent, struct str target)
{
    trace(w, "agent %u reads %.*s", agent, STR_ARG(target));
    later(w, between(w, 1, 100),
          (struct event){.run = read_done, .a = agent, .b = w->nodes[agent]->life << 8 | database_named(w, target)});
}

static void apply(struct world *w, unsigned agent, const struct effect_apply *what)
{
    struct session s = {.database = database_named(w, what->target),
                        .agent = agent,
                        .life = w->nodes[agent]->life,
                        .action = what->action,
                        .fence = what->fence};
    w->nodes[agent]->answering[s.database] = what->action != OFFER_APPLY;
    snprintf(s.attempt, sizeof(s.attempt), "%.*s", STR_ARG(what->attempt));
    for (size_t i = 0; i < what->plan->steps.list.count; i++) {
        const struct plan_step *step = &what->plan->steps.list.items[i];
        unsigned revision = 0;
        while (!str_is(step->revision, revision_id(revision)))
            revision++;
        s.steps[s.count++] = (struct step){
            .revision = revision, .up = step->direction == DIRECTION_UP, .transactional = step->transactional};
        if (what->scripts[i] == NULL)
            violate(w, "S4", "a step without its script");
    }
    session_begin(w, &s);
}

static void close_fence(struct world *w, unsigned agent, const struct effect_target *what)
{
    const struct session s = {.database = database_named(w, what->target),
                              .agent = agent,
                              .life = w->nodes[agent]->life,
                              .closing = true,
                              .fence = what->fence};
    session_begin(w, &s);
}

static void cancel(struct world *w, unsigned agent, struct str target)
{
    for (size_t i = 0; i < w->sessions.list.count; i++) {
        struct session *s = &w->sessions.list.items[i];
        if (s->agent == agent && s->life == w->nodes[agent]->life && s->database == database_named(w, target) &&
            !s->closing)
            s->cancelled = true;
    }
}

static void node_tick(struct world *w, const struct event *e);

static void set_timer(struct world *w, unsigned agent, int64_t due)
{
    w->nodes[agent]->timer = due;
    if (due != INT64_MAX)
        later(w, due > w->now ? due - w->now : 0,
              (struct event){.run = node_tick, .a = w->nodes[agent]->life << 8 | agent, .b = (uint64_t)due});
}

static void end(struct world *w, unsigned agent)
{
    struct node *node = w->nodes[agent];
    sessions_orphan(w, agent, node->life);
    agent_free(node->agent);
    node->agent = NULL;
    later(w, between(w, 10, 8000), (struct event){.run = node_start, .a = agent});
}

void node_crash(struct world *w, unsigned agent)
{
    if (w->nodes[agent]->agent == NULL)
        return;
    trace(w, "agent %u dies", agent);
    end(w, agent);
}

/* False when the process died meanwhile. */
static bool perform(struct world *w, unsigned agent, const struct agent_effect *e)
{
    if (happens(w, w->knobs.crash_agent, 10000)) {
        node_crash(w, agent);
        return false;
    }
    switch (e->kind) {
    case AGENT_DO_SEND:
        send(w, agent, &e->send);
        break;
    case AGENT_DO_READ:
        node_read(w, agent, e->target.target);
        break;
    case AGENT_DO_APPLY:
        apply(w, agent, &e->apply);
        break;
    case AGENT_DO_CANCEL:
        cancel(w, agent, e->target.target);
        break;
    case AGENT_DO_CLOSE:
        close_fence(w, agent, &e->target);
        break;
    case AGENT_DO_LOG:
        trace(w, "agent %u: %.*s", agent, STR_ARG(e->log.text));
        break;
    case AGENT_DO_RECONNECT:
        new_link(w, agent);
        break;
    case AGENT_DO_TIMER:
        set_timer(w, agent, e->timer_ms);
        break;
    case AGENT_DO_EXIT:
        trace(w, "agent %u ends", agent);
        end(w, agent);
        return false;
    case AGENT_DO_UNSET:
        break;
    }
    return true;
}

static void step(struct world *w, unsigned agent, struct agent_event *event)
{
    struct agent_effects fx = {0};
    struct err err;
    event->now_ms = w->now;
    agent_step(w->nodes[agent]->agent, event, &fx);
    if (!agent_check(w->nodes[agent]->agent, &err))
        violate(w, "agent", "%s", err.text);
    bool alive = true;
    for (size_t i = 0; i < fx.list.count && alive; i++)
        alive = perform(w, agent, &fx.list.items[i]);
    agent_effects_clear(&fx);
}

/* ---- what happens to it ---- */

static bool is_life(const struct world *w, unsigned agent, uint64_t life)
{
    return w->nodes[agent]->agent != NULL && w->nodes[agent]->life == life;
}

static void node_tick(struct world *w, const struct event *e)
{
    struct agent_event tick = {.kind = AGENT_ON_TICK};
    unsigned agent = (unsigned)(e->a & 0xff);
    if (is_life(w, agent, e->a >> 8) && w->nodes[agent]->timer == (int64_t)e->b)
        step(w, agent, &tick);
}

static void read_done(struct world *w, const struct event *e)
{
    struct agent_event event = {.kind = AGENT_ON_READ};
    uint32_t database = (uint32_t)(e->b & 0xff);
    struct arena a = {0};
    if (!is_life(w, (unsigned)e->a, e->b >> 8))
        return;
    event.read = (struct event_read){.target = str_of(w->databases[database].name),
                                     .readable = true,
                                     .identity = str_of(w->databases[database].name)};
    database_read(w, database, &a, &event.read.state, &event.read.ledger);
    step(w, (unsigned)e->a, &event);
    arena_release(&a);
}

static void tell_over(struct world *w, const struct event *e)
{
    struct session s;
    struct arena a = {0};
    memcpy(&s, e->bytes.p, sizeof(s));
    struct agent_event event = {.kind = s.closing ? AGENT_ON_CLOSED : AGENT_ON_DONE};
    if (!is_life(w, s.agent, s.life))
        return;
    event.done = (struct event_done){.target = str_of(w->databases[s.database].name),
                                     .fence = s.fence,
                                     .outcome = s.outcome,
                                     .steps_applied = s.at,
                                     .failed_step = s.failed_step,
                                     .state_known = s.outcome != OUTCOME_UNKNOWN,
                                     .identity = str_of(w->databases[s.database].name)};
    if (s.outcome == OUTCOME_FAILED)
        err_set(&event.done.err, ERR_SQL, "the statement failed");
    if (event.done.state_known)
        database_read(w, s.database, &a, &event.done.state, &event.done.ledger);
    step(w, s.agent, &event);
    arena_release(&a);
}

void node_session_over(struct world *w, const struct session *s)
{
    struct str copy = {arena_copy(&w->arena, s, sizeof(*s)), sizeof(*s)};
    later(w, between(w, 0, 20), (struct event){.run = tell_over, .bytes = copy});
}

void node_deliver(struct world *w, const struct event *e)
{
    struct agent_event event = {.kind = AGENT_ON_MESSAGE};
    struct arena a = {0};
    struct msg m;
    struct err err;
    unsigned agent = (unsigned)e->a;
    if (w->nodes[agent]->agent == NULL)
        return;
    if (!codec_decode(&a, e->bytes, &m, &err)) {
        violate(w, "codec", "%s", err.text);
    } else {
        event.msg = &m;
        step(w, agent, &event);
    }
    arena_release(&a);
}

static void discover(struct world *w, unsigned agent)
{
    struct target_found found[DATABASES_MAX];
    struct agent_event event = {.kind = AGENT_ON_TARGETS};
    size_t count = 0;
    for (unsigned i = 0; i < w->database_count; i++)
        if (w->agent_of[i] == agent || w->greedy[agent])
            found[count++] = (struct target_found){
                .name = str_of(w->databases[i].name), .engine = ENGINE_SQLITE, .server = STR("sqlite")};
    event.targets = (struct event_targets){.list = found, .count = count};
    trace(w, "agent %u discovers %zu targets", agent, count);
    step(w, agent, &event);
}

static void discover_again(struct world *w, const struct event *e)
{
    unsigned agent = (unsigned)(e->a & 0xff);
    if (!is_life(w, agent, e->a >> 8))
        return;
    later(w, 30000, *e);
    discover(w, agent);
}

void node_start(struct world *w, const struct event *e)
{
    unsigned agent = (unsigned)e->a;
    struct node *node = w->nodes[agent];
    struct agent_event start = {.kind = AGENT_ON_START};
    if (node->agent != NULL)
        return;
    trace(w, "agent %u starts", agent);
    node->life++;
    new_link(w, agent);
    const struct agent_options options = {
        .software = STR("sim"), .boot = node->link, .workers = 2, .stop_grace_ms = 1000};
    node->agent = agent_new(&options);
    later(w, 30000, (struct event){.run = discover_again, .a = node->life << 8 | agent});
    uint64_t life = node->life;
    step(w, agent, &start);
    if (is_life(w, agent, life))
        discover(w, agent);
}

void node_stop(struct world *w, unsigned agent)
{
    struct agent_event stop = {.kind = AGENT_ON_STOP};
    if (w->nodes[agent]->agent != NULL)
        step(w, agent, &stop);
}

void node_new(struct world *w, unsigned agent)
{
    w->nodes[agent] = arena_new(&w->arena, struct node);
}

void node_free(struct world *w, unsigned agent)
{
    if (w->nodes[agent] != NULL)
        agent_free(w->nodes[agent]->agent);
}
