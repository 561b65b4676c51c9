/*
 * CREATE TABLE of SQLite. The grammar is the one of its parse.y: constraints of a column follow each other in any
 * order, those of the table may stand without commas, a name may be a string, a type is any words and up to two
 * numbers.
 */
#include "skein/schema/lite_parse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/schema/lite_norm.h"

/* A column while it is read: what only the whole table decides about. */
struct draft {
    struct str not_null, rest; /* pieces of its normal form */
};

struct parser {
    struct arena *arena;
    const struct lite_aliases *names;
    struct str sql;
    struct lite_tokens tokens;
    const struct index *columns; /* known the second time */
    size_t at;
    struct lite_table table;
    struct {
        VEC(struct draft) list;
    } drafts;
    struct str name;    /* of the constraint that comes, by CONSTRAINT */
    size_t column;      /* the one that is read; SIZE_MAX behind them */
    size_t key;         /* the primary key's place in the constraints; SIZE_MAX: none */
    bool key_descends;  /* INTEGER PRIMARY KEY DESC at the column is not the rowid */
    struct str key_end; /* its conflict clause and AUTOINCREMENT */
};

/* ---- reading ---- */

static struct lite_token peek_at(const struct parser *p, size_t ahead)
{
    size_t i = p->at + ahead;
    return i < p->tokens.list.count ? p->tokens.list.items[i] : (struct lite_token){0};
}

static struct lite_token peek(const struct parser *p)
{
    return peek_at(p, 0);
}

static bool is_next(const struct parser *p, const char *word)
{
    return lite_is_word(peek(p), word);
}

static bool accept(struct parser *p, const char *word)
{
    if (!is_next(p, word))
        return false;
    p->at++;
    return true;
}

static bool accept_operator(struct parser *p, const char *text)
{
    if (!lite_is_operator(peek(p), text))
        return false;
    p->at++;
    return true;
}

/* A parenthesised group: the tokens inside. False if there is none. */
static bool accept_group(struct parser *p, size_t *ret_first, size_t *ret_end)
{
    if (!lite_is_operator(peek(p), "("))
        return false;
    size_t close = lite_closing(p->tokens.list.items, p->at, p->tokens.list.count);
    if (close == p->tokens.list.count)
        return false;
    *ret_first = p->at + 1;
    *ret_end = close;
    p->at = close + 1;
    return true;
}

static void norm_begin(const struct parser *p, struct lite_norm *n)
{
    lite_norm_begin(n, p->arena, p->tokens.list.items, p->names, p->table.name);
    n->columns = p->columns;
}

static const struct lite_token *token(const struct parser *p, size_t i)
{
    return &p->tokens.list.items[i];
}

/* ON CONFLICT x; ABORT is what happens anyway. */
static void norm_conflict(struct parser *p, struct lite_norm *n)
{
    if (!is_next(p, "ON") || !lite_is_word(peek_at(p, 1), "CONFLICT"))
        return;
    p->at += 2;
    if (!is_next(p, "ABORT")) {
        lite_norm_word(n, "on conflict");
        lite_norm_expression(n, p->at, p->at + 1);
    }
    p->at++;
}

static struct str take_name(struct parser *p)
{
    struct str name = p->name;
    p->name = STR_NONE;
    return name;
}

static void norm_constraint_name(struct lite_norm *n, struct str name)
{
    lite_norm_word(n, name.len > 0 ? "constraint" : "unnamed");
    if (name.len > 0)
        lite_norm_name(n, name);
}

static struct lite_constraint *add_constraint(struct parser *p, enum lite_constraint_kind kind, struct str name)
{
    struct lite_constraint c = {.kind = kind, .name = name, .column = p->column};
    vec_push(p->arena, &p->table.constraints.list, c);
    return &p->table.constraints.list.items[p->table.constraints.list.count - 1];
}

static void add_columns(struct parser *p, struct lite_constraint *c, size_t first, size_t end)
{
    bool expected = true;
    for (size_t i = first; i < end; i++) {
        if (expected && token(p, i)->kind != LITE_OPERATOR)
            vec_push(p->arena, &c->columns.list, lite_name(p->arena, *token(p, i)));
        expected = lite_is_operator(*token(p, i), ",");
    }
}

