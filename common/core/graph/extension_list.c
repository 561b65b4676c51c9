/* One more name in migration_extensions.json: found by walking over the text, which stays as a person wrote it. */
#include <string.h>

#include "skein/graph/author.h"

/* Just past the string that begins at `i`. */
static size_t past_string(struct str text, size_t i)
{
    for (i++; i < text.len && text.p[i] != '"'; i++)
        if (text.p[i] == '\\')
            i++;
    return i < text.len ? i + 1 : text.len;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t past_space(struct str text, size_t i)
{
    while (i < text.len && is_space(text.p[i]))
        i++;
    return i;
}

/* Where the value of the outermost object's key "extensions" begins; text.len when there is no such key. */
static size_t find_list(struct str text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.len;) {
        char c = text.p[i];
        if (c != '"') {
            depth += c == '{' || c == '[';
            depth -= (c == '}' || c == ']') && depth > 0;
            i++;
            continue;
        }
        size_t end = past_string(text, i), colon = past_space(text, end);
        bool key = depth == 1 && colon < text.len && text.p[colon] == ':';
        if (key && str_eq(str_head(str_from(text, i), end - i), STR("\"extensions\"")))
            return past_space(text, colon + 1);
        i = end;
    }
    return text.len;
}

/* The text with `middle` in place of what stands between the two positions. */
static struct str replace(struct arena *a, struct str text, size_t from, size_t to, struct str middle)
{
    return str_printf(a, "%.*s%.*s%.*s", STR_ARG(str_head(text, from)), STR_ARG(middle), STR_ARG(str_from(text, to)));
}

/* After the last name, with the space that stands before it. */
static struct str add_to_list(struct arena *a, struct str text, size_t bracket, struct str name)
{
    size_t first = past_space(text, bracket + 1), start = bracket + 1, last_start = start, last_end = start;
    for (size_t i = first; i < text.len && text.p[i] == '"'; i = past_space(text, start)) {
        last_start = start;
        last_end = past_string(text, i);
        size_t comma = past_space(text, last_end);
        if (comma == text.len || text.p[comma] != ',')
            break;
        start = comma + 1;
    }
    if (last_end == bracket + 1)
        return replace(a, text, last_end, first, str_printf(a, "\"%.*s\"", STR_ARG(name)));
    struct str space = str_head(str_from(text, last_start), past_space(text, last_start) - last_start);
    if (space.len == 0 && last_start == bracket + 1)
        space = STR(" ");
    return replace(a, text, last_end, last_end, str_printf(a, ",%.*s\"%.*s\"", STR_ARG(space), STR_ARG(name)));
}

/* As the first key of an object that has no list; what follows keeps its space. */
static struct str add_list(struct arena *a, struct str text, struct str name)
{
    size_t brace = str_find(text, '{'), first = past_space(text, brace + 1);
    struct str list = str_printf(a, "\"extensions\": [\"%.*s\"]", STR_ARG(name));
    if (first < text.len && text.p[first] == '}')
        return replace(a, text, brace + 1, brace + 1, list);
    struct str space = str_head(str_from(text, brace + 1), first - brace - 1);
    if (space.len == 0)
        return replace(a, text, brace + 1, brace + 1, str_printf(a, "%.*s, ", STR_ARG(list)));
    return replace(a, text, brace + 1, brace + 1, str_printf(a, "%.*s%.*s,", STR_ARG(space), STR_ARG(list)));
}

static bool has_bytes(struct str text, struct str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (memcmp(text.p + i, part.p, part.len) == 0)
            return true;
    return false;
}

bool author_list_extension(struct arena *a, struct str text, struct str name, struct str *ret_text, struct err *err)
{
    size_t at = find_list(text);
    bool escaped_key = at == text.len && has_bytes(text, STR("\\u"));
    if (escaped_key || (at < text.len && text.p[at] != '[') || str_find(text, '{') == text.len) {
        err_kind(err, ERR_INPUT, "bad_extension_list", "cannot find where the extensions are listed");
        return err_hint(err, "add \"%.*s\" to the list by hand", STR_ARG(name));
    }
    *ret_text = at < text.len ? add_to_list(a, text, at, name) : add_list(a, text, name);
    return true;
}
