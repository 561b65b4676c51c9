/*
 * Expressions that differ in their spelling only.
 *
 * Where an object of both schemas has another text, each side's text is run again in its own database, in a
 * transaction that is rolled back, and read from the catalog again; up to ROUNDS times. Texts whose rows of spellings
 * meet mean the same: the object of `from` takes over the spelling of `to`. Only such pairs are asked about, all of
 * them in one go: a round costs two statements a pair and one reading of each catalog.
 */
#include <stdint.h>

#include "common/io/db/introspect.h"
#include "skein/schema/probe_pg.h"

enum { ROUNDS = 3 };

/* An object that both schemas have, with an expression that differs. */
struct pair {
    size_t from, to;
    bool settled;
};

struct pairs {
    VEC(struct pair) list;
};

/* One side: its database, and how each pair's object reads after each round. */
struct side {
    struct db *db;
    const struct object *rounds[ROUNDS + 2]; /* by pair; kind unset: not known */
    size_t count;                            /* rounds that are known */
};

/* Other constraints and indexes hold no expression: their text differs when they differ. */
static bool has_expression(const struct object *o)
{
    struct str type = object_get(o, "type");
    if (o->kind == OBJECT_CONSTRAINT)
        return object_get(o, "domain").p != NULL || str_is(type, "c") || str_is(type, "x");
    return o->kind != OBJECT_INDEX || object_get(o, "expression").p != NULL;
}

static bool differs(const struct object *from, const struct object *to)
{
    for (size_t i = 0; probe_pg_key(from->kind, i) != NULL; i++) {
        const char *key = probe_pg_key(from->kind, i);
        if (!str_eq(object_get(from, key), object_get(to, key)))
            return true;
    }
    return false;
}

static struct pairs find_pairs(struct arena *a, const struct schema *from, const struct schema *to)
{
    struct pairs pairs = {0};
    for (size_t i = 0; i < from->objects.list.count; i++) {
        const struct object *o = &from->objects.list.items[i];
        size_t other =
            probe_pg_key(o->kind, 0) != NULL ? schema_find(to, o->kind, o->schema, o->table, o->name) : SIZE_MAX;
        if (other != SIZE_MAX && has_expression(o) && differs(o, &to->objects.list.items[other]))
            vec_push(a, &pairs.list, ((struct pair){.from = i, .to = other}));
    }
    return pairs;
}

/* ---- one round of one side ---- */

static struct db_item statement(struct str sql)
{
    return (struct db_item){.kind = DB_ITEM_SQL, .sql = sql};
}

/* False: the text does not run again; the transaction is as before. */
static bool run_probe(struct db *db, struct arena *a, const struct probe_pg *probe, struct err *err)
{
    struct {
        VEC(struct db_item) list;
    } items = {0};
    vec_push(a, &items.list, statement(STR("SAVEPOINT skein_probe")));
    for (size_t i = 0; i < probe->statements.list.count; i++)
        vec_push(a, &items.list, statement(probe->statements.list.items[i]));
    vec_push(a, &items.list, statement(STR("RELEASE SAVEPOINT skein_probe")));
    struct db_batch batch = {.items = items.list.items, .count = items.list.count};
    if (db_run(db, a, &batch, err))
        return true;
    struct err ignored;
    db_exec(db, STR("ROLLBACK TO SAVEPOINT skein_probe"), NULL, 0, &ignored);
    return false;
}

/* The objects as they read after their texts were run once more. */
static bool run_round(struct side *side, struct arena *a, const struct pairs *pairs, struct err *err)
{
    const struct object *now = side->rounds[side->count - 1];
    struct object *next = arena_new_array(a, pairs->list.count, struct object);
    struct probe_pg *probes = arena_new_array(a, pairs->list.count, struct probe_pg);
    struct schema schema;
    for (size_t i = 0; i < pairs->list.count; i++) {
        unsigned number = (unsigned)(side->count * pairs->list.count + i);
        bool wanted = !pairs->list.items[i].settled && now[i].kind != OBJECT_UNSET;
        if (!wanted || !probe_pg_build(a, &now[i], number, &probes[i]) || !run_probe(side->db, a, &probes[i], err))
            probes[i].kind = OBJECT_UNSET;
    }
    if (!introspect_here(side->db, a, &schema, err))
        return false;
    for (size_t i = 0; i < pairs->list.count; i++) {
        size_t found = SIZE_MAX;
        if (probes[i].kind != OBJECT_UNSET)
            found = schema_find(&schema, probes[i].kind, probes[i].schema, probes[i].table, probes[i].name);
        if (found == SIZE_MAX)
            continue;
        next[i] = now[i];
        next[i].properties.list = schema.objects.list.items[found].properties.list;
    }
    side->rounds[side->count++] = next;
    return true;
}

