/*
 * Renames: `from` as it will be once tables and columns have got their new names, and what may be a rename.
 *
 * The server carries a rename on into whatever mentions the name. Here the words of the texts are changed that need
 * the object. A word that happens to be the same is changed as well: then the texts differ from the models' and an
 * object is made again that could have stayed. Nothing worse can come of it.
 */
#include "common/core/schema/diff_pg.h"

#include <stdint.h>

static struct object *at(struct schema *s, size_t number)
{
    return &s->objects.list.items[number];
}

/* ---- words of a text ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           ((unsigned char)c & 0x80) != 0;
}

/* The length of the word, quoted name, string or other byte that the text begins with. */
static size_t token_len(struct str s)
{
    size_t len = 1;
    if (s.p[0] == '"' || s.p[0] == '\'') {
        while (len < s.len && s.p[len] != s.p[0])
            len++;
        return len < s.len ? len + 1 : len;
    }
    while (is_word(s.p[0]) && len < s.len && is_word(s.p[len]))
        len++;
    return len;
}

static struct str replace_word(struct arena *a, struct str text, struct str old, struct str new)
{
    struct strbuf out;
    pg_text_init(&out);
    while (text.len > 0) {
        struct str token = str_head(text, token_len(text));
        strbuf_add(&out, str_eq(token, old) ? new : token);
        text = str_from(text, token.len);
    }
    return str_of(pg_take(a, &out));
}

/* ---- what a rename means ---- */

struct step {
    size_t number; /* of the object in `from` */
    struct str to;
};

struct steps {
    VEC(struct step) list;
};

static bool has_table(const struct schema *s, struct str schema, struct str name)
{
    return schema_find(s, OBJECT_TABLE, schema, STR(""), name) != SIZE_MAX;
}

/* The column that is meant: on the way back the list tells the table by the name that it is to have. */
static size_t find_column(const struct diff_request *request, const struct rename *r)
{
    size_t number = schema_find(request->from, OBJECT_COLUMN, r->schema, r->table, r->from);
    for (size_t i = 0; number == SIZE_MAX && i < request->renames->list.count; i++) {
        const struct rename *other = &request->renames->list.items[i];
        if (other->kind == OBJECT_TABLE && str_eq(other->schema, r->schema) && str_eq(other->to, r->table))
            number = schema_find(request->from, OBJECT_COLUMN, r->schema, other->from, r->from);
    }
    return number;
}

static bool is_ours(const struct diff_request *request, const struct object *o)
{
    return request->module.len == 0 || str_eq(o->module, request->module);
}

static void add_steps(struct arena *a, const struct diff_request *request, enum object_kind kind, struct steps *steps)
{
    for (size_t i = 0; i < request->renames->list.count; i++) {
        const struct rename *r = &request->renames->list.items[i];
        if (r->kind != kind)
            continue;
        size_t number = kind == OBJECT_TABLE ? schema_find(request->from, OBJECT_TABLE, r->schema, STR(""), r->from)
                                             : find_column(request, r);
        if (number == SIZE_MAX || !is_ours(request, &request->from->objects.list.items[number]))
            continue;
        vec_push(a, &steps->list, ((struct step){number, r->to}));
    }
}

/* ---- `from` with new names ---- */

/* What needs a column of a table can mention the table; the columns may have got its new name already. */
static bool mentions(const struct schema *s, const struct object *o, size_t number, const struct object *renamed,
                     struct str to)
{
    for (size_t i = 0; i < o->needs.list.count; i++) {
        const struct object *needed = &s->objects.list.items[o->needs.list.items[i]];
        bool of_table = renamed->kind == OBJECT_TABLE && needed->kind == OBJECT_COLUMN &&
                        str_eq(needed->schema, renamed->schema) &&
                        (str_eq(needed->table, renamed->name) || str_eq(needed->table, to));
        if (of_table || o->needs.list.items[i] == number)
            return true;
    }
    return false;
}

