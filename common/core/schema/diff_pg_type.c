/*
 * Enums, domains, composite types, ranges and collations; schemas and extensions.
 *
 * A type that cannot be altered and is in use is made anew beside the old one:
 *
 *     off    ALTER TYPE mood RENAME TO mood_old     what hangs on it is off before, columns have lost their defaults
 *     on     CREATE TYPE mood ...                   then columns move: ALTER COLUMN m TYPE mood USING m::text::mood
 *     end    DROP TYPE mood_old
 */
#include <stdint.h>
#include <string.h>

#include "common/core/schema/diff_pg.h"
#include "common/core/schema/text_pg.h"

enum { NAME_MAX_BYTES = 63, LINE_MAX_BYTES = 100 };

/* Whether something that stays is made of the type: it can only be dropped after that has moved. */
static bool is_in_use(struct pg_diff *d, const struct object *from)
{
    size_t number = (size_t)(from - d->from->objects.list.items);
    for (size_t i = 0; i < d->items.list.count; i++) {
        const struct pg_item *item = &d->items.list.items[i];
        const struct object *o = pg_from(d, item->from);
        bool made_of = o != NULL && (o->kind == OBJECT_COLUMN || o->kind == OBJECT_DOMAIN || o->kind == OBJECT_RANGE ||
                                     o->kind == OBJECT_COMPOSITE || o->kind == OBJECT_TABLE);
        for (size_t j = 0; made_of && item->to != SIZE_MAX && j < o->needs.list.count; j++)
            if (o->needs.list.items[j] == number)
                return true;
    }
    return false;
}

static bool name_is_taken(const struct schema *s, struct str schema, struct str name)
{
    for (enum object_kind kind = OBJECT_COLLATION; kind <= OBJECT_MATVIEW; kind++)
        if (schema_find(s, kind, schema, STR(""), name) != SIZE_MAX)
            return true;
    return false;
}

/* "mood_old", or with a number where that is taken; the same at every moment. */
static struct str old_name(struct pg_diff *d, struct str schema, struct str name)
{
    for (unsigned i = 1;; i++) {
        struct str suffix = i == 1 ? STR("_old") : str_printf(d->a, "_old%u", i);
        size_t keep = name.len + suffix.len > NAME_MAX_BYTES ? NAME_MAX_BYTES - suffix.len : name.len;
        while (keep > 0 && keep < name.len && ((unsigned char)name.p[keep] & 0xc0) == 0x80)
            keep--; /* not within a character */
        struct str old = str_printf(d->a, "%.*s%.*s", STR_ARG(str_head(name, keep)), STR_ARG(suffix));
        if (!name_is_taken(d->from, schema, old) && !name_is_taken(d->to, schema, old))
            return old;
    }
}

static const char *type_word(const struct object *o)
{
    return o->kind == OBJECT_COLLATION ? "COLLATION" : o->kind == OBJECT_DOMAIN ? "DOMAIN" : "TYPE";
}

static struct str type_noun(struct pg_diff *d, const struct object *o)
{
    return str_printf(d->a, "%s %.*s", type_word(o), STR_ARG(pg_path(d->a, o)));
}

static bool is_moved_aside(struct pg_diff *d, const struct object *from)
{
    return pg_item_from(d, from)->change == PG_REPLACE && is_in_use(d, from);
}

/* A range's multirange and the functions that make ranges keep their names when the range gets another one. */
static void move_range_aside(struct pg_diff *d, const struct object *from)
{
    struct str schema = object_get(from, "multirange_schema"), multirange = object_get(from, "multirange");
    struct str old = pg_name(d->a, old_name(d, schema, multirange)), path = pg_qualified(d->a, schema, multirange);
    struct str range = pg_name(d->a, old_name(d, from->schema, from->name)), subtype = object_get(from, "subtype");
    pg_emit(d, "ALTER TYPE %.*s RENAME TO %.*s", STR_ARG(path), STR_ARG(old));
    pg_emit(d, "ALTER FUNCTION %.*s(%.*s, %.*s) RENAME TO %.*s", STR_ARG(pg_path(d->a, from)), STR_ARG(subtype),
            STR_ARG(subtype), STR_ARG(range));
    pg_emit(d, "ALTER FUNCTION %.*s(%.*s, %.*s, text) RENAME TO %.*s", STR_ARG(pg_path(d->a, from)), STR_ARG(subtype),
            STR_ARG(subtype), STR_ARG(range));
    pg_emit(d, "ALTER FUNCTION %.*s() RENAME TO %.*s", STR_ARG(path), STR_ARG(old));
}

