#include "skein/schema/model.h"

#include <stdint.h>

static const char *const kind_names[OBJECT_KIND_COUNT] = {
    [OBJECT_UNSET] = "unset",
    [OBJECT_SCHEMA] = "schema",
    [OBJECT_EXTENSION] = "extension",
    [OBJECT_COLLATION] = "collation",
    [OBJECT_ENUM] = "enum",
    [OBJECT_DOMAIN] = "domain",
    [OBJECT_COMPOSITE] = "composite",
    [OBJECT_RANGE] = "range",
    [OBJECT_SEQUENCE] = "sequence",
    [OBJECT_TABLE] = "table",
    [OBJECT_COLUMN] = "column",
    [OBJECT_CONSTRAINT] = "constraint",
    [OBJECT_INDEX] = "index",
    [OBJECT_VIEW] = "view",
    [OBJECT_MATVIEW] = "materialized view",
    [OBJECT_FUNCTION] = "function",
    [OBJECT_TRIGGER] = "trigger",
    [OBJECT_POLICY] = "policy",
    [OBJECT_RULE] = "rule",
    [OBJECT_STATISTICS] = "statistics",
};

const char *object_kind_name(enum object_kind kind)
{
    return kind < OBJECT_KIND_COUNT ? kind_names[kind] : "unset";
}

struct str object_key(struct arena *a, enum object_kind kind, struct str schema, struct str table, struct str name)
{
    /* The names' lengths keep "a.b" + "c" apart from "a" + "b.c". */
    return str_printf(a, "%s %zu.%zu %.*s.%.*s.%.*s", object_kind_name(kind), schema.len, table.len, STR_ARG(schema),
                      STR_ARG(table), STR_ARG(name));
}

size_t schema_add(struct arena *a, struct schema *s, enum object_kind kind, struct str schema, struct str table,
                  struct str name)
{
    struct object o = {
        .kind = kind, .schema = str_copy(a, schema), .table = str_copy(a, table), .name = str_copy(a, name)};
    struct str key = object_key(a, kind, schema, table, name);
    uint32_t old = index_find(&s->names, key);
    if (old != INDEX_NONE) {
        s->objects.list.items[old] = o;
        return old;
    }
    vec_push(a, &s->objects.list, o);
    index_put(a, &s->names, key, (uint32_t)(s->objects.list.count - 1));
    return s->objects.list.count - 1;
}

size_t schema_find(const struct schema *s, enum object_kind kind, struct str schema, struct str table, struct str name)
{
    struct arena scratch = {0};
    uint32_t number = index_find(&s->names, object_key(&scratch, kind, schema, table, name));
    arena_release(&scratch);
    return number == INDEX_NONE ? SIZE_MAX : number;
}

struct str object_get(const struct object *o, const char *key)
{
    for (size_t i = 0; i < o->properties.list.count; i++)
        if (strcmp(o->properties.list.items[i].key, key) == 0)
            return o->properties.list.items[i].value;
    return STR_NONE;
}

void object_set(struct arena *a, struct object *o, const char *key, struct str value)
{
    for (size_t i = 0; i < o->properties.list.count; i++)
        if (strcmp(o->properties.list.items[i].key, key) == 0) {
            o->properties.list.items[i].value = value;
            return;
        }
    struct property p = {.key = key, .value = value};
    vec_push(a, &o->properties.list, p);
}
