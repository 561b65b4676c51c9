/* verify, detach, resolve: what skein itself keeps in a database. */
#include <string.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/edited.h"
#include "coordinator/cli/planning.h"
#include "skein/db/migrate.h"

static bool edited_error(struct local *l, const struct nodes *edited)
{
    const struct revision *first = squash_shown(&l->project, edited->list.items[0]);
    err_kind(&l->err, ERR_CHECK, "edited", "%.*s was changed after it was applied%s", STR_ARG(first->path),
             edited->list.count > 1 ? ", and so were others" : "");
    for (size_t i = 0; i < edited->list.count && edited->list.count > 1; i++) {
        char before[ERR_DETAIL_MAX];
        memcpy(before, l->err.detail, sizeof(before));
        err_detail(&l->err, "%s%s%.*s", before, i > 0 ? ", " : "",
                   STR_ARG(squash_shown(&l->project, edited->list.items[i])->path));
    }
    return err_hint(&l->err, "put the old file back and write the change as a new revision");
}

/* The files against what the ledger says was applied. */
static bool verify_files(struct local *l)
{
    struct edited_source source;
    struct nodes edited = {0};
    if (!edited_read(l, &source))
        return false;
    for (size_t i = 0; i < l->project.modules.list.count; i++)
        if (!edited_find(l, &source, i, &edited))
            return false;
    return edited.list.count == 0 || edited_error(l, &edited);
}

static int run_verify(const struct opt_line *line)
{
    struct local l;
    uint64_t rows;
    bool has_project = local_open(&l, line);
    if ((!has_project && strcmp(l.err.kind, "no_project") != 0) || !local_connect(&l, DB_ACCESS_READ) ||
        !migrate_verify_ledger(&l.arena, l.db, &rows, &l.err) || (has_project && !verify_files(&l)))
        return local_fail(&l);
    if (l.form == OUT_FORM_JSON)
        out_json(json_pack("{s:b, s:I}", "intact", 1, "rows", (json_int_t)rows));
    else
        out_note("the ledger of %.*s is intact: %llu row%s", STR_ARG(l.db->name), (unsigned long long)rows,
                 rows == 1 ? "" : "s");
    local_close(&l);
    return 0;
}

static int run_detach(const struct opt_line *line)
{
    struct local l;
    struct migrate_options options;
    local_begin(&l, line);
    migrate_options_init(&options);
    options.run_lock_wait_ms = opt_duration(line, &opt_wait, options.run_lock_wait_ms);
    if (!local_connect(&l, DB_ACCESS_WRITE) || !migrate_detach(&l.arena, l.db, &options, &l.err))
        return local_fail(&l);
    if (l.form == OUT_FORM_JSON)
        out_json(json_pack("{s:b}", "detached", 1));
    else
        out_note("%.*s holds nothing of skein any more; the version tables are as they were", STR_ARG(l.db->name));
    local_close(&l);
    return 0;
}

static const struct opt_option *const verify_options[] = {&opt_database, &opt_schema,          &opt_project,
                                                          &opt_format,   &opt_connect_timeout, NULL};
static const struct opt_option *const detach_options[] = {&opt_database, &opt_schema,          &opt_wait,
                                                          &opt_format,   &opt_connect_timeout, NULL};

const struct opt_command command_verify = {
    .name = "verify",
    .group = "One database",
    .summary = "Check that nobody has changed the ledger, or a revision after it was applied",
    .text = "The ledger is one row an applied step; each row holds the hash of the one before. A revision whose file\n"
            "differs from what was applied is named, exit code 3; without a project only the ledger is checked. Never "
            "writes.",
    .options = verify_options,
    .run = run_verify};
const struct opt_command command_detach = {
    .name = "detach",
    .group = "One database",
    .summary = "Remove skein's own tables: the database goes back to Alembic alone",
    .text = "Drops skein_ledger and skein_state. The version tables stay, and Alembic or skein can go on from them.",
    .options = detach_options,
    .run = run_detach};
