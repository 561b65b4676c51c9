/*
 * What is done to the targets: at most one thing at a time each, as many at a time as there are workers, a
 * capped number per server. Closing comes before applying, applying before reading.
 */
#include "agent/core/state.h"

enum { UNKNOWN_PAUSE_MS = 1000, UNKNOWN_PAUSE_MAX_MS = 60 * 1000 };

static struct target *target_at(struct agent *a, uint32_t number)
{
    return &a->targets.list.items[number];
}

static bool has_unacked_result(const struct target *target)
{
    return target->result_repeat.due_ms != INT64_MAX;
}

/* ---- the queue of a server ---- */

static enum work wanted(const struct target *target, int64_t now_ms)
{
    if (target->work != WORK_NONE || now_ms < target->pause_until_ms)
        return WORK_NONE;
    if (target->close_fence != 0)
        return WORK_CLOSE;
    if (target->job.state == JOB_QUEUED || target->job.state == JOB_UNKNOWN)
        return WORK_APPLY;
    return target->want_read && !target->gone ? WORK_READ : WORK_NONE;
}

void job_wake(struct turn *t, uint32_t number)
{
    struct target *target = target_at(t->a, number);
    struct server *server = &t->a->servers.list.items[target->server];
    if (target->queued || wanted(target, t->now_ms) == WORK_NONE)
        return;
    target->queued = true;
    target->next = INDEX_NONE;
    if (server->first == INDEX_NONE)
        server->first = number;
    else
        target_at(t->a, server->last)->next = number;
    server->last = number;
}

static void begin(struct turn *t, struct target *target, enum work work)
{
    target->work = work;
    t->a->running++;
    t->a->servers.list.items[target->server].running++;
    if (work == WORK_READ) {
        target->want_read = false;
        out_target(t, AGENT_DO_READ, target, 0);
    } else if (work == WORK_CLOSE) {
        out_target(t, AGENT_DO_CLOSE, target, target->close_fence);
    } else {
        target->job.state = JOB_RUNNING;
        target->job.started_ms = t->now_ms;
        out_apply(t, target);
    }
}

static void end(struct turn *t, struct target *target)
{
    target->work = WORK_NONE;
    t->a->running--;
    t->a->servers.list.items[target->server].running--;
}

static void pump_server(struct turn *t, struct server *server)
{
    const struct agent_options *o = &t->a->options;
    while (server->first != INDEX_NONE && t->a->running < o->workers &&
           (o->workers_per_server == 0 || server->running < o->workers_per_server)) {
        struct target *target = target_at(t->a, server->first);
        enum work work = wanted(target, t->now_ms);
        server->first = target->next;
        target->queued = false;
        if (work != WORK_NONE)
            begin(t, target, work);
    }
}

void job_pump(struct turn *t)
{
    for (size_t i = 0; i < t->a->servers.list.count && !t->a->stopping; i++)
        pump_server(t, &t->a->servers.list.items[i]);
}

/* ---- jobs ---- */

static void job_release(struct turn *t, struct job *job)
{
    if (job->state == JOB_NONE)
        return;
    if (job->script_blobs != NULL)
        for (size_t i = 0; i < t->a->blobs.list.items[job->plan].plan->steps.list.count; i++)
            if (job->script_blobs[i] != INDEX_NONE)
                blob_drop(t, job->script_blobs[i]);
    blob_drop(t, job->plan);
    arena_release(&job->arena);
    *job = (struct job){0};
}

static struct msg_offer offer_copy(struct arena *a, const struct msg_offer *offer)
{
    struct msg_offer copy = *offer;
    copy.target = str_copy(a, offer->target);
    copy.attempt = str_copy(a, offer->attempt);
    copy.principal = str_copy(a, offer->principal);
    copy.signatures.items = NULL;
    copy.signatures.count = copy.signatures.cap = 0;
    return copy;
}

static void send_accept(struct turn *t, const struct msg_offer *offer)
{
    struct msg m = {.kind = MSG_ACCEPT};
    m.accept = (struct msg_accept){.target = offer->target, .attempt = offer->attempt, .fence = offer->fence};
    out_send(t, &m);
}

