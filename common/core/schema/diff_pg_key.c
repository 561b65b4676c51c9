/* Constraints of tables (and the checks of domains), and indexes. */
#include "common/core/schema/diff_pg.h"

#include <stdint.h>

static bool is_type(const struct object *o, const char *type)
{
    return str_is(object_get(o, "type"), type);
}

static bool is_same_relation(const struct object *o, const struct object *other)
{
    return str_eq(o->schema, other->schema) && str_eq(o->table, other->table);
}

/* ---- constraints: text ---- */

/* The suffix of the name that the server would give it, or NULL. */
static const char *made_suffix(const struct object *o)
{
    return is_type(o, "p")   ? "pkey"
           : is_type(o, "u") ? "key"
           : is_type(o, "f") ? "fkey"
           : is_type(o, "c") ? "check"
                             : NULL;
}

static bool is_one_column(const struct object *o)
{
    struct str columns = object_get(o, "columns");
    return columns.len > 0 && (columns.p[0] == '"' ? str_find(str_from(columns, 1), '"') + 2 == columns.len
                                                   : str_find(columns, ',') == columns.len);
}

/* The column's name as it is in the catalog, when there is one column only. */
static struct str bare_column(const struct object *o)
{
    struct str c = object_get(o, "columns");
    return c.len > 1 && c.p[0] == '"' ? str_head(str_from(c, 1), c.len - 2) : c;
}

bool pg_constraint_made_name(struct pg_diff *d, const struct object *o)
{
    const char *suffix = made_suffix(o);
    if (suffix == NULL || (!is_type(o, "p") && !is_one_column(o)))
        return false;
    struct str column = is_type(o, "p") ? STR("") : bare_column(o);
    return str_eq(o->name, pg_made_name(d->a, o->table, column, suffix));
}

void pg_constraint_text(struct pg_diff *d, const struct object *o, bool named, struct strbuf *out)
{
    if (named)
        strbuf_printf(out, "CONSTRAINT %.*s ", STR_ARG(pg_name(d->a, o->name)));
    strbuf_add(out, object_get(o, "definition"));
    if (pg_has(o, "options"))
        strbuf_printf(out, " WITH (%.*s)", STR_ARG(object_get(o, "options")));
    if (pg_has(o, "deferrable"))
        strbuf_printf(out, " %.*s", STR_ARG(object_get(o, "deferrable")));
    if (pg_has(o, "validity"))
        strbuf_printf(out, " %.*s", STR_ARG(object_get(o, "validity")));
}

/* ---- constraints: changes ---- */

static const char *relation_word(const struct object *o)
{
    return pg_has(o, "domain") ? "DOMAIN" : "TABLE";
}

static enum pg_change compare(struct pg_diff *d, const struct object *from, const struct object *to)
{
    (void)d;
    if (pg_has(from, "parent") && pg_has(to, "parent"))
        return PG_SAME;
    if (pg_differs(from, to, "definition") || pg_differs(from, to, "type"))
        return PG_REPLACE;
    if (pg_differs(from, to, "deferrable"))
        return is_type(to, "f") ? PG_ALTER : PG_REPLACE;
    if (pg_differs(from, to, "validity"))
        return pg_has(to, "validity") ? PG_REPLACE : PG_ALTER;
    return pg_differs(from, to, "options") ? PG_ALTER : PG_SAME;
}

static struct str noun(struct pg_diff *d, const struct object *o)
{
    return str_printf(d->a, "CONSTRAINT %.*s ON %s%.*s", STR_ARG(pg_name(d->a, o->name)),
                      pg_has(o, "domain") ? "DOMAIN " : "", STR_ARG(pg_owner(d->a, o)));
}

static void create(struct pg_diff *d, const struct object *to)
{
    struct strbuf text;
    pg_text_init(&text);
    pg_constraint_text(d, to, true, &text);
    pg_emit(d, "ALTER %s %.*s ADD %s", relation_word(to), STR_ARG(pg_owner(d->a, to)), pg_take(d->a, &text));
}

static void drop(struct pg_diff *d, const struct object *from)
{
    pg_emit(d, "ALTER %s %.*s DROP CONSTRAINT %.*s", relation_word(from), STR_ARG(pg_owner(d->a, from)),
            STR_ARG(pg_name(d->a, from->name)));
}

