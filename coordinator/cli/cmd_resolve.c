/* resolve: answers what only a person can know about a target of the fleet, or about one database. */
#include "coordinator/cli/client.h"
#include "coordinator/cli/commands.h"

static const struct opt_option opt_applied = {.name = "applied", .doc = "The undecided step did take effect"};
static const struct opt_option opt_not_applied = {.name = "not-applied",
                                                  .doc = "The undecided step did not take effect"};
static const struct opt_option opt_accept = {.name = "accept",
                                             .doc = "A target that is quarantined or regressed is right as it is now"};

static const struct {
    const struct opt_option *option;
    enum resolution_kind kind;
} answers[] = {
    {&opt_applied, RESOLVE_APPLIED},
    {&opt_not_applied, RESOLVE_NOT_APPLIED},
    {&opt_accept, RESOLVE_ACCEPT},
};

/* Exactly one answer. */
static bool read_answer(const struct opt_line *line, enum resolution_kind *ret_kind, struct err *err)
{
    size_t given = 0;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        if (opt_has(line, answers[i].option)) {
            *ret_kind = answers[i].kind;
            given++;
        }
    return given == 1 || err_set(err, ERR_USAGE, "one of --applied, --not-applied and --accept is needed");
}

static int run_resolve(const struct opt_line *line)
{
    struct client c = {.line = line};
    struct msg request = {.kind = MSG_RESOLVE}, reply;
    request.resolve.target = str_of(opt_argument(line, 0));
    if (!read_answer(line, &request.resolve.resolution, &c.err) || !client_open(&c, line) ||
        !client_ask(&c, &request, MSG_OK, 0, &reply))
        return client_fail(&c);
    if (c.form == OUT_FORM_JSON)
        out_json(json_pack("{s:o}", "ok", json_str(reply.ok.text)));
    else
        out_note("%.*s", STR_ARG(reply.ok.text));
    client_close(&c);
    return 0;
}

static const struct opt_option *const resolve_options[] = {
    &opt_applied, &opt_not_applied, &opt_accept,     &opt_format,  &opt_coordinator,
    &opt_key,     &opt_client,      &opt_server_key, &opt_timeout, NULL};
const struct opt_command command_resolve = {
    .name = "resolve",
    .group = "Fleet",
    .summary = "Answer what only a person can know about a target",
    .text =
        "A step outside a transaction can be left undecided when its process dies: look into the database, then say\n"
        "whether it took effect. --accept takes a copied, moved or restored database as the target it is now.",
    .options = resolve_options,
    .arguments = {{"TARGET", "The target's name, as 'skein status' shows it", 1, 1}},
    .run = run_resolve};
