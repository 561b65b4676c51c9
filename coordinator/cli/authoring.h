/* How revision files are made by all commands that make them. */
#pragma once

#include <stdbool.h>

#include "coordinator/cli/local.h"
#include "skein/graph/author.h"

extern const struct opt_option opt_message;

/* A new random id. */
struct str authoring_id(struct local *l);

/* Writes the file into the project; *ret_path is its whole path. */
bool authoring_write(struct local *l, const struct author_file *made, struct str *ret_path);
