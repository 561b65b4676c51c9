/* verify, detach, resolve: what skein itself keeps in a database. */
#include "coordinator/cli/client.h"
#include "coordinator/cli/commands.h"
#include "coordinator/cli/planning.h"
#include "skein/db/migrate.h"

static int run_verify(const struct opt_line *line)
{
    struct local l;
    uint64_t rows;
    local_begin(&l, line);
    if (!local_connect(&l, DB_ACCESS_READ) || !migrate_verify_ledger(&l.arena, l.db, &rows, &l.err))
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

static const struct opt_option *const verify_options[] = {&opt_database, &opt_schema, &opt_format, &opt_connect_timeout,
                                                          NULL};
static const struct opt_option *const detach_options[] = {&opt_database, &opt_schema,          &opt_wait,
                                                          &opt_format,   &opt_connect_timeout, NULL};

const struct opt_command command_verify = {
    .name = "verify",
    .group = "One database",
    .summary = "Check that nobody has changed the ledger",
    .text = "The ledger is one row an applied step; each row holds the hash of the one before. Never writes.",
    .options = verify_options,
    .run = run_verify};
const struct opt_command command_detach = {
    .name = "detach",
    .group = "One database",
    .summary = "Remove skein's own tables: the database goes back to Alembic alone",
    .text = "Drops skein_ledger and skein_state. The version tables stay, and Alembic or skein can go on from them.",
    .options = detach_options,
    .run = run_detach};
