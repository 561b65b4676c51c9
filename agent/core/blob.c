/*
 * Plans and scripts by hash. Each is fetched once and kept while a job needs it, and after that until the
 * cache is full: a thousand tenants in one state cost one copy. What arrives is checked against the hash
 * that was asked for before anything looks at it.
 */
#include "skein/wire/blob.h"
#include "agent/core/state.h"

enum { FETCHES = 16, CACHE_BYTES = 128 * 1024 * 1024 };

static struct blob *blob_at(struct agent *a, uint32_t number)
{
    return &a->blobs.list.items[number];
}

static struct str blob_key(const void *table, uint32_t number)
{
    const struct agent *a = table;
    return (struct str){(const char *)a->blobs.list.items[number].hash.bytes, HASH_SIZE};
}

static void forget(struct blob *b)
{
    arena_release(&b->arena);
    b->here = false;
    b->plan = NULL;
    b->script = NULL;
}

/* Makes room by forgetting what no job needs. The numbers stay. */
static void trim(struct agent *a)
{
    for (size_t i = 0; i < a->blobs.list.count && a->cached > CACHE_BYTES; i++) {
        struct blob *b = &a->blobs.list.items[i];
        if (b->here && b->users == 0) {
            a->cached -= b->arena.total;
            forget(b);
        }
    }
}

uint32_t blob_need(struct turn *t, enum blob_kind kind, const struct hash *hash)
{
    struct agent *a = t->a;
    a->blobs_by_hash.key = blob_key;
    uint32_t number = index_find(&a->blobs_by_hash, a, (struct str){(const char *)hash->bytes, HASH_SIZE});
    if (number == INDEX_NONE) {
        struct blob fresh = {.hash = *hash, .kind = kind, .repeat = {.due_ms = INT64_MAX}};
        number = (uint32_t)a->blobs.list.count;
        vec_push(&a->arena, &a->blobs.list, fresh);
        index_add(&a->arena, &a->blobs_by_hash, a, number);
    }
    struct blob *b = blob_at(a, number);
    b->users++;
    if (!b->here && !b->fetching && !b->wanted) {
        b->wanted = true;
        vec_push(&a->arena, &a->wanted.list, number);
    }
    return number;
}

void blob_drop(struct turn *t, uint32_t number)
{
    blob_at(t->a, number)->users--;
}

static void ask(struct turn *t, struct blob *b)
{
    struct msg m = {.kind = MSG_FETCH, .fetch = {.kind = b->kind, .hash = b->hash, .offset = b->bytes.len}};
    out_send(t, &m);
}

static void stop_fetching(struct turn *t, struct blob *b)
{
    repeat_stop(&b->repeat);
    strbuf_release(&b->bytes);
    b->fetching = false;
    t->a->fetching--;
}

static void start_fetching(struct turn *t, uint32_t number)
{
    struct blob *b = blob_at(t->a, number);
    strbuf_init(&b->bytes, LIMIT_BLOB);
    b->fetching = true;
    t->a->fetching++;
    repeat_start(&b->repeat, t->now_ms, t->a->resend_ms);
    timer_set(t, TIMER_BLOB, number, b->repeat.due_ms);
    ask(t, b);
}

void blob_pump(struct turn *t)
{
    struct agent *a = t->a;
    if (!session_is_open(&a->session))
        return;
    while (a->wanted_head < a->wanted.list.count && a->fetching < FETCHES) {
        uint32_t number = a->wanted.list.items[a->wanted_head++];
        struct blob *b = blob_at(a, number);
        b->wanted = false;
        if (!b->here && !b->fetching && b->users > 0)
            start_fetching(t, number);
    }
    if (a->wanted_head == a->wanted.list.count)
        a->wanted_head = a->wanted.list.count = 0;
}

void blob_tick(struct turn *t, uint32_t number)
{
    struct blob *b = blob_at(t->a, number);
    if (!b->fetching || !repeat_is_due(&b->repeat, t->now_ms))
        return;
    if (b->users == 0) {
        stop_fetching(t, b);
        return;
    }
    timer_set(t, TIMER_BLOB, number, b->repeat.due_ms);
    if (session_is_open(&t->a->session))
        ask(t, b);
}

static bool decode(struct blob *b, struct err *err)
{
    struct str bytes = strbuf_str(&b->bytes);
    if (b->kind == BLOB_PLAN) {
        b->plan = arena_new(&b->arena, struct plan);
        return blob_decode_plan(&b->arena, bytes, &b->hash, b->plan, err);
    }
    b->script = arena_new(&b->arena, struct script);
    return blob_decode_script(&b->arena, bytes, &b->hash, b->script, err);
}

static void complete(struct turn *t, uint32_t number)
{
    struct blob *b = blob_at(t->a, number);
    struct err err = {0};
    bool ok = decode(b, &err);
    stop_fetching(t, b);
    if (ok) {
        b->here = true;
        t->a->cached += b->arena.total;
        trim(t->a);
        job_blob_here(t, number);
    } else {
        forget(b);
        out_log(t, LOG_WARNING, "security: %s does not match its hash %s: %s",
                b->kind == BLOB_PLAN ? "a plan" : "a script", hash_format(&b->hash).text, err.text);
        job_blob_lost(t, number, &err);
    }
}

void blob_chunk(struct turn *t, const struct msg_chunk *chunk)
{
    struct agent *a = t->a;
    uint32_t number = index_find(&a->blobs_by_hash, a, (struct str){(const char *)chunk->hash.bytes, HASH_SIZE});
    struct blob *b = number != INDEX_NONE ? blob_at(a, number) : NULL;
    if (b == NULL || !b->fetching || b->kind != chunk->kind || chunk->offset != b->bytes.len)
        return;
    if (chunk->total == 0 || chunk->total > LIMIT_BLOB) {
        struct err err;
        err_set(&err, ERR_REFUSED, "the coordinator does not have %s %s", b->kind == BLOB_PLAN ? "plan" : "script",
                hash_format(&b->hash).text);
        stop_fetching(t, b);
        job_blob_lost(t, number, &err);
        return;
    }
    if (chunk->bytes.len == 0 || chunk->offset + chunk->bytes.len > chunk->total)
        return;
    strbuf_add(&b->bytes, chunk->bytes);
    if (b->bytes.len == chunk->total) {
        complete(t, number);
        blob_pump(t);
        return;
    }
    repeat_start(&b->repeat, t->now_ms, a->resend_ms);
    timer_set(t, TIMER_BLOB, number, b->repeat.due_ms);
    ask(t, b);
}
