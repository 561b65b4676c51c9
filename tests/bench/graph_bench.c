/*
 * How long it takes to load and to plan: `graph_bench [REVISIONS]` (default 10000).
 *
 * For every shape of graph it makes the revision files in memory, builds the project, plans an upgrade from
 * nothing to every head and a downgrade back, and prints the milliseconds of each, the least of three runs. With
 * `--folder DIR` it writes the first shape's files there and times tree_load() as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "skein/graph/project.h"
#include "skein/os/file.h"
#include "skein/os/tree.h"
#include "skein/plan/plan.h"

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* What revision `i` revises and depends on. */
typedef void shape_function(size_t i, size_t count, struct strbuf *out);

static void linear(size_t i, size_t count, struct strbuf *out)
{
    (void)count;
    if (i > 0)
        strbuf_printf(out, "-- revises: r%07zu\n", i - 1);
}

/* A hundred branches side by side. */
static void lanes(size_t i, size_t count, struct strbuf *out)
{
    (void)count;
    if (i >= 100)
        strbuf_printf(out, "-- revises: r%07zu\n", i - 100);
}

/* Fifty branches that fork from one base and are never merged. */
static void star(size_t i, size_t count, struct strbuf *out)
{
    (void)count;
    if (i > 0)
        strbuf_printf(out, "-- revises: r%07zu\n", i > 50 ? i - 50 : 0);
}

/* Two branches of which one depends on the other at every step. */
static void ladder(size_t i, size_t count, struct strbuf *out)
{
    if (i != 0 && i != count / 2)
        strbuf_printf(out, "-- revises: r%07zu\n", i - 1);
    if (i >= count / 2)
        strbuf_printf(out, "-- depends_on: r%07zu\n", i - count / 2);
}

/* Forks that are merged again, one after the other. */
static void diamonds(size_t i, size_t count, struct strbuf *out)
{
    (void)count;
    size_t place = i % 3;
    if (place == 0 && i > 0)
        strbuf_printf(out, "-- revises: r%07zu, r%07zu\n", i - 2, i - 1);
    else if (place > 0)
        strbuf_printf(out, "-- revises: r%07zu\n", i - place);
}

static const struct {
    const char *name;
    shape_function *edges;
    size_t modules;
} shapes[] = {{"linear", linear, 1}, {"lanes", lanes, 1},       {"star", star, 1},
              {"ladder", ladder, 1}, {"diamonds", diamonds, 1}, {"modules", linear, 100}};

static struct str revision_text(struct arena *a, shape_function *edges, size_t i, size_t count)
{
    struct strbuf out;
    strbuf_init(&out, 1 << 20);
    strbuf_printf(&out, "-- revision: r%07zu\n", i);
    edges(i, count, &out);
    strbuf_printf(&out,
                  "-- message: add table %zu\n-- created: 2026-11-22T10:00:00Z\n\n-- migrate:up\n"
                  "CREATE TABLE t%zu (id bigint PRIMARY KEY, name text NOT NULL, created timestamptz);\n"
                  "CREATE INDEX ix_t%zu_name ON t%zu (name);\n-- migrate:down\nDROP TABLE t%zu;\n",
                  i, i, i, i, i);
    struct str text = str_copy(a, strbuf_str(&out));
    strbuf_release(&out);
    return text;
}

/* Core, and with `modules` above 1 that many more of which each has its share, in a line. */
static struct project_files make_files(struct arena *a, shape_function *edges, size_t count, size_t modules)
{
    struct project_files files = {.root = STR("/")};
    size_t share = count / modules;
    for (size_t m = 0; m < modules; m++) {
        struct module_files one = {.name = m == 0 ? STR("core") : str_printf(a, "e%04zu", m),
                                   .folder = STR("versions")};
        for (size_t i = 0; i < share; i++) {
            struct project_file file = {.path = str_printf(a, "m%04zu/r%07zu_step.sql", m, i),
                                        .bytes = revision_text(a, edges, i, share)};
            vec_push(a, &one.files, file);
        }
        vec_push(a, &files.modules, one);
    }
    return files;
}

