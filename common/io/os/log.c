#include "skein/os/log.h"

#include <unistd.h>

#include "skein/base/timestamp.h"
#include "skein/os/clock.h"

static const char *const level_names[] = {"unset", "error", "warning", "info", "debug"};

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_level_parse(struct str name, enum log_level *ret_level)
{
    for (enum log_level level = LOG_ERROR; level <= LOG_DEBUG; level++)
        if (str_is(name, level_names[level])) {
            *ret_level = level;
            return true;
        }
    return false;
}

struct log_field log_text(const char *key, const char *value)
{
    return log_str(key, str_of(value));
}

struct log_field log_str(const char *key, struct str value)
{
    return (struct log_field){.key = key, .text = value};
}

struct log_field log_number(const char *key, int64_t value)
{
    return (struct log_field){.key = key, .number = value, .is_number = true};
}

struct log_field log_failure(const struct err *err)
{
    return (struct log_field){.key = "error", .err = err};
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 127 || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '=')
            return false;
    return s.len > 0;
}

static void add_escaped(struct strbuf *line, unsigned char c, bool utf8)
{
    if (c == '"' || c == '\\')
        strbuf_printf(line, "\\%c", c);
    else if (c == '\n')
        strbuf_puts(line, "\\n");
    else if (c < ' ' || c == 127 || (c >= 128 && !utf8))
        strbuf_printf(line, "\\x%02x", c);
    else
        strbuf_putc(line, (char)c);
}

/*
 * Escapes by code point where the text is UTF-8: U+0080 to U+009F are controls to a terminal as well, and
 * all of them begin with the byte C2.
 */
static void add_quoted(struct strbuf *line, struct str value)
{
    size_t bad;
    bool utf8 = str_is_utf8(value, &bad);
    strbuf_putc(line, '"');
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.p[i];
        bool control = utf8 && c == 0xc2 && i + 1 < value.len && (unsigned char)value.p[i + 1] < 0xa0;
        if (control)
            strbuf_printf(line, "\\u00%02x", (unsigned char)value.p[++i]);
        else
            add_escaped(line, c, utf8);
    }
    strbuf_putc(line, '"');
}

/* Cuts a long text, not inside of a UTF-8 character. */
static struct str cut(struct str value)
{
    size_t len = LOG_VALUE_MAX;
    if (value.len <= len)
        return value;
    while (len > 0 && ((unsigned char)value.p[len] & 0xc0) == 0x80)
        len--;
    return str_head(value, len);
}

static void add_text(struct strbuf *line, const char *key, struct str value)
{
    struct str shown = cut(value);
    strbuf_printf(line, " %s=", key);
    if (is_plain(shown))
        strbuf_add(line, shown);
    else
        add_quoted(line, shown);
    if (shown.len < value.len)
        strbuf_puts(line, "...");
}

static void add_err(struct strbuf *line, const char *key, const struct err *err)
{
    const struct {
        const char *key, *value;
    } parts[] = {{key, err->text},    {"origin", err->origin}, {"detail", err->detail},
                 {"hint", err->hint}, {"kind", err->kind},     {"sqlstate", err->sqlstate}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (i == 0 || parts[i].value[0] != '\0')
            add_text(line, parts[i].key, str_of(parts[i].value));
}

static void add_field(struct strbuf *line, const struct log_field *f)
{
    if (f->err != NULL)
        add_err(line, f->key, f->err);
    else if (f->is_number)
        strbuf_printf(line, " %s=%lld", f->key, (long long)f->number);
    else
        add_text(line, f->key, f->text);
}

void log_event(const struct log *l, enum log_level level, const char *event, const struct log_field *fields)
{
    if (level > l->level)
        return;
    struct strbuf line;
    strbuf_init(&line, LOG_LINE_MAX);
    strbuf_printf(&line, "%s %s %s: %s", timestamp_format(clock_wall_ms()).text, log_level_name(level), l->program,
                  event);
    for (; fields != NULL && fields->key != NULL; fields++)
        add_field(&line, fields);
    struct strbuf out;
    strbuf_init(&out, LOG_LINE_MAX + 8);
    strbuf_add(&out, strbuf_str(&line));
    strbuf_puts(&out, line.overflow ? "...\n" : "\n");
    ssize_t written = write(l->fd, out.p, out.len);
    (void)written; /* there is nowhere left to say that the log is full: the service goes on */
    strbuf_release(&out);
    strbuf_release(&line);
}

bool log_allowed(struct log_limit *l, int64_t now_ms, unsigned *ret_dropped)
{
    if (l->used == 0 || now_ms - l->since >= l->interval_ms) {
        l->since = now_ms;
        l->used = 0;
    }
    if (l->used >= l->burst) {
        l->dropped++;
        return false;
    }
    l->used++;
    *ret_dropped = l->dropped;
    l->dropped = 0;
    return true;
}
