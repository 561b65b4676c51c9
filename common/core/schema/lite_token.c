#include "skein/schema/lite_token.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Words that cannot be a bare name everywhere, sorted; all other keywords of SQLite can. */
static const char *const reserved[] = {
    "add",        "all",        "alter",  "and",          "as",           "autoincrement",
    "between",    "case",       "cast",   "check",        "collate",      "commit",
    "constraint", "create",     "cross",  "current_date", "current_time", "current_timestamp",
    "default",    "deferrable", "delete", "distinct",     "drop",         "else",
    "escape",     "except",     "exists", "false",        "foreign",      "from",
    "full",       "group",      "having", "if",           "in",           "index",
    "indexed",    "inner",      "insert", "intersect",    "into",         "is",
    "isnull",     "join",       "left",   "limit",        "natural",      "not",
    "nothing",    "notnull",    "null",   "on",           "or",           "order",
    "outer",      "primary",    "raise",  "references",   "returning",    "right",
    "select",     "set",        "table",  "then",         "to",           "transaction",
    "true",       "union",      "unique", "update",       "using",        "values",
    "when",       "where",
};

static bool is_word_start(unsigned char c)
{
    return isalpha(c) || c == '_' || c >= 0x80;
}

static bool is_word_part(unsigned char c)
{
    return isalnum(c) || c == '_' || c == '$' || c >= 0x80;
}

static int compare_word(const void *key, const void *item)
{
    const struct str *word = key;
    const char *const *known = item;
    int order = strncasecmp(word->p, *known, word->len);
    return order != 0 ? order : (*known)[word->len] == '\0' ? 0 : -1;
}

static bool is_reserved(struct str word)
{
    return bsearch(&word, reserved, sizeof(reserved) / sizeof(reserved[0]), sizeof(reserved[0]), compare_word) != NULL;
}

/* ---- tokens ---- */

/* Position behind the comment at `at`; `at` if there is none. One that is not closed reaches to the end. */
static size_t skip_comment(struct str sql, size_t at)
{
    if (str_starts(str_from(sql, at), STR("--"))) {
        size_t end = at + str_find(str_from(sql, at), '\n');
        return end < sql.len ? end + 1 : end;
    }
    if (!str_starts(str_from(sql, at), STR("/*")))
        return at;
    const char *end = sql.len >= at + 4 ? memmem(sql.p + at + 2, sql.len - at - 2, "*/", 2) : NULL;
    return end != NULL ? (size_t)(end - sql.p) + 2 : sql.len;
}

static size_t skip_blank(struct str sql, size_t at)
{
    for (;;) {
        size_t start = at;
        while (at < sql.len && strchr(" \t\r\n\f", sql.p[at]) != NULL && sql.p[at] != '\0')
            at++;
        at = skip_comment(sql, at);
        if (at == start)
            return at;
    }
}

/* Length of the quoted text that `s` begins with; 0 if it does not end. */
static size_t quoted_len(struct str s, char close)
{
    for (size_t i = 1; i < s.len; i++) {
        if (s.p[i] != close)
            continue;
        bool doubled = close != ']' && i + 1 < s.len && s.p[i + 1] == close;
        if (!doubled)
            return i + 1;
        i++;
    }
    return 0;
}

static size_t word_len(struct str s, size_t start)
{
    size_t len = start;
    while (len < s.len && is_word_part((unsigned char)s.p[len]))
        len++;
    return len;
}

static size_t number_len(struct str s)
{
    size_t len = 0;
    bool hex = s.len > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X');
    while (len < s.len) {
        bool sign = len > 0 && (s.p[len] == '+' || s.p[len] == '-') && (s.p[len - 1] == 'e' || s.p[len - 1] == 'E');
        if (!isalnum((unsigned char)s.p[len]) && s.p[len] != '.' && s.p[len] != '_' && (hex || !sign))
            break;
        len++;
    }
    return len;
}

