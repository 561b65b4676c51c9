/*
 * Which targets there are, as discovery last found them, and what was last read of each. A target that is
 * no longer found is reported as gone and forgotten, unless a job waits for it: then it is kept, the job
 * does not start, and goes on when the target is found again.
 */
#include "agent/core/inside.h"

#include <string.h>

#include "agent/core/pack.h"
#include "skein/base/names.h"

struct target *target_find(struct agent *a, struct str name)
{
    struct target *t;
    HASH_FIND(hh, a->targets, name.p, name.len, t);
    return t;
}

static struct target *target_new(struct agent *a, struct str name, struct str server)
{
    struct target *t = must_alloc(sizeof(*t) + name.len + 1);
    memcpy(t->bytes, name.p, name.len);
    t->name = (struct str){t->bytes, name.len};
    t->server = server_get(a, server);
    t->number = ++a->last_number;
    timer_clear(t);
    HASH_ADD_KEYPTR(hh, a->targets, t->bytes, name.len, t);
    HASH_ADD(by_number, a->numbered, number, sizeof(t->number), t);
    return t;
}

static void target_free(struct agent *a, struct target *t)
{
    report_forget(a, t);
    queue_remove(a, t);
    job_free(a, t, t->job);
    job_free(a, t, t->next_job);
    HASH_DELETE(hh, a->targets, t);
    HASH_DELETE(by_number, a->numbered, t);
    if (t->working_on != NULL)
        queue_worker_back(a, t);
    server_put(a, t->server);
    strbuf_release(&t->config);
    strbuf_release(&t->reading);
    free(t);
}

void target_settle(struct agent *a, struct target *t)
{
    if (t->gone && !t->dirty && !t->reads && t->next_job == NULL && job_is_over(t->job))
        target_free(a, t);
}

void targets_free(struct agent *a)
{
    for (struct target *t = a->targets, *next; t != NULL; t = next) {
        next = t->hh.next;
        target_free(a, t);
    }
}

/* ---- what was read ---- */

static void pack_reading(struct strbuf *b, const struct event_read *read)
{
    strbuf_init(b, LIMIT_MESSAGE / 2);
    pack_text(b, read->identity, LIMIT_TEXT);
    pack_u64(b, read->readable);
    pack_text(b, read->problem, LIMIT_TEXT);
    pack_state(b, &read->state);
    pack_ledger(b, &read->ledger);
}

/* A row of a version table that no peer would take, named; or that there are too many. NULL: none. */
static const char *heads_problem(struct arena *a, const struct module_state *m)
{
    if (!module_name_is_valid(m->module))
        return arena_printf(a, "has a version table of a module that has no legal name");
    if (m->heads.list.count > LIMIT_HEADS)
        return arena_printf(a, "has more than %d rows in the version table of %.*s", LIMIT_HEADS, STR_ARG(m->module));
    for (size_t i = 0; i < m->heads.list.count; i++) {
        struct str id = m->heads.list.items[i];
        size_t bad;
        const char *problem = str_is_utf8(id, &bad) ? revision_id_problem(id) : "is not UTF-8";
        if (problem != NULL)
            return arena_printf(a, "has a row in the version table of %.*s that is no revision id: it %s",
                                STR_ARG(m->module), problem);
    }
    return NULL;
}

static const char *state_problem(struct arena *a, const struct dbstate *state)
{
    if (state->modules.count > LIMIT_MODULES)
        return arena_printf(a, "has more than %d version tables", LIMIT_MODULES);
    for (size_t i = 0; i < state->modules.count; i++) {
        const char *problem = heads_problem(a, &state->modules.items[i]);
        if (problem != NULL)
            return problem;
    }
    return NULL;
}

/* True when it differs from the last one. */
static bool reading_set(struct agent *a, struct target *t, struct event_read read)
{
    const char *problem = read.readable ? state_problem(agent_arena(a), &read.state) : NULL;
    if (problem != NULL)
        read = (struct event_read){.identity = read.identity, .problem = str_of(problem)};
    if (!read.readable) {
        read.state = (struct dbstate){0};
        read.ledger = (struct ledger_state){0};
    }
    struct strbuf b;
    pack_reading(&b, &read);
    if (b.overflow) {
        strbuf_release(&b);
        read = (struct event_read){.problem = STR("has a state that is too large to report")};
        pack_reading(&b, &read);
    }
    bool changed = !str_eq(strbuf_str(&b), strbuf_str(&t->reading));
    strbuf_release(&t->reading);
    t->reading = b;
    t->readable = read.readable;
    t->read_ms = a->now_ms;
    if (changed)
        t->serial = ++a->serial;
    return changed;
}

void target_read(struct agent *a, struct target *t)
{
    t->read_wanted = false;
    if (t->reads)
        return;
    if (job_has_worker(t->job)) {
        t->read_wanted = true;
        return;
    }
    queue_remove(a, t);
    t->reads = true;
    a->unread += t->reading.len == 0;
    struct str name = str_copy(agent_arena(a), t->name);
    struct effect_target what = {.target = name};
    agent_emit(a, (struct agent_effect){.kind = AGENT_DO_READ, .target = what});
}

void target_was_read(struct agent *a, const struct event_read *read)
{
    struct target *t = target_find(a, read->target);
    if (t == NULL || !t->reads) {
        agent_log(a, LOG_WARNING, "a reading of %.*s came that nobody asked for", STR_ARG(read->target));
        return;
    }
    t->reads = false;
    a->unread -= t->reading.len == 0;
    if (reading_set(a, t, *read))
        report_changed(a, t);
    job_was_read(a, t);
    queue_add(a, t);
    target_settle(a, t);
}

