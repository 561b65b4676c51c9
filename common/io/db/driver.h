/* What db.c and the drivers share. */
#pragma once

#include "skein/db/db.h"

/* The part of a URL that the driver takes, and the options; both are copied. */
bool pg_open(struct str url, const struct db_options *options, struct db **ret_db, struct err *err);
bool lite_open(struct str url, const struct db_options *options, struct db **ret_db, struct err *err);

/* statfs(2)'s f_type of a file system whose locks SQLite cannot trust. */
bool lite_is_network_type(long type);

/* Of the client libraries: 150008, "3.40.1". */
unsigned pg_library_version(void);
const char *lite_library_version(void);

bool driver_cancelled(const struct db *db);
