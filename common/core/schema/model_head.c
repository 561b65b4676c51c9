/* The first words of a model's statements: what it creates, alters or comments on. */
#include <string.h>

#include "skein/schema/ownership.h"
#include "skein/sql/token.h"

struct reader {
    struct arena *arena;
    enum engine engine;
    struct str sql;
    size_t at;
    struct model_head head;
    const char *problem, *hint;
};

static const char plain_statements[] =
    "a model file says what there is: CREATE, COMMENT ON, and ALTER of what the module itself creates";

static bool refuse(struct reader *r, const char *problem, const char *hint)
{
    r->problem = problem;
    r->hint = hint;
    return false;
}

static struct token peek(const struct reader *r)
{
    size_t at = r->at;
    return token_next(r->engine, r->sql, &at);
}

static bool take(struct reader *r, const char *keyword)
{
    size_t at = r->at;
    struct token t = token_next(r->engine, r->sql, &at);
    if (!token_is(&t, keyword))
        return false;
    r->at = at;
    return true;
}

static bool take_sign(struct reader *r, char c)
{
    size_t at = r->at;
    struct token t = token_next(r->engine, r->sql, &at);
    if (!token_is_sign(&t, c))
        return false;
    r->at = at;
    return true;
}

static bool take_if_not_exists(struct reader *r)
{
    size_t at = r->at;
    if (take(r, "if") && take(r, "not") && take(r, "exists"))
        return true;
    r->at = at;
    return false;
}

static bool take_if_exists(struct reader *r)
{
    size_t at = r->at;
    if (take(r, "if") && take(r, "exists"))
        return true;
    r->at = at;
    return false;
}

/* The default schema has no name in the model. */
static struct str known_schema(const struct reader *r, struct str schema)
{
    static const char *const defaults[] = {"", "public", "main"};
    return str_is(schema, defaults[r->engine == ENGINE_SQLITE ? 2 : 1]) ? STR("") : schema;
}

/* A name with or without its schema; false when there is none. `parts` more may stand before it (a column's table). */
static bool take_name(struct reader *r, struct str parts[3], size_t *ret_count)
{
    size_t count = 0;
    do {
        size_t at = r->at;
        struct token t = token_next(r->engine, r->sql, &at);
        bool quoted = t.kind == TOKEN_NAME || (r->engine == ENGINE_SQLITE && t.kind == TOKEN_STRING);
        if (count == 3 || (t.kind != TOKEN_WORD && !quoted))
            return refuse(r, "it has no name that can be read", "write the name as SCHEMA.NAME or NAME");
        parts[count++] = token_name(r->arena, r->engine, &t);
        r->at = at;
    } while (take_sign(r, '.'));
    *ret_count = count;
    return true;
}

static bool read_name(struct reader *r, struct str *ret_schema, struct str *ret_name)
{
    struct str parts[3];
    size_t count;
    if (!take_name(r, parts, &count))
        return false;
    *ret_name = parts[count - 1];
    *ret_schema = known_schema(r, count > 1 ? parts[count - 2] : STR(""));
    return true;
}

/* Up to the word ON at this level, then the relation. */
static bool read_on(struct reader *r)
{
    for (;;) {
        struct token t = token_next(r->engine, r->sql, &r->at);
        if (t.kind == TOKEN_END)
            return refuse(r, "it does not say on which table", plain_statements);
        if (token_is(&t, "on"))
            break;
    }
    take(r, "domain");
    take(r, "only");
    return read_name(r, &r->head.on_schema, &r->head.on_table);
}

/* --- CREATE ---------------------------------------------------------------------------------------------------- */

static bool read_own(struct reader *r, enum object_kind kind)
{
    r->head.kind = kind;
    r->head.if_not_exists = take_if_not_exists(r);
    return read_name(r, &r->head.schema, &r->head.name);
}

static bool read_index(struct reader *r, enum object_kind kind)
{
    r->head.kind = kind;
    if (take(r, "concurrently"))
        return refuse(r, "CONCURRENTLY is no property of an index",
                      "leave it out: `skein revision --auto --concurrently` makes indexes that way");
    r->head.if_not_exists = take_if_not_exists(r);
    struct token t = peek(r);
    if (!token_is(&t, "on") && !read_name(r, &r->head.schema, &r->head.name))
        return false;
    if (!read_on(r))
        return false;
    if (r->engine == ENGINE_POSTGRESQL)
        r->head.schema = r->head.on_schema; /* an index lies where its table does */
    return true;
}

