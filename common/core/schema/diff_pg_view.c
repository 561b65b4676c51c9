/*
 * Views and materialised views. A view is replaced in place where PostgreSQL can: its columns stay, new ones come
 * last. Else it goes with all that reads it and is made again, as it is when what it reads changes.
 */
#include <stdint.h>

#include "common/core/schema/diff_pg.h"
#include "common/core/schema/text_pg.h"

static struct str view_noun(struct pg_diff *d, const struct object *o)
{
    return str_printf(d->a, "%s %.*s", o->kind == OBJECT_VIEW ? "VIEW" : "MATERIALIZED VIEW",
                      STR_ARG(pg_path(d->a, o)));
}

/* COMMENT ON COLUMN for every column whose comment is another than in `from` (NULL: none was there). */
static void column_comments(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct pg_fields old = {0}, new = pg_split(d->a, object_get(to, "column_comments"), PG_RECORD);
    if (from != NULL)
        old = pg_split(d->a, object_get(from, "column_comments"), PG_RECORD);
    for (size_t i = 0; i < new.list.count; i++) {
        struct str column = pg_field(new.list.items[i], 0), comment = pg_field(new.list.items[i], 1);
        size_t at = pg_record_named(&old, column);
        if (at == SIZE_MAX || !str_eq(pg_field(old.list.items[at], 1), comment))
            pg_emit(d, "COMMENT ON COLUMN %.*s.%.*s IS %.*s", STR_ARG(pg_path(d->a, to)),
                    STR_ARG(pg_name(d->a, column)), STR_ARG(pg_literal(d->a, comment)));
    }
    for (size_t i = 0; i < old.list.count; i++) {
        struct str column = pg_field(old.list.items[i], 0);
        if (pg_record_named(&new, column) == SIZE_MAX)
            pg_emit(d, "COMMENT ON COLUMN %.*s.%.*s IS NULL", STR_ARG(pg_path(d->a, to)),
                    STR_ARG(pg_name(d->a, column)));
    }
}

static void column_defaults(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct pg_fields old = {0}, new = pg_split(d->a, object_get(to, "defaults"), PG_RECORD);
    if (from != NULL)
        old = pg_split(d->a, object_get(from, "defaults"), PG_RECORD);
    for (size_t i = 0; i < new.list.count; i++) {
        struct str column = pg_field(new.list.items[i], 0), value = pg_field(new.list.items[i], 1);
        size_t at = pg_record_named(&old, column);
        if (at == SIZE_MAX || !str_eq(pg_field(old.list.items[at], 1), value))
            pg_emit(d, "ALTER VIEW %.*s ALTER COLUMN %.*s SET DEFAULT %.*s", STR_ARG(pg_path(d->a, to)),
                    STR_ARG(pg_name(d->a, column)), STR_ARG(value));
    }
    for (size_t i = 0; i < old.list.count; i++) {
        struct str column = pg_field(old.list.items[i], 0);
        if (pg_record_named(&new, column) == SIZE_MAX)
            pg_emit(d, "ALTER VIEW %.*s ALTER COLUMN %.*s DROP DEFAULT", STR_ARG(pg_path(d->a, to)),
                    STR_ARG(pg_name(d->a, column)));
    }
}

/* The option that is written behind the query. */
static const char *check_option(const struct object *o)
{
    struct str rest = object_get(o, "options"), option;
    while (str_next(&rest, PG_FIELD, &option)) {
        if (str_is(option, "check_option=local"))
            return "\n  WITH LOCAL CHECK OPTION";
        if (str_is(option, "check_option=cascaded"))
            return "\n  WITH CASCADED CHECK OPTION";
    }
    return "";
}

/* The order of options means nothing. */
static bool same_options(struct arena *a, const struct object *from, const struct object *to)
{
    struct pg_fields old = pg_split(a, object_get(from, "options"), PG_FIELD);
    struct pg_fields new = pg_split(a, object_get(to, "options"), PG_FIELD);
    size_t found = 0;
    for (size_t i = 0; i < old.list.count; i++)
        for (size_t j = 0; j < new.list.count; j++)
            found += str_eq(old.list.items[i], new.list.items[j]);
    return found == old.list.count && found == new.list.count;
}

static struct str with_options(struct pg_diff *d, const struct object *o)
{
    struct str rest = object_get(o, "options"), option, list = STR("");
    while (str_next(&rest, PG_FIELD, &option))
        if (!str_starts(option, STR("check_option=")))
            list = str_printf(d->a, "%.*s%s%.*s", STR_ARG(list), list.len > 0 ? "\x1f" : "", STR_ARG(option));
    struct str options = pg_options_text(d->a, list);
    return options.len > 0 ? str_printf(d->a, " WITH (%.*s)", STR_ARG(options)) : STR("");
}

