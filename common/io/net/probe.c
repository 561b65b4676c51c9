/*
 * Knocks at our own door with a throw-away key. The probe's socket has a monitor, the only one in skein:
 * it is read here alone, has no limit, and sees only the end of handshakes, so it cannot stall the I/O
 * thread.
 */
#include "skein/net/zlink.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/io/net/context.h"

struct zprobe {
    void *socket, *monitor;
    struct key_pair keys;
    enum zprobe_result result;
};

/* A closed monitor's address stays taken for some moments, so each has its own. */
static bool probe_watch(struct znet *net, struct zprobe *p, struct err *err)
{
    static atomic_ulong last;
    char endpoint[64];
    snprintf(endpoint, sizeof(endpoint), "inproc://probe-%lu", atomic_fetch_add(&last, 1));
    if (zmq_socket_monitor(p->socket, endpoint, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) != 0)
        return socket_error(err, "cannot watch the probe's handshake");
    p->monitor = socket_open(net, ZMQ_PAIR, err);
    return p->monitor != NULL && socket_set_int(p->monitor, ZMQ_RCVHWM, 0, err) &&
           (zmq_connect(p->monitor, endpoint) == 0 || socket_error(err, "cannot watch the probe's handshake"));
}

static bool probe_connect(struct zprobe *p, const char *endpoint, const struct public_key *server, struct err *err)
{
    return socket_set_int(p->socket, ZMQ_LINGER, 0, err) && socket_set_keys(p->socket, &p->keys, err) &&
           (zmq_setsockopt(p->socket, ZMQ_CURVE_SERVERKEY, server->bytes, KEY_SIZE) == 0 ||
            socket_error(err, "cannot give the probe the server's key")) &&
           (zmq_connect(p->socket, endpoint) == 0 || socket_error(err, "cannot connect the probe"));
}

struct zprobe *zprobe_open(struct znet *net, struct zap *zap, const char *endpoint, const struct public_key *server,
                           struct err *err)
{
    struct zprobe *p = calloc(1, sizeof(*p));
    if (p == NULL)
        abort();
    p->result = ZPROBE_RUNNING;
    if (key_pair_generate(&p->keys, err)) {
        zap_expect_probe(zap, &p->keys.public_key);
        p->socket = socket_open(net, ZMQ_DEALER, err);
        if (p->socket != NULL && probe_watch(net, p, err) && probe_connect(p, endpoint, server, err))
            return p;
    }
    zprobe_close(p);
    return NULL;
}

/* An event is two frames: its number in the first two bytes, and an address. */
enum zprobe_result zprobe_poll(struct zprobe *p)
{
    unsigned char event[6];
    char address[256];
    while (p->result == ZPROBE_RUNNING && zmq_recv(p->monitor, event, sizeof(event), ZMQ_DONTWAIT) >= 0) {
        uint16_t number;
        memcpy(&number, event, sizeof(number));
        (void)zmq_recv(p->monitor, address, sizeof(address), 0);
        p->result = number == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ? ZPROBE_REFUSED : ZPROBE_ADMITTED;
    }
    return p->result;
}

void zprobe_close(struct zprobe *p)
{
    if (p->monitor != NULL)
        zmq_close(p->monitor);
    if (p->socket != NULL) {
        zmq_socket_monitor(p->socket, NULL, 0);
        zmq_close(p->socket);
    }
    key_pair_release(&p->keys);
    free(p);
}
