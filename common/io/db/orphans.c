/*
 * PRAGMA foreign_key_check ends with an error at the first foreign key that refers to columns which are no key. Such
 * a schema is of no use with enforcement on, but it can be made and migrated. Then each table is asked by itself.
 */
#include "common/io/db/orphans.h"

static bool is_mismatch(const struct err *err)
{
    return str_starts(str_of(err->text), STR("foreign key mismatch"));
}

static void count(struct orphans *o, const struct db_rows *rows)
{
    if (rows->count == 0)
        return;
    o->count += rows->count;
    o->child = db_cell(rows, rows->count - 1, 0);
    o->parent = db_cell(rows, rows->count - 1, 2);
}

static bool ask_each(struct db *db, struct arena *a, struct orphans *o, struct err *err)
{
    struct db_rows tables, rows;
    if (!db_query(db, a, STR("SELECT name FROM main.sqlite_schema WHERE type = 'table'"), NULL, 0, &tables, err))
        return false;
    for (size_t i = 0; i < tables.count; i++) {
        struct str sql =
            str_printf(a, "PRAGMA main.foreign_key_check(%.*s)", STR_ARG(db_quote_name(a, db_cell(&tables, i, 0))));
        struct err problem = {0};
        if (db_query(db, a, sql, NULL, 0, &rows, &problem)) {
            count(o, &rows);
        } else if (!is_mismatch(&problem)) {
            *err = problem;
            return false;
        }
    }
    return true;
}

bool orphans_find(struct db *db, struct arena *a, struct orphans *ret_orphans, struct err *err)
{
    struct orphans o = {0};
    struct db_rows rows;
    struct err problem = {0};
    if (db_query(db, a, STR("PRAGMA foreign_key_check"), NULL, 0, &rows, &problem)) {
        count(&o, &rows);
    } else if (!is_mismatch(&problem)) {
        *err = problem;
        return false;
    } else if (!ask_each(db, a, &o, err)) {
        return false;
    }
    *ret_orphans = o;
    return true;
}
