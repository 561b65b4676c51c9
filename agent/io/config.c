#include "agent/io/config.h"

#include <stdlib.h>
#include <string.h>

#include "skein/base/names.h"
#include "skein/os/conf.h"
#include "skein/os/log.h"

#define AT(member) .offset = offsetof(struct agent_settings, member)
#define IN(member) .offset = offsetof(struct source_settings, member)

static const struct conf_row agent_rows[] = {
    {.key = "coordinator",
     .type = CONF_TEXT,
     .fallback = "tcp://127.0.0.1:7411",
     .doc = "Where the coordinator listens for agents. The agent dials; nothing listens here.",
     AT(coordinator)},
    {.key = "server_key_file",
     .type = CONF_TEXT,
     .fallback = "/etc/skein/coordinator.pub",
     .doc = "File with the coordinator's public key. The agent talks to no one else.",
     AT(server_key_file)},
    {.key = "server_key",
     .type = CONF_TEXT,
     .example = "",
     .doc = "The coordinator's public key itself, 64 hex digits; then no file is read.",
     AT(server_key)},
    {.key = "key_file",
     .type = CONF_TEXT,
     .fallback = "/var/lib/skein-agent/agent.key",
     .doc = "The agent's own key pair. It is made when the file is absent; its public key has to be accepted at the "
            "coordinator (skein agent accept). The file must be readable by its owner alone.",
     AT(key_file)},
    {.key = "workers",
     .type = CONF_NUMBER,
     .fallback = "4",
     .min = 1,
     .max = 64,
     .doc = "Targets worked on at the same time, and thereby the most connections to databases.",
     AT(workers)},
    {.key = "per_server",
     .type = CONF_NUMBER,
     .fallback = "4",
     .min = 1,
     .max = 64,
     .doc = "The same for one PostgreSQL server.",
     AT(per_server)},
    {.key = "rediscover",
     .type = CONF_DURATION,
     .fallback = "60s",
     .min = 1000,
     .doc = "How often patterns are looked up again for targets that came or went.",
     AT(rediscover_ms)},
    {.key = "stop_grace",
     .type = CONF_DURATION,
     .fallback = "30s",
     .min = 0,
     .doc = "When asked to stop: how long running migrations may finish before they are rolled back.",
     AT(stop_grace_ms)},
    {.key = "lock_wait",
     .type = CONF_DURATION,
     .fallback = "10s",
     .doc = "How long a migration waits for another one of the same target, and for other writers of a SQLite file. A "
            "worker waits with it; then the coordinator tries again later.",
     AT(lock_wait_ms)},
    {.key = "lock_timeout",
     .type = CONF_DURATION,
     .fallback = "2s",
     .min = 1,
     .doc = "How long one statement waits for a lock on a table before everything is rolled back and tried again. "
            "Revisions and rollouts may say otherwise.",
     AT(lock_timeout_ms)},
    {.key = "statement_timeout",
     .type = CONF_DURATION,
     .fallback = "0s",
     .doc = "How long one statement may run; 0s: without limit. Revisions and rollouts may say otherwise.",
     AT(statement_timeout_ms)},
    {.key = "connect_timeout",
     .type = CONF_DURATION,
     .fallback = "10s",
     .min = 100,
     .doc = "How long connecting to a database may take.",
     AT(connect_timeout_ms)},
    {.key = "log_level",
     .type = CONF_CHOICE,
     .fallback = "info",
     .choices = "error,warning,info,debug",
     .doc = "What is written to the log (standard error).",
     AT(level_name)},
};

#define LABELS_AND_MODULES                                                                                             \
    {.key = "labels",                                                                                                  \
     .type = CONF_LIST,                                                                                                \
     .example = "env=prod, tier=free",                                                                                 \
     .doc = "Labels of these targets, for selecting them: key=value.",                                                 \
     IN(labels)},                                                                                                      \
    {                                                                                                                  \
        .key = "modules", .type = CONF_LIST, .example = "core, billing",                                               \
        .doc = "The modules that these targets take; absent: all.", IN(modules)                                        \
    }

static const struct conf_row sqlite_rows[] = {
    {.key = "files",
     .type = CONF_LIST,
     .required = true,
     .example = "/var/lib/shop/*.db",
     .doc = "Database files; *, ? and [...] as in the shell.",
     IN(files)},
    LABELS_AND_MODULES,
    {.key = "allow_network_folder",
     .type = CONF_BOOL,
     .fallback = "no",
     .doc = "Take files on NFS or SMB, whose locks are not to be trusted.",
     IN(allow_network_folder)},
};

static const struct conf_row postgresql_rows[] = {
    {.key = "url",
     .type = CONF_TEXT,
     .required = true,
     .example = "postgresql://skein@db1.example/shop",
     .doc = "How to connect, as libpq takes it; service files, pgpass and the environment work as usual. A password "
            "belongs into one of these, not here.",
     IN(url)},
    {.key = "role",
     .type = CONF_TEXT,
     .example = "app_owner",
     .doc = "Revisions' statements run as this role (SET ROLE), for a login that owns nothing itself; absent: as the "
            "role that connects.",
     IN(role)},
    {.key = "databases",
     .type = CONF_LIST,
     .example = "shop_%",
     .doc = "Every database whose name matches is a target; LIKE patterns. Absent: the URL's database alone.",
     IN(databases)},
    {.key = "schemas",
     .type = CONF_LIST,
     .example = "tenant_%",
     .doc = "Every schema whose name matches is a target; LIKE patterns. Absent: the first schema of the search path.",
     IN(schemas)},
    LABELS_AND_MODULES,
    {.key = "allow_pooler",
     .type = CONF_BOOL,
     .fallback = "no",
     .doc = "Work through a connection pooler. It must be in session mode.",
     IN(allow_pooler)},
};

