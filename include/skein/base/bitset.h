/* Sets of small numbers (nodes of a graph): marks live outside the graph, one set a query. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skein/base/arena.h"

struct bitset {
    uint64_t *words;
    size_t size; /* numbers 0 .. size-1 */
};

struct bitset bitset_new(struct arena *a, size_t size);
struct bitset bitset_copy(struct arena *a, const struct bitset *b);
void bitset_add(struct bitset *b, size_t n);
void bitset_remove(struct bitset *b, size_t n);
bool bitset_has(const struct bitset *b, size_t n); /* false beyond the size */
size_t bitset_count(const struct bitset *b);
bool bitset_is_empty(const struct bitset *b);

/* In place, both of one size. */
void bitset_unite(struct bitset *b, const struct bitset *other);
void bitset_intersect(struct bitset *b, const struct bitset *other);
void bitset_subtract(struct bitset *b, const struct bitset *other);

/* The first member >= `from`, or `size`. for (n = bitset_next(&b, 0); n < b.size; n = bitset_next(&b, n + 1)) */
size_t bitset_next(const struct bitset *b, size_t from);
