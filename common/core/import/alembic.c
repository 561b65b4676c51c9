/*
 * The exporter's lines (deploy/adapters/alembic_export.py says what they are). It runs the project's own Python, so
 * they are read like anything from outside: a line at a time, every value checked before it is used.
 */
#include <jansson.h>
#include <string.h>

#include "skein/base/timestamp.h"
#include "skein/graph/revfile.h"
#include "skein/import/import.h"

enum { NAMES_MAX = 1000, SECTIONS_MAX = 4, MESSAGE_MAX = 1000 };

struct lines {
    struct arena *arena;
    struct import_set set;
    struct err *err;
    unsigned number;
    bool ended;
};

static bool bad_line(struct lines *l, const char *why)
{
    err_kind(l->err, ERR_INPUT, "bad_export", "the exporter's line %u cannot be used: %s", l->number, why);
    return err_hint(l->err, "a revision of the project may have printed it; look at what its Python writes to "
                            "descriptors other than standard output");
}

/* Text without control characters, on one line. */
static struct str one_line(struct arena *a, const char *text, size_t max)
{
    struct str s = str_trim(str_of(text));
    char *copy = arena_copy(a, s.p, s.len);
    while (s.len > max && max > 0 && ((unsigned char)s.p[max] & 0xc0) == 0x80)
        max--;
    s.len = s.len > max ? max : s.len;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)copy[i] < ' ' || copy[i] == 0x7f)
            copy[i] = ' ';
    return (struct str){copy, s.len};
}

static bool read_names(struct lines *l, const json_t *object, const char *key, struct names *ret_names)
{
    const json_t *array = json_object_get(object, key), *item;
    size_t i;
    if (!json_is_array(array) || json_array_size(array) > NAMES_MAX)
        return bad_line(l, "a list of names is missing or too long");
    json_array_foreach(array, i, item)
    {
        const char *name = json_string_value(item);
        if (name == NULL || name[0] == '\0' || strpbrk(name, ", \t\r\n\v\f") != NULL)
            return bad_line(l, "a name is empty or has white space or a comma");
        vec_push(l->arena, &ret_names->list, str_of(arena_strdup(l->arena, name)));
    }
    return true;
}

/* A comment a line: the first says why. */
static struct str reason_text(struct arena *a, const char *reason)
{
    struct str text = one_line(a, reason, MESSAGE_MAX);
    return str_printf(a, "-- %s%.*s", str_starts(text, STR("migrate:")) ? "it says " : "", STR_ARG(text));
}

/* A line that begins a section in a revision file cannot stand inside one. */
static bool has_marker(struct str sql)
{
    struct str line;
    while (str_next(&sql, '\n', &line)) {
        struct str comment = str_trim(str_from(line, 2));
        if (str_starts(line, STR("--")) && str_starts(comment, STR("migrate:")))
            return true;
    }
    return false;
}

static bool read_sql(struct lines *l, const json_t *object, struct section *s)
{
    const json_t *text = json_object_get(object, "sql"), *transactional = json_object_get(object, "transactional");
    if (!json_is_string(text) || json_string_length(text) > REVFILE_MAX || !json_is_boolean(transactional))
        return bad_line(l, "a section has neither `opaque` nor `sql` and `transactional`");
    struct str sql = {json_string_value(text), json_string_length(text)};
    if (memchr(sql.p, '\0', sql.len) != NULL)
        return bad_line(l, "a section has a NUL byte");
    s->sql = str_trim(str_copy(l->arena, sql));
    s->transactional = json_is_true(transactional);
    if (!has_marker(s->sql))
        return true;
    s->opaque = true;
    s->sql = STR("-- its SQL has a line that begins with `-- migrate:`");
    return true;
}

static bool read_section(struct lines *l, const json_t *object, struct import_revision *r)
{
    const char *direction = json_string_value(json_object_get(object, "direction"));
    const char *engine = json_string_value(json_object_get(object, "engine"));
    const char *opaque = json_string_value(json_object_get(object, "opaque"));
    struct section s = {
        .transactional = true, .lock_timeout_ms = TIMEOUT_DEFAULT, .statement_timeout_ms = TIMEOUT_DEFAULT};
    if (direction == NULL || engine == NULL || !section_kind_parse(str_of(direction), &s.kind) ||
        (s.kind != SECTION_UP && s.kind != SECTION_DOWN) || !engine_parse(str_of(engine), &s.engine))
        return bad_line(l, "a section has no direction or engine");
    if (opaque != NULL) {
        s.opaque = true;
        s.sql = reason_text(l->arena, opaque);
    } else if (!read_sql(l, object, &s)) {
        return false;
    }
    if (json_is_true(json_object_get(object, "replayed")))
        r->note = STR("batch mode: SQLite's statements are from a replay in memory");
    vec_push(l->arena, &r->revision.sections.list, s);
    return true;
}

