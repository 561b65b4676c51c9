/*
 * fix-tables: in the models of extensions, CREATE TABLE of a table that another module owns becomes CREATE TABLE IF
 * NOT EXISTS: "refer to it". Two words are put in; every other byte stays.
 */
#include <stdlib.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/engines.h"
#include "coordinator/cli/load.h"
#include "coordinator/cli/local.h"
#include "coordinator/cli/tree_files.h"
#include "skein/sql/token.h"

enum { CONTEXT_LINES = 3 };

/* Where the words go in, and why. */
struct fix {
    const struct model_file *file;
    size_t at; /* in the file's bytes, behind the word TABLE */
    unsigned line;
    bool lower; /* the author writes keywords in lower case */
    struct str table;
    struct owner owner;
};

struct fixing {
    struct local *l;
    struct project_models models;
    struct {
        VEC(struct fix) list;
    } fixes; /* sorted by file and place, each once */
};

/* --- what to fix ----------------------------------------------------------------------------------------------- */

static const struct model_file *file_of(const struct fixing *f, const struct model_statement *s)
{
    for (size_t m = 0; m < f->models.modules.list.count; m++) {
        const struct module_models *module = &f->models.modules.list.items[m];
        for (size_t i = 0; i < module->files.list.count; i++)
            if (str_eq(module->files.list.items[i].path, s->path))
                return &module->files.list.items[i];
    }
    return NULL; /* printed by a command */
}

static void add_fix(struct fixing *f, enum engine engine, const struct model_statement *s, const struct owner *owner)
{
    const struct model_file *file = file_of(f, s);
    struct token t;
    size_t at = 0;
    do
        t = token_next(engine, s->sql, &at);
    while (t.kind != TOKEN_END && !token_is(&t, "table"));
    if (file == NULL || t.kind == TOKEN_END)
        return;
    size_t place = (size_t)(s->sql.p - file->bytes.p) + at;
    unsigned line = 1;
    for (size_t i = 0; i < place; i++)
        line += file->bytes.p[i] == '\n';
    vec_push(&f->l->arena, &f->fixes.list,
             ((struct fix){.file = file,
                           .at = place,
                           .line = line,
                           .lower = t.text.p[0] == 't',
                           .table = s->head.name,
                           .owner = *owner}));
}

static void look(struct fixing *f, enum engine engine, const struct loaded *loaded, const char *only)
{
    for (size_t i = 0; i < loaded->statements.list.count; i++) {
        const struct model_statement *s = &loaded->statements.list.items[i];
        bool creates = s->head.verb == MODEL_CREATE && s->head.kind == OBJECT_TABLE && !s->head.if_not_exists;
        if (!creates || str_is(s->module, "core") || (only != NULL && !str_is(s->module, only)))
            continue;
        const struct owner *owner = owners_find(&loaded->owners, OBJECT_TABLE, s->head.schema, s->head.name);
        if (owner != NULL && !str_eq(owner->module, s->module))
            add_fix(f, engine, s, owner);
    }
}

/* What else is wrong with the models is another command's business, as long as the statements could be told. */
static bool cannot_be_read(const struct diag *diag)
{
    for (size_t i = 0; i < diag->list.count; i++)
        if (str_is(str_of(diag->list.items[i].kind), "bad_sql"))
            return true;
    return false;
}

