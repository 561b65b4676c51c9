#include "skein/sql/classify.h"

#include <strings.h>

#include "common/core/sql/splitter.h"

/* The words of a statement, one after the other. */
struct words {
    enum engine engine;
    struct str sql;
    size_t at;
};

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           ((unsigned char)c & 0x80) != 0;
}

/* A name, a quoted name, or one other byte; empty at the end. */
static struct str next_word(struct words *w)
{
    size_t start = skip_blank(w->engine, w->sql, w->at), end = start;
    if (start < w->sql.len && w->sql.p[start] == '"') {
        for (end = start + 1; end < w->sql.len; end++)
            if (str_starts(str_from(w->sql, end), STR("\"\"")))
                end++;
            else if (w->sql.p[end] == '"')
                break;
        end = end < w->sql.len ? end + 1 : w->sql.len;
    } else {
        while (end < w->sql.len && is_name_byte(w->sql.p[end]))
            end++;
        end += end == start && end < w->sql.len;
    }
    w->at = end;
    return str_head(str_from(w->sql, start), end - start);
}

static bool is_keyword(struct str word, const char *keyword)
{
    return word.len == str_of(keyword).len && strncasecmp(word.p, keyword, word.len) == 0;
}

/* Takes the word if it comes next. */
static bool take(struct words *w, const char *keyword)
{
    size_t at = w->at;
    if (is_keyword(next_word(w), keyword))
        return true;
    w->at = at;
    return false;
}

static bool has_word(struct words w, const char *keyword)
{
    for (struct str word = next_word(&w); word.len > 0; word = next_word(&w))
        if (is_keyword(word, keyword))
            return true;
    return false;
}

/* ROLLBACK TO a savepoint stays inside. */
static bool controls_transaction(struct words w)
{
    static const char *const always[] = {"begin", "start", "commit", "end", "abort"};
    for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
        if (take(&w, always[i]))
            return true;
    if (take(&w, "rollback")) {
        if (!take(&w, "work"))
            take(&w, "transaction");
        return !take(&w, "to");
    }
    return take(&w, "prepare") && take(&w, "transaction");
}

static bool is_concurrent_index(struct words w)
{
    return take(&w, "index") && take(&w, "concurrently");
}

static bool alter_refuses_transaction(struct words w)
{
    if (take(&w, "system"))
        return true;
    if (take(&w, "database"))
        return has_word(w, "tablespace");
    return take(&w, "table") && has_word(w, "detach") && has_word(w, "concurrently");
}

/* PostgreSQL: PreventInTransactionBlock() and its callers. */
static bool refuses_transaction_postgresql(struct words w)
{
    if (take(&w, "vacuum"))
        return true;
    if (take(&w, "create") || take(&w, "drop")) {
        if (take(&w, "database") || take(&w, "tablespace"))
            return true;
        take(&w, "unique");
        return is_concurrent_index(w);
    }
    if (take(&w, "reindex"))
        return take(&w, "database") || take(&w, "system") || take(&w, "schema") || has_word(w, "concurrently");
    if (take(&w, "cluster"))
        return next_word(&w).len == 0;
    return take(&w, "alter") && alter_refuses_transaction(w);
}

static bool refuses_transaction_sqlite(struct words w)
{
    return take(&w, "vacuum") || take(&w, "attach") || take(&w, "detach");
}

enum statement_class statement_classify(enum engine engine, struct str statement)
{
    struct words w = {.engine = engine, .sql = statement};
    if (controls_transaction(w))
        return STATEMENT_TRANSACTION_CONTROL;
    bool refuses = engine == ENGINE_SQLITE ? refuses_transaction_sqlite(w) : refuses_transaction_postgresql(w);
    return refuses ? STATEMENT_NO_TRANSACTION : STATEMENT_PLAIN;
}

bool statement_adds_label(struct str statement)
{
    struct words w = {.engine = ENGINE_POSTGRESQL, .sql = statement};
    if (!take(&w, "alter") || !take(&w, "type"))
        return false;
    for (struct str word = next_word(&w); word.len > 0; word = next_word(&w))
        if (is_keyword(word, "add"))
            return take(&w, "value");
    return false;
}

/*
 * Settings that a script may read or change inside a transaction: rolled back with it, without effect after, or set
 * again when the next one begins (legacy_alter_table, which a table that is made again needs for its last step).
 */
static bool is_harmless_pragma(struct str name)
{
    static const char *const names[] = {
        "table_info",    "table_xinfo",        "table_list",         "index_list",      "index_info",
        "index_xinfo",   "foreign_key_list",   "foreign_key_check",  "user_version",    "application_id",
        "quick_check",   "integrity_check",    "defer_foreign_keys", "compile_options", "collation_list",
        "function_list", "legacy_alter_table",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is_keyword(name, names[i]))
            return true;
    return false;
}

bool pragma_is_allowed(struct str name, bool transactional)
{
    return transactional ? is_harmless_pragma(name) : !is_keyword(name, "writable_schema");
}
