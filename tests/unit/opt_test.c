#include "tests/support/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "skein/os/opt.h"

static const struct opt_option verbose = {.name = "verbose", .letter = 'v', .doc = "Say more"};
static const struct opt_option indicate = {.name = "indicate-current", .letter = 'i', .doc = "Mark the current one"};
static const struct opt_option range = {
    .name = "rev-range", .letter = 'r', .type = OPT_TEXT, .value = "A:B", .doc = "The range"};
static const struct opt_option from = {
    .name = "from", .type = OPT_TEXT, .value = "STATE", .doc = "The state", .repeatable = true};
static const struct opt_option format = {.name = "format",
                                         .type = OPT_CHOICE,
                                         .value = "FORMAT",
                                         .doc = "The form",
                                         .choices = "table|json",
                                         .variable = "OPT_TEST_FORMAT",
                                         .fallback = "table"};
static const struct opt_option wait = {
    .name = "lock-timeout", .type = OPT_DURATION, .value = "D", .doc = "How long to wait"};
static const struct opt_option parallel = {.name = "parallel", .type = OPT_NUMBER, .value = "N", .doc = "At once"};

static int run(const struct opt_line *line)
{
    (void)line;
    return 0;
}

static const struct opt_option *const history_options[] = {&verbose, &indicate, &range, &format, NULL};
static const struct opt_option *const move_options[] = {&from, &format, &wait, NULL};
static const struct opt_option *const start_options[] = {&parallel, NULL};

static const struct opt_command history = {
    .name = "history", .group = "Read", .summary = "Show history", .options = history_options, .run = run};
static const struct opt_command upgrade = {.name = "upgrade",
                                           .group = "Write",
                                           .summary = "Go up",
                                           .text = "First paragraph | with a bar.\n\n.Second 'paragraph'.",
                                           .examples = "demo upgrade +1",
                                           .options = move_options,
                                           .arguments = {{"REV", "The target", 0, 1}},
                                           .run = run};
static const struct opt_command downgrade = {.name = "downgrade",
                                             .group = "Write",
                                             .summary = "Go down",
                                             .options = move_options,
                                             .arguments = {{"REV", "The target", 1, 1}},
                                             .run = run};
static const struct opt_command start = {
    .name = "rollout start", .group = "Fleet", .summary = "Start", .options = start_options, .run = run};
static const struct opt_command list = {.name = "rollout list", .group = "Fleet", .summary = "List", .run = run};

static const struct opt_command *const commands[] = {&history, &upgrade, &downgrade, &start, &list};

static const struct opt_program demo = {.name = "demo",
                                        .version = "1.2",
                                        .summary = "Shows things",
                                        .text = "A text.",
                                        .commands = commands,
                                        .command_count = sizeof(commands) / sizeof(commands[0])};

static struct arena arena;
static struct opt_line line;
static struct err err;

#define PARSE(...) parse((const char *const[]){"demo", __VA_ARGS__, NULL})

