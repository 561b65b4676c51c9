/*
 * The reader goes line by line: header lines until the first marker, then sections. Nothing stops at the
 * first problem; every finding has its place.
 */
#include "skein/graph/revfile.h"

#include <string.h>

#include "skein/base/names.h"
#include "skein/base/timestamp.h"

enum { HEADER_NAMES_MAX = 1000 };

enum header {
    HEADER_ID,
    HEADER_PARENTS,
    HEADER_LABELS,
    HEADER_DEPENDS_ON,
    HEADER_REPLACES,
    HEADER_REPLACED_CHECKSUMS,
    HEADER_MESSAGE,
    HEADER_CREATED,
    HEADER_COUNT
};

static const char *const header_names[HEADER_COUNT] = {
    "revision", "revises", "branch_labels", "depends_on", "replaces", "replaced_checksums", "message", "created"};

struct reader {
    struct arena *arena;
    struct diag *diag;
    struct revision *revision;
    struct str rest; /* what follows the current line */
    struct str line; /* without its LF */
    unsigned number; /* of the current line */
    unsigned seen[HEADER_COUNT];
    bool in_sections;
};

static struct diag_at here(const struct reader *r, const char *p)
{
    unsigned column = p != NULL ? (unsigned)(p - r->line.p) + 1 : 1;
    return (struct diag_at){r->revision->path, r->number, column};
}

static bool next_line(struct reader *r)
{
    if (r->rest.len == 0)
        return false;
    size_t at = str_find(r->rest, '\n');
    r->line = str_head(r->rest, at);
    r->rest = str_from(r->rest, at + 1);
    r->number++;
    return true;
}

/* Parts of a text that is separated by commas, trimmed. An empty text has none, an empty part is a finding. */
static bool split_names(struct reader *r, struct str value, struct names *ret_names)
{
    struct str part;
    if (value.len == 0)
        return true;
    while (str_next(&value, ',', &part)) {
        const char *at = part.p;
        part = str_trim(part);
        if (part.len == 0) {
            diag_add(r->diag, DIAG_ERROR, "bad_header", here(r, at), "remove the comma that is too many",
                     "an empty name in the list");
            return false;
        }
        if (ret_names->list.count == HEADER_NAMES_MAX) {
            diag_add(r->diag, DIAG_ERROR, "bad_header", here(r, part.p), "merge in several revisions",
                     "more than %d names in one header", HEADER_NAMES_MAX);
            return false;
        }
        vec_push(r->arena, &ret_names->list, part);
    }
    return true;
}

static bool has_space(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
            return true;
    return false;
}

static bool is_reserved(struct str s)
{
    return str_is(s, "head") || str_is(s, "heads") || str_is(s, "base") || str_is(s, "current");
}

static void check_id(struct reader *r, struct str id)
{
    const char *problem = revision_id_problem(id);
    if (problem != NULL)
        diag_add(r->diag, DIAG_ERROR, "illegal_id", here(r, id.p),
                 "an id has 1 to 32 bytes, no white space and none of @ - + : and comma; `skein revision` makes one",
                 "the revision id '%.*s' %s", STR_ARG(id), problem);
    else if (is_reserved(id))
        diag_add(r->diag, DIAG_ERROR, "reserved_id", here(r, id.p), "choose another id",
                 "the revision id '%.*s' has a meaning of its own in target expressions", STR_ARG(id));
}

static void check_label(struct reader *r, struct str label)
{
    if (label.len > LABEL_MAX || has_space(label))
        diag_add(r->diag, DIAG_ERROR, "bad_header", here(r, label.p),
                 "a label has at most 255 bytes and no white space; several are separated by commas",
                 "the branch label '%.*s' %s", STR_ARG(str_head(label, 80)),
                 label.len > LABEL_MAX ? "is too long" : "has white space");
    else if (is_reserved(label))
        diag_add(r->diag, DIAG_ERROR, "reserved_label", here(r, label.p), "choose another label",
                 "the branch label '%.*s' has a meaning of its own in target expressions", STR_ARG(label));
    else if (memchr(label.p, '@', label.len) != NULL || memchr(label.p, ':', label.len) != NULL)
        diag_add(r->diag, DIAG_WARNING, "odd_label", here(r, label.p), "leave '@' and ':' out of labels",
                 "no target expression can name the branch label '%.*s'", STR_ARG(label));
}

