/*
 * What the programs say to each other, as plain values; the codec (skein/wire/codec.h) turns them into
 * bytes and back. Strings and lists are borrowed: they live as long as the arena they were made in.
 *
 * The conversation between agent (A) and coordinator (C); "*" is repeated until the answer comes:
 *
 *     A  HELLO*        who, which protocol versions, highest term seen     C  HELLO_ACK    term, credit, intervals
 *     A  TARGETS*      one page of reports; the next after the answer      C  TARGETS_ACK  which were refused
 *     C  OFFER*        apply this plan to that target, with this fence     A  ACCEPT, PROGRESS (may be lost for ever)
 *     A  RESULT*       how it ended, with the state read afterwards        C  RESULT_ACK
 *     C  CLOSE*        let nothing up to this fence commit                 A  CLOSED*, then C  RESULT_ACK
 *     A  FETCH*        a piece of a plan or a script, by hash              C  CHUNK
 *     both PING                                                            both PONG
 *
 * Every message may be lost, repeated, delayed without bound and overtaken by others.
 * Operators send one request and get one reply with `re` set to the request's id, or ERROR.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "skein/base/diag.h"
#include "skein/base/err.h"
#include "skein/base/hash.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/graph/revision.h"
#include "skein/plan/dbstate.h"
#include "skein/plan/outcome.h"
#include "skein/plan/plan.h"
#include "skein/rollout/status.h"
#include "skein/sql/engine.h"
#include "skein/wire/limits.h"

/* Who a message comes from: the role of the authenticated key, a bit each. */
enum role {
    ROLE_UNSET = 0,
    ROLE_AGENT = 1,
    ROLE_VIEWER = 2,
    ROLE_OPERATOR = 4,
    ROLE_APPROVER = 8,
    ROLE_ADMIN = 16,
    ROLE_COORDINATOR = 32,
};

const char *role_name(enum role role);
bool role_parse(struct str name, enum role *ret_role);

/* Sets of roles for the table below. */
enum {
    ROLES_LOOK = ROLE_VIEWER | ROLE_OPERATOR | ROLE_APPROVER | ROLE_ADMIN,
    ROLES_ACT = ROLE_OPERATOR | ROLE_ADMIN,
    ROLES_EVERYONE = ROLE_AGENT | ROLES_LOOK | ROLE_COORDINATOR,
};

/*
 * Every kind of message: its name, the member of the union below, and who may send it. The enum is made
 * from these rows, so there is no kind without a row, and what a row does not allow is refused.
 */
