#include "coordinator/cli/planning.h"

#include <string.h>

bool planning_request(struct local *l, enum plan_command command, const char *fallback,
                      struct plan_request *ret_request)
{
    struct module_set s;
    if (!local_select(l, &s))
        return false;
    const char *option = opt_value(l->line, &opt_target);
    size_t arguments = l->line->arguments.list.count;
    if (option != NULL && arguments > 0)
        return err_set(&l->err, ERR_USAGE, "the target is given twice: '%s' and --target %s", opt_argument(l->line, 0),
                       option);
    if (option == NULL && arguments == 0 && fallback == NULL) {
        err_set(&l->err, ERR_USAGE, "no target revision given");
        return err_hint(&l->err, "for example -1, base, or an id from 'skein history'");
    }
    struct plan_request r = {.command = command,
                             .all_modules = s.all,
                             .module = local_module_name(l, s.list.items[0]),
                             .cascade = opt_has(l->line, &opt_cascade),
                             .purge = opt_has(l->line, &opt_purge)};
    for (size_t i = 0; i < arguments; i++)
        vec_push(&l->arena, &r.targets.list, str_of(opt_argument(l->line, i)));
    if (arguments == 0)
        vec_push(&l->arena, &r.targets.list, str_of(option != NULL ? option : fallback));
    *ret_request = r;
    return true;
}

bool planning_build(struct local *l, const struct plan_request *request, struct plan *ret_plan)
{
    struct dbstate state = {0};
    enum engine engine;
    return local_state(l, &state) && local_engine(l, &engine) &&
           plan_build(&l->arena, &l->project, &state, engine, request, ret_plan, &l->err);
}

bool planning_scripts(struct local *l, const struct plan *plan, const struct script ***ret_scripts)
{
    const struct script **scripts = arena_new_array(&l->arena, plan->steps.list.count, const struct script *);
    struct diag findings;
    diag_init(&findings, &l->arena);
    for (size_t i = 0; i < plan->steps.list.count; i++) {
        const struct plan_step *step = &plan->steps.list.items[i];
        if (step->direction == DIRECTION_STAMP)
            continue;
        struct script *script = arena_new(&l->arena, struct script);
        const struct revision *r = plan_step_revision(&l->project, step);
        if (!script_build(&l->arena, r, step->direction, plan->engine, script, &l->err))
            return false;
        script_check(script, &findings);
        scripts[i] = script;
    }
    if (diag_has_errors(&findings))
        return diag_to_err(&findings, &l->err);
    *ret_scripts = scripts;
    return true;
}

static void parents(const struct revision *r, struct strbuf *out)
{
    for (size_t i = 0; i < r->parents.list.count; i++)
        strbuf_printf(out, "%s%.*s", i > 0 ? ", " : "", STR_ARG(r->parents.list.items[i]));
}

struct str planning_sentence(struct local *l, const struct plan_step *step)
{
    const struct revision *r = plan_step_revision(&l->project, step);
    if (r == NULL)
        return step->revision;
    struct strbuf text;
    strbuf_init(&text, 1 << 16);
    if (step->direction == DIRECTION_DOWN)
        strbuf_printf(&text, "%.*s -> ", STR_ARG(r->id));
    parents(r, &text);
    if (step->direction != DIRECTION_DOWN)
        strbuf_printf(&text, " -> %.*s", STR_ARG(r->id));
    if (r->message.len > 0)
        strbuf_printf(&text, ", %.*s", STR_ARG(r->message));
    struct str copy = str_copy(&l->arena, strbuf_str(&text));
    strbuf_release(&text);
    return copy;
}

json_t *json_state(const struct local *l, const struct dbstate *state)
{
    json_t *object = json_object();
    for (size_t i = 0; i < l->project.modules.list.count; i++) {
        struct arena a = {0};
        struct str name = local_module_name(l, i);
        json_object_set_new(object, str_cstr(&a, name), json_names(dbstate_heads(state, name)));
        arena_release(&a);
    }
    return object;
}

static json_t *json_step(const struct local *l, const struct plan_step *step, const struct dbstate *after)
{
    return json_pack("{s:o, s:o, s:s, s:b, s:s, s:o}", "module", json_str(step->module), "revision",
                     json_str(step->revision), "direction", direction_name(step->direction), "transactional",
                     step->transactional, "script", hash_format(&step->script).text, "heads_after",
                     json_state(l, after));
}

json_t *json_plan(const struct local *l, const struct plan *plan)
{
    struct arena a = {0};
    struct dbstate state = dbstate_copy(&a, &plan->before);
    json_t *steps = json_array();
    for (size_t i = 0; i < plan->steps.list.count; i++) {
        const struct plan_step *step = &plan->steps.list.items[i];
        dbstate_set(&a, &state, step->module, &step->heads_after);
        json_array_append_new(steps, json_step(l, step, &state));
    }
    json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:o}", "plan_id", hash_format(&plan->id).text, "engine",
                               engine_name(plan->engine), "before", json_state(l, &plan->before), "steps", steps,
                               "after", json_state(l, &plan->after));
    arena_release(&a);
    return object;
}

static struct str joined(struct arena *a, const struct names *names)
{
    struct str text = names->list.count == 0 ? STR("base") : STR("");
    for (size_t i = 0; i < names->list.count; i++)
        text = str_printf(a, "%.*s%s%.*s", STR_ARG(text), i > 0 ? "," : "", STR_ARG(names->list.items[i]));
    return text;
}

static void planning_print_table(struct local *l, const struct plan *plan)
{
    if (plan->steps.list.count == 0) {
        out_printf(stdout, "Nothing to do: the database is at %.*s\n",
                   STR_ARG(dbstate_format(&l->arena, &plan->before)));
        return;
    }
    struct out_table *t = out_table_new();
    out_table_column(t, "#", OUT_COLUMN_NUMBER);
    out_table_column(t, "MODULE", OUT_COLUMN_TEXT);
    out_table_column(t, "STEP", OUT_COLUMN_TEXT);
    out_table_column(t, "REVISION", OUT_COLUMN_TEXT);
    out_table_column(t, "TRANSACTION", OUT_COLUMN_TEXT);
    out_table_column(t, "HEADS AFTER", OUT_COLUMN_TEXT);
    out_table_column(t, "MESSAGE", OUT_COLUMN_CUT);
    for (size_t i = 0; i < plan->steps.list.count; i++) {
        const struct plan_step *step = &plan->steps.list.items[i];
        const struct revision *r = plan_step_revision(&l->project, step);
        out_table_row(t);
        out_table_cellf(t, "%zu", i + 1);
        out_table_cell(t, step->module);
        out_table_cell(t, str_of(direction_name(step->direction)));
        out_table_cell(t, step->revision);
        out_table_cell(t, step->transactional ? STR("yes") : STR("no"));
        out_table_cell(t, joined(&l->arena, &step->heads_after));
        out_table_cell(t, r != NULL ? r->message : STR(""));
    }
    out_table_print(t);
}

bool planning_print(struct local *l, const struct plan *plan)
{
    const char *format = opt_value(l->line, &opt_format);
    if (strcmp(format, "sql") == 0 || opt_has(l->line, &opt_sql))
        return planning_print_sql(l, plan);
    if (l->form == OUT_FORM_JSON)
        out_json(json_plan(l, plan));
    else
        planning_print_table(l, plan);
    return true;
}
