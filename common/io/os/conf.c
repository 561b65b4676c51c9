/*
 * libinih cuts lines into names and values. Its reader function is ours: it counts lines, which the
 * library does not tell its handler, and sees section lines, which the library does not report when they
 * are empty and cuts when they are long.
 */
#include "skein/os/conf.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "skein/base/timestamp.h"
#include "skein/os/file.h"
#include "skein/os/opt.h"

struct parser {
    struct arena *arena;
    const struct conf_section *sections;
    size_t section_count;
    struct diag *diag;
    struct conf *conf;
    struct str path, rest; /* what is not read yet */
    unsigned line;
    struct conf_block *block; /* where settings go; NULL after an unknown section, whose settings are skipped */
    bool in_section;
    struct {
        VEC(struct setting_seen) list;
    } seen; /* of the current section */
};

struct setting_seen {
    const struct conf_row *row;
    unsigned line;
};

static struct diag_at here(const struct parser *p)
{
    return (struct diag_at){.path = p->path, .line = p->line};
}

/* "did you mean `x`?", or the whole list where nothing is near. */
static const char *nearest_hint(const struct parser *p, struct str wrong, const char *const *names, size_t count,
                                const char *what)
{
    const char *nearest = opt_nearest(str_cstr(p->arena, wrong), names, count);
    if (nearest != NULL)
        return arena_printf(p->arena, "did you mean `%s`?", nearest);
    const char *all = names[0];
    for (size_t i = 1; i < count; i++)
        all = arena_printf(p->arena, "%s, %s", all, names[i]);
    return arena_printf(p->arena, "%s: %s", what, all);
}

static void unknown_section(struct parser *p, struct str kind)
{
    const char **names = arena_new_array(p->arena, p->section_count, const char *);
    for (size_t i = 0; i < p->section_count; i++)
        names[i] = p->sections[i].kind;
    diag_add(p->diag, DIAG_ERROR, "unknown_section", here(p),
             nearest_hint(p, kind, names, p->section_count, "the sections are"), "unknown section [%.*s]",
             STR_ARG(kind));
}

static void unknown_key(struct parser *p, const char *key)
{
    const struct conf_section *section = p->block->section;
    const char **names = arena_new_array(p->arena, section->row_count, const char *);
    for (size_t i = 0; i < section->row_count; i++)
        names[i] = section->rows[i].key;
    diag_add(p->diag, DIAG_ERROR, "unknown_key", here(p),
             nearest_hint(p, str_of(key), names, section->row_count, "the settings here are"),
             "unknown setting `%s` in section [%s]", key, section->kind);
}

static bool parse_bool(struct str text, bool *ret)
{
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false", "off", "0"};
    for (size_t i = 0; i < 4; i++)
        if (str_is(text, yes[i]) || str_is(text, no[i])) {
            *ret = str_is(text, yes[i]);
            return true;
        }
    return false;
}

/* Replaces the fallback's list. */
static bool parse_list(struct arena *a, struct str text, struct names *ret)
{
    struct str part;
    *ret = (struct names){0};
    while (str_next(&text, ',', &part)) {
        part = str_trim(part);
        if (part.len == 0)
            return false;
        vec_push(a, &ret->list, str_copy(a, part));
    }
    return true;
}

static bool in_range(const struct conf_row *row, uint64_t value)
{
    return value >= row->min && (row->max == 0 || value <= row->max);
}

static bool parse_number(const struct conf_row *row, struct str text, uint64_t *ret)
{
    unsigned long long number;
    if (!str_to_u64(text, UINT64_MAX, &number) || !in_range(row, number))
        return false;
    *ret = number;
    return true;
}

static bool parse_duration(const struct conf_row *row, struct str text, int64_t *ret)
{
    int64_t ms;
    if (!duration_parse(text, &ms) || !in_range(row, (uint64_t)ms))
        return false;
    *ret = ms;
    return true;
}

static bool is_choice(const struct conf_row *row, struct str text)
{
    struct str rest = str_of(row->choices), part;
    while (str_next(&rest, ',', &part))
        if (str_eq(part, text))
            return true;
    return false;
}

