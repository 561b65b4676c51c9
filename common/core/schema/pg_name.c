/* Names and texts as SQL for PostgreSQL writes them. */
#include "common/core/schema/diff_pg.h"

#include <stdlib.h>

enum { NAME_MAX_BYTES = 63 };

/* Words that stand for themselves only in quotes (all but the unreserved ones); sorted. */
static const char *const keywords[] = {"all",
                                       "analyse",
                                       "analyze",
                                       "and",
                                       "any",
                                       "array",
                                       "as",
                                       "asc",
                                       "asymmetric",
                                       "authorization",
                                       "between",
                                       "bigint",
                                       "binary",
                                       "bit",
                                       "boolean",
                                       "both",
                                       "case",
                                       "cast",
                                       "char",
                                       "character",
                                       "check",
                                       "coalesce",
                                       "collate",
                                       "collation",
                                       "column",
                                       "concurrently",
                                       "constraint",
                                       "create",
                                       "cross",
                                       "current_catalog",
                                       "current_date",
                                       "current_role",
                                       "current_schema",
                                       "current_time",
                                       "current_timestamp",
                                       "current_user",
                                       "dec",
                                       "decimal",
                                       "default",
                                       "deferrable",
                                       "desc",
                                       "distinct",
                                       "do",
                                       "else",
                                       "end",
                                       "except",
                                       "exists",
                                       "extract",
                                       "false",
                                       "fetch",
                                       "float",
                                       "for",
                                       "foreign",
                                       "freeze",
                                       "from",
                                       "full",
                                       "grant",
                                       "greatest",
                                       "group",
                                       "grouping",
                                       "having",
                                       "ilike",
                                       "in",
                                       "initially",
                                       "inner",
                                       "inout",
                                       "int",
                                       "integer",
                                       "intersect",
                                       "interval",
                                       "into",
                                       "is",
                                       "isnull",
                                       "join",
                                       "lateral",
                                       "leading",
                                       "least",
                                       "left",
                                       "like",
                                       "limit",
                                       "localtime",
                                       "localtimestamp",
                                       "national",
                                       "natural",
                                       "nchar",
                                       "none",
                                       "normalize",
                                       "not",
                                       "notnull",
                                       "null",
                                       "nullif",
                                       "numeric",
                                       "offset",
                                       "on",
                                       "only",
                                       "or",
                                       "order",
                                       "out",
                                       "outer",
                                       "overlaps",
                                       "overlay",
                                       "placing",
                                       "position",
                                       "precision",
                                       "primary",
                                       "real",
                                       "references",
                                       "returning",
                                       "right",
                                       "row",
                                       "select",
                                       "session_user",
                                       "setof",
                                       "similar",
                                       "smallint",
                                       "some",
                                       "substring",
                                       "symmetric",
                                       "table",
                                       "tablesample",
                                       "then",
                                       "time",
                                       "timestamp",
                                       "to",
                                       "trailing",
                                       "treat",
                                       "trim",
                                       "true",
                                       "union",
                                       "unique",
                                       "user",
                                       "using",
                                       "values",
                                       "varchar",
                                       "variadic",
                                       "verbose",
                                       "when",
                                       "where",
                                       "window",
                                       "with",
                                       "xmlattributes",
                                       "xmlconcat",
                                       "xmlelement",
                                       "xmlexists",
                                       "xmlforest",
                                       "xmlnamespaces",
                                       "xmlparse",
                                       "xmlpi",
                                       "xmlroot",
                                       "xmlserialize",
                                       "xmltable"};

static int compare_word(const void *key, const void *word)
{
    return strcmp(key, *(const char *const *)word);
}

static bool is_plain(struct arena *a, struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.p[i];
        bool word = (c >= 'a' && c <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9');
        if (!word)
            return false;
    }
    return name.len > 0 && bsearch(str_cstr(a, name), keywords, sizeof(keywords) / sizeof(*keywords), sizeof(*keywords),
                                   compare_word) == NULL;
}

static struct str quoted(struct arena *a, struct str text, char quote)
{
    char *out = arena_alloc(a, text.len * 2 + 3);
    size_t len = 0;
    out[len++] = quote;
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == quote)
            out[len++] = quote;
        out[len++] = text.p[i];
    }
    out[len++] = quote;
    return (struct str){out, len};
}

struct str pg_name(struct arena *a, struct str name)
{
    return is_plain(a, name) ? name : quoted(a, name, '"');
}

struct str pg_literal(struct arena *a, struct str text)
{
    return quoted(a, text, '\'');
}

struct str pg_qualified(struct arena *a, struct str schema, struct str name)
{
    if (schema.len == 0)
        return pg_name(a, name);
    return str_printf(a, "%.*s.%.*s", STR_ARG(pg_name(a, schema)), STR_ARG(pg_name(a, name)));
}

struct str pg_path(struct arena *a, const struct object *o)
{
    return pg_qualified(a, o->schema, o->name);
}

struct str pg_owner(struct arena *a, const struct object *o)
{
    return pg_qualified(a, o->schema, o->table);
}

/* As many bytes as are there, at a character's start. */
static struct str clip(struct str s, size_t len)
{
    while (len > 0 && len < s.len && ((unsigned char)s.p[len] & 0xC0) == 0x80)
        len--;
    return str_head(s, len);
}

/* The longer one of both is cut, byte by byte. */
struct str pg_made_name(struct arena *a, struct str table, struct str column, const char *suffix)
{
    size_t rest = NAME_MAX_BYTES - strlen(suffix) - (column.len > 0 ? 2 : 1), first = table.len, second = column.len;
    while (first + second > rest) {
        if (first > second)
            first--;
        else
            second--;
    }
    table = clip(table, first);
    column = clip(column, second);
    return str_printf(a, "%.*s%s%.*s_%s", STR_ARG(table), column.len > 0 ? "_" : "", STR_ARG(column), suffix);
}
