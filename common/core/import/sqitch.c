/*
 * Sqitch: `sqitch.plan` lists the changes in their order, one a line, with tags between; every change has scripts
 * deploy/NAME.sql, revert/NAME.sql and verify/NAME.sql. A change that was reworked after a tag appears again; the
 * scripts of its earlier self are NAME@TAG.sql.
 *
 *     %project=flipr
 *     %uri=https://example.com/flipr/
 *
 *     users 2024-01-02T03:04:05Z Ann <ann@example.com> # Creates users.
 *     flips [users !old other:thing] 2024-01-03T03:04:05Z Ann <ann@example.com>
 *     @v1.0 2024-01-04T03:04:05Z Ann <ann@example.com> # First release.
 *
 * A change's id is SHA-1 over these facts and its parent's id; the revision's are its first 12 digits. Tags become
 * labels. Dependencies inside the plan hold by its order; others are noted.
 */
#include <string.h>

#include "common/core/import/importer.h"
#include "common/core/import/psql.h"
#include "common/core/import/sha1.h"
#include "skein/base/index.h"
#include "skein/base/timestamp.h"

enum { ID_DIGITS = 12, NOTE_MAX = 200 };

struct change {
    struct str name, note, planner, time, id, parent;
    struct names requires, conflicts, tags;
    unsigned line;
    size_t again; /* the number of the change that reworks it; SIZE_MAX if none */
};

struct plan {
    struct importer *im;
    struct str path, project, uri;
    struct {
        VEC(struct change) list;
    } changes;
    struct index names; /* the last change of a name */
    struct index files;
    unsigned line;
};

static struct import_place here(const struct plan *p)
{
    return (struct import_place){p->path, p->line};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* --- lines of the plan ---------------------------------------------------------------------------------------------
 */

/* "\n", "\r" and "\\" as Sqitch writes them into notes. */
static struct str unescape(struct arena *a, struct str s)
{
    char *text = arena_copy(a, s.p, s.len);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        char next = i + 1 < s.len ? s.p[i + 1] : '\0';
        bool escaped = s.p[i] == '\\' && (next == 'n' || next == 'r' || next == '\\');
        text[len++] = !escaped ? s.p[i] : next == 'n' ? '\n' : next == 'r' ? '\r' : '\\';
        i += escaped;
    }
    return (struct str){text, len};
}

/* The note goes off the line. */
static struct str take_note(struct arena *a, struct str *line)
{
    size_t hash = str_find(*line, '#');
    struct str note = hash < line->len ? str_trim(str_from(*line, hash + 1)) : STR("");
    *line = str_trim(str_head(*line, hash));
    return note.len > 0 ? unescape(a, note) : note;
}

static struct str take_word(struct str *line)
{
    size_t len = 0;
    while (len < line->len && !is_blank(line->p[len]) && line->p[len] != '[')
        len++;
    struct str word = str_head(*line, len);
    *line = str_trim(str_from(*line, len));
    return word;
}

static void add_once(struct arena *a, struct names *names, struct str name)
{
    for (size_t i = 0; i < names->list.count; i++)
        if (str_eq(names->list.items[i], name))
            return;
    vec_push(a, &names->list, name);
}

/* "[users !old flipr:thing@v1]". A project's own prefix is not part of a name. */
static bool take_dependencies(struct plan *p, struct str *line, struct change *c)
{
    struct str own = str_printf(p->im->arena, "%.*s:", STR_ARG(p->project));
    if (line->len == 0 || line->p[0] != '[')
        return true;
    size_t end = str_find(*line, ']');
    if (end == line->len)
        return importer_bad(p->im, here(p), "close the list of dependencies with ]", "a [ without ]");
    struct str rest = str_head(str_from(*line, 1), end - 1);
    *line = str_trim(str_from(*line, end + 1));
    while ((rest = str_trim(rest)).len > 0) {
        struct str word = take_word(&rest);
        bool conflict = str_starts(word, STR("!"));
        if (word.len == 0)
            return importer_bad(p->im, here(p), "write names separated by blanks", "a [ inside dependencies");
        word = str_from(word, conflict);
        word = str_starts(word, own) ? str_from(word, own.len) : word;
        add_once(p->im->arena, conflict ? &c->conflicts : &c->requires, word);
    }
    return true;
}

