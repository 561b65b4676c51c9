/* What hangs on a table or view: triggers, policies and rules; and extended statistics. */
#include "common/core/schema/diff_pg.h"

static struct str hanging_noun(struct pg_diff *d, const struct object *o, const char *word)
{
    return str_printf(d->a, "%s %.*s ON %.*s", word, STR_ARG(pg_name(d->a, o->name)), STR_ARG(pg_owner(d->a, o)));
}

/* ALTER TABLE ... ENABLE, DISABLE, ENABLE REPLICA or ENABLE ALWAYS, of a trigger or rule. */
static void set_enabled(struct pg_diff *d, const struct object *o, const char *word)
{
    struct str how = pg_has(o, "enabled") ? object_get(o, "enabled") : STR("ENABLE");
    pg_emit(d, "ALTER TABLE %.*s %.*s %s %.*s", STR_ARG(pg_owner(d->a, o)), STR_ARG(how), word,
            STR_ARG(pg_name(d->a, o->name)));
}

static const struct pg_property hanging_properties[] = {
    {"definition", PG_REPLACE}, {"enabled", PG_ALTER}, {NULL, PG_SAME}};

/* ---- triggers ---- */

static struct str trigger_noun(struct pg_diff *d, const struct object *o)
{
    return hanging_noun(d, o, "TRIGGER");
}

static void trigger_create(struct pg_diff *d, const struct object *to)
{
    pg_emit(d, "%.*s", STR_ARG(object_get(to, "definition")));
    if (pg_has(to, "enabled"))
        set_enabled(d, to, "TRIGGER");
}

static void trigger_alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (pg_differs(from, to, "enabled"))
        set_enabled(d, to, "TRIGGER");
}

const struct pg_kind pg_trigger_kind = {
    .rank = 56,
    .properties = hanging_properties,
    .noun = trigger_noun,
    .create = trigger_create,
    .alter = trigger_alter,
};

/* ---- rules ---- */

static struct str rule_noun(struct pg_diff *d, const struct object *o)
{
    return hanging_noun(d, o, "RULE");
}

static void rule_create(struct pg_diff *d, const struct object *to)
{
    pg_emit(d, "%.*s", STR_ARG(object_get(to, "definition")));
    if (pg_has(to, "enabled"))
        set_enabled(d, to, "RULE");
}

static void rule_alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    if (pg_differs(from, to, "enabled"))
        set_enabled(d, to, "RULE");
}

const struct pg_kind pg_rule_kind = {
    .rank = 57,
    .properties = hanging_properties,
    .noun = rule_noun,
    .create = rule_create,
    .alter = rule_alter,
};

/* ---- policies ---- */

static struct str policy_noun(struct pg_diff *d, const struct object *o)
{
    return hanging_noun(d, o, "POLICY");
}

/* ALTER POLICY changes an expression but cannot take one away. */
static enum pg_change policy_compare(struct pg_diff *d, const struct object *from, const struct object *to)
{
    (void)d;
    if (pg_differs(from, to, "command") || pg_differs(from, to, "restrictive"))
        return PG_REPLACE;
    if ((pg_has(from, "using") && !pg_has(to, "using")) || (pg_has(from, "check") && !pg_has(to, "check")))
        return PG_REPLACE;
    return pg_differs(from, to, "roles") || pg_differs(from, to, "using") || pg_differs(from, to, "check") ? PG_ALTER
                                                                                                           : PG_SAME;
}

static struct str policy_clause(struct pg_diff *d, const struct object *to, const char *word, const char *key)
{
    struct str expression = object_get(to, key);
    return str_printf(d->a, "\n    %s (%.*s)", word, STR_ARG(expression));
}

