#include "coordinator/cli/importing.h"

#include <string.h>
#include <unistd.h>

#include "coordinator/cli/authoring.h"
#include "skein/os/tree.h"

size_t importing_engines(struct local *l, const struct project_files *files, bool ret_engines[ENGINE_COUNT])
{
    const char *option = opt_value(l->line, &opt_engine);
    struct project_models models = {0};
    struct diag ignored; /* what is wrong with models is no matter here */
    enum engine engine;
    size_t count = 0;
    diag_init(&ignored, &l->arena);
    if (option != NULL && engine_parse(str_of(option), &engine))
        models.engines[engine] = true;
    else if (!tree_read_models(&l->arena, files, &models, &ignored))
        models = (struct project_models){0};
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        count += ret_engines[i] = models.engines[i];
    return count;
}

/* --- writing -------------------------------------------------------------------------------------------------------
 */

/* After a failure: what this run wrote goes again, so that the next one begins where this one did. */
static void take_back(struct local *l, const struct import_result *result, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct import_made *made = &result->list.items[i];
        if (!made->was_there)
            unlink(arena_printf(&l->arena, "%.*s/%.*s", STR_ARG(l->project.root), STR_ARG(made->file.path)));
    }
}

static bool write_all(struct local *l, const struct import_result *result)
{
    for (size_t i = 0; i < result->list.count; i++) {
        struct str path;
        if (result->list.items[i].was_there || authoring_write(l, &result->list.items[i].file, &path))
            continue;
        take_back(l, result, i);
        return err_hint(&l->err, "nothing was imported: make the folder writable and try again");
    }
    return true;
}

/* --- what is said about sections --------------------------------------------------------------------------------- */

/* "sqlite" or "postgresql, sqlite"; for a section without engine "yes"; what cannot be run is named so. */
static void describe(const struct revision *r, enum section_kind kind, struct strbuf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < r->sections.list.count; i++) {
        const struct section *s = &r->sections.list.items[i];
        if (s->kind != kind)
            continue;
        strbuf_puts(out, count++ > 0 ? ", " : "");
        const char *what = s->opaque ? "opaque" : s->sql.len == 0 ? "empty" : s->transactional ? "yes" : "alone";
        if (s->engine != ENGINE_UNSET)
            strbuf_printf(out, "%s%s%s", engine_name(s->engine), strcmp(what, "yes") == 0 ? "" : " ",
                          strcmp(what, "yes") == 0 ? "" : what);
        else
            strbuf_puts(out, what);
    }
    if (count == 0)
        strbuf_puts(out, r->sections.list.count == 0 ? "empty" : "none");
}

static void cell(struct out_table *t, const struct revision *r, enum section_kind kind)
{
    struct strbuf text;
    strbuf_init(&text, 1000);
    describe(r, kind, &text);
    out_table_cell(t, strbuf_str(&text));
    strbuf_release(&text);
}

/* The reason stands in the section's first line, behind the dashes. */
static struct str reason_of(const struct section *s)
{
    return str_trim(str_from(str_head(s->sql, str_find(s->sql, '\n')), 2));
}

static struct str note_of(struct local *l, const struct import_made *made)
{
    struct str note = made->from->note;
    for (size_t i = 0; i < made->file.revision.sections.list.count; i++) {
        const struct section *s = &made->file.revision.sections.list.items[i];
        struct str reason = s->opaque ? reason_of(s) : STR("");
        if (reason.len == 0 || str_ends(note, reason))
            continue;
        note = str_printf(&l->arena, "%.*s%s%.*s", STR_ARG(note), note.len > 0 ? "; " : "", STR_ARG(reason));
    }
    return note;
}

static bool in_several(const struct import_result *result)
{
    for (size_t i = 1; i < result->list.count; i++)
        if (result->list.items[i].module != result->list.items[0].module)
            return true;
    return false;
}

static void print_table(struct local *l, const struct import_result *result)
{
    struct out_table *t = out_table_new();
    bool several = in_several(result);
    if (several)
        out_table_column(t, "MODULE", OUT_COLUMN_TEXT);
    out_table_column(t, "REVISION", OUT_COLUMN_TEXT);
    out_table_column(t, "FROM", OUT_COLUMN_CUT);
    out_table_column(t, "UP", OUT_COLUMN_TEXT);
    out_table_column(t, "DOWN", OUT_COLUMN_TEXT);
    out_table_column(t, "NOTE", OUT_COLUMN_WRAP);
    for (size_t i = 0; i < result->list.count; i++) {
        const struct import_made *made = &result->list.items[i];
        if (made->was_there)
            continue;
        out_table_row(t);
        if (several)
            out_table_cell(t, local_module_name(l, made->module));
        out_table_cell(t, made->file.revision.id);
        out_table_cell(t, made->from->source);
        cell(t, &made->file.revision, SECTION_UP);
        cell(t, &made->file.revision, SECTION_DOWN);
        out_table_cell(t, note_of(l, made));
    }
    if (result->new_count > 0)
        out_table_print(t);
    else
        out_table_free(t);
    fflush(stdout);
}

