#include <stdlib.h>

#include "skein/graph/revfile.h"
#include "tests/support/arena.h"
#include "tests/support/cmocka.h"

static const char *const full =
    "-- revision: 8f3c2a91d0be\n"
    "-- revises: 41aa0c7be912, 52bb0c7be912\n"
    "-- branch_labels: ext_billing\n"
    "-- depends_on: core:5d2e77aa01c4, lib\n"
    "-- message: add invoices: all\n"
    "-- created: 2026-11-22T10:00:00Z\n"
    "\n"
    "-- migrate:up\n"
    "CREATE TABLE a (b int);\n"
    "-- a comment\n"
    "CREATE TABLE c (d int);\n"
    "\n"
    "-- migrate:up sqlite transaction:false lock_timeout:5000ms statement_timeout:600000ms\n"
    "SELECT 1;\n"
    "\n"
    "-- migrate:down\n"
    "DROP TABLE a;\n"
    "\n"
    "-- migrate:verify\n"
    "SELECT true;\n"
    "\n"
    "-- migrate:probe postgresql\n"
    "SELECT 'done';\n";

static struct revision parse(struct str bytes, struct diag *diag)
{
    struct revision r;
    diag_init(diag, &arena);
    revfile_parse(&arena, STR("versions/8f3c2a91d0be_add.sql"), bytes, diag, &r);
    return r;
}

static void test_fields(void **state)
{
    (void)state;
    struct diag diag;
    struct revision r = parse(str_of(full), &diag);
    assert_int_equal(diag.list.count, 0);
    assert_true(str_is(r.id, "8f3c2a91d0be"));
    assert_int_equal(r.parents.list.count, 2);
    assert_true(str_is(r.parents.list.items[1], "52bb0c7be912"));
    assert_true(str_is(r.labels.list.items[0], "ext_billing"));
    assert_true(str_is(r.depends_on.list.items[0], "core:5d2e77aa01c4"));
    assert_true(str_is(r.depends_on.list.items[1], "lib"));
    assert_true(str_is(r.message, "add invoices: all"));
    assert_int_equal(r.created_ms, 1795341600000);
    assert_int_equal(r.lines.depends_on, 4);
    assert_int_equal(r.sections.list.count, 5);
    const struct section *up = revision_section(&r, SECTION_UP, ENGINE_POSTGRESQL);
    assert_true(up->transactional);
    assert_int_equal(up->line, 9);
    assert_int_equal(up->lock_timeout_ms, TIMEOUT_DEFAULT);
    assert_true(str_is(up->sql, "CREATE TABLE a (b int);\n-- a comment\nCREATE TABLE c (d int);"));
    up = revision_section(&r, SECTION_UP, ENGINE_SQLITE);
    assert_false(up->transactional);
    assert_int_equal(up->lock_timeout_ms, 5000);
    assert_int_equal(up->statement_timeout_ms, 600000);
    assert_null(revision_section(&r, SECTION_PROBE, ENGINE_SQLITE));
    assert_non_null(revision_section(&r, SECTION_PROBE, ENGINE_POSTGRESQL));
}

/* Format and parse are each other's inverse, and the checksum survives both. */
static void test_round_trip(void **state)
{
    (void)state;
    struct diag diag;
    struct strbuf text;
    struct revision r = parse(str_of(full), &diag);
    strbuf_init(&text, 1 << 16);
    revfile_format(&r, &text);
    assert_string_equal(text.p, full);
    strbuf_release(&text);
}

static struct hash checksum(const char *text)
{
    struct diag diag;
    struct revision r = parse(str_of(text), &diag);
    assert_false(diag_has_errors(&diag));
    return r.checksum;
}

static const char *const small = "-- revision: 8f3c2a91d0be\n-- revises: a, b\n-- migrate:up\nSELECT 1;\n\n"
                                 "SELECT '\t';\n-- migrate:down lock_timeout:2s\n";

/* What is written down in revfile.h can never change: databases remember this hash. */
static void test_canonical(void **state)
{
    (void)state;
    struct diag diag;
    struct strbuf text;
    struct revision r = parse(str_of(small), &diag);
    strbuf_init(&text, 1 << 16);
    revfile_canonical(&r, &text);
    assert_string_equal(text.p, "-- revision: 8f3c2a91d0be\n-- revises: a, b\n-- migrate:up\nSELECT 1;\n\n"
                                "SELECT '\t';\n-- migrate:down lock_timeout:2000ms\n");
    strbuf_release(&text);
    assert_string_equal(hash_format(&r.checksum).text,
                        "b7c710039720699b7f9c3b17d0497698fc56059638d813bc4398a8922c099aaa");
}

