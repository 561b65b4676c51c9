#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/core/state.h"

static struct coord_effect *add(struct turn *t, enum coord_effect_kind kind)
{
    struct coord_effect e = {.kind = kind};
    vec_push(&t->fx->arena, &t->fx->list, e);
    return &t->fx->list.items[t->fx->list.count - 1];
}

void coord_effects_clear(struct coord_effects *fx)
{
    arena_release(&fx->arena);
    *fx = (struct coord_effects){0};
}

void emit_persist(struct turn *t, struct record r)
{
    add(t, COORD_DO_PERSIST)->persist = r;
}

void emit_meta(struct turn *t)
{
    emit_persist(t, (struct record){.kind = RECORD_META, .meta = t->c->meta});
}

void emit_send(struct turn *t, uint32_t link, struct msg *m)
{
    session_stamp(&t->c->numbers, m, t->c->meta.term);
    add(t, COORD_DO_SEND)->send = (struct effect_send){.link = link, .msg = *m};
}

void emit_reply(struct turn *t, struct msg *m)
{
    m->re = t->request->id;
    emit_send(t, t->link, m);
}

void emit_error(struct turn *t, const struct err *err)
{
    struct msg m = {.kind = MSG_ERROR, .error = {.err = *err}};
    emit_reply(t, &m);
}

void emit_note(struct turn *t, enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(&t->fx->arena, format, args);
    va_end(args);
    add(t, COORD_DO_LOG)->log = (struct effect_log){level, str_of(text)};
}

void emit_audit(struct turn *t, const char *action, struct str object, struct str result)
{
    const struct record_audit row = {
        .seq = ++t->c->audit_seq,
        .time_ms = t->wall_ms,
        .principal = t->peer != NONE ? t->c->principals.list.items[t->peer].row.name : STR("coordinator"),
        .action = str_of(action),
        .object = str_copy(&t->fx->arena, object),
        .result = str_copy(&t->fx->arena, result),
    };
    emit_persist(t, (struct record){.kind = RECORD_AUDIT, .audit = row});
}

void emit_keys(struct turn *t)
{
    add(t, COORD_DO_KEYS);
}

void emit_timer(struct turn *t)
{
    add(t, COORD_DO_TIMER)->timer_ms = timers_next_ms(&t->c->timers);
}

void wake_set(struct turn *t, enum timer_kind kind, uint32_t number, int64_t due_ms)
{
    timers_add(&t->c->arena, &t->c->timers, due_ms, (uint64_t)number << 2 | (uint64_t)kind);
}

void text_set(char **text, struct str value)
{
    value = str_head(value, LIMIT_TEXT);
    char *copy = malloc(value.len + 1);
    if (copy == NULL)
        abort();
    if (value.len > 0)
        memcpy(copy, value.p, value.len);
    copy[value.len] = '\0';
    free(*text);
    *text = copy;
}

struct str hash_str(const struct hash *h)
{
    return (struct str){(const char *)h->bytes, HASH_SIZE};
}
