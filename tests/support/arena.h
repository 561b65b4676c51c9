/* One arena a test: for cmocka_unit_test_setup_teardown() and its kin. */
#pragma once

#include "skein/base/arena.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}
