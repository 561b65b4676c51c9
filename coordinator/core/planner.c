/*
 * Plans: one for every distinct (state, engine, modules), however many targets are in it. What is offered
 * is stored, so that it can be fetched after a restart; scripts are made again from the bundle.
 */
#include <stdlib.h>

#include "coordinator/core/state.h"
#include "skein/wire/blob.h"

uint32_t plan_find(const struct coord *c, const struct hash *h)
{
    return index_find(&c->plans_by_hash, hash_str(h));
}

static void add_scripts(struct coord *c, uint32_t plan)
{
    const struct plan *p = &c->plans.list.items[plan].plan;
    for (size_t i = 0; i < p->steps.list.count; i++) {
        struct stored_script fresh = {.hash = p->steps.list.items[i].script, .plan = plan, .step = i};
        if (hash_is_zero(&fresh.hash) || index_find(&c->scripts_by_hash, hash_str(&fresh.hash)) != NONE)
            continue;
        vec_push(&c->arena, &c->scripts.list, fresh);
        index_put(&c->arena, &c->scripts_by_hash, hash_str(&fresh.hash), (uint32_t)c->scripts.list.count - 1);
    }
}

bool plan_put(struct coord *c, const struct record_plan *row, struct err *err)
{
    struct stored_plan fresh = {.hash = row->hash, .bundle = row->bundle};
    if (plan_find(c, &row->hash) != NONE)
        return true;
    fresh.bytes = str_copy(&c->arena, row->bytes);
    if (!blob_decode_plan(&c->arena, fresh.bytes, &row->hash, &fresh.plan, err))
        return false;
    vec_push(&c->arena, &c->plans.list, fresh);
    index_put(&c->arena, &c->plans_by_hash, hash_str(&row->hash), (uint32_t)c->plans.list.count - 1);
    add_scripts(c, (uint32_t)c->plans.list.count - 1);
    return true;
}

uint32_t plan_store(struct turn *t, const struct planner *p, struct choice *choice)
{
    struct record r = {.kind = RECORD_PLAN, .plan = {.hash = choice->plan.id, .bundle = p->bundle}};
    struct err err;
    uint32_t number = plan_find(t->c, &choice->plan.id);
    if (number != NONE)
        return number;
    r.plan.bytes = blob_encode_plan(&t->fx->arena, &choice->plan);
    if (!plan_put(t->c, &r.plan, &err)) {
        emit_note(t, LOG_ERROR, "a plan does not survive its own encoding: %s", err.text);
        return NONE;
    }
    emit_persist(t, r);
    return (uint32_t)t->c->plans.list.count - 1;
}

static bool names_eq(const struct names *a, const struct names *b)
{
    bool eq = a->list.count == b->list.count;
    for (size_t i = 0; eq && i < a->list.count; i++)
        eq = str_eq(a->list.items[i], b->list.items[i]);
    return eq;
}

static void decide(struct coord *c, struct planner *p, struct choice *choice)
{
    struct err err = {0};
    const struct project *project = library_project(c, p->bundle, &choice->modules, &err);
    if (project != NULL && plan_build(&p->arena, project, &c->states.list.items[choice->state].state, choice->engine,
                                      &p->request, &choice->plan, &err))
        return;
    choice->refused = true;
    choice->err = arena_copy(&p->arena, &err, sizeof(err));
}

struct choice *planner_choose(struct coord *c, struct planner *p, const struct target *target)
{
    for (size_t i = 0; i < p->choices.count; i++) {
        struct choice *choice = &p->choices.items[i];
        if (choice->state == target->state && choice->engine == target->engine &&
            names_eq(&choice->modules, &target->modules))
            return choice;
    }
    struct choice fresh = {.state = target->state, .engine = target->engine};
    for (size_t i = 0; i < target->modules.list.count; i++)
        vec_push(&p->arena, &fresh.modules.list, str_copy(&p->arena, target->modules.list.items[i]));
    decide(c, p, &fresh);
    vec_push(&p->arena, &p->choices, fresh);
    return &p->choices.items[p->choices.count - 1];
}

void planner_reset(struct planner *p, uint64_t bundle, const struct plan_request *request)
{
    arena_release(&p->arena);
    *p = (struct planner){.bundle = bundle, .request = *request};
}

bool plan_reached(const struct plan *plan, const struct dbstate *state)
{
    for (size_t i = 0; i < plan->steps.list.count; i++) {
        struct str module = plan->steps.list.items[i].module;
        if (!names_eq(dbstate_heads(&plan->after, module), dbstate_heads(state, module)))
            return false;
    }
    return true;
}

/* ---- FETCH ---- */

/* Encoded when first asked for; empty when the bundle cannot give it any more. */
static struct str script_bytes(struct coord *c, struct stored_script *s)
{
    static const struct names every_module;
    const struct stored_plan *plan = &c->plans.list.items[s->plan];
    const struct plan_step *step = &plan->plan.steps.list.items[s->step];
    struct arena scratch = {0};
    struct script script;
    struct err err;
    if (s->bytes.p != NULL)
        return s->bytes;
    const struct project *project = library_project(c, plan->bundle, &every_module, &err);
    const struct revision *revision = project != NULL ? plan_step_revision(project, step) : NULL;
    if (revision != NULL && script_build(&scratch, revision, step->direction, plan->plan.engine, &script, &err))
        s->bytes = str_copy(&c->arena, blob_encode_script(&scratch, &script));
    arena_release(&scratch);
    return s->bytes;
}

static struct str find_bytes(struct coord *c, const struct msg_fetch *f)
{
    uint32_t number =
        f->kind == BLOB_PLAN ? plan_find(c, &f->hash) : index_find(&c->scripts_by_hash, hash_str(&f->hash));
    if (number == NONE)
        return STR_NONE;
    return f->kind == BLOB_PLAN ? c->plans.list.items[number].bytes : script_bytes(c, &c->scripts.list.items[number]);
}

void planner_fetch(struct turn *t, const struct msg *m)
{
    struct msg reply = {.kind = MSG_CHUNK};
    if (!fleet_in_session(t))
        return;
    struct str bytes = find_bytes(t->c, &m->fetch);
    struct str rest = m->fetch.offset < bytes.len ? str_from(bytes, (size_t)m->fetch.offset) : STR_NONE;
    reply.chunk = (struct msg_chunk){.kind = m->fetch.kind,
                                     .hash = m->fetch.hash,
                                     .offset = m->fetch.offset,
                                     .total = bytes.len,
                                     .bytes = str_head(rest, LIMIT_CHUNK)};
    emit_reply(t, &reply);
}
