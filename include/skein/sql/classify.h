/*
 * What kind of statement this is, told by its first words: enough to warn before anything runs, without a
 * parser, so that agents can ask too. Comments between the words do not matter.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/str.h"
#include "skein/sql/engine.h"

enum statement_class {
    STATEMENT_PLAIN = 1,
    STATEMENT_TRANSACTION_CONTROL, /* BEGIN, COMMIT, ROLLBACK ...: would end the step's own transaction */
    STATEMENT_NO_TRANSACTION,      /* the engine refuses it inside a transaction: VACUUM, CREATE DATABASE ... */
};

enum statement_class statement_classify(enum engine engine, struct str statement);

/*
 * PostgreSQL: does it add a label to an enum? The label cannot be used before the transaction is committed (ALTER TYPE
 * in PostgreSQL's manual).
 */
bool statement_adds_label(struct str statement);

/*
 * SQLite: may a script use this PRAGMA? In a transaction those that look, or that are rolled back with it; without one
 * all but writable_schema. (PRAGMA foreign_keys is the migrator's: skein/db/migrate.h.)
 */
bool pragma_is_allowed(struct str name, bool transactional);