static void test_checksum_ignores(void **state)
{
    (void)state;
    static const char *const same[] = {
        /* CRLF and a byte order mark */
        "\xef\xbb\xbf-- revision: 8f3c2a91d0be\r\n-- revises: a, b\r\n-- migrate:up\r\nSELECT 1;\r\n\r\nSELECT "
        "'\t';\r\n"
        "-- migrate:down lock_timeout:2s\r\n",
        /* message, created, other comments, order of headers, spacing, blank ends */
        "-- a licence\n-- message: x\n-- revises:a,b\n--   revision:   8f3c2a91d0be  \n-- created: "
        "2026-11-22T10:00:00Z\n"
        "--migrate:up\nSELECT 1;\n\nSELECT '\t'; \t\n\n\n-- migrate:down  lock_timeout:2000ms  \n \n",
    };
    struct hash hash = checksum(small);
    for (size_t i = 0; i < 2; i++) {
        struct hash other = checksum(same[i]);
        assert_true(hash_eq(&hash, &other));
    }
}

static void test_checksum_notices(void **state)
{
    (void)state;
    static const char *const different[] = {
        "-- revision: 8f3c2a91d0bf\n-- revises: a, b\n-- migrate:up\nSELECT 1;\n\nSELECT '\t';\n-- migrate:down "
        "lock_timeout:2s\n",
        "-- revision: 8f3c2a91d0be\n-- revises: b, a\n-- migrate:up\nSELECT 1;\n\nSELECT '\t';\n-- migrate:down "
        "lock_timeout:2s\n",
        "-- revision: 8f3c2a91d0be\n-- revises: a, b\n-- migrate:up\nSELECT 1;\nSELECT '\t';\n-- migrate:down "
        "lock_timeout:2s\n",
        "-- revision: 8f3c2a91d0be\n-- revises: a, b\n-- migrate:up\nSELECT 1;\n\nSELECT '\t';\n-- migrate:down\n",
        "-- revision: 8f3c2a91d0be\n-- revises: a, b\n-- migrate:up\nSELECT 1;\n\nSELECT '\t';\n",
        "-- revision: 8f3c2a91d0be\n-- revises: a, b\n-- branch_labels: x\n-- migrate:up\nSELECT 1;\n\nSELECT '\t';\n"
        "-- migrate:down lock_timeout:2s\n",
    };
    struct hash hash = checksum(small);
    for (size_t i = 0; i < sizeof(different) / sizeof(*different); i++) {
        struct hash other = checksum(different[i]);
        assert_false(hash_eq(&hash, &other));
    }
}

/* "severity kind line:column" of every finding. */
static const char *findings(struct str bytes)
{
    struct diag diag;
    struct str out = STR("");
    parse(bytes, &diag);
    for (size_t i = 0; i < diag.list.count; i++) {
        const struct diag_item *d = &diag.list.items[i];
        assert_non_null(d->hint);
        out = str_printf(&arena, "%.*s%s%c %s %u:%u", STR_ARG(out), i > 0 ? ", " : "",
                         diag_severity_name(d->severity)[0], d->kind, d->line, d->column);
    }
    return out.p;
}

#define HEAD "-- revision: 8f3c2a91d0be\n"
#define UP "-- migrate:up\n"

/* An opaque section is named as such in the canonical bytes, and has no SQL. */
static void test_opaque(void **state)
{
    (void)state;
    struct diag diag;
    struct revision r = parse(STR("-- revision: 8f3c2a91d0be\n-- migrate:up sqlite opaque transaction:false\n"
                                  "-- reads the database\n\n-- fill.py\n-- migrate:up\nSELECT 1;\n"
                                  "-- migrate:down opaque\n"),
                              &diag);
    struct strbuf text;
    assert_int_equal(diag.list.count, 0);
    assert_true(revision_section(&r, SECTION_UP, ENGINE_SQLITE)->opaque);
    assert_true(str_is(revision_section(&r, SECTION_UP, ENGINE_SQLITE)->sql, "-- reads the database\n\n-- fill.py"));
    assert_false(revision_section(&r, SECTION_UP, ENGINE_POSTGRESQL)->opaque);
    assert_true(revision_is_opaque(&r));
    strbuf_init(&text, 1000);
    revfile_canonical(&r, &text);
    assert_string_equal(text.p, "-- revision: 8f3c2a91d0be\n-- migrate:up sqlite transaction:false opaque\n"
                                "-- reads the database\n\n-- fill.py\n-- migrate:up\nSELECT 1;\n"
                                "-- migrate:down opaque\n");
    strbuf_release(&text);
}

