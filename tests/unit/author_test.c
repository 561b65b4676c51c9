#include <string.h>

#include "skein/graph/author.h"
#include "skein/graph/revfile.h"
#include "tests/support/arena.h"
#include "tests/support/cmocka.h"

/* A project in memory and one request about it. */
struct scene {
    struct project_files files;
    struct project project;
    struct author_request request;
    struct diag diag;
    struct author_file file;
    struct err err;
};

static struct scene empty(void)
{
    struct scene s = {.files.root = STR("/p")};
    diag_init(&s.diag, &arena);
    return s;
}

static void add_module(struct scene *s, const char *name)
{
    struct module_files m = {.name = str_of(name), .folder = str_of(name)};
    vec_push(&arena, &s->files.modules, m);
}

static void add(struct scene *s, size_t module, const char *id, const char *headers)
{
    struct module_files *m = &s->files.modules.items[module];
    struct project_file file = {.path = str_printf(&arena, "%.*s/%s_x.sql", STR_ARG(m->name), id),
                                .bytes = str_printf(&arena, "-- revision: %s\n%s-- migrate:up\n", id, headers)};
    vec_push(&arena, &m->files, file);
}

/* core: a1 @main <- a2, b2 (two heads); billing: empty; search: s1 @ext_search */
static struct scene three_modules(void)
{
    struct scene s = empty();
    add_module(&s, "core");
    add(&s, 0, "a1", "-- branch_labels: main\n");
    add(&s, 0, "aaaa2222", "-- revises: a1\n");
    add(&s, 0, "bbbb2222", "-- revises: a1\n-- branch_labels: beta\n");
    add_module(&s, "billing");
    add_module(&s, "search");
    add(&s, 2, "s1", "-- branch_labels: ext_search\n");
    return s;
}

static struct scene asking(size_t module, const char *message, const char *head)
{
    struct scene s = three_modules();
    s.request = (struct author_request){
        .module = module, .id = STR("0123456789ab"), .message = str_of(message), .created_ms = 1792490400123};
    if (head != NULL)
        vec_push(&arena, &s.request.heads.list, str_of(head));
    return s;
}

typedef bool author_fn(struct arena *a, const struct project_files *files, const struct project *project,
                       const struct author_request *request, struct diag *diag, struct author_file *ret_file,
                       struct err *err);

static bool run(struct scene *s, author_fn *author)
{
    assert_true(project_build(&arena, &s->files, &s->diag, &s->project));
    return author(&arena, &s->files, &s->project, &s->request, &s->diag, &s->file, &s->err);
}

static void assert_made(struct scene *s, author_fn *author, const char *path, const char *text)
{
    if (!run(s, author))
        fail_msg("%s: %s", s->err.kind, s->err.text);
    assert_string_equal(str_cstr(&arena, s->file.path), path);
    assert_string_equal(str_cstr(&arena, s->file.text), text);
    assert_true(str_eq(s->file.revision.id, s->request.id));
}

static void assert_refused(struct scene s, author_fn *author, const char *kind, const char *hint)
{
    assert_false(run(&s, author));
    assert_string_equal(s.err.kind, kind);
    if (strstr(s.err.hint, hint) == NULL)
        fail_msg("%s: the hint is: %s", kind, s.err.hint);
    assert_null(s.file.text.p);
}

static void test_follows_the_named_head(void **state)
{
    (void)state;
    struct scene s = asking(0, " Add phone numbers ", "aaaa");
    assert_made(&s, author_revision, "core/0123456789ab_add_phone_numbers.sql",
                "-- revision: 0123456789ab\n"
                "-- revises: aaaa2222\n"
                "-- message: Add phone numbers\n"
                "-- created: 2026-10-20T10:00:00Z\n"
                "\n"
                "-- migrate:up\n"
                "\n"
                "-- migrate:down\n");
}

static void test_follows_the_single_head(void **state)
{
    (void)state;
    struct scene s = asking(2, "two", "head");
    assert_made(&s, author_revision, "search/0123456789ab_two.sql",
                "-- revision: 0123456789ab\n-- revises: s1\n-- message: two\n-- created: 2026-10-20T10:00:00Z\n\n"
                "-- migrate:up\n\n-- migrate:down\n");
    assert_int_equal(s.diag.list.count, 0);
}

