#include <ctype.h>
#include <string.h>

#include "coordinator/cli/debug.h"
#include "coordinator/cli/out.h"

/* "working_folder" as "working folder"; names of variables stay. */
static struct str words(struct arena *a, const char *key)
{
    char *text = arena_strdup(a, key);
    for (char *p = text; islower((unsigned char)key[0]) && *p != '\0'; p++)
        *p = *p == '_' ? ' ' : *p;
    return str_of(text);
}

static const char *heading(struct arena *a, const char *key)
{
    char *text = arena_strdup(a, key);
    for (char *p = text; *p != '\0'; p++)
        *p = *p == '_' ? ' ' : (char)toupper((unsigned char)*p);
    return text;
}

static struct str value_text(struct arena *a, const json_t *value);

static struct str joined(struct arena *a, const json_t *array)
{
    struct str text = STR("");
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        struct str next = value_text(a, item);
        text = str_printf(a, "%.*s%s%.*s", STR_ARG(text), i > 0 ? ", " : "", STR_ARG(next));
    }
    return text.len > 0 ? text : STR("none");
}

static struct str error_text(struct arena *a, const json_t *error)
{
    struct str text = str_of(json_string_value(json_object_get(error, "message")));
    const char *detail = json_string_value(json_object_get(error, "detail"));
    const char *hint = json_string_value(json_object_get(error, "hint"));
    if (detail != NULL)
        text = str_printf(a, "%.*s: %s", STR_ARG(text), detail);
    return hint != NULL ? str_printf(a, "%.*s (%s)", STR_ARG(text), hint) : text;
}

static struct str value_text(struct arena *a, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return (struct str){json_string_value(value), json_string_length(value)};
    case JSON_INTEGER:
        return str_printf(a, "%lld", (long long)json_integer_value(value));
    case JSON_TRUE:
        return STR("yes");
    case JSON_FALSE:
        return STR("no");
    case JSON_ARRAY:
        return joined(a, value);
    case JSON_OBJECT:
        return error_text(a, value);
    case JSON_REAL:
    case JSON_NULL:
        break;
    }
    return STR("-");
}

static size_t longest_key(json_t *object)
{
    size_t longest = 0;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        size_t len = strlen(key);
        longest = len > longest ? len : longest;
    }
    return longest;
}

static void print_lines(struct arena *a, json_t *object)
{
    int width = (int)longest_key(object);
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        struct str text = value_text(a, value);
        out_printf(stdout, "  %-*.*s  %.*s\n", width, STR_ARG(words(a, key)), STR_ARG(text));
    }
}

static void print_table(struct arena *a, json_t *rows)
{
    struct out_table *t = out_table_new();
    const char *key;
    json_t *value, *row;
    size_t i;
    json_object_foreach(json_array_get(rows, 0), key, value)
    {
        out_table_column(t, heading(a, key), OUT_COLUMN_TEXT);
    }
    json_array_foreach(rows, i, row)
    {
        out_table_row(t);
        json_object_foreach(row, key, value)
        {
            out_table_cell(t, value_text(a, value));
        }
    }
    out_table_print(t);
}

void debug_print(json_t *report)
{
    struct arena a = {0};
    const char *key;
    json_t *section;
    json_object_foreach(report, key, section)
    {
        out_styled(stdout, OUT_BOLD, str_of(heading(&a, key)));
        fputc('\n', stdout);
        if (json_is_object(section))
            print_lines(&a, section);
        else if (json_array_size(section) == 0)
            out_printf(stdout, "  none\n");
        else
            print_table(&a, section);
        fputc('\n', stdout);
    }
    arena_release(&a);
}
