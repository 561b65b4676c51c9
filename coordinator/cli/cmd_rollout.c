/* rollout start | list | show | cancel. */
#include <string.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/fleet.h"
#include "coordinator/cli/rollout.h"
#include "skein/os/clock.h"
#include "skein/os/random.h"

static const struct opt_option opt_parallel = {.name = "parallel",
                                               .type = OPT_NUMBER,
                                               .value = "N",
                                               .doc =
                                                   "How many targets at the same time; 0 for no limit but the agents'",
                                               .fallback = "0"};
static const struct opt_option opt_max_failures = {.name = "max-failures",
                                                   .type = OPT_NUMBER,
                                                   .value = "N",
                                                   .doc = "Halt when more than this many targets have failed",
                                                   .fallback = "0"};
static const struct opt_option opt_watch = {
    .name = "watch", .letter = 'w', .doc = "Stay and watch it, as 'rollout watch' does"};
static const struct opt_option opt_downgrade = {.name = "downgrade", .doc = "Go down to the target revision, not up"};
static const struct opt_option opt_problems = {.name = "problems", .doc = "Only targets that did not go well"};
static const struct opt_option opt_stream = {.name = "format",
                                             .type = OPT_CHOICE,
                                             .value = "FORMAT",
                                             .doc = "How to print; jsonl is a stream, one change a line",
                                             .choices = "table|json|jsonl",
                                             .fallback = "table"};

json_t *json_rollout(const struct rollout_row *r)
{
    json_t *counts = json_object();
    for (int i = OP_UNSET + 1; i < OP_STATE_COUNT; i++)
        json_object_set_new(counts, op_state_name((enum op_state)i), json_integer((json_int_t)r->counts[i]));
    struct arena a = {0};
    json_t *object = json_pack("{s:o, s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:I, s:I}", "rollout", json_str(r->id),
                               "status", rollout_status_name(r->status), "goal",
                               json_str(fleet_goal_text(&a, &r->goal)), "selector", json_str(r->goal.selection.labels),
                               "globs", json_names(&r->goal.selection.globs), "targets", (json_int_t)r->total, "counts",
                               counts, "created", json_time(r->created_ms), "ended", json_time(r->ended_ms), "parallel",
                               (json_int_t)r->parallel, "max_failures", (json_int_t)r->max_failures);
    json_object_set_new(object, "reason", r->reason.len > 0 ? json_str(r->reason) : json_null());
    json_object_set_new(object, "principal", json_str(r->principal));
    arena_release(&a);
    return object;
}

json_t *json_op(const struct op_row *op)
{
    json_t *object =
        json_pack("{s:o, s:o, s:s, s:b, s:I, s:I, s:I, s:o, s:o}", "target", json_str(op->target), "agent",
                  json_str(op->agent), "state", op_state_name(op->state), "unreachable", op->unreachable, "retries",
                  (json_int_t)op->tries, "step", (json_int_t)op->step, "steps", (json_int_t)op->steps, "sentence",
                  json_str(op->sentence), "updated", json_time(op->updated_ms));
    json_object_set_new(object, "error", op->err.code != ERR_UNSET ? json_err(&op->err) : json_null());
    return object;
}

int rollout_exit_code(enum rollout_status status)
{
    if (status == ROLLOUT_PARTIAL)
        return err_exit_code(ERR_PARTIAL);
    if (status == ROLLOUT_HALTED || status == ROLLOUT_CANCELLED)
        return err_exit_code(ERR_HALTED);
    return 0;
}

static struct str short_id(struct str id)
{
    return str_head(id, 12);
}

static void print_plan_steps(const struct plan *plan)
{
    for (size_t i = 0; i < plan->steps.list.count; i++) {
        const struct plan_step *step = &plan->steps.list.items[i];
        out_printf(stdout, "    %s %.*s %.*s%s\n", direction_name(step->direction), STR_ARG(step->module),
                   STR_ARG(step->revision), step->transactional ? "" : " (outside a transaction)");
    }
}

