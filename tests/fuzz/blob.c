/* Plans and scripts from a peer: no bytes break the decoder, and none pass for a hash that nobody made. */
#include "skein/wire/blob.h"
#include "skein/wire/limits.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct hash expected = {{0x5c}};
    struct arena a = {0};
    struct str input = {(const char *)bytes, size};
    struct plan plan;
    struct script script;
    struct err err;
    FUZZ_CHECK(!blob_decode_plan(&a, input, &expected, &plan, &err));
    FUZZ_CHECK(!blob_decode_script(&a, input, &expected, &script, &err));
    FUZZ_CHECK(a.total <= 2 * (LIMIT_MESSAGE + 32 * size));
    arena_release(&a);
    return 0;
}
