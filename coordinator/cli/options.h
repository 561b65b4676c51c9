/* The option rows that commands share. One row is one meaning in the whole program. */
#pragma once

#include "skein/os/opt.h"

extern const struct opt_option opt_project, opt_extension, opt_all, opt_format, opt_verbose;
extern const struct opt_option opt_database, opt_schema, opt_script_role, opt_connect_timeout;
extern const struct opt_option opt_target, opt_sql, opt_dry_run, opt_per_revision, opt_lock_timeout;
extern const struct opt_option opt_statement_timeout, opt_wait, opt_cascade, opt_purge, opt_scratch;
extern const struct opt_option opt_from, opt_engine, opt_rev_range, opt_indicate_current, opt_resolve_dependencies;