/* Who writes the SQL of an opaque section changes nothing that could have run. */
static void test_filling_in(void **state)
{
    (void)state;
#define HEADERS "-- revision: 8f3c2a91d0be\n-- revises: a1\n"
#define DOWN "-- migrate:down\nDROP TABLE a;\n"
    static const struct {
        const char *before, *now;
        bool fills;
    } rows[] = {
        {HEADERS "-- migrate:up opaque\n-- why\n" DOWN, HEADERS "-- migrate:up\nSELECT 1;\n" DOWN, true},
        {HEADERS "-- migrate:up opaque\n-- why\n" DOWN, HEADERS "-- migrate:up transaction:false\nSELECT 1;\n" DOWN,
         true},
        {HEADERS "-- migrate:up opaque\n-- why\n" DOWN, HEADERS "-- migrate:up\nSELECT 1;\n" DOWN "DROP TABLE b;",
         false},
        {HEADERS "-- migrate:up opaque\n-- why\n" DOWN, HEADERS "-- migrate:up\nSELECT 1;\n", false},
        {HEADERS "-- migrate:up opaque\n-- why\n", HEADERS "-- depends_on: b\n-- migrate:up\nSELECT 1;\n", false},
        {HEADERS "-- migrate:up\nSELECT 1;\n", HEADERS "-- migrate:up\nSELECT 2;\n", false},
        {HEADERS "-- migrate:up sqlite opaque\n", HEADERS "-- migrate:up\nSELECT 2;\n", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct diag diag;
        struct revision before = parse(str_of(rows[i].before), &diag), now = parse(str_of(rows[i].now), &diag);
        assert_int_equal(revision_fills_in(&before, &now), rows[i].fills);
    }
}

static void test_findings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *found;
    } cases[] = {
        {HEAD UP, ""},
        {"", "e missing_header 1:1, e missing_up 1:1"},
        {HEAD, "e missing_up 1:1"},
        {HEAD "-- revises: a, b\n", ""},
        {HEAD "-- migrate:down\nSELECT 1;\n", "e missing_up 1:1"},
        {HEAD "-- migrate:up sqlite\n", ""},
        {"-- revision:\n" UP, "e missing_header 1:1"},
        {"-- revision: 8f3c-2\n" UP, "e illegal_id 1:14, w file_name 1:1"},
        {"-- revision: 8f3c2a91d0be8f3c2a91d0be8f3c2a91d0be\n" UP, "e illegal_id 1:14, w file_name 1:1"},
        {"-- revision: heads\n" UP, "e reserved_id 1:14, w file_name 1:1"},
        {"-- revision: 9\n" UP, "w file_name 1:1"},
        {HEAD HEAD UP, "e duplicate_header 2:4"},
        {HEAD "-- revises: a,,b\n" UP, "e bad_header 2:15"},
        {HEAD "-- revises: a b\n" UP, "e bad_header 2:13"},
        {HEAD "-- revises: a, a\n" UP, "w duplicate_dependency 2:16"},
        {HEAD "-- branch_labels: base\n" UP, "e reserved_label 2:19"},
        {HEAD "-- branch_labels: a b\n" UP, "e bad_header 2:19"},
        {HEAD "-- branch_labels: a@b\n" UP, "w odd_label 2:19"},
        {HEAD "-- created: yesterday\n" UP, "e bad_header 2:13"},
        {HEAD "-- revisez: a\n" UP, "w unknown_header 2:4"},
        {HEAD "-- Note: free text\n-- see http://example.org\n" UP, ""},
        {HEAD "\n  SELECT 1;\nSELECT 2;\n" UP, "e bad_header 3:1"},
        {HEAD "-- migrate:upp\n" UP, "e bad_section 2:12"},
        {HEAD "-- migrate:\n" UP, "e bad_section 2:12"},
        {HEAD UP UP, "e duplicate_section 3:1"},
        {HEAD UP "-- migrate:up sqlite\n-- migrate:up sqlite\n", "e duplicate_section 4:1"},
        {HEAD "-- migrate:up mysql transaction:no lock_timeout:x lock:5\n",
         "e bad_section_option 2:15, e bad_section_option 2:21, e bad_section_option 2:36, e bad_section_option 2:51"},
        {HEAD "-- migrate:up sqlite postgresql\n", "e bad_section_option 2:22"},
        {HEAD "-- migrate:up lock_timeout:1s lock_timeout:2s\n", "e bad_section_option 2:31"},
        {HEAD UP "-- migrate:verify transaction:false\n", "e bad_section_option 3:19"},
        {HEAD UP "SELECT '\xc3\x28';\n", "e not_utf8 3:9"},
        {"\xef\xbb\xbf" HEAD UP, ""},
        {HEAD UP "-- migrate:verify opaque\n", "e bad_section_option 3:19"},
        {HEAD "-- migrate:up opaque\n-- why\nSELECT 1;\nSELECT 2;\n", "e bad_section 4:1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_string_equal(findings(str_of(cases[i].text)), cases[i].found);
    assert_string_equal(findings(STR(HEAD UP "SELECT\n 1\0;\n")), "e nul_byte 4:3");
}

static void test_size(void **state)
{
    (void)state;
    size_t size = REVFILE_MAX;
    char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    memset(bytes, ' ', size + 1);
    memcpy(bytes, HEAD UP, sizeof(HEAD UP) - 1);
    assert_string_equal(findings((struct str){bytes, size}), "");
    assert_string_equal(findings((struct str){bytes, size + 1}), "e too_large 1:1");
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_checksum_ignores),
        cmocka_unit_test(test_checksum_notices),
        cmocka_unit_test(test_opaque),
        cmocka_unit_test(test_filling_in),
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
