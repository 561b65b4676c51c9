/* SQLite: what ALTER TABLE refuses, tables that are made again, and PRAGMAs. */
#include <strings.h>

#include "common/core/lint/suggest.h"
#include "skein/sql/classify.h"

/* ---- columns ---- */

static bool is_inline_key(const struct act *act)
{
    return act->kind == ACT_CONSTRAINT && (act->flags & ACT_INLINE) != 0 &&
           (act->constraint == CONSTRAINT_PRIMARY || act->constraint == CONSTRAINT_UNIQUE);
}

static void check_add_column(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    if (is_new_here(c, act))
        return;
    if ((act->flags & ACT_DEFAULT_COMPUTED) != 0)
        report_finding(c, RULE_SQLITE_ADD_COLUMN, table, STR(""),
                       "the default of %.*s.%.*s is computed: SQLite refuses it as soon as the table has a row",
                       STR_ARG(table), STR_ARG(act->name));
    if ((act->flags & ACT_STORED) != 0)
        report_finding(c, RULE_SQLITE_ADD_COLUMN, table, STR(""),
                       "%.*s.%.*s is a stored generated column: SQLite adds only virtual ones", STR_ARG(table),
                       STR_ARG(act->name));
}

static void check_add_key(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act), column = act->columns.list.items[0], safer = STR("");
    bool primary = act->constraint == CONSTRAINT_PRIMARY;
    if ((act->flags & ACT_IN_CREATE) != 0)
        return;
    if (!primary)
        safer = suggest(c, act, suggest_name(c, act, "key"), "CREATE UNIQUE INDEX {name} ON {table} ({columns});");
    report_finding(c, RULE_SQLITE_ADD_COLUMN, table, safer, "SQLite cannot add %.*s.%.*s with %s", STR_ARG(table),
                   STR_ARG(column), primary ? "PRIMARY KEY" : "UNIQUE");
}

/* What keeps a column in its table: half a sentence, or NULL. */
static const char *kept_by(const struct check *c, const struct world_table *t, struct str column)
{
    for (size_t i = 0; i < t->constraints.count; i++) {
        const struct world_constraint *k = &t->constraints.items[i];
        if (names_have(&k->columns, column) && (k->kind == CONSTRAINT_PRIMARY || k->kind == CONSTRAINT_UNIQUE))
            return k->kind == CONSTRAINT_PRIMARY ? "the primary key" : "a UNIQUE constraint";
    }
    for (size_t i = 0; i < t->indexes.count; i++)
        if (!t->indexes.items[i].gone && names_have(&t->indexes.items[i].columns, column))
            return arena_printf(c->arena, "the index %.*s", STR_ARG(t->indexes.items[i].name));
    return NULL;
}

static bool is_dropped_before(const struct check *c, struct str index)
{
    for (const struct step *s = c->steps->list.items; s != c->step; s++)
        for (size_t i = 0; i < s->acts.list.count; i++) {
            const struct act *act = &s->acts.list.items[i];
            if (act->kind == ACT_DROP && act->thing == THING_INDEX && str_eq(act->name, index))
                return true;
        }
    return false;
}

static void check_drop_column(struct check *c, const struct act *act)
{
    const struct world_table *t = table_of(c, act);
    const char *keeper = t != NULL ? kept_by(c, t, act->name) : NULL;
    struct str text = str_of(keeper), index = STR("the index ");
    if (keeper == NULL || (str_starts(text, index) && is_dropped_before(c, str_from(text, index.len))))
        return;
    report_finding(c, RULE_SQLITE_DROP_COLUMN, act_key(c, act), STR(""),
                   "%.*s.%.*s is in %s: SQLite refuses to drop it", STR_ARG(act_key(c, act)), STR_ARG(act->name),
                   keeper);
}

/* ---- tables that are made again ---- */

static const struct act *first_pragma(const struct check *c)
{
    const struct step *first = c->steps->list.count > 0 ? &c->steps->list.items[0] : NULL;
    const struct act *act = first != NULL && first->acts.list.count > 0 ? &first->acts.list.items[0] : NULL;
    return act != NULL && act->kind == ACT_PRAGMA && str_is(act->name, "foreign_keys") ? act : NULL;
}

static bool is_off(struct str value)
{
    static const char *const words[] = {"off", "0", "false", "no"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (value.len == str_of(words[i]).len && strncasecmp(value.p, words[i], value.len) == 0)
            return true;
    return false;
}

static void check_drop(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    const struct act *pragma = first_pragma(c);
    if (act->thing != THING_TABLE || is_new_here(c, act) || !is_made_again(c, table))
        return;
    if (pragma == NULL)
        report_finding_as(
            c, RULE_REBUILD_FOREIGN_KEYS, LINT_NOTICE, table,
            "%.*s is made again: without PRAGMA foreign_keys=OFF another revision of the plan may want them enforced",
            STR_ARG(table));
    else if (!is_off(pragma->other))
        report_finding(c, RULE_REBUILD_FOREIGN_KEYS, table, STR(""),
                       "dropping %.*s deletes its rows, and what refers to them", STR_ARG(table));
}

static void check_rename(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    bool again = false;
    for (const struct step *s = c->step; s != c->steps->list.items + c->steps->list.count; s++)
        for (size_t i = 0; i < s->acts.list.count; i++)
            again = again || (s->acts.list.items[i].kind == ACT_CREATE && s->acts.list.items[i].thing == THING_TABLE &&
                              str_eq(act_key(c, &s->acts.list.items[i]), table));
    if (again && act->thing == THING_TABLE && !is_new_here(c, act))
        report_finding(c, RULE_REBUILD_ORDER, table, STR(""),
                       "foreign keys, triggers and views that name %.*s follow it to %.*s", STR_ARG(table),
                       STR_ARG(act->other));
}

/* ---- PRAGMAs ---- */

static void check_pragma(struct check *c, const struct act *act)
{
    bool last = c->step == &c->steps->list.items[c->steps->list.count - 1];
    bool keys = str_is(act->name, "foreign_keys") && (act == first_pragma(c) || (last && first_pragma(c) != NULL));
    if (!keys && !pragma_is_allowed(act->name, c->section->transactional))
        report_finding(c, RULE_PRAGMA, STR(""), STR(""), "a revision may not use PRAGMA %.*s here", STR_ARG(act->name));
}

void rules_lite(struct check *c, const struct act *act)
{
    if (c->engine != ENGINE_SQLITE)
        return;
    if (act->kind == ACT_ADD_COLUMN)
        check_add_column(c, act);
    else if (is_inline_key(act))
        check_add_key(c, act);
    else if (act->kind == ACT_DROP_COLUMN)
        check_drop_column(c, act);
    else if (act->kind == ACT_DROP)
        check_drop(c, act);
    else if (act->kind == ACT_RENAME)
        check_rename(c, act);
    else if (act->kind == ACT_PRAGMA)
        check_pragma(c, act);
}
