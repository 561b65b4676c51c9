/* The two halves of grammar_check(). Private to this folder. */
#pragma once

#include "skein/sql/grammar.h"

bool grammar_check_postgresql(struct arena *a, struct str statement, struct syntax_error *ret_error);
bool grammar_check_sqlite(struct arena *a, struct str statement, struct syntax_error *ret_error);
