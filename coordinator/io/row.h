/* Records as rows of texts and back: one table of columns a kind. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "coordinator/core/record.h"
#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"

enum { ROW_COLUMNS_MAX = 16 };

/* The names of a kind's columns, separated by ", ", its table, and those that are its key. */
struct row_table {
    const char *table, *columns, *key;
    size_t count;
};

const struct row_table *row_table(enum record_kind kind);

/* The cells are copies in `a`. */
void row_from_record(struct arena *a, const struct record *r, struct str ret_cells[ROW_COLUMNS_MAX]);
bool row_to_record(struct arena *a, enum record_kind kind, const struct str *cells, struct record *ret_record,
                   struct err *err);
