#include "common/core/lint/switches.h"

struct rule_switch {
    enum rule_id rule;
    unsigned line;      /* of the comment */
    unsigned statement; /* that it is for; 0: the whole file */
    bool used;
};

struct switches {
    struct arena *arena;
    struct str path;
    const struct lines *statements;
    struct lint_report *found;
    VEC(struct rule_switch) list;
};

static void say(struct switches *s, enum rule_id rule, unsigned line, const char *text)
{
    struct lint_finding f = {.rule = rule,
                             .severity = lint_rule_get(rule)->severity,
                             .path = s->path,
                             .line = line,
                             .column = 1,
                             .text = str_of(text)};
    vec_push(s->arena, &s->found->list, f);
}

/* The first statement below the line, or 0. */
static unsigned statement_below(const struct switches *s, unsigned line)
{
    for (size_t i = 0; i < s->statements->list.count; i++)
        if (s->statements->list.items[i] > line)
            return s->statements->list.items[i];
    return 0;
}

static void read_rules(struct switches *s, struct str names, unsigned line, unsigned statement)
{
    struct str rest = names, part;
    while (str_next(&rest, ',', &part)) {
        struct str name = str_trim(part);
        enum rule_id rule = lint_rule_find(name);
        struct rule_switch made = {.rule = rule, .line = line, .statement = statement};
        if (rule != RULE_UNSET)
            vec_push(s->arena, &s->list, made);
        else
            say(s, RULE_BAD_SWITCH, line, arena_printf(s->arena, "there is no rule '%.*s'", STR_ARG(name)));
    }
}

/* What follows `-- skein:lint` on its line. */
static void read_switch(struct switches *s, struct str words, unsigned line)
{
    struct str rest = str_trim(words);
    bool off = str_starts(rest, STR("off ")), ignore = str_starts(rest, STR("ignore "));
    struct str names = str_from(rest, str_find(rest, ' '));
    size_t colon = str_find(names, ':');
    if (!off && !ignore) {
        say(s, RULE_BAD_SWITCH, line, "after skein:lint comes 'off' or 'ignore'");
    } else if (str_trim(str_from(names, colon + 1)).len == 0) {
        say(s, RULE_BAD_SWITCH, line, "the reason is missing: after the rules come a colon and a reason");
    } else {
        unsigned statement = ignore ? statement_below(s, line) : 0;
        if (ignore && statement == 0)
            say(s, RULE_BAD_SWITCH, line, "there is no statement below it");
        else
            read_rules(s, str_head(names, colon), line, statement);
    }
}

static void read_switches(struct switches *s, struct str text)
{
    struct str rest = text, line, mark = STR("-- skein:lint");
    for (unsigned number = 1; str_next(&rest, '\n', &line); number++) {
        struct str words = str_trim(line);
        if (str_starts(words, mark))
            read_switch(s, str_from(words, mark.len), number);
    }
}

static bool is_off(struct switches *s, const struct lint_finding *f)
{
    bool off = false;
    for (size_t i = 0; i < s->list.count; i++) {
        struct rule_switch *w = &s->list.items[i];
        if (w->rule == f->rule && (w->statement == 0 || w->statement == f->statement))
            off = w->used = true;
    }
    return off;
}

void switches_apply(struct arena *a, struct str path, struct str text, const struct lines *statements,
                    struct lint_report *found)
{
    struct switches s = {.arena = a, .path = path, .statements = statements, .found = found};
    read_switches(&s, text);
    size_t kept = 0;
    for (size_t i = 0; i < found->list.count; i++)
        if (!is_off(&s, &found->list.items[i]))
            found->list.items[kept++] = found->list.items[i];
    found->list.count = kept;
    for (size_t i = 0; i < s.list.count; i++)
        if (!s.list.items[i].used)
            say(&s, RULE_UNUSED_SWITCH, s.list.items[i].line,
                arena_printf(a, "%s finds nothing here", lint_rule_get(s.list.items[i].rule)->id));
}
