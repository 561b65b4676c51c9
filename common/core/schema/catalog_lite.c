#include "skein/schema/catalog_lite.h"

#include "skein/schema/lite_parse.h"

static bool is_own(struct str table)
{
    return lite_same_name(table, STR("skein_ledger")) || lite_same_name(table, STR("skein_state")) ||
           lite_same_name(table, STR("alembic_version")) || str_starts(table, STR("alembic_version_"));
}

static enum object_kind kind_of(struct str type)
{
    static const enum object_kind kinds[] = {OBJECT_TABLE, OBJECT_INDEX, OBJECT_VIEW, OBJECT_TRIGGER};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (str_is(type, object_kind_name(kinds[i])))
            return kinds[i];
    return OBJECT_UNSET;
}

static struct object *add(struct arena *a, struct schema *s, enum object_kind kind, struct str table, struct str name)
{
    size_t number = schema_add(a, s, kind, STR_NONE, table, name);
    s->objects.list.items[number].position = (unsigned)(number + 1);
    return &s->objects.list.items[number];
}

static void add_column(struct arena *a, struct schema *s, struct str table, const struct lite_column *c, size_t i)
{
    struct object *o = add(a, s, OBJECT_COLUMN, table, c->name);
    o->position = (unsigned)(i + 1);
    if (c->type.len > 0)
        object_set(a, o, "type", c->type);
    if (c->default_text.len > 0)
        object_set(a, o, "default", c->default_text);
    if (c->not_null)
        object_set(a, o, "not_null", STR("yes"));
    if (c->generated)
        object_set(a, o, "generated", STR("yes"));
}

static bool add_columns(struct arena *a, struct schema *s, const struct lite_catalog_row *row, struct err *err)
{
    struct lite_table t;
    if (!lite_table_parse(a, row->sql, NULL, &t, err))
        return err_wrap(err, "table %.*s", STR_ARG(row->name));
    for (size_t i = 0; i < t.columns.list.count; i++)
        add_column(a, s, row->name, &t.columns.list.items[i], i);
    return true;
}

bool catalog_lite(struct arena *a, const struct lite_catalog *rows, struct schema *ret_schema, struct err *err)
{
    struct schema s = {.engine = ENGINE_SQLITE};
    for (size_t i = 0; i < rows->list.count; i++) {
        const struct lite_catalog_row *row = &rows->list.items[i];
        enum object_kind kind = kind_of(row->type);
        bool hangs = kind == OBJECT_INDEX || kind == OBJECT_TRIGGER;
        if (kind == OBJECT_UNSET || is_own(row->table))
            continue;
        struct object *o = add(a, &s, kind, hangs ? row->table : STR_NONE, row->name);
        object_set(a, o, "sql", str_copy(a, row->sql));
        if (kind == OBJECT_TABLE && !add_columns(a, &s, row, err))
            return false;
    }
    *ret_schema = s;
    return true;
}
