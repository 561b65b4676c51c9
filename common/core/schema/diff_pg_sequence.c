/* Sequences, and the options that identity columns have too. */
#include "common/core/schema/diff_pg.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 1 << 24 };

void pg_text_init(struct strbuf *b)
{
    strbuf_init(b, TEXT_MAX);
}

const char *pg_take(struct arena *a, struct strbuf *b)
{
    const char *text = str_cstr(a, strbuf_str(b));
    strbuf_release(b);
    return text;
}

/* ---- options ---- */

struct limits {
    const char *type, *min, *max;
};

static const struct limits limits_of[] = {
    {"smallint", "-32768", "32767"},
    {"integer", "-2147483648", "2147483647"},
    {"bigint", "-9223372036854775808", "9223372036854775807"},
};

static bool is_descending(const struct object *o)
{
    return str_starts(object_get(o, "seq_step"), STR("-"));
}

/* The value that an option has when nobody sets it. */
static struct str usual(const struct object *o, const char *key)
{
    const struct limits *l = &limits_of[2];
    for (size_t i = 0; i < sizeof(limits_of) / sizeof(*limits_of); i++)
        if (str_is(object_get(o, "seq_type"), limits_of[i].type))
            l = &limits_of[i];
    if (strcmp(key, "seq_min") == 0)
        return is_descending(o) ? str_of(l->min) : STR("1");
    if (strcmp(key, "seq_max") == 0)
        return is_descending(o) ? STR("-1") : str_of(l->max);
    if (strcmp(key, "seq_start") == 0)
        return object_get(o, is_descending(o) ? "seq_max" : "seq_min");
    return STR("1"); /* step, cache */
}

struct option {
    const char *key, *word, *none; /* none: written for the usual value; NULL: the value itself is */
};

static const struct option options[] = {
    {"seq_start", "START WITH", NULL},      {"seq_step", "INCREMENT BY", NULL}, {"seq_min", "MINVALUE", "NO MINVALUE"},
    {"seq_max", "MAXVALUE", "NO MAXVALUE"}, {"seq_cache", "CACHE", NULL},
};
enum { OPTIONS = sizeof(options) / sizeof(*options) };

static bool is_usual(const struct object *o, const char *key)
{
    return str_eq(object_get(o, key), usual(o, key));
}

void pg_sequence_options(struct pg_diff *d, const struct object *o, struct strbuf *out)
{
    (void)d;
    for (size_t i = 0; i < OPTIONS; i++)
        if (!is_usual(o, options[i].key))
            strbuf_printf(out, " %s %.*s", options[i].word, STR_ARG(object_get(o, options[i].key)));
    if (str_is(object_get(o, "seq_cycle"), "t"))
        strbuf_puts(out, " CYCLE");
}

/* The server moves the limits with the type where they were the type's. */
static bool moves_along(const struct object *from, const struct object *to, const char *key)
{
    return pg_differs(from, to, "seq_type") && is_usual(from, key) && is_usual(to, key) &&
           !pg_differs(from, to, "seq_step") && strcmp(key, "seq_start") != 0;
}

void pg_sequence_changes(struct pg_diff *d, const struct object *from, const struct object *to, const char *word,
                         struct strbuf *out)
{
    (void)d;
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *o = &options[i];
        if (!pg_differs(from, to, o->key) || moves_along(from, to, o->key))
            continue;
        /* With a new type "no limit" would be a limit of the old one. */
        if (o->none != NULL && is_usual(to, o->key) && !pg_differs(from, to, "seq_type"))
            strbuf_printf(out, " %s%s", word, o->none);
        else
            strbuf_printf(out, " %s%s %.*s", word, o->word, STR_ARG(object_get(to, o->key)));
    }
    if (pg_differs(from, to, "seq_cycle"))
        strbuf_printf(out, " %s%s", word, str_is(object_get(to, "seq_cycle"), "t") ? "CYCLE" : "NO CYCLE");
}

/* ---- serial ---- */

