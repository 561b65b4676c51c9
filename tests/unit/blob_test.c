/* Plans and scripts as bytes: what comes back is what was meant, and nothing else is taken for it. */
#include "tests/support/cmocka.h"

#include <string.h>

#include "skein/wire/blob.h"
#include "skein/wire/limits.h"

static struct plan some_plan(struct arena *a)
{
    struct plan p = {.engine = ENGINE_SQLITE};
    struct names none = {0}, heads = {0};
    struct plan_step step = {
        .module = STR("core"), .revision = STR("a1"), .direction = DIRECTION_UP, .transactional = true};
    struct row_change insert = {.kind = ROW_INSERT, .module = STR("core"), .to = STR("a1")};
    vec_push(a, &heads.list, STR("a1"));
    dbstate_set(a, &p.before, STR("billing"), &heads);
    dbstate_set(a, &p.after, STR("billing"), &heads);
    dbstate_set(a, &p.after, STR("core"), &heads);
    vec_push(a, &p.before.modules, ((struct module_state){STR("core"), none})); /* watched, though it has no rows */
    memset(step.script.bytes, 3, HASH_SIZE);
    memset(step.checksum.bytes, 4, HASH_SIZE);
    vec_push(a, &step.rows.list, insert);
    step.heads_after = heads;
    vec_push(a, &p.steps.list, step);
    p.id = plan_hash(&p);
    return p;
}

static struct script some_script(struct arena *a, struct hash *ret_hash)
{
    struct section up = {.kind = SECTION_UP,
                         .transactional = false,
                         .lock_timeout_ms = 250,
                         .statement_timeout_ms = TIMEOUT_DEFAULT,
                         .sql = STR("CREATE TABLE a (x);\nDROP TABLE b;\n"),
                         .line = 7};
    struct revision r = {.id = STR("a1"), .path = STR("versions/a1.sql")};
    struct script s;
    struct err err = {0};
    vec_push(a, &r.sections.list, up);
    if (!script_build(a, &r, DIRECTION_UP, ENGINE_SQLITE, &s, &err))
        fail_msg("%s", err.text);
    assert_int_equal(s.body.statements.list.count, 2);
    *ret_hash = s.hash;
    return s;
}

static void a_plan_comes_back_with_its_hash(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err err = {0};
    struct plan plan = some_plan(&a), back;
    struct str bytes = blob_encode_plan(&a, &plan);
    if (!blob_decode_plan(&a, bytes, &plan.id, &back, &err))
        fail_msg("%s", err.text);
    assert_true(hash_eq(&back.id, &plan.id) && dbstate_eq(&back.after, &plan.after));
    assert_int_equal(back.before.modules.count, 2);
    assert_true(str_is(back.steps.list.items[0].rows.list.items[0].to, "a1"));
    assert_true(str_eq(blob_encode_plan(&a, &back), bytes));
    arena_release(&a);
}

/* Every bit of a plan is vouched for by its hash, save the id that it says itself. */
static void no_altered_plan_is_taken(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err err;
    struct plan plan = some_plan(&a), back;
    struct str bytes = blob_encode_plan(&a, &plan);
    size_t id_end = 2 + HASH_SIZE;
    for (size_t i = id_end; i < bytes.len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            char *altered = arena_copy(&a, bytes.p, bytes.len);
            altered[i] ^= (char)(1U << bit);
            assert_false(blob_decode_plan(&a, (struct str){altered, bytes.len}, &plan.id, &back, &err));
        }
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(blob_decode_plan(&a, str_head(bytes, len), &plan.id, &back, &err));
    arena_release(&a);
}

static void a_script_comes_back_and_is_verified(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err err = {0};
    struct hash hash;
    struct script script = some_script(&a, &hash), back;
    if (!blob_decode_script(&a, blob_encode_script(&a, &script), &hash, &back, &err))
        fail_msg("%s", err.text);
    assert_true(str_eq(back.body.sql, script.body.sql) && !back.transactional && back.lock_timeout_ms == 250);
    assert_int_equal(back.statement_timeout_ms, TIMEOUT_DEFAULT);
    assert_int_equal(back.body.statements.list.count, 2);
    assert_int_equal(back.body.line, 7);

    struct script altered = script;
    altered.body.sql = STR("CREATE TABLE a (x);\nDROP TABLE c;\n");
    assert_false(blob_decode_script(&a, blob_encode_script(&a, &altered), &hash, &back, &err));
    assert_string_equal(err.kind, "hash_mismatch");
    altered = script;
    altered.transactional = true;
    assert_false(blob_decode_script(&a, blob_encode_script(&a, &altered), &hash, &back, &err));
    altered = script;
    altered.body.statements.list.count = 1; /* a cut that hides a statement */
    assert_false(blob_decode_script(&a, blob_encode_script(&a, &altered), &hash, &back, &err));
    arena_release(&a);
}

static void a_blob_beyond_the_limit_is_not_looked_at(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err err = {0};
    struct plan plan;
    struct hash hash = {{1}};
    assert_false(blob_decode_plan(&a, (struct str){"", (size_t)LIMIT_BLOB + 1}, &hash, &plan, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(a.total, 0);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_comes_back_with_its_hash),
        cmocka_unit_test(no_altered_plan_is_taken),
        cmocka_unit_test(a_script_comes_back_and_is_verified),
        cmocka_unit_test(a_blob_beyond_the_limit_is_not_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
