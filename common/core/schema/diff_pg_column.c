/* Columns of tables. */
#include "common/core/schema/diff_pg.h"

#include <stdint.h>

/* ---- inheritance ---- */

bool pg_column_is_local(const struct object *c)
{
    return !pg_has(c, "inherited") || pg_has(c, "local");
}

/* The column of a parent table from which this one comes, in its own schema; NULL: none. */
static const struct object *parent_column(const struct schema *s, const struct object *c)
{
    const struct object *table = pg_has(c, "inherited") ? pg_table_of(s, c) : NULL;
    for (size_t i = 0; table != NULL && i < table->needs.list.count; i++) {
        const struct object *parent = &s->objects.list.items[table->needs.list.items[i]];
        size_t found = parent->kind == OBJECT_TABLE
                           ? schema_find(s, OBJECT_COLUMN, parent->schema, parent->name, c->name)
                           : SIZE_MAX;
        if (found != SIZE_MAX)
            return &s->objects.list.items[found];
    }
    return NULL;
}

/* What altering the parent's column left in this one's property: the server carries it on to children. */
static struct str carried_on(struct pg_diff *d, const struct object *from, const struct object *to, const char *key)
{
    struct str own = from != NULL ? object_get(from, key) : STR_NONE;
    const struct object *now = parent_column(d->to, to), *then = from != NULL ? parent_column(d->from, from) : NULL;
    if (now == NULL || !pg_item_to(d, now)->ours || (from != NULL && then == NULL))
        return own;
    /* A partition that gets another bound is detached in between. */
    if (from != NULL && pg_differs(pg_table_of(d->from, from), pg_table_of(d->to, to), "bound"))
        return own;
    struct str before = then != NULL ? object_get(then, key) : STR_NONE, after = object_get(now, key);
    return str_eq(before, after) ? own : after;
}

/* ---- text ---- */

struct spelling {
    const char *prefix, *suffix, *instead, *behind; /* prefix + "(n)" + suffix is instead + "(n)" + behind */
};

/* "character varying(20)[]" is what the server says, varchar(20)[] what people write. */
struct str pg_type_text(struct arena *a, struct str type)
{
    static const struct spelling spellings[] = {
        {"character varying", "", "varchar", ""},
        {"character", "", "char", ""},
        {"timestamp", " without time zone", "timestamp", ""},
        {"timestamp", " with time zone", "timestamptz", ""},
        {"time", " without time zone", "time", ""},
        {"time", " with time zone", "timetz", ""},
    };
    for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
        const struct spelling *s = &spellings[i];
        struct str rest = str_from(type, strlen(s->prefix)), modifier = STR("");
        if (!str_starts(type, str_of(s->prefix)))
            continue;
        if (rest.len > 0 && rest.p[0] == '(')
            modifier = str_head(rest, str_find(rest, ')') + 1);
        rest = str_from(rest, modifier.len);
        if (!str_starts(rest, str_of(s->suffix)))
            continue;
        rest = str_from(rest, strlen(s->suffix));
        if (rest.len == 0 || rest.p[0] == '[')
            return str_printf(a, "%s%.*s%.*s", s->instead, STR_ARG(modifier), STR_ARG(rest));
    }
    return type;
}

static const char *serial_type(struct str type)
{
    return str_is(type, "bigint") ? "bigserial" : str_is(type, "smallint") ? "smallserial" : "serial";
}

/* A constant of the column's own type needs no cast: 'x', not 'x'::text. */
static struct str default_text(const struct object *c)
{
    struct str text = object_get(c, "default"), rest;
    size_t end = 1;
    if (text.len < 2 || text.p[0] != '\'')
        return text;
    while (end < text.len && (text.p[end] != '\'' || (end + 1 < text.len && text.p[end + 1] == '\'')))
        end += text.p[end] == '\'' ? 2 : 1;
    rest = str_from(text, end + 1);
    bool own = str_starts(rest, STR("::")) && str_eq(str_from(rest, 2), object_get(c, "base"));
    return own ? str_head(text, end + 1) : text;
}

static void add_identity(struct pg_diff *d, const struct object *c, struct strbuf *out)
{
    struct strbuf options;
    pg_text_init(&options);
    if (!str_eq(object_get(c, "seq_name"), pg_made_name(d->a, c->table, c->name, "seq")))
        strbuf_printf(&options, " SEQUENCE NAME %.*s",
                      STR_ARG(pg_qualified(d->a, c->schema, object_get(c, "seq_name"))));
    pg_sequence_options(d, c, &options);
    strbuf_printf(out, " GENERATED %.*s AS IDENTITY", STR_ARG(object_get(c, "identity")));
    struct str text = str_of(pg_take(d->a, &options));
    if (text.len > 0)
        strbuf_printf(out, " (%.*s)", STR_ARG(str_from(text, 1)));
}

