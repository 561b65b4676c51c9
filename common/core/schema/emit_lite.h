/* Writing statements. Private to this folder. */
#pragma once

#include "common/core/schema/diff_lite.h"

/* Adds a statement; the pointer is good until the next one. */
struct ddl *lite_put(struct lite_diff *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct str lite_q(struct lite_diff *d, struct str name); /* lite_quote() */

/* emit_lite_table.c */
enum { LITE_SQL_MAX = 16 << 20 };

void lite_emit_alter(struct lite_diff *d, struct lite_table_change *c);
void lite_emit_rebuild(struct lite_diff *d, struct lite_table_change *c);
