/*
 * Made-up databases that go through the same phases as the real migration, one event a phase, and ask the
 * real admit(). A session lives on when its process has died: what it has sent is carried out or rolled
 * back later, and until then it holds the lock.
 */
#include <string.h>

#include "tests/sim/world.h"

enum { POLL_MS = 200, POLLS_MAX = 20 };

static struct database *database_of(struct world *w, const struct session *s)
{
    return &w->databases[s->database];
}

static struct session *session_at(struct world *w, uint64_t number)
{
    return &w->sessions.list.items[number];
}

static void session_run(struct world *w, const struct event *e);

static void go(struct world *w, uint64_t number, enum phase phase, int64_t delay)
{
    session_at(w, number)->phase = phase;
    later(w, delay, (struct event){.run = session_run, .a = number});
}

/* ---- reading ---- */

static struct hash ledger_hash(const struct database *d)
{
    uint64_t h = 0x9E3779B97F4A7C15u + d->life;
    struct hash hash = {0};
    for (size_t i = 0; i < d->ledger.list.count; i++)
        h = (h ^ (d->ledger.list.items[i].fence * 31 + (uint64_t)d->ledger.list.items[i].status)) * 1099511628211u;
    memcpy(hash.bytes, &h, sizeof(h));
    return hash;
}

void database_read(const struct world *w, uint32_t database, struct arena *a, struct dbstate *ret_state,
                   struct ledger_state *ret_ledger)
{
    const struct database *d = &w->databases[database];
    struct names heads = {0};
    *ret_state = (struct dbstate){0};
    if (d->head > 0) {
        vec_push(a, &heads.list, str_of(revision_id(d->head - 1)));
        dbstate_set(a, ret_state, STR("core"), &heads);
    }
    *ret_ledger = (struct ledger_state){
        .fence = d->fence > d->claimed_closed ? d->fence : d->claimed_closed,
        .closed_fence = d->closed_fence > d->claimed_closed ? d->closed_fence : d->claimed_closed,
        .seq = d->ledger.list.count,
        .head = ledger_hash(d),
    };
}

static enum ledger_status newest_status(const struct database *d, const char *attempt, unsigned revision, bool up)
{
    enum ledger_status status = LEDGER_NONE;
    for (size_t i = 0; i < d->ledger.list.count; i++) {
        const struct row *r = &d->ledger.list.items[i];
        if (r->revision == revision && r->up == up && (attempt == NULL || strcmp(r->attempt, attempt) == 0))
            status = r->status;
    }
    return status;
}

/* An open start of this step, by whomever; else whether this attempt has done it. */
static enum ledger_status status_of(const struct database *d, const struct session *s, const struct step *step)
{
    if (newest_status(d, NULL, step->revision, step->up) == LEDGER_STARTED)
        return LEDGER_STARTED;
    return newest_status(d, s->attempt, step->revision, step->up) == LEDGER_DONE ? LEDGER_DONE : LEDGER_NONE;
}

static bool other_start_open(const struct database *d, const struct step *step)
{
    for (unsigned r = 0; r < REVISIONS; r++)
        for (int up = 0; up < 2; up++)
            if ((r != step->revision || (up != 0) != step->up) && newest_status(d, NULL, r, up != 0) == LEDGER_STARTED)
                return true;
    return false;
}

bool database_has_done(const struct database *d, const char *attempt)
{
    for (size_t i = 0; i < d->ledger.list.count; i++)
        if (d->ledger.list.items[i].status == LEDGER_DONE && strcmp(d->ledger.list.items[i].attempt, attempt) == 0)
            return true;
    return false;
}

/* ---- writing, with the invariants ---- */

