#include "coordinator/cli/options.h"

const struct opt_option opt_project = {
    .name = "project",
    .type = OPT_TEXT,
    .value = "DIR",
    .doc = "Root folder of the project; otherwise the nearest folder upwards that holds "
           "database/migrations or src/database/migrations",
    .variable = "SKEIN_PROJECT"};
const struct opt_option opt_extension = {.name = "extension",
                                         .letter = 'x',
                                         .type = OPT_TEXT,
                                         .value = "NAME",
                                         .doc = "Work on this extension instead of core"};
const struct opt_option opt_all = {.name = "all", .doc = "Work on core and all extensions"};
const struct opt_option opt_format = {.name = "format",
                                      .type = OPT_CHOICE,
                                      .value = "FORMAT",
                                      .doc = "How to print",
                                      .choices = "table|json",
                                      .fallback = "table"};
const struct opt_option opt_verbose = {.name = "verbose", .letter = 'v', .doc = "Print more"};
const struct opt_option opt_database = {
    .name = "database",
    .letter = 'd',
    .type = OPT_TEXT,
    .value = "URL",
    .doc = "The database: sqlite:///relative.db, sqlite:////absolute.db or postgresql://HOST/NAME; "
           "a driver as in postgresql+psycopg2:// is ignored",
    .variable = "DATABASE_URL"};
const struct opt_option opt_schema = {.name = "schema",
                                      .type = OPT_TEXT,
                                      .value = "NAME",
                                      .doc = "PostgreSQL: the schema that holds the tables and the version tables; "
                                             "otherwise the first of the search path"};
const struct opt_option opt_script_role = {
    .name = "role",
    .type = OPT_TEXT,
    .value = "NAME",
    .doc = "PostgreSQL: run the revisions' statements as this role (SET ROLE); skein's "
           "own tables stay with the role that connects"};
const struct opt_option opt_connect_timeout = {.name = "connect-timeout",
                                               .type = OPT_DURATION,
                                               .value = "D",
                                               .doc = "How long to try to connect",
                                               .fallback = "10s"};
const struct opt_option opt_target = {
    .name = "target", .type = OPT_TEXT, .value = "REV", .doc = "The target revision, instead of the argument"};
const struct opt_option opt_sql = {
    .name = "sql", .doc = "Print the SQL instead of running it; connects to nothing, starts at --from or at base"};
const struct opt_option opt_dry_run = {.name = "dry-run", .doc = "Print what would be done and change nothing"};
const struct opt_option opt_per_revision = {.name = "transaction-per-revision",
                                            .doc = "Commit after every revision, not once at the end"};
const struct opt_option opt_lock_timeout = {.name = "lock-timeout",
                                            .type = OPT_DURATION,
                                            .value = "D",
                                            .doc = "How long a statement may wait for a lock before the transaction "
                                                   "is rolled back and tried again",
                                            .fallback = "2s"};
const struct opt_option opt_statement_timeout = {.name = "statement-timeout",
                                                 .type = OPT_DURATION,
                                                 .value = "D",
                                                 .doc = "How long a statement may run; 0 for no limit",
                                                 .fallback = "0"};
const struct opt_option opt_wait = {.name = "wait",
                                    .type = OPT_DURATION,
                                    .value = "D",
                                    .doc = "How long to wait while another migration works on the database",
                                    .fallback = "10s"};
const struct opt_option opt_cascade = {.name = "cascade",
                                       .doc = "Take down first what other modules have that depends on it"};
const struct opt_option opt_purge = {.name = "purge", .doc = "Empty the version table first"};
const struct opt_option opt_scratch = {
    .name = "scratch",
    .type = OPT_TEXT,
    .value = "URL",
    .doc = "PostgreSQL: the server on which models are loaded and migrations are replayed, in temporary databases",
    .variable = "SKEIN_SCRATCH_URL"};
const struct opt_option opt_from = {.name = "from",
                                    .type = OPT_TEXT,
                                    .value = "MODULE=ID,...",
                                    .doc = "Take this as the state of a module instead of asking a database; "
                                           "'core=' is base",
                                    .repeatable = true};
const struct opt_option opt_engine = {
    .name = "engine",
    .type = OPT_CHOICE,
    .value = "ENGINE",
    .doc = "The engine to plan for when no database is asked; otherwise that of the database URL, or sqlite",
    .choices = "postgresql|sqlite"};
const struct opt_option opt_rev_range = {.name = "rev-range",
                                         .letter = 'r',
                                         .type = OPT_TEXT,
                                         .value = "A:B",
                                         .doc = "Only this range: [start]:[end], each a revision, a label, 'base', "
                                                "'head', 'current' or relative"};
const struct opt_option opt_indicate_current = {
    .name = "indicate-current", .letter = 'i', .doc = "Mark the revision that the database is at"};
const struct opt_option opt_resolve_dependencies = {.name = "resolve-dependencies",
                                                    .doc = "Leave out heads that another revision depends on"};
