/* PostgreSQL: CREATE TABLE and ALTER TABLE as acts. */
#include <string.h>

#include "common/core/lint/tree.h"

/* The table that acts are about, and the flags that they share. */
struct about {
    struct str schema, table;
    unsigned flags;
};

static struct act *add_about(struct reader *r, enum act_kind kind, const struct about *t)
{
    struct act *act = add_act(r, kind, THING_TABLE);
    act->schema = t->schema;
    act->table = t->table;
    act->flags = t->flags;
    return act;
}

/* ---- constraints ---- */

static enum constraint_kind constraint_of(const json_t *c)
{
    static const struct {
        const char *word;
        enum constraint_kind kind;
    } kinds[] = {{"CONSTR_PRIMARY", CONSTRAINT_PRIMARY},
                 {"CONSTR_UNIQUE", CONSTRAINT_UNIQUE},
                 {"CONSTR_EXCLUSION", CONSTRAINT_EXCLUSION},
                 {"CONSTR_CHECK", CONSTRAINT_CHECK},
                 {"CONSTR_FOREIGN", CONSTRAINT_FOREIGN}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (tree_is(c, "contype", kinds[i].word))
            return kinds[i].kind;
    return CONSTRAINT_UNSET;
}

/* CHECK (a IS NOT NULL) */
static void see_not_null_check(struct reader *r, const json_t *c, struct act *act)
{
    const json_t *test = json_object_get(json_object_get(c, "raw_expr"), "NullTest");
    const json_t *fields = json_object_get(json_object_get(json_object_get(test, "arg"), "ColumnRef"), "fields");
    if (!tree_is(test, "nulltesttype", "IS_NOT_NULL") || json_array_size(fields) != 1)
        return;
    act->constraint = CONSTRAINT_NOT_NULL_CHECK;
    tree_names(r->arena, fields, &act->columns);
}

static void read_constraint(struct reader *r, const struct about *t, const json_t *c, struct str column)
{
    enum constraint_kind kind = constraint_of(c);
    if (kind == CONSTRAINT_UNSET)
        return;
    struct act *act = add_about(r, ACT_CONSTRAINT, t);
    act->constraint = kind;
    act->name = tree_text(r->arena, c, "conname");
    act->flags |= tree_true(c, "skip_validation") ? ACT_NOT_VALID : 0;
    act->flags |= json_object_get(c, "indexname") != NULL ? ACT_USING : 0;
    act->other = tree_text(r->arena, kind == CONSTRAINT_FOREIGN ? json_object_get(c, "pktable") : c,
                           kind == CONSTRAINT_FOREIGN ? "relname" : "indexname");
    tree_names(r->arena, json_object_get(c, kind == CONSTRAINT_FOREIGN ? "fk_attrs" : "keys"), &act->columns);
    if (column.len > 0) {
        act->flags |= ACT_INLINE;
        vec_push(r->arena, &act->columns.list, column);
    }
    if (kind == CONSTRAINT_CHECK && column.len == 0)
        see_not_null_check(r, c, act);
}

/* ---- columns ---- */

static const struct {
    const char *name, *base;
} serials[] = {{"serial", "int4"},  {"serial4", "int4"},     {"bigserial", "int8"},
               {"serial8", "int8"}, {"smallserial", "int2"}, {"serial2", "int2"}};

/* The type that a column has which was declared as serial; other types as they are. */
static struct str serial_base(struct str type)
{
    for (size_t i = 0; i < sizeof(serials) / sizeof(*serials); i++)
        if (str_is(type, serials[i].name))
            return str_of(serials[i].base);
    return type;
}

static bool is_serial(struct str type)
{
    return !str_eq(serial_base(type), type);
}

static bool is_null_constant(const json_t *expression)
{
    return tree_true(json_object_get(expression, "A_Const"), "isnull");
}

static unsigned flags_of(const json_t *constraint)
{
    const json_t *expression = json_object_get(constraint, "raw_expr");
    if (tree_is(constraint, "contype", "CONSTR_NOTNULL"))
        return ACT_NOT_NULL;
    if (tree_is(constraint, "contype", "CONSTR_PRIMARY"))
        return ACT_NOT_NULL;
    if (tree_is(constraint, "contype", "CONSTR_IDENTITY"))
        return ACT_SERIAL;
    if (tree_is(constraint, "contype", "CONSTR_GENERATED"))
        return ACT_STORED | ACT_GENERATED;
    if (tree_is(constraint, "contype", "CONSTR_DEFAULT") && !is_null_constant(expression))
        return ACT_DEFAULT | (tree_is_volatile(expression) ? ACT_DEFAULT_VOLATILE : 0);
    return 0;
}

static void read_column(struct reader *r, const struct about *t, const json_t *definition, unsigned more)
{
    const json_t *constraints = json_object_get(definition, "constraints");
    struct str name = tree_text(r->arena, definition, "colname");
    struct str type = tree_type(r->arena, json_object_get(definition, "typeName"));
    struct act *act = add_about(r, ACT_ADD_COLUMN, t);
    act->name = name;
    act->type = serial_base(type);
    act->flags |= more | (is_serial(type) ? ACT_SERIAL : 0);
    for (size_t i = 0; i < json_array_size(constraints); i++)
        act->flags |= flags_of(json_object_get(json_array_get(constraints, i), "Constraint"));
    for (size_t i = 0; i < json_array_size(constraints); i++)
        read_constraint(r, t, json_object_get(json_array_get(constraints, i), "Constraint"), name);
}

/* ---- CREATE TABLE ---- */

static void read_element(struct reader *r, const struct about *t, const json_t *element)
{
    const json_t *column = json_object_get(element, "ColumnDef"), *constraint = json_object_get(element, "Constraint");
    if (column != NULL)
        read_column(r, t, column, 0);
    if (constraint != NULL)
        read_constraint(r, t, constraint, STR(""));
}

void read_create_table(struct reader *r, const json_t *s)
{
    const json_t *elements = json_object_get(s, "tableElts"), *parents = json_object_get(s, "inhRelations");
    struct act *act = add_act(r, ACT_CREATE, THING_TABLE);
    tree_relation(r->arena, json_object_get(s, "relation"), act);
    act->flags |= tree_true(s, "if_not_exists") ? ACT_EXISTS : 0;
    act->flags |= json_object_get(s, "partspec") != NULL ? ACT_PARTITIONED : 0;
    act->flags |= json_object_get(s, "partbound") != NULL ? ACT_PARTITION_OF : 0;
    act->other = tree_text(r->arena, json_object_get(json_array_get(parents, 0), "RangeVar"), "relname");
    struct about t = {act->schema, act->table, ACT_IN_CREATE};
    for (size_t i = 0; i < json_array_size(elements); i++)
        read_element(r, &t, json_array_get(elements, i));
}

/* ---- ALTER TABLE ---- */

/* USING c, USING c::t: as without it. */
static bool is_plain_using(struct reader *r, const json_t *expression, struct str column)
{
    const json_t *cast = json_object_get(expression, "TypeCast");
    const json_t *inner = cast != NULL ? json_object_get(cast, "arg") : expression;
    const json_t *fields = json_object_get(json_object_get(inner, "ColumnRef"), "fields");
    struct names names = {0};
    tree_names(r->arena, fields, &names);
    return names.list.count == 1 && str_eq(names.list.items[0], column);
}

static void read_type(struct reader *r, const struct about *t, const json_t *command)
{
    const json_t *definition = json_object_get(json_object_get(command, "def"), "ColumnDef");
    const json_t *expression = json_object_get(definition, "raw_default");
    struct act *act = add_about(r, ACT_COLUMN_TYPE, t);
    act->name = tree_text(r->arena, command, "name");
    act->type = tree_type(r->arena, json_object_get(definition, "typeName"));
    if (expression != NULL && !is_plain_using(r, expression, act->name))
        act->flags |= ACT_USING;
}

static void read_partition(struct reader *r, const struct about *t, const json_t *command, enum act_kind kind)
{
    const json_t *partition = json_object_get(json_object_get(command, "def"), "PartitionCmd");
    struct act *act = add_about(r, kind, t);
    act->other = tree_text(r->arena, json_object_get(partition, "name"), "relname");
    act->flags |= tree_true(partition, "concurrent") ? ACT_CONCURRENTLY : 0;
}

static const struct {
    const char *subtype;
    enum act_kind kind;
    const char *words; /* for ACT_REWRITE */
} commands[] = {
    {"AT_DropColumn", ACT_DROP_COLUMN, NULL},
    {"AT_SetNotNull", ACT_SET_NOT_NULL, NULL},
    {"AT_AddIdentity", ACT_ADD_IDENTITY, NULL},
    {"AT_ValidateConstraint", ACT_VALIDATE, NULL},
    {"AT_DropConstraint", ACT_DROP_CONSTRAINT, NULL},
    {"AT_SetLogged", ACT_REWRITE, "SET LOGGED"},
    {"AT_SetUnLogged", ACT_REWRITE, "SET UNLOGGED"},
    {"AT_SetTableSpace", ACT_REWRITE, "SET TABLESPACE"},
    {"AT_SetAccessMethod", ACT_REWRITE, "SET ACCESS METHOD"},
    {"AT_ChangeOwner", ACT_ROLE, NULL},
};

static void read_command(struct reader *r, const struct about *t, const json_t *command)
{
    const json_t *definition = json_object_get(command, "def");
    if (tree_is(command, "subtype", "AT_AddColumn")) {
        read_column(r, t, json_object_get(definition, "ColumnDef"), tree_true(command, "missing_ok") ? ACT_EXISTS : 0);
        return;
    }
    if (tree_is(command, "subtype", "AT_AddConstraint")) {
        read_constraint(r, t, json_object_get(definition, "Constraint"), STR(""));
        return;
    }
    if (tree_is(command, "subtype", "AT_AlterColumnType")) {
        read_type(r, t, command);
        return;
    }
    if (tree_is(command, "subtype", "AT_AttachPartition") || tree_is(command, "subtype", "AT_DetachPartition")) {
        read_partition(r, t, command, tree_is(command, "subtype", "AT_AttachPartition") ? ACT_ATTACH : ACT_DETACH);
        return;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
        if (tree_is(command, "subtype", commands[i].subtype)) {
            struct act *act = add_about(r, commands[i].kind, t);
            act->name = commands[i].words != NULL ? str_of(commands[i].words) : tree_text(r->arena, command, "name");
            if (commands[i].kind == ACT_ROLE)
                act->name = tree_text(r->arena, json_object_get(command, "newowner"), "rolename");
            act->flags |= tree_is(command, "behavior", "DROP_CASCADE") ? ACT_CASCADE : 0;
        }
}

void read_alter_table(struct reader *r, const json_t *s)
{
    const json_t *list = json_object_get(s, "cmds");
    struct act *act = add_act(r, ACT_ALTER, tree_is(s, "objtype", "OBJECT_TABLE") ? THING_TABLE : THING_OTHER);
    tree_relation(r->arena, json_object_get(s, "relation"), act);
    struct about t = {act->schema, act->table, 0};
    for (size_t i = 0; i < json_array_size(list) && act->thing == THING_TABLE; i++) {
        read_command(r, &t, json_object_get(json_array_get(list, i), "AlterTableCmd"));
        act = &r->acts.list.items[0]; /* the list may have moved */
    }
}
