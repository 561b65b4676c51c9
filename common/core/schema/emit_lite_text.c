/* The author's own text, made tidy. */
#include <string.h>

#include "common/core/schema/diff_lite.h"

enum { LINE_MAX_LEN = 100 };

static size_t longest_line(struct str sql)
{
    size_t longest = 0;
    struct str rest = sql, line;
    while (str_next(&rest, '\n', &line))
        longest = line.len > longest ? line.len : longest;
    return longest;
}

static bool has_comment(struct arena *a, struct str sql)
{
    struct lite_tokens tokens;
    size_t end = 0;
    lite_tokenize(a, sql, &tokens);
    for (size_t i = 0; i < tokens.list.count; i++) {
        struct str t = tokens.list.items[i].text;
        struct str between = str_head(str_from(sql, end), (size_t)(t.p - sql.p) - end);
        if (str_trim(between).len > 0)
            return true;
        end = (size_t)(t.p - sql.p) + t.len;
    }
    return str_trim(str_from(sql, end)).len > 0;
}

/* Spaces at the ends of lines go, save within a quoted text. */
static struct str trim_lines(struct arena *a, struct str sql)
{
    struct lite_tokens tokens;
    struct strbuf b;
    size_t end = 0;
    strbuf_init(&b, 2 * sql.len + 1);
    lite_tokenize(a, sql, &tokens);
    for (size_t i = 0; i <= tokens.list.count; i++) {
        struct str t = i < tokens.list.count ? tokens.list.items[i].text : str_from(sql, sql.len);
        size_t at = i < tokens.list.count ? (size_t)(t.p - sql.p) : sql.len;
        for (; end < at; end++) {
            size_t next = end;
            while (next < at && strchr(" \t\r", sql.p[next]) != NULL)
                next++;
            if (next < at && sql.p[next] == '\n')
                end = next;
            strbuf_putc(&b, sql.p[end]);
        }
        strbuf_add(&b, t);
        end = at + t.len;
    }
    struct str text = str_copy(a, str_trim(strbuf_str(&b)));
    strbuf_release(&b);
    return text;
}

/* A table in one long line gets a line for each column. */
static struct str break_table(struct arena *a, struct str sql)
{
    struct lite_tokens tokens;
    struct strbuf b;
    size_t depth = 0, end = 0;
    lite_tokenize(a, sql, &tokens);
    strbuf_init(&b, 8 * sql.len + 64);
    for (size_t i = 0; i < tokens.list.count; i++) {
        struct lite_token t = tokens.list.items[i];
        size_t at = (size_t)(t.text.p - sql.p);
        bool opens = lite_is_operator(t, "("), closes = lite_is_operator(t, ")");
        bool begins = b.len > 0 && b.p[b.len - 1] == ' ' && depth == 1;
        if (closes && depth == 1)
            strbuf_putc(&b, '\n');
        else if (!begins && at > end)
            strbuf_putc(&b, ' ');
        strbuf_add(&b, t.text);
        end = at + t.text.len;
        depth += opens;
        if ((opens && depth == 1) || (lite_is_operator(t, ",") && depth == 1)) {
            strbuf_puts(&b, "\n    ");
            end = sql.len;
        }
        depth -= closes && depth > 0;
    }
    struct str text = str_copy(a, strbuf_str(&b));
    strbuf_release(&b);
    return text;
}

struct str lite_tidy(struct arena *a, struct str sql)
{
    struct lite_create c;
    bool table = lite_create_parse(a, sql, &c) && c.kind == OBJECT_TABLE && !c.virtual_table;
    if (table && longest_line(sql) > LINE_MAX_LEN && !has_comment(a, sql))
        return break_table(a, sql);
    return trim_lines(a, sql);
}

/* `t.column` in a CHECK would look for a table that is not there under that name. */
struct str lite_renamed_text(struct arena *a, const struct lite_table *t, struct str name)
{
    struct lite_tokens tokens;
    struct strbuf b;
    size_t end = 0;
    lite_tokenize(a, t->text, &tokens);
    strbuf_init(&b, t->text.len + 2 * name.len + 64);
    for (size_t i = 0; i < tokens.list.count; i++) {
        const struct lite_token *x = &tokens.list.items[i];
        bool is_name = x->text.p == t->name_text.p;
        bool qualifies = i + 1 < tokens.list.count && lite_is_operator(x[1], ".") &&
                         (x->kind == LITE_WORD || x->kind == LITE_QUOTED) && lite_same_name(lite_name(a, *x), t->name);
        size_t at = (size_t)(x->text.p - t->text.p);
        strbuf_add(&b, str_head(str_from(t->text, end), at - end));
        strbuf_add(&b, is_name ? lite_quote(a, name) : qualifies ? STR_NONE : x->text);
        end = at + x->text.len;
        if (qualifies && !is_name)
            end = (size_t)(tokens.list.items[++i].text.p - t->text.p) + 1;
    }
    strbuf_add(&b, str_from(t->text, end));
    struct str text = str_copy(a, strbuf_str(&b));
    strbuf_release(&b);
    return text;
}
