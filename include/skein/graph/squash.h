/*
 * Squashed revisions: one revision that stands for a range of a module's history.
 *
 * The replaced revisions stay in the graph, as long as their files are there: names, labels, dependencies, version
 * tables and everything that is worked out from them are what they were. A squashed revision has the id of the last
 * revision that it replaces (its top) and is a shortcut: where a plan applies or undoes the whole range, its
 * script runs instead of theirs. A target inside the range goes on by the replaced ones.
 *
 * When their files have been removed, the squashed revision is the node itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/bitset.h"
#include "skein/base/diag.h"
#include "skein/base/hash.h"
#include "skein/base/vec.h"
#include "skein/graph/revision.h"

/* Below a module's revisions: the files of those that were squashed. */
#define SQUASH_FOLDER "squashed"

struct project;
struct nodes;

struct squash {
    const struct revision *revision; /* its id is the top's */
    size_t top;                      /* node */
    size_t inside;                   /* the smallest squash around it, as an index; or SIZE_MAX */
    size_t count;
    struct bitset members; /* by node, the top among them: `count` of them */
};

struct squashes {
    VEC(struct squash) list; /* larger ones first: one that is inside another comes after it */
};

/* Files with `replaces` that are no nodes, in the order of files. */
struct squash_files {
    struct {
        size_t module;
        const struct revision *revision;
    } * items;
    size_t count;
};

/*
 * Fills p->squashes; the rest of the project is complete. Findings: squash_incomplete (not all of the replaced
 * revisions are there), squash_not_a_range (they do not hang together: others stand between), squash_overlap,
 * squash_differs (`revises` is not what the range follows).
 */
void squash_build(struct arena *a, struct project *p, const struct squash_files *files, struct diag *diag);

/* The largest squash that a node is in, or NULL. */
const struct squash *squash_around(const struct project *p, size_t node);

/* The revision that people mean by a node: the squashed one at its top, else the node's own. */
const struct revision *squash_shown(const struct project *p, size_t node);

/* The revision of a node that has this checksum: its own or one that is squashed into it. NULL: neither. */
const struct revision *squash_with_checksum(const struct project *p, size_t node, const struct hash *checksum);

/* True when what was applied with this checksum is, as far as the files tell, what the node stands for now. */
bool squash_accepts(const struct project *p, size_t node, const struct hash *checksum);

/* The squashed revision, a node of its own, that replaces an id whose file is gone; or NULL. */
const struct revision *squash_heir(const struct project *p, size_t module, struct str id);

/*
 * The children (of SIZE_MAX: the bases) or parents of `node` as people count steps: a range that it is not in is one
 * revision, and below a range's top comes what the range follows.
 */
struct nodes squash_children(struct arena *a, const struct project *p, size_t module, size_t node);
struct nodes squash_parents(struct arena *a, const struct project *p, size_t node);
