#include "skein/base/err.h"

#include <stdio.h>
#include <string.h>

/* The exit codes are explained to users in coordinator/cli/main.c. */
static const struct {
    const char *name;
    int exit_code;
} codes[ERR_CODE_COUNT] = {
    [ERR_UNSET] = {"unset", 1},       [ERR_USAGE] = {"usage", 2},
    [ERR_INPUT] = {"input", 1},       [ERR_CHECK] = {"check", 3},
    [ERR_TARGET] = {"target", 1},     [ERR_STATE] = {"state", 1},
    [ERR_SQL] = {"sql", 1},           [ERR_CONNECT] = {"connect", 1},
    [ERR_LOCK] = {"lock", 6},         [ERR_UNREACHABLE] = {"unreachable", 7},
    [ERR_REFUSED] = {"refused", 8},   [ERR_PARTIAL] = {"partial", 4},
    [ERR_HALTED] = {"halted", 5},     [ERR_SYSTEM] = {"system", 1},
    [ERR_LIMIT] = {"limit", 1},       [ERR_CANCELLED] = {"cancelled", 1},
    [ERR_INTERNAL] = {"internal", 1},
};

const char *err_code_name(enum err_code code)
{
    return code < ERR_CODE_COUNT ? codes[code].name : "unknown";
}

bool err_code_parse(struct str name, enum err_code *ret_code)
{
    for (int i = 0; i < ERR_CODE_COUNT; i++)
        if (str_is(name, codes[i].name)) {
            *ret_code = (enum err_code)i;
            return true;
        }
    return false;
}

int err_exit_code(enum err_code code)
{
    return code < ERR_CODE_COUNT ? codes[code].exit_code : 1;
}

void err_clear(struct err *e)
{
    *e = (struct err){0};
}

bool err_vset(struct err *e, enum err_code code, const char *format, va_list args)
{
    err_clear(e);
    e->code = code;
    vsnprintf(e->text, sizeof(e->text), format, args);
    return false;
}

bool err_set(struct err *e, enum err_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    err_vset(e, code, format, args);
    va_end(args);
    return false;
}

bool err_kind(struct err *e, enum err_code code, const char *kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    err_vset(e, code, format, args);
    va_end(args);
    snprintf(e->kind, sizeof(e->kind), "%s", kind);
    return false;
}

#define SET_PART(part)                                                                                                 \
    do {                                                                                                               \
        va_list args;                                                                                                  \
        va_start(args, format);                                                                                        \
        vsnprintf(e->part, sizeof(e->part), format, args);                                                             \
        va_end(args);                                                                                                  \
        return false;                                                                                                  \
    } while (0)

bool err_hint(struct err *e, const char *format, ...)
{
    SET_PART(hint);
}

bool err_detail(struct err *e, const char *format, ...)
{
    SET_PART(detail);
}

bool err_origin(struct err *e, const char *format, ...)
{
    SET_PART(origin);
}

bool err_wrap(struct err *e, const char *format, ...)
{
    char old[ERR_TEXT_MAX];
    memcpy(old, e->text, sizeof(old));
    va_list args;
    va_start(args, format);
    int len = vsnprintf(e->text, sizeof(e->text), format, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof(e->text))
        snprintf(e->text + len, sizeof(e->text) - (size_t)len, ": %s", old);
    return false;
}

static void format_part(struct strbuf *out, const char *name, const char *text)
{
    struct str rest = str_of(text), line;
    for (bool first = true; text[0] != '\0' && str_next(&rest, '\n', &line); first = false)
        if (first)
            strbuf_printf(out, "  %s: %.*s\n", name, STR_ARG(line));
        else if (line.len > 0)
            strbuf_printf(out, "    %.*s\n", STR_ARG(line));
}

void err_format(const struct err *e, struct strbuf *out)
{
    if (e->origin[0] != '\0')
        strbuf_printf(out, "%s: ", e->origin);
    strbuf_puts(out, e->text);
    if (e->sqlstate[0] != '\0')
        strbuf_printf(out, " [SQLSTATE %s]", e->sqlstate);
    strbuf_putc(out, '\n');
    format_part(out, "detail", e->detail);
    format_part(out, "hint", e->hint);
}
