#include "skein/graph/project.h"
#include "tests/sim/world.h"

const char *revision_id(unsigned revision)
{
    static const char *const ids[REVISIONS] = {"r0", "r1", "r2", "r3"};
    return ids[revision];
}

void project_fill(struct world *w, struct project_files *ret_files)
{
    struct project_files files = {0};
    struct module_files core = {.name = STR("core"), .folder = STR("versions")};
    for (unsigned i = 0; i < REVISIONS; i++) {
        const char *options = w->alone[i] ? " transaction:false" : "";
        struct project_file f = {.path = str_printf(&w->arena, "versions/%s_x.sql", revision_id(i))};
        f.bytes = str_printf(&w->arena,
                             "-- revision: %s\n-- revises: %s\n\n-- migrate:up%s\nCREATE TABLE t%u (x INTEGER);\n"
                             "-- migrate:down%s\nDROP TABLE t%u;\n",
                             revision_id(i), i > 0 ? revision_id(i - 1) : "", options, i, options, i);
        vec_push(&w->arena, &core.files, f);
    }
    vec_push(&w->arena, &files.modules, core);
    *ret_files = files;
}
