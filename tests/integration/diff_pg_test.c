/*
 * Every pair of PostgreSQL schemas under a folder of cases: the statements from a to b make b of a, those back make a
 * of it again, and then there is no difference; rows of tables that both have stay.
 *
 *     diff_pg FOLDER [NAME]    with SKEIN_SHOW=1 it prints the statements
 */
#include "tests/support/cmocka.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skein/base/names.h"
#include "skein/db/introspect.h"
#include "skein/db/scratch.h"
#include "skein/os/file.h"
#include "skein/schema/diff.h"
#include "skein/sql/split.h"

static const char *folder, *only;

struct side {
    struct scratch *scratch;
    struct schema schema;
};

struct pair {
    struct arena arena;
    const char *name;
    struct side a, b;
    struct ddl_list up, down;
    struct err err;
    const char *failure; /* NULL: none */
};

static bool failed_at(struct pair *p, const char *what)
{
    const char *text = arena_printf(&p->arena, "%s: %s %s", what, p->err.text, p->err.detail);
    if (p->failure == NULL)
        p->failure = text;
    return false;
}

static struct str read_case(struct pair *p, const char *file)
{
    struct str text = STR_NONE;
    struct err err;
    const char *path = arena_printf(&p->arena, "%s/%s/%s", folder, p->name, file);
    if (!file_read(&p->arena, path, 1 << 22, &text, &err))
        return STR_NONE;
    return text;
}

static bool run(struct pair *p, struct db *db, struct str sql)
{
    if (db_exec(db, sql, NULL, 0, &p->err))
        return true;
    err_detail(&p->err, "%.*s", STR_ARG(sql));
    return false;
}

static bool load(struct pair *p, struct db *db, struct str script)
{
    struct statements list = {0};
    if (script.p != NULL && !sql_split(&p->arena, ENGINE_POSTGRESQL, script, &list, &p->err))
        return false;
    /* Models may come in any order: what fails is tried again behind the rest. */
    size_t left = list.list.count, before = left + 1;
    for (; left > 0 && left < before;) {
        before = left;
        left = 0;
        for (size_t i = 0; i < before; i++) {
            struct statement s = list.list.items[i];
            if (!run(p, db, (struct str){script.p + s.start, s.len}))
                list.list.items[left++] = s;
        }
    }
    return left == 0;
}

static bool read_side(struct pair *p, struct side *s)
{
    return introspect(scratch_db(s->scratch), &p->arena, &s->schema, &p->err);
}

/* Three databases serve all pairs: making one for each takes longer than all else. */
enum { DATABASES = 3 };
static struct scratch *databases[DATABASES];

static const char empty_database[] =
    "DO $$ DECLARE name text; BEGIN"
    " FOR name IN SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'"
    " LOOP EXECUTE format('DROP EXTENSION %I CASCADE', name); END LOOP;"
    " FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
    " LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP;"
    " CREATE SCHEMA public; END $$";

static bool open_side(struct pair *p, struct side *s, struct scratch *database, const char *file)
{
    s->scratch = database;
    return run(p, scratch_db(database), str_of(empty_database)) && load(p, scratch_db(database), read_case(p, file)) &&
           read_side(p, s);
}

static bool differ(struct pair *p, const struct schema *from, const struct schema *to, bool back,
                   struct ddl_list *ret_list)
{
    struct diff_request request = {.from = from, .to = to, .back = back};
    return schema_diff(&p->arena, &request, ret_list, &p->err);
}

static void show(const char *title, const struct ddl_list *list)
{
    printf("-- %s\n", title);
    for (size_t i = 0; i < list->list.count; i++) {
        const struct ddl *ddl = &list->list.items[i];
        if (ddl->destroys.len > 0)
            printf("-- destructive: %.*s\n", STR_ARG(ddl->destroys));
        printf("%.*s;\n", STR_ARG(ddl->sql));
    }
}

static bool run_all(struct pair *p, const struct ddl_list *list)
{
    struct db *db = scratch_db(p->a.scratch);
    for (size_t i = 0; i < list->list.count; i++)
        if (!run(p, db, list->list.items[i].sql))
            return false;
    return true;
}

/* An expression that was printed and read once may be printed otherwise: `from` takes the spelling of `to`. */
static bool settle(struct pair *p, struct side *from, const struct side *to)
{
    return introspect_settle(scratch_db(from->scratch), &from->schema, scratch_db(to->scratch), &to->schema, &p->arena,
                             &p->err);
}

