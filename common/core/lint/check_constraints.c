/* PostgreSQL: constraints of existing tables, and the ways to have them without a long lock. */
#include "common/core/lint/check.h"

/* "a, b" */
static struct str joined(struct arena *a, const struct names *names)
{
    struct str text = STR("");
    for (size_t i = 0; i < names->list.count; i++)
        text = str_printf(a, "%.*s%s%.*s", STR_ARG(text), i > 0 ? ", " : "", STR_ARG(names->list.items[i]));
    return text;
}

/* As PostgreSQL would name it. */
static struct str name_of(const struct check *c, const struct act *act, const char *suffix)
{
    if (act->name.len > 0)
        return act->name;
    struct str column = act->columns.list.count > 0 ? act->columns.list.items[0] : STR("");
    return str_printf(c->arena, "%.*s%s%.*s_%s", STR_ARG(act->table), column.len > 0 ? "_" : "", STR_ARG(column),
                      suffix);
}

/* The author's words are not at hand for a constraint behind a column; the kind is. */
static struct str as_not_valid(const struct check *c, const struct act *act, const char *kind, const char *suffix)
{
    struct str table = act_key(c, act), name = name_of(c, act, suffix);
    return str_printf(c->arena,
                      "ALTER TABLE %.*s ADD CONSTRAINT %.*s %s NOT VALID;\n-- in the next revision:\n"
                      "ALTER TABLE %.*s VALIDATE CONSTRAINT %.*s;",
                      STR_ARG(table), STR_ARG(name), kind, STR_ARG(table), STR_ARG(name));
}

static void check_check(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    if ((act->flags & ACT_NOT_VALID) == 0)
        find(c, RULE_CHECK_VALIDATES, table, as_not_valid(c, act, "CHECK (...)", "check"),
             "all rows of %.*s are read for the check while nobody can use it", STR_ARG(table));
}

static void check_foreign(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    const char *kind = arena_printf(c->arena, "FOREIGN KEY (%.*s) REFERENCES %.*s",
                                    STR_ARG(joined(c->arena, &act->columns)), STR_ARG(act->other));
    if ((act->flags & ACT_NOT_VALID) == 0)
        find(c, RULE_FOREIGN_KEY_VALIDATES, table, as_not_valid(c, act, kind, "fkey"),
             "all rows of %.*s are looked up in %.*s while nobody can write to either", STR_ARG(table),
             STR_ARG(act->other));
}

static struct str with_index(const struct check *c, const struct act *act)
{
    bool primary = act->constraint == CONSTRAINT_PRIMARY;
    struct str table = act_key(c, act);
    struct str name =
        primary && act->name.len == 0 ? str_printf(c->arena, "%.*s_pkey", STR_ARG(act->table)) : name_of(c, act, "key");
    return str_printf(
        c->arena,
        "-- migrate:up postgresql transaction:false\nCREATE UNIQUE INDEX CONCURRENTLY %.*s ON %.*s (%.*s);\n"
        "-- in the next revision:\nALTER TABLE %.*s ADD CONSTRAINT %.*s %s USING INDEX %.*s;",
        STR_ARG(name), STR_ARG(table), STR_ARG(joined(c->arena, &act->columns)), STR_ARG(table), STR_ARG(name),
        primary ? "PRIMARY KEY" : "UNIQUE", STR_ARG(name));
}

static void check_key(struct check *c, const struct act *act)
{
    struct str table = act_key(c, act);
    bool exclusion = act->constraint == CONSTRAINT_EXCLUSION;
    if ((act->flags & ACT_USING) == 0)
        find(c, RULE_KEY_BUILDS_INDEX, table, exclusion ? STR("") : with_index(c, act),
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
        find(c, RULE_VALIDATE_SAME_TRANSACTION, act_key(c, act), STR(""),
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
    struct str safer = str_printf(
        c->arena,
        "ALTER TABLE %.*s ADD CONSTRAINT %.*s_%.*s_not_null CHECK (%.*s IS NOT NULL) NOT VALID;\n-- in the next "
        "revision:\n"
        "ALTER TABLE %.*s VALIDATE CONSTRAINT %.*s_%.*s_not_null;\n-- and then:\n"
        "ALTER TABLE %.*s ALTER COLUMN %.*s SET NOT NULL;\nALTER TABLE %.*s DROP CONSTRAINT %.*s_%.*s_not_null;",
        STR_ARG(table), STR_ARG(act->table), STR_ARG(act->name), STR_ARG(act->name), STR_ARG(table),
        STR_ARG(act->table), STR_ARG(act->name), STR_ARG(table), STR_ARG(act->name), STR_ARG(table),
        STR_ARG(act->table), STR_ARG(act->name));
    find(c, RULE_SET_NOT_NULL, table, safer, "all rows of %.*s are read for NULLs in %.*s while nobody can use it",
         STR_ARG(table), STR_ARG(act->name));
}

void check_constraints(struct check *c, const struct act *act)
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
