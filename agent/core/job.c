/*
 * What the coordinator asked for a target: one job each.
 *
 *     offer ──▶ FETCHING ──▶ QUEUED ──▶ WORKING ─────────────▶ ANSWERING ──▶ SETTLED
 *                  │          ▲  ▲         │  │ cancel            ▲ ▲
 *     close ───────│──────────┘  │         │  ▼                   │ │
 *                  │             │         │ STOPPING ────────────┘ │
 *                  │             │         ▼  ▼                     │
 *                  │             └────── WAITING  (how it ended     │
 *                  └─ cannot be done ───────────── is not known) ───┘
 *
 * J1  A target has at most one job at a worker; another demand waits in `next_job` until the worker is back.
 * J2  The newest demand counts: of a later term, or of the same term and a higher fence. An older one is
 *     answered "stale" and never run. The same one again gets the same answer from memory.
 * J3  A later term may come with lower fences (a restored store): then the target itself decides.
 * J4  An outcome that is not known is no answer: the job is run again, with the same fence, until the
 *     ledger has told.
 * J5  A demand that ends a job at work asks it to stop, unless it wants the same thing.
 * J6  An answer is sent when the target has been read after the job, and repeated until acknowledged.
 */
#include "agent/core/inside.h"

#include <string.h>

#include "agent/core/pack.h"

#define TO(state) (1u << (state))

static const struct {
    const char *name, *sentence;
    unsigned successors;
} states[JOB_STATE_COUNT] = {
    [JOB_UNSET] = {"unset", "does not exist", TO(JOB_FETCHING) | TO(JOB_QUEUED)},
    [JOB_FETCHING] = {"fetching", "waits for the plan and its scripts", TO(JOB_QUEUED) | TO(JOB_ANSWERING)},
    [JOB_QUEUED] = {"queued", "waits for a worker", TO(JOB_WORKING)},
    [JOB_WORKING] = {"working", "is at work", TO(JOB_STOPPING) | TO(JOB_WAITING) | TO(JOB_ANSWERING)},
    [JOB_STOPPING] = {"stopping", "was asked to stop where it safely can", TO(JOB_WAITING) | TO(JOB_ANSWERING)},
    [JOB_WAITING] = {"waiting", "is tried again: how it ended is not known", TO(JOB_QUEUED)},
    [JOB_ANSWERING] = {"answering", "repeats its answer until it is acknowledged", TO(JOB_SETTLED)},
    [JOB_SETTLED] = {"settled", "was answered", 0},
};

static bool job_may_follow(enum job_state from, enum job_state to)
{
    return (states[from].successors & TO(to)) != 0;
}

const char *job_state_name(enum job_state state)
{
    return states[state].name;
}

bool job_has_worker(const struct job *j)
{
    return j != NULL && (j->state == JOB_WORKING || j->state == JOB_STOPPING);
}

bool job_is_over(const struct job *j)
{
    return j == NULL || j->state == JOB_SETTLED;
}

bool job_is_close(const struct job *j)
{
    return j->action == OFFER_UNSET;
}

static void move(struct agent *a, struct job *j, enum job_state to)
{
    if (!job_may_follow(j->state, to))
        a->broken = states[to].name;
    j->state = to;
}

static bool is_answering(const struct job *j)
{
    return j != NULL && j->state == JOB_ANSWERING;
}

/* ---- making and dropping ---- */

static struct str append(char **end, struct str s)
{
    struct str copy = {*end, s.len};
    if (s.len > 0)
        memcpy(*end, s.p, s.len);
    *end += s.len + 1;
    return copy;
}

static struct job *job_new(struct str attempt, struct str principal)
{
    struct job *j = must_alloc(sizeof(*j) + attempt.len + principal.len + 2);
    char *end = (char *)(j + 1);
    j->attempt = append(&end, attempt);
    j->principal = append(&end, principal);
    return j;
}

static struct job *job_from_offer(const struct msg_offer *offer, uint64_t term)
{
    struct job *j = job_new(offer->attempt, offer->principal);
    j->action = offer->action;
    j->fence = offer->fence;
    j->term = term;
    j->plan_hash = offer->plan;
    j->options = offer->options;
    return j;
}

