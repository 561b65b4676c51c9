/*
 * One mutex guards the two queues and what each thread is at. A thread takes the first task that the caps
 * allow; when a task ends, its server has room again, so all threads look again.
 *
 * Invariant, under the mutex: for each server, the threads with that server at work are at most
 * `per_server`; SQLite files have no server and no cap but the number of threads.
 */
#include "agent/io/workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "skein/os/chan.h"

enum { READ_BATCH = 200, PROGRESS_MAX = 1024, IDLE_SECONDS = 5, STACK_BYTES = 1024 * 1024 };

struct queue {
    struct task *first, **end;
};

struct worker {
    struct workers *owner;
    pthread_t thread;
    struct task *batch[READ_BATCH]; /* at work */
    size_t count;
    struct dbconn conn; /* its own thread's alone */
};

struct workers {
    const struct agent_config *config;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct queue migrations, others;
    bool stopping;
    struct chan done;     /* struct task * */
    struct chan progress; /* struct task_progress */
    struct worker *threads;
    size_t count;
};

static void queue_init(struct queue *q)
{
    *q = (struct queue){.end = &q->first};
}

static void queue_push(struct queue *q, struct task *t)
{
    t->next = NULL;
    *q->end = t;
    q->end = &t->next;
}

static struct task *queue_take(struct queue *q, struct task **at)
{
    struct task *t = *at;
    *at = t->next;
    if (q->end == &t->next)
        q->end = at;
    t->next = NULL;
    return t;
}

static bool has_room(const struct workers *w, const struct task *t)
{
    size_t running = 0;
    if (t->place.engine != ENGINE_POSTGRESQL)
        return true;
    for (size_t i = 0; i < w->count; i++) {
        const struct worker *other = &w->threads[i];
        running += other->count > 0 && str_eq(other->batch[0]->place.server, t->place.server);
    }
    return running < w->config->agent.per_server;
}

/* Where the first task stands that may run now; NULL when there is none. */
static struct task **first_allowed(const struct workers *w, struct queue *q)
{
    for (struct task **at = &q->first; *at != NULL; at = &(*at)->next)
        if (has_room(w, *at))
            return at;
    return NULL;
}

static void take_more_reads(struct worker *me)
{
    struct queue *q = &me->owner->others;
    struct str url = me->batch[0]->place.url;
    for (struct task **at = &q->first; *at != NULL && me->count < READ_BATCH;) {
        if ((*at)->kind == TASK_READ && str_eq((*at)->place.url, url))
            me->batch[me->count++] = queue_take(q, at);
        else
            at = &(*at)->next;
    }
}

static bool take(struct worker *me)
{
    struct workers *w = me->owner;
    struct queue *q = &w->migrations;
    struct task **at = first_allowed(w, q);
    if (at == NULL) {
        q = &w->others;
        at = first_allowed(w, q);
    }
    if (at == NULL)
        return false;
    me->batch[0] = queue_take(q, at);
    me->count = 1;
    if (me->batch[0]->kind == TASK_READ && me->batch[0]->place.engine == ENGINE_POSTGRESQL)
        take_more_reads(me);
    return true;
}

/* Waits for a task; closes the idle connection after a while. False: the end. */
static bool wait_for_task(struct worker *me)
{
    struct workers *w = me->owner;
    while (!w->stopping && !take(me)) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += IDLE_SECONDS;
        if (me->conn.db == NULL) {
            pthread_cond_wait(&w->changed, &w->mutex);
        } else if (pthread_cond_timedwait(&w->changed, &w->mutex, &until) == ETIMEDOUT) {
            pthread_mutex_unlock(&w->mutex);
            dbconn_close(&me->conn);
            pthread_mutex_lock(&w->mutex);
        }
    }
    return !w->stopping;
}

static void on_progress(void *user, const struct task *t, size_t steps_done, const char *sentence)
{
    struct workers *w = user;
    struct task_progress p = {.fence = t->fence, .steps_done = steps_done, .steps = t->apply.plan->steps.list.count};
    snprintf(p.target, sizeof(p.target), "%.*s", STR_ARG(t->place.name));
    snprintf(p.sentence, sizeof(p.sentence), "%s", sentence);
    chan_send(&w->progress, &p);
}

static void answer(struct workers *w, struct task *t)
{
    if (chan_send(&w->done, &t) != CHAN_OK)
        abort(); /* it has room for every task there can be */
}

