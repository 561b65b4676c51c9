/* Walks from each statement to those that create what it names, and lists it after them. */
#include "skein/schema/load.h"

#include <stdint.h>

#include "skein/sql/token.h"

struct walk {
    struct arena *arena;
    enum engine engine;
    const struct model_statements *statements;
    struct index creators; /* name -> the statement that creates it */
    enum { NEW = 0, OPEN, LISTED } * states;
    struct load_order order;
};

/* SQLite and PostgreSQL fold case differently; for an order it is enough to fold all. */
static struct str folded(struct arena *a, struct str name)
{
    char *lower = arena_copy(a, name.len > 0 ? name.p : "", name.len + (name.len == 0));
    for (size_t i = 0; i < name.len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] - 'A' + 'a');
    return (struct str){lower, name.len};
}

static void index_creators(struct walk *w)
{
    for (size_t i = w->statements->list.count; i-- > 0;) { /* of two functions of one name the first counts */
        const struct model_statement *s = &w->statements->list.items[i];
        if (s->head.verb == MODEL_CREATE && s->head.name.len > 0 && !s->refers)
            index_put(w->arena, &w->creators, folded(w->arena, s->head.name), (uint32_t)i);
    }
}

/* The statement that creates what the next token names; INDEX_NONE when it names nothing. False at the end. */
static bool next_needed(const struct walk *w, struct arena *a, const struct model_statement *s, size_t *at,
                        uint32_t *ret_number)
{
    struct token t = token_next(w->engine, s->sql, at);
    bool name = t.kind == TOKEN_WORD || t.kind == TOKEN_NAME;
    *ret_number = name ? index_find(&w->creators, folded(a, token_name(a, w->engine, &t))) : INDEX_NONE;
    return t.kind != TOKEN_END;
}

struct frame {
    size_t number, at;
};

/* Without recursion: a chain of needs may be as long as there are statements. */
static void visit(struct walk *w, size_t first)
{
    VEC(struct frame) stack = {0};
    struct arena scratch = {0};
    if (w->states[first] != NEW || w->statements->list.items[first].refers)
        return;
    w->states[first] = OPEN;
    vec_push(&scratch, &stack, ((struct frame){.number = first}));
    while (stack.count > 0) {
        struct frame *f = &stack.items[stack.count - 1];
        uint32_t needed;
        if (!next_needed(w, &scratch, &w->statements->list.items[f->number], &f->at, &needed)) {
            w->states[f->number] = LISTED;
            vec_push(w->arena, &w->order.list, f->number);
            stack.count--;
        } else if (needed != INDEX_NONE && w->states[needed] == NEW) {
            w->states[needed] = OPEN;
            vec_push(&scratch, &stack, ((struct frame){.number = needed}));
        }
    }
    arena_release(&scratch);
}

static struct walk begin(struct arena *a, enum engine engine, const struct model_statements *statements)
{
    struct walk w = {.arena = a, .engine = engine, .statements = statements};
    w.states = arena_array(a, statements->list.count, sizeof(*w.states));
    index_creators(&w);
    return w;
}

void load_order_build(struct arena *a, enum engine engine, const struct model_statements *statements,
                      struct load_order *ret_order)
{
    struct walk w = begin(a, engine, statements);
    for (size_t i = 0; i < statements->list.count; i++)
        visit(&w, i);
    *ret_order = (struct load_order){0};
    for (int core = 1; core >= 0; core--)
        for (size_t i = 0; i < w.order.list.count; i++) {
            size_t number = w.order.list.items[i];
            if (str_is(statements->list.items[number].module, "core") == (core == 1))
                vec_push(a, &ret_order->list, number);
        }
}

struct str load_circle(struct arena *a, enum engine engine, const struct model_statements *statements, size_t start,
                       const struct load_order *among)
{
    struct walk w = begin(a, engine, statements);
    bool *stuck = arena_array(a, statements->list.count, sizeof(*stuck));
    struct str names = STR("");
    for (size_t i = 0; i < among->list.count; i++)
        stuck[among->list.items[i]] = true;
    for (size_t number = start, next = SIZE_MAX;; number = next, next = SIZE_MAX) {
        const struct model_statement *s = &statements->list.items[number];
        uint32_t needed = INDEX_NONE;
        size_t at = 0;
        if (w.states[number] == OPEN)
            return number == start ? names : STR("");
        w.states[number] = OPEN;
        names = str_printf(a, "%.*s%s%.*s", STR_ARG(names), names.len > 0 ? ", " : "", STR_ARG(s->head.name));
        while (next == SIZE_MAX && next_needed(&w, a, s, &at, &needed))
            if (needed != INDEX_NONE && needed != number && stuck[needed])
                next = needed;
        if (next == SIZE_MAX)
            return STR("");
    }
}
