/*
 * Strings: `struct str` is a borrowed run of bytes that knows its length (it may hold NULs and need
 * not end in one); `struct strbuf` is text that grows up to a maximum it is born with.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"

struct str {
    const char *p;
    size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})

/* For printf("%.*s"). */
#define STR_ARG(s) (int)(s).len, (s).p != NULL ? (s).p : ""

struct str str_of(const char *s); /* of a C string; NULL gives the empty string */

bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *literal);
int str_cmp(struct str a, struct str b); /* by bytes, shorter first; fits sorting */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s);               /* without spaces, tabs, CR and LF at both ends */
struct str str_from(struct str s, size_t start); /* the rest from `start`; empty beyond the end */
struct str str_head(struct str s, size_t len);   /* the first `len` bytes, or all */

/* Position of the first byte `c`, or `s.len`. */
size_t str_find(struct str s, char c);

/* Takes the part before the first `sep` off *rest. False when nothing is left (NULL rest). */
bool str_next(struct str *rest, char sep, struct str *ret_part);

struct str str_copy(struct arena *a, struct str s); /* the copy is NUL-terminated as well */
char *str_cstr(struct arena *a, struct str s);      /* NUL-terminated copy */
struct str str_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A decimal number without sign, at most `max`; false for anything else. */
bool str_to_u64(struct str s, unsigned long long max, unsigned long long *ret_value);

/* True when all of `s` is well-formed UTF-8 (RFC 3629); else *ret_bad is the first bad byte. */
bool str_is_utf8(struct str s, size_t *ret_bad);

/*
 * Growing text. Going beyond `max` sets `overflow` and keeps what fitted: the writer need not check
 * every step, the owner checks once at the end.
 */
struct strbuf {
    char *p; /* NUL-terminated once something was added */
    size_t len, cap, max;
    bool overflow;
};

void strbuf_init(struct strbuf *b, size_t max);
void strbuf_release(struct strbuf *b);
void strbuf_clear(struct strbuf *b);
void strbuf_add(struct strbuf *b, struct str s);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
void strbuf_printf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
struct str strbuf_str(const struct strbuf *b); /* borrowed until the next change */
