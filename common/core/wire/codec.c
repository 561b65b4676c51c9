/*
 * The rows of every message (what travels, how much of it, under which rule), and the envelope. The only
 * file that sees the generated code.
 *
 * A struct's rows stand in the order of the field numbers in proto/; a test compares both with
 * shape_problem(): names, types and the words of enums.
 */
#include "skein/wire/codec.h"

#include <assert.h>
#include <string.h>

#include "envelope.pb-c.h"

#include "common/core/wire/shape.h"
#include "skein/base/names.h"
#include "skein/plan/script.h"

static_assert(sizeof(size_t) == sizeof(uint64_t), "sizes travel as 64 bits");

/* ---- words of enums ---- */

static const char *engine_word(int value)
{
    return engine_name((enum engine)value);
}

static const char *direction_word(int value)
{
    return direction_name((enum direction)value);
}

static const char *err_code_word(int value)
{
    return err_code_name((enum err_code)value);
}

static const char *outcome_word(int value)
{
    return outcome_name((enum outcome)value);
}

static const char *role_word(int value)
{
    return role_name((enum role)value);
}

static const char *target_status_word(int value)
{
    return target_status_name((enum target_status)value);
}

static const char *op_state_word(int value)
{
    return op_state_name((enum op_state)value);
}

static const char *rollout_status_word(int value)
{
    return rollout_status_name((enum rollout_status)value);
}

static const char *principal_status_word(int value)
{
    return principal_status_name((enum principal_status)value);
}

static const char *diag_severity_word(int value)
{
    return diag_severity_name((enum diag_severity)value);
}

static const char *word_of(const char *const *words, int value)
{
    for (int i = 0; words[i] != NULL; i++)
        if (i == value)
            return words[i];
    return words[0];
}

#define WORD_LIST(type, ...)                                                                                           \
    static const char *type##_word(int value)                                                                          \
    {                                                                                                                  \
        static const char *const words[] = {"unset", __VA_ARGS__, NULL};                                               \
        return word_of(words, value);                                                                                  \
    }
WORD_LIST(row_change_kind, "insert", "update", "delete")
WORD_LIST(blob_kind, "plan", "script")
WORD_LIST(offer_action, "apply", "resolve_applied", "resolve_not_applied")
WORD_LIST(plan_command, "upgrade", "downgrade", "stamp")
WORD_LIST(resolution_kind, "applied", "not_applied", "accept")

/* ---- rows: S is the struct at hand ---- */

#define ROW(member, row_type, ...)                                                                                     \
    {                                                                                                                  \
        .name = #member, .type = row_type, .offset = offsetof(struct S, member), __VA_ARGS__                           \
    }
#define BOOL(member) ROW(member, ROW_BOOL, .max = 0)
#define U32(member) ROW(member, ROW_U32, .max = 0)
#define U64(member) ROW(member, ROW_U64, .max = 0)
#define I64(member) ROW(member, ROW_I64, .max = 0)
#define WORD(member, enum_type, last) ROW(member, ROW_ENUM, .max = (last), .name_of = enum_type##_word)
#define TEXT(member, limit) ROW(member, ROW_STR, .max = (limit))
#define NAME(member) ROW(member, ROW_STR, .max = LIMIT_NAME, .rule = RULE_NAME)
#define LINE(member, limit) ROW(member, ROW_STR, .max = (limit), .rule = RULE_NAME)
#define MODULE(member) ROW(member, ROW_STR, .max = LIMIT_NAME, .rule = RULE_MODULE)
#define REVISION(member) ROW(member, ROW_STR, .max = REVISION_ID_MAX, .rule = RULE_REVISION)
#define BYTES(member, limit) ROW(member, ROW_BYTES, .max = (limit))
#define CHARS(member, size) ROW(member, ROW_CHARS, .max = (size)-1)
#define CSTR(member) ROW(member, ROW_CSTR, .max = LIMIT_TEXT)
#define HASH(member) ROW(member, ROW_FIXED, .max = HASH_SIZE)
#define ONE(member, of) ROW(member, ROW_MESSAGE, .shape = &of##_shape)
#define MANY(member, of, limit) ROW(member, ROW_MESSAGES, .max = (limit), .shape = &of##_shape)
#define NAMES(member, limit, size, kind) ROW(member, ROW_STRS, .max = (limit), .each = (size), .rule = (kind))
#define HASHES(member, limit) ROW(member, ROW_FIXEDS, .max = (limit))
#define NUMBERS(member, limit) ROW(member, ROW_U64S, .max = (limit))

