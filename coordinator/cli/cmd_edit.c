/*
 * edit: a revision's file in the user's editor, and then what is wrong with it. The editor runs without a shell,
 * with the terminal for itself. A file that is broken already can be opened too: that is how it is repaired.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/local.h"
#include "skein/graph/revfile.h"
#include "skein/os/file.h"
#include "skein/plan/script.h"

struct edit {
    struct local *l;
    struct project_files files;
    struct names paths; /* relative to the root */
};

/* --- which files ----------------------------------------------------------------------------------------------- */

static bool find_in_project(struct edit *e, struct str name)
{
    struct local *l = e->l;
    struct module_set set;
    struct nodes nodes = {0};
    if (!local_select(l, &set))
        return false;
    struct view v = local_view(l, set.list.items[0]);
    if (!local_show(l, &v, name, &nodes))
        return false;
    for (size_t i = 0; i < nodes.list.count; i++)
        vec_push(&l->arena, &e->paths.list, squash_shown(&l->project, nodes.list.items[i])->path);
    if (nodes.list.count > 0)
        return true;
    err_kind(&l->err, ERR_TARGET, "unknown_revision", "'%.*s' is no revision that has a file", STR_ARG(name));
    return err_hint(&l->err, "`skein history` lists the revisions");
}

static bool is_file_of(const struct edit *e, const struct project_file *file, struct str name)
{
    struct diag ignored;
    struct revision r;
    diag_init(&ignored, &e->l->arena);
    if (file->problem != NULL)
        return false;
    revfile_parse(&e->l->arena, file->path, file->bytes, &ignored, &r);
    struct str base = file->path;
    for (size_t slash = str_find(base, '/'); slash < base.len; slash = str_find(base, '/'))
        base = str_from(base, slash + 1);
    bool named = str_starts(base, name) && str_starts(str_from(base, name.len), STR("_"));
    return str_eq(r.id, name) || named;
}

/* A project with mistakes has no graph to look in: the id itself finds its file. */
static bool find_in_files(struct edit *e, struct str name)
{
    const char *extension = opt_value(e->l->line, &opt_extension);
    struct str module = extension != NULL ? str_of(extension) : STR("core");
    for (size_t m = 0; m < e->files.modules.count; m++) {
        const struct module_files *files = &e->files.modules.items[m];
        for (size_t i = 0; str_eq(files->name, module) && i < files->files.count; i++)
            if (is_file_of(e, &files->files.items[i], name))
                vec_push(&e->l->arena, &e->paths.list, files->files.items[i].path);
    }
    return e->paths.list.count > 0; /* else the project's own failure stands */
}

static bool find_files(struct edit *e, const struct opt_line *line)
{
    struct str name = str_of(opt_argument(line, 0));
    if (local_open_files(e->l, line, &e->files))
        return find_in_project(e, name);
    return find_in_files(e, name);
}

/* --- the editor ------------------------------------------------------------------------------------------------ */

struct words {
    VEC(char *) list;
};

/* "code --wait": words, as the variable is commonly used. */
static bool editor_words(struct local *l, struct words *ret_words)
{
    const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");
    struct str rest = str_trim(str_of(visual != NULL && visual[0] != '\0' ? visual : editor)), word;
    while (str_next(&rest, ' ', &word))
        if (word.len > 0)
            vec_push(&l->arena, &ret_words->list, str_cstr(&l->arena, word));
    if (ret_words->list.count > 0)
        return true;
    err_kind(&l->err, ERR_USAGE, "no_editor", "there is no editor to open the file with");
    return err_hint(&l->err, "set VISUAL or EDITOR, for example: export EDITOR=vi");
}