static size_t operator_len(struct str s)
{
    static const char *const longer[] = {"->>", "->", "||", "<<", ">>", "<=", ">=", "<>", "!=", "=="};
    for (size_t i = 0; i < sizeof(longer) / sizeof(longer[0]); i++)
        if (str_starts(s, str_of(longer[i])))
            return strlen(longer[i]);
    return s.p[0] != '\0' && strchr("(),;.+-*/%&|<>=~", s.p[0]) != NULL ? 1 : 0;
}

static enum lite_token_kind scan_quoted(struct str s, size_t *ret_len)
{
    *ret_len = quoted_len(s, s.p[0] == '[' ? ']' : s.p[0]);
    return *ret_len == 0 ? LITE_BAD : s.p[0] == '\'' ? LITE_STRING : LITE_QUOTED;
}

static enum lite_token_kind scan(struct str s, size_t *ret_len)
{
    unsigned char c = (unsigned char)s.p[0], next = s.len > 1 ? (unsigned char)s.p[1] : 0;
    if (c == '\'' || c == '"' || c == '`' || c == '[')
        return scan_quoted(s, ret_len);
    if ((c == 'x' || c == 'X') && next == '\'') {
        size_t len = quoted_len(str_from(s, 1), '\'');
        *ret_len = len + 1;
        return len == 0 ? LITE_BAD : LITE_BLOB;
    }
    if (is_word_start(c)) {
        *ret_len = word_len(s, 1);
        return LITE_WORD;
    }
    if (isdigit(c) || (c == '.' && isdigit(next))) {
        *ret_len = number_len(s);
        return LITE_NUMBER;
    }
    if (c == '?' || c == ':' || c == '@' || c == '$') {
        *ret_len = word_len(s, 1);
        return LITE_VARIABLE;
    }
    *ret_len = operator_len(s);
    return *ret_len == 0 ? LITE_BAD : LITE_OPERATOR;
}

struct lite_token lite_next(struct str sql, size_t *at)
{
    struct lite_token t = {0};
    size_t len = 0;
    *at = skip_blank(sql, *at);
    if (*at >= sql.len)
        return t;
    struct str rest = str_from(sql, *at);
    t.kind = scan(rest, &len);
    t.text = t.kind == LITE_BAD ? rest : str_head(rest, len);
    *at += t.text.len;
    return t;
}

bool lite_tokenize(struct arena *a, struct str sql, struct lite_tokens *ret_tokens)
{
    struct lite_tokens all = {0};
    struct lite_token t;
    size_t at = 0;
    do {
        t = lite_next(sql, &at);
        if (t.kind != LITE_END)
            vec_push(a, &all.list, t);
    } while (t.kind != LITE_END && t.kind != LITE_BAD);
    *ret_tokens = all;
    return t.kind == LITE_END;
}

/* ---- names ---- */

bool lite_is_word(struct lite_token t, const char *word)
{
    return t.kind == LITE_WORD && t.text.len == strlen(word) && strncasecmp(t.text.p, word, t.text.len) == 0;
}

bool lite_is_operator(struct lite_token t, const char *text)
{
    return t.kind == LITE_OPERATOR && str_is(t.text, text);
}

bool lite_is_name(struct lite_token t)
{
    return t.kind == LITE_QUOTED || t.kind == LITE_STRING || (t.kind == LITE_WORD && !is_reserved(t.text));
}

struct str lite_name(struct arena *a, struct lite_token t)
{
    if (t.kind != LITE_QUOTED && t.kind != LITE_STRING)
        return t.text;
    char close = t.text.p[t.text.len - 1];
    char *name = arena_alloc(a, t.text.len);
    size_t len = 0;
    for (size_t i = 1; i + 1 < t.text.len; i++) {
        name[len++] = t.text.p[i];
        i += t.text.p[i] == close && close != ']';
    }
    return (struct str){name, len};
}

static bool is_bare(struct str name)
{
    bool bare = name.len > 0 && is_word_start((unsigned char)name.p[0]) && !is_reserved(name);
    for (size_t i = 0; bare && i < name.len; i++)
        bare = is_word_part((unsigned char)name.p[i]) && (unsigned char)name.p[i] < 0x80;
    return bare;
}

