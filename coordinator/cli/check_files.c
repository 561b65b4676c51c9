/* Checks that need the files only: several heads, no way down. And with a database: files that were edited. */
#include <string.h>

#include "coordinator/cli/check.h"
#include "coordinator/cli/edited.h"
#include "skein/plan/query.h"
#include "skein/sql/split.h"

static struct str extension_option(struct check *c, size_t module)
{
    struct str name = local_module_name(c->l, module);
    return module == 0 ? STR("") : str_printf(&c->l->arena, " --extension %.*s", STR_ARG(name));
}

/* --- heads ----------------------------------------------------------------------------------------------------- */

static void check_module_heads(struct check *c, size_t module)
{
    struct view v = local_view(c->l, module);
    struct str ids = STR(""), option = extension_option(c, module);
    struct nodes heads;
    view_effective_heads(&c->l->arena, &v, &heads);
    if (heads.list.count < 2)
        return;
    for (size_t i = 0; i < heads.list.count; i++)
        ids = str_printf(&c->l->arena, "%.*s%s%.*s", STR_ARG(ids), i > 0 ? ", " : "",
                         STR_ARG(c->l->project.nodes[heads.list.items[i]]->id));
    check_add(c, module, "several_heads", STR(""),
              str_printf(&c->l->arena, "join them: skein merge heads -m \"...\"%.*s", STR_ARG(option)),
              "there are %zu heads: %.*s", heads.list.count, STR_ARG(ids));
}

bool check_heads(struct check *c)
{
    for (size_t i = 0; i < c->modules.list.count; i++)
        check_module_heads(c, c->modules.list.items[i]);
    return true;
}

/* --- down ------------------------------------------------------------------------------------------------------ */

/* What did nothing needs nothing to be undone. */
static bool has_way_back(const struct revision *r, enum engine engine)
{
    const struct section *up = revision_section(r, SECTION_UP, engine),
                         *down = revision_section(r, SECTION_DOWN, engine);
    if (up == NULL || up->opaque || sql_is_blank(engine, up->sql))
        return true;
    return down != NULL && !down->opaque;
}

static void check_revision_down(struct check *c, size_t module, const struct revision *r)
{
    bool postgresql = has_way_back(r, ENGINE_POSTGRESQL), sqlite = has_way_back(r, ENGINE_SQLITE);
    if (postgresql && sqlite)
        return;
    const char *engine = postgresql ? " for sqlite" : sqlite ? " for postgresql" : "";
    check_add(c, module, "missing_down", r->path,
              STR("write one, or with nothing to undo an empty one; a revision that must not be undone is a matter "
                  "of --skip down"),
              "revision '%.*s' has no section 'down'%s", STR_ARG(r->id), engine);
}

/* Of a squashed range only the squashed revision is looked at. */
static bool is_replaced(const struct project *p, size_t node)
{
    const struct squash *s = squash_around(p, node);
    return s != NULL && s->top != node;
}

bool check_down(struct check *c)
{
    const struct project *p = &c->l->project;
    for (size_t i = 0; i < c->modules.list.count; i++) {
        const struct module *m = &p->modules.list.items[c->modules.list.items[i]];
        for (size_t n = m->first; n < m->first + m->count; n++)
            if (!is_replaced(p, n))
                check_revision_down(c, c->modules.list.items[i], squash_shown(p, n));
    }
    return true;
}

/* --- edited ---------------------------------------------------------------------------------------------------- */

static struct str joined(struct local *l, const struct names *names)
{
    struct str text = STR("");
    for (size_t i = 0; i < names->list.count; i++)
        text = str_printf(&l->arena, "%.*s%s%.*s", STR_ARG(text), i > 0 ? ", " : "", STR_ARG(names->list.items[i]));
    return text;
}

static bool check_module_edited(struct check *c, const struct edited_source *source, size_t module)
{
    struct local *l = c->l;
    struct view v = local_view(l, module);
    struct names unknown = {0};
    struct nodes edited = {0};
    query_unknown_rows(&l->arena, &v, dbstate_heads(&source->state, local_module_name(l, module)), &unknown);
    if (unknown.list.count > 0) {
        check_add(c, module, "unknown_revision", STR(""), STR("restore the file; what is applied must be known"),
                  "the database is at %.*s, which the project does not have", STR_ARG(joined(l, &unknown)));
        return true;
    }
    if (!edited_find(l, source, module, &edited))
        return false;
    for (size_t i = 0; i < edited.list.count; i++) {
        const struct revision *r = squash_shown(&l->project, edited.list.items[i]);
        check_add(c, module, "edited", r->path, STR("put the old file back and write the change as a new revision"),
                  "revision '%.*s' was changed after it was applied", STR_ARG(r->id));
    }
    return true;
}

/* Nothing was applied to a database that is not there yet. On the line its name may be a slip of the pen. */
static bool skip_absent(struct check *c)
{
    struct err *err = &c->l->err;
    if (strcmp(err->kind, "no_database") != 0 || opt_has(c->l->line, &opt_database))
        return false;
    check_skip(c, str_of(arena_strdup(&c->l->arena, err->text)));
    err_clear(err);
    return true;
}

bool check_edited(struct check *c)
{
    struct edited_source source;
    if (opt_value(c->l->line, &opt_database) == NULL) {
        check_skip(c, STR("no database was named: --database or DATABASE_URL"));
        return true;
    }
    if (!edited_read(c->l, &source))
        return skip_absent(c);
    if (source.applied.items.count == 0 && source.state.modules.count > 0)
        check_skip(c, STR("the database has no ledger, which would say what was applied"));
    for (size_t i = 0; i < c->modules.list.count; i++)
        if (!check_module_edited(c, &source, c->modules.list.items[i]))
            return false;
    return true;
}
