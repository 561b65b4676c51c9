/*
 * The order of the moments: a topological sort that takes, of what could come next, what a reader expects first.
 *
 * An edge may be a wish: a table waits for the tables that its foreign keys lead to, so that they can be written in
 * its CREATE TABLE. Where wishes make a circle they give way.
 */
#include "common/core/schema/diff_pg.h"

#include <stdint.h>
#include <stdlib.h>

enum { RANKS = 64 };

struct edge {
    size_t from, to;
    bool wish;
};

struct ordering {
    struct pg_diff *d;
    struct {
        VEC(struct edge) list;
    } edges;
    size_t nodes;
    size_t *priority;        /* of a node: lower is earlier */
    size_t *by_priority;     /* the nodes, sorted */
    size_t *first, *edge_of; /* the edges that leave a node */
    size_t *blockers, *wishes;
    size_t *heap, heap_count; /* priorities of the nodes that are ready */
    bool *done;
};

static size_t node(const struct pg_diff *d, const struct pg_item *item, enum pg_moment moment)
{
    return (size_t)(item - d->items.list.items) * PG_MOMENTS + (size_t)moment;
}

static void edge(struct ordering *o, size_t from, size_t to, bool wish)
{
    struct edge e = {from, to, wish};
    if (from != to)
        vec_push(o->d->a, &o->edges.list, e);
}

static struct pg_item *item_of(struct pg_diff *d, const size_t *items, size_t number)
{
    return &d->items.list.items[items[number]];
}

/* ---- edges ---- */

static bool has_off(const struct pg_item *item)
{
    return item->change == PG_RELEASE || item->change == PG_REPLACE || item->change == PG_DROP;
}

static bool disturbs(struct pg_diff *d, const struct pg_item *item)
{
    const struct object *from = pg_from(d, item->from), *to = pg_to(d, item->to);
    const struct pg_kind *kind = from != NULL ? pg_kind_of(from->kind) : NULL;
    bool altered = item->change == PG_ALTER || item->change == PG_RELEASE;
    return altered && kind != NULL && kind->disturbs != NULL && kind->disturbs(d, from, to);
}

static bool needs(const struct pg_diff *d, const struct pg_item *item, const struct pg_item *needed)
{
    const struct object *to = pg_to(d, item->to);
    for (size_t i = 0; to != NULL && needed->to != SIZE_MAX && i < to->needs.list.count; i++)
        if (to->needs.list.items[i] == needed->to)
            return true;
    return false;
}

static const struct pg_item *table_item(struct pg_diff *d, const struct schema *s, const struct object *o)
{
    const struct object *table = o->table.len > 0 ? pg_table_of(s, o) : NULL;
    if (table == NULL)
        return NULL;
    return s == d->from ? pg_item_from(d, table) : pg_item_to(d, table);
}

/* `item` needs `needed` in `from`. */
static void from_edges(struct ordering *o, const struct pg_item *item, const struct pg_item *needed)
{
    struct pg_diff *d = o->d;
    edge(o, node(d, item, PG_OFF), node(d, needed, PG_OFF), false);
    bool key = has_off(item) && str_is(object_get(pg_from(d, item->from), "type"), "p") &&
               pg_from(d, item->from)->kind == OBJECT_CONSTRAINT &&
               pg_from(d, needed->from)->kind == OBJECT_COLUMN; /* its columns are NOT NULL as long as it is there */
    if (has_off(item) && (key || disturbs(d, needed)))
        edge(o, node(d, item, PG_OFF), node(d, needed, PG_ON), false);
    if (item->change == PG_ALTER && needed->change == PG_DROP && !needs(d, item, needed))
        edge(o, node(d, item, PG_ON), node(d, needed, PG_OFF), false);
    edge(o, node(d, item, PG_OFF), node(d, needed, PG_END), false);
    edge(o, node(d, item, PG_ON), node(d, needed, PG_END), false);
    edge(o, node(d, item, PG_END), node(d, needed, PG_END), true);
    /* What goes with its table goes when the table goes. */
    const struct pg_item *table = pg_off_implied(d, item) ? table_item(d, d->from, pg_from(d, item->from)) : NULL;
    if (table != NULL && table != needed)
        edge(o, node(d, table, PG_OFF), node(d, needed, PG_OFF), true);
}

/* The table that is made, when `to` is written in its CREATE TABLE. */
static const struct pg_item *made_table(struct pg_diff *d, const struct object *to)
{
    const struct pg_item *table = table_item(d, d->to, to);
    bool made = table != NULL && (table->change == PG_CREATE || table->change == PG_REPLACE);
    return made && (to->kind == OBJECT_COLUMN || to->kind == OBJECT_CONSTRAINT) ? table : NULL;
}