static bool read_on_table(struct reader *r, enum object_kind kind)
{
    r->head.kind = kind;
    r->head.if_not_exists = take_if_not_exists(r);
    return read_name(r, &r->head.schema, &r->head.name) && read_on(r);
}

/* CREATE RULE name AS ON event TO table */
static bool read_rule(struct reader *r, enum object_kind kind)
{
    r->head.kind = kind;
    if (!read_name(r, &r->head.schema, &r->head.name))
        return false;
    for (struct token t = token_next(r->engine, r->sql, &r->at); !token_is(&t, "to");
         t = token_next(r->engine, r->sql, &r->at))
        if (t.kind == TOKEN_END)
            return refuse(r, "it does not say on which table", plain_statements);
    return read_name(r, &r->head.on_schema, &r->head.on_table);
}

static bool read_type(struct reader *r, enum object_kind kind)
{
    if (!read_own(r, kind) || !take(r, "as"))
        return r->problem == NULL;
    if (take(r, "enum"))
        r->head.kind = OBJECT_ENUM;
    else if (take(r, "range"))
        r->head.kind = OBJECT_RANGE;
    return true;
}

static bool read_schema(struct reader *r, enum object_kind kind)
{
    r->head.if_not_exists = take_if_not_exists(r);
    r->head.kind = kind;
    if (take(r, "authorization"))
        return read_name(r, &r->head.schema, &r->head.name);
    if (!read_name(r, &r->head.schema, &r->head.name))
        return false;
    while (r->problem == NULL) {
        struct token t = token_next(r->engine, r->sql, &r->at);
        if (t.kind == TOKEN_END)
            return true;
        if (token_is(&t, "create"))
            return refuse(r, "CREATE SCHEMA with objects in it cannot be taken apart",
                          "write a statement of its own for each of them");
    }
    return false;
}

static bool read_matview(struct reader *r, enum object_kind kind)
{
    return take(r, "view") && read_own(r, kind);
}

static const struct {
    const char *word;
    enum object_kind kind;
    bool (*read)(struct reader *r, enum object_kind kind);
} creations[] = {
    {"table", OBJECT_TABLE, read_own},
    {"view", OBJECT_VIEW, read_own},
    {"sequence", OBJECT_SEQUENCE, read_own},
    {"domain", OBJECT_DOMAIN, read_own},
    {"extension", OBJECT_EXTENSION, read_own},
    {"collation", OBJECT_COLLATION, read_own},
    {"function", OBJECT_FUNCTION, read_own},
    {"procedure", OBJECT_FUNCTION, read_own},
    {"aggregate", OBJECT_FUNCTION, read_own},
    {"statistics", OBJECT_STATISTICS, read_own},
    {"materialized", OBJECT_MATVIEW, read_matview},
    {"index", OBJECT_INDEX, read_index},
    {"trigger", OBJECT_TRIGGER, read_on_table},
    {"policy", OBJECT_POLICY, read_on_table},
    {"rule", OBJECT_RULE, read_rule},
    {"type", OBJECT_COMPOSITE, read_type},
    {"schema", OBJECT_SCHEMA, read_schema},
};

static bool is_temporary(struct reader *r)
{
    return take(r, "temp") || take(r, "temporary") || take(r, "local") || take(r, "global");
}

static bool read_create(struct reader *r)
{
    r->head.verb = MODEL_CREATE;
    if (take(r, "or"))
        r->head.or_replace = take(r, "replace");
    if (is_temporary(r))
        return refuse(r, "what is temporary is in no schema", "leave the statement out, or TEMPORARY");
    while (take(r, "unlogged") || take(r, "recursive") || take(r, "unique") || take(r, "constraint") ||
           take(r, "virtual"))
        continue;
    for (size_t i = 0; i < sizeof(creations) / sizeof(creations[0]); i++)
        if (take(r, creations[i].word))
            return creations[i].read(r, creations[i].kind);
    return refuse(r, "skein does not migrate objects of this kind", "make it in a revision of its own");
}

/* --- ALTER and COMMENT ----------------------------------------------------------------------------------------- */

