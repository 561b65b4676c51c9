#include "coordinator/cli/edited.h"

#include "skein/plan/query.h"

bool edited_read(struct local *l, struct edited_source *ret_source)
{
    struct edited_source source = {0};
    if (!local_state(l, &source.state) || !migrate_read_applied(&l->arena, l->db, &source.applied, &l->err))
        return false;
    *ret_source = source;
    return true;
}

bool edited_find(struct local *l, const struct edited_source *source, size_t module, struct nodes *nodes)
{
    struct view v = local_view(l, module);
    struct str name = local_module_name(l, module);
    struct bitset now, differs = bitset_new(&l->arena, l->project.node_count);
    if (!query_applied(&l->arena, &v, dbstate_heads(&source->state, name), &now, &l->err))
        return false;
    for (size_t i = 0; i < source->applied.items.count; i++) {
        const struct applied *one = &source->applied.items.items[i];
        size_t node = str_eq(one->module, name) ? project_find_node(&l->project, module, one->revision) : SIZE_MAX;
        if (node == SIZE_MAX || !bitset_has(&now, node))
            continue;
        if (squash_accepts(&l->project, node, &one->checksum))
            bitset_remove(&differs, node);
        else
            bitset_add(&differs, node);
    }
    for (size_t n = bitset_next(&differs, 0); n < differs.size; n = bitset_next(&differs, n + 1))
        vec_push(&l->arena, &nodes->list, n);
    return true;
}
