/*
 * The two ends of skein's conversations over ZeroMQ:
 * always CURVE, server-made routing ids, one body frame, bounded sizes, no ZMTP heartbeats, no monitor on
 * a working socket, every send without waiting.
 *
 * One thread owns a socket. Nothing here promises delivery: a message that was sent may be lost, and the
 * conversation above repeats what matters.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/net/keys.h"
#include "skein/net/zap.h"

enum { ZLINK_MESSAGE_MAX = 1024 * 1024, ZLINK_ENDPOINT_MAX = 256, ZLINK_PEER_MAX = 8 };

/* The process's one ZeroMQ context. */
struct znet;

struct znet *znet_open(struct err *err);

/* All sockets and the zap must be closed. Waits for queued messages at most half a second. */
void znet_close(struct znet *net);

enum zsend {
    ZSEND_UNSET = 0,
    ZSEND_OK,   /* queued: no promise that it arrives */
    ZSEND_FULL, /* the peer is slower than we are; nothing was queued */
    ZSEND_GONE, /* no such peer any more, or no connection yet */
    ZSEND_TOO_LARGE
};

/* One connection, as the server numbered it. Never a name: another connection of the same peer differs. */
struct zpeer {
    unsigned char id[ZLINK_PEER_MAX];
    size_t len;
};

/* ---- listening end ---- */

struct zserver;

/* Binds `endpoint` ("tcp://127.0.0.1:7411", "ipc:///run/skein/operators"). The zap answers for its door. */
struct zserver *zserver_open(struct znet *net, struct zap *zap, enum zap_door door, const struct key_pair *keys,
                             const char *endpoint, struct err *err);
void zserver_close(struct zserver *s);

/* Where it listens: the endpoint with the port that the system chose for `tcp://127.0.0.1:*`. */
const char *zserver_endpoint(const struct zserver *s);

/* Cuts every connection: peers come back by themselves and are asked for their keys again. */
bool zserver_rebind(struct zserver *s, struct err *err);

enum zreceive {
    ZRECEIVE_UNSET = 0,
    ZRECEIVE_NOTHING, /* no message is waiting */
    ZRECEIVE_MESSAGE,
    ZRECEIVE_STRANGER,  /* dropped: its key is not, or no longer, on the list */
    ZRECEIVE_MALFORMED, /* dropped: more than one body frame, or none */
};

/* `body` is borrowed until the next call for this socket. `body` is empty unless ZRECEIVE_MESSAGE. */
struct zmessage {
    struct zpeer peer;
    struct public_key key;                 /* whose message it is; zero for a stranger */
    char principal[ZAP_PRINCIPAL_MAX + 1]; /* as given to zap_allow(); "" for a stranger */
    char address[ZAP_ADDRESS_MAX];         /* for logs; "" if unknown */
    struct str body;
};

/* Takes one message, never waits. */
enum zreceive zserver_receive(struct zserver *s, struct zmessage *ret_message);

enum zsend zserver_send(struct zserver *s, const struct zpeer *peer, struct str body);

/* ---- dialling end ---- */

struct zclient;

/* Opens the socket; connecting goes on in the background and for ever. */
struct zclient *zclient_open(struct znet *net, const struct key_pair *keys, const struct public_key *server,
                             const char *endpoint, struct err *err);
void zclient_close(struct zclient *c);

/*
 * Starts over with a new connection. A server's refusal is silent and final for a connection: so call
 * this when no answer to the greeting came, or when the other side missed its pings.
 */
bool zclient_reset(struct zclient *c, struct err *err);

/* ZSEND_GONE while there is no connection. */
enum zsend zclient_send(struct zclient *c, struct str body);

/* True with a message, false when none is waiting. `*ret_body` is borrowed until the next call. */
bool zclient_receive(struct zclient *c, struct str *ret_body);

/* ---- is the door shut? ---- */

/* A connection attempt with a throw-away key, which must be refused. */
struct zprobe;

enum zprobe_result { ZPROBE_UNSET = 0, ZPROBE_RUNNING, ZPROBE_REFUSED, ZPROBE_ADMITTED };

struct zprobe *zprobe_open(struct znet *net, struct zap *zap, const char *endpoint, const struct public_key *server,
                           struct err *err);
enum zprobe_result zprobe_poll(struct zprobe *p); /* never waits */
void zprobe_close(struct zprobe *p);
