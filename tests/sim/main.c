/* sim --seed N [--count N] [--mutant NAME] [--trace]: runs seeds, prints the first that breaks something. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

static enum mutant mutant_named(const char *name)
{
    for (int i = 0; i < MUTANT_COUNT; i++)
        if (strcmp(mutant_name((enum mutant)i), name) == 0)
            return (enum mutant)i;
    fprintf(stderr, "sim: there is no mutant '%s'\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    unsigned long long seed = 1, count = 1, events = 0;
    enum mutant mutant = MUTANT_NONE;
    bool traced = false;
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--trace") == 0) {
            traced = true;
        } else if (more && strcmp(argv[i], "--seed") == 0) {
            seed = strtoull(argv[++i], NULL, 10);
        } else if (more && strcmp(argv[i], "--count") == 0) {
            count = strtoull(argv[++i], NULL, 10);
        } else if (more && strcmp(argv[i], "--mutant") == 0) {
            mutant = mutant_named(argv[++i]);
        } else {
            fprintf(stderr, "usage: sim [--seed N] [--count N] [--mutant NAME] [--trace]\n");
            return 2;
        }
    }
    for (unsigned long long s = seed; s < seed + count; s++) {
        struct world *w = world_new(s, mutant, traced);
        bool ok = world_run(w);
        events += w->event_count;
        if (!ok)
            printf("seed %llu: %s\n", s, w->violation);
        world_free(w);
        if (!ok)
            return 1;
    }
    printf("%llu seeds, %llu events: no invariant was violated\n", count, events);
    return 0;
}
