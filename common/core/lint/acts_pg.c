/* PostgreSQL: a statement's tree as acts. One row a kind of statement. */
#include <stdlib.h>
#include <string.h>

#include "common/core/lint/tree.h"
#include "common/core/lint/world.h"
#include "skein/sql/grammar.h"

static const struct {
    const char *word;
    enum thing thing;
} things[] = {
    {"OBJECT_TABLE", THING_TABLE},        {"OBJECT_FOREIGN_TABLE", THING_TABLE}, {"OBJECT_INDEX", THING_INDEX},
    {"OBJECT_VIEW", THING_VIEW},          {"OBJECT_MATVIEW", THING_MATVIEW},     {"OBJECT_TYPE", THING_TYPE},
    {"OBJECT_DOMAIN", THING_TYPE},        {"OBJECT_SEQUENCE", THING_SEQUENCE},   {"OBJECT_FUNCTION", THING_FUNCTION},
    {"OBJECT_PROCEDURE", THING_FUNCTION}, {"OBJECT_TRIGGER", THING_TRIGGER},     {"OBJECT_POLICY", THING_TRIGGER},
    {"OBJECT_RULE", THING_TRIGGER},       {"OBJECT_SCHEMA", THING_SCHEMA}};

static enum thing thing_of(const json_t *object, const char *key)
{
    for (size_t i = 0; i < sizeof(things) / sizeof(*things); i++)
        if (tree_is(object, key, things[i].word))
            return things[i].thing;
    return THING_OTHER;
}

static struct act *add_on(struct reader *r, enum act_kind kind, enum thing thing, const json_t *relation)
{
    struct act *act = add_act(r, kind, thing);
    tree_relation(r->arena, relation, act);
    return act;
}

/* ---- making ---- */

static void read_create_as(struct reader *r, const json_t *s)
{
    enum thing thing = tree_is(s, "objtype", "OBJECT_MATVIEW") ? THING_MATVIEW : THING_TABLE;
    add_on(r, ACT_CREATE, thing, json_object_get(json_object_get(s, "into"), "rel"));
}

static void read_view(struct reader *r, const json_t *s)
{
    struct act *act = add_on(r, ACT_CREATE, THING_VIEW, json_object_get(s, "view"));
    act->flags |= tree_true(s, "replace") ? ACT_EXISTS : 0;
}

static void read_sequence(struct reader *r, const json_t *s)
{
    struct act *act = add_act(r, ACT_CREATE, THING_SEQUENCE);
    act->name = tree_text(r->arena, json_object_get(s, "sequence"), "relname");
}

static void read_index(struct reader *r, const json_t *s)
{
    const json_t *elements = json_object_get(s, "indexParams");
    struct act *act = add_on(r, ACT_CREATE, THING_INDEX, json_object_get(s, "relation"));
    act->name = tree_text(r->arena, s, "idxname");
    act->flags |= tree_true(s, "concurrent") ? ACT_CONCURRENTLY : 0;
    act->flags |= tree_true(s, "if_not_exists") ? ACT_EXISTS : 0;
    for (size_t i = 0; i < json_array_size(elements); i++) {
        struct str name = tree_text(r->arena, json_object_get(json_array_get(elements, i), "IndexElem"), "name");
        if (name.len > 0)
            vec_push(r->arena, &act->columns.list, name);
    }
}

static void read_on_relation(struct reader *r, const json_t *s)
{
    add_on(r, ACT_CREATE, THING_TRIGGER, json_object_get(s, "relation"));
}

static void read_on_table(struct reader *r, const json_t *s)
{
    add_on(r, ACT_CREATE, THING_TRIGGER, json_object_get(s, "table"));
}

static void read_schema(struct reader *r, const json_t *s)
{
    add_act(r, ACT_CREATE, THING_SCHEMA)->name = tree_text(r->arena, s, "schemaname");
}

static struct str last_name(struct reader *r, const json_t *s, const char *key)
{
    struct names parts = {0};
    tree_names(r->arena, json_object_get(s, key), &parts);
    return parts.list.count > 0 ? parts.list.items[parts.list.count - 1] : STR("");
}

static void read_type(struct reader *r, const json_t *s)
{
    struct str name = last_name(r, s, "typeName");
    add_act(r, ACT_CREATE, THING_TYPE)->name = name;
}

