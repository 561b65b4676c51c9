#include "tests/support/cmocka.h"

#include <stdlib.h>

#include "skein/base/bitset.h"
#include "skein/base/diag.h"
#include "skein/base/err.h"
#include "skein/base/hash.h"
#include "skein/base/names.h"
#include "skein/base/str.h"
#include "skein/base/timestamp.h"
#include "skein/base/vec.h"

static void vec_keeps_items_while_growing(void **state)
{
    (void)state;
    struct arena a = {0};
    struct {
        VEC(size_t) list;
    } v = {0};
    for (size_t i = 0; i < 1000; i++)
        vec_push(&a, &v.list, i);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(v.list.items[i], i);
    arena_release(&a);
}

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena a = {0};
    for (size_t size = 0; size < 5000; size += 37) {
        char *p = arena_alloc(&a, size);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
    }
    arena_release(&a);
}

static void str_next_gives_every_part(void **state)
{
    (void)state;
    struct str rest = STR("a,,b"), part;
    assert_true(str_next(&rest, ',', &part) && str_is(part, "a"));
    assert_true(str_next(&rest, ',', &part) && str_is(part, ""));
    assert_true(str_next(&rest, ',', &part) && str_is(part, "b"));
    assert_false(str_next(&rest, ',', &part));
}

static void str_to_u64_is_bounded(void **state)
{
    (void)state;
    unsigned long long n = 7;
    assert_true(str_to_u64(STR("18446744073709551615"), UINT64_MAX, &n) && n == UINT64_MAX);
    assert_false(str_to_u64(STR("18446744073709551616"), UINT64_MAX, &n));
    assert_false(str_to_u64(STR("11"), 10, &n));
    assert_true(str_to_u64(STR("10"), 10, &n) && n == 10);
    assert_false(str_to_u64(STR(""), 10, &n));
    assert_false(str_to_u64(STR("-1"), 10, &n));
    assert_false(str_to_u64(STR("5"), 3, &n));
}