/* Puts a value into its member; false when the text is none of the type. */
static bool store(struct arena *a, const struct conf_row *row, struct str text, void *values)
{
    void *member = (char *)values + row->offset;
    switch (row->type) {
    case CONF_NUMBER:
        return parse_number(row, text, member);
    case CONF_DURATION:
        return parse_duration(row, text, member);
    case CONF_BOOL:
        return parse_bool(text, member);
    case CONF_LIST:
        return parse_list(a, text, member);
    case CONF_CHOICE:
    case CONF_TEXT:
        *(struct str *)member = str_copy(a, text);
        return row->type == CONF_TEXT || is_choice(row, text);
    case CONF_UNSET:
        break;
    }
    return false;
}

static const char *duration_words(struct arena *a, uint64_t ms)
{
    if (ms % 60000 == 0 && ms > 0)
        return arena_printf(a, "%llum", (unsigned long long)ms / 60000);
    if (ms % 1000 == 0)
        return arena_printf(a, "%llus", (unsigned long long)ms / 1000);
    return arena_printf(a, "%llums", (unsigned long long)ms);
}

static const char *range_words(struct arena *a, const struct conf_row *row)
{
    bool time = row->type == CONF_DURATION;
    const char *min = time ? duration_words(a, row->min) : arena_printf(a, "%llu", (unsigned long long)row->min);
    const char *max = time ? duration_words(a, row->max) : arena_printf(a, "%llu", (unsigned long long)row->max);
    return row->max == 0 ? arena_printf(a, "%s or more", min) : arena_printf(a, "%s to %s", min, max);
}

/* What a setting takes, for hints and the example. */
static const char *type_words(struct arena *a, const struct conf_row *row)
{
    switch (row->type) {
    case CONF_NUMBER:
        return arena_printf(a, "a number, %s", range_words(a, row));
    case CONF_DURATION:
        return arena_printf(a, "a duration such as 500ms, 5s, 10m or 2h, %s", range_words(a, row));
    case CONF_BOOL:
        return "yes or no";
    case CONF_LIST:
        return "a list, with commas";
    case CONF_CHOICE:
        return arena_printf(a, "one of %s", row->choices);
    case CONF_TEXT:
    case CONF_UNSET:
        break;
    }
    return "text";
}

static const struct conf_row *find_row(const struct conf_section *section, const char *key)
{
    for (size_t i = 0; i < section->row_count; i++)
        if (strcmp(section->rows[i].key, key) == 0)
            return &section->rows[i];
    return NULL;
}

static const struct setting_seen *find_seen(const struct parser *p, const struct conf_row *row)
{
    for (size_t i = 0; i < p->seen.list.count; i++)
        if (p->seen.list.items[i].row == row)
            return &p->seen.list.items[i];
    return NULL;
}

static void take_setting(struct parser *p, const char *key, struct str value)
{
    const struct conf_row *row = find_row(p->block->section, key);
    if (row == NULL) {
        unknown_key(p, key);
        return;
    }
    const struct setting_seen *before = find_seen(p, row);
    if (before != NULL) {
        diag_add(p->diag, DIAG_ERROR, "repeated_key", here(p), "keep one of the two",
                 "setting `%s` is given twice; first in line %u", key, before->line);
        return;
    }
    struct setting_seen seen = {row, p->line};
    vec_push(p->arena, &p->seen.list, seen);
    if (!store(p->arena, row, value, p->block->values))
        diag_add(p->diag, DIAG_ERROR, "bad_value", here(p),
                 arena_printf(p->arena, "`%s` takes %s", key, type_words(p->arena, row)), "bad value `%.*s` for `%s`",
                 STR_ARG(str_head(value, 200)), key);
}

static int take(void *user, const char *section, const char *key, const char *value)
{
    (void)section; /* cut to 50 bytes; the reader knows the whole */
    struct parser *p = user;
    if (p->block != NULL)
        take_setting(p, key, str_of(value));
    else if (!p->in_section)
        diag_add(p->diag, DIAG_ERROR, "no_section", here(p), "put it below a line like [agent]",
                 "setting `%s` stands before the first section", key);
    return 1;
}

