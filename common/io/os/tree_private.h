/* What the readers of a project's folders share. */
#pragma once

#include "skein/os/tree.h"

/* The names in a folder, sorted by bytes; false with errno set. */
bool tree_list_folder(struct arena *a, const char *path, struct names *ret_names);