/* Which properties are SQL that may mention a name. */
static bool is_text(const char *key)
{
    static const char *const keys[] = {"definition", "default",       "expression", "columns", "ref_table", "inherits",
                                       "parent",     "partition_key", "query",      "using",   "check"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

struct words {
    struct str old, new;
    bool head, tail; /* of a foreign key: before and from REFERENCES */
};

static struct str replace_in(struct arena *a, struct str text, const struct words *w)
{
    static const char mark[] = " REFERENCES ";
    const char *found = text.len > 0 ? memmem(text.p, text.len, mark, sizeof(mark) - 1) : NULL;
    size_t cut = found != NULL ? (size_t)(found - text.p) : text.len;
    struct str head = str_head(text, cut), tail = str_from(text, cut);
    head = w->head ? replace_word(a, head, w->old, w->new) : head;
    tail = w->tail ? replace_word(a, tail, w->old, w->new) : tail;
    return str_printf(a, "%.*s%.*s", STR_ARG(head), STR_ARG(tail));
}

static void rename_in_properties(struct arena *a, struct object *o, const struct words *w)
{
    struct object changed = *o;
    changed.properties.list.items = NULL;
    changed.properties.list.count = changed.properties.list.cap = 0;
    for (size_t i = 0; i < o->properties.list.count; i++) {
        struct property p = o->properties.list.items[i];
        if (is_text(p.key) && p.value.len > 0)
            p.value = replace_in(a, p.value, w);
        vec_push(a, &changed.properties.list, p);
    }
    *o = changed;
}

static void rename_owner(struct arena *a, struct object *o, const struct object *renamed, struct str to)
{
    bool table = renamed->kind == OBJECT_TABLE;
    if (o->kind != OBJECT_SEQUENCE || !str_eq(object_get(o, "owner_table"), table ? renamed->name : renamed->table))
        return;
    if (!table && !str_eq(object_get(o, "owner_column"), renamed->name))
        return;
    struct object copy = *o;
    copy.properties.list.items = NULL;
    copy.properties.list.count = copy.properties.list.cap = 0;
    for (size_t i = 0; i < o->properties.list.count; i++) {
        struct property p = o->properties.list.items[i];
        if (strcmp(p.key, table ? "owner_table" : "owner_column") == 0)
            p.value = to;
        vec_push(a, &copy.properties.list, p);
    }
    *o = copy;
}

static bool belongs(const struct object *o, const struct object *table)
{
    return str_eq(o->table, table->name) && str_eq(o->schema, table->schema);
}

static void apply(struct arena *a, struct schema *s, const struct step *step)
{
    const struct object renamed = *at(s, step->number);
    for (size_t i = 0; i < s->objects.list.count; i++) {
        struct object *o = at(s, i);
        bool own = renamed.kind == OBJECT_TABLE && belongs(o, &renamed);
        bool sibling = renamed.kind == OBJECT_COLUMN && str_eq(o->table, renamed.table) &&
                       str_eq(o->schema, renamed.schema) && o->kind != OBJECT_COLUMN;
        struct words w = {.old = pg_name(a, renamed.name), .new = pg_name(a, step->to), .head = true, .tail = true};
        if (own)
            o->table = step->to;
        if (renamed.kind == OBJECT_COLUMN && o->kind == OBJECT_CONSTRAINT && str_is(object_get(o, "type"), "f")) {
            w.head = sibling;
            w.tail = !sibling || str_eq(object_get(o, "ref_table"), pg_owner(a, &renamed));
        }
        if (own || sibling || mentions(s, o, step->number, &renamed, step->to))
            rename_in_properties(a, o, &w);
        rename_owner(a, o, &renamed, step->to);
    }
    at(s, step->number)->name = step->to;
}

static void index_names(struct arena *a, struct schema *s)
{
    s->names = (struct index){0};
    for (size_t i = 0; i < s->objects.list.count; i++) {
        const struct object *o = at(s, i);
        index_put(a, &s->names, object_key(a, o->kind, o->schema, o->table, o->name), (uint32_t)i);
    }
}

static void write_step(struct arena *a, const struct schema *s, const struct step *step, struct ddl_list *list)
{
    const struct object *o = &s->objects.list.items[step->number];
    struct str to = pg_name(a, step->to), from = pg_name(a, o->name);
    struct ddl ddl = {0};
    if (o->kind == OBJECT_TABLE)
        ddl.sql = str_printf(a, "ALTER TABLE %.*s RENAME TO %.*s", STR_ARG(pg_path(a, o)), STR_ARG(to));
    else
        ddl.sql = str_printf(a, "ALTER TABLE %.*s RENAME COLUMN %.*s TO %.*s", STR_ARG(pg_owner(a, o)), STR_ARG(from),
                             STR_ARG(to));
    vec_push(a, &list->list, ddl);
}

const struct schema *pg_renamed(struct arena *a, const struct diff_request *request, struct ddl_list *list)
{
    struct steps steps = {0};
    if (request->renames == NULL || request->renames->list.count == 0)
        return request->from;
    add_steps(a, request, OBJECT_TABLE, &steps);
    add_steps(a, request, OBJECT_COLUMN, &steps);
    struct schema *s = arena_new(a, struct schema);
    *s = *request->from;
    s->objects.list.items = arena_copy(a, request->from->objects.list.items,
                                       request->from->objects.list.count * sizeof(*request->from->objects.list.items));
    s->objects.list.cap = s->objects.list.count;
    for (size_t i = 0; i < steps.list.count; i++) {
        write_step(a, s, &steps.list.items[i], list);
        apply(a, s, &steps.list.items[i]);
    }
    index_names(a, s);
    return s;
}

/* ---- what may be a rename ---- */

/* The columns of every table as one text each: table's number -> "name type, ...". */
static struct str *shapes(struct arena *a, const struct schema *s)
{
    struct str *texts = arena_new_array(a, s->objects.list.count, struct str);
    for (size_t i = 0; i < s->objects.list.count; i++) {
        const struct object *o = &s->objects.list.items[i];
        size_t table = o->kind == OBJECT_COLUMN ? schema_find(s, OBJECT_TABLE, o->schema, STR(""), o->table) : SIZE_MAX;
        if (table != SIZE_MAX)
            texts[table] = str_printf(a, "%.*s%.*s %.*s, ", STR_ARG(texts[table]), STR_ARG(o->name),
                                      STR_ARG(object_get(o, "type")));
    }
    return texts;
}

static void table_candidates(struct arena *a, const struct diff_request *request, struct renames *list)
{
    struct str *before = shapes(a, request->from), *after = shapes(a, request->to);
    struct index gone = {0};
    for (size_t i = 0; i < request->from->objects.list.count; i++) {
        const struct object *o = &request->from->objects.list.items[i];
        if (o->kind == OBJECT_TABLE && is_ours(request, o) && !has_table(request->to, o->schema, o->name))
            index_put(a, &gone, str_printf(a, "%.*s.%.*s", STR_ARG(o->schema), STR_ARG(before[i])), (uint32_t)i);
    }
    for (size_t i = 0; i < request->to->objects.list.count; i++) {
        const struct object *o = &request->to->objects.list.items[i];
        if (o->kind != OBJECT_TABLE || !is_ours(request, o) || has_table(request->from, o->schema, o->name))
            continue;
        uint32_t found = index_find(&gone, str_printf(a, "%.*s.%.*s", STR_ARG(o->schema), STR_ARG(after[i])));
        if (found == INDEX_NONE || after[i].len == 0)
            continue;
        struct rename r = {.kind = OBJECT_TABLE,
                           .schema = o->schema,
                           .from = request->from->objects.list.items[found].name,
                           .to = o->name};
        vec_push(a, &list->list, r);
    }
}

static bool is_candidate(const struct diff_request *request, const struct object *o, const struct schema *other)
{
    return o->kind == OBJECT_COLUMN && is_ours(request, o) && has_table(other, o->schema, o->table) &&
           schema_find(other, OBJECT_COLUMN, o->schema, o->table, o->name) == SIZE_MAX;
}

static void column_candidates(struct arena *a, const struct diff_request *request, struct renames *list)
{
    struct index gone = {0};
    for (size_t i = request->from->objects.list.count; i > 0; i--) {
        const struct object *o = &request->from->objects.list.items[i - 1];
        if (is_candidate(request, o, request->to))
            index_put(a, &gone, object_key(a, o->kind, o->schema, o->table, object_get(o, "type")), (uint32_t)(i - 1));
    }
    bool *taken = arena_new_array(a, request->from->objects.list.count, bool);
    for (size_t i = 0; i < request->to->objects.list.count; i++) {
        const struct object *o = &request->to->objects.list.items[i];
        if (!is_candidate(request, o, request->from))
            continue;
        uint32_t found = index_find(&gone, object_key(a, o->kind, o->schema, o->table, object_get(o, "type")));
        if (found == INDEX_NONE || taken[found])
            continue;
        taken[found] = true;
        struct rename r = {.kind = OBJECT_COLUMN,
                           .schema = o->schema,
                           .table = o->table,
                           .from = request->from->objects.list.items[found].name,
                           .to = o->name};
        vec_push(a, &list->list, r);
    }
}

void pg_rename_candidates(struct arena *a, const struct diff_request *request, struct renames *ret_list)
{
    struct renames list = {0};
    table_candidates(a, request, &list);
    column_candidates(a, request, &list);
    *ret_list = list;
}
