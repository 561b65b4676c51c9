/*
 * How a plain struct and a protobuf message correspond: one row a field, in the order of the field numbers.
 * Encoding, checking and decoding walk the rows; there is no code per message.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/str.h"

enum row_type {
    ROW_UNSET_TYPE = 0,
    ROW_BOOL,     /* bool */
    ROW_U32,      /* uint32_t, unsigned */
    ROW_U64,      /* uint64_t, size_t */
    ROW_I64,      /* int64_t */
    ROW_ENUM,     /* an enum; `name_of` knows its words, `max` is the largest number */
    ROW_STR,      /* struct str: protobuf string; `rule`, `max` bytes */
    ROW_BYTES,    /* struct str: any bytes */
    ROW_CHARS,    /* char[max + 1] */
    ROW_CSTR,     /* const char *, NULL for the empty text */
    ROW_FIXED,    /* unsigned char[max]; zero when absent */
    ROW_MESSAGE,  /* a struct of `shape` */
    ROW_MESSAGES, /* VEC(struct of `shape`), at most `max` */
    ROW_STRS,     /* VEC(struct str), at most `max` of at most `each` bytes */
    ROW_FIXEDS,   /* VEC(unsigned char[HASH_SIZE]), at most `max` */
    ROW_U64S,     /* uint64_t[max] */
};

/* What a text may hold, beyond being UTF-8 without NUL. */
enum row_rule {
    RULE_TEXT = 0, /* anything */
    RULE_NAME,     /* no control characters */
    RULE_MODULE,   /* empty, or a module's name */
    RULE_REVISION, /* empty, or a revision id */
};

struct shape;

struct row {
    const char *name;
    enum row_type type;
    enum row_rule rule;
    size_t offset;
    uint64_t max, each;
    const struct shape *shape;
    const char *(*name_of)(int value); /* ROW_ENUM: "unset" for 0 and for what is no word */
};

struct shape {
    const ProtobufCMessageDescriptor *pb;
    size_t size;
    const struct row *rows;
    size_t count;
    const char *(*problem)(const void *value); /* after decoding: NULL, or half a sentence; may be NULL */
};

enum { SHAPE_ROWS_MAX = 64 };

/* Checks encoded bytes against the rows, before anything is allocated. */
bool shape_check(const struct shape *s, struct str bytes, struct err *err);

/* Into a protobuf message made in the arena. */
ProtobufCMessage *shape_encode(struct arena *a, const struct shape *s, const void *value);

/* One field into a message; marks it in its oneof. */
void row_encode(struct arena *a, const struct row *row, const ProtobufCFieldDescriptor *field, const void *value,
                ProtobufCMessage *message);

/* From an unpacked message; texts are borrowed from it. False when a shape's `problem` objects. */
bool shape_decode(struct arena *a, const struct shape *s, const ProtobufCMessage *message, void *ret_value,
                  struct err *err);
bool row_decode(struct arena *a, const struct row *row, const ProtobufCFieldDescriptor *field,
                const ProtobufCMessage *message, void *ret_value, struct err *err);

/* Packs into the arena; unpacks checked bytes with at most `max_memory` bytes of it. */
struct str shape_pack(struct arena *a, const ProtobufCMessage *message);
ProtobufCMessage *shape_unpack(struct arena *a, const struct shape *s, struct str bytes, size_t max_memory,
                               struct err *err);

/* Where a shape's rows and its message disagree, with those below it; NULL if nowhere. */
const char *shape_problem(struct arena *a, const struct shape *s);

/* The codec's roots: the envelope of messages, whose first rows are its numbers, and the two kinds of blobs. */
const struct shape *codec_envelope_shape(void);
const struct shape *codec_script_shape(void);
const struct shape *codec_plan_shape(void);
enum { ENVELOPE_NUMBERS = 4 }; /* then one row a kind, in the order of enum msg_kind */
