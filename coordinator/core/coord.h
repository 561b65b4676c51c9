/*
 * The coordinator, decided: records and events in, effects out. It opens nothing, sleeps never and asks no
 * clock; coordinator/io performs what it decides, tests/sim does so on virtual time.
 */
#pragma once

#include <stdbool.h>

#include "coordinator/core/effect.h"
#include "coordinator/core/event.h"

struct coord;

struct coord *coord_new(void);
void coord_free(struct coord *c);

/* Folds one stored row; every row in the order of record.h, before COORD_ON_START. False: the row makes no sense. */
bool coord_replay(struct coord *c, const struct record *r, struct err *err);

/* One event. Appends to *fx. */
void coord_step(struct coord *c, const struct coord_event *event, struct coord_effects *fx);

/* Every principal that may connect. `each` returns false to stop. */
void coord_each_principal(const struct coord *c, bool (*each)(void *user, const struct record_principal *p),
                          void *user);

/* Role of a live principal, ROLE_UNSET for a stranger or a revoked one: asked for every message. */
enum role coord_role(const struct coord *c, struct str principal);
