/*
 * The walk over a project: (1) every section is read by its engine's grammar, (2) who makes which table is noted,
 * (3) the revisions are looked at in the order in which they are applied, each before what it does is noted.
 */
#include "skein/lint/lint.h"

#include <stdlib.h>

#include "common/core/lint/down.h"
#include "common/core/lint/switches.h"
#include "skein/graph/reach.h"
#include "skein/graph/squash.h"

/* A file's sections as their engines read them. */
struct node_readings {
    VEC(struct reading) list;
};

struct lint {
    struct arena *arena;
    const struct lint_request *request;
    struct node_readings *nodes;
    struct nodes order; /* what is needed comes first */
    struct makers owners;
    struct world worlds[ENGINE_COUNT];
    struct lint_report *report;
};

struct lint_engines lint_engines_of(const struct project *p)
{
    struct lint_engines engines = {0};
    bool any = false;
    for (size_t n = 0; n < p->node_count; n++)
        for (size_t i = 0; i < p->nodes[n]->sections.list.count; i++) {
            enum engine engine = p->nodes[n]->sections.list.items[i].engine;
            engines.wanted[engine] = true;
            any = any || engine != ENGINE_UNSET;
        }
    engines.wanted[ENGINE_UNSET] = false;
    for (int e = ENGINE_UNSET + 1; e < ENGINE_COUNT && !any; e++)
        engines.wanted[e] = true;
    return engines;
}

/* ---- 1: reading ---- */

/* A general section that one engine understands is taken to be for that one, unless the engines are certain. */
static void add_general(struct lint *l, struct node_readings *list, struct reading *readings, size_t count)
{
    size_t understood = 0;
    for (size_t i = 0; i < count; i++)
        understood += readings[i].mistakes.count == 0;
    for (size_t i = 0; i < count; i++) {
        bool meant = l->request->engines.certain || readings[i].mistakes.count == 0 || (understood == 0 && i == 0);
        if (meant)
            vec_push(l->arena, &list->list, readings[i]);
    }
}

static void read_kind(struct lint *l, const struct revision *r, enum section_kind kind, struct node_readings *list)
{
    struct reading general[ENGINE_COUNT];
    size_t count = 0;
    for (int e = ENGINE_UNSET + 1; e < ENGINE_COUNT; e++) {
        const struct section *section = revision_section(r, kind, (enum engine)e);
        if (section == NULL || !l->request->engines.wanted[e])
            continue;
        struct reading reading;
        read_text(l->arena, (enum engine)e, section->sql, section->line, &reading);
        reading.section = section;
        if (section->engine == ENGINE_UNSET)
            general[count++] = reading;
        else
            vec_push(l->arena, &list->list, reading);
    }
    add_general(l, list, general, count);
}

static const struct reading *find_reading(const struct node_readings *list, enum section_kind kind, enum engine engine)
{
    for (size_t i = 0; i < list->list.count; i++)
        if (list->list.items[i].section->kind == kind && list->list.items[i].engine == engine)
            return &list->list.items[i];
    return NULL;
}

static void read_revision(struct lint *l, const struct revision *r, struct node_readings *list)
{
    for (int kind = SECTION_UNSET + 1; kind < SECTION_COUNT; kind++)
        read_kind(l, r, (enum section_kind)kind, list);
}

static void read_order(struct lint *l)
{
    const struct project *p = l->request->project;
    struct bitset all = bitset_new(l->arena, p->node_count);
    for (size_t n = 0; n < p->node_count; n++)
        bitset_add(&all, n);
    reach_order(l->arena, &p->dag, EDGES_ALL, &all, &l->order);
    for (size_t i = 0, k = l->order.list.count; i + 1 < k; i++) {
        size_t other = l->order.list.items[--k];
        l->order.list.items[k] = l->order.list.items[i];
        l->order.list.items[i] = other;
    }
}

/* ---- 2: owners ---- */

static void own(struct arena *a, struct makers *owners, struct str key, const struct table_maker *owner)
{
    if (index_find(&owners->names, key) != INDEX_NONE)
        return;
    index_put(a, &owners->names, key, (uint32_t)owners->list.count);
    vec_push(a, &owners->list, *owner);
}