static void test_an_extension_begins_with_its_label(void **state)
{
    (void)state;
    struct scene s = asking(1, "first", "head");
    vec_push(&arena, &s.request.depends_on.list, STR("core:aaaa"));
    vec_push(&arena, &s.request.depends_on.list, STR("search:ext_search"));
    vec_push(&arena, &s.request.labels.list, STR("money"));
    assert_made(&s, author_revision, "billing/0123456789ab_first.sql",
                "-- revision: 0123456789ab\n-- branch_labels: money, ext_billing\n"
                "-- depends_on: core:aaaa2222, search:ext_search\n-- message: first\n"
                "-- created: 2026-10-20T10:00:00Z\n\n-- migrate:up\n\n-- migrate:down\n");
    s = asking(1, "first", "head");
    vec_push(&arena, &s.request.labels.list, STR("ext_billing"));
    assert_true(run(&s, author_revision));
    assert_int_equal(s.file.revision.labels.list.count, 1);
    s = asking(2, "a second base", "base");
    assert_true(run(&s, author_revision));
    assert_int_equal(s.file.revision.labels.list.count, 0);
    assert_int_equal(s.file.revision.parents.list.count, 0);
}

static void test_dependencies_in_the_module(void **state)
{
    (void)state;
    struct scene s = asking(0, "x", "aaaa2222");
    vec_push(&arena, &s.request.depends_on.list, STR("beta"));
    vec_push(&arena, &s.request.depends_on.list, STR("core:bbbb"));
    vec_push(&arena, &s.request.depends_on.list, STR("bbbb2222"));
    assert_true(run(&s, author_revision));
    assert_int_equal(s.file.revision.depends_on.list.count, 2);
    assert_true(str_is(s.file.revision.depends_on.list.items[0], "beta"));
    assert_true(str_is(s.file.revision.depends_on.list.items[1], "bbbb2222"));
}

static void test_splice(void **state)
{
    (void)state;
    assert_refused(asking(0, "x", "a1"), author_revision, "not_a_head", "--splice");
    struct scene s = asking(0, "x", "a1");
    s.request.splice = true;
    assert_true(run(&s, author_revision));
    assert_true(str_is(s.file.revision.parents.list.items[0], "a1"));
}

static void test_heads_that_do_not_resolve(void **state)
{
    (void)state;
    assert_refused(asking(0, "x", "head"), author_revision, "multiple_heads", "skein merge heads");
    assert_refused(asking(0, "x", "nope"), author_revision, "unknown_revision", "skein history");
    assert_refused(asking(0, "x", "nope@head"), author_revision, "unknown_revision", "skein history");
    assert_refused(asking(1, "x", "s1"), author_revision, "unknown_revision", "skein history");
}

static void test_multiple_heads_of_an_extension_name_it(void **state)
{
    (void)state;
    struct scene s = asking(2, "x", "head");
    add(&s, 2, "s2", "");
    assert_refused(s, author_revision, "multiple_heads", "skein merge heads --extension search");
}

static struct scene with_id(const char *id)
{
    struct scene s = asking(0, "x", "aaaa2222");
    s.request.id = str_of(id);
    return s;
}

static void test_bad_ids(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",        "a b", "a-b", "a@b",  "a:b", "a,b", "a+b", "a\nb", "0123456789abcdef0123456789abcdef0",
        "../../x", "a/b", ".x",  "a\\b", "\xff"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(with_id(bad[i]), author_revision, "illegal_id", "--rev-id");
    assert_refused(with_id("head"), author_revision, "reserved_id", "another id");
    assert_refused(with_id("a1"), author_revision, "duplicate_revision", "another id");
    assert_refused(with_id("main"), author_revision, "duplicate_revision", "another id");
    assert_refused(with_id("s\xcc"), author_merge, "illegal_id", "--rev-id");
}

/* A line end in a message would be a header of its own. */
static void test_bad_messages(void **state)
{
    (void)state;
    assert_refused(asking(0, "x\n-- revises: a1", "aaaa2222"), author_revision, "bad_message", "one line");
    assert_refused(asking(0, "x\ry", "aaaa2222"), author_revision, "bad_message", "one line");
    assert_refused(asking(0, "x\xff", "aaaa2222"), author_merge, "bad_message", "one line");
}

