#include "skein/schema/probe_pg.h"

#include "common/core/schema/diff_pg.h"
#include "common/core/schema/plain_pg.h"
#include "common/core/schema/text_pg.h"

enum { KEYS_MAX = 3 };

static const char *const keys[OBJECT_KIND_COUNT][KEYS_MAX + 1] = {
    [OBJECT_DOMAIN] = {"default"},
    [OBJECT_COLUMN] = {"default", "expression"},
    [OBJECT_CONSTRAINT] = {"definition"},
    [OBJECT_INDEX] = {"definition"},
    [OBJECT_VIEW] = {"definition", "defaults"},
    [OBJECT_MATVIEW] = {"definition"},
    [OBJECT_FUNCTION] = {"arguments", "atomic"},
    [OBJECT_TRIGGER] = {"definition"},
    [OBJECT_POLICY] = {"using", "check"},
    [OBJECT_RULE] = {"definition"},
    [OBJECT_STATISTICS] = {"columns"},
};

const char *probe_pg_key(enum object_kind kind, size_t number)
{
    return kind < OBJECT_KIND_COUNT && number < KEYS_MAX ? keys[kind][number] : NULL;
}

bool probe_pg_has(enum object_kind kind, const char *key)
{
    for (size_t i = 0; probe_pg_key(kind, i) != NULL; i++)
        if (strcmp(probe_pg_key(kind, i), key) == 0)
            return true;
    return false;
}

struct prober {
    struct arena *a;
    const struct object *o;
    struct str made; /* a name that nothing has */
    struct probe_pg *probe;
};

static void add(struct prober *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct prober *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str sql = str_of(arena_vprintf(p->a, format, args));
    va_end(args);
    vec_push(p->a, &p->probe->statements.list, sql);
}

static struct str get(const struct prober *p, const char *key)
{
    return pg_unplain(p->a, object_get(p->o, key));
}

static void probe_domain(struct prober *p)
{
    add(p, "ALTER DOMAIN %.*s SET DEFAULT %.*s", STR_ARG(pg_path(p->a, p->o)), STR_ARG(get(p, "default")));
}

/* A generated column's expression cannot be changed: a column beside it has the same. */
static void probe_column(struct prober *p)
{
    struct str table = pg_owner(p->a, p->o);
    if (!pg_has(p->o, "expression")) {
        add(p, "ALTER TABLE %.*s ALTER COLUMN %.*s SET DEFAULT %.*s", STR_ARG(table),
            STR_ARG(pg_name(p->a, p->o->name)), STR_ARG(get(p, "default")));
        return;
    }
    add(p, "ALTER TABLE %.*s ADD COLUMN %.*s %.*s GENERATED ALWAYS AS (%.*s) STORED", STR_ARG(table), STR_ARG(p->made),
        STR_ARG(get(p, "type")), STR_ARG(get(p, "expression")));
    p->probe->name = p->made;
}

static void probe_constraint(struct prober *p)
{
    const char *what = pg_has(p->o, "domain") ? "DOMAIN" : "TABLE";
    struct str owner = pg_owner(p->a, p->o);
    add(p, "ALTER %s %.*s ADD CONSTRAINT %.*s %.*s", what, STR_ARG(owner), STR_ARG(p->made),
        STR_ARG(get(p, "definition")));
    p->probe->name = p->made;
}

static void probe_index(struct prober *p)
{
    add(p, "CREATE %sINDEX %.*s ON %.*s USING %.*s", pg_has(p->o, "unique") ? "UNIQUE " : "", STR_ARG(p->made),
        STR_ARG(pg_owner(p->a, p->o)), STR_ARG(get(p, "definition")));
    p->probe->name = p->made;
}

/* Beside it: what hangs on the view stays. The made view lies in the default schema. */
static void probe_view(struct prober *p)
{
    add(p, "CREATE VIEW %.*s AS %.*s", STR_ARG(p->made), STR_ARG(get(p, "definition")));
    struct pg_fields defaults = pg_split(p->a, get(p, "defaults"), PG_RECORD);
    for (size_t i = 0; i < defaults.list.count; i++)
        add(p, "ALTER VIEW %.*s ALTER COLUMN %.*s SET DEFAULT %.*s", STR_ARG(p->made),
            STR_ARG(pg_name(p->a, pg_field(defaults.list.items[i], 0))), STR_ARG(pg_field(defaults.list.items[i], 1)));
    p->probe->kind = OBJECT_VIEW;
    p->probe->schema = STR("");
    p->probe->name = p->made;
}

static void probe_function(struct prober *p)
{
    struct str name = pg_qualified(p->a, p->o->schema, get(p, "name"));
    add(p, "%.*s", STR_ARG(pg_function_text(p->a, p->o, name, true)));
}

static void probe_hanging(struct prober *p)
{
    add(p, "DROP %s %.*s ON %.*s", p->o->kind == OBJECT_TRIGGER ? "TRIGGER" : "RULE",
        STR_ARG(pg_name(p->a, p->o->name)), STR_ARG(pg_owner(p->a, p->o)));
    add(p, "%.*s", STR_ARG(get(p, "definition")));
}

static void probe_policy(struct prober *p)
{
    struct str sql = str_printf(p->a, "ALTER POLICY %.*s ON %.*s", STR_ARG(pg_name(p->a, p->o->name)),
                                STR_ARG(pg_owner(p->a, p->o)));
    if (pg_has(p->o, "using"))
        sql = str_printf(p->a, "%.*s USING (%.*s)", STR_ARG(sql), STR_ARG(get(p, "using")));
    if (pg_has(p->o, "check"))
        sql = str_printf(p->a, "%.*s WITH CHECK (%.*s)", STR_ARG(sql), STR_ARG(get(p, "check")));
    add(p, "%.*s", STR_ARG(sql));
}

static void probe_statistics(struct prober *p)
{
    add(p, "CREATE STATISTICS %.*s ON %.*s FROM %.*s", STR_ARG(p->made), STR_ARG(get(p, "columns")),
        STR_ARG(get(p, "relation")));
    p->probe->schema = STR("");
    p->probe->name = p->made;
}

static void (*const probes[OBJECT_KIND_COUNT])(struct prober *) = {
    [OBJECT_DOMAIN] = probe_domain,         [OBJECT_COLUMN] = probe_column,   [OBJECT_CONSTRAINT] = probe_constraint,
    [OBJECT_INDEX] = probe_index,           [OBJECT_VIEW] = probe_view,       [OBJECT_MATVIEW] = probe_view,
    [OBJECT_FUNCTION] = probe_function,     [OBJECT_TRIGGER] = probe_hanging, [OBJECT_RULE] = probe_hanging,
    [OBJECT_STATISTICS] = probe_statistics, [OBJECT_POLICY] = probe_policy,
};

bool probe_pg_build(struct arena *a, const struct object *o, unsigned number, struct probe_pg *ret_probe)
{
    struct probe_pg probe = {.kind = o->kind, .schema = o->schema, .table = o->table, .name = o->name};
    struct prober p = {.a = a, .o = o, .made = str_printf(a, "skein_probe_%u", number), .probe = &probe};
    if (probe_pg_key(o->kind, 0) == NULL || probes[o->kind] == NULL || pg_has(o, "parent"))
        return false;
    probes[o->kind](&p);
    *ret_probe = probe;
    return true;
}