static void read_domain(struct reader *r, const json_t *s)
{
    struct str name = last_name(r, s, "domainname");
    add_act(r, ACT_CREATE, THING_TYPE)->name = name;
}

static void read_function(struct reader *r, const json_t *s)
{
    struct str name = last_name(r, s, "funcname");
    struct act *act = add_act(r, ACT_CREATE, THING_FUNCTION);
    act->name = name;
    act->flags |= tree_true(s, "replace") ? ACT_EXISTS : 0;
}

static void read_add_value(struct reader *r, const json_t *s)
{
    if (json_object_get(s, "oldVal") != NULL)
        return;
    struct str type = last_name(r, s, "typeName");
    struct act *act = add_act(r, ACT_ADD_ENUM_VALUE, THING_TYPE);
    act->name = type;
    act->other = tree_text(r->arena, s, "newVal");
}

/* ---- dropping, renaming ---- */

/* A list of name parts, whatever node holds it; a trigger's own name is its last part. */
static void read_dropped(struct reader *r, const json_t *node, enum thing thing, unsigned flags)
{
    const char *kind;
    const json_t *inner = tree_inner(node, &kind), *names = json_object_get(inner, "items");
    struct act *act = add_act(r, ACT_DROP, thing);
    act->flags = flags;
    if (strcmp(kind, "String") == 0)
        act->name = tree_text(r->arena, inner, "sval");
    names = names != NULL ? names : json_object_get(inner, "names");
    names = names != NULL ? names : json_object_get(inner, "objname");
    tree_relation_of(r->arena, names, act);
    if (thing == THING_TRIGGER) {
        act->name = act->table;
        act->table = act->schema;
        act->schema = STR("");
    } else if (thing != THING_TABLE && thing != THING_VIEW && thing != THING_MATVIEW && thing != THING_SCHEMA) {
        act->name = act->table;
        act->table = STR("");
    }
}

static void read_drop(struct reader *r, const json_t *s)
{
    const json_t *objects = json_object_get(s, "objects");
    unsigned flags = (tree_true(s, "missing_ok") ? ACT_EXISTS : 0) |
                     (tree_true(s, "concurrent") ? ACT_CONCURRENTLY : 0) |
                     (tree_is(s, "behavior", "DROP_CASCADE") ? ACT_CASCADE : 0);
    for (size_t i = 0; i < json_array_size(objects); i++)
        read_dropped(r, json_array_get(objects, i), thing_of(s, "removeType"), flags);
}

static void read_rename(struct reader *r, const json_t *s)
{
    bool column = tree_is(s, "renameType", "OBJECT_COLUMN") && tree_is(s, "relationType", "OBJECT_TABLE");
    struct act *act =
        add_on(r, column ? ACT_RENAME_COLUMN : ACT_RENAME, thing_of(s, "renameType"), json_object_get(s, "relation"));
    act->name = tree_text(r->arena, s, "subname");
    act->other = tree_text(r->arena, s, "newname");
    if (act->thing == THING_INDEX) {
        act->name = act->table;
        act->table = STR("");
    }
}

static void read_set_schema(struct reader *r, const json_t *s)
{
    if (!tree_is(s, "objectType", "OBJECT_TABLE"))
        return;
    struct act *act = add_on(r, ACT_RENAME, THING_TABLE, json_object_get(s, "relation"));
    act->other = str_printf(r->arena, "%.*s.%.*s", STR_ARG(tree_text(r->arena, s, "newschema")), STR_ARG(act->table));
}

/* ---- rows ---- */

static void read_relations(struct reader *r, const json_t *s, enum act_kind kind)
{
    const json_t *list = json_object_get(s, "relations");
    for (size_t i = 0; i < json_array_size(list); i++)
        add_on(r, kind, THING_TABLE, json_object_get(json_array_get(list, i), "RangeVar"));
}

static void read_truncate(struct reader *r, const json_t *s)
{
    read_relations(r, s, ACT_TRUNCATE);
}

static void read_lock(struct reader *r, const json_t *s)
{
    read_relations(r, s, ACT_LOCK);
}

static void read_insert(struct reader *r, const json_t *s)
{
    const json_t *select = json_object_get(json_object_get(s, "selectStmt"), "SelectStmt");
    struct act *act = add_on(r, ACT_INSERT, THING_TABLE, json_object_get(s, "relation"));
    act->flags |= json_object_get(select, "fromClause") != NULL ? ACT_SELECTS : 0;
}