static void note_owners(struct arena *a, struct makers *owners, const struct steps *steps,
                        const struct table_maker *owner)
{
    for (size_t i = 0; i < steps->list.count; i++)
        for (size_t k = 0; k < steps->list.items[i].acts.list.count; k++) {
            const struct act *act = &steps->list.items[i].acts.list.items[k];
            bool table = act->thing == THING_TABLE || act->thing == THING_VIEW || act->thing == THING_MATVIEW;
            if (table && act->kind == ACT_CREATE && (act->flags & (ACT_TEMPORARY | ACT_EXISTS)) == 0)
                own(a, owners, table_key(a, act->schema, act->table), owner);
            if (table && act->kind == ACT_RENAME)
                own(a, owners, table_key(a, act->schema, act->other), owner);
        }
}

/* ---- 3: checking ---- */

static void add_mistakes(struct check *c, const struct reading *r)
{
    for (size_t i = 0; i < r->mistakes.count; i++) {
        const struct mistake *m = &r->mistakes.items[i];
        struct lint_finding f = {.rule = RULE_SYNTAX_ERROR,
                                 .severity = LINT_ERROR,
                                 .path = c->revision->path,
                                 .line = m->line,
                                 .column = m->column,
                                 .statement = m->statement,
                                 .text = str_printf(c->arena, "%s: %.*s", engine_name(r->engine), STR_ARG(m->text))};
        vec_push(c->arena, &c->report->list, f);
    }
}

static bool is_mistaken(const struct reading *r, const struct step *step)
{
    for (size_t i = 0; i < r->mistakes.count; i++)
        if (r->mistakes.items[i].statement == step->line)
            return true;
    return false;
}

static void check_act(struct check *c, const struct act *act)
{
    rules_locks(c, act);
    rules_constraints(c, act);
    rules_data(c, act);
    rules_modules(c, act);
    rules_lite(c, act);
    rules_scripts(c, act);
    struct act applied = *act;
    applied.flags &= ~(unsigned)ACT_TEMPORARY;
    world_apply(c->arena, &c->here, &applied, &c->maker);
}

/* verify and probe sections only read: what they say has to be understood, and that is all. */
static void check_reading(struct check *c, const struct reading *r)
{
    bool changes = r->section->kind == SECTION_UP || r->section->kind == SECTION_DOWN;
    add_mistakes(c, r);
    for (size_t i = 0; i < r->steps.list.count; i++) {
        c->step = &r->steps.list.items[i];
        if (!is_mistaken(r, c->step))
            rules_statement(c);
        for (size_t k = 0; k < c->step->acts.list.count && changes; k++)
            check_act(c, &c->step->acts.list.items[k]);
    }
    if (changes)
        rules_section(c);
}

/* A revision that is reported on: what a node is, or the squashed one that stands for a range with the node at its top.
 */
struct subject {
    const struct revision *revision;
    size_t node;
    const struct node_readings *readings;
    const struct world *worlds; /* by engine */
    struct lint_report *found;
};

static struct check check_init(struct lint *l, const struct subject *s, const struct reading *r)
{
    const struct project *p = l->request->project;
    return (struct check){.arena = l->arena,
                          .project = p,
                          .revision = s->revision,
                          .section = r->section,
                          .engine = r->engine,
                          .maker = {.module = project_module_of(p, s->node), .node = s->node},
                          .steps = &r->steps,
                          .before = &s->worlds[r->engine],
                          .owners = &l->owners,
                          .report = s->found};
}

static void apply(struct lint *l, size_t node, const struct reading *r)
{
    struct maker maker = {.module = project_module_of(l->request->project, node), .node = node};
    for (size_t i = 0; i < r->steps.list.count; i++)
        for (size_t k = 0; k < r->steps.list.items[i].acts.list.count; k++)
            world_apply(l->arena, &l->worlds[r->engine], &r->steps.list.items[i].acts.list.items[k], &maker);
}

