/*
 * Frames of a peer: whatever the bytes, decoding stays within its memory; what was decoded, encoded and decoded
 * again, gives the same bytes.
 */
#include "skein/wire/codec.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena a = {0};
    struct msg first = {0}, again = {0};
    struct err err;
    if (codec_decode(&a, (struct str){(const char *)bytes, size}, &first, &err)) {
        FUZZ_CHECK(first.kind > MSG_UNSET && first.kind < MSG_COUNT);
        struct str frame = codec_encode(&a, &first);
        FUZZ_CHECK(codec_decode(&a, frame, &again, &err));
        FUZZ_CHECK(str_eq(frame, codec_encode(&a, &again)));
        FUZZ_CHECK(msg_describe(&a, &first).len > 0);
    } else {
        FUZZ_CHECK(err.code == ERR_INPUT || err.code == ERR_LIMIT);
        FUZZ_CHECK(a.total <= LIMIT_DECODE + 4096);
    }
    arena_release(&a);
    return 0;
}
