/*
 * Flyway: files anywhere below the folder, known by their names.
 *
 *     V1_2__words.sql    versioned, in the order of their versions          one revision each, id "1.2"
 *     U1_2__words.sql    undoes the version                                 its section down
 *     R__words.sql       repeatable: runs after the versioned ones, again   a revision each at the end, id "R.words"
 *                        whenever it changed
 *     B5__words.sql      baseline: stands for all versions up to its own    the first revision, if none of those is
 * there V3__words.java     code                                               opaque V1__words.sql.conf
 * executeInTransaction, placeholderReplacement
 *
 * Versions are numbers with dots or underscores between; zeros at the start of a number and parts that are zero at the
 * end do not count (1.0 is 1). ${name} are placeholders.
 */
#include <stdlib.h>
#include <string.h>

#include "common/core/import/importer.h"
#include "skein/base/hash.h"
#include "skein/base/names.h"

enum kind { KIND_NONE = 0, KIND_VERSIONED, KIND_UNDO, KIND_REPEATABLE, KIND_BASELINE };

struct script {
    enum kind kind;
    bool code; /* not SQL */
    struct str version, words;
    const struct import_file *file;
};

struct scripts {
    VEC(struct script) list;
};

/* --- names ---------------------------------------------------------------------------------------------------------
 */

/* Numbers without leading zeros, a dot between, without zeros at the end; empty: no version. */
struct str flyway_version(struct arena *a, struct str text)
{
    struct strbuf out;
    struct str part, result;
    size_t end = 0;
    bool bad = text.len == 0;
    char *dotted = arena_copy(a, text.p, text.len);
    for (size_t i = 0; i < text.len; i++)
        dotted[i] = dotted[i] == '_' ? '.' : dotted[i];
    struct str rest = {dotted, text.len};
    strbuf_init(&out, 1000);
    while (str_next(&rest, '.', &part)) {
        struct str number = importer_number(part);
        if (part.len == 0 || importer_digits(part).len != part.len)
            bad = true;
        strbuf_printf(&out, "%s%.*s", out.len > 0 ? "." : "", STR_ARG(number));
        end = str_is(number, "0") && out.len > number.len ? end : out.len;
    }
    result = out.overflow || bad ? STR("") : str_copy(a, str_head(strbuf_str(&out), end));
    strbuf_release(&out);
    return result;
}

int flyway_version_cmp(struct str a, struct str b)
{
    struct str x, y;
    for (;;) {
        bool more_a = str_next(&a, '.', &x), more_b = str_next(&b, '.', &y);
        if (!more_a || !more_b)
            return (int)more_a - (int)more_b;
        int order = importer_number_cmp(x, y);
        if (order != 0)
            return order;
    }
}

