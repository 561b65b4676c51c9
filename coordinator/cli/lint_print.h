/* The findings of lint for people, for programs, and for those who collect findings of all tools (SARIF 2.1.0). */
#pragma once

#include "skein/lint/lint.h"

struct lint_words {
    const struct lint_report *report;
    struct str root; /* of the project, absolute; findings' paths are relative to it. Empty: to the working folder */
};

void lint_print_human(const struct lint_words *w);
void lint_print_json(const struct lint_words *w);
void lint_print_sarif(const struct lint_words *w);

/* The table of rules: as text, or docs/reference/lint.md. */
void lint_print_rules(void);
void lint_print_markdown(void);