/* The signals that the terminal sends are the editor's; it must not inherit what this program ignores. */
static int spawn(char *const *words, pid_t *ret_pid)
{
    posix_spawnattr_t attributes;
    sigset_t reset;
    sigemptyset(&reset);
    sigaddset(&reset, SIGINT);
    sigaddset(&reset, SIGQUIT);
    sigaddset(&reset, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &reset);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int number = posix_spawnp(ret_pid, words[0], NULL, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    return number;
}

static bool wait_for(struct local *l, const char *name, pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_errno(&l->err, "cannot wait for the editor %s", name);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    err_kind(&l->err, ERR_SYSTEM, "editor_failed", "the editor %s ended with %s %d", name,
             WIFSIGNALED(status) ? "signal" : "exit code",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return err_hint(&l->err, "VISUAL or EDITOR names the editor");
}

static bool spawn_and_wait(struct local *l, char *const *words)
{
    pid_t pid;
    int number = spawn(words, &pid);
    if (number == 0)
        return wait_for(l, words[0], pid);
    errno = number;
    err_errno(&l->err, "cannot run the editor %s", words[0]);
    return err_hint(&l->err, "VISUAL or EDITOR names the editor");
}

static bool run_editor(struct edit *e)
{
    struct local *l = e->l;
    struct words words = {0};
    if (!editor_words(l, &words))
        return false;
    for (size_t i = 0; i < e->paths.list.count; i++)
        vec_push(&l->arena, &words.list,
                 arena_printf(&l->arena, "%.*s/%.*s", STR_ARG(e->files.root), STR_ARG(e->paths.list.items[i])));
    vec_push(&l->arena, &words.list, (char *)NULL);
    void (*interrupt)(int) = signal(SIGINT, SIG_IGN), (*quit)(int) = signal(SIGQUIT, SIG_IGN);
    bool ok = spawn_and_wait(l, words.list.items);
    signal(SIGINT, interrupt);
    signal(SIGQUIT, quit);
    return ok;
}

/* --- what is wrong now ----------------------------------------------------------------------------------------- */

/* "PATH:LINE:COLUMN", as script_build() says it. */
static struct diag_at place_of(const struct revision *r, const struct err *err)
{
    struct str rest = str_from(str_of(err->origin), r->path.len + 1), part;
    unsigned long long line = 0, column = 0;
    if (str_next(&rest, ':', &part) && str_to_u64(part, UINT32_MAX, &line) && str_next(&rest, ':', &part))
        str_to_u64(part, UINT32_MAX, &column);
    return (struct diag_at){r->path, (unsigned)line, (unsigned)column};
}

/* One section as one engine reads it. */
static void check_script(struct arena *a, const struct revision *r, enum direction direction, enum engine engine,
                         struct diag *diag)
{
    struct script script;
    struct err err = {0};
    if (script_build(a, r, direction, engine, &script, &err))
        script_check(&script, diag);
    else
        diag_add(diag, DIAG_ERROR, "bad_sql", place_of(r, &err), err.hint[0] != '\0' ? err.hint : NULL, "%s", err.text);
}

static void append(struct diag *to, const struct diag *from)
{
    for (size_t i = 0; i < from->list.count; i++) {
        const struct diag_item *d = &from->list.items[i];
        diag_add(to, d->severity, d->kind, (struct diag_at){d->path, d->line, d->column}, d->hint, "%s", d->text);
    }
}

/*
 * A section without an engine may be meant for one of them only (a project need not run on both): it is wrong when
 * every engine that would run it says so.
 */
static void check_direction(struct local *l, const struct revision *r, enum direction direction)
{
    struct diag general;
    bool accepted = false;
    diag_init(&general, &l->arena);
    for (int engine = ENGINE_UNSET + 1; engine < ENGINE_COUNT; engine++) {
        enum section_kind kind = direction == DIRECTION_UP ? SECTION_UP : SECTION_DOWN;
        const struct section *section = revision_section(r, kind, (enum engine)engine);
        if (section == NULL)
            continue;
        struct diag found;
        diag_init(&found, &l->arena);
        check_script(&l->arena, r, direction, (enum engine)engine, &found);
        if (section->engine != ENGINE_UNSET)
            append(&l->diag, &found);
        else if (diag_has_errors(&found))
            general = found;
        else
            accepted = true;
    }
    if (!accepted)
        append(&l->diag, &general);
}

static bool is_edited(const struct edit *e, struct str path)
{
    for (size_t i = 0; i < e->paths.list.count; i++)
        if (str_eq(e->paths.list.items[i], path))
            return true;
    return false;
}

static void check_revision(struct local *l, const struct edit *e, const struct revision *r)
{
    if (!is_edited(e, r->path))
        return;
    check_direction(l, r, DIRECTION_UP);
    check_direction(l, r, DIRECTION_DOWN);
}

/* Reads everything again: the whole project, and the statements of the files that were open. */
static bool check(struct local *l, const struct edit *e)
{
    struct project_files files;
    if (!local_open_files(l, e->l->line, &files))
        return false;
    for (size_t n = 0; n < l->project.node_count; n++)
        check_revision(l, e, l->project.nodes[n]);
    for (size_t i = 0; i < l->project.squashes.list.count; i++)
        check_revision(l, e, l->project.squashes.list.items[i].revision);
    diag_sort(&l->diag);
    return !diag_has_errors(&l->diag) || diag_to_err(&l->diag, &l->err);
}

static int print_checked(struct local *l, const struct edit *e)
{
    if (!check(l, e))
        return local_fail(l);
    if (l->form == OUT_FORM_JSON)
        out_json(json_pack("{s:o}", "edited", json_names(&e->paths)));
    else
        out_diag(&l->diag);
    local_close(l);
    return 0;
}

static int run_edit(const struct opt_line *line)
{
    struct local before = {0}, after;
    struct edit e = {.l = &before};
    bool found = find_files(&e, line);
    db_close(before.db); /* nobody knows how long the editor stays open */
    before.db = NULL;
    if (!found || !run_editor(&e))
        return local_fail(&before);
    int code = print_checked(&after, &e);
    local_close(&before);
    return code;
}

static const struct opt_option *const edit_options[] = {
    &opt_project, &opt_extension, &opt_from, &opt_database, &opt_schema, &opt_format, &opt_connect_timeout, NULL};
const struct opt_command command_edit = {
    .name = "edit",
    .group = "Writing revisions",
    .summary = "Open a revision's file in an editor, then check it",
    .text =
        "The editor is VISUAL or else EDITOR, and runs without a shell: words are separated by spaces. When it has\n"
        "ended, the project is read again, and the command fails if something is wrong with it. In a project\n"
        "with mistakes the full id opens the file.",
    .examples = "skein edit head\nEDITOR='code --wait' skein edit 8e51 --extension billing",
    .options = edit_options,
    .arguments = {{"REV",
                   "An id or the beginning of one, a label, head, heads, LABEL@head, a relative target or current", 1,
                   1}},
    .run = run_edit};
