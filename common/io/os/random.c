#include "skein/os/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t size)
{
    unsigned char *p = out;
    while (size > 0) {
        ssize_t n = getrandom(p, size, 0);
        if (n < 0 && errno != EINTR) {
            perror("getrandom");
            abort();
        }
        if (n > 0) {
            p += n;
            size -= (size_t)n;
        }
    }
}

struct str random_hex(struct arena *a, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char *raw = arena_alloc(a, bytes);
    char *text = arena_alloc(a, bytes * 2 + 1);
    random_bytes(raw, bytes);
    for (size_t i = 0; i < bytes; i++) {
        text[2 * i] = digits[raw[i] >> 4];
        text[2 * i + 1] = digits[raw[i] & 15];
    }
    return (struct str){text, bytes * 2};
}

uint64_t random_below(uint64_t limit)
{
    if (limit == 0)
        return 0;
    /* Numbers at the top that would make the first remainders likelier are drawn again. */
    uint64_t skip = (UINT64_MAX % limit + 1) % limit, value;
    do {
        random_bytes(&value, sizeof(value));
    } while (value > UINT64_MAX - skip);
    return value % limit;
}

int64_t random_jitter(int64_t value, unsigned percent)
{
    int64_t spread = value / 100 * (int64_t)percent + value % 100 * (int64_t)percent / 100;
    return value - spread + (int64_t)random_below((uint64_t)spread * 2 + 1);
}
