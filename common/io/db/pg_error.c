#include "common/io/db/pg_error.h"

#include <stdio.h>
#include <string.h>

/* SQLSTATEs by longest prefix: PostgreSQL manual, appendix A. */
static const struct {
    const char *prefix;
    enum err_code code;
    const char *kind;
    const char *hint; /* where the server gives none */
} states[] = {
    {"08", ERR_CONNECT, "connection_lost", NULL},
    {"25001", ERR_SQL, "needs_no_transaction", "write `-- migrate:up transaction:false` and give a probe section"},
    {"25006", ERR_SQL, "read_only", "the server or the role accepts no writes (default_transaction_read_only?)"},
    {"25P03", ERR_CONNECT, "idle_timeout", "raise idle_in_transaction_session_timeout for this role"},
    {"28", ERR_CONNECT, "authentication", "check role and password (pgpass, service file)"},
    {"3D000", ERR_CONNECT, "no_database", "create the database first"},
    {"3F000", ERR_STATE, "no_schema", "create the schema first"},
    {"40001", ERR_LOCK, "serialization", NULL},
    {"40P01", ERR_LOCK, "deadlock", NULL},
    {"42501", ERR_SQL, "permission", "the role lacks a privilege: changing a table needs its ownership"},
    {"53100", ERR_SQL, "disk_full", "make room on the server's disk, then try again"},
    {"53", ERR_SQL, "resources", "the server is short of resources; try again later"},
    {"55P03", ERR_LOCK, "lock_timeout", "try again when the other session is done, or raise the lock timeout"},
    {"57014", ERR_SQL, "statement_timeout", "raise statement_timeout, or cut the statement into smaller ones"},
    {"57P", ERR_CONNECT, "connection_lost", NULL},
    {"58", ERR_SQL, "io", NULL},
    {"XX001", ERR_SQL, "corrupt", NULL},
    {"XX002", ERR_SQL, "corrupt", NULL},
};

static void classify(struct err *err, const struct pg_error *e)
{
    size_t longest = 0;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        size_t len = strlen(states[i].prefix);
        if (len <= longest || strncmp(err->sqlstate, states[i].prefix, len) != 0)
            continue;
        longest = len;
        err->code = states[i].code;
        snprintf(err->kind, sizeof(err->kind), "%s", states[i].kind);
        if (states[i].hint != NULL && e->hint == NULL)
            err_hint(err, "%s", states[i].hint);
    }
    if (strcmp(err->sqlstate, "57014") == 0 && e->cancel_sent) {
        err->code = ERR_CANCELLED;
        snprintf(err->kind, sizeof(err->kind), "cancelled");
        err->hint[0] = '\0';
    }
}

static void add_detail(struct err *err, const char *text)
{
    size_t len = strlen(err->detail);
    if (text != NULL && text[0] != '\0')
        snprintf(err->detail + len, sizeof(err->detail) - len, "%s%s", len > 0 ? "\n" : "", text);
}

void pg_error_fill(struct err *err, const struct pg_error *e)
{
    const char *message = e->message != NULL ? e->message : e->fallback;
    struct str text = str_trim(str_of(message));
    err_set(err, ERR_SQL, "%.*s", STR_ARG(text));
    snprintf(err->sqlstate, sizeof(err->sqlstate), "%s", e->sqlstate != NULL ? e->sqlstate : "");
    add_detail(err, e->detail);
    add_detail(err, e->context);
    if (e->hint != NULL)
        err_hint(err, "%s", e->hint);
    classify(err, e);
    if (err->code == ERR_LOCK && e->blockers.len > 0) {
        char who[ERR_DETAIL_MAX];
        snprintf(who, sizeof(who), "waited for %.*s", STR_ARG(e->blockers));
        add_detail(err, who);
    }
}

void pg_error_connection(struct err *err, const char *message, struct str name)
{
    struct str said = str_trim(str_of(message));
    err_kind(err, ERR_CONNECT, "no_server", "cannot connect to %.*s", STR_ARG(name));
    err_detail(err, "%.*s", STR_ARG(said));
    if (strstr(err->detail, "authentication failed") != NULL || strstr(err->detail, "no password supplied") != NULL) {
        snprintf(err->kind, sizeof(err->kind), "authentication");
        err_hint(err, "check role and password (pgpass, service file)");
    } else if (strstr(err->detail, "FATAL:  database") != NULL) {
        snprintf(err->kind, sizeof(err->kind), "no_database");
        err_hint(err, "create the database first");
    } else {
        err_hint(err, "is the server running, and are host and port right?");
    }
}

void pg_error_lost(struct err *err, struct str name)
{
    char said[ERR_DETAIL_MAX];
    memcpy(said, err->detail, sizeof(said));
    err_kind(err, ERR_CONNECT, "connection_lost", "the connection to %.*s was lost", STR_ARG(name));
    err_detail(err, "%s", said);
}

void pg_error_ended(struct err *err)
{
    err_kind(err, ERR_STATE, "transaction_ended", "the script ended the transaction that it runs in");
    err_hint(err, "remove BEGIN, COMMIT and ROLLBACK from the revision; what it committed stays in the database");
}
