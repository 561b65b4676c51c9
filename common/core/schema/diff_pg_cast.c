/*
 * Changing a column's type: where the server converts by itself (an assignment), nothing is written, because an
 * explicit cast may cut values off silently where an assignment fails. Else a cast is written, by way of text where
 * there is none from the one type to the other.
 */
#include "common/core/schema/diff_pg.h"

enum family {
    FAMILY_NONE = 0,
    FAMILY_STRING,
    FAMILY_NUMBER,
    FAMILY_MONEY,
    FAMILY_TIMESTAMP,
    FAMILY_DATE,
    FAMILY_TIME,
    FAMILY_TIMETZ,
    FAMILY_INTERVAL,
    FAMILY_JSON,
    FAMILY_ADDRESS,
    FAMILY_MAC,
    FAMILY_BITS,
    FAMILY_BOOLEAN,
    FAMILY_INTEGER,
};

struct type_family {
    const char *type;
    enum family family;
};

static const struct type_family families[] = {
    {"text", FAMILY_STRING},
    {"character varying", FAMILY_STRING},
    {"character", FAMILY_STRING},
    {"name", FAMILY_STRING},
    {"smallint", FAMILY_INTEGER},
    {"integer", FAMILY_INTEGER},
    {"bigint", FAMILY_INTEGER},
    {"numeric", FAMILY_NUMBER},
    {"real", FAMILY_NUMBER},
    {"double precision", FAMILY_NUMBER},
    {"money", FAMILY_MONEY},
    {"timestamp without time zone", FAMILY_TIMESTAMP},
    {"timestamp with time zone", FAMILY_TIMESTAMP},
    {"date", FAMILY_DATE},
    {"time without time zone", FAMILY_TIME},
    {"time with time zone", FAMILY_TIMETZ},
    {"interval", FAMILY_INTERVAL},
    {"json", FAMILY_JSON},
    {"jsonb", FAMILY_JSON},
    {"inet", FAMILY_ADDRESS},
    {"cidr", FAMILY_ADDRESS},
    {"macaddr", FAMILY_MAC},
    {"macaddr8", FAMILY_MAC},
    {"bit", FAMILY_BITS},
    {"bit varying", FAMILY_BITS},
    {"boolean", FAMILY_BOOLEAN},
};

static enum family family_of(struct str type)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
        if (str_is(type, families[i].type))
            return families[i].family;
    return FAMILY_NONE;
}

struct conversion {
    enum family from, to;
    bool assigned; /* by itself; else an explicit cast exists */
};

/* Beyond those within a family and to strings, which are all assigned. */
static const struct conversion conversions[] = {
    {FAMILY_INTEGER, FAMILY_NUMBER, true}, {FAMILY_NUMBER, FAMILY_INTEGER, true}, {FAMILY_INTEGER, FAMILY_MONEY, false},
    {FAMILY_NUMBER, FAMILY_MONEY, false},  {FAMILY_MONEY, FAMILY_NUMBER, false},  {FAMILY_TIMESTAMP, FAMILY_DATE, true},
    {FAMILY_DATE, FAMILY_TIMESTAMP, true}, {FAMILY_TIMESTAMP, FAMILY_TIME, true}, {FAMILY_TIME, FAMILY_TIMETZ, true},
    {FAMILY_TIMETZ, FAMILY_TIME, true},    {FAMILY_TIME, FAMILY_INTERVAL, true},  {FAMILY_INTERVAL, FAMILY_TIME, true},
    {FAMILY_STRING, FAMILY_NONE, false},   {FAMILY_JSON, FAMILY_INTEGER, false},  {FAMILY_JSON, FAMILY_NUMBER, false},
    {FAMILY_JSON, FAMILY_BOOLEAN, false},  {FAMILY_BITS, FAMILY_INTEGER, false},  {FAMILY_INTEGER, FAMILY_BITS, false},
};

/* "integer[]" is "integer", and *ret_array true. */
static struct str element_of(struct str type, bool *ret_array)
{
    *ret_array = str_ends(type, STR("[]"));
    return *ret_array ? str_head(type, type.len - 2) : type;
}

enum cast { CAST_ASSIGNED, CAST_DIRECT, CAST_BY_TEXT };

