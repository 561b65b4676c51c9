/* Messages to bytes and back: every field of every kind, bytes that must not change, and bytes from strangers. */
#include "tests/support/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/core/wire/shape.h"
#include "skein/wire/codec.h"

struct any_vec {
    void *items;
    size_t count, cap;
};

/* ---- a small deterministic source of values ---- */

static uint64_t seed;

static uint64_t next_random(void)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return seed >> 33;
}

static uint64_t below(uint64_t limit)
{
    return next_random() % limit;
}

/* `index` orders the texts of a list, as states and labels demand. */
static struct str any_text(struct arena *a, const struct row *row, uint64_t max, size_t index)
{
    switch (row->rule) {
    case RULE_MODULE:
        return str_printf(a, "m%zu_%llu", index, (unsigned long long)below(1000));
    case RULE_REVISION:
        return str_printf(a, "%zu%08llx", index, (unsigned long long)below(UINT32_MAX));
    case RULE_NAME:
    case RULE_TEXT:
        break;
    }
    struct str s = str_printf(a, "%zu-\xc3\xa4 %llu", index, (unsigned long long)below(1000000));
    return str_head(s, max < s.len ? 0 : s.len);
}

static void fill(struct arena *a, const struct shape *s, void *value, size_t index);

static void fill_list(struct arena *a, const struct row *row, void *to)
{
    struct any_vec v = {.count = below(4)};
    size_t width = row->type == ROW_MESSAGES ? row->shape->size : row->type == ROW_STRS ? sizeof(struct str) : 32;
    v.count = v.count > row->max ? (size_t)row->max : v.count;
    v.cap = v.count;
    v.items = arena_array(a, v.count, width);
    for (size_t i = 0; i < v.count; i++) {
        char *item = (char *)v.items + i * width;
        if (row->type == ROW_MESSAGES)
            fill(a, row->shape, item, i);
        else if (row->type == ROW_STRS)
            *(struct str *)(void *)item = any_text(a, row, row->each, i);
        else
            memset(item, (int)(1 + below(200)), width);
    }
    memcpy(to, &v, sizeof(v));
}

static void fill_number(const struct row *row, void *to)
{
    uint64_t value = next_random() << below(32);
    if (row->type == ROW_BOOL)
        *(bool *)to = value % 2 != 0;
    else if (row->type == ROW_U32)
        *(uint32_t *)to = (uint32_t)value;
    else if (row->type == ROW_ENUM)
        do
            *(int *)to = (int)below(row->max + 1);
        while (strcmp(row->name_of(*(int *)to), "unset") == 0);
    else
        *(uint64_t *)to = value;
}

static void fill_row(struct arena *a, const struct row *row, void *to, size_t index)
{
    struct str text;
    switch (row->type) {
    case ROW_MESSAGE:
        fill(a, row->shape, to, index);
        break;
    case ROW_MESSAGES:
    case ROW_STRS:
    case ROW_FIXEDS:
        fill_list(a, row, to);
        break;
    case ROW_STR:
    case ROW_BYTES:
        *(struct str *)to = any_text(a, row, row->max, index);
        break;
    case ROW_CSTR:
        *(const char **)to = any_text(a, row, row->max, index).p;
        break;
    case ROW_CHARS:
        text = any_text(a, row, row->max, index);
        memcpy(to, text.p, text.len);
        break;
    case ROW_FIXED:
        memset(to, (int)below(256), row->max);
        break;
    case ROW_U64S:
        for (uint64_t i = 0; i < row->max; i++)
            ((uint64_t *)to)[i] = next_random();
        break;
    case ROW_BOOL:
    case ROW_U32:
    case ROW_U64:
    case ROW_I64:
    case ROW_ENUM:
    case ROW_UNSET_TYPE:
        fill_number(row, to);
        break;
    }
}

static void fill(struct arena *a, const struct shape *s, void *value, size_t index)
{
    for (size_t i = 0; i < s->count; i++)
        fill_row(a, &s->rows[i], (char *)value + s->rows[i].offset, index);
}

/* ---- comparing by rows ---- */

static bool same(const struct shape *s, const void *a, const void *b);

