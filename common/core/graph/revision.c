#include "skein/graph/revision.h"

#include <stdlib.h>

bool names_has(const struct names *names, struct str name)
{
    for (size_t i = 0; i < names->list.count; i++)
        if (str_eq(names->list.items[i], name))
            return true;
    return false;
}

static int by_bytes(const void *left, const void *right)
{
    const struct str *a = left, *b = right;
    return str_cmp(*a, *b);
}

void names_sort(struct names *names)
{
    if (names->list.count > 1)
        qsort(names->list.items, names->list.count, sizeof(*names->list.items), by_bytes);
}

static const char *const kind_names[SECTION_COUNT] = {"unset", "up", "down", "verify", "probe"};

const char *section_kind_name(enum section_kind kind)
{
    return kind < SECTION_COUNT ? kind_names[kind] : "unset";
}

bool section_kind_parse(struct str name, enum section_kind *ret_kind)
{
    for (int i = SECTION_UNSET + 1; i < SECTION_COUNT; i++)
        if (str_is(name, kind_names[i])) {
            *ret_kind = (enum section_kind)i;
            return true;
        }
    return false;
}

const struct section *revision_section(const struct revision *r, enum section_kind kind, enum engine engine)
{
    const struct section *general = NULL;
    for (size_t i = 0; i < r->sections.list.count; i++) {
        const struct section *s = &r->sections.list.items[i];
        if (s->kind != kind)
            continue;
        if (s->engine == ENGINE_UNSET)
            general = s;
        else if (s->engine == engine)
            return s;
    }
    return general;
}

bool revision_is_opaque(const struct revision *r)
{
    for (size_t i = 0; i < r->sections.list.count; i++)
        if (r->sections.list.items[i].opaque)
            return true;
    return false;
}

static bool same_names(const struct names *a, const struct names *b)
{
    for (size_t i = 0; i < a->list.count && a->list.count == b->list.count; i++)
        if (!str_eq(a->list.items[i], b->list.items[i]))
            return false;
    return a->list.count == b->list.count;
}

static bool same_section(const struct section *a, const struct section *b)
{
    return a->kind == b->kind && a->engine == b->engine && a->transactional == b->transactional &&
           a->lock_timeout_ms == b->lock_timeout_ms && a->statement_timeout_ms == b->statement_timeout_ms &&
           a->opaque == b->opaque && str_eq(a->sql, b->sql);
}

bool revision_fills_in(const struct revision *before, const struct revision *now)
{
    const size_t count = before->sections.list.count;
    if (!revision_is_opaque(before) || count != now->sections.list.count || !str_eq(before->id, now->id) ||
        !same_names(&before->parents, &now->parents) || !same_names(&before->labels, &now->labels) ||
        !same_names(&before->depends_on, &now->depends_on))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct section *was = &before->sections.list.items[i], *is = &now->sections.list.items[i];
        bool filled = was->opaque && is->kind == was->kind && is->engine == was->engine;
        if (!filled && !same_section(was, is))
            return false;
    }
    return true;
}

bool revision_has_section(const struct revision *r, enum section_kind kind)
{
    for (size_t i = 0; i < r->sections.list.count; i++)
        if (r->sections.list.items[i].kind == kind)
            return true;
    return false;
}
