/* Sections and model files cut into steps, with what the grammar says. Private to this folder. */
#pragma once

#include "common/core/lint/check.h"

struct mistake {
    unsigned line, column, statement;
    struct str text;
};

/* A text as one engine reads it. */
struct reading {
    enum engine engine;
    const struct section *section;
    struct steps steps;
    VEC(struct mistake) mistakes;
};

/* `line` is that of the text's first byte in its file. */
void read_text(struct arena *a, enum engine engine, struct str sql, unsigned line, struct reading *ret_reading);