static void utf8_is_checked_as_rfc_3629_says(void **state)
{
    (void)state;
    size_t bad;
    assert_true(str_is_utf8(STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\xa2"), &bad));
    static const char *const wrong[] = {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                        "\xff", "\xe2\x82"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(str_is_utf8(str_of(wrong[i]), &bad));
}

static void strbuf_stops_at_its_maximum(void **state)
{
    (void)state;
    struct strbuf b;
    strbuf_init(&b, 10);
    strbuf_puts(&b, "12345");
    strbuf_printf(&b, "%s", "67890ab");
    assert_true(b.overflow);
    assert_string_equal(b.p, "1234567890");
    strbuf_clear(&b);
    assert_false(b.overflow);
    assert_int_equal(strbuf_str(&b).len, 0);
    strbuf_release(&b);
}

static void err_has_three_parts_and_an_origin(void **state)
{
    (void)state;
    struct err e;
    assert_false(err_kind(&e, ERR_SQL, "failed", "statement %d failed", 3));
    err_detail(&e, "line one\nline two");
    err_hint(&e, "try again");
    err_origin(&e, "a.sql:7");
    err_wrap(&e, "target %s", "shop_1");
    struct strbuf out;
    strbuf_init(&out, 4096);
    err_format(&e, &out);
    assert_string_equal(out.p, "a.sql:7: target shop_1: statement 3 failed\n"
                               "  detail: line one\n    line two\n  hint: try again\n");
    strbuf_release(&out);
    for (int i = 0; i < ERR_CODE_COUNT; i++) {
        enum err_code code;
        assert_true(err_code_parse(str_of(err_code_name((enum err_code)i)), &code) && (int)code == i);
    }
}

static void diag_sorts_by_place(void **state)
{
    (void)state;
    struct arena a = {0};
    struct diag d;
    diag_init(&d, &a);
    diag_add(&d, DIAG_ERROR, "x", (struct diag_at){STR("b.sql"), 2, 1}, "mend it", "second");
    diag_add(&d, DIAG_WARNING, "x", (struct diag_at){STR("a.sql"), 9, 0}, NULL, "first");
    diag_sort(&d);
    struct strbuf out;
    strbuf_init(&out, 4096);
    diag_format(&d, &out);
    assert_string_equal(out.p, "a.sql:9: warning: first\nb.sql:2:1: error: second\n    hint: mend it\n");
    struct err e;
    assert_false(diag_to_err(&d, &e));
    assert_string_equal(e.origin, "b.sql:2:1");
    strbuf_release(&out);
    arena_release(&a);
}

static void hashes_are_sha256(void **state)
{
    (void)state;
    struct hash h = hash_of(STR("abc")), back;
    assert_string_equal(hash_format(&h).text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(hash_parse(str_of(hash_format(&h).text), &back) && hash_eq(&h, &back));
    assert_false(hash_parse(STR("ba78"), &back));
}

static void hashed_fields_do_not_run_together(void **state)
{
    (void)state;
    struct hasher one, two;
    hasher_init(&one);
    hasher_field(&one, STR("ab"));
    hasher_field(&one, STR("c"));
    hasher_init(&two);
    hasher_field(&two, STR("a"));
    hasher_field(&two, STR("bc"));
    struct hash a = hasher_end(&one), b = hasher_end(&two);
    assert_false(hash_eq(&a, &b));
}

static void bitset_agrees_with_an_array(void **state)
{
    (void)state;
    enum { SIZE = 200 };
    struct arena a = {0};
    struct bitset b = bitset_new(&a, SIZE);
    bool reference[SIZE] = {false};
    for (size_t i = 0; i < SIZE; i = i * 2 + 1) {
        bitset_add(&b, i);
        reference[i] = true;
    }
    size_t expected = 0, seen = 0;
    for (size_t i = 0; i < SIZE; i++) {
        assert_true(bitset_has(&b, i) == reference[i]);
        expected += reference[i];
    }
    for (size_t n = bitset_next(&b, 0); n < b.size; n = bitset_next(&b, n + 1), seen++)
        assert_true(reference[n]);
    assert_int_equal(seen, expected);
    assert_int_equal(bitset_count(&b), expected);
    arena_release(&a);
}

static void names_follow_the_rules(void **state)
{
    (void)state;
    assert_null(revision_id_problem(STR("8f3c2a91d0be")));
    assert_null(revision_id_problem(STR("a%b")));
    static const char *const bad[] = {"",    "a-b", "a@b", "a+b",
                                      "a:b", "a b", "a,b", "123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(revision_id_problem(str_of(bad[i])));
    assert_null(extension_name_problem(STR("billing_2")));
    assert_non_null(extension_name_problem(STR("core")));
    assert_non_null(extension_name_problem(STR("Billing")));
}

static void timestamps_and_durations_round_trip(void **state)
{
    (void)state;
    int64_t ms;
    assert_true(timestamp_parse(STR("2026-11-22T10:00:00Z"), &ms));
    assert_string_equal(timestamp_format(ms).text, "2026-11-22T10:00:00Z");
    assert_true(timestamp_parse(STR("2026-11-22T11:00:00.250+01:00"), &ms));
    assert_string_equal(timestamp_format(ms).text, "2026-11-22T10:00:00.250Z");
    assert_false(timestamp_parse(STR("2026-13-22T10:00:00Z"), &ms));
    assert_true(duration_parse(STR("300ms"), &ms) && ms == 300);
    assert_true(duration_parse(STR("5s"), &ms) && ms == 5000);
    assert_true(duration_parse(STR("10m"), &ms) && ms == 600000);
    assert_true(duration_parse(STR("1500"), &ms) && ms == 1500);
    assert_false(duration_parse(STR("5 s"), &ms));
    assert_false(duration_parse(STR(""), &ms));
    assert_false(duration_parse(STR("25d"), &ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vec_keeps_items_while_growing),
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(str_next_gives_every_part),
        cmocka_unit_test(str_to_u64_is_bounded),
        cmocka_unit_test(utf8_is_checked_as_rfc_3629_says),
        cmocka_unit_test(strbuf_stops_at_its_maximum),
        cmocka_unit_test(err_has_three_parts_and_an_origin),
        cmocka_unit_test(diag_sorts_by_place),
        cmocka_unit_test(hashes_are_sha256),
        cmocka_unit_test(hashed_fields_do_not_run_together),
        cmocka_unit_test(bitset_agrees_with_an_array),
        cmocka_unit_test(names_follow_the_rules),
        cmocka_unit_test(timestamps_and_durations_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
