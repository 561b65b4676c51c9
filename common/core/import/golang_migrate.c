/*
 * golang-migrate: files `<number>_words.up.sql` and `.down.sql` in one folder, in the order of their numbers. A
 * number without an up file does nothing on the way up. Drivers differ in how they run a file; what cannot run in a
 * transaction is found by its statements.
 */
#include <stdlib.h>

#include "common/core/import/importer.h"

struct half {
    struct str version, words;
    bool up;
    const struct import_file *file;
};

struct halves {
    VEC(struct half) list;
};

/* "1_words.up.sql": whether it is one. */
static bool parse_name(struct str name, struct half *ret_half)
{
    struct str digits = importer_digits(name), rest = str_from(name, digits.len + 1), up = STR(".up.sql"),
               down = STR(".down.sql");
    if (digits.len == 0 || digits.len >= name.len || name.p[digits.len] != '_')
        return false;
    bool is_up = str_ends(rest, up);
    if (!is_up && !str_ends(rest, down))
        return false;
    ret_half->up = is_up;
    ret_half->version = importer_number(digits);
    ret_half->words = str_head(rest, rest.len - (is_up ? up.len : down.len));
    return true;
}

/* By number, up before down. */
static int by_version(const void *a, const void *b)
{
    const struct half *x = a, *y = b;
    int order = importer_number_cmp(x->version, y->version);
    if (order != 0)
        return order;
    return x->up != y->up ? (x->up ? -1 : 1) : str_cmp(x->file->path, y->file->path);
}

static void add_half(struct importer *im, struct import_revision *r, const struct half *h)
{
    struct str text;
    if (importer_text(im, h->file, &text))
        importer_section(im, r, h->up ? SECTION_UP : SECTION_DOWN, text, IMPORTER_IN_TRANSACTION,
                         (struct import_place){h->file->path, 1});
}

static bool is_same(const struct half *a, const struct half *b)
{
    return str_eq(a->version, b->version);
}

static void add_revision(struct importer *im, const struct half *halves, size_t count)
{
    struct import_revision r = importer_revision(im, halves[0].version, halves[0].words, halves[0].file->path);
    if (!halves[0].up) {
        importer_note(im, &r, STR("there is no up file: it does nothing on the way up"));
        importer_section(im, &r, SECTION_UP, STR(""), IMPORTER_IN_TRANSACTION, (struct import_place){r.source, 1});
    }
    for (size_t i = 0; i < count; i++)
        if (i > 0 && halves[i].up == halves[i - 1].up)
            diag_add(im->diag, DIAG_ERROR, "duplicate_version", (struct diag_at){.path = halves[i].file->path},
                     "rename one of the two", "version %.*s is that of %.*s too", STR_ARG(halves[i].version),
                     STR_ARG(halves[i - 1].file->path));
        else
            add_half(im, &r, &halves[i]);
    vec_push(im->arena, &im->set.list, r);
}

bool import_golang_migrate(struct importer *im)
{
    struct halves all = {0};
    for (size_t i = 0; i < im->in->files.list.count; i++) {
        struct half h = {.file = &im->in->files.list.items[i]};
        struct str path = h.file->path;
        if (!str_ends(path, STR(".sql")) || str_find(path, '/') < path.len)
            continue;
        if (parse_name(path, &h))
            vec_push(im->arena, &all.list, h);
        else
            importer_left_out(im, path, "its name is not VERSION_words.up.sql or .down.sql");
    }
    if (all.list.count > 0)
        qsort(all.list.items, all.list.count, sizeof(*all.list.items), by_version);
    for (size_t i = 0, n; i < all.list.count; i += n) {
        for (n = 1; i + n < all.list.count && is_same(&all.list.items[i], &all.list.items[i + n]);)
            n++;
        add_revision(im, &all.list.items[i], n);
    }
    return true;
}
