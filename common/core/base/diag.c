#include "skein/base/diag.h"

#include <stdlib.h>

const char *diag_severity_name(enum diag_severity severity)
{
    static const char *const names[] = {"unset", "note", "warning", "error"};
    return names[severity];
}

void diag_init(struct diag *d, struct arena *arena)
{
    *d = (struct diag){.arena = arena};
}

void diag_add(struct diag *d, enum diag_severity severity, const char *kind, struct diag_at at, const char *hint,
              const char *format, ...)
{
    d->errors += severity == DIAG_ERROR;
    d->warnings += severity == DIAG_WARNING;
    if (d->list.count >= DIAG_MAX) {
        d->dropped++;
        return;
    }
    va_list args;
    va_start(args, format);
    struct diag_item item = {
        .severity = severity,
        .kind = kind,
        .path = str_copy(d->arena, at.path),
        .line = at.line,
        .column = at.column,
        .text = arena_vprintf(d->arena, format, args),
        .hint = hint != NULL ? arena_strdup(d->arena, hint) : NULL,
    };
    va_end(args);
    vec_push(d->arena, &d->list, item);
}

bool diag_has_errors(const struct diag *d)
{
    return d->errors > 0;
}

static int compare_items(const void *left, const void *right)
{
    const struct diag_item *a = left, *b = right;
    int order = str_cmp(a->path, b->path);
    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    return order != 0 ? order : (a->column > b->column) - (a->column < b->column);
}

/* Insertion keeps the order of equals; the list is bounded by DIAG_MAX. */
void diag_sort(struct diag *d)
{
    for (size_t i = 1; i < d->list.count; i++) {
        struct diag_item item = d->list.items[i];
        size_t at = i;
        for (; at > 0 && compare_items(&d->list.items[at - 1], &item) > 0; at--)
            d->list.items[at] = d->list.items[at - 1];
        d->list.items[at] = item;
    }
}

static void format_place(struct strbuf *out, const struct diag_item *item)
{
    if (item->path.len == 0)
        return;
    strbuf_add(out, item->path);
    if (item->line > 0)
        strbuf_printf(out, ":%u", item->line);
    if (item->line > 0 && item->column > 0)
        strbuf_printf(out, ":%u", item->column);
    strbuf_puts(out, ": ");
}

void diag_format(const struct diag *d, struct strbuf *out)
{
    for (size_t i = 0; i < d->list.count; i++) {
        const struct diag_item *item = &d->list.items[i];
        format_place(out, item);
        strbuf_printf(out, "%s: %s\n", diag_severity_name(item->severity), item->text);
        if (item->hint != NULL)
            strbuf_printf(out, "    hint: %s\n", item->hint);
    }
    if (d->dropped > 0)
        strbuf_printf(out, "... and %zu more findings\n", d->dropped);
}

static void set_origin(struct err *err, const struct diag_item *item)
{
    if (item->path.len > 0 && item->line > 0 && item->column > 0)
        err_origin(err, "%.*s:%u:%u", STR_ARG(item->path), item->line, item->column);
    else if (item->path.len > 0 && item->line > 0)
        err_origin(err, "%.*s:%u", STR_ARG(item->path), item->line);
    else
        err_origin(err, "%.*s", STR_ARG(item->path));
}

bool diag_to_err(const struct diag *d, struct err *err)
{
    for (size_t i = 0; i < d->list.count; i++) {
        const struct diag_item *item = &d->list.items[i];
        if (item->severity != DIAG_ERROR)
            continue;
        if (d->errors > 1)
            err_kind(err, ERR_INPUT, item->kind, "%s (and %zu more)", item->text, d->errors - 1);
        else
            err_kind(err, ERR_INPUT, item->kind, "%s", item->text);
        if (item->hint != NULL)
            err_hint(err, "%s", item->hint);
        set_origin(err, item);
        return false;
    }
    return err_set(err, ERR_INTERNAL, "no error among the findings");
}
