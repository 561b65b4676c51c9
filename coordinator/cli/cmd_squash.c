/*
 * squash: a range of revisions becomes one. What goes into the file is decided by skein/plan/squash_author.h; here
 * the databases are asked, the replaced files moved and the new one written, in this order: the project works at
 * every moment, and a run that was interrupted is finished by the next.
 */
#include <stdio.h>

#include "coordinator/cli/authoring.h"
#include "coordinator/cli/client.h"
#include "coordinator/cli/commands.h"
#include "coordinator/cli/squashing.h"
#include "skein/os/clock.h"
#include "skein/os/file.h"

static const struct opt_option opt_force = {
    .name = "force", .doc = "Squash although a database has not applied the whole range; it still finds its way"};
static const struct opt_option opt_dry_run_file = {.name = "dry-run", .doc = "Print the file and change nothing"};

/* --- asking ---------------------------------------------------------------------------------------------------- */

enum { LACKING_SHOWN = 8 };

static bool fail_lacking(struct local *l, const struct lacking_list *list)
{
    err_kind(&l->err, ERR_REFUSED, "not_applied_everywhere", "%zu database%s not applied the whole range",
             list->list.count, list->list.count == 1 ? " has" : "s have");
    struct str names = STR("");
    for (size_t i = 0; i < list->list.count && i < LACKING_SHOWN; i++)
        names = str_printf(&l->arena, "%.*s%s%.*s (%.*s)", STR_ARG(names), i > 0 ? ", " : "",
                           STR_ARG(list->list.items[i].name), STR_ARG(list->list.items[i].state));
    err_detail(&l->err, "%.*s%s", STR_ARG(names), list->list.count > LACKING_SHOWN ? ", ..." : "");
    return err_hint(&l->err, "upgrade them first, or add --force: what is inside the range goes on by the replaced "
                             "revisions, what is below it runs the squashed one");
}

static bool ask(struct local *l, size_t module, const struct squash_made *made, size_t *ret_asked)
{
    struct lacking_list list = {0};
    if (!squashing_ask(l, module, made, &list, ret_asked))
        return false;
    return list.list.count == 0 || opt_has(l->line, &opt_force) || fail_lacking(l, &list);
}

/* --- doing ----------------------------------------------------------------------------------------------------- */

static const char *whole_path(struct local *l, struct str path)
{
    return arena_printf(&l->arena, "%.*s/%.*s", STR_ARG(l->project.root), STR_ARG(path));
}

static bool move_files(struct local *l, const struct squash_made *made)
{
    for (size_t i = 0; i < made->moves.list.count; i++) {
        const struct squash_move *move = &made->moves.list.items[i];
        const char *to = whole_path(l, move->to);
        if (!file_mkdirs(str_cstr(&l->arena, file_folder(str_of(to))), 0777, &l->err))
            return false;
        if (rename(whole_path(l, move->from), to) != 0)
            return err_errno(&l->err, "cannot move %.*s to %.*s", STR_ARG(move->from), STR_ARG(move->to));
    }
    return true;
}

/* --- telling --------------------------------------------------------------------------------------------------- */

static json_t *json_moves(const struct squash_made *made)
{
    json_t *list = json_array();
    for (size_t i = 0; i < made->moves.list.count; i++) {
        const struct squash_move *move = &made->moves.list.items[i];
        json_array_append_new(list, json_pack("{s:o, s:o}", "from", json_str(move->from), "to", json_str(move->to)));
    }
    return list;
}

static json_t *json_proofs(const struct proofs *proofs)
{
    json_t *list = json_array();
    for (size_t i = 0; i < proofs->list.count; i++) {
        const struct proved *p = &proofs->list.items[i];
        json_array_append_new(list, json_pack("{s:s, s:b, s:o}", "engine", engine_name(p->engine), "proven",
                                              p->reason.len == 0, "reason",
                                              p->reason.len > 0 ? json_str(p->reason) : json_null()));
    }
    return list;
}

static json_t *json_irreversible(const struct squash_made *made)
{
    json_t *list = json_array();
    for (int engine = ENGINE_UNSET + 1; engine < ENGINE_COUNT; engine++)
        if (made->irreversible[engine])
            json_array_append_new(list, json_string(engine_name((enum engine)engine)));
    return list;
}

