/* The moments of the items, run in their order: what becomes statements. */
#include "common/core/schema/diff_pg.h"

#include <stdint.h>

struct ddl *pg_emit(struct pg_diff *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct ddl ddl = {.sql = str_of(arena_vprintf(d->a, format, args))};
    va_end(args);
    vec_push(d->a, &d->out.list, ddl);
    return &d->out.list.items[d->out.list.count - 1];
}

static struct str described(struct pg_diff *d, const struct object *o)
{
    if (o == NULL)
        return STR("something else");
    const char *dot = o->table.len > 0 ? "." : "", *of = o->module.len > 0 ? " of " : "";
    return str_printf(d->a, "%s %.*s%s%.*s%s%.*s", object_kind_name(o->kind),
                      STR_ARG(o->table.len > 0 ? pg_owner(d->a, o) : STR("")), dot,
                      STR_ARG(o->table.len > 0 ? pg_name(d->a, o->name) : pg_path(d->a, o)), of, STR_ARG(o->module));
}

void pg_cannot(struct pg_diff *d, const struct object *o, const struct object *other, const char *why)
{
    if (d->failed)
        return;
    d->failed = true;
    err_kind(d->err, ERR_STATE, "cannot_migrate", "%.*s cannot stay while %.*s changes: %s", STR_ARG(described(d, o)),
             STR_ARG(described(d, other)), why);
    err_hint(d->err, "write this revision by hand, with the owner of both");
}

void pg_comment(struct pg_diff *d, const struct object *o)
{
    struct str comment = object_get(o, "comment");
    pg_emit(d, "COMMENT ON %.*s IS %.*s", STR_ARG(pg_kind_of(o->kind)->noun(d, o)),
            STR_ARG(comment.p != NULL ? pg_literal(d->a, comment) : STR("NULL")));
}

static void off(struct pg_diff *d, struct pg_item *item)
{
    const struct object *from = pg_from(d, item->from), *to = pg_to(d, item->to);
    if (item->off_done || from == NULL || pg_off_implied(d, item))
        return;
    const struct pg_kind *kind = pg_kind_of(from->kind);
    item->off_done = true;
    if (item->change == PG_RELEASE && kind->release != NULL)
        kind->release(d, from, to);
    else if (item->change != PG_RELEASE && kind->drop != NULL)
        kind->drop(d, from);
    else if (item->change != PG_RELEASE)
        pg_emit(d, "DROP %.*s", STR_ARG(kind->noun(d, from)));
}

static void on(struct pg_diff *d, struct pg_item *item)
{
    const struct object *from = pg_from(d, item->from), *to = pg_to(d, item->to);
    bool made = item->change == PG_CREATE || item->change == PG_REPLACE;
    if (to == NULL)
        return;
    const struct pg_kind *kind = pg_kind_of(to->kind);
    bool done = item->on_done || (made && pg_on_implied(d, item));
    item->on_done = true;
    if (made && !done)
        kind->create(d, to);
    else if (!made && kind->alter != NULL)
        kind->alter(d, from, to);
    if (made ? pg_has(to, "comment") : pg_differs(from, to, "comment"))
        pg_comment(d, to);
}

static void end(struct pg_diff *d, struct pg_item *item)
{
    const struct object *from = pg_from(d, item->from), *to = pg_to(d, item->to);
    const struct pg_kind *kind = pg_kind_of((to != NULL ? to : from)->kind);
    if (kind->finish != NULL)
        kind->finish(d, from, to);
}

void pg_write(struct pg_diff *d, const size_t *order, size_t count)
{
    for (size_t i = 0; i < count && !d->failed; i++) {
        struct pg_item *item = &d->items.list.items[order[i] / PG_MOMENTS];
        enum pg_moment moment = (enum pg_moment)(order[i] % PG_MOMENTS);
        if (item->change == PG_SAME)
            continue;
        if (moment == PG_OFF && item->change >= PG_RELEASE && item->change != PG_CREATE)
            off(d, item);
        else if (moment == PG_ON && item->change != PG_DROP)
            on(d, item);
        else if (moment == PG_END)
            end(d, item);
    }
}
