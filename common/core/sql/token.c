#include "skein/sql/token.h"

#include <string.h>
#include <strings.h>

#include "common/core/sql/splitter.h"

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           ((unsigned char)c & 0x80) != 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Behind the text that is quoted at `at`; doubled quotes stand for themselves. */
static size_t past_quotes(struct str s, size_t at, char close, bool escapes)
{
    for (size_t i = at + 1; i < s.len; i++) {
        bool doubled = s.p[i] == close && close != ']' && i + 1 < s.len && s.p[i + 1] == close;
        if (doubled || (escapes && s.p[i] == '\\'))
            i++;
        else if (s.p[i] == close)
            return i + 1;
    }
    return s.len;
}

/* Behind $tag$ ... $tag$; `at` when no such tag begins there. */
static size_t past_dollars(struct str s, size_t at)
{
    size_t end = at + 1;
    while (end < s.len && s.p[end] != '$' && is_word_byte(s.p[end]))
        end++;
    if (end == s.len || s.p[end] != '$' || is_digit(s.p[at + 1]))
        return at;
    struct str tag = str_head(str_from(s, at), end + 1 - at), rest = str_from(s, end + 1);
    const char *close = memmem(rest.p, rest.len, tag.p, tag.len);
    return close != NULL ? (size_t)(close - s.p) + tag.len : s.len;
}

/* E'...', X'...', B'...' and N'...' are one literal. */
static bool is_prefix(struct str s, size_t start, size_t end)
{
    return end == start + 1 && end < s.len && s.p[end] == '\'' && strchr("eExXbBnN", s.p[start]) != NULL;
}

static enum token_kind take_word(enum engine engine, struct str s, size_t *at)
{
    size_t start = *at, end = start;
    while (end < s.len && is_word_byte(s.p[end]))
        end++;
    *at = end;
    if (!is_prefix(s, start, end))
        return is_digit(s.p[start]) ? TOKEN_NUMBER : TOKEN_WORD;
    bool escapes = engine == ENGINE_POSTGRESQL && (s.p[start] == 'e' || s.p[start] == 'E');
    *at = past_quotes(s, end, '\'', escapes);
    return TOKEN_STRING;
}

static enum token_kind take(enum engine engine, struct str s, size_t *at)
{
    char c = s.p[*at];
    bool lite = engine == ENGINE_SQLITE;
    size_t dollars = c == '$' && !lite ? past_dollars(s, *at) : *at;
    if (dollars > *at) {
        *at = dollars;
        return TOKEN_STRING;
    }
    if (c == '\'') {
        *at = past_quotes(s, *at, c, false);
        return TOKEN_STRING;
    }
    if (c == '"' || (lite && (c == '`' || c == '['))) {
        *at = past_quotes(s, *at, c == '[' ? ']' : c, false);
        return TOKEN_NAME;
    }
    if (is_word_byte(c) && c != '$')
        return take_word(engine, s, at);
    ++*at;
    return TOKEN_SIGN;
}

struct token token_next(enum engine engine, struct str sql, size_t *at)
{
    struct token t = {0};
    *at = skip_blank(engine, sql, *at);
    if (*at >= sql.len)
        return t;
    size_t start = *at;
    t.kind = take(engine, sql, at);
    t.text = str_head(str_from(sql, start), *at - start);
    return t;
}

bool token_is(const struct token *t, const char *keyword)
{
    return t->kind == TOKEN_WORD && t->text.len == strlen(keyword) && strncasecmp(t->text.p, keyword, t->text.len) == 0;
}

bool token_is_sign(const struct token *t, char c)
{
    return t->kind == TOKEN_SIGN && t->text.p[0] == c;
}

/* Without the quotes, doubled ones once. */
static struct str unquoted(struct arena *a, struct str text)
{
    char close = text.p[0] == '[' ? ']' : text.p[0];
    char *out = arena_alloc(a, text.len + 1);
    size_t len = 0;
    for (size_t i = 1; i + 1 < text.len; i++) {
        out[len++] = text.p[i];
        i += text.p[i] == close && close != ']';
    }
    return (struct str){out, len};
}

struct str token_name(struct arena *a, enum engine engine, const struct token *t)
{
    if (t->kind == TOKEN_NAME || t->kind == TOKEN_STRING)
        return unquoted(a, t->text);
    struct str name = str_copy(a, t->text);
    if (engine != ENGINE_POSTGRESQL)
        return name;
    char *lower = arena_copy(a, name.p != NULL ? name.p : "", name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] - 'A' + 'a');
    return (struct str){lower, name.len};
}