/* A primary key and identity say NOT NULL by themselves. */
static bool in_new_key(struct pg_diff *d, const struct object *c)
{
    const struct object *o;
    for (size_t at = 0; (o = pg_next_dependant(d, c, &at)) != NULL;)
        if (o->kind == OBJECT_CONSTRAINT && str_is(object_get(o, "type"), "p") && str_eq(o->table, c->table) &&
            str_eq(o->schema, c->schema) && pg_is_made(pg_item_to(d, o)))
            return true;
    return false;
}

void pg_column_text(struct pg_diff *d, const struct object *c, struct strbuf *out)
{
    struct str type = object_get(c, "type");
    bool serial = pg_serial_sequence(d, c) != NULL, identity = pg_has(c, "identity");
    strbuf_add(out, pg_name(d->a, c->name));
    if (serial)
        strbuf_printf(out, " %s", serial_type(type));
    else
        strbuf_printf(out, " %.*s", STR_ARG(pg_type_text(d->a, type)));
    if (pg_has(c, "collation"))
        strbuf_printf(out, " COLLATE %.*s", STR_ARG(object_get(c, "collation")));
    if (pg_has(c, "expression")) {
        strbuf_printf(out, " GENERATED ALWAYS AS (%.*s) %s", STR_ARG(object_get(c, "expression")),
                      str_is(object_get(c, "generated"), "v") ? "VIRTUAL" : "STORED");
    }
    if (pg_has(c, "not_null") && !serial && !identity && !in_new_key(d, c))
        strbuf_puts(out, " NOT NULL");
    if (identity)
        add_identity(d, c, out);
    if (pg_has(c, "default") && !serial)
        strbuf_printf(out, " DEFAULT %.*s", STR_ARG(default_text(c)));
}

/* ---- pieces of ALTER TABLE ... ALTER COLUMN ---- */

