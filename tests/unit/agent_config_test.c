#include "tests/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/io/config.h"

static char path[] = "/tmp/skein-agent-config-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static bool load(struct arena *a, const char *text, struct agent_config *ret_config, struct err *err)
{
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    return config_load(a, path, ret_config, err);
}

static void sources_come_with_their_labels(void **state)
{
    (void)state;
    struct arena a = {0};
    struct agent_config c;
    struct err err;
    assert_true(
        load(&a,
             "[agent]\nworkers = 9\nrediscover = 5s\nlog_level = debug\n"
             "[sqlite tenants]\nfiles = /x/*.db, /y/z.db\nlabels = tier=free, env=prod\nmodules = core, billing\n"
             "[postgresql shop]\nurl = postgresql://u@h/d\nrole = app_owner\nschemas = tenant_%\n",
             &c, &err));
    assert_int_equal(c.agent.workers, 9);
    assert_int_equal(c.agent.rediscover_ms, 5000);
    assert_int_equal(c.agent.level, LOG_DEBUG);
    assert_int_equal(c.sources.list.count, 2);
    const struct source *files = &c.sources.list.items[0], *server = &c.sources.list.items[1];
    assert_true(str_is(files->name, "tenants") && files->engine == ENGINE_SQLITE);
    assert_int_equal(files->settings.files.list.count, 2);
    assert_int_equal(files->labels.list.count, 2);
    assert_true(str_is(files->labels.list.items[0].key, "env") && str_is(files->labels.list.items[0].value, "prod"));
    assert_true(str_is(files->labels.list.items[1].key, "tier"));
    assert_int_equal(files->settings.modules.list.count, 2);
    assert_true(str_is(server->name, "shop") && server->engine == ENGINE_POSTGRESQL);
    assert_true(str_is(server->settings.role, "app_owner"));
    assert_true(str_is(server->settings.schemas.list.items[0], "tenant_%"));
    assert_int_equal(server->labels.list.count, 0);
    arena_release(&a);
}

static void findings_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
        const char *words;
    } cases[] = {
        {"[agent]\nworker = 1\n", 2, "unknown setting `worker`"},
        {"[sqlite a]\nfiles = x\nlabels = env\n", 1, "bad label `env`"},
        {"[sqlite a]\nfiles = x\nlabels = e nv=prod\n", 1, "bad label `e nv=prod`"},
        {"[sqlite a]\nfiles = x\nlabels = env=\n", 1, "bad label `env=`"},
        {"[sqlite a]\nfiles = x\nlabels = env=a, env=b\n", 1, "label `env` is given twice"},
        {"[sqlite a]\nfiles = x\nmodules = Core\n", 1, "bad module name `Core`"},
        {"[sqlite a/b]\nfiles = x\n", 1, "bad name of a section"},
        {"\n[sqlite a]\nfiles = x\n[postgresql a]\nurl = postgresql://h\n", 4, "two sections have the name a"},
        {"[postgresql a]\n", 1, "section [postgresql] has no setting `url`"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a = {0};
        struct agent_config c;
        struct err err;
        char origin[100];
        assert_false(load(&a, cases[i].text, &c, &err));
        snprintf(origin, sizeof(origin), "%s:%u", path, cases[i].line);
        assert_string_equal(err.origin, origin);
        assert_non_null(strstr(err.text, cases[i].words));
        arena_release(&a);
    }
}

/* The page in the documentation is what the program prints. */
static void documented_example_is_the_programs(void **state)
{
    (void)state;
    struct strbuf out;
    static char page[1 << 16];
    strbuf_init(&out, sizeof(page));
    config_example(&out);
    FILE *f = fopen(SKEIN_SOURCE_DIR "/docs/reference/agent.ini", "r");
    assert_non_null(f);
    size_t len = fread(page, 1, sizeof(page), f);
    fclose(f);
    assert_int_equal(len, out.len);
    assert_memory_equal(page, out.p, len);
    struct arena a = {0};
    struct agent_config c;
    struct err err;
    assert_true(config_load(&a, SKEIN_SOURCE_DIR "/docs/reference/agent.ini", &c, &err));
    arena_release(&a);
    strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_come_with_their_labels),
        cmocka_unit_test(findings_name_the_line),
        cmocka_unit_test(documented_example_is_the_programs),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