static void print_group(struct client *c, const struct plan_group *g)
{
    struct str before = dbstate_format(&c->arena, &g->before);
    const char *engine = engine_name(g->engine);
    out_printf(stdout, "%llu target%s on %s at %.*s", (unsigned long long)g->targets, g->targets == 1 ? "" : "s",
               engine, STR_ARG(before));
    if (g->names.list.count > 0)
        out_printf(stdout, " (%.*s%s)", STR_ARG(g->names.list.items[0]), g->targets > 1 ? ", ..." : "");
    if (g->refused)
        out_printf(stdout, ": no plan: %s\n", g->err.text);
    else if (g->plan.steps.list.count == 0)
        out_printf(stdout, ": nothing to do\n");
    else
        out_printf(stdout, ": %zu step%s\n", g->plan.steps.list.count, g->plan.steps.list.count == 1 ? "" : "s");
    if (!g->refused)
        print_plan_steps(&g->plan);
}

static json_t *json_group(const struct plan_group *g)
{
    json_t *object =
        json_pack("{s:I, s:o, s:s, s:o}", "targets", (json_int_t)g->targets, "names", json_names(&g->names), "engine",
                  engine_name(g->engine), "before", json_dbstate(&g->before));
    json_object_set_new(object, g->refused ? "error" : "plan",
                        g->refused ? json_err(&g->err) : json_fleet_plan(&g->plan));
    return object;
}

static void print_match(struct client *c, const struct goal *goal, const struct msg_plan_reply *r)
{
    out_printf(stdout, "%.*s: %llu target%s", STR_ARG(fleet_goal_text(&c->arena, goal)), (unsigned long long)r->total,
               r->total == 1 ? "" : "s");
    if (r->unknown > 0)
        out_printf(stdout, ", of which the state of %llu is not known", (unsigned long long)r->unknown);
    out_printf(stdout, "\n");
}

/* What a rollout with this goal would do; exit code 4 when some targets cannot be planned. */
static int rollout_plan(struct client *c, const struct goal *goal)
{
    struct msg request = {.kind = MSG_PLAN}, reply;
    request.plan.goal = *goal;
    if (!client_ask(c, &request, MSG_PLAN_REPLY, 0, &reply))
        return client_fail(c);
    const struct msg_plan_reply *r = &reply.plan_reply;
    json_t *groups = json_array();
    bool refused = false;
    if (c->form == OUT_FORM_TEXT)
        print_match(c, goal, r);
    for (size_t i = 0; i < r->groups.count; i++) {
        refused |= r->groups.items[i].refused;
        json_array_append_new(groups, json_group(&r->groups.items[i]));
        if (c->form == OUT_FORM_TEXT)
            print_group(c, &r->groups.items[i]);
    }
    if (c->form == OUT_FORM_JSON)
        out_json(json_pack("{s:I, s:I, s:O, s:I}", "targets", (json_int_t)r->total, "unknown", (json_int_t)r->unknown,
                           "groups", groups, "dropped", (json_int_t)r->dropped));
    json_decref(groups);
    client_close(c);
    return refused ? err_exit_code(ERR_PARTIAL) : 0;
}

static int run_plan_fleet(const struct opt_line *line)
{
    struct client c;
    struct goal goal;
    if (!client_open(&c, line) || !fleet_goal(&c, &goal))
        return client_fail(&c);
    return rollout_plan(&c, &goal);
}

static bool start(struct client *c, const struct goal *goal, struct msg_rollout *ret_rollout)
{
    struct msg request = {.kind = MSG_ROLLOUT_START}, reply;
    struct msg_rollout_start *s = &request.rollout_start;
    s->goal = *goal;
    s->parallel = opt_number(c->line, &opt_parallel, 0);
    s->max_failures = opt_number(c->line, &opt_max_failures, 0);
    s->options.transaction_per_revision = opt_has(c->line, &opt_per_revision);
    s->options.lock_timeout_ms = opt_has(c->line, &opt_lock_timeout) ? opt_duration(c->line, &opt_lock_timeout, 0) : 0;
    s->options.statement_timeout_ms = opt_duration(c->line, &opt_statement_timeout, 0);
    random_bytes(s->id.bytes, sizeof(s->id.bytes));
    if (!client_ask(c, &request, MSG_ROLLOUT, 0, &reply))
        return false;
    *ret_rollout = reply.rollout;
    return true;
}

