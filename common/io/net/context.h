/* What the files of this folder share; nothing outside it sees ZeroMQ. */
#pragma once

#include <stdbool.h>

#include "skein/base/err.h"
#include "skein/net/zlink.h"

void *znet_context(const struct znet *net);
void *zserver_socket(const struct zserver *s);
void *zclient_socket(const struct zclient *c);

/* The zap does not list this key among the knocks: it is a probe's. */
void zap_expect_probe(struct zap *z, const struct public_key *key);

/* Ends the handler alone, as a crash of its thread would: for zap_close(), and for tests of what then happens. */
void zap_stop(struct zap *z);

/* A made socket with the options that every end has; NULL with err. */
void *socket_open(struct znet *net, int type, struct err *err);
bool socket_set_int(void *socket, int option, int value, struct err *err);
bool socket_set_keys(void *socket, const struct key_pair *keys, struct err *err);

/* err_set() with libzmq's words for errno. False. */
bool socket_error(struct err *err, const char *what);
