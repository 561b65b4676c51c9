/*
 * SQLite: a statement's words as acts. sqlite3 keeps its trees to itself, and what lint wants to know stands in the
 * first words of a statement and in the list of a table's columns.
 */
#include "common/core/lint/world.h"
#include "skein/sql/token.h"

/* ---- a walk over them ---- */

enum { TOKENS_MAX = 20000 }; /* a list of columns is shorter; the rows of an INSERT may be longer */

struct tokens {
    VEC(struct token) list;
};

struct walk {
    struct arena *arena;
    struct tokens tokens;
    size_t at;
    struct acts acts;
    unsigned flags; /* of every act about the table */
};

static const struct token *peek(const struct walk *w, size_t ahead)
{
    static const struct token end = {0};
    return w->at + ahead < w->tokens.list.count ? &w->tokens.list.items[w->at + ahead] : &end;
}

/* A keyword, or a sign. */
static bool is(const struct token *t, const char *word)
{
    return t->kind == TOKEN_SIGN ? token_is_sign(t, word[0]) : token_is(t, word);
}

static bool take(struct walk *w, const char *word)
{
    bool next = is(peek(w, 0), word);
    w->at += next;
    return next;
}

/* Both words or none. */
static bool take_two(struct walk *w, const char *one, const char *two)
{
    bool are = is(peek(w, 0), one) && is(peek(w, 1), two);
    w->at += are ? 2 : 0;
    return are;
}

/* Names do not differ by case; a string where a name belongs is taken as one. */
static struct str take_name(struct walk *w)
{
    const struct token *t = peek(w, 0);
    if (t->kind == TOKEN_END || t->kind == TOKEN_SIGN || t->kind == TOKEN_NUMBER)
        return STR("");
    w->at++;
    struct str name = token_name(w->arena, ENGINE_SQLITE, t);
    char *bytes = arena_copy(w->arena, name.p, name.len);
    for (size_t i = 0; i < name.len; i++)
        bytes[i] = (char)(bytes[i] >= 'A' && bytes[i] <= 'Z' ? bytes[i] + 'a' - 'A' : bytes[i]);
    return (struct str){bytes, name.len};
}

static void take_relation(struct walk *w, struct str *ret_schema, struct str *ret_table)
{
    *ret_schema = STR("");
    *ret_table = take_name(w);
    if (take(w, ".")) {
        *ret_schema = *ret_table;
        *ret_table = take_name(w);
    }
}

static bool take_exists(struct walk *w)
{
    return take(w, "if") && (take(w, "not"), take(w, "exists"));
}

static struct act *add(struct walk *w, enum act_kind kind, enum thing thing)
{
    vec_push(w->arena, &w->acts.list, ((struct act){.kind = kind, .thing = thing}));
    return &w->acts.list.items[w->acts.list.count - 1];
}

/* Behind the `)` that belongs to the `(` that comes next; to the end if it is missing. */
static void skip_parentheses(struct walk *w)
{
    size_t depth = 0;
    for (; peek(w, 0)->kind != TOKEN_END; w->at++) {
        depth += is(peek(w, 0), "(");
        depth -= depth > 0 && is(peek(w, 0), ")");
        if (depth == 0) {
            w->at++;
            return;
        }
    }
}

/* "(a, lower(b) DESC, c)": the columns that stand there by themselves. True: there are expressions too. */
static bool take_columns(struct walk *w, struct names *ret_columns)
{
    bool expressions = false, first = true;
    size_t depth = 0;
    for (; peek(w, 0)->kind != TOKEN_END; w->at++) {
        bool open = is(peek(w, 0), "("), close = is(peek(w, 0), ")");
        if (depth == 1 && first && !close) {
            bool plain = !is(peek(w, 1), "(") && !open;
            size_t at = w->at;
            if (plain)
                vec_push(w->arena, &ret_columns->list, take_name(w));
            w->at = at;
            expressions = expressions || !plain;
            first = false;
        }
        depth += open;
        depth -= depth > 0 && close;
        first = first || (depth == 1 && is(peek(w, 0), ","));
        if (depth == 0) {
            w->at++;
            break;
        }
    }
    return expressions;
}

/* ---- CREATE TABLE and ADD COLUMN ---- */

