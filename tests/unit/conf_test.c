#include "tests/support/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "skein/os/conf.h"

struct agent_values {
    uint64_t workers;
    int64_t grace_ms;
    bool strict;
    struct str level, endpoint;
};

struct shop_values {
    struct names labels;
    struct str files;
};

static const struct conf_row agent_rows[] = {
    {.key = "workers",
     .type = CONF_NUMBER,
     .fallback = "4",
     .min = 1,
     .max = 64,
     .doc = "How many.",
     .offset = offsetof(struct agent_values, workers)},
    {.key = "stop_grace",
     .type = CONF_DURATION,
     .fallback = "10s",
     .min = 100,
     .doc = "How long.",
     .offset = offsetof(struct agent_values, grace_ms)},
    {.key = "strict", .type = CONF_BOOL, .doc = "Whether.", .offset = offsetof(struct agent_values, strict)},
    {.key = "level",
     .type = CONF_CHOICE,
     .fallback = "info",
     .choices = "info,debug",
     .doc = "Which.",
     .offset = offsetof(struct agent_values, level)},
    {.key = "endpoint", .type = CONF_TEXT, .doc = "Where.", .offset = offsetof(struct agent_values, endpoint)},
};

static const struct conf_row shop_rows[] = {
    {.key = "labels",
     .type = CONF_LIST,
     .fallback = "a,b",
     .doc = "Labels.",
     .offset = offsetof(struct shop_values, labels)},
    {.key = "files",
     .type = CONF_TEXT,
     .required = true,
     .doc = "Files.",
     .offset = offsetof(struct shop_values, files)},
};

static const struct conf_section sections[] = {
    {.kind = "agent", .doc = "The agent.", .size = sizeof(struct agent_values), .rows = agent_rows, .row_count = 5},
    {.kind = "sqlite",
     .name_doc = "The name is a prefix.",
     .name_example = "x",
     .doc = "Files.",
     .size = sizeof(struct shop_values),
     .rows = shop_rows,
     .row_count = 2},
};

struct fixture {
    struct arena arena;
    struct diag diag;
    struct conf conf;
};

static bool parse(struct fixture *f, struct str text)
{
    *f = (struct fixture){0};
    diag_init(&f->diag, &f->arena);
    return conf_parse(&f->arena, text, "test.ini", sections, 2, &f->diag, &f->conf);
}

static void values_come_from_the_file_or_the_rows(void **state)
{
    (void)state;
    struct fixture f;
    assert_true(parse(&f, STR("# a comment\n"
                              "[sqlite one]\n"
                              "labels = env=prod, tier=free ; here too\n"
                              "files = /x/*.db\n"
                              "[agent]\r\n"
                              "workers=8\r\n"
                              "  strict = yes\n"
                              "[sqlite two]\n"
                              "files = /y/*.db")));
    const struct agent_values *agent = conf_values(&f.conf, "agent");
    assert_int_equal(agent->workers, 8);
    assert_int_equal(agent->grace_ms, 10000);
    assert_true(agent->strict);
    assert_true(str_is(agent->level, "info"));
    assert_int_equal(agent->endpoint.len, 0);
    assert_int_equal(f.conf.blocks.count, 3);
    const struct conf_block *one = &f.conf.blocks.items[0], *two = &f.conf.blocks.items[2];
    const struct shop_values *shop = one->values;
    assert_true(str_is(one->name, "one") && one->line == 2);
    assert_int_equal(shop->labels.list.count, 2);
    assert_true(str_is(shop->labels.list.items[0], "env=prod") && str_is(shop->labels.list.items[1], "tier=free"));
    shop = two->values;
    assert_true(str_is(two->name, "two") && str_is(shop->files, "/y/*.db"));
    assert_int_equal(shop->labels.list.count, 2);
    assert_true(str_is(shop->labels.list.items[0], "a"));
    arena_release(&f.arena);
}

static void absent_section_has_its_fallbacks(void **state)
{
    (void)state;
    struct fixture f;
    assert_true(parse(&f, STR("")));
    const struct agent_values *agent = conf_values(&f.conf, "agent");
    assert_non_null(agent);
    assert_int_equal(agent->workers, 4);
    assert_null(conf_values(&f.conf, "sqlite"));
    arena_release(&f.arena);
}