/* ---- what a job left behind ---- */

static struct dbstate state_of(struct arena *arena, const struct target *t)
{
    struct unpack u = {strbuf_str(&t->reading), arena};
    unpack_str(&u);
    unpack_u64(&u);
    unpack_str(&u);
    return unpack_state(&u);
}

static void take_module(struct arena *arena, struct dbstate *state, const struct dbstate *now, struct str module)
{
    dbstate_set(arena, state, module, dbstate_heads(now, module));
}

/* The report of a job speaks of the plan's modules; of the others the last reading still holds. */
static struct dbstate state_merge(struct arena *arena, const struct target *t, const struct dbstate *now,
                                  const struct plan *plan)
{
    struct dbstate state = state_of(arena, t);
    for (size_t i = 0; plan != NULL && i < plan->before.modules.count; i++)
        take_module(arena, &state, now, plan->before.modules.items[i].module);
    for (size_t i = 0; i < now->modules.count; i++)
        take_module(arena, &state, now, now->modules.items[i].module);
    return state;
}

void target_learn(struct agent *a, struct target *t, const struct event_done *done, const struct plan *plan)
{
    if (!done->state_known || !t->readable) {
        target_read(a, t);
        return;
    }
    struct event_read read = {.target = t->name, .readable = true, .identity = done->identity, .ledger = done->ledger};
    read.state = state_merge(agent_arena(a), t, &done->state, plan);
    reading_set(a, t, read);
}

/* ---- discovery ---- */

static void pack_config(struct strbuf *b, const struct target_found *f)
{
    strbuf_init(b, LIMIT_MESSAGE / 4);
    pack_u64(b, (uint64_t)f->engine);
    pack_labels(b, &f->labels);
    pack_names(b, &f->modules);
}

static void change_server(struct agent *a, struct target *t, struct str name)
{
    if (str_eq(t->server->name, name))
        return;
    queue_remove(a, t);
    struct server *old = t->server;
    t->server = server_get(a, name);
    server_put(a, old);
    queue_add(a, t);
}

static bool config_set(struct agent *a, struct target *t, const struct target_found *f)
{
    struct strbuf b;
    pack_config(&b, f);
    bool changed = t->gone || !str_eq(strbuf_str(&b), strbuf_str(&t->config));
    strbuf_release(&t->config);
    t->config = b;
    t->engine = f->engine;
    t->gone = false;
    change_server(a, t, f->server);
    if (changed) {
        t->serial = ++a->serial;
        report_changed(a, t);
    }
    return changed;
}

/* A name that the codec would refuse must never get into a page: that page could not be acknowledged. */
static bool is_name(struct str s)
{
    size_t bad;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return s.len <= LIMIT_NAME && str_is_utf8(s, &bad);
}

static bool settings_are_names(const struct target_found *f)
{
    for (size_t i = 0; i < f->labels.list.count; i++)
        if (!is_name(f->labels.list.items[i].key) || !is_name(f->labels.list.items[i].value))
            return false;
    for (size_t i = 0; i < f->modules.list.count; i++)
        if (!module_name_is_valid(f->modules.list.items[i]))
            return false;
    return f->labels.list.count <= LIMIT_LABELS && f->modules.list.count <= LIMIT_MODULES;
}

static const char *found_problem(struct agent *a, const struct target_found *f, const struct target *t)
{
    if (f->name.len == 0 || !is_name(f->name))
        return "its name is empty, too long, not UTF-8 or has control characters";
    if (!settings_are_names(f))
        return "it has too many labels or modules, or one that is no name";
    if (t != NULL && t->discovery == a->discovery)
        return "another one has the same name";
    if (t == NULL && HASH_COUNT(a->targets) >= LIMIT_AGENT_TARGETS)
        return "this agent has too many already";
    return NULL;
}

static void found_one(struct agent *a, const struct target_found *f)
{
    struct target *t = target_find(a, f->name);
    const char *problem = found_problem(a, f, t);
    if (problem != NULL) {
        agent_log(a, LOG_ERROR, "target %.*s is left out: %s", STR_ARG(f->name), problem);
        return;
    }
    if (t == NULL)
        t = target_new(a, f->name, f->server);
    t->discovery = a->discovery;
    bool changed = config_set(a, t, f);
    if (changed || !t->readable || a->now_ms - t->read_ms >= REREAD_MS)
        target_read(a, t);
}

static void lost_one(struct agent *a, struct target *t)
{
    t->gone = true;
    t->serial = ++a->serial;
    queue_remove(a, t);
    report_changed(a, t);
    agent_log(a, LOG_INFO, "target %.*s is no longer here", STR_ARG(t->name));
}

static void lose_unnamed(struct agent *a)
{
    for (struct target *t = a->targets, *next; t != NULL; t = next) {
        next = t->hh.next;
        if (t->discovery != a->discovery && !t->gone)
            lost_one(a, t);
    }
}

void targets_found(struct agent *a, const struct event_targets *found)
{
    bool first_complete = !found->incomplete && !a->all_found;
    a->discovery++;
    if (a->discovery == 1)
        a->first_list_ms = a->now_ms + FIRST_LIST_WAIT_MS;
    for (size_t i = 0; i < found->count; i++)
        found_one(a, &found->list[i]);
    if (found->incomplete)
        return;
    lose_unnamed(a);
    a->all_found = true;
    if (first_complete)
        report_all(a);
}
