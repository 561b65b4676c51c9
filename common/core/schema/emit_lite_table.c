/*
 * A table changes: by ALTER TABLE, or by the steps of SQLite's manual ("Making Other Kinds Of Table Schema Changes"):
 * a new table beside the old one, the rows, the old one away, the new one in its place. Rows keep their rowid, also
 * where no column shows it, and an AUTOINCREMENT goes on where it was.
 */
#include <stdint.h>

#include "common/core/schema/emit_lite.h"

/* What columns of `old` are called now: renames come first. */
static struct str old_name(const struct lite_diff *d, const struct lite_table_change *c, size_t i)
{
    return lite_alias_column(&d->names, c->old.name, c->old.columns.list.items[i].name);
}

static size_t find_old(const struct lite_diff *d, const struct lite_table_change *c, struct str name)
{
    for (size_t i = 0; i < c->old.columns.list.count; i++)
        if (lite_same_name(old_name(d, c, i), name))
            return i;
    return SIZE_MAX;
}

static struct str loss_of_column(struct lite_diff *d, const struct lite_table_change *c, size_t column)
{
    return str_printf(d->arena, "the values of %.*s.%.*s are lost", STR_ARG(c->new.name),
                      STR_ARG(c->old.columns.list.items[column].name));
}

/* ---- ALTER TABLE ---- */

static void add_column(struct lite_diff *d, const struct lite_table_change *c, const struct lite_column *column)
{
    struct ddl *s = lite_put(d, "ALTER TABLE %.*s ADD COLUMN %.*s", STR_ARG(lite_q(d, c->new.name)),
                             STR_ARG(lite_tidy(d->arena, column->text)));
    if (column->not_null && !column->generated && column->default_kind == LITE_DEFAULT_NONE)
        s->note = str_printf(d->arena, "fails if %.*s has rows: %.*s is NOT NULL and has no default",
                             STR_ARG(c->new.name), STR_ARG(column->name));
}

/* New ones first: a table must not be without columns in between. */
void lite_emit_alter(struct lite_diff *d, struct lite_table_change *c)
{
    for (size_t i = 0; i < c->added.list.count; i++)
        add_column(d, c, &c->new.columns.list.items[c->added.list.items[i]]);
    for (size_t i = 0; i < c->dropped.list.count; i++) {
        size_t column = c->dropped.list.items[i];
        bool generated = c->old.columns.list.items[column].generated;
        struct ddl *s = lite_put(d, "ALTER TABLE %.*s DROP COLUMN %.*s", STR_ARG(lite_q(d, c->new.name)),
                                 STR_ARG(lite_q(d, old_name(d, c, column))));
        if (!generated)
            s->destroys = loss_of_column(d, c, column);
    }
}

/* ---- the copy ---- */

struct copy {
    struct lite_diff *d;
    const struct lite_table_change *c;
    struct strbuf into, values;
    struct str note, loss;
    bool rowid; /* copied in some way */
};

static void copy_pair(struct copy *x, struct str into, struct str value)
{
    strbuf_puts(&x->into, x->into.len > 0 ? ", " : "");
    strbuf_add(&x->into, into);
    strbuf_puts(&x->values, x->values.len > 0 ? ", " : "");
    strbuf_add(&x->values, value);
}

static void say(struct copy *x, struct str *text, struct str more)
{
    *text = text->len == 0 ? more : str_printf(x->d->arena, "%.*s; %.*s", STR_ARG(*text), STR_ARG(more));
}

