/*
 * Lint: what is wrong or dangerous in revision files and model files, told without a database. Pure.
 *
 * Every section is read by the grammar of the engine that it is for; a general one by those that are asked for. The
 * project's revisions are read in the order in which they are applied, so that a finding can depend on what was
 * there before: which module made a table, what a column's type was.
 *
 * A comment `-- skein:lint off RULE[, RULE]: reason` switches rules off for its file, `-- skein:lint ignore RULE:
 * reason` for the statement below it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "skein/base/arena.h"
#include "skein/base/bitset.h"
#include "skein/base/str.h"
#include "skein/base/vec.h"
#include "skein/graph/project.h"
#include "skein/lint/rule.h"

struct lint_finding {
    enum rule_id rule;
    enum lint_severity severity;
    struct str path;
    unsigned line, column; /* of the statement, from 1, in bytes; a syntax error's own place */
    unsigned statement;    /* line of the statement; 0: the whole file */
    const char *lock;      /* PostgreSQL's lock mode; NULL: none to speak of */
    struct str table;      /* that the statement locks; empty if it is not known */
    struct str text;       /* one line */
    struct str safer;      /* what to write, lines of SQL and comments; empty if there is nothing special to say */
};

struct lint_report {
    VEC(struct lint_finding) list; /* sorted by path, line, column, rule; each once */
    size_t errors, warnings, notices;
    size_t revisions, models; /* looked at */
};

/* The engines that general sections are for. */
struct lint_engines {
    bool wanted[ENGINE_COUNT];
    bool certain; /* false: a general section that one of them does not understand is taken to be for the other */
};

/* Those that the project's sections name, none of them certain; all when no section names one. */
struct lint_engines lint_engines_of(const struct project *p);

struct lint_model {
    struct str module, path, bytes;
    enum engine engine; /* that the file is for; ENGINE_UNSET: all */
};

struct lint_request {
    const struct project *project;
    struct bitset nodes; /* of the project: those to report on; the squashed revision where one stands at a node */
    struct lint_engines engines;
    VEC(struct lint_model) models; /* of the whole project, for ownership */
    struct bitset chosen_models;   /* those to report on */
};

void lint_run(struct arena *a, const struct lint_request *request, struct lint_report *ret_report);