/* References must at least be one word; whether they lead anywhere is project_build()'s question. */
static void check_references(struct reader *r, const struct names *names)
{
    for (size_t i = 0; i < names->list.count; i++) {
        struct str name = names->list.items[i];
        if (has_space(name))
            diag_add(r->diag, DIAG_ERROR, "bad_header", here(r, name.p), "separate several names by commas",
                     "'%.*s' has white space", STR_ARG(name));
        for (size_t k = 0; k < i; k++)
            if (str_eq(name, names->list.items[k])) {
                diag_add(r->diag, DIAG_WARNING, "duplicate_dependency", here(r, name.p), "remove one of the two",
                         "'%.*s' is named twice", STR_ARG(name));
                break;
            }
    }
}

static void read_created(struct reader *r, struct str value)
{
    if (value.len > 0 && !timestamp_parse(value, &r->revision->created_ms))
        diag_add(r->diag, DIAG_ERROR, "bad_header", here(r, value.p), "write it as 2026-11-22T10:00:00Z",
                 "'%.*s' is not a time", STR_ARG(value));
}

static void read_checksums(struct reader *r, struct str value)
{
    struct names names = {0};
    split_names(r, value, &names);
    for (size_t i = 0; i < names.list.count; i++) {
        struct hash hash;
        if (hash_parse(names.list.items[i], &hash))
            vec_push(r->arena, &r->revision->replaced_checksums.list, hash);
        else
            diag_add(r->diag, DIAG_ERROR, "bad_header", here(r, names.list.items[i].p),
                     "`skein squash` writes this line; restore it", "'%.*s' is no checksum: 64 hex digits",
                     STR_ARG(str_head(names.list.items[i], 80)));
    }
}

static void read_header(struct reader *r, enum header header, struct str value)
{
    struct revision *rev = r->revision;
    switch (header) {
    case HEADER_ID:
        rev->id = value;
        rev->lines.id = r->number;
        if (value.len > 0)
            check_id(r, value);
        break;
    case HEADER_PARENTS:
        rev->lines.parents = r->number;
        split_names(r, value, &rev->parents);
        check_references(r, &rev->parents);
        break;
    case HEADER_LABELS:
        rev->lines.labels = r->number;
        split_names(r, value, &rev->labels);
        for (size_t i = 0; i < rev->labels.list.count; i++)
            check_label(r, rev->labels.list.items[i]);
        break;
    case HEADER_DEPENDS_ON:
        rev->lines.depends_on = r->number;
        split_names(r, value, &rev->depends_on);
        check_references(r, &rev->depends_on);
        break;
    case HEADER_REPLACES:
        rev->lines.replaces = r->number;
        split_names(r, value, &rev->replaces);
        check_references(r, &rev->replaces);
        break;
    case HEADER_REPLACED_CHECKSUMS:
        read_checksums(r, value);
        break;
    case HEADER_MESSAGE:
        rev->message = value;
        break;
    case HEADER_CREATED:
        read_created(r, value);
        break;
    case HEADER_COUNT:
        break;
    }
}

static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '_'))
            return false;
    return s.len > 0;
}

/* "-- name: value". Other comments are free text; `-- skein:lint ...` is read by lint. */
static void read_header_line(struct reader *r, struct str comment)
{
    size_t colon = str_find(comment, ':');
    struct str name = str_trim(str_head(comment, colon));
    if (colon == comment.len || !is_word(name) || str_is(name, "skein"))
        return;
    struct str value = str_trim(str_from(comment, colon + 1));
    for (int i = 0; i < HEADER_COUNT; i++) {
        if (!str_is(name, header_names[i]))
            continue;
        if (r->seen[i] > 0) {
            diag_add(r->diag, DIAG_ERROR, "duplicate_header", here(r, name.p), "keep one of the two lines",
                     "the header '%s' was given in line %u already", header_names[i], r->seen[i]);
            return;
        }
        r->seen[i] = r->number;
        read_header(r, (enum header)i, value);
        return;
    }
    diag_add(
        r->diag, DIAG_WARNING, "unknown_header", here(r, name.p),
        "known are revision, revises, branch_labels, depends_on, replaces, replaced_checksums, message and created",
        "there is no header '%.*s'", STR_ARG(name));
}

static void bad_option(struct reader *r, struct str word, const char *why)
{
    diag_add(r->diag, DIAG_ERROR, "bad_section_option", here(r, word.p),
             "after the marker: an engine (postgresql, sqlite) and, for up and down, transaction:false, "
             "lock_timeout:5s, statement_timeout:10m, opaque",
             "the section option '%.*s' %s", STR_ARG(word), why);
}

static void read_timeout(struct reader *r, struct str word, struct str value, int64_t *timeout)
{
    if (*timeout != TIMEOUT_DEFAULT)
        bad_option(r, word, "is given twice");
    else if (!duration_parse(value, timeout))
        bad_option(r, word, "is no length of time");
}

