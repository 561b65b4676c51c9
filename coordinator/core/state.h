/*
 * What a coordinator knows, shared by the files of coordinator/core. Everything is numbered, and numbers
 * never change in one life: principals, targets, distinct states of databases, plans, scripts, blobs,
 * bundles, rollouts, operations. The operations of a rollout stand together, in the order of the targets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "coordinator/core/coord.h"
#include "coordinator/core/select.h"
#include "skein/base/index.h"
#include "skein/base/timers.h"
#include "skein/rollout/op.h"
#include "skein/rollout/rollout.h"
#include "skein/wire/session.h"

#define NONE INDEX_NONE

enum { FENCES_A_TERM = 1000000 };

struct principal {
    struct record_principal row; /* strings live as long as the coordinator */
    /* of agents */
    struct session session;
    uint32_t link;
    uint64_t boot, page;
    uint32_t epoch; /* counts sessions: what was reported in an older one is not reachable */
    uint32_t round; /* counts full lists */
    uint32_t credit, active, targets;
    bool dirty;      /* something may begin */
    bool listed;     /* the full list came in this session */
    int64_t list_ms; /* when its last page came */
    struct {
        VEC(uint32_t) list;
    } pending; /* operations that wait, in order, from pending_head on */
    size_t pending_head;
    char *software, *address;
    int64_t seen_ms; /* wall clock */
};

struct target {
    struct str name;
    uint32_t agent;
    struct arena arena; /* of the report's texts, renewed when one changes */
    enum engine engine;
    struct str identity, problem;
    struct labels labels;
    struct names modules;
    bool gone, readable;
    uint32_t state; /* NONE: not known */
    struct ledger_state ledger;
    enum target_status condition;
    uint64_t boot, serial; /* of the newest report */
    uint32_t epoch, round;
    uint32_t op; /* the operation that holds it, or NONE */
    int64_t seen_ms;
};

/* A state that at least one target was in. */
struct state {
    struct hash hash;
    struct dbstate state;
};

/* Plans for one request, one a distinct (state, engine, modules): a thousand tenants cost one. */
struct choice {
    uint32_t state;
    enum engine engine;
    struct names modules;
    bool refused;
    struct err *err;
    struct plan plan;
    uint32_t number; /* in the table of plans once it was offered; else NONE */
};

struct planner {
    struct arena arena;
    uint64_t bundle;
    struct plan_request request;
    VEC(struct choice) choices;
};

struct stored_plan {
    struct hash hash;
    uint64_t bundle;
    struct str bytes;
    struct plan plan;
};

struct stored_script {
    struct hash hash;
    uint32_t plan;
    size_t step;
    struct str bytes; /* encoded when first asked for */
};

struct blob {
    struct hash hash;
    struct str bytes;
};

/* A blob that somebody puts here piece by piece; it becomes one when a push names it. */
struct upload {
    struct hash hash;
    uint64_t total;
    bool complete;
    struct strbuf bytes;
};

/* A bundle as one set of modules sees it; built when first needed. */
struct view {
    struct view *next;
    struct str modules; /* "": all */
    struct arena arena;
    bool ok;
    struct err err;
    struct project project;
};

struct bundle {
    uint64_t number;
    struct hash manifest;
    struct view *views;
};

/* A file of any bundle: which revision it is, and its checksum. */
struct known_file {
    uint32_t revision; /* into `known` */
    struct hash checksum;
};

struct rollout {
    struct record_rollout row; /* strings in `arena` */
    char id[33];
    struct arena arena;
    struct strategy strategy;
    struct tally tally;
    struct planner planner;
    uint32_t first, count; /* its operations */
    struct {
        VEC(uint32_t) list;
    } changes; /* operations in the order they changed, for watchers */
    bool changed;
};

struct operation {
    uint32_t rollout, target;
    enum op_state state, end;
    enum offer_action action;
    uint32_t plan;
    uint64_t fence;
    uint32_t tries, replans;
    uint32_t turn; /* plans that an operator's answer was not about */
    char *sentence;
    struct err *err;
    int64_t updated_ms;
    struct repeat repeat;
    int64_t not_before_ms;
    uint32_t step, steps;
    bool accepted, queued;
};

struct watcher {
    uint32_t link;
    uint64_t re;
    uint32_t rollout;
    uint64_t cursor;
    int64_t due_ms;
};

struct stranger {
    struct str public_key;
    char *address;
    int64_t seen_ms;
};

