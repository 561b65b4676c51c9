/* One section under the rules. Private to this folder. */
#pragma once

#include "common/core/lint/world.h"
#include "skein/graph/project.h"
#include "skein/lint/lint.h"

/* A statement with its place in the file, and what it does. */
struct step {
    struct str text;
    unsigned line, column;
    bool destroys_knowingly; /* `-- destructive:` stands above it */
    struct acts acts;
};

struct steps {
    VEC(struct step) list;
};

struct table_maker {
    size_t module, node;
};

/* Who makes a table anywhere in the project, whatever the order. */
struct makers {
    VEC(struct table_maker) list;
    struct index names;
};

struct check {
    struct arena *arena;
    const struct project *project;
    const struct revision *revision;
    const struct section *section;
    enum engine engine;
    struct maker maker;
    const struct steps *steps;
    const struct world *before; /* what earlier revisions have made; for down: and this one */
    const struct makers *owners;
    struct world here;            /* what this section has made */
    VEC(struct act) unvalidated;  /* constraints that this section has added as NOT VALID */
    const struct step *step;      /* the one that is looked at */
    const struct step *locking;   /* the first that locked an existing table, NULL: none */
    struct str locked;            /* that table */
    bool told_mixed, told_public; /* these are said once */
    struct bitset ancestors;      /* of the revision; size 0 until it is needed */
    struct lint_report *report;   /* findings are added, not yet sorted or counted */
};

/* Adds a finding about the current statement, when the rule is for the engine. */
void report_finding(struct check *c, enum rule_id rule, struct str table, struct str safer, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The same with another severity than the rule's. */
void report_finding_as(struct check *c, enum rule_id rule, enum lint_severity severity, struct str table,
                       const char *format, ...) __attribute__((format(printf, 5, 6)));

struct str act_key(const struct check *c, const struct act *act);
bool is_new_here(const struct check *c, const struct act *act);             /* its table was made in this section */
struct world_table *table_of(const struct check *c, const struct act *act); /* as known before or here; NULL */

/* A later statement of the section renames a table to this one: it is being made again. */
bool is_made_again(const struct check *c, struct str table);

/* An earlier statement of the section has given a table this name. */
bool was_renamed_here(const struct check *c, struct str table);

/* The rules, by what they are about. Each looks at one act of c->step. */
void rules_locks(struct check *c, const struct act *act);
void rules_constraints(struct check *c, const struct act *act);
void rules_data(struct check *c, const struct act *act);
void rules_modules(struct check *c, const struct act *act);
void rules_lite(struct check *c, const struct act *act);
void rules_scripts(struct check *c, const struct act *act);

/* Of the statement as such, and of the section as a whole. */
void rules_statement(struct check *c);
void rules_section(struct check *c);
