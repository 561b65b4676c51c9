/*
 * Runs a fuzz target over its corpus without libFuzzer: every file as it is, cut short at many places, and with
 * single bytes changed in a fixed order. What a fuzzer found once is found again by every test run.
 *
 *     replay FOLDER
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { VARIANTS_MAX = 200, FILE_SIZE_MAX = 1 << 20 };

/* Runs on a copy of exactly `size` bytes, so that a sanitizer sees a read beyond the end. */
static void run_one(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_variants(uint8_t *bytes, size_t size)
{
    size_t stride = size / VARIANTS_MAX + 1;
    for (size_t i = 0; i < size; i += stride)
        run_one(bytes, i);
    static const uint8_t changes[] = {0x01, 0x80, 0xff};
    for (size_t i = 0; i < size; i += stride) {
        uint8_t change = changes[i % sizeof(changes)];
        bytes[i] ^= change;
        run_one(bytes, size);
        bytes[i] ^= change;
    }
}

static int run_file(const char *folder, const char *name)
{
    static uint8_t bytes[FILE_SIZE_MAX];
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 0;
    }
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    run_one(bytes, size);
    run_variants(bytes, size);
    return 1;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **names = NULL;
    int count = argc == 2 ? scandir(argv[1], &names, is_visible, alphasort) : -1;
    int done = 0;
    for (int i = 0; i < count; i++) {
        done += run_file(argv[1], names[i]->d_name);
        free(names[i]);
    }
    free(names);
    printf("%d of %d files replayed\n", done, count);
    return done > 0 && done == count ? 0 : 1;
}
