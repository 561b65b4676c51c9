#include "skein/schema/diff.h"

#include "common/core/schema/diff_lite.h"
#include "common/core/schema/diff_pg.h"

bool schema_diff(struct arena *a, const struct diff_request *request, struct ddl_list *ret_list, struct err *err)
{
    if (request->to->engine == ENGINE_SQLITE)
        return diff_lite(a, request, ret_list, err);
    return schema_diff_pg(a, request, ret_list, err);
}

void schema_rename_candidates(struct arena *a, const struct diff_request *request, struct renames *ret_list)
{
    if (request->to->engine == ENGINE_SQLITE)
        lite_rename_candidates(a, request, ret_list);
    else
        pg_rename_candidates(a, request, ret_list);
}

/* Going back, the table of a column is the one of the new name. */
static struct str new_table_name(const struct renames *list, struct str schema, struct str table)
{
    for (size_t i = 0; i < list->list.count; i++) {
        const struct rename *r = &list->list.items[i];
        if (r->kind == OBJECT_TABLE && str_eq(r->schema, schema) && str_eq(r->from, table))
            return r->to;
    }
    return table;
}

void renames_reverse(struct arena *a, const struct renames *list, struct renames *ret_list)
{
    struct renames back = {0};
    for (size_t i = list->list.count; i > 0; i--) {
        struct rename r = list->list.items[i - 1];
        struct str from = r.from;
        r.from = r.to;
        r.to = from;
        if (r.kind == OBJECT_COLUMN)
            r.table = new_table_name(list, r.schema, r.table);
        vec_push(a, &back.list, r);
    }
    *ret_list = back;
}