/* ---- constraints ---- */

/* Its normal form is completed by finish_key(): what it is depends on the column's type. */
static void read_key(struct parser *p, size_t first, size_t end)
{
    struct lite_norm n;
    struct lite_constraint *c = add_constraint(p, LITE_PRIMARY_KEY, take_name(p));
    add_columns(p, c, first, end);
    p->key = p->table.constraints.list.count - 1;
    for (size_t i = first; i < end; i++)
        p->table.autoincrement = p->table.autoincrement || lite_is_word(*token(p, i), "AUTOINCREMENT");
    norm_begin(p, &n);
    lite_norm_indexed(&n, first, end - (p->table.autoincrement && end > first));
    c->norm = lite_norm_end(&n);
    norm_begin(p, &n);
    norm_conflict(p, &n);
    p->key_end = lite_norm_end(&n);
}

static void read_column_key(struct parser *p, size_t column_token)
{
    p->key_descends = is_next(p, "DESC");
    if (is_next(p, "ASC") || is_next(p, "DESC"))
        p->at++;
    read_key(p, column_token, column_token + 1);
    p->table.autoincrement = accept(p, "AUTOINCREMENT");
}

static void read_unique(struct parser *p, size_t first, size_t end)
{
    struct lite_norm n;
    struct lite_constraint *c = add_constraint(p, LITE_UNIQUE, take_name(p));
    add_columns(p, c, first, end);
    norm_begin(p, &n);
    lite_norm_word(&n, "unique");
    norm_constraint_name(&n, c->name);
    lite_norm_indexed(&n, first, end);
    norm_conflict(p, &n);
    c->norm = lite_norm_end(&n);
}

static bool read_check(struct parser *p)
{
    struct lite_norm n;
    size_t first, end;
    if (!accept_group(p, &first, &end))
        return false;
    struct lite_constraint *c = add_constraint(p, LITE_CHECK, take_name(p));
    norm_begin(p, &n);
    lite_norm_word(&n, "check");
    norm_constraint_name(&n, c->name);
    lite_norm_unwrapped(&n, first, end);
    norm_conflict(p, &n);
    c->norm = lite_norm_end(&n);
    return true;
}

/* CASCADE, RESTRICT, SET NULL ...; NO ACTION is what happens anyway. */
static void norm_action(struct parser *p, struct lite_norm *n, const char *when)
{
    size_t words = is_next(p, "SET") || is_next(p, "NO") ? 2 : 1;
    if (!is_next(p, "NO")) {
        lite_norm_word(n, when);
        lite_norm_expression(n, p->at, p->at + words);
    }
    p->at += words;
}

struct deferral {
    bool deferrable, deferred;
};

/* [NOT] DEFERRABLE [INITIALLY DEFERRED|IMMEDIATE] */
static bool read_deferral(struct parser *p, struct deferral *d)
{
    bool denied = is_next(p, "NOT");
    if (!lite_is_word(peek_at(p, denied ? 1 : 0), "DEFERRABLE"))
        return false;
    p->at += denied ? 2 : 1;
    *d = (struct deferral){.deferrable = !denied};
    if (accept(p, "INITIALLY")) {
        d->deferred = is_next(p, "DEFERRED");
        p->at++;
    }
    return true;
}

/* Order does not count, so what was read is written in one order. */
static void norm_references_end(struct parser *p, struct lite_norm *n)
{
    struct lite_norm on_delete, on_update;
    struct deferral d = {0};
    norm_begin(p, &on_delete);
    norm_begin(p, &on_update);
    for (bool more = true; more;) {
        if (is_next(p, "ON") && lite_is_word(peek_at(p, 1), "CONFLICT"))
            break;
        more = accept(p, "ON") || is_next(p, "MATCH");
        if (more && accept(p, "MATCH")) /* parsed by SQLite, and without effect */
            p->at++;
        else if (more && accept(p, "DELETE"))
            norm_action(p, &on_delete, "on delete");
        else if (more && accept(p, "UPDATE"))
            norm_action(p, &on_update, "on update");
        else
            more = read_deferral(p, &d);
    }
    struct str texts[2] = {lite_norm_end(&on_delete), lite_norm_end(&on_update)};
    for (size_t i = 0; i < 2; i++)
        if (texts[i].len > 0)
            lite_norm_word(n, str_cstr(p->arena, texts[i]));
    if (d.deferrable)
        lite_norm_word(n, d.deferred ? "deferred" : "deferrable");
}