/* Every script of the plan is asked for; the job is queued when the last is here. */
static void need_scripts(struct turn *t, uint32_t number)
{
    struct job *job = &target_at(t->a, number)->job;
    const struct plan *plan = t->a->blobs.list.items[job->plan].plan;
    size_t steps = plan->steps.list.count;
    job->script_blobs = arena_new_array(&job->arena, steps, uint32_t);
    job->scripts = arena_new_array(&job->arena, steps, const struct script *);
    for (size_t i = 0; i < steps; i++) {
        const struct plan_step *step = &plan->steps.list.items[i];
        job->script_blobs[i] = INDEX_NONE;
        if (hash_is_zero(&step->script))
            continue;
        job->script_blobs[i] = blob_need(t, BLOB_SCRIPT, &step->script);
        job->missing += !t->a->blobs.list.items[job->script_blobs[i]].here;
    }
}

static void fill_scripts(struct turn *t, struct job *job)
{
    const struct plan *plan = t->a->blobs.list.items[job->plan].plan;
    for (size_t i = 0; i < plan->steps.list.count; i++)
        if (job->script_blobs[i] != INDEX_NONE)
            job->scripts[i] = t->a->blobs.list.items[job->script_blobs[i]].script;
}

/* The plan is here, or one more of its scripts. */
static void job_advance(struct turn *t, uint32_t number)
{
    struct job *job = &target_at(t->a, number)->job;
    if (job->script_blobs == NULL)
        need_scripts(t, number);
    if (job->missing > 0)
        return;
    fill_scripts(t, job);
    job->state = JOB_QUEUED;
    job_wake(t, number);
}

static void job_start(struct turn *t, uint32_t number, const struct msg_offer *offer)
{
    struct target *target = target_at(t->a, number);
    struct job *job = &target->job;
    job_release(t, job);
    job->state = JOB_FETCHING;
    job->offer = offer_copy(&job->arena, offer);
    job->plan = blob_need(t, BLOB_PLAN, &offer->plan);
    repeat_stop(&target->result_repeat);
    target->pause_until_ms = 0;
    send_accept(t, &job->offer);
    if (t->a->blobs.list.items[job->plan].here)
        job_advance(t, number);
}

static bool job_needs(const struct agent *a, const struct job *job, uint32_t blob, size_t *ret_times)
{
    *ret_times = 0;
    if (job->state != JOB_FETCHING)
        return false;
    if (job->script_blobs == NULL)
        return job->plan == blob;
    for (size_t i = 0; i < a->blobs.list.items[job->plan].plan->steps.list.count; i++)
        *ret_times += job->script_blobs[i] == blob;
    return *ret_times > 0;
}

void job_blob_here(struct turn *t, uint32_t blob)
{
    for (uint32_t i = 0; i < t->a->targets.list.count; i++) {
        struct job *job = &target_at(t->a, i)->job;
        size_t times;
        if (!job_needs(t->a, job, blob, &times))
            continue;
        job->missing -= times;
        job_advance(t, i);
    }
}

/* ---- results ---- */

static void send_result(struct turn *t, const struct target *target)
{
    struct msg m = {.kind = MSG_RESULT, .result = target->result};
    report_fill(target, &m.result.report);
    out_send(t, &m);
}

static void send_closed(struct turn *t, const struct target *target)
{
    struct msg m = {.kind = MSG_CLOSED};
    m.closed = (struct msg_closed){.boot = t->a->options.boot, .fence = target->closed_fence};
    report_fill(target, &m.closed.report);
    out_send(t, &m);
}

static void say_result(struct turn *t, uint32_t number, const struct msg_result *result)
{
    struct target *target = target_at(t->a, number);
    arena_release(&target->result_arena);
    target->result = *result;
    target->result.boot = t->a->options.boot;
    target->result.attempt = str_copy(&target->result_arena, target->job.offer.attempt);
    target->result.fence = target->job.offer.fence;
    repeat_start(&target->result_repeat, t->now_ms, t->a->resend_ms);
    timer_set(t, TIMER_TARGET, number, target->result_repeat.due_ms);
    job_release(t, &target->job);
    send_result(t, target);
}