static void type_drop(struct pg_diff *d, const struct object *from)
{
    struct str noun = type_noun(d, from);
    if (!is_moved_aside(d, from)) {
        pg_emit(d, "DROP %.*s", STR_ARG(noun));
        return;
    }
    pg_emit(d, "ALTER %.*s RENAME TO %.*s", STR_ARG(noun),
            STR_ARG(pg_name(d->a, old_name(d, from->schema, from->name))));
    if (from->kind == OBJECT_RANGE)
        move_range_aside(d, from);
}

static void type_finish(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (from == NULL || to == NULL || !is_moved_aside(d, from))
        return;
    struct str old = pg_qualified(d->a, from->schema, old_name(d, from->schema, from->name));
    pg_emit(d, "DROP %s %.*s", type_word(from), STR_ARG(old));
}

/* ---- enums ---- */

static const struct object *counterpart(const struct pg_diff *d, const struct object *to)
{
    return pg_from(d, schema_find(d->from, to->kind, to->schema, to->table, to->name));
}

/* Texts that the server evaluates when they are run; a body in another language than SQL is only stored. */
static bool is_evaluated(const struct object *o, const char *key)
{
    static const char *const stored[] = {"labels", "comment", "column_comments", "attributes"};
    for (size_t i = 0; i < sizeof(stored) / sizeof(*stored); i++)
        if (strcmp(key, stored[i]) == 0)
            return false;
    return strcmp(key, "source") != 0 || str_is(object_get(o, "language"), "sql");
}

static bool mentions(const struct pg_diff *d, const struct object *to, struct str literal)
{
    const struct object *from = counterpart(d, to);
    for (size_t i = 0; i < to->properties.list.count; i++) {
        const struct property *p = &to->properties.list.items[i];
        bool changed = from == NULL || !str_eq(object_get(from, p->key), p->value);
        if (changed && is_evaluated(to, p->key) && p->value.len >= literal.len &&
            memmem(p->value.p, p->value.len, literal.p, literal.len) != NULL)
            return true;
    }
    return false;
}

/* A label cannot be used in the transaction that adds it (ALTER TYPE in PostgreSQL's manual). */
static bool is_used_at_once(struct pg_diff *d, const struct pg_labels *labels)
{
    for (size_t i = 0; i < labels->list.count; i++) {
        struct str literal = pg_literal(d->a, labels->list.items[i].label);
        for (size_t j = 0; j < d->to->objects.list.count; j++)
            if (mentions(d, &d->to->objects.list.items[j], literal))
                return true;
    }
    return false;
}

static enum pg_change enum_compare(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct pg_labels labels;
    if (!pg_differs(from, to, "labels"))
        return PG_SAME;
    bool can = pg_enum_additions(d->a, object_get(from, "labels"), object_get(to, "labels"), &labels);
    return can && !is_used_at_once(d, &labels) ? PG_ALTER : PG_REPLACE;
}

static void enum_create(struct pg_diff *d, const struct object *to)
{
    struct pg_fields labels = pg_split(d->a, object_get(to, "labels"), PG_FIELD);
    bool wide = object_get(to, "labels").len + 4 * labels.list.count > LINE_MAX_BYTES;
    struct str text = STR("");
    for (size_t i = 0; i < labels.list.count; i++)
        text =
            str_printf(d->a, "%.*s%s%.*s", STR_ARG(text), wide ? (i > 0 ? ",\n    " : "\n    ") : (i > 0 ? ", " : ""),
                       STR_ARG(pg_literal(d->a, labels.list.items[i])));
    pg_emit(d, "CREATE TYPE %.*s AS ENUM (%.*s%s)", STR_ARG(pg_path(d->a, to)), STR_ARG(text), wide ? "\n" : "");
}

static void enum_alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct pg_labels labels = {0};
    pg_enum_additions(d->a, object_get(from, "labels"), object_get(to, "labels"), &labels);
    for (size_t i = 0; i < labels.list.count; i++) {
        struct pg_label l = labels.list.items[i];
        struct str before = STR("");
        if (l.neighbour.len > 0)
            before = str_printf(d->a, " BEFORE %.*s", STR_ARG(pg_literal(d->a, l.neighbour)));
        pg_emit(d, "ALTER TYPE %.*s ADD VALUE %.*s%.*s", STR_ARG(pg_path(d->a, to)), STR_ARG(pg_literal(d->a, l.label)),
                STR_ARG(before));
    }
}