/* `CHECKED` names a function that looks at the decoded struct. */
#define SHAPE_CHECKED(shape_name, struct_name, message, check, ...)                                                    \
    static const struct row shape_name##_rows[] = {__VA_ARGS__};                                                       \
    static const struct shape shape_name##_shape = {                                                                   \
        .pb = &skein__##message##__descriptor,                                                                         \
        .size = sizeof(struct struct_name),                                                                            \
        .rows = shape_name##_rows,                                                                                     \
        .count = sizeof(shape_name##_rows) / sizeof(shape_name##_rows[0]),                                             \
        .problem = check,                                                                                              \
    };
#define SHAPE(shape_name, struct_name, message, ...) SHAPE_CHECKED(shape_name, struct_name, message, NULL, __VA_ARGS__)

/* ---- values that several messages share ---- */

#define S err
SHAPE(err, err, error, WORD(code, err_code, ERR_CODE_COUNT - 1), CHARS(kind, sizeof(((struct err *)0)->kind)),
      CHARS(sqlstate, sizeof(((struct err *)0)->sqlstate)), CHARS(text, ERR_TEXT_MAX), CHARS(detail, ERR_DETAIL_MAX),
      CHARS(hint, ERR_HINT_MAX), CHARS(origin, ERR_ORIGIN_MAX))
#undef S

static bool names_are_sorted(const struct names *names)
{
    for (size_t i = 1; i < names->list.count; i++)
        if (str_cmp(names->list.items[i - 1], names->list.items[i]) >= 0)
            return false;
    return true;
}

static const char *module_state_problem(const void *value)
{
    const struct module_state *m = value;
    return names_are_sorted(&m->heads) ? NULL : "heads out of order";
}

#define S module_state
SHAPE_CHECKED(module_state, module_state, module_state, module_state_problem, NAME(module),
              NAMES(heads, LIMIT_HEADS, LIMIT_NAME, RULE_TEXT))
#undef S

static const char *dbstate_problem(const void *value)
{
    const struct dbstate *s = value;
    for (size_t i = 1; i < s->modules.count; i++)
        if (str_cmp(s->modules.items[i - 1].module, s->modules.items[i].module) >= 0)
            return "modules out of order";
    return NULL;
}

#define S dbstate
SHAPE_CHECKED(dbstate, dbstate, state, dbstate_problem, MANY(modules, module_state, LIMIT_MODULES))
#undef S

#define S ledger_state
SHAPE(ledger, ledger_state, ledger, U64(fence), U64(closed_fence), U64(seq), HASH(head))
#undef S

#define S row_change
SHAPE(row_change, row_change, row_change, WORD(kind, row_change_kind, ROW_DELETE), MODULE(module), NAME(from),
      REVISION(to))
#undef S

#define S plan_step
SHAPE(step, plan_step, step, MODULE(module), NAME(revision), WORD(direction, direction, DIRECTION_STAMP),
      BOOL(transactional), HASH(script), HASH(checksum), MANY(rows, row_change, LIMIT_ROW_CHANGES),
      NAMES(heads_after, LIMIT_HEADS, REVISION_ID_MAX, RULE_REVISION))
#undef S

#define S plan
SHAPE(plan_value, plan, plan, HASH(id), WORD(engine, engine, ENGINE_COUNT - 1), ONE(before, dbstate),
      ONE(after, dbstate), MANY(steps, step, LIMIT_STEPS))
