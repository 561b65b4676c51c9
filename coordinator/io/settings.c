#include "coordinator/io/settings.h"

#include <string.h>

#include "skein/os/conf.h"
#include "skein/os/log.h"

/* One [operator NAME] or [agent NAME]. */
struct key_settings {
    struct str role, key, key_file;
};

#define AT(member) .offset = offsetof(struct settings, member)
#define IN(member) .offset = offsetof(struct key_settings, member)

static const struct conf_row coordinator_rows[] = {
    {.key = "agents",
     .type = CONF_TEXT,
     .fallback = "tcp://127.0.0.1:7411",
     .doc = "Where agents connect. Name an address of this machine, and let the firewall admit only their networks.",
     AT(agents)},
    {.key = "operators",
     .type = CONF_TEXT,
     .fallback = "ipc:///run/skein/operators",
     .doc = "Where operators' programs connect: a socket in a folder that only they can enter, or tcp://.",
     AT(operators)},
    {.key = "key_file",
     .type = CONF_TEXT,
     .fallback = "/etc/skein/coordinator.key",
     .doc =
         "The coordinator's key pair, readable by its owner alone. It is made at the first start; FILE.pub beside it "
         "holds the public key, which agents and operators need.",
     AT(key_file)},
    {.key = "store",
     .type = CONF_TEXT,
     .fallback = "/var/lib/skein/coordinator.db",
     .doc = "The file with everything that the coordinator remembers.",
     AT(store)},
    {.key = "project",
     .type = CONF_TEXT,
     .example = "/srv/shop",
     .doc = "A project's folder that is read at the start and on SIGHUP; absent: revisions come by `skein push` only.",
     AT(project)},
    {.key = "log_level",
     .type = CONF_CHOICE,
     .fallback = "info",
     .choices = "error,warning,info,debug",
     .doc = "What is written to the log (standard error).",
     AT(level_name)},
};

#define KEY_ROWS                                                                                                       \
    {.key = "key",                                                                                                     \
     .type = CONF_TEXT,                                                                                                \
     .example = "",                                                                                                    \
     .doc = "The public key, 64 hex digits; either this or the next must be given.",                                   \
     IN(key)},                                                                                                         \
    {                                                                                                                  \
        .key = "key_file", .type = CONF_TEXT, .example = "/etc/skein/ada.pub",                                         \
        .doc = "A file whose first line is the public key, as `skein keygen` makes it.", IN(key_file)                  \
    }

static const struct conf_row operator_rows[] = {
    {.key = "role",
     .type = CONF_CHOICE,
     .fallback = "viewer",
     .choices = "viewer,operator,approver,admin",
     .doc = "What this person may do: look; also push and roll out; also approve; also accept and revoke keys.",
     IN(role)},
    KEY_ROWS,
};

static const struct conf_row agent_rows[] = {KEY_ROWS};

#define ROWS(list) .rows = (list), .row_count = sizeof(list) / sizeof((list)[0])

static const struct conf_section sections[] = {
    {.kind = "coordinator", .doc = "The coordinator itself.", .size = sizeof(struct settings), ROWS(coordinator_rows)},
    {.kind = "operator",
     .name_doc = "The name after `operator` is what the audit log and the ledgers call this person or program.",
     .name_example = "ada",
     .doc = "Somebody who may talk to the coordinator. At least one admin has to be named here.",
     .size = sizeof(struct key_settings),
     ROWS(operator_rows)},
    {.kind = "agent",
     .name_doc = "The name after `agent` is the agent's.",
     .name_example = "host-a",
     .doc = "An agent that is accepted from the start. Others are accepted with `skein agent accept`.",
     .size = sizeof(struct key_settings),
     ROWS(agent_rows)},
};

enum { SECTIONS = sizeof(sections) / sizeof(sections[0]) };

void settings_example(struct strbuf *out)
{
    conf_example(sections, SECTIONS, out);
}

static bool key_parse(struct arena *a, const struct key_settings *k, struct public_key *ret_key, struct err *err)
{
    struct str text = str_trim(k->key);
    if (text.len == 0 && k->key_file.len == 0)
        return err_set(err, ERR_INPUT, "has neither `key` nor `key_file`");
    if (text.len == 0)
        return public_key_load(str_cstr(a, k->key_file), ret_key, err);
    if (public_key_parse(text, ret_key))
        return true;
    err_set(err, ERR_INPUT, "its key is no public key");
    return err_hint(err, "a public key is 64 hex digits; `skein keygen` prints it");
}

static bool principal_take(struct arena *a, const char *path, const struct conf_block *block, struct settings *s,
                           struct err *err)
{
    const struct key_settings *k = block->values;
    struct principal_settings p = {.name = block->name, .role = ROLE_AGENT};
    if (str_is(str_of(block->section->kind), "operator"))
        (void)role_parse(k->role, &p.role); /* a choice of the row */
    if (!key_parse(a, k, &p.key, err)) {
        err_wrap(err, "[%s %.*s]", block->section->kind, STR_ARG(block->name));
        return err_origin(err, "%s:%u", path, block->line);
    }
    vec_push(a, &s->principals.list, p);
    return true;
}

bool settings_load(struct arena *a, const char *path, struct settings *ret_settings, struct err *err)
{
    struct diag diag;
    struct conf conf;
    diag_init(&diag, a);
    if (!conf_load(a, path, sections, SECTIONS, &diag, &conf, err))
        return false;
    struct settings s = *(const struct settings *)conf_values(&conf, "coordinator");
    (void)log_level_parse(s.level_name, &s.level);
    for (size_t i = 0; i < conf.blocks.count; i++)
        if (conf.blocks.items[i].name.len > 0 && !principal_take(a, path, &conf.blocks.items[i], &s, err))
            return false;
    *ret_settings = s;
    return true;
}
