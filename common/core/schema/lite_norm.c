#include "common/core/schema/lite_norm.h"

#include <string.h>

struct str lite_alias_table(const struct lite_aliases *names, struct str table)
{
    for (size_t i = 0; names != NULL && i < names->list.count; i++) {
        const struct lite_alias *n = &names->list.items[i];
        if (n->column.len == 0 && lite_same_name(n->table, table))
            return n->to;
    }
    return table;
}

struct str lite_alias_column(const struct lite_aliases *names, struct str table, struct str column)
{
    for (size_t i = 0; names != NULL && i < names->list.count; i++) {
        const struct lite_alias *n = &names->list.items[i];
        if (n->column.len > 0 && lite_same_name(n->table, table) && lite_same_name(n->column, column))
            return n->to;
    }
    return column;
}

void lite_norm_begin(struct lite_norm *n, struct arena *a, const struct lite_token *tokens,
                     const struct lite_aliases *names, struct str table)
{
    *n = (struct lite_norm){.arena = a, .tokens = tokens, .names = names, .table = table};
    strbuf_init(&n->out, LITE_NORM_MAX);
}

struct str lite_norm_end(struct lite_norm *n)
{
    struct str text = str_copy(n->arena, strbuf_str(&n->out));
    strbuf_release(&n->out);
    return text;
}

static void add(struct lite_norm *n, struct str text)
{
    if (n->out.len > 0)
        strbuf_putc(&n->out, ' ');
    strbuf_add(&n->out, text);
}

void lite_norm_word(struct lite_norm *n, const char *word)
{
    add(n, str_of(word));
}

/* Quotes stay only where the bare word would be something else. */
void lite_norm_name(struct lite_norm *n, struct str name)
{
    add(n, lite_quote(n->arena, lite_fold(n->arena, name)));
}

void lite_norm_table(struct lite_norm *n, struct lite_token name)
{
    lite_norm_name(n, lite_alias_table(n->names, lite_name(n->arena, name)));
}

void lite_norm_columns(struct lite_norm *n, struct str table, size_t first, size_t end)
{
    add(n, STR("("));
    for (size_t i = first; i < end; i++)
        if (lite_is_name(n->tokens[i]))
            lite_norm_name(n, lite_alias_column(n->names, table, lite_name(n->arena, n->tokens[i])));
        else if (n->tokens[i].kind == LITE_WORD)
            lite_norm_name(n, n->tokens[i].text);
    add(n, STR(")"));
}

static void add_operator(struct lite_norm *n, struct str text)
{
    add(n, str_is(text, "==") ? STR("=") : str_is(text, "!=") ? STR("<>") : text);
}

/* SQLite takes "word" for 'word' where it is no column, and writes it so when it changes the text itself. */
static bool is_string(const struct lite_norm *n, size_t i, struct str name)
{
    return n->columns != NULL && n->tokens[i].kind == LITE_QUOTED && n->tokens[i].text.p[0] == '"' &&
           index_find(n->columns, lite_fold(n->arena, name)) == INDEX_NONE;
}

/* A name in an expression: a column of the table unless it is called or qualified. */
static void add_expression_name(struct lite_norm *n, size_t i, size_t first, size_t end)
{
    struct lite_token t = n->tokens[i];
    bool called = i + 1 < end && lite_is_operator(n->tokens[i + 1], "(");
    bool qualified = i > first && lite_is_operator(n->tokens[i - 1], ".");
    bool qualifies = i + 1 < end && lite_is_operator(n->tokens[i + 1], ".");
    struct str name = lite_name(n->arena, t);
    bool collation = i > first && lite_is_word(n->tokens[i - 1], "COLLATE");
    if (t.kind == LITE_WORD && !lite_is_name(t))
        add(n, lite_fold(n->arena, name)); /* a keyword */
    else if (!called && !qualified && !collation && !qualifies && is_string(n, i, name))
        add(n, lite_quote_string(n->arena, name));
    else
        lite_norm_name(n, called || qualified ? name : lite_alias_column(n->names, n->table, name));
}

/* `t.` in front of a column of t. */
static bool is_own_qualifier(const struct lite_norm *n, size_t i, size_t end)
{
    bool name = n->tokens[i].kind == LITE_WORD || n->tokens[i].kind == LITE_QUOTED;
    return n->table.len > 0 && name && i + 1 < end && lite_is_operator(n->tokens[i + 1], ".") &&
           lite_same_name(lite_name(n->arena, n->tokens[i]), n->table);
}

void lite_norm_expression(struct lite_norm *n, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        struct lite_token t = n->tokens[i];
        if (is_own_qualifier(n, i, end)) {
            i++;
            first = i + 1;
        } else if (t.kind == LITE_WORD || t.kind == LITE_QUOTED) {
            add_expression_name(n, i, first, end);
        } else if (t.kind == LITE_OPERATOR) {
            add_operator(n, t.text);
        } else {
            add(n, t.kind == LITE_STRING ? t.text : lite_fold(n->arena, t.text));
        }
    }
}

size_t lite_closing(const struct lite_token *tokens, size_t at, size_t end)
{
    size_t depth = 0;
    for (size_t i = at; i < end; i++) {
        depth += lite_is_operator(tokens[i], "(");
        depth -= lite_is_operator(tokens[i], ")");
        if (depth == 0)
            return i;
    }
    return end;
}

