/* The SQL that would be safer, with the names of the statement at hand. Private to this folder. */
#pragma once

#include "common/core/lint/check.h"

/*
 * Fills in {table}, {column} (the act's name), {columns}, {other}, {type} and {name}, names quoted where they must be.
 * `name` is that of a constraint or an index; it may be empty where the template has no {name}.
 */
struct str suggest(const struct check *c, const struct act *act, struct str name, const char *template);

/* The author's statement with CONCURRENTLY behind `word`, in a section without a transaction; empty if it is long. */
struct str suggest_concurrently(const struct check *c, const char *word);

/* The name of the act's constraint, or one as PostgreSQL would make it: orders_user_id_fkey. */
struct str suggest_name(const struct check *c, const struct act *act, const char *suffix);