static struct act *add_about(struct walk *w, enum act_kind kind, struct str schema, struct str table)
{
    struct act *act = add(w, kind, THING_TABLE);
    act->schema = schema;
    act->table = table;
    act->flags = w->flags;
    return act;
}

/* DEFAULT: a constant, or something that is computed when the row is made. */
static unsigned take_default(struct walk *w)
{
    static const char *const computed[] = {"current_timestamp", "current_time", "current_date"};
    for (size_t i = 0; i < sizeof(computed) / sizeof(*computed); i++)
        if (take(w, computed[i]))
            return ACT_DEFAULT | ACT_DEFAULT_COMPUTED;
    if (is(peek(w, 0), "(")) {
        bool constant = is(peek(w, 2), ")") && peek(w, 1)->kind != TOKEN_WORD;
        skip_parentheses(w);
        return ACT_DEFAULT | (constant ? 0 : ACT_DEFAULT_COMPUTED);
    }
    if (take(w, "null"))
        return 0;
    if (!take(w, "-"))
        take(w, "+");
    w->at++;
    return ACT_DEFAULT;
}

static void add_inline(struct walk *w, const struct act *column, enum constraint_kind kind, struct str other)
{
    struct act copy = *column;
    struct act *act = add_about(w, ACT_CONSTRAINT, copy.schema, copy.table);
    act->constraint = kind;
    act->flags |= ACT_INLINE;
    act->other = other;
    vec_push(w->arena, &act->columns.list, copy.name);
}

/* One constraint of a column, or one word that is none. */
static unsigned take_column_constraint(struct walk *w, const struct act *column)
{
    if (take_two(w, "not", "null"))
        return ACT_NOT_NULL;
    if (take(w, "default"))
        return take_default(w);
    if (take(w, "stored"))
        return ACT_STORED;
    if (take(w, "as"))
        return ACT_GENERATED;
    if (take_two(w, "primary", "key"))
        add_inline(w, column, CONSTRAINT_PRIMARY, STR(""));
    else if (take(w, "unique"))
        add_inline(w, column, CONSTRAINT_UNIQUE, STR(""));
    else if (take(w, "check")) {
        add_inline(w, column, CONSTRAINT_CHECK, STR(""));
        skip_parentheses(w);
    } else if (take(w, "references"))
        add_inline(w, column, CONSTRAINT_FOREIGN, take_name(w));
    else if (is(peek(w, 0), "("))
        skip_parentheses(w);
    else
        w->at++;
    return 0;
}

static bool at_end_of_element(const struct walk *w)
{
    return peek(w, 0)->kind == TOKEN_END || is(peek(w, 0), ",") || is(peek(w, 0), ")");
}

static void take_column(struct walk *w, struct str schema, struct str table)
{
    struct act column = *add_about(w, ACT_ADD_COLUMN, schema, table);
    size_t number = w->acts.list.count - 1;
    column.name = take_name(w);
    column.type = peek(w, 0)->kind == TOKEN_WORD ? take_name(w) : STR("");
    size_t before = w->at;
    while (!at_end_of_element(w)) {
        column.flags |= take_column_constraint(w, &column);
        w->at += w->at == before;
        before = w->at;
    }
    w->acts.list.items[number] = column;
}

static void take_table_constraint(struct walk *w, struct str schema, struct str table, struct str name)
{
    struct act *act = add_about(w, ACT_CONSTRAINT, schema, table);
    act->name = name;
    if (take_two(w, "primary", "key"))
        act->constraint = CONSTRAINT_PRIMARY;
    else if (take(w, "unique"))
        act->constraint = CONSTRAINT_UNIQUE;
    else if (take_two(w, "foreign", "key"))
        act->constraint = CONSTRAINT_FOREIGN;
    else if (take(w, "check"))
        act->constraint = CONSTRAINT_CHECK;
    if (act->constraint == CONSTRAINT_CHECK)
        skip_parentheses(w);
    else
        take_columns(w, &act->columns);
    if (take(w, "references"))
        act->other = take_name(w);
    while (!at_end_of_element(w))
        if (is(peek(w, 0), "("))
            skip_parentheses(w);
        else
            w->at++;
}