/* `item` needs `needed` in `to`. */
static void to_edges(struct ordering *o, const struct pg_item *item, const struct pg_item *needed)
{
    struct pg_diff *d = o->d;
    const struct object *to = pg_to(d, item->to), *other = pg_to(d, needed->to);
    if (other->kind == OBJECT_SEQUENCE && to->kind == OBJECT_COLUMN && pg_serial_column(d, d->to, other) == to)
        return; /* writing the column makes the sequence */
    edge(o, node(d, needed, PG_ON), node(d, item, PG_ON), false);
    edge(o, node(d, item, PG_ON), node(d, needed, PG_END), false);
    const struct pg_item *table = made_table(d, to);
    if (table != NULL && table_item(d, d->to, other) != table && table != needed)
        edge(o, node(d, needed, PG_ON), node(d, table, PG_ON), to->kind == OBJECT_CONSTRAINT);
}

/* A sequence that stays is let go before the column that owned it goes. */
static void former_owner_edges(struct ordering *o, const struct pg_item *item, const struct object *from)
{
    struct pg_diff *d = o->d;
    size_t column = schema_find(d->from, OBJECT_COLUMN, object_get(from, "owner_schema"),
                                object_get(from, "owner_table"), object_get(from, "owner_column"));
    if (column == SIZE_MAX || item->change != PG_ALTER)
        return;
    const struct pg_item *owner = item_of(d, d->from_items, column);
    const struct pg_item *table = table_item(d, d->from, pg_from(d, column));
    if (!pg_is_unmade(owner))
        return;
    edge(o, node(d, item, PG_ON), node(d, owner, PG_OFF), false);
    if (table != NULL && pg_is_unmade(table))
        edge(o, node(d, item, PG_ON), node(d, table, PG_OFF), false);
}

/* A sequence comes with, or is tied to, the column that owns it. */
static void owner_edges(struct ordering *o, const struct pg_item *item, const struct object *to)
{
    struct pg_diff *d = o->d;
    size_t column = schema_find(d->to, OBJECT_COLUMN, object_get(to, "owner_schema"), object_get(to, "owner_table"),
                                object_get(to, "owner_column"));
    if (column == SIZE_MAX)
        return;
    const struct pg_item *owner = item_of(d, d->to_items, column);
    edge(o, node(d, owner, PG_ON), node(d, item, PG_END), false);
    if (pg_serial_column(d, d->to, to) != NULL)
        edge(o, node(d, owner, PG_ON), node(d, item, PG_ON), false);
}

static void item_edges(struct ordering *o, const struct pg_item *item)
{
    struct pg_diff *d = o->d;
    const struct object *from = pg_from(d, item->from), *to = pg_to(d, item->to);
    if (item->change == PG_RELEASE || item->change == PG_REPLACE)
        edge(o, node(d, item, PG_OFF), node(d, item, PG_ON), false);
    edge(o, node(d, item, PG_ON), node(d, item, PG_END), false);
    for (size_t i = 0; from != NULL && i < from->needs.list.count; i++)
        from_edges(o, item, item_of(d, d->from_items, from->needs.list.items[i]));
    for (size_t i = 0; to != NULL && i < to->needs.list.count; i++)
        to_edges(o, item, item_of(d, d->to_items, to->needs.list.items[i]));
    for (size_t i = 0; to != NULL && i < to->reads.list.count; i++)
        edge(o, node(d, item_of(d, d->to_items, to->reads.list.items[i]), PG_ON), node(d, item, PG_ON), true);
    if (to != NULL && to->kind == OBJECT_SEQUENCE)
        owner_edges(o, item, to);
    if (from != NULL && from->kind == OBJECT_SEQUENCE)
        former_owner_edges(o, item, from);
}

/* ---- names that are free only when their holder is gone ---- */

static bool is_relation_name(const struct object *o)
{
    static const bool relations[OBJECT_KIND_COUNT] = {
        [OBJECT_TABLE] = true, [OBJECT_SEQUENCE] = true, [OBJECT_INDEX] = true,
        [OBJECT_VIEW] = true,  [OBJECT_MATVIEW] = true,  [OBJECT_COMPOSITE] = true,
    };
    struct str type = object_get(o, "type");
    if (o->kind == OBJECT_CONSTRAINT)
        return str_is(type, "p") || str_is(type, "u") || str_is(type, "x");
    return o->kind == OBJECT_COLUMN ? pg_has(o, "seq_name") : relations[o->kind];
}

