#include "common/io/db/introspect.h"

#include "embed/io_db.h"
#include "skein/schema/catalog_lite.h"

static bool introspect_lite(struct db *db, struct arena *a, struct schema *ret_schema, struct err *err)
{
    struct lite_catalog catalog = {0};
    struct db_rows rows;
    if (!db_query(db, a, str_of(sql_lite_catalog_sql), NULL, 0, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct lite_catalog_row row = {.type = db_cell(&rows, i, 0),
                                       .name = db_cell(&rows, i, 1),
                                       .table = db_cell(&rows, i, 2),
                                       .sql = db_cell(&rows, i, 3)};
        vec_push(a, &catalog.list, row);
    }
    return catalog_lite(a, &catalog, ret_schema, err);
}

bool introspect_here(struct db *db, struct arena *a, struct schema *ret_schema, struct err *err)
{
    if (db->engine == ENGINE_SQLITE)
        return introspect_lite(db, a, ret_schema, err);
    return introspect_pg(db, a, ret_schema, err);
}

bool introspect(struct db *db, struct arena *a, struct schema *ret_schema, struct err *err)
{
    static const struct db_begin reading = {.read_only = true};
    if (db->engine == ENGINE_SQLITE)
        return introspect_here(db, a, ret_schema, err);
    if (!db_begin(db, &reading, err))
        return false;
    bool ok = introspect_here(db, a, ret_schema, err);
    db_rollback(db);
    return ok;
}

bool introspect_settle(struct db *from_db, struct schema *from, struct db *to_db, const struct schema *to,
                       struct arena *a, struct err *err)
{
    return from_db->engine == ENGINE_SQLITE || settle_pg(from_db, from, to_db, to, a, err);
}
