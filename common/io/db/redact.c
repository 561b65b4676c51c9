#include "common/io/db/redact.h"

#include <string.h>
#include <strings.h>

/* A shorter piece would turn ordinary words into ***; where a whole secret is that short, nothing is shown. */
enum { PIECE_MIN = 3 };

#define DELIMITERS "@:/?&=%#"

void redact_init(struct redact *r, struct arena *arena)
{
    *r = (struct redact){.arena = arena};
}

static bool is_known(const struct redact *r, struct str secret)
{
    for (size_t i = 0; i < r->secrets.count; i++)
        if (str_eq(r->secrets.items[i], secret))
            return true;
    return false;
}

static void add_piece(struct redact *r, struct str piece)
{
    if (piece.len >= PIECE_MIN && !is_known(r, piece))
        vec_push(r->arena, &r->secrets, str_copy(r->arena, piece));
}

void redact_add(struct redact *r, struct str secret)
{
    if (secret.len > 0 && secret.len < PIECE_MIN)
        r->withhold = true;
    add_piece(r, secret);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Percent-decoded as far as the escapes are well formed. */
static struct str decode(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool escape = s.p[i] == '%' && i + 2 < s.len && hex_digit(s.p[i + 1]) >= 0 && hex_digit(s.p[i + 2]) >= 0;
        out[len++] = escape ? (char)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2])) : s.p[i];
        i += escape ? 2 : 0;
    }
    return (struct str){out, len};
}

static void add_with_pieces(struct redact *r, struct str secret)
{
    redact_add(r, secret);
    redact_add(r, decode(r->arena, secret));
    size_t start = 0;
    for (size_t i = 0; i <= secret.len; i++)
        if (i == secret.len || strchr(DELIMITERS, secret.p[i]) != NULL) {
            add_piece(r, (struct str){secret.p + start, i - start});
            start = i + 1;
        }
}

/* The part after `scheme://`, or the whole where there is no scheme. */
static size_t after_scheme(struct str url)
{
    const char *p = url.len >= 3 ? memmem(url.p, url.len, "://", 3) : NULL;
    return p != NULL ? (size_t)(p - url.p) + 3 : 0;
}

struct span {
    size_t start, end;
};

/* The password as a reader would see it: from the first `:` after the scheme to the last `@`. */
static struct span password_span(struct str url)
{
    size_t start = after_scheme(url), at = url.len;
    for (size_t i = url.len; i > start && at == url.len; i--)
        if (url.p[i - 1] == '@')
            at = i - 1;
    size_t colon = start + str_find(str_from(url, start), ':');
    if (at == url.len || colon >= at)
        return (struct span){0, 0};
    return (struct span){colon + 1, at};
}

bool redact_is_secret_name(struct str name)
{
    static const char *const words[] = {"password", "passfile", "passwd", "sslkey"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        for (size_t k = 0; k + strlen(words[i]) <= name.len; k++)
            if (strncasecmp(name.p + k, words[i], strlen(words[i])) == 0)
                return true;
    return false;
}

/* Calls `use` with the place of every secret parameter's value, in order. */
static bool next_parameter(struct str url, size_t *pos, struct span *ret_value)
{
    while (*pos < url.len) {
        size_t end = *pos;
        while (end < url.len && url.p[end] != '&' && url.p[end] != ' ')
            end++;
        struct str pair = {url.p + *pos, end - *pos};
        size_t equals = str_find(pair, '=');
        size_t value = *pos + equals + 1;
        *pos = end + 1;
        if (equals < pair.len && redact_is_secret_name(str_head(pair, equals))) {
            *ret_value = (struct span){value, end};
            return true;
        }
    }
    return false;
}

static size_t query_start(struct str url, size_t from)
{
    size_t mark = from + str_find(str_from(url, from), '?');
    return mark < url.len ? mark + 1 : url.len;
}

/* Where they begin: behind the `?` of a URL, else at once (`host=... password=...`). */
static size_t parameters(struct str url, size_t from)
{
    return after_scheme(url) > 0 ? query_start(url, from) : 0;
}

void redact_add_url(struct redact *r, struct str url)
{
    struct span password = password_span(url), value;
    if (password.end > password.start)
        add_with_pieces(r, (struct str){url.p + password.start, password.end - password.start});
    size_t pos = parameters(url, password.end);
    while (next_parameter(url, &pos, &value))
        add_with_pieces(r, (struct str){url.p + value.start, value.end - value.start});
}

/* The longest secret that stands at the start of `text`, as its length; 0 if none. */
static size_t secret_at(const struct redact *r, struct str text)
{
    size_t longest = 0;
    for (size_t i = 0; i < r->secrets.count; i++)
        if (r->secrets.items[i].len > longest && str_starts(text, r->secrets.items[i]))
            longest = r->secrets.items[i].len;
    return longest;
}

struct str redact_apply(const struct redact *r, struct arena *a, struct str text)
{
    if (r->withhold && text.len > 0)
        return STR("(withheld: the text could hold the password)");
    struct strbuf out;
    strbuf_init(&out, text.len * 2 + 4);
    for (size_t i = 0; i < text.len;) {
        size_t secret = secret_at(r, str_from(text, i));
        strbuf_add(&out, secret > 0 ? STR("***") : (struct str){text.p + i, 1});
        i += secret > 0 ? secret : 1;
    }
    struct str clean = str_copy(a, strbuf_str(&out));
    strbuf_release(&out);
    return clean;
}

static void apply_in_place(const struct redact *r, char *field, size_t size)
{
    struct arena a = {0};
    struct str clean = redact_apply(r, &a, str_of(field));
    size_t len = clean.len < size - 1 ? clean.len : size - 1;
    memcpy(field, clean.p, len);
    field[len] = '\0';
    arena_release(&a);
}

void redact_err(const struct redact *r, struct err *err)
{
    if (r->secrets.count == 0 && !r->withhold)
        return;
    apply_in_place(r, err->text, sizeof(err->text));
    apply_in_place(r, err->detail, sizeof(err->detail));
    apply_in_place(r, err->hint, sizeof(err->hint));
}

struct str redact_url(struct arena *a, struct str url)
{
    struct strbuf out;
    strbuf_init(&out, url.len * 2 + 64);
    struct span password = password_span(url), value;
    size_t done = 0;
    if (password.end > password.start) {
        strbuf_add(&out, str_head(url, password.start));
        strbuf_puts(&out, "***");
        done = password.end;
    }
    for (size_t pos = parameters(url, done); next_parameter(url, &pos, &value); done = value.end) {
        strbuf_add(&out, (struct str){url.p + done, value.start - done});
        strbuf_puts(&out, "***");
    }
    strbuf_add(&out, str_from(url, done));
    struct str text = str_copy(a, strbuf_str(&out));
    strbuf_release(&out);
    return text;
}
