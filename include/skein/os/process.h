/* Another program's output, bounded in size and time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"

struct process_request {
    const char *const *arguments; /* the program (found as a shell would) and its arguments, NULL at the end */
    const char *folder;           /* its working folder */
    const char *variable, *value; /* one more in its environment; NULL: none */
    const char *kind;             /* of the err when it fails */
    size_t output_max;
    int64_t timeout_ms;
    bool (*cancelled)(void *user); /* asked ten times a second; may be NULL */
    void *user;
};

/*
 * Runs it with an empty standard input and waits for its end. False when it cannot be run, fails, writes more than
 * allowed or takes too long (it is then killed with all it started); err.detail has the end of what it wrote to
 * standard error. Kinds: that of the request, cancelled.
 */
bool process_run(struct arena *a, const struct process_request *request, struct str *ret_output, struct err *err);