#define MSG_KINDS(KIND)                                                                                                \
    KIND(HELLO, hello, ROLE_AGENT)                                                                                     \
    KIND(TARGETS, targets, ROLE_AGENT)                                                                                 \
    KIND(ACCEPT, accept, ROLE_AGENT)                                                                                   \
    KIND(PROGRESS, progress, ROLE_AGENT)                                                                               \
    KIND(RESULT, result, ROLE_AGENT)                                                                                   \
    KIND(CLOSED, closed, ROLE_AGENT)                                                                                   \
    KIND(FETCH, fetch, ROLE_AGENT)                                                                                     \
    KIND(BYE, bye, ROLE_AGENT)                                                                                         \
    KIND(HELLO_ACK, hello_ack, ROLE_COORDINATOR)                                                                       \
    KIND(TARGETS_ACK, targets_ack, ROLE_COORDINATOR)                                                                   \
    KIND(OFFER, offer, ROLE_COORDINATOR)                                                                               \
    KIND(RESULT_ACK, result_ack, ROLE_COORDINATOR)                                                                     \
    KIND(CLOSE, close, ROLE_COORDINATOR)                                                                               \
    KIND(CHUNK, chunk, ROLE_COORDINATOR)                                                                               \
    KIND(PING, ping, ROLES_EVERYONE)                                                                                   \
    KIND(PONG, pong, ROLES_EVERYONE)                                                                                   \
    KIND(STATUS, status, ROLES_LOOK)                                                                                   \
    KIND(PLAN, plan, ROLES_LOOK)                                                                                       \
    KIND(ROLLOUT_LIST, rollout_list, ROLES_LOOK)                                                                       \
    KIND(ROLLOUT_SHOW, rollout_show, ROLES_LOOK)                                                                       \
    KIND(ROLLOUT_WATCH, rollout_watch, ROLES_LOOK)                                                                     \
    KIND(AGENT_LIST, agent_list, ROLES_LOOK)                                                                           \
    KIND(BLOBS_HAVE, blobs_have, ROLES_ACT)                                                                            \
    KIND(BLOB_PUT, blob_put, ROLES_ACT)                                                                                \
    KIND(PUSH, push, ROLES_ACT)                                                                                        \
    KIND(ROLLOUT_START, rollout_start, ROLES_ACT)                                                                      \
    KIND(ROLLOUT_CANCEL, rollout_cancel, ROLES_ACT)                                                                    \
    KIND(RESOLVE, resolve, ROLES_ACT)                                                                                  \
    KIND(AGENT_ACCEPT, agent_accept, ROLE_ADMIN)                                                                       \
    KIND(AGENT_REVOKE, agent_revoke, ROLE_ADMIN)                                                                       \
    KIND(OK, ok, ROLE_COORDINATOR)                                                                                     \
    KIND(ERROR, error, ROLE_COORDINATOR)                                                                               \
    KIND(STATUS_REPLY, status_reply, ROLE_COORDINATOR)                                                                 \
    KIND(PLAN_REPLY, plan_reply, ROLE_COORDINATOR)                                                                     \
    KIND(ROLLOUTS, rollouts, ROLE_COORDINATOR)                                                                         \
    KIND(ROLLOUT, rollout, ROLE_COORDINATOR)                                                                           \
    KIND(AGENTS, agents, ROLE_COORDINATOR)                                                                             \
    KIND(BLOBS_LACK, blobs_lack, ROLE_COORDINATOR)                                                                     \
    KIND(PUSHED, pushed, ROLE_COORDINATOR)

enum msg_kind {
    MSG_UNSET = 0,
#define KIND(name, member, senders) MSG_##name,
    MSG_KINDS(KIND)
#undef KIND
        MSG_COUNT
};

const char *msg_kind_name(enum msg_kind kind); /* "hello", "rollout_start", ... */

/* The table: false for every cell that no row allows, for MSG_UNSET and for numbers beyond the list. */
bool msg_allowed(enum msg_kind kind, enum role sender);

struct label {
    struct str key, value;
};

struct labels {
    VEC(struct label) list; /* sorted by key, each key once */
};

/* A rollout's id: 16 random bytes of the caller, which also make a repeated start harmless. */
struct msg_id16 {
    unsigned char bytes[16];
};

/* ---- agent -> coordinator ---- */

struct msg_hello {
    uint32_t version_min, version_max; /* of the protocol */
    struct str software;               /* "skein-agent 0.1.0" */
    uint64_t boot;                     /* random per process start */
    uint64_t term;                     /* highest seen */
    uint32_t workers;
};

/*
 * One target as last read. `serial` orders the readings of one boot: a report with a lower serial than
 * one already seen is old news, however late it arrives.
 */
struct target_report {
    struct str name;
    uint64_t serial;
    bool gone; /* no longer configured here; nothing below is set but the name and the serial */
    enum engine engine;
    struct str identity; /* which physical database this is (never a secret); equal means the same */
    struct labels labels;
    struct names modules; /* the target takes only these; empty: all */
    bool readable;        /* false: `problem` says why, state and ledger are unset */
    struct str problem;
    struct dbstate state;
    struct ledger_state ledger;
};

struct msg_targets {
    uint64_t boot;
    uint64_t page; /* counts from 1 within a boot; acknowledged by number */
    bool first;    /* starts a full list ... */
    bool last;     /* ... which ends here: what it did not name is gone. A change is a page without both */
    VEC(struct target_report) list;
};

struct msg_accept {
    struct str target, attempt;
    uint64_t fence;
};

struct msg_progress {
    struct str target, attempt;
    uint64_t fence;
    uint32_t step, steps; /* done, of */
    struct str sentence;  /* "waits for a lock held by pid 4711: ..."; may be empty */
};

/* What became of an offer. Repeated until RESULT_ACK names the same target and fence. */
struct msg_result {
    uint64_t boot;
    struct str attempt;
    uint64_t fence;
    enum outcome outcome;
    uint32_t steps_applied;
    uint32_t failed_step; /* from 1; 0: none */
    struct err err;
    int64_t duration_ms;
    struct target_report report; /* read afterwards; names the target */
};

