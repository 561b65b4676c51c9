/*
 * Threads that do tasks. Migrations go before reads; of the targets of one PostgreSQL server only so many
 * are at work at a time; reads of one database are taken many at once by one worker. The main thread
 * submits, and takes answers when workers_fd() is readable.
 */
#pragma once

#include "agent/io/task.h"

struct workers;

/* A sentence about a running migration. */
struct task_progress {
    char target[LIMIT_NAME + 1];
    uint64_t fence;
    size_t steps_done, steps;
    char sentence[512];
};

/* Starts the threads; they inherit the signal mask. `config` outlives them. */
struct workers *workers_new(const struct agent_config *config);

/* Cancels what runs, waits for the threads and throws away what was not taken. */
void workers_free(struct workers *w);

/* Readable while answers, or sentences about running migrations, wait. */
int workers_fd(const struct workers *w);
int workers_progress_fd(const struct workers *w);

/* Takes the task over until workers_next() gives it back. */
void workers_submit(struct workers *w, struct task *t);

/* The next task that is done; NULL when there is none. */
struct task *workers_next(struct workers *w);

/* The next sentence; false when there is none. Some may be lost when many come at once. */
bool workers_next_progress(struct workers *w, struct task_progress *ret_progress);

/* Asks the tasks of one target (all of them: empty name) to stop where they safely can. They still answer. */
void workers_cancel(struct workers *w, struct str target);