static bool ends_as_code(struct str name, size_t *ret_len)
{
    static const char *const endings[] = {".java", ".class", ".kt",  ".groovy", ".scala", ".sh",
                                          ".bash", ".ps1",   ".bat", ".cmd",    ".py"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (str_ends(name, str_of(endings[i]))) {
            *ret_len = strlen(endings[i]);
            return true;
        }
    return false;
}

static enum kind kind_of(char letter)
{
    switch (letter) {
    case 'V':
        return KIND_VERSIONED;
    case 'U':
        return KIND_UNDO;
    case 'R':
        return KIND_REPEATABLE;
    case 'B':
        return KIND_BASELINE;
    default:
        return KIND_NONE;
    }
}

static size_t find_separator(struct str s)
{
    for (size_t i = 0; i + 1 < s.len; i++)
        if (s.p[i] == '_' && s.p[i + 1] == '_')
            return i;
    return s.len;
}

/* "V1_2__words.sql". A name that means nothing to Flyway has the kind NONE. */
static struct script parse_name(struct importer *im, const struct import_file *file)
{
    struct str name = importer_name(file->path);
    size_t ending = 4;
    struct script s = {.file = file, .code = ends_as_code(name, &ending)};
    enum kind kind = name.len > ending ? kind_of(name.p[0]) : KIND_NONE;
    if (kind == KIND_NONE || (!s.code && !str_ends(name, STR(".sql"))))
        return s;
    struct str rest = str_head(str_from(name, 1), name.len - 1 - ending);
    size_t separator = find_separator(rest);
    s.words = str_from(rest, separator + 2);
    s.version = flyway_version(im->arena, str_head(rest, separator));
    if (kind == KIND_REPEATABLE ? separator == 0 : s.version.len > 0)
        s.kind = kind;
    return s;
}

/* --- settings of one script ----------------------------------------------------------------------------------------
 */

static bool says_no(struct str text, const char *key)
{
    struct str line, name = str_of(key);
    while (str_next(&text, '\n', &line)) {
        line = str_trim(line);
        size_t equals = str_find(line, '=');
        if (str_eq(str_trim(str_head(line, equals)), name) && str_is(str_trim(str_from(line, equals + 1)), "false"))
            return true;
    }
    return false;
}

static struct str settings_of(struct importer *im, const struct import_file *file)
{
    struct str path = str_printf(im->arena, "%.*s.conf", STR_ARG(file->path)), text;
    for (size_t i = 0; i < im->in->files.list.count; i++)
        if (str_eq(im->in->files.list.items[i].path, path) && importer_text(im, &im->in->files.list.items[i], &text))
            return text;
    return STR("");
}

/* --- revisions -----------------------------------------------------------------------------------------------------
 */

static void add_section(struct importer *im, struct import_revision *r, const struct script *s, enum section_kind kind)
{
    struct str text, settings = settings_of(im, s->file), unknown = STR("");
    struct import_place at = {s->file->path, 1};
    if (s->code) {
        importer_opaque(im, r, kind, str_printf(im->arena, "code: %.*s", STR_ARG(s->file->path)));
        return;
    }
    if (!importer_text(im, s->file, &text))
        return;
    if (!says_no(settings, "placeholderReplacement"))
        text = importer_placeholders(im, text, &unknown);
    if (unknown.len > 0)
        importer_opaque(
            im, r, kind,
            str_printf(im->arena, "the placeholder %.*s has no value: --placeholder NAME=VALUE", STR_ARG(unknown)));
    else
        importer_section(im, r, kind, text,
                         says_no(settings, "executeInTransaction") ? IMPORTER_ALONE : IMPORTER_IN_TRANSACTION, at);
}

static const struct script *find_undo(const struct scripts *all, struct str version)
{
    for (size_t i = 0; i < all->list.count; i++)
        if (all->list.items[i].kind == KIND_UNDO && str_eq(all->list.items[i].version, version))
            return &all->list.items[i];
    return NULL;
}

static void add_versioned(struct importer *im, const struct scripts *all, const struct script *s)
{
    struct import_revision r = importer_revision(im, s->version, s->words, s->file->path);
    const struct script *undo = find_undo(all, s->version);
    add_section(im, &r, s, SECTION_UP);
    if (undo != NULL)
        add_section(im, &r, undo, SECTION_DOWN);
    if (s->kind == KIND_BASELINE)
        importer_note(im, &r, STR("a baseline: it stands for all versions up to its own"));
    vec_push(im->arena, &im->set.list, r);
}

struct str flyway_repeatable_id(struct arena *a, struct str words)
{
    char *spaced = arena_copy(a, words.p, words.len);
    for (size_t i = 0; i < words.len; i++)
        spaced[i] = spaced[i] == '_' ? ' ' : spaced[i];
    words = str_trim((struct str){spaced, words.len});
    struct str slug = author_slug(a, words), id = str_printf(a, "R.%.*s", STR_ARG(slug));
    if (slug.len > 0 && !str_ends(slug, STR("_")) && revision_id_problem(id) == NULL)
        return id;
    struct hash hash = hash_of(words);
    return str_printf(a, "R.%.12s", hash_format(&hash).text);
}

static void add_repeatable(struct importer *im, const struct script *s)
{
    struct import_revision r =
        importer_revision(im, flyway_repeatable_id(im->arena, s->words), s->words, s->file->path);
    struct import_place at = {s->file->path, 1};
    add_section(im, &r, s, SECTION_UP);
    importer_section(im, &r, SECTION_DOWN, STR("-- Nothing: Flyway has no way back from a repeatable migration."),
                     IMPORTER_IN_TRANSACTION, at);
    importer_note(im, &r, STR("repeatable: from now on it runs once; put the next change into a new revision"));
    vec_push(im->arena, &im->set.list, r);
}

/* Versioned and baselines by version, then repeatable ones by their words, as Flyway runs them. */
static int by_order(const void *a, const void *b)
{
    const struct script *x = a, *y = b;
    bool late_x = x->kind == KIND_REPEATABLE, late_y = y->kind == KIND_REPEATABLE;
    if (late_x != late_y)
        return late_x ? 1 : -1;
    int order = late_x ? str_cmp(x->words, y->words) : flyway_version_cmp(x->version, y->version);
    if (order == 0)
        order = (int)x->kind - (int)y->kind;
    return order != 0 ? order : str_cmp(x->file->path, y->file->path);
}

static void collect(struct importer *im, struct scripts *all)
{
    for (size_t i = 0; i < im->in->files.list.count; i++) {
        const struct import_file *file = &im->in->files.list.items[i];
        struct script s = parse_name(im, file);
        if (s.kind != KIND_NONE)
            vec_push(im->arena, &all->list, s);
        else if (str_ends(file->path, STR(".sql")))
            importer_left_out(im, file->path,
                              "its name is not that of a migration; Flyway's callbacks have no counterpart");
    }
    if (all->list.count > 0)
        qsort(all->list.items, all->list.count, sizeof(*all->list.items), by_order);
}

/* A baseline counts only where no versioned migration at or below it is left. */
static bool is_covered(const struct scripts *all, const struct script *baseline)
{
    for (size_t i = 0; i < all->list.count; i++) {
        const struct script *s = &all->list.items[i];
        if (s != baseline && (s->kind == KIND_VERSIONED || s->kind == KIND_BASELINE) &&
            flyway_version_cmp(s->version, baseline->version) <= 0 && (s->kind == KIND_VERSIONED || s < baseline))
            return true;
    }
    return false;
}

static void check_undo(struct importer *im, const struct scripts *all, const struct script *undo)
{
    for (size_t i = 0; i < all->list.count; i++)
        if (all->list.items[i].kind == KIND_VERSIONED && str_eq(all->list.items[i].version, undo->version))
            return;
    importer_left_out(im, undo->file->path, "there is no migration of its version");
}

bool import_flyway(struct importer *im)
{
    struct scripts all = {0};
    collect(im, &all);
    for (size_t i = 0; i < all.list.count; i++) {
        const struct script *s = &all.list.items[i];
        if (s->kind == KIND_REPEATABLE)
            add_repeatable(im, s);
        else if (s->kind == KIND_UNDO)
            check_undo(im, &all, s);
        else if (s->kind == KIND_BASELINE && is_covered(&all, s))
            importer_left_out(im, s->file->path, "the versions that this baseline stands for are there");
        else
            add_versioned(im, &all, s);
    }
    return true;
}