struct coord {
    struct arena arena;
    struct record_meta meta;
    struct session numbers; /* of the messages we send */
    uint64_t audit_seq;
    bool started;
    struct {
        VEC(struct principal) list;
    } principals;
    struct {
        VEC(struct target) list;
    } targets;
    struct {
        VEC(struct state) list;
    } states;
    struct {
        VEC(struct stored_plan) list;
    } plans;
    struct {
        VEC(struct stored_script) list;
    } scripts;
    struct {
        VEC(struct blob) list;
    } blobs;
    struct {
        VEC(struct bundle) list;
    } bundles; /* number n stands at n - 1 */
    struct {
        VEC(struct upload) list;
    } uploads;
    uint64_t staged;   /* bytes of uploads */
    size_t remembered; /* bundles that the following know of: push.c brings it up to date when it asks */
    struct {
        VEC(struct hash) list;
    } known; /* checksum of each revision ever pushed, as it was last */
    struct {
        VEC(struct known_file) list;
    } known_files;
    struct index known_by_revision, known_by_file;
    struct {
        VEC(struct rollout) list;
    } rollouts; /* number n stands at n - 1 */
    struct {
        VEC(struct operation) list;
    } ops;
    struct {
        VEC(struct watcher) list;
    } watchers;
    struct {
        VEC(struct stranger) list;
    } strangers;
    struct index principals_by_name, targets_by_name, targets_by_identity, states_by_hash, plans_by_hash,
        scripts_by_hash, blobs_by_hash, rollouts_by_id;
    struct planner status_planner;
    struct arena lent; /* what the last reply borrows, until the next step */
    struct timers timers;
};

/* The surroundings of one step. */
struct turn {
    struct coord *c;
    struct coord_effects *fx;
    int64_t now_ms, wall_ms;
    uint32_t link;
    uint32_t peer; /* principal that speaks, or NONE */
    struct str address;
    const struct msg *request;
};

/* emit.c: effects */
void emit_persist(struct turn *t, struct record r);
void emit_send(struct turn *t, uint32_t link, struct msg *m);
void emit_reply(struct turn *t, struct msg *m); /* to the request at hand */
void emit_error(struct turn *t, const struct err *err);
void emit_note(struct turn *t, enum log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));
void emit_audit(struct turn *t, const char *action, struct str object, struct str result);
void emit_keys(struct turn *t);
void emit_timer(struct turn *t);
void emit_meta(struct turn *t);
void text_set(char **text, struct str value); /* a copy on the heap, at most LIMIT_TEXT */
struct str hash_str(const struct hash *h);    /* its bytes */

enum timer_kind { TIMER_AGENT = 0, TIMER_OP, TIMER_WATCH };
void wake_set(struct turn *t, enum timer_kind kind, uint32_t number, int64_t due_ms);

/* fleet.c: principals, agents' sessions, targets */
void term_set(struct turn *t, uint64_t term);
uint32_t principal_find(const struct coord *c, struct str name);
uint32_t principal_put(struct coord *c, const struct record_principal *row);
void principal_store(struct turn *t, uint32_t number);
void fleet_hello(struct turn *t, const struct msg *m);
void fleet_targets(struct turn *t, const struct msg *m);
void fleet_ping(struct turn *t, const struct msg *m);
void fleet_bye(struct turn *t, const struct msg *m);
void fleet_pong(struct turn *t, const struct msg *m);
bool fleet_in_session(struct turn *t); /* false, and says so, when the peer has to say HELLO first */
void fleet_link_down(struct turn *t, uint32_t link);
void fleet_tick(struct turn *t, uint32_t agent);
void fleet_revoke(struct turn *t, uint32_t principal);

uint32_t fleet_find(const struct coord *c, struct str name);
uint32_t fleet_add(struct coord *c, struct str name);
void target_store(struct turn *t, uint32_t number);
void target_identify(struct coord *c, uint32_t number); /* its identity is known now */
/* Takes a report over; true when it is the first of this session. op_target_reported() comes after it. */
bool fleet_report(struct turn *t, uint32_t target, const struct target_report *report, uint64_t boot);
bool target_is_reachable(const struct coord *c, const struct target *target);
uint32_t state_intern(struct coord *c, const struct dbstate *s);

