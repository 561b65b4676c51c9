/*
 * goose: files `<number>_words.sql` and `.go` in one folder, in the order of their numbers. Lines `-- +goose ...`
 * direct it: Up and Down begin the halves, StatementBegin and StatementEnd enclose what is one statement for goose
 * (its closing semicolon may be missing), NO TRANSACTION is for the whole file, ENVSUB ON replaces ${NAME}.
 */
#include <stdlib.h>
#include <string.h>

#include "common/core/import/importer.h"

enum word { WORD_NONE, WORD_UP, WORD_DOWN, WORD_BEGIN, WORD_END, WORD_ALONE, WORD_ENV_ON, WORD_ENV_OFF, WORD_UNKNOWN };

static const struct {
    const char *text;
    enum word word;
} words[] = {
    {"up", WORD_UP},
    {"down", WORD_DOWN},
    {"statementbegin", WORD_BEGIN},
    {"statementend", WORD_END},
    {"no transaction", WORD_ALONE},
    {"envsub on", WORD_ENV_ON},
    {"envsub off", WORD_ENV_OFF},
    {"envsubst on", WORD_ENV_ON},
    {"envsubst off", WORD_ENV_OFF},
};

struct half {
    struct strbuf text;
    bool seen;
    unsigned line;
    struct str unknown; /* the first variable whose value is not known */
};

struct reader {
    struct importer *im;
    struct import_revision *revision;
    struct half up, down;
    struct half *current;
    size_t statement; /* where the text of an enclosed statement begins; SIZE_MAX outside */
    bool alone, substitute;
};

static bool same_letters(struct str s, const char *text)
{
    size_t i = 0;
    for (; i < s.len && text[i] != '\0'; i++)
        if ((s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + ('a' - 'A') : s.p[i]) != text[i])
            return false;
    return i == s.len && text[i] == '\0';
}

static enum word word_of(struct str line)
{
    struct str rest = str_trim(line);
    if (!str_starts(rest, STR("--")))
        return WORD_NONE;
    rest = str_trim(str_from(rest, 2));
    if (!str_starts(rest, STR("+goose")))
        return WORD_NONE;
    rest = str_trim(str_from(rest, 6));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (same_letters(rest, words[i].text))
            return words[i].word;
    return WORD_UNKNOWN;
}

static bool begin_half(struct reader *r, struct half *h, struct import_place at)
{
    if (h->seen || (h == &r->down && !r->up.seen) || r->statement != SIZE_MAX)
        return importer_bad(r->im, at, "one Up, then at most one Down, both outside StatementBegin",
                            "this half cannot begin here");
    h->seen = true;
    h->line = at.line + 1;
    r->current = h;
    return true;
}

static bool end_statement(struct reader *r, struct import_place at)
{
    if (r->statement == SIZE_MAX)
        return importer_bad(r->im, at, "begin it with -- +goose StatementBegin", "StatementEnd without StatementBegin");
    struct strbuf *text = &r->current->text;
    struct str body = str_trim(str_from(strbuf_str(text), r->statement));
    if (body.len > 0 && !str_ends(body, STR(";")))
        strbuf_puts(text, ";\n");
    r->statement = SIZE_MAX;
    return true;
}

static bool obey(struct reader *r, enum word word, struct import_place at)
{
    if (word == WORD_UP)
        return begin_half(r, &r->up, at);
    if (word == WORD_DOWN)
        return begin_half(r, &r->down, at);
    if (word == WORD_ALONE)
        r->alone = true;
    else if (word == WORD_ENV_ON || word == WORD_ENV_OFF)
        r->substitute = word == WORD_ENV_ON;
    else if (word == WORD_UNKNOWN)
        return importer_bad(r->im, at, "goose knows Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON",
                            "an unknown annotation");
    else if (word == WORD_END)
        return end_statement(r, at);
    else if (r->current == NULL || r->statement != SIZE_MAX)
        return importer_bad(r->im, at, "it belongs below -- +goose Up, and cannot be nested",
                            "StatementBegin cannot stand here");
    else
        r->statement = r->current->text.len;
    return true;
}

/* "$NAME", also without braces, stands for a variable. */
static struct str bare_variable(struct str line)
{
    for (size_t at = str_find(line, '$'); at + 1 < line.len;) {
        char c = line.p[at + 1];
        if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_')
            return str_head(str_from(line, at), 40);
        size_t next = str_find(str_from(line, at + 1), '$');
        at += 1 + next;
    }
    return STR("");
}

