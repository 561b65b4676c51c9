#include "skein/schema/diff.h"

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
