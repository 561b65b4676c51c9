#include "skein/plan/dbstate.h"

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

static struct names sorted_copy(struct arena *a, const struct names *heads)
{
    struct names copy = {0};
    for (size_t i = 0; i < heads->list.count; i++)
        vec_push(a, &copy.list, str_copy(a, heads->list.items[i]));
    names_sort(&copy);
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

void dbstate_watch(struct arena *a, struct dbstate *s, struct str module)
{
    size_t i = position(s, module);
    if (!has_at(s, i, module))
        insert_at(a, s, i, (struct module_state){.module = str_copy(a, module)});
}

struct dbstate dbstate_copy(struct arena *a, const struct dbstate *s)
{
    struct dbstate copy = {0};
    for (size_t i = 0; i < s->modules.count; i++) {
        dbstate_watch(a, &copy, s->modules.items[i].module);
        copy.modules.items[i].heads = sorted_copy(a, &s->modules.items[i].heads);
    }
    return copy;
}

/* The next module that has rows, from `i` on. */
static size_t next_with_rows(const struct dbstate *s, size_t i)
{
    while (i < s->modules.count && s->modules.items[i].heads.list.count == 0)
        i++;
    return i;
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
    size_t i = next_with_rows(a, 0), k = next_with_rows(b, 0);
    while (i < a->modules.count && k < b->modules.count) {
        const struct module_state *one = &a->modules.items[i], *other = &b->modules.items[k];
        if (!str_eq(one->module, other->module) || !names_eq(&one->heads, &other->heads))
            return false;
        i = next_with_rows(a, i + 1);
        k = next_with_rows(b, k + 1);
    }
    return i == a->modules.count && k == b->modules.count;
}

struct hash dbstate_hash(const struct dbstate *s)
{
    struct hasher h;
    hasher_init(&h);
    for (size_t i = next_with_rows(s, 0); i < s->modules.count; i = next_with_rows(s, i + 1)) {
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
    struct str text = STR("");
    for (size_t i = next_with_rows(s, 0); i < s->modules.count; i = next_with_rows(s, i + 1)) {
        const struct module_state *m = &s->modules.items[i];
        text = str_printf(a, "%.*s%s%.*s=", STR_ARG(text), text.len > 0 ? " " : "", STR_ARG(m->module));
        for (size_t k = 0; k < m->heads.list.count; k++)
            text = str_printf(a, "%.*s%s%.*s", STR_ARG(text), k > 0 ? "," : "", STR_ARG(m->heads.list.items[k]));
    }
    return text.len > 0 ? text : STR("base");
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