static struct job *job_from_close(const struct msg_close *close, uint64_t term)
{
    struct job *j = job_new(STR_NONE, STR_NONE);
    j->fence = close->fence;
    j->term = term;
    return j;
}

static void plan_release(struct agent *a, struct target *t, struct job *j)
{
    if (j->plan == NULL)
        return;
    if (t->fetches && t->job == j)
        cache_wait_no_more(a, t);
    cache_release(a, j->plan);
    j->plan = NULL;
}

void job_free(struct agent *a, struct target *t, struct job *j)
{
    if (j == NULL)
        return;
    plan_release(a, t, j);
    strbuf_release(&j->err);
    free(j);
}

/* ---- answers ---- */

static struct msg result_msg(struct agent *a, const struct target *t, const struct job *j)
{
    struct arena *arena = agent_arena(a);
    struct unpack u = {strbuf_str(&j->err), arena};
    struct msg m = {.kind = MSG_RESULT,
                    .result = {.boot = a->options.boot,
                               .attempt = str_copy(arena, j->attempt),
                               .fence = j->fence,
                               .outcome = j->outcome,
                               .steps_applied = j->steps_applied,
                               .failed_step = j->failed_step,
                               .duration_ms = j->duration_ms,
                               .report = report_of(t, arena)}};
    if (u.rest.len > 0)
        m.result.err = unpack_err(&u);
    return m;
}

static void send_answer(struct agent *a, const struct target *t, const struct job *j)
{
    if (!job_is_close(j)) {
        agent_say(a, result_msg(a, t, j));
        return;
    }
    struct msg m = {.kind = MSG_CLOSED,
                    .closed = {.boot = a->options.boot, .fence = j->fence, .report = report_of(t, agent_arena(a))}};
    agent_say(a, m);
}

/* A CLOSED without the state that proves it would be no answer. */
static void answer(struct agent *a, struct target *t)
{
    struct job *j = t->job;
    timer_set(a, t, agent_backoff(a, &j->backoff_ms));
    if (t->reads)
        return;
    if (job_is_close(j) && !t->readable) {
        target_read(a, t);
        return;
    }
    j->told = true;
    send_answer(a, t, j);
}

static void answer_first(struct agent *a, struct target *t)
{
    t->job->backoff_ms = a->link.resend_ms;
    answer(a, t);
}

void job_was_read(struct agent *a, struct target *t)
{
    if (is_answering(t->job) && !t->job->told && (t->readable || !job_is_close(t->job)))
        answer_first(a, t);
}

static void job_set_err(struct job *j, const struct err *err)
{
    strbuf_release(&j->err);
    strbuf_init(&j->err, 2 * sizeof(*err));
    if (err->code != ERR_UNSET)
        pack_err(&j->err, err);
}

static void send_accept(struct agent *a, const struct target *t, const struct job *j)
{
    if (job_is_close(j))
        return;
    struct arena *arena = agent_arena(a);
    struct msg m = {
        .kind = MSG_ACCEPT,
        .accept = {.target = str_copy(arena, t->name), .attempt = str_copy(arena, j->attempt), .fence = j->fence}};
    agent_say(a, m);
}

/* Nothing was run and nothing will be: the coordinator may offer it again, or something better. */
static void refuse(struct agent *a, struct target *t, const struct err *err)
{
    struct job *j = t->job;
    agent_log(a, LOG_ERROR, "target %.*s: the offer with fence %llu cannot be done: %s", STR_ARG(t->name),
              (unsigned long long)j->fence, err->text);
    move(a, j, JOB_ANSWERING);
    plan_release(a, t, j);
    j->outcome = OUTCOME_BLOCKED;
    job_set_err(j, err);
    answer_first(a, t);
}

void job_unfetchable(struct agent *a, struct target *t, const struct err *err)
{
    refuse(a, t, err);
}

/* ---- what comes from the coordinator ---- */

enum order { ORDER_OLDER, ORDER_SAME, ORDER_NEWER };

static bool wants_same(const struct job *x, const struct job *y)
{
    return x->action == y->action && str_eq(x->attempt, y->attempt) && hash_eq(&x->plan_hash, &y->plan_hash);
}