static size_t count_opaque(const struct import_result *result)
{
    size_t count = 0;
    for (size_t i = 0; i < result->list.count; i++)
        count += !result->list.items[i].was_there && revision_is_opaque(&result->list.items[i].file.revision);
    return count;
}

static void print_text(struct local *l, const struct import_result *result, bool dry_run)
{
    size_t opaque = count_opaque(result), there = result->list.count - result->new_count;
    out_diag(&l->diag);
    print_table(l, result);
    if (result->new_count == 0)
        out_note("all %zu revision%s are there already: nothing to do", there, there == 1 ? "" : "s");
    else if (there > 0)
        out_note("%s %zu revision%s; %zu were there already", dry_run ? "would import" : "imported", result->new_count,
                 result->new_count == 1 ? "" : "s", there);
    else
        out_note("%s %zu revision%s", dry_run ? "would import" : "imported", result->new_count,
                 result->new_count == 1 ? "" : "s");
    if (opaque > 0)
        out_note("%zu of them %s an opaque section: skein never runs it, and a database that has not been there needs "
                 "its SQL written into the file",
                 opaque, opaque == 1 ? "has" : "have");
}

/* --- JSON ------------------------------------------------------------------------------------------------------------
 */

static json_t *json_sections(const struct revision *r)
{
    json_t *array = json_array();
    for (size_t i = 0; i < r->sections.list.count; i++) {
        const struct section *s = &r->sections.list.items[i];
        json_array_append_new(array,
                              json_pack("{s:s, s:o, s:b, s:b, s:o}", "section", section_kind_name(s->kind), "engine",
                                        s->engine != ENGINE_UNSET ? json_string(engine_name(s->engine)) : json_null(),
                                        "transactional", s->transactional, "opaque", s->opaque, "reason",
                                        s->opaque ? json_str(reason_of(s)) : json_null()));
    }
    return array;
}

static void print_json(struct local *l, const struct import_result *result, bool dry_run)
{
    json_t *revisions = json_array();
    for (size_t i = 0; i < result->list.count; i++) {
        const struct import_made *made = &result->list.items[i];
        const struct revision *r = &made->file.revision;
        json_t *object = json_pack("{s:o, s:o, s:o, s:o, s:o}", "module", json_str(local_module_name(l, made->module)),
                                   "revision", json_str(r->id), "parents", json_names(&r->parents), "labels",
                                   json_names(&r->labels), "depends_on", json_names(&r->depends_on));
        json_object_update_new(object, json_pack("{s:o, s:o, s:o, s:b, s:o, s:o}", "message", json_str(r->message),
                                                 "from", json_str(made->from->source), "path",
                                                 json_str(made->file.path), "new", !made->was_there, "note",
                                                 json_str(made->from->note), "sections", json_sections(r)));
        json_array_append_new(revisions, object);
    }
    json_t *warnings = json_array();
    for (size_t i = 0; i < l->diag.list.count; i++) {
        const struct diag_item *d = &l->diag.list.items[i];
        json_array_append_new(warnings, json_pack("{s:s, s:o, s:i, s:s}", "code", d->kind, "path", json_str(d->path),
                                                  "line", (int)d->line, "message", d->text));
    }
    out_json(json_pack("{s:b, s:I, s:o, s:o}", "dry_run", dry_run, "imported", (json_int_t)result->new_count,
                       "revisions", revisions, "warnings", warnings));
}

bool importing_finish(struct local *l, const struct project_files *files, const struct import_list *imports,
                      const char *folder)
{
    struct import_result result;
    bool dry_run = opt_has(l->line, &opt_dry_run);
    size_t count = 0;
    for (size_t i = 0; i < imports->list.count; i++)
        count += imports->list.items[i].set.list.count;
    if (count == 0) {
        err_kind(&l->err, ERR_INPUT, "nothing_to_import", "there are no migrations in %s", folder);
        return err_hint(&l->err, "name the folder that holds the migrations themselves");
    }
    if (!import_place(&l->arena, files, &l->project, imports, &l->diag, &result, &l->err))
        return false;
    if (!dry_run && !write_all(l, &result))
        return false;
    if (l->form == OUT_FORM_JSON)
        print_json(l, &result, dry_run);
    else
        print_text(l, &result, dry_run);
    return true;
}