void job_blob_lost(struct turn *t, uint32_t blob, const struct err *err)
{
    const struct msg_result result = {.outcome = OUTCOME_BLOCKED, .err = *err};
    for (uint32_t i = 0; i < t->a->targets.list.count; i++) {
        size_t times;
        if (job_needs(t->a, &target_at(t->a, i)->job, blob, &times))
            say_result(t, i, &result);
    }
}

/* ---- what the coordinator says ---- */

static void wait_with(struct turn *t, struct target *target, const struct msg_offer *offer)
{
    if (offer->fence > target->waiting.fence) {
        arena_release(&target->waiting_arena);
        target->waiting = offer_copy(&target->waiting_arena, offer);
    }
    if (!target->job.cancelled)
        out_target(t, AGENT_DO_CANCEL, target, target->job.offer.fence);
    target->job.cancelled = true;
}

static bool is_again(const struct target *target, const struct msg_offer *offer)
{
    return has_unacked_result(target) && target->result.fence == offer->fence &&
           str_eq(target->result.attempt, offer->attempt);
}

void job_offer(struct turn *t, const struct msg_offer *offer)
{
    uint32_t number = target_find(t->a, offer->target);
    struct target *target = number != INDEX_NONE ? target_at(t->a, number) : NULL;
    if (target == NULL || target->gone || t->a->stopping) {
        out_log(t, LOG_WARNING, "ignored an offer for %.*s: %s", STR_ARG(offer->target),
                t->a->stopping ? "the agent is going down" : "there is no such target here");
        return;
    }
    if (offer->fence <= target->close_fence || offer->fence < target->job.offer.fence)
        return;
    if (is_again(target, offer))
        send_result(t, target);
    else if (target->job.state != JOB_NONE && target->job.offer.fence == offer->fence)
        send_accept(t, offer);
    else if (target->job.state == JOB_RUNNING)
        wait_with(t, target, offer);
    else
        job_start(t, number, offer);
}

static void drop_up_to(struct turn *t, struct target *target, uint64_t fence)
{
    if (target->waiting.fence <= fence)
        target->waiting.fence = 0;
    if (target->job.state == JOB_NONE || target->job.offer.fence > fence)
        return;
    if (target->job.state != JOB_RUNNING) {
        job_release(t, &target->job);
        return;
    }
    if (!target->job.cancelled)
        out_target(t, AGENT_DO_CANCEL, target, target->job.offer.fence);
    target->job.cancelled = true;
}

void job_close(struct turn *t, const struct msg_close *close)
{
    uint32_t number = target_find(t->a, close->target);
    if (number == INDEX_NONE || t->a->stopping)
        return;
    struct target *target = target_at(t->a, number);
    if (target->closed_repeat.due_ms != INT64_MAX && target->closed_fence >= close->fence) {
        send_closed(t, target);
        return;
    }
    if (close->fence > target->close_fence)
        target->close_fence = close->fence;
    drop_up_to(t, target, close->fence);
    job_wake(t, number);
}

void job_acked(struct turn *t, const struct msg_result_ack *ack)
{
    uint32_t number = target_find(t->a, ack->target);
    if (number == INDEX_NONE)
        return;
    struct target *target = target_at(t->a, number);
    if (target->result.fence == ack->fence)
        repeat_stop(&target->result_repeat);
    if (target->closed_fence == ack->fence)
        repeat_stop(&target->closed_repeat);
}

/* ---- what the workers say ---- */