/* J2. A close with the fence of an offer comes after it. */
static enum order order_of(const struct job *demand, const struct job *have)
{
    if (demand->fence == have->fence && wants_same(demand, have))
        return ORDER_SAME;
    if (demand->term > have->term || demand->fence > have->fence)
        return ORDER_NEWER;
    if (demand->fence == have->fence && job_is_close(demand) && !job_is_close(have))
        return ORDER_NEWER;
    return ORDER_OLDER;
}

static void answer_stale(struct agent *a, struct target *t, struct job *demand, const struct job *have)
{
    if (job_is_close(demand))
        return;
    struct err err = {0};
    err_set(&err, ERR_REFUSED, "the agent already has a newer order for this target, with fence %llu",
            (unsigned long long)have->fence);
    demand->outcome = OUTCOME_STALE;
    job_set_err(demand, &err);
    send_answer(a, t, demand);
}

static void say_again(struct agent *a, struct target *t, struct job *j, uint64_t term)
{
    j->term = term;
    if (j->state == JOB_SETTLED)
        send_answer(a, t, j);
    else if (is_answering(j))
        answer_first(a, t);
    else
        send_accept(a, t, j);
}

static void enqueue(struct agent *a, struct target *t)
{
    move(a, t->job, JOB_QUEUED);
    queue_add(a, t);
    queue_run(a);
}

static void begin_fetch(struct agent *a, struct target *t)
{
    struct job *j = t->job;
    move(a, j, JOB_FETCHING);
    j->plan = cache_use(a, &j->plan_hash);
    cache_wait(a, t);
    if (cached_is_ready(j->plan))
        job_fetched(a, t);
}

/* Makes a demand the target's job; the one before it has no worker. */
static void take(struct agent *a, struct target *t, struct job *demand)
{
    queue_remove(a, t);
    timer_clear(t);
    if (is_answering(t->job)) {
        if (!job_is_close(t->job) && (!t->job->told || job_is_close(demand)))
            send_answer(a, t, t->job);
        report_changed(a, t);
    }
    job_free(a, t, t->job);
    t->job = demand;
    if (job_is_close(demand))
        enqueue(a, t);
    else
        begin_fetch(a, t);
}

static void follow(struct agent *a, struct target *t, struct job *demand)
{
    job_free(a, t, t->next_job);
    t->next_job = demand;
    if (t->job->state == JOB_WORKING && !job_is_close(t->job) && !wants_same(demand, t->job))
        job_cancel(a, t);
}

/* Owns `demand` from here. */
static void weigh(struct agent *a, struct target *t, struct job *demand)
{
    struct job *have = t->next_job != NULL ? t->next_job : t->job;
    enum order order = have != NULL ? order_of(demand, have) : ORDER_NEWER;
    if (order == ORDER_NEWER) {
        send_accept(a, t, demand);
        if (job_has_worker(t->job))
            follow(a, t, demand);
        else
            take(a, t, demand);
        return;
    }
    if (order == ORDER_SAME)
        say_again(a, t, have, demand->term);
    else if (t->job == have || order_of(demand, t->job) != ORDER_SAME)
        answer_stale(a, t, demand, have);
    job_free(a, t, demand);
}

/* The target that a demand is for; NULL where there is none, or no time left for it. */
static struct target *demand_target(struct agent *a, const struct msg *m, struct str name)
{
    struct target *t = target_find(a, name);
    if (t == NULL)
        agent_log(a, LOG_WARNING, "%s for %.*s, which is not a target of this agent", msg_kind_name(m->kind),
                  STR_ARG(name));
    return a->stopping ? NULL : t;
}

void job_offered(struct agent *a, const struct msg *m)
{
    const struct msg_offer *offer = &m->offer;
    struct target *t = demand_target(a, m, offer->target);
    if (t == NULL)
        return;
    if (offer->action == OFFER_UNSET || offer->fence == 0 || offer->attempt.len == 0)
        agent_log(a, LOG_WARNING, "an offer for %.*s without action, fence or attempt is dropped", STR_ARG(t->name));
    else
        weigh(a, t, job_from_offer(offer, m->term));
}