/* ---- views ---- */

static enum pg_change view_compare(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (!pg_view_can_replace(d->a, from, to))
        return PG_REPLACE;
    static const char *const keys[] = {"definition", "columns", "defaults", "column_comments"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (pg_differs(from, to, keys[i]))
            return PG_ALTER;
    return same_options(d->a, from, to) ? PG_SAME : PG_ALTER;
}

static void view_text(struct pg_diff *d, const struct object *to, const char *create)
{
    pg_emit(d, "%s VIEW %.*s%.*s AS\n  %.*s%s", create, STR_ARG(pg_path(d->a, to)), STR_ARG(with_options(d, to)),
            STR_ARG(object_get(to, "definition")), check_option(to));
}

static void view_create(struct pg_diff *d, const struct object *to)
{
    view_text(d, to, "CREATE");
    column_defaults(d, NULL, to);
    column_comments(d, NULL, to);
}

static void view_alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (pg_differs(from, to, "definition") || pg_differs(from, to, "columns") || !same_options(d->a, from, to))
        view_text(d, to, "CREATE OR REPLACE");
    column_defaults(d, from, to);
    column_comments(d, from, to);
}

const struct pg_kind pg_view_kind = {
    .rank = 52,
    .compare = view_compare,
    .noun = view_noun,
    .create = view_create,
    .alter = view_alter,
};

/* ---- materialised views ---- */

/* One that is filled is never emptied. */
static bool is_to_be_filled(const struct object *from, const struct object *to)
{
    return pg_has(from, "unpopulated") && !pg_has(to, "unpopulated");
}

static enum pg_change matview_compare(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (pg_differs(from, to, "definition") || pg_differs(from, to, "columns") || pg_differs(from, to, "method"))
        return PG_REPLACE;
    bool altered = !same_options(d->a, from, to) || pg_differs(from, to, "tablespace") ||
                   pg_differs(from, to, "column_comments") || is_to_be_filled(from, to);
    return altered ? PG_ALTER : PG_SAME;
}

static void matview_create(struct pg_diff *d, const struct object *to)
{
    struct str head = STR("");
    if (pg_has(to, "method"))
        head = str_printf(d->a, " USING %.*s", STR_ARG(pg_name(d->a, object_get(to, "method"))));
    head = str_printf(d->a, "%.*s%.*s", STR_ARG(head), STR_ARG(with_options(d, to)));
    if (pg_has(to, "tablespace"))
        head = str_printf(d->a, "%.*s TABLESPACE %.*s", STR_ARG(head),
                          STR_ARG(pg_name(d->a, object_get(to, "tablespace"))));
    pg_emit(d, "CREATE MATERIALIZED VIEW %.*s%.*s AS\n  %.*s%s", STR_ARG(pg_path(d->a, to)), STR_ARG(head),
            STR_ARG(object_get(to, "definition")), pg_has(to, "unpopulated") ? "\n  WITH NO DATA" : "");
    column_comments(d, NULL, to);
}

static void matview_options(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct str set = pg_options_text(d->a, object_get(to, "options")), path = pg_path(d->a, to);
    struct pg_fields old = pg_split(d->a, object_get(from, "options"), PG_FIELD);
    struct str reset = STR("");
    for (size_t i = 0; i < old.list.count; i++) {
        struct str option = old.list.items[i];
        reset = str_printf(d->a, "%.*s%s%.*s", STR_ARG(reset), i > 0 ? ", " : "",
                           STR_ARG(str_head(option, str_find(option, '='))));
    }
    if (reset.len > 0)
        pg_emit(d, "ALTER MATERIALIZED VIEW %.*s RESET (%.*s)", STR_ARG(path), STR_ARG(reset));
    if (set.len > 0)
        pg_emit(d, "ALTER MATERIALIZED VIEW %.*s SET (%.*s)", STR_ARG(path), STR_ARG(set));
}

static void matview_alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (!same_options(d->a, from, to))
        matview_options(d, from, to);
    if (pg_differs(from, to, "tablespace"))
        pg_emit(d, "ALTER MATERIALIZED VIEW %.*s SET TABLESPACE %.*s", STR_ARG(pg_path(d->a, to)),
                STR_ARG(pg_name(d->a, pg_has(to, "tablespace") ? object_get(to, "tablespace") : STR("pg_default"))));
    column_comments(d, from, to);
    if (is_to_be_filled(from, to))
        pg_emit(d, "REFRESH MATERIALIZED VIEW %.*s", STR_ARG(pg_path(d->a, to)));
}

const struct pg_kind pg_matview_kind = {
    .rank = 53,
    .compare = matview_compare,
    .noun = view_noun,
    .create = matview_create,
    .alter = matview_alter,
};