/* "2024-01-02T03:04:05Z Ann <ann@example.com>" */
static bool take_planner(struct plan *p, struct str line, struct change *c)
{
    int64_t ms;
    c->time = take_word(&line);
    if (c->time.len != 20 || !timestamp_parse(c->time, &ms))
        return importer_bad(p->im, here(p), "a line is NAME [DEPENDENCIES] TIME PLANNER <EMAIL> # NOTE",
                            "the time is missing or not like 2024-01-02T03:04:05Z");
    size_t open = str_find(line, '<');
    if (open == 0 || open == line.len || !str_ends(line, STR(">")) || !is_blank(line.p[open - 1]))
        return importer_bad(p->im, here(p), "a line is NAME [DEPENDENCIES] TIME PLANNER <EMAIL> # NOTE",
                            "the planner's name or address is missing");
    c->planner =
        str_printf(p->im->arena, "%.*s %.*s", STR_ARG(str_trim(str_head(line, open))), STR_ARG(str_from(line, open)));
    return true;
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] <= ' ' || strchr("@:#\\[]", s.p[i]) != NULL)
            return false;
    return s.len > 0;
}

/* Names are parts of paths. */
static bool is_path(struct str s)
{
    struct str part;
    while (str_next(&s, '/', &part))
        if (part.len == 0 || part.p[0] == '.')
            return false;
    return true;
}

static bool read_tag(struct plan *p, struct str line)
{
    struct change ignored = {0};
    struct str name = take_word(&line);
    if (!is_name(name) || str_find(name, ',') < name.len)
        return importer_bad(p->im, here(p), "a tag is @NAME", "this is no tag");
    if (p->changes.list.count == 0)
        return importer_bad(p->im, here(p), "a tag follows the change that it marks", "a tag before every change");
    add_once(p->im->arena, &p->changes.list.items[p->changes.list.count - 1].tags, name);
    return take_planner(p, line, &ignored);
}

static void number_names(struct plan *p, const struct change *c)
{
    uint32_t before = index_find(&p->names, c->name);
    if (before != INDEX_NONE)
        p->changes.list.items[before].again = p->changes.list.count;
    index_put(p->im->arena, &p->names, c->name, (uint32_t)p->changes.list.count);
}

/* The facts of a change, as Sqitch writes them down to hash them. */
static struct str id_of(const struct plan *p, const struct change *c)
{
    struct strbuf info;
    strbuf_init(&info, SIZE_MAX);
    strbuf_printf(&info, "project %.*s\n", STR_ARG(p->project));
    if (p->uri.len > 0)
        strbuf_printf(&info, "uri %.*s\n", STR_ARG(p->uri));
    strbuf_printf(&info, "change %.*s\n", STR_ARG(c->name));
    if (c->parent.len > 0)
        strbuf_printf(&info, "parent %.*s\n", STR_ARG(c->parent));
    strbuf_printf(&info, "planner %.*s\ndate %.*s", STR_ARG(c->planner), STR_ARG(c->time));
    for (size_t i = 0; i < c->requires.list.count; i++)
        strbuf_printf(&info, "%s\n  + %.*s", i == 0 ? "\nrequires" : "", STR_ARG(c->requires.list.items[i]));
    for (size_t i = 0; i < c->conflicts.list.count; i++)
        strbuf_printf(&info, "%s\n  - %.*s", i == 0 ? "\nconflicts" : "", STR_ARG(c->conflicts.list.items[i]));
    if (c->note.len > 0)
        strbuf_printf(&info, "\n\n%.*s", STR_ARG(c->note));
    struct strbuf whole;
    strbuf_init(&whole, SIZE_MAX);
    strbuf_printf(&whole, "change %zu", info.len);
    strbuf_putc(&whole, '\0');
    strbuf_add(&whole, strbuf_str(&info));
    struct str id = sha1_hex(p->im->arena, strbuf_str(&whole));
    strbuf_release(&info);
    strbuf_release(&whole);
    return id;
}

