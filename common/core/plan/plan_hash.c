/* The identity of a plan: every field that says what will happen, in order, each with its length. */
#include "skein/plan/plan.h"

static void add_names(struct hasher *h, const struct names *names)
{
    hasher_u64(h, names->list.count);
    for (size_t i = 0; i < names->list.count; i++)
        hasher_field(h, names->list.items[i]);
}

static void add_hash(struct hasher *h, const struct hash *hash)
{
    hasher_field(h, (struct str){(const char *)hash->bytes, HASH_SIZE});
}

static void add_state(struct hasher *h, const struct dbstate *state)
{
    hasher_u64(h, state->modules.count);
    for (size_t i = 0; i < state->modules.count; i++) {
        hasher_field(h, state->modules.items[i].module);
        add_names(h, &state->modules.items[i].heads);
    }
}

static void add_step(struct hasher *h, const struct plan_step *step)
{
    hasher_field(h, step->module);
    hasher_field(h, step->revision);
    hasher_field(h, str_of(direction_name(step->direction)));
    hasher_u64(h, step->transactional);
    add_hash(h, &step->script);
    add_hash(h, &step->checksum);
    hasher_u64(h, step->rows.list.count);
    for (size_t i = 0; i < step->rows.list.count; i++) {
        const struct row_change *c = &step->rows.list.items[i];
        hasher_u64(h, (uint64_t)c->kind);
        hasher_field(h, c->module);
        hasher_field(h, c->from);
        hasher_field(h, c->to);
    }
    add_names(h, &step->heads_after);
}

struct hash plan_hash(const struct plan *plan)
{
    struct hasher h;
    hasher_init(&h);
    hasher_field(&h, STR("skein plan 1"));
    hasher_field(&h, str_of(engine_name(plan->engine)));
    add_state(&h, &plan->before);
    add_state(&h, &plan->after);
    hasher_u64(&h, plan->steps.list.count);
    for (size_t i = 0; i < plan->steps.list.count; i++)
        add_step(&h, &plan->steps.list.items[i]);
    return hasher_end(&h);
}
