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

bool diff_lite(struct arena *a, const struct diff_request *request, struct ddl_list *ret_list, struct err *err)
{
    struct ddl_list out = {0};
    struct lite_diff d = {
        .arena = a, .request = request, .from = request->from, .to = request->to, .out = &out, .err = err};
    lite_plan_renames(&d);
    if (!lite_plan_tables(&d) || !lite_plan_objects(&d))
        return false;
    lite_emit(&d);
    *ret_list = out;
    return true;
}
