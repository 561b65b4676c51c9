/* Plans: what the case files do not say. The last test lets chance build graphs and compares with the definition. */
#include "skein/graph/reach.h"
#include "skein/plan/plan.h"
#include "tests/support/arena.h"
#include "tests/support/cmocka.h"

static void add_file(struct module_files *m, const char *text)
{
    struct project_file file = {.path = str_printf(&arena, "%.*s/%zu.sql", STR_ARG(m->name), m->files.count),
                                .bytes = str_of(text)};
    vec_push(&arena, &m->files, file);
}

static struct project build(const struct module_files *modules, size_t count)
{
    struct project_files files = {.root = STR("/")};
    struct project project;
    struct diag diag;
    for (size_t i = 0; i < count; i++)
        vec_push(&arena, &files.modules, modules[i]);
    diag_init(&diag, &arena);
    assert_true(project_build(&arena, &files, &diag, &project));
    return project;
}

static struct plan_request request(enum plan_command command, const char *target)
{
    struct plan_request r = {.command = command, .module = STR("core")};
    vec_push(&arena, &r.targets.list, str_of(target));
    return r;
}

static struct project sections_project(void)
{
    struct module_files core = {.name = STR("core")};
    add_file(&core, "-- revision: a1\n-- migrate:up\nCREATE TABLE a (b int);\n-- migrate:down\nDROP TABLE a;\n"
                    "-- migrate:verify\nSELECT 1;\n");
    add_file(&core, "-- revision: a2\n-- revises: a1\n-- migrate:up postgresql transaction:false lock_timeout:3s\n"
                    "CREATE INDEX CONCURRENTLY i ON a (b);\n-- migrate:up sqlite\nCREATE INDEX i ON a (b);\n"
                    "-- migrate:down\nDROP INDEX i;\n");
    add_file(&core, "-- revision: a3\n-- revises: a2\n-- migrate:up\n-- nothing to do\n");
    add_file(&core, "-- revision: a4\n-- revises: a3\n-- migrate:up sqlite\nVACUUM;\n");
    return build(&core, 1);
}

static bool plan(const struct project *p, const struct dbstate *state, enum engine engine, struct plan_request r,
                 struct plan *ret_plan, struct err *err)
{
    return plan_build(&arena, p, state, engine, &r, ret_plan, err);
}

static void test_engines(void **state)
{
    (void)state;
    struct project p = sections_project();
    struct dbstate base = {0};
    struct plan pg, sqlite;
    struct err err;
    assert_true(plan(&p, &base, ENGINE_POSTGRESQL, request(PLAN_UPGRADE, "a3"), &pg, &err));
    assert_true(plan(&p, &base, ENGINE_SQLITE, request(PLAN_UPGRADE, "a3"), &sqlite, &err));
    assert_false(pg.steps.list.items[1].transactional);
    assert_true(sqlite.steps.list.items[1].transactional);
    assert_false(hash_eq(&pg.steps.list.items[1].script, &sqlite.steps.list.items[1].script));
    assert_false(hash_eq(&pg.id, &sqlite.id));
    struct hash again = plan_hash(&pg);
    assert_true(hash_eq(&pg.id, &again));
    assert_ptr_equal(plan_step_revision(&p, &pg.steps.list.items[1]), p.nodes[1]);
    assert_false(plan(&p, &base, ENGINE_POSTGRESQL, request(PLAN_UPGRADE, "head"), &pg, &err));
    assert_string_equal(err.kind, "missing_section");
}

/* A revision that did nothing needs no section `down`; one that did something does. */
static void test_irreversible(void **state)
{
    (void)state;
    struct project p = sections_project();
    struct dbstate top = {0};
    struct names heads = {0};
    struct plan result;
    struct err err;
    vec_push(&arena, &heads.list, STR("a3"));
    dbstate_set(&arena, &top, STR("core"), &heads);
    assert_true(plan(&p, &top, ENGINE_SQLITE, request(PLAN_DOWNGRADE, "base"), &result, &err));
    assert_int_equal(result.steps.list.count, 3);
    heads.list.items[0] = STR("a4");
    dbstate_set(&arena, &top, STR("core"), &heads);
    assert_false(plan(&p, &top, ENGINE_SQLITE, request(PLAN_DOWNGRADE, "a3"), &result, &err));
    assert_string_equal(err.kind, "irreversible");
    assert_non_null(strstr(err.text, "a4"));
    assert_string_equal(err.origin, "core/3.sql");
}

