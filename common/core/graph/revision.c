#include "skein/graph/revision.h"

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

bool revision_has_section(const struct revision *r, enum section_kind kind)
{
    for (size_t i = 0; i < r->sections.list.count; i++)
        if (r->sections.list.items[i].kind == kind)
            return true;
    return false;
}