static bool read_change(struct plan *p, struct str line, struct str note)
{
    struct change c = {.note = note, .line = p->line, .again = SIZE_MAX};
    if (line.p[0] == '-')
        return importer_bad(p->im, here(p), "only lines that deploy can be imported", "a line that reverts a change");
    if (line.p[0] == '+')
        line = str_trim(str_from(line, 1));
    c.name = take_word(&line);
    if (!is_name(c.name) || !is_path(c.name))
        return importer_bad(p->im, here(p), "a name has no white space and none of @ : # \\ [ ]", "this is no change");
    if (!take_dependencies(p, &line, &c) || !take_planner(p, line, &c))
        return false;
    if (p->changes.list.count > 0)
        c.parent = p->changes.list.items[p->changes.list.count - 1].id;
    c.id = id_of(p, &c);
    number_names(p, &c);
    vec_push(p->im->arena, &p->changes.list, c);
    return true;
}

static void read_pragma(struct plan *p, struct str line)
{
    size_t equals = str_find(line, '=');
    struct str name = str_trim(str_head(str_from(line, 1), equals > 0 ? equals - 1 : 0));
    struct str value = str_trim(str_from(line, equals + 1));
    if (str_is(name, "project"))
        p->project = value;
    else if (str_is(name, "uri"))
        p->uri = value;
}

static bool read_line(struct plan *p, struct str line)
{
    struct str note = take_note(p->im->arena, &line);
    if (line.len == 0)
        return true;
    if (line.p[0] == '%') {
        read_pragma(p, line);
        return true;
    }
    if (p->project.len == 0)
        return importer_bad(p->im, here(p), "add a line %project=NAME at the top",
                            "the plan does not name its project");
    return line.p[0] == '@' ? read_tag(p, str_from(line, 1)) : read_change(p, line, note);
}

/* --- scripts -------------------------------------------------------------------------------------------------------
 */

static const struct import_file *find_file(const struct plan *p, struct str path)
{
    uint32_t number = index_find(&p->files, path);
    return number != INDEX_NONE ? &p->im->in->files.list.items[number] : NULL;
}

/* "flips.sql", or "flips@v1.0.sql" of a change that was reworked: the first tag from here to there that has a file. */
static struct str file_name(const struct plan *p, size_t number)
{
    const struct change *c = &p->changes.list.items[number];
    struct str first = STR("");
    for (size_t i = number; c->again != SIZE_MAX && i < c->again; i++) {
        const struct names *tags = &p->changes.list.items[i].tags;
        for (size_t k = 0; k < tags->list.count; k++) {
            struct str name = str_printf(p->im->arena, "%.*s@%.*s.sql", STR_ARG(c->name), STR_ARG(tags->list.items[k]));
            if (find_file(p, str_printf(p->im->arena, "deploy/%.*s", STR_ARG(name))) != NULL)
                return name;
            first = first.len == 0 ? name : first;
        }
    }
    return first.len > 0 ? first : str_printf(p->im->arena, "%.*s.sql", STR_ARG(c->name));
}

static void add_script(struct plan *p, struct import_revision *r, const char *folder, struct str name,
                       enum section_kind kind)
{
    struct importer *im = p->im;
    struct str path = str_printf(im->arena, "%s/%.*s", folder, STR_ARG(name)), text, foreign;
    const struct import_file *file = find_file(p, path);
    if (file == NULL) {
        if (kind == SECTION_UP)
            importer_bad(im, (struct import_place){p->path, 0}, "restore the script, or name the right folder",
                         "the script %.*s is not there", STR_ARG(path));
        return;
    }
    if (!importer_text(im, file, &text))
        return;
    text = psql_plain(im->arena, text, im->in->engine, &foreign);
    if (foreign.len > 0 && kind == SECTION_VERIFY)
        importer_note(im, r,
                      str_printf(im->arena, "verify left out, it needs the engine's shell: %.*s", STR_ARG(foreign)));
    else if (foreign.len > 0)
        importer_opaque(im, r, kind,
                        str_printf(im->arena, "%.*s needs the engine's shell: %.*s", STR_ARG(path), STR_ARG(foreign)));
    else
        importer_section(im, r, kind, text, IMPORTER_IN_TRANSACTION, (struct import_place){path, 1});
}

