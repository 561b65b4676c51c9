#include "common/io/net/context.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

/* libzmq counts a frame as CURVE sent it: with nonce, authenticator and flags, 33 bytes. */
enum { LINGER_MS = 500, FRAME_MAX = ZLINK_MESSAGE_MAX + 64 };

struct znet {
    void *context;
};

bool socket_error(struct err *err, const char *what)
{
    return err_set(err, ERR_SYSTEM, "%s: %s", what, zmq_strerror(zmq_errno()));
}

struct znet *znet_open(struct err *err)
{
    struct znet *net = calloc(1, sizeof(*net));
    if (net == NULL)
        abort();
    net->context = zmq_ctx_new();
    if (net->context != NULL)
        return net;
    socket_error(err, "cannot start ZeroMQ");
    free(net);
    return NULL;
}

void znet_close(struct znet *net)
{
    zmq_ctx_term(net->context);
    free(net);
}

void *znet_context(const struct znet *net)
{
    return net->context;
}

bool socket_set_int(void *socket, int option, int value, struct err *err)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0 ||
           socket_error(err, "cannot set an option of a socket");
}

bool socket_set_keys(void *socket, const struct key_pair *keys, struct err *err)
{
    if (zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key.bytes, KEY_SIZE) == 0 &&
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret, KEY_SIZE) == 0)
        return true;
    return socket_error(err, "cannot give a socket its keys");
}

static bool socket_prepare(void *socket, struct err *err)
{
    return socket_set_int(socket, ZMQ_LINGER, LINGER_MS, err) && socket_set_int(socket, ZMQ_TCP_KEEPALIVE, 1, err) &&
           socket_set_int(socket, ZMQ_TCP_KEEPALIVE_IDLE, 60, err) &&
           socket_set_int(socket, ZMQ_TCP_KEEPALIVE_CNT, 3, err) &&
           socket_set_int(socket, ZMQ_TCP_KEEPALIVE_INTVL, 20, err) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &(int64_t){FRAME_MAX}, sizeof(int64_t)) == 0;
}

void *socket_open(struct znet *net, int type, struct err *err)
{
    void *socket = zmq_socket(net->context, type);
    if (socket == NULL) {
        socket_error(err, "cannot make a socket");
        return NULL;
    }
    if (socket_prepare(socket, err))
        return socket;
    zmq_close(socket);
    return NULL;
}
