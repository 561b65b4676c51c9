/*
 * The rules of lint, as rows: what is looked for, what it costs on a live database, and what to write instead.
 * docs/reference/lint.md is printed from them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/str.h"
#include "skein/sql/engine.h"

enum rule_id {
    RULE_UNSET = 0,
    /* what cannot work */
    RULE_SYNTAX_ERROR,
    RULE_TRANSACTION_CONTROL,
    RULE_NEEDS_NO_TRANSACTION,
    RULE_PRAGMA,
    RULE_SQLITE_ADD_COLUMN,
    RULE_SQLITE_DROP_COLUMN,
    RULE_CONCURRENT_ON_PARTITIONED,
    /* modules */
    RULE_OTHER_MODULES_TABLE,
    RULE_OTHER_MODULES_ROWS,
    RULE_CORE_NEEDS_EXTENSION,
    RULE_DEPENDENCY_MISSING,
    RULE_TWO_OWNERS,
    RULE_RESERVED_TABLE,
    RULE_EXTENSION_PREFIX,
    /* locks */
    RULE_INDEX_NOT_CONCURRENT,
    RULE_DROP_INDEX_NOT_CONCURRENT,
    RULE_REINDEX_NOT_CONCURRENT,
    RULE_REFRESH_NOT_CONCURRENT,
    RULE_DETACH_NOT_CONCURRENT,
    RULE_ATTACH_SCANS,
    RULE_TYPE_CHANGE,
    RULE_TABLE_REWRITE,
    RULE_VOLATILE_DEFAULT,
    RULE_STORED_GENERATED,
    RULE_SERIAL_COLUMN,
    RULE_SET_NOT_NULL,
    RULE_NOT_NULL_COLUMN,
    RULE_CHECK_VALIDATES,
    RULE_FOREIGN_KEY_VALIDATES,
    RULE_VALIDATE_SAME_TRANSACTION,
    RULE_KEY_BUILDS_INDEX,
    RULE_LOCK_TABLE,
    RULE_LONG_LOCK_TIMEOUT,
    RULE_MIXED_DDL_DML,
    /* data and users */
    RULE_DROP_TABLE,
    RULE_DROP_COLUMN,
    RULE_DROP_CASCADE,
    RULE_TRUNCATE,
    RULE_UPDATE_ALL_ROWS,
    RULE_DELETE_ALL_ROWS,
    RULE_RENAME_TABLE,
    RULE_RENAME_COLUMN,
    RULE_REBUILD_FOREIGN_KEYS,
    RULE_REBUILD_ORDER,
    RULE_ENUM_VALUE_USED,
    /* one script, many databases */
    RULE_SEARCH_PATH,
    RULE_PUBLIC_SCHEMA,
    RULE_SESSION_SETTING,
    RULE_WHOLE_SERVER,
    RULE_ROLE_NAME,
    RULE_LONG_NAME,
    /* steps */
    RULE_NOT_ALONE,
    RULE_NO_PROBE,
    RULE_NO_DOWN,
    RULE_DOWN_INCOMPLETE,
    /* switches */
    RULE_BAD_SWITCH,
    RULE_UNUSED_SWITCH,
    RULE_COUNT
};

enum lint_severity { LINT_UNSET = 0, LINT_NOTICE, LINT_WARNING, LINT_ERROR };

const char *lint_severity_name(enum lint_severity severity); /* "notice", "warning", "error" */

struct lint_rule {
    const char *id; /* "index_not_concurrent" */
    enum lint_severity severity;
    enum engine engine; /* ENGINE_UNSET: both */
    const char *lock;   /* PostgreSQL's lock mode that the statement takes; NULL: none to speak of */
    const char *title;  /* half a sentence: what is found */
    const char *why;    /* sentences */
    const char *bad;    /* SQL that is found; NULL where a file, not a statement, is */
    const char *safer;  /* what to do, sentences; the SQL of it is `good` */
    const char *good;   /* NULL: nothing to write */
};

/* The row of a rule. */
const struct lint_rule *lint_rule_get(enum rule_id id);

/* RULE_UNSET: there is none of that name. */
enum rule_id lint_rule_find(struct str id);
