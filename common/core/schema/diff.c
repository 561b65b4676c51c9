#include "skein/schema/diff.h"

#include "common/core/schema/diff_lite.h"

bool schema_diff(struct arena *a, const struct diff_request *request, struct ddl_list *ret_list, struct err *err)
{
    if (request->to->engine == ENGINE_SQLITE)
        return diff_lite(a, request, ret_list, err);
    return err_kind(err, ERR_INTERNAL, "cannot_migrate", "there is no way to compare schemas of %s",
                    engine_name(request->to->engine));
}

void schema_rename_candidates(struct arena *a, const struct diff_request *request, struct renames *ret_list)
{
    if (request->to->engine == ENGINE_SQLITE)
        lite_rename_candidates(a, request, ret_list);
}

void renames_reverse(struct arena *a, const struct renames *list, struct renames *ret_list)
{
    struct renames back = {0};
    for (size_t i = list->list.count; i > 0; i--) {
        struct rename r = list->list.items[i - 1];
        struct str from = r.from;
        r.from = r.to;
        r.to = from;
        vec_push(a, &back.list, r);
    }
    *ret_list = back;
}
