/* Both ends of a link over real sockets, with strangers, hostile peers and slow ones. */
#include "tests/support/cmocka.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "common/io/net/context.h"
#include "skein/net/keys.h"
#include "skein/net/loop.h"
#include "skein/net/zap.h"
#include "skein/net/zlink.h"

enum { PATIENCE_MS = 5000, SILENCE_MS = 400 };

struct door {
    struct znet *net;
    struct zap *zap;
    struct zserver *server;
    struct key_pair server_keys, keys;
    struct zmessage last;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int door_open(void **state)
{
    static struct door d;
    struct err err;
    d = (struct door){.net = znet_open(&err)};
    d.zap = zap_open(d.net, &err);
    if (d.zap == NULL || !key_pair_generate(&d.server_keys, &err) || !key_pair_generate(&d.keys, &err))
        return -1;
    d.server = zserver_open(d.net, d.zap, ZAP_DOOR_AGENTS, &d.server_keys, "tcp://127.0.0.1:*", &err);
    zap_allow(d.zap, ZAP_DOOR_AGENTS, &d.keys.public_key, STR("agent-a"));
    *state = &d;
    return d.server != NULL ? 0 : -1;
}

static int door_close(void **state)
{
    struct door *d = *state;
    zserver_close(d->server);
    zap_close(d->zap);
    znet_close(d->net);
    key_pair_release(&d->server_keys);
    key_pair_release(&d->keys);
    return 0;
}

static struct zclient *dial(struct door *d, const struct key_pair *keys)
{
    struct err err;
    struct zclient *c = zclient_open(d->net, keys, &d->server_keys.public_key, zserver_endpoint(d->server), &err);
    assert_non_null(c);
    return c;
}

/* The next thing that the server receives within `patience_ms`. */
static enum zreceive listen_for(struct door *d, int64_t patience_ms)
{
    struct loop loop;
    struct err err;
    unsigned ready;
    loop_init(&loop);
    loop_add_server(&loop, d->server);
    for (int64_t end = now_ms() + patience_ms; now_ms() < end;) {
        enum zreceive got = zserver_receive(d->server, &d->last);
        if (got != ZRECEIVE_NOTHING)
            return got;
        assert_true(loop_wait(&loop, end - now_ms(), &ready, &err));
    }
    return ZRECEIVE_NOTHING;
}

static bool send_within(struct zclient *c, struct str body, int64_t patience_ms)
{
    for (int64_t end = now_ms() + patience_ms; now_ms() < end; usleep(5000))
        if (zclient_send(c, body) == ZSEND_OK)
            return true;
    return false;
}

static bool answer_arrives(struct zclient *c, struct str *ret_body)
{
    for (int64_t end = now_ms() + PATIENCE_MS; now_ms() < end; usleep(2000))
        if (zclient_receive(c, ret_body))
            return true;
    return false;
}

static void good_peer_is_served(struct door *d)
{
    struct zclient *c = dial(d, &d->keys);
    struct str answer;
    assert_true(send_within(c, STR("good"), PATIENCE_MS));
    while (listen_for(d, PATIENCE_MS) == ZRECEIVE_MESSAGE && !str_is(d->last.body, "good"))
        ;
    assert_true(str_is(d->last.body, "good"));
    assert_int_equal(zserver_send(d->server, &d->last.peer, STR("yes")), ZSEND_OK);
    assert_true(answer_arrives(c, &answer) && str_is(answer, "yes"));
    zclient_close(c);
}

static void a_message_carries_its_key_and_principal(void **state)
{
    struct door *d = *state;
    good_peer_is_served(d);
    assert_string_equal(d->last.principal, "agent-a");
    assert_true(public_key_eq(&d->last.key, &d->keys.public_key));
    assert_string_equal(d->last.address, "127.0.0.1");
}

static void a_stranger_waits_until_accepted(void **state)
{
    struct door *d = *state;
    struct key_pair stranger;
    struct zap_knock knocks[ZAP_KNOCKS_MAX];
    struct err err;
    assert_true(key_pair_generate(&stranger, &err));
    struct zclient *c = dial(d, &stranger);
    assert_false(send_within(c, STR("hello"), SILENCE_MS));
    assert_int_equal(listen_for(d, 0), ZRECEIVE_NOTHING);
    assert_int_equal(zap_knocks(d->zap, knocks), 1);
    assert_true(public_key_eq(&knocks[0].key, &stranger.public_key));
    assert_int_equal(knocks[0].door, ZAP_DOOR_AGENTS);

    zap_allow(d->zap, ZAP_DOOR_AGENTS, &knocks[0].key, STR("agent-b"));
    assert_int_equal(zap_knocks(d->zap, knocks), 0);
    assert_true(zclient_reset(c, &err));
    assert_true(send_within(c, STR("hello"), PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MESSAGE);
    assert_string_equal(d->last.principal, "agent-b");
    zclient_close(c);
    key_pair_release(&stranger);
}

static void the_knocking_list_is_bounded(void **state)
{
    struct door *d = *state;
    struct zap_knock knocks[ZAP_KNOCKS_MAX];
    struct key_pair last;
    struct err err;
    for (int i = 0; i < ZAP_KNOCKS_MAX + 3; i++) {
        assert_true(key_pair_generate(&last, &err));
        struct zclient *c = dial(d, &last);
        for (int64_t end = now_ms() + PATIENCE_MS; now_ms() < end; usleep(1000))
            if (zap_knocks(d->zap, knocks) > 0 && public_key_eq(&knocks[0].key, &last.public_key))
                break;
        zclient_close(c);
    }
    assert_int_equal(zap_knocks(d->zap, knocks), ZAP_KNOCKS_MAX);
    assert_true(public_key_eq(&knocks[0].key, &last.public_key));
    for (int i = 1; i < ZAP_KNOCKS_MAX; i++) /* newest first, whatever the clock says */
        assert_true(knocks[i].number < knocks[i - 1].number);
    good_peer_is_served(d);
}

static void a_key_opens_only_its_own_door(void **state)
{
    struct door *d = *state;
    struct err err;
    struct zserver *operators =
        zserver_open(d->net, d->zap, ZAP_DOOR_OPERATORS, &d->server_keys, "tcp://127.0.0.1:*", &err);
    assert_non_null(operators);
    struct zclient *c = zclient_open(d->net, &d->keys, &d->server_keys.public_key, zserver_endpoint(operators), &err);
    assert_false(send_within(c, STR("let me"), SILENCE_MS));
    zclient_close(c);
    zserver_close(operators);
}

static void a_wrong_server_key_gets_nowhere(void **state)
{
    struct door *d = *state;
    struct err err;
    struct zclient *c = zclient_open(d->net, &d->keys, &d->keys.public_key, zserver_endpoint(d->server), &err);
    assert_false(send_within(c, STR("secret"), SILENCE_MS));
    assert_int_equal(listen_for(d, 0), ZRECEIVE_NOTHING);
    zclient_close(c);
    good_peer_is_served(d);
}

static int tcp_connect(struct door *d)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)strtol(strrchr(zserver_endpoint(d->server), ':') + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void garbage_on_the_port_hurts_nobody(void **state)
{
    struct door *d = *state;
    static const char *const garbage[] = {
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03",
        "\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        "\xff\x01\x7f\x03\x01NULL and then some bytes that are no greeting at all, but long enough for one .......",
    };
    int fds[200];
    for (size_t i = 0; i < 200; i++) {
        const char *bytes = garbage[i % 4];
        fds[i] = tcp_connect(d);
        (void)send(fds[i], bytes, strlen(bytes), MSG_NOSIGNAL);
    }
    good_peer_is_served(d);
    for (size_t i = 0; i < 200; i++)
        close(fds[i]);
    assert_int_equal(listen_for(d, 50), ZRECEIVE_NOTHING);
}

/* A peer that has a valid key and no manners. */
static void *hostile_dial(struct door *d, void **ret_context)
{
    void *context = zmq_ctx_new();
    void *s = zmq_socket(context, ZMQ_DEALER);
    int zero = 0, one = 1;
    zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof(zero));
    zmq_setsockopt(s, ZMQ_RCVHWM, &one, sizeof(one));
    zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, d->keys.public_key.bytes, KEY_SIZE);
    zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, d->keys.secret, KEY_SIZE);
    zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, d->server_keys.public_key.bytes, KEY_SIZE);
    assert_int_equal(zmq_connect(s, zserver_endpoint(d->server)), 0);
    *ret_context = context;
    return s;
}

