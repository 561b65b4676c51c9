#include "skein/base/index.h"

/* FNV-1a; keys come from a trusted few, and a slow lookup would be their own loss. */
static size_t slot_of(const struct index *ix, struct str key)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < key.len; i++)
        h = (h ^ (unsigned char)key.p[i]) * 1099511628211u;
    return (size_t)(h ^ (h >> 29)) & (ix->size - 1);
}

uint32_t index_find(const struct index *ix, const void *table, struct str key)
{
    if (ix->size == 0)
        return INDEX_NONE;
    for (size_t i = slot_of(ix, key); ix->slots[i] != 0; i = (i + 1) & (ix->size - 1))
        if (str_eq(ix->key(table, ix->slots[i] - 1), key))
            return ix->slots[i] - 1;
    return INDEX_NONE;
}

static void place(struct index *ix, const void *table, uint32_t number)
{
    size_t i = slot_of(ix, ix->key(table, number));
    while (ix->slots[i] != 0)
        i = (i + 1) & (ix->size - 1);
    ix->slots[i] = number + 1;
}

static void grow(struct arena *a, struct index *ix, const void *table)
{
    struct index larger = {.key = ix->key, .used = ix->used, .size = ix->size == 0 ? 16 : 2 * ix->size};
    larger.slots = arena_new_array(a, larger.size, uint32_t);
    for (size_t i = 0; i < ix->size; i++)
        if (ix->slots[i] != 0)
            place(&larger, table, ix->slots[i] - 1);
    *ix = larger;
}

void index_add(struct arena *a, struct index *ix, const void *table, uint32_t number)
{
    if (2 * (ix->used + 1) > ix->size)
        grow(a, ix, table);
    place(ix, table, number);
    ix->used++;
}
