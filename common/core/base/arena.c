#include "skein/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skein/base/vec.h"

enum { ARENA_BLOCK_MIN = 4096, ARENA_BLOCK_MAX = 1 << 20, ARENA_ALIGN = 16 };

struct arena_block {
    struct arena_block *previous;
    size_t used, size;
    _Alignas(ARENA_ALIGN) char bytes[];
};

static void out_of_memory(void)
{
    fputs("skein: out of memory\n", stderr);
    abort();
}

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

void arena_release(struct arena *a)
{
    while (a->last != NULL) {
        struct arena_block *previous = a->last->previous;
        free(a->last);
        a->last = previous;
    }
    a->total = 0;
}

static struct arena_block *block_new(struct arena *a, size_t size)
{
    size_t wanted = a->last != NULL ? a->last->size * 2 : ARENA_BLOCK_MIN;
    if (wanted > ARENA_BLOCK_MAX)
        wanted = ARENA_BLOCK_MAX;
    if (wanted < size)
        wanted = size;
    struct arena_block *b = calloc(1, sizeof(*b) + wanted);
    if (b == NULL)
        out_of_memory();
    b->size = wanted;
    b->previous = a->last;
    a->last = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        out_of_memory();
    size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    struct arena_block *b = a->last;
    if (b == NULL || b->size - b->used < size)
        b = block_new(a, size);
    void *p = b->bytes + b->used;
    b->used += size;
    a->total += size;
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        out_of_memory();
    return arena_alloc(a, bytes);
}

void *arena_copy(struct arena *a, const void *bytes, size_t size)
{
    void *p = arena_alloc(a, size);
    if (size > 0)
        memcpy(p, bytes, size);
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_copy(a, s, strlen(s) + 1);
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *s = arena_vprintf(a, format, args);
    va_end(args);
    return s;
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0)
        len = 0;
    char *s = arena_alloc(a, (size_t)len + 1);
    vsnprintf(s, (size_t)len + 1, format, again);
    va_end(again);
    return s;
}

void vec_grow(struct arena *a, void **items, size_t count, size_t *cap, size_t item_size)
{
    size_t wanted = *cap > 0 ? *cap * 2 : 4;
    void *moved = arena_array(a, wanted, item_size);
    if (count > 0)
        memcpy(moved, *items, count * item_size);
    *items = moved;
    *cap = wanted;
}
