/*
 * Migrations of SQLite schemas as text: what schema_diff() writes, word for word, and that it leads there and back.
 *
 * usage: contract_lite_cases FILE      see the top of tests/cases/diff_lite.txt
 * UPDATE=1 in the environment prints the file as it should be.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skein/os/file.h"
#include "tests/contract/lite_pair.h"
#include "tests/support/cmocka.h"

enum { FILE_BYTES_MAX = 1 << 20 };

struct sample {
    struct pair pair;
    struct world world;
    struct str head;              /* its lines up to `--- a` */
    struct str owners;            /* lines "MODULE NAME ..." */
    struct str up, down, problem; /* as the file has them */
};

/* ---- reading ---- */

/* The text between `--- TITLE` and the next line that begins with `---` or `###`. */
static struct str part(struct str text, const char *title)
{
    struct str rest = text, line;
    const char *start = NULL, *end = text.p + text.len;
    while (str_next(&rest, '\n', &line)) {
        if (start != NULL && str_starts(line, STR("---"))) {
            end = line.p;
            break;
        }
        if (str_starts(line, STR("--- ")) && str_is(str_from(line, 4), title))
            start = line.p + line.len + 1;
    }
    return start == NULL ? STR_NONE : str_trim((struct str){start, (size_t)(end - start)});
}

static void read_rename(struct sample *s, struct str text, enum object_kind kind)
{
    struct rename r = {.kind = kind};
    if (kind == OBJECT_COLUMN)
        assert_true(str_next(&text, '.', &r.table));
    assert_true(str_next(&text, '=', &r.from));
    r.to = text;
    vec_push(&s->pair.arena, &s->world.renames.list, r);
}

static void read_line(struct sample *s, struct str line)
{
    struct str key;
    struct str value = line;
    str_next(&value, ':', &key);
    value = str_trim(value);
    if (str_is(key, "module"))
        s->world.module = value;
    else if (str_is(key, "rename"))
        read_rename(s, value, OBJECT_COLUMN);
    else if (str_is(key, "rename-table"))
        read_rename(s, value, OBJECT_TABLE);
    else if (str_is(key, "owner"))
        s->owners = str_printf(&s->pair.arena, "%.*s%.*s\n", STR_ARG(s->owners), STR_ARG(value));
    else if (key.len > 0)
        fail_msg("what is this? %.*s", STR_ARG(line));
}

static void read_sample(struct sample *s, struct str text)
{
    struct str rest = text, line = STR_NONE;
    assert_true(str_next(&rest, '\n', &line));
    snprintf(s->pair.name, sizeof(s->pair.name), "%.*s", STR_ARG(str_trim(line)));
    while (str_next(&rest, '\n', &line) && !str_starts(line, STR("---")))
        read_line(s, line);
    s->head = (struct str){text.p, (size_t)(line.p - text.p)};
    s->pair.a = part(text, "a");
    s->pair.b = part(text, "b");
    s->pair.data = part(text, "data");
    s->up = part(text, "up");
    s->down = part(text, "down");
    s->problem = part(text, "error");
}

/* ---- owners ---- */

static struct str owner_of(const struct sample *s, struct str name)
{
    struct str lines = s->owners, line;
    while (str_next(&lines, '\n', &line)) {
        struct str rest = line, module, word;
        str_next(&rest, ' ', &module);
        while (str_next(&rest, ' ', &word))
            if (str_eq(word, name))
                return module;
    }
    return STR("core");
}

static void set_owners(const struct sample *s, struct schema *schema)
{
    for (size_t i = 0; i < schema->objects.list.count; i++) {
        struct object *o = &schema->objects.list.items[i];
        o->module = owner_of(s, o->kind == OBJECT_COLUMN ? o->table : o->name);
    }
}

/* ---- judging ---- */

static void print_sample(const struct sample *s, struct str up, struct str down, const char *problem)
{
    printf("\n### %.*s--- a\n%.*s\n--- b\n%.*s\n", STR_ARG(s->head), STR_ARG(s->pair.a), STR_ARG(s->pair.b));
    if (s->pair.data.len > 0)
        printf("--- data\n%.*s\n", STR_ARG(s->pair.data));
    if (problem != NULL)
        printf("--- error\n%s\n", problem);
    else
        printf("--- up\n%.*s--- down\n%.*s", STR_ARG(up), STR_ARG(down));
}

static bool is_equal(struct sample *s, struct str got, struct str wanted, const char *what)
{
    if (str_eq(str_trim(got), wanted))
        return true;
    snprintf(s->pair.problem, sizeof(s->pair.problem), "%s is\n%.*s\nand should be\n%.*s", what, STR_ARG(got),
             STR_ARG(wanted));
    return false;
}

static bool judge(struct sample *s)
{
    struct pair *p = &s->pair;
    if (!pair_open(p, &s->world))
        return false;
    set_owners(s, &s->world.from);
    set_owners(s, &s->world.to);
    if (!pair_compare(p, &s->world)) {
        if (getenv("UPDATE") != NULL)
            print_sample(s, STR_NONE, STR_NONE, p->problem);
        struct str got = str_copy(&p->arena, str_of(p->problem));
        return is_equal(s, got, s->problem, "the error");
    }
    struct str up = pair_text(p, &s->world.up), down = pair_text(p, &s->world.down);
    if (getenv("UPDATE") != NULL)
        print_sample(s, up, down, NULL);
    else if (!is_equal(s, up, s->up, "up") || !is_equal(s, down, s->down, "down"))
        return false;
    return (p->data.len == 0 || pair_load(p, scratch_db(s->world.a), p->data, "data")) &&
           pair_there_and_back(p, &s->world, false);
}

static size_t check(struct str text)
{
    struct sample s = {0};
    read_sample(&s, text);
    bool ok = judge(&s);
    if (!ok)
        print_error("%s: %s\n", s.pair.name, s.pair.problem);
    pair_close(&s.world);
    arena_release(&s.pair.arena);
    return !ok;
}

static size_t find_mark(struct str text)
{
    const char *mark = memmem(text.p, text.len, "\n### ", 5);
    return mark != NULL ? (size_t)(mark - text.p) : text.len;
}

static void test_samples(void **state)
{
    struct arena a = {0};
    struct err err;
    struct str text;
    size_t failed = 0, all = 0;
    assert_true(file_read(&a, *state, FILE_BYTES_MAX, &text, &err));
    size_t mark = find_mark(text);
    if (getenv("UPDATE") != NULL)
        printf("%.*s\n", STR_ARG(str_trim(str_head(text, mark))));
    for (text = str_from(text, mark + 5); text.len > 0; text = str_from(text, mark + 5), all++) {
        mark = find_mark(text);
        failed += check(str_head(text, mark));
    }
    print_message("%zu of %zu samples pass\n", all - failed, all);
    arena_release(&a);
    assert_true(all > 0);
    assert_int_equal(failed, 0);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_samples, argv[1])};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