/* What is not known as SQL is never run, in either direction; where it is applied already it is not in the way. */
static void test_opaque(void **state)
{
    (void)state;
    struct module_files core = {.name = STR("core")};
    add_file(&core, "-- revision: a1\n-- migrate:up\nCREATE TABLE a (b int);\n-- migrate:down\nDROP TABLE a;\n");
    add_file(&core, "-- revision: a2\n-- revises: a1\n-- migrate:up opaque\n-- calls a program\n-- fill.py\n"
                    "-- migrate:up sqlite\nUPDATE a SET b = 1;\n-- migrate:down opaque\n-- calls it again\n");
    add_file(&core, "-- revision: a3\n-- revises: a2\n-- migrate:up\nSELECT 3;\n-- migrate:down\nSELECT -3;\n");
    add_file(&core, "-- revision: a4\n-- revises: a3\n-- migrate:up opaque\n");
    struct project p = build(&core, 1);
    struct dbstate base = {0}, a3 = {0};
    struct names heads = {0};
    struct plan result;
    struct err err;
    assert_false(plan(&p, &base, ENGINE_POSTGRESQL, request(PLAN_UPGRADE, "a3"), &result, &err));
    assert_string_equal(err.kind, "opaque_section");
    assert_non_null(strstr(err.text, "'a2'"));
    assert_string_equal(err.detail, "calls a program");
    assert_string_equal(err.origin, "core/1.sql:3");
    assert_true(plan(&p, &base, ENGINE_SQLITE, request(PLAN_UPGRADE, "a3"), &result, &err));
    assert_true(plan(&p, &base, ENGINE_POSTGRESQL, request(PLAN_STAMP, "a3"), &result, &err));
    vec_push(&arena, &heads.list, STR("a3"));
    dbstate_set(&arena, &a3, STR("core"), &heads);
    assert_true(plan(&p, &a3, ENGINE_POSTGRESQL, request(PLAN_DOWNGRADE, "a2"), &result, &err));
    assert_false(plan(&p, &a3, ENGINE_POSTGRESQL, request(PLAN_DOWNGRADE, "a1"), &result, &err));
    assert_string_equal(err.kind, "opaque_section");
    heads.list.items[0] = STR("a4");
    dbstate_set(&arena, &a3, STR("core"), &heads);
    assert_false(plan(&p, &a3, ENGINE_SQLITE, request(PLAN_DOWNGRADE, "a3"), &result, &err));
    assert_string_equal(err.kind, "irreversible");
}

/* The same plan on every machine: the hash depends on state and request only, and on nothing that does not matter. */
static void test_identity(void **state)
{
    (void)state;
    struct project p = sections_project();
    struct dbstate one = {0}, two = {0};
    struct names heads = {0}, other = {0};
    struct plan first, second;
    struct err err;
    vec_push(&arena, &heads.list, STR("a1"));
    vec_push(&arena, &other.list, STR("zzz"));
    dbstate_set(&arena, &one, STR("core"), &heads);
    dbstate_set(&arena, &two, STR("unrelated"), &other);
    dbstate_set(&arena, &two, STR("core"), &heads);
    assert_true(plan(&p, &one, ENGINE_SQLITE, request(PLAN_UPGRADE, "a3"), &first, &err));
    assert_true(plan(&p, &two, ENGINE_SQLITE, request(PLAN_UPGRADE, "+2"), &second, &err));
    assert_true(hash_eq(&first.id, &second.id));
    assert_true(dbstate_eq(&first.before, &one));
    second.steps.list.items[0].transactional = false;
    struct hash changed = plan_hash(&second);
    assert_false(hash_eq(&first.id, &changed));
}