#undef S

#define S statement
SHAPE(statement, statement, statement, U64(start), U64(len), U32(line))
#undef S

#define S script_part
SHAPE(script_part, script_part, script_part, BYTES(sql, LIMIT_BLOB), U32(line),
      MANY(statements, statement, LIMIT_STATEMENTS))
#undef S

#define S script
SHAPE(script, script, script, HASH(hash), WORD(engine, engine, ENGINE_COUNT - 1), BOOL(transactional),
      I64(lock_timeout_ms), I64(statement_timeout_ms), LINE(path, LIMIT_TEXT), ONE(body, script_part),
      ONE(verify, script_part), ONE(probe, script_part))
#undef S

#define S label
SHAPE(label, label, label, NAME(key), NAME(value))
#undef S

static const char *labels_problem(const void *value)
{
    const struct labels *l = value;
    for (size_t i = 1; i < l->list.count; i++)
        if (str_cmp(l->list.items[i - 1].key, l->list.items[i].key) >= 0)
            return "labels out of order";
    return NULL;
}

#define S labels
SHAPE_CHECKED(labels, labels, labels, labels_problem, MANY(list, label, LIMIT_LABELS))
#undef S

#define S apply_options
SHAPE(apply_options, apply_options, apply_options, BOOL(transaction_per_revision), I64(lock_timeout_ms),
      I64(statement_timeout_ms))
#undef S

/* ---- agents ---- */

#define S msg_hello
SHAPE(hello, msg_hello, hello, U32(version_min), U32(version_max), LINE(software, LIMIT_NAME), U64(boot), U64(term),
      U32(workers))
#undef S

#define S target_report
SHAPE(target_report, target_report, target_report, NAME(name), U64(serial), BOOL(gone),
      WORD(engine, engine, ENGINE_COUNT - 1), LINE(identity, LIMIT_TEXT), ONE(labels, labels),
      NAMES(modules, LIMIT_MODULES, LIMIT_NAME, RULE_MODULE), BOOL(readable), TEXT(problem, LIMIT_TEXT),
      ONE(state, dbstate), ONE(ledger, ledger))
#undef S

#define S msg_targets
SHAPE(targets, msg_targets, targets, U64(boot), U64(page), BOOL(first), BOOL(last),
      MANY(list, target_report, LIMIT_REPORTS))
#undef S

#define S msg_accept
SHAPE(accept, msg_accept, accept, NAME(target), LINE(attempt, LIMIT_ATTEMPT), U64(fence))
#undef S

#define S msg_progress
SHAPE(progress, msg_progress, progress, NAME(target), LINE(attempt, LIMIT_ATTEMPT), U64(fence), U32(step), U32(steps),
      TEXT(sentence, LIMIT_TEXT))
#undef S

#define S msg_result
SHAPE(result, msg_result, result, U64(boot), LINE(attempt, LIMIT_ATTEMPT), U64(fence),
      WORD(outcome, outcome, OUTCOME_COUNT - 1), U32(steps_applied), U32(failed_step), ONE(err, err), I64(duration_ms),
      ONE(report, target_report))
#undef S

#define S msg_closed
SHAPE(closed, msg_closed, closed, U64(boot), U64(fence), ONE(report, target_report))
#undef S

#define S msg_fetch
SHAPE(fetch, msg_fetch, fetch, WORD(kind, blob_kind, BLOB_SCRIPT), HASH(hash), U64(offset))
#undef S

#define S msg_bye
SHAPE(bye, msg_bye, bye, U64(boot))
#undef S

#define S msg_hello_ack
SHAPE(hello_ack, msg_hello_ack, hello_ack, U32(version), U32(credit), U32(ping_every_ms), U32(silent_after_ms),
      U32(resend_ms))
#undef S

#define S target_refusal
SHAPE(target_refusal, target_refusal, target_refusal, NAME(name), TEXT(reason, LIMIT_TEXT))
#undef S