/* RESET of all options and SET of the new ones. */
static void change_options(struct pg_diff *d, const char *what, struct str name, const struct object *from,
                           const struct object *to)
{
    struct str rest = object_get(from, "options"), part;
    struct strbuf gone;
    pg_text_init(&gone);
    while (str_next(&rest, ',', &part)) {
        struct str key = str_trim(str_head(part, str_find(part, '=')));
        strbuf_printf(&gone, "%s%.*s", gone.len > 0 ? ", " : "", STR_ARG(key));
    }
    struct str reset = str_of(pg_take(d->a, &gone));
    if (reset.len > 0)
        pg_emit(d, "ALTER %s %.*s RESET (%.*s)", what, STR_ARG(name), STR_ARG(reset));
    if (pg_has(to, "options"))
        pg_emit(d, "ALTER %s %.*s SET (%.*s)", what, STR_ARG(name), STR_ARG(object_get(to, "options")));
}

static void alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct str table = pg_owner(d->a, to), name = pg_name(d->a, to->name);
    const char *word = relation_word(to);
    if (!str_eq(from->name, to->name))
        pg_emit(d, "ALTER %s %.*s RENAME CONSTRAINT %.*s TO %.*s", word, STR_ARG(table),
                STR_ARG(pg_name(d->a, from->name)), STR_ARG(name));
    if (pg_differs(from, to, "deferrable"))
        pg_emit(d, "ALTER TABLE %.*s ALTER CONSTRAINT %.*s %.*s", STR_ARG(table), STR_ARG(name),
                STR_ARG(pg_has(to, "deferrable") ? object_get(to, "deferrable") : STR("NOT DEFERRABLE")));
    if (pg_differs(from, to, "validity"))
        pg_emit(d, "ALTER %s %.*s VALIDATE CONSTRAINT %.*s", word, STR_ARG(table), STR_ARG(name));
    if (pg_differs(from, to, "options"))
        change_options(d, "INDEX", pg_qualified(d->a, to->schema, to->name), from, to);
}

/* ---- what hangs on columns whose type changes ---- */

static bool is_integer(struct str type)
{
    return str_is(type, "smallint") || str_is(type, "integer") || str_is(type, "bigint");
}

static bool is_retyped(const struct pg_diff *d, const struct object *column)
{
    const struct pg_item *item = &d->items.list.items[d->from_items[column - d->from->objects.list.items]];
    const struct object *to = pg_to(d, item->to);
    return column->kind == OBJECT_COLUMN && to != NULL && item->change != PG_SAME &&
           (pg_differs(column, to, "type") || pg_differs(column, to, "collation"));
}

static size_t retyped_columns(const struct pg_diff *d, const struct object *from, bool *ret_integers)
{
    size_t count = 0;
    *ret_integers = true;
    for (size_t i = 0; i < from->needs.list.count; i++) {
        const struct object *column = pg_from(d, from->needs.list.items[i]);
        if (!is_retyped(d, column))
            continue;
        const struct object *to = pg_to(d, d->items.list.items[d->from_items[from->needs.list.items[i]]].to);
        *ret_integers &= is_integer(object_get(column, "type")) && is_integer(object_get(to, "type"));
        count++;
    }
    return count;
}

/*
 * The server rebuilds constraints and indexes when a column's type changes. It cannot where the change needs more
 * than one statement (both sides of a foreign key, two columns of an expression), nor where an expression reads
 * otherwise with the new type.
 */
static enum pg_change shaken_by_type(struct pg_diff *d, const struct object *from, const struct pg_item *by,
                                     bool expression)
{
    const struct object *column = pg_from(d, by->from), *to = pg_to(d, by->to);
    bool integers, plain = column->kind == OBJECT_COLUMN && to != NULL && is_retyped(d, column);
    if (by->change != PG_ALTER && by->change != PG_RELEASE)
        return PG_REPLACE;
    if (!plain) /* the type itself is made anew */
        return expression || column->kind != OBJECT_COLUMN ? PG_REPLACE : PG_SAME;
    size_t columns = retyped_columns(d, from, &integers);
    if (from->kind == OBJECT_CONSTRAINT && is_type(from, "f"))
        return columns > 1 || !integers ? PG_REPLACE : PG_SAME;
    return expression && (columns > 1 || !str_eq(object_get(column, "base"), object_get(to, "base"))) ? PG_REPLACE
                                                                                                      : PG_SAME;
}

static enum pg_change shaken(struct pg_diff *d, const struct object *from, const struct object *to,
                             const struct pg_item *by)
{
    (void)to;
    const struct object *below = pg_from(d, by->from);
    if (below->kind == OBJECT_TABLE && by->change == PG_ALTER)
        return PG_SAME;
    return shaken_by_type(d, from, by, is_type(from, "c") || is_type(from, "x"));
}

