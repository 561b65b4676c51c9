/* Which texts a step runs, and the hash over them. Cutting is in script_build.c: agents do not cut. */
#include "common/core/plan/script_text.h"

#include "skein/sql/classify.h"

static const char *const names[] = {"unset", "up", "down", "stamp"};

const char *direction_name(enum direction direction)
{
    return direction <= DIRECTION_STAMP ? names[direction] : "unset";
}

bool direction_parse(struct str name, enum direction *ret_direction)
{
    for (int i = DIRECTION_UP; i <= DIRECTION_STAMP; i++)
        if (str_is(name, names[i])) {
            *ret_direction = (enum direction)i;
            return true;
        }
    return false;
}

static struct script_part part_of(const struct section *s)
{
    return s != NULL ? (struct script_part){.sql = s->sql, .line = s->line} : (struct script_part){.sql = STR("")};
}

/* Over engine, options and texts. */
static struct hash script_hash(const struct script *s)
{
    struct hasher h;
    hasher_init(&h);
    hasher_field(&h, STR("skein script 1"));
    hasher_field(&h, str_of(engine_name(s->engine)));
    hasher_u64(&h, s->transactional);
    hasher_u64(&h, (uint64_t)s->lock_timeout_ms);
    hasher_u64(&h, (uint64_t)s->statement_timeout_ms);
    hasher_field(&h, s->body.sql);
    hasher_field(&h, s->verify.sql);
    hasher_field(&h, s->probe.sql);
    return hasher_end(&h);
}

struct script script_texts(const struct revision *r, enum direction direction, enum engine engine)
{
    bool up = direction == DIRECTION_UP;
    const struct section *body = NULL;
    if (direction != DIRECTION_STAMP)
        body = revision_section(r, up ? SECTION_UP : SECTION_DOWN, engine);
    struct script s = {
        .engine = engine,
        .transactional = body == NULL || body->transactional,
        .lock_timeout_ms = body != NULL ? body->lock_timeout_ms : TIMEOUT_DEFAULT,
        .statement_timeout_ms = body != NULL ? body->statement_timeout_ms : TIMEOUT_DEFAULT,
        .path = r->path,
        .body = part_of(body),
        .verify = part_of(up ? revision_section(r, SECTION_VERIFY, engine) : NULL),
        .probe = part_of(up ? revision_section(r, SECTION_PROBE, engine) : NULL),
    };
    s.hash = script_hash(&s);
    return s;
}

struct hash script_hash_of(const struct revision *r, enum direction direction, enum engine engine)
{
    return script_texts(r, direction, engine).hash;
}

bool script_ends_transaction(const struct script *s)
{
    for (size_t i = 0; s != NULL && s->engine == ENGINE_POSTGRESQL && i < s->body.statements.list.count; i++) {
        const struct statement *cut = &s->body.statements.list.items[i];
        if (statement_adds_label((struct str){s->body.sql.p + cut->start, cut->len}))
            return true;
    }
    return false;
}

bool script_verify(const struct script *s, const struct hash *expected)
{
    struct hash hash = script_hash(s);
    return hash_eq(&hash, expected) && hash_eq(&s->hash, expected) &&
           statements_cover(s->engine, &s->body.statements, s->body.sql) &&
           statements_cover(s->engine, &s->verify.statements, s->verify.sql) &&
           statements_cover(s->engine, &s->probe.statements, s->probe.sql);
}
