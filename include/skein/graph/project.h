/*
 * A project: core and its extensions, every module with its revisions, checked and joined into one graph.
 *
 * Pure: the files come in as values (skein/os/tree.h reads them), the project and all findings go out.
 * Nodes are numbered over all modules, in the order of module (core first, then as listed) and file name
 * sorted by bytes, which is the order in which Alembic loads a folder.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/diag.h"
#include "skein/base/str.h"
#include "skein/graph/dag.h"
#include "skein/graph/revision.h"
#include "skein/graph/squash.h"

/* One file as read. `problem` says why it could not be read ("is larger than 16 MiB", ...); else NULL. */
struct project_file {
    struct str path; /* relative to the root */
    struct str bytes;
    const char *problem;
    const char *kind; /* of the finding: unreadable, link_loop, too_large; a literal, with `problem` only */
};

struct module_files {
    struct str name;   /* "core" or the extension's */
    struct str folder; /* of its revisions, relative to the root */
    VEC(struct project_file) files;
};

struct project_files {
    struct str root;
    VEC(struct module_files) modules; /* core first */
};

/* A name that finds a node: a revision's id or a label that it carries. */
struct node_name {
    struct str name;
    size_t node;
    bool is_label;
};

struct module {
    struct str name;
    struct str folder;
    size_t first, count;     /* its nodes: first .. first+count-1 */
    struct node_name *names; /* sorted by bytes, unique */
    size_t name_count;
};

struct project {
    struct str root;
    struct {
        VEC(struct module) list;
    } modules;               /* core first */
    struct revision **nodes; /* by node number */
    size_t node_count;
    struct dag dag; /* parents, dependencies and cross dependencies by node number */
    struct squashes squashes;
};

/*
 * Parses and checks everything. Findings of every kind are collected in `diag`, all of them; false when
 * one is an error, and *ret_project is then not set. Cost: linear in bytes, revisions and edges (plus sorting).
 *
 * A file with `replaces` is no node if the revisions that it replaces are there: skein/graph/squash.h.
 *
 * Beside revfile_parse()'s kinds of findings: missing_parent missing_dependency cycle self_loop
 * dependency_cycle dependency_self_loop duplicate_revision duplicate_branch_label core_depends_on_extension
 * unknown_extension bad_extension unreadable link_loop too_large squash_incomplete squash_not_a_range
 * squash_overlap squash_differs, and as a warning missing_extension_label.
 */
bool project_build(struct arena *a, const struct project_files *files, struct diag *diag, struct project *ret_project);

/* Index into project.modules, or -1. */
int project_find_module(const struct project *p, struct str name);

/* The module of a node: index into project.modules. */
size_t project_module_of(const struct project *p, size_t node);

/* Node number of a revision by its full id, or SIZE_MAX. */
size_t project_find_node(const struct project *p, size_t module, struct str id);

/* Node number by id or label, or SIZE_MAX. */
size_t module_find_name(const struct module *m, struct str name);
