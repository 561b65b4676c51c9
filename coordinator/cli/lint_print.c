#include "coordinator/cli/lint_print.h"

#include <string.h>

#include "coordinator/cli/out.h"

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- for people ---- */

static enum out_style style_of(enum lint_severity severity)
{
    if (severity == LINT_ERROR)
        return OUT_RED;
    return severity == LINT_WARNING ? OUT_YELLOW : OUT_DIM;
}

/* Every line of the text, indented. */
static void print_block(const char *label, struct str text)
{
    struct str rest = text, line;
    for (bool first = true; text.len > 0 && str_next(&rest, '\n', &line); first = false)
        out_printf(stdout, "    %-6s %.*s\n", first ? label : "", STR_ARG(line));
}

/* What is the same for all findings of a rule is said once; a grammar's error says all there is. */
static void print_finding(const struct lint_finding *f, bool *told)
{
    const struct lint_rule *rule = lint_rule_get(f->rule);
    out_printf(stdout, "%.*s:%u:%u: ", STR_ARG(f->path), f->line, f->column);
    out_styled(stdout, style_of(f->severity), str_of(lint_severity_name(f->severity)));
    out_printf(stdout, ": %.*s [%s]\n", STR_ARG(f->text), rule->id);
    if (f->severity == LINT_NOTICE || f->rule == RULE_SYNTAX_ERROR)
        return;
    if (f->lock != NULL)
        out_printf(stdout, "    lock:  %s%s%.*s\n", f->lock, f->table.len > 0 ? " on " : "", STR_ARG(f->table));
    if (!told[f->rule]) {
        print_block("why:", str_of(rule->why));
        print_block("safer:", str_of(rule->safer));
    }
    told[f->rule] = true;
    print_block("", f->safer);
}

static void print_summary(const struct lint_report *r)
{
    out_printf(stdout, "%zu revision%s", r->revisions, plural(r->revisions));
    if (r->models > 0)
        out_printf(stdout, " and %zu model file%s", r->models, plural(r->models));
    out_printf(stdout, " checked: %zu error%s, %zu warning%s, %zu notice%s\n", r->errors, plural(r->errors),
               r->warnings, plural(r->warnings), r->notices, plural(r->notices));
}

void lint_print_human(const struct lint_words *w)
{
    bool told[RULE_COUNT] = {false};
    for (size_t i = 0; i < w->report->list.count; i++)
        print_finding(&w->report->list.items[i], told);
    print_summary(w->report);
}

/* ---- for programs ---- */

static json_t *optional(struct str text)
{
    return text.len > 0 ? json_str(text) : json_null();
}

static json_t *json_finding(const struct lint_finding *f)
{
    const struct lint_rule *rule = lint_rule_get(f->rule);
    json_t *object = json_object();
    json_object_set_new(object, "rule", json_string(rule->id));
    json_object_set_new(object, "severity", json_string(lint_severity_name(f->severity)));
    json_object_set_new(object, "path", json_str(f->path));
    json_object_set_new(object, "line", json_integer(f->line));
    json_object_set_new(object, "column", json_integer(f->column));
    json_object_set_new(object, "message", json_str(f->text));
    json_object_set_new(object, "lock", optional(str_of(f->lock)));
    json_object_set_new(object, "table", optional(f->table));
    json_object_set_new(object, "why", json_string(rule->why));
    json_object_set_new(object, "safer", json_string(rule->safer));
    json_object_set_new(object, "sql", optional(f->safer));
    return object;
}

void lint_print_json(const struct lint_words *w)
{
    const struct lint_report *r = w->report;
    json_t *list = json_array();
    for (size_t i = 0; i < r->list.count; i++)
        json_array_append_new(list, json_finding(&r->list.items[i]));
    out_json(json_pack("{s:o, s:I, s:I, s:I, s:I, s:I}", "findings", list, "revisions", (json_int_t)r->revisions,
                       "models", (json_int_t)r->models, "errors", (json_int_t)r->errors, "warnings",
                       (json_int_t)r->warnings, "notices", (json_int_t)r->notices));
}