static bool same_list(const struct row *row, const struct any_vec *a, const struct any_vec *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++)
        if (row->type == ROW_MESSAGES)
            equal = same(row->shape, (const char *)a->items + i * row->shape->size,
                         (const char *)b->items + i * row->shape->size);
        else if (row->type == ROW_STRS)
            equal = str_eq(((const struct str *)a->items)[i], ((const struct str *)b->items)[i]);
        else
            equal = memcmp((const char *)a->items + i * 32, (const char *)b->items + i * 32, 32) == 0;
    return equal;
}

static bool same_row(const struct row *row, const void *a, const void *b)
{
    switch (row->type) {
    case ROW_MESSAGE:
        return same(row->shape, a, b);
    case ROW_MESSAGES:
    case ROW_STRS:
    case ROW_FIXEDS:
        return same_list(row, a, b);
    case ROW_STR:
    case ROW_BYTES:
        return str_eq(*(const struct str *)a, *(const struct str *)b);
    case ROW_CSTR:
        return str_eq(str_of(*(const char *const *)a), str_of(*(const char *const *)b));
    case ROW_CHARS:
        return strcmp(a, b) == 0;
    case ROW_FIXED:
        return memcmp(a, b, row->max) == 0;
    case ROW_U64S:
        return memcmp(a, b, row->max * 8) == 0;
    case ROW_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case ROW_U32:
    case ROW_ENUM:
        return memcmp(a, b, 4) == 0;
    case ROW_U64:
    case ROW_I64:
        return memcmp(a, b, 8) == 0;
    case ROW_UNSET_TYPE:
        break;
    }
    return false;
}

static bool same(const struct shape *s, const void *a, const void *b)
{
    for (size_t i = 0; i < s->count; i++)
        if (!same_row(&s->rows[i], (const char *)a + s->rows[i].offset, (const char *)b + s->rows[i].offset))
            return false;
    return true;
}

/* ---- */

static struct msg *any_message(struct arena *a, enum msg_kind kind)
{
    const struct shape *envelope = codec_envelope_shape();
    struct msg *m = arena_new(a, struct msg);
    for (size_t i = 0; i < ENVELOPE_NUMBERS; i++)
        fill_row(a, &envelope->rows[i], (char *)m + envelope->rows[i].offset, 0);
    const struct row *body = &envelope->rows[ENVELOPE_NUMBERS + (size_t)kind - 1];
    fill_row(a, body, (char *)m + body->offset, 0);
    m->kind = kind;
    return m;
}

static void the_rows_are_those_of_the_proto_files(void **state)
{
    (void)state;
    struct arena a = {0};
    const char *problem = shape_problem(&a, codec_envelope_shape());
    assert_string_equal(problem != NULL ? problem : "", "");
    problem = shape_problem(&a, codec_script_shape());
    assert_string_equal(problem != NULL ? problem : "", "");
    const struct shape *envelope = codec_envelope_shape();
    for (int kind = 1; kind < MSG_COUNT; kind++)
        assert_string_equal(envelope->rows[ENVELOPE_NUMBERS + kind - 1].name, msg_kind_name((enum msg_kind)kind));
    arena_release(&a);
}

static void every_kind_survives_the_wire(void **state)
{
    (void)state;
    const struct shape *envelope = codec_envelope_shape();
    struct arena a = {0};
    struct err err;
    for (seed = 1; seed < 200; seed += 7)
        for (int kind = 1; kind < MSG_COUNT; kind++) {
            struct msg back, *m = any_message(&a, (enum msg_kind)kind);
            struct str bytes = codec_encode(&a, m);
            if (!codec_decode(&a, bytes, &back, &err))
                fail_msg("%s: %s", msg_kind_name((enum msg_kind)kind), err.text);
            assert_int_equal(back.kind, kind);
            const struct row *body = &envelope->rows[ENVELOPE_NUMBERS + kind - 1];
            assert_true(back.id == m->id && back.re == m->re && back.term == m->term && back.version == m->version);
            if (!same_row(body, (char *)m + body->offset, (char *)&back + body->offset))
                fail_msg("%s differs", msg_kind_name((enum msg_kind)kind));
        }
    arena_release(&a);
}

