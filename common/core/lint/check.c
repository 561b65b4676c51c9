#include "common/core/lint/check.h"

#include <stdarg.h>

/* Downgrades are taken in need, and lose by their nature: what warns there is a notice. */
static enum lint_severity severity_of(const struct check *c, enum rule_id rule)
{
    enum lint_severity severity = lint_rule_get(rule)->severity;
    bool down = c->section != NULL && c->section->kind == SECTION_DOWN;
    return down && severity == LINT_WARNING ? LINT_NOTICE : severity;
}

static void add(struct check *c, enum rule_id rule, enum lint_severity severity, struct str table, struct str safer,
                const char *text)
{
    enum engine engine = lint_rule_get(rule)->engine;
    if (engine != ENGINE_UNSET && engine != c->engine)
        return;
    struct lint_finding f = {.rule = rule,
                             .severity = severity,
                             .path = c->revision->path,
                             .line = c->step != NULL ? c->step->line : 1,
                             .column = c->step != NULL ? c->step->column : 1,
                             .statement = c->step != NULL ? c->step->line : 0,
                             .lock = c->engine == ENGINE_POSTGRESQL ? lint_rule_get(rule)->lock : NULL,
                             .table = table,
                             .text = str_of(text),
                             .safer = safer};
    vec_push(c->arena, &c->report->list, f);
}

void report_finding(struct check *c, enum rule_id rule, struct str table, struct str safer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(c, rule, severity_of(c, rule), table, safer, arena_vprintf(c->arena, format, args));
    va_end(args);
}

void report_finding_as(struct check *c, enum rule_id rule, enum lint_severity severity, struct str table,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(c, rule, severity, table, STR(""), arena_vprintf(c->arena, format, args));
    va_end(args);
}

struct str act_key(const struct check *c, const struct act *act)
{
    return table_key(c->arena, act->schema, act->table);
}

bool is_new_here(const struct check *c, const struct act *act)
{
    return (act->flags & (ACT_IN_CREATE | ACT_TEMPORARY)) != 0 || world_find(&c->here, act_key(c, act)) != NULL;
}

struct world_table *table_of(const struct check *c, const struct act *act)
{
    struct world_table *here = world_find(&c->here, act_key(c, act));
    return here != NULL ? here : world_find(c->before, act_key(c, act));
}

static bool is_renamed_to(const struct step *first, const struct step *end, struct str table)
{
    for (const struct step *s = first; s < end; s++)
        for (size_t k = 0; k < s->acts.list.count; k++)
            if (s->acts.list.items[k].kind == ACT_RENAME && str_eq(s->acts.list.items[k].other, table))
                return true;
    return false;
}

bool is_made_again(const struct check *c, struct str table)
{
    return is_renamed_to(c->step, c->steps->list.items + c->steps->list.count, table);
}

bool was_renamed_here(const struct check *c, struct str table)
{
    return is_renamed_to(c->steps->list.items, c->step, table);
}
