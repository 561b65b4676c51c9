/*
 * The version tables, as the tools' sources have them:
 *
 *     dbmate          schema_migrations (version)                    a row for every applied version
 *     golang-migrate  schema_migrations (version, dirty)             one row: the last version, and whether it failed
 *     goose           goose_db_version (id, version_id, is_applied)  the last row of a version counts; 0 is the
 * beginning Flyway          flyway_schema_history (installed_rank, version, description, type, success) Sqitch changes
 * (change_id, project)                   a row for every deployed change, in its registry
 */
#include "skein/import/adopt.h"

#include "common/core/import/importer.h"
#include "skein/base/bitset.h"
#include "skein/graph/dag.h"
#include "skein/graph/reach.h"

static const struct {
    const char *table, *query;
    size_t columns;
} tools[IMPORT_TOOL_COUNT] = {
    [IMPORT_DBMATE] = {"schema_migrations", "SELECT version FROM %.*s ORDER BY 1", 1},
    [IMPORT_GOLANG_MIGRATE] = {"schema_migrations", "SELECT version, dirty FROM %.*s", 2},
    [IMPORT_GOOSE] = {"goose_db_version", "SELECT version_id, is_applied FROM %.*s ORDER BY id", 2},
    [IMPORT_FLYWAY] = {"flyway_schema_history",
                       "SELECT version, description, type, success FROM %.*s ORDER BY installed_rank", 4},
    [IMPORT_SQITCH] = {"changes", "SELECT change_id, project FROM %.*s ORDER BY committed_at", 2},
};

struct str adopt_table(enum import_tool tool)
{
    return str_of(tools[tool].table);
}

struct str adopt_query(struct arena *a, enum import_tool tool, struct str quoted_table)
{
    struct str query = str_of(tools[tool].query);
    size_t at = str_find(query, '%');
    return str_printf(a, "%.*s%.*s%.*s", STR_ARG(str_head(query, at)), STR_ARG(quoted_table),
                      STR_ARG(str_from(query, at + 4)));
}

struct adopting {
    struct arena *arena;
    const struct adopt_rows *rows;
    const struct project *project;
    size_t module;
    struct bitset applied;
    struct err *err;
};

static struct str cell(const struct adopting *w, size_t row, size_t column)
{
    struct str c = w->rows->cells[row * w->rows->columns + column];
    return c.p != NULL ? c : STR("");
}

/* PostgreSQL says t or true, SQLite 1. */
static bool is_true(struct str s)
{
    return str_is(s, "t") || str_is(s, "true") || str_is(s, "1");
}

static const struct module *module_of(const struct adopting *w)
{
    return &w->project->modules.list.items[w->module];
}

static bool fail_unknown(struct adopting *w, struct str name)
{
    err_kind(w->err, ERR_STATE, "unknown_version",
             "the database has version '%.*s' applied, and %.*s has no such revision", STR_ARG(str_head(name, 80)),
             STR_ARG(module_of(w)->name));
    return err_hint(w->err,
                    "import the folder that this database was migrated with; `skein history` shows what is there");
}

static bool fail_dirty(struct adopting *w, struct str name)
{
    err_kind(w->err, ERR_STATE, "dirty", "migration '%.*s' failed half way: nobody knows what of it is in the database",
             STR_ARG(str_head(name, 80)));
    return err_hint(w->err, "repair the database and the tool's table first, with the tool's own command");
}

static bool add(struct adopting *w, struct str id)
{
    size_t node = project_find_node(w->project, w->module, id);
    if (node == SIZE_MAX)
        return fail_unknown(w, id);
    bitset_add(&w->applied, node);
    return true;
}

/* --- what the rows say -----------------------------------------------------------------------------------------------
 */

static bool read_dbmate(struct adopting *w)
{
    for (size_t i = 0; i < w->rows->count; i++)
        if (!add(w, cell(w, i, 0)))
            return false;
    return true;
}

/* Everything below it is applied too. */
static bool read_golang_migrate(struct adopting *w)
{
    if (w->rows->count == 0)
        return true;
    struct str version = cell(w, 0, 0);
    if (is_true(cell(w, 0, 1)))
        return fail_dirty(w, version);
    if (str_starts(version, STR("-"))) /* -1: nothing is applied */
        return true;
    return add(w, version);
}

static bool is_last(const struct adopting *w, size_t row)
{
    for (size_t i = row + 1; i < w->rows->count; i++)
        if (str_eq(cell(w, i, 0), cell(w, row, 0)))
            return false;
    return true;
}

static bool read_goose(struct adopting *w)
{
    for (size_t i = 0; i < w->rows->count; i++) {
        struct str version = cell(w, i, 0);
        size_t node = project_find_node(w->project, w->module, version);
        bool applied = is_true(cell(w, i, 1));
        if (str_is(version, "0"))
            continue;
        if (node == SIZE_MAX && applied && is_last(w, i))
            return fail_unknown(w, version);
        if (node != SIZE_MAX && applied)
            bitset_add(&w->applied, node);
        else if (node != SIZE_MAX)
            bitset_remove(&w->applied, node);
    }
    return true;
}

/* A baseline stands for every version up to its own. */
static void add_baseline(struct adopting *w, struct str version)
{
    const struct module *m = module_of(w);
    for (size_t n = m->first; n < m->first + m->count; n++) {
        struct str id = w->project->nodes[n]->id;
        if (str_eq(flyway_version(w->arena, id), id) && flyway_version_cmp(id, version) <= 0)
            bitset_add(&w->applied, n);
    }
}

