#include "coordinator/io/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium/utils.h>

#include "skein/wire/codec.h"

/* ---- cells ---- */

struct writer {
    struct arena *arena;
    struct str *cells;
    size_t count;
};

/* Reads cell after cell; `bad` names the first that makes no sense. */
struct reader {
    struct arena *arena;
    const struct str *cells;
    size_t next;
    bool bad;
};

static void put_text(struct writer *w, struct str text)
{
    w->cells[w->count++] = str_copy(w->arena, text.p != NULL ? text : STR(""));
}

static void put_u64(struct writer *w, uint64_t value)
{
    put_text(w, str_printf(w->arena, "%" PRIu64, value));
}

static void put_i64(struct writer *w, int64_t value)
{
    put_text(w, str_printf(w->arena, "%" PRId64, value));
}

static void put_hash(struct writer *w, const struct hash *hash)
{
    put_text(w, hash_is_zero(hash) ? STR("") : str_copy(w->arena, str_of(hash_format(hash).text)));
}

static void put_bytes(struct writer *w, struct str bytes)
{
    size_t size = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(w->arena, size);
    sodium_bin2base64(text, size, (const unsigned char *)bytes.p, bytes.len, sodium_base64_VARIANT_ORIGINAL);
    put_text(w, str_of(text));
}

static struct str get_text(struct reader *r)
{
    return r->cells[r->next++];
}

static uint64_t get_u64(struct reader *r)
{
    unsigned long long value = 0;
    r->bad |= !str_to_u64(get_text(r), UINT64_MAX, &value);
    return value;
}

static uint32_t get_u32(struct reader *r)
{
    uint64_t value = get_u64(r);
    r->bad |= value > UINT32_MAX;
    return (uint32_t)value;
}

static int64_t get_i64(struct reader *r)
{
    struct str text = get_text(r);
    bool negative = str_starts(text, STR("-"));
    unsigned long long value = 0;
    r->bad |= !str_to_u64(str_from(text, negative ? 1 : 0), INT64_MAX, &value);
    return negative ? -(int64_t)value : (int64_t)value;
}

static bool get_bool(struct reader *r)
{
    return get_u64(r) != 0;
}

static struct hash get_hash(struct reader *r)
{
    struct hash hash = {{0}};
    struct str text = get_text(r);
    r->bad |= text.len > 0 && !hash_parse(text, &hash);
    return hash;
}