const struct pg_kind pg_constraint_kind = {
    .rank = 30,
    .compare = compare,
    .noun = noun,
    .create = create,
    .drop = drop,
    .alter = alter,
    .shaken = shaken,
};

/* ---- indexes ---- */

static enum pg_change compare_index(struct pg_diff *d, const struct object *from, const struct object *to)
{
    (void)d;
    if (pg_has(from, "parent") && pg_has(to, "parent"))
        return PG_SAME;
    if (pg_differs(from, to, "definition") || pg_differs(from, to, "unique"))
        return PG_REPLACE;
    return pg_differs(from, to, "statistics") ? PG_ALTER : PG_SAME;
}

static struct str index_noun(struct pg_diff *d, const struct object *o)
{
    return str_printf(d->a, "INDEX %.*s", STR_ARG(pg_path(d->a, o)));
}

/* On a table that is there, and no partitioned one: the server refuses those. */
static bool is_concurrent(struct pg_diff *d, const struct schema *s, const struct object *o)
{
    const struct object *table = pg_table_of(s, o);
    if (!d->request->concurrently || (table != NULL && pg_has(table, "partition_key")))
        return false;
    size_t before = schema_find(d->from, OBJECT_TABLE, o->schema, STR(""), o->table);
    size_t after = schema_find(d->to, OBJECT_TABLE, o->schema, STR(""), o->table);
    return before != SIZE_MAX && after != SIZE_MAX;
}

/* "column statistics" of expressions: "2 500, 3 100". */
static void change_statistics(struct pg_diff *d, struct str list, const struct object *to, const char *value)
{
    struct str part, number;
    while (str_next(&list, ',', &part)) {
        part = str_trim(part);
        number = str_head(part, str_find(part, ' '));
        struct str target = value != NULL ? str_of(value) : str_from(part, number.len + 1);
        pg_emit(d, "ALTER INDEX %.*s ALTER COLUMN %.*s SET STATISTICS %.*s", STR_ARG(pg_path(d->a, to)),
                STR_ARG(number), STR_ARG(target));
    }
}

static void create_index(struct pg_diff *d, const struct object *to)
{
    struct str definition = object_get(to, "definition"), btree = STR("btree ");
    bool usual = str_starts(definition, btree), concurrent = is_concurrent(d, d->to, to);
    struct ddl *ddl =
        pg_emit(d, "CREATE %sINDEX %s%.*s ON %.*s %s%.*s", pg_has(to, "unique") ? "UNIQUE " : "",
                concurrent ? "CONCURRENTLY " : "", STR_ARG(pg_name(d->a, to->name)), STR_ARG(pg_owner(d->a, to)),
                usual ? "" : "USING ", STR_ARG(usual ? str_from(definition, btree.len) : definition));
    ddl->alone = concurrent;
    change_statistics(d, object_get(to, "statistics"), to, NULL);
}

static void drop_index(struct pg_diff *d, const struct object *from)
{
    bool concurrent = is_concurrent(d, d->from, from);
    struct ddl *ddl = pg_emit(d, "DROP INDEX %s%.*s", concurrent ? "CONCURRENTLY " : "", STR_ARG(pg_path(d->a, from)));
    ddl->alone = concurrent;
}

static void alter_index(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (!str_eq(from->name, to->name))
        pg_emit(d, "ALTER INDEX %.*s RENAME TO %.*s", STR_ARG(pg_path(d->a, from)), STR_ARG(pg_name(d->a, to->name)));
    if (!pg_differs(from, to, "statistics"))
        return;
    change_statistics(d, object_get(from, "statistics"), to, "-1");
    change_statistics(d, object_get(to, "statistics"), to, NULL);
}

static enum pg_change index_shaken(struct pg_diff *d, const struct object *from, const struct object *to,
                                   const struct pg_item *by)
{
    (void)to;
    const struct object *below = pg_from(d, by->from);
    if (below->kind == OBJECT_TABLE && by->change == PG_ALTER)
        return PG_SAME;
    if (below->kind == OBJECT_COLUMN && !is_same_relation(below, from))
        return PG_REPLACE;
    return shaken_by_type(d, from, by, pg_has(from, "expression"));
}

const struct pg_kind pg_index_kind = {
    .rank = 34,
    .compare = compare_index,
    .noun = index_noun,
    .create = create_index,
    .drop = drop_index,
    .alter = alter_index,
    .shaken = index_shaken,
};