static void must(bool ok, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "graph_bench: %s\n", err->text);
    exit(1);
}

static double plan_ms(const struct project *p, struct arena *a, enum plan_command command, const char *target,
                      struct dbstate *state, size_t expected)
{
    struct plan_request request = {.command = command, .all_modules = true};
    struct plan plan;
    struct err err = {0};
    vec_push(a, &request.targets.list, str_of(target));
    double start = now_ms();
    must(plan_build(a, p, state, ENGINE_SQLITE, &request, &plan, &err), &err);
    double took = now_ms() - start;
    must(plan.steps.list.count == expected || err_set(&err, ERR_INTERNAL, "a step is missing"), &err);
    *state = plan.after;
    return took;
}

struct figures {
    double build, up, down;
};

static struct figures measure(const struct project_files *files, size_t count)
{
    struct arena a;
    struct project project;
    struct diag diag;
    struct err err = {0};
    struct dbstate state = {0};
    struct figures f;
    arena_init(&a);
    diag_init(&diag, &a);
    double start = now_ms();
    must(project_build(&a, files, &diag, &project) || diag_to_err(&diag, &err), &err);
    f.build = now_ms() - start;
    f.up = plan_ms(&project, &a, PLAN_UPGRADE, "heads", &state, count);
    f.down = plan_ms(&project, &a, PLAN_DOWNGRADE, "base", &state, count);
    arena_release(&a);
    return f;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static void bench_shape(size_t shape, size_t count)
{
    struct arena a;
    struct figures best = {1e9, 1e9, 1e9};
    arena_init(&a);
    struct project_files files = make_files(&a, shapes[shape].edges, count, shapes[shape].modules);
    count -= count % shapes[shape].modules;
    for (int run = 0; run < 3; run++) {
        struct figures f = measure(&files, count);
        best = (struct figures){least(best.build, f.build), least(best.up, f.up), least(best.down, f.down)};
    }
    printf("%-9s %7zu revisions: build %7.1f ms, plan up %7.1f ms, plan down %7.1f ms\n", shapes[shape].name, count,
           best.build, best.up, best.down);
    arena_release(&a);
}

static void bench_folder(const char *folder, size_t count)
{
    struct arena a;
    struct err err = {0};
    struct diag diag;
    struct project project;
    double best = 1e9;
    arena_init(&a);
    char *versions = arena_printf(&a, "%s/database/migrations/versions", folder);
    must(file_mkdirs(versions, 0755, &err), &err);
    for (size_t i = 0; i < count; i++) {
        FILE *file = fopen(arena_printf(&a, "%s/r%07zu_step.sql", versions, i), "w");
        struct str text = revision_text(&a, linear, i, count);
        must((file != NULL && fwrite(text.p, 1, text.len, file) == text.len && fclose(file) == 0) ||
                 err_errno(&err, "cannot write into %s", versions),
             &err);
    }
    for (int run = 0; run < 3; run++) {
        struct arena work;
        arena_init(&work);
        diag_init(&diag, &work);
        double start = now_ms();
        must(tree_load(&work, folder, &diag, &project, &err), &err);
        best = least(best, now_ms() - start);
        arena_release(&work);
    }
    printf("%-9s %7zu revisions: read and build %7.1f ms\n", "folder", count, best);
    arena_release(&a);
}

int main(int argc, char **argv)
{
    size_t count = 10000;
    const char *folder = NULL;
    for (int i = 1; i < argc; i++) {
        unsigned long long number;
        if (strcmp(argv[i], "--folder") == 0 && i + 1 < argc)
            folder = argv[++i];
        else if (str_to_u64(str_of(argv[i]), 10000000, &number) && number > 0)
            count = (size_t)number;
        else
            return fprintf(stderr, "usage: graph_bench [REVISIONS] [--folder DIR]\n"), 2;
    }
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
        bench_shape(i, count);
    if (folder != NULL)
        bench_folder(folder, count);
    return 0;
}