static int run_start(const struct opt_line *line)
{
    struct client c;
    struct goal goal;
    struct msg_rollout rollout;
    if (!client_open(&c, line) || !fleet_goal(&c, &goal))
        return client_fail(&c);
    if (opt_has(line, &opt_dry_run))
        return rollout_plan(&c, &goal);
    if (!start(&c, &goal, &rollout))
        return client_fail(&c);
    const struct rollout_row *r = &rollout.rollout;
    if (c.form == OUT_FORM_TEXT) {
        out_printf(stdout, "%.*s\n", STR_ARG(r->id));
        fflush(stdout);
        out_note("rollout %.*s: %.*s on %llu target%s", STR_ARG(short_id(r->id)),
                 STR_ARG(fleet_goal_text(&c.arena, &goal)), (unsigned long long)r->total, r->total == 1 ? "" : "s");
    }
    if (opt_has(line, &opt_watch))
        return rollout_watch(&c, r->id);
    if (c.form == OUT_FORM_TEXT)
        out_note("'skein rollout watch %.*s' follows it", STR_ARG(short_id(r->id)));
    else
        (c.form == OUT_FORM_JSON ? out_json : out_json_line)(json_rollout(r));
    client_close(&c);
    return 0;
}

static uint64_t count_done(const struct rollout_row *r)
{
    return r->counts[OP_APPLIED] + r->counts[OP_ALREADY_APPLIED];
}

static uint64_t count_open(const struct rollout_row *r)
{
    return r->counts[OP_PENDING] + r->counts[OP_OFFERED] + r->counts[OP_CLOSING];
}

static void print_list(struct client *c, const struct msg_rollouts *list)
{
    struct out_table *t = out_table_new();
    out_table_column(t, "ROLLOUT", OUT_COLUMN_TEXT);
    out_table_column(t, "STATUS", OUT_COLUMN_TEXT);
    out_table_column(t, "GOAL", OUT_COLUMN_TEXT);
    out_table_column(t, "TARGETS", OUT_COLUMN_NUMBER);
    out_table_column(t, "DONE", OUT_COLUMN_NUMBER);
    out_table_column(t, "OPEN", OUT_COLUMN_NUMBER);
    out_table_column(t, "NOT WELL", OUT_COLUMN_NUMBER);
    out_table_column(t, "BY", OUT_COLUMN_TEXT);
    out_table_column(t, "STARTED", OUT_COLUMN_TEXT);
    for (size_t i = 0; i < list->rows.count; i++) {
        const struct rollout_row *r = &list->rows.items[i];
        out_table_row(t);
        out_table_cell(t, short_id(r->id));
        out_table_cell(t, str_of(rollout_status_name(r->status)));
        out_table_cell(t, fleet_goal_text(&c->arena, &r->goal));
        out_table_cellf(t, "%llu", (unsigned long long)r->total);
        out_table_cellf(t, "%llu", (unsigned long long)count_done(r));
        out_table_cellf(t, "%llu", (unsigned long long)count_open(r));
        out_table_cellf(t, "%llu", (unsigned long long)(r->total - count_done(r) - count_open(r)));
        out_table_cell(t, r->principal);
        out_table_cell(t, fleet_ago(&c->arena, r->created_ms, clock_wall_ms()));
    }
    out_table_print(t);
}

static int run_list(const struct opt_line *line)
{
    struct client c;
    struct msg request = {.kind = MSG_ROLLOUT_LIST}, reply;
    struct msg_rollouts all = {0};
    if (!client_open(&c, line))
        return client_fail(&c);
    do {
        if (!client_ask(&c, &request, MSG_ROLLOUTS, 0, &reply))
            return client_fail(&c);
        for (size_t i = 0; i < reply.rollouts.rows.count; i++)
            vec_push(&c.arena, &all.rows, reply.rollouts.rows.items[i]);
        if (reply.rollouts.next <= request.rollout_list.page.offset)
            break;
        request.rollout_list.page.offset = reply.rollouts.next;
    } while (true);
    if (c.form == OUT_FORM_JSON) {
        json_t *rows = json_array();
        for (size_t i = 0; i < all.rows.count; i++)
            json_array_append_new(rows, json_rollout(&all.rows.items[i]));
        out_json(json_pack("{s:o}", "rollouts", rows));
    } else {
        print_list(&c, &all);
    }
    client_close(&c);
    return 0;
}

