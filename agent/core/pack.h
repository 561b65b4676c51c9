/*
 * Values as runs of bytes: what an agent remembers of thousands of targets takes one small block each,
 * and two of them are equal when their bytes are.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/plan/dbstate.h"
#include "skein/wire/msg.h"

void pack_u64(struct strbuf *b, uint64_t value);
void pack_str(struct strbuf *b, struct str s);
/* For people: cut to `max` bytes; what is not UTF-8 or is NUL becomes '?', as no peer would take it. */
void pack_text(struct strbuf *b, struct str text, size_t max);
void pack_names(struct strbuf *b, const struct names *names);
void pack_labels(struct strbuf *b, const struct labels *labels);
void pack_state(struct strbuf *b, const struct dbstate *state);
void pack_ledger(struct strbuf *b, const struct ledger_state *ledger);
void pack_err(struct strbuf *b, const struct err *err);

/* Takes them off again, in the same order; copies go to `arena`. Only for bytes that were packed here. */
struct unpack {
    struct str rest;
    struct arena *arena;
};

uint64_t unpack_u64(struct unpack *u);
struct str unpack_str(struct unpack *u);
struct names unpack_names(struct unpack *u);
struct labels unpack_labels(struct unpack *u);
struct dbstate unpack_state(struct unpack *u);
struct ledger_state unpack_ledger(struct unpack *u);
struct err unpack_err(struct unpack *u);
