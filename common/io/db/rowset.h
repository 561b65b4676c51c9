/*
 * The changes to version tables that a run of steps amounts to. Steps change rows as Alembic would, one after
 * the other; in one transaction only what differs between the beginning and the end has to be written: a
 * thousand steps of one line are one UPDATE. The rows at the end are the same.
 */
#pragma once

#include "skein/base/arena.h"
#include "skein/plan/plan.h"

struct row_changes {
    VEC(struct row_change) list; /* in an order in which no UPDATE meets a row that is still there */
};

/* The net of steps first .. end-1. */
struct row_changes rowset_net(struct arena *a, const struct plan *plan, size_t first, size_t end);
