#include "common/core/lint/tree.h"

#include <string.h>

struct act *add_act(struct reader *r, enum act_kind kind, enum thing thing)
{
    vec_push(r->arena, &r->acts.list, ((struct act){.kind = kind, .thing = thing}));
    return &r->acts.list.items[r->acts.list.count - 1];
}

struct str tree_text(struct arena *a, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? str_copy(a, str_of(text)) : STR("");
}

bool tree_is(const json_t *object, const char *key, const char *word)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && strcmp(text, word) == 0;
}

bool tree_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* jansson's iterators take no const object, and change none. */
static void *first_member(const json_t *node)
{
    union {
        const json_t *given;
        json_t *taken;
    } object = {node};
    return json_object_iter(object.taken);
}

const json_t *tree_inner(const json_t *node, const char **ret_name)
{
    void *at = first_member(node);
    *ret_name = at != NULL ? json_object_iter_key(at) : "";
    return at != NULL ? json_object_iter_value(at) : NULL;
}

void tree_names(struct arena *a, const json_t *list, struct names *ret_names)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        vec_push(a, &ret_names->list, tree_text(a, json_object_get(json_array_get(list, i), "String"), "sval"));
}

void tree_relation(struct arena *a, const json_t *relation, struct act *act)
{
    act->schema = tree_text(a, relation, "schemaname");
    act->table = tree_text(a, relation, "relname");
    if (tree_is(relation, "relpersistence", "t"))
        act->flags |= ACT_TEMPORARY;
}

void tree_relation_of(struct arena *a, const json_t *names, struct act *act)
{
    struct names parts = {0};
    tree_names(a, names, &parts);
    size_t count = parts.list.count;
    act->table = count > 0 ? parts.list.items[count - 1] : STR("");
    act->schema = count > 1 ? parts.list.items[count - 2] : STR("");
}

static void add_modifiers(struct strbuf *out, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *constant = json_object_get(json_array_get(list, i), "A_Const");
        const json_t *value = json_object_get(json_object_get(constant, "ival"), "ival");
        strbuf_printf(out, "%s%lld", i > 0 ? "," : "(", (long long)json_integer_value(value));
    }
    if (json_array_size(list) > 0)
        strbuf_putc(out, ')');
}

struct str tree_type(struct arena *a, const json_t *type)
{
    struct strbuf out;
    struct names parts = {0};
    strbuf_init(&out, 1000);
    tree_names(a, json_object_get(type, "names"), &parts);
    for (size_t i = 0; i < parts.list.count; i++)
        if (i + 1 == parts.list.count || !str_is(parts.list.items[i], "pg_catalog"))
            strbuf_printf(&out, "%.*s%s", STR_ARG(parts.list.items[i]), i + 1 < parts.list.count ? "." : "");
    add_modifiers(&out, json_object_get(type, "typmods"));
    for (size_t i = 0; i < json_array_size(json_object_get(type, "arrayBounds")); i++)
        strbuf_puts(&out, "[]");
    struct str text = str_copy(a, strbuf_str(&out));
    strbuf_release(&out);
    return text;
}

static bool is_volatile_function(const json_t *call)
{
    static const char *const names[] = {
        "random",          "gen_random_uuid", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4",
        "clock_timestamp", "timeofday",       "nextval",          "gen_random_bytes",   "random_normal",
        "uuidv4",          "uuidv7",          "txid_current",     "pg_current_xact_id"};
    const json_t *parts = json_object_get(call, "funcname");
    size_t count = json_array_size(parts);
    const json_t *last = count > 0 ? json_object_get(json_array_get(parts, count - 1), "String") : NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (tree_is(last, "sval", names[i]))
            return true;
    return false;
}

/* The depth is bounded by jansson's limit on parsing. */
bool tree_is_volatile(const json_t *expression)
{
    if (json_is_array(expression)) {
        for (size_t i = 0; i < json_array_size(expression); i++)
            if (tree_is_volatile(json_array_get(expression, i)))
                return true;
        return false;
    }
    union {
        const json_t *given;
        json_t *taken;
    } object = {expression};
    for (void *at = first_member(expression); at != NULL; at = json_object_iter_next(object.taken, at)) {
        const json_t *value = json_object_iter_value(at);
        bool call = strcmp(json_object_iter_key(at), "FuncCall") == 0;
        if ((call && is_volatile_function(value)) || tree_is_volatile(value))
            return true;
    }
    return false;
}

bool tree_option(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *option = json_object_get(json_array_get(list, i), "DefElem"),
                     *arg = json_object_get(option, "arg");
        const json_t *text = json_object_get(json_object_get(arg, "String"), "sval");
        const char *value = json_string_value(text);
        bool off = value != NULL && (strcmp(value, "false") == 0 || strcmp(value, "off") == 0);
        if (tree_is(option, "defname", name) && !off)
            return true;
    }
    return false;
}
