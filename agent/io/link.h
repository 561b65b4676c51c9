/* The agent's end of the conversation: its keys, its socket, and messages as bytes. */
#pragma once

#include "agent/io/config.h"
#include "skein/net/keys.h"
#include "skein/net/zlink.h"
#include "skein/wire/msg.h"

struct link {
    struct key_pair keys;
    struct public_key server;
    struct znet *net;
    struct zclient *client;
    bool made_keys; /* the key file was absent: nobody has accepted this agent yet */
};

/* Loads the agent's keys, makes them where the file is absent. */
bool link_load_keys(struct link *l, const struct agent_settings *settings, struct err *err);

/* Reads the coordinator's public key and dials; link_load_keys() came before. */
bool link_open(struct link *l, const struct agent_settings *settings, struct err *err);

/* Waits at most half a second for what was sent last. Also after a failure of the two above. */
void link_close(struct link *l);

/* What cannot be sent is lost, for which the conversation is made. */
void link_send(struct link *l, const struct msg *m);

enum link_receive { LINK_UNSET = 0, LINK_NOTHING, LINK_MESSAGE, LINK_MALFORMED };

/* One message, into `a`. MALFORMED fills *err. */
enum link_receive link_receive(struct link *l, struct arena *a, struct msg *ret_msg, struct err *err);

/* Dials again on a new connection. */
bool link_reset(struct link *l, struct err *err);
