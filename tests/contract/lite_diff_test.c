/*
 * Pairs of SQLite schemas, there and back: what schema_diff() writes is run as a revision would be, and the database
 * is then compared with the one that the other schema makes: by pragmas and plain text, and once more by the diff.
 *
 * usage: contract_lite_diff FOLDER ...   each folder holds NAME/{a.sql, b.sql, meta.json[, data.sql]}
 * SHOW=NAME in the environment prints the statements of one pair.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "skein/os/file.h"
#include "tests/contract/lite_pair.h"
#include "tests/support/cmocka.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static bool judge(struct pair *p, bool filled)
{
    struct world w = {0};
    bool ok = pair_open(p, &w) && pair_compare(p, &w);
    if (ok && getenv("SHOW") != NULL && strcmp(getenv("SHOW"), p->name) == 0 && !filled)
        printf("-- up\n%.*s-- down\n%.*s", STR_ARG(pair_text(p, &w.up)), STR_ARG(pair_text(p, &w.down)));
    size_t changes = w.up.list.count + w.down.list.count;
    if (ok && p->nochange && changes > 0)
        ok = pair_report(p, w.up.list.count > 0 ? str_cstr(&p->arena, w.up.list.items[0].sql) : "down only", NULL);
    else if (ok && !p->nochange && w.up.list.count == 0)
        ok = pair_report(p, "no difference was found", NULL);
    if (ok && p->data.len > 0)
        ok = pair_load(p, scratch_db(w.a), p->data, "data.sql");
    else if (ok && filled)
        pair_fill(p, scratch_db(w.a));
    p->spelled = p->nochange;
    ok = ok && pair_there_and_back(p, &w, filled && p->data.len == 0);
    pair_close(&w);
    return ok;
}

/* ---- folders of pairs ---- */

static struct str read_part(struct pair *p, const char *folder, const char *name)
{
    struct err err;
    struct str text = STR_NONE;
    file_read(&p->arena, arena_printf(&p->arena, "%s/%s/%s", folder, p->name, name), FILE_BYTES_MAX, &text, &err);
    return text;
}

/* True when it is no pair for this test, or passes. */
static bool check_pair(const char *folder, const char *name)
{
    struct pair p = {0};
    snprintf(p.name, sizeof(p.name), "%s", name);
    struct str meta = read_part(&p, folder, "meta.json");
    p.a = read_part(&p, folder, "a.sql");
    p.b = read_part(&p, folder, "b.sql");
    p.data = read_part(&p, folder, "data.sql");
    p.nochange = strstr(str_cstr(&p.arena, meta), "\"nochange\"") != NULL;
    bool is_pair = p.a.p != NULL && p.b.p != NULL;
    bool ok = !is_pair || (judge(&p, false) && (p.spelled = false, judge(&p, true)));
    if (!ok)
        print_error("%s: %s\n", name, p.problem);
    arena_release(&p.arena);
    return ok;
}

struct folders {
    int count;
    char **names;
};

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void check_folder(const char *folder, size_t *failed, size_t *all)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_visible, alphasort);
    if (count < 0)
        print_message("%s is not there: skipped\n", folder);
    for (int i = 0; i < count; i++) {
        *failed += !check_pair(folder, entries[i]->d_name);
        ++*all;
        free(entries[i]);
    }
    free(entries);
}

static void test_pairs(void **state)
{
    const struct folders *f = *state;
    size_t failed = 0, all = 0;
    for (int i = 0; i < f->count; i++)
        check_folder(f->names[i], &failed, &all);
    print_message("%zu of %zu pairs pass\n", all - failed, all);
    assert_int_equal(failed, 0);
}

int main(int argc, char **argv)
{
    struct folders folders = {argc - 1, argv + 1};
    struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_pairs, &folders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
