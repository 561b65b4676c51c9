/* Tables: CREATE TABLE with all that can stand in it, and what ALTER TABLE changes of the table itself. */
#include "common/core/schema/diff_pg.h"

#include <stdint.h>
#include <stdlib.h>

/* ---- what comes and goes with the table, or with a parent's ---- */

static bool is_child_of_same(const struct object *from, const struct object *to)
{
    bool child = pg_has(from, "parent") || pg_has(from, "inherits");
    return child && !pg_differs(from, to, "parent") && !pg_differs(from, to, "inherits");
}

static const struct object *relation_of(const struct schema *s, const struct object *o)
{
    static const enum object_kind relations[] = {OBJECT_TABLE, OBJECT_VIEW, OBJECT_MATVIEW, OBJECT_DOMAIN};
    for (size_t i = 0; o->table.len > 0 && i < sizeof(relations) / sizeof(*relations); i++) {
        size_t number = schema_find(s, relations[i], o->schema, STR(""), o->table);
        if (number != SIZE_MAX)
            return &s->objects.list.items[number];
    }
    return NULL;
}

static bool is_from_parent(const struct object *o)
{
    return o->kind == OBJECT_COLUMN ? !pg_column_is_local(o) : pg_has(o, "parent");
}

static bool owner_goes(struct pg_diff *d, const struct object *sequence)
{
    size_t owner = pg_has(sequence, "owner_column")
                       ? schema_find(d->from, OBJECT_COLUMN, object_get(sequence, "owner_schema"),
                                     object_get(sequence, "owner_table"), object_get(sequence, "owner_column"))
                       : SIZE_MAX;
    return owner != SIZE_MAX && pg_is_unmade(&d->items.list.items[d->from_items[owner]]);
}

/* Altering the type alters the table's columns. */
bool pg_is_of_same_type(const struct object *from, const struct object *to)
{
    return pg_has(from, "of_type") && pg_has(to, "of_type") && !pg_differs(from, to, "of_type");
}

bool pg_off_implied(struct pg_diff *d, const struct pg_item *item)
{
    const struct object *from = pg_from(d, item->from);
    if (from == NULL || !pg_is_unmade(item))
        return false;
    if (from->kind == OBJECT_SEQUENCE)
        return owner_goes(d, from);
    const struct object *relation = relation_of(d->from, from);
    if (relation == NULL)
        return false;
    const struct pg_item *above = pg_item_from(d, relation);
    const struct object *now = pg_to(d, above->to);
    if (now != NULL && from->kind == OBJECT_COLUMN && pg_is_of_same_type(relation, now))
        return true;
    return pg_is_unmade(above) || (now != NULL && is_from_parent(from) && is_child_of_same(relation, now));
}

bool pg_on_implied(struct pg_diff *d, const struct pg_item *item)
{
    const struct object *to = pg_to(d, item->to);
    if (to->kind == OBJECT_SEQUENCE)
        return pg_serial_column(d, d->to, to) != NULL;
    if (to->kind != OBJECT_COLUMN)
        return to->table.len > 0 && pg_has(to, "parent");
    const struct object *table = pg_table_of(d->to, to);
    const struct pg_item *above = pg_item_to(d, table);
    const struct object *then = pg_from(d, above->from);
    if (then != NULL && pg_is_of_same_type(then, table))
        return true;
    return pg_is_made(above) || (then != NULL && !pg_column_is_local(to) && is_child_of_same(then, table) &&
                                 !pg_differs(then, table, "bound"));
}

/* ---- what belongs to a table ---- */

struct member {
    size_t number;
    unsigned rank, position;
    struct str name;
};

struct members {
    VEC(struct member) list;
};

static int compare_members(const void *left, const void *right)
{
    const struct member *l = left, *r = right;
    if (l->rank != r->rank)
        return l->rank < r->rank ? -1 : 1;
    if (l->position != r->position)
        return l->position < r->position ? -1 : 1;
    return str_cmp(l->name, r->name);
}

/* Keys first, foreign keys last. */
static unsigned rank_of(const struct object *o)
{
    static const char order[] = "pucxf";
    struct str type = object_get(o, "type");
    const char *found = o->kind == OBJECT_CONSTRAINT && type.len > 0 ? strchr(order, type.p[0]) : NULL;
    return found != NULL ? (unsigned)(found - order) : 0;
}