static void read_engine(struct reader *r, struct str word, struct section *s)
{
    enum engine engine;
    if (!engine_parse(word, &engine))
        bad_option(r, word, "is unknown");
    else if (s->engine != ENGINE_UNSET)
        bad_option(r, word, "is a second engine");
    else
        s->engine = engine;
}

static void read_option(struct reader *r, struct str word, struct section *s)
{
    size_t colon = str_find(word, ':');
    struct str name = str_head(word, colon), value = str_from(word, colon + 1);
    bool opaque = str_is(word, "opaque");
    if (colon == word.len && !opaque)
        read_engine(r, word, s);
    else if (s->kind != SECTION_UP && s->kind != SECTION_DOWN)
        bad_option(r, word, "is for up and down only");
    else if (opaque)
        s->opaque = true;
    else if (str_is(name, "lock_timeout"))
        read_timeout(r, word, value, &s->lock_timeout_ms);
    else if (str_is(name, "statement_timeout"))
        read_timeout(r, word, value, &s->statement_timeout_ms);
    else if (!str_is(name, "transaction"))
        bad_option(r, word, "is unknown");
    else if (str_is(value, "false"))
        s->transactional = false;
    else if (!str_is(value, "true"))
        bad_option(r, word, "is neither true nor false");
}

/* The next word of a marker line. */
static bool next_word(struct str *rest, struct str *ret_word)
{
    size_t start = 0, end;
    while (start < rest->len && (rest->p[start] == ' ' || rest->p[start] == '\t'))
        start++;
    for (end = start; end < rest->len && rest->p[end] != ' ' && rest->p[end] != '\t';)
        end++;
    *ret_word = str_head(str_from(*rest, start), end - start);
    *rest = str_from(*rest, end);
    return ret_word->len > 0;
}

static void check_duplicate_section(struct reader *r, const struct section *s)
{
    for (size_t i = 0; i < r->revision->sections.list.count; i++) {
        const struct section *other = &r->revision->sections.list.items[i];
        if (other->kind != s->kind || other->engine != s->engine)
            continue;
        diag_add(r->diag, DIAG_ERROR, "duplicate_section", here(r, NULL),
                 "join the two, or name an engine after the marker", "a second section '%s'%s%s",
                 section_kind_name(s->kind), s->engine != ENGINE_UNSET ? " for " : "",
                 s->engine != ENGINE_UNSET ? engine_name(s->engine) : "");
        return;
    }
}

/* `words`: what follows "-- migrate:". */
static void read_marker(struct reader *r, struct str words)
{
    struct section s = {.transactional = true,
                        .lock_timeout_ms = TIMEOUT_DEFAULT,
                        .statement_timeout_ms = TIMEOUT_DEFAULT,
                        .line = r->number + 1};
    struct str word;
    r->in_sections = true;
    if (!next_word(&words, &word) || !section_kind_parse(word, &s.kind)) {
        diag_add(r->diag, DIAG_ERROR, "bad_section", here(r, word.p),
                 "write -- migrate:up, -- migrate:down, -- migrate:verify or -- migrate:probe",
                 "there is no section '%.*s'", STR_ARG(word));
        s.kind = SECTION_UNSET;
    }
    while (next_word(&words, &word))
        if (s.kind != SECTION_UNSET)
            read_option(r, word, &s);
    if (s.kind != SECTION_UNSET)
        check_duplicate_section(r, &s);
    s.sql = str_head(r->rest, 0);
    vec_push(r->arena, &r->revision->sections.list, s);
}

/* What follows "--" and spaces, if the line is a comment. */
static bool is_comment(struct str line, struct str *ret_text)
{
    if (!str_starts(line, STR("--")))
        return false;
    *ret_text = str_trim(str_from(line, 2));
    return true;
}

/* Either the SQL is known or it is not. Once is enough. */
static void check_opaque(struct reader *r, struct section *s)
{
    diag_add(r->diag, DIAG_ERROR, "bad_section", here(r, r->line.p),
             "if this is all that the section does, remove the word opaque from its marker",
             "SQL in an opaque section");
    s->opaque = false;
}

static void read_line(struct reader *r)
{
    struct str comment = STR(""), marker = STR("migrate:");
    bool commented = is_comment(r->line, &comment);
    if (commented && str_starts(comment, marker)) {
        read_marker(r, str_from(comment, marker.len));
    } else if (r->in_sections) {
        struct section *s = &r->revision->sections.list.items[r->revision->sections.list.count - 1];
        s->sql.len = (size_t)(r->line.p + r->line.len - s->sql.p);
        if (s->opaque && !commented && str_trim(r->line).len > 0)
            check_opaque(r, s);
    } else if (commented) {
        read_header_line(r, comment);
    } else if (str_trim(r->line).len > 0) {
        diag_add(r->diag, DIAG_ERROR, "bad_header", here(r, r->line.p), "put it below a line -- migrate:up",
                 "SQL before the first section");
        r->in_sections = true; /* once is enough */
        struct section none = {.sql = str_head(r->rest, 0)};
        vec_push(r->arena, &r->revision->sections.list, none);
    }
}

