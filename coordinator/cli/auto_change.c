/* What differs, and what was only renamed. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/cli/auto_work.h"
#include "skein/db/introspect.h"

const struct opt_option opt_rename = {.name = "rename",
                                      .type = OPT_TEXT,
                                      .value = "TABLE.OLD=NEW",
                                      .doc = "A column that has another name in the models: its data is kept",
                                      .repeatable = true};
const struct opt_option opt_rename_table = {.name = "rename-table",
                                            .type = OPT_TEXT,
                                            .value = "OLD=NEW",
                                            .doc = "A table that has another name in the models: its data is kept",
                                            .repeatable = true};
const struct opt_option opt_concurrently = {
    .name = "concurrently",
    .doc = "PostgreSQL: make and drop indexes of existing tables without locking out writers, in revisions of their "
           "own without a transaction"};

bool auto_diff(struct auto_work *w, const struct auto_way *way, struct ddl_list *ret_list)
{
    const struct diff_request request = {.from = way->from,
                                         .to = way->to,
                                         .module = way->module,
                                         .renames = way->renames,
                                         .back = way->back,
                                         .concurrently = opt_has(w->local->line, &opt_concurrently)};
    *ret_list = (struct ddl_list){0};
    return schema_diff(&w->local->arena, &request, ret_list, &w->local->err);
}

static bool add_engine(struct auto_work *w, const struct auto_engine *e, struct str module,
                       struct auto_changes *changes)
{
    struct engine_change change = {.engine = e->engine};
    struct renames back;
    renames_reverse(&w->local->arena, &w->renames, &back);
    const struct auto_way up = {.from = &e->current, .to = &e->models, .module = module, .renames = &w->renames};
    const struct auto_way down = {
        .from = &e->models, .to = &e->current, .module = module, .renames = &back, .back = true};
    if (!auto_diff(w, &up, &change.up) || !auto_diff(w, &down, &change.down))
        return err_wrap(&w->local->err, "%s", engine_name(e->engine));
    changes->statements += change.up.list.count;
    vec_push(&w->local->arena, &changes->list, change);
    return true;
}

bool auto_changes(struct auto_work *w, size_t module, struct auto_changes *ret_changes)
{
    struct auto_changes changes = {0};
    for (size_t i = 0; auto_has_models(w, module) && i < w->engine_count; i++)
        if (!add_engine(w, &w->engines[i], local_module_name(w->local, module), &changes))
            return false;
    *ret_changes = changes;
    return true;
}

/* --- renames --------------------------------------------------------------------------------------------------- */

static bool bad_rename(struct local *l, const char *text, const char *problem)
{
    err_kind(&l->err, ERR_USAGE, "bad_rename", "%s: %s", text, problem);
    return err_hint(&l->err, "write --rename TABLE.OLD=NEW or --rename-table OLD=NEW, with the names that the database "
                             "shows; SCHEMA. may stand before them");
}

/* The part behind the last dot off *text. */
static struct str last_part(struct str *text)
{
    size_t at = text->len;
    while (at > 0 && text->p[at - 1] != '.')
        at--;
    struct str part = str_from(*text, at);
    *text = str_head(*text, at > 0 ? at - 1 : 0);
    return part;
}

static bool parse_rename(struct local *l, const char *written, enum object_kind kind, struct rename *ret_rename)
{
    struct str text = str_of(written);
    size_t equals = str_find(text, '=');
    struct rename r = {.kind = kind, .to = str_from(text, equals + 1)};
    struct str left = str_head(text, equals);
    r.from = last_part(&left);
    if (kind == OBJECT_COLUMN)
        r.table = last_part(&left);
    r.schema = str_is(left, "public") || str_is(left, "main") ? STR("") : left;
    if (r.from.len == 0 || r.to.len == 0 || (kind == OBJECT_COLUMN && r.table.len == 0))
        return bad_rename(l, written, "this is no rename");
    *ret_rename = r;
    return true;
}