static void add_line(struct reader *r, struct str line)
{
    struct str unknown = STR("");
    if (r->substitute) {
        line = importer_placeholders(r->im, line, &unknown);
        if (unknown.len == 0)
            unknown = bare_variable(line);
    }
    if (r->current->unknown.len == 0)
        r->current->unknown = unknown;
    strbuf_add(&r->current->text, line);
    strbuf_putc(&r->current->text, '\n');
}

static bool read_line(struct reader *r, struct str line, struct import_place at)
{
    enum word word = word_of(line);
    if (word != WORD_NONE)
        return obey(r, word, at);
    if (r->current != NULL)
        add_line(r, line);
    else if (str_trim(line).len > 0 && !str_starts(str_trim(line), STR("--")))
        return importer_bad(r->im, at, "put it below -- +goose Up", "a statement before -- +goose Up");
    return true;
}

static void add_half(struct reader *r, const struct half *h, enum section_kind kind)
{
    struct str sql = h->text.p != NULL ? str_copy(r->im->arena, strbuf_str(&h->text)) : STR("");
    if (!h->seen)
        return;
    if (h->unknown.len > 0)
        importer_opaque(r->im, r->revision, kind,
                        str_printf(r->im->arena, "goose puts in a variable: %.*s", STR_ARG(h->unknown)));
    else
        importer_section(r->im, r->revision, kind, sql, r->alone ? IMPORTER_ALONE : IMPORTER_IN_TRANSACTION,
                         (struct import_place){r->revision->source, h->line});
}

static void read_sql(struct importer *im, struct import_revision *revision, struct str text)
{
    struct reader r = {.im = im, .revision = revision, .statement = SIZE_MAX};
    struct import_place first = {revision->source, 1}, at = first;
    struct str line;
    bool ok = true;
    strbuf_init(&r.up.text, SIZE_MAX);
    strbuf_init(&r.down.text, SIZE_MAX);
    for (; ok && str_next(&text, '\n', &line); at.line++)
        ok = read_line(&r, line, at);
    if (ok && !r.up.seen)
        ok = importer_bad(im, first, "add a line -- +goose Up", "there is no -- +goose Up");
    if (ok && r.statement != SIZE_MAX)
        ok = importer_bad(im, first, "end it with -- +goose StatementEnd", "a StatementBegin has no end");
    if (ok) {
        add_half(&r, &r.up, SECTION_UP);
        add_half(&r, &r.down, SECTION_DOWN);
    }
    strbuf_release(&r.up.text);
    strbuf_release(&r.down.text);
}

static int by_version(const void *a, const void *b)
{
    const struct import_revision *x = a, *y = b;
    int order = importer_number_cmp(x->revision.id, y->revision.id);
    return order != 0 ? order : str_cmp(x->source, y->source);
}

static bool is_migration(struct importer *im, const struct import_file *file, bool go, struct str *ret_version)
{
    struct str digits = importer_digits(file->path);
    if (digits.len > 0 && digits.len < file->path.len && file->path.p[digits.len] == '_') {
        *ret_version = importer_number(digits);
        return true;
    }
    if (!go)
        importer_left_out(im, file->path, "its name does not begin with a version and '_'");
    return false;
}

bool import_goose(struct importer *im)
{
    for (size_t i = 0; i < im->in->files.list.count; i++) {
        const struct import_file *file = &im->in->files.list.items[i];
        bool go = str_ends(file->path, STR(".go"));
        struct str version, text, words_of_it;
        if ((!go && !str_ends(file->path, STR(".sql"))) || str_find(file->path, '/') < file->path.len ||
            str_ends(file->path, STR("_test.go")) || !is_migration(im, file, go, &version))
            continue;
        words_of_it = str_from(file->path, importer_digits(file->path).len + 1);
        struct import_revision r =
            importer_revision(im, version, str_head(words_of_it, words_of_it.len - (go ? 3 : 4)), file->path);
        if (go) {
            importer_opaque(im, &r, SECTION_UP, str_printf(im->arena, "Go code: %.*s", STR_ARG(file->path)));
            importer_opaque(im, &r, SECTION_DOWN, str_printf(im->arena, "Go code: %.*s", STR_ARG(file->path)));
        } else if (importer_text(im, file, &text)) {
            read_sql(im, &r, text);
        }
        vec_push(im->arena, &im->set.list, r);
    }
    if (im->set.list.count > 0)
        qsort(im->set.list.items, im->set.list.count, sizeof(*im->set.list.items), by_version);
    return true;
}