static void print_json(struct local *l, size_t module, const struct squash_made *made, size_t asked,
                       const struct proofs *proofs)
{
    const struct revision *r = &made->file.revision;
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "module", json_str(local_module_name(l, module)),
                  "revision", json_str(r->id), "parents", json_names(&r->parents), "replaces", json_names(&r->replaces),
                  "message", json_str(r->message), "path", json_str(made->file.path), "moved", json_moves(made),
                  "irreversible", json_irreversible(made), "databases_asked", (json_int_t)asked);
    json_object_set_new(object, "proofs", json_proofs(proofs));
    if (opt_has(l->line, &opt_dry_run_file))
        json_object_set_new(object, "text", json_str(made->file.text));
    out_json(object);
}

static void print_notes(struct local *l, const struct squash_made *made, size_t asked, const struct proofs *proofs)
{
    size_t moved = made->moves.list.count;
    out_note("%zu revisions in one; %zu file%s %s to the folder " SQUASH_FOLDER, made->members.list.count, moved,
             moved == 1 ? "" : "s", opt_has(l->line, &opt_dry_run_file) ? "would move" : "moved");
    for (int engine = ENGINE_UNSET + 1; engine < ENGINE_COUNT; engine++)
        if (made->irreversible[engine])
            out_note("there is no way down on %s: a revision of the range has no section 'down'",
                     engine_name((enum engine)engine));
    for (size_t i = 0; i < proofs->list.count; i++) {
        const struct proved *p = &proofs->list.items[i];
        if (p->reason.len == 0)
            out_note("proven on %s: it does what it replaces", engine_name(p->engine));
        else
            out_note("not proven on %s: %.*s", engine_name(p->engine), STR_ARG(p->reason));
    }
    if (asked == 0)
        out_note("no database was asked whether it has applied the range: --database and --fleet do");
}

static void print_made(struct local *l, size_t module, const struct squash_made *made, size_t asked,
                       const struct proofs *proofs)
{
    if (l->form == OUT_FORM_JSON) {
        print_json(l, module, made, asked, proofs);
        return;
    }
    if (opt_has(l->line, &opt_dry_run_file))
        out_clean(stdout, made->file.text);
    else
        out_printf(stdout, "%s\n", whole_path(l, made->file.path));
    print_notes(l, made, asked, proofs);
}

static bool squash(struct local *l, const struct project_files *files)
{
    struct module_set set;
    struct squash_made made;
    struct str path;
    struct proofs proofs;
    size_t asked;
    if (!local_select(l, &set))
        return false;
    struct squash_request request = {.module = set.list.items[0],
                                     .range = str_of(opt_argument(l->line, 0)),
                                     .message = str_of(opt_value(l->line, &opt_message)),
                                     .created_ms = clock_wall_ms()};
    if (!squash_author(&l->arena, files, &l->project, &request, &made, &l->err) ||
        !ask(l, request.module, &made, &asked) || !squashing_prove(l, files, request.module, &made, &proofs))
        return false;
    if (!opt_has(l->line, &opt_dry_run_file) && (!move_files(l, &made) || !authoring_write(l, &made.file, &path)))
        return false;
    print_made(l, request.module, &made, asked, &proofs);
    return true;
}

static int run_squash(const struct opt_line *line)
{
    struct local l;
    struct project_files files;
    if (!local_open_files(&l, line, &files) || !squash(&l, &files))
        return local_fail(&l);
    local_close(&l);
    return 0;
}

static const struct opt_option *const squash_options[] = {
    &opt_project, &opt_extension,       &opt_message,     &opt_database,
    &opt_schema,  &opt_connect_timeout, &opt_fleet,       &opt_force,
    &opt_scratch, &opt_dry_run_file,    &opt_coordinator, &opt_key,
    &opt_client,  &opt_server_key,      &opt_timeout,     &opt_format,
    NULL};
const struct opt_command command_squash = {
    .name = "squash",
    .group = "Writing revisions",
    .summary = "Replace a range of revisions by one",
    .text = "Prints the new file's path. It has the statements of all of them, one after the other, and the id of the\n"
            "last. The replaced files move to the folder `squashed`, where they go on to serve databases that are\n"
            "inside the range. A database that is named, or with --fleet any target, that has not applied the whole\n"
            "range is a reason to refuse (exit code 8). On scratch databases it is proven that the new revision leads "
            "where\n"
            "the replaced ones lead, and back. Deleting the new file takes the squash back.",
    .examples = "skein squash base:8e51 -m \"the schema of 2025\" --fleet\n"
                "skein squash 0a1b:8e51 --extension billing -m \"invoices\" --dry-run",
    .options = squash_options,
    .arguments = {{"FROM:TO", "The first and the last revision that are replaced; FROM may be 'base', TO 'head'", 1,
                   1}},
    .run = run_squash};
