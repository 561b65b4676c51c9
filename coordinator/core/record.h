/*
 * What the coordinator remembers: rows of plain scalars and texts, so that a store needs no more than one
 * table a kind, with the key named here. A row replaces the one with the same key; nothing is deleted.
 *
 * After a restart the store gives back every row, kinds in the order of the enum and rows in the order of
 * their key, and the coordinator is their fold.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/hash.h"
#include "skein/base/str.h"
#include "skein/plan/plan.h"
#include "skein/rollout/status.h"
#include "skein/wire/msg.h"

enum record_kind {
    RECORD_UNSET = 0,
    RECORD_META,
    RECORD_PRINCIPAL,
    RECORD_TARGET,
    RECORD_BLOB,
    RECORD_BUNDLE,
    RECORD_PLAN,
    RECORD_ROLLOUT,
    RECORD_OPERATION,
    RECORD_AUDIT,
    RECORD_COUNT
};

/* One row only. */
struct record_meta {
    uint64_t term;  /* of the newest life of the coordinator */
    uint64_t fence; /* the highest ever handed out, to any target */
};

struct record_principal {
    struct str name; /* key; never given to another public key again */
    enum role role;
    enum principal_status status;
    struct str public_key;
    bool configured; /* from the configuration file: it, not a request, decides */
};

struct record_target {
    struct str name; /* key */
    struct str agent;
    enum engine engine;
    struct str identity;
    struct str labels;  /* "env=prod,tier=free" */
    struct str modules; /* "core,billing"; empty: all */
    bool gone;
    bool state_known;
    struct str state; /* dbstate_format(): "core=a1,b2 billing=c3" */
    struct ledger_state ledger;
    enum target_status condition; /* UNDECIDED, QUARANTINED or REGRESSED until an operator answers; else unset */
    struct str problem;
};

/* Revision files and manifests, for ever. */
struct record_blob {
    struct hash hash; /* key */
    struct str bytes;
};

struct record_bundle {
    uint64_t number; /* key, from 1 */
    struct hash manifest;
    struct str principal;
    int64_t created_ms;
};

/* What was offered, encoded (skein/wire/blob.h): it can be fetched again after a restart. */
struct record_plan {
    struct hash hash; /* key */
    uint64_t bundle;
    struct str bytes;
};

struct record_rollout {
    uint64_t number; /* key, from 1 */
    struct msg_id16 id;
    uint64_t bundle;
    struct goal goal;
    struct apply_options options;
    uint32_t parallel, max_failures;
    struct str principal;
    enum rollout_status status;
    struct str reason;
    int64_t created_ms, ended_ms;
};

struct record_operation {
    uint64_t rollout; /* key: this and the target */
    struct str target;
    enum op_state state, end;
    enum offer_action action;
    struct hash plan; /* zero: none yet */
    uint64_t fence;   /* 0: none yet */
    uint32_t tries, replans;
    struct str sentence;
    struct err err; /* code ERR_UNSET if none */
    int64_t updated_ms;
};

struct record_audit {
    uint64_t seq; /* key, from 1 */
    int64_t time_ms;
    struct str principal, action, object, result;
};

struct record {
    enum record_kind kind;
    union {
        struct record_meta meta;
        struct record_principal principal;
        struct record_target target;
        struct record_blob blob;
        struct record_bundle bundle;
        struct record_plan plan;
        struct record_rollout rollout;
        struct record_operation operation;
        struct record_audit audit;
    };
};
