#include "skein/db/about.h"

#include "common/io/db/driver.h"
#include "common/io/db/redact.h"

struct str db_url_shown(struct arena *a, struct str url)
{
    return redact_url(a, url);
}

bool db_name_is_secret(struct str name)
{
    return redact_is_secret_name(name);
}

struct str db_library_version(struct arena *a, enum engine engine)
{
    if (engine == ENGINE_SQLITE)
        return str_of(lite_library_version());
    unsigned version = pg_library_version();
    return str_printf(a, "%u.%u", version / 10000, version % 10000);
}

bool db_server_version(struct db *db, struct arena *a, struct str *ret_version, struct err *err)
{
    struct db_rows rows;
    struct str sql = db->engine == ENGINE_SQLITE ? STR("SELECT sqlite_version()") : STR("SHOW server_version");
    if (!db_query(db, a, sql, NULL, 0, &rows, err))
        return false;
    *ret_version = db_cell(&rows, 0, 0);
    return true;
}