void job_close_wanted(struct agent *a, const struct msg *m)
{
    struct target *t = demand_target(a, m, m->close.target);
    if (t != NULL && m->close.fence > 0)
        weigh(a, t, job_from_close(&m->close, m->term));
}

void job_acknowledged(struct agent *a, const struct msg *m)
{
    struct target *t = target_find(a, m->result_ack.target);
    if (t == NULL || !is_answering(t->job) || t->job->fence != m->result_ack.fence || !t->job->told)
        return;
    timer_clear(t);
    move(a, t->job, JOB_SETTLED);
    target_settle(a, t);
}

/* ---- verification and work ---- */

static bool module_is_served(const struct target *t, struct arena *arena, struct str module)
{
    struct unpack u = {strbuf_str(&t->config), arena};
    unpack_u64(&u);
    unpack_labels(&u);
    struct names modules = unpack_names(&u);
    for (size_t i = 0; i < modules.list.count; i++)
        if (str_eq(modules.list.items[i], module))
            return true;
    return modules.list.count == 0;
}

static bool step_fits(const struct target *t, struct arena *arena, const struct plan_step *step, struct err *err)
{
    if (!module_is_served(t, arena, step->module))
        return err_set(err, ERR_REFUSED, "the plan has a step of module %.*s, which this target does not take",
                       STR_ARG(step->module));
    if (hash_is_zero(&step->script) && step->direction != DIRECTION_STAMP)
        return err_set(err, ERR_REFUSED, "the plan has no script for revision %.*s", STR_ARG(step->revision));
    return true;
}

static bool plan_fits(const struct target *t, struct arena *arena, const struct plan *plan, struct err *err)
{
    if (plan->engine != t->engine)
        return err_set(err, ERR_REFUSED, "the plan is for another engine than the target's");
    for (size_t i = 0; i < plan->steps.list.count; i++)
        if (!step_fits(t, arena, &plan->steps.list.items[i], err))
            return false;
    return true;
}

void job_fetched(struct agent *a, struct target *t)
{
    struct err err;
    cache_wait_no_more(a, t);
    if (plan_fits(t, agent_arena(a), &t->job->plan->plan, &err))
        enqueue(a, t);
    else
        refuse(a, t, &err);
}

static struct agent_effect apply_effect(struct arena *arena, const struct target *t, const struct job *j)
{
    return (struct agent_effect){.kind = AGENT_DO_APPLY,
                                 .apply = {.target = str_copy(arena, t->name),
                                           .attempt = str_copy(arena, j->attempt),
                                           .principal = str_copy(arena, j->principal),
                                           .fence = j->fence,
                                           .action = j->action,
                                           .options = j->options,
                                           .plan = &j->plan->plan,
                                           .scripts = j->plan->scripts}};
}

void job_start(struct agent *a, struct target *t)
{
    struct job *j = t->job;
    struct arena *arena = agent_arena(a);
    move(a, j, JOB_WORKING);
    j->started_ms = a->now_ms;
    if (!job_is_close(j)) {
        agent_emit(a, apply_effect(arena, t, j));
        return;
    }
    struct effect_target what = {.target = str_copy(arena, t->name), .fence = j->fence};
    agent_emit(a, (struct agent_effect){.kind = AGENT_DO_CLOSE, .target = what});
}

void job_cancel(struct agent *a, struct target *t)
{
    move(a, t->job, JOB_STOPPING);
    struct effect_target what = {.target = str_copy(agent_arena(a), t->name)};
    agent_emit(a, (struct agent_effect){.kind = AGENT_DO_CANCEL, .target = what});
}

static void send_progress(struct agent *a, const struct target *t, const struct event_progress *progress)
{
    struct arena *arena = agent_arena(a);
    struct strbuf sentence;
    strbuf_init(&sentence, 2 * LIMIT_TEXT);
    pack_text(&sentence, progress->sentence, LIMIT_TEXT);
    struct unpack u = {strbuf_str(&sentence), arena};
    struct msg m = {.kind = MSG_PROGRESS,
                    .progress = {.target = str_copy(arena, t->name),
                                 .attempt = str_copy(arena, t->job->attempt),
                                 .fence = t->job->fence,
                                 .step = progress->step,
                                 .steps = progress->steps,
                                 .sentence = unpack_str(&u)}};
    strbuf_release(&sentence);
    agent_say(a, m);
}