static void alter_column(struct pg_diff *d, const struct object *c, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void alter_column(struct pg_diff *d, const struct object *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *what = arena_vprintf(d->a, format, args);
    va_end(args);
    pg_emit(d, "ALTER TABLE %.*s ALTER COLUMN %.*s %s", STR_ARG(pg_owner(d->a, c)), STR_ARG(pg_name(d->a, c->name)),
            what);
}

static void set_or_none(struct pg_diff *d, const struct object *c, struct str value, const char *set, const char *none)
{
    alter_column(d, c, "SET %s %.*s", set, STR_ARG(value.len > 0 ? value : str_of(none)));
}

void pg_column_settings(struct pg_diff *d, const struct object *from, const struct object *to)
{
    static const struct object nothing = {0};
    const struct object *old = from != NULL ? from : &nothing;
    bool retyped = from != NULL && pg_differs(old, to, "type");
    if (pg_differs(old, to, "storage") || (retyped && pg_has(to, "storage")))
        set_or_none(d, to, object_get(to, pg_has(to, "storage") ? "storage" : "type_storage"), "STORAGE", "");
    if (pg_differs(old, to, "compression"))
        set_or_none(d, to, object_get(to, "compression"), "COMPRESSION", "default");
    if (pg_differs(old, to, "statistics"))
        set_or_none(d, to, object_get(to, "statistics"), "STATISTICS", "-1");
    if (!pg_differs(old, to, "options"))
        return;
    struct str rest = object_get(old, "options"), part;
    while (str_next(&rest, ',', &part))
        alter_column(d, to, "RESET (%.*s)", STR_ARG(str_trim(str_head(part, str_find(part, '=')))));
    if (pg_has(to, "options"))
        alter_column(d, to, "SET (%.*s)", STR_ARG(object_get(to, "options")));
}

/* Numbers that are to come must not meet those that are there. */
void pg_column_advance(struct pg_diff *d, const struct object *column, struct str start)
{
    if (str_starts(start, STR("-")))
        return;
    struct str c = pg_name(d->a, column->name), table = pg_owner(d->a, column);
    pg_emit(d, "SELECT setval(pg_get_serial_sequence(%.*s, %.*s), max(%.*s)) FROM %.*s HAVING max(%.*s) >= %.*s",
            STR_ARG(pg_literal(d->a, table)), STR_ARG(pg_literal(d->a, column->name)), STR_ARG(c), STR_ARG(table),
            STR_ARG(c), STR_ARG(start));
}

/* ---- changes ---- */

/* The default as it reads now, when the sequence that it names has got another name. */
static struct str present_default(struct pg_diff *d, const struct object *from)
{
    struct str text = object_get(from, "default");
    for (size_t i = 0; text.p != NULL && i < from->needs.list.count; i++) {
        const struct object *o = pg_from(d, from->needs.list.items[i]);
        const struct pg_item *item = pg_item_from(d, o);
        const struct object *now = pg_to(d, item->to);
        if (o->kind != OBJECT_SEQUENCE || now == NULL || item->change == PG_REPLACE || str_eq(o->name, now->name))
            continue;
        struct str literal = pg_literal(d->a, pg_path(d->a, o));
        if (str_eq(text, str_printf(d->a, "nextval(%.*s::regclass)", STR_ARG(literal))))
            return str_printf(d->a, "nextval(%.*s::regclass)", STR_ARG(pg_literal(d->a, pg_path(d->a, now))));
    }
    return text;
}

static bool is_retyped(const struct object *from, const struct object *to)
{
    return pg_differs(from, to, "type") || pg_differs(from, to, "collation");
}

static bool is_rebuilt(const struct object *from, const struct object *to)
{
    return pg_has(to, "expression") && (pg_differs(from, to, "expression") || pg_differs(from, to, "generated"));
}

static enum pg_change compare(struct pg_diff *d, const struct object *from, const struct object *to)
{
    static const char *const keys[] = {"type",      "collation", "not_null",    "expression", "identity",  "seq_type",
                                       "seq_start", "seq_step",  "seq_min",     "seq_max",    "seq_cache", "seq_cycle",
                                       "seq_name",  "storage",   "compression", "statistics", "options"};
    if (is_rebuilt(from, to))
        return PG_REPLACE;
    /* A sequence of the one kind and one of the other kind want the same name. */
    bool swapped =
        (pg_has(from, "default") && pg_has(to, "identity")) || (pg_has(from, "identity") && pg_has(to, "default"));
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (pg_differs(from, to, keys[i]))
            return swapped ? PG_RELEASE : PG_ALTER;
    return str_eq(present_default(d, from), object_get(to, "default")) ? PG_SAME : PG_ALTER;
}

/* A type that is made anew under the same name is another type. */
static bool has_new_type(struct pg_diff *d, const struct object *from)
{
    for (size_t i = 0; i < from->needs.list.count; i++) {
        const struct object *o = pg_from(d, from->needs.list.items[i]);
        bool is_type = o->kind == OBJECT_ENUM || o->kind == OBJECT_COMPOSITE || o->kind == OBJECT_RANGE ||
                       o->kind == OBJECT_DOMAIN || o->kind == OBJECT_COLLATION;
        if (is_type && pg_item_from(d, o)->change == PG_REPLACE)
            return true;
    }
    return false;
}

static bool disturbs(struct pg_diff *d, const struct object *from, const struct object *to)
{
    return is_retyped(from, to) || has_new_type(d, from) || (pg_has(from, "expression") && !pg_has(to, "expression"));
}

static enum pg_change shaken(struct pg_diff *d, const struct object *from, const struct object *to,
                             const struct pg_item *by)
{
    const struct object *below = pg_from(d, by->from);
    bool own_table =
        below->kind == OBJECT_TABLE && str_eq(below->name, from->table) && str_eq(below->schema, from->schema);
    if (own_table)
        return PG_REPLACE;
    /* A partition's columns hang on their table only, which hangs on the parent. */
    if (pg_has(from, "expression") && !(by->change == PG_ALTER && below->kind == OBJECT_TABLE))
        return pg_has(to, "expression") ? PG_REPLACE : PG_ALTER;
    return PG_RELEASE;
}

/* Whether the default must go before the type changes: the server would convert it, or fail to. */
static bool is_in_the_way(struct pg_diff *d, const struct object *from, const struct object *to)
{
    return is_retyped(from, to) && !(str_eq(present_default(d, from), object_get(to, "default")) &&
                                     str_starts(object_get(to, "default"), STR("nextval(")));
}

/* Columns of a typed table change with the type. */
static bool is_of_type(struct pg_diff *d, const struct object *from, const struct object *to)
{
    const struct object *then = pg_table_of(d->from, from), *now = pg_table_of(d->to, to);
    return then != NULL && now != NULL && pg_is_of_same_type(then, now);
}

/* Returns the default that the column has afterwards. */
static struct str change_type(struct pg_diff *d, const struct object *from, const struct object *to, struct str present)
{
    bool retyped = !str_eq(carried_on(d, from, to, "type"), object_get(to, "type")) ||
                   !str_eq(carried_on(d, from, to, "collation"), object_get(to, "collation"));
    bool carried = pg_has(to, "inherited") && !pg_column_is_local(to);
    if (is_of_type(d, from, to) || (!retyped && (carried || !has_new_type(d, from))))
        return present;
    if (present.p != NULL && is_in_the_way(d, from, to)) {
        alter_column(d, to, "DROP DEFAULT");
        present = STR_NONE;
    }
    struct strbuf what;
    pg_text_init(&what);
    strbuf_printf(&what, "TYPE %.*s", STR_ARG(pg_type_text(d->a, object_get(to, "type"))));
    if (pg_has(to, "collation"))
        strbuf_printf(&what, " COLLATE %.*s", STR_ARG(object_get(to, "collation")));
    struct str using = pg_using(d, from, to);
    if (using.len > 0)
        strbuf_printf(&what, " USING %.*s", STR_ARG(using));
    alter_column(d, to, "%s", pg_take(d->a, &what));
    return present;
}

static void change_default(struct pg_diff *d, const struct object *to, struct str present)
{
    struct str wanted = object_get(to, "default");
    if (str_eq(present, wanted))
        return;
    if (wanted.p == NULL)
        alter_column(d, to, "DROP DEFAULT");
    else
        alter_column(d, to, "SET DEFAULT %.*s", STR_ARG(default_text(to)));
}

/* A check that is validated first: then SET NOT NULL need not read the table under its exclusive lock. */
static void set_not_null(struct pg_diff *d, const struct object *to)
{
    struct str table = pg_owner(d->a, to), c = pg_name(d->a, to->name);
    struct str check = pg_name(d->a, pg_made_name(d->a, to->table, to->name, "not_null"));
    pg_emit(d, "ALTER TABLE %.*s ADD CONSTRAINT %.*s CHECK (%.*s IS NOT NULL) NOT VALID", STR_ARG(table),
            STR_ARG(check), STR_ARG(c));
    pg_emit(d, "ALTER TABLE %.*s VALIDATE CONSTRAINT %.*s", STR_ARG(table), STR_ARG(check));
    alter_column(d, to, "SET NOT NULL");
    pg_emit(d, "ALTER TABLE %.*s DROP CONSTRAINT %.*s", STR_ARG(table), STR_ARG(check));
}

static void change_null(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct str present = carried_on(d, from, to, "not_null");
    if (str_eq(present, object_get(to, "not_null")))
        return;
    if (!pg_has(to, "not_null"))
        alter_column(d, to, "DROP NOT NULL");
    else if (!in_new_key(d, to))
        set_not_null(d, to);
}

static void rename_sequence(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (pg_has(from, "seq_name") && pg_has(to, "seq_name") && pg_differs(from, to, "seq_name"))
        pg_emit(d, "ALTER SEQUENCE %.*s RENAME TO %.*s",
                STR_ARG(pg_qualified(d->a, to->schema, object_get(from, "seq_name"))),
                STR_ARG(pg_name(d->a, object_get(to, "seq_name"))));
}

static void change_identity(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct strbuf what;
    if (!pg_has(to, "identity"))
        return;
    pg_text_init(&what);
    if (!pg_has(from, "identity")) {
        add_identity(d, to, &what);
        alter_column(d, to, "ADD%s", pg_take(d->a, &what));
        pg_column_advance(d, to, object_get(to, "seq_start"));
        return;
    }
    rename_sequence(d, from, to);
    if (pg_differs(from, to, "identity"))
        strbuf_printf(&what, " SET GENERATED %.*s", STR_ARG(object_get(to, "identity")));
    pg_sequence_changes(d, from, to, "SET ", &what);
    struct str text = str_of(pg_take(d->a, &what));
    if (text.len > 0)
        alter_column(d, to, "%.*s", STR_ARG(str_from(text, 1)));
}

static void alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    const struct pg_item *item = pg_item_to(d, to);
    if (pg_has(from, "expression") && !pg_has(to, "expression"))
        alter_column(d, to, "DROP EXPRESSION");
    if (pg_has(from, "identity") && !pg_has(to, "identity") && item->change != PG_RELEASE)
        alter_column(d, to, "DROP IDENTITY");
    struct str present = item->change == PG_RELEASE ? STR_NONE : present_default(d, from);
    struct str carried = carried_on(d, from, to, "default");
    if (!str_eq(carried, object_get(from, "default")))
        present = carried;
    present = change_type(d, from, to, present);
    change_default(d, to, present);
    change_null(d, from, to);
    change_identity(d, from, to);
    pg_column_settings(d, from, to);
}