/* Every row at its fallback. A fallback that its own row refuses is a bug of the table. */
static void *fresh_values(struct arena *a, const struct conf_section *section)
{
    void *values = arena_alloc(a, section->size);
    for (size_t i = 0; i < section->row_count; i++)
        if (section->rows[i].fallback != NULL &&
            !store(a, &section->rows[i], str_of(section->rows[i].fallback), values))
            abort();
    return values;
}

static const struct conf_block *find_block(const struct conf *c, const struct conf_section *section, struct str name)
{
    for (size_t i = 0; i < c->blocks.count; i++)
        if (c->blocks.items[i].section == section && str_eq(c->blocks.items[i].name, name))
            return &c->blocks.items[i];
    return NULL;
}

static void add_block(struct parser *p, const struct conf_section *section, struct str name)
{
    struct conf_block block = {section, str_copy(p->arena, name), p->line, fresh_values(p->arena, section)};
    vec_push(p->arena, &p->conf->blocks, block);
    p->block = &p->conf->blocks.items[p->conf->blocks.count - 1];
}

/* The rows that the section which ends here must have. */
static void end_section(struct parser *p)
{
    struct diag_at at = {.path = p->path, .line = p->block != NULL ? p->block->line : 0};
    for (size_t i = 0; p->block != NULL && i < p->block->section->row_count; i++) {
        const struct conf_row *row = &p->block->section->rows[i];
        if (row->required && find_seen(p, row) == NULL)
            diag_add(p->diag, DIAG_ERROR, "missing_key", at, row->doc, "section [%s] has no setting `%s`",
                     p->block->section->kind, row->key);
    }
    p->block = NULL;
    p->seen.list.count = 0;
}

static const struct conf_section *find_section(const struct parser *p, struct str kind)
{
    for (size_t i = 0; i < p->section_count; i++)
        if (str_is(kind, p->sections[i].kind))
            return &p->sections[i];
    return NULL;
}

static const char *section_problem(const struct parser *p, const struct conf_section *section, struct str name)
{
    if (section->name_doc == NULL && name.len > 0)
        return "takes no name";
    if (section->name_doc != NULL && name.len == 0)
        return "needs a name after its kind";
    if (name.len > CONF_SECTION_NAME_MAX)
        return "has too long a name";
    return find_block(p->conf, section, name) != NULL ? "is given twice" : NULL;
}

static void begin_section(struct parser *p, struct str header)
{
    end_section(p);
    p->in_section = true;
    size_t space = str_find(header, ' ');
    struct str kind = str_head(header, space), name = str_trim(str_from(header, space));
    const struct conf_section *section = find_section(p, kind);
    if (section == NULL) {
        unknown_section(p, kind);
        return;
    }
    const char *problem = section_problem(p, section, name);
    if (problem == NULL)
        add_block(p, section, name);
    else
        diag_add(p->diag, DIAG_ERROR, "bad_section", here(p), section->name_doc, "section [%.*s] %s", STR_ARG(header),
                 problem);
}

/* fgets() over the text, for libinih; a call is one line, since longer ones are refused beforehand. */
static char *read_line(char *out, int size, void *user)
{
    struct parser *p = user;
    struct str line;
    (void)size;
    if (!str_next(&p->rest, '\n', &line))
        return NULL;
    p->line++;
    memcpy(out, line.p, line.len);
    memcpy(out + line.len, "\n", 2);
    struct str text = str_trim(line);
    if (str_starts(text, STR("[")) && str_find(text, ']') < text.len)
        begin_section(p, str_trim(str_head(str_from(text, 1), str_find(text, ']') - 1)));
    return out;
}

/* What no line of the file may be: these are checked before libinih sees it. */
static bool lines_are_sane(struct parser *p)
{
    struct str rest = p->rest, line;
    size_t bad;
    struct diag_at at = {.path = p->path};
    while (str_next(&rest, '\n', &line)) {
        at.line++;
        if (line.len > CONF_LINE_MAX - 3)
            diag_add(p->diag, DIAG_ERROR, "long_line", at, NULL, "line is longer than %d bytes", CONF_LINE_MAX - 3);
        else if (memchr(line.p, '\0', line.len) != NULL || !str_is_utf8(line, &bad))
            diag_add(p->diag, DIAG_ERROR, "not_text", at, NULL, "line is not UTF-8 text");
    }
    return !diag_has_errors(p->diag);
}

