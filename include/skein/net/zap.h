/*
 * Who may connect: the allow-list of public keys, asked by libzmq during each handshake (ZAP, RFC 27) and
 * by zserver for each message.
 *
 * libzmq lets everybody in when nobody answers ZAP. So zap_open() binds the handler before any server can
 * be opened (zserver_open() takes the zap), each message's key is looked up again, and zprobe (zlink.h)
 * knocks with a throw-away key now and then.
 *
 * The handler is a small thread that only looks keys up in memory; all functions here may be called by
 * any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skein/base/err.h"
#include "skein/net/keys.h"

struct zap;
struct znet;

/* Each listening socket has its own list: an agent's key opens no door of the operators. */
enum zap_door { ZAP_DOOR_UNSET = 0, ZAP_DOOR_AGENTS, ZAP_DOOR_OPERATORS, ZAP_DOOR_COUNT };

const char *zap_door_name(enum zap_door door); /* "agents", "operators": also the ZAP domain */

enum { ZAP_PRINCIPAL_MAX = 128, ZAP_KNOCKS_MAX = 64, ZAP_ADDRESS_MAX = 64 };

/* A key that was refused. A stranger can fill the list, but only push out other strangers. */
struct zap_knock {
    enum zap_door door;
    struct public_key key;
    char address[ZAP_ADDRESS_MAX];
    uint64_t number; /* rises with every knock of anybody: what is new since the last look */
};

/* One context, one handler, once per process and for its whole life. False when the handler cannot be bound. */
struct zap *zap_open(struct znet *net, struct err *err);

/* Ends the handler. Close the servers first: without a handler libzmq lets everybody in. */
void zap_close(struct zap *z);

/*
 * Lets a key in. A key that was revoked meanwhile, or had another principal, counts as a new generation:
 * sessions of the old one are no longer served. `principal` is at most ZAP_PRINCIPAL_MAX bytes (longer is cut).
 */
void zap_allow(struct zap *z, enum zap_door door, const struct public_key *key, struct str principal);

/* From the next message on the key is refused. False when it was not on the list. */
bool zap_revoke(struct zap *z, enum zap_door door, const struct public_key *key);

struct zap_grant {
    enum zap_door door;
    struct public_key key;
    struct str principal;
};

/*
 * Makes these the lists of all doors. Returns the doors at which a key lost its place, as a set of bits
 * (1 << door): sessions that are open there end with zserver_rebind().
 */
unsigned zap_replace(struct zap *z, const struct zap_grant *grants, size_t count);

/* The live principal of a User-Id as the handler gave it out; false when it is no longer on the list. */
bool zap_find_user(struct zap *z, enum zap_door door, struct str user_id, struct public_key *ret_key,
                   char ret_principal[ZAP_PRINCIPAL_MAX + 1]);

/* Copies the refused keys, newest first; returns how many. */
size_t zap_knocks(struct zap *z, struct zap_knock ret_knocks[ZAP_KNOCKS_MAX]);

/* Becomes readable after each new refused key; zap_knocks() clears it. For loop_add_fd(). */
int zap_knock_fd(const struct zap *z);
