/* What a script may not rely on: one runs in many databases, in skein's transaction, and may have to be taken back. */
#include <string.h>

#include "common/core/lint/check.h"
#include "skein/sql/classify.h"
#include "skein/sql/token.h"

enum { LOCK_TIMEOUT_LONG_MS = 10000, WORDS_SHOWN = 60, NAME_MAX_BYTES = 63 };

/* ---- settings, roles, names ---- */

static void check_set(struct check *c, const struct act *act)
{
    bool off = str_is(act->name, "lock_timeout") && str_is(act->other, "0");
    if (str_is(act->name, "search_path"))
        report_finding(c, RULE_SEARCH_PATH, STR(""), STR(""),
                       "the statements after this one land in another schema than the target's");
    else if (off)
        report_finding(c, RULE_LONG_LOCK_TIMEOUT, STR(""), STR(""),
                       "statements wait for locks without end, and others wait behind them");
    else if ((act->flags & ACT_LOCAL) == 0)
        report_finding(c, RULE_SESSION_SETTING, STR(""), STR(""),
                       "%.*s stays set for the steps and tenants that come after", STR_ARG(act->name));
}

static void check_public(struct check *c, const struct act *act)
{
    if (c->told_public || !str_is(act->schema, "public") || c->engine != ENGINE_POSTGRESQL)
        return;
    c->told_public = true;
    report_finding(c, RULE_PUBLIC_SCHEMA, STR(""), STR(""),
                   "public.%.*s is the same table for every schema that is migrated", STR_ARG(act->table));
}

/* A literal of this text in a later statement. */
static void check_enum_value(struct check *c, const struct act *act)
{
    struct str literal = str_printf(c->arena, "'%.*s'", STR_ARG(act->other));
    const struct step *end = c->steps->list.items + c->steps->list.count, *adding = c->step;
    for (const struct step *s = adding + 1; s < end && c->section->transactional; s++)
        if (memmem(s->text.p, s->text.len, literal.p, literal.len) != NULL) {
            c->step = s;
            report_finding(c, RULE_ENUM_VALUE_USED, STR(""), STR(""),
                           "%.*s is used in the transaction that adds it to %.*s", STR_ARG(literal),
                           STR_ARG(act->name));
            c->step = adding;
            return;
        }
}

void rules_scripts(struct check *c, const struct act *act)
{
    check_public(c, act);
    if (act->kind == ACT_SET)
        check_set(c, act);
    else if (act->kind == ACT_ADD_ENUM_VALUE)
        check_enum_value(c, act);
    else if (act->kind == ACT_SERVER)
        report_finding(c, RULE_WHOLE_SERVER, STR(""), STR(""),
                       "roles, databases and settings of a server are shared by its targets");
    else if (act->kind == ACT_ROLE && act->name.len > 0)
        report_finding(c, RULE_ROLE_NAME, STR(""), STR(""), "the role %.*s has to exist on every server",
                       STR_ARG(act->name));
}

/* ---- the statement as such ---- */

/* PostgreSQL's NAMEDATALEN - 1. */
static void check_names(struct check *c)
{
    size_t at = 0;
    for (struct token t = token_next(c->engine, c->step->text, &at); t.kind != TOKEN_END;
         t = token_next(c->engine, c->step->text, &at)) {
        if ((t.kind != TOKEN_WORD && t.kind != TOKEN_NAME) || t.text.len <= NAME_MAX_BYTES)
            continue;
        struct str name = token_name(c->arena, c->engine, &t);
        if (name.len > NAME_MAX_BYTES)
            report_finding(c, RULE_LONG_NAME, STR(""), STR(""), "PostgreSQL cuts this name after 63 bytes: %.*s",
                           STR_ARG(name));
    }
}

void rules_statement(struct check *c)
{
    if (c->engine == ENGINE_POSTGRESQL)
        check_names(c);
    struct str sql = c->step->text, words = str_head(sql, str_find(str_head(sql, WORDS_SHOWN), '\n'));
    switch (statement_classify(c->engine, sql)) {
    case STATEMENT_TRANSACTION_CONTROL:
        report_finding(c, RULE_TRANSACTION_CONTROL, STR(""), STR(""),
                       "the script must not begin or end a transaction: %.*s", STR_ARG(words));
        break;
    case STATEMENT_NO_TRANSACTION:
        if (c->section->transactional)
            report_finding(c, RULE_NEEDS_NO_TRANSACTION, STR(""), STR(""), "%s refuses this inside a transaction: %.*s",
                           engine_name(c->engine), STR_ARG(words));
        break;
    case STATEMENT_PLAIN:
        break;
    }
}

/* ---- the section ---- */

/* skein has a probe of its own for one index that is made or dropped concurrently. */
static bool has_built_in_probe(const struct check *c)
{
    const struct acts *acts = &c->steps->list.items[0].acts;
    size_t indexes = 0;
    for (size_t i = 0; i < acts->list.count; i++)
        indexes += acts->list.items[i].thing == THING_INDEX && (acts->list.items[i].flags & ACT_CONCURRENTLY) != 0 &&
                   (acts->list.items[i].flags & ACT_CASCADE) == 0 && acts->list.items[i].name.len > 0;
    return c->steps->list.count == 1 && indexes == 1;
}

static void check_alone(struct check *c)
{
    size_t count = c->steps->list.count;
    if (count > 1) {
        c->step = &c->steps->list.items[1];
        report_finding(c, RULE_NOT_ALONE, STR(""), STR(""),
                       "%zu statements without a transaction: when one fails, those before it stay", count);
    }
    c->step = &c->steps->list.items[0];
    if (revision_section(c->revision, SECTION_PROBE, c->engine) == NULL && !has_built_in_probe(c))
        report_finding(c, RULE_NO_PROBE, STR(""), STR(""), "after a crash nobody can tell whether this was done");
}

void rules_section(struct check *c)
{
    int64_t timeout = c->section->lock_timeout_ms;
    if (c->steps->list.count == 0)
        return;
    if (!c->section->transactional)
        check_alone(c);
    c->step = &c->steps->list.items[0];
    if (timeout != TIMEOUT_DEFAULT && (timeout == 0 || timeout > LOCK_TIMEOUT_LONG_MS) && c->section->transactional)
        report_finding(c, RULE_LONG_LOCK_TIMEOUT, STR(""), STR(""),
                       "statements may wait %s for a lock, and others wait behind them",
                       timeout == 0 ? "without end" : arena_printf(c->arena, "%lld s", (long long)timeout / 1000));
}