void database_check(struct world *w, uint32_t database)
{
    const struct database *d = &w->databases[database];
    unsigned head = 0;
    for (size_t i = 0; i < d->ledger.list.count; i++)
        if (d->ledger.list.items[i].status == LEDGER_DONE)
            head = d->ledger.list.items[i].revision + (d->ledger.list.items[i].up ? 1 : 0);
    if (head != d->head)
        violate(w, "P2", "%s is at %u, its ledger says %u", d->name, d->head, head);
    for (unsigned r = 0; r < REVISIONS; r++)
        if (d->effects[r] < 0 || d->effects[r] > 1)
            violate(w, "P1", "%s: revision %u is in effect %d times", d->name, r, d->effects[r]);
    for (unsigned r = 0; r < d->head; r++)
        if (d->effects[r] != 1 && newest_status(d, NULL, r, false) != LEDGER_STARTED)
            violate(w, "P2", "%s: revision %u is recorded, not in effect", d->name, r);
}

static void take_effect(struct world *w, struct session *s, const struct step *step)
{
    struct database *d = database_of(w, s);
    unsigned rollout = rollout_of_attempt(w, s->attempt);
    d->effects[step->revision] += step->up ? 1 : -1;
    trace(w, "%s: %s %s takes effect (fence %llu)", d->name, revision_id(step->revision), step->up ? "up" : "down",
          (unsigned long long)s->fence);
    if (d->effects[step->revision] < 0 || d->effects[step->revision] > 1)
        violate(w, "P1", "%s: revision %u is in effect %d times", d->name, step->revision, d->effects[step->revision]);
    if (rollout < w->rollout_count && !d->restored && hub_is_dead(w, rollout, s->database))
        violate(w, "P6", "%s: an effect after the store said failed or cancelled", d->name);
}

static void add_row(struct world *w, struct session *s, const struct step *step, enum ledger_status status)
{
    struct database *d = database_of(w, s);
    struct row row = {.revision = step->revision, .up = step->up, .status = status, .fence = s->fence};
    strcpy(row.attempt, s->attempt);
    if (status == LEDGER_DONE && newest_status(d, s->attempt, step->revision, step->up) == LEDGER_DONE)
        violate(w, "P1", "%s: %s is done twice by one attempt", d->name, revision_id(step->revision));
    if (!admit_fence(s->fence, d->fence, d->closed_fence))
        violate(w, "P5", "%s: commit with fence %llu, recorded %llu, closed %llu", d->name,
                (unsigned long long)s->fence, (unsigned long long)d->fence, (unsigned long long)d->closed_fence);
    vec_push(&w->arena, &d->ledger.list, row);
    d->fence = s->fence > d->fence ? s->fence : d->fence;
}

static void record_done(struct world *w, struct session *s, const struct step *step)
{
    add_row(w, s, step, LEDGER_DONE);
    database_of(w, s)->head = step->revision + (step->up ? 1 : 0);
}

/* The guard in the UPDATE of skein_state: zero rows when the fence was overtaken. */
static bool may_commit(const struct world *w, const struct database *d, const struct session *s)
{
    return w->mutant == MUTANT_NO_FENCE || w->mutant == MUTANT_NO_LOCK ||
           admit_fence(s->fence, d->fence, d->closed_fence);
}

static bool commit_staged(struct world *w, struct session *s, bool with_ledger)
{
    struct database *d = database_of(w, s);
    if (!may_commit(w, d, s))
        return false;
    for (unsigned i = 0; i < s->staged; i++) {
        take_effect(w, s, &s->steps[s->at + i]);
        if (with_ledger)
            record_done(w, s, &s->steps[s->at + i]);
    }
    return true;
}

static void write_close(struct world *w, struct session *s)
{
    struct database *d = database_of(w, s);
    bool open = (w->mutant == MUTANT_FAILED_OPEN && !s->closing) || w->mutant == MUTANT_HALF_CLOSE;
    if (open && s->fence > d->claimed_closed)
        d->claimed_closed = s->fence;
    if (w->mutant != MUTANT_FAILED_OPEN || s->closing)
        d->fence = s->fence > d->fence ? s->fence : d->fence;
    if (!open)
        d->closed_fence = s->fence > d->closed_fence ? s->fence : d->closed_fence;
    trace(w, "%s: closed up to %llu", d->name, (unsigned long long)d->closed_fence);
}

