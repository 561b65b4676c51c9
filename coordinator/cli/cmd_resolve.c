/* resolve: answers what only a person can know about a target of the fleet, or about one database. */
#include "coordinator/cli/client.h"
#include "coordinator/cli/commands.h"
#include "coordinator/cli/migrating.h"
#include "coordinator/cli/planning.h"

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

static int resolve_target(const struct opt_line *line)
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

/* The plan that the step belongs to: up to it, or down from it and nothing else. */
static bool plan_undecided(struct local *l, const struct undecided *step, struct plan *ret_plan)
{
    int module = project_find_module(&l->project, step->module);
    size_t node = module >= 0 ? project_find_node(&l->project, (size_t)module, step->revision) : SIZE_MAX;
    if (node == SIZE_MAX) {
        err_kind(&l->err, ERR_STATE, "unknown_revision",
                 "the undecided step is revision '%.*s' of %.*s, which the project does not have",
                 STR_ARG(step->revision), STR_ARG(step->module));
        return err_hint(&l->err, "get the revision files that were applied, then try again");
    }
    const struct names *parents = &l->project.nodes[node]->parents;
    struct str target = step->revision;
    if (step->direction == DIRECTION_DOWN)
        target = str_printf(&l->arena, "%.*s@%.*s", STR_ARG(step->revision),
                            STR_ARG(parents->list.count > 0 ? parents->list.items[0] : STR("base")));
    struct plan_request request = {.command = step->direction == DIRECTION_DOWN ? PLAN_DOWNGRADE : PLAN_UPGRADE,
                                   .module = step->module};
    vec_push(&l->arena, &request.targets.list, target);
    return planning_build(l, &request, ret_plan);
}

static bool find_undecided(struct local *l, struct undecided *ret_step)
{
    bool found;
    if (!migrate_find_undecided(&l->arena, l->db, &found, ret_step, &l->err))
        return false;
    return found ||
           err_kind(&l->err, ERR_STATE, "nothing_undecided", "no step of %.*s is undecided", STR_ARG(l->db->name));
}

static bool resolve_step(struct local *l, enum resolution_kind answer, struct undecided *ret_step)
{
    struct plan plan;
    struct migrate_options options;
    struct migrate_report report;
    if (answer == RESOLVE_ACCEPT)
        return err_set(&l->err, ERR_USAGE, "--accept is for targets of the fleet");
    if (!local_connect(l, DB_ACCESS_WRITE) || !find_undecided(l, ret_step) || !plan_undecided(l, ret_step, &plan))
        return false;
    migrating_options(l, &options);
    migrate_resolve(&l->arena, l->db, &plan, answer == RESOLVE_APPLIED ? RESOLUTION_APPLIED : RESOLUTION_NOT_APPLIED,
                    &options, &report);
    l->err = report.err;
    return report.outcome == OUTCOME_APPLIED;
}

static int resolve_database(const struct opt_line *line)
{
    struct local l;
    enum resolution_kind answer;
    struct undecided step;
    if (!local_open(&l, line) || !read_answer(line, &answer, &l.err) || !resolve_step(&l, answer, &step))
        return local_fail(&l);
    struct str text =
        str_printf(&l.arena, "%s of revision %.*s of %.*s counts as %s", direction_name(step.direction),
                   STR_ARG(step.revision), STR_ARG(step.module), answer == RESOLVE_APPLIED ? "applied" : "not applied");
    if (l.form == OUT_FORM_JSON)
        out_json(json_pack("{s:o}", "ok", json_str(text)));
    else
        out_note("%.*s", STR_ARG(text));
    local_close(&l);
    return 0;
}

static int run_resolve(const struct opt_line *line)
{
    return opt_argument(line, 0) != NULL ? resolve_target(line) : resolve_database(line);
}

static const struct opt_option *const resolve_options[] = {
    &opt_applied,    &opt_not_applied, &opt_accept,          &opt_database, &opt_schema,
    &opt_project,    &opt_wait,        &opt_coordinator,     &opt_key,      &opt_client,
    &opt_server_key, &opt_timeout,     &opt_connect_timeout, &opt_format,   NULL};
const struct opt_command command_resolve = {
    .name = "resolve",
    .group = "Fleet",
    .summary = "Answer what only a person can know about a target or a database",
    .text =
        "A step outside a transaction can be left undecided when its process dies: look into the database, then say\n"
        "whether it took effect. --accept takes a copied, moved or restored database as the target it is now.\n"
        "Without TARGET the answer is for the database of --database.",
    .examples = "skein resolve shop/t07 --not-applied\nskein resolve --applied --database postgresql:///app",
    .options = resolve_options,
    .arguments = {{"TARGET", "The target's name, as 'skein status' shows it", 0, 1}},
    .run = run_resolve};
