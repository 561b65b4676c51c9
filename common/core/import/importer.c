#include "common/core/import/importer.h"

#include <stdarg.h>
#include <string.h>

#include "skein/base/names.h"
#include "skein/base/timestamp.h"
#include "skein/graph/revfile.h"
#include "skein/sql/classify.h"
#include "skein/sql/split.h"

static const char *const tool_names[IMPORT_TOOL_COUNT] = {"unset",          "dbmate", "goose",
                                                          "golang-migrate", "flyway", "sqitch"};

const char *import_tool_name(enum import_tool tool)
{
    return tool < IMPORT_TOOL_COUNT ? tool_names[tool] : "unset";
}

bool import_tool_parse(struct str name, enum import_tool *ret_tool)
{
    for (int i = IMPORT_UNSET + 1; i < IMPORT_TOOL_COUNT; i++)
        if (str_is(name, tool_names[i])) {
            *ret_tool = (enum import_tool)i;
            return true;
        }
    return false;
}

/* --- findings ------------------------------------------------------------------------------------------------------
 */

bool importer_bad(struct importer *im, struct import_place at, const char *hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(im->arena, format, args);
    va_end(args);
    diag_add(im->diag, DIAG_ERROR, "bad_migration", (struct diag_at){at.path, at.line, at.line > 0 ? 1 : 0}, hint, "%s",
             text);
    return false;
}

void importer_left_out(struct importer *im, struct str path, const char *why)
{
    diag_add(im->diag, DIAG_WARNING, "not_imported", (struct diag_at){.path = path}, NULL, "not imported: %s", why);
}

void importer_note(struct importer *im, struct import_revision *r, struct str note)
{
    if (str_ends(r->note, note))
        return;
    r->note = r->note.len == 0 ? note : str_printf(im->arena, "%.*s; %.*s", STR_ARG(r->note), STR_ARG(note));
}

/* --- texts ---------------------------------------------------------------------------------------------------------
 */

/* As revision files are read: CRs before an LF do not count. */
static struct str without_cr(struct arena *a, struct str bytes)
{
    if (memchr(bytes.p, '\r', bytes.len) == NULL)
        return bytes;
    char *text = arena_alloc(a, bytes.len);
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        while (bytes.p[i] == '\n' && len > 0 && text[len - 1] == '\r')
            len--;
        text[len++] = bytes.p[i];
    }
    return (struct str){text, len};
}

bool importer_text(struct importer *im, const struct import_file *file, struct str *ret_text)
{
    struct str bytes = file->bytes, mark = STR("\xef\xbb\xbf");
    struct diag_at at = {.path = file->path};
    size_t bad;
    if (file->problem != NULL) {
        diag_add(im->diag, DIAG_ERROR, "unreadable", at, NULL, "the file %s", file->problem);
        return false;
    }
    if (str_starts(bytes, mark))
        bytes = str_from(bytes, mark.len);
    if (bytes.len > 0 && memchr(bytes.p, '\0', bytes.len) != NULL) {
        diag_add(im->diag, DIAG_ERROR, "nul_byte", at, "save it as UTF-8 text", "the file has a NUL byte");
        return false;
    }
    if (!str_is_utf8(bytes, &bad)) {
        diag_add(im->diag, DIAG_ERROR, "not_utf8", at, "save it as UTF-8", "the file is not UTF-8 (byte %zu)", bad + 1);
        return false;
    }
    *ret_text = bytes.len > 0 ? without_cr(im->arena, bytes) : STR("");
    return true;
}

