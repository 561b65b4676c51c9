/*
 * dbmate: files `<digits>...sql` in one folder, in the order of their names; sections begin with `-- migrate:up` and
 * `-- migrate:down`, which may carry `transaction:false`. A file may have several pairs, which run one after the other.
 * The version is the digits as they stand: schema_migrations.version is text.
 */
#include "common/core/import/importer.h"

struct half {
    struct strbuf text;
    bool seen, alone;
    unsigned line;
};

struct pairs {
    struct half up, down;
    struct half *current;
};

/* "-- migrate:up transaction:false": what follows the word. */
static bool is_marker(struct str line, struct str word, struct str *ret_options)
{
    if (!str_starts(line, STR("--")))
        return false;
    struct str rest = str_trim(str_from(line, 2));
    if (!str_starts(rest, word))
        return false;
    *ret_options = str_from(rest, word.len);
    return ret_options->len == 0 || ret_options->p[0] == ' ' || ret_options->p[0] == '\t';
}

static bool read_options(struct importer *im, struct half *h, struct str options, struct import_place at)
{
    struct str word;
    while (str_next(&options, ' ', &word)) {
        word = str_trim(word);
        if (str_is(word, "transaction:false"))
            h->alone = true;
        else if (word.len > 0 && !str_is(word, "transaction:true"))
            return importer_bad(im, at, "known is transaction:false", "the option '%.*s' is unknown", STR_ARG(word));
    }
    return true;
}

static bool read_line(struct importer *im, struct pairs *p, struct str line, struct import_place at)
{
    struct str options;
    struct half *begun = NULL;
    if (is_marker(line, STR("migrate:up"), &options))
        begun = &p->up;
    else if (is_marker(line, STR("migrate:down"), &options))
        begun = &p->down;
    if (begun == &p->down && p->current == NULL)
        return importer_bad(im, at, "put -- migrate:up first", "-- migrate:down before -- migrate:up");
    if (begun != NULL) {
        begun->line = begun->seen ? begun->line : at.line + 1;
        begun->seen = true;
        p->current = begun;
        return read_options(im, begun, options, at);
    }
    if (p->current != NULL) {
        strbuf_add(&p->current->text, line);
        strbuf_putc(&p->current->text, '\n');
    } else if (str_trim(line).len > 0 && !str_starts(str_trim(line), STR("--"))) {
        return importer_bad(im, at, "put it below -- migrate:up", "a statement before -- migrate:up");
    }
    return true;
}

static void add_half(struct importer *im, struct import_revision *r, const struct half *h, enum section_kind kind)
{
    struct str sql = h->text.p != NULL ? str_copy(im->arena, strbuf_str(&h->text)) : STR("");
    if (h->seen)
        importer_section(im, r, kind, sql, h->alone ? IMPORTER_ALONE : IMPORTER_IN_TRANSACTION,
                         (struct import_place){r->source, h->line});
}

static void read_sections(struct importer *im, struct import_revision *r, struct str text)
{
    struct pairs p = {0};
    struct str line;
    bool ok = true;
    strbuf_init(&p.up.text, SIZE_MAX);
    strbuf_init(&p.down.text, SIZE_MAX);
    for (unsigned number = 1; ok && str_next(&text, '\n', &line); number++)
        ok = read_line(im, &p, line, (struct import_place){r->source, number});
    if (ok && !p.up.seen)
        importer_bad(im, (struct import_place){r->source, 1}, "add a line -- migrate:up", "there is no -- migrate:up");
    if (ok) {
        add_half(im, r, &p.up, SECTION_UP);
        add_half(im, r, &p.down, SECTION_DOWN);
    }
    strbuf_release(&p.up.text);
    strbuf_release(&p.down.text);
}

bool import_dbmate(struct importer *im)
{
    for (size_t i = 0; i < im->in->files.list.count; i++) {
        const struct import_file *file = &im->in->files.list.items[i];
        struct str version = importer_digits(file->path), text, words = str_from(file->path, version.len);
        if (!str_ends(file->path, STR(".sql")) || str_find(file->path, '/') < file->path.len)
            continue;
        if (version.len == 0) {
            importer_left_out(im, file->path, "its name does not begin with a version");
            continue;
        }
        struct import_revision r = importer_revision(im, version, str_head(words, words.len - 4), file->path);
        if (importer_text(im, file, &text))
            read_sections(im, &r, text);
        vec_push(im->arena, &im->set.list, r);
    }
    return true;
}
