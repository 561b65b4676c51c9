/* Who owns what: a table belongs to the module whose revisions create it. */
#include "common/core/lint/check.h"
#include "skein/graph/reach.h"
#include "skein/schema/ownership.h"

enum { CORE = 0 };

static struct str module_name(const struct check *c, size_t module)
{
    return c->project->modules.list.items[module].name;
}

static const struct table_maker *owner_of(const struct check *c, struct str key)
{
    uint32_t number = index_find(&c->owners->names, key);
    return number != INDEX_NONE ? &c->owners->list.items[number] : NULL;
}

static bool is_reserved(struct str key)
{
    return str_is(key, "alembic_version") || str_starts(key, STR("alembic_version_")) || str_is(key, "skein_ledger") ||
           str_is(key, "skein_state");
}

static bool writes_rows(enum act_kind kind)
{
    return kind == ACT_INSERT || kind == ACT_UPDATE || kind == ACT_DELETE || kind == ACT_COPY_IN ||
           kind == ACT_TRUNCATE;
}

static bool changes_table(const struct act *act)
{
    bool thing = act->thing == THING_TABLE || act->thing == THING_INDEX;
    bool renames = act->kind == ACT_RENAME || act->kind == ACT_RENAME_COLUMN;
    if (act->kind == ACT_ALTER || act->kind == ACT_DROP || renames)
        return thing;
    bool index = act->kind == ACT_CREATE && act->thing == THING_INDEX;
    return index || act->kind == ACT_CLUSTER || act->kind == ACT_REINDEX;
}

/* The table of DROP INDEX is known by the index. */
static struct str changed_key(const struct check *c, const struct act *act)
{
    if (act->thing != THING_INDEX || act->table.len > 0)
        return act_key(c, act);
    const struct world_table *t = world_find_index(c->before, act->name);
    return t != NULL ? t->key : STR("");
}

static void check_owner(struct check *c, const struct act *act)
{
    struct str key = changed_key(c, act);
    const struct table_maker *owner = owner_of(c, key);
    if (key.len == 0 || owner == NULL || owner->module == c->maker.module || is_new_here(c, act))
        return;
    struct str name = module_name(c, owner->module);
    if (writes_rows(act->kind))
        report_finding(c, RULE_OTHER_MODULES_ROWS, key, STR(""),
                       "%.*s belongs to %.*s, which does not know of these rows", STR_ARG(key), STR_ARG(name));
    else if (changes_table(act))
        report_finding(c, RULE_OTHER_MODULES_TABLE, key, STR(""), "%.*s belongs to %.*s", STR_ARG(key), STR_ARG(name));
}

static bool depends_on(struct check *c, size_t node)
{
    if (c->ancestors.size == 0) {
        c->ancestors = bitset_new(c->arena, c->project->node_count);
        bitset_add(&c->ancestors, c->maker.node);
        reach_down(c->arena, &c->project->dag, EDGES_ALL, &c->ancestors);
    }
    return bitset_has(&c->ancestors, node);
}

static void miss_dependency(struct check *c, struct str key, struct str module, struct str id)
{
    report_finding(c, RULE_DEPENDENCY_MISSING, STR(""),
                   str_printf(c->arena, "-- depends_on: %.*s:%.*s", STR_ARG(module), STR_ARG(id)),
                   "%.*s is made by %.*s:%.*s, which this revision does not depend on", STR_ARG(key), STR_ARG(module),
                   STR_ARG(id));
}

/* A table of another module is used: its revision has to come first. */
static void check_mention(struct check *c, const struct act *act)
{
    struct str key = act_key(c, act);
    const struct table_maker *owner = owner_of(c, key);
    if (act->kind != ACT_REFER || owner == NULL || owner->module == c->maker.module ||
        world_find(&c->here, key) != NULL)
        return;
    struct str name = module_name(c, owner->module);
    if (c->maker.module == CORE)
        report_finding(c, RULE_CORE_NEEDS_EXTENSION, STR(""), STR(""),
                       "%.*s belongs to the extension %.*s, on which core cannot depend", STR_ARG(key), STR_ARG(name));
    else if (c->maker.node != SIZE_MAX && !depends_on(c, owner->node))
        miss_dependency(c, key, name, c->project->nodes[owner->node]->id);
}

static void check_new_name(struct check *c, struct str schema, struct str table)
{
    struct str module = module_name(c, c->maker.module);
    if (!ownership_has_prefix(module, schema, table))
        report_finding(c, RULE_EXTENSION_PREFIX, STR(""), STR(""), "%.*s does not begin with %.*s_", STR_ARG(table),
                       STR_ARG(module));
}

static void check_created(struct check *c, const struct act *act)
{
    struct str key = act_key(c, act);
    const struct world_table *t = world_find(c->before, key);
    if ((act->flags & ACT_TEMPORARY) != 0)
        return;
    const struct table_maker *owner = c->maker.node == SIZE_MAX ? owner_of(c, key) : NULL;
    bool refers = owner != NULL && (act->flags & ACT_EXISTS) != 0; /* in a model file: to a table of another module */
    size_t module = owner != NULL ? owner->module : t != NULL ? t->module : c->maker.module;
    if (module != c->maker.module && !refers && !is_made_again(c, key))
        report_finding(c, RULE_TWO_OWNERS, key, STR(""), "%.*s is made by %.*s already", STR_ARG(key),
                       STR_ARG(module_name(c, module)));
    bool renamed = false; /* its last name is what counts */
    for (size_t i = 0; i < c->steps->list.count; i++)
        for (size_t k = 0; k < c->steps->list.items[i].acts.list.count; k++) {
            const struct act *other = &c->steps->list.items[i].acts.list.items[k];
            renamed = renamed || (other->kind == ACT_RENAME && str_eq(act_key(c, other), key));
        }
    if (!renamed && module == c->maker.module)
        check_new_name(c, act->schema, act->table);
}

void rules_modules(struct check *c, const struct act *act)
{
    struct str key = act->table.len > 0 ? act_key(c, act) : STR("");
    if (is_reserved(key) && act->kind != ACT_REFER && act->kind != ACT_ADD_COLUMN && act->kind != ACT_CONSTRAINT)
        report_finding(c, RULE_RESERVED_TABLE, key, STR(""), "%.*s is written by skein alone", STR_ARG(key));
    if (act->kind == ACT_CREATE && act->thing == THING_TABLE)
        check_created(c, act);
    else if (act->kind == ACT_RENAME && act->thing == THING_TABLE && !is_made_again(c, key) &&
             c->section->kind == SECTION_UP)
        check_new_name(c, act->schema, act->other);
    check_owner(c, act);
    check_mention(c, act);
}