/* ---- the phases of a session ---- */

static void unlock(struct world *w, uint64_t number)
{
    struct database *d = database_of(w, session_at(w, number));
    if (d->lock == number + 1)
        d->lock = 0;
}

static void finish(struct world *w, uint64_t number, enum outcome outcome)
{
    struct session *s = session_at(w, number);
    unlock(w, number);
    s->outcome = outcome;
    s->phase = PHASE_OVER;
    trace(w, "%s: session %llu ends: %s", database_of(w, s)->name, (unsigned long long)number, outcome_name(outcome));
    if (!s->zombie)
        node_session_over(w, s);
}

static void rolled_back(struct world *w, uint64_t number, enum outcome outcome)
{
    session_at(w, number)->staged = 0;
    finish(w, number, outcome);
}

/* A definite failure is reported when the fence is closed, not before. */
static void fail(struct world *w, uint64_t number, enum outcome outcome)
{
    struct session *s = session_at(w, number);
    s->staged = 0;
    s->outcome = outcome;
    go(w, number, PHASE_CLOSE, between(w, 1, 20));
}

/* The connection is gone; the server side goes on alone. The process looks again, or reports UNKNOWN. */
static void lose_connection(struct world *w, uint64_t number, bool undecided)
{
    struct session *s = session_at(w, number);
    struct session again = *s;
    s->zombie = true;
    later(w, between(w, 0, 6000), (struct event){.run = session_run, .a = number});
    if (!undecided || s->lost_once || chance(w) % 2 == 0) {
        again.outcome = undecided ? OUTCOME_UNKNOWN : OUTCOME_BLOCKED;
        if (undecided && w->mutant == MUTANT_UNKNOWN_IS_FAILED && !s->closing) {
            again.outcome = OUTCOME_FAILED;
            database_of(w, s)->claimed_closed = s->fence;
        }
        node_session_over(w, &again);
        return;
    }
    again.lost_once = true;
    again.at = again.staged = again.polls = 0;
    again.phase = PHASE_LOCK;
    session_begin(w, &again);
}

static void do_lock(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    struct database *d = database_of(w, s);
    if (w->mutant == MUTANT_NO_LOCK) {
        go(w, number, s->closing ? PHASE_CLOSE : PHASE_DECIDE, between(w, 1, 20));
        return;
    }
    if (s->cancelled && !s->closing) {
        s->cancelled = false;
        s->outcome = OUTCOME_CANCELLED;
    }
    if (d->lock != 0 && ++s->polls > POLLS_MAX) {
        finish(w, number, s->closing ? OUTCOME_BUSY : s->outcome == OUTCOME_UNSET ? OUTCOME_BUSY : OUTCOME_UNKNOWN);
    } else if (d->lock != 0) {
        go(w, number, PHASE_LOCK, between(w, POLL_MS / 2, POLL_MS));
    } else {
        d->lock = (uint32_t)number + 1;
        go(w, number, s->closing ? PHASE_CLOSE : PHASE_DECIDE, between(w, 1, 20));
    }
}

static enum admission ask(struct world *w, const struct session *s, const struct step *step)
{
    const struct database *d = &w->databases[s->database];
    const struct step *last = &s->steps[s->count - 1];
    struct admit_facts facts = {
        .fence = s->fence,
        .target_fence = d->fence,
        .closed_fence = d->closed_fence,
        .status = status_of(d, s, step),
        .other_start_open = other_start_open(d, step),
        .same_target = true,
        .heads_expected = d->head == step->revision + (step->up ? 0 : 1),
        .heads_at_goal = d->head == last->revision + (last->up ? 1 : 0),
    };
    if (w->mutant == MUTANT_SKIP_LEDGER)
        facts.status = LEDGER_NONE;
    if (w->mutant == MUTANT_NO_FENCE)
        facts.target_fence = facts.closed_fence = 0;
    if (w->mutant == MUTANT_NO_LOCK)
        facts.heads_expected = true;
    return admit(&facts);
}