static bool read_engine(struct fixing *f, enum engine engine, const char *only)
{
    struct local *l = f->l;
    struct loaded loaded = {0};
    struct diag found;
    struct err err = {0};
    const struct load_request request = {.root = l->project.root, .models = &f->models, .engine = engine};
    diag_init(&found, &l->arena);
    bool good = load_read(&l->arena, &request, &loaded, &found, &err);
    if (!good && (!diag_has_errors(&found) || cannot_be_read(&found))) {
        l->err = err;
        return false;
    }
    look(f, engine, &loaded, only);
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct fix *x = a, *y = b;
    int order = str_cmp(x->file->path, y->file->path);
    if (order != 0)
        return order;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* A file for several engines was read for each. */
static void sort_fixes(struct fixing *f)
{
    size_t count = 0;
    struct fix *items = f->fixes.list.items;
    if (f->fixes.list.count > 1)
        qsort(items, f->fixes.list.count, sizeof(items[0]), by_place);
    for (size_t i = 0; i < f->fixes.list.count; i++)
        if (count == 0 || by_place(&items[count - 1], &items[i]) != 0)
            items[count++] = items[i];
    f->fixes.list.count = count;
}

static bool find(struct fixing *f, const struct project_files *files)
{
    struct local *l = f->l;
    bool engines[ENGINE_COUNT];
    struct module_set asked;
    const char *only = opt_value(l->line, &opt_extension);
    if ((only != NULL && !local_select(l, &asked)) || !tree_read_models(&l->arena, files, &f->models, &l->diag))
        return l->err.code == ERR_UNSET ? diag_to_err(&l->diag, &l->err) : false;
    if (!engines_of(l, &f->models, engines))
        return false;
    for (enum engine e = ENGINE_POSTGRESQL; e < ENGINE_COUNT; e++)
        if (engines[e] && !read_engine(f, e, only))
            return false;
    sort_fixes(f);
    return true;
}

/* --- the new text ---------------------------------------------------------------------------------------------- */

static struct str words_of(const struct fix *fix)
{
    return fix->lower ? STR(" if not exists") : STR(" IF NOT EXISTS");
}

/* The file of the fixes first .. end-1 with the words in it. */
static struct str fixed_text(const struct fixing *f, size_t first, size_t end)
{
    struct str bytes = f->fixes.list.items[first].file->bytes;
    struct strbuf text;
    size_t done = 0;
    strbuf_init(&text, SIZE_MAX);
    for (size_t i = first; i < end; i++) {
        const struct fix *fix = &f->fixes.list.items[i];
        strbuf_add(&text, str_head(str_from(bytes, done), fix->at - done));
        strbuf_add(&text, words_of(fix));
        done = fix->at;
    }
    strbuf_add(&text, str_from(bytes, done));
    struct str copy = str_copy(&f->l->arena, strbuf_str(&text));
    strbuf_release(&text);
    return copy;
}

static bool write_file(const struct fixing *f, size_t first, size_t end)
{
    struct local *l = f->l;
    struct str path = f->fixes.list.items[first].file->path;
    const char *whole = arena_printf(&l->arena, "%.*s/%.*s", STR_ARG(l->project.root), STR_ARG(path));
    return tree_write(whole, fixed_text(f, first, end), &l->err) || err_origin(&l->err, "%.*s", STR_ARG(path));
}

/* --- the difference: no line comes or goes, so that line n of one is line n of the other ---------------------------
 */

struct lines {
    VEC(struct str) list;
    bool open; /* the last one has no end */
};

static void cut_lines(struct arena *a, struct str text, struct lines *ret_lines)
{
    struct lines lines = {0};
    struct str line;
    lines.open = text.len > 0 && text.p[text.len - 1] != '\n';
    if (text.len > 0 && !lines.open)
        text.len--;
    while (str_next(&text, '\n', &line))
        vec_push(a, &lines.list, line);
    *ret_lines = lines;
}

static bool differs(const struct lines *old, const struct lines *new, size_t i)
{
    return i < old->list.count && !str_eq(old->list.items[i], new->list.items[i]);
}

/* The end of the hunk that begins with the difference at `i`: no other one follows within twice the context. */
static size_t hunk_end(const struct lines *old, const struct lines *new, size_t i)
{
    size_t last = i;
    for (size_t k = i; k < old->list.count && k <= last + 2 * (size_t)CONTEXT_LINES; k++)
        if (differs(old, new, k))
            last = k;
    size_t end = last + 1 + CONTEXT_LINES;
    return end < old->list.count ? end : old->list.count;
}

static void print_hunk(const struct lines *old, const struct lines *new, size_t from, size_t end)
{
    out_printf(stdout, "@@ -%zu,%zu +%zu,%zu @@\n", from + 1, end - from, from + 1, end - from);
    for (size_t i = from; i < end; i++) {
        bool changed = differs(old, new, i);
        const char *end_mark = old->open && i + 1 == old->list.count ? "\n\\ No newline at end of file" : "";
        out_printf(stdout, "%c%.*s%s\n", changed ? '-' : ' ', STR_ARG(old->list.items[i]), end_mark);
        if (changed)
            out_printf(stdout, "+%.*s%s\n", STR_ARG(new->list.items[i]), end_mark);
    }
}

static bool print_difference(const struct fixing *f, size_t first, size_t end)
{
    const struct model_file *file = f->fixes.list.items[first].file;
    struct lines old, new;
    cut_lines(&f->l->arena, file->bytes, &old);
    cut_lines(&f->l->arena, fixed_text(f, first, end), &new);
    out_printf(stdout, "--- a/%.*s\n+++ b/%.*s\n", STR_ARG(file->path), STR_ARG(file->path));
    for (size_t i = 0; i < old.list.count; i++) {
        if (!differs(&old, &new, i))
            continue;
        size_t stop = hunk_end(&old, &new, i);
        print_hunk(&old, &new, i > CONTEXT_LINES ? i - CONTEXT_LINES : 0, stop);
        i = stop - 1;
    }
    return true;
}

/* --- the command ----------------------------------------------------------------------------------------------- */

static bool each_file(struct fixing *f, bool (*use)(const struct fixing *f, size_t first, size_t end))
{
    const struct fix *items = f->fixes.list.items;
    for (size_t first = 0, end; first < f->fixes.list.count; first = end) {
        for (end = first + 1; end < f->fixes.list.count && items[end].file == items[first].file;)
            end++;
        if (!use(f, first, end))
            return false;
    }
    return true;
}

static json_t *json_fixes(const struct fixing *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->fixes.list.count; i++) {
        const struct fix *fix = &f->fixes.list.items[i];
        json_array_append_new(list, json_pack("{s:o,s:i,s:o,s:o,s:o}", "path", json_str(fix->file->path), "line",
                                              (int)fix->line, "table", json_str(fix->table), "owner",
                                              json_str(fix->owner.module), "declared", json_str(fix->owner.file)));
    }
    return list;
}