static void print_rollout(struct client *c, const struct rollout_row *r)
{
    out_printf(stdout, "Rollout %.*s\n  goal     %.*s\n  status   %s: %s\n", STR_ARG(r->id),
               STR_ARG(fleet_goal_text(&c->arena, &r->goal)), rollout_status_name(r->status),
               rollout_status_sentence(r->status));
    if (r->reason.len > 0)
        out_printf(stdout, "  reason   %.*s\n", STR_ARG(r->reason));
    out_printf(stdout, "  targets  %llu", (unsigned long long)r->total);
    const char *between = ": ";
    for (int i = OP_UNSET + 1; i < OP_STATE_COUNT; i++)
        if (r->counts[i] > 0) {
            out_printf(stdout, "%s%llu %s", between, (unsigned long long)r->counts[i], op_state_name((enum op_state)i));
            between = ", ";
        }
    out_printf(stdout, "\n\n");
}

static void print_ops(const struct msg_rollout *all)
{
    struct out_table *t = out_table_new();
    out_table_column(t, "TARGET", OUT_COLUMN_TEXT);
    out_table_column(t, "AGENT", OUT_COLUMN_TEXT);
    out_table_column(t, "STATE", OUT_COLUMN_TEXT);
    out_table_column(t, "STEP", OUT_COLUMN_NUMBER);
    out_table_column(t, "RETRIES", OUT_COLUMN_NUMBER);
    out_table_column(t, "WHAT", OUT_COLUMN_CUT);
    for (size_t i = 0; i < all->ops.count; i++) {
        const struct op_row *op = &all->ops.items[i];
        out_table_row(t);
        out_table_cell(t, op->target);
        out_table_cell(t, op->agent);
        out_table_cellf(t, "%s%s", op_state_name(op->state), op->unreachable ? " (unreachable)" : "");
        out_table_cellf(t, "%lu/%lu", (unsigned long)op->step, (unsigned long)op->steps);
        out_table_cellf(t, "%lu", (unsigned long)op->tries);
        out_table_cell(t, op->err.code != ERR_UNSET ? str_of(op->err.text) : op->sentence);
    }
    out_table_print(t);
}

static int run_show(const struct opt_line *line)
{
    struct client c;
    struct msg request = {.kind = MSG_ROLLOUT_SHOW}, reply;
    struct msg_rollout all = {0};
    request.rollout_show.rollout = str_of(opt_argument(line, 0));
    request.rollout_show.problems_only = opt_has(line, &opt_problems);
    if (!client_open(&c, line))
        return client_fail(&c);
    do {
        if (!client_ask(&c, &request, MSG_ROLLOUT, 0, &reply))
            return client_fail(&c);
        all.rollout = reply.rollout.rollout;
        for (size_t i = 0; i < reply.rollout.ops.count; i++)
            vec_push(&c.arena, &all.ops, reply.rollout.ops.items[i]);
        if (reply.rollout.next <= request.rollout_show.page.offset)
            break;
        request.rollout_show.page.offset = reply.rollout.next;
    } while (true);
    if (c.form == OUT_FORM_JSON) {
        json_t *object = json_rollout(&all.rollout), *ops = json_array();
        for (size_t i = 0; i < all.ops.count; i++)
            json_array_append_new(ops, json_op(&all.ops.items[i]));
        json_object_set_new(object, "operations", ops);
        out_json(object);
    } else {
        print_rollout(&c, &all.rollout);
        print_ops(&all);
    }
    client_close(&c);
    return 0;
}

