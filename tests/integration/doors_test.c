/* The coordinator's doors without the coordinator: numbers of connections, and the watch over the doors. */
#include "tests/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io/net/context.h"
#include "coordinator/io/guard.h"
#include "coordinator/io/link.h"
#include "skein/os/clock.h"

enum { PATIENCE_MS = 5000 };

struct doors {
    char folder[64], operators[128];
    struct znet *net;
    struct zap *zap;
    struct key_pair server, keys;
    struct links *links;
    struct link_message last;
};

static int doors_make(void **state)
{
    static struct doors d;
    struct err err;
    d = (struct doors){.folder = "/tmp/skein-doors-XXXXXX", .net = znet_open(&err)};
    if (mkdtemp(d.folder) == NULL || !key_pair_generate(&d.server, &err) || !key_pair_generate(&d.keys, &err))
        return -1;
    snprintf(d.operators, sizeof(d.operators), "ipc://%s/run/operators", d.folder);
    d.zap = zap_open(d.net, &err);
    d.links = links_open(d.net, d.zap, &d.server, "tcp://127.0.0.1:*", d.operators, &err);
    zap_allow(d.zap, ZAP_DOOR_AGENTS, &d.keys.public_key, STR("host-a"));
    *state = &d;
    return d.links != NULL ? 0 : -1;
}

static int doors_remove(void **state)
{
    struct doors *d = *state;
    char command[96];
    links_close(d->links);
    zap_close(d->zap);
    znet_close(d->net);
    key_pair_release(&d->server);
    key_pair_release(&d->keys);
    snprintf(command, sizeof(command), "rm -rf %s", d->folder);
    return system(command); // NOLINT(cert-env33-c): our own temporary folder
}

static struct zclient *dial(struct doors *d)
{
    struct err err;
    const char *endpoint = zserver_endpoint(links_server(d->links, ZAP_DOOR_AGENTS));
    struct zclient *c = zclient_open(d->net, &d->keys, &d->server.public_key, endpoint, &err);
    assert_non_null(c);
    return c;
}

/* Says something and gives the number of the connection that it came through. */
static uint32_t say(struct doors *d, struct zclient *c, int64_t now_ms)
{
    int64_t end = clock_mono_ms() + PATIENCE_MS;
    while (zclient_send(c, STR("x")) != ZSEND_OK && clock_mono_ms() < end)
        clock_sleep_ms(2);
    while (links_receive(d->links, ZAP_DOOR_AGENTS, now_ms, &d->last) != ZRECEIVE_MESSAGE && clock_mono_ms() < end)
        clock_sleep_ms(2);
    assert_true(str_is(d->last.principal, "host-a"));
    return d->last.link;
}

static void a_number_stands_for_one_connection(void **state)
{
    struct doors *d = *state;
    struct zclient *first = dial(d), *second = dial(d);
    uint32_t one = say(d, first, 1), two = say(d, second, 1);
    assert_true(one != 0 && two != 0 && one != two);
    assert_int_equal(say(d, first, 2), one);
    assert_int_equal(links_send(d->links, two, STR("to two")), ZSEND_OK);
    struct str body = STR_NONE;
    for (int64_t end = clock_mono_ms() + PATIENCE_MS; !zclient_receive(second, &body) && clock_mono_ms() < end;)
        clock_sleep_ms(2);
    assert_true(str_is(body, "to two"));
    assert_false(zclient_receive(first, &body));
    assert_int_equal(links_send(d->links, 999, STR("nobody")), ZSEND_GONE);
    zclient_close(first);
    zclient_close(second);
}

static void silent_connections_are_forgotten(void **state)
{
    struct doors *d = *state;
    struct zclient *first = dial(d), *second = dial(d);
    uint32_t one = say(d, first, 100), two = say(d, second, 200);
    assert_int_equal(links_forget_silent(d->links, 100), 0);
    assert_int_equal(links_forget_silent(d->links, 101), one);
    assert_int_equal(links_forget_silent(d->links, 101), 0);
    assert_int_equal(links_send(d->links, one, STR("x")), ZSEND_GONE);
    uint32_t again = say(d, first, 300); /* it speaks again: as somebody new */
    assert_true(again != one && again != two);
    zclient_close(first);
    zclient_close(second);
}

static void another_principal_of_the_same_key_is_another_link(void **state)
{
    struct doors *d = *state;
    struct zclient *c = dial(d);
    uint32_t before = say(d, c, 1);
    struct err err;
    zap_allow(d->zap, ZAP_DOOR_AGENTS, &d->keys.public_key, STR("other"));
    assert_true(zclient_reset(c, &err));
    int64_t end = clock_mono_ms() + PATIENCE_MS;
    while (zclient_send(c, STR("x")) != ZSEND_OK && clock_mono_ms() < end)
        clock_sleep_ms(2);
    while (links_receive(d->links, ZAP_DOOR_AGENTS, 1, &d->last) != ZRECEIVE_MESSAGE && clock_mono_ms() < end)
        clock_sleep_ms(2);
    assert_true(str_is(d->last.principal, "other") && d->last.link != before);
    zclient_close(c);
}

static void the_guard_finds_both_doors_shut(void **state)
{
    struct doors *d = *state;
    struct guard g;
    struct err err = {0};
    guard_init(&g, d->net, d->zap, d->links, &d->server.public_key);
    if (!guard_check_all(&g, &err))
        fail_msg("%s", err.text);
    guard_release(&g);
}

static void the_guard_finds_the_handler_dead(void **state)
{
    struct doors *d = *state;
    struct guard g;
    struct err err = {0};
    guard_init(&g, d->net, d->zap, d->links, &d->server.public_key);
    zap_stop(d->zap);
    assert_false(guard_check_all(&g, &err));
    assert_string_equal(err.kind, "door_open");

    /* The same, later, without waiting in place. A knock while the handler's socket goes away has no answer. */
    enum guard_finding finding = GUARD_FINE;
    for (int64_t end = clock_mono_ms() + 3 * GUARD_WAIT_MS; finding != GUARD_OPEN && clock_mono_ms() < end;) {
        clock_sleep_ms(5);
        g.next_ms = g.probe == NULL ? 0 : g.next_ms;
        finding = guard_tick(&g, clock_mono_ms());
    }
    assert_int_equal(finding, GUARD_OPEN);
    guard_release(&g);
}

#define doors_test(test) cmocka_unit_test_setup_teardown(test, doors_make, doors_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        doors_test(a_number_stands_for_one_connection),
        doors_test(silent_connections_are_forgotten),
        doors_test(another_principal_of_the_same_key_is_another_link),
        doors_test(the_guard_finds_both_doors_shut),
        doors_test(the_guard_finds_the_handler_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