struct msg_closed {
    uint64_t boot;
    uint64_t fence;
    struct target_report report;
};

enum blob_kind { BLOB_UNSET = 0, BLOB_PLAN, BLOB_SCRIPT };

struct msg_fetch {
    enum blob_kind kind;
    struct hash hash; /* plan.id or script.hash */
    uint64_t offset;
};

/* Goes down on purpose: its targets are unreachable from now on, not after a silence. */
struct msg_bye {
    uint64_t boot;
};

/* ---- coordinator -> agent ---- */

struct msg_hello_ack {
    uint32_t version; /* chosen; 0: none fits, and the agent stops with an error */
    uint32_t credit;  /* offers that may be outstanding */
    uint32_t ping_every_ms, silent_after_ms, resend_ms;
};

struct target_refusal {
    struct str name, reason;
};

struct msg_targets_ack {
    uint64_t page;
    VEC(struct target_refusal) refused;
};

/* What to do with a plan. The two resolutions answer a step that was left undecided. */
enum offer_action { OFFER_UNSET = 0, OFFER_APPLY, OFFER_RESOLVE_APPLIED, OFFER_RESOLVE_NOT_APPLIED };

struct apply_options {
    bool transaction_per_revision;
    int64_t lock_timeout_ms; /* 0: the agent's own setting; so for the others */
    int64_t statement_timeout_ms;
};

struct signature {
    struct str key_id; /* which release key */
    unsigned char bytes[LIMIT_SIGNATURE];
};

struct msg_offer {
    struct str target;
    struct str attempt; /* names the ledger rows: one per rollout and plan, the same for every fence */
    uint64_t fence;
    enum offer_action action;
    struct hash plan;
    struct str principal; /* who started the rollout, for the ledger */
    struct apply_options options;
    VEC(struct signature) signatures; /* over the plan's hash; reserved, empty in this version */
};

struct msg_result_ack {
    struct str target;
    uint64_t fence;
};

struct msg_close {
    struct str target;
    uint64_t fence;
};

struct msg_chunk {
    enum blob_kind kind;
    struct hash hash;
    uint64_t offset, total; /* total 0: the coordinator does not have it */
    struct str bytes;
};

struct msg_ping {
    uint64_t nonce;
};

struct msg_pong {
    uint64_t nonce;
};

/* ---- operator -> coordinator ---- */

/* Which targets: all that match the label expression and, if there are globs, at least one of them. */
struct selection {
    struct str labels; /* "env=prod,tier!=free,region in (eu,us)"; empty: all */
    struct names globs;
};

struct page {
    uint64_t offset, limit; /* limit 0: LIMIT_ROWS */
};

struct msg_status {
    struct selection selection;
    bool summary_only;
    struct page page;
};

/* Where a rollout or a dry run shall lead. */
struct goal {
    struct plan_request request;
    struct selection selection;
};

struct msg_plan {
    struct goal goal;
};

struct msg_rollout_start {
    struct msg_id16 id; /* the same id again gets the same answer */
    struct goal goal;
    uint32_t parallel;     /* targets at work at the same time; 0: no limit but the agents' */
    uint32_t max_failures; /* the rollout halts when more than this fail */
    struct apply_options options;
};

struct msg_rollout_list {
    struct page page; /* newest first */
};

/* `rollout` in requests: a whole id, a unique prefix, or empty for the newest. */
struct msg_rollout_show {
    struct str rollout;
    bool problems_only; /* without the targets that are pending or went well */
    struct page page;
};

/* The answer comes when something has changed after `cursor`, or after WATCH_WAIT_MS. */
struct msg_rollout_watch {
    struct str rollout;
    uint64_t cursor; /* 0 at first, then what the last answer said */
};

struct msg_rollout_cancel {
    struct str rollout;
};

enum resolution_kind {
    RESOLVE_UNSET = 0,
    RESOLVE_APPLIED,     /* the undecided step did take effect */
    RESOLVE_NOT_APPLIED, /* it did not */
    RESOLVE_ACCEPT,      /* a regressed or quarantined target is right as it is now */
};

struct msg_resolve {
    struct str target;
    enum resolution_kind resolution;
};