static enum cast cast_between(enum family from, enum family to, struct str from_type, struct str to_type)
{
    if (str_eq(from_type, to_type) || to == FAMILY_STRING || (from == to && from != FAMILY_NONE))
        return CAST_ASSIGNED;
    if (from == FAMILY_STRING)
        return CAST_DIRECT;
    for (size_t i = 0; i < sizeof(conversions) / sizeof(*conversions); i++)
        if (conversions[i].from == from && conversions[i].to == to)
            return conversions[i].assigned ? CAST_ASSIGNED : CAST_DIRECT;
    return CAST_BY_TEXT;
}

static bool is_boolean_and_integer(struct str from, struct str to)
{
    enum family a = family_of(from), b = family_of(to);
    return (a == FAMILY_BOOLEAN && b == FAMILY_INTEGER) || (a == FAMILY_INTEGER && b == FAMILY_BOOLEAN);
}

/* Of all integers only this one casts to and from boolean. */
static struct str boolean_using(struct pg_diff *d, struct str column, struct str from, struct str to)
{
    bool middle = !str_is(from, "integer") && !str_is(to, "integer");
    return str_printf(d->a, "%.*s%s::%.*s", STR_ARG(column), middle ? "::integer" : "",
                      STR_ARG(pg_type_text(d->a, to)));
}

/* The type that a column needs and that is made again; NULL: none. */
static const struct object *replaced_type(struct pg_diff *d, const struct object *from)
{
    for (size_t i = 0; i < from->needs.list.count; i++) {
        const struct object *o = pg_from(d, from->needs.list.items[i]);
        bool is_type = o->kind == OBJECT_ENUM || o->kind == OBJECT_COMPOSITE || o->kind == OBJECT_RANGE ||
                       o->kind == OBJECT_DOMAIN;
        if (is_type && pg_item_from(d, o)->change == PG_REPLACE)
            return o;
    }
    return NULL;
}

/* The new type of a composite one whose attributes went to other places; NULL: text leads from the old to the new. */
static const struct object *rearranged(struct pg_diff *d, const struct object *type)
{
    if (type == NULL || type->kind != OBJECT_COMPOSITE)
        return NULL;
    const struct object *now = pg_to(d, pg_item_from(d, type)->to);
    return now == NULL || pg_attributes_stay_in_place(d, type, now) ? NULL : now;
}

/* Of two built-in types, or of two whose text is all that is known; `from` and `to` are elements of arrays or not. */
static struct str cast_text(struct pg_diff *d, const struct object *from, const struct object *to, enum cast cast)
{
    bool from_array, to_array;
    struct str column = pg_name(d->a, to->name), type = object_get(to, "type");
    struct str old = element_of(object_get(from, "base"), &from_array);
    struct str new = element_of(object_get(to, "base"), &to_array);
    if (!from_array && to_array) /* a value becomes an array of one */
        return str_printf(d->a, "CASE WHEN %.*s IS NOT NULL THEN ARRAY[%.*s]%s::%.*s END", STR_ARG(column),
                          STR_ARG(column), cast == CAST_BY_TEXT ? "::text[]" : "", STR_ARG(pg_type_text(d->a, type)));
    if (cast == CAST_ASSIGNED)
        return STR("");
    if (is_boolean_and_integer(old, new) && !from_array)
        return boolean_using(d, column, old, new);
    const char *middle = cast == CAST_DIRECT ? "" : from_array && to_array ? "::text[]" : "::text";
    return str_printf(d->a, "%.*s%s::%.*s", STR_ARG(column), middle, STR_ARG(pg_type_text(d->a, type)));
}

/* From the elements' types alone. */
static enum cast cast_of(const struct object *from, const struct object *to)
{
    bool from_array, to_array;
    struct str old = element_of(object_get(from, "base"), &from_array);
    struct str new = element_of(object_get(to, "base"), &to_array);
    if (!from_array || to_array)
        return cast_between(family_of(old), family_of(new), old, new);
    return family_of(new) == FAMILY_STRING ? CAST_ASSIGNED : CAST_BY_TEXT;
}

struct str pg_using(struct pg_diff *d, const struct object *from, const struct object *to)
{
    const struct object *type_from = replaced_type(d, from), *type_to = rearranged(d, type_from);
    if (type_to == NULL)
        return cast_text(d, from, to, type_from != NULL ? CAST_BY_TEXT : cast_of(from, to));
    if (str_eq(object_get(from, "type"), pg_path(d->a, type_from)) &&
        str_eq(object_get(to, "type"), pg_path(d->a, type_to)))
        return pg_row_using(d, pg_name(d->a, to->name), type_from, type_to);
    pg_cannot(d, from, type_from, "values in arrays or within other types would land in other attributes");
    return STR("");
}