static bool read_kind(struct reader *r)
{
    static const struct {
        const char *word;
        enum object_kind kind;
        bool on_table;
    } kinds[] = {
        {"table", OBJECT_TABLE, false},
        {"view", OBJECT_VIEW, false},
        {"sequence", OBJECT_SEQUENCE, false},
        {"index", OBJECT_INDEX, false},
        {"type", OBJECT_COMPOSITE, false},
        {"domain", OBJECT_DOMAIN, false},
        {"extension", OBJECT_EXTENSION, false},
        {"collation", OBJECT_COLLATION, false},
        {"function", OBJECT_FUNCTION, false},
        {"procedure", OBJECT_FUNCTION, false},
        {"aggregate", OBJECT_FUNCTION, false},
        {"routine", OBJECT_FUNCTION, false},
        {"schema", OBJECT_SCHEMA, false},
        {"statistics", OBJECT_STATISTICS, false},
        {"trigger", OBJECT_TRIGGER, true},
        {"policy", OBJECT_POLICY, true},
        {"rule", OBJECT_RULE, true},
        {"constraint", OBJECT_CONSTRAINT, true},
    };
    r->head.kind = OBJECT_UNSET;
    if (take(r, "materialized"))
        r->head.kind = take(r, "view") ? OBJECT_MATVIEW : OBJECT_UNSET;
    for (size_t i = 0; r->head.kind == OBJECT_UNSET && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (take(r, kinds[i].word)) {
            r->head.kind = kinds[i].kind;
            if (kinds[i].on_table)
                return read_name(r, &r->head.schema, &r->head.name) && read_on(r);
        }
    if (r->head.kind == OBJECT_UNSET)
        return refuse(r, "skein does not migrate objects of this kind", plain_statements);
    take_if_exists(r);
    take(r, "only");
    return read_name(r, &r->head.schema, &r->head.name);
}

/* With another name or schema than the one that CREATE gave it, an object could not be told any more. */
static bool read_alter(struct reader *r)
{
    r->head.verb = MODEL_ALTER;
    if (!read_kind(r))
        return false;
    take_sign(r, '*');
    bool renames = take(r, "rename"), moves = !renames && take(r, "set") && take(r, "schema");
    return !(renames || moves) || refuse(r, "a model does not rename",
                                         "write the new name where it is created; "
                                         "`skein revision --auto --rename` keeps data");
}

static bool read_comment(struct reader *r)
{
    r->head.verb = MODEL_COMMENT;
    if (!take(r, "on"))
        return refuse(r, "it is not COMMENT ON", plain_statements);
    if (!take(r, "column"))
        return read_kind(r);
    struct str parts[3];
    size_t count;
    if (!take_name(r, parts, &count) || count < 2)
        return refuse(r, "it names no column", "write COMMENT ON COLUMN TABLE.COLUMN IS '...'");
    r->head.kind = OBJECT_COLUMN;
    r->head.name = parts[count - 1];
    r->head.on_table = parts[count - 2];
    r->head.on_schema = known_schema(r, count > 2 ? parts[0] : STR(""));
    return true;
}

static bool read_statement(struct reader *r)
{
    struct token first = peek(r);
    if (token_is_sign(&first, '\\'))
        return refuse(r, "this is a command of psql, and not SQL", plain_statements);
    if (take(r, "create"))
        return read_create(r);
    if (take(r, "alter"))
        return read_alter(r);
    if (r->engine == ENGINE_POSTGRESQL && take(r, "comment"))
        return read_comment(r);
    if (take(r, "drop"))
        return refuse(r, "a model does not drop",
                      "leave the object out of the model files: `skein revision --auto` "
                      "then drops it");
    if (take(r, "insert") || take(r, "update") || take(r, "delete") || take(r, "copy") || take(r, "truncate"))
        return refuse(r, "a model has no rows", "write rows in a revision of their own");
    return refuse(r, "this is no statement of a model", plain_statements);
}

bool model_head_parse(struct arena *a, enum engine engine, struct str sql, struct model_head *ret_head,
                      const char **ret_problem, const char **ret_hint)
{
    struct reader r = {.arena = a, .engine = engine, .sql = sql};
    if (read_statement(&r)) {
        *ret_head = r.head;
        return true;
    }
    *ret_problem = r.problem != NULL ? r.problem : "this is no statement of a model";
    *ret_hint = r.hint != NULL ? r.hint : plain_statements;
    return false;
}