static struct scene with_label(const char *label)
{
    struct scene s = asking(0, "x", "aaaa2222");
    vec_push(&arena, &s.request.labels.list, str_of(label));
    return s;
}

static void test_labels(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a b", "a,b", "a\nb", "a\tb", "\xff"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(with_label(bad[i]), author_revision, "bad_label", "--branch-label");
    assert_refused(with_label("heads"), author_revision, "reserved_label", "another label");
    assert_refused(with_label("main"), author_revision, "duplicate_branch_label", "another label");
    assert_refused(with_label("a1"), author_revision, "duplicate_branch_label", "another label");
    assert_refused(with_label("0123456789ab"), author_revision, "duplicate_branch_label", "another label");
    struct scene s = with_label("a@b");
    assert_true(run(&s, author_revision));
    assert_int_equal(s.diag.list.count, 1);
    assert_string_equal(s.diag.list.items[0].kind, "odd_label");
}

static struct scene with_dependency(size_t module, const char *name)
{
    struct scene s = asking(module, "x", module == 0 ? "aaaa2222" : "head");
    vec_push(&arena, &s.request.depends_on.list, str_of(name));
    return s;
}

static void test_bad_dependencies(void **state)
{
    (void)state;
    assert_refused(with_dependency(0, "nope"), author_revision, "unknown_revision", "skein history");
    assert_refused(with_dependency(1, "a1"), author_revision, "unknown_revision", "--depends-on core:a1");
    assert_refused(with_dependency(1, "core:nope"), author_revision, "unknown_revision", "skein history");
    assert_refused(with_dependency(1, "shop:x"), author_revision, "unknown_extension", "EXTENSION:ID");
    assert_refused(with_dependency(1, "core:base"), author_revision, "missing_dependency", "name a revision");
    assert_refused(with_dependency(0, "search:s1"), author_revision, "core_depends_on_extension", "extension");
    assert_refused(with_dependency(0, "s1"), author_revision, "unknown_revision", "search:s1");
}

static void test_the_file_is_there(void **state)
{
    (void)state;
    struct scene s = asking(0, "x", "aaaa2222");
    struct project_file file = {.path = STR("core/0123456789ab_x.sql"),
                                .bytes = STR("-- revision: other\n-- revises: bbbb2222\n-- migrate:up\n")};
    vec_push(&arena, &s.files.modules.items[0].files, file);
    assert_refused(s, author_revision, "file_exists", "another id");
}

static void test_merge(void **state)
{
    (void)state;
    struct scene s = asking(0, "", "heads");
    assert_made(&s, author_merge, "core/0123456789ab_merge_aaaa2222_bbbb2222.sql",
                "-- revision: 0123456789ab\n-- revises: aaaa2222, bbbb2222\n-- message: merge aaaa2222, bbbb2222\n"
                "-- created: 2026-10-20T10:00:00Z\n\n-- migrate:up\n\n-- migrate:down\n");
    s = asking(0, "join", "beta");
    vec_push(&arena, &s.request.heads.list, STR("aaaa"));
    assert_true(run(&s, author_merge));
    assert_true(str_is(s.file.revision.parents.list.items[0], "bbbb2222"));
    assert_true(str_is(s.file.revision.message, "join"));
}

static void test_bad_merges(void **state)
{
    (void)state;
    assert_refused(asking(0, "x", "aaaa2222"), author_merge, "nothing_to_merge", "skein heads");
    assert_refused(asking(1, "x", "heads"), author_merge, "nothing_to_merge", "skein heads");
    struct scene s = asking(0, "x", "aaaa2222");
    vec_push(&arena, &s.request.heads.list, STR("aaaa"));
    assert_refused(s, author_merge, "duplicate_parent", "once");
    s = asking(0, "x", "aaaa2222");
    vec_push(&arena, &s.request.heads.list, STR("a1"));
    assert_refused(s, author_merge, "not_a_head", "--splice");
}