static bool is_table_constraint(const struct walk *w)
{
    const struct token *t = peek(w, 0), *next = peek(w, 1);
    return (is(t, "primary") && is(next, "key")) || (is(t, "foreign") && is(next, "key")) ||
           ((is(t, "unique") || is(t, "check")) && is(next, "("));
}

static void take_elements(struct walk *w, struct str schema, struct str table)
{
    w->flags = ACT_IN_CREATE;
    while (take(w, "(") || take(w, ",")) {
        struct str name = STR("");
        if (take(w, "constraint"))
            name = take_name(w);
        if (is_table_constraint(w))
            take_table_constraint(w, schema, table, name);
        else
            take_column(w, schema, table);
    }
    w->flags = 0;
}

static void read_create_table(struct walk *w, unsigned flags)
{
    struct str schema, table;
    flags |= take_exists(w) ? ACT_EXISTS : 0;
    take_relation(w, &schema, &table);
    struct act *act = add_about(w, ACT_CREATE, schema, table);
    act->flags |= flags;
    if (is(peek(w, 0), "("))
        take_elements(w, schema, table);
}

/* ---- the other statements ---- */

static void read_create_index(struct walk *w)
{
    struct str schema, name;
    unsigned flags = take_exists(w) ? ACT_EXISTS : 0;
    take_relation(w, &schema, &name);
    struct act *act = add(w, ACT_CREATE, THING_INDEX);
    act->name = name;
    act->flags = flags;
    if (take(w, "on"))
        act->table = take_name(w);
    act->flags |= take_columns(w, &act->columns) ? ACT_EXPRESSION : 0;
}

static void read_create_trigger(struct walk *w)
{
    struct str schema, name;
    take_exists(w);
    take_relation(w, &schema, &name);
    while (peek(w, 0)->kind != TOKEN_END && !take(w, "on"))
        w->at++;
    struct act *act = add(w, ACT_CREATE, THING_TRIGGER);
    act->name = name;
    act->table = take_name(w);
}

static void read_create(struct walk *w)
{
    unsigned flags = take(w, "temp") || take(w, "temporary") ? ACT_TEMPORARY : 0;
    if (!take(w, "unique"))
        take(w, "virtual");
    if (take(w, "table")) {
        read_create_table(w, flags);
    } else if (take(w, "index")) {
        read_create_index(w);
    } else if (take(w, "trigger")) {
        read_create_trigger(w);
    } else if (take(w, "view")) {
        struct str schema, name;
        take_exists(w);
        take_relation(w, &schema, &name);
        add(w, ACT_CREATE, THING_VIEW)->table = name;
    }
}

static void read_rename(struct walk *w, struct str schema, struct str table)
{
    struct act *act = add_about(w, ACT_RENAME_COLUMN, schema, table);
    if (take(w, "to")) {
        act->kind = ACT_RENAME;
        act->other = take_name(w);
        return;
    }
    take(w, "column");
    act->name = take_name(w);
    if (take(w, "to"))
        act->other = take_name(w);
}

static void read_alter(struct walk *w)
{
    struct str schema, table;
    if (!take(w, "table"))
        return;
    take_relation(w, &schema, &table);
    add_about(w, ACT_ALTER, schema, table);
    if (take(w, "rename")) {
        read_rename(w, schema, table);
    } else if (take(w, "add")) {
        take(w, "column");
        take_column(w, schema, table);
    } else if (take(w, "drop")) {
        take(w, "column");
        add_about(w, ACT_DROP_COLUMN, schema, table)->name = take_name(w);
    }
}

static void read_drop(struct walk *w)
{
    static const struct {
        const char *word;
        enum thing thing;
    } things[] = {{"table", THING_TABLE}, {"index", THING_INDEX}, {"view", THING_VIEW}, {"trigger", THING_TRIGGER}};
    for (size_t i = 0; i < sizeof(things) / sizeof(*things); i++) {
        if (!take(w, things[i].word))
            continue;
        struct str schema, name;
        unsigned flags = take_exists(w) ? ACT_EXISTS : 0;
        take_relation(w, &schema, &name);
        struct act *act = add(w, ACT_DROP, things[i].thing);
        bool table = act->thing == THING_TABLE || act->thing == THING_VIEW;
        *(table ? &act->table : &act->name) = name;
        act->schema = schema;
        act->flags = flags;
    }
}

