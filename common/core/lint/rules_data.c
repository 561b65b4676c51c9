/* Both engines: what loses rows, and what breaks programs that use the names of today. */
#include "common/core/lint/suggest.h"

static bool is_down(const struct check *c)
{
    return c->section->kind == SECTION_DOWN;
}

/* A downgrade is asked to take away; elsewhere the author may have said that it is meant. */
static void lose(struct check *c, enum rule_id rule, struct str table, const char *text)
{
    if (is_down(c))
        return;
    if (c->step->destroys_knowingly)
        report_finding_as(c, rule, LINT_NOTICE, table, "%s", text);
    else
        report_finding(c, rule, table, STR(""), "%s", text);
}

static void check_drop(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    bool rows =
        act->thing == THING_TABLE && !is_new_here(c, act) && !is_made_again(c, table) && !was_renamed_here(c, table);
    if (rows)
        lose(c, RULE_DROP_TABLE, table, arena_printf(c->arena, "the rows of %.*s are lost", STR_ARG(table)));
    if (act->thing == THING_SCHEMA)
        lose(c, RULE_DROP_TABLE, STR(""),
             arena_printf(c->arena, "what lies in the schema %.*s is lost", STR_ARG(act->name)));
    if ((act->flags & ACT_CASCADE) != 0 && !is_new_here(c, act))
        report_finding(c, RULE_DROP_CASCADE, table, STR(""), "CASCADE drops what depends on %.*s without naming it",
                       STR_ARG(act->name.len > 0 ? act->name : table));
}

static void check_drop_column(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    if (is_new_here(c, act))
        return;
    const struct world_column *column = world_column(table_of(c, act), act->name);
    if (column == NULL || !column->generated) /* what is computed can be computed again */
        lose(c, RULE_DROP_COLUMN, table,
             arena_printf(c->arena, "the values of %.*s.%.*s are lost", STR_ARG(table), STR_ARG(act->name)));
    if ((act->flags & ACT_CASCADE) != 0)
        report_finding(c, RULE_DROP_CASCADE, table, STR(""),
                       "CASCADE drops what depends on %.*s.%.*s without naming it", STR_ARG(table), STR_ARG(act->name));
}

static void check_drop_constraint(struct check *c, const struct act *act)
{
    if ((act->flags & ACT_CASCADE) != 0)
        report_finding(c, RULE_DROP_CASCADE, act_key(c, act), STR(""),
                       "CASCADE drops the foreign keys that rest on %.*s", STR_ARG(act->name));
}

static void check_truncate(struct check *c, const struct act *act)
{
    if (!is_new_here(c, act))
        lose(c, RULE_TRUNCATE, act_key(c, act),
             arena_printf(c->arena, "the rows of %.*s are lost", STR_ARG(act_key(c, act))));
}

static void check_update(struct check *c, const struct act *act)
{
    if ((act->flags & ACT_FILTERED) == 0 && !is_new_here(c, act))
        report_finding(c, RULE_UPDATE_ALL_ROWS, act_key(c, act), STR(""),
                       "every row of %.*s is changed, and stays locked until the commit", STR_ARG(act_key(c, act)));
}

static void check_delete(struct check *c, const struct act *act)
{
    if ((act->flags & ACT_FILTERED) == 0 && !is_new_here(c, act))
        lose(c, RULE_DELETE_ALL_ROWS, act_key(c, act),
             arena_printf(c->arena, "every row of %.*s is lost", STR_ARG(act_key(c, act))));
}

static void check_rename(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    if (act->thing != THING_TABLE || is_new_here(c, act) || is_down(c))
        return;
    struct str safer = suggest(c, act, STR(""),
                               "ALTER TABLE {table} RENAME TO {other};\nCREATE VIEW {table} AS SELECT * FROM {other};");
    report_finding(c, RULE_RENAME_TABLE, table, safer, "programs that use %.*s do not find it any more",
                   STR_ARG(table));
}

static void check_rename_column(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    if (!is_new_here(c, act) && !is_down(c))
        report_finding(c, RULE_RENAME_COLUMN, table, STR(""), "programs that use %.*s.%.*s do not find it any more",
                       STR_ARG(table), STR_ARG(act->name));
}

static void check_add_column(struct check *c, const struct act *act)
{
    unsigned filled = ACT_DEFAULT | ACT_SERIAL | ACT_STORED;
    if ((act->flags & ACT_NOT_NULL) == 0 || (act->flags & filled) != 0 || is_new_here(c, act))
        return;
    struct str table = act_key(c, act);
    struct str safer = suggest(c, act, STR(""), "ALTER TABLE {table} ADD COLUMN {column} {type} NOT NULL DEFAULT ...;");
    report_finding(c, RULE_NOT_NULL_COLUMN, table, safer,
                   "%.*s.%.*s has no default: adding it fails as soon as %.*s has a row", STR_ARG(table),
                   STR_ARG(act->name), STR_ARG(table));
}

static const struct {
    enum act_kind kind;
    void (*check)(struct check *c, const struct act *act);
} checks[] = {
    {ACT_DROP, check_drop},
    {ACT_DROP_COLUMN, check_drop_column},
    {ACT_DROP_CONSTRAINT, check_drop_constraint},
    {ACT_TRUNCATE, check_truncate},
    {ACT_UPDATE, check_update},
    {ACT_DELETE, check_delete},
    {ACT_RENAME, check_rename},
    {ACT_RENAME_COLUMN, check_rename_column},
    {ACT_ADD_COLUMN, check_add_column},
};

void rules_data(struct check *c, const struct act *act)
{
    for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
        if (checks[i].kind == act->kind)
            checks[i].check(c, act);
}