static int by_number(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

static void add_lines(struct arena *a, const struct reading *r, struct lines *lines)
{
    for (size_t i = 0; i < r->steps.list.count; i++)
        vec_push(a, &lines->list, r->steps.list.items[i].line);
}

static void finish(struct lint *l, struct str path, struct str text, struct lines *lines, struct lint_report *found)
{
    if (lines->list.count > 0)
        qsort(lines->list.items, lines->list.count, sizeof(unsigned), by_number);
    switches_apply(l->arena, path, text, lines, found);
    for (size_t i = 0; i < found->list.count; i++)
        vec_push(l->arena, &l->report->list, found->list.items[i]);
}

static void check_kinds(struct lint *l, const struct subject *s, bool (*wanted)(enum section_kind kind))
{
    for (size_t i = 0; i < s->readings->list.count; i++) {
        const struct reading *r = &s->readings->list.items[i];
        struct check c = check_init(l, s, r);
        if (wanted(r->section->kind))
            check_reading(&c, r);
    }
}

static bool is_up(enum section_kind kind)
{
    return kind == SECTION_UP;
}

static bool is_not_up(enum section_kind kind)
{
    return kind != SECTION_UP;
}

static void check_downs(struct lint *l, const struct subject *s)
{
    for (int e = ENGINE_UNSET + 1; e < ENGINE_COUNT; e++) {
        const struct reading *up = find_reading(s->readings, SECTION_UP, (enum engine)e);
        if (up == NULL)
            continue;
        struct check c = check_init(l, s, up);
        bool has_down = revision_section(c.revision, SECTION_DOWN, (enum engine)e) != NULL;
        const struct reading *down = find_reading(s->readings, SECTION_DOWN, (enum engine)e);
        if (down != NULL || !has_down)
            rules_down(&c, up, down);
    }
}

static void report_on(struct lint *l, const struct subject *s)
{
    struct lines lines = {0};
    for (size_t i = 0; i < s->readings->list.count; i++)
        add_lines(l->arena, &s->readings->list.items[i], &lines);
    check_downs(l, s);
    finish(l, s->revision->path, s->revision->text, &lines, s->found);
    l->report->revisions++;
}

/* A squashed revision is run where nothing of its range is: what earlier revisions have made is left out of account. */
static void check_squashed(struct lint *l, size_t node, const struct revision *r)
{
    struct world nothing[ENGINE_COUNT] = {0};
    struct node_readings readings = {0};
    struct lint_report found = {0};
    struct subject s = {r, node, &readings, nothing, &found};
    read_revision(l, r, &readings);
    check_kinds(l, &s, is_up);
    check_kinds(l, &s, is_not_up);
    report_on(l, &s);
}

static void check_node(struct lint *l, size_t node)
{
    const struct revision *own = l->request->project->nodes[node], *shown = squash_shown(l->request->project, node);
    bool chosen = bitset_has(&l->request->nodes, node);
    struct lint_report found = {0};
    struct subject s = {own, node, &l->nodes[node], l->worlds, &found};
    if (chosen && shown == own)
        check_kinds(l, &s, is_up);
    for (size_t i = 0; i < l->nodes[node].list.count; i++)
        if (is_up(l->nodes[node].list.items[i].section->kind))
            apply(l, node, &l->nodes[node].list.items[i]);
    if (chosen && shown != own) {
        check_squashed(l, node, shown);
    } else if (chosen) {
        check_kinds(l, &s, is_not_up);
        report_on(l, &s);
    }
}

static void check_revisions(struct lint *l)
{
    const struct project *p = l->request->project;
    read_order(l);
    l->nodes = arena_new_array(l->arena, p->node_count, struct node_readings);
    for (size_t n = 0; n < p->node_count; n++)
        read_revision(l, p->nodes[n], &l->nodes[n]);
    for (size_t i = 0; i < l->order.list.count; i++) {
        size_t node = l->order.list.items[i];
        struct table_maker owner = {.module = project_module_of(p, node), .node = node};
        for (size_t k = 0; k < l->nodes[node].list.count; k++)
            if (is_up(l->nodes[node].list.items[k].section->kind))
                note_owners(l->arena, &l->owners, &l->nodes[node].list.items[k].steps, &owner);
    }
    for (size_t i = 0; i < l->order.list.count; i++)
        check_node(l, l->order.list.items[i]);
}

/* ---- model files ---- */

/* A file of models under the rules of ownership: what it says is loaded into an empty database. */
static void check_model_reading(struct lint *l, const struct lint_model *m, size_t module, const struct makers *owners,
                                const struct reading *r, struct lint_report *found)
{
    struct revision file = {.path = m->path};
    struct world nothing = {0};
    struct check c = {.arena = l->arena,
                      .project = l->request->project,
                      .revision = &file,
                      .section = r->section,
                      .engine = r->engine,
                      .maker = {.module = module, .node = SIZE_MAX},
                      .steps = &r->steps,
                      .before = &nothing,
                      .owners = owners,
                      .report = found};
    add_mistakes(&c, r);
    for (size_t i = 0; i < r->steps.list.count; i++) {
        c.step = &r->steps.list.items[i];
        if (!is_mistaken(r, c.step))
            rules_statement(&c);
        for (size_t k = 0; k < c.step->acts.list.count; k++)
            rules_modules(&c, &c.step->acts.list.items[k]);
    }
}

static void read_model(struct lint *l, const struct lint_model *m, const struct section *section,
                       struct node_readings *list)
{
    struct reading general[ENGINE_COUNT];
    size_t count = 0;
    for (int e = ENGINE_UNSET + 1; e < ENGINE_COUNT; e++) {
        bool meant = m->engine == (enum engine)e || (m->engine == ENGINE_UNSET && l->request->engines.wanted[e]);
        if (!meant)
            continue;
        read_text(l->arena, (enum engine)e, m->bytes, 1, &general[count]);
        general[count++].section = section;
    }
    add_general(l, list, general, count);
}

static void check_models(struct lint *l)
{
    static const struct section section = {.kind = SECTION_UP, .transactional = true, .line = 1};
    const struct lint_request *q = l->request;
    struct node_readings *files = arena_new_array(l->arena, q->models.count, struct node_readings);
    struct makers owners = {0};
    for (size_t i = 0; i < q->models.count; i++) {
        int module = project_find_module(q->project, q->models.items[i].module);
        struct table_maker owner = {.module = module < 0 ? 0 : (size_t)module};
        read_model(l, &q->models.items[i], &section, &files[i]);
        for (size_t k = 0; k < files[i].list.count; k++)
            note_owners(l->arena, &owners, &files[i].list.items[k].steps, &owner);
    }
    for (size_t i = 0; i < q->models.count; i++) {
        const struct lint_model *m = &q->models.items[i];
        int module = project_find_module(q->project, m->module);
        struct lint_report found = {0};
        struct lines lines = {0};
        if (!bitset_has(&q->chosen_models, i))
            continue;
        for (size_t k = 0; k < files[i].list.count; k++) {
            check_model_reading(l, m, module < 0 ? 0 : (size_t)module, &owners, &files[i].list.items[k], &found);
            add_lines(l->arena, &files[i].list.items[k], &lines);
        }
        finish(l, m->path, m->bytes, &lines, &found);
        l->report->models++;
    }
}

/* ---- the report ---- */

static int by_place(const void *x, const void *y)
{
    const struct lint_finding *a = x, *b = y;
    int order = str_cmp(a->path, b->path);
    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    if (order == 0)
        order = (a->column > b->column) - (a->column < b->column);
    if (order == 0)
        order = (a->rule > b->rule) - (a->rule < b->rule);
    return order != 0 ? order : str_cmp(a->text, b->text);
}

/* Of the same finding by both engines PostgreSQL's comes first: it knows the lock. */
static int by_place_and_lock(const void *x, const void *y)
{
    const struct lint_finding *a = x, *b = y;
    int order = by_place(a, b);
    return order != 0 ? order : (a->lock == NULL) - (b->lock == NULL);
}

/* Both engines find the same in a general section. */
static void sort_report(struct lint_report *r)
{
    size_t kept = 0;
    if (r->list.count > 0)
        qsort(r->list.items, r->list.count, sizeof(*r->list.items), by_place_and_lock);
    for (size_t i = 0; i < r->list.count; i++)
        if (kept == 0 || by_place(&r->list.items[kept - 1], &r->list.items[i]) != 0)
            r->list.items[kept++] = r->list.items[i];
    r->list.count = kept;
    for (size_t i = 0; i < kept; i++) {
        r->errors += r->list.items[i].severity == LINT_ERROR;
        r->warnings += r->list.items[i].severity == LINT_WARNING;
        r->notices += r->list.items[i].severity == LINT_NOTICE;
    }
}

void lint_run(struct arena *a, const struct lint_request *request, struct lint_report *ret_report)
{
    struct lint_report report = {0};
    struct lint l = {.arena = a, .request = request, .report = &report};
    check_revisions(&l);
    check_models(&l);
    sort_report(&report);
    *ret_report = report;
}
