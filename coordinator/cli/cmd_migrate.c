/* upgrade, downgrade, stamp: changes one database, by the same code as the agents. */
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/cli/commands.h"
#include "coordinator/cli/migrating.h"
#include "coordinator/cli/planning.h"
#include "skein/os/random.h"

/* How often a plan is made anew when somebody else changed the database between reading and locking. */
enum { REPLAN_MAX = 5 };

/* Set by SIGINT and SIGTERM: the migration stops between statements and rolls back. */
static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = ask_to_stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

struct move {
    struct local *local;
    enum plan_command command;
    struct plan plan;
    struct migrate_report report;
};

static void say_started(void *user, size_t step, const struct plan_step *what)
{
    static const char *const verbs[] = {
        [DIRECTION_UP] = "upgrade", [DIRECTION_DOWN] = "downgrade", [DIRECTION_STAMP] = "stamp"};
    struct move *m = user;
    (void)step;
    bool core = str_is(what->module, "core");
    out_printf(stderr, "Running %s %.*s%s%.*s%s\n", verbs[what->direction], STR_ARG(planning_sentence(m->local, what)),
               core ? "" : " [", core ? 0 : (int)what->module.len, what->module.p, core ? "" : "]");
}

static void say_waiting(void *user, const char *sentence)
{
    (void)user;
    out_note("%s", sentence);
}

static bool is_cancelled(void *user)
{
    (void)user;
    return stop_asked != 0;
}

static struct str user_name(struct arena *a)
{
    enum { ENTRY_MAX = 16384 };
    struct passwd entry, *found = NULL;
    char *space = arena_alloc(a, ENTRY_MAX);
    if (getpwuid_r(geteuid(), &entry, space, ENTRY_MAX, &found) == 0 && found != NULL)
        return str_of(entry.pw_name);
    return str_printf(a, "uid %u", (unsigned)geteuid());
}

void migrating_options(struct local *l, struct migrate_options *ret_options)
{
    struct migrate_options *o = ret_options;
    migrate_options_init(o);
    o->attempt = random_hex(&l->arena, 16);
    o->principal = user_name(&l->arena);
    o->transaction_per_revision = opt_has(l->line, &opt_per_revision);
    o->run_lock_wait_ms = opt_duration(l->line, &opt_wait, o->run_lock_wait_ms);
    o->lock_timeout_ms = opt_duration(l->line, &opt_lock_timeout, o->lock_timeout_ms);
    o->statement_timeout_ms = opt_duration(l->line, &opt_statement_timeout, o->statement_timeout_ms);
}

static bool apply(struct move *m)
{
    struct local *l = m->local;
    const struct script **scripts = NULL;
    struct migrate_options options;
    const struct migrate_observer observer = {
        .step_started = say_started, .waiting = say_waiting, .cancelled = is_cancelled, .user = m};
    migrating_options(l, &options);
    if (!planning_scripts(l, &m->plan, &scripts))
        return false;
    migrate_apply(&l->arena, l->db, &m->plan, scripts, &options, &observer, &m->report);
    return true;
}

static bool is_success(enum outcome outcome)
{
    return outcome == OUTCOME_APPLIED || outcome == OUTCOME_ALREADY_APPLIED;
}

/* Plans and applies, again while others change the database in between. */
static bool move(struct move *m, const struct plan_request *request)
{
    for (int i = 0; i < REPLAN_MAX; i++) {
        if (!planning_build(m->local, request, &m->plan))
            return false;
        if (m->plan.steps.list.count == 0) {
            m->report = (struct migrate_report){
                .outcome = OUTCOME_ALREADY_APPLIED, .state = m->plan.before, .state_known = true};
            return true;
        }
        if (!apply(m))
            return false;
        if (m->report.outcome != OUTCOME_STATE_CHANGED)
            break;
        out_note("%.*s was changed by somebody else meanwhile, planning again", STR_ARG(m->local->db->name));
    }
    if (is_success(m->report.outcome))
        return true;
    m->local->err = m->report.err;
    if (m->local->err.code == ERR_UNSET)
        err_kind(&m->local->err, ERR_STATE, outcome_name(m->report.outcome), "the database %s",
                 outcome_sentence(m->report.outcome));
    return false;
}

