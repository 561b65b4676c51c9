#pragma once

#include "skein/base/arena.h"
#include "skein/base/str.h"

/*
 * An expression as the catalog prints it, with lists as people write them: `s IN ('a', 'b')` instead of
 * `s::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[])`. The catalog prints the latter for
 * the former, but reads it as something else, which it then prints differently again.
 */
struct str pg_plain(struct arena *a, struct str text);

/* The catalog's spelling of what pg_plain() made: no other text of the catalog has such lists. */
struct str pg_unplain(struct arena *a, struct str text);