#define S msg_targets_ack
SHAPE(targets_ack, msg_targets_ack, targets_ack, U64(page), MANY(refused, target_refusal, LIMIT_REPORTS))
#undef S

#define S signature
SHAPE(signature, signature, signature, NAME(key_id), ROW(bytes, ROW_FIXED, .max = LIMIT_SIGNATURE))
#undef S

#define S msg_offer
SHAPE(offer, msg_offer, offer, NAME(target), LINE(attempt, LIMIT_ATTEMPT), U64(fence),
      WORD(action, offer_action, OFFER_RESOLVE_NOT_APPLIED), HASH(plan), NAME(principal), ONE(options, apply_options),
      MANY(signatures, signature, LIMIT_SIGNATURES))
#undef S

#define S msg_result_ack
SHAPE(result_ack, msg_result_ack, result_ack, NAME(target), U64(fence))
#undef S

#define S msg_close
SHAPE(close, msg_close, close, NAME(target), U64(fence))
#undef S

#define S msg_chunk
SHAPE(chunk, msg_chunk, chunk, WORD(kind, blob_kind, BLOB_SCRIPT), HASH(hash), U64(offset), U64(total),
      BYTES(bytes, LIMIT_CHUNK))
#undef S

#define S msg_ping
SHAPE(ping, msg_ping, ping, U64(nonce))
#undef S

#define S msg_pong
SHAPE(pong, msg_pong, pong, U64(nonce))
#undef S

/* ---- operators ---- */

#define S selection
SHAPE(selection, selection, selection, LINE(labels, LIMIT_TEXT), NAMES(globs, LIMIT_GLOBS, LIMIT_TEXT, RULE_NAME))
#undef S

#define S page
SHAPE(page, page, page, U64(offset), U64(limit))
#undef S

#define S plan_request
SHAPE(plan_request, plan_request, plan_request, WORD(command, plan_command, PLAN_STAMP),
      NAMES(targets, LIMIT_EXPRESSIONS, LIMIT_TEXT, RULE_NAME), BOOL(all_modules), NAME(module), BOOL(cascade),
      BOOL(purge))
#undef S

#define S goal
SHAPE(goal, goal, goal, ONE(request, plan_request), ONE(selection, selection))
#undef S

#define S msg_status
SHAPE(status, msg_status, status_request, ONE(selection, selection), BOOL(summary_only), ONE(page, page))
#undef S

#define S msg_plan
SHAPE(plan, msg_plan, dry_run, ONE(goal, goal))
#undef S

#define S msg_rollout_list
SHAPE(rollout_list, msg_rollout_list, rollout_list, ONE(page, page))
#undef S

#define S msg_rollout_show
SHAPE(rollout_show, msg_rollout_show, rollout_show, NAME(rollout), BOOL(problems_only), ONE(page, page))
#undef S

#define S msg_rollout_watch
SHAPE(rollout_watch, msg_rollout_watch, rollout_watch, NAME(rollout), U64(cursor))
#undef S

#define S msg_agent_list
SHAPE(agent_list, msg_agent_list, agent_list, ONE(page, page))
#undef S

#define S msg_blobs_have
SHAPE(blobs_have, msg_blobs_have, blobs_have, HASHES(hashes, LIMIT_HASHES))
#undef S

#define S msg_blob_put
SHAPE(blob_put, msg_blob_put, blob_put, HASH(hash), U64(offset), U64(total), BYTES(bytes, LIMIT_CHUNK))
#undef S

#define S msg_push
SHAPE(push, msg_push, push, HASH(manifest))
#undef S

#define S msg_rollout_start
SHAPE(rollout_start, msg_rollout_start, rollout_start, ROW(id, ROW_FIXED, .max = sizeof(struct msg_id16)),
      ONE(goal, goal), U32(parallel), U32(max_failures), ONE(options, apply_options))
#undef S

#define S msg_rollout_cancel
SHAPE(rollout_cancel, msg_rollout_cancel, rollout_cancel, NAME(rollout))
#undef S