static void work(struct worker *me)
{
    struct task_observer observer = {.progress = on_progress, .user = me->owner};
    if (me->batch[0]->kind == TASK_READ)
        task_run_reads(me->batch, me->count, &me->conn);
    else
        task_run(me->batch[0], &me->conn, &observer);
}

/* The answers go out only when the place is free again: who gets one may submit the next task at once. */
static void finish(struct worker *me)
{
    struct task *done[READ_BATCH];
    size_t count = me->count;
    for (size_t i = 0; i < count; i++)
        done[i] = me->batch[i];
    me->count = 0;
    for (size_t i = 0; i < count; i++)
        answer(me->owner, done[i]);
    pthread_cond_broadcast(&me->owner->changed);
}

static void *run_thread(void *user)
{
    struct worker *me = user;
    struct workers *w = me->owner;
    pthread_mutex_lock(&w->mutex);
    while (wait_for_task(me)) {
        pthread_mutex_unlock(&w->mutex);
        work(me);
        pthread_mutex_lock(&w->mutex);
        finish(me);
    }
    pthread_mutex_unlock(&w->mutex);
    dbconn_close(&me->conn);
    return NULL;
}

static void start_thread(struct workers *w, struct worker *me)
{
    pthread_attr_t attributes;
    me->owner = w;
    dbconn_init(&me->conn, w->config);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    if (pthread_create(&me->thread, &attributes, run_thread, me) != 0) {
        perror("pthread_create");
        abort();
    }
    pthread_attr_destroy(&attributes);
}

struct workers *workers_new(const struct agent_config *config)
{
    struct workers *w = calloc(1, sizeof(*w));
    struct worker *threads = calloc(config->agent.workers, sizeof(*threads));
    if (w == NULL || threads == NULL)
        abort();
    w->config = config;
    w->threads = threads;
    w->count = config->agent.workers;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, NULL);
    queue_init(&w->migrations);
    queue_init(&w->others);
    chan_init(&w->done, sizeof(struct task *), 4 * LIMIT_AGENT_TARGETS);
    chan_init(&w->progress, sizeof(struct task_progress), PROGRESS_MAX);
    for (size_t i = 0; i < w->count; i++)
        start_thread(w, &threads[i]);
    return w;
}

static void free_queue(struct queue *q)
{
    while (q->first != NULL)
        task_free(queue_take(q, &q->first));
}

void workers_free(struct workers *w)
{
    struct task *t;
    workers_cancel(w, STR(""));
    pthread_mutex_lock(&w->mutex);
    w->stopping = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    for (size_t i = 0; i < w->count; i++) {
        pthread_join(w->threads[i].thread, NULL);
        strbuf_release(&w->threads[i].conn.key);
    }
    while (chan_receive(&w->done, &t) == CHAN_OK)
        task_free(t);
    free_queue(&w->migrations);
    free_queue(&w->others);
    chan_release(&w->done);
    chan_release(&w->progress);
    pthread_mutex_destroy(&w->mutex);
    pthread_cond_destroy(&w->changed);
    free(w->threads);
    free(w);
}

int workers_fd(const struct workers *w)
{
    return chan_fd(&w->done);
}

int workers_progress_fd(const struct workers *w)
{
    return chan_fd(&w->progress);
}

void workers_submit(struct workers *w, struct task *t)
{
    bool urgent = t->kind == TASK_APPLY || t->kind == TASK_CLOSE;
    pthread_mutex_lock(&w->mutex);
    queue_push(urgent ? &w->migrations : &w->others, t);
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
}

struct task *workers_next(struct workers *w)
{
    struct task *t;
    return chan_receive(&w->done, &t) == CHAN_OK ? t : NULL;
}

bool workers_next_progress(struct workers *w, struct task_progress *ret_progress)
{
    return chan_receive(&w->progress, ret_progress) == CHAN_OK;
}

static void cancel_if(struct task *t, struct str target)
{
    if (target.len == 0 || str_eq(t->place.name, target))
        atomic_store(&t->cancelled, true);
}

static void cancel_queue(const struct queue *q, struct str target)
{
    for (struct task *t = q->first; t != NULL; t = t->next)
        cancel_if(t, target);
}

void workers_cancel(struct workers *w, struct str target)
{
    pthread_mutex_lock(&w->mutex);
    cancel_queue(&w->migrations, target);
    cancel_queue(&w->others, target);
    for (size_t i = 0; i < w->count; i++)
        for (size_t k = 0; k < w->threads[i].count; k++)
            cancel_if(w->threads[i].batch[k], target);
    pthread_mutex_unlock(&w->mutex);
}