/* An operator has answered what the probe could not. */
static void do_resolve(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    struct database *d = database_of(w, s);
    unsigned i = 0;
    while (i < s->count && newest_status(d, NULL, s->steps[i].revision, s->steps[i].up) != LEDGER_STARTED)
        i++;
    if (!may_commit(w, d, s)) {
        finish(w, number, OUTCOME_STALE);
    } else if (i == s->count) {
        finish(w, number, OUTCOME_STATE_CHANGED);
    } else {
        if (s->action == OFFER_RESOLVE_APPLIED)
            record_done(w, s, &s->steps[i]);
        else
            add_row(w, s, &s->steps[i], LEDGER_RESOLVED);
        finish(w, number, OUTCOME_APPLIED);
    }
}

static void do_decide(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    if (s->action != OFFER_APPLY) {
        do_resolve(w, number);
        return;
    }
    const struct step *step = &s->steps[s->at];
    enum admission admission = ask(w, s, step);
    while (admission == ADMISSION_REPLAYED && ++s->at < s->count) {
        step = &s->steps[s->at];
        admission = ask(w, s, step);
    }
    if (admission == ADMISSION_REPLAYED) {
        finish(w, number, OUTCOME_APPLIED);
        return;
    }
    if (s->outcome == OUTCOME_CANCELLED && admission != ADMISSION_STALE) {
        fail(w, number, OUTCOME_CANCELLED);
        return;
    }
    switch (admission) {
    case ADMISSION_RUN:
        s->started = false;
        go(w, number, step->transactional ? PHASE_RUN : PHASE_STARTED, between(w, 1, 50));
        return;
    case ADMISSION_STARTED:
        s->started = true;
        go(w, number, PHASE_STARTED, between(w, 1, 50));
        return;
    case ADMISSION_STALE:
        finish(w, number, OUTCOME_STALE);
        return;
    case ADMISSION_UNDECIDED:
        finish(w, number, OUTCOME_NEEDS_OPERATOR);
        return;
    case ADMISSION_QUARANTINE:
        finish(w, number, OUTCOME_QUARANTINED);
        return;
    case ADMISSION_AT_GOAL:
        finish(w, number, OUTCOME_ALREADY_APPLIED);
        return;
    case ADMISSION_CONFLICT:
        finish(w, number, OUTCOME_STATE_CHANGED);
        return;
    case ADMISSION_UNSET:
    case ADMISSION_REPLAYED:
    case ADMISSION_COUNT:
        break;
    }
    violate(w, "sim", "admission %s", admission_name(admission));
}

static void do_run(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    const struct step *step = &s->steps[s->at + s->staged];
    if (s->cancelled) {
        fail(w, number, OUTCOME_CANCELLED);
    } else if (happens(w, w->knobs.transient, 1000)) {
        rolled_back(w, number, OUTCOME_BLOCKED);
    } else if (happens(w, w->knobs.lost, 1000)) {
        lose_connection(w, number, false);
    } else if ((step->up && step->revision == database_of(w, s)->broken) || happens(w, w->knobs.flaky, 1000)) {
        s->failed_step = s->at + s->staged + 1;
        fail(w, number, OUTCOME_FAILED);
    } else {
        s->staged++;
        bool more = s->at + s->staged < s->count && s->steps[s->at + s->staged].transactional;
        go(w, number, more ? PHASE_RUN : PHASE_COMMIT, between(w, 1, 500));
        if (!more && s->at + s->staged == s->count && w->mutant == MUTANT_EARLY_RESULT) {
            struct session early = *s;
            early.outcome = OUTCOME_APPLIED;
            s->zombie = true;
            node_session_over(w, &early);
        }
    }
}

