#include "common/core/lint/read.h"

#include <string.h>

#include "skein/sql/grammar.h"
#include "skein/sql/split.h"

/* Column of a byte in its line, from 1. */
static unsigned column_of(struct str sql, size_t at)
{
    size_t start = at;
    while (start > 0 && sql.p[start - 1] != '\n')
        start--;
    return (unsigned)(at - start) + 1;
}

static unsigned lines_between(struct str sql, size_t from, size_t to)
{
    unsigned lines = 0;
    for (size_t i = from; i < to && i < sql.len; i++)
        lines += sql.p[i] == '\n';
    return lines;
}

static bool says_destructive(struct str between)
{
    static const char words[] = "-- destructive:";
    return memmem(between.p, between.len, words, sizeof(words) - 1) != NULL;
}

static void read_statement(struct arena *a, struct str sql, unsigned line, const struct statement *cut, size_t previous,
                           struct reading *r)
{
    struct step step = {.text = str_head(str_from(sql, cut->start), cut->len),
                        .line = line + cut->line - 1,
                        .column = column_of(sql, cut->start),
                        .destroys_knowingly =
                            says_destructive(str_head(str_from(sql, previous), cut->start - previous))};
    struct syntax_error error;
    if (grammar_check(a, r->engine, step.text, &error)) {
        acts_read(a, r->engine, step.text, &step.acts);
    } else {
        size_t at = cut->start + error.offset;
        struct mistake m = {.line = step.line + lines_between(sql, cut->start, at),
                            .column = column_of(sql, at),
                            .statement = step.line,
                            .text = str_of(error.text)};
        vec_push(a, &r->mistakes, m);
    }
    vec_push(a, &r->steps.list, step);
}

/* "LINE:COLUMN" */
static struct mistake mistake_of(const struct err *err, unsigned line)
{
    struct str column = str_of(err->origin), row;
    unsigned long long number = 1, at = 1;
    if (str_next(&column, ':', &row) && str_to_u64(row, UINT32_MAX, &number))
        str_to_u64(column, UINT32_MAX, &at);
    return (struct mistake){.line = line + (unsigned)number - 1, .column = (unsigned)at};
}

void read_text(struct arena *a, enum engine engine, struct str sql, unsigned line, struct reading *ret_reading)
{
    struct reading r = {.engine = engine};
    struct statements cuts = {0};
    struct err err = {0};
    size_t previous = 0;
    if (!sql_split(a, engine, sql, &cuts, &err)) {
        struct mistake m = mistake_of(&err, line);
        m.text = str_copy(a, str_of(err.text));
        vec_push(a, &r.mistakes, m);
    }
    for (size_t i = 0; i < cuts.list.count; i++) {
        read_statement(a, sql, line, &cuts.list.items[i], previous, &r);
        previous = cuts.list.items[i].start + cuts.list.items[i].len;
    }
    *ret_reading = r;
}
