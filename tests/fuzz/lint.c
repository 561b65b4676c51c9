/* Any revision file that can be parsed can be looked at; findings lie in the file, sorted, with their rules. */
#include <string.h>

#include "skein/graph/revfile.h"
#include "skein/lint/lint.h"
#include "tests/fuzz/fuzz.h"

static void check_report(const struct lint_report *report, struct str text)
{
    unsigned lines = 1, last = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.p[i] == '\n';
    for (size_t i = 0; i < report->list.count; i++) {
        const struct lint_finding *f = &report->list.items[i];
        FUZZ_CHECK(f->rule > RULE_UNSET && f->rule < RULE_COUNT && f->text.len > 0);
        FUZZ_CHECK(f->line >= last && f->line >= 1 && f->line <= lines && f->column >= 1);
        last = f->line;
    }
    FUZZ_CHECK(report->errors + report->warnings + report->notices == report->list.count);
}

static void lint_one(struct arena *a, struct revision *r)
{
    struct edges none = {0};
    struct project p = {.nodes = &r, .node_count = 1};
    struct lint_report report;
    vec_push(a, &p.modules.list, ((struct module){.name = STR("core"), .count = 1}));
    dag_build(a, 1, &none, &p.dag);
    struct lint_request request = {.project = &p, .nodes = bitset_new(a, 1), .engines = lint_engines_of(&p)};
    bitset_add(&request.nodes, 0);
    lint_run(a, &request, &report);
    check_report(&report, r->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena a = {0};
    struct diag diag;
    struct revision r;
    diag_init(&diag, &a);
    if (revfile_parse(&a, STR("a1_x.sql"), (struct str){(const char *)bytes, size}, &diag, &r))
        lint_one(&a, &r);
    arena_release(&a);
    return 0;
}