/* ---- both sides ---- */

/* Whether one text of each side's rounds is the same. */
static bool meets(const struct side *from, const struct side *to, size_t pair, const char *key)
{
    for (size_t i = 0; i < from->count; i++)
        for (size_t j = 0; j < to->count; j++) {
            const struct object *left = &from->rounds[i][pair], *right = &to->rounds[j][pair];
            if (left->kind != OBJECT_UNSET && right->kind != OBJECT_UNSET &&
                str_eq(object_get(left, key), object_get(right, key)))
                return true;
        }
    return false;
}

static bool all_meet(const struct side *from, const struct side *to, size_t pair)
{
    enum object_kind kind = from->rounds[0][pair].kind;
    for (size_t i = 0; probe_pg_key(kind, i) != NULL; i++)
        if (!meets(from, to, pair, probe_pg_key(kind, i)))
            return false;
    return true;
}

/* Whether some pair is neither settled nor as it was a round ago. */
static bool goes_on(const struct side *side, const struct pairs *pairs)
{
    const struct object *before = side->rounds[side->count - 2], *now = side->rounds[side->count - 1];
    for (size_t i = 0; i < pairs->list.count; i++)
        if (!pairs->list.items[i].settled && now[i].kind != OBJECT_UNSET && differs(&before[i], &now[i]))
            return true;
    return false;
}

static bool run_rounds(struct side *from, struct side *to, struct arena *a, struct pairs *pairs, struct err *err)
{
    do {
        if (!run_round(from, a, pairs, err) || !run_round(to, a, pairs, err))
            return false;
        for (size_t i = 0; i < pairs->list.count; i++)
            pairs->list.items[i].settled = pairs->list.items[i].settled || all_meet(from, to, i);
    } while (from->count <= ROUNDS && (goes_on(from, pairs) || goes_on(to, pairs)));
    return true;
}

/* The transaction of the probes: names mean what they mean when the catalog is read. */
static bool begin(struct side *side, struct arena *a, struct err *err)
{
    static const struct db_begin how = {0};
    struct db_item items[] = {
        statement(str_printf(a, "SET LOCAL search_path = %.*s", STR_ARG(db_quote_name(a, side->db->schema)))),
        statement(STR("SET LOCAL check_function_bodies = off")),
    };
    struct db_batch batch = {.begin = &how, .items = items, .count = sizeof(items) / sizeof(*items)};
    return db_run(side->db, a, &batch, err);
}

static void take_over(struct arena *a, struct object *from, const struct object *to)
{
    for (size_t i = 0; probe_pg_key(to->kind, i) != NULL; i++) {
        const char *key = probe_pg_key(to->kind, i);
        if (object_get(to, key).p != NULL)
            object_set(a, from, key, object_get(to, key));
    }
}

bool settle_pg(struct db *from_db, struct schema *from, struct db *to_db, const struct schema *to, struct arena *a,
               struct err *err)
{
    struct pairs pairs = find_pairs(a, from, to);
    struct side left = {.db = from_db, .count = 1}, right = {.db = to_db, .count = 1};
    if (pairs.list.count == 0)
        return true;
    struct object *from_texts = arena_new_array(a, pairs.list.count, struct object);
    struct object *to_texts = arena_new_array(a, pairs.list.count, struct object);
    for (size_t i = 0; i < pairs.list.count; i++) {
        from_texts[i] = from->objects.list.items[pairs.list.items[i].from];
        to_texts[i] = to->objects.list.items[pairs.list.items[i].to];
    }
    left.rounds[0] = from_texts;
    right.rounds[0] = to_texts;
    bool ok = begin(&left, a, err) && begin(&right, a, err) && run_rounds(&left, &right, a, &pairs, err);
    db_rollback(from_db);
    db_rollback(to_db);
    for (size_t i = 0; ok && i < pairs.list.count; i++)
        if (pairs.list.items[i].settled)
            take_over(a, &from->objects.list.items[pairs.list.items[i].from],
                      &to->objects.list.items[pairs.list.items[i].to]);
    return ok;
}
