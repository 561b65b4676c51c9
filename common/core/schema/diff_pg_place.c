/* Schemas and extensions. */
#include "common/core/schema/diff_pg.h"
#include "common/core/schema/text_pg.h"

static struct str schema_noun(struct pg_diff *d, const struct object *o)
{
    return str_printf(d->a, "SCHEMA %.*s", STR_ARG(pg_name(d->a, o->name)));
}

static void schema_create(struct pg_diff *d, const struct object *to)
{
    pg_emit(d, "CREATE %.*s", STR_ARG(schema_noun(d, to)));
}

const struct pg_kind pg_schema_kind = {.rank = 1, .noun = schema_noun, .create = schema_create};

static struct str extension_noun(struct pg_diff *d, const struct object *o)
{
    return str_printf(d->a, "EXTENSION %.*s", STR_ARG(pg_name(d->a, o->name)));
}

static bool can_update(struct pg_diff *d, const struct object *from, struct str version)
{
    struct pg_fields paths = pg_split(d->a, object_get(from, "updates"), PG_FIELD);
    for (size_t i = 0; i < paths.list.count; i++)
        if (str_eq(paths.list.items[i], version))
            return true;
    return false;
}

static enum pg_change extension_compare(struct pg_diff *d, const struct object *from, const struct object *to)
{
    bool moved = pg_differs(from, to, "in"), updated = pg_differs(from, to, "version");
    if ((moved && !pg_has(from, "relocatable")) || (updated && !can_update(d, from, object_get(to, "version"))))
        return PG_REPLACE;
    return moved || updated ? PG_ALTER : PG_SAME;
}

static void extension_create(struct pg_diff *d, const struct object *to)
{
    struct str sql = str_printf(d->a, "CREATE %.*s", STR_ARG(extension_noun(d, to)));
    if (!pg_has(to, "in_default"))
        sql = str_printf(d->a, "%.*s SCHEMA %.*s", STR_ARG(sql), STR_ARG(pg_name(d->a, object_get(to, "in"))));
    if (!str_eq(object_get(to, "version"), object_get(to, "default_version")))
        sql = str_printf(d->a, "%.*s VERSION %.*s", STR_ARG(sql), STR_ARG(pg_literal(d->a, object_get(to, "version"))));
    pg_emit(d, "%.*s", STR_ARG(sql));
}

static void extension_alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct str noun = extension_noun(d, to);
    if (pg_differs(from, to, "version"))
        pg_emit(d, "ALTER %.*s UPDATE TO %.*s", STR_ARG(noun), STR_ARG(pg_literal(d->a, object_get(to, "version"))));
    if (pg_differs(from, to, "in"))
        pg_emit(d, "ALTER %.*s SET SCHEMA %.*s", STR_ARG(noun), STR_ARG(pg_name(d->a, object_get(to, "in"))));
}

const struct pg_kind pg_extension_kind = {
    .rank = 2,
    .compare = extension_compare,
    .noun = extension_noun,
    .create = extension_create,
    .alter = extension_alter,
};
