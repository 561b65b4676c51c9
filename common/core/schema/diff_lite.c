/*
 * SQLite's schema_diff(), in steps: what is called otherwise (renames), what becomes of each table, what becomes of
 * the indexes, views and triggers, and then all statements in an order in which they run:
 *
 *     changed or unwanted triggers, views and indexes go; tables go; renames; new tables; ALTERs and rebuilds, each
 *     with its indexes; views; triggers
 *
 * A rebuild is the one of SQLite's manual. The rename at its end runs with legacy_alter_table, so that views and
 * triggers that name the table, whosever they are, stay as they are.
 */
#include "common/core/schema/diff_lite.h"

#include <stdint.h>

bool lite_is_ours(const struct lite_diff *d, const struct object *o)
{
    return d->request->module.len == 0 || str_eq(o->module, d->request->module);
}

struct str lite_sql(const struct object *o)
{
    return object_get(o, "sql");
}

static void collect_columns(struct lite_diff *d, const struct schema *s)
{
    for (size_t i = 0; i < s->objects.list.count; i++)
        if (s->objects.list.items[i].kind == OBJECT_COLUMN)
            index_put(d->arena, &d->columns, lite_fold(d->arena, s->objects.list.items[i].name), 1);
}

bool diff_lite(struct arena *a, const struct diff_request *request, struct ddl_list *ret_list, struct err *err)
{
    struct ddl_list out = {0};
    struct lite_diff d = {
        .arena = a, .request = request, .from = request->from, .to = request->to, .out = &out, .err = err};
    collect_columns(&d, d.from);
    collect_columns(&d, d.to);
    lite_plan_renames(&d);
    if (!lite_plan_tables(&d) || !lite_plan_objects(&d))
        return false;
    lite_emit(&d);
    *ret_list = out;
    return true;
}
