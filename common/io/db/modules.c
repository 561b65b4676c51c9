#include "skein/db/modules.h"

#include "embed/io_db.h"
#include "skein/base/names.h"

static const struct str version_prefix = {"alembic_version_", sizeof("alembic_version_") - 1};

static bool list_tables(struct arena *a, struct db *db, struct db_rows *ret_rows, struct err *err)
{
    if (db->engine == ENGINE_POSTGRESQL)
        return db_query(db, a, str_of(sql_pg_modules_sql), &db->schema, 1, ret_rows, err);
    return db_query(db, a, str_of(sql_lite_modules_sql), NULL, 0, ret_rows, err);
}

static void add_module(struct arena *a, struct names *modules, struct str table)
{
    struct str name = str_from(table, version_prefix.len);
    if (str_starts(table, version_prefix) && extension_name_problem(name) == NULL)
        vec_push(a, &modules->list, name);
}

/* Extensions come sorted from the database; core goes where it belongs among them. */
static struct names with_core(struct arena *a, const struct names *extensions)
{
    struct names all = {0};
    size_t i = 0;
    for (; i < extensions->list.count && str_cmp(extensions->list.items[i], STR("core")) < 0; i++)
        vec_push(a, &all.list, extensions->list.items[i]);
    vec_push(a, &all.list, STR("core"));
    for (; i < extensions->list.count; i++)
        vec_push(a, &all.list, extensions->list.items[i]);
    return all;
}

bool modules_find(struct arena *a, struct db *db, struct names *ret_modules, struct err *err)
{
    struct names extensions = {0};
    struct db_rows rows;
    if (!list_tables(a, db, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        add_module(a, &extensions, db_cell(&rows, i, 0));
    if (extensions.list.count >= MODULES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d version tables", MODULES_MAX);
    *ret_modules = with_core(a, &extensions);
    return true;
}
