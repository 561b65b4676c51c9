#include "agent/core/pack.h"

#include <string.h>

void pack_u64(struct strbuf *b, uint64_t value)
{
    strbuf_add(b, (struct str){(const char *)&value, sizeof(value)});
}

void pack_str(struct strbuf *b, struct str s)
{
    pack_u64(b, s.len);
    strbuf_add(b, s);
}

void pack_text(struct strbuf *b, struct str text, size_t max)
{
    text = str_head(text, max);
    pack_str(b, text);
    if (b->overflow || text.len == 0)
        return;
    char *p = b->p + b->len - text.len;
    size_t bad;
    while (!str_is_utf8((struct str){p, text.len}, &bad))
        p[bad] = '?';
    for (size_t i = 0; i < text.len; i++)
        if (p[i] == '\0')
            p[i] = '?';
}

void pack_names(struct strbuf *b, const struct names *names)
{
    pack_u64(b, names->list.count);
    for (size_t i = 0; i < names->list.count; i++)
        pack_str(b, names->list.items[i]);
}

void pack_labels(struct strbuf *b, const struct labels *labels)
{
    pack_u64(b, labels->list.count);
    for (size_t i = 0; i < labels->list.count; i++) {
        pack_str(b, labels->list.items[i].key);
        pack_str(b, labels->list.items[i].value);
    }
}

void pack_state(struct strbuf *b, const struct dbstate *state)
{
    pack_u64(b, state->modules.count);
    for (size_t i = 0; i < state->modules.count; i++) {
        pack_str(b, state->modules.items[i].module);
        pack_names(b, &state->modules.items[i].heads);
    }
}

void pack_ledger(struct strbuf *b, const struct ledger_state *ledger)
{
    pack_u64(b, ledger->fence);
    pack_u64(b, ledger->closed_fence);
    pack_u64(b, ledger->seq);
    strbuf_add(b, (struct str){(const char *)ledger->head.bytes, HASH_SIZE});
}

void pack_err(struct strbuf *b, const struct err *err)
{
    pack_u64(b, (uint64_t)err->code);
    pack_str(b, str_of(err->kind));
    pack_str(b, str_of(err->sqlstate));
    pack_text(b, str_of(err->text), SIZE_MAX);
    pack_text(b, str_of(err->detail), SIZE_MAX);
    pack_text(b, str_of(err->hint), SIZE_MAX);
    pack_text(b, str_of(err->origin), SIZE_MAX);
}

static struct str take(struct unpack *u, size_t len)
{
    struct str part = str_head(u->rest, len);
    u->rest = str_from(u->rest, part.len);
    return part;
}

uint64_t unpack_u64(struct unpack *u)
{
    uint64_t value = 0;
    struct str part = take(u, sizeof(value));
    if (part.len == sizeof(value))
        memcpy(&value, part.p, sizeof(value));
    return value;
}

struct str unpack_str(struct unpack *u)
{
    size_t len = unpack_u64(u);
    return str_copy(u->arena, take(u, len));
}

struct names unpack_names(struct unpack *u)
{
    struct names names = {0};
    for (uint64_t left = unpack_u64(u); left > 0; left--)
        vec_push(u->arena, &names.list, unpack_str(u));
    return names;
}

struct labels unpack_labels(struct unpack *u)
{
    struct labels labels = {0};
    for (uint64_t left = unpack_u64(u); left > 0; left--) {
        struct label label = {.key = unpack_str(u)};
        label.value = unpack_str(u);
        vec_push(u->arena, &labels.list, label);
    }
    return labels;
}

struct dbstate unpack_state(struct unpack *u)
{
    struct dbstate state = {0};
    for (uint64_t left = unpack_u64(u); left > 0; left--) {
        struct module_state module = {.module = unpack_str(u)};
        module.heads = unpack_names(u);
        vec_push(u->arena, &state.modules, module);
    }
    return state;
}

struct ledger_state unpack_ledger(struct unpack *u)
{
    struct ledger_state ledger = {.fence = unpack_u64(u)};
    ledger.closed_fence = unpack_u64(u);
    ledger.seq = unpack_u64(u);
    struct str head = take(u, HASH_SIZE);
    if (head.len == HASH_SIZE)
        memcpy(ledger.head.bytes, head.p, HASH_SIZE);
    return ledger;
}

/* Both ends are fields of struct err, so what fitted once fits again. */
static void unpack_chars(struct unpack *u, char *field, size_t size)
{
    size_t len = unpack_u64(u);
    struct str text = str_head(take(u, len), size - 1);
    if (text.len > 0)
        memcpy(field, text.p, text.len);
    field[text.len] = '\0';
}

struct err unpack_err(struct unpack *u)
{
    struct err err = {.code = (enum err_code)unpack_u64(u)};
    unpack_chars(u, err.kind, sizeof(err.kind));
    unpack_chars(u, err.sqlstate, sizeof(err.sqlstate));
    unpack_chars(u, err.text, sizeof(err.text));
    unpack_chars(u, err.detail, sizeof(err.detail));
    unpack_chars(u, err.hint, sizeof(err.hint));
    unpack_chars(u, err.origin, sizeof(err.origin));
    return err;
}
