/*
 * Making revisions: what a request and a project come to, as the name and the text of one new file. Pure: who
 * calls has read the files (skein/os/tree.h) and writes the result.
 *
 * The rules are those of Alembic (ScriptDirectory.generate_revision()): a new revision follows the single head
 * unless it says otherwise, and what it follows must be a head unless it says `splice`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/arena.h"
#include "skein/base/diag.h"
#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/graph/project.h"

struct author_request {
    size_t module; /* index into the project's modules */
    struct str id; /* never empty: who calls makes one up */
    struct str message;
    struct names heads;      /* what it follows, as target expressions; `base`: nothing */
    struct names labels;     /* as written */
    struct names depends_on; /* ids, beginnings of ids, labels, head; or `module:` and one */
    struct str sections;     /* the text from the first marker on; empty: sections to be filled in */
    int64_t created_ms;
    bool splice; /* may follow what is no head */
};

struct author_file {
    struct str path; /* relative to the root */
    struct str text;
    struct revision revision; /* what the text parses to */
};

/*
 * The new file of a revision. `project` was built from `files`. Before true is returned the project was built
 * once more with the new file in it, so that a bad request leaves nothing behind; warnings about the new file go
 * to `diag`. The first revision of an extension gets the label `ext_<name>`.
 *
 * Kinds of failure: those of target expressions (skein/graph/target.h) and of findings about headers and graphs
 * (skein/graph/project.h), not_a_head, bad_message, bad_label, file_exists.
 */
bool author_revision(struct arena *a, const struct project_files *files, const struct project *project,
                     const struct author_request *request, struct diag *diag, struct author_file *ret_file,
                     struct err *err);

/* The same for a revision that joins several heads; without a message it gets "merge A, B". Also: nothing_to_merge. */
bool author_merge(struct arena *a, const struct project_files *files, const struct project *project,
                  const struct author_request *request, struct diag *diag, struct author_file *ret_file,
                  struct err *err);

/* A message as Alembic puts it into file names: words, joined by '_', in lower case, about 40 characters. */
struct str author_slug(struct arena *a, struct str message);

/*
 * The text of migration_extensions.json with one name more at the end of its list, and every other byte as it
 * was. `text` is JSON that tree_read() accepts and does not list the name. False, bad_extension_list: the list
 * is not where it can be found (its key is written with escapes).
 */
bool author_list_extension(struct arena *a, struct str text, struct str name, struct str *ret_text, struct err *err);
