/* Tables by libsmartcols. */
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>

#include "coordinator/cli/out.h"

struct out_table {
    struct libscols_table *table;
    struct libscols_line *line;
    size_t columns, next;
};

struct out_table *out_table_new(void)
{
    struct out_table *t = calloc(1, sizeof(*t));
    if (t == NULL || (t->table = scols_new_table()) == NULL)
        abort();
    unsigned width = out_width(stdout);
    if (width > 0) {
        scols_table_set_termforce(t->table, SCOLS_TERMFORCE_ALWAYS);
        scols_table_set_termwidth(t->table, width);
    } else {
        scols_table_set_termforce(t->table, SCOLS_TERMFORCE_NEVER);
    }
    scols_table_set_column_separator(t->table, "  ");
    return t;
}

void out_table_column(struct out_table *t, const char *name, enum out_column kind)
{
    static const int flags[] = {[OUT_COLUMN_TEXT] = 0,
                                [OUT_COLUMN_NUMBER] = SCOLS_FL_RIGHT,
                                [OUT_COLUMN_WRAP] = SCOLS_FL_WRAP,
                                [OUT_COLUMN_CUT] = SCOLS_FL_TRUNC};
    if (scols_table_new_column(t->table, name, 0, flags[kind]) == NULL)
        abort();
    t->columns++;
}

void out_table_row(struct out_table *t)
{
    t->line = scols_table_new_line(t->table, NULL);
    if (t->line == NULL)
        abort();
    t->next = 0;
}

void out_table_cell(struct out_table *t, struct str text)
{
    struct arena a = {0};
    if (scols_line_set_data(t->line, t->next++, str_cstr(&a, text)) != 0)
        abort();
    arena_release(&a);
}

void out_table_cellf(struct out_table *t, const char *format, ...)
{
    struct arena a = {0};
    va_list args;
    va_start(args, format);
    out_table_cell(t, str_of(arena_vprintf(&a, format, args)));
    va_end(args);
    arena_release(&a);
}

/* Printed to a string first: lines keep no white space at their ends. */
void out_table_print(struct out_table *t)
{
    char *text = NULL;
    if (scols_print_table_to_string(t->table, &text) != 0)
        abort();
    struct str rest = str_of(text), line;
    while (str_next(&rest, '\n', &line)) {
        while (line.len > 0 && line.p[line.len - 1] == ' ')
            line.len--;
        if (line.len > 0 || rest.len > 0) {
            fwrite(line.p, 1, line.len, stdout);
            fputc('\n', stdout);
        }
    }
    free(text);
    out_table_free(t);
}

void out_table_free(struct out_table *t)
{
    if (t == NULL)
        return;
    scols_unref_table(t->table);
    free(t);
}