static void read_filtered(struct reader *r, const json_t *s, enum act_kind kind)
{
    struct act *act = add_on(r, kind, THING_TABLE, json_object_get(s, "relation"));
    bool joined = json_object_get(s, "fromClause") != NULL || json_object_get(s, "usingClause") != NULL;
    act->flags |= json_object_get(s, "whereClause") != NULL || joined ? ACT_FILTERED : 0;
}

static void read_update(struct reader *r, const json_t *s)
{
    read_filtered(r, s, ACT_UPDATE);
}

static void read_delete(struct reader *r, const json_t *s)
{
    read_filtered(r, s, ACT_DELETE);
}

static void read_merge(struct reader *r, const json_t *s)
{
    add_on(r, ACT_UPDATE, THING_TABLE, json_object_get(s, "relation"))->flags |= ACT_FILTERED;
}

static void read_copy(struct reader *r, const json_t *s)
{
    if (tree_true(s, "is_from"))
        add_on(r, ACT_COPY_IN, THING_TABLE, json_object_get(s, "relation"));
}

/* ---- upkeep and settings ---- */

static void read_vacuum(struct reader *r, const json_t *s)
{
    const json_t *first = json_object_get(json_array_get(json_object_get(s, "rels"), 0), "VacuumRelation");
    if (!tree_true(s, "is_vacuumcmd"))
        return;
    struct act *act = add_on(r, ACT_VACUUM, THING_TABLE, json_object_get(first, "relation"));
    act->flags |= tree_option(json_object_get(s, "options"), "full") ? ACT_FULL : 0;
}

static void read_cluster(struct reader *r, const json_t *s)
{
    add_on(r, ACT_CLUSTER, THING_TABLE, json_object_get(s, "relation"));
}

static void read_reindex(struct reader *r, const json_t *s)
{
    enum thing thing = tree_is(s, "kind", "REINDEX_OBJECT_TABLE") ? THING_TABLE : THING_INDEX;
    struct act *act = add_on(r, ACT_REINDEX, thing, json_object_get(s, "relation"));
    act->name = act->table;
    act->flags |= tree_option(json_object_get(s, "params"), "concurrently") ? ACT_CONCURRENTLY : 0;
    if (thing == THING_INDEX)
        act->table = STR("");
}

static void read_refresh(struct reader *r, const json_t *s)
{
    struct act *act = add_on(r, ACT_REFRESH, THING_MATVIEW, json_object_get(s, "relation"));
    act->flags |= tree_true(s, "concurrent") ? ACT_CONCURRENTLY : 0;
}

/* The text of one constant: a word or a number. */
static struct str constant_text(struct arena *a, const json_t *constant)
{
    const json_t *text = json_object_get(json_object_get(constant, "sval"), "sval");
    const json_t *number = json_object_get(constant, "ival");
    if (text != NULL)
        return str_copy(a, str_of(json_string_value(text)));
    if (number == NULL)
        return STR("");
    return str_printf(a, "%lld", (long long)json_integer_value(json_object_get(number, "ival")));
}

static void read_set(struct reader *r, const json_t *s)
{
    const json_t *value = json_array_get(json_object_get(s, "args"), 0);
    struct act *act = add_act(r, ACT_SET, THING_OTHER);
    act->name = tree_text(r->arena, s, "name");
    act->other = constant_text(r->arena, json_object_get(value, "A_Const"));
    act->flags |= tree_true(s, "is_local") ? ACT_LOCAL : 0;
}

static void read_role_use(struct reader *r, const json_t *s)
{
    const json_t *list = json_object_get(s, "grantees");
    struct act *act = add_act(r, ACT_ROLE, THING_OTHER);
    act->name = tree_text(r->arena, json_object_get(json_array_get(list, 0), "RoleSpec"), "rolename");
}

static void read_owner(struct reader *r, const json_t *s)
{
    add_act(r, ACT_ROLE, THING_OTHER)->name = tree_text(r->arena, json_object_get(s, "newowner"), "rolename");
}

static void read_server(struct reader *r, const json_t *s)
{
    (void)s;
    add_act(r, ACT_SERVER, THING_OTHER);
}

/* ---- all statements ---- */

