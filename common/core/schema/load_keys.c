/* Foreign keys out of CREATE TABLE: tables that refer to each other can only be made that way. */
#include <string.h>

#include "skein/schema/load.h"
#include "skein/sql/token.h"

struct cutter {
    struct arena *arena;
    struct str sql;
    size_t at;
    char *rest;       /* a copy, in which what is cut becomes blank */
    struct str table; /* as written */
    struct cut_keys keys;
};

static struct token next(struct cutter *c)
{
    return token_next(ENGINE_POSTGRESQL, c->sql, &c->at);
}

static struct token peek(const struct cutter *c)
{
    size_t at = c->at;
    return token_next(ENGINE_POSTGRESQL, c->sql, &at);
}

static bool take(struct cutter *c, const char *keyword)
{
    struct token t = peek(c);
    if (!token_is(&t, keyword))
        return false;
    next(c);
    return true;
}

static size_t start_of(const struct cutter *c, const struct token *t)
{
    return t->kind == TOKEN_END ? c->sql.len : (size_t)(t->text.p - c->sql.p);
}

/* Behind the parenthesis that belongs to the one that comes next, if one does. */
static void skip_parentheses(struct cutter *c)
{
    struct token t = peek(c);
    size_t depth = 0;
    if (!token_is_sign(&t, '('))
        return;
    do {
        t = next(c);
        depth += token_is_sign(&t, '(');
        depth -= token_is_sign(&t, ')');
    } while (depth > 0 && t.kind != TOKEN_END);
}

static struct str skip_name(struct cutter *c)
{
    struct token t = peek(c);
    size_t start = start_of(c, &t);
    next(c);
    for (t = peek(c); token_is_sign(&t, '.'); t = peek(c)) {
        next(c);
        next(c);
    }
    return str_head(str_from(c->sql, start), c->at - start);
}

/* MATCH, ON DELETE, ON UPDATE, [NOT] DEFERRABLE, INITIALLY: what may follow the columns that are referred to. */
static bool skip_option(struct cutter *c)
{
    size_t before = c->at;
    if (take(c, "match"))
        return next(c).kind != TOKEN_END;
    if (take(c, "on") && (take(c, "delete") || take(c, "update"))) {
        (void)(take(c, "no") || take(c, "set"));
        next(c); /* ACTION, NULL, DEFAULT, CASCADE, RESTRICT */
        skip_parentheses(c);
        return true;
    }
    if (take(c, "initially"))
        return next(c).kind != TOKEN_END;
    if (take(c, "deferrable") || (take(c, "not") && take(c, "deferrable")))
        return true;
    c->at = before;
    return false;
}

static void skip_reference(struct cutter *c)
{
    skip_name(c);
    skip_parentheses(c);
    while (skip_option(c))
        continue;
}

static void blank(struct cutter *c, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (c->rest[i] != '\n')
            c->rest[i] = ' ';
}

/* A column's name, then what is said of it; `constraint` is where [CONSTRAINT name] of the last clause began. */
static void cut_column(struct cutter *c, struct str column)
{
    size_t depth = 0, constraint = SIZE_MAX;
    struct str name = STR("");
    for (;;) {
        struct token t = peek(c);
        if (t.kind == TOKEN_END || (depth == 0 && (token_is_sign(&t, ',') || token_is_sign(&t, ')'))))
            return;
        size_t start = start_of(c, &t);
        next(c);
        depth += token_is_sign(&t, '(');
        depth -= token_is_sign(&t, ')');
        if (depth == 0 && token_is(&t, "constraint")) {
            constraint = start;
            name = skip_name(c);
        } else if (depth == 0 && token_is(&t, "references")) {
            skip_reference(c);
            struct str clause = str_head(str_from(c->sql, start), c->at - start);
            struct cut_key key = {.at = start};
            key.sql = str_printf(c->arena, "ALTER TABLE %.*s ADD %s%.*s%sFOREIGN KEY (%.*s) %.*s", STR_ARG(c->table),
                                 name.len > 0 ? "CONSTRAINT " : "", STR_ARG(name), name.len > 0 ? " " : "",
                                 STR_ARG(column), STR_ARG(clause));
            vec_push(c->arena, &c->keys.list, key);
            blank(c, constraint != SIZE_MAX ? constraint : start, c->at);
            constraint = SIZE_MAX;
            name = STR("");
        } else if (constraint != SIZE_MAX) { /* the name was another clause's */
            constraint = SIZE_MAX;
            name = STR("");
        }
    }
}

/* To the comma or the parenthesis that ends the element. */
static void skip_element(struct cutter *c)
{
    for (size_t depth = 0;;) {
        struct token t = peek(c);
        if (t.kind == TOKEN_END || (depth == 0 && (token_is_sign(&t, ',') || token_is_sign(&t, ')'))))
            return;
        depth += token_is_sign(&t, '(');
        depth -= token_is_sign(&t, ')');
        next(c);
    }
}

/* [CONSTRAINT name] FOREIGN KEY ..., from `start` up to the comma; true when it was one and is cut. */
static bool cut_table_key(struct cutter *c, size_t start)
{
    size_t before = c->at;
    if (take(c, "constraint"))
        skip_name(c);
    bool key = take(c, "foreign");
    if (!key) {
        c->at = before;
        return false;
    }
    skip_element(c);
    struct cut_key cut = {.at = start};
    cut.sql = str_printf(c->arena, "ALTER TABLE %.*s ADD %.*s", STR_ARG(c->table),
                         STR_ARG(str_trim(str_head(str_from(c->sql, start), c->at - start))));
    vec_push(c->arena, &c->keys.list, cut);
    blank(c, start, c->at);
    return true;
}

static bool is_constraint(const struct token *t)
{
    static const char *const words[] = {"constraint", "primary", "unique", "check", "exclude", "like"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (token_is(t, words[i]))
            return true;
    return false;
}

/* The elements between the parentheses; the first one is at `c->at`. A key that is cut takes one comma with it. */
static void cut_elements(struct cutter *c)
{
    size_t comma = SIZE_MAX; /* the one before this element */
    bool kept = false;       /* an element before this one stays */
    for (;;) {
        struct token t = peek(c);
        bool cut = cut_table_key(c, start_of(c, &t));
        if (!cut && !is_constraint(&t))
            cut_column(c, skip_name(c));
        else if (!cut)
            skip_element(c);
        if (cut && comma != SIZE_MAX && kept)
            blank(c, comma, comma + 1);
        kept = kept || !cut;
        t = peek(c);
        if (!token_is_sign(&t, ','))
            return;
        comma = start_of(c, &t);
        if (cut && !kept)
            blank(c, comma, comma + 1);
        next(c);
    }
}

static bool find_table(struct cutter *c)
{
    struct token t;
    do
        t = next(c);
    while (t.kind != TOKEN_END && !token_is(&t, "table"));
    if (t.kind == TOKEN_END)
        return false;
    if (take(c, "if")) {
        take(c, "not");
        take(c, "exists");
    }
    c->table = skip_name(c);
    do
        t = next(c);
    while (t.kind != TOKEN_END && !token_is_sign(&t, '('));
    return t.kind != TOKEN_END;
}

bool load_cut_keys(struct arena *a, struct str sql, struct str *ret_rest, struct cut_keys *ret_keys)
{
    struct cutter c = {.arena = a, .sql = sql, .rest = arena_copy(a, sql.p, sql.len)};
    if (!find_table(&c))
        return false;
    cut_elements(&c);
    if (c.keys.list.count == 0)
        return false;
    *ret_rest = (struct str){c.rest, sql.len};
    *ret_keys = c.keys;
    return true;
}