/* A downgrade that would be wrong if an extension were installed meanwhile expects that extension at base. */
static void test_watched_modules(void **state)
{
    (void)state;
    struct module_files modules[2] = {{.name = STR("core")}, {.name = STR("billing")}};
    add_file(&modules[0], "-- revision: a1\n-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 1;\n");
    add_file(&modules[1], "-- revision: b1\n-- branch_labels: ext_billing\n-- depends_on: core:a1\n-- migrate:up\n");
    struct project p = build(modules, 2);
    struct dbstate top = {0};
    struct names heads = {0};
    struct plan result;
    struct err err;
    vec_push(&arena, &heads.list, STR("a1"));
    dbstate_set(&arena, &top, STR("core"), &heads);
    assert_true(plan(&p, &top, ENGINE_SQLITE, request(PLAN_DOWNGRADE, "base"), &result, &err));
    assert_int_equal(result.before.modules.count, 2);
    assert_true(str_is(result.before.modules.items[0].module, "billing"));
    assert_int_equal(result.before.modules.items[0].heads.list.count, 0);
    assert_true(dbstate_eq(&result.before, &top));
}

static void test_row_changes(void **state)
{
    (void)state;
    struct module_files core = {.name = STR("core")};
    struct dbstate current = {0};
    struct names heads = {0};
    struct plan result;
    struct err err;
    add_file(&core, "-- revision: a\n-- migrate:up\n");
    add_file(&core, "-- revision: b\n-- migrate:up\n");
    add_file(&core, "-- revision: m\n-- revises: a, b\n");
    struct project p = build(&core, 1);
    vec_push(&arena, &heads.list, STR("b"));
    vec_push(&arena, &heads.list, STR("a"));
    dbstate_set(&arena, &current, STR("core"), &heads);
    assert_true(plan(&p, &current, ENGINE_SQLITE, request(PLAN_UPGRADE, "m"), &result, &err));
    const struct plan_step *step = &result.steps.list.items[0];
    assert_int_equal(step->rows.list.count, 2);
    assert_int_equal(step->rows.list.items[0].kind, ROW_DELETE);
    assert_true(str_is(step->rows.list.items[0].from, "a"));
    assert_int_equal(step->rows.list.items[1].kind, ROW_UPDATE);
    assert_true(str_is(step->rows.list.items[1].from, "b") && str_is(step->rows.list.items[1].to, "m"));
    assert_true(plan(&p, &result.after, ENGINE_SQLITE, request(PLAN_DOWNGRADE, "a"), &result, &err));
    step = &result.steps.list.items[0];
    assert_int_equal(step->rows.list.items[0].kind, ROW_INSERT);
    assert_int_equal(step->rows.list.items[1].kind, ROW_UPDATE);
    assert_true(dbstate_eq(&result.after, &current));
}

/* --- chance ----------------------------------------------------------------------------------------------------- */

static uint32_t seed;