static void assert_bytes(struct str bytes, const char *hex)
{
    char *text = calloc(1, bytes.len * 2 + 1);
    assert_non_null(text);
    sodium_bin2hex(text, bytes.len * 2 + 1, (const unsigned char *)bytes.p, bytes.len);
    assert_string_equal(text, hex);
    free(text);
}

/* A released version speaks these bytes: they stay. */
static void the_bytes_of_version_1_are_fixed(void **state)
{
    (void)state;
    struct arena a = {0};
    struct msg hello = {.version = 1, .id = 7, .term = 3, .kind = MSG_HELLO};
    hello.hello = (struct msg_hello){1, 1, STR("skein-agent 0.1.0"), 99, 3, 4};
    assert_bytes(codec_encode(&a, &hello), "080110072003521d080110011a11736b65696e2d6167656e7420302e312e3020632803"
                                           "3004");
    struct msg offer = {.version = 1, .id = 8, .term = 3, .kind = MSG_OFFER};
    offer.offer =
        (struct msg_offer){.target = STR("shop"), .attempt = STR("r:p:shop"), .fence = 300, .action = OFFER_APPLY};
    offer.offer.options.lock_timeout_ms = -1;
    memset(offer.offer.plan.bytes, 0xab, HASH_SIZE);
    assert_bytes(
        codec_encode(&a, &offer),
        "080110082003a2013b0a0473686f701208723a703a73686f7018ac0220012a20abababababababababababababababababababab"
        "abababababababababababab3a021001");
    arena_release(&a);
}

static struct str envelope_with(struct arena *a, const char *body_hex)
{
    size_t len = strlen(body_hex) / 2;
    unsigned char *bytes = arena_alloc(a, len);
    assert_int_equal(sodium_hex2bin(bytes, len, body_hex, len * 2, NULL, NULL, NULL), 0);
    return (struct str){(const char *)bytes, len};
}

