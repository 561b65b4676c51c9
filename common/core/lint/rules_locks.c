/* PostgreSQL: statements that keep others waiting while they read or write a whole table, and how to avoid it. */
#include "common/core/lint/suggest.h"

static void check_create_index(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    const struct world_table *t = table_of(c, act);
    bool concurrent = (act->flags & ACT_CONCURRENTLY) != 0, partitioned = t != NULL && t->partitioned;
    if (concurrent && partitioned)
        report_finding(c, RULE_CONCURRENT_ON_PARTITIONED, table, STR(""),
                       "%.*s is partitioned: its index cannot be built concurrently", STR_ARG(table));
    if (concurrent || is_new_here(c, act))
        return;
    report_finding(c, RULE_INDEX_NOT_CONCURRENT, table, partitioned ? STR("") : suggest_concurrently(c, "INDEX"),
                   "nobody can write to %.*s while %s%.*s is built", STR_ARG(table),
                   act->name.len > 0 ? "" : "the index", STR_ARG(act->name));
}

static void check_drop_index(struct check *c, const struct act *act)
{
    const struct world_table *t = world_find_index(c->before, act->name);
    bool here = world_find_index(&c->here, act->name) != NULL;
    if ((act->flags & ACT_CONCURRENTLY) != 0 || here || (t != NULL && t->partitioned))
        return;
    struct str table = t != NULL ? t->key : STR("");
    report_finding(c, RULE_DROP_INDEX_NOT_CONCURRENT, table, suggest_concurrently(c, "INDEX"),
                   "nobody can use %.*s from the drop of %.*s to the commit",
                   STR_ARG(table.len > 0 ? table : STR("its table")), STR_ARG(act->name));
}

/* ---- types ---- */

struct type {
    struct str name;
    bool limited;
    unsigned long long first, second;
};

/* "varchar(20)", "numeric(10,2)" */
static struct type parse_type(struct str text)
{
    struct type t = {.name = str_head(text, str_find(text, '('))};
    struct str rest = str_from(text, t.name.len + 1), part;
    t.limited = rest.len > 0;
    rest = str_head(rest, str_find(rest, ')'));
    if (str_next(&rest, ',', &part) && str_to_u64(part, UINT32_MAX, &t.first) && str_next(&rest, ',', &part))
        str_to_u64(part, UINT32_MAX, &t.second);
    return t;
}

static bool is_one_of(struct str name, const char *const *names)
{
    while (*names != NULL && !str_is(name, *names))
        names++;
    return *names != NULL;
}

/* Of one type: the limit of the new one holds what the old one's let in. */
static bool limit_widens(const struct type *old, const struct type *new)
{
    static const char *const lengths[] = {"varchar", "varbit", "timestamp", "timestamptz", "time", "timetz", NULL};
    bool no_less = !new->limited || (old->limited && new->first >= old->first);
    if (str_is(new->name, "numeric"))
        return no_less && (!new->limited || new->second == old->second);
    return no_less && is_one_of(new->name, lengths);
}

/* The same bytes serve the new type: ATColumnChangeRequiresRewrite() and the casts' support functions. */
static bool is_free(struct str from, struct str to)
{
    static const char *const texts[] = {"text", "varchar", NULL};
    struct type old = parse_type(from), new = parse_type(to);
    if (str_eq(from, to) || (str_is(old.name, "cidr") && str_is(new.name, "inet")))
        return true;
    if (is_one_of(old.name, texts) && is_one_of(new.name, texts) && !new.limited)
        return true;
    return str_eq(old.name, new.name) && limit_widens(&old, &new);
}

static void check_type(struct check *c, const struct act *act)
{
    const struct world_column *column = world_column(table_of(c, act), act->name);
    if (is_new_here(c, act) || (column != NULL && (act->flags & ACT_USING) == 0 && is_free(column->type, act->type)))
        return;
    struct str table = act_key(c, act);
    struct str safer = suggest(c, act, str_printf(c->arena, "%.*s_new", STR_ARG(act->name)),
                               "ALTER TABLE {table} ADD COLUMN {name} {type};\n"
                               "-- fill it in batches, let programs write both, then drop the old one");
    if (column != NULL)
        report_finding(c, RULE_TYPE_CHANGE, table, safer,
                       "%.*s.%.*s changes from %.*s to %.*s: the whole table is written again", STR_ARG(table),
                       STR_ARG(act->name), STR_ARG(column->type), STR_ARG(act->type));
    else
        report_finding(
            c, RULE_TYPE_CHANGE, table, safer,
            "%.*s.%.*s changes to %.*s: unless the old type is stored alike, the whole table is written again",
            STR_ARG(table), STR_ARG(act->name), STR_ARG(act->type));
}

/* ---- columns ---- */

static struct str fill_later(const struct check *c, const struct act *act)
{
    return suggest(c, act, STR(""),
                   "ALTER TABLE {table} ADD COLUMN {column} {type};\n"
                   "ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT ...;\n"
                   "-- and fill the rows that are there in batches");
}

static void check_add_column(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    if (is_new_here(c, act))
        return;
    if ((act->flags & ACT_STORED) != 0)
        report_finding(c, RULE_STORED_GENERATED, table, STR(""),
                       "%.*s.%.*s is computed for every row: the table is written again", STR_ARG(table),
                       STR_ARG(act->name));
    else if ((act->flags & ACT_SERIAL) != 0)
        report_finding(c, RULE_SERIAL_COLUMN, table, STR(""), "%.*s.%.*s numbers every row: the table is written again",
                       STR_ARG(table), STR_ARG(act->name));
    else if ((act->flags & ACT_DEFAULT_VOLATILE) != 0)
        report_finding(c, RULE_VOLATILE_DEFAULT, table, fill_later(c, act),
                       "the default of %.*s.%.*s differs from row to row: the table is written again", STR_ARG(table),
                       STR_ARG(act->name));
}

