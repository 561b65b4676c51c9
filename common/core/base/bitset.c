#include "skein/base/bitset.h"

#include <string.h>

enum { WORD_BITS = 64 };

static size_t word_count(const struct bitset *b)
{
    return (b->size + WORD_BITS - 1) / WORD_BITS;
}

struct bitset bitset_new(struct arena *a, size_t size)
{
    struct bitset b = {.size = size};
    b.words = arena_new_array(a, word_count(&b), uint64_t);
    return b;
}

struct bitset bitset_copy(struct arena *a, const struct bitset *b)
{
    struct bitset copy = bitset_new(a, b->size);
    if (word_count(b) > 0)
        memcpy(copy.words, b->words, word_count(b) * sizeof(uint64_t));
    return copy;
}

void bitset_add(struct bitset *b, size_t n)
{
    b->words[n / WORD_BITS] |= UINT64_C(1) << n % WORD_BITS;
}

void bitset_remove(struct bitset *b, size_t n)
{
    b->words[n / WORD_BITS] &= ~(UINT64_C(1) << n % WORD_BITS);
}

bool bitset_has(const struct bitset *b, size_t n)
{
    return n < b->size && (b->words[n / WORD_BITS] >> n % WORD_BITS & 1) != 0;
}

size_t bitset_count(const struct bitset *b)
{
    size_t count = 0;
    for (size_t i = 0; i < word_count(b); i++)
        count += (size_t)__builtin_popcountll(b->words[i]);
    return count;
}

bool bitset_is_empty(const struct bitset *b)
{
    return bitset_next(b, 0) == b->size;
}

void bitset_unite(struct bitset *b, const struct bitset *other)
{
    for (size_t i = 0; i < word_count(b); i++)
        b->words[i] |= other->words[i];
}

void bitset_intersect(struct bitset *b, const struct bitset *other)
{
    for (size_t i = 0; i < word_count(b); i++)
        b->words[i] &= other->words[i];
}

void bitset_subtract(struct bitset *b, const struct bitset *other)
{
    for (size_t i = 0; i < word_count(b); i++)
        b->words[i] &= ~other->words[i];
}

size_t bitset_next(const struct bitset *b, size_t from)
{
    if (from >= b->size)
        return b->size;
    size_t i = from / WORD_BITS;
    uint64_t word = b->words[i] & UINT64_MAX << from % WORD_BITS;
    while (word == 0) {
        if (++i == word_count(b))
            return b->size;
        word = b->words[i];
    }
    return i * WORD_BITS + (size_t)__builtin_ctzll(word);
}