struct msg_agent_list {
    struct page page;
};

struct msg_agent_accept {
    struct str name;
    enum role role;
    struct str public_key; /* 64 hex digits */
};

struct msg_agent_revoke {
    struct str name;
};

/* Push: ask which blobs are missing, put them in pieces, then name the manifest (skein/wire/manifest.h). */
struct msg_blobs_have {
    VEC(struct hash) hashes;
};

struct msg_blob_put {
    struct hash hash; /* of the whole blob */
    uint64_t offset, total;
    struct str bytes;
};

struct msg_push {
    struct hash manifest;
};

/* ---- coordinator -> operator ---- */

struct msg_ok {
    struct str text;
};

struct msg_error {
    struct err err;
};

struct target_row {
    struct str name, agent;
    enum engine engine;
    struct labels labels;
    enum target_status status;
    struct str problem; /* what the status word leaves open; may be empty */
    struct dbstate state;
    bool state_known;
    uint32_t pending; /* revisions to the newest heads */
    int64_t seen_ms;  /* when it was last reported; 0: never in this coordinator's life */
};

struct msg_status_reply {
    uint64_t total;                       /* that match */
    uint64_t counts[TARGET_STATUS_COUNT]; /* of these, by status */
    uint64_t agents, agents_connected;
    uint64_t bundle; /* number of the newest; 0: nothing was pushed */
    uint64_t revisions;
    VEC(struct target_row) rows;
    uint64_t next; /* offset of the next page; 0: that was all */
};

/* Targets in one state share one plan. */
struct plan_group {
    uint64_t targets;
    struct names names; /* the first LIMIT_ROWS of them */
    enum engine engine;
    struct dbstate before;
    bool refused; /* cannot be planned: `err` */
    struct err err;
    struct plan plan;
};

struct msg_plan_reply {
    uint64_t total, unknown; /* matching targets, and those whose state is not known */
    VEC(struct plan_group) groups;
    uint64_t dropped; /* groups beyond LIMIT_ROWS */
};

struct rollout_row {
    struct str id;
    struct goal goal;
    enum rollout_status status;
    struct str reason; /* why it halted; may be empty */
    struct str principal;
    int64_t created_ms, ended_ms;
    uint32_t parallel, max_failures;
    uint64_t total;
    uint64_t counts[OP_STATE_COUNT];
};

struct op_row {
    struct str target, agent;
    enum op_state state;
    enum op_state end; /* what CLOSING ends in; else unset */
    bool unreachable;  /* its agent is silent */
    uint32_t tries;
    uint32_t step, steps;
    struct str sentence; /* for people: why it waits, or how it ended */
    struct err err;      /* of the last try that did not work; code ERR_UNSET if none */
    struct hash plan;
    int64_t updated_ms;
};

struct msg_rollouts {
    VEC(struct rollout_row) rows;
    uint64_t next;
};

struct msg_rollout {
    struct rollout_row rollout;
    VEC(struct op_row) ops;
    uint64_t next;   /* of ROLLOUT_SHOW */
    uint64_t cursor; /* of ROLLOUT_WATCH */
};

struct agent_row {
    struct str name;
    enum role role;
    enum principal_status status;
    struct str public_key;
    struct str software, address;
    bool connected;
    uint64_t targets;
    int64_t seen_ms;
};

struct msg_agents {
    VEC(struct agent_row) rows;
    uint64_t next;
};

struct msg_blobs_lack {
    VEC(struct hash) hashes;
};

/* Findings borrow diag's shape; the strings live in the message's arena. */
struct msg_pushed {
    bool accepted;
    uint64_t bundle;
    uint64_t revisions, added, removed;
    VEC(struct diag_item) findings;
    uint64_t dropped;
};

struct msg {
    uint32_t version;
    uint64_t id;   /* unique within the sender's life */
    uint64_t re;   /* id of the request that this answers; 0: none */
    uint64_t term; /* of the coordinator that sends, or the highest that the agent has seen */
    enum msg_kind kind;
    union {
#define KIND(name, member, senders) struct msg_##member member;
        MSG_KINDS(KIND)
#undef KIND
    };
};

/* For logs: "offer(target=shop_01 fence=7)". */
struct str msg_describe(struct arena *a, const struct msg *m);