static bool same_body(const struct section *a, const struct section *b)
{
    return a->transactional == b->transactional && a->opaque == b->opaque && str_eq(a->sql, b->sql);
}

/* Sections of one direction that all say the same become one; those of one engine alone stay as they are. */
static void join_sections(struct arena *a, struct revision *r)
{
    struct revision joined = *r;
    joined.sections.list.items = NULL;
    joined.sections.list.count = joined.sections.list.cap = 0;
    for (size_t i = 0; i < r->sections.list.count; i++) {
        struct section s = r->sections.list.items[i];
        const struct section *next = i + 1 < r->sections.list.count ? &r->sections.list.items[i + 1] : NULL;
        if (next != NULL && next->kind == s.kind && same_body(&s, next)) {
            s.engine = ENGINE_UNSET;
            i++;
        }
        vec_push(a, &joined.sections.list, s);
    }
    *r = joined;
}

static bool is_empty(const struct revision *r)
{
    for (size_t i = 0; i < r->sections.list.count; i++)
        if (r->sections.list.items[i].sql.len > 0 || r->sections.list.items[i].opaque)
            return false;
    return true;
}

static bool read_revision(struct lines *l, const json_t *object)
{
    struct import_revision found = {0};
    struct revision *r = &found.revision;
    const char *id = json_string_value(json_object_get(object, "id")), *created, *message, *file;
    const json_t *sections = json_object_get(object, "sections"), *section;
    size_t i;
    if (id == NULL || !json_is_array(sections) || json_array_size(sections) > SECTIONS_MAX)
        return bad_line(l, "a revision without id or sections");
    r->id = str_of(arena_strdup(l->arena, id));
    message = json_string_value(json_object_get(object, "message"));
    created = json_string_value(json_object_get(object, "created"));
    file = json_string_value(json_object_get(object, "file"));
    r->message = one_line(l->arena, message != NULL ? message : "", MESSAGE_MAX);
    found.source = one_line(l->arena, file != NULL ? file : "", MESSAGE_MAX);
    if (created != NULL && !timestamp_parse(str_of(created), &r->created_ms))
        return bad_line(l, "a revision's time is none");
    if (!read_names(l, object, "parents", &r->parents) || !read_names(l, object, "labels", &r->labels) ||
        !read_names(l, object, "depends_on", &r->depends_on))
        return false;
    json_array_foreach(sections, i, section) if (!read_section(l, section, &found)) return false;
    join_sections(l->arena, r);
    if (r->parents.list.count > 1 && is_empty(r))
        r->sections.list.count = 0;
    vec_push(l->arena, &l->set.list, found);
    return true;
}

static bool read_error(struct lines *l, const json_t *object)
{
    const char *message = json_string_value(json_object_get(object, "message"));
    const char *hint = json_string_value(json_object_get(object, "hint"));
    struct str text = one_line(l->arena, message != NULL ? message : "it does not say why", MESSAGE_MAX);
    err_kind(l->err, ERR_INPUT, "export_failed", "the Alembic environment cannot be read: %.*s", STR_ARG(text));
    return hint != NULL && err_hint(l->err, "%.*s", STR_ARG(one_line(l->arena, hint, MESSAGE_MAX)));
}

static bool read_object(struct lines *l, const json_t *object)
{
    const char *kind = json_string_value(json_object_get(object, "kind"));
    struct str name = str_of(kind != NULL ? kind : "");
    if (l->ended)
        return bad_line(l, "it follows the last one");
    if (str_is(name, "error"))
        return read_error(l, object);
    if (str_is(name, "begin") != (l->number == 1))
        return bad_line(l, "the lines do not begin with one of the kind `begin`");
    if (str_is(name, "begin"))
        return json_integer_value(json_object_get(object, "format")) == 1 || bad_line(l, "its format is unknown");
    if (str_is(name, "end")) {
        json_int_t count = json_integer_value(json_object_get(object, "revisions"));
        l->ended = true;
        return count == (json_int_t)l->set.list.count || bad_line(l, "revisions are missing");
    }
    if (!str_is(name, "revision"))
        return bad_line(l, "its kind is unknown");
    if (l->set.list.count == IMPORT_REVISIONS_MAX)
        return bad_line(l, "too many revisions");
    return read_revision(l, object);
}

bool import_alembic(struct arena *a, struct str lines, struct import_set *ret_set, struct err *err)
{
    struct lines l = {.arena = a, .err = err};
    struct str line;
    while (str_next(&lines, '\n', &line)) {
        if (line.len == 0)
            continue;
        l.number++;
        json_error_t error;
        json_t *object = json_loadb(line.p, line.len, JSON_REJECT_DUPLICATES, &error);
        bool ok = object != NULL ? read_object(&l, object) : bad_line(&l, error.text);
        json_decref(object);
        if (!ok)
            return false;
    }
    if (!l.ended)
        return bad_line(&l, "the end is missing");
    *ret_set = l.set;
    return true;
}
