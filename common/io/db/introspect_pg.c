/* PostgreSQL's catalog: one batch of queries in the transaction that is open. */
#include "common/io/db/introspect.h"
#include "skein/schema/catalog_pg.h"

#include "embed/io_db.h"

static const char *const queries[CATALOG_PG_COUNT] = {
    [CATALOG_PG_SCHEMA] = sql_catalog_pg_schema_sql,
    [CATALOG_PG_EXTENSION] = sql_catalog_pg_extension_sql,
    [CATALOG_PG_COLLATION] = sql_catalog_pg_collation_sql,
    [CATALOG_PG_ENUM] = sql_catalog_pg_enum_sql,
    [CATALOG_PG_RANGE] = sql_catalog_pg_range_sql,
    [CATALOG_PG_COMPOSITE] = sql_catalog_pg_composite_sql,
    [CATALOG_PG_DOMAIN] = sql_catalog_pg_domain_sql,
    [CATALOG_PG_DOMAIN_CHECK] = sql_catalog_pg_domain_check_sql,
    [CATALOG_PG_FUNCTION] = sql_catalog_pg_function_sql,
    [CATALOG_PG_TABLE] = sql_catalog_pg_table_sql,
    [CATALOG_PG_VIEW] = sql_catalog_pg_view_sql,
    [CATALOG_PG_COLUMN] = sql_catalog_pg_column_sql,
    [CATALOG_PG_CONSTRAINT] = sql_catalog_pg_constraint_sql,
    [CATALOG_PG_INDEX] = sql_catalog_pg_index_sql,
    [CATALOG_PG_SEQUENCE] = sql_catalog_pg_sequence_sql,
    [CATALOG_PG_STATISTICS] = sql_catalog_pg_statistics_sql,
    [CATALOG_PG_TRIGGER] = sql_catalog_pg_trigger_sql,
    [CATALOG_PG_POLICY] = sql_catalog_pg_policy_sql,
    [CATALOG_PG_RULE] = sql_catalog_pg_rule_sql,
    [CATALOG_PG_ALIAS] = sql_catalog_pg_alias_sql,
    [CATALOG_PG_DEPEND] = sql_catalog_pg_depend_sql,
};

static void add_settings(struct db *db, struct arena *a, struct db_item *items)
{
    items[0] =
        (struct db_item){.kind = DB_ITEM_SQL,
                         .sql = str_printf(a, "SET LOCAL search_path = %.*s", STR_ARG(db_quote_name(a, db->schema)))};
    items[1] = (struct db_item){.kind = DB_ITEM_SQL, .sql = STR("SET LOCAL quote_all_identifiers = off")};
}

bool introspect_pg(struct db *db, struct arena *a, struct schema *ret_schema, struct err *err)
{
    enum { SETTINGS = 2 };
    struct db_item items[SETTINGS + CATALOG_PG_COUNT] = {0};
    struct catalog_rows rows[CATALOG_PG_COUNT];
    struct db_batch batch = {.items = items, .count = SETTINGS + CATALOG_PG_COUNT};
    add_settings(db, a, items);
    for (size_t i = 0; i < CATALOG_PG_COUNT; i++)
        items[SETTINGS + i] = (struct db_item){.kind = DB_ITEM_SQL, .sql = str_of(queries[i]), .want = DB_WANT_ROWS};
    if (!db_run(db, a, &batch, err))
        return err_wrap(err, "reading the catalog of %.*s", STR_ARG(db->name));
    for (size_t i = 0; i < CATALOG_PG_COUNT; i++) {
        const struct db_rows *got = &items[SETTINGS + i].rows;
        rows[i] = (struct catalog_rows){.columns = got->columns, .count = got->count, .cells = got->cells};
    }
    return catalog_pg_build(a, rows, db->schema, ret_schema, err);
}