static void release(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (pg_has(from, "default"))
        alter_column(d, from, "DROP DEFAULT");
    if (pg_has(from, "identity") && !pg_has(to, "identity"))
        alter_column(d, from, "DROP IDENTITY");
}

void pg_column_inherited(struct pg_diff *d, const struct object *to)
{
    const struct object *parent = parent_column(d->to, to);
    if (parent == NULL || pg_column_is_local(to))
        return;
    change_default(d, to, object_get(parent, "default"));
    if (pg_has(to, "not_null") && !pg_has(parent, "not_null") && !in_new_key(d, to))
        alter_column(d, to, "SET NOT NULL");
}

/* ---- the kind ---- */

static struct str noun(struct pg_diff *d, const struct object *o)
{
    return str_printf(d->a, "COLUMN %.*s.%.*s", STR_ARG(pg_owner(d->a, o)), STR_ARG(pg_name(d->a, o->name)));
}

/* What stands for a value that is gone, or NULL where nothing suits. */
static const char *empty_value(const struct object *c)
{
    static const struct {
        const char *type, *value;
    } values[] = {
        {"text", "''"},
        {"character varying", "''"},
        {"character", "''"},
        {"bytea", "''"},
        {"smallint", "0"},
        {"integer", "0"},
        {"bigint", "0"},
        {"numeric", "0"},
        {"real", "0"},
        {"double precision", "0"},
        {"money", "0"},
        {"boolean", "false"},
        {"date", "'epoch'"},
        {"timestamp without time zone", "'epoch'"},
        {"timestamp with time zone", "'epoch'"},
        {"time without time zone", "'00:00'"},
        {"time with time zone", "'00:00+00'"},
        {"interval", "'0'"},
        {"uuid", "'00000000-0000-0000-0000-000000000000'"},
        {"json", "'{}'"},
        {"jsonb", "'{}'"},
        {"inet", "'0.0.0.0'"},
        {"cidr", "'0.0.0.0/0'"},
        {"tsvector", "''"},
    };
    struct str base = object_get(c, "base");
    if (str_ends(base, STR("[]")))
        return "'{}'";
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
        if (str_is(base, values[i].type))
            return values[i].value;
    return NULL;
}

