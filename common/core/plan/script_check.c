#include "skein/plan/script.h"
#include "skein/sql/classify.h"

static void check_statement(const struct script *s, const struct script_part *part, const struct statement *cut,
                            struct diag *diag)
{
    struct str sql = str_head(str_from(part->sql, cut->start), cut->len);
    struct str words = str_head(sql, str_find(str_head(sql, 60), '\n'));
    struct diag_at at = {s->path, part->line + cut->line - 1, 1};
    switch (statement_classify(s->engine, sql)) {
    case STATEMENT_TRANSACTION_CONTROL:
        diag_add(diag, DIAG_ERROR, "transaction_control", at,
                 "leave it out: every step runs in a transaction of its own "
                 "(or, with transaction:false, each statement by itself)",
                 "the script must not begin or end a transaction: %.*s", STR_ARG(words));
        break;
    case STATEMENT_NO_TRANSACTION:
        if (s->transactional)
            diag_add(diag, DIAG_ERROR, "needs_no_transaction", at,
                     "write transaction:false behind the section's marker, and nothing else into the section",
                     "%s refuses this statement inside a transaction: %.*s", engine_name(s->engine), STR_ARG(words));
        break;
    case STATEMENT_PLAIN:
        break;
    }
}

static void check_part(const struct script *s, const struct script_part *part, struct diag *diag)
{
    for (size_t i = 0; i < part->statements.list.count; i++)
        check_statement(s, part, &part->statements.list.items[i], diag);
}

void script_check(const struct script *s, struct diag *diag)
{
    check_part(s, &s->body, diag);
    check_part(s, &s->verify, diag);
    check_part(s, &s->probe, diag);
}