const struct pg_kind pg_enum_kind = {
    .rank = 6,
    .compare = enum_compare,
    .noun = type_noun,
    .create = enum_create,
    .drop = type_drop,
    .alter = enum_alter,
    .finish = type_finish,
};

/* ---- domains ---- */

static const struct pg_property domain_properties[] = {
    {"type", PG_REPLACE}, {"collation", PG_REPLACE}, {"default", PG_ALTER}, {"not_null", PG_ALTER}, {NULL, PG_SAME}};

static bool is_check_of(const struct object *o, const struct object *domain)
{
    return o->kind == OBJECT_CONSTRAINT && pg_has(o, "domain") && str_eq(o->schema, domain->schema) &&
           str_eq(o->table, domain->name);
}

/* The checks that CREATE DOMAIN takes along: all that are valid. */
static void add_checks(struct pg_diff *d, const struct object *to, struct str *sql)
{
    for (size_t i = 0; i < d->to->objects.list.count; i++) {
        const struct object *o = &d->to->objects.list.items[i];
        if (!is_check_of(o, to) || pg_has(o, "validity"))
            continue;
        *sql = str_printf(d->a, "%.*s\n    CONSTRAINT %.*s %.*s", STR_ARG(*sql), STR_ARG(pg_name(d->a, o->name)),
                          STR_ARG(object_get(o, "definition")));
        pg_item_to(d, o)->on_done = true;
    }
}

static void domain_create(struct pg_diff *d, const struct object *to)
{
    struct str sql =
        str_printf(d->a, "CREATE DOMAIN %.*s AS %.*s", STR_ARG(pg_path(d->a, to)), STR_ARG(object_get(to, "type")));
    if (pg_has(to, "collation"))
        sql = str_printf(d->a, "%.*s COLLATE %.*s", STR_ARG(sql), STR_ARG(object_get(to, "collation")));
    if (pg_has(to, "default"))
        sql = str_printf(d->a, "%.*s DEFAULT %.*s", STR_ARG(sql), STR_ARG(object_get(to, "default")));
    if (pg_has(to, "not_null"))
        sql = str_printf(d->a, "%.*s NOT NULL", STR_ARG(sql));
    add_checks(d, to, &sql);
    pg_emit(d, "%.*s", STR_ARG(sql));
}

static void domain_alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct str path = pg_path(d->a, to);
    if (pg_differs(from, to, "default") && pg_has(to, "default"))
        pg_emit(d, "ALTER DOMAIN %.*s SET DEFAULT %.*s", STR_ARG(path), STR_ARG(object_get(to, "default")));
    else if (pg_differs(from, to, "default"))
        pg_emit(d, "ALTER DOMAIN %.*s DROP DEFAULT", STR_ARG(path));
    if (pg_differs(from, to, "not_null"))
        pg_emit(d, "ALTER DOMAIN %.*s %s NOT NULL", STR_ARG(path), pg_has(to, "not_null") ? "SET" : "DROP");
}

/* A default that calls what goes is taken off and set again. */
static void domain_release(struct pg_diff *d, const struct object *from, const struct object *to)
{
    (void)to;
    if (pg_has(from, "default"))
        pg_emit(d, "ALTER DOMAIN %.*s DROP DEFAULT", STR_ARG(pg_path(d->a, from)));
}

static bool is_type(const struct object *o)
{
    return o != NULL && (o->kind == OBJECT_ENUM || o->kind == OBJECT_DOMAIN || o->kind == OBJECT_COMPOSITE ||
                         o->kind == OBJECT_RANGE || o->kind == OBJECT_COLLATION || o->kind == OBJECT_EXTENSION ||
                         o->kind == OBJECT_TABLE);
}

static enum pg_change domain_shaken(struct pg_diff *d, const struct object *from, const struct object *to,
                                    const struct pg_item *by)
{
    (void)to;
    if (is_type(pg_from(d, by->from)))
        return by->change == PG_ALTER ? PG_SAME : PG_REPLACE;
    return pg_has(from, "default") ? PG_RELEASE : PG_SAME;
}

const struct pg_kind pg_domain_kind = {
    .rank = 8,
    .properties = domain_properties,
    .noun = type_noun,
    .create = domain_create,
    .drop = type_drop,
    .alter = domain_alter,
    .release = domain_release,
    .finish = type_finish,
    .shaken = domain_shaken,
};