bool migrating_apply(struct local *l, const struct plan_request *request, size_t *ret_steps)
{
    struct move m = {.local = l, .command = request->command};
    catch_signals();
    bool moved = move(&m, request);
    if (moved)
        *ret_steps = m.report.steps_applied;
    return moved;
}

static json_t *json_report(const struct move *m)
{
    const struct local *l = m->local;
    json_t *object = json_pack("{s:s, s:I}", "outcome", outcome_name(m->report.outcome), "steps_applied",
                               (json_int_t)m->report.steps_applied);
    json_object_set_new(object, "state", m->report.state_known ? json_state(l, &m->report.state) : json_null());
    json_object_set_new(object, "plan", json_plan(l, &m->plan));
    return object;
}

static void say_done(const struct move *m)
{
    struct local *l = m->local;
    if (l->form == OUT_FORM_JSON) {
        out_json(json_report(m));
        return;
    }
    size_t steps = m->report.steps_applied;
    struct str at = dbstate_format(&l->arena, m->plan.steps.list.count > 0 ? &m->plan.after : &m->plan.before);
    if (steps == 0)
        out_note("%.*s is at %.*s: nothing to do", STR_ARG(l->db->name), STR_ARG(at));
    else
        out_note("%.*s is at %.*s now: %zu step%s", STR_ARG(l->db->name), STR_ARG(at), steps, steps == 1 ? "" : "s");
}

/* What is true now: the question after every failure. */
static int fail(struct move *m)
{
    struct local *l = m->local;
    if (m->report.outcome == OUTCOME_UNSET || is_success(m->report.outcome))
        return local_fail(l);
    if (l->form == OUT_FORM_JSON) {
        json_t *object = json_report(m);
        json_object_set_new(object, "error", json_err(&l->err));
        out_json(object);
    } else {
        out_err(&l->err);
        struct str at =
            m->report.state_known ? dbstate_format(&l->arena, &m->report.state) : STR("a state that could not be read");
        out_note("%.*s %s; it is at %.*s", STR_ARG(l->db->name), outcome_sentence(m->report.outcome), STR_ARG(at));
    }
    int code = err_exit_code(l->err.code);
    local_close(l);
    return code;
}

/* Without a database: `A:B` as target says where to start, else --from, else base. */
static bool plan_offline(struct local *l, struct plan_request *request, struct plan *ret_plan)
{
    struct dbstate state = {0};
    enum engine engine;
    struct str *target = &request->targets.list.items[0];
    struct str start = str_head(*target, str_find(*target, ':'));
    if (local_is_offline(l) && !local_state(l, &state))
        return false;
    if (start.len < target->len) {
        struct view v = local_view(l, (size_t)project_find_module(&l->project, request->module));
        struct nodes nodes = {0};
        struct names rows = {0};
        if (!target_resolve(&l->arena, &v, start, &nodes, &l->err))
            return false;
        for (size_t i = 0; i < nodes.list.count; i++)
            vec_push(&l->arena, &rows.list, l->project.nodes[nodes.list.items[i]]->id);
        dbstate_set(&l->arena, &state, request->module, &rows);
        *target = str_from(*target, start.len + 1);
    }
    return local_engine(l, &engine) && plan_build(&l->arena, &l->project, &state, engine, request, ret_plan, &l->err);
}

static int print_only(struct local *l, struct plan_request *request)
{
    struct plan plan;
    bool offline = opt_has(l->line, &opt_sql);
    if (!(offline ? plan_offline(l, request, &plan) : planning_build(l, request, &plan)) || !planning_print(l, &plan))
        return local_fail(l);
    local_close(l);
    return 0;
}

