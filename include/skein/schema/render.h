/*
 * Generated statements as sections of revision files. Pure. What cannot run in a transaction gets a revision of its
 * own, one statement each: after a crash the server can be asked what became of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/schema/diff.h"

/* What one engine needs, there and back. */
struct engine_change {
    enum engine engine;
    struct ddl_list up, down;
};

/* The sections of one revision. */
struct change_part {
    struct str text;
    bool alone; /* its sections have transaction:false */
};

struct change_parts {
    VEC(struct change_part) list;
};

/*
 * The revisions, in the order in which they follow each other; none when there is no statement at all. Where all
 * engines need the same text there is one section for every engine, else one for each.
 */
void change_render(struct arena *a, const struct engine_change *changes, size_t count, struct change_parts *ret_parts);
