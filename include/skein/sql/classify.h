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