/* Behind REFERENCES. Where no column is named, `( ? )` stands for the other table's key. */
static bool read_references(struct parser *p, size_t first, size_t end)
{
    struct lite_norm n;
    size_t to_first, to_end;
    struct lite_token table = peek(p);
    if (!lite_is_name(table))
        return false;
    p->at++;
    struct lite_constraint *c = add_constraint(p, LITE_FOREIGN_KEY, take_name(p));
    add_columns(p, c, first, end);
    c->references = lite_name(p->arena, table);
    norm_begin(p, &n);
    lite_norm_word(&n, "foreign key");
    norm_constraint_name(&n, c->name);
    lite_norm_columns(&n, p->table.name, first, end);
    lite_norm_table(&n, table);
    if (accept_group(p, &to_first, &to_end))
        lite_norm_columns(&n, c->references, to_first, to_end);
    else
        lite_norm_word(&n, "( ? )");
    norm_references_end(p, &n);
    c->norm = lite_norm_end(&n);
    return true;
}

/* ---- columns ---- */

static bool begins_constraint(const struct parser *p)
{
    static const char *const words[] = {"CONSTRAINT", "DEFAULT",    "NULL",    "NOT", "PRIMARY",   "UNIQUE",
                                        "CHECK",      "REFERENCES", "COLLATE", "AS",  "DEFERRABLE"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (is_next(p, words[i]))
            return true;
    return is_next(p, "GENERATED") && lite_is_word(peek_at(p, 1), "ALWAYS");
}

static struct str upper(struct arena *a, struct str s)
{
    char *out = arena_copy(a, s.p, s.len);
    for (size_t i = 0; i < s.len; i++)
        out[i] = out[i] >= 'a' && out[i] <= 'z' ? (char)(out[i] - 'a' + 'A') : out[i];
    return (struct str){out, s.len};
}

/* Words, then perhaps one or two numbers in parentheses: VARCHAR(10), DOUBLE PRECISION, DECIMAL(10, 2). */
static struct str read_type(struct parser *p)
{
    struct strbuf b;
    size_t first, end;
    strbuf_init(&b, LITE_NORM_MAX);
    while (lite_is_name(peek(p)) && !begins_constraint(p)) {
        strbuf_puts(&b, b.len > 0 ? " " : "");
        strbuf_add(&b, upper(p->arena, lite_name(p->arena, peek(p))));
        p->at++;
    }
    if (b.len > 0 && accept_group(p, &first, &end)) {
        strbuf_putc(&b, '(');
        for (size_t i = first; i < end; i++) {
            strbuf_add(&b, upper(p->arena, token(p, i)->text));
            strbuf_puts(&b, lite_is_operator(*token(p, i), ",") ? " " : "");
        }
        strbuf_putc(&b, ')');
    }
    struct str type = str_copy(p->arena, strbuf_str(&b));
    strbuf_release(&b);
    return type;
}

static bool is_time_word(struct lite_token t)
{
    return lite_is_word(t, "CURRENT_TIMESTAMP") || lite_is_word(t, "CURRENT_DATE") || lite_is_word(t, "CURRENT_TIME");
}

static bool is_keyword_value(struct lite_token t)
{
    return is_time_word(t) || lite_is_word(t, "TRUE") || lite_is_word(t, "FALSE") || lite_is_word(t, "NULL");
}

static bool is_literal(const struct parser *p, size_t first, size_t end)
{
    if (end > first + 1 && (lite_is_operator(*token(p, first), "-") || lite_is_operator(*token(p, first), "+")))
        return end == first + 2 && token(p, first + 1)->kind == LITE_NUMBER;
    return end == first + 1 && !is_time_word(*token(p, first)) && token(p, first)->kind != LITE_OPERATOR;
}

static void unwrap(const struct parser *p, size_t *first, size_t *end)
{
    while (*first + 1 < *end && lite_is_operator(*token(p, *first), "(") &&
           lite_closing(p->tokens.list.items, *first, *end) == *end - 1) {
        ++*first;
        --*end;
    }
}

/* A word or a name in double quotes stands for a string here. NULL is what it would be anyway. */
static void norm_default(struct parser *p, struct lite_norm *n, size_t first, size_t end)
{
    unwrap(p, &first, &end);
    if (first + 1 < end && lite_is_operator(*token(p, first), "+"))
        first++;
    struct lite_token t = *token(p, first);
    bool single = end == first + 1;
    if (single && lite_is_word(t, "NULL"))
        return;
    lite_norm_word(n, "default");
    if (single && (t.kind == LITE_WORD || t.kind == LITE_QUOTED) && !is_keyword_value(t))
        lite_norm_word(n, str_cstr(p->arena, lite_quote_string(p->arena, lite_name(p->arena, t))));
    else
        lite_norm_expression(n, first, end);
}

static bool read_default(struct parser *p, struct lite_column *c, struct lite_norm *n)
{
    size_t first = p->at, inner, end;
    if (!accept_group(p, &inner, &end)) {
        p->at += lite_is_operator(peek(p), "-") || lite_is_operator(peek(p), "+") ? 2 : 1;
        if (p->at > p->tokens.list.count)
            return false;
    }
    end = p->at;
    const char *start = token(p, first)->text.p;
    bool bare = end == first + 1 && (token(p, first)->kind == LITE_WORD || token(p, first)->kind == LITE_QUOTED);
    c->default_text = (struct str){start, (size_t)(token(p, end - 1)->text.p + token(p, end - 1)->text.len - start)};
    c->default_value = bare && !is_keyword_value(*token(p, first))
                           ? lite_quote_string(p->arena, lite_name(p->arena, *token(p, first)))
                           : c->default_text;
    norm_default(p, n, first, end);
    unwrap(p, &first, &end);
    c->default_kind = is_literal(p, first, end) ? LITE_DEFAULT_CONSTANT : LITE_DEFAULT_COMPUTED;
    if (end == first + 1 && lite_is_word(*token(p, first), "NULL")) {
        c->default_kind = LITE_DEFAULT_NONE;
        c->default_text = STR_NONE;
    }
    return true;
}

static bool read_generated(struct parser *p, struct lite_column *c, struct lite_norm *n)
{
    size_t first, end;
    if (!accept_group(p, &first, &end))
        return false;
    c->generated = true;
    c->stored = accept(p, "STORED");
    if (!c->stored)
        accept(p, "VIRTUAL");
    lite_norm_word(n, c->stored ? "stored as" : "virtual as");
    lite_norm_unwrapped(n, first, end);
    return true;
}

static void read_not_null(struct parser *p, struct lite_column *c, struct draft *d)
{
    struct lite_norm n;
    c->not_null = true;
    norm_begin(p, &n);
    lite_norm_word(&n, "not null");
    struct str name = take_name(p);
    if (name.len > 0)
        norm_constraint_name(&n, name);
    norm_conflict(p, &n);
    d->not_null = lite_norm_end(&n);
}

static bool read_collation(struct parser *p, struct lite_norm *n)
{
    struct lite_token name = peek(p);
    p->at++;
    if (!lite_same_name(lite_name(p->arena, name), STR("BINARY"))) {
        lite_norm_word(n, "collate");
        lite_norm_name(n, lite_name(p->arena, name));
    }
    return lite_is_name(name);
}

/* The constraints that say what the column itself is. True with *ret_ok when it was one of them. */
static bool read_property(struct parser *p, struct lite_column *c, struct draft *d, struct lite_norm *n, bool *ret_ok)
{
    *ret_ok = true;
    if (accept(p, "DEFAULT")) {
        *ret_ok = read_default(p, c, n);
    } else if (accept(p, "NULL")) {
        struct lite_norm ignored;
        norm_begin(p, &ignored);
        norm_conflict(p, &ignored);
        lite_norm_end(&ignored);
    } else if (is_next(p, "NOT") && lite_is_word(peek_at(p, 1), "NULL")) {
        p->at += 2;
        read_not_null(p, c, d);
        return true;
    } else if (accept(p, "COLLATE")) {
        *ret_ok = read_collation(p, n);
    } else if (is_next(p, "AS") || is_next(p, "GENERATED")) {
        p->at += is_next(p, "AS") ? 1 : 3;
        *ret_ok = read_generated(p, c, n);
    } else {
        return false;
    }
    p->name = STR_NONE;
    return true;
}

/* One that a table can have, too. */
static bool read_column_rule(struct parser *p, struct lite_column *c, size_t column_token)
{
    if (is_next(p, "PRIMARY") && lite_is_word(peek_at(p, 1), "KEY")) {
        p->at += 2;
        c->primary_key = true;
        read_column_key(p, column_token);
        return true;
    }
    if (accept(p, "UNIQUE")) {
        c->unique = true;
        read_unique(p, column_token, column_token + 1);
        return true;
    }
    if (accept(p, "CHECK")) {
        c->check = true;
        return read_check(p);
    }
    c->references = true;
    return accept(p, "REFERENCES") && read_references(p, column_token, column_token + 1);
}

static bool read_constraint_name(struct parser *p)
{
    if (!accept(p, "CONSTRAINT"))
        return true;
    p->name = lite_name(p->arena, peek(p));
    p->at++;
    return p->name.len > 0;
}

/* Those of a column that is read at the moment; stops at the comma or the end. */
static bool read_column_constraints(struct parser *p, struct lite_column *c, struct draft *d, size_t column_token)
{
    struct lite_norm n;
    bool ok = true;
    norm_begin(p, &n);
    while (ok && begins_constraint(p)) {
        bool done = is_next(p, "CONSTRAINT");
        ok = !done || read_constraint_name(p);
        if (ok && !done && !read_property(p, c, d, &n, &ok))
            ok = read_column_rule(p, c, column_token);
    }
    d->rest = lite_norm_end(&n);
    return ok;
}

static bool read_column(struct parser *p)
{
    struct lite_column c = {0};
    struct draft d = {0};
    size_t first = p->at;
    p->column = p->table.columns.list.count;
    if (!lite_is_name(peek(p)))
        return false;
    c.name = lite_name(p->arena, peek(p));
    p->at++;
    c.type = read_type(p);
    if (!read_column_constraints(p, &c, &d, first))
        return false;
    const char *start = token(p, first)->text.p;
    c.text = (struct str){start, (size_t)(token(p, p->at - 1)->text.p + token(p, p->at - 1)->text.len - start)};
    vec_push(p->arena, &p->table.columns.list, c);
    vec_push(p->arena, &p->drafts.list, d);
    return true;
}

/* ---- the table ---- */

static bool begins_table_constraint(const struct parser *p)
{
    return is_next(p, "CONSTRAINT") || is_next(p, "PRIMARY") || is_next(p, "UNIQUE") || is_next(p, "CHECK") ||
           is_next(p, "FOREIGN");
}

static bool read_table_constraint(struct parser *p)
{
    size_t first, end;
    p->column = SIZE_MAX;
    if (is_next(p, "CONSTRAINT"))
        return read_constraint_name(p);
    if (accept(p, "CHECK"))
        return read_check(p);
    bool key = accept(p, "PRIMARY"), foreign = !key && accept(p, "FOREIGN");
    if (!accept(p, key || foreign ? "KEY" : "UNIQUE") || !accept_group(p, &first, &end))
        return false;
    if (foreign)
        return accept(p, "REFERENCES") && read_references(p, first, end);
    if (key)
        read_key(p, first, end);
    else
        read_unique(p, first, end);
    return true;
}

static bool read_body(struct parser *p)
{
    if (!accept_operator(p, "("))
        return false;
    while (!accept_operator(p, ")")) {
        if (!(begins_table_constraint(p) ? read_table_constraint(p) : read_column(p)))
            return false;
        accept_operator(p, ",");
    }
    return true;
}

static bool read_options(struct parser *p)
{
    while (peek(p).kind != LITE_END && !lite_is_operator(peek(p), ";")) {
        if (accept(p, "STRICT"))
            p->table.strict = true;
        else if (accept(p, "WITHOUT") && accept(p, "ROWID"))
            p->table.without_rowid = true;
        else if (!accept_operator(p, ","))
            return false;
    }
    return true;
}

/* ---- what only the whole table decides ---- */

size_t lite_table_column(const struct lite_table *t, struct str name)
{
    for (size_t i = 0; i < t->columns.list.count; i++)
        if (lite_same_name(t->columns.list.items[i].name, name))
            return i;
    return SIZE_MAX;
}

/* INTEGER PRIMARY KEY is another name for the rowid; INT PRIMARY KEY is not. */
static size_t rowid_column(const struct parser *p, const struct lite_constraint *key)
{
    if (p->table.without_rowid || p->key_descends || key->columns.list.count != 1)
        return SIZE_MAX;
    size_t column = lite_table_column(&p->table, key->columns.list.items[0]);
    return column != SIZE_MAX && str_is(p->table.columns.list.items[column].type, "INTEGER") ? column : SIZE_MAX;
}

static void finish_key(struct parser *p)
{
    p->table.rowid_column = SIZE_MAX;
    if (p->key == SIZE_MAX)
        return;
    struct lite_constraint *c = &p->table.constraints.list.items[p->key];
    struct str columns = c->norm;
    struct lite_norm n;
    p->table.rowid_column = rowid_column(p, c);
    norm_begin(p, &n);
    lite_norm_word(&n, p->table.rowid_column != SIZE_MAX ? "rowid primary key" : "primary key");
    norm_constraint_name(&n, c->name);
    if (p->table.rowid_column != SIZE_MAX)
        lite_norm_name(&n, lite_alias_column(p->names, p->table.name, c->columns.list.items[0]));
    else if (p->key_descends) /* `( name )` */
        lite_norm_word(&n, arena_printf(p->arena, "%.*s desc )", (int)(columns.len - 2), columns.p));
    else
        lite_norm_word(&n, str_cstr(p->arena, columns));
    lite_norm_word(&n, str_cstr(p->arena, p->key_end));
    lite_norm_word(&n, p->table.autoincrement ? "autoincrement" : "");
    c->norm = lite_norm_end(&n);
}

/* In these tables the columns of the key are NOT NULL whether it is written or not. */
static void imply_not_null(struct parser *p)
{
    bool implied = p->table.without_rowid || (p->table.strict && p->table.rowid_column == SIZE_MAX);
    if (!implied || p->key == SIZE_MAX)
        return;
    const struct lite_constraint *c = &p->table.constraints.list.items[p->key];
    for (size_t i = 0; i < c->columns.list.count; i++) {
        size_t column = lite_table_column(&p->table, c->columns.list.items[i]);
        if (column != SIZE_MAX && p->drafts.list.items[column].not_null.len == 0)
            p->drafts.list.items[column].not_null = STR("not null");
        if (column != SIZE_MAX)
            p->table.columns.list.items[column].not_null = true;
    }
}

static int compare_norm(const void *left, const void *right)
{
    const struct lite_constraint *a = left, *b = right;
    return str_cmp(a->norm, b->norm);
}

static void finish(struct parser *p)
{
    finish_key(p);
    imply_not_null(p);
    for (size_t i = 0; i < p->table.columns.list.count; i++) {
        struct lite_column *c = &p->table.columns.list.items[i];
        const struct draft *d = &p->drafts.list.items[i];
        c->norm = str_printf(p->arena, "%.*s|%.*s|%.*s", STR_ARG(c->type), STR_ARG(d->not_null), STR_ARG(d->rest));
    }
    p->table.norm =
        str_printf(p->arena, "%s%s", p->table.without_rowid ? "without rowid " : "", p->table.strict ? "strict" : "");
    if (p->table.constraints.list.count > 1)
        qsort(p->table.constraints.list.items, p->table.constraints.list.count, sizeof(struct lite_constraint),
              compare_norm);
}

static void skip_name(struct parser *p, struct str name_text)
{
    while (p->at < p->tokens.list.count && token(p, p->at)->text.p <= name_text.p)
        p->at++;
}

/* `name` or `name options`; `key = value` is no column. Reads up to the comma or the end of the arguments. */
static void read_argument(struct parser *p, size_t end)
{
    struct lite_column c = {.name = lite_name(p->arena, peek(p)), .text = peek(p).text};
    bool name = lite_is_name(peek(p)), content = lite_is_word(peek(p), "content");
    bool option = lite_is_operator(peek_at(p, 1), "=");
    if (content && option)
        p->table.content = lite_name(p->arena, peek_at(p, 2));
    p->table.foreign_content = p->table.foreign_content || (content && option);
    if (name && !option)
        vec_push(p->arena, &p->table.columns.list, c);
    while (p->at < end && !lite_is_operator(peek(p), ","))
        p->at++;
    p->at++;
}

/* USING module (arguments): of modules that are known the columns are, too. */
static void read_virtual(struct parser *p)
{
    static const char *const known[] = {"fts3", "fts4", "fts5", "rtree", "rtree_i32"};
    struct lite_norm n;
    size_t first, end;
    norm_begin(p, &n);
    lite_norm_word(&n, "virtual");
    lite_norm_expression(&n, p->at, p->tokens.list.count);
    p->table.norm = lite_norm_end(&n);
    p->table.rowid_column = SIZE_MAX;
    p->at++;
    p->table.module = lite_fold(p->arena, lite_name(p->arena, peek(p)));
    p->at++;
    if (!accept_group(p, &first, &end))
        return;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (str_is(p->table.module, known[i]))
            for (p->at = first; p->at < end;)
                read_argument(p, end);
    if (str_starts(p->table.module, STR("rtree")))
        p->table.rowid_column = 0;
}

static bool fail(const struct parser *p, struct err *err)
{
    struct lite_token t = peek(p);
    err_kind(err, ERR_INPUT, "bad_sql", "this CREATE TABLE cannot be read near \"%.*s\"",
             (int)(t.text.len > 40 ? 40 : t.text.len), t.text.p != NULL ? t.text.p : "");
    return err_detail(err, "%.*s", (int)(p->sql.len > 500 ? 500 : p->sql.len), p->sql.p);
}

static bool read_table(struct parser *p, const struct lite_create *c, struct err *err)
{
    p->table = (struct lite_table){
        .name = c->name, .text = p->sql, .name_text = c->name_text, .virtual_table = c->virtual_table};
    skip_name(p, c->name_text);
    if (c->virtual_table)
        read_virtual(p);
    else if (!read_body(p) || !read_options(p))
        return fail(p, err);
    else
        finish(p);
    return true;
}

/* Whether a word in double quotes is a string is known when all columns are. */
static bool read_again(struct parser *p, const struct lite_create *c, struct err *err)
{
    struct index columns = {0};
    struct parser again = {
        .arena = p->arena, .names = p->names, .sql = p->sql, .tokens = p->tokens, .key = SIZE_MAX, .columns = &columns};
    for (size_t i = 0; i < p->table.columns.list.count; i++)
        index_put(p->arena, &columns, lite_fold(p->arena, p->table.columns.list.items[i].name), 0);
    if (!read_table(&again, c, err))
        return false;
    p->table = again.table;
    return true;
}

bool lite_table_parse(struct arena *a, struct str statement, const struct lite_aliases *names,
                      struct lite_table *ret_table, struct err *err)
{
    struct parser p = {.arena = a, .names = names, .sql = statement, .key = SIZE_MAX};
    struct lite_create c;
    if (!lite_tokenize(a, statement, &p.tokens) || !lite_create_parse(a, statement, &c) || c.kind != OBJECT_TABLE)
        return fail(&p, err);
    if (!read_table(&p, &c, err))
        return false;
    if (!c.virtual_table && str_find(statement, '"') < statement.len && !read_again(&p, &c, err))
        return false;
    *ret_table = p.table;
    return true;
}

enum lite_affinity lite_affinity(struct str type)
{
    static const struct {
        const char *part;
        enum lite_affinity affinity;
    } rules[] = {{"INT", LITE_INTEGER},        {"CHAR", LITE_TEXT}, {"CLOB", LITE_TEXT}, {"TEXT", LITE_TEXT},
                 {"BLOB", LITE_BLOB_AFFINITY}, {"REAL", LITE_REAL}, {"FLOA", LITE_REAL}, {"DOUB", LITE_REAL}};
    if (type.len == 0)
        return LITE_BLOB_AFFINITY;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (memmem(type.p, type.len, rules[i].part, strlen(rules[i].part)) != NULL)
            return rules[i].affinity;
    return LITE_NUMERIC;
}
