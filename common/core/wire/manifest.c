#include "skein/wire/manifest.h"

static const char header[] = "skein-manifest 1";

struct manifest manifest_of(struct arena *a, const struct project_files *files)
{
    struct manifest m = {0};
    for (size_t i = 0; i < files->modules.count; i++) {
        const struct module_files *module = &files->modules.items[i];
        struct manifest_file f = {.module = module->name, .folder = module->folder};
        if (module->files.count == 0)
            vec_push(a, &m.list, f);
        for (size_t k = 0; k < module->files.count; k++) {
            f.path = module->files.items[k].path;
            f.hash = hash_of(module->files.items[k].bytes);
            vec_push(a, &m.list, f);
        }
    }
    return m;
}

static size_t text_size(const struct manifest *m)
{
    size_t size = sizeof(header) + 1;
    for (size_t i = 0; i < m->list.count; i++) {
        const struct manifest_file *f = &m->list.items[i];
        size += f->module.len + f->folder.len + f->path.len + HASH_HEX_SIZE + 4;
    }
    return size;
}

struct str manifest_format(struct arena *a, const struct manifest *m)
{
    struct strbuf b;
    strbuf_init(&b, text_size(m));
    strbuf_printf(&b, "%s\n", header);
    for (size_t i = 0; i < m->list.count; i++) {
        const struct manifest_file *f = &m->list.items[i];
        strbuf_printf(&b, "%.*s\t%.*s", STR_ARG(f->module), STR_ARG(f->folder));
        if (f->path.len > 0)
            strbuf_printf(&b, "\t%.*s\t%s", STR_ARG(f->path), hash_format(&f->hash).text);
        strbuf_putc(&b, '\n');
    }
    struct str text = str_copy(a, strbuf_str(&b));
    strbuf_release(&b);
    return text;
}

/* True for `module TAB folder` and `module TAB folder TAB path TAB hash`. */
static bool parse_line(struct str line, struct manifest_file *ret_file)
{
    struct manifest_file f = {0};
    struct str rest = line, hash, more;
    if (!str_next(&rest, '\t', &f.module) || !str_next(&rest, '\t', &f.folder) || f.module.len == 0)
        return false;
    if (str_next(&rest, '\t', &f.path) && (f.path.len == 0 || !str_next(&rest, '\t', &hash) ||
                                           !hash_parse(hash, &f.hash) || str_next(&rest, '\t', &more)))
        return false;
    *ret_file = f;
    return true;
}

bool manifest_parse(struct arena *a, struct str text, struct manifest *ret_manifest, struct err *err)
{
    struct manifest m = {0};
    struct str line;
    unsigned number = 1;
    if (!str_next(&text, '\n', &line) || !str_is(line, header))
        return err_set(err, ERR_INPUT, "the manifest does not begin with '%s'", header);
    while (str_next(&text, '\n', &line)) {
        struct manifest_file f;
        number++;
        if (line.len == 0 && text.len == 0)
            break;
        if (!parse_line(line, &f))
            return err_set(err, ERR_INPUT, "line %u of the manifest is not 'module, folder, path, hash'", number);
        f.module = str_copy(a, f.module);
        f.folder = str_copy(a, f.folder);
        f.path = str_copy(a, f.path);
        vec_push(a, &m.list, f);
    }
    *ret_manifest = m;
    return true;
}
