/*
 * Plans and scripts, by hash: fetched once, shared by all targets. A plan is wanted by jobs; once it is
 * here, and as long as a job uses it, it holds its scripts; when the last of them is here too, the jobs
 * that wait go on. What nobody holds is idle: it stays, oldest first to go, within `cache_bytes`.
 *
 *     wanted ──▶ fetching (FETCH_PARALLEL at a time, chunk by chunk) ──▶ here: used ⇄ idle ──▶ evicted
 *        └──────────┴── nobody wants it any more, or it cannot be had: removed
 */
#include "agent/core/inside.h"

#include <string.h>
#include <utlist.h>

#include "skein/wire/blob.h"

bool cached_is_ready(const struct cached *plan)
{
    return plan->scripts != NULL;
}

static bool is_plan(const struct cached *c)
{
    return c->key.kind == BLOB_PLAN;
}

static const char *kind_name(const struct cached *c)
{
    return is_plan(c) ? "plan" : "script";
}

static size_t size_of(const struct cached *c)
{
    return sizeof(*c) + c->arena.total;
}

/* The list that an entry in its present state stands in; NULL: none. */
static struct cached **list_of(struct agent *a, const struct cached *c)
{
    if (c->state == CACHED_WANTED)
        return &a->wanted;
    if (c->state == CACHED_FETCHING)
        return &a->fetching;
    return c->references == 0 ? &a->idle : NULL;
}

static void list_leave(struct agent *a, struct cached *c)
{
    struct cached **list = list_of(a, c);
    if (list == NULL)
        return;
    DL_DELETE(*list, c);
    a->fetching_count -= c->state == CACHED_FETCHING;
    a->idle_bytes -= c->state == CACHED_HERE ? size_of(c) : 0;
}

static void list_join(struct agent *a, struct cached *c)
{
    struct cached **list = list_of(a, c);
    if (list == NULL)
        return;
    DL_APPEND(*list, c);
    a->fetching_count += c->state == CACHED_FETCHING;
    a->idle_bytes += c->state == CACHED_HERE ? size_of(c) : 0;
}

static void state_set(struct agent *a, struct cached *c, enum cached_state state)
{
    if (c->state != CACHED_UNSET)
        list_leave(a, c);
    c->state = state;
    list_join(a, c);
}

static void entry_remove(struct agent *a, struct cached *c)
{
    list_leave(a, c);
    HASH_DELETE(hh, a->blobs, c);
    strbuf_release(&c->bytes);
    arena_release(&c->arena);
    free(c->users.items);
    free(c);
}

static void evict(struct agent *a)
{
    size_t limit = a->options.cache_bytes > 0 ? a->options.cache_bytes : CACHE_BYTES;
    while (a->idle != NULL && a->idle_bytes > limit)
        entry_remove(a, a->idle);
}

static struct cached *entry_find(const struct agent *a, enum blob_kind kind, const struct hash *hash)
{
    struct cached_key key;
    memset(&key, 0, sizeof(key));
    key.kind = (uint64_t)kind;
    key.hash = *hash;
    struct cached *c;
    HASH_FIND(hh, a->blobs, &key, sizeof(key), c);
    return c;
}

static struct cached *entry_new(struct agent *a, enum blob_kind kind, const struct hash *hash)
{
    struct cached *c = must_alloc(sizeof(*c));
    c->key.kind = (uint64_t)kind;
    c->key.hash = *hash;
    strbuf_init(&c->bytes, LIMIT_BLOB);
    HASH_ADD(hh, a->blobs, key, sizeof(c->key), c);
    state_set(a, c, CACHED_WANTED);
    return c;
}

/* One more reference; makes the entry, wanted, where there is none. */
static struct cached *entry_hold(struct agent *a, enum blob_kind kind, const struct hash *hash)
{
    struct cached *c = entry_find(a, kind, hash);
    if (c == NULL)
        c = entry_new(a, kind, hash);
    if (c->state == CACHED_HERE)
        list_leave(a, c);
    c->references++;
    return c;
}

