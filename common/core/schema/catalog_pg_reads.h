#pragma once

#include "skein/base/arena.h"
#include "skein/schema/model.h"

/* Sets object.reads of functions whose body is a string. */
void catalog_pg_reads(struct arena *a, struct schema *s);