/* ---- composite types: attributes are records of name, type, collation, comment ---- */

enum attribute { ATTRIBUTE_NAME = 0, ATTRIBUTE_TYPE, ATTRIBUTE_COLLATION, ATTRIBUTE_COMMENT };

static struct pg_fields attributes_of(struct pg_diff *d, const struct object *o)
{
    return pg_split(d->a, object_get(o, "attributes"), PG_RECORD);
}

static bool attribute_is_retyped(struct str from, struct str to)
{
    return !str_eq(pg_field(from, ATTRIBUTE_TYPE), pg_field(to, ATTRIBUTE_TYPE)) ||
           !str_eq(pg_field(from, ATTRIBUTE_COLLATION), pg_field(to, ATTRIBUTE_COLLATION));
}

/* Whether attributes that stay keep their order and new ones come last; whether one gets another type. */
static bool is_reachable(const struct pg_fields *old, const struct pg_fields *new, bool *ret_retyped)
{
    size_t last = 0;
    bool added = false;
    for (size_t i = 0; i < new->list.count; i++) {
        size_t at = pg_record_named(old, pg_field(new->list.items[i], ATTRIBUTE_NAME));
        if (at == SIZE_MAX) {
            added = true;
            continue;
        }
        if (added || at < last)
            return false;
        last = at;
        *ret_retyped = *ret_retyped || attribute_is_retyped(old->list.items[at], new->list.items[i]);
    }
    return true;
}

static bool has_typed_table(const struct schema *s, struct str path)
{
    for (size_t i = 0; i < s->objects.list.count; i++) {
        const struct object *o = &s->objects.list.items[i];
        if (o->kind == OBJECT_TABLE && str_eq(object_get(o, "of_type"), path))
            return true;
    }
    return false;
}

static enum pg_change composite_compare(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (!pg_differs(from, to, "attributes"))
        return PG_SAME;
    struct pg_fields old = attributes_of(d, from), new = attributes_of(d, to);
    bool retyped = false, typed = has_typed_table(d->from, pg_path(d->a, from));
    if (!is_reachable(&old, &new, &retyped))
        return typed ? PG_ALTER : PG_REPLACE;
    return retyped && !typed && is_in_use(d, from) ? PG_REPLACE : PG_ALTER;
}

static struct str attribute_text(struct pg_diff *d, struct str record)
{
    struct str collation = pg_field(record, ATTRIBUTE_COLLATION);
    return str_printf(d->a, "%.*s %.*s%s%.*s", STR_ARG(pg_name(d->a, pg_field(record, ATTRIBUTE_NAME))),
                      STR_ARG(pg_field(record, ATTRIBUTE_TYPE)), collation.len > 0 ? " COLLATE " : "",
                      STR_ARG(collation));
}

static void attribute_comment(struct pg_diff *d, const struct object *to, struct str record, struct str before)
{
    struct str comment = pg_field(record, ATTRIBUTE_COMMENT);
    if (!str_eq(comment, before))
        pg_emit(d, "COMMENT ON COLUMN %.*s.%.*s IS %.*s", STR_ARG(pg_path(d->a, to)),
                STR_ARG(pg_name(d->a, pg_field(record, ATTRIBUTE_NAME))),
                STR_ARG(comment.len > 0 ? pg_literal(d->a, comment) : STR("NULL")));
}

static void composite_create(struct pg_diff *d, const struct object *to)
{
    struct pg_fields attributes = attributes_of(d, to);
    struct str text = STR("");
    for (size_t i = 0; i < attributes.list.count; i++)
        text = str_printf(d->a, "%.*s%s\n    %.*s", STR_ARG(text), i > 0 ? "," : "",
                          STR_ARG(attribute_text(d, attributes.list.items[i])));
    pg_emit(d, "CREATE TYPE %.*s AS (%.*s%s)", STR_ARG(pg_path(d->a, to)), STR_ARG(text), text.len > 0 ? "\n" : "");
    for (size_t i = 0; i < attributes.list.count; i++)
        attribute_comment(d, to, attributes.list.items[i], STR(""));
}

