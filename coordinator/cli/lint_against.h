/* What is new: the revisions and models that a git range has changed, or that another checkout does not have. */
#pragma once

#include "coordinator/cli/local.h"
#include "skein/lint/lint.h"

/*
 * Takes out of the request what is not new. `against` is `BASE..[HEAD]` for git, or the folder of a project. Kinds of
 * failure: bad_range, no_git (git cannot be run, the project is in no working tree, a name is unknown), no_project.
 */
bool lint_against(struct local *l, const char *against, struct lint_request *request);