static struct str get_bytes(struct reader *r)
{
    struct str text = get_text(r);
    size_t len = 0;
    unsigned char *bytes = arena_alloc(r->arena, text.len);
    r->bad |=
        sodium_base642bin(bytes, text.len, text.p, text.len, NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0;
    return (struct str){(const char *)bytes, len};
}

/* A word of one of the enums; "" and "unset" are the zero. */
#define GET_WORD(reader, parse, target)                                                                                \
    do {                                                                                                               \
        struct str word_ = get_text(reader);                                                                           \
        if (word_.len > 0 && !str_is(word_, "unset"))                                                                  \
            (reader)->bad |= !parse(word_, (target));                                                                  \
    } while (0)

/* ---- kinds ---- */

static void meta_put(struct writer *w, const struct record *r)
{
    put_text(w, STR("1"));
    put_u64(w, r->meta.term);
    put_u64(w, r->meta.fence);
}

static void meta_get(struct reader *in, struct record *r)
{
    (void)get_text(in);
    r->meta.term = get_u64(in);
    r->meta.fence = get_u64(in);
}

static void principal_put(struct writer *w, const struct record *r)
{
    const struct record_principal *p = &r->principal;
    put_text(w, p->name);
    put_text(w, str_of(role_name(p->role)));
    put_text(w, str_of(principal_status_name(p->status)));
    put_text(w, p->public_key);
    put_u64(w, p->configured);
}

static void principal_get(struct reader *in, struct record *r)
{
    struct record_principal *p = &r->principal;
    p->name = get_text(in);
    GET_WORD(in, role_parse, &p->role);
    GET_WORD(in, principal_status_parse, &p->status);
    p->public_key = get_text(in);
    p->configured = get_bool(in);
}

static void target_put(struct writer *w, const struct record *r)
{
    const struct record_target *t = &r->target;
    put_text(w, t->name);
    put_text(w, t->agent);
    put_text(w, str_of(engine_name(t->engine)));
    put_text(w, t->identity);
    put_text(w, t->labels);
    put_text(w, t->modules);
    put_u64(w, t->gone);
    put_u64(w, t->state_known);
    put_text(w, t->state);
    put_u64(w, t->ledger.fence);
    put_u64(w, t->ledger.closed_fence);
    put_u64(w, t->ledger.seq);
    put_hash(w, &t->ledger.head);
    put_text(w, str_of(target_status_name(t->condition)));
    put_text(w, t->problem);
}

static void target_get(struct reader *in, struct record *r)
{
    struct record_target *t = &r->target;
    t->name = get_text(in);
    t->agent = get_text(in);
    GET_WORD(in, engine_parse, &t->engine);
    t->identity = get_text(in);
    t->labels = get_text(in);
    t->modules = get_text(in);
    t->gone = get_bool(in);
    t->state_known = get_bool(in);
    t->state = get_text(in);
    t->ledger.fence = get_u64(in);
    t->ledger.closed_fence = get_u64(in);
    t->ledger.seq = get_u64(in);
    t->ledger.head = get_hash(in);
    GET_WORD(in, target_status_parse, &t->condition);
    t->problem = get_text(in);
}

static void blob_put(struct writer *w, const struct record *r)
{
    put_hash(w, &r->blob.hash);
    put_bytes(w, r->blob.bytes);
}

static void blob_get(struct reader *in, struct record *r)
{
    r->blob.hash = get_hash(in);
    r->blob.bytes = get_bytes(in);
}

static void bundle_put(struct writer *w, const struct record *r)
{
    put_u64(w, r->bundle.number);
    put_hash(w, &r->bundle.manifest);
    put_text(w, r->bundle.principal);
    put_i64(w, r->bundle.created_ms);
}

static void bundle_get(struct reader *in, struct record *r)
{
    r->bundle.number = get_u64(in);
    r->bundle.manifest = get_hash(in);
    r->bundle.principal = get_text(in);
    r->bundle.created_ms = get_i64(in);
}

static void plan_put(struct writer *w, const struct record *r)
{
    put_hash(w, &r->plan.hash);
    put_u64(w, r->plan.bundle);
    put_bytes(w, r->plan.bytes);
}

static void plan_get(struct reader *in, struct record *r)
{
    r->plan.hash = get_hash(in);
    r->plan.bundle = get_u64(in);
    r->plan.bytes = get_bytes(in);
}

static struct str id_format(struct arena *a, const struct msg_id16 *id)
{
    char *text = arena_alloc(a, 2 * sizeof(id->bytes) + 1);
    sodium_bin2hex(text, 2 * sizeof(id->bytes) + 1, id->bytes, sizeof(id->bytes));
    return str_of(text);
}

static void rollout_put(struct writer *w, const struct record *r)
{
    const struct record_rollout *o = &r->rollout;
    struct msg request = {.version = PROTOCOL_MAX, .kind = MSG_ROLLOUT_START};
    request.rollout_start.id = o->id;
    request.rollout_start.goal = o->goal;
    request.rollout_start.options = o->options;
    request.rollout_start.parallel = o->parallel;
    request.rollout_start.max_failures = o->max_failures;
    put_u64(w, o->number);
    put_text(w, id_format(w->arena, &o->id));
    put_u64(w, o->bundle);
    put_bytes(w, codec_encode(w->arena, &request));
    put_text(w, o->principal);
    put_text(w, str_of(rollout_status_name(o->status)));
    put_text(w, o->reason);
    put_i64(w, o->created_ms);
    put_i64(w, o->ended_ms);
}

/* A message that was put into a cell. */
static const struct msg *get_message(struct reader *in, enum msg_kind kind)
{
    struct msg *m = arena_new(in->arena, struct msg);
    struct err ignored;
    struct str bytes = get_bytes(in);
    bool ok = bytes.len == 0 || (codec_decode(in->arena, bytes, m, &ignored) && m->kind == kind);
    in->bad |= !ok;
    return ok ? m : arena_new(in->arena, struct msg);
}

static void rollout_get(struct reader *in, struct record *r)
{
    struct record_rollout *o = &r->rollout;
    o->number = get_u64(in);
    (void)get_text(in); /* the id is in the request as well */
    o->bundle = get_u64(in);
    const struct msg_rollout_start *request = &get_message(in, MSG_ROLLOUT_START)->rollout_start;
    o->id = request->id;
    o->goal = request->goal;
    o->options = request->options;
    o->parallel = request->parallel;
    o->max_failures = request->max_failures;
    o->principal = get_text(in);
    GET_WORD(in, rollout_status_parse, &o->status);
    o->reason = get_text(in);
    o->created_ms = get_i64(in);
    o->ended_ms = get_i64(in);
}

static void put_err(struct writer *w, const struct err *err)
{
    struct msg m = {.version = PROTOCOL_MAX, .kind = MSG_ERROR};
    if (err->code == ERR_UNSET) {
        put_text(w, STR(""));
        return;
    }
    m.error.err = *err;
    put_bytes(w, codec_encode(w->arena, &m));
}

static void operation_put(struct writer *w, const struct record *r)
{
    const struct record_operation *o = &r->operation;
    put_u64(w, o->rollout);
    put_text(w, o->target);
    put_text(w, str_of(op_state_name(o->state)));
    put_text(w, str_of(op_state_name(o->end)));
    put_u64(w, (uint64_t)o->action);
    put_hash(w, &o->plan);
    put_u64(w, o->fence);
    put_u64(w, o->tries);
    put_u64(w, o->replans);
    put_text(w, o->sentence);
    put_err(w, &o->err);
    put_i64(w, o->updated_ms);
}

static void operation_get(struct reader *in, struct record *r)
{
    struct record_operation *o = &r->operation;
    o->rollout = get_u64(in);
    o->target = get_text(in);
    GET_WORD(in, op_state_parse, &o->state);
    GET_WORD(in, op_state_parse, &o->end);
    uint64_t action = get_u64(in);
    in->bad |= action > OFFER_RESOLVE_NOT_APPLIED;
    o->action = (enum offer_action)action;
    o->plan = get_hash(in);
    o->fence = get_u64(in);
    o->tries = get_u32(in);
    o->replans = get_u32(in);
    o->sentence = get_text(in);
    o->err = get_message(in, MSG_ERROR)->error.err;
    o->updated_ms = get_i64(in);
}

/* The hash column is the store's. */
static void audit_put(struct writer *w, const struct record *r)
{
    put_u64(w, r->audit.seq);
    put_i64(w, r->audit.time_ms);
    put_text(w, r->audit.principal);
    put_text(w, r->audit.action);
    put_text(w, r->audit.object);
    put_text(w, r->audit.result);
}

static void audit_get(struct reader *in, struct record *r)
{
    r->audit.seq = get_u64(in);
    r->audit.time_ms = get_i64(in);
    r->audit.principal = get_text(in);
    r->audit.action = get_text(in);
    r->audit.object = get_text(in);
    r->audit.result = get_text(in);
}

static const struct kind {
    struct row_table table;
    void (*put)(struct writer *w, const struct record *r);
    void (*get)(struct reader *in, struct record *r);
} kinds[RECORD_COUNT] = {
    [RECORD_META] = {{"meta", "id, term, fence", "id", 3}, meta_put, meta_get},
    [RECORD_PRINCIPAL] = {{"principal", "name, role, status, public_key, configured", "name", 5},
                          principal_put,
                          principal_get},
    [RECORD_TARGET] = {{"target",
                        "name, agent, engine, identity, labels, modules, gone, state_known, state, fence, "
                        "closed_fence, ledger_seq, ledger_head, condition, problem",
                        "name", 15},
                       target_put,
                       target_get},
    [RECORD_BLOB] = {{"blob", "hash, bytes", "hash", 2}, blob_put, blob_get},
    [RECORD_BUNDLE] = {{"bundle", "number, manifest, principal, created_ms", "number", 4}, bundle_put, bundle_get},
    [RECORD_PLAN] = {{"plan", "hash, bundle, bytes", "hash", 3}, plan_put, plan_get},
    [RECORD_ROLLOUT] = {{"rollout", "number, id, bundle, request, principal, status, reason, created_ms, ended_ms",
                         "number", 9},
                        rollout_put,
                        rollout_get},
    [RECORD_OPERATION] = {{"operation",
                           "rollout, target, state, end_state, action, plan, fence, tries, replans, sentence, error, "
                           "updated_ms",
                           "rollout, target", 12},
                          operation_put,
                          operation_get},
    [RECORD_AUDIT] = {{"audit", "seq, time_ms, principal, action, object, result", "seq", 6}, audit_put, audit_get},
};

const struct row_table *row_table(enum record_kind kind)
{
    return &kinds[kind].table;
}

void row_from_record(struct arena *a, const struct record *r, struct str ret_cells[ROW_COLUMNS_MAX])
{
    struct writer w = {a, ret_cells, 0};
    kinds[r->kind].put(&w, r);
}

bool row_to_record(struct arena *a, enum record_kind kind, const struct str *cells, struct record *ret_record,
                   struct err *err)
{
    struct reader in = {a, cells, 0, false};
    memset(ret_record, 0, sizeof(*ret_record));
    ret_record->kind = kind;
    kinds[kind].get(&in, ret_record);
    return !in.bad || err_kind(err, ERR_STATE, "store_corrupt", "a row of table %s makes no sense (key %.*s)",
                               kinds[kind].table.table, STR_ARG(cells[0]));
}