/* ---- the rest ---- */

static void check_rewrite(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    if (!is_new_here(c, act) && act->thing == THING_TABLE)
        report_finding(c, RULE_TABLE_REWRITE, table, STR(""), "%.*s writes %.*s again", STR_ARG(act->name),
                       STR_ARG(table));
}

static void check_vacuum(struct check *c, const struct act *act)
{
    struct str table = act->table.len > 0 ? act_key(c, act) : STR("every table");
    if (act->kind == ACT_CLUSTER || (act->flags & ACT_FULL) != 0)
        report_finding(c, RULE_TABLE_REWRITE, table, STR(""), "%s writes %.*s again",
                       act->kind == ACT_CLUSTER ? "CLUSTER" : "VACUUM FULL", STR_ARG(table));
}

static void check_reindex(struct check *c, const struct act *act)
{
    if ((act->flags & ACT_CONCURRENTLY) == 0)
        report_finding(c, RULE_REINDEX_NOT_CONCURRENT, act->table,
                       suggest_concurrently(c, act->thing == THING_TABLE ? "TABLE" : "INDEX"),
                       "nobody can write while the index of %.*s is built again", STR_ARG(act->name));
}

static void check_refresh(struct check *c, const struct act *act)
{
    if ((act->flags & ACT_CONCURRENTLY) == 0 && !is_new_here(c, act))
        report_finding(c, RULE_REFRESH_NOT_CONCURRENT, act_key(c, act), STR(""),
                       "nobody can read %.*s while its query runs", STR_ARG(act_key(c, act)));
}

static void check_attach(struct check *c, const struct act *act)
{
    struct act partition = {.table = act->other};
    if (!is_new_here(c, &partition))
        report_finding(c, RULE_ATTACH_SCANS, act->other, STR(""),
                       "all rows of %.*s are read while nobody can use it, unless a check covers the bounds",
                       STR_ARG(act->other));
}

static void check_detach(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    if ((act->flags & ACT_CONCURRENTLY) == 0 && !is_new_here(c, act))
        report_finding(c, RULE_DETACH_NOT_CONCURRENT, table, STR(""),
                       "nobody can use %.*s from the detaching of %.*s to the commit", STR_ARG(table),
                       STR_ARG(act->other));
}

static void check_lock(struct check *c, const struct act *act)
{
    report_finding(c, RULE_LOCK_TABLE, act_key(c, act), STR(""), "%.*s stays locked until the commit",
                   STR_ARG(act_key(c, act)));
}

/* VALIDATE CONSTRAINT lets readers and writers go on. */
static bool only_validates(const struct step *s)
{
    bool validates = false;
    for (size_t i = 0; i < s->acts.list.count; i++) {
        enum act_kind kind = s->acts.list.items[i].kind;
        if (kind != ACT_ALTER && kind != ACT_VALIDATE && kind != ACT_REFER)
            return false;
        validates = validates || kind == ACT_VALIDATE;
    }
    return validates;
}

/* Takes a lock that readers or writers wait for, on a table that was there before. */
static bool locks_existing(const struct check *c, const struct act *act)
{
    bool alters = act->kind == ACT_ALTER || act->kind == ACT_ADD_COLUMN || act->kind == ACT_LOCK ||
                  act->kind == ACT_RENAME || act->kind == ACT_RENAME_COLUMN ||
                  (act->kind == ACT_CREATE && act->thing == THING_INDEX && (act->flags & ACT_CONCURRENTLY) == 0);
    return alters && !only_validates(c->step) && act->table.len > 0 && act->thing != THING_OTHER &&
           !is_new_here(c, act);
}

static bool is_bulk(const struct check *c, const struct act *act)
{
    bool bulk = act->kind == ACT_UPDATE || act->kind == ACT_DELETE || act->kind == ACT_COPY_IN ||
                (act->kind == ACT_INSERT && (act->flags & ACT_SELECTS) != 0);
    return bulk && (act->kind == ACT_INSERT || !is_new_here(c, act));
}

static void check_mixed(struct check *c, const struct act *act)
{
    if (c->locking == NULL && locks_existing(c, act)) {
        c->locking = c->step;
        c->locked = act_key(c, act);
    }
    if (c->locking == NULL || c->told_mixed || !c->section->transactional || !is_bulk(c, act))
        return;
    c->told_mixed = true;
    report_finding(c, RULE_MIXED_DDL_DML, c->locked, STR(""),
                   "rows of %.*s are changed while %.*s stays locked since line %u", STR_ARG(act_key(c, act)),
                   STR_ARG(c->locked), c->locking->line);
}

static const struct {
    enum act_kind kind;
    void (*check)(struct check *c, const struct act *act);
} checks[] = {
    {ACT_ADD_COLUMN, check_add_column}, {ACT_COLUMN_TYPE, check_type},
    {ACT_REWRITE, check_rewrite},       {ACT_VACUUM, check_vacuum},
    {ACT_CLUSTER, check_vacuum},        {ACT_REINDEX, check_reindex},
    {ACT_REFRESH, check_refresh},       {ACT_ATTACH, check_attach},
    {ACT_DETACH, check_detach},         {ACT_LOCK, check_lock},
};

void rules_locks(struct check *c, const struct act *act)
{
    if (c->engine != ENGINE_POSTGRESQL)
        return;
    if (act->thing == THING_INDEX && act->kind == ACT_CREATE)
        check_create_index(c, act);
    if (act->thing == THING_INDEX && act->kind == ACT_DROP)
        check_drop_index(c, act);
    for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
        if (checks[i].kind == act->kind)
            checks[i].check(c, act);
    check_mixed(c, act);
}
