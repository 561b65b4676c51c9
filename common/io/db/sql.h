/* Names in embedded SQL: `:"name"` stands for an identifier, as in psql. */
#pragma once

#include "skein/base/arena.h"
#include "skein/base/str.h"

struct sql_name {
    const char *name; /* as in the text */
    struct str value; /* the identifier, not yet quoted */
};

/* The text with every `:"name"` replaced by its value in quotes, without the comment on top. */
struct str sql_bind(struct arena *a, struct str text, const struct sql_name *names, size_t count);