static bool has_sql(const struct import_revision *r, enum section_kind kind)
{
    for (size_t i = 0; i < r->revision.sections.list.count; i++)
        if (r->revision.sections.list.items[i].kind == kind && r->revision.sections.list.items[i].sql.len > 0)
            return true;
    return false;
}

static void note_dependencies(struct plan *p, struct import_revision *r, const struct change *c)
{
    for (size_t i = 0; i < c->requires.list.count; i++)
        if (str_find(c->requires.list.items[i], ':') < c->requires.list.items[i].len)
            importer_note(
                p->im, r,
                str_printf(p->im->arena, "requires %.*s of another project", STR_ARG(c->requires.list.items[i])));
    for (size_t i = 0; i < c->conflicts.list.count; i++)
        importer_note(p->im, r, str_printf(p->im->arena, "conflicted with %.*s", STR_ARG(c->conflicts.list.items[i])));
}

static void add_revision(struct plan *p, size_t number)
{
    const struct change *c = &p->changes.list.items[number];
    struct str name = file_name(p, number), first = str_head(c->note, str_find(c->note, '\n'));
    struct str words =
        first.len == 0 ? c->name : str_printf(p->im->arena, "%.*s: %.*s", STR_ARG(c->name), STR_ARG(first));
    struct import_revision r = importer_revision(p->im, str_head(c->id, ID_DIGITS), STR(""),
                                                 str_printf(p->im->arena, "deploy/%.*s", STR_ARG(name)));
    struct import_revision worded = importer_revision(p->im, STR(""), str_head(words, NOTE_MAX), STR(""));
    size_t bad = 0;
    r.revision.message = worded.revision.message;
    if (!str_is_utf8(r.revision.message, &bad)) /* the cut went through a character */
        r.revision.message = str_head(r.revision.message, bad);
    timestamp_parse(c->time, &r.revision.created_ms);
    r.revision.labels = c->tags;
    add_script(p, &r, "deploy", name, SECTION_UP);
    add_script(p, &r, "revert", name, SECTION_DOWN);
    add_script(p, &r, "verify", name, SECTION_VERIFY);
    note_dependencies(p, &r, c);
    vec_push(p->im->arena, &p->im->set.list, r);
}

static void warn_of_verify(struct plan *p)
{
    for (size_t i = 0; i < p->im->set.list.count; i++)
        if (has_sql(&p->im->set.list.items[i], SECTION_VERIFY)) {
            diag_add(p->im->diag, DIAG_WARNING, "changed_meaning", (struct diag_at){.path = p->path},
                     "look at them: `SELECT 1/count(*)` is 0 when there are several rows",
                     "verify scripts fail in skein also where a row's first column is 0, false or NULL");
            return;
        }
}

bool import_sqitch(struct importer *im)
{
    struct plan p = {.im = im, .path = STR("sqitch.plan"), .project = STR("")};
    struct str text, line;
    for (size_t i = 0; i < im->in->files.list.count; i++)
        index_put(im->arena, &p.files, im->in->files.list.items[i].path, (uint32_t)i);
    const struct import_file *plan = find_file(&p, p.path);
    if (plan == NULL)
        return importer_bad(im, (struct import_place){p.path, 0}, "name the folder that holds it",
                            "there is no sqitch.plan");
    if (!importer_text(im, plan, &text))
        return false;
    for (p.line = 1; str_next(&text, '\n', &line); p.line++)
        if (!read_line(&p, str_trim(line)))
            return false;
    for (size_t i = 0; i < p.changes.list.count; i++)
        add_revision(&p, i);
    warn_of_verify(&p);
    return true;
}