static void committed(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    s->at += s->staged;
    s->staged = 0;
    if (happens(w, w->knobs.lost_commit, 1000)) {
        lose_connection(w, number, true);
        s = session_at(w, number);
        s->phase = PHASE_OVER;
        unlock(w, number);
    } else if (s->at == s->count) {
        finish(w, number, OUTCOME_APPLIED);
    } else {
        go(w, number, PHASE_DECIDE, between(w, 1, 20));
    }
}

static void do_commit(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    if (happens(w, w->knobs.lost_commit, 1000)) { /* cut before the server got it, or before it answered */
        lose_connection(w, number, true);
        return;
    }
    if (!commit_staged(w, s, w->mutant != MUTANT_SPLIT_LEDGER))
        rolled_back(w, number, OUTCOME_STALE);
    else if (w->mutant == MUTANT_SPLIT_LEDGER)
        go(w, number, PHASE_LEDGER, between(w, 1, 20));
    else
        committed(w, number);
}

/* Only a mutant writes ledger and version rows in a transaction of their own. */
static void do_ledger(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    for (unsigned i = 0; i < s->staged; i++)
        record_done(w, s, &s->steps[s->at + i]);
    committed(w, number);
}

/* A step alone between transactions: STARTED is committed first, a probe decides after a crash. */
static void do_started(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    struct database *d = database_of(w, s);
    const struct step *step = &s->steps[s->at];
    if (!may_commit(w, d, s)) {
        finish(w, number, OUTCOME_STALE);
        return;
    }
    if (!s->started)
        add_row(w, s, step, LEDGER_STARTED);
    if (s->started && w->knobs.no_probe && w->mutant != MUTANT_BLIND_RERUN) {
        finish(w, number, OUTCOME_NEEDS_OPERATOR);
        return;
    }
    bool done = s->started && d->effects[step->revision] == (step->up ? 1 : 0);
    if (done && w->mutant != MUTANT_BLIND_RERUN) {
        go(w, number, PHASE_FINISH_ALONE, between(w, 1, 20));
        return;
    }
    if (w->mutant == MUTANT_UNLOCKED_STEP)
        unlock(w, number);
    go(w, number, PHASE_ALONE, between(w, 10, 2000));
}

static void do_alone(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    const struct step *step = &s->steps[s->at];
    if (happens(w, w->knobs.lost, 1000)) {
        lose_connection(w, number, true);
    } else if (step->up && step->revision == database_of(w, s)->broken) {
        add_row(w, s, step, LEDGER_CLEANED);
        s->failed_step = s->at + 1;
        fail(w, number, OUTCOME_FAILED);
    } else {
        take_effect(w, s, step);
        go(w, number, PHASE_FINISH_ALONE, between(w, 1, 20));
    }
}

static void do_finish_alone(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    struct database *d = database_of(w, s);
    if (d->lock != number + 1 && w->mutant != MUTANT_NO_LOCK)
        violate(w, "P13", "%s: a step is recorded without the lock", d->name);
    if (!may_commit(w, d, s)) {
        finish(w, number, OUTCOME_STALE);
        return;
    }
    record_done(w, s, &s->steps[s->at]);
    s->staged = 1;
    committed(w, number);
}

static void do_close(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    if (happens(w, w->knobs.lost_commit, 1000)) {
        lose_connection(w, number, true);
        return;
    }
    write_close(w, s);
    finish(w, number, s->closing ? OUTCOME_CANCELLED : s->outcome);
}

/* What the server still does for a client that is gone. */
static void run_zombie(struct world *w, uint64_t number)
{
    struct session *s = session_at(w, number);
    bool arrived = chance(w) % 2 == 0; /* the last command had reached the server */
    if (s->phase == PHASE_COMMIT && (arrived || w->mutant == MUTANT_EARLY_RESULT))
        commit_staged(w, s, w->mutant != MUTANT_SPLIT_LEDGER);
    if (s->phase == PHASE_ALONE)
        take_effect(w, s, &s->steps[s->at]);
    if (s->phase == PHASE_FINISH_ALONE && arrived && may_commit(w, database_of(w, s), s))
        record_done(w, s, &s->steps[s->at]);
    if (s->phase == PHASE_CLOSE && arrived)
        write_close(w, s);
    trace(w, "%s: session %llu of a dead client ends", database_of(w, s)->name, (unsigned long long)number);
    unlock(w, number);
    s->phase = PHASE_OVER;
}

