#include "tests/support/cmocka.h"

#include <string.h>

#include "common/io/db/redact.h"
#include "skein/db/db.h"

static bool leaks(struct str text, const char *secret)
{
    return memmem(text.p, text.len, secret, strlen(secret)) != NULL;
}

/* What libpq said about broken connection strings, with the secret that each gave away. */
static const struct {
    const char *url, *message, *secret;
} leaky[] = {
    {"postgresql://u:hunter2@h/db", "missing \"=\" after \"hunter2\" in connection info string", "hunter2"},
    {"postgresql://u:top%zzsecret@h/db", "invalid percent-encoded token: \"top%zzsecret\"", "secret"},
    {"postgresql://u:x@secret@127.0.0.1/db", "could not translate host name \"secret@127.0.0.1\" to address", "secret"},
    {"postgresql://u:pa/sesame@h/db", "invalid integer value \"pa/sesame\" for connection option \"port\"", "sesame"},
    {"postgresql://u:open%20sesame@h/db", "authentication failed with \"open sesame\"", "sesame"},
    {"postgresql://h/db?user=u&password=swordfish", "bad password \"swordfish\"", "swordfish"},
    {"postgresql://h/db?sslpassword=friend&user=u", "cannot read key with \"friend\"", "friend"},
    {"postgresql://u:ab@h/db", "invalid value \"ab\" for option", "ab\""},
};

static void no_piece_of_a_password_survives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(leaky) / sizeof(leaky[0]); i++) {
        struct arena a = {0};
        struct redact r;
        redact_init(&r, &a);
        redact_add_url(&r, str_of(leaky[i].url));
        struct err err = {0};
        err_set(&err, ERR_CONNECT, "%s", leaky[i].message);
        err_detail(&err, "%s", leaky[i].message);
        err_hint(&err, "%s", leaky[i].message);
        redact_err(&r, &err);
        assert_false(leaks(str_of(err.text), leaky[i].secret));
        assert_false(leaks(str_of(err.detail), leaky[i].secret));
        assert_false(leaks(str_of(err.hint), leaky[i].secret));
        assert_false(leaks(redact_url(&a, str_of(leaky[i].url)), leaky[i].secret));
        arena_release(&a);
    }
}

static void a_url_stays_readable(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str shown = redact_url(&a, STR("postgresql://app:pw1234@db.example:5432/shop?sslmode=require"));
    assert_string_equal(shown.p, "postgresql://app:***@db.example:5432/shop?sslmode=require");
    shown = redact_url(&a, STR("postgresql://app@db.example/shop?password=x&sslmode=require"));
    assert_string_equal(shown.p, "postgresql://app@db.example/shop?password=***&sslmode=require");
    shown = redact_url(&a, STR("sqlite:////var/lib/shop.db"));
    assert_string_equal(shown.p, "sqlite:////var/lib/shop.db");
    arena_release(&a);
}

static void words_without_secrets_are_left_alone(void **state)
{
    (void)state;
    struct arena a = {0};
    struct redact r;
    redact_init(&r, &a);
    redact_add_url(&r, STR("postgresql://app:hunter2@h/db"));
    struct str said = STR("database \"db\" does not exist on h for app");
    assert_true(str_eq(redact_apply(&r, &a, said), said));
    arena_release(&a);
}

/* The same through the driver: what a user would see for URLs that libpq cannot use. */
static void opening_a_broken_url_tells_no_secret(void **state)
{
    (void)state;
    const char *urls[] = {
        "postgresql://u:top%zzsecret@127.0.0.1:1/db",
        "postgresql://u:x@secret@127.0.0.1:1/db",
        "postgresql://u:pa/secret@127.0.0.1:1/db",
        "postgresql://u:secret@127.0.0.1:1/db",
        "postgresql://u:secret@127.0.0.1:port/db",
        "postgresql://127.0.0.1:1/db?password=secret&nonsense=1",
        "mysql://u:secret@h/db",
        "u:secret@h",
    };
    struct db_options options;
    db_options_init(&options);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct db *db = NULL;
        struct err err = {0};
        assert_false(db_open(str_of(urls[i]), &options, &db, &err));
        struct strbuf out;
        strbuf_init(&out, 8192);
        err_format(&err, &out);
        assert_true(err.text[0] != '\0');
        if (leaks(strbuf_str(&out), "secret"))
            fail_msg("%s leaks: %s", urls[i], strbuf_str(&out).p);
        strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_piece_of_a_password_survives),
        cmocka_unit_test(a_url_stays_readable),
        cmocka_unit_test(words_without_secrets_are_left_alone),
        cmocka_unit_test(opening_a_broken_url_tells_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
