/* What people are told about databases: for diagnosis. */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/db/db.h"

/* The URL without its passwords. */
struct str db_url_shown(struct arena *a, struct str url);

/* Whether a parameter or variable of this name holds a secret. */
bool db_name_is_secret(struct str name);

/* The version of the engine's library in this program ("15.8", "3.40.1"). */
struct str db_library_version(struct arena *a, enum engine engine);

/* The version of the server that it is connected to; SQLite's is the library's. */
bool db_server_version(struct db *db, struct arena *a, struct str *ret_version, struct err *err);
