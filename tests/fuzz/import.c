/*
 * Folders of other migration tools: the first byte chooses the tool, `=== NAME` lines begin files. Whatever they
 * hold gives findings, or revisions whose files say the same when they are read again.
 */
#include "skein/import/import.h"
#include "skein/graph/revfile.h"
#include "tests/fuzz/fuzz.h"

static void add_files(struct arena *a, struct str text, struct import_input *in)
{
    struct str line, mark = STR("=== ");
    while (text.len > 0) {
        str_next(&text, '\n', &line);
        struct import_file file = {.path = str_starts(line, mark) ? str_from(line, mark.len) : STR("1_a.sql"),
                                   .bytes = text};
        while (text.len > 0 && !str_starts(text, mark))
            text = str_from(text, str_find(text, '\n') + 1);
        file.bytes.len -= text.len;
        vec_push(a, &in->files.list, file);
    }
}

static void check_revision(struct arena *a, const struct import_revision *made)
{
    struct strbuf text;
    struct diag diag;
    struct revision again;
    diag_init(&diag, a);
    strbuf_init(&text, 4 * REVFILE_MAX);
    revfile_format(&made->revision, &text);
    revfile_parse(a, STR("a_b.sql"), strbuf_str(&text), &diag, &again);
    FUZZ_CHECK(str_eq(again.id, made->revision.id));
    FUZZ_CHECK(again.sections.list.count == made->revision.sections.list.count);
    for (size_t i = 0; i < again.sections.list.count; i++) {
        const struct section *before = &made->revision.sections.list.items[i], *after = &again.sections.list.items[i];
        FUZZ_CHECK(str_eq(before->sql, after->sql));
        FUZZ_CHECK(before->opaque == after->opaque && before->transactional == after->transactional);
    }
    strbuf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena a = {0};
    struct diag diag;
    struct import_input in = {.engine = ENGINE_SQLITE};
    struct import_set set;
    if (size == 0)
        return 0;
    diag_init(&diag, &a);
    add_files(&a, (struct str){(const char *)bytes + 1, size - 1}, &in);
    if (import_read(&a, (enum import_tool)(IMPORT_DBMATE + bytes[0] % (IMPORT_TOOL_COUNT - IMPORT_DBMATE)), &in, &diag,
                    &set))
        for (size_t i = 0; i < set.list.count; i++)
            check_revision(&a, &set.list.items[i]);
    else
        FUZZ_CHECK(diag_has_errors(&diag));
    arena_release(&a);
    return 0;
}
