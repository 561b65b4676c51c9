#include "coordinator/cli/out.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const style_codes[] = {
    [OUT_PLAIN] = "", [OUT_BOLD] = "1", [OUT_DIM] = "2", [OUT_RED] = "31", [OUT_GREEN] = "32", [OUT_YELLOW] = "33"};

bool out_is_terminal(FILE *file)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    if (no_colour != NULL && no_colour[0] != '\0')
        return false;
    return isatty(fileno(file)) && term != NULL && strcmp(term, "dumb") != 0;
}

unsigned out_width(FILE *file)
{
    struct winsize size;
    if (!isatty(fileno(file)) || ioctl(fileno(file), TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

/* C0 controls and DEL; C1 controls come as two bytes of UTF-8, C2 80 .. C2 9F. */
static size_t control_len(struct str text, size_t i)
{
    unsigned char c = (unsigned char)text.p[i];
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
        return 1;
    if (c != 0xc2 || i + 1 == text.len)
        return 0;
    unsigned char next = (unsigned char)text.p[i + 1];
    return next >= 0x80 && next <= 0x9f ? 2 : 0;
}

void out_clean(FILE *file, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t control = control_len(text, i);
        if (control == 0)
            fputc(text.p[i], file);
        for (size_t k = 0; k < control; k++)
            fprintf(file, "\\x%02x", (unsigned)(unsigned char)text.p[i + k]);
        i += control == 2;
    }
}

void out_styled(FILE *file, enum out_style style, struct str text)
{
    bool styled = style != OUT_PLAIN && out_is_terminal(file);
    if (styled)
        fprintf(file, "\033[%sm", style_codes[style]);
    out_clean(file, text);
    if (styled)
        fputs("\033[0m", file);
}

static void __attribute__((format(printf, 2, 0))) vprint(FILE *file, const char *format, va_list args)
{
    struct arena a = {0};
    out_clean(file, str_of(arena_vprintf(&a, format, args)));
    arena_release(&a);
}

void out_printf(FILE *file, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprint(file, format, args);
    va_end(args);
}

void out_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("skein: ", stderr);
    vprint(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void out_err(const struct err *err)
{
    struct strbuf text;
    strbuf_init(&text, 1 << 16);
    err_format(err, &text);
    fputs("skein: ", stderr);
    out_styled(stderr, OUT_RED, STR("error: "));
    out_clean(stderr, strbuf_str(&text));
    strbuf_release(&text);
}

void out_diag(const struct diag *diag)
{
    struct strbuf text;
    strbuf_init(&text, 1 << 24);
    diag_format(diag, &text);
    out_clean(stderr, strbuf_str(&text));
    strbuf_release(&text);
    if (diag->errors > 0)
        out_note("%zu error%s in the project", diag->errors, diag->errors == 1 ? "" : "s");
}

json_t *json_str(struct str s)
{
    size_t bad;
    if (str_is_utf8(s, &bad))
        return json_stringn(s.p != NULL ? s.p : "", s.len);
    struct strbuf clean;
    strbuf_init(&clean, s.len * 3 + 1);
    while (!str_is_utf8(s, &bad)) {
        strbuf_add(&clean, str_head(s, bad));
        strbuf_puts(&clean, "\xef\xbf\xbd");
        s = str_from(s, bad + 1);
    }
    strbuf_add(&clean, s);
    json_t *value = json_stringn(clean.p, clean.len);
    strbuf_release(&clean);
    return value;
}

json_t *json_names(const struct names *names)
{
    json_t *list = json_array();
    for (size_t i = 0; names != NULL && i < names->list.count; i++)
        json_array_append_new(list, json_str(names->list.items[i]));
    return list;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, key, json_str(str_of(text)));
}

json_t *json_err(const struct err *err)
{
    json_t *object = json_object();
    json_object_set_new(object, "code", json_string(err->kind[0] != '\0' ? err->kind : err_code_name(err->code)));
    json_object_set_new(object, "message", json_str(str_of(err->text)));
    json_object_set_new(object, "hint", err->hint[0] != '\0' ? json_str(str_of(err->hint)) : json_null());
    set_text(object, "detail", err->detail);
    set_text(object, "sqlstate", err->sqlstate);
    set_text(object, "origin", err->origin);
    json_object_set_new(object, "category", json_string(err_code_name(err->code)));
    return object;
}

static json_t *json_finding(const struct diag_item *item)
{
    json_t *object = json_object();
    json_object_set_new(object, "severity", json_string(diag_severity_name(item->severity)));
    json_object_set_new(object, "code", json_string(item->kind));
    json_object_set_new(object, "path", json_str(item->path));
    json_object_set_new(object, "line", json_integer(item->line));
    json_object_set_new(object, "column", json_integer(item->column));
    json_object_set_new(object, "message", json_str(str_of(item->text)));
    json_object_set_new(object, "hint", item->hint != NULL ? json_str(str_of(item->hint)) : json_null());
    return object;
}

json_t *json_findings(const struct diag *diag)
{
    json_t *list = json_array();
    for (size_t i = 0; i < diag->list.count; i++)
        json_array_append_new(list, json_finding(&diag->list.items[i]));
    return list;
}

static void dump(json_t *value, size_t flags)
{
    json_dumpf(value, stdout, flags | JSON_ENCODE_ANY);
    fputc('\n', stdout);
    fflush(stdout);
    json_decref(value);
}

void out_json(json_t *value)
{
    dump(value, isatty(STDOUT_FILENO) ? JSON_INDENT(2) : 0);
}

void out_json_line(json_t *value)
{
    dump(value, JSON_COMPACT);
}

int out_fail(enum out_form form, const struct err *err, const struct diag *diag)
{
    bool has_findings = diag != NULL && diag->list.count > 0;
    if (form == OUT_FORM_JSON || form == OUT_FORM_JSONL) {
        json_t *object = json_pack("{s:o}", "error", json_err(err));
        if (has_findings)
            json_object_set_new(object, "findings", json_findings(diag));
        (form == OUT_FORM_JSON ? out_json : out_json_line)(object);
    } else if (has_findings && diag->errors > 0) {
        out_diag(diag);
    } else {
        out_err(err);
    }
    return err_exit_code(err->code);
}
