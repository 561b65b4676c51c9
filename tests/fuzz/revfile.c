/* Revision files: any bytes give findings or a revision; a revision written out and read again is the same. */
#include "skein/graph/revfile.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena a = {0};
    struct diag diag;
    struct revision first, again;
    diag_init(&diag, &a);
    struct str path = STR("versions/a_b.sql");
    if (revfile_parse(&a, path, (struct str){(const char *)bytes, size}, &diag, &first)) {
        FUZZ_CHECK(!diag_has_errors(&diag));
        struct strbuf text;
        strbuf_init(&text, 4 * REVFILE_MAX);
        revfile_format(&first, &text);
        FUZZ_CHECK(revfile_parse(&a, path, strbuf_str(&text), &diag, &again));
        FUZZ_CHECK(hash_eq(&first.checksum, &again.checksum));
        strbuf_release(&text);
    } else {
        FUZZ_CHECK(diag_has_errors(&diag));
    }
    arena_release(&a);
    return 0;
}
