/* Names as PostgreSQL writes them. (SQLite: lite_quote() in skein/schema/lite_token.h.) */
#pragma once

#include "skein/base/arena.h"
#include "skein/base/str.h"

struct str pg_name(struct arena *a, struct str name); /* quoted where it must be */