/* ---- SARIF: OASIS, Static Analysis Results Interchange Format 2.1.0 ---- */

static const char *level_of(enum lint_severity severity)
{
    return severity == LINT_NOTICE ? "note" : lint_severity_name(severity);
}

static json_t *sarif_text(const char *text)
{
    return json_pack("{s:s}", "text", text);
}

static json_t *sarif_rule(enum rule_id id)
{
    const struct lint_rule *rule = lint_rule_get(id);
    return json_pack("{s:s, s:o, s:o, s:o, s:{s:s}}", "id", rule->id, "shortDescription", sarif_text(rule->title),
                     "fullDescription", sarif_text(rule->why), "help", sarif_text(rule->safer), "defaultConfiguration",
                     "level", level_of(rule->severity));
}

/* A relative reference of RFC 3986: what is no letter, digit or one of these is escaped. */
static json_t *sarif_uri(struct str path)
{
    static const char plain[] = "-._~/";
    struct strbuf uri;
    strbuf_init(&uri, path.len * 3 + 1);
    for (size_t i = 0; i < path.len; i++) {
        char c = path.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || (c != '\0' && strchr(plain, c) != NULL))
            strbuf_putc(&uri, c);
        else
            strbuf_printf(&uri, "%%%02X", (unsigned)(unsigned char)c);
    }
    json_t *value = json_str(strbuf_str(&uri));
    strbuf_release(&uri);
    return value;
}

static json_t *sarif_result(const struct lint_finding *f)
{
    json_t *location =
        json_pack("{s:{s:{s:o, s:s}, s:{s:i, s:i}}}", "physicalLocation", "artifactLocation", "uri", sarif_uri(f->path),
                  "uriBaseId", "PROJECT", "region", "startLine", (int)f->line, "startColumn", (int)f->column);
    return json_pack("{s:s, s:i, s:s, s:{s:o}, s:[o]}", "ruleId", lint_rule_get(f->rule)->id, "ruleIndex",
                     (int)f->rule - 1, "level", level_of(f->severity), "message", "text", json_str(f->text),
                     "locations", location);
}

static json_t *sarif_base(struct str root)
{
    struct arena a = {0};
    json_t *path = sarif_uri(root);
    json_t *base = json_pack("{s:s}", "uri", arena_printf(&a, "file://%s/", json_string_value(path)));
    json_decref(path);
    arena_release(&a);
    return base;
}

void lint_print_sarif(const struct lint_words *w)
{
    json_t *rules = json_array(), *results = json_array();
    for (int id = RULE_UNSET + 1; id < RULE_COUNT; id++)
        json_array_append_new(rules, sarif_rule((enum rule_id)id));
    for (size_t i = 0; i < w->report->list.count; i++)
        json_array_append_new(results, sarif_result(&w->report->list.items[i]));
    json_t *run = json_pack("{s:{s:{s:s, s:s, s:o}}, s:o}", "tool", "driver", "name", "skein", "version", SKEIN_VERSION,
                            "rules", rules, "results", results);
    if (w->root.len > 0)
        json_object_set_new(run, "originalUriBaseIds", json_pack("{s:o}", "PROJECT", sarif_base(w->root)));
    out_json(json_pack("{s:s, s:s, s:[o]}", "$schema",
                       "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
                       "version", "2.1.0", "runs", run));
}

/* ---- the table of rules ---- */

static const char *engine_of(const struct lint_rule *rule)
{
    return rule->engine == ENGINE_UNSET ? "both" : engine_name(rule->engine);
}