static void alter_attribute(struct pg_diff *d, const struct object *to, const struct pg_fields *old, struct str record,
                            const char *cascade)
{
    struct str name = pg_field(record, ATTRIBUTE_NAME), path = pg_path(d->a, to), collation;
    size_t at = pg_record_named(old, name);
    collation = pg_field(record, ATTRIBUTE_COLLATION);
    if (at == SIZE_MAX)
        pg_emit(d, "ALTER TYPE %.*s ADD ATTRIBUTE %.*s%s", STR_ARG(path), STR_ARG(attribute_text(d, record)), cascade);
    else if (attribute_is_retyped(old->list.items[at], record))
        pg_emit(d, "ALTER TYPE %.*s ALTER ATTRIBUTE %.*s TYPE %.*s%s%.*s%s", STR_ARG(path),
                STR_ARG(pg_name(d->a, name)), STR_ARG(pg_field(record, ATTRIBUTE_TYPE)),
                collation.len > 0 ? " COLLATE " : "", STR_ARG(collation), cascade);
    attribute_comment(d, to, record, at == SIZE_MAX ? STR("") : pg_field(old->list.items[at], ATTRIBUTE_COMMENT));
}

static void composite_alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct pg_fields old = attributes_of(d, from), new = attributes_of(d, to);
    const char *cascade = has_typed_table(d->from, pg_path(d->a, from)) ? " CASCADE" : "";
    for (size_t i = 0; i < old.list.count; i++) {
        struct str name = pg_field(old.list.items[i], ATTRIBUTE_NAME);
        if (pg_record_named(&new, name) != SIZE_MAX)
            continue;
        struct ddl *ddl = pg_emit(d, "ALTER TYPE %.*s DROP ATTRIBUTE %.*s%s", STR_ARG(pg_path(d->a, to)),
                                  STR_ARG(pg_name(d->a, name)), cascade);
        if (is_in_use(d, from))
            ddl->destroys = str_printf(d->a, "the values of attribute %.*s are lost", STR_ARG(name));
    }
    for (size_t i = 0; i < new.list.count; i++)
        alter_attribute(d, to, &old, new.list.items[i], cascade);
}

bool pg_attributes_stay_in_place(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct pg_fields old = attributes_of(d, from), new = attributes_of(d, to);
    bool same = old.list.count == new.list.count;
    for (size_t i = 0; same && i < old.list.count; i++)
        same = str_eq(pg_field(old.list.items[i], ATTRIBUTE_NAME), pg_field(new.list.items[i], ATTRIBUTE_NAME));
    return same;
}

struct str pg_row_using(struct pg_diff *d, struct str column, const struct object *from, const struct object *to)
{
    struct pg_fields old = attributes_of(d, from), new = attributes_of(d, to);
    struct strbuf row;
    pg_text_init(&row);
    for (size_t i = 0; i < new.list.count; i++) {
        struct str name = pg_field(new.list.items[i], ATTRIBUTE_NAME);
        strbuf_puts(&row, i > 0 ? ", " : "");
        if (pg_record_named(&old, name) == SIZE_MAX)
            strbuf_puts(&row, "NULL");
        else
            strbuf_printf(&row, "(%.*s).%.*s::text", STR_ARG(column), STR_ARG(pg_name(d->a, name)));
    }
    const char *fields = pg_take(d->a, &row);
    return str_printf(d->a, "CASE WHEN %.*s IS DISTINCT FROM NULL THEN ROW(%s)::%.*s END", STR_ARG(column), fields,
                      STR_ARG(pg_path(d->a, to)));
}

/* Names of attributes that the new type has not, for people. */
static struct str gone_attributes(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct pg_fields old = attributes_of(d, from), new = attributes_of(d, to);
    struct str names = STR("");
    for (size_t i = 0; i < old.list.count; i++) {
        struct str name = pg_field(old.list.items[i], ATTRIBUTE_NAME);
        if (pg_record_named(&new, name) == SIZE_MAX)
            names = str_printf(d->a, "%.*s%s%.*s", STR_ARG(names), names.len > 0 ? ", " : "", STR_ARG(name));
    }
    return names;
}

static void composite_finish(struct pg_diff *d, const struct object *from, const struct object *to)
{
    size_t before = d->out.list.count;
    type_finish(d, from, to);
    if (d->out.list.count == before)
        return;
    struct str gone = gone_attributes(d, from, to);
    if (gone.len > 0)
        d->out.list.items[before].destroys = str_printf(d->a, "the values of attribute %.*s are lost", STR_ARG(gone));
}

const struct pg_kind pg_composite_kind = {
    .rank = 9,
    .compare = composite_compare,
    .noun = type_noun,
    .create = composite_create,
    .drop = type_drop,
    .alter = composite_alter,
    .finish = composite_finish,
};

