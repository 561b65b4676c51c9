/* The database engines that skein migrates. */
#pragma once

#include <stdbool.h>

#include "skein/base/str.h"

enum engine { ENGINE_UNSET = 0, ENGINE_POSTGRESQL, ENGINE_SQLITE, ENGINE_COUNT };

const char *engine_name(enum engine engine); /* "postgresql", "sqlite"; "unset" for none */
bool engine_parse(struct str name, enum engine *ret_engine);