static void findings_name_line_and_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *text, *kind;
        unsigned line;
        const char *hint;
    } cases[] = {
        {"[agent]\n\nworker = 3\n", "unknown_key", 3, "did you mean `workers`?"},
        {"[agent]\nxyzzyplugh = 3\n", "unknown_key", 2,
         "the settings here are: workers, stop_grace, strict, level, endpoint"},
        {"[agnet]\nworkers = 3\n", "unknown_section", 1, "did you mean `agent`?"},
        {"workers = 3\n", "no_section", 1, "put it below a line like [agent]"},
        {"[agent]\nworkers = 0\n", "bad_value", 2, "`workers` takes a number, 1 to 64"},
        {"[agent]\nworkers = 65\n", "bad_value", 2, "`workers` takes a number, 1 to 64"},
        {"[agent]\nworkers = four\n", "bad_value", 2, "`workers` takes a number, 1 to 64"},
        {"[agent]\nstop_grace = 99ms\n", "bad_value", 2,
         "`stop_grace` takes a duration such as 500ms, 5s, 10m or 2h, 100ms or more"},
        {"[agent]\nstrict = perhaps\n", "bad_value", 2, "`strict` takes yes or no"},
        {"[agent]\nlevel = loud\n", "bad_value", 2, "`level` takes one of info,debug"},
        {"[agent]\nworkers = 1\nworkers = 2\n", "repeated_key", 3, "keep one of the two"},
        {"[agent]\n[agent]\n", "bad_section", 2, ""},
        {"[agent x]\n", "bad_section", 1, ""},
        {"[sqlite]\nfiles = x\n", "bad_section", 1, "The name is a prefix."},
        {"[sqlite a]\nfiles=x\n[sqlite a]\nfiles=x\n", "bad_section", 3, "The name is a prefix."},
        {"\n[sqlite a]\nlabels = x\n", "missing_key", 2, "Files."},
        {"\n[sqlite a]\n", "missing_key", 2, "Files."},
        {"[sqlite a]\nfiles = x\nlabels = a,,b\n", "bad_value", 3, "`labels` takes a list, with commas"},
        {"[agent]\nworkers\n", "bad_line", 2, "a line is [section], key = value, or a comment"},
        {"[agent]\nlevel = \xff\n", "not_text", 2, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;
        assert_false(parse(&f, str_of(cases[i].text)));
        assert_int_equal(f.diag.list.count, 1);
        const struct diag_item *item = &f.diag.list.items[0];
        assert_string_equal(item->kind, cases[i].kind);
        assert_int_equal(item->line, cases[i].line);
        assert_true(str_is(item->path, "test.ini"));
        assert_string_equal(item->hint != NULL ? item->hint : "", cases[i].hint);
        arena_release(&f.arena);
    }
}

static void all_findings_come_at_once(void **state)
{
    (void)state;
    struct fixture f;
    assert_false(parse(&f, STR("[agent]\nworker = 3\nstrict = x\n[other]\nignored = 1\n[sqlite q]\n")));
    assert_int_equal(f.diag.errors, 4);
    arena_release(&f.arena);
}

static void long_lines_and_names_are_kept_or_refused(void **state)
{
    (void)state;
    struct fixture f;
    char text[CONF_LINE_MAX + 100];
    size_t start = (size_t)snprintf(text, sizeof(text), "[agent]\nendpoint = ");
    memset(text + start, 'x', 9000);
    assert_true(parse(&f, (struct str){text, start + 9000}));
    const struct agent_values *agent = conf_values(&f.conf, "agent");
    assert_int_equal(agent->endpoint.len, 9000);
    arena_release(&f.arena);
    memset(text + start, 'x', sizeof(text) - start);
    assert_false(parse(&f, (struct str){text, sizeof(text)}));
    assert_string_equal(f.diag.list.items[0].kind, "long_line");
    arena_release(&f.arena);
    assert_true(parse(&f, STR("[sqlite a-name-of-forty-seven-bytes-that-is-not-cut-at]\nfiles = x\n")));
    assert_true(str_is(f.conf.blocks.items[0].name, "a-name-of-forty-seven-bytes-that-is-not-cut-at"));
    arena_release(&f.arena);
    assert_false(parse(&f, STR("[sqlite a-name-of-fifty-bytes-that-is-longer-than-may-be-xx]\nfiles = x\n")));
    assert_non_null(strstr(f.diag.list.items[0].text, "too long"));
    arena_release(&f.arena);
}

static void example_holds_every_setting_and_parses(void **state)
{
    (void)state;
    struct fixture f;
    struct strbuf out;
    strbuf_init(&out, 10000);
    conf_example(sections, 2, &out);
    assert_non_null(strstr(out.p, "# The agent.\n[agent]\n\n# How many.\n# Takes a number, 1 to 64.\n#workers = 4\n"));
    assert_non_null(strstr(out.p, "# Files.\n# Takes text; must be given.\nfiles =\n"));
    for (size_t i = 0; i < 5; i++)
        assert_non_null(strstr(out.p, agent_rows[i].key));
    assert_true(parse(&f, strbuf_str(&out)));
    arena_release(&f.arena);
    strbuf_release(&out);
}

static void missing_file_is_an_error(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct err err;
    diag_init(&f.diag, &f.arena);
    assert_false(conf_load(&f.arena, "/nonexistent/skein.ini", sections, 2, &f.diag, &f.conf, &err));
    assert_string_equal(err.text, "cannot open /nonexistent/skein.ini");
    assert_string_equal(err.kind, "ENOENT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_from_the_file_or_the_rows),
        cmocka_unit_test(absent_section_has_its_fallbacks),
        cmocka_unit_test(findings_name_line_and_remedy),
        cmocka_unit_test(all_findings_come_at_once),
        cmocka_unit_test(long_lines_and_names_are_kept_or_refused),
        cmocka_unit_test(example_holds_every_setting_and_parses),
        cmocka_unit_test(missing_file_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
