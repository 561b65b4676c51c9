/*
 * Making a plan, in numbered phases; nothing is written before the last:
 *
 *   1 choose    the modules that the request names, and what its expression means in each (graph/target.h)
 *   2 collect   the revisions to apply or to undo, over all modules
 *   3 check     dependants in other modules, sections for the engine, a way back
 *   4 fold      ranges that are wanted as a whole and have a squashed revision
 *   5 order     inside a module as Alembic does; between modules core first up, core last down
 *   6 step      row changes and heads, one revision after the other
 *   7 seal      the states before and after, and the hash over everything
 */
#include "skein/plan/plan.h"

#include "common/core/plan/planner.h"
#include "skein/graph/reach.h"
#include "skein/sql/split.h"

struct view planner_view(const struct planner *p, size_t module)
{
    return (struct view){p->project, module};
}

struct str planner_module_name(const struct planner *p, size_t module)
{
    return p->project->modules.list.items[module].name;
}

bool planner_rows(const struct planner *p, size_t module, struct nodes *ret_nodes, struct err *err)
{
    struct view v = planner_view(p, module);
    return target_rows(p->arena, &v, dbstate_heads(p->state, planner_module_name(p, module)), ret_nodes, err);
}

/* --- 2 collect ------------------------------------------------------------------------------------------------- */

/* Rows that imply each other: an upgrade cannot tell what is applied. */
static bool check_rows(const struct planner *p, size_t module, struct err *err)
{
    struct view v = planner_view(p, module);
    struct nodes rows;
    return planner_rows(p, module, &rows, err) && target_check_overlap(p->arena, &v, &rows, err);
}

static bool collect_upgrade(struct planner *p, const struct choice *c, struct err *err)
{
    struct view v = planner_view(p, c->module);
    const struct nodes *targets = &c->targets;
    if (!target_check_overlap(p->arena, &v, targets, err) || !check_rows(p, c->module, err))
        return false;
    for (size_t i = 0; i < targets->list.count; i++)
        bitset_add(&p->wanted, targets->list.items[i]);
    return true;
}

static bool collect_downgrade(struct planner *p, const struct choice *c, struct err *err)
{
    const struct dag *d = &p->project->dag;
    struct nodes rows;
    if (!planner_rows(p, c->module, &rows, err))
        return false;
    struct bitset drop = reach_up_from(p->arena, d, EDGES_MODULE, &c->down.roots);
    struct bitset applied = reach_down_from(p->arena, d, EDGES_MODULE, &rows);
    bitset_intersect(&drop, &applied);
    bitset_unite(&p->wanted, &drop);
    if (c->down.keep == SIZE_MAX || !bitset_is_empty(&drop))
        return true;
    for (size_t i = 0; i < rows.list.count; i++)
        if (rows.list.items[i] == c->down.keep)
            return true;
    err_kind(err, ERR_TARGET, "not_ancestor", "nothing applied is above revision '%.*s', and it is not current",
             STR_ARG(p->project->nodes[c->down.keep]->id));
    return err_hint(err, "`skein current` shows what is applied");
}

/* Loads what is applied in every module. Only rows of modules that matter must be known. */
static bool load_rows(struct planner *p, const struct bitset *nodes, struct err *err)
{
    const struct project *project = p->project;
    for (size_t m = 0; m < project->modules.list.count; m++) {
        const struct module *module = &project->modules.list.items[m];
        bool matters = p->matters[m] || bitset_next(nodes, module->first) < module->first + module->count;
        struct nodes rows;
        struct view v = planner_view(p, m);
        p->matters[m] = matters;
        if (target_rows(p->arena, &v, dbstate_heads(p->state, module->name), &rows, err))
            rows_load(&p->rows, &rows);
        else if (matters)
            return false;
    }
    return true;
}

/* --- 3 check --------------------------------------------------------------------------------------------------- */

/* Names up to a few nodes as "module:id". */
static void name_nodes(const struct planner *p, const struct bitset *set, struct strbuf *out)
{
    size_t shown = 0;
    for (size_t n = bitset_next(set, 0); n < set->size; n = bitset_next(set, n + 1), shown++)
        if (shown < 8)
            strbuf_printf(out, "%s%.*s:%.*s", shown > 0 ? ", " : "",
                          STR_ARG(planner_module_name(p, project_module_of(p->project, n))),
                          STR_ARG(p->project->nodes[n]->id));
    if (shown > 8)
        strbuf_printf(out, " and %zu more", shown - 8);
}

