#include "skein/db/catalog.h"

#include "embed/io_db.h"

static enum object_kind kind_of(struct str word)
{
    static const enum object_kind kinds[] = {OBJECT_TABLE,     OBJECT_FUNCTION,  OBJECT_SCHEMA,
                                             OBJECT_EXTENSION, OBJECT_COLLATION, OBJECT_STATISTICS};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (str_is(word, object_kind_name(kinds[i])))
            return kinds[i];
    return OBJECT_UNSET;
}

bool catalog_names(struct arena *a, struct db *db, struct catalog_names *ret_names, struct err *err)
{
    struct str sql = db->engine == ENGINE_SQLITE ? STR(sql_lite_names_sql) : STR(sql_pg_names_sql);
    struct db_rows rows;
    if (!db_query(db, a, sql, &db->schema, db->engine == ENGINE_SQLITE ? 0 : 1, &rows, err))
        return false;
    *ret_names = (struct catalog_names){0};
    for (size_t i = 0; i < rows.count; i++) {
        struct catalog_name n = {kind_of(db_cell(&rows, i, 0)), db_cell(&rows, i, 1), db_cell(&rows, i, 2)};
        vec_push(a, &ret_names->list, n);
    }
    return true;
}