static void hostile_leave(void *socket, void *context)
{
    zmq_close(socket);
    zmq_ctx_term(context);
}

static void a_message_of_many_frames_is_dropped_whole(void **state)
{
    struct door *d = *state;
    void *context, *s = hostile_dial(d, &context);
    for (int i = 0; i < 20; i++)
        assert_int_equal(zmq_send(s, "x", 1, ZMQ_SNDMORE), 1);
    assert_int_equal(zmq_send(s, "x", 1, 0), 1);
    assert_int_equal(zmq_send(s, "alone", 5, 0), 5);
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MALFORMED);
    assert_string_equal(d->last.principal, "agent-a"); /* so that the log can say who */
    assert_int_equal(d->last.body.len, 0);
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MESSAGE);
    assert_true(str_is(d->last.body, "alone"));
    hostile_leave(s, context);
}

static void an_oversize_message_never_arrives(void **state)
{
    struct door *d = *state;
    void *context, *s = hostile_dial(d, &context);
    size_t size = ZLINK_MESSAGE_MAX + 64;
    char *big = calloc(1, size);
    assert_non_null(big);
    struct zclient *c = dial(d, &d->keys);
    assert_int_equal(zclient_send(c, (struct str){big, size}), ZSEND_TOO_LARGE);
    assert_int_equal(zserver_send(d->server, &(struct zpeer){{0}, 5}, (struct str){big, size}), ZSEND_TOO_LARGE);
    zclient_close(c);
    assert_int_equal(zmq_send(s, big, size, 0), (int)size);
    assert_int_equal(listen_for(d, SILENCE_MS), ZRECEIVE_NOTHING);
    free(big);
    good_peer_is_served(d);
    hostile_leave(s, context);
}

