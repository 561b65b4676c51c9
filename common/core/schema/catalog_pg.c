#include "skein/schema/catalog_pg.h"

#include <stdint.h>

#include "common/core/schema/catalog_pg_reads.h"
#include "common/core/schema/plain_pg.h"
#include "skein/schema/probe_pg.h"

enum { FIXED_COLUMNS = 8, EDGE_COLUMNS = 6, ALIAS_DEPTH = 4, KEYS_MAX = 32 };

/* Property keys of the rows of a query, in the order of its columns; a query of edges has none. */
static const char *const part_keys[CATALOG_PG_COUNT][KEYS_MAX] = {
    [CATALOG_PG_SCHEMA] = {"comment"},
    [CATALOG_PG_EXTENSION] = {"in", "in_default", "version", "default_version", "relocatable", "updates", "comment"},
    [CATALOG_PG_COLLATION] = {"provider", "locale", "collate", "ctype", "rules", "deterministic", "comment"},
    [CATALOG_PG_ENUM] = {"labels", "comment"},
    [CATALOG_PG_RANGE] = {"subtype", "opclass", "collation", "canonical", "subdiff", "multirange", "multirange_schema",
                          "comment"},
    [CATALOG_PG_COMPOSITE] = {"attributes", "comment"},
    [CATALOG_PG_DOMAIN] = {"type", "collation", "default", "not_null", "comment"},
    [CATALOG_PG_DOMAIN_CHECK] = {"domain", "type", "definition", "validity", "comment"},
    [CATALOG_PG_FUNCTION] = {"kind",     "name",     "types",      "arguments", "result",   "parameters",
                             "defaults", "language", "volatility", "strict",    "security", "leakproof",
                             "parallel", "cost",     "rows",       "settings",  "support",  "transforms",
                             "binary",   "source",   "atomic",     "aggregate", "comment"},
    [CATALOG_PG_VIEW] = {"definition", "columns", "options", "defaults", "column_comments", "method", "tablespace",
                         "unpopulated", "comment"},
    [CATALOG_PG_STATISTICS] = {"kinds", "columns", "relation", "target", "comment"},
    [CATALOG_PG_TRIGGER] = {"definition", "enabled", "comment"},
    [CATALOG_PG_POLICY] = {"command", "restrictive", "roles", "using", "check", "comment"},
    [CATALOG_PG_RULE] = {"definition", "enabled", "comment"},
    [CATALOG_PG_TABLE] = {"kind", "persistence", "options", "toast_options", "comment", "replica_identity",
                          "replica_index", "cluster", "inherits", "partition_key", "parent", "bound", "method",
                          "of_type", "row_security", "force_row_security"},
    [CATALOG_PG_COLUMN] = {"type",       "base",      "type_kind", "not_null",     "default",
                           "expression", "generated", "identity",  "seq_type",     "seq_start",
                           "seq_step",   "seq_min",   "seq_max",   "seq_cache",    "seq_cycle",
                           "seq_name",   "collation", "storage",   "type_storage", "compression",
                           "statistics", "options",   "comment",   "inherited",    "local"},
    [CATALOG_PG_CONSTRAINT] = {"type", "definition", "deferrable", "validity", "options", "ref_table", "columns",
                               "parent", "inherited", "comment"},
    [CATALOG_PG_INDEX] = {"unique", "definition", "parent", "expression", "statistics", "comment"},
    [CATALOG_PG_SEQUENCE] = {"seq_type", "seq_start", "seq_step", "seq_min", "seq_max", "seq_cache", "seq_cycle",
                             "persistence", "owner_schema", "owner_table", "owner_column", "comment"},
};

struct reader {
    struct arena *a;
    const struct catalog_rows *rows;
    struct str default_schema;
    struct schema *schema;
    struct index numbers; /* "classid/objid/objsubid" -> number of the object */
    struct err *err;
};

static struct str cell(const struct catalog_rows *rows, size_t row, size_t column)
{
    return rows->cells[row * rows->columns + column];
}

