/*
 * The coordinator's two doors, and numbers for the connections that came through them. A number stands for
 * one connection of one principal and is never used again in this life; the core knows nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/err.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/net/loop.h"
#include "skein/net/zlink.h"

struct links;

struct link_message {
    uint32_t link;
    enum zap_door door;
    struct public_key key;
    struct str principal, address; /* "" for a stranger */
    struct str body;               /* all are borrowed until the next call */
};

/* Opens both doors. The keys are borrowed. */
struct links *links_open(struct znet *net, struct zap *zap, const struct key_pair *keys, const char *agents,
                         const char *operators, struct err *err);
void links_close(struct links *l);

/* The doors, for waiting: the bits are in the order of enum zap_door. */
const struct zserver *links_server(const struct links *l, enum zap_door door);

enum zreceive links_receive(struct links *l, enum zap_door door, int64_t now_ms, struct link_message *ret_message);

/* ZSEND_GONE also for a number that is no longer known; the number is then forgotten. */
enum zsend links_send(struct links *l, uint32_t link, struct str body);

/* Forgets one connection that has been silent since `before_ms`: its number, or 0 when there is none. */
uint32_t links_forget_silent(struct links *l, int64_t before_ms);

/* Cuts every connection of a door; who is on the list comes back. */
bool links_cut(struct links *l, enum zap_door door, struct err *err);
