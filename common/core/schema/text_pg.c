#include "common/core/schema/text_pg.h"

#include "common/core/schema/diff_pg.h"

#include <stdint.h>

struct pg_fields pg_split(struct arena *a, struct str value, char separator)
{
    struct pg_fields fields = {0};
    struct str rest = value, part;
    while (value.len > 0 && str_next(&rest, separator, &part))
        vec_push(a, &fields.list, part);
    return fields;
}

struct str pg_field(struct str record, unsigned number)
{
    struct str rest = record, part = STR("");
    for (unsigned i = 0; i <= number; i++)
        if (!str_next(&rest, PG_FIELD, &part))
            return STR("");
    return part;
}

size_t pg_record_named(const struct pg_fields *records, struct str name)
{
    for (size_t i = 0; i < records->list.count; i++)
        if (str_eq(pg_field(records->list.items[i], 0), name))
            return i;
    return SIZE_MAX;
}

/* The tag must not begin inside of the body either: "...$" before "$$" would end it one byte early. */
static bool ends_early(struct arena *a, struct str body, struct str tag)
{
    struct str all = str_printf(a, "%.*s%.*s", STR_ARG(body), STR_ARG(str_head(tag, tag.len - 1)));
    return memmem(all.p, all.len, tag.p, tag.len) != NULL;
}

struct str pg_dollar_quote(struct arena *a, struct str body)
{
    struct str tag = STR("$$");
    for (unsigned i = 0; ends_early(a, body, tag); i++)
        tag = i == 0 ? STR("$body$") : str_printf(a, "$body%u$", i);
    return str_printf(a, "%.*s%.*s%.*s", STR_ARG(tag), STR_ARG(body), STR_ARG(tag));
}

/* ---- functions ---- */

