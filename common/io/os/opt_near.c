/* "Did you mean ...?" */
#include "skein/os/opt.h"

#include <string.h>

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1 each. */
static size_t distance(const char *a, const char *b)
{
    enum { WORD_MAX = 40 };
    size_t d[WORD_MAX + 1][WORD_MAX + 1], n = strlen(a), m = strlen(b);
    if (n > WORD_MAX || m > WORD_MAX)
        return SIZE_MAX;
    for (size_t i = 0; i <= n; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++) {
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[n][m];
}

/* A third of the word may be wrong, or the word may be the beginning of exactly one name. */
const char *opt_nearest(const char *word, const char *const *names, size_t count)
{
    const char *best = NULL, *prefix = NULL;
    size_t best_distance = SIZE_MAX, prefixes = 0, len = strlen(word);
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, names[i]);
        if (d < best_distance) {
            best_distance = d;
            best = names[i];
        }
        if (len >= 2 && strncmp(names[i], word, len) == 0) {
            prefix = names[i];
            prefixes++;
        }
    }
    if (best != NULL && best_distance <= 1 + len / 4 && best_distance < len)
        return best;
    return prefixes == 1 ? prefix : NULL;
}
