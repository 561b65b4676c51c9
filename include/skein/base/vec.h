/*
 * Growable arrays that live in an arena. Declare one as a struct with `VEC(type) name;`, zero it, push.
 *
 *     struct names { VEC(struct str) list; };
 *     vec_push(arena, &names.list, name);
 *     for (size_t i = 0; i < names.list.count; i++) use(names.list.items[i]);
 */
#pragma once

#include <stddef.h>
#include <string.h>

#include "skein/base/arena.h"

#define VEC(type)                                                                                                      \
    struct {                                                                                                           \
        type *items;                                                                                                   \
        size_t count, cap;                                                                                             \
    }

/* Room for one more: moves the items to a block twice as large when full. */
void vec_grow(struct arena *a, void **items, size_t count, size_t *cap, size_t item_size);

#define vec_push(a, v, item)                                                                                           \
    do {                                                                                                               \
        if ((v)->count == (v)->cap) {                                                                                  \
            void *vec_items_ = (v)->items;                                                                             \
            vec_grow((a), &vec_items_, (v)->count, &(v)->cap, sizeof(*(v)->items));                                    \
            (v)->items = vec_items_;                                                                                   \
        }                                                                                                              \
        (v)->items[(v)->count++] = (item);                                                                             \
    } while (0)
