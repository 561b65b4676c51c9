#include "tests/contract/lite_pair.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skein/db/introspect.h"
#include "skein/schema/lite_parse.h"
#include "skein/sql/split.h"
#include "tests/support/cmocka.h"

/* What the catalog says, in an order of its own, one fact a row. Names of automatic indexes are no facts. */
static const char *const facts_sql =
    "WITH t AS (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual', 'view')"
    "            AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\')"
    " SELECT 'table ' || name || ' ' || type || ' ' || wr || ' ' || strict FROM pragma_table_list"
    "  WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    " UNION ALL"
    " SELECT 'column ' || t.name || '.' || c.name || ' ' || upper(replace(c.type, ' ', '')) || ' ' || c.\"notnull\" || "
    "' '"
    "        || coalesce(iif(upper(c.dflt_value) = 'NULL', NULL, ltrim(c.dflt_value, '+')), '') || ' ' || c.pk || ' ' "
    "||"
    "        c.hidden FROM t, pragma_table_xinfo(t.name) AS c"
    " UNION ALL"
    " SELECT 'key ' || name || ' ' || group_concat(fact) FROM (SELECT t.name, f.id, lower(f.\"table\") || ' ' || "
    "lower(f.\"from\")"
    "         || ' ' || coalesce(lower(f.\"to\"), '') || ' ' || f.on_update || ' ' || f.on_delete AS fact"
    "         FROM t, pragma_foreign_key_list(t.name) AS f ORDER BY t.name, f.id, f.seq) GROUP BY name, id"
    " UNION ALL"
    " SELECT 'index ' || name || ' ' || iname || ' ' || u || ' ' || origin || ' ' || partial || ' ' || "
    "group_concat(fact)"
    "  FROM (SELECT t.name, iif(i.origin = 'c', i.name, '') AS iname, i.\"unique\" AS u, i.origin, i.partial, i.name "
    "AS n,"
    "         coalesce(lower(x.name), '?') || ' ' || x.\"desc\" || ' ' || lower(x.coll) AS fact FROM t,"
    "         pragma_index_list(t.name) AS i, pragma_index_xinfo(i.name) AS x WHERE x.key ORDER BY t.name, i.name, "
    "x.seqno)"
    "  GROUP BY name, n"
    " UNION ALL"
    " SELECT type || ' ' || tbl_name || ' ' || name || ' ' || "
    "lower(replace(replace(replace(replace(replace(replace(sql, ' ', "
    "''),"
    "        char(10), ''), char(9), ''), '\"', ''), char(13), ''), '''', '')) FROM sqlite_schema"
    "  WHERE type IN ('index', 'view', 'trigger') AND sql IS NOT NULL"
    " ORDER BY 1";

bool pair_report(struct pair *p, const char *what, const struct err *err)
{
    snprintf(p->problem, sizeof(p->problem), "%s: %s%s%s", what, err != NULL ? err->text : "",
             err != NULL && err->detail[0] != '\0' ? "\n" : "", err != NULL ? err->detail : "");
    return false;
}

/* ---- a database ---- */

static bool run_items(struct pair *p, struct db *db, struct db_item *items, size_t count, const char *what)
{
    struct err err = {0};
    struct db_begin begin = {0};
    struct db_batch batch = {.begin = &begin, .items = items, .count = count};
    bool ok = db_run(db, &p->arena, &batch, &err);
    if (ok && db_commit(db, &err) == DB_COMMITTED)
        return true;
    db_rollback(db);
    pair_report(p, what, &err);
    if (!ok && batch.failed < count) {
        size_t used = strlen(p->problem);
        snprintf(p->problem + used, sizeof(p->problem) - used, "\n%.*s", STR_ARG(items[batch.failed].sql));
    }
    return false;
}

bool pair_load(struct pair *p, struct db *db, struct str sql, const char *what)
{
    struct err err = {0};
    struct statements list = {0};
    if (!sql_split(&p->arena, ENGINE_SQLITE, sql, &list, &err))
        return pair_report(p, what, &err);
    struct db_item *items = arena_new_array(&p->arena, list.list.count, struct db_item);
    for (size_t i = 0; i < list.list.count; i++)
        items[i] = (struct db_item){.kind = DB_ITEM_SCRIPT,
                                    .sql = str_head(str_from(sql, list.list.items[i].start), list.list.items[i].len)};
    return run_items(p, db, items, list.list.count, what);
}