/* ---- ranges ---- */

static const struct pg_property range_properties[] = {{"subtype", PG_REPLACE},
                                                      {"opclass", PG_REPLACE},
                                                      {"collation", PG_REPLACE},
                                                      {"canonical", PG_REPLACE},
                                                      {"subdiff", PG_REPLACE},
                                                      {"multirange", PG_REPLACE},
                                                      {NULL, PG_SAME}};

/* The name that the server gives a multirange: "range" in the range's name becomes "multirange". */
static bool is_made_multirange(struct pg_diff *d, const struct object *o)
{
    static const char word[] = "range";
    struct str name = object_get(o, "multirange");
    const char *at = memmem(o->name.p, o->name.len, word, sizeof(word) - 1);
    size_t before = at != NULL ? (size_t)(at - o->name.p) : o->name.len;
    struct str made = str_printf(d->a, "%.*s%s%.*s", STR_ARG(str_head(o->name, before)),
                                 at != NULL ? "multi" : "_multirange", STR_ARG(str_from(o->name, before)));
    return str_eq(name, made) && str_eq(object_get(o, "multirange_schema"), o->schema);
}

static void range_create(struct pg_diff *d, const struct object *to)
{
    static const char *const options[][2] = {{"subtype", "SUBTYPE"},
                                             {"opclass", "SUBTYPE_OPCLASS"},
                                             {"collation", "COLLATION"},
                                             {"canonical", "CANONICAL"},
                                             {"subdiff", "SUBTYPE_DIFF"}};
    struct str text = STR("");
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
        if (pg_has(to, options[i][0]))
            text = str_printf(d->a, "%.*s%s%s = %.*s", STR_ARG(text), i > 0 ? ", " : "", options[i][1],
                              STR_ARG(object_get(to, options[i][0])));
    if (!is_made_multirange(d, to))
        text =
            str_printf(d->a, "%.*s, MULTIRANGE_TYPE_NAME = %.*s", STR_ARG(text),
                       STR_ARG(pg_qualified(d->a, object_get(to, "multirange_schema"), object_get(to, "multirange"))));
    pg_emit(d, "CREATE TYPE %.*s AS RANGE (%.*s)", STR_ARG(pg_path(d->a, to)), STR_ARG(text));
}

const struct pg_kind pg_range_kind = {
    .rank = 7,
    .properties = range_properties,
    .noun = type_noun,
    .create = range_create,
    .drop = type_drop,
    .finish = type_finish,
};

/* ---- collations ---- */

static const struct pg_property collation_properties[] = {
    {"provider", PG_REPLACE}, {"locale", PG_REPLACE},        {"collate", PG_REPLACE}, {"ctype", PG_REPLACE},
    {"rules", PG_REPLACE},    {"deterministic", PG_REPLACE}, {NULL, PG_SAME}};

static void collation_create(struct pg_diff *d, const struct object *to)
{
    struct str text = str_printf(d->a, "PROVIDER = %.*s", STR_ARG(object_get(to, "provider")));
    bool split = pg_has(to, "ctype") && !str_eq(object_get(to, "collate"), object_get(to, "ctype"));
    if (split)
        text = str_printf(d->a, "%.*s, LC_COLLATE = %.*s, LC_CTYPE = %.*s", STR_ARG(text),
                          STR_ARG(pg_literal(d->a, object_get(to, "collate"))),
                          STR_ARG(pg_literal(d->a, object_get(to, "ctype"))));
    else
        text =
            str_printf(d->a, "%.*s, LOCALE = %.*s", STR_ARG(text), STR_ARG(pg_literal(d->a, object_get(to, "locale"))));
    if (pg_has(to, "rules"))
        text =
            str_printf(d->a, "%.*s, RULES = %.*s", STR_ARG(text), STR_ARG(pg_literal(d->a, object_get(to, "rules"))));
    if (pg_has(to, "deterministic"))
        text = str_printf(d->a, "%.*s, DETERMINISTIC = false", STR_ARG(text));
    pg_emit(d, "CREATE COLLATION %.*s (%.*s)", STR_ARG(pg_path(d->a, to)), STR_ARG(text));
}

const struct pg_kind pg_collation_kind = {
    .rank = 4,
    .properties = collation_properties,
    .noun = type_noun,
    .create = collation_create,
    .drop = type_drop,
    .finish = type_finish,
};