static bool fail_dependants(const struct planner *p, const struct bitset *extra, struct err *err)
{
    struct strbuf text;
    strbuf_init(&text, ERR_TEXT_MAX / 2);
    name_nodes(p, extra, &text);
    err_kind(err, ERR_STATE, "has_dependants", "applied revisions of other modules depend on what would go: %s",
             text.p);
    strbuf_release(&text);
    return err_hint(err, "downgrade them first, or take them down along with --cascade");
}

static bool fail_section(const struct revision *r, enum section_kind kind, enum engine engine, struct err *err)
{
    if (kind == SECTION_UP)
        err_kind(err, ERR_INPUT, "missing_section", "revision '%.*s' has no section '%s' for %s", STR_ARG(r->id),
                 section_kind_name(kind), engine_name(engine));
    else
        err_kind(err, ERR_STATE, "irreversible", "revision '%.*s' cannot be undone: it has no section 'down'",
                 STR_ARG(r->id));
    err_origin(err, "%.*s", STR_ARG(r->path));
    if (kind == SECTION_UP)
        return err_hint(err, "add -- migrate:up %s to the file", engine_name(engine));
    return err_hint(err, "stop above it, restore a backup, or add -- migrate:down to the file");
}

/* The first line of the section says why, for people. */
static bool fail_opaque(const struct revision *r, const struct section *s, enum engine engine, struct err *err)
{
    struct str reason = str_trim(str_head(s->sql, str_find(s->sql, '\n')));
    err_kind(err, ERR_STATE, "opaque_section",
             "what revision '%.*s' does in its section '%s' is not known as SQL for %s", STR_ARG(r->id),
             section_kind_name(s->kind), engine_name(engine));
    err_origin(err, "%.*s:%u", STR_ARG(r->path), s->line > 0 ? s->line - 1 : 1);
    if (reason.len > 2)
        err_detail(err, "%.*s", STR_ARG(str_trim(str_from(reason, 2))));
    return err_hint(err,
                    "write the SQL into the section and remove the word opaque from its marker; or do by hand what it "
                    "does, and `skein stamp` the database");
}

/* What did nothing needs nothing to be undone. */
static bool is_undoable(const struct revision *r, enum engine engine)
{
    const struct section *up = revision_section(r, SECTION_UP, engine);
    return revision_section(r, SECTION_DOWN, engine) != NULL || up == NULL ||
           (!up->opaque && sql_is_blank(engine, up->sql));
}

static bool check_section(const struct planner *p, size_t node, struct err *err)
{
    const struct revision *r = planner_revision(p, node);
    const struct section *s =
        revision_section(r, p->direction == DIRECTION_DOWN ? SECTION_DOWN : SECTION_UP, p->engine);
    if (s != NULL && s->opaque)
        return fail_opaque(r, s, p->engine, err);
    if (p->direction == DIRECTION_DOWN)
        return is_undoable(r, p->engine) || fail_section(r, SECTION_DOWN, p->engine, err);
    if (revision_section(r, SECTION_UP, p->engine) != NULL || !revision_has_section(r, SECTION_UP))
        return true;
    return fail_section(r, SECTION_UP, p->engine, err);
}

/* --- 6 step ---------------------------------------------------------------------------------------------------- */

struct plan_step planner_step(struct planner *p, size_t module, size_t node)
{
    struct plan_step step = {.module = rows_module(&p->rows, module),
                             .revision = node != SIZE_MAX ? rows_id(&p->rows, node) : STR(""),
                             .direction = p->direction,
                             .transactional = true};
    if (node != SIZE_MAX)
        step.checksum = planner_revision(p, node)->checksum;
    return step;
}

