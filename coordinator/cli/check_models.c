/* The check that replays the migrations and loads the models. */
#include <string.h>

#include "coordinator/cli/auto.h"
#include "coordinator/cli/check.h"
#include "skein/os/tree.h"

enum { SHOWN = 3 };

/* Settings around what changes, which tell nobody anything. */
static bool is_setting(struct str sql)
{
    return str_starts(sql, STR("PRAGMA "));
}

/* "sqlite: CREATE TABLE t (a int); ..." */
static struct str first_statements(struct check *c, const struct engine_change *change)
{
    struct arena *a = &c->l->arena;
    struct str text = str_printf(a, "%s:", engine_name(change->engine));
    size_t statements = 0;
    for (size_t i = 0; i < change->up.list.count; i++) {
        struct ddl ddl = change->up.list.items[i];
        if (is_setting(ddl.sql) || ++statements > SHOWN)
            continue;
        struct str says = ddl.note.len > 0 ? ddl.note : ddl.sql, line = str_head(says, str_find(says, '\n'));
        text = str_printf(a, "%.*s %.*s%s;", STR_ARG(text), STR_ARG(line), line.len < says.len ? " ..." : "");
    }
    if (statements > SHOWN)
        text = str_printf(a, "%.*s and %zu more", STR_ARG(text), statements - SHOWN);
    return text;
}

static bool check_module(struct check *c, struct auto_work *w, size_t module)
{
    struct auto_changes changes;
    struct str name = local_module_name(c->l, module), text = STR("");
    if (!auto_changes(w, module, &changes))
        return false;
    if (changes.statements == 0)
        return true;
    for (size_t i = 0; i < changes.list.count; i++)
        if (changes.list.items[i].up.list.count > 0)
            text = str_printf(&c->l->arena, "%.*s%s%.*s", STR_ARG(text), text.len > 0 ? "; " : "",
                              STR_ARG(first_statements(c, &changes.list.items[i])));
    check_add(c, module, "models_differ", STR(""),
              str_printf(&c->l->arena, "write the revision: skein revision --auto -m \"...\"%s%.*s",
                         module > 0 ? " --extension " : "", module > 0 ? (int)name.len : 0, name.p),
              "the models are not what the migrations make: %.*s", STR_ARG(text));
    return true;
}

static bool has_models(struct check *c, const struct project_models *models)
{
    bool any = models->command.list.count > 0;
    for (size_t i = 0; i < c->modules.list.count; i++)
        any = any || models->modules.list.items[c->modules.list.items[i]].files.list.count > 0;
    return any;
}

static bool open_models(struct check *c, struct auto_work **ret_work)
{
    struct err *err = &c->l->err;
    if (auto_open(c->l, c->files, ret_work))
        return true;
    if (strcmp(err->kind, "no_scratch") != 0 || opt_value(c->l->line, &opt_scratch) != NULL)
        return false;
    check_skip(c, str_printf(&c->l->arena, "%s: --scratch or SKEIN_SCRATCH_URL", err->text));
    err_clear(err);
    *ret_work = NULL;
    return true;
}

bool check_models(struct check *c)
{
    struct project_models models;
    struct auto_work *w = NULL;
    if (!tree_read_models(&c->l->arena, c->files, &models, &c->l->diag))
        return diag_to_err(&c->l->diag, &c->l->err);
    if (!has_models(c, &models)) {
        check_skip(c, STR("there are no models (DB_*.sql)"));
        return true;
    }
    if (!open_models(c, &w))
        return false;
    bool ok = true;
    for (size_t i = 0; w != NULL && ok && i < c->modules.list.count; i++)
        ok = check_module(c, w, c->modules.list.items[i]);
    auto_close(w);
    return ok;
}
