/* check: what is not as it should be in a project, for people before they push and for continuous integration. */
#include <stdarg.h>
#include <string.h>

#include "coordinator/cli/check.h"
#include "coordinator/cli/commands.h"

/* The checks, in the order in which they run and are named by the options. */
static const struct {
    const char *name;
    check_fn *run;
} checks[] = {{"heads", check_heads}, {"down", check_down}, {"edited", check_edited}, {"models", check_models}};

#define CHECKS "heads|down|edited|models"

enum { CHECK_COUNT = sizeof(checks) / sizeof(checks[0]) };

static const struct opt_option opt_only = {.name = "only",
                                           .type = OPT_CHOICE,
                                           .value = "CHECK",
                                           .doc = "Only this check",
                                           .choices = CHECKS,
                                           .repeatable = true};
static const struct opt_option opt_skip = {.name = "skip",
                                           .type = OPT_CHOICE,
                                           .value = "CHECK",
                                           .doc = "Not this check",
                                           .choices = CHECKS,
                                           .repeatable = true};

void check_add(struct check *c, size_t module, const char *kind, struct str path, struct str hint, const char *format,
               ...)
{
    va_list args;
    va_start(args, format);
    struct check_finding finding = {.check = c->name,
                                    .module = local_module_name(c->l, module),
                                    .kind = kind,
                                    .path = path,
                                    .text = str_of(arena_vprintf(&c->l->arena, format, args)),
                                    .hint = hint};
    va_end(args);
    vec_push(&c->l->arena, &c->findings.list, finding);
}

void check_skip(struct check *c, struct str reason)
{
    struct check_skipped skipped = {c->name, reason};
    vec_push(&c->l->arena, &c->skipped.list, skipped);
}

static bool names(const struct opt_line *line, const struct opt_option *option, const char *check)
{
    for (size_t i = 0; i < opt_count(line, option); i++)
        if (strcmp(opt_nth(line, option, i), check) == 0)
            return true;
    return false;
}

/* What a person leaves out is no news to that person. */
static bool run_checks(struct check *c)
{
    const struct opt_line *line = c->l->line;
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        c->name = checks[i].name;
        if (names(line, &opt_skip, c->name) || (opt_count(line, &opt_only) > 0 && !names(line, &opt_only, c->name)))
            continue;
        if (!checks[i].run(c))
            return err_wrap(&c->l->err, "%s", c->name);
    }
    return true;
}

/* --- telling --------------------------------------------------------------------------------------------------- */

static void print_finding(const struct check_finding *f)
{
    if (f->path.len > 0)
        out_printf(stdout, "%.*s: ", STR_ARG(f->path));
    else
        out_printf(stdout, "%.*s: ", STR_ARG(f->module));
    out_printf(stdout, "%.*s\n  hint: %.*s\n", STR_ARG(f->text), STR_ARG(f->hint));
}

static void print_text(const struct check *c)
{
    size_t count = c->findings.list.count;
    for (size_t i = 0; i < count; i++)
        print_finding(&c->findings.list.items[i]);
    for (size_t i = 0; i < c->skipped.list.count; i++)
        out_note("not checked: %s: %.*s", c->skipped.list.items[i].check, STR_ARG(c->skipped.list.items[i].reason));
    if (count == 0)
        out_note("nothing was found");
    else
        out_note("%zu finding%s", count, count == 1 ? "" : "s");
}

static void print_json(const struct check *c)
{
    json_t *findings = json_array(), *skipped = json_array();
    for (size_t i = 0; i < c->findings.list.count; i++) {
        const struct check_finding *f = &c->findings.list.items[i];
        json_array_append_new(findings, json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "check", f->check, "module",
                                                  json_str(f->module), "code", f->kind, "path",
                                                  f->path.len > 0 ? json_str(f->path) : json_null(), "message",
                                                  json_str(f->text), "hint", json_str(f->hint)));
    }
    for (size_t i = 0; i < c->skipped.list.count; i++)
        json_array_append_new(skipped, json_pack("{s:s, s:o}", "check", c->skipped.list.items[i].check, "reason",
                                                 json_str(c->skipped.list.items[i].reason)));
    out_json(json_pack("{s:o, s:o}", "findings", findings, "skipped", skipped));
}

static int run_check(const struct opt_line *line)
{
    struct local l;
    struct project_files files;
    struct check c = {.l = &l, .files = &files};
    if (!local_open_files(&l, line, &files) || !local_select(&l, &c.modules) || !run_checks(&c))
        return local_fail(&l);
    if (l.form == OUT_FORM_JSON)
        print_json(&c);
    else
        print_text(&c);
    local_close(&l);
    return c.findings.list.count > 0 ? err_exit_code(ERR_CHECK) : 0;
}

static const struct opt_option *const check_options[] = {
    &opt_project, &opt_extension,       &opt_all, &opt_only, &opt_scratch, &opt_skip, &opt_database, &opt_schema,
    &opt_format,  &opt_connect_timeout, NULL};
const struct opt_command command_check = {
    .name = "check",
    .group = "Writing revisions",
    .summary = "Look for what is wrong with a project; exit with 3 when something is",
    .text =
        "heads: a module has several. down: a revision has no way back. edited: the ledger of the database says\n"
        "that a file was changed after it was applied. models: the model files (DB_*.sql) are not what the migrations\n"
        "make. A check that cannot be made is named, with the reason.\n"
        "Whether a database is up to date is `check-heads`'s question. Never writes.",
    .examples = "skein check --all\nskein check --only heads --only down\n"
                "skein check --extension billing --database postgresql://localhost/app --format json",
    .options = check_options,
    .run = run_check};