/* Debian's libinih has its limits as variables of the library; a daemon parses before it has threads. */
static void set_up_library(void)
{
    ini_use_stack = false;
    ini_max_line = CONF_LINE_MAX;
    ini_initial_alloc = CONF_LINE_MAX;
    ini_allow_multiline = false;
}

static void add_missing_blocks(struct parser *p)
{
    p->line = 0;
    for (size_t i = 0; i < p->section_count; i++) {
        const struct conf_section *section = &p->sections[i];
        if (section->name_doc == NULL && find_block(p->conf, section, STR("")) == NULL) {
            add_block(p, section, STR(""));
            end_section(p);
        }
    }
}

bool conf_parse(struct arena *a, struct str text, const char *path, const struct conf_section *sections, size_t count,
                struct diag *diag, struct conf *ret_conf)
{
    struct conf conf = {0};
    struct parser p = {a, sections, count, diag, &conf, str_copy(a, str_of(path)), text, 0, NULL, false, {{0}}};
    if (!lines_are_sane(&p))
        return false;
    set_up_library();
    int bad_line = ini_parse_stream(read_line, &p, take, &p);
    if (bad_line != 0)
        diag_add(diag, DIAG_ERROR, "bad_line", (struct diag_at){.path = p.path, .line = (unsigned)bad_line},
                 "a line is [section], key = value, or a comment", "line cannot be understood");
    end_section(&p);
    add_missing_blocks(&p);
    if (diag_has_errors(diag))
        return false;
    *ret_conf = conf;
    return true;
}

bool conf_load(struct arena *a, const char *path, const struct conf_section *sections, size_t count, struct diag *diag,
               struct conf *ret_conf, struct err *err)
{
    struct str text;
    if (!file_is_protected(path, err))
        return false;
    if (!file_read(a, path, CONF_FILE_MAX, &text, err))
        return err_hint(err, "the path comes from --config");
    return conf_parse(a, text, path, sections, count, diag, ret_conf) || diag_to_err(diag, err);
}

void *conf_values(const struct conf *c, const char *kind)
{
    for (size_t i = 0; i < c->blocks.count; i++)
        if (strcmp(c->blocks.items[i].section->kind, kind) == 0)
            return c->blocks.items[i].values;
    return NULL;
}

static void add_comment(struct strbuf *out, const char *text)
{
    enum { WIDTH = 98 };
    struct str rest = str_of(text), word;
    size_t column = 0;
    while (str_next(&rest, ' ', &word)) {
        bool wrap = column > 0 && column + 1 + word.len > WIDTH;
        strbuf_puts(out, column == 0 ? "# " : wrap ? "\n# " : " ");
        strbuf_add(out, word);
        column = (column == 0 || wrap ? 0 : column + 1) + word.len;
    }
    strbuf_puts(out, "\n");
}

static void add_row(struct strbuf *out, const struct conf_row *row)
{
    struct arena a = {0};
    const char *value = row->fallback != NULL ? row->fallback : row->example != NULL ? row->example : "";
    strbuf_puts(out, "\n");
    add_comment(out, row->doc);
    add_comment(out, arena_printf(&a, "Takes %s%s", type_words(&a, row), row->required ? "; must be given." : "."));
    strbuf_printf(out, "%s%s =%s%s\n", row->required ? "" : "#", row->key, value[0] != '\0' ? " " : "", value);
    arena_release(&a);
}

void conf_example(const struct conf_section *sections, size_t count, struct strbuf *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct conf_section *s = &sections[i];
        if (i > 0)
            strbuf_puts(out, "\n\n");
        add_comment(out, s->doc);
        if (s->name_doc != NULL)
            add_comment(out, s->name_doc);
        if (s->name_doc != NULL)
            strbuf_printf(out, "[%s %s]\n", s->kind, s->name_example);
        else
            strbuf_printf(out, "[%s]\n", s->kind);
        for (size_t r = 0; r < s->row_count; r++)
            add_row(out, &s->rows[r]);
    }
}
