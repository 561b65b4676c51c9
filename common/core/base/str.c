#include "skein/base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct str str_of(const char *s)
{
    return s != NULL ? (struct str){s, strlen(s)} : STR("");
}

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool str_is(struct str a, const char *literal)
{
    return str_eq(a, str_of(literal));
}

int str_cmp(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter > 0 ? memcmp(a.p, b.p, shorter) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_head(s, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len > 0 && is_space(s.p[0]))
        s = str_from(s, 1);
    while (s.len > 0 && is_space(s.p[s.len - 1]))
        s.len--;
    return s;
}

struct str str_from(struct str s, size_t start)
{
    if (start > s.len)
        start = s.len;
    return s.p != NULL ? (struct str){s.p + start, s.len - start} : s;
}

struct str str_head(struct str s, size_t len)
{
    if (len < s.len)
        s.len = len;
    return s;
}

size_t str_find(struct str s, char c)
{
    const char *p = s.len > 0 ? memchr(s.p, c, s.len) : NULL;
    return p != NULL ? (size_t)(p - s.p) : s.len;
}

bool str_next(struct str *rest, char sep, struct str *ret_part)
{
    if (rest->p == NULL)
        return false;
    size_t at = str_find(*rest, sep);
    *ret_part = str_head(*rest, at);
    *rest = at < rest->len ? str_from(*rest, at + 1) : STR_NONE;
    return true;
}

char *str_cstr(struct arena *a, struct str s)
{
    char *copy = arena_alloc(a, s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.p, s.len);
    return copy;
}

struct str str_copy(struct arena *a, struct str s)
{
    return (struct str){str_cstr(a, s), s.len};
}

struct str str_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str s = str_of(arena_vprintf(a, format, args));
    va_end(args);
    return s;
}

bool str_to_u64(struct str s, unsigned long long max, unsigned long long *ret_value)
{
    unsigned long long value = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        unsigned digit = (unsigned)(s.p[i] - '0');
        if (value > (max - digit) / 10 || digit > max)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

/* Length of the UTF-8 sequence at `p` (RFC 3629, table in section 4), 0 if malformed. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < len)
        return 0;
    unsigned char low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return len;
}

bool str_is_utf8(struct str s, size_t *ret_bad)
{
    for (size_t i = 0; i < s.len;) {
        size_t len = utf8_sequence((const unsigned char *)s.p + i, s.len - i);
        if (len == 0) {
            *ret_bad = i;
            return false;
        }
        i += len;
    }
    return true;
}

void strbuf_init(struct strbuf *b, size_t max)
{
    *b = (struct strbuf){.max = max};
}

void strbuf_release(struct strbuf *b)
{
    free(b->p);
    *b = (struct strbuf){.max = b->max};
}

void strbuf_clear(struct strbuf *b)
{
    b->len = 0;
    b->overflow = false;
    if (b->p != NULL)
        b->p[0] = '\0';
}

static void strbuf_reserve(struct strbuf *b, size_t len)
{
    if (len + 1 <= b->cap)
        return;
    size_t cap = b->cap > 0 ? b->cap : 64;
    while (cap < len + 1)
        cap *= 2;
    char *p = realloc(b->p, cap);
    if (p == NULL) {
        fputs("skein: out of memory\n", stderr);
        abort();
    }
    b->p = p;
    b->cap = cap;
}

void strbuf_add(struct strbuf *b, struct str s)
{
    if (s.len > b->max - b->len) {
        b->overflow = true;
        s.len = b->max - b->len;
    }
    strbuf_reserve(b, b->len + s.len);
    if (s.len > 0)
        memcpy(b->p + b->len, s.p, s.len);
    b->len += s.len;
    b->p[b->len] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *s)
{
    strbuf_add(b, str_of(s));
}

void strbuf_putc(struct strbuf *b, char c)
{
    strbuf_add(b, (struct str){&c, 1});
}

void strbuf_printf(struct strbuf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strbuf_vprintf(b, format, args);
    va_end(args);
}

void strbuf_vprintf(struct strbuf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    size_t wanted = len > 0 ? (size_t)len : 0;
    if (wanted > b->max - b->len) {
        b->overflow = true;
        wanted = b->max - b->len;
    }
    strbuf_reserve(b, b->len + wanted);
    vsnprintf(b->p + b->len, wanted + 1, format, again);
    va_end(again);
    b->len += wanted;
}

struct str strbuf_str(const struct strbuf *b)
{
    return b->p != NULL ? (struct str){b->p, b->len} : STR("");
}
