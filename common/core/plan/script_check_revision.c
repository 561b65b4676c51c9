/*
 * Checks every section of a revision without a database. A section for one engine is read as that engine reads it. A
 * general one is read as each engine does: what an engine refuses inside a transaction is refused, while a cut that
 * only one of them finds (END of a trigger's body, read by the other one's rules) proves nothing.
 */
#include <string.h>

#include "skein/plan/script.h"

static void add_bad_sql(const struct script *s, const struct err *e, struct diag *diag)
{
    struct str column = str_of(e->origin), line;
    unsigned long long row = 1, at = 0;
    if (str_next(&column, ':', &line) && str_to_u64(line, UINT32_MAX, &row))
        str_to_u64(column, UINT32_MAX, &at);
    diag_add(diag, DIAG_ERROR, "bad_sql", (struct diag_at){s->path, s->body.line + (unsigned)row - 1, (unsigned)at},
             e->hint[0] != '\0' ? e->hint : NULL, "%s", e->text);
}

static void read_as(struct arena *a, const struct revision *r, const struct section *section, enum engine engine,
                    struct diag *diag)
{
    const struct section *body = section;
    struct err err = {0};
    if (section->kind == SECTION_VERIFY || section->kind == SECTION_PROBE)
        body = revision_section(r, SECTION_UP, engine);
    struct script s = {.engine = engine,
                       .transactional = body == NULL || body->transactional,
                       .path = r->path,
                       .body = {.sql = section->sql, .line = section->line}};
    diag_init(diag, a);
    if (sql_split(a, engine, section->sql, &s.body.statements, &err))
        script_check(&s, diag);
    else
        add_bad_sql(&s, &err, diag);
}

static bool has(const struct diag *d, const struct diag_item *item)
{
    for (size_t i = 0; i < d->list.count; i++)
        if (d->list.items[i].line == item->line && strcmp(d->list.items[i].kind, item->kind) == 0)
            return true;
    return false;
}

static void copy(struct diag *to, const struct diag_item *item)
{
    diag_add(to, item->severity, item->kind, (struct diag_at){item->path, item->line, item->column}, item->hint, "%s",
             item->text);
}

static bool is_certain(const struct diag_item *item)
{
    return strcmp(item->kind, "needs_no_transaction") == 0;
}

static void check_general(struct arena *a, const struct revision *r, const struct section *section, struct diag *diag)
{
    struct diag one, other;
    read_as(a, r, section, ENGINE_POSTGRESQL, &one);
    read_as(a, r, section, ENGINE_SQLITE, &other);
    for (size_t i = 0; i < one.list.count; i++)
        if (is_certain(&one.list.items[i]) || has(&other, &one.list.items[i]))
            copy(diag, &one.list.items[i]);
    for (size_t i = 0; i < other.list.count; i++)
        if (is_certain(&other.list.items[i]) && !has(&one, &other.list.items[i]))
            copy(diag, &other.list.items[i]);
}

static void check_own(struct arena *a, const struct revision *r, const struct section *section, struct diag *diag)
{
    struct diag found;
    read_as(a, r, section, section->engine, &found);
    for (size_t i = 0; i < found.list.count; i++)
        copy(diag, &found.list.items[i]);
}

void script_check_revision(struct arena *a, const struct revision *r, struct diag *diag)
{
    for (size_t i = 0; i < r->sections.list.count; i++)
        if (r->sections.list.items[i].engine == ENGINE_UNSET)
            check_general(a, r, &r->sections.list.items[i], diag);
        else
            check_own(a, r, &r->sections.list.items[i], diag);
}
