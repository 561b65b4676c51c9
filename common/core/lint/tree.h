/* libpg_query's JSON trees: small readers. NULL goes in and out everywhere. Private to this folder. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "common/core/lint/act.h"

struct reader {
    struct arena *arena;
    struct acts acts;
    struct names defined; /* by WITH */
};

/* Adds an act and gives it out for the details; valid until the next one. */
struct act *add_act(struct reader *r, enum act_kind kind, enum thing thing);

struct str tree_text(struct arena *a, const json_t *object, const char *key); /* a copy; empty if absent */
bool tree_is(const json_t *object, const char *key, const char *word);
bool tree_true(const json_t *object, const char *key);

/* The only member of an object of one member: the node below its name. */
const json_t *tree_inner(const json_t *node, const char **ret_name);

/* [{"String": {"sval": "a"}}, ...] */
void tree_names(struct arena *a, const json_t *list, struct names *ret_names);

/* Of a RangeVar's content: into act->schema and act->table. */
void tree_relation(struct arena *a, const json_t *relation, struct act *act);

/* Of a list of name parts: the last is the table, the one before it the schema. */
void tree_relation_of(struct arena *a, const json_t *names, struct act *act);

/* "varchar(20)", "int4", "text[]" of a TypeName's content. */
struct str tree_type(struct arena *a, const json_t *type);

/* True when a function of the expression gives another value for every row. */
bool tree_is_volatile(const json_t *expression);

/* Is `DefElem` of this name in the list, and not set to false? */
bool tree_option(const json_t *list, const char *name);

/* acts_pg_table.c */
void read_create_table(struct reader *r, const json_t *s);
void read_alter_table(struct reader *r, const json_t *s);