/* Settings whose value is a list of names; it is stored as SQL writes it. */
static bool is_name_list(struct str setting)
{
    static const char *const names[] = {"search_path", "temp_tablespaces", "session_preload_libraries",
                                        "local_preload_libraries"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (str_is(setting, names[i]))
            return true;
    return false;
}

static void add_settings(struct arena *a, struct strbuf *b, struct str config)
{
    struct pg_fields settings = pg_split(a, config, PG_FIELD);
    for (size_t i = 0; i < settings.list.count; i++) {
        struct str setting = settings.list.items[i], name = str_head(setting, str_find(setting, '='));
        struct str value = str_from(setting, name.len + 1);
        bool bare = is_name_list(name) && value.len > 0 && !str_is(value, "\"\"");
        if (is_name_list(name) && !bare)
            value = STR("");
        struct str sql = bare ? value : pg_literal(a, value);
        strbuf_printf(b, "\n    SET %.*s TO %.*s", STR_ARG(name), STR_ARG(sql));
    }
}

static void add_body(struct arena *a, struct strbuf *b, const struct object *o)
{
    struct str atomic = object_get(o, "atomic"), object_file = object_get(o, "binary");
    struct str source = object_get(o, "source"), language = object_get(o, "language");
    struct str sql;
    if (atomic.len > 0)
        sql = atomic;
    else if (object_file.len > 0)
        sql = str_printf(a, "AS %.*s, %.*s", STR_ARG(pg_literal(a, object_file)), STR_ARG(pg_literal(a, source)));
    else if (str_is(language, "internal"))
        sql = str_printf(a, "AS %.*s", STR_ARG(pg_literal(a, source)));
    else
        sql = str_printf(a, "AS %.*s", STR_ARG(pg_dollar_quote(a, source)));
    strbuf_printf(b, "\n%.*s", STR_ARG(sql));
}

static void add_words(struct strbuf *b, const struct object *o)
{
    static const char *const words[] = {"volatility", "strict", "leakproof", "security", "parallel"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (object_get(o, words[i]).len > 0)
            strbuf_printf(b, " %.*s", STR_ARG(object_get(o, words[i])));
    static const char *const numbers[][2] = {{"cost", "COST"}, {"rows", "ROWS"}, {"support", "SUPPORT"}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        if (object_get(o, numbers[i][0]).len > 0)
            strbuf_printf(b, " %s %.*s", numbers[i][1], STR_ARG(object_get(o, numbers[i][0])));
}

static void add_routine(struct arena *a, struct strbuf *b, const struct object *o)
{
    if (object_get(o, "result").len > 0)
        strbuf_printf(b, " RETURNS %.*s", STR_ARG(object_get(o, "result")));
    strbuf_printf(b, "\n    LANGUAGE %.*s", STR_ARG(object_get(o, "language")));
    if (str_is(object_get(o, "kind"), "window"))
        strbuf_puts(b, " WINDOW");
    if (object_get(o, "transforms").len > 0)
        strbuf_printf(b, " TRANSFORM %.*s", STR_ARG(object_get(o, "transforms")));
    add_words(b, o);
    add_settings(a, b, object_get(o, "settings"));
    add_body(a, b, o);
}

struct str pg_function_text(struct arena *a, const struct object *o, struct str name, bool or_replace)
{
    struct strbuf b;
    strbuf_init(&b, SIZE_MAX);
    bool aggregate = str_is(object_get(o, "kind"), "aggregate");
    struct str arguments = object_get(o, "arguments");
    strbuf_printf(&b, "CREATE %s%s %.*s(%.*s)", or_replace ? "OR REPLACE " : "",
                  aggregate                                    ? "AGGREGATE"
                  : str_is(object_get(o, "kind"), "procedure") ? "PROCEDURE"
                                                               : "FUNCTION",
                  STR_ARG(name), STR_ARG(aggregate && arguments.len == 0 ? STR("*") : arguments));
    if (aggregate)
        strbuf_printf(&b, " (\n    %.*s\n)", STR_ARG(object_get(o, "aggregate")));
    else
        add_routine(a, &b, o);
    struct str sql = str_copy(a, strbuf_str(&b));
    strbuf_release(&b);
    return sql;
}

static bool same(const struct object *from, const struct object *to, const char *key)
{
    return str_eq(object_get(from, key), object_get(to, key));
}

/* "iname": mode and name. An input may get a name, it cannot lose or change one; an output's name is part of the
 * result. */
static bool parameter_stays(struct str from, struct str to)
{
    bool named = from.len > 1;
    return from.len > 0 && to.len > 0 && from.p[0] == to.p[0] && (str_eq(from, to) || (from.p[0] == 'i' && !named));
}

bool pg_function_can_replace(struct arena *a, const struct object *from, const struct object *to)
{
    if (!same(from, to, "kind") || !same(from, to, "result"))
        return false;
    if (str_is(object_get(to, "kind"), "aggregate") && !same(from, to, "arguments"))
        return false;
    unsigned long long before = 0, after = 0;
    str_to_u64(object_get(from, "defaults"), UINT16_MAX, &before);
    str_to_u64(object_get(to, "defaults"), UINT16_MAX, &after);
    struct pg_fields old = pg_split(a, object_get(from, "parameters"), PG_FIELD);
    struct pg_fields new = pg_split(a, object_get(to, "parameters"), PG_FIELD);
    if (after < before || old.list.count != new.list.count)
        return false;
    for (size_t i = 0; i < old.list.count; i++)
        if (!parameter_stays(old.list.items[i], new.list.items[i]))
            return false;
    return true;
}

/* ---- views ---- */

bool pg_view_can_replace(struct arena *a, const struct object *from, const struct object *to)
{
    struct pg_fields old = pg_split(a, object_get(from, "columns"), PG_RECORD);
    struct pg_fields new = pg_split(a, object_get(to, "columns"), PG_RECORD);
    if (old.list.count > new.list.count)
        return false;
    for (size_t i = 0; i < old.list.count; i++)
        if (!str_eq(old.list.items[i], new.list.items[i]))
            return false;
    return true;
}

/* A bare word or number may stand as it is; everything else is quoted. */
static bool is_plain_value(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '.' && i > 0)))
            return false;
    }
    return value.len > 0;
}

struct str pg_options_text(struct arena *a, struct str options)
{
    struct pg_fields list = pg_split(a, options, PG_FIELD);
    struct str text = STR("");
    for (size_t i = 0; i < list.list.count; i++) {
        struct str option = list.list.items[i], name = str_head(option, str_find(option, '='));
        struct str value = str_from(option, name.len + 1);
        struct str sql = is_plain_value(value) ? value : pg_literal(a, value);
        text = str_printf(a, "%.*s%s%.*s = %.*s", STR_ARG(text), i > 0 ? ", " : "", STR_ARG(name), STR_ARG(sql));
    }
    return text;
}

/* ---- enums ---- */

bool pg_enum_additions(struct arena *a, struct str from, struct str to, struct pg_labels *ret_labels)
{
    struct pg_labels labels = {0};
    struct pg_fields old = pg_split(a, from, PG_FIELD), new = pg_split(a, to, PG_FIELD);
    size_t kept = 0;
    for (size_t i = 0; i < new.list.count; i++) {
        if (kept < old.list.count && str_eq(new.list.items[i], old.list.items[kept])) {
            kept++;
            continue;
        }
        struct pg_label label = {.label = new.list.items[i],
                                 .neighbour = kept < old.list.count ? old.list.items[kept] : STR("")};
        vec_push(a, &labels.list, label);
    }
    *ret_labels = labels;
    return kept == old.list.count;
}