/* Not known whether it committed: the same attempt again, with the same fence, until the ledger tells. */
static void learn_later(struct turn *t, uint32_t number)
{
    struct target *target = target_at(t->a, number);
    int64_t pause = (int64_t)UNKNOWN_PAUSE_MS << (target->job.tries < 6 ? target->job.tries : 6);
    struct msg m = {.kind = MSG_PROGRESS};
    target->job.state = JOB_UNKNOWN;
    target->job.tries++;
    target->pause_until_ms = t->now_ms + (pause < UNKNOWN_PAUSE_MAX_MS ? pause : UNKNOWN_PAUSE_MAX_MS);
    timer_set(t, TIMER_TARGET, number, target->pause_until_ms);
    m.progress = (struct msg_progress){.target = target->name,
                                       .attempt = target->job.offer.attempt,
                                       .fence = target->job.offer.fence,
                                       .sentence = str_of(outcome_sentence(OUTCOME_UNKNOWN))};
    out_send(t, &m);
}

static void start_waiting(struct turn *t, uint32_t number)
{
    struct target *target = target_at(t->a, number);
    struct msg_offer offer = target->waiting;
    if (offer.fence == 0 || t->a->stopping)
        return;
    target->waiting.fence = 0;
    if (offer.fence > target->close_fence)
        job_start(t, number, &offer);
}

void job_done(struct turn *t, const struct event_done *done)
{
    uint32_t number = target_find(t->a, done->target);
    struct target *target = target_at(t->a, number);
    const struct msg_result result = {
        .outcome = done->outcome,
        .steps_applied = done->steps_applied,
        .failed_step = done->failed_step,
        .err = done->err,
        .duration_ms = t->now_ms - target->job.started_ms,
    };
    end(t, target);
    report_reading(t, number, done);
    if (done->outcome == OUTCOME_UNKNOWN && target->close_fence == 0 && target->waiting.fence == 0)
        learn_later(t, number);
    else if (done->outcome == OUTCOME_UNKNOWN)
        job_release(t, &target->job);
    else
        say_result(t, number, &result);
    start_waiting(t, number);
    job_wake(t, number);
}

void job_closed(struct turn *t, const struct event_done *done)
{
    uint32_t number = target_find(t->a, done->target);
    struct target *target = target_at(t->a, number);
    end(t, target);
    report_reading(t, number, done);
    if (done->state_known && done->ledger.closed_fence >= target->close_fence) {
        target->closed_fence = target->close_fence;
        target->close_fence = 0;
        repeat_start(&target->closed_repeat, t->now_ms, t->a->resend_ms);
        timer_set(t, TIMER_TARGET, number, target->closed_repeat.due_ms);
        send_closed(t, target);
    } else {
        target->pause_until_ms = t->now_ms + UNKNOWN_PAUSE_MS;
        timer_set(t, TIMER_TARGET, number, target->pause_until_ms);
    }
    job_wake(t, number);
}

void job_progress(struct turn *t, const struct event_progress *progress)
{
    uint32_t number = target_find(t->a, progress->target);
    struct msg m = {.kind = MSG_PROGRESS};
    if (number == INDEX_NONE || target_at(t->a, number)->job.state != JOB_RUNNING)
        return;
    m.progress = (struct msg_progress){.target = progress->target,
                                       .attempt = target_at(t->a, number)->job.offer.attempt,
                                       .fence = progress->fence,
                                       .step = progress->step,
                                       .steps = progress->steps,
                                       .sentence = progress->sentence};
    out_send(t, &m);
}

void job_tick(struct turn *t, uint32_t number)
{
    struct target *target = target_at(t->a, number);
    bool talking = session_is_open(&t->a->session);
    if (repeat_is_due(&target->result_repeat, t->now_ms)) {
        timer_set(t, TIMER_TARGET, number, target->result_repeat.due_ms);
        if (talking)
            send_result(t, target);
    }
    if (repeat_is_due(&target->closed_repeat, t->now_ms)) {
        timer_set(t, TIMER_TARGET, number, target->closed_repeat.due_ms);
        if (talking)
            send_closed(t, target);
    }
    job_wake(t, number);
}

/* What has not begun will be offered again; what runs is told to stop and still answers. */
void job_stop(struct turn *t)
{
    for (uint32_t i = 0; i < t->a->targets.list.count; i++)
        if (target_at(t->a, i)->job.state != JOB_NONE)
            drop_up_to(t, target_at(t->a, i), UINT64_MAX);
}
