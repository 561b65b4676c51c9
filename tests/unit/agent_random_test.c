/*
 * An agent among chance: messages lost, doubled, late and foreign, workers that end as they like, targets
 * that come and go. After every step agent_check() holds and the contract of agent/core/effect.h is kept:
 *
 *     - a target has at most one of APPLY, CLOSE and READ under way;
 *     - never more jobs than workers, nor more on one server than its cap;
 *     - the fences that are applied to a target never fall, save once for each new term or
 *       when the target was gone meanwhile;
 *     - nothing is done to a target that was never found.
 *
 * When chance ends, every target takes and answers a new offer: nothing got stuck.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/agent_fixture.h"

enum { TARGETS = 12, SERVERS = 3, WORKERS = 4, PER_SERVER = 2, STEPS = 1500, SEEDS = 60 };

struct place {
    char name[16], server[16];
    enum agent_effect_kind under_way; /* UNSET: nothing */
    uint64_t fence;                   /* of what is under way */
    uint64_t applied_fence;
    unsigned falls; /* how often the fence may still fall */
    uint64_t offered, answered;
};

struct world {
    struct fixture *f;
    uint64_t random;
    uint64_t fence;
    struct place places[TARGETS];
    VEC(struct msg) inbox; /* what the agent said and was not answered yet */
    struct arena arena;
};

static unsigned chance(struct world *w, unsigned below)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(w->random >> 33) % below;
}

static struct place *place_of(struct world *w, struct str name)
{
    for (int i = 0; i < TARGETS; i++)
        if (str_is(name, w->places[i].name))
            return &w->places[i];
    fail_msg("%.*s is nobody", STR_ARG(name));
    return NULL;
}

static unsigned jobs_on(const struct world *w, const char *server)
{
    unsigned count = 0;
    for (int i = 0; i < TARGETS; i++) {
        const struct place *p = &w->places[i];
        bool job = p->under_way == AGENT_DO_APPLY || p->under_way == AGENT_DO_CLOSE;
        count += job && (server == NULL || str_is(str_of(server), p->server));
    }
    return count;
}

static void begin(struct world *w, struct str target, enum agent_effect_kind kind, uint64_t fence)
{
    struct place *p = place_of(w, target);
    assert_int_equal(p->under_way, AGENT_DO_UNSET);
    p->under_way = kind;
    p->fence = fence;
    assert_in_range(jobs_on(w, NULL), 0, WORKERS);
    assert_in_range(jobs_on(w, p->server), 0, PER_SERVER);
}

static void begin_apply(struct world *w, const struct effect_apply *apply)
{
    struct place *p = place_of(w, apply->target);
    begin(w, apply->target, AGENT_DO_APPLY, apply->fence);
    assert_int_equal(apply->plan->steps.list.count, FIXTURE_STEPS);
    assert_true(str_is(apply->scripts[0]->body.sql, "CREATE TABLE t0 (id integer)"));
    if (apply->fence < p->applied_fence)
        assert_true(p->falls-- > 0);
    p->applied_fence = apply->fence;
}

static struct msg keep(struct world *w, const struct msg *m)
{
    struct msg kept = *m;
    if (m->kind == MSG_RESULT)
        kept.result.report.name = str_copy(&w->arena, m->result.report.name);
    if (m->kind == MSG_CLOSED)
        kept.closed.report.name = str_copy(&w->arena, m->closed.report.name);
    return kept;
}

/* Takes all effects: notes what is under way, keeps what waits for an answer. */
static void perform(struct world *w)
{
    for (size_t i = 0; i < w->f->fx.list.count; i++) {
        const struct agent_effect *e = &w->f->fx.list.items[i];
        if (e->kind == AGENT_DO_APPLY)
            begin_apply(w, &e->apply);
        else if (e->kind == AGENT_DO_READ || e->kind == AGENT_DO_CLOSE)
            begin(w, e->target.target, e->kind, e->target.fence);
        else if (e->kind == AGENT_DO_CANCEL)
            assert_int_equal(place_of(w, e->target.target)->under_way, AGENT_DO_APPLY);
        else if (e->kind == AGENT_DO_SEND)
            vec_push(&w->arena, &w->inbox, keep(w, &e->send));
    }
    forget(w->f);
}

/* ---- what may happen ---- */

static struct place *any(struct world *w)
{
    return &w->places[chance(w, TARGETS)];
}

static void some_offer(struct world *w)
{
    static const char *const attempts[] = {"r1", "r2", "r3"};
    struct place *p = any(w);
    uint64_t fence = chance(w, 3) > 0 ? ++w->fence : w->fence - chance(w, 20);
    struct hash plan = w->f->plan.id;
    if (chance(w, 8) == 0)
        w->f->plan.id.bytes[0] ^= 1; /* unknown to the coordinator */
    offer_of(w->f, p->name, fence, attempts[chance(w, 3)]);
    w->f->plan.id = plan;
}

static void some_close(struct world *w)
{
    close_fence(w->f, any(w)->name, chance(w, 2) > 0 ? ++w->fence : w->fence - chance(w, 20));
}

static void some_discovery(struct world *w, unsigned missing)
{
    struct strbuf names;
    strbuf_init(&names, 4096);
    strbuf_puts(&names, "");
    for (int i = 0; i < TARGETS; i++)
        if (missing == 0 || chance(w, missing) > 0)
            strbuf_printf(&names, "%s%s@%s", names.len > 0 ? " " : "", w->places[i].name, w->places[i].server);
        else
            w->places[i].falls++; /* what is gone is forgotten */
    strbuf_putc(&names, '\0');
    found(w->f, names.p);
    strbuf_release(&names);
}