/* A column's table may be renamed as well: in the models it has its new name. */
static struct str new_table(const struct auto_work *w, const struct rename *r)
{
    for (size_t i = 0; i < w->renames.list.count; i++) {
        const struct rename *other = &w->renames.list.items[i];
        if (other->kind == OBJECT_TABLE && str_eq(other->schema, r->schema) && str_eq(other->from, r->table))
            return other->to;
    }
    return r->table;
}

static bool applies(const struct auto_work *w, const struct rename *r)
{
    for (size_t i = 0; i < w->engine_count; i++) {
        const struct auto_engine *e = &w->engines[i];
        if (schema_find(&e->current, r->kind, r->schema, r->table, r->from) != SIZE_MAX &&
            schema_find(&e->models, r->kind, r->schema, new_table(w, r), r->to) != SIZE_MAX)
            return true;
    }
    return false;
}

static bool add_option(struct auto_work *w, const struct opt_option *option, enum object_kind kind)
{
    struct local *l = w->local;
    for (size_t i = 0; i < opt_count(l->line, option); i++) {
        const char *written = opt_nth(l->line, option, i);
        struct rename r;
        if (!parse_rename(l, written, kind, &r))
            return false;
        if (!applies(w, &r))
            return bad_rename(l, written,
                              "the migrations do not make the old name, or the models have no such new one");
        vec_push(&l->arena, &w->renames.list, r);
    }
    return true;
}

static bool is_known(const struct auto_work *w, const struct rename *r)
{
    for (size_t i = 0; i < w->renames.list.count; i++) {
        const struct rename *k = &w->renames.list.items[i];
        bool same_place = k->kind == r->kind && str_eq(k->schema, r->schema) && str_eq(k->table, r->table);
        if (same_place && (str_eq(k->from, r->from) || str_eq(k->to, r->to)))
            return true;
    }
    return false;
}

/* No answer but yes is no. False: the person wants to stop. */
static bool ask(struct auto_work *w, const struct rename *r, bool *ret_yes)
{
    char answer[16] = "";
    bool column = r->kind == OBJECT_COLUMN;
    out_printf(stderr, "Was %s %.*s%s%.*s renamed to %.*s? Otherwise its data is dropped. [y/N] ",
               object_kind_name(r->kind), STR_ARG(r->table), column ? "." : "", STR_ARG(r->from), STR_ARG(r->to));
    fflush(stderr);
    bool answered = fgets(answer, sizeof(answer), stdin) != NULL;
    bool stopped = !answered && w->watch.cancelled(w->watch.user);
    *ret_yes = answer[0] == 'y' || answer[0] == 'Y';
    return !stopped || err_kind(&w->local->err, ERR_CANCELLED, "cancelled", "stopped on request");
}

static bool ask_all(struct auto_work *w, size_t module)
{
    for (size_t i = 0; i < w->engine_count; i++) {
        const struct auto_engine *e = &w->engines[i];
        const struct diff_request request = {.from = &e->current,
                                             .to = &e->models,
                                             .module = local_module_name(w->local, module),
                                             .renames = &w->renames};
        struct renames found = {0};
        schema_rename_candidates(&w->local->arena, &request, &found);
        for (size_t k = 0; k < found.list.count; k++) {
            bool yes = false;
            if (is_known(w, &found.list.items[k]))
                continue;
            if (!ask(w, &found.list.items[k], &yes))
                return false;
            if (yes)
                vec_push(&w->local->arena, &w->renames.list, found.list.items[k]);
        }
    }
    return true;
}

bool auto_read_renames(struct auto_work *w, size_t module)
{
    bool person = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
    return add_option(w, &opt_rename_table, OBJECT_TABLE) && add_option(w, &opt_rename, OBJECT_COLUMN) &&
           (!person || w->local->form == OUT_FORM_JSON || ask_all(w, module));
}
