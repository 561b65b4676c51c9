/* Everything that can happen to a coordinator. Time is `now_ms` (monotonic) and `wall_ms` (for people). */
#pragma once

#include <stdint.h>

#include "coordinator/core/record.h"
#include "skein/graph/project.h"
#include "skein/wire/msg.h"

enum coord_event_kind {
    COORD_ON_UNSET = 0,
    COORD_ON_START,     /* once, first, after the records were replayed with coord_replay() */
    COORD_ON_MESSAGE,   /* a decoded message of an authenticated peer */
    COORD_ON_LINK_DOWN, /* a message for this link could not be delivered: the peer is gone */
    COORD_ON_PROJECT,   /* the project folder was read, at start and on SIGHUP */
    COORD_ON_PRINCIPAL, /* one from the configuration file, at start */
    COORD_ON_STRANGER,  /* a key that is not in the list knocked */
    COORD_ON_TICK,      /* the time asked for by COORD_DO_TIMER has come */
};

/* `link` is the runtime's number for a connection (never reused in one life); `principal` comes from the key. */
struct event_message {
    uint32_t link;
    struct str principal;
    struct str address;
    const struct msg *msg;
};

struct event_link_down {
    uint32_t link;
};

struct event_project {
    const struct project_files *files;
};

struct event_principal {
    struct str name;
    enum role role;
    struct str public_key;
};

struct event_stranger {
    struct str public_key;
    struct str address;
};

struct coord_event {
    enum coord_event_kind kind;
    int64_t now_ms;
    int64_t wall_ms;
    union {
        struct event_message message;
        struct event_link_down link_down;
        struct event_project project;
        struct event_principal principal;
        struct event_stranger stranger;
    };
};
