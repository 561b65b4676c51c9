/*
 * A plan as one SQL script, like Alembic's --sql: for a person to read or run. It keeps the version tables;
 * the ledger is not written, since nothing here proves what was run.
 */
#include <stdio.h>

#include "coordinator/cli/planning.h"
#include "skein/base/names.h"

/* A step that changes PRAGMA foreign_keys cannot stand inside a transaction that is already open. */
static bool stands_alone(const struct script *s)
{
    if (s == NULL)
        return false;
    struct str text = str_trim(s->body.sql), pragma = STR("PRAGMA foreign_keys");
    return !s->transactional || (s->engine == ENGINE_SQLITE && str_starts(text, pragma));
}

/* SQL's own quoting of texts; both engines read it so. */
static void literal(struct str text)
{
    putchar('\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == '\'')
            putchar('\'');
        putchar(text.p[i]);
    }
    putchar('\'');
}

static struct str table_of(struct local *l, struct str module)
{
    struct str table = version_table_name(&l->arena, module);
    const char *schema = opt_value(l->line, &opt_schema);
    if (schema == NULL)
        return table;
    return str_printf(&l->arena, "%.*s.%.*s", STR_ARG(db_quote_name(&l->arena, str_of(schema))), STR_ARG(table));
}

static void print_table(struct local *l, struct str module)
{
    struct str table = table_of(l, module);
    struct str key = version_key_name(&l->arena, version_table_name(&l->arena, module));
    printf("CREATE TABLE IF NOT EXISTS %.*s (\n"
           "    version_num VARCHAR(32) NOT NULL,\n"
           "    CONSTRAINT %.*s PRIMARY KEY (version_num)\n"
           ");\n\n",
           STR_ARG(table), STR_ARG(key));
}

static void print_row(struct local *l, const struct row_change *row)
{
    struct str table = table_of(l, row->module);
    if (row->kind == ROW_INSERT) {
        printf("INSERT INTO %.*s (version_num) VALUES (", STR_ARG(table));
        literal(row->to);
        puts(");");
        return;
    }
    if (row->kind == ROW_UPDATE) {
        printf("UPDATE %.*s SET version_num=", STR_ARG(table));
        literal(row->to);
    } else {
        printf("DELETE FROM %.*s", STR_ARG(table));
    }
    printf(" WHERE version_num = ");
    literal(row->from);
    puts(";");
}

static void print_statements(const struct script *s)
{
    const struct script_part *body = &s->body;
    for (size_t i = 0; i < body->statements.list.count; i++) {
        const struct statement *st = &body->statements.list.items[i];
        printf("%.*s;\n\n", (int)st->len, body->sql.p + st->start);
    }
    if (s->verify.statements.list.count > 0)
        puts("-- the verify section is run by skein only\n");
}

static void print_step(struct local *l, const struct plan_step *step, const struct script *script)
{
    static const char *const verbs[] = {
        [DIRECTION_UP] = "upgrade", [DIRECTION_DOWN] = "downgrade", [DIRECTION_STAMP] = "stamp"};
    const char *verb = verbs[step->direction];
    printf("-- Running %s ", verb);
    out_clean(stdout, planning_sentence(l, step));
    puts("\n");
    if (script != NULL)
        print_statements(script);
    for (size_t i = 0; i < step->rows.list.count; i++)
        print_row(l, &step->rows.list.items[i]);
    putchar('\n');
}

/* The version tables of the modules that the plan changes, each once. */
static void print_tables(struct local *l, const struct plan *plan)
{
    for (size_t m = 0; m < l->project.modules.list.count; m++)
        for (size_t i = 0; i < plan->steps.list.count; i++)
            if (str_eq(plan->steps.list.items[i].module, local_module_name(l, m))) {
                print_table(l, local_module_name(l, m));
                break;
            }
}

static const char *begin_word(enum engine engine)
{
    return engine == ENGINE_SQLITE ? "BEGIN IMMEDIATE;\n" : "BEGIN;\n";
}

bool planning_print_sql(struct local *l, const struct plan *plan)
{
    const struct script **scripts = NULL;
    if (!planning_scripts(l, plan, &scripts))
        return false;
    if (plan->steps.list.count == 0) {
        puts("-- Nothing to do");
        return true;
    }
    bool each = opt_has(l->line, &opt_per_revision);
    const char *schema = opt_value(l->line, &opt_schema);
    if (schema != NULL && plan->engine == ENGINE_POSTGRESQL)
        printf("SET search_path TO %.*s;\n\n", STR_ARG(db_quote_name(&l->arena, str_of(schema))));
    puts(begin_word(plan->engine));
    print_tables(l, plan);
    for (size_t i = 0; i < plan->steps.list.count; i++) {
        bool alone = stands_alone(scripts[i]), last = i + 1 == plan->steps.list.count;
        bool ends = each || last || script_ends_transaction(scripts[i]);
        if (alone)
            puts("COMMIT;\n");
        print_step(l, &plan->steps.list.items[i], scripts[i]);
        if (ends && !alone)
            puts(last && !each ? "COMMIT;" : "COMMIT;\n");
        if ((alone || ends) && !last)
            puts(begin_word(plan->engine));
    }
    return true;
}
