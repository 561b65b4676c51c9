#include "coordinator/core/coord.h"

#include <stdlib.h>

#include "coordinator/core/state.h"

struct coord *coord_new(void)
{
    struct coord *c = calloc(1, sizeof(*c));
    if (c == NULL)
        abort();
    return c;
}

static void free_texts(struct coord *c)
{
    for (size_t i = 0; i < c->principals.list.count; i++) {
        free(c->principals.list.items[i].software);
        free(c->principals.list.items[i].address);
    }
    for (size_t i = 0; i < c->ops.list.count; i++) {
        free(c->ops.list.items[i].sentence);
        free(c->ops.list.items[i].err);
    }
    for (size_t i = 0; i < c->strangers.list.count; i++)
        free(c->strangers.list.items[i].address);
}

void coord_free(struct coord *c)
{
    if (c == NULL)
        return;
    free_texts(c);
    for (size_t i = 0; i < c->targets.list.count; i++)
        arena_release(&c->targets.list.items[i].arena);
    for (size_t i = 0; i < c->rollouts.list.count; i++) {
        arena_release(&c->rollouts.list.items[i].planner.arena);
        arena_release(&c->rollouts.list.items[i].arena);
    }
    library_free(c);
    arena_release(&c->status_planner.arena);
    arena_release(&c->lent);
    arena_release(&c->arena);
    free(c);
}

/* ---- replay ---- */

static struct labels parse_labels(struct arena *a, struct str text)
{
    struct labels labels = {0};
    struct str part;
    while (str_next(&text, ',', &part)) {
        size_t at = str_find(part, '=');
        struct label l = {str_copy(a, str_head(part, at)), str_copy(a, str_from(part, at + 1))};
        if (part.len > 0)
            vec_push(a, &labels.list, l);
    }
    return labels;
}

static struct names parse_names(struct arena *a, struct str text)
{
    struct names names = {0};
    struct str part;
    while (str_next(&text, ',', &part))
        if (part.len > 0)
            vec_push(a, &names.list, str_copy(a, part));
    return names;
}

static bool replay_target(struct coord *c, const struct record_target *row, struct err *err)
{
    struct arena scratch = {0};
    struct dbstate state;
    uint32_t number = fleet_add(c, row->name);
    struct target *target = &c->targets.list.items[number];
    target->agent = principal_find(c, row->agent);
    if (target->agent == NONE || !dbstate_parse(&scratch, row->state, &state))
        return err_set(err, ERR_INTERNAL, "target %.*s: its agent or its state is unknown", STR_ARG(row->name));
    c->principals.list.items[target->agent].targets++;
    target->engine = row->engine;
    target->identity = str_copy(&target->arena, row->identity);
    target->problem = str_copy(&target->arena, row->problem);
    target->labels = parse_labels(&target->arena, row->labels);
    target->modules = parse_names(&target->arena, row->modules);
    target->gone = row->gone;
    target->ledger = row->ledger;
    target->condition = row->condition;
    if (row->state_known)
        target->state = state_intern(c, &state);
    target_identify(c, number);
    arena_release(&scratch);
    return true;
}

static bool replay_operation(struct coord *c, const struct record_operation *row, struct err *err)
{
    uint32_t target = fleet_find(c, row->target);
    if (row->rollout == 0 || row->rollout > c->rollouts.list.count || target == NONE)
        return err_set(err, ERR_INTERNAL, "an operation of rollout %llu names nothing that is known",
                       (unsigned long long)row->rollout);
    uint32_t number = rollout_add_op(c, (uint32_t)row->rollout - 1, target, row->state); /* may move the list */
    struct operation *op = &c->ops.list.items[number];
    op->end = row->end;
    op->action = row->action;
    op->fence = row->fence;
    op->tries = row->tries;
    op->replans = row->replans;
    op->updated_ms = row->updated_ms;
    op->plan = hash_is_zero(&row->plan) ? NONE : plan_find(c, &row->plan);
    if (row->sentence.len > 0)
        text_set(&op->sentence, row->sentence);
    if (op->plan == NONE && op->state == OP_OFFERED)
        return err_set(err, ERR_INTERNAL, "the plan of %.*s is missing", STR_ARG(row->target));
    if (op->plan != NONE)
        op->steps = (uint32_t)c->plans.list.items[op->plan].plan.steps.list.count;
    if (row->err.code != ERR_UNSET) {
        op->err = malloc(sizeof(*op->err));
        if (op->err == NULL)
            abort();
        *op->err = row->err;
    }
    return true;
}

