/* The rule that keeps extensions out of each other's way: their tables begin with their names. */
#include <string.h>
#include <strings.h>

#include "skein/schema/ownership.h"

static bool is_named_after(struct str name, struct str module)
{
    if (name.len < module.len || strncasecmp(name.p, module.p, module.len) != 0)
        return false;
    return name.len == module.len || name.p[module.len] == '_';
}

bool ownership_has_prefix(struct str module, struct str schema, struct str table)
{
    return str_is(module, "core") || is_named_after(table, module) || is_named_after(schema, module);
}

/* Models for several engines are read once for each; and what has two owners has a graver fault. */
static bool is_told(const struct diag *diag, const struct model_statement *s)
{
    for (size_t i = 0; i < diag->list.count; i++) {
        const struct diag_item *d = &diag->list.items[i];
        if (d->line == s->line && d->column == s->column && str_eq(d->path, s->path) &&
            (strcmp(d->kind, "table_prefix") == 0 || strcmp(d->kind, "two_owners") == 0))
            return true;
    }
    return false;
}

void ownership_check_prefixes(const struct model_statements *statements, struct diag *diag)
{
    for (size_t i = 0; i < statements->list.count; i++) {
        const struct model_statement *s = &statements->list.items[i];
        bool creates = s->head.verb == MODEL_CREATE && s->head.kind == OBJECT_TABLE && !s->refers;
        if (!creates || ownership_has_prefix(s->module, s->head.schema, s->head.name) || is_told(diag, s))
            continue;
        diag_add(diag, DIAG_WARNING, "table_prefix", (struct diag_at){s->path, s->line, s->column},
                 "call it so that no other module can have a table of the same name",
                 "the table %.*s of the extension %.*s does not begin with '%.*s_'", STR_ARG(s->head.name),
                 STR_ARG(s->module), STR_ARG(s->module));
    }
}