/* After the statements have run, the first database is as `wanted`: no statement would be left. */
static bool prove(struct pair *p, const struct ddl_list *list, const struct side *wanted)
{
    struct ddl_list rest = {0};
    struct side now = p->a;
    if (!run_all(p, list) || !read_side(p, &now))
        return false;
    if (!settle(p, &now, wanted) || !differ(p, &now.schema, &wanted->schema, false, &rest))
        return false;
    if (rest.list.count == 0)
        return true;
    return err_set(&p->err, ERR_CHECK, "still different: %.*s", STR_ARG(rest.list.items[0].sql));
}

static bool has_kind(struct pair *p, const char *word)
{
    struct str meta = read_case(p, "meta.json");
    return meta.p != NULL && strstr(str_cstr(&p->arena, meta), word) != NULL;
}

static bool row_counts(struct pair *p, struct str *ret_counts)
{
    struct db_rows rows;
    if (!db_query(scratch_db(p->a.scratch), &p->arena,
                  STR("SELECT string_agg(c.relname || ' ' || (xpath('/row/c/text()', query_to_xml(format("
                      "'SELECT count(*) AS c FROM %s', c.oid::regclass), false, true, '')))[1]::text, ',' ORDER BY "
                      "c.relname) FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"),
                  NULL, 0, &rows, &p->err))
        return false;
    *ret_counts = db_cell(&rows, 0, 0);
    return true;
}

static bool generate(struct pair *p, struct side *first)
{
    bool ok = open_side(p, &p->a, databases[0], "a.sql") && open_side(p, &p->b, databases[1], "b.sql") &&
              open_side(p, first, databases[2], "a.sql") && load(p, scratch_db(p->a.scratch), read_case(p, "data.sql"));
    if (!ok)
        return failed_at(p, "load");
    ok = settle(p, &p->a, &p->b) && differ(p, &p->a.schema, &p->b.schema, false, &p->up) &&
         differ(p, &p->b.schema, &p->a.schema, true, &p->down);
    if (ok && getenv("SKEIN_SHOW") != NULL) {
        show("up", &p->up);
        show("down", &p->down);
    }
    return ok || failed_at(p, "diff");
}

static bool run_pair(struct pair *p)
{
    struct str before, after;
    struct side first = {0}; /* a second database like the first, which stays as it was */
    bool nochange = has_kind(p, "\"nochange\"");
    if (has_kind(p, "\"modules\"") || has_kind(p, "\"loader\""))
        return true; /* these need the loader of models: the tests of the command have them */
    if (!generate(p, &first))
        return false;
    if (nochange != (p->up.list.count == 0))
        return failed_at(p, nochange ? "a migration where nothing changed" : "no migration");
    if (!row_counts(p, &before))
        return failed_at(p, "rows");
    if (!prove(p, &p->up, &p->b))
        return failed_at(p, "up");
    if (!prove(p, &p->down, &first))
        return failed_at(p, "down");
    if (!row_counts(p, &after))
        return failed_at(p, "rows");
    if (!has_kind(p, "\"data\"") || str_eq(before, after))
        return true;
    err_set(&p->err, ERR_CHECK, "%.*s became %.*s", STR_ARG(before), STR_ARG(after));
    return failed_at(p, "rows");
}

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && (only == NULL || strcmp(entry->d_name, only) == 0);
}

static void all_pairs(void **state)
{
    (void)state;
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_case, alphasort), failed = 0;
    if (count <= 0) {
        printf("no cases in %s\n", folder);
        skip();
    }
    for (int i = 0; i < count; i++) {
        struct pair p;
        memset(&p, 0, sizeof(p));
        p.name = entries[i]->d_name;
        if (!run_pair(&p)) {
            printf("%s: %s\n", p.name, p.failure);
            failed++;
        }
        arena_release(&p.arena);
        free(entries[i]);
    }
    free(entries);
    printf("%d of %d pairs\n", count - failed, count);
    assert_int_equal(failed, 0);
}

static int open_databases(void **state)
{
    const char *host = getenv("SKEIN_PG_FOLDER");
    struct arena a = {0};
    struct err err;
    (void)state;
    struct str url = str_printf(&a, "postgresql:///postgres?host=%s&user=skein", host != NULL ? host : SKEIN_PG_FOLDER);
    for (int i = 0; i < DATABASES; i++)
        if (!scratch_open(ENGINE_POSTGRESQL, url, &databases[i], &err)) {
            fprintf(stderr, "%s: %s\n", err.text, err.detail);
            return -1;
        }
    arena_release(&a);
    return 0;
}

static int close_databases(void **state)
{
    (void)state;
    for (int i = 0; i < DATABASES; i++)
        scratch_close(databases[i]);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_pairs)};
    if (argc < 2)
        return 2;
    folder = argv[1];
    only = argc > 2 ? argv[2] : NULL;
    return cmocka_run_group_tests(tests, open_databases, close_databases);
}