static bool apply(struct pair *p, struct db *db, const struct ddl_list *list, const char *what)
{
    struct db_item *items = arena_new_array(&p->arena, list->list.count, struct db_item);
    size_t count = 0;
    for (size_t i = 0; i < list->list.count; i++)
        if (!str_starts(list->list.items[i].sql, STR("PRAGMA foreign_keys")))
            items[count++] = (struct db_item){.kind = DB_ITEM_SCRIPT, .sql = list->list.items[i].sql};
    return run_items(p, db, items, count, what);
}

static struct db_rows query(struct pair *p, struct db *db, const char *sql)
{
    struct db_rows rows = {0};
    struct err err = {0};
    if (!db_query(db, &p->arena, str_of(sql), NULL, 0, &rows, &err))
        pair_report(p, sql, &err);
    return rows;
}

static bool same_rows(struct pair *p, const struct db_rows *got, const struct db_rows *wanted, const char *what)
{
    for (size_t i = 0; i < got->count || i < wanted->count; i++) {
        struct str left = i < got->count ? db_cell(got, i, 0) : STR("(nothing)");
        struct str right = i < wanted->count ? db_cell(wanted, i, 0) : STR("(nothing)");
        if (!str_eq(left, right)) {
            snprintf(p->problem, sizeof(p->problem), "%s: got\n  %.*s\nwanted\n  %.*s", what, STR_ARG(left),
                     STR_ARG(right));
            return false;
        }
    }
    return true;
}

/* ---- rows ---- */

/* A few rows for every table that takes them: what a constraint refuses is left out. */
void pair_fill(struct pair *p, struct db *db)
{
    static const char *const values[] = {"%d", "'text %d'", "NULL", "'%d'", "%d.5", "x'0%d'"};
    struct db_rows tables = query(p, db,
                                  "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
                                  " AND name NOT LIKE 'sqlite_%'");
    for (size_t t = 0; t < tables.count; t++) {
        struct str table = db_quote_name(&p->arena, db_cell(&tables, t, 0));
        const char *sql =
            arena_printf(&p->arena, "SELECT name FROM pragma_table_xinfo(%.*s) WHERE hidden = 0", STR_ARG(table));
        struct db_rows columns = query(p, db, sql);
        for (int n = 1; n <= 12; n++) {
            struct str names = STR_NONE, row = STR_NONE;
            struct err ignored;
            for (size_t c = 0; c < columns.count; c++) {
                struct str name = db_quote_name(&p->arena, db_cell(&columns, c, 0));
                const char *value = values[n <= 4 ? 0 : ((size_t)n + c) % 6];
                char text[32];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                snprintf(text, sizeof(text), value, n * 3 % 10);
#pragma GCC diagnostic pop
                names = str_printf(&p->arena, "%.*s%s%.*s", STR_ARG(names), c > 0 ? ", " : "", STR_ARG(name));
                row = str_printf(&p->arena, "%.*s%s%s", STR_ARG(row), c > 0 ? ", " : "", text);
            }
            db_exec(db,
                    str_printf(&p->arena, "INSERT INTO %.*s (%.*s) VALUES (%.*s)", STR_ARG(table), STR_ARG(names),
                               STR_ARG(row)),
                    NULL, 0, &ignored);
        }
        struct err ignored;
        db_exec(db, str_printf(&p->arena, "DELETE FROM %.*s WHERE rowid = 9", STR_ARG(table)), NULL, 0, &ignored);
    }
}

/* Its values must last: of one type in both schemas, not computed, and no NULL is turned into a default. */
static bool is_lasting(const struct pair *p, const struct schema *s, struct str table, const struct object *column)
{
    size_t there = schema_find(s, OBJECT_COLUMN, STR_NONE, table, column->name);
    if (there == SIZE_MAX)
        return false;
    const struct object *twin = &s->objects.list.items[there];
    return str_eq(object_get(twin, "type"), object_get(column, "type")) && object_get(column, "generated").p == NULL &&
           object_get(twin, "generated").p == NULL &&
           (!p->fills || str_eq(object_get(twin, "not_null"), object_get(column, "not_null")));
}

static struct lite_table parse(struct pair *p, const struct object *table)
{
    struct lite_table t = {0};
    struct err err;
    assert_true(lite_table_parse(&p->arena, object_get(table, "sql"), NULL, &t, &err));
    return t;
}