#define S msg_resolve
SHAPE(resolve, msg_resolve, resolve, NAME(target), WORD(resolution, resolution_kind, RESOLVE_ACCEPT))
#undef S

#define S msg_agent_accept
SHAPE(agent_accept, msg_agent_accept, agent_accept, NAME(name), WORD(role, role, ROLE_COORDINATOR),
      LINE(public_key, LIMIT_KEY))
#undef S

#define S msg_agent_revoke
SHAPE(agent_revoke, msg_agent_revoke, agent_revoke, NAME(name))
#undef S

#define S msg_ok
SHAPE(ok, msg_ok, ok, TEXT(text, LIMIT_TEXT))
#undef S

#define S msg_error
SHAPE(error, msg_error, refusal, ONE(err, err))
#undef S

#define S target_row
SHAPE(target_row, target_row, target_row, NAME(name), NAME(agent), WORD(engine, engine, ENGINE_COUNT - 1),
      ONE(labels, labels), WORD(status, target_status, TARGET_STATUS_COUNT - 1), TEXT(problem, LIMIT_TEXT),
      ONE(state, dbstate), BOOL(state_known), U32(pending), I64(seen_ms))
#undef S

#define S msg_status_reply
SHAPE(status_reply, msg_status_reply, status_reply, U64(total), NUMBERS(counts, TARGET_STATUS_COUNT), U64(agents),
      U64(agents_connected), U64(bundle), U64(revisions), MANY(rows, target_row, LIMIT_ROWS), U64(next))
#undef S

#define S plan_group
SHAPE(plan_group, plan_group, plan_group, U64(targets), NAMES(names, LIMIT_ROWS, LIMIT_NAME, RULE_NAME),
      WORD(engine, engine, ENGINE_COUNT - 1), ONE(before, dbstate), BOOL(refused), ONE(err, err), ONE(plan, plan_value))
#undef S

#define S msg_plan_reply
SHAPE(plan_reply, msg_plan_reply, plan_reply, U64(total), U64(unknown), MANY(groups, plan_group, LIMIT_ROWS),
      U64(dropped))
#undef S

#define S rollout_row
SHAPE(rollout_row, rollout_row, rollout_row, NAME(id), ONE(goal, goal), WORD(status, rollout_status, ROLLOUT_CANCELLED),
      TEXT(reason, LIMIT_TEXT), NAME(principal), I64(created_ms), I64(ended_ms), U32(parallel), U32(max_failures),
      U64(total), NUMBERS(counts, OP_STATE_COUNT))
#undef S

#define S op_row
SHAPE(op_row, op_row, op_row, NAME(target), NAME(agent), WORD(state, op_state, OP_STATE_COUNT - 1),
      WORD(end, op_state, OP_STATE_COUNT - 1), BOOL(unreachable), U32(tries), U32(step), U32(steps),
      TEXT(sentence, LIMIT_TEXT), ONE(err, err), HASH(plan), I64(updated_ms))
#undef S

#define S msg_rollouts
SHAPE(rollouts, msg_rollouts, rollouts, MANY(rows, rollout_row, LIMIT_ROWS), U64(next))
#undef S

#define S msg_rollout
SHAPE(rollout, msg_rollout, rollout, ONE(rollout, rollout_row), MANY(ops, op_row, LIMIT_ROWS), U64(next), U64(cursor))
#undef S

#define S agent_row
SHAPE(agent_row, agent_row, agent_row, NAME(name), WORD(role, role, ROLE_COORDINATOR),
      WORD(status, principal_status, PRINCIPAL_REVOKED), LINE(public_key, LIMIT_KEY), LINE(software, LIMIT_NAME),
      LINE(address, LIMIT_NAME), BOOL(connected), U64(targets), I64(seen_ms))
#undef S

#define S msg_agents
SHAPE(agents, msg_agents, agents, MANY(rows, agent_row, LIMIT_ROWS), U64(next))
#undef S