static void entry_drop(struct agent *a, struct cached *c)
{
    c->references--;
    if (c->references > 0)
        return;
    if (c->state == CACHED_HERE)
        list_join(a, c);
    else
        entry_remove(a, c);
}

/* ---- a plan and its scripts ---- */

static void users_add(struct cached *script, struct cached *plan)
{
    if (script->users.count == script->users.cap) {
        script->users.cap = script->users.cap > 0 ? 2 * script->users.cap : 4;
        script->users.items = realloc(script->users.items, script->users.cap * sizeof(struct cached *));
        if (script->users.items == NULL)
            abort();
    }
    script->users.items[script->users.count++] = plan;
}

static void users_remove(struct cached *script, const struct cached *plan)
{
    size_t kept = 0;
    for (size_t i = 0; i < script->users.count; i++)
        if (script->users.items[i] != plan)
            script->users.items[kept++] = script->users.items[i];
    script->users.count = kept;
}

static void plan_ready(struct agent *a, struct cached *plan)
{
    size_t count = plan->plan.steps.list.count;
    plan->scripts = must_alloc((count + 1) * sizeof(struct script *));
    for (size_t i = 0; i < count; i++)
        plan->scripts[i] = plan->needs[i] != NULL ? &plan->needs[i]->script : NULL;
    plan->references++; /* a job that it does not fit lets go of it */
    while (plan->waiters != NULL)
        job_fetched(a, plan->waiters);
    cache_release(a, plan);
}

static void plan_open(struct agent *a, struct cached *plan)
{
    size_t count = plan->plan.steps.list.count;
    plan->needs = must_alloc((count + 1) * sizeof(struct cached *));
    plan->missing = 0;
    for (size_t i = 0; i < count; i++) {
        const struct hash *hash = &plan->plan.steps.list.items[i].script;
        if (hash_is_zero(hash))
            continue;
        struct cached *script = entry_hold(a, BLOB_SCRIPT, hash);
        plan->needs[i] = script;
        if (script->state == CACHED_HERE)
            continue;
        plan->missing++;
        users_add(script, plan);
    }
    if (plan->missing == 0)
        plan_ready(a, plan);
}

static void plan_close(struct agent *a, struct cached *plan)
{
    for (size_t i = 0; plan->needs != NULL && i < plan->plan.steps.list.count; i++) {
        if (plan->needs[i] == NULL)
            continue;
        users_remove(plan->needs[i], plan);
        entry_drop(a, plan->needs[i]);
    }
    free(plan->needs);
    free(plan->scripts);
    plan->needs = NULL;
    plan->scripts = NULL;
    plan->missing = 0;
}

struct cached *cache_use(struct agent *a, const struct hash *hash)
{
    struct cached *plan = entry_hold(a, BLOB_PLAN, hash);
    if (plan->state == CACHED_HERE && plan->references == 1)
        plan_open(a, plan);
    return plan;
}

void cache_release(struct agent *a, struct cached *plan)
{
    if (plan->references == 1)
        plan_close(a, plan);
    entry_drop(a, plan);
    evict(a);
}

void cache_wait(struct agent *a, struct target *t)
{
    (void)a;
    t->fetches = true;
    DL_APPEND2(t->job->plan->waiters, t, wait_prev, wait_next);
}

void cache_wait_no_more(struct agent *a, struct target *t)
{
    (void)a;
    if (!t->fetches)
        return;
    t->fetches = false;
    DL_DELETE2(t->job->plan->waiters, t, wait_prev, wait_next);
}

/* ---- fetching ---- */

static void fetch(struct agent *a, struct cached *c)
{
    agent_say(
        a, (struct msg){.kind = MSG_FETCH,
                        .fetch = {.kind = (enum blob_kind)c->key.kind, .hash = c->key.hash, .offset = c->bytes.len}});
    c->due_ms = agent_backoff(a, &c->backoff_ms);
}

