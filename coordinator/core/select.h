/*
 * Which targets a request means: an expression over labels, and globs over names.
 *
 *     env=prod,tier!=free,region in (eu,us),tier notin (free),canary,!legacy
 *
 * Every term must hold. A target without the key satisfies `!=` and `notin`. Of the globs (`*` any run of
 * bytes, `?` one byte) at least one must match, if there are any.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/err.h"
#include "skein/wire/msg.h"

enum select_relation { SELECT_UNSET = 0, SELECT_IN, SELECT_NOT_IN, SELECT_EXISTS, SELECT_ABSENT };

struct select_term {
    enum select_relation relation;
    struct str key;
    struct names values;
};

struct selector {
    VEC(struct select_term) terms;
    struct names globs;
};

/* Strings of the selector are borrowed from the selection. */
bool select_parse(struct arena *a, const struct selection *selection, struct selector *ret_selector, struct err *err);
bool select_matches(const struct selector *s, struct str name, const struct labels *labels);
bool select_glob(struct str pattern, struct str text);
