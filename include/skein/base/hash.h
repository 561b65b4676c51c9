/* SHA-256 (FIPS 180-4), by libsodium. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sodium/crypto_hash_sha256.h>

#include "skein/base/str.h"

enum { HASH_SIZE = 32, HASH_HEX_SIZE = 65 };

struct hash {
    unsigned char bytes[HASH_SIZE];
};

struct hash_hex {
    char text[HASH_HEX_SIZE]; /* 64 lower-case hex digits and a NUL */
};

struct hash hash_of(struct str bytes);
bool hash_eq(const struct hash *a, const struct hash *b);
bool hash_is_zero(const struct hash *h);
struct hash_hex hash_format(const struct hash *h);
bool hash_parse(struct str hex, struct hash *ret_hash); /* exactly 64 hex digits */

/* Piecewise. Fields are length-prefixed (8 bytes, big-endian), so that no two lists of fields collide. */
struct hasher {
    crypto_hash_sha256_state state;
};

void hasher_init(struct hasher *h);
void hasher_field(struct hasher *h, struct str field);
void hasher_u64(struct hasher *h, uint64_t value);
struct hash hasher_end(struct hasher *h);