static void assert_refused(const char *hex, const char *word)
{
    struct arena a = {0};
    struct msg m;
    struct err err = {0};
    assert_false(codec_decode(&a, envelope_with(&a, hex), &m, &err));
    if (strstr(err.text, word) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", hex, err.text, word);
    arena_release(&a);
}

static void bad_bytes_are_refused(void **state)
{
    (void)state;
    assert_refused("", "kind");                                /* no body */
    assert_refused("08", "malformed");                         /* a tag without its value */
    assert_refused("08ffffffffffffffffffffff01", "malformed"); /* a varint of 11 bytes */
    assert_refused("0d00000000", "malformed");                 /* version as 32 bits */
    assert_refused("08010801", "malformed");                   /* a number twice */
    assert_refused("08808080808001", "malformed");             /* version beyond 32 bits */
    assert_refused("5205", "malformed");                       /* longer than the frame */
    assert_refused("5204"
                   "08011801",
                   "malformed"); /* software as a number */
    assert_refused("5203"
                   "1a01ff",
                   "bad text"); /* not UTF-8 */
    assert_refused("5204"
                   "1a026100",
                   "bad text"); /* NUL inside */
    assert_refused("5203"
                   "1a010a",
                   "bad text"); /* a control character in a name */
    assert_refused("8201"
                   "04"
                   "12020102",
                   "wrong number"); /* a hash of two bytes */
    assert_refused("820102"
                   "0809",
                   "unknown word");     /* blob kind 9 */
    assert_refused("f2ff0f00", "kind"); /* a kind of a later version */
    assert_refused("00", "malformed");  /* field number 0 */
}

static void unknown_kinds_can_be_answered(void **state)
{
    (void)state;
    struct arena a = {0};
    struct msg m;
    struct err err = {0};
    assert_false(codec_decode(&a, envelope_with(&a, "08011009f2ff0f00"), &m, &err));
    assert_string_equal(err.kind, "unknown_kind");
    assert_int_equal(m.id, 9);
    assert_int_equal(m.kind, MSG_UNSET);
    arena_release(&a);
}

/* Fields of a later version are passed over, also inside. */
static void unknown_fields_are_ignored(void **state)
{
    (void)state;
    struct arena a = {0};
    struct msg m;
    struct err err = {0};
    assert_true(codec_decode(&a,
                             envelope_with(&a, "08011009"
                                               "c201"
                                               "08"
                                               "0805"
                                               "b81705"
                                               "fa1700"
                                               "b83e01"),
                             &m, &err));
    assert_int_equal(m.kind, MSG_PING);
    assert_int_equal(m.ping.nonce, 5);
    arena_release(&a);
}

static void lists_and_memory_are_bounded(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err err = {0};
    struct msg back, m = {.kind = MSG_BLOBS_HAVE, .version = 1};
    m.blobs_have.hashes.items = arena_array(&a, LIMIT_HASHES + 1, sizeof(struct hash));
    m.blobs_have.hashes.count = LIMIT_HASHES;
    assert_true(codec_decode(&a, codec_encode(&a, &m), &back, &err));
    assert_int_equal(back.blobs_have.hashes.count, LIMIT_HASHES);
    m.blobs_have.hashes.count++;
    assert_false(codec_decode(&a, codec_encode(&a, &m), &back, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    arena_release(&a);

    /* A frame full of empty reports is refused before it costs memory. */
    unsigned char *frame = arena_alloc(&a, 900000);
    frame[0] = 0x5a, frame[1] = 0x9a, frame[2] = 0xf7, frame[3] = 0x36; /* targets, 899994 bytes */
    for (size_t i = 4; i + 1 < 899998; i += 2)
        frame[i] = 0x2a;
    size_t before = a.total;
    assert_false(codec_decode(&a, (struct str){(const char *)frame, 899998}, &back, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(a.total, before);
    arena_release(&a);
}

static void states_out_of_order_are_refused(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err err = {0};
    struct msg back, m = {.kind = MSG_CLOSED, .version = 1};
    struct names heads = {0};
    vec_push(&a, &heads.list, STR("b2"));
    vec_push(&a, &heads.list, STR("a1"));
    struct module_state core = {STR("core"), heads};
    vec_push(&a, &m.closed.report.state.modules, core);
    assert_false(codec_decode(&a, codec_encode(&a, &m), &back, &err));
    assert_non_null(strstr(err.text, "out of order"));
    arena_release(&a);
}

/* A server may speak another encoding, and texts are cut anywhere: the report must arrive all the same. */
static void broken_texts_are_repaired_by_the_sender(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err err = {0};
    struct msg back, m = {.kind = MSG_ERROR, .version = 1};
    memcpy(m.error.err.text,
           "gr\xf6\xdf"
           "er \xc3",
           8);
    assert_true(codec_decode(&a, codec_encode(&a, &m), &back, &err));
    assert_string_equal(back.error.err.text, "gr??er ?");
    arena_release(&a);
}

/* Whatever bytes are let in mean the same after another turn. */
static void mutated_messages_never_break_the_decoder(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err err;
    unsigned accepted = 0;
    seed = 42;
    for (int round = 0; round < 20000; round++) {
        struct msg m, again, *original = any_message(&a, (enum msg_kind)(1 + below(MSG_COUNT - 1)));
        struct str bytes = codec_encode(&a, original);
        char *p = arena_copy(&a, bytes.p, bytes.len);
        for (uint64_t n = 1 + below(3); n > 0 && bytes.len > 0; n--)
            p[below(bytes.len)] ^= (char)(1U << below(8));
        bytes = (struct str){p, below(4) == 0 ? below(bytes.len + 1) : bytes.len};
        if (codec_decode(&a, bytes, &m, &err)) {
            accepted++;
            struct str encoded = codec_encode(&a, &m);
            assert_true(codec_decode(&a, encoded, &again, &err));
            assert_true(str_eq(codec_encode(&a, &again), encoded));
        }
        arena_release(&a);
    }
    assert_in_range(accepted, 1000, 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rows_are_those_of_the_proto_files),
        cmocka_unit_test(every_kind_survives_the_wire),
        cmocka_unit_test(the_bytes_of_version_1_are_fixed),
        cmocka_unit_test(bad_bytes_are_refused),
        cmocka_unit_test(unknown_kinds_can_be_answered),
        cmocka_unit_test(unknown_fields_are_ignored),
        cmocka_unit_test(lists_and_memory_are_bounded),
        cmocka_unit_test(states_out_of_order_are_refused),
        cmocka_unit_test(broken_texts_are_repaired_by_the_sender),
        cmocka_unit_test(mutated_messages_never_break_the_decoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
