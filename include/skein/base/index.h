/*
 * Finds the numbers of a table's items by their keys. The keys stay with the items: the index asks for
 * them, so nothing is stored twice. Items may be added, and an item's key may not change.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"

#define INDEX_NONE UINT32_MAX

struct index {
    struct str (*key)(const void *table, uint32_t number);
    uint32_t *slots; /* number + 1; 0: free */
    size_t size, used;
};

/* Number of the item with this key, or INDEX_NONE. */
uint32_t index_find(const struct index *ix, const void *table, struct str key);

/* Adds an item that is in the table already. Its key must not be known. */
void index_add(struct arena *a, struct index *ix, const void *table, uint32_t number);
