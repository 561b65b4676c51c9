/* Phase 4: which squashed revisions do the work of the revisions that they replace. */
#include "common/core/plan/planner.h"

static bool are_wanted(const struct planner *p, const struct squash *s)
{
    for (size_t n = bitset_next(&s->members, 0); n < s->members.size; n = bitset_next(&s->members, n + 1))
        if (!bitset_has(&p->wanted, n))
            return false;
    return true;
}

/* Without a section of its own the replaced revisions go their way, or say by name why they cannot. */
static bool can_run(const struct planner *p, const struct squash *s)
{
    enum section_kind kind = p->direction == DIRECTION_UP ? SECTION_UP : SECTION_DOWN;
    return revision_section(s->revision, kind, p->engine) != NULL;
}

void fold(struct planner *p)
{
    const struct squashes *all = &p->project->squashes;
    if (all->list.count == 0)
        return;
    p->folds.at = arena_new_array(p->arena, p->project->node_count, const struct squash *);
    for (size_t i = 0; i < all->list.count; i++) { /* larger ones first */
        const struct squash *s = &all->list.items[i];
        if (p->folds.at[s->top] != NULL || !are_wanted(p, s) || !can_run(p, s))
            continue;
        for (size_t n = bitset_next(&s->members, 0); n < s->members.size; n = bitset_next(&s->members, n + 1))
            p->folds.at[n] = s;
    }
}

const struct squash *fold_at(const struct planner *p, size_t node)
{
    return p->folds.at != NULL ? p->folds.at[node] : NULL;
}

const struct revision *planner_revision(const struct planner *p, size_t node)
{
    const struct squash *s = fold_at(p, node);
    return s != NULL ? s->revision : p->project->nodes[node];
}