static size_t chance(size_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

enum { MODULES = 3, NODES = 14 };

/* Node n of module n % 3; edges lead to lower numbers only, from core to core only. */
static struct project random_project(void)
{
    struct module_files modules[MODULES] = {{.name = STR("core")}, {.name = STR("one")}, {.name = STR("two")}};
    for (size_t n = 0; n < NODES; n++) {
        struct str parents = STR(""), deps = STR("");
        for (size_t i = 0; i < 4 && n > 0; i++) {
            size_t to = chance(n);
            bool same = to % MODULES == n % MODULES;
            if (same && chance(2) == 0)
                parents = str_printf(&arena, "%.*s%sr%zu", STR_ARG(parents), parents.len > 0 ? ", " : "", to);
            else if (n % MODULES != 0 && chance(2) == 0)
                deps = str_printf(&arena, "%.*s%s%.*s:r%zu", STR_ARG(deps), deps.len > 0 ? ", " : "",
                                  STR_ARG(modules[to % MODULES].name), to);
        }
        add_file(&modules[n % MODULES], arena_printf(&arena,
                                                     "-- revision: r%zu\n-- revises: %.*s\n-- depends_on: %.*s\n"
                                                     "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 1;\n",
                                                     n, STR_ARG(parents), STR_ARG(deps)));
    }
    return build(modules, MODULES);
}

static bool needs(const struct project *p, const struct bitset *applied, size_t node, int kinds)
{
    struct dag_cursor c = {.node = node};
    size_t other;
    while (dag_next_up(&p->dag, kinds, &c, &other))
        if (bitset_has(applied, other))
            return true;
    return false;
}

/* The rows of every module, from the definition. */
static struct dbstate defined_state(const struct project *p, const struct bitset *applied)
{
    struct dbstate result = {0};
    for (size_t m = 0; m < p->modules.list.count; m++) {
        const struct module *module = &p->modules.list.items[m];
        struct names heads = {0};
        for (size_t n = module->first; n < module->first + module->count; n++)
            if (bitset_has(applied, n) && !needs(p, applied, n, EDGES_MODULE))
                vec_push(&arena, &heads.list, p->nodes[n]->id);
        dbstate_set(&arena, &result, module->name, &heads);
    }
    return result;
}

static size_t node_of(const struct project *p, const struct plan_step *s)
{
    return project_find_node(p, (size_t)project_find_module(p, s->module), s->revision);
}

/* Plays the plan on the set of applied revisions: nothing before what it needs, rows as defined at every step. */
static void play(const struct project *p, const struct plan *made, struct bitset *applied)
{
    for (size_t i = 0; i < made->steps.list.count; i++) {
        const struct plan_step *s = &made->steps.list.items[i];
        size_t node = node_of(p, s), other;
        struct dag_cursor c = {.node = node};
        assert_int_equal(bitset_has(applied, node), s->direction == DIRECTION_DOWN);
        if (s->direction == DIRECTION_UP) {
            while (dag_next_down(&p->dag, EDGES_ALL, &c, &other))
                assert_true(bitset_has(applied, other));
            bitset_add(applied, node);
        } else {
            assert_false(needs(p, applied, node, EDGES_ALL));
            bitset_remove(applied, node);
        }
        struct dbstate defined = defined_state(p, applied), stepped = {0};
        dbstate_set(&arena, &stepped, s->module, &s->heads_after);
        const struct names *want = dbstate_heads(&defined, s->module), *have = dbstate_heads(&stepped, s->module);
        assert_int_equal(want->list.count, have->list.count);
        for (size_t k = 0; k < want->list.count; k++)
            assert_true(str_eq(want->list.items[k], have->list.items[k]));
    }
}

/* What has to move: up, all that the node needs and is missing; down, all that is applied above its children. */
static struct bitset wanted_steps(const struct project *p, const struct bitset *applied, size_t node, bool up)
{
    struct nodes from = {0};
    for (size_t i = 0; !up && i < dag_up_count(&p->dag, EDGE_PARENT, node); i++)
        vec_push(&arena, &from.list, dag_up(&p->dag, EDGE_PARENT, node, i));
    if (up)
        vec_push(&arena, &from.list, node);
    struct bitset set =
        up ? reach_down_from(&arena, &p->dag, EDGES_ALL, &from) : reach_up_from(&arena, &p->dag, EDGES_ALL, &from);
    if (up)
        bitset_subtract(&set, applied);
    else
        bitset_intersect(&set, applied);
    return set;
}

static void test_random(void **state)
{
    (void)state;
    size_t steps = 0;
    for (seed = 1; seed < 2000; seed++) {
        uint32_t first = seed;
        struct project p = random_project();
        struct bitset applied = bitset_new(&arena, p.node_count);
        struct dbstate now = {0};
        for (int i = 0; i < 4; i++) {
            size_t node = chance(p.node_count), module = project_module_of(&p, node);
            bool up = chance(3) > 0;
            struct plan_request r = request(up ? PLAN_UPGRADE : PLAN_DOWNGRADE, p.nodes[node]->id.p);
            struct plan made;
            struct err err;
            r.targets.list.items[0] = p.nodes[node]->id;
            r.module = p.modules.list.items[module].name;
            r.cascade = true;
            if (!plan_build(&arena, &p, &now, ENGINE_SQLITE, &r, &made, &err)) {
                assert_false(up);
                assert_string_equal(err.kind, "not_ancestor");
                continue;
            }
            struct bitset wanted = wanted_steps(&p, &applied, node, up);
            assert_int_equal(made.steps.list.count, bitset_count(&wanted));
            play(&p, &made, &applied);
            assert_true(bitset_has(&applied, node) || !up);
            now = defined_state(&p, &applied);
            steps += made.steps.list.count;
        }
        seed = first;
        arena_release(&arena);
    }
    assert_true(steps > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engines),  cmocka_unit_test(test_irreversible),    cmocka_unit_test(test_opaque),
        cmocka_unit_test(test_identity), cmocka_unit_test(test_watched_modules), cmocka_unit_test(test_row_changes),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
