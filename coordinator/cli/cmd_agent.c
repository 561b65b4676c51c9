/* keygen, agent list | accept | revoke: who may connect. */
#include <stdlib.h>
#include <string.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/fleet.h"
#include "skein/os/clock.h"
#include "skein/os/file.h"

static const struct opt_option opt_role = {.name = "role",
                                           .type = OPT_CHOICE,
                                           .value = "ROLE",
                                           .doc = "What the key may do",
                                           .choices = "agent|viewer|operator|approver|admin",
                                           .fallback = "agent"};

/* The public half beside the pair, for others to read. */
static bool save_public(struct arena *a, const struct key_pair *pair, const char *path, struct err *err)
{
    struct str text = str_printf(a, "%s\n", public_key_format(&pair->public_key).text);
    return file_write_atomic(arena_printf(a, "%s.pub", path), text, 0644, err);
}

static bool make_key(struct arena *a, const char *path, enum out_form form, struct err *err)
{
    struct key_pair pair;
    if (!key_pair_generate(&pair, err))
        return false;
    bool ok = key_pair_save(&pair, clock_wall_ms(), path, err) && save_public(a, &pair, path, err);
    struct key_text text = public_key_format(&pair.public_key);
    struct fingerprint fingerprint = public_key_fingerprint(&pair.public_key);
    key_pair_release(&pair);
    if (!ok)
        return false;
    if (form == OUT_FORM_JSON) {
        out_json(json_pack("{s:s, s:s, s:s}", "file", path, "public", text.text, "fingerprint", fingerprint.text));
        return true;
    }
    printf("%s\n", text.text);
    out_note("%s holds the secret half; the public half is in %s.pub, fingerprint %s", path, path, fingerprint.text);
    return true;
}

static int run_keygen(const struct opt_line *line)
{
    struct arena arena = {0};
    struct err err = {0};
    enum out_form form = strcmp(opt_value(line, &opt_format), "json") == 0 ? OUT_FORM_JSON : OUT_FORM_TEXT;
    bool ok = make_key(&arena, opt_argument(line, 0), form, &err);
    arena_release(&arena);
    return ok ? 0 : out_fail(form, &err, NULL);
}

static bool fetch_agents(struct client *c, struct msg_agents *ret_all)
{
    struct msg request = {.kind = MSG_AGENT_LIST}, reply;
    struct msg_agents all = {0};
    do {
        if (!client_ask(c, &request, MSG_AGENTS, 0, &reply))
            return false;
        for (size_t i = 0; i < reply.agents.rows.count; i++)
            vec_push(&c->arena, &all.rows, reply.agents.rows.items[i]);
        if (reply.agents.next <= request.agent_list.page.offset)
            break;
        request.agent_list.page.offset = reply.agents.next;
    } while (true);
    *ret_all = all;
    return true;
}

static struct fingerprint fingerprint_of(struct str public_key)
{
    struct public_key key;
    return public_key_parse(public_key, &key) ? public_key_fingerprint(&key) : (struct fingerprint){"?"};
}

static json_t *json_agent(const struct agent_row *row)
{
    return json_pack("{s:o, s:s, s:s, s:o, s:s, s:b, s:I, s:o, s:o, s:o}", "name", json_str(row->name), "role",
                     role_name(row->role), "status", principal_status_name(row->status), "public",
                     json_str(row->public_key), "fingerprint", fingerprint_of(row->public_key).text, "connected",
                     row->connected, "targets", (json_int_t)row->targets, "software", json_str(row->software),
                     "address", json_str(row->address), "seen", json_time(row->seen_ms));
}

static void print_agents(struct client *c, const struct msg_agents *all)
{
    struct out_table *t = out_table_new();
    out_table_column(t, "NAME", OUT_COLUMN_TEXT);
    out_table_column(t, "ROLE", OUT_COLUMN_TEXT);
    out_table_column(t, "KEY", OUT_COLUMN_TEXT);
    out_table_column(t, "FINGERPRINT", OUT_COLUMN_TEXT);
    out_table_column(t, "CONNECTED", OUT_COLUMN_TEXT);
    out_table_column(t, "TARGETS", OUT_COLUMN_NUMBER);
    out_table_column(t, "SEEN", OUT_COLUMN_TEXT);
    out_table_column(t, "SOFTWARE", OUT_COLUMN_TEXT);
    out_table_column(t, "ADDRESS", OUT_COLUMN_TEXT);
    for (size_t i = 0; i < all->rows.count; i++) {
        const struct agent_row *row = &all->rows.items[i];
        out_table_row(t);
        out_table_cell(t, row->name);
        out_table_cell(t, str_of(row->role != ROLE_UNSET ? role_name(row->role) : "-"));
        out_table_cell(t, str_of(principal_status_name(row->status)));
        out_table_cell(t, str_of(fingerprint_of(row->public_key).text));
        out_table_cell(t, row->role != ROLE_AGENT ? STR("-") : row->connected ? STR("yes") : STR("no"));
        out_table_cellf(t, "%llu", (unsigned long long)row->targets);
        out_table_cell(t, fleet_ago(&c->arena, row->seen_ms, clock_wall_ms()));
        out_table_cell(t, row->software);
        out_table_cell(t, row->address);
    }
    out_table_print(t);
}