/* Expected values of the ASCII rows are what Alembic 1.8.1 makes of these messages. */
static void test_slugs(void **state)
{
    (void)state;
    static const struct {
        const char *message, *slug;
    } rows[] = {
        {"Add phone numbers", "add_phone_numbers"},
        {"  drop: users' e-mail (v2)!", "drop_users_e_mail_v2"},
        {"", ""},
        {"!!!", ""},
        {"_x_", "_x_"},
        {"0123456789012345678901234567890123456789", "0123456789012345678901234567890123456789"},
        {"01234567890123456789012345678901234567890", "0123456789012345678901234567890123456789_"},
        {"add display names, filled from the e-mail address", "add_display_names_filled_from_the_e_"},
        {"gr\xc3\xb6\xc3\x9f"
         "e \xe2\x80\x93 \xc2\xabneu\xc2\xbb",
         "gr\xc3\xb6\xc3\x9f"
         "e_neu"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(str_cstr(&arena, author_slug(&arena, str_of(rows[i].message))), rows[i].slug);
}

static void test_list_extension(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"{\n    \"extensions\": [],\n    \"auto_discover\": false\n}\n",
         "{\n    \"extensions\": [\"new\"],\n    \"auto_discover\": false\n}\n"},
        {"{\"extensions\": [\"a\"]}", "{\"extensions\": [\"a\", \"new\"]}"},
        {"{\"extensions\":[\"a\",\"b\"],\"x\":1}", "{\"extensions\":[\"a\",\"b\",\"new\"],\"x\":1}"},
        {"{\"extensions\": [ \"a\" , \"b\" ]}", "{\"extensions\": [ \"a\" , \"b\", \"new\" ]}"},
        {"{\r\n\t\"x\": {\"extensions\": [\"no\"]},\r\n\t\"extensions\": [\r\n\t\t\"a]\\\"\",\r\n\t\t\"b\"\r\n\t]\r\n}",
         "{\r\n\t\"x\": {\"extensions\": [\"no\"]},\r\n\t\"extensions\": "
         "[\r\n\t\t\"a]\\\"\",\r\n\t\t\"b\",\r\n\t\t\"new\"\r\n\t]\r\n}"},
        {"{\"y\": \"extensions\", \"extensions\" : [ ]}", "{\"y\": \"extensions\", \"extensions\" : [\"new\"]}"},
        {"{}", "{\"extensions\": [\"new\"]}"},
        {"{\"auto_discover\": false}", "{\"extensions\": [\"new\"], \"auto_discover\": false}"},
        {"{\n  \"auto_discover\": false\n}", "{\n  \"extensions\": [\"new\"],\n  \"auto_discover\": false\n}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str text;
        struct err err;
        assert_true(author_list_extension(&arena, str_of(rows[i].before), STR("new"), &text, &err));
        assert_string_equal(str_cstr(&arena, text), rows[i].after);
    }
}

/* A text that was cut off is no JSON: nothing beyond its end is read, and what there is of it is kept. */
static void test_lists_that_are_cut_off(void **state)
{
    (void)state;
    const struct str whole = STR("{ \"x\": \"\\\"\", \"extensions\" : [ \"a\" , \"b\\\\\" ] }");
    for (size_t len = 0; len < whole.len; len++) {
        struct str text, copy = {arena_copy(&arena, whole.p, len), len};
        struct err err = {0};
        if (author_list_extension(&arena, copy, STR("new"), &text, &err))
            assert_true(text.len > len && str_starts(text, str_head(copy, 1)));
        else
            assert_string_equal(err.kind, "bad_extension_list");
    }
}

static void test_lists_that_are_not_found(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "[]", "{\"\\u0065xtensions\": []}", "{\"extensions\": 1}"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str text;
        struct err err = {0};
        assert_false(author_list_extension(&arena, str_of(rows[i]), STR("new"), &text, &err));
        assert_string_equal(err.kind, "bad_extension_list");
        assert_non_null(strstr(err.hint, "by hand"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follows_the_named_head),
        cmocka_unit_test(test_follows_the_single_head),
        cmocka_unit_test(test_an_extension_begins_with_its_label),
        cmocka_unit_test(test_dependencies_in_the_module),
        cmocka_unit_test(test_splice),
        cmocka_unit_test(test_heads_that_do_not_resolve),
        cmocka_unit_test(test_multiple_heads_of_an_extension_name_it),
        cmocka_unit_test(test_bad_ids),
        cmocka_unit_test(test_bad_messages),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_bad_dependencies),
        cmocka_unit_test(test_the_file_is_there),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_bad_merges),
        cmocka_unit_test(test_slugs),
        cmocka_unit_test(test_list_extension),
        cmocka_unit_test(test_lists_that_are_not_found),
        cmocka_unit_test(test_lists_that_are_cut_off),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
