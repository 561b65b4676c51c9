/*
 * Every number that a peer can influence, in one place. The codec refuses what is larger before it
 * allocates; the cores never see more than this.
 */
#pragma once

/* Wire format: a peer speaks PROTOCOL_MIN .. PROTOCOL_MAX, the session uses the highest both know. */
enum { PROTOCOL_MIN = 1, PROTOCOL_MAX = 1 };

/* Bytes. */
enum {
    LIMIT_MESSAGE = 1024 * 1024,      /* one frame */
    LIMIT_DECODE = 8 * LIMIT_MESSAGE, /* memory that decoding one frame may take */
    LIMIT_CHUNK = 256 * 1024,         /* of a blob */
    LIMIT_BLOB = 64 * 1024 * 1024,    /* a plan, a script, a manifest, a revision file */
    LIMIT_STAGED = 256 * 1024 * 1024, /* uploaded for a push that is not finished */
    LIMIT_NAME = 128,                 /* a target, an agent, a principal, a module, a label's key or value */
    LIMIT_TEXT = 2048,                /* a sentence, an expression, an error's part */
    LIMIT_ATTEMPT = 64,               /* "<rollout>:<plan>:<n>", 32 and 16 hex digits and a number */
    LIMIT_KEY = 64,                   /* a CURVE public key as hex digits */
    LIMIT_SIGNATURE = 64,             /* Ed25519 */
};

/* Items in one message. */
enum {
    LIMIT_REPORTS = 200,        /* targets in one TARGETS message; an agent with more sends pages */
    LIMIT_MODULES = 256,        /* of a state */
    LIMIT_HEADS = 256,          /* of a module */
    LIMIT_LABELS = 32,          /* of a target */
    LIMIT_GLOBS = 64,           /* of a request */
    LIMIT_HASHES = 8192,        /* of a BLOBS_HAVE */
    LIMIT_ROWS = 500,           /* of any list in a reply; the rest by paging */
    LIMIT_FINDINGS = 200,       /* of a PUSHED; the rest is counted */
    LIMIT_SIGNATURES = 8,       /* of an offer */
    LIMIT_EXPRESSIONS = 64,     /* target expressions of a request */
    LIMIT_STEPS = 100000,       /* of a plan */
    LIMIT_ROW_CHANGES = 1024,   /* of a step */
    LIMIT_STATEMENTS = 1000000, /* of a script's part */
};

/* What a process holds. */
enum {
    LIMIT_AGENT_TARGETS = 20000,  /* of one agent */
    LIMIT_FLEET_TARGETS = 200000, /* of one coordinator */
    LIMIT_PRINCIPALS = 20000,
    LIMIT_STRANGERS = 100, /* unknown keys that are remembered for `agent accept` */
    LIMIT_WATCHERS = 64,   /* open ROLLOUT_WATCH requests */
    LIMIT_CREDIT = 256,    /* offers outstanding at one agent */
};

/* Milliseconds. Intervals are the coordinator's to say (HELLO_ACK); these are its defaults. */
enum {
    PING_EVERY_MS = 15 * 1000,
    PEER_SILENT_MS = 3 * PING_EVERY_MS, /* without a word: unreachable; the agent dials again */
    HELLO_WAIT_MS = 30 * 1000,          /* no HELLO_ACK: the socket is made anew (a refused DEALER stays silent) */
    RESEND_MS = 5 * 1000,               /* first repetition of what is not acknowledged; doubles up to ... */
    RESEND_MAX_MS = 60 * 1000,
    WATCH_WAIT_MS = 10 * 1000, /* an answer to ROLLOUT_WATCH comes at the latest after this */
};
