/*
 * The command line's end of the conversation with the coordinator: one request, one reply.
 *
 * Who and where: flags, else the environment, else client.ini (section [client]: coordinator, key,
 * server_key). No answer within --timeout is ERR_UNREACHABLE; a refusal is what the coordinator said.
 */
#pragma once

#include "coordinator/cli/options.h"
#include "coordinator/cli/out.h"
#include "skein/net/loop.h"
#include "skein/os/opt.h"
#include "skein/wire/msg.h"

struct client {
    struct arena arena;
    const struct opt_line *line;
    enum out_form form;
    struct err err;
    const char *endpoint;
    int64_t timeout_ms;
    struct key_pair keys;
    bool has_keys;
    struct znet *net;
    struct zclient *link;
    struct loop loop;
    uint64_t last_id;
};

/* Reads the settings and opens the socket; says nothing yet. */
bool client_open(struct client *c, const struct opt_line *line);
void client_close(struct client *c);

/* Prints the failure, closes, returns the exit code. */
int client_fail(struct client *c);

/*
 * Sends the request (version and id are set here), again after a while, and waits for its reply, of the
 * kind `expected`; ERROR becomes `err`. `extra_ms` is how long the coordinator itself may take.
 */
bool client_ask(struct client *c, struct msg *request, enum msg_kind expected, int64_t extra_ms, struct msg *ret_reply);

/* --selector and the command's name globs. */
void client_selection(struct client *c, struct selection *ret_selection);

extern const struct opt_option opt_coordinator, opt_key, opt_server_key, opt_client, opt_timeout, opt_selector;
