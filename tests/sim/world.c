#include "tests/sim/world.h"

#include <stdarg.h>
#include <string.h>

enum { RUN_MS = 90 * 1000, PATIENCE_MS = 60 * 60 * 1000, EVENTS_MAX = 400000 };

static const char *const mutants[MUTANT_COUNT] = {
    [MUTANT_NONE] = "none",
    [MUTANT_SKIP_LEDGER] = "skip_ledger",
    [MUTANT_NO_FENCE] = "no_fence",
    [MUTANT_NO_LOCK] = "no_lock",
    [MUTANT_UNKNOWN_IS_FAILED] = "unknown_is_failed",
    [MUTANT_SPLIT_LEDGER] = "split_ledger",
    [MUTANT_OLD_FAILED] = "old_failed",
    [MUTANT_EARLY_CANCEL] = "early_cancel",
    [MUTANT_FAILED_OPEN] = "failed_open",
    [MUTANT_HALF_CLOSE] = "half_close",
    [MUTANT_BLIND_RERUN] = "blind_rerun",
    [MUTANT_UNLOCKED_STEP] = "unlocked_step",
    [MUTANT_EARLY_RESULT] = "early_result",
    [MUTANT_SEND_FIRST] = "send_first",
    [MUTANT_RESULT_ONCE] = "result_once",
    [MUTANT_OFFER_ONCE] = "offer_once",
    [MUTANT_FENCE_REUSED] = "fence_reused",
    [MUTANT_NO_REGRESSION] = "no_regression",
    [MUTANT_FORGED_TERM] = "forged_term",
};

const char *mutant_name(enum mutant m)
{
    return mutants[m];
}

/* ---- chance and time ---- */