static bool add_step(struct planner *p, size_t node, struct err *err)
{
    const struct revision *r = planner_revision(p, node);
    const struct squash *range = fold_at(p, node);
    bool up = p->direction == DIRECTION_UP;
    if (!check_section(p, node, err))
        return false;
    const struct section *s = revision_section(r, up ? SECTION_UP : SECTION_DOWN, p->engine);
    struct plan_step step = planner_step(p, project_module_of(p->project, node), node);
    step.transactional = s == NULL || s->transactional;
    step.script = script_hash_of(r, p->direction, p->engine);
    if (up)
        rows_up(&p->rows, node, range, &step);
    else
        rows_down(&p->rows, node, range, &step);
    vec_push(p->arena, &p->plan.steps.list, step);
    return true;
}

/* --- phases ---------------------------------------------------------------------------------------------------- */

static bool finish_upgrade(struct planner *p, struct err *err)
{
    reach_down(p->arena, &p->project->dag, EDGES_ALL, &p->wanted);
    if (!load_rows(p, &p->wanted, err))
        return false;
    bitset_subtract(&p->wanted, &p->rows.applied);
    return true;
}

static bool finish_downgrade(struct planner *p, struct err *err)
{
    struct bitset all = bitset_copy(p->arena, &p->wanted);
    reach_up(p->arena, &p->project->dag, EDGES_ALL, &all);
    if (!load_rows(p, &all, err))
        return false;
    bitset_intersect(&all, &p->rows.applied);
    struct bitset extra = bitset_copy(p->arena, &all);
    bitset_subtract(&extra, &p->wanted);
    if (!bitset_is_empty(&extra) && !p->request->cascade)
        return fail_dependants(p, &extra, err);
    p->wanted = all;
    return true;
}

static bool make_steps(struct planner *p, const struct choices *choices, struct err *err)
{
    bool up = p->direction == DIRECTION_UP;
    for (size_t i = 0; i < choices->list.count; i++) {
        const struct choice *c = &choices->list.items[i];
        p->matters[c->module] = true;
        if (!(up ? collect_upgrade(p, c, err) : collect_downgrade(p, c, err)))
            return false;
    }
    if (!(up ? finish_upgrade(p, err) : finish_downgrade(p, err)))
        return false;
    fold(p);
    struct nodes order = sequence(p);
    for (size_t i = 0; i < order.list.count; i++)
        if (!add_step(p, order.list.items[i], err))
            return false;
    return true;
}

static void seal(struct planner *p)
{
    for (size_t m = 0; m < p->project->modules.list.count; m++) {
        if (!p->matters[m])
            continue;
        struct str name = rows_module(&p->rows, m);
        struct names after = rows_heads(&p->rows, m);
        dbstate_set(p->arena, &p->plan.before, name, dbstate_heads(p->state, name));
        dbstate_watch(p->arena, &p->plan.before, name);
        dbstate_set(p->arena, &p->plan.after, name, &after);
        dbstate_watch(p->arena, &p->plan.after, name);
    }
    p->plan.engine = p->engine;
    p->plan.id = plan_hash(&p->plan);
}

bool plan_build(struct arena *a, const struct project *p, const struct dbstate *state, enum engine engine,
                const struct plan_request *request, struct plan *ret_plan, struct err *err)
{
    static const enum direction directions[] = {
        [PLAN_UPGRADE] = DIRECTION_UP, [PLAN_DOWNGRADE] = DIRECTION_DOWN, [PLAN_STAMP] = DIRECTION_STAMP};
    struct planner planner = {.arena = a,
                              .project = p,
                              .state = state,
                              .engine = engine,
                              .request = request,
                              .direction = directions[request->command],
                              .wanted = bitset_new(a, p->node_count),
                              .matters = arena_new_array(a, p->modules.list.count, bool)};
    struct choices choices = {0};
    rows_init(&planner.rows, a, p);
    if (!choose(&planner, &choices, err))
        return false;
    if (!(request->command == PLAN_STAMP ? stamp_steps(&planner, &choices, err) : make_steps(&planner, &choices, err)))
        return false;
    seal(&planner);
    *ret_plan = planner.plan;
    return true;
}

const struct revision *plan_step_revision(const struct project *p, const struct plan_step *step)
{
    int module = project_find_module(p, step->module);
    size_t node = module >= 0 ? project_find_node(p, (size_t)module, step->revision) : SIZE_MAX;
    if (node == SIZE_MAX)
        return NULL;
    const struct revision *same = squash_with_checksum(p, node, &step->checksum);
    return same != NULL ? same : p->nodes[node];
}
