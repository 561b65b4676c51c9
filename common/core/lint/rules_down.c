#include "common/core/lint/down.h"

static bool makes(const struct act *act)
{
    bool adds = act->kind == ACT_ADD_COLUMN && (act->flags & ACT_IN_CREATE) == 0;
    bool creates = act->kind == ACT_CREATE && act->thing != THING_INDEX && act->thing != THING_TRIGGER &&
                   (act->flags & (ACT_EXISTS | ACT_TEMPORARY)) == 0;
    return adds || creates;
}

static bool same_table(const struct act *one, const struct act *other)
{
    return str_eq(one->table, other->table);
}

/* Takes the table, the column, or what has the name away, under this name or another. */
static bool takes_back(const struct act *made, const struct act *act)
{
    bool gone = act->kind == ACT_DROP || act->kind == ACT_RENAME;
    bool schema = act->kind == ACT_DROP && act->thing == THING_SCHEMA;
    if (schema || (gone && made->table.len > 0 && same_table(made, act)))
        return true;
    if (gone && made->table.len == 0 && str_eq(made->name, act->name))
        return true;
    bool column = act->kind == ACT_DROP_COLUMN || act->kind == ACT_RENAME_COLUMN;
    return made->kind == ACT_ADD_COLUMN && column && same_table(made, act) && str_eq(made->name, act->name);
}

static bool is_taken_back(const struct act *made, const struct steps *steps, size_t from)
{
    for (size_t i = from; i < steps->list.count; i++)
        for (size_t k = 0; k < steps->list.items[i].acts.list.count; k++)
            if (takes_back(made, &steps->list.items[i].acts.list.items[k]))
                return true;
    return false;
}

/* SQLite's types of things are few; a DO block or a function may do anything. */
static bool is_readable(const struct reading *r)
{
    for (size_t i = 0; i < r->steps.list.count; i++)
        if (r->steps.list.items[i].acts.list.count == 0)
            return false;
    return r->mistakes.count == 0;
}

static void check_made(struct check *c, const struct act *made, const struct reading *up, size_t step,
                       const struct reading *down)
{
    if (!makes(made) || is_taken_back(made, &up->steps, step + 1) || is_taken_back(made, &down->steps, 0))
        return;
    c->step = &up->steps.list.items[step];
    bool column = made->kind == ACT_ADD_COLUMN;
    struct str name = made->table.len > 0 ? made->table : made->name;
    report_finding(c, RULE_DOWN_INCOMPLETE, STR(""), STR(""), "down does not drop %.*s%s%.*s", STR_ARG(name),
                   column ? "." : "", STR_ARG(column ? made->name : STR("")));
}

void rules_down(struct check *c, const struct reading *up, const struct reading *down)
{
    if (up->steps.list.count == 0)
        return;
    if (down == NULL) {
        c->step = NULL;
        report_finding(c, RULE_NO_DOWN, STR(""), STR(""),
                       "there is no section down%s%s: a downgrade through this revision is refused",
                       up->section->engine != ENGINE_UNSET ? " for " : "",
                       up->section->engine != ENGINE_UNSET ? engine_name(up->engine) : "");
        return;
    }
    if (!is_readable(down))
        return;
    for (size_t i = 0; i < up->steps.list.count; i++)
        for (size_t k = 0; k < up->steps.list.items[i].acts.list.count; k++)
            check_made(c, &up->steps.list.items[i].acts.list.items[k], up, i, down);
}