static int run_cancel(const struct opt_line *line)
{
    struct client c;
    struct msg request = {.kind = MSG_ROLLOUT_CANCEL}, reply;
    request.rollout_cancel.rollout = str_of(opt_argument(line, 0));
    if (!client_open(&c, line) || !client_ask(&c, &request, MSG_ROLLOUT, 0, &reply))
        return client_fail(&c);
    const struct rollout_row *r = &reply.rollout.rollout;
    if (c.form == OUT_FORM_JSON)
        out_json(json_rollout(r));
    else
        out_note("rollout %.*s %s", STR_ARG(short_id(r->id)), rollout_status_sentence(r->status));
    client_close(&c);
    return 0;
}

static int run_watch(const struct opt_line *line)
{
    struct client c;
    if (!client_open(&c, line))
        return client_fail(&c);
    return rollout_watch(&c, str_of(opt_argument(line, 0)));
}

#define CONNECTION &opt_coordinator, &opt_key, &opt_client, &opt_server_key, &opt_timeout

static const struct opt_option *const start_options[] = {&opt_all,
                                                         &opt_extension,
                                                         &opt_target,
                                                         &opt_downgrade,
                                                         &opt_cascade,
                                                         &opt_selector,
                                                         &opt_dry_run,
                                                         &opt_parallel,
                                                         &opt_max_failures,
                                                         &opt_watch,
                                                         &opt_per_revision,
                                                         &opt_lock_timeout,
                                                         &opt_statement_timeout,
                                                         &opt_stream,
                                                         CONNECTION,
                                                         NULL};
static const struct opt_option *const plan_options[] = {
    &opt_all, &opt_extension, &opt_target, &opt_downgrade, &opt_cascade, &opt_selector, &opt_format, CONNECTION, NULL};
static const struct opt_option *const read_options[] = {&opt_format, CONNECTION, NULL};
static const struct opt_option *const show_options[] = {&opt_problems, &opt_format, CONNECTION, NULL};
static const struct opt_option *const watch_options[] = {&opt_stream, CONNECTION, NULL};

const struct opt_command command_plan_fleet = {
    .name = "plan fleet",
    .group = "Fleet",
    .summary = "Show what a rollout would do, without starting it",
    .text = "Targets in one state share one plan. The exit code is 4 when some of them cannot be planned.",
    .examples = "skein plan fleet --all -l env=prod",
    .options = plan_options,
    .arguments = {{"GLOB", "Only targets whose name fits one of these", 0, OPT_MANY}},
    .run = run_plan_fleet};
const struct opt_command command_rollout_start = {
    .name = "rollout start",
    .group = "Fleet",
    .summary = "Move many targets to a revision; print the rollout's id",
    .text = "Works on the targets that the globs and the selector choose, or on the whole fleet. Without --target: to\n"
            "the head. The rollout halts when more than --max-failures targets have failed.",
    .examples = "skein rollout start --all -l env=staging --watch\n"
                "skein rollout start --extension billing --target head 'shop/*' --dry-run",
    .options = start_options,
    .arguments = {{"GLOB", "Only targets whose name fits one of these", 0, OPT_MANY}},
    .run = run_start};
const struct opt_command command_rollout_watch = {
    .name = "rollout watch",
    .group = "Fleet",
    .summary = "Follow a rollout to its end",
    .text = "One line for each target that did not go well, and a bar on a terminal. The exit code says how it ended:\n"
            "0 done, 4 some targets failed, 5 halted or cancelled.",
    .options = watch_options,
    .arguments = {{"ROLLOUT", "Its id or the beginning of it; the newest when not given", 0, 1}},
    .run = run_watch};
const struct opt_command command_rollout_list = {.name = "rollout list",
                                                 .group = "Fleet",
                                                 .summary = "List rollouts, newest first",
                                                 .options = read_options,
                                                 .run = run_list};
const struct opt_command command_rollout_show = {
    .name = "rollout show",
    .group = "Fleet",
    .summary = "Show a rollout, target by target",
    .options = show_options,
    .arguments = {{"ROLLOUT", "Its id or the beginning of it; the newest when not given", 0, 1}},
    .run = run_show};
const struct opt_command command_rollout_cancel = {
    .name = "rollout cancel",
    .group = "Fleet",
    .summary = "Stop a rollout: what has not committed will not",
    .options = read_options,
    .arguments = {{"ROLLOUT", "Its id or the beginning of it; the newest when not given", 0, 1}},
    .run = run_cancel};