uint64_t chance(struct world *w)
{
    uint64_t z = (w->random += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

bool happens(struct world *w, unsigned of, unsigned total)
{
    return of > 0 && w->now < w->calm_at && chance(w) % total < of;
}

int64_t between(struct world *w, int64_t low, int64_t high)
{
    return low + (int64_t)(chance(w) % (uint64_t)(high - low + 1));
}

static bool earlier(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct event *a, struct event *b)
{
    struct event t = *a;
    *a = *b;
    *b = t;
}

void later(struct world *w, int64_t delay, struct event e)
{
    e.at = w->now + delay;
    e.order = ++w->order;
    vec_push(&w->arena, &w->events.heap, e);
    struct event *h = w->events.heap.items;
    for (size_t i = w->events.heap.count - 1; i > 0 && earlier(&h[i], &h[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&h[i], &h[(i - 1) / 2]);
}

static struct event take(struct world *w)
{
    struct event *h = w->events.heap.items, first = h[0];
    h[0] = h[--w->events.heap.count];
    for (size_t i = 0, child = 1; child < w->events.heap.count; i = child, child = 2 * i + 1) {
        if (child + 1 < w->events.heap.count && earlier(&h[child + 1], &h[child]))
            child++;
        if (!earlier(&h[child], &h[i]))
            break;
        swap(&h[i], &h[child]);
    }
    return first;
}

void trace(struct world *w, const char *format, ...)
{
    va_list args;
    if (!w->trace)
        return;
    printf("%8lld.%03lld  ", (long long)(w->now / 1000), (long long)(w->now % 1000));
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

void violate(struct world *w, const char *invariant, const char *format, ...)
{
    va_list args;
    if (w->violated)
        return;
    int used = snprintf(w->violation, sizeof(w->violation), "%s at %lld ms: ", invariant, (long long)w->now);
    va_start(args, format);
    vsnprintf(w->violation + used, sizeof(w->violation) - (size_t)used, format, args);
    va_end(args);
    w->violated = true;
    trace(w, "VIOLATION %s", w->violation);
}

/* The network: loses, doubles, delays, and by delaying reorders. */
void carry(struct world *w, void (*deliver)(struct world *, const struct event *), uint64_t a, uint64_t b,
           struct str bytes)
{
    const struct event e = {.run = deliver, .a = a, .b = b, .bytes = bytes};
    if (happens(w, w->knobs.drop, 1000))
        return;
    for (int copies = happens(w, w->knobs.duplicate, 1000) ? 2 : 1; copies > 0; copies--) {
        bool late = happens(w, w->knobs.late, 1000);
        later(w, !late ? between(w, 1, 30) : chance(w) % 2 == 0 ? between(w, 0, 3000) : between(w, 0, 40000), e);
    }
}

unsigned rollout_of_attempt(const struct world *w, const char *attempt)
{
    unsigned i = 0;
    while (i < w->rollout_count && strncmp(attempt, w->rollouts[i].hex, 32) != 0)
        i++;
    return i;
}

/* ---- the operator ---- */

static void say_start(struct world *w, const struct rollout_plan *r)
{
    struct arena a = {0};
    struct msg m = {.version = 1, .id = 1 + (uint64_t)(r - w->rollouts), .kind = MSG_ROLLOUT_START};
    struct plan_request *request = &m.rollout_start.goal.request;
    memcpy(m.rollout_start.id.bytes, r->id, sizeof(r->id));
    request->command = r->up ? PLAN_UPGRADE : PLAN_DOWNGRADE;
    request->module = STR("core");
    vec_push(&a, &request->targets.list, r->to > 0 ? str_of(revision_id(r->to - 1)) : STR("base"));
    m.rollout_start.parallel = r->parallel;
    m.rollout_start.max_failures = r->max_failures;
    hub_say(w, &m);
    arena_release(&a);
}

/* Says it again until the store shows that it was heard; and once more when the store has forgotten it. */
static void operate(struct world *w, const struct event *e)
{
    struct rollout_plan *r = &w->rollouts[e->a];
    enum rollout_status status = hub_rollout(w, (unsigned)e->a);
    struct msg cancel = {.version = 1, .id = 101, .kind = MSG_ROLLOUT_CANCEL};
    if (status == ROLLOUT_UNSET && w->now >= r->start_at && !r->refused)
        say_start(w, r);
    if (status == ROLLOUT_RUNNING && w->now >= r->cancel_at) {
        cancel.rollout_cancel.rollout = str_of(r->hex);
        hub_say(w, &cancel);
    }
    later(w, 3000, *e);
}

static bool effect_is_there(const struct database *d)
{
    for (size_t i = d->ledger.list.count; i > 0; i--) {
        const struct row *row = &d->ledger.list.items[i - 1];
        if (row->status == LEDGER_STARTED)
            return d->effects[row->revision] == (row->up ? 1 : 0);
    }
    return false;
}

/* Looks into the database and answers what the probe could not. Waits until nothing moves there. */
static void answer(struct world *w, const struct event *e)
{
    later(w, 20000, *e);
    for (unsigned d = 0; d < w->database_count; d++)
        for (unsigned r = 0; r < w->rollout_count; r++) {
            struct msg m = {.version = 1, .id = 102, .kind = MSG_RESOLVE};
            if (hub_op(w, r, d) != OP_NEEDS_OPERATOR || w->databases[d].lock != 0)
                continue;
            if (hub_was_restored(w))
                database_resolve(w, d); /* the plan that began the step may be lost with the store */
            m.resolve.target = str_of(w->databases[d].name);
            m.resolve.resolution = effect_is_there(&w->databases[d]) ? RESOLVE_APPLIED : RESOLVE_NOT_APPLIED;
            hub_say(w, &m);
            break;
        }
}

/* ---- faults that come from outside ---- */

static void fault_store_copy(struct world *w, const struct event *e)
{
    (void)e;
    hub_copy_store(w);
}

static void fault_store_restore(struct world *w, const struct event *e)
{
    (void)e;
    hub_restore_store(w);
}

static void fault_backup(struct world *w, const struct event *e)
{
    database_backup(w, (uint32_t)e->a);
}

static void fault_restore(struct world *w, const struct event *e)
{
    database_restore(w, (uint32_t)e->a);
}

static void fault_clock(struct world *w, const struct event *e)
{
    (void)e;
    w->wall_skew += between(w, -3600000, 3600000);
}

static void fault_stop(struct world *w, const struct event *e)
{
    node_stop(w, (unsigned)e->a);
}

static void plan_faults(struct world *w)
{
    if (w->knobs.restore_store) {
        later(w, between(w, 1000, 20000), (struct event){.run = fault_store_copy});
        later(w, between(w, 20000, 60000), (struct event){.run = fault_store_restore});
    }
    if (w->knobs.restore_target) {
        later(w, between(w, 0, 15000), (struct event){.run = fault_backup, .a = 0});
        later(w, between(w, 15000, 60000), (struct event){.run = fault_restore, .a = 0});
    }
    for (int i = 0; w->knobs.clock_jumps && i < 3; i++)
        later(w, between(w, 0, 60000), (struct event){.run = fault_clock});
    for (unsigned i = 0; w->knobs.stops && i < w->agent_count; i++)
        later(w, between(w, 0, 60000), (struct event){.run = fault_stop, .a = i});
}

/* ---- a world ---- */

/* Swarm testing: every run has some kinds of faults, none has all. */
static unsigned sometimes(struct world *w, unsigned most)
{
    return chance(w) % 2 == 0 ? (unsigned)(chance(w) % (most + 1)) : 0;
}

static void roll_knobs(struct world *w)
{
    w->knobs = (struct knobs){
        .drop = sometimes(w, 250),
        .duplicate = sometimes(w, 300),
        .late = sometimes(w, 300),
        .crash_hub = sometimes(w, 60),
        .crash_agent = sometimes(w, 100),
        .lost_commit = sometimes(w, 300),
        .transient = sometimes(w, 300),
        .flaky = sometimes(w, 200),
        .lost = sometimes(w, 200),
        .restore_store = chance(w) % 8 == 0,
        .restore_target = chance(w) % 8 == 0,
        .clock_jumps = chance(w) % 4 == 0,
        .stops = chance(w) % 4 == 0,
        .alone = chance(w) % 5 < 2,
        .no_probe = chance(w) % 4 == 0,
        .cancel = sometimes(w, 80),
        .broken = sometimes(w, 60),
        .second_rollout = 50,
    };
}

/* One run in six is about old copies of messages that meet targets which fail now and succeed later. */
static void roll_storm(struct world *w)
{
    if (chance(w) % 6 != 0)
        return;
    w->knobs.duplicate = w->knobs.late = 500;
    w->knobs.transient = w->knobs.flaky = 350;
    w->knobs.crash_agent = 200;
    w->knobs.alone = false;
}

static struct world *empty_world(uint64_t seed, unsigned agents, unsigned databases)
{
    struct arena first = {0};
    struct world *w = arena_new(&first, struct world);
    w->arena = first;
    w->seed = w->random = seed;
    w->agent_count = agents;
    w->database_count = databases;
    w->wall_skew = 0;
    hub_new(w);
    for (unsigned i = 0; i < agents; i++)
        node_new(w, i);
    for (unsigned i = 0; i < databases; i++) {
        snprintf(w->databases[i].name, sizeof(w->databases[i].name), "t%u", i);
        w->databases[i].broken = REVISIONS;
        w->agent_of[i] = i % agents;
    }
    later(w, 0, (struct event){.run = hub_start});
    for (unsigned i = 0; i < agents; i++)
        later(w, 10 + i, (struct event){.run = node_start, .a = i});
    later(w, 20000, (struct event){.run = answer});
    return w;
}

unsigned world_plan(struct world *w, int64_t at, unsigned to, bool up)
{
    unsigned number = w->rollout_count++;
    struct rollout_plan *r = &w->rollouts[number];
    *r = (struct rollout_plan){.start_at = at, .cancel_at = INT64_MAX, .up = up, .to = to, .max_failures = 100};
    for (size_t i = 0; i < sizeof(r->id); i++) {
        r->id[i] = (unsigned char)chance(w);
        snprintf(r->hex + 2 * i, 3, "%02x", r->id[i]);
    }
    later(w, at, (struct event){.run = operate, .a = number});
    return number;
}

struct world *world_quiet(unsigned agents, unsigned databases)
{
    struct world *w = empty_world(4711, agents, databases);
    w->calm_at = 0;
    return w;
}

struct world *world_new(uint64_t seed, enum mutant mutant, bool traced)
{
    struct world *w = empty_world(seed * 2654435761u + 1, 0, 0);
    unsigned agents = 1 + (unsigned)(chance(w) % 2), databases = 1 + (unsigned)(chance(w) % 4);
    world_free(w);
    w = empty_world(seed * 2654435761u + 1, agents, databases);
    w->seed = seed;
    w->mutant = mutant;
    w->trace = traced;
    w->calm_at = RUN_MS;
    roll_knobs(w);
    roll_storm(w);
    for (unsigned i = 0; i < databases; i++)
        if (chance(w) % 100 < w->knobs.broken)
            w->databases[i].broken = (unsigned)(chance(w) % REVISIONS);
    for (unsigned i = 0; i < REVISIONS; i++)
        w->alone[i] = w->knobs.alone && chance(w) % 2 == 0;
    unsigned first = world_plan(w, between(w, 0, 5000), 1 + (unsigned)(chance(w) % REVISIONS), true);
    w->rollouts[first].parallel = (uint32_t)(chance(w) % 3);
    w->rollouts[first].max_failures = (uint32_t)(chance(w) % 4);
    if (chance(w) % 100 < w->knobs.second_rollout) {
        unsigned to = (unsigned)(chance(w) % (REVISIONS + 1));
        world_plan(w, between(w, 5000, 40000), to, to > 1);
    }
    for (unsigned i = 0; i < w->rollout_count; i++)
        if (chance(w) % 100 < w->knobs.cancel)
            w->rollouts[i].cancel_at = w->rollouts[i].start_at + between(w, 0, 20000);
    plan_faults(w);
    return w;
}

void world_free(struct world *w)
{
    struct arena a = w->arena;
    hub_free(w);
    for (unsigned i = 0; i < w->agent_count; i++)
        node_free(w, i);
    arena_release(&a);
}

/* ---- the end ---- */

/* An operation that still waits: of a rollout that goes on, or for the operator, who will answer. */
static bool find_open(const struct world *w, unsigned *ret_rollout, unsigned *ret_database)
{
    for (unsigned i = 0; i < w->rollout_count; i++)
        for (unsigned d = 0; d < w->database_count; d++)
            if (!w->rollouts[i].refused &&
                (!rollout_status_is_final(hub_rollout(w, i)) || hub_op(w, i, d) == OP_NEEDS_OPERATOR)) {
                *ret_rollout = i;
                *ret_database = d;
                return true;
            }
    return false;
}

static bool has_effect_of(const struct world *w, unsigned rollout, unsigned database)
{
    const struct database *d = &w->databases[database];
    for (size_t i = 0; i < d->ledger.list.count; i++)
        if (d->ledger.list.items[i].status == LEDGER_DONE &&
            rollout_of_attempt(w, d->ledger.list.items[i].attempt) == rollout)
            return true;
    return false;
}

/* The report is true: who is called applied has it, and of one rollout alone, who is not has nothing. */
static void check_report(struct world *w, unsigned rollout, unsigned database)
{
    enum op_state state = hub_op(w, rollout, database);
    const struct database *d = &w->databases[database];
    bool effect = has_effect_of(w, rollout, database), apart = false;
    for (unsigned i = 0; i < REVISIONS; i++)
        apart |= w->alone[i];
    if (d->restored)
        return;
    if (state == OP_APPLIED && !effect)
        violate(w, "report", "%s is called applied and is not", d->name);
    if (hub_is_dead(w, rollout, database) && effect && !apart && !hub_was_restored(w))
        violate(w, "report", "%s is called %s and was changed", d->name, op_state_name(state));
    if (w->rollout_count == 1 && (state == OP_APPLIED || state == OP_ALREADY_APPLIED) && d->head != w->rollouts[0].to)
        violate(w, "report", "%s is called %s and is at %u", d->name, op_state_name(state), d->head);
}

/* C5: a target that shows less than was known of it is noticed, at the latest when all readings are renewed. */
static void check_regression(struct world *w, unsigned database)
{
    const struct database *d = &w->databases[database];
    if (d->restored && !hub_was_restored(w) && d->ledger.list.count < d->known_seq &&
        hub_condition(w, database) != TARGET_REGRESSED)
        violate(w, "C5", "%s was restored from a backup and nobody noticed", d->name);
}

static void check_end(struct world *w)
{
    unsigned rollout, database;
    if (find_open(w, &rollout, &database))
        violate(w, "P8", "rollout %u is %s after everything was calm; %s is %s", rollout,
                rollout_status_name(hub_rollout(w, rollout)), w->databases[database].name,
                op_state_name(hub_op(w, rollout, database)));
    for (unsigned i = 0; i < w->rollout_count; i++)
        for (unsigned d = 0; d < w->database_count; d++)
            check_report(w, i, d);
    for (unsigned d = 0; d < w->database_count; d++)
        check_regression(w, d);
}

static void step_world(struct world *w)
{
    struct event e = take(w);
    w->now = e.at;
    w->event_count++;
    e.run(w, &e);
    for (uint32_t d = 0; d < w->database_count && w->mutant != MUTANT_SPLIT_LEDGER; d++)
        database_check(w, d);
}

bool world_run(struct world *w)
{
    unsigned rollout, database;
    while (!w->violated && w->events.heap.count > 0 && w->event_count < EVENTS_MAX &&
           w->now < w->calm_at + PATIENCE_MS && !(w->now >= w->calm_at && !find_open(w, &rollout, &database)))
        step_world(w);
    if (w->knobs.restore_target)
        world_run_for(w, 6 * 60 * 1000);
    if (!w->violated)
        check_end(w);
    return !w->violated;
}

void world_run_for(struct world *w, int64_t ms)
{
    int64_t until = w->now + ms;
    while (!w->violated && w->events.heap.count > 0 && w->events.heap.items[0].at <= until)
        step_world(w);
    w->now = until;
}