static void the_largest_message_arrives(void **state)
{
    struct door *d = *state;
    char *big = calloc(1, ZLINK_MESSAGE_MAX);
    assert_non_null(big);
    struct zclient *c = dial(d, &d->keys);
    assert_true(send_within(c, (struct str){big, ZLINK_MESSAGE_MAX}, PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MESSAGE);
    assert_int_equal(d->last.body.len, ZLINK_MESSAGE_MAX);
    zclient_close(c);
    free(big);
}

static void a_revoked_key_is_refused_at_its_next_message(void **state)
{
    struct door *d = *state;
    struct err err;
    struct zclient *c = dial(d, &d->keys);
    assert_true(send_within(c, STR("one"), PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MESSAGE);
    assert_true(zap_revoke(d->zap, ZAP_DOOR_AGENTS, &d->keys.public_key));
    assert_true(send_within(c, STR("two"), PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_STRANGER);
    assert_int_equal(d->last.body.len, 0);
    assert_string_equal(d->last.principal, "");

    assert_true(zserver_rebind(d->server, &err));
    assert_int_equal(listen_for(d, SILENCE_MS), ZRECEIVE_NOTHING);
    assert_int_equal(zserver_send(d->server, &d->last.peer, STR("still there?")), ZSEND_GONE);
    zclient_close(c);
}

/* Deleted and let in again: sessions of before are not served with the new rights. */
static void a_new_generation_does_not_inherit_a_session(void **state)
{
    struct door *d = *state;
    struct zclient *c = dial(d, &d->keys);
    assert_true(send_within(c, STR("one"), PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MESSAGE);
    assert_true(zap_revoke(d->zap, ZAP_DOOR_AGENTS, &d->keys.public_key));
    zap_allow(d->zap, ZAP_DOOR_AGENTS, &d->keys.public_key, STR("agent-a"));
    assert_true(send_within(c, STR("two"), PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_STRANGER);
    zclient_close(c);
}

static void replacing_the_list_keeps_who_stays(void **state)
{
    struct door *d = *state;
    struct key_pair other;
    struct err err;
    assert_true(key_pair_generate(&other, &err));
    struct zclient *c = dial(d, &d->keys);
    assert_true(send_within(c, STR("one"), PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MESSAGE);
    struct zap_grant grants[] = {{ZAP_DOOR_AGENTS, d->keys.public_key, STR("agent-a")},
                                 {ZAP_DOOR_OPERATORS, other.public_key, STR("op")}};
    assert_int_equal(zap_replace(d->zap, grants, 2), 0);
    assert_true(send_within(c, STR("two"), PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MESSAGE);
    assert_int_equal(zap_replace(d->zap, grants, 1), 1U << ZAP_DOOR_OPERATORS);
    assert_int_equal(zap_replace(d->zap, NULL, 0), 1U << ZAP_DOOR_AGENTS);
    assert_true(send_within(c, STR("three"), PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_STRANGER);
    zclient_close(c);
    key_pair_release(&other);
}

static void others_come_back_after_a_rebind(void **state)
{
    struct door *d = *state;
    struct err err;
    struct zclient *c = dial(d, &d->keys);
    assert_true(send_within(c, STR("one"), PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MESSAGE);
    struct zpeer before = d->last.peer;
    assert_true(zserver_rebind(d->server, &err));
    assert_int_equal(listen_for(d, 100), ZRECEIVE_NOTHING);
    enum zreceive got = ZRECEIVE_NOTHING;
    for (int64_t end = now_ms() + PATIENCE_MS; got != ZRECEIVE_MESSAGE && now_ms() < end;) {
        (void)zclient_send(c, STR("again"));
        got = listen_for(d, 100);
    }
    assert_int_equal(got, ZRECEIVE_MESSAGE);
    assert_memory_not_equal(before.id, d->last.peer.id, sizeof(before.id));
    zclient_close(c);
}

static void a_slow_peer_is_told_from_a_lost_message(void **state)
{
    struct door *d = *state;
    static char page[65536];
    void *context, *s = hostile_dial(d, &context);
    size_t sent = 0, received = 0;
    enum zsend result;
    assert_int_equal(zmq_send(s, "hi", 2, 0), 2);
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MESSAGE);
    while ((result = zserver_send(d->server, &d->last.peer, (struct str){page, sizeof(page)})) == ZSEND_OK)
        sent++;
    assert_int_equal(result, ZSEND_FULL);
    int patience = 1000;
    zmq_setsockopt(s, ZMQ_RCVTIMEO, &patience, sizeof(patience));
    while (received < sent && zmq_recv(s, page, sizeof(page), 0) == (int)sizeof(page))
        received++;
    assert_int_equal(received, sent);
    hostile_leave(s, context);
}

static void a_peer_that_left_is_gone(void **state)
{
    struct door *d = *state;
    struct zclient *c = dial(d, &d->keys);
    assert_true(send_within(c, STR("hi"), PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MESSAGE);
    struct zpeer peer = d->last.peer;
    zclient_close(c);
    enum zsend result = ZSEND_OK;
    for (int64_t end = now_ms() + PATIENCE_MS; result == ZSEND_OK && now_ms() < end;) {
        result = zserver_send(d->server, &peer, STR("there?"));
        (void)listen_for(d, 10);
    }
    assert_int_equal(result, ZSEND_GONE);
}

static enum zprobe_result probe(struct door *d, const char *endpoint, const struct public_key *key)
{
    struct err err;
    struct zprobe *p = zprobe_open(d->net, d->zap, endpoint, key, &err);
    assert_non_null(p);
    for (int64_t end = now_ms() + PATIENCE_MS; zprobe_poll(p) == ZPROBE_RUNNING && now_ms() < end;)
        usleep(1000);
    enum zprobe_result result = zprobe_poll(p);
    zprobe_close(p);
    return result;
}

static void the_probe_is_refused_and_leaves_no_knock(void **state)
{
    struct door *d = *state;
    struct zap_knock knocks[ZAP_KNOCKS_MAX];
    for (int i = 0; i < 20; i++) /* one right after the other */
        assert_int_equal(probe(d, zserver_endpoint(d->server), &d->server_keys.public_key), ZPROBE_REFUSED);
    assert_int_equal(zap_knocks(d->zap, knocks), 0);
}

/*
 * The handler's thread is gone: libzmq lets strangers in from now on. The probe finds it, and what they say is
 * dropped all the same, because their messages carry no name.
 */
static void a_dead_handler_is_found_and_gives_no_rights(void **state)
{
    struct door *d = *state;
    struct key_pair stranger;
    struct err err;
    zap_stop(d->zap);
    /* One that asks while the handler's socket goes away gets no answer; the next one does. */
    enum zprobe_result found = ZPROBE_RUNNING;
    for (int i = 0; i < 3 && found == ZPROBE_RUNNING; i++)
        found = probe(d, zserver_endpoint(d->server), &d->server_keys.public_key);
    assert_int_equal(found, ZPROBE_ADMITTED);
    assert_true(key_pair_generate(&stranger, &err));
    struct zclient *c = dial(d, &stranger);
    assert_true(send_within(c, STR("hello"), PATIENCE_MS));
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_STRANGER);
    assert_int_equal(d->last.body.len, 0);
    zclient_close(c);
    key_pair_release(&stranger);
}

/* Who connects and says nothing, or stops in the middle of the greeting, is sent away. */
static void silent_connections_are_closed(void **state)
{
    struct door *d = *state;
    enum { CONNECTIONS = 40 };
    int fds[CONNECTIONS];
    char bytes[256];
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = tcp_connect(d);
        if (i % 2 == 1) /* the signature of a greeting, then silence */
            assert_int_equal(send(fds[i], "\xff\0\0\0\0\0\0\0\1\x7f\3", 11, MSG_NOSIGNAL), 11);
    }
    int64_t end = now_ms() + 8000;
    for (int i = 0; i < CONNECTIONS; i++) {
        struct timeval patience = {.tv_sec = end > now_ms() ? 1 + (end - now_ms()) / 1000 : 1};
        setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        ssize_t n;
        while ((n = recv(fds[i], bytes, sizeof(bytes), 0)) > 0)
            ; /* the other side's greeting */
        assert_true(n == 0 || errno == ECONNRESET);
        close(fds[i]);
    }
    good_peer_is_served(d);
}

/* libzmq without a handler lets everybody in: the probe must see it. */
static void the_probe_finds_a_door_without_handler(void **state)
{
    struct door *d = *state;
    void *context = zmq_ctx_new(), *s = zmq_socket(context, ZMQ_ROUTER);
    int one = 1;
    char endpoint[64];
    size_t size = sizeof(endpoint);
    zmq_setsockopt(s, ZMQ_CURVE_SERVER, &one, sizeof(one));
    zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, d->server_keys.secret, KEY_SIZE);
    assert_int_equal(zmq_bind(s, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
    assert_int_equal(probe(d, endpoint, &d->server_keys.public_key), ZPROBE_ADMITTED);
    hostile_leave(s, context);
}

static void only_one_handler_can_exist(void **state)
{
    struct door *d = *state;
    struct err err = {0};
    assert_null(zap_open(d->net, &err));
    assert_non_null(strstr(err.text, "key handler"));
}

static void a_taken_address_is_a_clear_error(void **state)
{
    struct door *d = *state;
    struct err err = {0};
    assert_null(zserver_open(d->net, d->zap, ZAP_DOOR_OPERATORS, &d->server_keys, zserver_endpoint(d->server), &err));
    assert_non_null(strstr(err.text, zserver_endpoint(d->server)));
    assert_null(zserver_open(d->net, d->zap, ZAP_DOOR_OPERATORS, &d->server_keys, "nonsense", &err));
    assert_null(zclient_open(d->net, &d->keys, &d->server_keys.public_key, "nonsense", &err));
    assert_int_equal(err.code, ERR_INPUT);
}

static void the_process_ends_although_a_peer_reads_nothing(void **state)
{
    struct door *d = *state;
    static char page[65536];
    void *context, *s = hostile_dial(d, &context);
    assert_int_equal(zmq_send(s, "hi", 2, 0), 2);
    assert_int_equal(listen_for(d, PATIENCE_MS), ZRECEIVE_MESSAGE);
    while (zserver_send(d->server, &d->last.peer, (struct str){page, sizeof(page)}) == ZSEND_OK)
        ;
    int64_t start = now_ms();
    door_close(state);
    assert_in_range(now_ms() - start, 0, 2000);
    hostile_leave(s, context);
    assert_int_equal(door_open(state), 0);
}

static void a_wait_ends_by_descriptor_and_by_time(void **state)
{
    (void)state;
    struct loop loop;
    struct err err;
    unsigned ready = 1;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    loop_init(&loop);
    unsigned bit = loop_add_fd(&loop, fds[0]);
    assert_true(loop_wait(&loop, 20, &ready, &err));
    assert_int_equal(ready, 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_true(loop_wait(&loop, -1, &ready, &err));
    assert_int_equal(ready, bit);
    close(fds[0]);
    close(fds[1]);
}

#define door_test(test) cmocka_unit_test_setup_teardown(test, door_open, door_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        door_test(a_message_carries_its_key_and_principal),
        door_test(a_stranger_waits_until_accepted),
        door_test(the_knocking_list_is_bounded),
        door_test(a_key_opens_only_its_own_door),
        door_test(a_wrong_server_key_gets_nowhere),
        door_test(garbage_on_the_port_hurts_nobody),
        door_test(a_message_of_many_frames_is_dropped_whole),
        door_test(an_oversize_message_never_arrives),
        door_test(the_largest_message_arrives),
        door_test(a_revoked_key_is_refused_at_its_next_message),
        door_test(a_new_generation_does_not_inherit_a_session),
        door_test(replacing_the_list_keeps_who_stays),
        door_test(others_come_back_after_a_rebind),
        door_test(a_slow_peer_is_told_from_a_lost_message),
        door_test(a_peer_that_left_is_gone),
        door_test(the_probe_is_refused_and_leaves_no_knock),
        door_test(a_dead_handler_is_found_and_gives_no_rights),
        door_test(silent_connections_are_closed),
        door_test(the_probe_finds_a_door_without_handler),
        door_test(only_one_handler_can_exist),
        door_test(a_taken_address_is_a_clear_error),
        door_test(the_process_ends_although_a_peer_reads_nothing),
        cmocka_unit_test(a_wait_ends_by_descriptor_and_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