static const struct object *owner_of(const struct schema *s, const struct object *sequence)
{
    if (!pg_has(sequence, "owner_column"))
        return NULL;
    size_t column = schema_find(s, OBJECT_COLUMN, object_get(sequence, "owner_schema"),
                                object_get(sequence, "owner_table"), object_get(sequence, "owner_column"));
    return column == SIZE_MAX ? NULL : &s->objects.list.items[column];
}

static bool has_usual_options(const struct object *o)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (!is_usual(o, options[i].key))
            return false;
    return !str_is(object_get(o, "seq_cycle"), "t");
}

static bool is_its_nextval(struct arena *a, const struct object *column, const struct object *sequence)
{
    struct str literal = pg_literal(a, pg_path(a, sequence));
    return str_eq(object_get(column, "default"), str_printf(a, "nextval(%.*s::regclass)", STR_ARG(literal)));
}

static const struct object *written_as_serial(struct pg_diff *d, const struct schema *s, const struct object *sequence)
{
    const struct object *c = owner_of(s, sequence);
    if (c == NULL || !str_eq(c->schema, sequence->schema) || !pg_has(c, "not_null") || !pg_column_is_local(c))
        return NULL;
    const struct object *table = pg_table_of(s, c);
    struct str persistence = object_get(table, "persistence");
    bool alike = str_eq(object_get(sequence, "persistence"), str_is(persistence, "p") ? STR_NONE : persistence);
    bool named = str_eq(sequence->name, pg_made_name(d->a, c->table, c->name, "seq"));
    bool typed = str_eq(object_get(c, "type"), object_get(sequence, "seq_type"));
    return alike && named && typed && has_usual_options(sequence) && is_its_nextval(d->a, c, sequence) ? c : NULL;
}

bool pg_is_made(const struct pg_item *item)
{
    return item->change == PG_CREATE || item->change == PG_REPLACE;
}

bool pg_is_unmade(const struct pg_item *item)
{
    return item->change == PG_DROP || item->change == PG_REPLACE;
}

const struct object *pg_serial_column(struct pg_diff *d, const struct schema *s, const struct object *sequence)
{
    const struct object *c = written_as_serial(d, s, sequence);
    if (c == NULL || s != d->to || (pg_is_made(pg_item_to(d, c)) && pg_is_made(pg_item_to(d, sequence))))
        return c;
    return NULL;
}

const struct object *pg_serial_sequence(struct pg_diff *d, const struct object *column)
{
    for (size_t i = 0; i < column->needs.list.count; i++) {
        const struct object *o = pg_to(d, column->needs.list.items[i]);
        if (o->kind == OBJECT_SEQUENCE && pg_serial_column(d, d->to, o) == column)
            return o;
    }
    return NULL;
}

/* ---- the kind ---- */

static const struct pg_property properties[] = {
    {"seq_type", PG_ALTER},     {"seq_start", PG_ALTER},   {"seq_step", PG_ALTER},     {"seq_min", PG_ALTER},
    {"seq_max", PG_ALTER},      {"seq_cache", PG_ALTER},   {"seq_cycle", PG_ALTER},    {"persistence", PG_ALTER},
    {"owner_schema", PG_ALTER}, {"owner_table", PG_ALTER}, {"owner_column", PG_ALTER}, {NULL, PG_SAME},
};

static struct str noun(struct pg_diff *d, const struct object *o)
{
    return str_printf(d->a, "SEQUENCE %.*s", STR_ARG(pg_path(d->a, o)));
}

static void create(struct pg_diff *d, const struct object *to)
{
    struct strbuf options_text;
    pg_text_init(&options_text);
    if (!str_is(object_get(to, "seq_type"), "bigint"))
        strbuf_printf(&options_text, " AS %.*s", STR_ARG(object_get(to, "seq_type")));
    pg_sequence_options(d, to, &options_text);
    pg_emit(d, "CREATE %sSEQUENCE %.*s%s", pg_has(to, "persistence") ? "UNLOGGED " : "", STR_ARG(pg_path(d->a, to)),
            pg_take(d->a, &options_text));
}

static bool owner_differs(const struct object *from, const struct object *to)
{
    return pg_differs(from, to, "owner_schema") || pg_differs(from, to, "owner_table") ||
           pg_differs(from, to, "owner_column");
}

