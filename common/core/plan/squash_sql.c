/*
 * The statements of several revisions as one section each for up and down. Where every revision has the same section
 * for all engines, so has the result; else it has one for each engine that all of them serve. Without a way down
 * through one of them there is none through all.
 *
 * SQLite: `PRAGMA foreign_keys` counts at the beginning of a script only. It is moved there, for all of them; what a
 * statement leaves dangling that would have been caught is found by the check before the commit.
 */
#include "common/core/plan/squash_sql.h"

#include <string.h>
#include <strings.h>

#include "skein/sql/split.h"

struct joiner {
    struct arena *arena;
    const struct project *project;
    const struct nodes *members;
    struct err *err;
    /* of the section in the making */
    enum section_kind kind;
    enum engine engine;
    struct section section;
    struct strbuf text;
    struct str pragma;  /* the declaration that is moved to the beginning */
    size_t with_pragma; /* the member that it is from */
    bool every_statement_timeout;
};

static const struct revision *member(const struct joiner *j, size_t i)
{
    return j->project->nodes[j->members->list.items[i]];
}

/* --- what cannot be squashed ----------------------------------------------------------------------------------- */

static bool check_sections(struct joiner *j, const struct revision *r)
{
    for (size_t i = 0; i < r->sections.list.count; i++) {
        const struct section *s = &r->sections.list.items[i];
        if (s->transactional && !s->opaque)
            continue;
        err_kind(j->err, ERR_INPUT, "not_squashable", "revision '%.*s' has a section '%s' %s", STR_ARG(r->id),
                 section_kind_name(s->kind),
                 s->opaque ? "whose SQL is not known" : "without a transaction: it must stay a step of its own");
        err_origin(j->err, "%.*s:%u", STR_ARG(r->path), s->line > 0 ? s->line - 1 : 0);
        return err_hint(j->err, "squash up to the revision before it, and from the one after it");
    }
    return true;
}

/* --- one revision's part --------------------------------------------------------------------------------------- */

static struct str word_of(struct str s)
{
    size_t len = 0;
    while (len < s.len && ((s.p[len] >= 'a' && s.p[len] <= 'z') || (s.p[len] >= 'A' && s.p[len] <= 'Z') ||
                           s.p[len] == '_' || (s.p[len] >= '0' && s.p[len] <= '9')))
        len++;
    return str_head(s, len);
}

