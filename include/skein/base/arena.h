/*
 * A region of memory with one lifetime.
 *
 * One arena serves one unit of work (a project, a request, a plan, a snapshot): everything that the
 * work makes is allocated here and goes at once. Memory is zeroed. Running out of memory ends the
 * process: crash tests show that this is safe. Input from a peer is bounded before it gets here.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

/* Zero-initialise or call arena_init(). Not for use by two threads at once. */
struct arena {
    struct arena_block *last;
    size_t total; /* bytes handed out, for limits and statistics */
};

void arena_init(struct arena *a);

/* Frees everything and leaves the arena empty and usable. */
void arena_release(struct arena *a);

/* Zeroed memory, aligned for any type. Never NULL, also for size 0. */
void *arena_alloc(struct arena *a, size_t size);

/* As arena_alloc() for `count` items of `size` bytes; an overflow ends the process. */
void *arena_array(struct arena *a, size_t count, size_t size);

/* A copy of `size` bytes. */
void *arena_copy(struct arena *a, const void *bytes, size_t size);

/* A NUL-terminated copy. */
char *arena_strdup(struct arena *a, const char *s);

/* Formatted text, NUL-terminated. */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_new_array(a, count, type) ((type *)arena_array((a), (count), sizeof(type)))
