/* Scripts that were written for the engines' own shells, psql and sqlite3. Private to this folder. */
#pragma once

#include "common/core/import/importer.h"

/*
 * The script without the shell's commands that change no data (\set ON_ERROR_STOP, \echo, .bail, ...). *ret_foreign is
 * the first thing that only the shell can do (\i file, :variable), with its line; "" if there is none.
 */
struct str psql_plain(struct arena *a, struct str script, enum engine engine, struct str *ret_foreign);
