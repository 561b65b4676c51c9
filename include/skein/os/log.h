/*
 * The log of a daemon: one event a line on a descriptor (stderr), as
 *
 *     2026-11-22T10:00:00.123Z warning skein-agent: target is gone target=shop_7 reason="file vanished"
 *
 * Values are quoted where they must be and control characters, quotes and bytes that are not UTF-8 are
 * escaped: no text of a peer can forge a line or move a terminal's cursor. A secret has no place in a
 * field: callers log names, hashes and errors whose makers have hidden passwords. Only daemons log;
 * library code returns errors.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skein/base/err.h"
#include "skein/base/level.h"
#include "skein/base/str.h"

const char *log_level_name(enum log_level level); /* "error", "warning", "info", "debug" */
bool log_level_parse(struct str name, enum log_level *ret_level);

struct log {
    int fd;
    enum log_level level; /* the least urgent level that is written */
    const char *program;
};

enum { LOG_VALUE_MAX = 512, LOG_LINE_MAX = 4096 }; /* bytes; what is longer is cut and ends in "..." */

struct log_field {
    const char *key;       /* a literal; NULL ends the list */
    struct str text;       /* when not a number */
    int64_t number;        /* when is_number */
    const struct err *err; /* written as error=, detail=, hint=, kind=, sqlstate= */
    bool is_number;
};

struct log_field log_text(const char *key, const char *value);
struct log_field log_str(const char *key, struct str value);
struct log_field log_number(const char *key, int64_t value);
struct log_field log_failure(const struct err *err);

#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {0}})

/* One line, in one write(2). `event` is a literal sentence without values; `fields` may be NULL. */
void log_event(const struct log *l, enum log_level level, const char *event, const struct log_field *fields);

/*
 * Keeps a peer from filling the disk: at most `burst` lines per `interval_ms`. When one is allowed,
 * *ret_dropped is how many were held back since the last allowed one.
 */
struct log_limit {
    int64_t interval_ms;
    unsigned burst;
    int64_t since;
    unsigned used, dropped;
};

bool log_allowed(struct log_limit *l, int64_t now_ms, unsigned *ret_dropped);
