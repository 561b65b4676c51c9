#include "common/core/lint/suggest.h"

#include <string.h>
#include <strings.h>

#include "skein/schema/lite_token.h"
#include "skein/schema/quote.h"

enum { SUGGESTION_MAX = 1 << 16, QUOTED_STATEMENT_MAX = 600 };

static struct str quoted(const struct check *c, struct str name)
{
    return c->engine == ENGINE_SQLITE ? lite_quote(c->arena, name) : pg_name(c->arena, name);
}

static void add_names(const struct check *c, const struct names *names, struct strbuf *out)
{
    for (size_t i = 0; i < names->list.count; i++) {
        strbuf_puts(out, i > 0 ? ", " : "");
        strbuf_add(out, quoted(c, names->list.items[i]));
    }
}

static void add_table(const struct check *c, const struct act *act, struct strbuf *out)
{
    if (act->schema.len > 0) {
        strbuf_add(out, quoted(c, act->schema));
        strbuf_putc(out, '.');
    }
    strbuf_add(out, quoted(c, act->table));
}

static void add_field(const struct check *c, const struct act *act, struct str name, struct str field,
                      struct strbuf *out)
{
    if (str_is(field, "table"))
        add_table(c, act, out);
    else if (str_is(field, "column"))
        strbuf_add(out, quoted(c, act->name));
    else if (str_is(field, "columns"))
        add_names(c, &act->columns, out);
    else if (str_is(field, "other"))
        strbuf_add(out, quoted(c, act->other));
    else if (str_is(field, "type"))
        strbuf_add(out, act->type);
    else
        strbuf_add(out, quoted(c, name));
}

struct str suggest(const struct check *c, const struct act *act, struct str name, const char *template)
{
    struct strbuf out;
    struct str rest = str_of(template), part;
    strbuf_init(&out, SUGGESTION_MAX);
    while (str_next(&rest, '{', &part)) {
        size_t end = str_find(part, '}');
        if (end < part.len) {
            add_field(c, act, name, str_head(part, end), &out);
            part = str_from(part, end + 1);
        }
        strbuf_add(&out, part);
    }
    struct str text = str_copy(c->arena, strbuf_str(&out));
    strbuf_release(&out);
    return text;
}

struct str suggest_concurrently(const struct check *c, const char *word)
{
    struct str sql = c->step->text;
    size_t len = strlen(word), at = 0;
    if (sql.len > QUOTED_STATEMENT_MAX)
        return STR("");
    while (at + len <= sql.len && strncasecmp(sql.p + at, word, len) != 0)
        at++;
    if (at + len > sql.len)
        return STR("");
    return str_printf(c->arena, "-- migrate:%s postgresql transaction:false\n%.*s CONCURRENTLY%.*s;",
                      section_kind_name(c->section->kind), (int)(at + len), sql.p, STR_ARG(str_from(sql, at + len)));
}

struct str suggest_name(const struct check *c, const struct act *act, const char *suffix)
{
    if (act->name.len > 0)
        return act->name;
    struct str column = act->columns.list.count > 0 ? act->columns.list.items[0] : STR("");
    return str_printf(c->arena, "%.*s%s%.*s_%s", STR_ARG(act->table), column.len > 0 ? "_" : "", STR_ARG(column),
                      suffix);
}
