/* status: the fleet, summed up and target by target. */
#include "coordinator/cli/commands.h"
#include "coordinator/cli/fleet.h"
#include "skein/os/clock.h"

static const struct opt_option opt_status_format = {.name = "format",
                                                    .type = OPT_CHOICE,
                                                    .value = "FORMAT",
                                                    .doc = "How to print; jsonl is one line a target",
                                                    .choices = "table|json|jsonl",
                                                    .fallback = "table"};
static const struct opt_option opt_summary = {.name = "summary", .doc = "Only the sums, not each target"};
static const struct opt_option opt_check = {.name = "check", .doc = "Exit with 3 unless every target is current"};

static json_t *json_target(const struct target_row *t)
{
    json_t *object =
        json_pack("{s:o, s:o, s:s, s:s, s:o, s:I, s:o}", "target", json_str(t->name), "agent", json_str(t->agent),
                  "engine", engine_name(t->engine), "status", target_status_name(t->status), "labels",
                  json_fleet_labels(&t->labels), "pending", (json_int_t)t->pending, "seen", json_time(t->seen_ms));
    json_object_set_new(object, "state", t->state_known ? json_dbstate(&t->state) : json_null());
    json_object_set_new(object, "problem", t->problem.len > 0 ? json_str(t->problem) : json_null());
    return object;
}

static json_t *json_summary(const struct msg_status_reply *r)
{
    json_t *counts = json_object();
    for (int i = TARGET_UNSET + 1; i < TARGET_STATUS_COUNT; i++)
        json_object_set_new(counts, target_status_name((enum target_status)i), json_integer((json_int_t)r->counts[i]));
    return json_pack("{s:I, s:o, s:I, s:I, s:I, s:I}", "targets", (json_int_t)r->total, "counts", counts, "agents",
                     (json_int_t)r->agents, "agents_connected", (json_int_t)r->agents_connected, "bundle",
                     (json_int_t)r->bundle, "revisions", (json_int_t)r->revisions);
}

static enum out_style status_style(enum target_status status)
{
    if (status == TARGET_CURRENT)
        return OUT_GREEN;
    return status == TARGET_BEHIND || status == TARGET_ACTIVE ? OUT_YELLOW : OUT_RED;
}

static void print_summary(const struct msg_status_reply *r)
{
    out_printf(stdout, "%llu target%s", (unsigned long long)r->total, r->total == 1 ? "" : "s");
    const char *between = ": ";
    for (int i = TARGET_UNSET + 1; i < TARGET_STATUS_COUNT; i++) {
        if (r->counts[i] == 0)
            continue;
        struct arena a = {0};
        enum target_status status = (enum target_status)i;
        fputs(between, stdout);
        out_styled(stdout, status_style(status),
                   str_printf(&a, "%llu %s", (unsigned long long)r->counts[i], target_status_name(status)));
        between = ", ";
        arena_release(&a);
    }
    out_printf(stdout, "\n%llu of %llu agents connected; ", (unsigned long long)r->agents_connected,
               (unsigned long long)r->agents);
    if (r->bundle == 0)
        out_printf(stdout, "no revisions were pushed yet\n");
    else
        out_printf(stdout, "bundle %llu with %llu revisions\n", (unsigned long long)r->bundle,
                   (unsigned long long)r->revisions);
}

static struct out_table *new_table(void)
{
    struct out_table *t = out_table_new();
    out_table_column(t, "TARGET", OUT_COLUMN_TEXT);
    out_table_column(t, "AGENT", OUT_COLUMN_TEXT);
    out_table_column(t, "ENGINE", OUT_COLUMN_TEXT);
    out_table_column(t, "STATUS", OUT_COLUMN_TEXT);
    out_table_column(t, "PENDING", OUT_COLUMN_NUMBER);
    out_table_column(t, "SEEN", OUT_COLUMN_TEXT);
    out_table_column(t, "LABELS", OUT_COLUMN_CUT);
    out_table_column(t, "STATE", OUT_COLUMN_CUT);
    return t;
}

