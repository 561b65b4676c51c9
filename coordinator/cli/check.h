/* What `skein check` looks at. Every check is a row; each adds what it finds, or says why it could not look. */
#pragma once

#include "coordinator/cli/local.h"

struct check_finding {
    const char *check; /* the row's name */
    struct str module;
    const char *kind; /* machine-readable; a literal */
    struct str path;  /* relative to the root; empty: no one file */
    struct str text, hint;
};

struct check_skipped {
    const char *check;
    struct str reason;
};

struct check {
    struct local *l;
    const struct project_files *files;
    struct module_set modules;
    const char *name; /* of the check that runs */
    struct {
        VEC(struct check_finding) list;
    } findings;
    struct {
        VEC(struct check_skipped) list;
    } skipped;
};

/* False: the check failed, which is neither a finding nor a reason to skip it. */
typedef bool check_fn(struct check *c);

check_fn check_heads, check_down, check_edited, check_models;

/* `hint` is a whole sentence or command. */
void check_add(struct check *c, size_t module, const char *kind, struct str path, struct str hint, const char *format,
               ...) __attribute__((format(printf, 6, 7)));
void check_skip(struct check *c, struct str reason);
