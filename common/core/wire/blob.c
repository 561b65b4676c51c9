#include "skein/wire/blob.h"

#include "common/core/wire/shape.h"
#include "skein/wire/limits.h"

static size_t blob_memory(struct str bytes)
{
    return LIMIT_MESSAGE + 16 * bytes.len;
}

static bool blob_decode(struct arena *a, const struct shape *s, struct str bytes, void *ret_value, struct err *err)
{
    if (bytes.len > LIMIT_BLOB)
        return err_set(err, ERR_LIMIT, "a blob is larger than %d bytes", (int)LIMIT_BLOB);
    if (!shape_check(s, bytes, err))
        return false;
    const ProtobufCMessage *message = shape_unpack(a, s, bytes, blob_memory(bytes), err);
    return message != NULL && shape_decode(a, s, message, ret_value, err);
}

struct str blob_encode_plan(struct arena *a, const struct plan *plan)
{
    return shape_pack(a, shape_encode(a, codec_plan_shape(), plan));
}

bool blob_decode_plan(struct arena *a, struct str bytes, const struct hash *expected, struct plan *ret_plan,
                      struct err *err)
{
    struct plan plan;
    if (!blob_decode(a, codec_plan_shape(), bytes, &plan, err))
        return err_wrap(err, "plan %.12s", hash_format(expected).text);
    plan.id = plan_hash(&plan);
    if (!hash_eq(&plan.id, expected))
        return err_kind(err, ERR_REFUSED, "hash_mismatch", "plan %.12s is not what its hash says",
                        hash_format(expected).text);
    *ret_plan = plan;
    return true;
}

struct str blob_encode_script(struct arena *a, const struct script *script)
{
    return shape_pack(a, shape_encode(a, codec_script_shape(), script));
}

bool blob_decode_script(struct arena *a, struct str bytes, const struct hash *expected, struct script *ret_script,
                        struct err *err)
{
    struct script script;
    if (!blob_decode(a, codec_script_shape(), bytes, &script, err))
        return err_wrap(err, "script %.12s", hash_format(expected).text);
    if (!script_verify(&script, expected))
        return err_kind(err, ERR_REFUSED, "hash_mismatch", "script %.12s is not what its hash says",
                        hash_format(expected).text);
    script.hash = *expected;
    *ret_script = script;
    return true;
}
