#include "common/core/import/psql.h"

#include <string.h>

struct scan {
    struct arena *arena;
    enum engine engine;
    struct str text;
    size_t at;
    unsigned line;
    struct strbuf out;
    struct str foreign;
};

static struct str rest_of(const struct scan *s)
{
    return str_from(s->text, s->at);
}

static void copy(struct scan *s, size_t len)
{
    struct str part = str_head(rest_of(s), len);
    for (size_t i = 0; i < part.len; i++)
        s->line += part.p[i] == '\n';
    strbuf_add(&s->out, part);
    s->at += part.len;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           ((unsigned char)c & 0x80) != 0;
}

static size_t find(struct str s, size_t from, struct str what)
{
    for (size_t i = from; i + what.len <= s.len; i++)
        if (memcmp(s.p + i, what.p, what.len) == 0)
            return i;
    return s.len;
}

static size_t comment_len(struct str s)
{
    size_t depth = 0, i = 0;
    while (i < s.len) {
        struct str here = str_from(s, i);
        bool opens = str_starts(here, STR("/*")), closes = str_starts(here, STR("*/"));
        depth = opens ? depth + 1 : closes ? depth - 1 : depth;
        i += opens || closes ? 2 : 1;
        if (depth == 0)
            break;
    }
    return i;
}

/* "$tag$ ... $tag$"; 0 if it is none. */
static size_t dollar_len(struct str s)
{
    size_t end = 1;
    while (end < s.len && is_name(s.p[end]))
        end++;
    if (end >= s.len || s.p[end] != '$' || (end > 1 && s.p[1] >= '0' && s.p[1] <= '9'))
        return 0;
    struct str tag = str_head(s, end + 1);
    size_t close = find(s, tag.len, tag);
    return close < s.len ? close + tag.len : s.len;
}

static size_t quoted_len(struct str s, bool escapes)
{
    size_t i = 1;
    for (; i < s.len && s.p[i] != s.p[0]; i++)
        i += escapes && s.p[i] == '\\';
    return i < s.len ? i + 1 : s.len;
}

/* How much of the text is one thing that a command or a variable cannot stand in; at least one byte. */
static size_t skip_len(const struct scan *s)
{
    struct str here = rest_of(s);
    bool escapes = s->at > 0 && (s->text.p[s->at - 1] | 0x20) == 'e' && (s->at < 2 || !is_name(s->text.p[s->at - 2]));
    size_t len = 0;
    if (str_starts(here, STR("--")))
        return str_find(here, '\n');
    if (str_starts(here, STR("/*")))
        return comment_len(here);
    if (here.p[0] == '\'' || here.p[0] == '"')
        return quoted_len(here, escapes && here.p[0] == '\'');
    if (here.p[0] == '$' && (s->at == 0 || !is_name(s->text.p[s->at - 1])))
        len = dollar_len(here);
    return len > 0 ? len : 1;
}

static bool is_harmless(struct str command)
{
    static const char *const harmless[] = {"\\set ON_ERROR_STOP",
                                           "\\set ON_ERROR_ROLLBACK",
                                           "\\set QUIET",
                                           "\\set VERBOSITY",
                                           "\\echo",
                                           "\\qecho",
                                           "\\pset",
                                           "\\timing",
                                           "\\set ECHO",
                                           "\\unset",
                                           "\\x",
                                           ".bail",
                                           ".echo",
                                           ".headers",
                                           ".mode",
                                           ".timer",
                                           ".changes",
                                           ".print"};
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        struct str h = str_of(harmless[i]);
        if (str_starts(command, h) && (command.len == h.len || command.p[h.len] == ' '))
            return true;
    }
    return false;
}

static void note_foreign(struct scan *s, struct str what)
{
    if (s->foreign.len == 0)
        s->foreign = str_printf(s->arena, "%.*s (line %u)", STR_ARG(str_head(what, 60)), s->line);
}

static bool begins_line(const struct scan *s)
{
    for (size_t i = s->at; i > 0 && s->text.p[i - 1] != '\n'; i--)
        if (s->text.p[i - 1] != ' ' && s->text.p[i - 1] != '\t')
            return false;
    return true;
}

static bool take_command(struct scan *s)
{
    struct str here = rest_of(s), line = str_head(here, str_find(here, '\n'));
    bool backslash = here.p[0] == '\\' && s->engine != ENGINE_SQLITE;
    bool dot =
        here.p[0] == '.' && s->engine != ENGINE_POSTGRESQL && here.len > 1 && here.p[1] >= 'a' && here.p[1] <= 'z';
    if (!begins_line(s) || !(backslash || dot))
        return false;
    if (!is_harmless(str_trim(line)))
        note_foreign(s, str_trim(line));
    s->at += line.len;
    return true;
}

/* :name, :'name', :"name"; not ::type, not array[1:2]. */
static void look_for_variable(struct scan *s)
{
    struct str here = rest_of(s);
    bool apart = s->at == 0 || (strchr(":])", s->text.p[s->at - 1]) == NULL && !is_name(s->text.p[s->at - 1]));
    if (s->engine == ENGINE_SQLITE || !apart || here.len < 2)
        return;
    char c = here.p[1];
    if (c == '\'' || c == '"' || (is_name(c) && !(c >= '0' && c <= '9')))
        note_foreign(s, str_head(here, str_find(here, '\n')));
}

struct str psql_plain(struct arena *a, struct str script, enum engine engine, struct str *ret_foreign)
{
    struct scan s = {.arena = a, .engine = engine, .text = script, .line = 1, .foreign = STR("")};
    strbuf_init(&s.out, SIZE_MAX);
    while (s.at < script.len) {
        if (take_command(&s))
            continue;
        if (script.p[s.at] == ':')
            look_for_variable(&s);
        copy(&s, skip_len(&s));
    }
    struct str result = str_copy(a, strbuf_str(&s.out));
    strbuf_release(&s.out);
    *ret_foreign = s.foreign;
    return result;
}