bool coord_replay(struct coord *c, const struct record *r, struct err *err)
{
    switch (r->kind) {
    case RECORD_META:
        c->meta = r->meta;
        return true;
    case RECORD_PRINCIPAL:
        principal_put(c, &r->principal);
        return true;
    case RECORD_TARGET:
        return replay_target(c, &r->target, err);
    case RECORD_BLOB:
        blob_put(c, &r->blob);
        return true;
    case RECORD_BUNDLE:
        if (r->bundle.number != c->bundles.list.count + 1)
            return err_set(err, ERR_INTERNAL, "a bundle is missing before bundle %llu",
                           (unsigned long long)r->bundle.number);
        bundle_put(c, &r->bundle);
        return true;
    case RECORD_PLAN:
        return plan_put(c, &r->plan, err);
    case RECORD_ROLLOUT:
        if (r->rollout.number != c->rollouts.list.count + 1)
            return err_set(err, ERR_INTERNAL, "a rollout is missing before rollout %llu",
                           (unsigned long long)r->rollout.number);
        rollout_put(c, &r->rollout);
        return true;
    case RECORD_OPERATION:
        return replay_operation(c, &r->operation, err);
    case RECORD_AUDIT:
        c->audit_seq = r->audit.seq;
        return true;
    case RECORD_UNSET:
    case RECORD_COUNT:
        break;
    }
    return err_set(err, ERR_INTERNAL, "a stored row is of no known kind");
}

/* ---- events ---- */

/* What was under way goes on: active operations are said again when their target is reported. */
static void resume(struct turn *t, uint32_t number)
{
    struct operation *op = &t->c->ops.list.items[number];
    struct target *target = &t->c->targets.list.items[op->target];
    if (op->state == OP_PENDING)
        op_enqueue(t, number);
    if (!op_is_active(op->state))
        return;
    target->op = number;
    t->c->principals.list.items[target->agent].active++;
}

static void on_start(struct turn *t)
{
    struct coord *c = t->c;
    term_set(t, c->meta.term + 1);
    for (uint32_t i = 0; i < c->ops.list.count; i++)
        resume(t, i);
    for (uint32_t i = 0; i < c->rollouts.list.count; i++)
        rollout_resume(t, i);
    emit_keys(t);
    emit_note(t, LOG_INFO, "term %llu: %zu targets, %zu rollouts, bundle %zu", (unsigned long long)c->meta.term,
              c->targets.list.count, c->rollouts.list.count, c->bundles.list.count);
}

typedef void handler(struct turn *t, const struct msg *m);

static handler *const handlers[MSG_COUNT] = {
    [MSG_HELLO] = fleet_hello,
    [MSG_TARGETS] = fleet_targets,
    [MSG_ACCEPT] = op_accept,
    [MSG_PROGRESS] = op_progress,
    [MSG_RESULT] = op_result,
    [MSG_CLOSED] = op_closed,
    [MSG_FETCH] = planner_fetch,
    [MSG_BYE] = fleet_bye,
    [MSG_PING] = fleet_ping,
    [MSG_PONG] = fleet_pong,
    [MSG_STATUS] = control_status,
    [MSG_PLAN] = control_plan,
    [MSG_ROLLOUT_LIST] = control_rollout_list,
    [MSG_ROLLOUT_SHOW] = control_rollout_show,
    [MSG_ROLLOUT_WATCH] = control_rollout_watch,
    [MSG_AGENT_LIST] = control_agent_list,
    [MSG_BLOBS_HAVE] = library_blobs_have,
    [MSG_BLOB_PUT] = library_blob_put,
    [MSG_PUSH] = control_push,
    [MSG_ROLLOUT_START] = rollout_start,
    [MSG_ROLLOUT_CANCEL] = rollout_cancel,
    [MSG_RESOLVE] = control_resolve,
    [MSG_AGENT_ACCEPT] = control_agent_accept,
    [MSG_AGENT_REVOKE] = control_agent_revoke,
};

enum role coord_role(const struct coord *c, struct str principal)
{
    uint32_t number = principal_find(c, principal);
    if (number == NONE || c->principals.list.items[number].row.status != PRINCIPAL_ACCEPTED)
        return ROLE_UNSET;
    return c->principals.list.items[number].row.role;
}

static void refuse(struct turn *t, const struct event_message *e, enum role role)
{
    struct err err;
    emit_note(t, LOG_WARNING, "security: refused %s from %.*s (%s)", msg_kind_name(e->msg->kind), STR_ARG(e->principal),
              role_name(role));
    if (role == ROLE_UNSET)
        return; /* a stranger or a revoked key learns nothing */
    err_kind(&err, ERR_REFUSED, "role", "the role '%s' may not send %s", role_name(role), msg_kind_name(e->msg->kind));
    emit_error(t, &err);
}

