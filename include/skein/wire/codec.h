/*
 * Messages as bytes: one protobuf envelope a frame (proto/envelope.proto). Nothing of protobuf shows here.
 *
 * Decoding trusts nothing: before anything is unpacked, every length, count, wire type, text and name is
 * checked against skein/wire/limits.h; then it unpacks into the arena under a cap of LIMIT_DECODE bytes.
 */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/wire/msg.h"

/* Never fails; what is larger than LIMIT_MESSAGE the link will refuse to send. */
struct str codec_encode(struct arena *a, const struct msg *m);

/*
 * Strings and lists of the message live in `a` and do not point into `bytes`. On failure err.code is
 * ERR_INPUT, or ERR_LIMIT for what is too large; err.kind "unknown_kind" for a message of a later version
 * (version, id and re are then set in *ret_message, so that it can be answered).
 */
bool codec_decode(struct arena *a, struct str bytes, struct msg *ret_message, struct err *err);