static bool parse(const char *const *argv)
{
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    arena_release(&arena);
    err_clear(&err);
    line = (struct opt_line){0};
    return opt_parse(&arena, &demo, argc, argv, &line, &err);
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void options_stand_anywhere(void **state)
{
    (void)state;
    assert_true(
        PARSE("--format=json", "--from", "core=a1", "upgrade", "+1", "--from=billing=b2", "--lock-timeout", "5s"));
    assert_string_equal(line.command->name, "upgrade");
    assert_string_equal(opt_argument(&line, 0), "+1");
    assert_null(opt_argument(&line, 1));
    assert_string_equal(opt_value(&line, &format), "json");
    assert_int_equal(opt_count(&line, &from), 2);
    assert_string_equal(opt_nth(&line, &from, 0), "core=a1");
    assert_string_equal(opt_nth(&line, &from, 1), "billing=b2");
    assert_null(opt_nth(&line, &from, 2));
    assert_int_equal(opt_duration(&line, &wait, 0), 5000);
}

static void negative_targets_are_arguments(void **state)
{
    (void)state;
    assert_true(PARSE("downgrade", "-1"));
    assert_string_equal(opt_argument(&line, 0), "-1");
    assert_true(PARSE("history", "-r", "-50:abc", "-iv"));
    assert_string_equal(opt_value(&line, &range), "-50:abc");
    assert_true(opt_has(&line, &verbose) && opt_has(&line, &indicate));
    assert_true(PARSE("history", "-r-3:", "-v"));
    assert_string_equal(opt_value(&line, &range), "-3:");
    assert_true(PARSE("downgrade", "--", "--odd"));
    assert_string_equal(opt_argument(&line, 0), "--odd");
}

static void the_last_value_wins(void **state)
{
    (void)state;
    assert_true(PARSE("upgrade", "--format", "json", "--format", "table"));
    assert_string_equal(opt_value(&line, &format), "table");
}

static void line_then_variable_then_default(void **state)
{
    (void)state;
    unsetenv("OPT_TEST_FORMAT");
    assert_true(PARSE("upgrade"));
    assert_string_equal(opt_value(&line, &format), "table");
    assert_false(opt_has(&line, &format));
    assert_int_equal(opt_duration(&line, &wait, -7), -7);
    setenv("OPT_TEST_FORMAT", "json", 1);
    assert_string_equal(opt_value(&line, &format), "json");
    setenv("OPT_TEST_FORMAT", "", 1);
    assert_string_equal(opt_value(&line, &format), "table");
    setenv("OPT_TEST_FORMAT", "xml", 1);
    assert_false(PARSE("upgrade"));
    assert_string_equal(err.text, "$OPT_TEST_FORMAT is one of table|json, not 'xml'");
    unsetenv("OPT_TEST_FORMAT");
}

static void two_words_name_a_command(void **state)
{
    (void)state;
    assert_true(PARSE("rollout", "--parallel", "4", "start"));
    assert_string_equal(line.command->name, "rollout start");
    assert_int_equal(opt_number(&line, &parallel, 0), 4);
    assert_true(PARSE("rollout", "--help"));
    assert_null(line.command);
    assert_string_equal(line.family, "rollout");
    assert_false(PARSE("rollout"));
    assert_string_equal(err.text, "'demo rollout' needs one more word");
    assert_false(PARSE("rollout", "strat"));
    assert_string_equal(err.hint, "did you mean 'demo rollout start'?");
}

static void help_and_version_need_no_valid_line(void **state)
{
    (void)state;
    assert_true(PARSE("--help") && line.help && line.command == NULL);
    assert_true(PARSE("--version") && line.version);
    assert_true(PARSE("downgrade", "-h") && line.help);
    assert_string_equal(line.command->name, "downgrade");
}

struct mistake {
    const char *words[6];
    const char *text, *hint;
};

static const struct mistake mistakes[] = {
    {{"demo", "upgrad"}, "unknown command 'upgrad'", "did you mean 'demo upgrade'?"},
    {{"demo", "dwongrade"}, "unknown command 'dwongrade'", "did you mean 'demo downgrade'?"},
    {{"demo", "hist"}, "unknown command 'hist'", "did you mean 'demo history'?"},
    {{"demo", "zzzzzz"}, "unknown command 'zzzzzz'", "'demo --help' lists the commands"},
    {{"demo", "history", "--vrebose"}, "'demo history' has no option '--vrebose'", "did you mean --verbose?"},
    {{"demo", "history", "--v"}, "'demo history' has no option '--v'", "'demo history --help' lists its options"},
    {{"demo", "history", "-x"}, "'demo history' has no option '-x'", "'demo history --help' lists its options"},
    {{"demo", "history", "--from=a"},
     "'demo history' has no option '--from'",
     "'demo history --help' lists its options"},
    {{"demo", "--unheard=1", "history"},
     "'demo history' has no option '--unheard'",
     "'demo history --help' lists its options"},
    {{"demo", "history", "--verbose=1"}, "option --verbose takes no value", ""},
    {{"demo", "history", "extra"}, "unexpected argument 'extra'", "usage: demo history [OPTIONS]"},
    {{"demo", "downgrade"}, "REV is missing", "usage: demo downgrade [OPTIONS] REV"},
    {{"demo", "upgrade", "--from"}, "option --from needs a value (STATE)", ""},
    {{"demo", "upgrade", "--from", "--format"},
     "option --from needs a value (STATE)",
     "if '--format' is the value, write --from=--format"},
    {{"demo", "upgrade", "--format", "xml"}, "--format is one of table|json, not 'xml'", ""},
    {{"demo", "upgrade", "--lock-timeout", "fast"},
     "--lock-timeout is a duration, not 'fast'",
     "for example 300ms, 5s, 10m, 2h"},
    {{"demo", "rollout", "start", "--parallel", "many"}, "--parallel is a number, not 'many'", ""},
};

static void mistakes_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        assert_false(parse(mistakes[i].words));
        assert_int_equal(err.code, ERR_USAGE);
        assert_string_equal(err.text, mistakes[i].text);
        assert_string_equal(err.hint, mistakes[i].hint);
    }
}

