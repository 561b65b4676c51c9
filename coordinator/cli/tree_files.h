/* Files of a project as people keep them: with the rights that the user's umask leaves, links followed. */
#pragma once

#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/os/file.h"

/* Replaces or makes the file at once; what is there keeps its rights, and a link leads to the file that is written. */
bool tree_write(const char *path, struct str bytes, struct err *err);