static struct str oid_key(struct reader *r, const struct catalog_rows *rows, size_t row, size_t column)
{
    return str_printf(r->a, "%.*s/%.*s/%.*s", STR_ARG(cell(rows, row, column)), STR_ARG(cell(rows, row, column + 1)),
                      STR_ARG(cell(rows, row, column + 2)));
}

static bool is_own_table(struct str name)
{
    return str_is(name, "skein_ledger") || str_is(name, "skein_state") || str_is(name, "alembic_version") ||
           str_starts(name, STR("alembic_version_"));
}

static enum object_kind kind_named(struct str name)
{
    for (enum object_kind kind = OBJECT_UNSET + 1; kind < OBJECT_KIND_COUNT; kind++)
        if (str_is(name, object_kind_name(kind)))
            return kind;
    return OBJECT_UNSET;
}

static size_t relation_named(const struct schema *s, struct str schema, struct str name)
{
    static const enum object_kind relations[] = {OBJECT_TABLE, OBJECT_VIEW, OBJECT_MATVIEW, OBJECT_DOMAIN};
    for (size_t i = 0; i < sizeof(relations) / sizeof(*relations); i++) {
        size_t found = schema_find(s, relations[i], schema, STR(""), name);
        if (found != SIZE_MAX)
            return found;
    }
    return SIZE_MAX;
}

static bool is_left_out(const struct reader *r, enum object_kind kind, struct str schema, struct str table,
                        struct str name)
{
    if (table.len > 0)
        return relation_named(r->schema, schema, table) == SIZE_MAX;
    return (kind == OBJECT_TABLE || kind == OBJECT_INDEX) && is_own_table(name);
}

static void add_properties(struct reader *r, const struct catalog_rows *rows, size_t row, const char *const *keys,
                           size_t number)
{
    for (size_t i = FIXED_COLUMNS; i < rows->columns; i++) {
        struct property p = {.key = keys[i - FIXED_COLUMNS], .value = cell(rows, row, i)};
        if (p.value.p != NULL && probe_pg_has(r->schema->objects.list.items[number].kind, p.key))
            p.value = pg_plain(r->a, p.value);
        if (p.value.p != NULL)
            vec_push(r->a, &r->schema->objects.list.items[number].properties.list, p);
    }
}

static bool add_object(struct reader *r, const struct catalog_rows *rows, size_t row, const char *const *keys)
{
    enum object_kind kind = kind_named(cell(rows, row, 0));
    struct str schema = cell(rows, row, 4), table = cell(rows, row, 5), name = cell(rows, row, 6);
    unsigned long long position = 0;
    if (kind == OBJECT_UNSET || !str_to_u64(cell(rows, row, 7), UINT32_MAX, &position))
        return err_set(r->err, ERR_INTERNAL, "a catalog query answers with the kind \"%.*s\" at \"%.*s\"",
                       STR_ARG(cell(rows, row, 0)), STR_ARG(cell(rows, row, 7)));
    if (str_eq(schema, r->default_schema))
        schema = STR("");
    if (is_left_out(r, kind, schema, table, name))
        return true;
    size_t number = schema_add(r->a, r->schema, kind, schema, table, name);
    r->schema->objects.list.items[number].position = (unsigned)position;
    add_properties(r, rows, row, keys, number);
    index_put(r->a, &r->numbers, oid_key(r, rows, row, 1), (uint32_t)number);
    return true;
}

/* Relations come before what belongs to them. */
static bool add_part(struct reader *r, enum catalog_pg_query query)
{
    const struct catalog_rows *rows = &r->rows[query];
    size_t keys = 0;
    while (keys < KEYS_MAX && part_keys[query][keys] != NULL)
        keys++;
    if (rows->count > 0 && rows->columns != FIXED_COLUMNS + keys)
        return err_set(r->err, ERR_INTERNAL, "catalog query %d has %zu columns, not %zu", (int)query, rows->columns,
                       FIXED_COLUMNS + keys);
    for (size_t i = 0; i < rows->count; i++)
        if (!add_object(r, rows, i, part_keys[query]))
            return false;
    return true;
}