static long long number(const struct object *o, const char *key)
{
    char text[32];
    struct str value = object_get(o, key);
    snprintf(text, sizeof(text), "%.*s", STR_ARG(value));
    return strtoll(text, NULL, 10);
}

/*
 * The server refuses limits that leave the present value outside: then it moves to the new start first. False where
 * the old limits forbid that.
 */
static bool move_inside(struct pg_diff *d, const struct object *from, const struct object *to)
{
    long long start = number(to, "seq_start");
    bool narrower = number(to, "seq_min") > number(from, "seq_min") || number(to, "seq_max") < number(from, "seq_max");
    struct str name = pg_path(d->a, to);
    if (!narrower)
        return true;
    if (start < number(from, "seq_min") || start > number(from, "seq_max"))
        return false;
    pg_emit(d, "SELECT setval(%.*s, %lld, false) FROM %.*s WHERE last_value NOT BETWEEN %.*s AND %.*s",
            STR_ARG(pg_literal(d->a, name)), start, STR_ARG(name), STR_ARG(object_get(to, "seq_min")),
            STR_ARG(object_get(to, "seq_max")));
    return true;
}

/* Its column goes, and it stays. */
static void let_go(struct pg_diff *d, const struct object *from, const struct object *to)
{
    const struct object *owner = owner_of(d->from, from);
    if (owner != NULL && owner_differs(from, to) && pg_is_unmade(pg_item_from(d, owner)))
        pg_emit(d, "ALTER SEQUENCE %.*s OWNED BY NONE", STR_ARG(pg_path(d->a, to)));
}

static void alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct strbuf changes;
    pg_text_init(&changes);
    if (!str_eq(from->name, to->name))
        pg_emit(d, "ALTER SEQUENCE %.*s RENAME TO %.*s", STR_ARG(pg_path(d->a, from)),
                STR_ARG(pg_name(d->a, to->name)));
    let_go(d, from, to);
    bool inside = move_inside(d, from, to);
    if (pg_differs(from, to, "seq_type"))
        strbuf_printf(&changes, " AS %.*s", STR_ARG(object_get(to, "seq_type")));
    pg_sequence_changes(d, from, to, "", &changes);
    if (!inside)
        strbuf_puts(&changes, " RESTART");
    struct str text = str_of(pg_take(d->a, &changes));
    if (text.len > 0)
        pg_emit(d, "ALTER SEQUENCE %.*s%.*s", STR_ARG(pg_path(d->a, to)), STR_ARG(text));
    if (pg_differs(from, to, "persistence"))
        pg_emit(d, "ALTER SEQUENCE %.*s SET %s", STR_ARG(pg_path(d->a, to)),
                pg_has(to, "persistence") ? "UNLOGGED" : "LOGGED");
}

/* When its column is there: the owner is set, and the sequence goes on behind the rows that there are. */
static void finish(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (to == NULL || pg_serial_column(d, d->to, to) != NULL)
        return;
    const struct pg_item *item = pg_item_to(d, to);
    bool made = pg_is_made(item);
    const struct object *column = owner_of(d->to, to);
    if (column == NULL) {
        const struct object *owner = from != NULL ? owner_of(d->from, from) : NULL;
        if (!made && owner != NULL && !pg_is_unmade(pg_item_from(d, owner)))
            pg_emit(d, "ALTER SEQUENCE %.*s OWNED BY NONE", STR_ARG(pg_path(d->a, to)));
        return;
    }
    if (!made && !owner_differs(from, to))
        return;
    pg_emit(d, "ALTER SEQUENCE %.*s OWNED BY %.*s.%.*s", STR_ARG(pg_path(d->a, to)), STR_ARG(pg_owner(d->a, column)),
            STR_ARG(pg_name(d->a, column->name)));
    if (made && !pg_is_made(pg_item_to(d, column)))
        pg_column_advance(d, column, object_get(to, "seq_start"));
}

const struct pg_kind pg_sequence_kind = {
    .rank = 20,
    .properties = properties,
    .noun = noun,
    .create = create,
    .alter = alter,
    .finish = finish,
};
