/*
 * CURVE keys: who a program is. A key file holds one pair and is readable by its owner alone; people
 * pass public keys around as 64 hex digits and compare fingerprints.
 *
 *     algo = curve25519
 *     created = 2026-11-22T10:00:00Z
 *     public = 64 hex digits
 *     secret = 64 hex digits
 *
 * The file names its algorithm so that another one can follow.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/err.h"
#include "skein/base/str.h"

enum { KEY_SIZE = 32, KEY_TEXT_SIZE = 65, FINGERPRINT_SIZE = 20 };

struct public_key {
    unsigned char bytes[KEY_SIZE];
};

struct key_text {
    char text[KEY_TEXT_SIZE]; /* 64 lower-case hex digits and a NUL */
};

/* "1a2b-3c4d-5e6f-7081": the first 8 bytes of the key's SHA-256. For people to compare, and to name a pending key. */
struct fingerprint {
    char text[FINGERPRINT_SIZE];
};

bool public_key_parse(struct str text, struct public_key *ret_key); /* exactly 64 hex digits */

/*
 * From FILE.pub, where the key stands alone on a line, or from a key file, where it follows "public =". Kinds of
 * failure: those of file_read(), and "bad_key" when no line holds one.
 */
bool public_key_load(const char *path, struct public_key *ret_key, struct err *err);

struct key_text public_key_format(const struct public_key *key);
struct fingerprint public_key_fingerprint(const struct public_key *key);
bool public_key_eq(const struct public_key *a, const struct public_key *b);

/* Kept out of swap from the moment it is made until key_pair_release(). Do not copy it. */
struct key_pair {
    struct public_key public_key;
    unsigned char secret[KEY_SIZE];
};

/* All three lock the memory; pair them with key_pair_release(). */
bool key_pair_generate(struct key_pair *ret_pair, struct err *err);

/*
 * Refuses (ERR_REFUSED, kind "key_file") what is no regular file, belongs to another user than us or
 * root, or has any group or other permission bit; refuses a pair that does not belong together.
 */
bool key_pair_load(const char *path, struct key_pair *ret_pair, struct err *err);

/* Makes the file with mode 0600; never replaces one that exists. Durable when it returns true. */
bool key_pair_save(const struct key_pair *pair, int64_t created_ms, const char *path, struct err *err);

/* Zeroes and unlocks. */
void key_pair_release(struct key_pair *pair);
