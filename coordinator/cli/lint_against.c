/*
 * git runs as a child without a shell, and is told to start no other programs. Names come from the command line: one
 * that begins with a dash would be an option, so it is refused, and git resolves them to commits first.
 */
#include "coordinator/cli/lint_against.h"

#include <string.h>
#include <sys/stat.h>

#include "skein/base/index.h"
#include "skein/graph/squash.h"
#include "skein/os/process.h"
#include "skein/os/tree.h"

enum { GIT_OUTPUT_MAX = 64 << 20, GIT_TIMEOUT_MS = 60000, GIT_WORDS_MAX = 16 };

/* ---- what is left in the request ---- */

static void keep_nodes(struct lint_request *request, bool (*keep)(void *user, size_t node), void *user)
{
    for (size_t n = bitset_next(&request->nodes, 0); n < request->nodes.size; n = bitset_next(&request->nodes, n + 1))
        if (!keep(user, n))
            bitset_remove(&request->nodes, n);
}

/* ---- git ---- */

struct changed {
    const struct project *project;
    struct index paths; /* relative to the project's root */
};

static bool git(struct local *l, const char *const *words, struct str *ret_output)
{
    const char *arguments[GIT_WORDS_MAX + 4] = {"git", "-c", "core.fsmonitor=false"};
    for (size_t i = 0; i < GIT_WORDS_MAX && words[i] != NULL; i++)
        arguments[3 + i] = words[i];
    struct process_request request = {.arguments = arguments,
                                      .folder = str_cstr(&l->arena, l->project.root),
                                      .kind = "no_git",
                                      .output_max = GIT_OUTPUT_MAX,
                                      .timeout_ms = GIT_TIMEOUT_MS};
    return process_run(&l->arena, &request, ret_output, &l->err);
}

static bool bad_range(struct local *l, const char *against)
{
    err_kind(&l->err, ERR_USAGE, "bad_range", "--against is BASE.., BASE..HEAD or a folder, and not '%s'", against);
    return err_hint(&l->err, "for example --against origin/main..");
}

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 0x7f)
            return false;
    return name.len > 0 && name.p[0] != '-' && name.p[0] != '.';
}

/* The commit that a name stands for, in hex digits. */
static bool resolve(struct local *l, struct str name, const char **ret_commit)
{
    struct str output;
    const char *words[] = {"rev-parse", "--verify", "--end-of-options",
                           arena_printf(&l->arena, "%.*s^{commit}", STR_ARG(name)), NULL};
    if (!git(l, words, &output)) {
        err_wrap(&l->err, "git knows no commit '%.*s' here", STR_ARG(name));
        return err_hint(&l->err, "the project has to be in a git working tree, with the history back to that commit: "
                                 "in CI fetch it, for example with git fetch origin main");
    }
    *ret_commit = str_cstr(&l->arena, str_trim(output));
    return true;
}

/* NUL between the paths: they may hold any other byte. */
static void add_paths(struct local *l, struct str output, struct changed *c)
{
    struct str path;
    while (str_next(&output, '\0', &path))
        if (path.len > 0)
            index_put(&l->arena, &c->paths, path, 1);
}

static bool add_diff(struct local *l, const char *base, const char *head, struct changed *c)
{
    struct str output;
    const char *since = head != NULL ? arena_printf(&l->arena, "%s...%s", base, head) : base;
    const char *words[] = {"diff",
                           "--name-only",
                           "-z",
                           "--no-renames",
                           "--no-ext-diff",
                           "--no-textconv",
                           "--diff-filter=AMT",
                           "--relative",
                           head != NULL ? since : "--merge-base",
                           head != NULL ? "--" : since,
                           head != NULL ? NULL : "--",
                           NULL};
    if (!git(l, words, &output)) {
        err_wrap(&l->err, "git cannot compare with '%s'", base);
        return err_hint(&l->err, "the history has to reach back to where the branch began: git fetch --unshallow");
    }
    add_paths(l, output, c);
    return true;
}

/* Files that are not committed, and not even added, are changes of this branch too. */
static bool add_untracked(struct local *l, struct changed *c)
{
    struct str output;
    const char *words[] = {"ls-files", "--others", "--exclude-standard", "-z", NULL};
    if (!git(l, words, &output))
        return false;
    add_paths(l, output, c);
    return true;
}

static bool is_changed(void *user, size_t node)
{
    const struct changed *c = user;
    return index_find(&c->paths, squash_shown(c->project, node)->path) != INDEX_NONE;
}

static void keep_models(const struct changed *c, struct lint_request *request)
{
    for (size_t i = 0; i < request->models.count; i++)
        if (index_find(&c->paths, request->models.items[i].path) == INDEX_NONE)
            bitset_remove(&request->chosen_models, i);
}

static bool against_git(struct local *l, const char *against, struct str base, struct str head,
                        struct lint_request *request)
{
    struct changed c = {.project = &l->project};
    const char *from, *to = NULL;
    if (!is_name(base) || (head.len > 0 && !is_name(head)))
        return bad_range(l, against);
    if (!resolve(l, base, &from) || (head.len > 0 && !resolve(l, head, &to)) || !add_diff(l, from, to, &c) ||
        (to == NULL && !add_untracked(l, &c)))
        return false;
    keep_nodes(request, is_changed, &c);
    keep_models(&c, request);
    return true;
}

/* ---- another checkout ---- */

struct other {
    const struct project *here, *there;
};

static bool is_not_there(void *user, size_t node)
{
    const struct other *o = user;
    const struct revision *r = squash_shown(o->here, node);
    int module = project_find_module(o->there, o->here->modules.list.items[project_module_of(o->here, node)].name);
    size_t same = module >= 0 ? project_find_node(o->there, (size_t)module, r->id) : SIZE_MAX;
    return same == SIZE_MAX || squash_with_checksum(o->there, same, &r->checksum) == NULL;
}

static bool against_folder(struct local *l, const char *folder, struct lint_request *request)
{
    struct project there;
    struct diag diag;
    diag_init(&diag, &l->arena);
    if (!tree_load(&l->arena, folder, &diag, &there, &l->err))
        return err_wrap(&l->err, "--against %s", folder);
    struct other o = {&l->project, &there};
    keep_nodes(request, is_not_there, &o);
    return true;
}

bool lint_against(struct local *l, const char *against, struct lint_request *request)
{
    struct stat st;
    const char *dots = strstr(against, "..");
    if (stat(against, &st) == 0 && S_ISDIR(st.st_mode))
        return against_folder(l, against, request);
    if (dots == NULL)
        return bad_range(l, against);
    struct str base = {against, (size_t)(dots - against)};
    return against_git(l, against, base, str_of(dots + 2), request);
}
