#include "skein/plan/dbstate.h"

#include <stdlib.h>

static const struct names base_heads;

/* Index of the first module that does not sort before `module`. */
static size_t position(const struct dbstate *s, struct str module)
{
    size_t i = 0;
    while (i < s->modules.count && str_cmp(s->modules.items[i].module, module) < 0)
        i++;
    return i;
}

static bool has_at(const struct dbstate *s, size_t i, struct str module)
{
    return i < s->modules.count && str_eq(s->modules.items[i].module, module);
}

const struct names *dbstate_heads(const struct dbstate *s, struct str module)
{
    size_t i = position(s, module);
    return has_at(s, i, module) ? &s->modules.items[i].heads : &base_heads;
}

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct names sorted_copy(struct arena *a, const struct names *heads)
{
    struct names copy = {0};
    for (size_t i = 0; i < heads->list.count; i++)
        vec_push(a, &copy.list, str_copy(a, heads->list.items[i]));
    if (copy.list.count > 1)
        qsort(copy.list.items, copy.list.count, sizeof(struct str), by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < copy.list.count; i++)
        if (kept == 0 || !str_eq(copy.list.items[kept - 1], copy.list.items[i]))
            copy.list.items[kept++] = copy.list.items[i];
    copy.list.count = kept;
    return copy;
}

static void remove_at(struct dbstate *s, size_t i)
{
    for (; i + 1 < s->modules.count; i++)
        s->modules.items[i] = s->modules.items[i + 1];
    s->modules.count--;
}

static void insert_at(struct arena *a, struct dbstate *s, size_t at, struct module_state m)
{
    vec_push(a, &s->modules, m);
    for (size_t i = s->modules.count - 1; i > at; i--)
        s->modules.items[i] = s->modules.items[i - 1];
    s->modules.items[at] = m;
}

void dbstate_set(struct arena *a, struct dbstate *s, struct str module, const struct names *heads)
{
    size_t i = position(s, module);
    bool present = has_at(s, i, module);
    if (heads->list.count == 0) {
        if (present)
            remove_at(s, i);
        return;
    }
    struct names sorted = sorted_copy(a, heads);
    if (present)
        s->modules.items[i].heads = sorted;
    else
        insert_at(a, s, i, (struct module_state){.module = str_copy(a, module), .heads = sorted});
}

struct dbstate dbstate_copy(struct arena *a, const struct dbstate *s)
{
    struct dbstate copy = {0};
    for (size_t i = 0; i < s->modules.count; i++)
        dbstate_set(a, &copy, s->modules.items[i].module, &s->modules.items[i].heads);
    return copy;
}

static bool names_eq(const struct names *a, const struct names *b)
{
    bool eq = a->list.count == b->list.count;
    for (size_t i = 0; eq && i < a->list.count; i++)
        eq = str_eq(a->list.items[i], b->list.items[i]);
    return eq;
}

bool dbstate_eq(const struct dbstate *a, const struct dbstate *b)
{
    bool eq = a->modules.count == b->modules.count;
    for (size_t i = 0; eq && i < a->modules.count; i++)
        eq = str_eq(a->modules.items[i].module, b->modules.items[i].module) &&
             names_eq(&a->modules.items[i].heads, &b->modules.items[i].heads);
    return eq;
}

struct hash dbstate_hash(const struct dbstate *s)
{
    struct hasher h;
    hasher_init(&h);
    for (size_t i = 0; i < s->modules.count; i++) {
        const struct module_state *m = &s->modules.items[i];
        hasher_field(&h, m->module);
        hasher_u64(&h, m->heads.list.count);
        for (size_t k = 0; k < m->heads.list.count; k++)
            hasher_field(&h, m->heads.list.items[k]);
    }
    return hasher_end(&h);
}

struct str dbstate_format(struct arena *a, const struct dbstate *s)
{
    struct str text = STR_NONE;
    if (s->modules.count == 0)
        return STR("base");
    for (size_t i = 0; i < s->modules.count; i++) {
        const struct module_state *m = &s->modules.items[i];
        text = str_printf(a, "%.*s%s%.*s=", STR_ARG(text), i > 0 ? " " : "", STR_ARG(m->module));
        for (size_t k = 0; k < m->heads.list.count; k++)
            text = str_printf(a, "%.*s%s%.*s", STR_ARG(text), k > 0 ? "," : "", STR_ARG(m->heads.list.items[k]));
    }
    return text;
}

/* "a1,b2" */
static struct names parse_heads(struct arena *a, struct str text)
{
    struct names heads = {0};
    struct str id;
    while (str_next(&text, ',', &id))
        if (id.len > 0)
            vec_push(a, &heads.list, id);
    return heads;
}

bool dbstate_parse(struct arena *a, struct str text, struct dbstate *ret_state)
{
    struct dbstate s = {0};
    struct str part;
    if (str_is(text, "base"))
        text = STR_NONE;
    while (str_next(&text, ' ', &part)) {
        size_t at = str_find(part, '=');
        if (part.len == 0)
            continue;
        if (at == part.len || at == 0)
            return false;
        struct names heads = parse_heads(a, str_from(part, at + 1));
        dbstate_set(a, &s, str_head(part, at), &heads);
    }
    *ret_state = s;
    return true;
}