static void session_run(struct world *w, const struct event *e)
{
    static void (*const phases[])(struct world *, uint64_t) = {
        [PHASE_LOCK] = do_lock,     [PHASE_DECIDE] = do_decide, [PHASE_RUN] = do_run,
        [PHASE_COMMIT] = do_commit, [PHASE_LEDGER] = do_ledger, [PHASE_STARTED] = do_started,
        [PHASE_ALONE] = do_alone,   [PHASE_CLOSE] = do_close,   [PHASE_FINISH_ALONE] = do_finish_alone,
    };
    const struct session *s = session_at(w, e->a);
    if (s->phase == PHASE_OVER)
        return;
    if (s->zombie)
        run_zombie(w, e->a);
    else
        phases[s->phase](w, e->a);
}

uint32_t session_begin(struct world *w, const struct session *s)
{
    vec_push(&w->arena, &w->sessions.list, *s);
    uint32_t number = (uint32_t)w->sessions.list.count - 1;
    go(w, number, PHASE_LOCK, between(w, 1, 50));
    return number;
}

void sessions_orphan(struct world *w, uint32_t agent, uint64_t life)
{
    for (size_t i = 0; i < w->sessions.list.count; i++) {
        struct session *s = &w->sessions.list.items[i];
        if (s->agent == agent && s->life == life && s->phase != PHASE_OVER)
            s->zombie = true;
    }
}

/* With `skein resolve --database`, past the coordinator: no fence, the lock and the ledger decide. */
void database_resolve(struct world *w, uint32_t database)
{
    struct database *d = &w->databases[database];
    struct session by_hand = {.database = database, .attempt = "by hand"};
    for (size_t i = d->ledger.list.count; i > 0; i--) {
        const struct row row = d->ledger.list.items[i - 1];
        const struct step step = {.revision = row.revision, .up = row.up};
        if (d->lock != 0 || newest_status(d, NULL, row.revision, row.up) != LEDGER_STARTED)
            continue;
        if (d->effects[row.revision] == (row.up ? 1 : 0))
            record_done(w, &by_hand, &step);
        else
            add_row(w, &by_hand, &step, LEDGER_RESOLVED);
        return;
    }
}

/* ---- backups ---- */

void database_backup(struct world *w, uint32_t database)
{
    struct database *d = &w->databases[database];
    d->backup = arena_copy(&w->arena, d, sizeof(*d));
    d->backup->ledger.list.items =
        arena_copy(&w->arena, d->ledger.list.items, d->ledger.list.count * sizeof(struct row));
    d->backup->ledger.list.cap = d->ledger.list.count;
}

void database_restore(struct world *w, uint32_t database)
{
    struct database *d = &w->databases[database];
    if (d->backup == NULL || d->backup->ledger.list.count == d->ledger.list.count)
        return;
    trace(w, "%s is restored from a backup", d->name);
    for (size_t i = 0; i < w->sessions.list.count; i++)
        if (w->sessions.list.items[i].database == database && w->sessions.list.items[i].phase != PHASE_OVER) {
            struct session over = w->sessions.list.items[i];
            over.outcome = OUTCOME_BLOCKED;
            w->sessions.list.items[i].phase = PHASE_OVER;
            if (!over.zombie)
                node_session_over(w, &over);
        }
    uint64_t known = hub_known_seq(w, database);
    *d = *d->backup;
    d->known_seq = known;
    d->backup = NULL;
    d->restored = true;
    d->lock = 0;
    d->life++;
}