#define NAME_DOC "The name after the engine's begins the names of the targets: letters, digits, dots, - and _."
#define ROWS(table) .rows = (table), .row_count = sizeof(table) / sizeof((table)[0])

enum { SECTION_AGENT, SECTION_SQLITE, SECTION_POSTGRESQL, SECTION_KINDS };

static const struct conf_section sections[SECTION_KINDS] = {
    [SECTION_AGENT] = {.kind = "agent",
                       .doc = "The agent itself.",
                       .size = sizeof(struct agent_settings),
                       ROWS(agent_rows)},
    [SECTION_SQLITE] = {.kind = "sqlite",
                        .name_doc = NAME_DOC,
                        .name_example = "tenants",
                        .doc = "SQLite files that are targets. The section may occur many times.",
                        .size = sizeof(struct source_settings),
                        ROWS(sqlite_rows)},
    [SECTION_POSTGRESQL] = {.kind = "postgresql",
                            .name_doc = NAME_DOC,
                            .name_example = "shop",
                            .doc =
                                "PostgreSQL databases or schemas that are targets. The section may occur many times.",
                            .size = sizeof(struct source_settings),
                            ROWS(postgresql_rows)},
};

static bool is_word(struct str s, const char *others)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return s.len > 0 && s.len <= LIMIT_NAME;
}

static int compare_labels(const void *left, const void *right)
{
    const struct label *a = left, *b = right;
    return str_cmp(a->key, b->key);
}

static bool parse_label(struct str text, struct label *ret_label, struct err *err)
{
    size_t eq = str_find(text, '=');
    struct label label = {str_trim(str_head(text, eq)), str_trim(str_from(text, eq + 1))};
    if (eq == text.len || !is_word(label.key, "._-/") || !is_word(label.value, "._-/")) {
        err_set(err, ERR_INPUT, "bad label `%.*s`", STR_ARG(text));
        return err_hint(err, "write labels = key=value, key=value; letters, digits, dots, - _ / in both parts");
    }
    *ret_label = label;
    return true;
}

static bool parse_labels(struct arena *a, const struct names *texts, struct labels *ret_labels, struct err *err)
{
    struct labels labels = {0};
    for (size_t i = 0; i < texts->list.count; i++) {
        struct label label;
        if (!parse_label(texts->list.items[i], &label, err))
            return false;
        vec_push(a, &labels.list, label);
    }
    if (labels.list.count > LIMIT_LABELS)
        return err_set(err, ERR_LIMIT, "more than %d labels", LIMIT_LABELS);
    if (labels.list.count > 0)
        qsort(labels.list.items, labels.list.count, sizeof(struct label), compare_labels);
    for (size_t i = 1; i < labels.list.count; i++)
        if (str_eq(labels.list.items[i - 1].key, labels.list.items[i].key))
            return err_set(err, ERR_INPUT, "label `%.*s` is given twice", STR_ARG(labels.list.items[i].key));
    *ret_labels = labels;
    return true;
}

static bool check_modules(const struct names *modules, struct err *err)
{
    for (size_t i = 0; i < modules->list.count; i++)
        if (!module_name_is_valid(modules->list.items[i])) {
            err_set(err, ERR_INPUT, "bad module name `%.*s`", STR_ARG(modules->list.items[i]));
            return err_hint(err, "a module is core or the name of an extension");
        }
    return modules->list.count <= LIMIT_MODULES || err_set(err, ERR_LIMIT, "more than %d modules", LIMIT_MODULES);
}

static bool add_source(struct arena *a, struct agent_config *config, const struct conf_block *block, struct err *err)
{
    const struct source_settings *settings = block->values;
    struct source source = {.name = block->name,
                            .engine = block->section == &sections[SECTION_SQLITE] ? ENGINE_SQLITE : ENGINE_POSTGRESQL,
                            .settings = *settings};
    if (!is_word(block->name, "._-"))
        return err_set(err, ERR_INPUT, "bad name of a section: `%.*s`", STR_ARG(block->name)) ||
               err_hint(err, NAME_DOC);
    for (size_t i = 0; i < config->sources.list.count; i++)
        if (str_eq(config->sources.list.items[i].name, block->name))
            return err_set(err, ERR_INPUT, "two sections have the name %.*s", STR_ARG(block->name));
    if (!parse_labels(a, &settings->labels, &source.labels, err) || !check_modules(&settings->modules, err))
        return false;
    vec_push(a, &config->sources.list, source);
    return true;
}

bool config_load(struct arena *a, const char *path, struct agent_config *ret_config, struct err *err)
{
    struct agent_config config = {0};
    struct conf conf;
    struct diag diag;
    diag_init(&diag, a);
    if (!conf_load(a, path, sections, SECTION_KINDS, &diag, &conf, err))
        return false;
    config.agent = *(struct agent_settings *)conf_values(&conf, "agent");
    log_level_parse(config.agent.level_name, &config.agent.level);
    for (size_t i = 0; i < conf.blocks.count; i++) {
        const struct conf_block *block = &conf.blocks.items[i];
        if (block->section != &sections[SECTION_AGENT] && !add_source(a, &config, block, err))
            return err_origin(err, "%s:%u", path, block->line);
    }
    *ret_config = config;
    return true;
}

void config_example(struct strbuf *out)
{
    conf_example(sections, SECTION_KINDS, out);
}