/* In the order in which people write them. */
static struct members members_of(struct pg_diff *d, const struct object *table, enum object_kind kind)
{
    struct members members = {0};
    const struct object *o;
    for (size_t at = 0; (o = pg_next_dependant(d, table, &at)) != NULL;) {
        if (o->kind != kind || !str_eq(o->table, table->name) || !str_eq(o->schema, table->schema))
            continue;
        size_t number = (size_t)(o - d->to->objects.list.items);
        vec_push(d->a, &members.list, ((struct member){number, rank_of(o), o->position, o->name}));
    }
    if (members.list.count > 0)
        qsort(members.list.items, members.list.count, sizeof(*members.list.items), compare_members);
    return members;
}

/* ---- CREATE TABLE ---- */

/* Whether all that it needs is there, or comes with the table. */
static bool can_be_inline(struct pg_diff *d, const struct object *constraint, const struct object *table)
{
    for (size_t i = 0; i < constraint->needs.list.count; i++) {
        const struct object *needed = pg_to(d, constraint->needs.list.items[i]);
        const struct pg_item *item = pg_item_to(d, needed);
        bool own = needed == table || (str_eq(needed->table, table->name) && str_eq(needed->schema, table->schema));
        if (!own && item->change != PG_SAME && !item->on_done)
            return false;
    }
    return !pg_has(constraint, "parent");
}

/* What the foreign key of a table to itself leads to must stand in the same statement. */
static bool is_short(struct pg_diff *d, const struct object *constraint)
{
    struct str type = object_get(constraint, "type");
    if (constraint->needs.list.count == 0 || !pg_constraint_made_name(d, constraint) || pg_has(constraint, "validity"))
        return false;
    return !str_is(type, "x");
}

static bool is_of_column(struct pg_diff *d, const struct object *constraint, const struct object *column)
{
    return str_eq(object_get(constraint, "columns"), pg_name(d->a, column->name)) && is_short(d, constraint);
}

/* "REFERENCES t(id)" of a foreign key, "PRIMARY KEY" of a key: without the column that stands before. */
static struct str of_column(struct pg_diff *d, const struct object *constraint)
{
    struct strbuf text;
    pg_text_init(&text);
    pg_constraint_text(d, constraint, false, &text);
    struct str whole = str_of(pg_take(d->a, &text)), type = object_get(constraint, "type");
    struct str columns = str_printf(d->a, "(%.*s)", STR_ARG(object_get(constraint, "columns")));
    const char *words = str_is(type, "p") ? "PRIMARY KEY " : str_is(type, "u") ? "UNIQUE " : "FOREIGN KEY ";
    struct str before = str_printf(d->a, "%s%.*s", words, STR_ARG(columns));
    if (str_is(type, "c"))
        return whole;
    if (!str_starts(whole, before))
        return STR_NONE;
    struct str rest = str_from(whole, before.len);
    if (str_is(type, "f"))
        return str_from(rest, 1);
    return str_printf(d->a, "%.*s%.*s", STR_ARG(str_head(str_of(words), strlen(words) - 1)), STR_ARG(rest));
}

struct creation {
    struct pg_diff *d;
    const struct object *table;
    struct members columns, constraints;
    struct strbuf out;
    size_t lines;
};

static void start_line(struct creation *c)
{
    strbuf_puts(&c->out, c->lines++ == 0 ? " (\n    " : ",\n    ");
}

static void add_column_constraints(struct creation *c, const struct object *column)
{
    for (size_t i = 0; i < c->constraints.list.count; i++) {
        const struct object *constraint = pg_to(c->d, c->constraints.list.items[i].number);
        struct pg_item *item = pg_item_to(c->d, constraint);
        if (item->on_done || !is_of_column(c->d, constraint, column) || !can_be_inline(c->d, constraint, c->table))
            continue;
        struct str text = of_column(c->d, constraint);
        if (text.p == NULL)
            continue;
        strbuf_printf(&c->out, " %.*s", STR_ARG(text));
        item->on_done = true;
    }
}

static void add_columns(struct creation *c)
{
    bool implied = pg_has(c->table, "parent") || pg_has(c->table, "of_type");
    for (size_t i = 0; i < c->columns.list.count; i++) {
        const struct object *column = pg_to(c->d, c->columns.list.items[i].number);
        if (implied || !pg_column_is_local(column))
            continue;
        start_line(c);
        pg_column_text(c->d, column, &c->out);
        add_column_constraints(c, column);
    }
}