void job_progress(struct agent *a, const struct event_progress *progress)
{
    struct target *t = target_find(a, progress->target);
    if (t == NULL || !job_has_worker(t->job) || t->job->fence != progress->fence)
        return;
    if (progress->sentence.len == 0 && a->now_ms - t->progress_ms < PROGRESS_EVERY_MS)
        return;
    t->progress_ms = a->now_ms;
    send_progress(a, t, progress);
}

/* ---- what comes from the worker ---- */

/* The target whose job this ends; its worker is free again. */
static struct target *worker_answer(struct agent *a, const struct event_done *done, bool close)
{
    struct target *t = target_find(a, done->target);
    if (t == NULL || !job_has_worker(t->job) || t->job->fence != done->fence || job_is_close(t->job) != close) {
        agent_log(a, LOG_ERROR, "a worker answers for %.*s, which has no such job", STR_ARG(done->target));
        return NULL;
    }
    queue_worker_back(a, t);
    t->job->duration_ms = a->now_ms - t->job->started_ms;
    return t;
}

/* J4 */
static void wait_and_retry(struct agent *a, struct target *t)
{
    struct job *j = t->job;
    move(a, j, JOB_WAITING);
    if (j->backoff_ms == 0)
        j->backoff_ms = a->link.resend_ms;
    timer_set(a, t, agent_backoff(a, &j->backoff_ms));
    if (!job_is_close(j))
        send_progress(a, t, &(struct event_progress){.sentence = str_of(states[JOB_WAITING].sentence)});
}

static void settle(struct agent *a, struct target *t, const struct event_done *done)
{
    struct job *j = t->job;
    move(a, j, JOB_ANSWERING);
    target_learn(a, t, done, j->plan != NULL ? &j->plan->plan : NULL);
    plan_release(a, t, j);
    j->outcome = done->outcome;
    j->steps_applied = done->steps_applied;
    j->failed_step = done->failed_step;
    job_set_err(j, &done->err);
    answer_first(a, t);
}

/* What was demanded meanwhile, now that the worker is back. */
static void go_on(struct agent *a, struct target *t)
{
    struct job *next = t->next_job;
    t->next_job = NULL;
    if (t->read_wanted)
        target_read(a, t);
    if (next != NULL)
        take(a, t, next);
    queue_run(a);
    target_settle(a, t);
}

void job_done(struct agent *a, const struct event_done *done)
{
    struct target *t = worker_answer(a, done, false);
    if (t == NULL)
        return;
    if (done->outcome == OUTCOME_UNKNOWN) {
        agent_log(a, LOG_WARNING, "target %.*s: how the job with fence %llu ended is not known yet: %s",
                  STR_ARG(t->name), (unsigned long long)done->fence, done->err.text);
        wait_and_retry(a, t);
    } else {
        settle(a, t, done);
    }
    go_on(a, t);
}

static bool fence_is_closed(const struct event_done *done)
{
    return done->outcome == OUTCOME_CANCELLED || (done->state_known && done->ledger.closed_fence >= done->fence);
}

void job_closed(struct agent *a, const struct event_done *done)
{
    struct target *t = worker_answer(a, done, true);
    if (t == NULL)
        return;
    if (fence_is_closed(done)) {
        move(a, t->job, JOB_ANSWERING);
        target_read(a, t);
        answer_first(a, t);
    } else {
        agent_log(a, LOG_WARNING, "target %.*s: fence %llu could not be closed yet: %s", STR_ARG(t->name),
                  (unsigned long long)done->fence, done->err.text);
        wait_and_retry(a, t);
    }
    go_on(a, t);
}

/* ---- time ---- */

void job_due(struct agent *a, struct target *t)
{
    if (t->job->state == JOB_WAITING)
        enqueue(a, t);
    else
        answer(a, t);
}

void job_link_up(struct agent *a, struct target *t)
{
    if (is_answering(t->job))
        answer_first(a, t);
}