/* The worker or the reader of a target ends, with the best result or any. */
static void end_work(struct world *w, struct place *p, bool well)
{
    static const enum outcome ends[] = {OUTCOME_APPLIED, OUTCOME_FAILED,  OUTCOME_UNKNOWN,  OUTCOME_BLOCKED,
                                        OUTCOME_STALE,   OUTCOME_APPLIED, OUTCOME_CANCELLED};
    enum agent_effect_kind was = p->under_way;
    struct event_read read = {.target = str_of(p->name), .readable = well || chance(w, 6) > 0};
    struct event_done end = {.target = str_of(p->name), .fence = p->fence};
    p->under_way = AGENT_DO_UNSET;
    end.outcome = well || chance(w, 3) > 0 ? OUTCOME_CANCELLED : OUTCOME_BLOCKED;
    if (was == AGENT_DO_READ)
        step(w->f, (struct agent_event){.kind = AGENT_ON_READ, .read = read});
    else if (was == AGENT_DO_CLOSE)
        step(w->f, (struct agent_event){.kind = AGENT_ON_CLOSED, .done = end});
    else if (was == AGENT_DO_APPLY)
        done(w->f, p->name, p->fence, well ? OUTCOME_APPLIED : ends[chance(w, 7)]);
}

static void answer(struct world *w, const struct msg *m)
{
    struct fixture *f = w->f;
    struct place *p;
    if (m->kind == MSG_HELLO) {
        hello_ack(f);
    } else if (m->kind == MSG_TARGETS) {
        receive(f, (struct msg){.kind = MSG_TARGETS_ACK, .targets_ack = {.page = m->targets.page}});
    } else if (m->kind == MSG_FETCH) {
        serve_one(f, &m->fetch);
    } else if (m->kind == MSG_RESULT) {
        p = place_of(w, m->result.report.name);
        p->answered = m->result.fence > p->answered ? m->result.fence : p->answered;
        result_ack(f, p->name, m->result.fence);
    } else if (m->kind == MSG_CLOSED) {
        result_ack(f, place_of(w, m->closed.report.name)->name, m->closed.fence);
    }
}

/* One message of the agent, any, is answered, dropped, or answered and kept for another time. */
static void some_answer(struct world *w)
{
    if (w->inbox.count == 0)
        return;
    size_t at = chance(w, (unsigned)w->inbox.count);
    struct msg m = w->inbox.items[at];
    if (chance(w, 5) > 0)
        w->inbox.items[at] = w->inbox.items[--w->inbox.count];
    if (chance(w, 4) > 0)
        answer(w, &m);
}

static void new_term(struct world *w)
{
    w->f->term++;
    for (int i = 0; i < TARGETS; i++)
        w->places[i].falls++;
}

static void something(struct world *w)
{
    unsigned dice = chance(w, 100);
    if (dice < 15)
        some_offer(w);
    else if (dice < 20)
        some_close(w);
    else if (dice < 55)
        some_answer(w);
    else if (dice < 80)
        end_work(w, any(w), false);
    else if (dice < 97)
        tick_after(w->f, (int64_t)chance(w, 4000));
    else if (dice < 99)
        some_discovery(w, 5);
    else if (chance(w, 3) == 0)
        new_term(w);
    perform(w);
}

/* ---- the end of chance ---- */

static void calm(struct world *w, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        tick_after(w->f, 1000);
        perform(w);
        while (w->inbox.count > 0) {
            struct msg m = w->inbox.items[--w->inbox.count];
            answer(w, &m);
            perform(w);
        }
        for (int t = 0; t < TARGETS; t++) {
            end_work(w, &w->places[t], true);
            perform(w);
        }
    }
}

static void last_offers(struct world *w)
{
    for (int i = 0; i < TARGETS; i++) {
        w->places[i].offered = ++w->fence;
        offer_of(w->f, w->places[i].name, w->fence, "last");
        perform(w);
    }
}

static void world_run(uint64_t seed)
{
    void *state = NULL;
    assert_int_equal(fixture_setup(&state), 0);
    struct world w = {.f = state, .random = seed, .fence = 100};
    agent_free(w.f->agent);
    w.f->options.workers = WORKERS;
    w.f->options.workers_per_server = PER_SERVER;
    w.f->options.cache_bytes = seed % 2 == 0 ? 1 : 0;
    w.f->agent = agent_new(&w.f->options);
    w.f->chunk = seed % 3 == 0 ? 50 : 100000;
    for (int i = 0; i < TARGETS; i++) {
        snprintf(w.places[i].name, sizeof(w.places[i].name), "t%d", i);
        snprintf(w.places[i].server, sizeof(w.places[i].server), "s%d", i % SERVERS);
    }
    start(w.f);
    for (int i = 0; i < STEPS; i++)
        something(&w);
    some_discovery(&w, 0);
    calm(&w, 100);
    last_offers(&w);
    calm(&w, 20);
    for (int i = 0; i < TARGETS; i++)
        assert_int_equal(w.places[i].answered, w.places[i].offered);
    arena_release(&w.arena);
    fixture_teardown(&state);
}

static void test_chance(void **state)
{
    (void)state;
    const char *one = getenv("SKEIN_SEED");
    if (one != NULL) {
        world_run(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        world_run(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chance)};
    return cmocka_run_group_tests_name("agent and chance", tests, NULL, NULL);
}
