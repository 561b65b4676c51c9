/* Making the folder of an extension and its place in the list: the first steps of two commands. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "coordinator/cli/local.h"
#include "skein/base/names.h"

struct init {
    struct local *l;
    struct str root;     /* the folder that holds `database` */
    struct names made;   /* paths relative to the root */
    struct names edited; /* the same */
    const char *next;    /* the command that comes after this one */
};

/* From here on the list is the file's: one in the environment is said to be left aside. */
void initing_begin(struct init *in, struct local *l);

/* Every step looks first whether it was done. */
bool initing_extension(struct init *in, struct str name);

const char *initing_path(const struct init *in, const char *path); /* of a path relative to the root */

/* What was made and changed. */
void initing_print(const struct init *in);
json_t *initing_json(const struct init *in);