static void add_constraints(struct creation *c)
{
    for (size_t i = 0; i < c->constraints.list.count; i++) {
        const struct object *constraint = pg_to(c->d, c->constraints.list.items[i].number);
        struct pg_item *item = pg_item_to(c->d, constraint);
        bool key = str_is(object_get(constraint, "type"), "p");
        if (item->on_done || pg_has(constraint, "validity") || !can_be_inline(c->d, constraint, c->table))
            continue;
        start_line(c);
        pg_constraint_text(c->d, constraint, !key || !pg_constraint_made_name(c->d, constraint), &c->out);
        item->on_done = true;
    }
}

static void add_clauses(struct creation *c)
{
    const struct object *t = c->table;
    if (c->lines > 0)
        strbuf_puts(&c->out, "\n)");
    else if (!pg_has(t, "parent") && !pg_has(t, "of_type"))
        strbuf_puts(&c->out, " ()");
    if (pg_has(t, "bound"))
        strbuf_printf(&c->out, "%s%.*s", c->lines > 0 ? " " : "\n    ", STR_ARG(object_get(t, "bound")));
    if (pg_has(t, "inherits"))
        strbuf_printf(&c->out, " INHERITS (%.*s)", STR_ARG(object_get(t, "inherits")));
    if (pg_has(t, "partition_key"))
        strbuf_printf(&c->out, " PARTITION BY %.*s", STR_ARG(object_get(t, "partition_key")));
    if (pg_has(t, "method"))
        strbuf_printf(&c->out, " USING %.*s", STR_ARG(pg_name(c->d->a, object_get(t, "method"))));
    struct str options = object_get(t, "options"), toast = object_get(t, "toast_options");
    if (options.len + toast.len > 0)
        strbuf_printf(&c->out, " WITH (%.*s%s%.*s)", STR_ARG(options), options.len > 0 && toast.len > 0 ? ", " : "",
                      STR_ARG(toast));
}

static void create_text(struct creation *c)
{
    const struct object *t = c->table;
    pg_text_init(&c->out);
    strbuf_printf(&c->out, "CREATE %sTABLE %.*s", str_is(object_get(t, "persistence"), "u") ? "UNLOGGED " : "",
                  STR_ARG(pg_path(c->d->a, t)));
    if (pg_has(t, "parent"))
        strbuf_printf(&c->out, " PARTITION OF %.*s", STR_ARG(object_get(t, "parent")));
    if (pg_has(t, "of_type"))
        strbuf_printf(&c->out, " OF %.*s", STR_ARG(object_get(t, "of_type")));
    add_columns(c);
    add_constraints(c);
    add_clauses(c);
    pg_emit(c->d, "%s", pg_take(c->d->a, &c->out));
}

static void row_security(struct pg_diff *d, const struct object *from, const struct object *to)
{
    static const struct object nothing = {0};
    struct str table = pg_path(d->a, to);
    from = from != NULL ? from : &nothing;
    if (pg_differs(from, to, "row_security"))
        pg_emit(d, "ALTER TABLE %.*s %s ROW LEVEL SECURITY", STR_ARG(table),
                pg_has(to, "row_security") ? "ENABLE" : "DISABLE");
    if (pg_differs(from, to, "force_row_security"))
        pg_emit(d, "ALTER TABLE %.*s %s ROW LEVEL SECURITY", STR_ARG(table),
                pg_has(to, "force_row_security") ? "FORCE" : "NO FORCE");
}

static void create(struct pg_diff *d, const struct object *to)
{
    struct creation c = {.d = d,
                         .table = to,
                         .columns = members_of(d, to, OBJECT_COLUMN),
                         .constraints = members_of(d, to, OBJECT_CONSTRAINT)};
    create_text(&c);
    for (size_t i = 0; i < c.columns.list.count; i++) {
        const struct object *column = pg_to(d, c.columns.list.items[i].number);
        pg_column_inherited(d, column);
        pg_column_settings(d, NULL, column);
    }
    row_security(d, NULL, to);
}

/* ---- DROP TABLE ---- */

