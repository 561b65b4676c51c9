/* Model files, and the output of a command that prints models, to statements. */
#include <string.h>

#include "coordinator/cli/load.h"
#include "skein/os/process.h"
#include "skein/sql/split.h"

enum { COMMAND_TIMEOUT_MS = 60000 };

struct reading {
    struct arena *arena;
    const struct load_request *request;
    struct loaded loaded;
    struct diag *diag;
    struct err *err;
};

static unsigned column_of(struct str text, size_t at)
{
    unsigned column = 1;
    while (at > 0 && text.p[at - 1] != '\n') {
        at--;
        column++;
    }
    return column;
}

static void add_statement(struct reading *r, struct str module, const struct model_file *file,
                          const struct statement *cut)
{
    const char *problem, *hint;
    struct model_statement s = {.module = module,
                                .path = file->path,
                                .sql = str_head(str_from(file->bytes, cut->start), cut->len),
                                .line = cut->line,
                                .column = column_of(file->bytes, cut->start)};
    struct str words = str_head(s.sql, str_find(str_head(s.sql, 60), '\n'));
    if (model_head_parse(r->arena, r->request->engine, s.sql, &s.head, &problem, &hint))
        vec_push(r->arena, &r->loaded.statements.list, s);
    else
        diag_add(r->diag, DIAG_ERROR, "not_a_model", (struct diag_at){s.path, s.line, s.column}, hint, "%s: %.*s",
                 problem, STR_ARG(words));
}

static void add_file(struct reading *r, struct str module, const struct model_file *file)
{
    struct statements cuts = {0};
    struct err err = {0};
    if (!sql_split(r->arena, r->request->engine, file->bytes, &cuts, &err)) {
        struct diag_at at = {.path = file->path};
        struct str rest = str_of(err.origin), line = STR_NONE;
        unsigned long long number = 0, column = 0;
        if (str_next(&rest, ':', &line) && str_to_u64(line, UINT32_MAX, &number) &&
            str_to_u64(rest, UINT32_MAX, &column)) {
            at.line = (unsigned)number;
            at.column = (unsigned)column;
        }
        diag_add(r->diag, DIAG_ERROR, "bad_sql", at, err.hint, "%s", err.text);
    }
    for (size_t i = 0; i < cuts.list.count; i++)
        add_statement(r, module, file, &cuts.list.items[i]);
}

/* "{module}" and "{engine}" in an argument. */
static char *filled_in(struct reading *r, struct str argument, struct str module)
{
    struct strbuf text;
    strbuf_init(&text, 1 << 20);
    while (argument.len > 0) {
        bool is_module = str_starts(argument, STR("{module}")), is_engine = str_starts(argument, STR("{engine}"));
        if (is_module)
            strbuf_add(&text, module);
        else if (is_engine)
            strbuf_puts(&text, engine_name(r->request->engine));
        else
            strbuf_putc(&text, argument.p[0]);
        argument = str_from(argument, is_module || is_engine ? 8 : 1);
    }
    char *copy = str_cstr(r->arena, strbuf_str(&text));
    strbuf_release(&text);
    return copy;
}

static bool ask_command(struct reading *r, struct str module, struct model_file *ret_file)
{
    const struct load_request *q = r->request;
    const struct names *command = &q->models->command;
    const char **arguments = arena_new_array(r->arena, command->list.count + 1, const char *);
    for (size_t i = 0; i < command->list.count; i++)
        arguments[i] = filled_in(r, command->list.items[i], module);
    struct process_request process = {.arguments = arguments,
                                      .folder = str_cstr(r->arena, q->root),
                                      .variable = "SKEIN_ENGINE",
                                      .value = engine_name(q->engine),
                                      .kind = "models_command",
                                      .output_max = MODEL_FILE_MAX,
                                      .timeout_ms = COMMAND_TIMEOUT_MS};
    if (q->watch != NULL) {
        process.cancelled = q->watch->cancelled;
        process.user = q->watch->user;
    }
    *ret_file = (struct model_file){.path = str_printf(r->arena, "%s (%.*s)", arguments[0], STR_ARG(module))};
    if (process_run(r->arena, &process, &ret_file->bytes, r->err))
        return true;
    if (r->err->hint[0] == '\0' && r->err->code != ERR_CANCELLED)
        err_hint(r->err,
                 "`models_command` in migration_extensions.json runs in %.*s, for each module, and prints its "
                 "CREATE statements within %d s",
                 STR_ARG(q->root), COMMAND_TIMEOUT_MS / 1000);
    return err_wrap(r->err, "the models of %.*s", STR_ARG(module));
}

static bool add_module(struct reading *r, const struct module_models *m)
{
    enum engine engine = r->request->engine;
    struct model_file printed;
    for (size_t i = 0; i < m->files.list.count; i++) {
        const struct model_file *file = &m->files.list.items[i];
        if (file->engine == ENGINE_UNSET || file->engine == engine)
            add_file(r, m->name, file);
    }
    if (r->request->models->command.list.count == 0)
        return true;
    if (!ask_command(r, m->name, &printed))
        return false;
    add_file(r, m->name, &printed);
    return true;
}

bool load_read(struct arena *a, const struct load_request *request, struct loaded *ret_loaded, struct diag *diag,
               struct err *err)
{
    struct reading r = {.arena = a, .request = request, .diag = diag, .err = err};
    const struct project_models *models = request->models;
    for (size_t i = 0; i < models->modules.list.count; i++)
        if (!add_module(&r, &models->modules.list.items[i]))
            return false;
    ownership_of_models(a, request->engine, &r.loaded.statements, &r.loaded.owners, diag);
    ownership_check_prefixes(&r.loaded.statements, diag);
    *ret_loaded = r.loaded;
    return !diag_has_errors(diag) || diag_to_err(diag, err);
}
