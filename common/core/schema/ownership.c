#include "skein/schema/ownership.h"

#include <string.h>

#include "skein/sql/token.h"

enum { POSTGRESQL_NAME_MAX = 63 };

/* --- names ----------------------------------------------------------------------------------------------------- */

/* Kinds whose names may not meet; relations and types share theirs (a table has a row type). '\0': no owner by name. */
static char class_of(enum engine engine, enum object_kind kind)
{
    static const char classes[OBJECT_KIND_COUNT] = {
        [OBJECT_TABLE] = 'r',     [OBJECT_VIEW] = 'r',       [OBJECT_MATVIEW] = 'r',   [OBJECT_SEQUENCE] = 'r',
        [OBJECT_INDEX] = 'r',     [OBJECT_ENUM] = 'r',       [OBJECT_DOMAIN] = 'r',    [OBJECT_COMPOSITE] = 'r',
        [OBJECT_RANGE] = 'r',     [OBJECT_SCHEMA] = 's',     [OBJECT_EXTENSION] = 'e', [OBJECT_FUNCTION] = 'f',
        [OBJECT_COLLATION] = 'c', [OBJECT_STATISTICS] = 'x', [OBJECT_TRIGGER] = 't'};
    bool per_table = kind == OBJECT_TRIGGER && engine == ENGINE_POSTGRESQL;
    return per_table ? '\0' : classes[kind];
}

/* SQLite's names are the same in any case of ASCII. */
static struct str folded(struct arena *a, enum engine engine, struct str name)
{
    if (engine != ENGINE_SQLITE)
        return name;
    char *lower = arena_copy(a, name.len > 0 ? name.p : "", name.len + (name.len == 0));
    for (size_t i = 0; i < name.len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] - 'A' + 'a');
    return (struct str){lower, name.len};
}

static struct str key_of(struct arena *a, enum engine engine, enum object_kind kind, struct str schema, struct str name)
{
    if (kind == OBJECT_FUNCTION)
        name = str_head(name, str_find(name, '('));
    bool own_space = kind == OBJECT_SCHEMA || kind == OBJECT_EXTENSION;
    return str_printf(a, "%c%zu.%.*s.%.*s", class_of(engine, kind), own_space ? 0 : schema.len,
                      STR_ARG(own_space ? STR("") : schema), STR_ARG(folded(a, engine, name)));
}

void owners_put(struct arena *a, struct owners *o, enum object_kind kind, struct str schema, struct str name,
                struct owner owner)
{
    vec_push(a, &o->list, owner);
    index_put(a, &o->index, key_of(a, o->engine, kind, schema, name), (uint32_t)(o->list.count - 1));
}

const struct owner *owners_find(const struct owners *o, enum object_kind kind, struct str schema, struct str name)
{
    struct arena scratch = {0};
    uint32_t number = index_find(&o->index, key_of(&scratch, o->engine, kind, schema, name));
    arena_release(&scratch);
    return number != INDEX_NONE ? &o->list.items[number] : NULL;
}

/* --- models ---------------------------------------------------------------------------------------------------- */

struct ownership {
    struct arena *arena;
    enum engine engine;
    struct model_statements *statements;
    struct owners owners;
    struct index creators; /* key -> number of the statement */
    struct diag *diag;
};

static struct diag_at place(const struct model_statement *s)
{
    return (struct diag_at){s->path, s->line, s->column};
}

static bool is_core(struct str module)
{
    return str_is(module, "core");
}

/* Schemas and extensions of the server belong to all who say that they need them; the first one makes it. */
static bool may_refer(const struct model_statement *s)
{
    bool shared = s->head.kind == OBJECT_SCHEMA || s->head.kind == OBJECT_EXTENSION;
    return s->head.if_not_exists && (shared || !is_core(s->module));
}

static void own(struct ownership *w, size_t number, struct str key)
{
    struct model_statement *s = &w->statements->list.items[number];
    struct str file = str_printf(w->arena, "%.*s:%u", STR_ARG(s->path), s->line);
    owners_put(w->arena, &w->owners, s->head.kind, s->head.schema, s->head.name, (struct owner){s->module, file});
    index_put(w->arena, &w->creators, key, (uint32_t)number);
}

static void report_two(struct ownership *w, const struct model_statement *first, const struct model_statement *second)
{
    struct str name = second->head.name;
    bool same = str_eq(first->module, second->module);
    diag_add(
        w->diag, DIAG_ERROR, "two_owners", place(second),
        same ? "leave one of them out"
             : "give one of them another name; an extension that only refers to the other's table says CREATE TABLE "
               "IF NOT EXISTS",
        "%s %.*s is created by %.*s here and by %.*s in %.*s:%u", object_kind_name(second->head.kind), STR_ARG(name),
        STR_ARG(second->module), STR_ARG(first->module), STR_ARG(first->path), first->line);
}

/* Two functions of one name and module differ in their arguments, or the engine says so. */
static bool may_share(const struct model_statement *a, const struct model_statement *b)
{
    return a->head.kind == OBJECT_FUNCTION && b->head.kind == OBJECT_FUNCTION && str_eq(a->module, b->module);
}

