#include "common/io/db/rowset.h"

/* A row of a version table while the steps are played: what it was, and what it is. */
struct row {
    struct str module;
    struct str origin; /* `p` is NULL: it was not there */
    struct str value;  /* `p` is NULL: it is gone */
};

struct rows {
    VEC(struct row) list;
};

static struct row *find(struct rows *rows, struct str module, struct str value)
{
    for (size_t i = 0; i < rows->list.count; i++)
        if (rows->list.items[i].value.p != NULL && str_eq(rows->list.items[i].value, value) &&
            str_eq(rows->list.items[i].module, module))
            return &rows->list.items[i];
    return NULL;
}

/* The row that a step names; one that no earlier step wrote was there before. */
static struct row *get(struct arena *a, struct rows *rows, struct str module, struct str value)
{
    struct row *row = find(rows, module, value);
    if (row != NULL)
        return row;
    vec_push(a, &rows->list, ((struct row){.module = module, .origin = value, .value = value}));
    return &rows->list.items[rows->list.count - 1];
}

static void play(struct arena *a, struct rows *rows, const struct row_change *change)
{
    switch (change->kind) {
    case ROW_INSERT:
        vec_push(a, &rows->list, ((struct row){.module = change->module, .value = change->to}));
        break;
    case ROW_UPDATE:
        get(a, rows, change->module, change->from)->value = change->to;
        break;
    case ROW_DELETE:
        get(a, rows, change->module, change->from)->value = STR_NONE;
        break;
    case ROW_UNSET:
        break;
    }
}

static void collect(struct arena *a, const struct rows *rows, enum row_change_kind kind, struct row_changes *out)
{
    for (size_t i = 0; i < rows->list.count; i++) {
        const struct row *row = &rows->list.items[i];
        enum row_change_kind is = row->origin.p == NULL  ? row->value.p == NULL ? ROW_UNSET : ROW_INSERT
                                  : row->value.p == NULL ? ROW_DELETE
                                                         : ROW_UPDATE;
        if (is == kind && !(is == ROW_UPDATE && str_eq(row->origin, row->value)))
            vec_push(a, &out->list, ((struct row_change){kind, row->module, row->origin, row->value}));
    }
}

static bool is_origin(const struct row_changes *changes, const struct row_change *of)
{
    for (size_t i = 0; i < changes->list.count; i++) {
        const struct row_change *c = &changes->list.items[i];
        if (c != of && c->kind == ROW_UPDATE && str_eq(c->module, of->module) && str_eq(c->from, of->to))
            return true;
    }
    return false;
}

/* An UPDATE to a value that another UPDATE has yet to leave becomes DELETE and INSERT: order matters no more. */
static struct row_changes untangle(struct arena *a, const struct row_changes *changes)
{
    struct row_changes deletes = {0}, rest = {0};
    for (size_t i = 0; i < changes->list.count; i++) {
        struct row_change c = changes->list.items[i];
        bool tangled = c.kind == ROW_UPDATE && is_origin(changes, &changes->list.items[i]);
        if (tangled) {
            vec_push(a, &deletes.list, ((struct row_change){ROW_DELETE, c.module, c.from, STR_NONE}));
            c = (struct row_change){ROW_INSERT, c.module, STR_NONE, c.to};
        }
        if (c.kind == ROW_DELETE)
            vec_push(a, &deletes.list, c);
        else
            vec_push(a, &rest.list, c);
    }
    for (enum row_change_kind kind = ROW_UPDATE; kind != ROW_UNSET; kind = kind == ROW_UPDATE ? ROW_INSERT : ROW_UNSET)
        for (size_t i = 0; i < rest.list.count; i++)
            if (rest.list.items[i].kind == kind)
                vec_push(a, &deletes.list, rest.list.items[i]);
    return deletes;
}

struct row_changes rowset_net(struct arena *a, const struct plan *plan, size_t first, size_t end)
{
    struct rows rows = {0};
    struct row_changes all = {0};
    for (size_t i = first; i < end; i++) {
        const struct plan_step *step = &plan->steps.list.items[i];
        for (size_t k = 0; k < step->rows.list.count; k++)
            play(a, &rows, &step->rows.list.items[k]);
    }
    collect(a, &rows, ROW_DELETE, &all);
    collect(a, &rows, ROW_UPDATE, &all);
    collect(a, &rows, ROW_INSERT, &all);
    return untangle(a, &all);
}