struct str importer_name(struct str path)
{
    for (size_t slash = str_find(path, '/'); slash < path.len; slash = str_find(path, '/'))
        path = str_from(path, slash + 1);
    return path;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct str importer_digits(struct str s)
{
    size_t len = 0;
    while (len < s.len && is_digit(s.p[len]))
        len++;
    return str_head(s, len);
}

struct str importer_number(struct str digits)
{
    while (digits.len > 1 && digits.p[0] == '0')
        digits = str_from(digits, 1);
    return digits;
}

int importer_number_cmp(struct str a, struct str b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return str_cmp(a, b);
}

/* --- placeholders --------------------------------------------------------------------------------------------------
 */

static bool find_value(const struct importer *im, struct str name, struct str *ret_value)
{
    for (size_t i = 0; i < im->in->placeholders.list.count; i++)
        if (str_eq(im->in->placeholders.list.items[i].name, name)) {
            *ret_value = im->in->placeholders.list.items[i].value;
            return true;
        }
    return false;
}

struct str importer_placeholders(struct importer *im, struct str text, struct str *ret_unknown)
{
    struct strbuf out;
    struct str value;
    *ret_unknown = STR("");
    strbuf_init(&out, REVFILE_MAX);
    while (text.len > 0) {
        size_t dollar = str_find(text, '$');
        strbuf_add(&out, str_head(text, dollar));
        text = str_from(text, dollar);
        size_t end = str_find(text, '}');
        if (!str_starts(text, STR("${")) || end == text.len) {
            strbuf_add(&out, str_head(text, 1));
            text = str_from(text, 1);
            continue;
        }
        struct str whole = str_head(text, end + 1), name = str_head(str_from(text, 2), end - 2);
        bool known = find_value(im, name, &value);
        if (!known && ret_unknown->len == 0)
            *ret_unknown = str_head(whole, 100);
        strbuf_add(&out, known ? value : whole);
        text = str_from(text, end + 1);
    }
    struct str result = str_copy(im->arena, strbuf_str(&out));
    if (out.overflow)
        *ret_unknown = STR("${...} (the text grows too large)");
    strbuf_release(&out);
    return result;
}

/* --- sections ------------------------------------------------------------------------------------------------------
 */

static struct section new_section(const struct importer *im, enum section_kind kind)
{
    return (struct section){.kind = kind,
                            .engine = im->in->engine,
                            .transactional = true,
                            .lock_timeout_ms = TIMEOUT_DEFAULT,
                            .statement_timeout_ms = TIMEOUT_DEFAULT};
}

void importer_opaque(struct importer *im, struct import_revision *r, enum section_kind kind, struct str reason)
{
    struct section s = new_section(im, kind);
    char *line = arena_copy(im->arena, reason.p, reason.len);
    for (size_t i = 0; i < reason.len; i++)
        if ((unsigned char)line[i] < ' ')
            line[i] = ' ';
    s.opaque = true;
    s.sql = str_printf(im->arena, "-- %.*s", (int)reason.len, line);
    vec_push(im->arena, &r->revision.sections.list, s);
}

static bool is_word(struct str s, const char *word)
{
    struct str w = str_of(word);
    if (s.len < w.len)
        return false;
    for (size_t i = 0; i < w.len; i++)
        if ((s.p[i] | 0x20) != w.p[i])
            return false;
    return s.len == w.len || s.p[w.len] == ' ' || s.p[w.len] == '\n' || s.p[w.len] == '\t';
}

static struct str trim_end(struct str s)
{
    while (s.len > 0 && strchr(" \t\r\n", s.p[s.len - 1]) != NULL)
        s.len--;
    return s;
}

/* Everything before the statement, and everything after it without its semicolon, stays: comments. */
static struct str cut_out(struct arena *a, struct str sql, const struct statement *s)
{
    struct str before = trim_end(str_head(sql, s->start)), after = str_trim(str_from(sql, s->start + s->len));
    if (after.len > 0 && after.p[0] == ';')
        after = str_trim(str_from(after, 1));
    return str_printf(a, "%.*s%s%.*s", STR_ARG(before), before.len > 0 ? "\n\n" : "", STR_ARG(after));
}

static struct str statement_text(struct str sql, const struct statement *s)
{
    return str_head(str_from(sql, s->start), s->len);
}

/* A transaction around everything is what a section is anyway. */
static struct str unwrap(struct arena *a, struct str sql, const struct statements *cuts, enum section_kind kind)
{
    if (cuts->list.count < 2)
        return sql;
    const struct statement *first = &cuts->list.items[0], *last = &cuts->list.items[cuts->list.count - 1];
    struct str begin = statement_text(sql, first), end = statement_text(sql, last);
    bool begins = is_word(begin, "begin") || is_word(begin, "start");
    bool ends = is_word(end, "commit") || is_word(end, "end") || (kind == SECTION_VERIFY && is_word(end, "rollback"));
    if (!begins || !ends || begin.len > 100 || end.len > 100)
        return sql;
    return cut_out(a, cut_out(a, sql, last), first); /* the last first: it moves nothing before it */
}

static bool cut(struct importer *im, struct str sql, enum engine *ret_engine, struct statements *ret_cuts)
{
    static const enum engine engines[] = {ENGINE_POSTGRESQL, ENGINE_SQLITE};
    struct err ignored = {0};
    for (size_t i = 0; i < 2; i++) {
        struct statements cuts = {0};
        *ret_engine = im->in->engine != ENGINE_UNSET ? im->in->engine : engines[i];
        if (sql_split(im->arena, *ret_engine, sql, &cuts, &ignored)) {
            *ret_cuts = cuts;
            return true;
        }
    }
    return false;
}

static bool needs_alone(enum engine engine, struct str sql, const struct statements *cuts)
{
    for (size_t i = 0; i < cuts->list.count; i++)
        if (statement_classify(engine, statement_text(sql, &cuts->list.items[i])) == STATEMENT_NO_TRANSACTION)
            return true;
    return false;
}

/* A line that begins a section in a revision file cannot stand inside one. */
static bool has_marker(struct str sql)
{
    struct str line;
    while (str_next(&sql, '\n', &line))
        if (str_starts(line, STR("--")) && str_starts(str_trim(str_from(line, 2)), STR("migrate:")))
            return true;
    return false;
}

/* Without empty lines at the start; the indentation of the first line stays. */
static struct str without_blank_lines(struct str sql)
{
    for (;;) {
        size_t end = str_find(sql, '\n');
        if (end == sql.len || str_trim(str_head(sql, end)).len > 0)
            break;
        sql = str_from(sql, end + 1);
    }
    return trim_end(sql);
}

void importer_section(struct importer *im, struct import_revision *r, enum section_kind kind, struct str sql,
                      enum importer_transaction transaction, struct import_place at)
{
    struct section s = new_section(im, kind);
    struct statements cuts;
    enum engine engine;
    if (has_marker(sql)) {
        importer_bad(im, at, "indent the line by a space", "a line begins with `-- migrate:`, which begins a section");
        return;
    }
    if (cut(im, sql, &engine, &cuts)) {
        struct str inner = unwrap(im->arena, sql, &cuts, kind);
        if (inner.p != sql.p && kind != SECTION_VERIFY)
            importer_note(im, r, STR("BEGIN and COMMIT left out"));
        s.transactional = transaction != IMPORTER_ALONE && !needs_alone(engine, sql, &cuts);
        sql = inner;
    } else {
        diag_add(im->diag, DIAG_WARNING, "bad_sql", (struct diag_at){at.path, at.line, 0},
                 "it will be refused when it is to be run", "the SQL cannot be cut into statements");
    }
    if (kind == SECTION_VERIFY && sql_is_blank(ENGINE_POSTGRESQL, sql))
        return;
    s.sql = without_blank_lines(sql);
    if (s.sql.len == 0 || kind == SECTION_VERIFY)
        s.transactional = true;
    vec_push(im->arena, &r->revision.sections.list, s);
}

/* --- revisions -----------------------------------------------------------------------------------------------------
 */

/* "20240102030405" */
static int64_t time_of(struct arena *a, struct str id)
{
    int64_t ms = 0;
    if (id.len != 14 || importer_digits(id).len != id.len)
        return 0;
    const char *d = str_cstr(a, id);
    struct str text = str_printf(a, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", d, d + 4, d + 6, d + 8, d + 10, d + 12);
    return timestamp_parse(text, &ms) ? ms : 0;
}

struct import_revision importer_revision(struct importer *im, struct str id, struct str words, struct str source)
{
    struct import_revision r = {.source = source, .revision = {.id = id, .created_ms = time_of(im->arena, id)}};
    char *message = arena_copy(im->arena, words.p, words.len);
    for (size_t i = 0; i < words.len; i++)
        if (message[i] == '_' || (unsigned char)message[i] < ' ')
            message[i] = ' ';
    r.revision.message = str_trim((struct str){message, words.len});
    return r;
}

void importer_chain(struct importer *im)
{
    for (size_t i = 1; i < im->set.list.count; i++)
        vec_push(im->arena, &im->set.list.items[i].revision.parents.list, im->set.list.items[i - 1].revision.id);
}

static bool is_plain(struct str s)
{
    size_t bad;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return str_is_utf8(s, &bad);
}

/* Ids that are too long or odd, and ids that two files have. */
static void check_ids(struct importer *im)
{
    for (size_t i = 0; i < im->set.list.count; i++) {
        const struct import_revision *r = &im->set.list.items[i];
        const char *problem = revision_id_problem(r->revision.id);
        if (!is_plain(r->source))
            importer_bad(im, (struct import_place){r->source, 0}, "rename it",
                         "the file's name is not plain UTF-8 text");
        if (problem != NULL)
            importer_bad(im, (struct import_place){r->source, 0},
                         "an id has 1 to 32 bytes, no white space and none of @ - + : and comma",
                         "its version '%.*s' cannot be an id: it %s", STR_ARG(str_head(r->revision.id, 80)), problem);
        if (i > 0 && str_eq(r->revision.id, im->set.list.items[i - 1].revision.id))
            diag_add(im->diag, DIAG_ERROR, "duplicate_version", (struct diag_at){.path = r->source},
                     "rename one of the two", "version %.*s is that of %.*s too", STR_ARG(r->revision.id),
                     STR_ARG(im->set.list.items[i - 1].source));
    }
}

bool import_read(struct arena *a, enum import_tool tool, const struct import_input *in, struct diag *diag,
                 struct import_set *ret_set)
{
    static importer_fn *const readers[IMPORT_TOOL_COUNT] = {[IMPORT_DBMATE] = import_dbmate,
                                                            [IMPORT_GOOSE] = import_goose,
                                                            [IMPORT_GOLANG_MIGRATE] = import_golang_migrate,
                                                            [IMPORT_FLYWAY] = import_flyway,
                                                            [IMPORT_SQITCH] = import_sqitch};
    struct importer im = {.arena = a, .in = in, .diag = diag};
    size_t before = diag->errors;
    if (!readers[tool](&im) || diag->errors > before)
        return false;
    check_ids(&im);
    importer_chain(&im);
    *ret_set = im.set;
    return diag->errors == before;
}