static bool is_word(struct str s, const char *word)
{
    return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

/* "PRAGMA foreign_keys = OFF": what it says behind the name. */
static bool is_foreign_keys(struct str statement, struct str *ret_value)
{
    struct str pragma = word_of(statement), rest = str_trim(str_from(statement, pragma.len));
    if (!is_word(pragma, "pragma") || !is_word(word_of(rest), "foreign_keys"))
        return false;
    rest = str_trim(str_from(rest, strlen("foreign_keys")));
    *ret_value = word_of(str_trim(str_from(rest, rest.len > 0)));
    return true;
}

static bool is_off(struct str value)
{
    return is_word(value, "off") || is_word(value, "0") || is_word(value, "false") || is_word(value, "no");
}

static bool cut(struct joiner *j, const struct revision *r, const struct section *s, struct statements *ret_cuts)
{
    enum engine engine = s->engine != ENGINE_UNSET ? s->engine : ENGINE_POSTGRESQL;
    if (sql_split(j->arena, engine, s->sql, ret_cuts, j->err))
        return true;
    if (s->engine == ENGINE_UNSET && sql_split(j->arena, ENGINE_SQLITE, s->sql, ret_cuts, j->err))
        return true;
    err_origin(j->err, "%.*s:%u", STR_ARG(r->path), s->line);
    return false;
}

/* Takes a statement and its semicolon out of the text; spaces stay in their place. */
static struct str without(struct joiner *j, struct str sql, const struct statement *s)
{
    size_t end = s->start + s->len;
    struct str rest = str_from(sql, end);
    struct str after = str_trim(rest);
    if (after.len > 0 && after.p[0] == ';')
        end = (size_t)(after.p - sql.p) + 1;
    return str_trim(str_printf(j->arena, "%.*s%.*s", STR_ARG(str_head(sql, s->start)), STR_ARG(str_from(sql, end))));
}

/* The declaration at the beginning, with the one that takes it back at the end, moves out of the part. */
static bool take_pragma(struct joiner *j, size_t i, struct statements *cuts, struct str *sql)
{
    struct str value, before, ignored;
    size_t count = cuts->list.count;
    struct statement first = count > 0 ? cuts->list.items[0] : (struct statement){0};
    if (count == 0 || !is_foreign_keys(str_head(str_from(*sql, first.start), first.len), &value))
        return true;
    struct str text = str_head(str_from(*sql, first.start), first.len);
    if (j->pragma.len > 0 && is_foreign_keys(j->pragma, &before) && is_off(before) != is_off(value)) {
        err_kind(j->err, ERR_INPUT, "not_squashable",
                 "revision '%.*s' wants foreign_keys on, '%.*s' off, or the other "
                 "way round: not in one transaction",
                 STR_ARG(member(j, i)->id), STR_ARG(member(j, j->with_pragma)->id));
        return err_hint(j->err, "squash them apart");
    }
    j->pragma = text;
    j->with_pragma = i;
    struct statement last = cuts->list.items[count - 1];
    if (count > 1 && is_foreign_keys(str_head(str_from(*sql, last.start), last.len), &ignored)) {
        *sql = without(j, *sql, &last);
        cuts->list.count--;
    }
    *sql = without(j, *sql, &first);
    return true;
}

/* The last statement must not run into the next part. */
static bool is_ended(struct str sql, const struct statements *cuts)
{
    if (cuts->list.count == 0)
        return true;
    struct str end = sql;
    while (end.len > 0 && strchr(" \t\r\n", end.p[end.len - 1]) != NULL)
        end.len--;
    struct str line = end;
    for (size_t at = str_find(line, '\n'); at < line.len; at = str_find(line, '\n'))
        line = str_from(line, at + 1);
    bool comment = false;
    for (size_t i = 0; i + 1 < line.len; i++)
        comment = comment || (line.p[i] == '-' && line.p[i + 1] == '-');
    return end.len > 0 && end.p[end.len - 1] == ';' && !comment;
}

static void add_timeouts(struct joiner *j, const struct section *s, bool blank)
{
    if (s->lock_timeout_ms > j->section.lock_timeout_ms)
        j->section.lock_timeout_ms = s->lock_timeout_ms;
    if (s->statement_timeout_ms == TIMEOUT_DEFAULT && !blank)
        j->every_statement_timeout = false;
    if (s->statement_timeout_ms > j->section.statement_timeout_ms)
        j->section.statement_timeout_ms = s->statement_timeout_ms;
}

static bool add_part(struct joiner *j, size_t i)
{
    const struct revision *r = member(j, i);
    const struct section *s = revision_section(r, j->kind, j->engine);
    struct statements cuts = {0};
    if (s == NULL)
        return true;
    struct str sql = s->sql;
    if (!cut(j, r, s, &cuts) || !take_pragma(j, i, &cuts, &sql))
        return false;
    add_timeouts(j, s, cuts.list.count == 0);
    if (sql.len == 0)
        return true;
    strbuf_printf(&j->text, "%s-- revision %.*s", j->text.len > 0 ? "\n" : "", STR_ARG(r->id));
    if (r->message.len > 0)
        strbuf_printf(&j->text, ": %.*s", STR_ARG(r->message));
    strbuf_putc(&j->text, '\n');
    strbuf_add(&j->text, sql);
    strbuf_puts(&j->text, is_ended(sql, &cuts) ? "\n" : "\n;\n");
    return true;
}

/* --- one section ----------------------------------------------------------------------------------------------- */

/* One section for all engines will do. */
static bool is_general(const struct joiner *j)
{
    for (size_t i = 0; i < j->members->list.count; i++)
        if (revision_section(member(j, i), j->kind, ENGINE_POSTGRESQL) !=
            revision_section(member(j, i), j->kind, ENGINE_SQLITE))
            return false;
    return true;
}

/* A revision that did nothing needs no way back; a merge needs no way up. */
static bool serves(const struct revision *r, enum section_kind kind, enum engine engine)
{
    const struct section *up = revision_section(r, SECTION_UP, engine);
    if (revision_section(r, kind, engine) != NULL)
        return true;
    if (kind == SECTION_UP)
        return !revision_has_section(r, SECTION_UP);
    return (up == NULL && !revision_has_section(r, SECTION_UP)) || (up != NULL && sql_is_blank(engine, up->sql));
}

static bool all_serve(const struct joiner *j, enum engine engine)
{
    for (size_t i = 0; i < j->members->list.count; i++)
        if (!serves(member(j, i), j->kind, engine))
            return false;
    return true;
}

static bool add_section(struct joiner *j, enum engine engine, enum engine read_as, struct revision *revision)
{
    size_t count = j->members->list.count;
    j->section = (struct section){.kind = j->kind,
                                  .engine = engine,
                                  .transactional = true,
                                  .lock_timeout_ms = TIMEOUT_DEFAULT,
                                  .statement_timeout_ms = TIMEOUT_DEFAULT};
    j->engine = read_as;
    j->pragma = STR("");
    j->every_statement_timeout = true;
    strbuf_clear(&j->text);
    for (size_t i = 0; i < count; i++)
        if (!add_part(j, j->kind == SECTION_UP ? i : count - 1 - i))
            return false;
    if (!j->every_statement_timeout)
        j->section.statement_timeout_ms = TIMEOUT_DEFAULT;
    struct str text = j->text.len > 0 ? strbuf_str(&j->text) : STR("");
    j->section.sql = str_trim(
        str_printf(j->arena, "%.*s%s%.*s", STR_ARG(j->pragma), j->pragma.len > 0 ? ";\n\n" : "", STR_ARG(text)));
    vec_push(j->arena, &revision->sections.list, j->section);
    return true;
}

static bool add_kind(struct joiner *j, enum section_kind kind, struct revision *revision, bool done[ENGINE_COUNT])
{
    bool postgresql, sqlite;
    j->kind = kind;
    done[ENGINE_POSTGRESQL] = postgresql = all_serve(j, ENGINE_POSTGRESQL);
    done[ENGINE_SQLITE] = sqlite = all_serve(j, ENGINE_SQLITE);
    if (postgresql && sqlite && is_general(j))
        return add_section(j, ENGINE_UNSET, ENGINE_POSTGRESQL, revision);
    return (!postgresql || add_section(j, ENGINE_POSTGRESQL, ENGINE_POSTGRESQL, revision)) &&
           (!sqlite || add_section(j, ENGINE_SQLITE, ENGINE_SQLITE, revision));
}

/* The last one's checks hold at the end; those of the others may not any more. */
static void add_verify(struct joiner *j, struct revision *revision)
{
    const struct revision *top = member(j, j->members->list.count - 1);
    for (size_t i = 0; i < top->sections.list.count; i++)
        if (top->sections.list.items[i].kind == SECTION_VERIFY)
            vec_push(j->arena, &revision->sections.list, top->sections.list.items[i]);
}

static bool fail_no_engine(struct joiner *j)
{
    err_kind(j->err, ERR_INPUT, "not_squashable", "there is no engine that all revisions of the range have SQL for");
    return err_hint(j->err, "squash a smaller range");
}

bool squash_sections(struct arena *a, const struct project *p, const struct nodes *members, struct revision *revision,
                     bool ret_irreversible[ENGINE_COUNT], struct err *err)
{
    struct joiner j = {.arena = a, .project = p, .members = members, .err = err};
    bool up[ENGINE_COUNT] = {0}, down[ENGINE_COUNT] = {0};
    for (size_t i = 0; i < members->list.count; i++)
        if (!check_sections(&j, member(&j, i)))
            return false;
    strbuf_init(&j.text, SIZE_MAX / 2);
    bool ok = add_kind(&j, SECTION_UP, revision, up) && add_kind(&j, SECTION_DOWN, revision, down);
    strbuf_release(&j.text);
    if (!ok)
        return false;
    if (!up[ENGINE_POSTGRESQL] && !up[ENGINE_SQLITE])
        return fail_no_engine(&j);
    add_verify(&j, revision);
    for (int engine = ENGINE_UNSET + 1; engine < ENGINE_COUNT; engine++)
        ret_irreversible[engine] = up[engine] && !down[engine];
    return true;
}
