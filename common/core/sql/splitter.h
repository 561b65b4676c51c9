/* The two splitters and what they share. Private to this folder. */
#pragma once

#include "skein/sql/split.h"

/* Collects cuts, counting lines as it goes. */
struct cutter {
    struct arena *arena;
    struct str sql;
    struct statements statements;
    size_t counted;
    unsigned line;
};

void cutter_init(struct cutter *c, struct arena *a, struct str sql);
void cutter_add(struct cutter *c, size_t start, size_t end); /* in order; empty cuts are left out */
bool cutter_fail(const struct cutter *c, size_t at, struct err *err, const char *what);

/* The first byte from `at` that belongs to a statement, or sql.len. */
size_t skip_blank(enum engine engine, struct str sql, size_t at);

/* Position behind a comment at `at`; `at` if there is none, or it is not closed where it must be. */
size_t skip_comment(enum engine engine, struct str sql, size_t at);

bool split_postgresql(struct arena *a, struct str sql, struct statements *ret_list, struct err *err);
bool split_sqlite(struct arena *a, struct str sql, struct statements *ret_list, struct err *err);
