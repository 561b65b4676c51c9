#include "skein/base/hash.h"

#include <sodium/utils.h>
#include <string.h>

struct hash hash_of(struct str bytes)
{
    struct hash h;
    crypto_hash_sha256(h.bytes, (const unsigned char *)bytes.p, bytes.len);
    return h;
}

bool hash_eq(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_SIZE) == 0;
}

bool hash_is_zero(const struct hash *h)
{
    static const struct hash zero;
    return hash_eq(h, &zero);
}

struct hash_hex hash_format(const struct hash *h)
{
    struct hash_hex hex;
    sodium_bin2hex(hex.text, sizeof(hex.text), h->bytes, HASH_SIZE);
    return hex;
}

bool hash_parse(struct str hex, struct hash *ret_hash)
{
    struct hash h;
    size_t len = 0;
    if (hex.len != (size_t)HASH_SIZE * 2)
        return false;
    if (sodium_hex2bin(h.bytes, HASH_SIZE, hex.p, hex.len, NULL, &len, NULL) != 0 || len != HASH_SIZE)
        return false;
    *ret_hash = h;
    return true;
}

void hasher_init(struct hasher *h)
{
    crypto_hash_sha256_init(&h->state);
}

void hasher_u64(struct hasher *h, uint64_t value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> (56 - 8 * i));
    crypto_hash_sha256_update(&h->state, bytes, sizeof(bytes));
}

void hasher_field(struct hasher *h, struct str field)
{
    hasher_u64(h, field.len);
    crypto_hash_sha256_update(&h->state, (const unsigned char *)field.p, field.len);
}

struct hash hasher_end(struct hasher *h)
{
    struct hash result;
    crypto_hash_sha256_final(&h->state, result.bytes);
    return result;
}