static bool wants_empty_value(struct pg_diff *d, const struct object *to)
{
    return d->request->back && pg_has(to, "not_null") && !pg_has(to, "default") && !pg_has(to, "expression") &&
           !pg_has(to, "identity");
}

static void create(struct pg_diff *d, const struct object *to)
{
    struct strbuf text;
    const char *value = wants_empty_value(d, to) ? empty_value(to) : NULL;
    pg_text_init(&text);
    pg_column_text(d, to, &text);
    if (value != NULL)
        strbuf_printf(&text, " DEFAULT %s", value);
    struct ddl *ddl = pg_emit(d, "ALTER TABLE %.*s ADD COLUMN %s", STR_ARG(pg_owner(d->a, to)), pg_take(d->a, &text));
    if (value != NULL) {
        ddl->note =
            str_printf(d->a, "the values of the column %.*s cannot be restored: rows get %s", STR_ARG(to->name), value);
        alter_column(d, to, "DROP DEFAULT");
    }
    pg_column_settings(d, NULL, to);
}

static void drop(struct pg_diff *d, const struct object *from)
{
    struct ddl *ddl = pg_emit(d, "ALTER TABLE %.*s DROP COLUMN %.*s", STR_ARG(pg_owner(d->a, from)),
                              STR_ARG(pg_name(d->a, from->name)));
    if (!pg_has(from, "expression"))
        ddl->destroys = str_printf(d->a, "the values of the column %.*s are lost", STR_ARG(from->name));
}

const struct pg_kind pg_column_kind = {
    .rank = 24,
    .compare = compare,
    .noun = noun,
    .create = create,
    .drop = drop,
    .alter = alter,
    .release = release,
    .disturbs = disturbs,
    .shaken = shaken,
};
