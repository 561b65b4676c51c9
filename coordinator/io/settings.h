/* The coordinator's configuration file: its own settings, and the keys that it accepts from the start. */
#pragma once

#include <stdbool.h>

#include "skein/base/arena.h"
#include "skein/base/err.h"
#include "skein/base/level.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/net/keys.h"
#include "skein/wire/msg.h"

struct principal_settings {
    struct str name;
    enum role role;
    struct public_key key;
};

struct settings {
    struct str agents, operators; /* endpoints */
    struct str key_file, store;
    struct str project; /* empty: only what is pushed */
    struct str level_name;
    enum log_level level;
    struct {
        VEC(struct principal_settings) list;
    } principals; /* [operator NAME] and [agent NAME], in the file's order */
};

/* Everything lives in `a`. The error is the first finding, with its line. */
bool settings_load(struct arena *a, const char *path, struct settings *ret_settings, struct err *err);

/* The annotated example, from the same rows. */
void settings_example(struct strbuf *out);