/* A sub-object that is no object of its own (a column of a view) stands for the whole. */
static uint32_t number_at(struct reader *r, const struct catalog_rows *rows, size_t row, size_t column)
{
    uint32_t number = index_find(&r->numbers, oid_key(r, rows, row, column));
    if (number != INDEX_NONE || str_is(cell(rows, row, column + 2), "0"))
        return number;
    return index_find(&r->numbers, str_printf(r->a, "%.*s/%.*s/0", STR_ARG(cell(rows, row, column)),
                                              STR_ARG(cell(rows, row, column + 1))));
}

/* An alias may lead to an alias: an array's element is a table's row type. */
static void add_aliases(struct reader *r)
{
    const struct catalog_rows *rows = &r->rows[CATALOG_PG_ALIAS];
    bool found = true;
    for (int depth = 0; found && depth < ALIAS_DEPTH; depth++) {
        found = false;
        for (size_t i = 0; i < rows->count; i++) {
            struct str key = oid_key(r, rows, i, 0);
            uint32_t number = number_at(r, rows, i, 3);
            if (number == INDEX_NONE || index_find(&r->numbers, key) != INDEX_NONE)
                continue;
            index_put(r->a, &r->numbers, key, number);
            found = true;
        }
    }
}

static void add_need(struct reader *r, size_t number, size_t needed)
{
    struct object *o = &r->schema->objects.list.items[number];
    if (number == needed)
        return;
    for (size_t i = o->needs.list.count; i > 0; i--)
        if (o->needs.list.items[i - 1] == needed)
            return;
    vec_push(r->a, &o->needs.list, needed);
}

static void add_needs(struct reader *r)
{
    const struct catalog_rows *rows = &r->rows[CATALOG_PG_DEPEND];
    for (size_t i = 0; i < rows->count; i++) {
        uint32_t number = number_at(r, rows, i, 0), needed = number_at(r, rows, i, 3);
        if (number != INDEX_NONE && needed != INDEX_NONE)
            add_need(r, number, needed);
    }
}

/* What belongs to a relation needs it, and a relation needs its schema. */
static void add_owners(struct reader *r)
{
    for (size_t i = 0; i < r->schema->objects.list.count; i++) {
        struct object o = r->schema->objects.list.items[i];
        size_t owner = o.table.len > 0 ? relation_named(r->schema, o.schema, o.table)
                                       : schema_find(r->schema, OBJECT_SCHEMA, STR(""), STR(""), o.schema);
        if (owner != SIZE_MAX)
            add_need(r, i, owner);
    }
}

/* What a domain's check needs is needed by the domain, whose statement holds the check. */
static void add_checks(struct reader *r)
{
    for (size_t i = 0; i < r->schema->objects.list.count; i++) {
        struct object o = r->schema->objects.list.items[i];
        if (object_get(&o, "domain").p == NULL)
            continue;
        size_t domain = schema_find(r->schema, OBJECT_DOMAIN, o.schema, STR(""), o.table);
        for (size_t k = 0; domain != SIZE_MAX && k < o.needs.list.count; k++)
            add_need(r, domain, o.needs.list.items[k]);
    }
}

bool catalog_pg_build(struct arena *a, const struct catalog_rows rows[CATALOG_PG_COUNT], struct str default_schema,
                      struct schema *ret_schema, struct err *err)
{
    *ret_schema = (struct schema){.engine = ENGINE_POSTGRESQL};
    struct reader r = {.a = a, .rows = rows, .default_schema = default_schema, .schema = ret_schema, .err = err};
    for (enum catalog_pg_query query = CATALOG_PG_SCHEMA; query < CATALOG_PG_ALIAS; query++)
        if (!add_part(&r, query))
            return false;
    add_aliases(&r);
    add_needs(&r);
    add_owners(&r);
    add_checks(&r);
    catalog_pg_reads(a, ret_schema);
    return true;
}