static int run_list(const struct opt_line *line)
{
    struct client c;
    struct msg_agents all;
    if (!client_open(&c, line) || !fetch_agents(&c, &all))
        return client_fail(&c);
    if (c.form == OUT_FORM_JSON) {
        json_t *rows = json_array();
        for (size_t i = 0; i < all.rows.count; i++)
            json_array_append_new(rows, json_agent(&all.rows.items[i]));
        out_json(json_pack("{s:o}", "agents", rows));
    } else {
        print_agents(&c, &all);
    }
    client_close(&c);
    return 0;
}

/* A key that knocked, by its fingerprint. */
static bool find_by_fingerprint(struct client *c, const char *text, struct str *ret_key)
{
    struct msg_agents all;
    if (!fetch_agents(c, &all))
        return false;
    for (size_t i = 0; i < all.rows.count; i++)
        if (strcmp(fingerprint_of(all.rows.items[i].public_key).text, text) == 0) {
            *ret_key = all.rows.items[i].public_key;
            return true;
        }
    err_kind(&c->err, ERR_INPUT, "unknown_key", "no key with the fingerprint %s has tried to connect", text);
    return err_hint(&c->err, "'skein agent list' shows the keys that have; or give the public key itself");
}

/* 64 hex digits, a file that holds them, or a fingerprint. */
static bool find_key(struct client *c, const char *text, struct str *ret_key)
{
    struct public_key key;
    if (!public_key_parse(str_of(text), &key) && !public_key_load(text, &key, &c->err))
        return strcmp(c->err.kind, "bad_key") != 0 && find_by_fingerprint(c, text, ret_key);
    *ret_key = str_of(arena_strdup(&c->arena, public_key_format(&key).text));
    return true;
}

static int ask_and_say(struct client *c, struct msg *request)
{
    struct msg reply;
    if (!client_ask(c, request, MSG_OK, 0, &reply))
        return client_fail(c);
    if (c->form == OUT_FORM_JSON)
        out_json(json_pack("{s:o}", "ok", json_str(reply.ok.text)));
    else if (reply.ok.text.len > 0)
        out_note("%.*s", STR_ARG(reply.ok.text));
    client_close(c);
    return 0;
}

static int run_accept(const struct opt_line *line)
{
    struct client c;
    struct msg request = {.kind = MSG_AGENT_ACCEPT};
    request.agent_accept.name = str_of(opt_argument(line, 0));
    role_parse(str_of(opt_value(line, &opt_role)), &request.agent_accept.role);
    if (!client_open(&c, line) || !find_key(&c, opt_argument(line, 1), &request.agent_accept.public_key))
        return client_fail(&c);
    return ask_and_say(&c, &request);
}

static int run_revoke(const struct opt_line *line)
{
    struct client c;
    struct msg request = {.kind = MSG_AGENT_REVOKE};
    request.agent_revoke.name = str_of(opt_argument(line, 0));
    if (!client_open(&c, line))
        return client_fail(&c);
    return ask_and_say(&c, &request);
}

static const struct opt_option *const keygen_options[] = {&opt_format, NULL};
static const struct opt_option *const agent_options[] = {&opt_format,     &opt_coordinator, &opt_key, &opt_client,
                                                         &opt_server_key, &opt_timeout,     NULL};
static const struct opt_option *const accept_options[] = {&opt_role,   &opt_format,     &opt_coordinator, &opt_key,
                                                          &opt_client, &opt_server_key, &opt_timeout,     NULL};

const struct opt_command command_keygen = {
    .name = "keygen",
    .group = "Keys",
    .summary = "Make a key pair; print the public half",
    .text =
        "FILE gets the pair and is readable by you alone; FILE.pub gets the public half. An existing file is never\n"
        "replaced.",
    .examples = "skein keygen ~/.config/skein/operator.key",
    .options = keygen_options,
    .arguments = {{"FILE", "Where the pair goes", 1, 1}},
    .run = run_keygen};
const struct opt_command command_agent_list = {.name = "agent list",
                                               .group = "Keys",
                                               .summary = "List agents and operators, and keys that tried to connect",
                                               .options = agent_options,
                                               .run = run_list};
const struct opt_command command_agent_accept = {
    .name = "agent accept",
    .group = "Keys",
    .summary = "Let a key in, under a name",
    .examples = "skein agent accept shop-eu 1a2b-3c4d-5e6f-7081\nskein agent accept alice alice.pub --role operator",
    .options = accept_options,
    .arguments = {{"NAME", "The name of the agent or operator", 1, 1},
                  {"KEY", "The public key (64 hex digits), a file that holds it, or a fingerprint of 'agent list'", 1,
                   1}},
    .run = run_accept};
const struct opt_command command_agent_revoke = {.name = "agent revoke",
                                                 .group = "Keys",
                                                 .summary = "Shut a key out, also if it is connected",
                                                 .options = agent_options,
                                                 .arguments = {{"NAME", "The name of the agent or operator", 1, 1}},
                                                 .run = run_revoke};