/* Foreign keys of other tables that go too, but later: two tables may lead to each other. */
static void drop_foreign_keys(struct pg_diff *d, const struct object *from)
{
    for (size_t i = 0; i < d->from->objects.list.count; i++) {
        const struct object *o = pg_from(d, i);
        struct pg_item *item = pg_item_from(d, o);
        if (o->kind != OBJECT_CONSTRAINT || !str_is(object_get(o, "type"), "f") || item->off_done ||
            pg_has(o, "parent") || !pg_is_unmade(item) || !str_eq(object_get(o, "ref_table"), pg_path(d->a, from)) ||
            (str_eq(o->table, from->name) && str_eq(o->schema, from->schema)))
            continue;
        const struct object *table = pg_table_of(d->from, o);
        if (table == NULL || pg_item_from(d, table)->off_done)
            continue;
        pg_constraint_kind.drop(d, o);
        item->off_done = true;
    }
}

static void drop(struct pg_diff *d, const struct object *from)
{
    drop_foreign_keys(d, from);
    struct ddl *ddl = pg_emit(d, "DROP TABLE %.*s", STR_ARG(pg_path(d->a, from)));
    if (!pg_has(from, "partition_key"))
        ddl->destroys = str_printf(d->a, "all rows of the table %.*s are lost", STR_ARG(from->name));
}

/* ---- ALTER TABLE ---- */

static const struct pg_property properties[] = {
    {"kind", PG_REPLACE},
    {"partition_key", PG_REPLACE},
    {"of_type", PG_ALTER},
    {"persistence", PG_ALTER},
    {"options", PG_ALTER},
    {"toast_options", PG_ALTER},
    {"replica_identity", PG_ALTER},
    {"replica_index", PG_ALTER},
    {"cluster", PG_ALTER},
    {"inherits", PG_ALTER},
    {"parent", PG_ALTER},
    {"bound", PG_ALTER},
    {"method", PG_ALTER},
    {"row_security", PG_ALTER},
    {"force_row_security", PG_ALTER},
    {NULL, PG_SAME},
};

static bool is_index_renewed(struct pg_diff *d, const struct object *to, const char *key)
{
    struct str name = object_get(to, key);
    if (name.p == NULL)
        return false;
    size_t index = schema_find(d->to, OBJECT_INDEX, to->schema, to->name, name);
    if (index == SIZE_MAX)
        index = schema_find(d->to, OBJECT_CONSTRAINT, to->schema, to->name, name);
    return index != SIZE_MAX && pg_is_made(pg_item_to(d, pg_to(d, index)));
}

static struct str noun(struct pg_diff *d, const struct object *o)
{
    return str_printf(d->a, "TABLE %.*s", STR_ARG(pg_path(d->a, o)));
}

static void alter_table(struct pg_diff *d, const struct object *o, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void alter_table(struct pg_diff *d, const struct object *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *what = arena_vprintf(d->a, format, args);
    va_end(args);
    pg_emit(d, "ALTER TABLE %.*s %s", STR_ARG(pg_path(d->a, o)), what);
}

/* Whether "name=value" is one of a list with commas. */
static bool lists(struct str list, struct str wanted)
{
    struct str part;
    while (str_next(&list, ',', &part))
        if (str_eq(str_trim(part), wanted))
            return true;
    return false;
}

static bool lists_key(struct str list, struct str key)
{
    struct str part;
    while (str_next(&list, ',', &part)) {
        part = str_trim(part);
        if (str_eq(str_head(part, str_find(part, '=')), key))
            return true;
    }
    return false;
}

static void change_options(struct pg_diff *d, const struct object *from, const struct object *to, const char *key)
{
    struct strbuf set, reset;
    struct str before = object_get(from, key), after = object_get(to, key), list = after, part;
    pg_text_init(&set);
    pg_text_init(&reset);
    while (str_next(&list, ',', &part))
        if (!lists(before, str_trim(part)))
            strbuf_printf(&set, "%s%.*s", set.len > 0 ? ", " : "", STR_ARG(str_trim(part)));
    list = before;
    while (str_next(&list, ',', &part)) {
        struct str name = str_trim(str_head(part, str_find(part, '=')));
        if (!lists_key(after, name))
            strbuf_printf(&reset, "%s%.*s", reset.len > 0 ? ", " : "", STR_ARG(name));
    }
    struct str gone = str_of(pg_take(d->a, &reset)), new = str_of(pg_take(d->a, &set));
    if (gone.len > 0)
        alter_table(d, to, "RESET (%.*s)", STR_ARG(gone));
    if (new.len > 0)
        alter_table(d, to, "SET (%.*s)", STR_ARG(new));
}

static void leave_parents(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct str list = object_get(from, "inherits"), part;
    if (pg_has(from, "parent") && (pg_differs(from, to, "parent") || pg_differs(from, to, "bound")))
        pg_emit(d, "ALTER TABLE %.*s DETACH PARTITION %.*s", STR_ARG(object_get(from, "parent")),
                STR_ARG(pg_path(d->a, to)));
    while (str_next(&list, ',', &part))
        if (!lists(object_get(to, "inherits"), str_trim(part)))
            alter_table(d, to, "NO INHERIT %.*s", STR_ARG(str_trim(part)));
}

static void alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    leave_parents(d, from, to);
    if (pg_differs(from, to, "of_type")) {
        if (pg_has(to, "of_type"))
            alter_table(d, to, "OF %.*s", STR_ARG(object_get(to, "of_type")));
        else
            alter_table(d, to, "NOT OF");
    }
    if (pg_differs(from, to, "persistence"))
        alter_table(d, to, "SET %s", str_is(object_get(to, "persistence"), "u") ? "UNLOGGED" : "LOGGED");
    if (pg_differs(from, to, "method"))
        alter_table(d, to, "SET ACCESS METHOD %.*s",
                    STR_ARG(pg_has(to, "method") ? pg_name(d->a, object_get(to, "method")) : STR("heap")));
    change_options(d, from, to, "options");
    change_options(d, from, to, "toast_options");
    row_security(d, from, to);
}

