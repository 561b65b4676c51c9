/* PostgreSQL: constraints of existing tables, and the ways to have them without a long lock. */
#include "common/core/lint/suggest.h"

static void check_check(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    struct str safer = suggest(c, act, suggest_name(c, act, "check"),
                               "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (...) NOT VALID;\n"
                               "-- in the next revision:\n"
                               "ALTER TABLE {table} VALIDATE CONSTRAINT {name};");
    if ((act->flags & ACT_NOT_VALID) == 0)
        report_finding(c, RULE_CHECK_VALIDATES, table, safer,
                       "all rows of %.*s are read for the check while nobody can use it", STR_ARG(table));
}

static void check_foreign(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    struct str safer =
        suggest(c, act, suggest_name(c, act, "fkey"),
                "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {other} NOT VALID;\n"
                "-- in the next revision:\n"
                "ALTER TABLE {table} VALIDATE CONSTRAINT {name};");
    if ((act->flags & ACT_NOT_VALID) == 0)
        report_finding(c, RULE_FOREIGN_KEY_VALIDATES, table, safer,
                       "all rows of %.*s are looked up in %.*s while nobody can write to either", STR_ARG(table),
                       STR_ARG(act->other));
}

static struct str with_index(const struct check *c, const struct act *act)
{
    if (act->constraint == CONSTRAINT_EXCLUSION)
        return STR("");
    bool primary = act->constraint == CONSTRAINT_PRIMARY;
    struct act unnamed = *act;
    if (primary)
        unnamed.columns = (struct names){0};
    struct str name = suggest_name(c, primary ? &unnamed : act, primary ? "pkey" : "key");
    return suggest(c, act, name,
                   primary ? "-- migrate:up postgresql transaction:false\n"
                             "CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns});\n"
                             "-- in the next revision:\n"
                             "ALTER TABLE {table} ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {name};"
                           : "-- migrate:up postgresql transaction:false\n"
                             "CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns});\n"
                             "-- in the next revision:\n"
                             "ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name};");
}

static void check_key(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    if ((act->flags & ACT_USING) == 0)
        report_finding(c, RULE_KEY_BUILDS_INDEX, table, with_index(c, act),
                       "the key's index is built while nobody can use %.*s", STR_ARG(table));
}

static void check_added(struct check *c, const struct act *act)
{
    if (is_new_here(c, act))
        return;
    if ((act->flags & ACT_NOT_VALID) != 0)
        vec_push(c->arena, &c->unvalidated, *act);
    switch (act->constraint) {
    case CONSTRAINT_CHECK:
    case CONSTRAINT_NOT_NULL_CHECK:
        check_check(c, act);
        break;
    case CONSTRAINT_FOREIGN:
        check_foreign(c, act);
        break;
    case CONSTRAINT_PRIMARY:
    case CONSTRAINT_UNIQUE:
    case CONSTRAINT_EXCLUSION:
        check_key(c, act);
        break;
    case CONSTRAINT_UNSET:
        break;
    }
}

static const struct act *unvalidated(const struct check *c, const struct act *act)
{
    for (size_t i = 0; i < c->unvalidated.count; i++) {
        const struct act *added = &c->unvalidated.items[i];
        if (str_eq(added->name, act->name) && str_eq(act_key(c, added), act_key(c, act)))
            return added;
    }
    return NULL;
}

static void check_validate(struct check *c, const struct act *act)
{
    const struct act *added = unvalidated(c, act);
    if (added != NULL && c->section->transactional)
        report_finding(c, RULE_VALIDATE_SAME_TRANSACTION, act_key(c, act), STR(""),
                       "%.*s is validated while the lock that added it is still kept", STR_ARG(act->name));
}

/* A statement of this section, before the current one, validates it. */
static bool is_validated_here(const struct check *c, struct str name)
{
    for (const struct step *s = c->steps->list.items; s != c->step; s++)
        for (size_t i = 0; i < s->acts.list.count; i++)
            if (s->acts.list.items[i].kind == ACT_VALIDATE && str_eq(s->acts.list.items[i].name, name))
                return true;
    return false;
}

static bool proves(const struct check *c, const struct act *added, const struct act *act)
{
    bool valid = (added->flags & ACT_NOT_VALID) == 0 || is_validated_here(c, added->name);
    return added->kind == ACT_CONSTRAINT && added->constraint == CONSTRAINT_NOT_NULL_CHECK && valid &&
           str_eq(added->table, act->table) && names_have(&added->columns, act->name);
}

/* A check of an earlier revision or of this section that is validated. */
static bool has_proof(const struct check *c, const struct act *act)
{
    const struct world_table *t = table_of(c, act);
    for (size_t i = 0; t != NULL && i < t->constraints.count; i++) {
        const struct world_constraint *k = &t->constraints.items[i];
        bool valid = k->valid || is_validated_here(c, k->name);
        if (k->kind == CONSTRAINT_NOT_NULL_CHECK && !k->gone && valid && names_have(&k->columns, act->name))
            return true;
    }
    for (const struct step *s = c->steps->list.items; s != c->step; s++)
        for (size_t i = 0; i < s->acts.list.count; i++)
            if (proves(c, &s->acts.list.items[i], act))
                return true;
    return false;
}

static void check_not_null(struct check *c, const struct act *act)
{
    const struct world_column *column = world_column(table_of(c, act), act->name);
    struct str table = act_key(c, act);
    if (is_new_here(c, act) || (column != NULL && column->not_null) || has_proof(c, act))
        return;
    struct str name = str_printf(c->arena, "%.*s_%.*s_not_null", STR_ARG(act->table), STR_ARG(act->name));
    struct str safer = suggest(c, act, name,
                               "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID;\n"
                               "-- in the next revision:\n"
                               "ALTER TABLE {table} VALIDATE CONSTRAINT {name};\n"
                               "-- and then:\n"
                               "ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;\n"
                               "ALTER TABLE {table} DROP CONSTRAINT {name};");
    report_finding(c, RULE_SET_NOT_NULL, table, safer,
                   "all rows of %.*s are read for NULLs in %.*s while nobody can use it", STR_ARG(table),
                   STR_ARG(act->name));
}

void rules_constraints(struct check *c, const struct act *act)
{
    if (c->engine != ENGINE_POSTGRESQL)
        return;
    if (act->kind == ACT_CONSTRAINT)
        check_added(c, act);
    else if (act->kind == ACT_VALIDATE)
        check_validate(c, act);
    else if (act->kind == ACT_SET_NOT_NULL)
        check_not_null(c, act);
}