static int run_move(const struct opt_line *line, enum plan_command command, const char *fallback, enum db_access access)
{
    struct local l;
    struct plan_request request;
    struct move m = {.local = &l, .command = command};
    if (!local_open(&l, line) || !planning_request(&l, command, fallback, &request))
        return local_fail(&l);
    if (opt_has(line, &opt_sql) || opt_has(line, &opt_dry_run))
        return print_only(&l, &request);
    if (local_is_offline(&l)) {
        err_set(&l.err, ERR_USAGE, "--from needs --sql or --dry-run: a database says itself what it is at");
        return local_fail(&l);
    }
    catch_signals();
    if (!local_connect(&l, access))
        return local_fail(&l);
    if (!move(&m, &request))
        return fail(&m);
    say_done(&m);
    local_close(&l);
    return 0;
}

static int run_upgrade(const struct opt_line *line)
{
    return run_move(line, PLAN_UPGRADE, "head", DB_ACCESS_CREATE);
}

static int run_downgrade(const struct opt_line *line)
{
    return run_move(line, PLAN_DOWNGRADE, NULL, DB_ACCESS_WRITE);
}

static int run_stamp(const struct opt_line *line)
{
    return run_move(line, PLAN_STAMP, NULL, DB_ACCESS_CREATE);
}

static const struct opt_option *const upgrade_options[] = {&opt_database,     &opt_extension,
                                                           &opt_all,          &opt_target,
                                                           &opt_project,      &opt_schema,
                                                           &opt_script_role,  &opt_dry_run,
                                                           &opt_sql,          &opt_from,
                                                           &opt_engine,       &opt_per_revision,
                                                           &opt_lock_timeout, &opt_statement_timeout,
                                                           &opt_wait,         &opt_connect_timeout,
                                                           &opt_format,       NULL};
static const struct opt_option *const downgrade_options[] = {&opt_database,
                                                             &opt_extension,
                                                             &opt_all,
                                                             &opt_target,
                                                             &opt_cascade,
                                                             &opt_project,
                                                             &opt_schema,
                                                             &opt_script_role,
                                                             &opt_dry_run,
                                                             &opt_sql,
                                                             &opt_from,
                                                             &opt_engine,
                                                             &opt_per_revision,
                                                             &opt_lock_timeout,
                                                             &opt_statement_timeout,
                                                             &opt_wait,
                                                             &opt_connect_timeout,
                                                             &opt_format,
                                                             NULL};
static const struct opt_option *const stamp_options[] = {
    &opt_database, &opt_extension,       &opt_all,    &opt_target, &opt_purge,  &opt_project,
    &opt_schema,   &opt_dry_run,         &opt_sql,    &opt_from,   &opt_engine, &opt_lock_timeout,
    &opt_wait,     &opt_connect_timeout, &opt_format, NULL};

const struct opt_command command_upgrade = {
    .name = "upgrade",
    .group = "One database",
    .summary = "Bring a database up to a revision",
    .text = "Without a revision: to the head. All steps run in one transaction: a failure leaves the database as it\n"
            "was (except for sections marked transaction:false). A SQLite file that is not there is created.\n"
            "\n"
            "--sql prints the script instead and connects to nothing; A:B as revision says where it starts.",
    .examples = "skein upgrade --database sqlite:///app.db\n"
                "skein upgrade --all --dry-run\n"
                "skein upgrade --extension billing --target +1\n"
                "skein upgrade a1:head --sql --engine postgresql",
    .options = upgrade_options,
    .arguments = {{"REV", "The target revision; head when not given", 0, 1}},
    .run = run_upgrade};
const struct opt_command command_downgrade = {
    .name = "downgrade",
    .group = "One database",
    .summary = "Take a database down to a revision",
    .text =
        "What other modules have that depends on a revision to go is in the way, and named, unless --cascade takes\n"
        "it down first. A revision without a down section cannot be left.",
    .examples = "skein downgrade -1\nskein downgrade base --extension billing\nskein downgrade --all --target base",
    .options = downgrade_options,
    .arguments = {{"REV", "The target revision", 0, 1}},
    .run = run_downgrade};
const struct opt_command command_stamp = {
    .name = "stamp",
    .group = "One database",
    .summary = "Write revisions into the version table without running anything",
    .text = "--purge empties the table first: the only way past a row that the project does not know.",
    .examples = "skein stamp head\nskein stamp base --purge",
    .options = stamp_options,
    .arguments = {{"REV", "The revisions", 0, OPT_MANY}},
    .run = run_stamp};