/* library.c: blobs, bundles, plans, scripts */
void blob_put(struct coord *c, const struct record_blob *row);
void blob_store(struct turn *t, struct str bytes);
/* Of a stored blob or a complete upload; NULL when neither is here. */
struct str library_bytes(struct coord *c, const struct hash *h);
void uploads_drop(struct coord *c);
struct bundle *bundle_put(struct coord *c, const struct record_bundle *row);
struct bundle *bundle_newest(struct coord *c); /* NULL: nothing was pushed */
bool library_files(struct coord *c, struct arena *a, const struct hash *manifest, struct project_files *ret_files,
                   struct err *err);
const struct project *library_project(struct coord *c, uint64_t number, const struct names *modules, struct err *err);
void library_blobs_have(struct turn *t, const struct msg *m);
void library_blob_put(struct turn *t, const struct msg *m);
void library_free(struct coord *c);

/* push.c: takes a project that was sent, or says what is wrong with it */
void library_push(struct turn *t, const struct project_files *files, struct msg_pushed *ret_pushed);

/* planner.c: one plan a distinct state; plans and scripts for those who fetch them */
struct choice *planner_choose(struct coord *c, struct planner *p, const struct target *target);
void planner_reset(struct planner *p, uint64_t bundle, const struct plan_request *request);
uint32_t plan_store(struct turn *t, const struct planner *p, struct choice *choice);
bool plan_put(struct coord *c, const struct record_plan *row, struct err *err);
uint32_t plan_find(const struct coord *c, const struct hash *h);
bool plan_reached(const struct plan *plan, const struct dbstate *state);
void planner_fetch(struct turn *t, const struct msg *m);

/* operation.c: one target's part in a rollout */
void op_enqueue(struct turn *t, uint32_t number);
void op_pump(struct turn *t);
void op_result(struct turn *t, const struct msg *m);
void op_closed(struct turn *t, const struct msg *m);
void op_accept(struct turn *t, const struct msg *m);
void op_progress(struct turn *t, const struct msg *m);
void op_tick(struct turn *t, uint32_t number);
void op_stop(struct turn *t, uint32_t number); /* the rollout halts or is cancelled */
bool op_resolve(struct turn *t, uint32_t number, enum offer_action action, struct err *err);
void op_give_up(struct turn *t, uint32_t number); /* the operator says the target will not come back */
void op_target_reported(struct turn *t, uint32_t target, bool returned);
void op_change_owner(struct turn *t, uint32_t target, uint32_t from, uint32_t to);
void op_store(struct turn *t, uint32_t number);

/* drive.c: rollouts */
uint32_t rollout_find(struct coord *c, struct str id); /* id, unique prefix, or empty for the newest; NONE */
uint32_t rollout_op(const struct coord *c, uint32_t rollout, uint32_t target);
void rollout_check(struct turn *t, uint32_t number);
void rollout_resume(struct turn *t, uint32_t number); /* after a restart */
void rollout_changed(struct turn *t, uint32_t rollout, uint32_t op);
void rollout_reopen(struct turn *t, uint32_t number);
void rollout_start(struct turn *t, const struct msg *m);
void rollout_cancel(struct turn *t, const struct msg *m);
uint32_t rollout_put(struct coord *c, const struct record_rollout *row);
uint32_t rollout_add_op(struct coord *c, uint32_t rollout, uint32_t target, enum op_state state);

/* control.c: operators' requests; view.c: what they see */
void control_status(struct turn *t, const struct msg *m);
void control_plan(struct turn *t, const struct msg *m);
void control_rollout_list(struct turn *t, const struct msg *m);
void control_rollout_show(struct turn *t, const struct msg *m);
void control_rollout_watch(struct turn *t, const struct msg *m);
void control_watch_tick(struct turn *t);
void control_push(struct turn *t, const struct msg *m);
void control_resolve(struct turn *t, const struct msg *m);
void control_agent_list(struct turn *t, const struct msg *m);
void control_agent_accept(struct turn *t, const struct msg *m);
void control_agent_revoke(struct turn *t, const struct msg *m);

enum target_status view_target_status(struct coord *c, const struct target *target, uint32_t *ret_pending);
void view_target(struct coord *c, uint32_t number, struct target_row *ret_row);
void view_rollout(const struct coord *c, uint32_t number, struct rollout_row *ret_row);
void view_op(const struct coord *c, uint32_t number, struct arena *a, struct op_row *ret_row);
void view_principal(const struct coord *c, uint32_t number, struct agent_row *ret_row);
struct str view_labels(struct arena *a, const struct labels *labels);
struct str view_modules(struct arena *a, const struct names *modules);
