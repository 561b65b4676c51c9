/* Second step of project_build(): names in headers become edges. Private to this folder. */
#pragma once

#include "skein/graph/project.h"

/* Resolves `revises` and `depends_on` of every revision; what leads nowhere is a finding and no edge. */
void references_resolve(struct arena *a, const struct project *p, struct diag *diag, struct edges *ret_edges);

/* Where a header's value stands. */
struct diag_at references_place(const struct revision *r, unsigned line, struct str value);
