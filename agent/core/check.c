/* What has to agree between two steps, whatever happened before. agent_check() walks over all of it. */
#include "agent/core/inside.h"

#include <utlist.h>

/* Counted on the way. */
struct sums {
    size_t running, dirty, queued, fetching_jobs, timers, plans, unread;
};

static bool wrong(const struct target *t, struct err *err, const char *what)
{
    return err_set(err, ERR_INTERNAL, "target %.*s, job %s: %s", STR_ARG(t->name),
                   t->job != NULL ? job_state_name(t->job->state) : "none", what);
}

static bool check_job(const struct target *t, struct err *err)
{
    const struct job *j = t->job;
    bool holds_plan = !job_is_close(j) && j->state != JOB_ANSWERING && j->state != JOB_SETTLED;
    if (j->state <= JOB_UNSET || j->state >= JOB_STATE_COUNT)
        return wrong(t, err, "is in no state");
    if (holds_plan != (j->plan != NULL))
        return wrong(t, err, "holds a plan at the wrong time, or none");
    if (t->fetches != (j->state == JOB_FETCHING))
        return wrong(t, err, "waits for a plan at the wrong time, or not");
    if (holds_plan && !t->fetches && !cached_is_ready(j->plan))
        return wrong(t, err, "goes on without its scripts");
    if (t->queued != (j->state == JOB_QUEUED && !t->reads && !t->gone))
        return wrong(t, err, "stands in the queue at the wrong time, or not");
    if (timer_is_set(t) != (j->state == JOB_ANSWERING || j->state == JOB_WAITING))
        return wrong(t, err, "has a timer at the wrong time, or none");
    return true;
}

static bool check_target(const struct target *t, struct err *err)
{
    if (job_has_worker(t->job) != (t->working_on != NULL))
        return wrong(t, err, "has a worker at the wrong time, or none");
    if (t->reads && t->working_on != NULL)
        return wrong(t, err, "is read while its job is at work");
    if (t->next_job != NULL && (!job_has_worker(t->job) || t->next_job->state != JOB_UNSET))
        return wrong(t, err, "has a next job without one at work");
    if (t->job == NULL && (t->queued || t->fetches || timer_is_set(t)))
        return wrong(t, err, "waits for something");
    if (t->gone && !t->dirty && !t->reads && job_is_over(t->job))
        return wrong(t, err, "is gone, reported, and still here");
    return t->job == NULL || check_job(t, err);
}

static void count(const struct target *t, struct sums *sums)
{
    sums->running += t->working_on != NULL;
    sums->dirty += t->dirty;
    sums->queued += t->queued;
    sums->fetching_jobs += t->fetches;
    sums->timers += timer_is_set(t);
    sums->plans += t->job != NULL && t->job->plan != NULL;
    sums->unread += t->reads && t->reading.len == 0;
}

static bool equal(size_t x, size_t y, struct err *err, const char *what)
{
    return x == y || err_set(err, ERR_INTERNAL, "%s: %zu counted, %zu found", what, x, y);
}

static bool check_servers(const struct agent *a, const struct sums *sums, struct err *err)
{
    size_t running = 0, queued = 0;
    for (const struct server *s = a->servers; s != NULL; s = s->hh.next) {
        const struct target *t;
        for (t = s->queue; t != NULL; t = t->wait_next)
            queued++;
        running += s->running;
        bool below = a->options.workers_per_server == 0 || s->running < a->options.workers_per_server;
        if (a->options.workers_per_server != 0 && s->running > a->options.workers_per_server)
            return err_set(err, ERR_INTERNAL, "server %.*s is above its cap", STR_ARG(s->name));
        if (s->ringed != (s->queue != NULL && below))
            return err_set(err, ERR_INTERNAL, "server %.*s is wrongly in the ring, or not", STR_ARG(s->name));
    }
    if (a->running > a->options.workers)
        return err_set(err, ERR_INTERNAL, "%u jobs at work", a->running);
    if (!a->stopping && a->ring != NULL && a->running < a->options.workers)
        return err_set(err, ERR_INTERNAL, "a worker is idle while a job could start");
    return equal(a->running, running, err, "workers of servers") && equal(a->running, sums->running, err, "workers") &&
           equal(queued, sums->queued, err, "queued jobs");
}

static size_t needs_of(const struct cached *c)
{
    size_t n = 0;
    for (size_t i = 0; c->needs != NULL && i < c->plan.steps.list.count; i++)
        n += c->needs[i] != NULL;
    return n;
}

static bool check_cache(const struct agent *a, const struct sums *sums, struct err *err)
{
    size_t plans = 0, scripts = 0, needs = 0, waiting = 0, idle = 0, fetching = 0;
    for (const struct cached *c = a->blobs; c != NULL; c = c->hh.next) {
        const struct target *t;
        for (t = c->waiters; t != NULL; t = t->wait_next)
            waiting++;
        plans += c->key.kind == BLOB_PLAN ? c->references : 0;
        scripts += c->key.kind == BLOB_SCRIPT ? c->references : 0;
        needs += needs_of(c);
        idle += c->state == CACHED_HERE && c->references == 0 ? sizeof(*c) + c->arena.total : 0;
        fetching += c->state == CACHED_FETCHING;
        if (c->state != CACHED_HERE && c->references == 0)
            return err_set(err, ERR_INTERNAL, "a blob is fetched that nobody wants");
        if (cached_is_ready(c) && c->waiters != NULL)
            return err_set(err, ERR_INTERNAL, "a job waits for a plan that is here");
    }
    if (fetching > FETCH_PARALLEL)
        return err_set(err, ERR_INTERNAL, "%zu blobs are fetched at once", fetching);
    return equal(plans, sums->plans, err, "references to plans") &&
           equal(scripts, needs, err, "references to scripts") &&
           equal(waiting, sums->fetching_jobs, err, "jobs that wait for plans") &&
           equal(a->idle_bytes, idle, err, "idle bytes") &&
           equal(a->fetching_count, fetching, err, "blobs being fetched");
}

/* More may stand there: a timer that is set again for the same moment. */
static bool check_timers(const struct agent *a, const struct sums *sums, struct err *err)
{
    return timer_count(a) >= sums->timers || err_set(err, ERR_INTERNAL, "a timer is set and not in the heap");
}

bool agent_check(const struct agent *a, struct err *err)
{
    struct sums sums = {0};
    if (a->broken != NULL)
        return err_set(err, ERR_INTERNAL, "a job moved to state %s, which may not follow", a->broken);
    for (const struct target *t = a->targets; t != NULL; t = t->hh.next) {
        if (!check_target(t, err))
            return false;
        count(t, &sums);
    }
    size_t dirty = 0;
    const struct target *t;
    for (t = a->dirty; t != NULL; t = t->dirty_next)
        dirty++;
    return check_servers(a, &sums, err) && check_cache(a, &sums, err) && check_timers(a, &sums, err) &&
           equal(dirty, sums.dirty, err, "targets to report") && equal(a->unread, sums.unread, err, "first readings");
}