/* Sections of kind UNSET only held the place of what could not be read; ends lose their white space. */
static void finish_sections(struct revision *rev)
{
    size_t kept = 0;
    for (size_t i = 0; i < rev->sections.list.count; i++) {
        struct section s = rev->sections.list.items[i];
        while (s.sql.len > 0 && strchr(" \t\r\n", s.sql.p[s.sql.len - 1]) != NULL)
            s.sql.len--;
        if (s.kind != SECTION_UNSET)
            rev->sections.list.items[kept++] = s;
    }
    rev->sections.list.count = kept;
}

static void check_whole(struct reader *r)
{
    struct revision *rev = r->revision;
    struct diag_at at = {rev->path, 1, 1};
    if (rev->id.len == 0)
        diag_add(r->diag, DIAG_ERROR, "missing_header", at, "add a line -- revision: ID at the top",
                 "the file does not say which revision it is");
    bool merge = rev->parents.list.count > 1 && rev->sections.list.count == 0;
    if (!revision_has_section(rev, SECTION_UP) && !merge)
        diag_add(r->diag, DIAG_ERROR, "missing_up", at,
                 "add a line -- migrate:up; below it the SQL, or nothing if there is nothing to do",
                 "there is no section 'up'");
    struct str name = rev->path;
    for (size_t slash = str_find(name, '/'); slash < name.len; slash = str_find(name, '/'))
        name = str_from(name, slash + 1);
    if (rev->id.len > 0 && !str_starts(name, rev->id))
        diag_add(r->diag, DIAG_WARNING, "file_name", at, "name the file <id>_<words>.sql",
                 "the file's name does not start with its revision id '%.*s'", STR_ARG(rev->id));
}

/* Line and column of an offset. */
static struct diag_at place_of(struct str path, struct str bytes, size_t offset)
{
    struct diag_at at = {path, 1, 1};
    for (size_t i = 0; i < offset; i++) {
        at.column++;
        if (bytes.p[i] == '\n') {
            at.line++;
            at.column = 1;
        }
    }
    return at;
}

/* Bytes that no SQL text may have; the rest of the file is not looked at then. */
static bool check_bytes(struct str path, struct str bytes, struct diag *diag)
{
    size_t at = bytes.len;
    if (bytes.len > REVFILE_MAX) {
        diag_add(diag, DIAG_ERROR, "too_large", (struct diag_at){path, 1, 1},
                 "split the revision, or load the data by other means", "the file is larger than 16 MiB");
        return false;
    }
    if (str_find(bytes, '\0') < bytes.len) {
        diag_add(diag, DIAG_ERROR, "nul_byte", place_of(path, bytes, str_find(bytes, '\0')),
                 "save the file as UTF-8 text", "the file has a NUL byte");
        return false;
    }
    if (!str_is_utf8(bytes, &at)) {
        diag_add(diag, DIAG_ERROR, "not_utf8", place_of(path, bytes, at), "save the file as UTF-8 text",
                 "the file is not UTF-8: the byte 0x%02x does not fit", (unsigned char)bytes.p[at]);
        return false;
    }
    return true;
}

/* LF line ends, also where several CRs stand before the LF: else the text would not be its own canonical form. */
static struct str without_cr(struct arena *a, struct str bytes)
{
    size_t from = str_find(bytes, '\r');
    if (from == bytes.len)
        return bytes;
    char *copy = arena_alloc(a, bytes.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        while (bytes.p[i] == '\n' && len > 0 && copy[len - 1] == '\r')
            len--;
        copy[len++] = bytes.p[i];
    }
    return (struct str){copy, len};
}

bool revfile_parse(struct arena *a, struct str path, struct str bytes, struct diag *diag, struct revision *ret_revision)
{
    size_t errors = diag->errors;
    *ret_revision = (struct revision){.path = path};
    if (str_starts(bytes, STR("\xef\xbb\xbf")))
        bytes = str_from(bytes, 3);
    if (!check_bytes(path, bytes, diag))
        return false;
    struct reader r = {.arena = a, .diag = diag, .revision = ret_revision, .rest = without_cr(a, bytes)};
    ret_revision->text = r.rest;
    while (next_line(&r))
        read_line(&r);
    finish_sections(ret_revision);
    check_whole(&r);
    ret_revision->checksum = revfile_checksum(ret_revision);
    return diag->errors == errors;
}
