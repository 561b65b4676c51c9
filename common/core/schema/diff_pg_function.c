/*
 * Functions, procedures and aggregates. One is replaced in place where its parameters and its result allow that; else
 * it goes with all that calls it (defaults, checks, indexes, triggers, views, policies) and is made again.
 */
#include "common/core/schema/diff_pg.h"
#include "common/core/schema/text_pg.h"

static bool is_aggregate(const struct object *o)
{
    return str_is(object_get(o, "kind"), "aggregate");
}

static struct str function_path(struct pg_diff *d, const struct object *o)
{
    return pg_qualified(d->a, o->schema, object_get(o, "name"));
}

static struct str function_noun(struct pg_diff *d, const struct object *o)
{
    struct str types = object_get(o, "types");
    const char *word = str_is(object_get(o, "kind"), "procedure") ? "PROCEDURE" : "FUNCTION";
    if (is_aggregate(o)) {
        word = "AGGREGATE";
        types = object_get(o, "arguments").len > 0 ? object_get(o, "arguments") : STR("*");
    }
    return str_printf(d->a, "%s %.*s(%.*s)", word, STR_ARG(function_path(d, o)), STR_ARG(types));
}

static enum pg_change function_compare(struct pg_diff *d, const struct object *from, const struct object *to)
{
    static const char *const keys[] = {"kind",       "arguments", "result",    "parameters", "language",
                                       "volatility", "strict",    "security",  "leakproof",  "parallel",
                                       "cost",       "rows",      "settings",  "support",    "binary",
                                       "source",     "atomic",    "aggregate", "transforms", "defaults"};
    bool differs = false;
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        differs = differs || pg_differs(from, to, keys[i]);
    if (!differs)
        return PG_SAME;
    return pg_function_can_replace(d->a, from, to) ? PG_ALTER : PG_REPLACE;
}

static void function_create(struct pg_diff *d, const struct object *to)
{
    pg_emit(d, "%.*s", STR_ARG(pg_function_text(d->a, to, function_path(d, to), false)));
}

static void function_alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    (void)from;
    pg_emit(d, "%.*s", STR_ARG(pg_function_text(d->a, to, function_path(d, to), true)));
}

const struct pg_kind pg_function_kind = {
    .rank = 14,
    .compare = function_compare,
    .noun = function_noun,
    .create = function_create,
    .alter = function_alter,
};