static void join_parents(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct str list = object_get(to, "inherits"), part;
    if (pg_has(to, "parent") && (pg_differs(from, to, "parent") || pg_differs(from, to, "bound")))
        pg_emit(d, "ALTER TABLE %.*s ATTACH PARTITION %.*s %.*s", STR_ARG(object_get(to, "parent")),
                STR_ARG(pg_path(d->a, to)), STR_ARG(object_get(to, "bound")));
    while (str_next(&list, ',', &part))
        if (!lists(object_get(from, "inherits"), str_trim(part)))
            alter_table(d, to, "INHERIT %.*s", STR_ARG(str_trim(part)));
}

static void set_replica_identity(struct pg_diff *d, const struct object *to)
{
    struct str identity = object_get(to, "replica_identity"), index = object_get(to, "replica_index");
    if (str_is(identity, "i") && index.len > 0)
        alter_table(d, to, "REPLICA IDENTITY USING INDEX %.*s", STR_ARG(pg_name(d->a, index)));
    else
        alter_table(d, to, "REPLICA IDENTITY %s",
                    str_is(identity, "f")   ? "FULL"
                    : str_is(identity, "n") ? "NOTHING"
                                            : "DEFAULT");
}

/* What names an index comes when the indexes are there. */
static void finish(struct pg_diff *d, const struct object *from, const struct object *to)
{
    static const struct object nothing = {0};
    if (to == NULL)
        return;
    if (pg_is_made(pg_item_to(d, to)))
        from = &nothing;
    else
        join_parents(d, from, to);
    if (pg_differs(from, to, "replica_identity") || pg_differs(from, to, "replica_index") ||
        is_index_renewed(d, to, "replica_index"))
        set_replica_identity(d, to);
    if (!pg_differs(from, to, "cluster") && !is_index_renewed(d, to, "cluster"))
        return;
    if (pg_has(to, "cluster"))
        alter_table(d, to, "CLUSTER ON %.*s", STR_ARG(pg_name(d->a, object_get(to, "cluster"))));
    else
        alter_table(d, to, "SET WITHOUT CLUSTER");
}

static enum pg_change shaken(struct pg_diff *d, const struct object *from, const struct object *to,
                             const struct pg_item *by)
{
    const struct object *below = pg_from(d, by->from);
    bool parent = below->kind == OBJECT_TABLE && pg_is_unmade(by) && !pg_differs(from, to, "parent") &&
                  !pg_differs(from, to, "inherits");
    return parent ? PG_REPLACE : PG_ALTER;
}

const struct pg_kind pg_table_kind = {
    .rank = 22,
    .properties = properties,
    .noun = noun,
    .create = create,
    .drop = drop,
    .alter = alter,
    .finish = finish,
    .shaken = shaken,
};
