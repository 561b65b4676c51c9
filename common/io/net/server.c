/*
 * The listening end: a ROUTER with CURVE and ZAP.
 *
 * Happy path: receive takes the id frame and one body frame; the body's User-Id (set by libzmq from what
 * the ZAP handler answered) is looked up among the live keys. Failures: no User-Id, an unknown or revoked
 * one -> STRANGER; another number of frames -> the rest is read off and it is MALFORMED. The identity never
 * comes from the id frame: libzmq 4.3.4 loses the metadata there.
 */
#include "skein/net/zlink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/io/net/context.h"

/* A peer has at most LIMIT_CREDIT (256) offers outstanding: a burst of them fits the queue. */
enum { HANDSHAKE_MS = 5000, BACKLOG = 1024, SEND_QUEUE = 300 };

struct zserver {
    void *socket;
    struct zap *zap;
    enum zap_door door;
    zmq_msg_t body;
    char endpoint[ZLINK_ENDPOINT_MAX];
};

static bool server_prepare(struct zserver *s, const struct key_pair *keys, struct err *err)
{
    const char *domain = zap_door_name(s->door);
    return socket_set_int(s->socket, ZMQ_ROUTER_MANDATORY, 1, err) &&
           socket_set_int(s->socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS, err) &&
           socket_set_int(s->socket, ZMQ_BACKLOG, BACKLOG, err) &&
           socket_set_int(s->socket, ZMQ_SNDHWM, SEND_QUEUE, err) &&
           socket_set_int(s->socket, ZMQ_CURVE_SERVER, 1, err) && socket_set_keys(s->socket, keys, err) &&
           (zmq_setsockopt(s->socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0 ||
            socket_error(err, "cannot set the socket's door"));
}

static bool server_bind(struct zserver *s, const char *endpoint, struct err *err)
{
    size_t size = sizeof(s->endpoint);
    if (zmq_bind(s->socket, endpoint) != 0) {
        err_set(err, ERR_SYSTEM, "cannot listen on %s: %s", endpoint, zmq_strerror(zmq_errno()));
        return err_hint(err, "the address is in use, not ours, or no endpoint like tcp://127.0.0.1:7411");
    }
    return zmq_getsockopt(s->socket, ZMQ_LAST_ENDPOINT, s->endpoint, &size) == 0 ||
           socket_error(err, "cannot find out where a socket listens");
}

struct zserver *zserver_open(struct znet *net, struct zap *zap, enum zap_door door, const struct key_pair *keys,
                             const char *endpoint, struct err *err)
{
    struct zserver *s = calloc(1, sizeof(*s));
    if (s == NULL)
        abort();
    s->zap = zap;
    s->door = door;
    zmq_msg_init(&s->body);
    s->socket = socket_open(net, ZMQ_ROUTER, err);
    if (s->socket != NULL && server_prepare(s, keys, err) && server_bind(s, endpoint, err))
        return s;
    zserver_close(s);
    return NULL;
}

void zserver_close(struct zserver *s)
{
    if (s->socket != NULL)
        zmq_close(s->socket);
    zmq_msg_close(&s->body);
    free(s);
}

const char *zserver_endpoint(const struct zserver *s)
{
    return s->endpoint;
}

void *zserver_socket(const struct zserver *s)
{
    return s->socket;
}

/* libzmq unbinds in the background: the address may be taken for some moments. */
bool zserver_rebind(struct zserver *s, struct err *err)
{
    char endpoint[ZLINK_ENDPOINT_MAX];
    snprintf(endpoint, sizeof(endpoint), "%s", s->endpoint);
    if (zmq_unbind(s->socket, endpoint) != 0 && zmq_errno() != ENOENT)
        return socket_error(err, "cannot stop listening");
    for (int tries = 0; tries < 50; tries++) {
        if (server_bind(s, endpoint, err))
            return true;
        (void)zmq_poll(NULL, 0, 20);
    }
    return false;
}

/* Reads the frames that follow the last one off the socket; how many there were. */
static size_t frames_skip(void *socket, const zmq_msg_t *last)
{
    size_t count = 0;
    zmq_msg_t frame;
    for (bool more = zmq_msg_more(last) != 0; more; count++) {
        zmq_msg_init(&frame);
        more = zmq_msg_recv(&frame, socket, 0) >= 0 && zmq_msg_more(&frame) != 0;
        zmq_msg_close(&frame);
    }
    return count;
}

static bool peer_receive(struct zserver *s, struct zpeer *peer)
{
    zmq_msg_t id;
    zmq_msg_init(&id);
    bool ok = zmq_msg_recv(&id, s->socket, ZMQ_DONTWAIT) >= 0;
    if (ok) {
        size_t len = zmq_msg_size(&id);
        peer->len = len < ZLINK_PEER_MAX ? len : ZLINK_PEER_MAX;
        memcpy(peer->id, zmq_msg_data(&id), peer->len);
    }
    zmq_msg_close(&id);
    return ok;
}

static const char *body_property(struct zserver *s, const char *name)
{
    const char *value = zmq_msg_gets(&s->body, name);
    return value != NULL ? value : "";
}

static bool body_is_known(struct zserver *s, struct zmessage *m)
{
    struct str user = str_of(body_property(s, "User-Id"));
    return user.len > 0 && zap_find_user(s->zap, s->door, user, &m->key, m->principal);
}

enum zreceive zserver_receive(struct zserver *s, struct zmessage *ret_message)
{
    memset(ret_message, 0, sizeof(*ret_message));
    zmq_msg_close(&s->body);
    zmq_msg_init(&s->body);
    if (!peer_receive(s, &ret_message->peer))
        return ZRECEIVE_NOTHING;
    if (zmq_msg_recv(&s->body, s->socket, ZMQ_DONTWAIT) < 0)
        return ZRECEIVE_MALFORMED;
    snprintf(ret_message->address, sizeof(ret_message->address), "%s", body_property(s, "Peer-Address"));
    bool known = body_is_known(s, ret_message);
    size_t extra = frames_skip(s->socket, &s->body);
    if (!known)
        return ZRECEIVE_STRANGER;
    if (extra > 0)
        return ZRECEIVE_MALFORMED;
    ret_message->body = (struct str){zmq_msg_data(&s->body), zmq_msg_size(&s->body)};
    return ZRECEIVE_MESSAGE;
}

static enum zsend send_failure(void)
{
    return zmq_errno() == EAGAIN ? ZSEND_FULL : ZSEND_GONE;
}

/* With MANDATORY the id frame tells whether the peer is there and has room; the body then follows. */
enum zsend zserver_send(struct zserver *s, const struct zpeer *peer, struct str body)
{
    if (body.len > ZLINK_MESSAGE_MAX)
        return ZSEND_TOO_LARGE;
    if (zmq_send(s->socket, peer->id, peer->len, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return send_failure();
    return zmq_send(s->socket, body.p, body.len, ZMQ_DONTWAIT) < 0 ? send_failure() : ZSEND_OK;
}