static bool has_all_versions(const struct adopting *w)
{
    const struct module *m = module_of(w);
    for (size_t n = m->first; n < m->first + m->count; n++) {
        struct str id = w->project->nodes[n]->id;
        if (str_eq(flyway_version(w->arena, id), id) && !bitset_has(&w->applied, n))
            return false;
    }
    return true;
}

/* Repeatable migrations run after all versions: with versions to come they are to run again, as Flyway would. */
static void add_repeatables(struct adopting *w)
{
    bool all = has_all_versions(w);
    for (size_t i = 0; i < w->rows->count && all; i++) {
        size_t node = cell(w, i, 0).len == 0
                          ? project_find_node(w->project, w->module, flyway_repeatable_id(w->arena, cell(w, i, 1)))
                          : SIZE_MAX;
        if (node != SIZE_MAX)
            bitset_add(&w->applied, node);
    }
}

static bool read_flyway(struct adopting *w)
{
    for (size_t i = 0; i < w->rows->count; i++) {
        struct str written = cell(w, i, 0), version = flyway_version(w->arena, written), type = cell(w, i, 2);
        size_t node = project_find_node(w->project, w->module, version);
        if (!is_true(cell(w, i, 3)))
            return fail_dirty(w, written.len > 0 ? written : cell(w, i, 1));
        if (written.len == 0 || str_is(type, "SCHEMA"))
            continue;
        if (str_is(type, "BASELINE") || str_is(type, "SQL_BASELINE")) {
            add_baseline(w, version);
            continue;
        }
        if (node == SIZE_MAX)
            return fail_unknown(w, written);
        if (str_starts(type, STR("UNDO")) || str_is(type, "DELETE"))
            bitset_remove(&w->applied, node);
        else
            bitset_add(&w->applied, node);
    }
    add_repeatables(w);
    return true;
}

static bool is_known(const struct adopting *w, size_t row)
{
    return project_find_node(w->project, w->module, str_head(cell(w, row, 0), 12)) != SIZE_MAX;
}

/* One registry may serve several projects: those count of which the module knows a change. */
static bool is_ours(const struct adopting *w, size_t row)
{
    bool several = false;
    for (size_t i = 0; i < w->rows->count; i++) {
        if (str_eq(cell(w, i, 1), cell(w, row, 1)) && is_known(w, i))
            return true;
        several |= !str_eq(cell(w, i, 1), cell(w, row, 1));
    }
    return !several;
}

static bool read_sqitch(struct adopting *w)
{
    for (size_t i = 0; i < w->rows->count; i++)
        if ((is_known(w, i) || is_ours(w, i)) && !add(w, str_head(cell(w, i, 0), 12)))
            return false;
    return true;
}

/* --- as heads --------------------------------------------------------------------------------------------------------
 */

/* What is applied must reach down to the beginning. */
static bool check_gaps(struct adopting *w)
{
    for (size_t n = bitset_next(&w->applied, 0); n < w->applied.size; n = bitset_next(&w->applied, n + 1)) {
        struct dag_cursor c = {.node = n};
        size_t other;
        while (dag_next_down(&w->project->dag, EDGES_MODULE, &c, &other)) {
            if (bitset_has(&w->applied, other))
                continue;
            err_kind(w->err, ERR_STATE, "version_gap", "revision '%.*s' is applied, and '%.*s' before it is not",
                     STR_ARG(w->project->nodes[n]->id), STR_ARG(w->project->nodes[other]->id));
            return err_hint(w->err, "apply what is missing with the tool first; a stamp cannot leave a gap");
        }
    }
    return true;
}

static void add_heads(struct adopting *w, struct nodes *ret_heads)
{
    struct nodes heads = {0};
    for (size_t n = bitset_next(&w->applied, 0); n < w->applied.size; n = bitset_next(&w->applied, n + 1)) {
        struct dag_cursor c = {.node = n};
        size_t other;
        bool head = true;
        while (head && dag_next_up(&w->project->dag, EDGES_MODULE, &c, &other))
            head = !bitset_has(&w->applied, other);
        if (head)
            vec_push(w->arena, &heads.list, n);
    }
    *ret_heads = heads;
}

typedef bool read_fn(struct adopting *w);

bool adopt_find(struct arena *a, enum import_tool tool, const struct adopt_rows *rows, const struct project *project,
                size_t module, struct nodes *ret_heads, struct err *err)
{
    static read_fn *const readers[IMPORT_TOOL_COUNT] = {[IMPORT_DBMATE] = read_dbmate,
                                                        [IMPORT_GOOSE] = read_goose,
                                                        [IMPORT_GOLANG_MIGRATE] = read_golang_migrate,
                                                        [IMPORT_FLYWAY] = read_flyway,
                                                        [IMPORT_SQITCH] = read_sqitch};
    struct adopting w = {.arena = a,
                         .rows = rows,
                         .project = project,
                         .module = module,
                         .applied = bitset_new(a, project->node_count),
                         .err = err};
    if (rows->count > 0 && rows->columns != tools[tool].columns)
        return err_set(err, ERR_INTERNAL, "the version table was read with other columns");
    if (!readers[tool](&w))
        return false;
    if (tool == IMPORT_GOLANG_MIGRATE)
        reach_down(a, &project->dag, EDGES_MODULE, &w.applied);
    if (!check_gaps(&w))
        return false;
    add_heads(&w, ret_heads);
    return true;
}