static bool is_type_name(const struct object *o)
{
    return o->kind == OBJECT_TABLE || o->kind == OBJECT_VIEW || o->kind == OBJECT_MATVIEW ||
           o->kind == OBJECT_COMPOSITE || o->kind == OBJECT_ENUM || o->kind == OBJECT_DOMAIN || o->kind == OBJECT_RANGE;
}

/* An identity column holds the name of its sequence. */
static struct str held_name(const struct object *o)
{
    return o->kind == OBJECT_COLUMN ? object_get(o, "seq_name") : o->name;
}

static struct str name_key(struct arena *a, const struct object *o, const char *space)
{
    struct str name = held_name(o);
    return str_printf(a, "%s %zu.%.*s.%.*s", space, o->schema.len, STR_ARG(o->schema), STR_ARG(name));
}

/* Constraints of one table share names whatever their kinds. */
static size_t name_keys(struct arena *a, const struct object *o, struct str keys[3])
{
    size_t count = 0;
    if (is_relation_name(o))
        keys[count++] = name_key(a, o, "relation");
    if (is_type_name(o))
        keys[count++] = name_key(a, o, "type");
    if (o->kind == OBJECT_CONSTRAINT)
        keys[count++] = object_key(a, o->kind, o->schema, o->table, o->name);
    return count;
}

static bool takes_name(const struct pg_diff *d, const struct pg_item *item)
{
    const struct object *from = pg_from(d, item->from), *to = pg_to(d, item->to);
    return item->change != PG_SAME && to != NULL && (from == NULL || !str_eq(held_name(from), held_name(to)));
}

static bool frees_name(const struct pg_diff *d, const struct pg_item *item)
{
    const struct object *from = pg_from(d, item->from), *to = pg_to(d, item->to);
    return item->change != PG_SAME && from != NULL && (to == NULL || !str_eq(held_name(from), held_name(to)));
}

static void name_edges(struct ordering *o)
{
    struct pg_diff *d = o->d;
    struct index holders = {0};
    struct str keys[3];
    for (size_t i = 0; i < d->items.list.count; i++) {
        const struct object *from = pg_from(d, d->items.list.items[i].from);
        if (!frees_name(d, &d->items.list.items[i]))
            continue;
        for (size_t k = name_keys(d->a, from, keys); k > 0; k--)
            index_put(d->a, &holders, keys[k - 1], (uint32_t)i);
    }
    for (size_t i = 0; i < d->items.list.count; i++) {
        const struct pg_item *item = &d->items.list.items[i];
        if (!takes_name(d, item))
            continue;
        for (size_t k = name_keys(d->a, pg_to(d, item->to), keys); k > 0; k--) {
            uint32_t holder = index_find(&holders, keys[k - 1]);
            if (holder == INDEX_NONE || holder == i)
                continue;
            const struct pg_item *other = &d->items.list.items[holder];
            const struct pg_item *table =
                pg_off_implied(d, other) ? table_item(d, d->from, pg_from(d, other->from)) : NULL;
            bool renamed = other->to != SIZE_MAX && other->change == PG_ALTER;
            edge(o, node(d, table != NULL ? table : other, renamed ? PG_ON : PG_OFF), node(d, item, PG_ON), false);
        }
    }
}

/* ---- what a reader expects first ---- */

struct place {
    size_t node;
    unsigned rank;
    const struct object *o;
};

static int compare_places(const void *left, const void *right)
{
    const struct place *l = left, *r = right;
    if (l->rank != r->rank)
        return l->rank < r->rank ? -1 : 1;
    int order = str_cmp(l->o->schema, r->o->schema);
    if (order == 0)
        order = str_cmp(l->o->table, r->o->table);
    if (order == 0 && l->o->position != r->o->position)
        order = l->o->position < r->o->position ? -1 : 1;
    if (order == 0)
        order = str_cmp(l->o->name, r->o->name);
    return order != 0 ? order : l->node < r->node ? -1 : l->node > r->node;
}

/* Offs first, the last kind before the first; then ons, then ends. */
static unsigned rank_of(const struct object *o, enum pg_moment moment)
{
    const struct pg_kind *kind = pg_kind_of(o->kind);
    unsigned rank = kind != NULL ? kind->rank : 0;
    return moment == PG_OFF ? RANKS - rank : moment == PG_ON ? 2 * RANKS + rank : 4 * RANKS + rank;
}