static void policy_create(struct pg_diff *d, const struct object *to)
{
    struct str sql = str_printf(d->a, "CREATE %.*s", STR_ARG(policy_noun(d, to)));
    if (pg_has(to, "restrictive"))
        sql = str_printf(d->a, "%.*s AS RESTRICTIVE", STR_ARG(sql));
    if (!str_is(object_get(to, "command"), "ALL"))
        sql = str_printf(d->a, "%.*s FOR %.*s", STR_ARG(sql), STR_ARG(object_get(to, "command")));
    if (!str_is(object_get(to, "roles"), "PUBLIC"))
        sql = str_printf(d->a, "%.*s TO %.*s", STR_ARG(sql), STR_ARG(object_get(to, "roles")));
    if (pg_has(to, "using"))
        sql = str_printf(d->a, "%.*s%.*s", STR_ARG(sql), STR_ARG(policy_clause(d, to, "USING", "using")));
    if (pg_has(to, "check"))
        sql = str_printf(d->a, "%.*s%.*s", STR_ARG(sql), STR_ARG(policy_clause(d, to, "WITH CHECK", "check")));
    pg_emit(d, "%.*s", STR_ARG(sql));
}

static void policy_alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    struct str sql = str_printf(d->a, "ALTER %.*s", STR_ARG(policy_noun(d, to)));
    if (pg_differs(from, to, "roles"))
        sql = str_printf(d->a, "%.*s TO %.*s", STR_ARG(sql), STR_ARG(object_get(to, "roles")));
    if (pg_differs(from, to, "using"))
        sql = str_printf(d->a, "%.*s%.*s", STR_ARG(sql), STR_ARG(policy_clause(d, to, "USING", "using")));
    if (pg_differs(from, to, "check"))
        sql = str_printf(d->a, "%.*s%.*s", STR_ARG(sql), STR_ARG(policy_clause(d, to, "WITH CHECK", "check")));
    pg_emit(d, "%.*s", STR_ARG(sql));
}

const struct pg_kind pg_policy_kind = {
    .rank = 58,
    .compare = policy_compare,
    .noun = policy_noun,
    .create = policy_create,
    .alter = policy_alter,
};

/* ---- statistics ---- */

static const struct pg_property statistics_properties[] = {
    {"kinds", PG_REPLACE}, {"columns", PG_REPLACE}, {"relation", PG_REPLACE}, {"target", PG_ALTER}, {NULL, PG_SAME}};

static struct str statistics_noun(struct pg_diff *d, const struct object *o)
{
    return str_printf(d->a, "STATISTICS %.*s", STR_ARG(pg_path(d->a, o)));
}

static void set_target(struct pg_diff *d, const struct object *to)
{
    pg_emit(d, "ALTER %.*s SET STATISTICS %.*s", STR_ARG(statistics_noun(d, to)),
            STR_ARG(pg_has(to, "target") ? object_get(to, "target") : STR("-1")));
}

static void statistics_create(struct pg_diff *d, const struct object *to)
{
    struct str kinds = STR("");
    if (pg_has(to, "kinds"))
        kinds = str_printf(d->a, " (%.*s)", STR_ARG(object_get(to, "kinds")));
    pg_emit(d, "CREATE %.*s%.*s ON %.*s FROM %.*s", STR_ARG(statistics_noun(d, to)), STR_ARG(kinds),
            STR_ARG(object_get(to, "columns")), STR_ARG(object_get(to, "relation")));
    if (pg_has(to, "target"))
        set_target(d, to);
}

static void statistics_alter(struct pg_diff *d, const struct object *from, const struct object *to)
{
    (void)from;
    set_target(d, to);
}

/* The server itself keeps statistics over a change of a column's type. */
static enum pg_change statistics_shaken(struct pg_diff *d, const struct object *from, const struct object *to,
                                        const struct pg_item *by)
{
    (void)from;
    (void)to;
    const struct object *o = pg_from(d, by->from);
    return o != NULL && o->kind == OBJECT_COLUMN && by->change != PG_DROP && by->change != PG_REPLACE ? PG_SAME
                                                                                                      : PG_REPLACE;
}

const struct pg_kind pg_statistics_kind = {
    .rank = 50,
    .properties = statistics_properties,
    .noun = statistics_noun,
    .create = statistics_create,
    .alter = statistics_alter,
    .shaken = statistics_shaken,
};