/* A name of the rowid that is no column's in either table; empty: there is none. */
static struct str rowid_name(const struct copy *x)
{
    static const struct str names[] = {{"rowid", 5}, {"_rowid_", 7}, {"oid", 3}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (find_old(x->d, x->c, names[i]) == SIZE_MAX && lite_table_column(&x->c->new, names[i]) == SIZE_MAX)
            return names[i];
    return STR_NONE;
}

/* The rowid that no column shows is kept, too; a new INTEGER PRIMARY KEY takes it. */
static void copy_rowid(struct copy *x)
{
    const struct lite_table *old = &x->c->old, *new = &x->c->new;
    struct str rowid = rowid_name(x);
    if (old->without_rowid || new->without_rowid || rowid.len == 0)
        return;
    if (new->rowid_column == SIZE_MAX) {
        copy_pair(x, rowid, rowid);
    } else {
        struct str column = new->columns.list.items[new->rowid_column].name;
        if (find_old(x->d, x->c, column) == SIZE_MAX)
            copy_pair(x, lite_q(x->d, column), rowid);
    }
}

/* What a downgrade puts where data was lost. */
static struct str empty_value(const struct lite_column *column)
{
    switch (lite_affinity(column->type)) {
    case LITE_TEXT:
        return STR("''");
    case LITE_INTEGER:
    case LITE_REAL:
    case LITE_NUMERIC:
        return STR("0");
    case LITE_BLOB_AFFINITY:
        break;
    }
    return str_is(column->type, "BLOB") ? STR("x''") : STR("''");
}

/* No two rows may have the same there. */
static bool is_unique(const struct copy *x, const struct lite_column *column)
{
    const struct lite_diff *d = x->d;
    for (size_t i = 0; i < x->c->new.constraints.list.count; i++) {
        const struct lite_constraint *k = &x->c->new.constraints.list.items[i];
        bool key = k->kind == LITE_UNIQUE || k->kind == LITE_PRIMARY_KEY;
        for (size_t n = 0; key && n < k->columns.list.count; n++)
            if (lite_same_name(k->columns.list.items[n], column->name))
                return true;
    }
    for (size_t i = 0; i < d->to->objects.list.count; i++) {
        const struct object *o = &d->to->objects.list.items[i];
        struct lite_create index;
        if (o->kind == OBJECT_INDEX && lite_same_name(o->table, x->c->new.name) &&
            lite_create_parse(d->arena, lite_sql(o), &index) && index.unique &&
            lite_mentions(lite_sql(o), column->name))
            return true;
    }
    return false;
}

/* An empty value, or the rowid where each row needs one of its own. */
static struct str fill_value(const struct copy *x, const struct lite_column *column)
{
    struct str rowid = x->c->old.without_rowid ? STR_NONE : rowid_name(x);
    return rowid.len > 0 && is_unique(x, column) ? rowid : empty_value(column);
}

static void copy_new_column(struct copy *x, const struct lite_column *column)
{
    struct lite_diff *d = x->d;
    if (!column->not_null || column->default_kind != LITE_DEFAULT_NONE)
        return; /* the default does it */
    if (!d->request->back) {
        say(x, &x->note,
            str_printf(d->arena, "fails if there are rows: %.*s is NOT NULL and has no default",
                       STR_ARG(column->name)));
        return;
    }
    struct str value = fill_value(x, column);
    copy_pair(x, lite_q(d, column->name), value);
    say(x, &x->note,
        str_printf(d->arena, "what %.*s was is not known any more: rows get %.*s", STR_ARG(column->name),
                   STR_ARG(value)));
}

static void note_type_change(struct copy *x, const struct lite_column *old, const struct lite_column *new)
{
    enum lite_affinity from = lite_affinity(old->type), to = lite_affinity(new->type);
    bool was_text = from == LITE_TEXT || from == LITE_BLOB_AFFINITY;
    bool is_number = to == LITE_INTEGER || to == LITE_REAL || to == LITE_NUMERIC;
    if (was_text && is_number)
        say(x, &x->loss,
            str_printf(x->d->arena, "how text in %.*s that looks like a number was written ('007' becomes 7)",
                       STR_ARG(new->name)));
    if ((from == LITE_REAL || from == LITE_NUMERIC) && to == LITE_TEXT)
        say(x, &x->loss, str_printf(x->d->arena, "digits of numbers in %.*s beyond the 15th", STR_ARG(new->name)));
}

static void copy_old_column(struct copy *x, const struct lite_column *old, size_t number)
{
    struct lite_diff *d = x->d;
    const struct lite_column *new = &x->c->new.columns.list.items[number];
    struct str name = lite_q(d, new->name);
    bool fills = new->not_null && !old->not_null &&number != x->c->new.rowid_column;
    note_type_change(x, old, new);
    if (fills && new->default_kind != LITE_DEFAULT_NONE) {
        copy_pair(x, name, str_printf(d->arena, "coalesce(%.*s, %.*s)", STR_ARG(name), STR_ARG(new->default_value)));
        say(x, &x->note, str_printf(d->arena, "NULL in %.*s becomes the default", STR_ARG(new->name)));
        return;
    }
    copy_pair(x, name, name);
    if (fills)
        say(x, &x->note, str_printf(d->arena, "fails if a row has NULL in %.*s", STR_ARG(new->name)));
}

static void copy_columns(struct copy *x)
{
    for (size_t i = 0; i < x->c->new.columns.list.count; i++) {
        const struct lite_column *column = &x->c->new.columns.list.items[i];
        size_t old = find_old(x->d, x->c, column->name);
        if (column->generated)
            continue;
        if (old != SIZE_MAX)
            copy_old_column(x, &x->c->old.columns.list.items[old], i);
        else if (i != x->c->new.rowid_column)
            copy_new_column(x, column);
    }
}

static void emit_copy(struct lite_diff *d, const struct lite_table_change *c, struct str beside)
{
    struct copy x = {.d = d, .c = c};
    strbuf_init(&x.into, LITE_SQL_MAX);
    strbuf_init(&x.values, LITE_SQL_MAX);
    copy_rowid(&x);
    copy_columns(&x);
    bool long_list = x.into.len > 60;
    if (x.into.len > 0) {
        struct ddl *s = lite_put(d, "INSERT INTO %.*s (%.*s)%sSELECT %.*s FROM %.*s", STR_ARG(lite_q(d, beside)),
                                 STR_ARG(strbuf_str(&x.into)), long_list ? "\n" : " ", STR_ARG(strbuf_str(&x.values)),
                                 STR_ARG(lite_q(d, c->new.name)));
        s->note = x.note;
        s->destroys = x.loss;
    }
    strbuf_release(&x.into);
    strbuf_release(&x.values);
}

/* ---- the other steps ---- */

static bool is_used(const struct lite_diff *d, const struct schema *s, struct str name)
{
    static const enum object_kind kinds[] = {OBJECT_TABLE, OBJECT_VIEW};
    struct str folded = lite_fold(d->arena, name);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (schema_find(s, kinds[i], STR_NONE, STR_NONE, name) != SIZE_MAX ||
            schema_find(s, kinds[i], STR_NONE, STR_NONE, folded) != SIZE_MAX)
            return true;
    return false;
}

static struct str name_beside(const struct lite_diff *d, struct str table)
{
    struct str name = str_printf(d->arena, "new_%.*s", STR_ARG(table));
    for (unsigned i = 2; is_used(d, d->from, name) || is_used(d, d->to, name); i++)
        name = str_printf(d->arena, "new%u_%.*s", i, STR_ARG(table));
    return name;
}

static void emit_sequence(struct lite_diff *d, const struct lite_table_change *c, struct str beside)
{
    if (!c->old.autoincrement || !c->new.autoincrement)
        return;
    struct str name = lite_quote_string(d->arena, c->new.name);
    lite_put(d,
             "UPDATE sqlite_sequence SET seq = coalesce((SELECT seq FROM sqlite_sequence WHERE name = %.*s), seq)\n"
             " WHERE name = %.*s",
             STR_ARG(name), STR_ARG(lite_quote_string(d->arena, beside)));
}

static struct str loss_of_rebuild(struct lite_diff *d, const struct lite_table_change *c)
{
    struct str loss = STR_NONE;
    for (size_t i = 0; i < c->dropped.list.count; i++) {
        size_t column = c->dropped.list.items[i];
        if (c->old.columns.list.items[column].generated)
            continue;
        struct str name = c->old.columns.list.items[column].name;
        loss = loss.len == 0 ? str_printf(d->arena, "the values of %.*s.%.*s", STR_ARG(c->new.name), STR_ARG(name))
                             : str_printf(d->arena, "%.*s, %.*s", STR_ARG(loss), STR_ARG(name));
    }
    return loss.len == 0 ? loss : str_printf(d->arena, "%.*s are lost", STR_ARG(loss));
}

void lite_emit_rebuild(struct lite_diff *d, struct lite_table_change *c)
{
    struct str beside = name_beside(d, c->new.name), table = lite_q(d, c->new.name), new = lite_q(d, beside);
    struct ddl *s = lite_put(d, "%.*s", STR_ARG(lite_tidy(d->arena, lite_renamed_text(d->arena, &c->new, beside))));
    s->note = str_printf(d->arena, "%.*s is made again, ALTER TABLE cannot do this: %.*s", STR_ARG(c->new.name),
                         STR_ARG(c->why));
    emit_copy(d, c, beside);
    emit_sequence(d, c, beside);
    s = lite_put(d, "DROP TABLE %.*s", STR_ARG(table));
    s->destroys = loss_of_rebuild(d, c);
    lite_put(d, "PRAGMA legacy_alter_table = ON");
    lite_put(d, "ALTER TABLE %.*s RENAME TO %.*s", STR_ARG(new), STR_ARG(table));
    lite_put(d, "PRAGMA legacy_alter_table = OFF");
}