static void set_priorities(struct ordering *o)
{
    struct pg_diff *d = o->d;
    struct place *places = arena_new_array(d->a, o->nodes, struct place);
    for (size_t i = 0; i < o->nodes; i++) {
        const struct pg_item *item = &d->items.list.items[i / PG_MOMENTS];
        const struct object *from = pg_from(d, item->from), *to = pg_to(d, item->to);
        const struct object *known = i % PG_MOMENTS == PG_OFF ? (from != NULL ? from : to) : (to != NULL ? to : from);
        places[i] = (struct place){.node = i, .o = known, .rank = rank_of(known, (enum pg_moment)(i % PG_MOMENTS))};
    }
    qsort(places, o->nodes, sizeof(*places), compare_places);
    for (size_t i = 0; i < o->nodes; i++) {
        o->priority[places[i].node] = i;
        o->by_priority[i] = places[i].node;
    }
}

/* ---- the sort ---- */

static void heap_push(struct ordering *o, size_t value)
{
    size_t i = o->heap_count++;
    while (i > 0 && o->heap[(i - 1) / 2] > value) {
        o->heap[i] = o->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    o->heap[i] = value;
}

static size_t heap_pop(struct ordering *o)
{
    size_t top = o->heap[0], value = o->heap[--o->heap_count], i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= o->heap_count)
            break;
        if (child + 1 < o->heap_count && o->heap[child + 1] < o->heap[child])
            child++;
        if (o->heap[child] >= value)
            break;
        o->heap[i] = o->heap[child];
        i = child;
    }
    o->heap[i] = value;
    return top;
}

static void set_edges(struct ordering *o)
{
    size_t count = o->edges.list.count;
    o->first = arena_new_array(o->d->a, o->nodes + 2, size_t);
    o->edge_of = arena_new_array(o->d->a, count, size_t);
    for (size_t i = 0; i < count; i++) {
        const struct edge *e = &o->edges.list.items[i];
        o->first[e->from + 2]++;
        if (e->wish)
            o->wishes[e->to]++;
        else
            o->blockers[e->to]++;
    }
    for (size_t i = 2; i < o->nodes + 2; i++)
        o->first[i] += o->first[i - 1];
    for (size_t i = 0; i < count; i++)
        o->edge_of[o->first[o->edges.list.items[i].from + 1]++] = i;
}

/* In a circle: what only wishes hold back, else simply what would come first. */
static size_t pick_stuck(const struct ordering *o)
{
    size_t any = SIZE_MAX;
    for (size_t i = 0; i < o->nodes; i++) {
        size_t candidate = o->by_priority[i];
        if (o->done[candidate])
            continue;
        if (o->blockers[candidate] == 0)
            return candidate;
        if (any == SIZE_MAX)
            any = candidate;
    }
    return any;
}

static void finish_node(struct ordering *o, size_t done)
{
    o->done[done] = true;
    for (size_t i = o->first[done]; i < o->first[done + 1]; i++) {
        const struct edge *e = &o->edges.list.items[o->edge_of[i]];
        size_t *count = e->wish ? &o->wishes[e->to] : &o->blockers[e->to];
        --*count;
        if (o->blockers[e->to] == 0 && o->wishes[e->to] == 0 && !o->done[e->to])
            heap_push(o, o->priority[e->to]);
    }
}

static size_t next_node(struct ordering *o)
{
    while (o->heap_count > 0) {
        size_t ready = o->by_priority[heap_pop(o)];
        if (!o->done[ready])
            return ready;
    }
    return pick_stuck(o);
}

size_t *pg_order(struct pg_diff *d, size_t *ret_count)
{
    struct ordering o = {.d = d, .nodes = d->items.list.count * PG_MOMENTS};
    o.priority = arena_new_array(d->a, o.nodes, size_t);
    o.by_priority = arena_new_array(d->a, o.nodes, size_t);
    o.blockers = arena_new_array(d->a, o.nodes, size_t);
    o.wishes = arena_new_array(d->a, o.nodes, size_t);
    o.done = arena_new_array(d->a, o.nodes, bool);
    for (size_t i = 0; i < d->items.list.count; i++)
        item_edges(&o, &d->items.list.items[i]);
    name_edges(&o);
    set_priorities(&o);
    set_edges(&o);
    o.heap = arena_new_array(d->a, o.edges.list.count + o.nodes, size_t);
    for (size_t i = 0; i < o.nodes; i++)
        if (o.blockers[i] == 0 && o.wishes[i] == 0)
            heap_push(&o, o.priority[i]);
    size_t *order = arena_new_array(d->a, o.nodes, size_t);
    for (size_t i = 0; i < o.nodes; i++) {
        order[i] = next_node(&o);
        finish_node(&o, order[i]);
    }
    *ret_count = o.nodes;
    return order;
}