static void add_row(struct client *c, struct out_table *t, const struct target_row *row)
{
    out_table_row(t);
    out_table_cell(t, row->name);
    out_table_cell(t, row->agent);
    out_table_cell(t, str_of(engine_name(row->engine)));
    out_table_cell(t, str_of(target_status_name(row->status)));
    out_table_cellf(t, "%lu", (unsigned long)row->pending);
    out_table_cell(t, fleet_ago(&c->arena, row->seen_ms, clock_wall_ms()));
    out_table_cell(t, fleet_labels(&c->arena, &row->labels));
    if (row->problem.len > 0)
        out_table_cell(t, row->problem);
    else
        out_table_cell(t, row->state_known ? dbstate_format(&c->arena, &row->state) : STR("unknown"));
}

/* Where the rows of all pages go. */
struct listing {
    json_t *json;
    struct out_table *table;
};

static void take_page(struct client *c, struct listing *l, const struct msg_status_reply *r)
{
    for (size_t i = 0; i < r->rows.count; i++) {
        if (c->form == OUT_FORM_TEXT)
            add_row(c, l->table, &r->rows.items[i]);
        else if (c->form == OUT_FORM_JSONL)
            out_json_line(json_target(&r->rows.items[i]));
        else
            json_array_append_new(l->json, json_target(&r->rows.items[i]));
    }
}

/* The first page has the sums. */
static bool fetch(struct client *c, struct listing *l, struct msg_status_reply *ret_first)
{
    struct msg request = {.kind = MSG_STATUS}, reply;
    client_selection(c, &request.status.selection);
    request.status.summary_only = opt_has(c->line, &opt_summary);
    for (bool first = true;; first = false) {
        if (!client_ask(c, &request, MSG_STATUS_REPLY, 0, &reply))
            return false;
        if (first) {
            *ret_first = reply.status_reply;
            if (c->form == OUT_FORM_TEXT)
                print_summary(ret_first);
        }
        take_page(c, l, &reply.status_reply);
        if (reply.status_reply.next <= request.status.page.offset)
            return true;
        request.status.page.offset = reply.status_reply.next;
    }
}

static int finish(struct client *c, struct listing *l, const struct msg_status_reply *first)
{
    if (c->form == OUT_FORM_TEXT && first->rows.count > 0) {
        putchar('\n');
        out_table_print(l->table);
        l->table = NULL;
    } else if (c->form == OUT_FORM_JSON) {
        out_json(json_pack("{s:o, s:O}", "summary", json_summary(first), "targets", l->json));
    } else if (c->form == OUT_FORM_JSONL) {
        out_json_line(json_pack("{s:o}", "summary", json_summary(first)));
    }
    bool current = first->counts[TARGET_CURRENT] == first->total;
    return opt_has(c->line, &opt_check) && !current ? err_exit_code(ERR_CHECK) : 0;
}

static int run_status(const struct opt_line *line)
{
    struct client c;
    struct msg_status_reply first = {0};
    if (!client_open(&c, line))
        return client_fail(&c);
    struct listing l = {.json = json_array(), .table = new_table()};
    bool ok = fetch(&c, &l, &first);
    int code = ok ? finish(&c, &l, &first) : 0;
    json_decref(l.json);
    out_table_free(l.table);
    if (!ok)
        return client_fail(&c);
    client_close(&c);
    return code;
}

static const struct opt_option *const status_options[] = {
    &opt_selector, &opt_summary, &opt_check,      &opt_status_format, &opt_coordinator,
    &opt_key,      &opt_client,  &opt_server_key, &opt_timeout,       NULL};
const struct opt_command command_status = {
    .name = "status",
    .group = "Fleet",
    .summary = "Show the fleet: the sums, and each target",
    .text = "A target is current, behind, active, unknown, unreadable, unreachable, undecided, quarantined or\n"
            "regressed. The exit code is 0 whatever they are, unless --check asks.",
    .examples = "skein status\nskein status 'shop/*' -l env=prod,tier!=free --format json\nskein status --check",
    .options = status_options,
    .arguments = {{"GLOB", "Only targets whose name fits one of these, for example 'shop/*'", 0, OPT_MANY}},
    .run = run_status};