static void fetch_next(struct agent *a, struct cached *c)
{
    c->backoff_ms = a->link.resend_ms;
    fetch(a, c);
}

/* All jobs that wait for this plan, or for a plan that waits for this script, are answered. */
static void plan_fail(struct agent *a, struct cached *plan, const struct err *err)
{
    plan->references++;
    while (plan->waiters != NULL)
        job_unfetchable(a, plan->waiters, err);
    cache_release(a, plan);
}

static void fail(struct agent *a, struct cached *c, const struct err *err)
{
    c->references++;
    if (is_plan(c))
        plan_fail(a, c, err);
    while (c->users.count > 0)
        plan_fail(a, c->users.items[0], err);
    entry_drop(a, c);
}

static bool decode(struct cached *c, struct err *err)
{
    struct str bytes = strbuf_str(&c->bytes);
    if (is_plan(c))
        return blob_decode_plan(&c->arena, bytes, &c->key.hash, &c->plan, err);
    return blob_decode_script(&c->arena, bytes, &c->key.hash, &c->script, err);
}

static void arrived(struct agent *a, struct cached *c)
{
    struct err err = {0};
    if (!decode(c, &err)) {
        fail(a, c, &err);
        return;
    }
    strbuf_release(&c->bytes);
    c->references++;
    state_set(a, c, CACHED_HERE);
    if (is_plan(c))
        plan_open(a, c);
    while (c->users.count > 0) {
        struct cached *plan = c->users.items[--c->users.count];
        if (--plan->missing == 0)
            plan_ready(a, plan);
    }
    if (is_plan(c))
        cache_release(a, c);
    else
        entry_drop(a, c);
}

/* NULL, or why it can never be complete. */
static const char *chunk_problem(const struct cached *c, const struct msg_chunk *chunk)
{
    if (chunk->total == 0)
        return "is not known to the coordinator";
    if (chunk->total > LIMIT_BLOB)
        return "is too large";
    if ((c->total != 0 && chunk->total != c->total) || chunk->bytes.len == 0 ||
        chunk->bytes.len > chunk->total - c->bytes.len)
        return "comes in pieces that do not fit together";
    return NULL;
}

void cache_chunk(struct agent *a, const struct msg *m)
{
    const struct msg_chunk *chunk = &m->chunk;
    struct cached *c = entry_find(a, chunk->kind, &chunk->hash);
    if (c == NULL || c->state != CACHED_FETCHING || (chunk->total != 0 && chunk->offset != c->bytes.len))
        return;
    const char *problem = chunk_problem(c, chunk);
    if (problem != NULL) {
        struct err err = {0};
        struct hash_hex hex = hash_format(&c->key.hash);
        err_set(&err, ERR_INPUT, "%s %.12s %s", kind_name(c), hex.text, problem);
        fail(a, c, &err);
        return;
    }
    c->total = chunk->total;
    strbuf_add(&c->bytes, chunk->bytes);
    if (c->bytes.len == c->total)
        arrived(a, c);
    else
        fetch_next(a, c);
}

void cache_link_up(struct agent *a)
{
    struct cached *c;
    for (c = a->fetching; c != NULL; c = c->next)
        fetch_next(a, c);
}

void cache_run(struct agent *a)
{
    struct cached *c;
    for (c = a->fetching; c != NULL; c = c->next)
        if (a->now_ms >= c->due_ms)
            fetch(a, c);
    while (!a->stopping && a->wanted != NULL && a->fetching_count < FETCH_PARALLEL) {
        c = a->wanted;
        state_set(a, c, CACHED_FETCHING);
        fetch_next(a, c);
    }
}

int64_t cache_due(const struct agent *a)
{
    int64_t due = INT64_MAX;
    const struct cached *c;
    for (c = a->fetching; c != NULL; c = c->next)
        if (c->due_ms < due)
            due = c->due_ms;
    return due;
}

/* After the jobs are gone. */
void cache_free(struct agent *a)
{
    while (a->idle != NULL)
        entry_remove(a, a->idle);
}