static const struct {
    const char *node;
    void (*read)(struct reader *r, const json_t *s);
} kinds[] = {
    {"CreateStmt", read_create_table},
    {"CreateTableAsStmt", read_create_as},
    {"ViewStmt", read_view},
    {"CreateSeqStmt", read_sequence},
    {"IndexStmt", read_index},
    {"CreateTrigStmt", read_on_relation},
    {"RuleStmt", read_on_relation},
    {"CreatePolicyStmt", read_on_table},
    {"AlterPolicyStmt", read_on_table},
    {"CreateSchemaStmt", read_schema},
    {"CreateEnumStmt", read_type},
    {"CreateRangeStmt", read_type},
    {"CreateDomainStmt", read_domain},
    {"CreateFunctionStmt", read_function},
    {"AlterEnumStmt", read_add_value},
    {"AlterTableStmt", read_alter_table},
    {"DropStmt", read_drop},
    {"RenameStmt", read_rename},
    {"AlterObjectSchemaStmt", read_set_schema},
    {"TruncateStmt", read_truncate},
    {"LockStmt", read_lock},
    {"InsertStmt", read_insert},
    {"UpdateStmt", read_update},
    {"DeleteStmt", read_delete},
    {"MergeStmt", read_merge},
    {"CopyStmt", read_copy},
    {"VacuumStmt", read_vacuum},
    {"ClusterStmt", read_cluster},
    {"ReindexStmt", read_reindex},
    {"RefreshMatViewStmt", read_refresh},
    {"VariableSetStmt", read_set},
    {"GrantStmt", read_role_use},
    {"AlterOwnerStmt", read_owner},
    {"CreateRoleStmt", read_server},
    {"AlterRoleStmt", read_server},
    {"DropRoleStmt", read_server},
    {"GrantRoleStmt", read_server},
    {"CreatedbStmt", read_server},
    {"DropdbStmt", read_server},
    {"AlterDatabaseStmt", read_server},
    {"AlterDatabaseSetStmt", read_server},
    {"AlterRoleSetStmt", read_server},
    {"AlterSystemStmt", read_server},
    {"CreateTableSpaceStmt", read_server},
    {"DropTableSpaceStmt", read_server},
};

/* The names that WITH gives to queries stand where tables do, and are none. */
static bool is_defined(const struct reader *r, const struct act *act)
{
    return act->schema.len == 0 && names_have(&r->defined, act->table);
}

/* Every table that is mentioned anywhere; libpg_query's trees are as deep as jansson's parser allows. */
static void read_mentions(struct reader *r, const json_t *node)
{
    if (json_is_array(node)) {
        for (size_t i = 0; i < json_array_size(node); i++)
            read_mentions(r, json_array_get(node, i));
        return;
    }
    if (!json_is_object(node))
        return;
    if (json_object_get(node, "relname") != NULL)
        add_on(r, ACT_REFER, THING_TABLE, node);
    if (json_object_get(node, "ctename") != NULL)
        vec_push(r->arena, &r->defined.list, tree_text(r->arena, node, "ctename"));
    union {
        const json_t *given;
        json_t *taken;
    } object = {node};
    for (void *at = json_object_iter(object.taken); at != NULL; at = json_object_iter_next(object.taken, at))
        read_mentions(r, json_object_iter_value(at));
}

static int by_mention(const void *x, const void *y)
{
    const struct act *a = x, *b = y;
    int order = str_cmp(a->table, b->table);
    return order != 0 ? order : str_cmp(a->schema, b->schema);
}

/* A query that mentions a table a thousand times mentions it. */
static void sort_mentions(struct reader *r, size_t first)
{
    struct act *items = r->acts.list.items;
    size_t kept = first;
    if (r->acts.list.count > first)
        qsort(items + first, r->acts.list.count - first, sizeof(*items), by_mention);
    for (size_t i = first; i < r->acts.list.count; i++)
        if (!is_defined(r, &items[i]) && (kept == first || by_mention(&items[kept - 1], &items[i]) != 0))
            items[kept++] = items[i];
    r->acts.list.count = kept;
}

void acts_read_postgresql(struct arena *a, struct str statement, struct acts *ret_acts)
{
    struct reader r = {.arena = a};
    json_t *tree = grammar_tree(a, statement);
    const char *kind;
    const json_t *inner = tree_inner(tree, &kind);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (strcmp(kinds[i].node, kind) == 0)
            kinds[i].read(&r, inner);
    size_t mentions = r.acts.list.count;
    read_mentions(&r, inner);
    sort_mentions(&r, mentions);
    json_decref(tree);
    *ret_acts = r.acts;
}
