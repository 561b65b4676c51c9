#include "agent/io/discover.h"

#include <stdlib.h>
#include <string.h>

#include "skein/wire/limits.h"

void discover_problem(struct arena *a, struct discovery *d, const struct source *source, const struct err *err)
{
    struct discovery_problem problem = {source, *err};
    vec_push(a, &d->problems, problem);
}

/* Names travel, are typed and matched by globs: no spaces, no control characters, no bytes that are not text. */
static const char *name_problem(struct str name)
{
    size_t bad;
    if (name.len > LIMIT_NAME)
        return "is too long";
    if (!str_is_utf8(name, &bad))
        return "is not UTF-8";
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 127 || name.p[i] == ',')
            return "holds a space, a comma or a control character";
    return NULL;
}

void discover_add(struct arena *a, struct discovery *d, const struct place *place)
{
    struct err err;
    const char *problem = name_problem(place->name);
    if (problem == NULL && d->places.list.count >= LIMIT_AGENT_TARGETS)
        problem = "is one more than an agent can serve";
    if (problem == NULL) {
        vec_push(a, &d->places.list, *place);
        return;
    }
    err_kind(&err, ERR_INPUT, "bad_name", "%.*s cannot be a target: its name %s", STR_ARG(place->name), problem);
    discover_problem(a, d, place->source, &err);
}

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    return str_cmp(a->name, b->name);
}

/* Of several places with one name none is taken: which of them it would be might change from run to run. */
static void drop_duplicates(struct arena *a, struct discovery *d)
{
    struct places kept = {0};
    size_t end;
    for (size_t i = 0; i < d->places.list.count; i = end) {
        const struct place *place = &d->places.list.items[i];
        for (end = i + 1; end < d->places.list.count && str_eq(d->places.list.items[end].name, place->name);)
            end++;
        if (end == i + 1) {
            vec_push(a, &kept.list, *place);
            continue;
        }
        struct err err;
        err_kind(&err, ERR_INPUT, "duplicate_name", "%zu places would have the name %.*s", end - i,
                 STR_ARG(place->name));
        err_hint(&err, "give each pattern a section of its own");
        discover_problem(a, d, place->source, &err);
    }
    d->places = kept;
}

static struct place copy_place(struct arena *a, const struct place *p)
{
    return (struct place){.name = str_copy(a, p->name),
                          .engine = p->engine,
                          .url = str_copy(a, p->url),
                          .schema = str_copy(a, p->schema),
                          .server = str_copy(a, p->server),
                          .source = p->source};
}

static void keep_known(struct arena *a, const struct places *before, const struct source *source, struct discovery *d)
{
    for (size_t i = 0; i < before->list.count; i++)
        if (before->list.items[i].source == source) {
            struct place place = copy_place(a, &before->list.items[i]);
            discover_add(a, d, &place);
        }
}

void discover(struct arena *a, const struct agent_config *config, const struct places *before,
              struct discovery *ret_discovery)
{
    struct discovery d = {0};
    for (size_t i = 0; i < config->sources.list.count; i++) {
        const struct source *source = &config->sources.list.items[i];
        struct err err;
        if (source->engine == ENGINE_SQLITE) {
            discover_files(a, source, &d);
        } else if (!discover_server(a, config, source, &d, &err)) {
            discover_problem(a, &d, source, &err);
            keep_known(a, before, source, &d);
            d.incomplete = true;
        }
    }
    if (d.places.list.count > 0)
        qsort(d.places.list.items, d.places.list.count, sizeof(struct place), compare_places);
    drop_duplicates(a, &d);
    *ret_discovery = d;
}

static int compare_name(const void *name, const void *place)
{
    return str_cmp(*(const struct str *)name, ((const struct place *)place)->name);
}

const struct place *places_find(const struct places *p, struct str name)
{
    if (p->list.count == 0)
        return NULL;
    return bsearch(&name, p->list.items, p->list.count, sizeof(struct place), compare_name);
}