/* The second creator of a name. A statement that may refer gives way, whichever was read first. */
static void meet(struct ownership *w, size_t number, size_t other, struct str key)
{
    struct model_statement *s = &w->statements->list.items[number], *first = &w->statements->list.items[other];
    bool shared = s->head.kind == OBJECT_SCHEMA || s->head.kind == OBJECT_EXTENSION;
    if (may_share(first, s))
        return;
    if (may_refer(s) && (shared || !may_refer(first))) {
        s->refers = true;
    } else if (may_refer(first) && !may_refer(s) && !str_eq(first->module, s->module)) {
        first->refers = true;
        own(w, number, key);
    } else {
        report_two(w, first, s);
    }
}

static void take_creator(struct ownership *w, size_t number)
{
    const struct model_statement *s = &w->statements->list.items[number];
    if (s->head.verb != MODEL_CREATE || s->head.name.len == 0 || class_of(w->engine, s->head.kind) == '\0')
        return;
    struct str key = key_of(w->arena, w->engine, s->head.kind, s->head.schema, s->head.name);
    uint32_t other = index_find(&w->creators, key);
    if (other == INDEX_NONE)
        own(w, number, key);
    else
        meet(w, number, other, key);
}

/* What a statement changes without creating it: the table of an index, the object of ALTER and COMMENT. */
static const struct owner *changed(const struct ownership *w, const struct model_head *h)
{
    if (h->on_table.len > 0)
        return owners_find(&w->owners, OBJECT_TABLE, h->on_schema, h->on_table);
    return h->verb != MODEL_CREATE ? owners_find(&w->owners, h->kind, h->schema, h->name) : NULL;
}

static void check_change(struct ownership *w, const struct model_statement *s)
{
    const struct owner *owner = changed(w, &s->head);
    if (owner == NULL || str_eq(owner->module, s->module))
        return;
    bool on = s->head.on_table.len > 0;
    struct str name = on ? s->head.on_table : s->head.name;
    diag_add(w->diag, DIAG_ERROR, "foreign_object", place(s),
             "a module changes only what its own model files create: move the statement there",
             "this model of %.*s changes %.*s, which belongs to %.*s (%.*s)", STR_ARG(s->module), STR_ARG(name),
             STR_ARG(owner->module), STR_ARG(owner->file));
}

static void place_of(const struct model_statement *s, size_t offset, struct diag_at *ret_at)
{
    *ret_at = place(s);
    for (size_t i = 0; i < offset; i++) {
        ret_at->column = s->sql.p[i] == '\n' ? 1 : ret_at->column + 1;
        ret_at->line += s->sql.p[i] == '\n';
    }
}

static void check_names(struct ownership *w, const struct model_statement *s)
{
    size_t at = 0;
    struct token t;
    while ((t = token_next(w->engine, s->sql, &at)).kind != TOKEN_END) {
        if ((t.kind != TOKEN_WORD && t.kind != TOKEN_NAME) || t.text.len <= POSTGRESQL_NAME_MAX)
            continue;
        struct diag_at where;
        struct str name = token_name(w->arena, w->engine, &t);
        place_of(s, (size_t)(t.text.p - s->sql.p), &where);
        if (name.len > POSTGRESQL_NAME_MAX)
            diag_add(w->diag, DIAG_ERROR, "name_too_long", where, "choose a shorter name: PostgreSQL would cut it off",
                     "the name '%.*s' has %zu bytes, and PostgreSQL takes %d", STR_ARG(str_head(name, 80)), name.len,
                     POSTGRESQL_NAME_MAX);
    }
}

bool ownership_of_models(struct arena *a, enum engine engine, struct model_statements *statements,
                         struct owners *ret_owners, struct diag *diag)
{
    struct ownership w = {
        .arena = a, .engine = engine, .statements = statements, .owners = {.engine = engine}, .diag = diag};
    size_t errors = diag->errors;
    for (size_t i = 0; i < statements->list.count; i++)
        take_creator(&w, i);
    for (size_t i = 0; i < statements->list.count; i++) {
        if (!statements->list.items[i].refers)
            check_change(&w, &statements->list.items[i]);
        if (engine == ENGINE_POSTGRESQL)
            check_names(&w, &statements->list.items[i]);
    }
    *ret_owners = w.owners;
    return diag->errors == errors;
}

/* --- a schema that was read ------------------------------------------------------------------------------------ */

static const struct owner *owner_of(const struct owners *owners, const struct object *o)
{
    if (o->table.len > 0)
        return owners_find(owners, OBJECT_TABLE, o->schema, o->table);
    const struct owner *owner = owners_find(owners, o->kind, o->schema, o->name);
    struct str table = object_get(o, "owner_table"); /* of a sequence that the server made for a column */
    if (owner == NULL && table.len > 0)
        owner = owners_find(owners, OBJECT_TABLE, object_get(o, "owner_schema"), table);
    return owner;
}

void ownership_override(const struct owners *owners, struct schema *schema)
{
    for (size_t i = 0; i < schema->objects.list.count; i++) {
        struct object *o = &schema->objects.list.items[i];
        const struct owner *owner = owner_of(owners, o);
        if (owner == NULL)
            continue;
        o->module = owner->module;
        o->file = owner->file;
    }
}

void ownership_apply(const struct owners *owners, struct schema *schema)
{
    for (size_t i = 0; i < schema->objects.list.count; i++) {
        struct object *o = &schema->objects.list.items[i];
        o->module = STR("");
        o->file = STR("");
    }
    ownership_override(owners, schema);
}
