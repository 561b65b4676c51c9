#include "common/core/schema/plain_pg.h"

#include <stdint.h>
#include <string.h>

static const struct {
    struct str catalog, people;
} operators[] = {
    {{"::text = ANY (ARRAY[", 20}, {" IN (", 5}},
    {{"::text <> ALL (ARRAY[", 21}, {" NOT IN (", 9}},
};

#define ELEMENT "::character varying"
#define CLOSE "]::text[])"

/* The end of the literal that starts at `at`, or `at` if none does. */
static size_t skip_literal(struct str text, size_t at)
{
    if (at >= text.len || text.p[at] != '\'')
        return at;
    for (size_t i = at + 1; i < text.len; i++) {
        if (text.p[i] == '\'' && i + 1 < text.len && text.p[i + 1] == '\'')
            i++;
        else if (text.p[i] == '\'')
            return i + 1;
    }
    return at;
}

/* Takes the elements into `list`, up to and with the closing; the end, or `at` when something else stands there. */
static size_t take_elements(struct str text, size_t at, struct strbuf *list)
{
    for (size_t i = at;;) {
        size_t end = skip_literal(text, i);
        if (end == i || !str_starts(str_from(text, end), STR(ELEMENT)))
            return at;
        strbuf_add(list, str_head(str_from(text, i), end - i));
        i = end + sizeof(ELEMENT) - 1;
        if (str_starts(str_from(text, i), STR(CLOSE)))
            return i + sizeof(CLOSE) - 1;
        if (!str_starts(str_from(text, i), STR(", ")))
            return at;
        strbuf_puts(list, ", ");
        i += 2;
    }
}

/* Takes a list that starts at `at` in the people's spelling; returns where it ends, or `at`. */
static size_t take_list(struct str text, size_t at, struct strbuf *out)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
        struct strbuf list;
        if (!str_starts(str_from(text, at), operators[i].catalog))
            continue;
        strbuf_init(&list, SIZE_MAX);
        size_t start = at + operators[i].catalog.len, end = take_elements(text, start, &list);
        if (end > start) {
            strbuf_add(out, operators[i].people);
            strbuf_add(out, strbuf_str(&list));
            strbuf_putc(out, ')');
        }
        strbuf_release(&list);
        return end > start ? end : at;
    }
    return at;
}

static struct str rewrite(struct arena *a, struct str text,
                          size_t (*take_list_at)(struct str text, size_t at, struct strbuf *out))
{
    struct strbuf out;
    strbuf_init(&out, SIZE_MAX);
    for (size_t at = 0; at < text.len;) {
        size_t list = take_list_at(text, at, &out), literal = skip_literal(text, at);
        size_t end = literal > at ? literal : at + 1;
        if (list == at)
            strbuf_add(&out, str_head(str_from(text, at), end - at));
        at = list > at ? list : end;
    }
    struct str rewritten = str_copy(a, strbuf_str(&out));
    strbuf_release(&out);
    return rewritten;
}

struct str pg_plain(struct arena *a, struct str text)
{
    bool has_list = text.len > 0 && memmem(text.p, text.len, CLOSE, sizeof(CLOSE) - 1) != NULL;
    return has_list ? rewrite(a, text, take_list) : text;
}

/* ---- and back ---- */

static size_t take_plain(struct str text, size_t at, struct strbuf *out)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
        if (!str_starts(str_from(text, at), operators[i].people))
            continue;
        struct strbuf list;
        strbuf_init(&list, SIZE_MAX);
        size_t next = at + operators[i].people.len, end = skip_literal(text, next);
        while (end > next) {
            strbuf_add(&list, str_head(str_from(text, next), end - next));
            strbuf_puts(&list, ELEMENT);
            bool more = str_starts(str_from(text, end), STR(", "));
            next = more ? end + 2 : end;
            strbuf_puts(&list, more ? ", " : "");
            end = more ? skip_literal(text, next) : next;
        }
        bool closed = list.len > 0 && str_starts(str_from(text, next), STR(")"));
        if (closed) {
            strbuf_add(out, operators[i].catalog);
            strbuf_add(out, strbuf_str(&list));
            strbuf_puts(out, CLOSE);
        }
        strbuf_release(&list);
        return closed ? next + 1 : at;
    }
    return at;
}

struct str pg_unplain(struct arena *a, struct str text)
{
    return text.len > 0 ? rewrite(a, text, take_plain) : text;
}
