/*
 * Plans and scripts as bytes, for FETCH and CHUNK. The bytes are not what the hash is made over: the
 * receiver decodes and then checks plan_hash() or script_verify() against the hash it asked for.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/plan/plan.h"
#include "skein/plan/script.h"

struct str blob_encode_plan(struct arena *a, const struct plan *plan);
bool blob_decode_plan(struct arena *a, struct str bytes, const struct hash *expected, struct plan *ret_plan,
                      struct err *err);

struct str blob_encode_script(struct arena *a, const struct script *script);
bool blob_decode_script(struct arena *a, struct str bytes, const struct hash *expected, struct script *ret_script,
                        struct err *err);
