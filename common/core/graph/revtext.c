/* Revisions as text: the file a person reads, and the canonical bytes under the checksum. */
#include "skein/graph/revfile.h"

#include <inttypes.h>

#include "skein/base/timestamp.h"

static void add_names(struct strbuf *out, const char *header, const struct names *names)
{
    for (size_t i = 0; i < names->list.count; i++) {
        strbuf_printf(out, i == 0 ? "-- %s: " : ", ", header);
        strbuf_add(out, names->list.items[i]);
    }
    if (names->list.count > 0)
        strbuf_putc(out, '\n');
}

static void add_checksums(struct strbuf *out, const struct revision *r)
{
    for (size_t i = 0; i < r->replaced_checksums.list.count; i++)
        strbuf_printf(out, "%s%s", i == 0 ? "-- replaced_checksums: " : ", ",
                      hash_format(&r->replaced_checksums.list.items[i]).text);
    if (r->replaced_checksums.list.count > 0)
        strbuf_putc(out, '\n');
}

static void add_headers(struct strbuf *out, const struct revision *r)
{
    strbuf_puts(out, "-- revision: ");
    strbuf_add(out, r->id);
    strbuf_putc(out, '\n');
    add_names(out, "revises", &r->parents);
    add_names(out, "branch_labels", &r->labels);
    add_names(out, "depends_on", &r->depends_on);
    add_names(out, "replaces", &r->replaces);
    add_checksums(out, r);
}

static void add_section(struct strbuf *out, const struct section *s)
{
    strbuf_printf(out, "-- migrate:%s", section_kind_name(s->kind));
    if (s->engine != ENGINE_UNSET)
        strbuf_printf(out, " %s", engine_name(s->engine));
    if (!s->transactional)
        strbuf_puts(out, " transaction:false");
    if (s->lock_timeout_ms != TIMEOUT_DEFAULT)
        strbuf_printf(out, " lock_timeout:%" PRId64 "ms", s->lock_timeout_ms);
    if (s->statement_timeout_ms != TIMEOUT_DEFAULT)
        strbuf_printf(out, " statement_timeout:%" PRId64 "ms", s->statement_timeout_ms);
    if (s->opaque)
        strbuf_puts(out, " opaque");
    strbuf_putc(out, '\n');
    strbuf_add(out, s->sql);
    if (s->sql.len > 0)
        strbuf_putc(out, '\n');
}

static void add_sections(struct strbuf *out, const struct revision *r)
{
    for (size_t i = 0; i < r->sections.list.count; i++)
        add_section(out, &r->sections.list.items[i]);
}

void revfile_canonical(const struct revision *r, struct strbuf *out)
{
    add_headers(out, r);
    add_sections(out, r);
}

void revfile_format(const struct revision *r, struct strbuf *out)
{
    add_headers(out, r);
    if (r->message.len > 0)
        strbuf_printf(out, "-- message: %.*s\n", STR_ARG(r->message));
    if (r->created_ms != 0)
        strbuf_printf(out, "-- created: %s\n", timestamp_format(r->created_ms).text);
    strbuf_putc(out, '\n');
    for (size_t i = 0; i < r->sections.list.count; i++) {
        if (i > 0)
            strbuf_putc(out, '\n');
        add_section(out, &r->sections.list.items[i]);
    }
}

struct hash revfile_checksum(const struct revision *r)
{
    struct strbuf text;
    strbuf_init(&text, SIZE_MAX);
    revfile_canonical(r, &text);
    struct hash hash = hash_of(strbuf_str(&text));
    strbuf_release(&text);
    return hash;
}