static void print_done(const struct fixing *f, bool dry)
{
    const char *verb = dry ? "would change" : "changed";
    size_t count = f->fixes.list.count;
    if (f->l->form == OUT_FORM_JSON) {
        out_json(json_pack("{s:b,s:o}", "dry_run", dry, "changed", json_fixes(f)));
        return;
    }
    fflush(stdout);
    for (size_t i = 0; i < count; i++) {
        const struct fix *fix = &f->fixes.list.items[i];
        out_note("%s %.*s:%u: %.*s is owned by %.*s (%.*s)", verb, STR_ARG(fix->file->path), fix->line,
                 STR_ARG(fix->table), STR_ARG(fix->owner.module), STR_ARG(fix->owner.file));
    }
    if (count == 0)
        out_note("no extension's model creates a table of another module: nothing to do");
}

static int run_fix_tables(const struct opt_line *line)
{
    struct local l;
    struct project_files files;
    struct fixing f = {.l = &l};
    bool dry = opt_has(line, &opt_dry_run);
    if (!local_open_files(&l, line, &files) || !find(&f, &files))
        return local_fail(&l);
    bool done = !dry ? each_file(&f, write_file) : l.form == OUT_FORM_JSON || each_file(&f, print_difference);
    if (!done)
        return local_fail(&l);
    print_done(&f, dry);
    local_close(&l);
    return 0;
}

static const struct opt_option *const fix_tables_options[] = {&opt_extension, &opt_dry_run, &opt_project, &opt_database,
                                                              &opt_scratch,   &opt_format,  NULL};
const struct opt_command command_fix_tables = {
    .name = "fix-tables",
    .group = "Writing revisions",
    .summary = "Let extensions' models refer to tables of other modules instead of creating them",
    .text =
        "CREATE TABLE of a table that another module owns becomes CREATE TABLE IF NOT EXISTS in the model files of\n"
        "extensions. Core owns what its models create, then the extensions in the order of the list. All other\n"
        "bytes of the files stay. --dry-run prints the difference; the exit code is 0 either way.",
    .examples = "skein fix-tables --dry-run\nskein fix-tables --extension billing",
    .options = fix_tables_options,
    .run = run_fix_tables};
