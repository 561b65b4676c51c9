/* The rules for names that users choose: those of docs/REVISION_FORMAT.md, and Alembic's for ids and labels. */
#pragma once

#include <stdbool.h>

#include "skein/base/str.h"

enum {
    REVISION_ID_MAX = 32,    /* alembic_version.version_num is VARCHAR(32) */
    EXTENSION_NAME_MAX = 47, /* PostgreSQL's 63 bytes less "alembic_version_" */
    LABEL_MAX = 255,
};

/* NULL when `id` is a legal revision id, else the reason as half a sentence ("is empty", ...). */
const char *revision_id_problem(struct str id);

/* NULL when `name` is a legal extension name ([a-z][a-z0-9_]*, not `core`), else the reason. */
const char *extension_name_problem(struct str name);

/* `core` or a legal extension name. */
bool module_name_is_valid(struct str name);

/* "alembic_version" for core, else "alembic_version_<module>". */
struct str version_table_name(struct arena *a, struct str module);

/*
 * The name of its primary key: with "_pkc", as Alembic's. PostgreSQL would cut the ending off a long one, and what is
 * left is the table's own name.
 */
struct str version_key_name(struct arena *a, struct str version_table);
