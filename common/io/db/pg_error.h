/* PostgreSQL's words about a failure as an err. */
#pragma once

#include <stdbool.h>

#include "skein/base/err.h"

/* The fields of an error; any may be NULL. */
struct pg_error {
    const char *sqlstate, *message, *detail, *hint, *context;
    const char *fallback; /* where there is no message */
    bool cancel_sent;     /* we asked the server to stop */
    struct str blockers;  /* who held what we waited for */
};

void pg_error_fill(struct err *err, const struct pg_error *e);

/* A message of libpq about the connection itself. */
void pg_error_connection(struct err *err, const char *message, struct str name);

/* Turns what libpq said into "the connection was lost", keeping its words as detail. */
void pg_error_lost(struct err *err, struct str name);

/* A script ended the transaction that it was to run in. */
void pg_error_ended(struct err *err);