static bool has_word(const struct walk *w, const char *word)
{
    for (size_t i = 0; peek(w, i)->kind != TOKEN_END; i++)
        if (is(peek(w, i), word))
            return true;
    return false;
}

static void skip_conflict(struct walk *w)
{
    w->at += take(w, "or");
}

static void read_insert(struct walk *w)
{
    struct str schema, table;
    skip_conflict(w);
    take(w, "into");
    take_relation(w, &schema, &table);
    struct act *act = add_about(w, ACT_INSERT, schema, table);
    act->flags |= has_word(w, "select") && has_word(w, "from") ? ACT_SELECTS : 0;
}

static void read_update(struct walk *w)
{
    struct str schema, table;
    skip_conflict(w);
    take_relation(w, &schema, &table);
    add_about(w, ACT_UPDATE, schema, table)->flags |= has_word(w, "where") ? ACT_FILTERED : 0;
}

static void read_delete(struct walk *w)
{
    struct str schema, table;
    take(w, "from");
    take_relation(w, &schema, &table);
    add_about(w, ACT_DELETE, schema, table)->flags |= has_word(w, "where") ? ACT_FILTERED : 0;
}

static void read_pragma(struct walk *w)
{
    struct str schema, name;
    take_relation(w, &schema, &name);
    struct act *act = add(w, ACT_PRAGMA, THING_OTHER);
    act->name = name;
    if (take(w, "=") || take(w, "("))
        act->other = peek(w, 0)->text;
}

static const struct {
    const char *word;
    void (*read)(struct walk *w);
} kinds[] = {{"create", read_create},  {"alter", read_alter},   {"drop", read_drop},     {"insert", read_insert},
             {"replace", read_insert}, {"update", read_update}, {"delete", read_delete}, {"pragma", read_pragma}};

static bool is_name_of_something(const struct token *t)
{
    return t->kind == TOKEN_WORD || t->kind == TOKEN_NAME;
}

/* `WITH name (columns) AS (`: names that stand where tables do, and are none. */
static void read_defined(struct walk *w, struct names *ret_names)
{
    bool with = false;
    for (w->at = 0; peek(w, 0)->kind != TOKEN_END; w->at++)
        with = with || is(peek(w, 0), "with");
    for (w->at = 0; with && peek(w, 0)->kind != TOKEN_END; w->at++) {
        bool before = is(peek(w, 0), "with") || is(peek(w, 0), "recursive") || is(peek(w, 0), ",");
        size_t at = w->at++;
        struct str name = before && is_name_of_something(peek(w, 0)) ? take_name(w) : STR("");
        if (name.len > 0 && is(peek(w, 0), "("))
            skip_parentheses(w);
        if (name.len > 0 && is(peek(w, 0), "as"))
            vec_push(w->arena, &ret_names->list, name);
        w->at = at;
    }
}

/* What follows these words is a table, wherever it stands. */
static void read_mentions(struct walk *w)
{
    static const char *const words[] = {"from", "join", "into", "update", "references", "table"};
    struct names defined = {0};
    read_defined(w, &defined);
    for (w->at = 0; peek(w, 0)->kind != TOKEN_END; w->at++)
        for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
            if (is(peek(w, 0), words[i]) && is_name_of_something(peek(w, 1))) {
                size_t at = w->at++;
                struct str schema, table;
                take_relation(w, &schema, &table);
                if (schema.len > 0 || !names_have(&defined, table))
                    add_about(w, ACT_REFER, schema, table);
                w->at = at;
            }
}

void acts_read_sqlite(struct arena *a, struct str statement, struct acts *ret_acts)
{
    struct walk w = {.arena = a};
    size_t at = 0;
    for (struct token t = token_next(ENGINE_SQLITE, statement, &at);
         t.kind != TOKEN_END && w.tokens.list.count < TOKENS_MAX; t = token_next(ENGINE_SQLITE, statement, &at))
        vec_push(a, &w.tokens.list, t);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (take(&w, kinds[i].word)) {
            kinds[i].read(&w);
            break;
        }
    read_mentions(&w);
    *ret_acts = w.acts;
}
