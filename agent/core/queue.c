/*
 * Who gets the next worker. Every server has a queue of jobs that could start at once; the servers that
 * have one and are below their cap stand in a ring, and each worker that comes free serves the next of
 * them: a server with a thousand jobs does not keep another one waiting. Requests to close a fence go to
 * the head of their queue: somebody waits for them and they are short.
 */
#include "agent/core/inside.h"

#include <string.h>
#include <utlist.h>

struct server *server_get(struct agent *a, struct str name)
{
    struct server *s;
    HASH_FIND(hh, a->servers, name.p, name.len, s);
    if (s == NULL) {
        s = must_alloc(sizeof(*s) + name.len + 1);
        if (name.len > 0)
            memcpy(s->bytes, name.p, name.len);
        s->name = (struct str){s->bytes, name.len};
        HASH_ADD_KEYPTR(hh, a->servers, s->bytes, name.len, s);
    }
    s->targets++;
    return s;
}

void server_put(struct agent *a, struct server *s)
{
    if (--s->targets > 0)
        return;
    HASH_DELETE(hh, a->servers, s);
    free(s);
}

static bool below_cap(const struct agent *a, const struct server *s)
{
    return a->options.workers_per_server == 0 || s->running < a->options.workers_per_server;
}

/* Into the ring or out of it, as it now should be. */
static void place(struct agent *a, struct server *s)
{
    bool wanted = s->queue != NULL && below_cap(a, s);
    if (wanted && !s->ringed)
        DL_APPEND2(a->ring, s, ring_prev, ring_next);
    else if (!wanted && s->ringed)
        DL_DELETE2(a->ring, s, ring_prev, ring_next);
    s->ringed = wanted;
}

void queue_add(struct agent *a, struct target *t)
{
    if (t->queued || t->reads || t->gone || t->job == NULL || t->job->state != JOB_QUEUED)
        return;
    t->queued = true;
    if (job_is_close(t->job))
        DL_PREPEND2(t->server->queue, t, wait_prev, wait_next);
    else
        DL_APPEND2(t->server->queue, t, wait_prev, wait_next);
    place(a, t->server);
}

void queue_remove(struct agent *a, struct target *t)
{
    if (!t->queued)
        return;
    t->queued = false;
    DL_DELETE2(t->server->queue, t, wait_prev, wait_next);
    place(a, t->server);
}

void queue_worker_back(struct agent *a, struct target *t)
{
    struct server *s = t->working_on;
    t->working_on = NULL;
    s->running--;
    a->running--;
    place(a, s);
    server_put(a, s);
}

static void serve(struct agent *a, struct server *s)
{
    struct target *t = s->queue;
    queue_remove(a, t);
    s->targets++;
    s->running++;
    a->running++;
    t->working_on = s;
    if (s->ringed) {
        DL_DELETE2(a->ring, s, ring_prev, ring_next);
        s->ringed = false;
    }
    place(a, s);
    job_start(a, t);
}

void queue_run(struct agent *a)
{
    while (!a->stopping && a->ring != NULL && a->running < a->options.workers)
        serve(a, a->ring);
}