/* A key column that was none, or is none any more, has the rowid's place: then the rowid is free to change. */
static bool has_lasting_rowid(struct pair *p, const struct object *table, const struct object *twin)
{
    struct lite_table a = parse(p, table), b = parse(p, twin);
    if (a.without_rowid || b.without_rowid)
        return false;
    bool appears = a.rowid_column == SIZE_MAX && b.rowid_column != SIZE_MAX &&
                   lite_table_column(&a, b.columns.list.items[b.rowid_column].name) != SIZE_MAX;
    bool goes = a.rowid_column != SIZE_MAX && b.rowid_column == SIZE_MAX &&
                lite_table_column(&b, a.columns.list.items[a.rowid_column].name) != SIZE_MAX;
    return !appears && !goes;
}

/* Every row of the columns that both schemas have. */
static struct str dump_tables(struct pair *p, struct db *db, const struct schema *s, const struct schema *other)
{
    struct str all = STR_NONE;
    struct db_rows names = query(p, db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1");
    for (size_t i = 0; i < names.count; i++) {
        size_t here = schema_find(s, OBJECT_TABLE, STR_NONE, STR_NONE, db_cell(&names, i, 0));
        size_t there = schema_find(other, OBJECT_TABLE, STR_NONE, STR_NONE, db_cell(&names, i, 0));
        if (here == SIZE_MAX || there == SIZE_MAX)
            continue;
        const struct object *t = &s->objects.list.items[here];
        struct str list = STR("''");
        for (size_t c = 0; c < s->objects.list.count; c++) {
            const struct object *column = &s->objects.list.items[c];
            if (column->kind == OBJECT_COLUMN && str_eq(column->table, t->name) &&
                is_lasting(p, other, t->name, column))
                list = str_printf(&p->arena, "%.*s || ';' || quote(%.*s)", STR_ARG(list),
                                  STR_ARG(db_quote_name(&p->arena, column->name)));
        }
        bool keeps_rowid = has_lasting_rowid(p, t, &other->objects.list.items[there]);
        struct str rowid = keeps_rowid ? STR("_rowid_ || ") : STR("");
        const char *sql = arena_printf(&p->arena, "SELECT %.*s%.*s FROM %.*s ORDER BY 1", STR_ARG(rowid), STR_ARG(list),
                                       STR_ARG(db_quote_name(&p->arena, t->name)));
        struct db_rows rows = query(p, db, sql);
        all = str_printf(&p->arena, "%.*s%.*s:\n", STR_ARG(all), STR_ARG(t->name));
        for (size_t r = 0; r < rows.count; r++)
            all = str_printf(&p->arena, "%.*s  %.*s\n", STR_ARG(all), STR_ARG(db_cell(&rows, r, 0)));
    }
    return all;
}

static struct str dump(struct pair *p, struct db *db, const struct schema *s, const struct schema *other)
{
    struct str all = dump_tables(p, db, s, other);
    struct db_rows sequences = query(p, db, "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'");
    if (sequences.count > 0) {
        sequences = query(p, db, "SELECT name || ' ' || seq FROM sqlite_sequence WHERE seq > 0 ORDER BY 1");
        for (size_t r = 0; r < sequences.count; r++) {
            struct str row = db_cell(&sequences, r, 0);
            struct str table = str_head(row, str_find(row, ' '));
            size_t there = schema_find(other, OBJECT_TABLE, STR_NONE, STR_NONE, table);
            if (there != SIZE_MAX &&
                strcasestr(str_cstr(&p->arena, object_get(&other->objects.list.items[there], "sql")),
                           "autoincrement") != NULL)
                all = str_printf(&p->arena, "%.*ssequence %.*s\n", STR_ARG(all), STR_ARG(row));
        }
    }
    return all;
}

/* ---- a pair ---- */

static bool look(struct pair *p, struct db *db, struct schema *ret_schema)
{
    struct err err = {0};
    return introspect(db, &p->arena, ret_schema, &err) || pair_report(p, "introspect", &err);
}

struct str pair_text(struct pair *p, const struct ddl_list *list)
{
    struct str text = STR("");
    for (size_t i = 0; i < list->list.count; i++) {
        const struct ddl *s = &list->list.items[i];
        struct str note = s->note.len > 0 ? str_printf(&p->arena, "-- %.*s\n", STR_ARG(s->note)) : STR("");
        struct str loss =
            s->destroys.len > 0 ? str_printf(&p->arena, "-- destructive: %.*s\n", STR_ARG(s->destroys)) : STR("");
        text =
            str_printf(&p->arena, "%.*s%.*s%.*s%.*s;\n", STR_ARG(text), STR_ARG(note), STR_ARG(loss), STR_ARG(s->sql));
    }
    return text;
}

bool pair_open(struct pair *p, struct world *w)
{
    struct err err = {0};
    if (!scratch_open(ENGINE_SQLITE, STR_NONE, &w->a, &err) || !scratch_open(ENGINE_SQLITE, STR_NONE, &w->b, &err))
        return pair_report(p, "scratch", &err);
    if (!pair_load(p, scratch_db(w->a), p->a, "a.sql") || !pair_load(p, scratch_db(w->b), p->b, "b.sql"))
        return false;
    return look(p, scratch_db(w->a), &w->from) && look(p, scratch_db(w->b), &w->to);
}

void pair_close(struct world *w)
{
    scratch_close(w->a);
    scratch_close(w->b);
}

bool pair_compare(struct pair *p, struct world *w)
{
    struct err err = {0};
    struct renames back = {0};
    renames_reverse(&p->arena, &w->renames, &back);
    struct diff_request up = {.from = &w->from, .to = &w->to, .module = w->module, .renames = &w->renames};
    struct diff_request down = {.from = &w->to, .to = &w->from, .module = w->module, .renames = &back, .back = true};
    return (schema_diff(&p->arena, &up, &w->up, &err) && schema_diff(&p->arena, &down, &w->down, &err)) ||
           pair_report(p, "diff", &err);
}

static bool arrived(struct pair *p, struct db *db, struct db *wanted, const struct schema *to, const char *what)
{
    struct schema now;
    struct ddl_list rest = {0};
    struct err err = {0};
    struct diff_request request = {.to = to};
    if (!look(p, db, &now))
        return false;
    request.from = &now;
    if (!schema_diff(&p->arena, &request, &rest, &err))
        return pair_report(p, what, &err);
    if (rest.list.count > 0) {
        snprintf(p->problem, sizeof(p->problem), "%s: a second diff still finds\n%.*s", what,
                 STR_ARG(rest.list.items[0].sql));
        return false;
    }
    struct db_rows got = query(p, db, facts_sql), facts = query(p, wanted, facts_sql);
    return p->spelled || same_rows(p, &got, &facts, what);
}

static bool kept(struct pair *p, struct str before, struct str after, const char *what)
{
    struct str was, is;
    while (str_next(&before, '\n', &was)) {
        if (str_next(&after, '\n', &is) && str_eq(was, is))
            continue;
        snprintf(p->problem, sizeof(p->problem), "%s: a row was\n%.*s\nand is\n%.*s", what, STR_ARG(was), STR_ARG(is));
        return false;
    }
    return after.len == 0 || pair_report(p, "there are more rows than before", NULL);
}

/* Rows can be of a kind that the other schema does not take; then the statement fails and nothing is done. */
static bool is_honest(const struct pair *p)
{
    return strstr(p->problem, "constraint failed") != NULL || strstr(p->problem, "cannot store") != NULL ||
           strstr(p->problem, "datatype mismatch") != NULL ||
           strstr(p->problem, "NOT NULL column with default value NULL") != NULL;
}

bool pair_there_and_back(struct pair *p, struct world *w, bool filled)
{
    struct db *db = scratch_db(w->a);
    struct scratch *first = NULL;
    struct err err = {0};
    struct schema now = {0};
    struct str before = dump(p, db, &w->from, &w->to);
    if (!apply(p, db, &w->up, "up"))
        return filled && is_honest(p);
    bool ok = scratch_open(ENGINE_SQLITE, STR_NONE, &first, &err) && pair_load(p, scratch_db(first), p->a, "a.sql") &&
              look(p, db, &now) && arrived(p, db, scratch_db(w->b), &w->to, "after up") &&
              kept(p, before, dump(p, db, &now, &w->from), "up");
    if (ok && !apply(p, db, &w->down, "down"))
        ok = filled && is_honest(p);
    else if (ok)
        ok = arrived(p, db, scratch_db(first), &w->from, "after down") &&
             kept(p, before, dump(p, db, &w->from, &w->to), "down");
    scratch_close(first);
    return ok;
}