#define S msg_blobs_lack
SHAPE(blobs_lack, msg_blobs_lack, blobs_lack, HASHES(hashes, LIMIT_HASHES))
#undef S

#define S diag_item
SHAPE(finding, diag_item, finding, WORD(severity, diag_severity, DIAG_ERROR), CSTR(kind), LINE(path, LIMIT_TEXT),
      U32(line), U32(column), CSTR(text), CSTR(hint))
#undef S

#define S msg_pushed
SHAPE(pushed, msg_pushed, pushed, BOOL(accepted), U64(bundle), U64(revisions), U64(added), U64(removed),
      MANY(findings, finding, LIMIT_FINDINGS), U64(dropped))
#undef S

/* ---- the envelope: four numbers, then one row a kind in the order of the enum ---- */

#define S msg
#define KIND(tag, member, senders) ONE(member, member),
SHAPE(envelope, msg, envelope, U32(version), U64(id), U64(re), U64(term), MSG_KINDS(KIND))
#undef KIND
#undef S

static_assert(sizeof(envelope_rows) / sizeof(envelope_rows[0]) == ENVELOPE_NUMBERS + MSG_COUNT - 1,
              "a row for every kind");

static size_t kind_row(enum msg_kind kind)
{
    return ENVELOPE_NUMBERS + (size_t)kind - 1;
}

struct str codec_encode(struct arena *a, const struct msg *m)
{
    ProtobufCMessage *envelope = arena_alloc(a, envelope_shape.pb->sizeof_message);
    protobuf_c_message_init(envelope_shape.pb, envelope);
    for (size_t i = 0; i < ENVELOPE_NUMBERS; i++)
        row_encode(a, &envelope_rows[i], &envelope_shape.pb->fields[i], m, envelope);
    if (m->kind > MSG_UNSET && m->kind < MSG_COUNT) {
        size_t row = kind_row(m->kind);
        row_encode(a, &envelope_rows[row], &envelope_shape.pb->fields[row], m, envelope);
    }
    return shape_pack(a, envelope);
}

static enum msg_kind kind_of(const Skein__Envelope *envelope)
{
    for (int kind = MSG_UNSET + 1; kind < MSG_COUNT; kind++)
        if (envelope_shape.pb->fields[kind_row((enum msg_kind)kind)].id == (uint32_t)envelope->body_case)
            return (enum msg_kind)kind;
    return MSG_UNSET;
}

static bool envelope_decode(struct arena *a, const ProtobufCMessage *envelope, struct msg *m, struct err *err)
{
    for (size_t i = 0; i < ENVELOPE_NUMBERS; i++)
        if (!row_decode(a, &envelope_rows[i], &envelope_shape.pb->fields[i], envelope, m, err))
            return false;
    enum msg_kind kind = kind_of((const Skein__Envelope *)(const void *)envelope);
    if (kind == MSG_UNSET)
        return err_kind(err, ERR_INPUT, "unknown_kind", "a message is of a kind that this version does not know");
    m->kind = kind;
    size_t row = kind_row(kind);
    return row_decode(a, &envelope_rows[row], &envelope_shape.pb->fields[row], envelope, m, err);
}

bool codec_decode(struct arena *a, struct str bytes, struct msg *ret_message, struct err *err)
{
    memset(ret_message, 0, sizeof(*ret_message));
    if (bytes.len > LIMIT_MESSAGE)
        return err_set(err, ERR_LIMIT, "a message is larger than %d bytes", (int)LIMIT_MESSAGE);
    if (!shape_check(&envelope_shape, bytes, err))
        return false;
    const ProtobufCMessage *envelope = shape_unpack(a, &envelope_shape, bytes, LIMIT_DECODE, err);
    return envelope != NULL && envelope_decode(a, envelope, ret_message, err);
}

const struct shape *codec_envelope_shape(void)
{
    return &envelope_shape;
}

const struct shape *codec_script_shape(void)
{
    return &script_shape;
}

const struct shape *codec_plan_shape(void)
{
    return &plan_value_shape;
}