static struct str quote_with(struct arena *a, struct str text, char quote)
{
    char *out = arena_alloc(a, 2 * text.len + 2);
    size_t len = 0;
    out[len++] = quote;
    for (size_t i = 0; i < text.len; i++) {
        out[len++] = text.p[i];
        if (text.p[i] == quote)
            out[len++] = quote;
    }
    out[len++] = quote;
    return (struct str){out, len};
}

struct str lite_quote(struct arena *a, struct str name)
{
    return is_bare(name) ? name : quote_with(a, name, '"');
}

struct str lite_quote_string(struct arena *a, struct str text)
{
    return quote_with(a, text, '\'');
}

struct str lite_fold(struct arena *a, struct str name)
{
    char *out = arena_alloc(a, name.len);
    for (size_t i = 0; i < name.len; i++)
        out[i] = (unsigned char)name.p[i] < 0x80 ? (char)tolower((unsigned char)name.p[i]) : name.p[i];
    return (struct str){out, name.len};
}

bool lite_same_name(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.p, b.p, a.len) == 0);
}

/* ---- the head of a CREATE statement ---- */

struct reader {
    struct str sql;
    size_t at;
    struct lite_token token; /* the one to look at */
};

static void advance(struct reader *r)
{
    r->token = lite_next(r->sql, &r->at);
}

static bool accept(struct reader *r, const char *word)
{
    if (!lite_is_word(r->token, word))
        return false;
    advance(r);
    return true;
}

static enum object_kind accept_kind(struct reader *r)
{
    static const struct {
        const char *word;
        enum object_kind kind;
    } kinds[] = {{"TABLE", OBJECT_TABLE}, {"INDEX", OBJECT_INDEX}, {"VIEW", OBJECT_VIEW}, {"TRIGGER", OBJECT_TRIGGER}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (accept(r, kinds[i].word))
            return kinds[i].kind;
    return OBJECT_UNSET;
}

/* `name` or `schema.name`. */
static bool read_name(struct reader *r, struct lite_token *ret_name)
{
    *ret_name = r->token;
    if (!lite_is_name(r->token))
        return false;
    advance(r);
    if (!lite_is_operator(r->token, "."))
        return true;
    advance(r);
    *ret_name = r->token;
    bool ok = lite_is_name(r->token);
    advance(r);
    return ok;
}

/* The table stands behind the first ON; a trigger's `OF` list holds only names before it. */
static bool read_table(struct reader *r, struct lite_token *ret_table)
{
    while (r->token.kind != LITE_END && r->token.kind != LITE_BAD && !lite_is_word(r->token, "ON"))
        advance(r);
    return accept(r, "ON") && read_name(r, ret_table);
}

bool lite_create_parse(struct arena *a, struct str statement, struct lite_create *ret_create)
{
    struct reader r = {.sql = statement};
    struct lite_create c = {0};
    struct lite_token name, table = {0};
    advance(&r);
    if (!accept(&r, "CREATE"))
        return false;
    c.temporary = accept(&r, "TEMP") || accept(&r, "TEMPORARY");
    c.unique = accept(&r, "UNIQUE");
    c.virtual_table = accept(&r, "VIRTUAL");
    c.kind = accept_kind(&r);
    c.after_create_object = str_from(statement, r.token.text.p != NULL ? (size_t)(r.token.text.p - statement.p) : r.at);
    c.if_not_exists = lite_is_word(r.token, "IF");
    if (c.if_not_exists && !(accept(&r, "IF") && accept(&r, "NOT") && accept(&r, "EXISTS")))
        return false;
    bool has_table = c.kind == OBJECT_INDEX || c.kind == OBJECT_TRIGGER;
    if (c.kind == OBJECT_UNSET || !read_name(&r, &name) || (has_table && !read_table(&r, &table)))
        return false;
    c.name = lite_name(a, name);
    c.name_text = name.text;
    c.table = lite_name(a, table);
    *ret_create = c;
    return true;
}
