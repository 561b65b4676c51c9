/*
 * The dialling end: a DEALER that pins the server's key.
 *
 * No ZMTP heartbeats and no receive limit: together they abort libzmq 4.3.4; what a
 * server may have under way is limited by credit instead. IMMEDIATE: nothing is queued for a connection
 * that does not exist, so a send tells the truth about it.
 */
#include "skein/net/zlink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include <sodium.h>

#include "common/io/net/context.h"

enum { RECONNECT_MIN_MS = 500, RECONNECT_SPAN_MS = 1500, RECONNECT_MAX_MS = 30000, CONNECT_MS = 10000 };

struct zclient {
    struct znet *net;
    void *socket;
    const struct key_pair *keys;
    struct public_key server;
    char endpoint[ZLINK_ENDPOINT_MAX];
    zmq_msg_t body;
};

/* A fleet that lost its coordinator must not come back in one moment. */
static int reconnect_interval_ms(void)
{
    return RECONNECT_MIN_MS + (int)randombytes_uniform(RECONNECT_SPAN_MS);
}

static bool client_prepare(const struct zclient *c, void *socket, struct err *err)
{
    return socket_set_int(socket, ZMQ_RCVHWM, 0, err) && socket_set_int(socket, ZMQ_SNDHWM, 1000, err) &&
           socket_set_int(socket, ZMQ_RECONNECT_IVL, reconnect_interval_ms(), err) &&
           socket_set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS, err) &&
           socket_set_int(socket, ZMQ_CONNECT_TIMEOUT, CONNECT_MS, err) &&
           socket_set_int(socket, ZMQ_IMMEDIATE, 1, err) && socket_set_keys(socket, c->keys, err) &&
           (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, c->server.bytes, KEY_SIZE) == 0 ||
            socket_error(err, "cannot give a socket the server's key"));
}

static void *client_connect(const struct zclient *c, struct err *err)
{
    void *socket = socket_open(c->net, ZMQ_DEALER, err);
    if (socket == NULL)
        return NULL;
    if (client_prepare(c, socket, err)) {
        if (zmq_connect(socket, c->endpoint) == 0)
            return socket;
        err_set(err, ERR_INPUT, "cannot connect to %s: %s", c->endpoint, zmq_strerror(zmq_errno()));
        err_hint(err, "an endpoint looks like tcp://host:port or ipc:///path");
    }
    zmq_close(socket);
    return NULL;
}

struct zclient *zclient_open(struct znet *net, const struct key_pair *keys, const struct public_key *server,
                             const char *endpoint, struct err *err)
{
    struct zclient *c = calloc(1, sizeof(*c));
    if (c == NULL)
        abort();
    c->net = net;
    c->keys = keys;
    c->server = *server;
    snprintf(c->endpoint, sizeof(c->endpoint), "%s", endpoint);
    zmq_msg_init(&c->body);
    c->socket = client_connect(c, err);
    if (c->socket != NULL)
        return c;
    zclient_close(c);
    return NULL;
}

void zclient_close(struct zclient *c)
{
    if (c->socket != NULL)
        zmq_close(c->socket);
    zmq_msg_close(&c->body);
    free(c);
}

void *zclient_socket(const struct zclient *c)
{
    return c->socket;
}

bool zclient_reset(struct zclient *c, struct err *err)
{
    void *socket = client_connect(c, err);
    if (socket == NULL)
        return false;
    (void)zmq_setsockopt(c->socket, ZMQ_LINGER, &(int){0}, sizeof(int));
    zmq_close(c->socket);
    c->socket = socket;
    return true;
}

enum zsend zclient_send(struct zclient *c, struct str body)
{
    if (body.len > ZLINK_MESSAGE_MAX)
        return ZSEND_TOO_LARGE;
    return zmq_send(c->socket, body.p, body.len, ZMQ_DONTWAIT) < 0 ? ZSEND_GONE : ZSEND_OK;
}

/* A server that sends several frames is no server of ours: such a message is dropped. */
static bool body_is_alone(struct zclient *c)
{
    bool more = zmq_msg_more(&c->body) != 0, alone = !more;
    while (more) {
        zmq_msg_close(&c->body);
        zmq_msg_init(&c->body);
        more = zmq_msg_recv(&c->body, c->socket, 0) >= 0 && zmq_msg_more(&c->body) != 0;
    }
    return alone;
}

bool zclient_receive(struct zclient *c, struct str *ret_body)
{
    do {
        zmq_msg_close(&c->body);
        zmq_msg_init(&c->body);
        if (zmq_msg_recv(&c->body, c->socket, ZMQ_DONTWAIT) < 0)
            return false;
    } while (!body_is_alone(c));
    *ret_body = (struct str){zmq_msg_data(&c->body), zmq_msg_size(&c->body)};
    return true;
}