void lint_print_rules(void)
{
    struct out_table *t = out_table_new();
    out_table_column(t, "RULE", OUT_COLUMN_TEXT);
    out_table_column(t, "SEVERITY", OUT_COLUMN_TEXT);
    out_table_column(t, "ENGINE", OUT_COLUMN_TEXT);
    out_table_column(t, "LOCK", OUT_COLUMN_TEXT);
    out_table_column(t, "FINDS", OUT_COLUMN_WRAP);
    for (int id = RULE_UNSET + 1; id < RULE_COUNT; id++) {
        const struct lint_rule *rule = lint_rule_get((enum rule_id)id);
        out_table_row(t);
        out_table_cell(t, str_of(rule->id));
        out_table_cell(t, str_of(lint_severity_name(rule->severity)));
        out_table_cell(t, str_of(engine_of(rule)));
        out_table_cell(t, str_of(rule->lock != NULL ? rule->lock : "-"));
        out_table_cell(t, str_of(rule->title));
    }
    out_table_print(t);
}

static void print_sql(struct str sql)
{
    struct str rest = sql, line;
    while (str_next(&rest, '\n', &line))
        printf("    %.*s\n", STR_ARG(line));
    putchar('\n');
}

static void print_markdown_rule(const struct lint_rule *rule)
{
    printf("## %s\n\n*%s* (%s, %s%s%s)\n\n%s\n\n", rule->id, rule->title, lint_severity_name(rule->severity),
           rule->engine == ENGINE_UNSET ? "both engines" : engine_name(rule->engine),
           rule->lock != NULL ? ", lock: " : "", rule->lock != NULL ? rule->lock : "", rule->why);
    if (rule->bad != NULL) {
        printf("Found:\n\n");
        print_sql(str_of(rule->bad));
    }
    printf("%s\n\n", rule->safer);
    if (rule->good != NULL)
        print_sql(str_of(rule->good));
}

static const char introduction[] =
    "# Lint: the rules\n"
    "\n"
    "Printed by `skein lint --rules --format markdown` from the program's own table; a test compares. How to run "
    "lint:\n"
    "`skein lint --help` and [cli.md](cli.md).\n"
    "\n"
    "An *error* cannot work or breaks what others own; a *warning* can hurt a database in use; a *notice* is worth a "
    "thought.\n"
    "In a section down warnings are notices, and what a downgrade loses is not reported. `skein lint` ends with exit "
    "code 3 when\n"
    "there is a finding of `--fail-on` (error) or above; syntax errors are findings like the others.\n"
    "\n"
    "A comment switches rules off, with a reason. Above the first section it leaves the checksum of the revision as it "
    "is:\n"
    "\n"
    "    -- skein:lint off drop_table, drop_column: these were never used\n"
    "\n"
    "For the one statement below it (this one counts for the checksum, as all text of a section does):\n"
    "\n"
    "    -- skein:lint ignore set_not_null: the table has ten rows\n"
    "    ALTER TABLE countries ALTER COLUMN name SET NOT NULL;\n"
    "\n"
    "The revisions are read in the order in which they are applied, so tables that the same section makes are free of "
    "the\n"
    "rules about locks, and types and constraints of earlier revisions are known. Only text is read: no rule knows "
    "how\n"
    "large a table is. A statement of more than 64 KiB is checked for its grammar and its first words only.\n\n";

void lint_print_markdown(void)
{
    fputs(introduction, stdout);
    printf("| rule | severity | engine | lock | finds |\n|---|---|---|---|---|\n");
    for (int id = RULE_UNSET + 1; id < RULE_COUNT; id++) {
        const struct lint_rule *rule = lint_rule_get((enum rule_id)id);
        printf("| [%s](#%s) | %s | %s | %s | %s |\n", rule->id, rule->id, lint_severity_name(rule->severity),
               engine_of(rule), rule->lock != NULL ? rule->lock : "", rule->title);
    }
    putchar('\n');
    for (int id = RULE_UNSET + 1; id < RULE_COUNT; id++)
        print_markdown_rule(lint_rule_get((enum rule_id)id));
}