static void on_message(struct turn *t, const struct event_message *e)
{
    enum role role = coord_role(t->c, e->principal);
    t->link = e->link;
    t->peer = principal_find(t->c, e->principal);
    t->address = e->address;
    t->request = e->msg;
    if (!msg_allowed(e->msg->kind, role) || handlers[e->msg->kind] == NULL) {
        refuse(t, e, role);
        return;
    }
    struct principal *p = &t->c->principals.list.items[t->peer];
    p->seen_ms = t->wall_ms;
    if (p->link == e->link)
        session_heard(&p->session, t->now_ms);
    handlers[e->msg->kind](t, e->msg);
}

static void on_project(struct turn *t, const struct event_project *e)
{
    struct msg_pushed pushed;
    library_push(t, e->files, &pushed);
    for (size_t i = 0; i < pushed.findings.count; i++)
        emit_note(t, pushed.findings.items[i].severity == DIAG_ERROR ? LOG_ERROR : LOG_WARNING, "%.*s:%u: %s",
                  STR_ARG(pushed.findings.items[i].path), pushed.findings.items[i].line, pushed.findings.items[i].text);
    if (pushed.accepted)
        emit_note(t, LOG_INFO, "bundle %llu: %llu revisions", (unsigned long long)pushed.bundle,
                  (unsigned long long)pushed.revisions);
    else
        emit_note(t, LOG_ERROR, "the project folder was not taken over");
}

static void on_principal(struct turn *t, const struct event_principal *e)
{
    const struct record_principal row = {
        .name = e->name,
        .role = e->role,
        .status = PRINCIPAL_ACCEPTED,
        .public_key = e->public_key,
        .configured = true,
    };
    uint32_t number = principal_find(t->c, e->name);
    const struct record_principal *known = number != NONE ? &t->c->principals.list.items[number].row : NULL;
    if (known != NULL && known->configured && known->role == e->role && str_eq(known->public_key, e->public_key))
        return;
    principal_store(t, principal_put(t->c, &row));
    emit_keys(t);
}

static void on_stranger(struct turn *t, const struct event_stranger *e)
{
    struct coord *c = t->c;
    for (size_t i = 0; i < c->strangers.list.count; i++)
        if (str_eq(c->strangers.list.items[i].public_key, e->public_key)) {
            c->strangers.list.items[i].seen_ms = t->wall_ms;
            return;
        }
    if (c->strangers.list.count >= LIMIT_STRANGERS)
        return;
    struct stranger fresh = {.public_key = str_copy(&c->arena, e->public_key), .seen_ms = t->wall_ms};
    text_set(&fresh.address, e->address);
    vec_push(&c->arena, &c->strangers.list, fresh);
    emit_note(t, LOG_WARNING, "an unknown key knocks from %.*s: %.*s", STR_ARG(e->address), STR_ARG(e->public_key));
}

static void on_tick(struct turn *t)
{
    uint64_t number;
    while (timers_take(&t->c->timers, t->now_ms, &number)) {
        switch ((enum timer_kind)(number & 3)) {
        case TIMER_AGENT:
            fleet_tick(t, (uint32_t)(number >> 2));
            break;
        case TIMER_OP:
            op_tick(t, (uint32_t)(number >> 2));
            break;
        case TIMER_WATCH: /* control_watch_tick() ends every step */
            break;
        }
    }
}

void coord_step(struct coord *c, const struct coord_event *event, struct coord_effects *fx)
{
    struct turn t = {.c = c, .fx = fx, .now_ms = event->now_ms, .wall_ms = event->wall_ms, .peer = NONE};
    arena_release(&c->lent);
    switch (event->kind) {
    case COORD_ON_START:
        on_start(&t);
        break;
    case COORD_ON_MESSAGE:
        on_message(&t, &event->message);
        break;
    case COORD_ON_LINK_DOWN:
        fleet_link_down(&t, event->link_down.link);
        break;
    case COORD_ON_PROJECT:
        on_project(&t, &event->project);
        break;
    case COORD_ON_PRINCIPAL:
        on_principal(&t, &event->principal);
        break;
    case COORD_ON_STRANGER:
        on_stranger(&t, &event->stranger);
        break;
    case COORD_ON_TICK:
        on_tick(&t);
        break;
    case COORD_ON_UNSET:
        break;
    }
    op_pump(&t);
    control_watch_tick(&t);
    emit_timer(&t);
}

void coord_each_principal(const struct coord *c, bool (*each)(void *user, const struct record_principal *p), void *user)
{
    for (size_t i = 0; i < c->principals.list.count; i++)
        if (c->principals.list.items[i].row.status == PRINCIPAL_ACCEPTED &&
            !each(user, &c->principals.list.items[i].row))
            return;
}