static void a_program_may_have_one_unnamed_command(void **state)
{
    (void)state;
    static const struct opt_command only = {.name = "",
                                            .group = "",
                                            .summary = "Runs",
                                            .options = history_options,
                                            .arguments = {{"FILE", "The file", 0, 1}},
                                            .run = run};
    static const struct opt_command *const only_list[] = {&only};
    static const struct opt_program daemon = {
        .name = "daemon", .version = "1", .commands = only_list, .command_count = 1};
    const char *const argv[] = {"daemon", "-v", "a.ini"};
    assert_true(opt_parse(&arena, &daemon, 3, argv, &line, &err));
    assert_ptr_equal(line.command, &only);
    assert_string_equal(opt_argument(&line, 0), "a.ini");
}

static void rows_are_checked(void **state)
{
    (void)state;
    assert_null(opt_problem(&arena, &demo));
    static const struct opt_option clash = {.name = "verify", .letter = 'v', .doc = "Another"};
    static const struct opt_option *const clashing[] = {&verbose, &clash, NULL};
    static const struct opt_command command = {
        .name = "x", .group = "G", .summary = "S", .options = clashing, .run = run};
    const struct opt_program bad = {
        .name = "bad", .commands = (const struct opt_command *const[]){&command}, .command_count = 1};
    assert_string_equal(opt_problem(&arena, &bad), "-v has two meanings");
}

static char *render(void (*print)(const struct opt_program *, struct strbuf *))
{
    struct strbuf out;
    strbuf_init(&out, 1 << 16);
    print(&demo, &out);
    char *text = str_cstr(&arena, strbuf_str(&out));
    strbuf_release(&out);
    return text;
}

static void help_wraps_and_names_everything(void **state)
{
    (void)state;
    struct strbuf out;
    strbuf_init(&out, 1 << 16);
    opt_help_command(&demo, &upgrade, 60, &out);
    assert_string_equal(out.p, "Usage: demo upgrade [OPTIONS] [REV]\n"
                               "\n"
                               "Go up\n"
                               "\n"
                               "First paragraph | with a bar.\n"
                               "\n"
                               ".Second 'paragraph'.\n"
                               "\n"
                               "Arguments:\n"
                               "  REV                       The target\n"
                               "\n"
                               "Options:\n"
                               "      --from STATE          The state [may be repeated]\n"
                               "      --format FORMAT       The form: table, json\n"
                               "                            [$OPT_TEST_FORMAT] [default:\n"
                               "                            table]\n"
                               "      --lock-timeout D      How long to wait\n"
                               "  -h, --help                Show this help\n"
                               "\n"
                               "Examples:\n"
                               "  demo upgrade +1\n");
    strbuf_release(&out);
}

static void man_page_escapes_roff(void **state)
{
    (void)state;
    const char *man = render(opt_man);
    assert_non_null(strstr(man, ".SS demo upgrade [OPTIONS] [REV]\nGo up.\n.PP\n"));
    assert_non_null(strstr(man, "\n.PP\n\\&.Second 'paragraph'.\n"));
    assert_non_null(strstr(man, "\\fB\\-\\-lock\\-timeout\\fR \\fID\\fR\n"));
}

static void markdown_escapes_tables(void **state)
{
    (void)state;
    const char *page = render(opt_markdown);
    assert_non_null(strstr(page, "| `-r`, `--rev-range A:B` | The range. |\n"));
    assert_non_null(strstr(page, "\n## Fleet\n\n### demo rollout start\n"));
}

static void completion_knows_words_options_and_choices(void **state)
{
    (void)state;
    const char *bash = render(opt_bash);
    assert_non_null(strstr(bash, "    \"\") words=\"history upgrade downgrade rollout\" ;;\n"));
    assert_non_null(strstr(bash, "    rollout) words=\"start list\" ;;\n"));
    assert_non_null(strstr(bash, "    \"upgrade\") words=\"--help --from --format --lock-timeout\" ;;\n"));
    assert_non_null(strstr(bash, "    \"upgrade --format\") words=\"table json\" ;;\n"));
    const char *zsh = render(opt_zsh);
    assert_non_null(strstr(zsh, "'--format=[The form]:FORMAT:(table json)'"));
    assert_non_null(strstr(zsh, "'rollout:start, list'\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(negative_targets_are_arguments),
        cmocka_unit_test(the_last_value_wins),
        cmocka_unit_test(line_then_variable_then_default),
        cmocka_unit_test(two_words_name_a_command),
        cmocka_unit_test(help_and_version_need_no_valid_line),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(a_program_may_have_one_unnamed_command),
        cmocka_unit_test(rows_are_checked),
        cmocka_unit_test(help_wraps_and_names_everything),
        cmocka_unit_test(man_page_escapes_roff),
        cmocka_unit_test(markdown_escapes_tables),
        cmocka_unit_test(completion_knows_words_options_and_choices),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
