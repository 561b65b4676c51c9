/*
 * Finds the numbers of a table's items by a key: numbers stay right when a table grows and its items move,
 * which handles inside the items would not. Zero-initialise; everything lives in the arena and goes with it.
 */
#pragma once

#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"

#define INDEX_NONE UINT32_MAX

struct index {
    struct index_entry *entries;
};

/* The number that was put under this key last, or INDEX_NONE. */
uint32_t index_find(const struct index *ix, struct str key);

/* The key is copied. */
void index_put(struct arena *a, struct index *ix, struct str key, uint32_t number);