void lite_norm_unwrapped(struct lite_norm *n, size_t first, size_t end)
{
    while (first + 1 < end && lite_is_operator(n->tokens[first], "(") &&
           lite_closing(n->tokens, first, end) == end - 1) {
        first++;
        end--;
    }
    lite_norm_expression(n, first, end);
}

static void add_indexed_item(struct lite_norm *n, size_t first, size_t end)
{
    if (end > first + 1 && lite_is_word(n->tokens[end - 1], "ASC"))
        end--;
    if (end > first && n->tokens[first].kind == LITE_STRING) /* an old way to write a name */
        lite_norm_name(n, lite_alias_column(n->names, n->table, lite_name(n->arena, n->tokens[first++])));
    lite_norm_expression(n, first, end);
}

void lite_norm_indexed(struct lite_norm *n, size_t first, size_t end)
{
    add(n, STR("("));
    size_t start = first;
    for (size_t i = first; i < end; i++) {
        if (lite_is_operator(n->tokens[i], "("))
            i = lite_closing(n->tokens, i, end);
        if (i < end && lite_is_operator(n->tokens[i], ",")) {
            add_indexed_item(n, start, i);
            add(n, STR(","));
            start = i + 1;
        }
    }
    add_indexed_item(n, start, end);
    add(n, STR(")"));
}

/* ---- indexes, views, triggers ---- */

static size_t find_token(const struct lite_tokens *tokens, struct str text)
{
    for (size_t i = 0; i < tokens->list.count; i++)
        if (tokens->list.items[i].text.p >= text.p)
            return i;
    return tokens->list.count;
}

/* [UNIQUE] ON table (columns) [WHERE expression]; `at` is behind the name. */
static void norm_index(struct lite_norm *n, const struct lite_create *c, size_t at, size_t end)
{
    size_t open = at;
    while (open < end && !lite_is_operator(n->tokens[open], "("))
        open++;
    size_t close = lite_closing(n->tokens, open, end);
    lite_norm_word(n, c->unique ? "unique" : "index");
    lite_norm_name(n, lite_alias_table(n->names, c->table));
    lite_norm_indexed(n, open + 1 < end ? open + 1 : end, close);
    if (close + 2 < end) {
        lite_norm_word(n, "where");
        lite_norm_unwrapped(n, close + 2, end);
    }
}

/* BEFORE and FOR EACH ROW are what it would be anyway. */
static void norm_trigger(struct lite_norm *n, size_t at, size_t end)
{
    if (at < end && lite_is_word(n->tokens[at], "BEFORE"))
        at++;
    size_t on = at;
    while (on < end && !lite_is_word(n->tokens[on], "ON"))
        on++;
    size_t head = on + 2 < end ? on + 2 : end;
    if (head + 1 < end && lite_is_operator(n->tokens[head], "."))
        head += 2;
    lite_norm_expression(n, at, head);
    if (head + 2 < end && lite_is_word(n->tokens[head], "FOR") && lite_is_word(n->tokens[head + 1], "EACH"))
        head += 3;
    lite_norm_expression(n, head, end);
}

struct str lite_norm_object(struct arena *a, struct str statement, const struct lite_aliases *names,
                            const struct index *columns)
{
    struct lite_tokens tokens;
    struct lite_create c;
    struct lite_norm n;
    if (!lite_tokenize(a, statement, &tokens) || !lite_create_parse(a, statement, &c))
        return statement;
    size_t at = find_token(&tokens, c.name_text) + 1, end = tokens.list.count;
    while (end > at && lite_is_operator(tokens.list.items[end - 1], ";"))
        end--;
    lite_norm_begin(&n, a, tokens.list.items, names, c.kind == OBJECT_INDEX ? c.table : STR_NONE);
    n.columns = columns;
    if (c.kind == OBJECT_INDEX)
        norm_index(&n, &c, at, end);
    else if (c.kind == OBJECT_TRIGGER)
        norm_trigger(&n, at, end);
    else
        lite_norm_expression(&n, at, end);
    return lite_norm_end(&n);
}

bool lite_mentions(struct str statement, struct str name)
{
    struct arena scratch = {0};
    struct lite_create c;
    bool found = false;
    size_t at =
        lite_create_parse(&scratch, statement, &c) ? (size_t)(c.name_text.p - statement.p) + c.name_text.len : 0;
    for (;;) {
        struct lite_token t = lite_next(statement, &at);
        if (t.kind == LITE_END || t.kind == LITE_BAD || found)
            break;
        found = (t.kind == LITE_WORD || t.kind == LITE_QUOTED || t.kind == LITE_STRING) &&
                lite_same_name(lite_name(&scratch, t), name);
    }
    arena_release(&scratch);
    return found;
}

bool lite_defines(struct arena *a, struct str statement, struct str folded)
{
    struct lite_tokens tokens;
    lite_tokenize(a, statement, &tokens);
    for (size_t i = 0; i + 2 < tokens.list.count; i++) {
        const struct lite_token *t = &tokens.list.items[i];
        if (!lite_is_name(*t) || !str_eq(lite_fold(a, lite_name(a, *t)), folded))
            continue;
        size_t next = i + 1;
        if (lite_is_operator(t[1], "("))
            next = lite_closing(tokens.list.items, next, tokens.list.count) + 1;
        if (next + 1 < tokens.list.count && lite_is_word(tokens.list.items[next], "AS"))
            return true;
    }
    return false;
}
