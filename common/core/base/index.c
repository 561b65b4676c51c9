#include "skein/base/index.h"

#include <stdlib.h>

#define uthash_malloc(size) arena_alloc(a, size)
#define uthash_free(memory, size) ((void)0)
#define uthash_fatal(text) abort()
#include <uthash.h>

struct index_entry {
    UT_hash_handle hh;
    struct str key;
    uint32_t number;
};

static struct index_entry *find(const struct index *ix, struct str key)
{
    struct index_entry *found;
    HASH_FIND(hh, ix->entries, key.p, key.len, found);
    return found;
}

uint32_t index_find(const struct index *ix, struct str key)
{
    const struct index_entry *found = find(ix, key);
    return found != NULL ? found->number : INDEX_NONE;
}

void index_put(struct arena *a, struct index *ix, struct str key, uint32_t number)
{
    struct index_entry *entry = find(ix, key);
    if (entry == NULL) {
        entry = arena_new(a, struct index_entry);
        entry->key = str_copy(a, key);
        HASH_ADD_KEYPTR(hh, ix->entries, entry->key.p, entry->key.len, entry);
    }
    entry->number = number;
}
