#include "coordinator/core/select.h"

static const char grammar[] =
    "write key=value, key!=value, key in (a,b), key notin (a,b), key or !key, separated by commas";

/* Takes the next term off *rest: up to a comma outside parentheses. */
static bool next_term(struct str *rest, struct str *ret_term)
{
    size_t depth = 0, i = 0;
    if (rest->p == NULL)
        return false;
    for (; i < rest->len && !(depth == 0 && rest->p[i] == ','); i++) {
        depth += rest->p[i] == '(';
        depth -= rest->p[i] == ')' && depth > 0;
    }
    *ret_term = str_trim(str_head(*rest, i));
    *rest = i < rest->len ? str_from(*rest, i + 1) : STR_NONE;
    return true;
}

static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] == ' ' || s.p[i] == '=' || s.p[i] == '!' || s.p[i] == '(' || s.p[i] == ')' || s.p[i] == ',')
            return false;
    return s.len > 0;
}

/* "(a, b)" */
static bool parse_list(struct arena *a, struct str text, struct names *ret_values)
{
    struct names values = {0};
    struct str value;
    if (text.len < 2 || text.p[0] != '(' || text.p[text.len - 1] != ')')
        return false;
    text = str_head(str_from(text, 1), text.len - 2);
    while (str_next(&text, ',', &value)) {
        value = str_trim(value);
        if (!is_word(value))
            return false;
        vec_push(a, &values.list, value);
    }
    *ret_values = values;
    return values.list.count > 0;
}

/* "key OP value", "key OP (list)" */
static bool parse_relation(struct arena *a, struct str term, struct select_term *ret_term)
{
    static const struct {
        const char *text;
        enum select_relation relation;
        bool list;
    } operators[] = {{"!=", SELECT_NOT_IN, false},    {"==", SELECT_IN, false},  {"=", SELECT_IN, false},
                     {" in ", SELECT_IN, true},       {" in(", SELECT_IN, true}, {" notin ", SELECT_NOT_IN, true},
                     {" notin(", SELECT_NOT_IN, true}};
    for (size_t at = 0; at < term.len; at++)
        for (size_t k = 0; k < sizeof(operators) / sizeof(operators[0]); k++) {
            struct str text = str_of(operators[k].text), rest = str_from(term, at);
            if (!str_starts(rest, text))
                continue;
            size_t skip = text.len - (text.p[text.len - 1] == '(');
            struct str value = str_trim(str_from(rest, skip));
            ret_term->relation = operators[k].relation;
            ret_term->key = str_trim(str_head(term, at));
            if (operators[k].list)
                return is_word(ret_term->key) && parse_list(a, value, &ret_term->values);
            vec_push(a, &ret_term->values.list, value);
            return is_word(ret_term->key) && is_word(value);
        }
    return false;
}

static bool parse_term(struct arena *a, struct str term, struct select_term *ret_term)
{
    *ret_term = (struct select_term){.relation = SELECT_EXISTS, .key = term};
    if (is_word(term))
        return true;
    if (term.len > 1 && term.p[0] == '!' && is_word(str_from(term, 1))) {
        *ret_term = (struct select_term){.relation = SELECT_ABSENT, .key = str_from(term, 1)};
        return true;
    }
    return parse_relation(a, term, ret_term);
}

bool select_parse(struct arena *a, const struct selection *selection, struct selector *ret_selector, struct err *err)
{
    struct selector s = {.globs = selection->globs};
    struct str rest = str_trim(selection->labels), term;
    if (rest.len == 0)
        rest = STR_NONE;
    while (next_term(&rest, &term)) {
        struct select_term parsed;
        if (!parse_term(a, term, &parsed)) {
            err_kind(err, ERR_USAGE, "bad_selector", "'%.*s' is not a term of a label expression", STR_ARG(term));
            return err_hint(err, "%s", grammar);
        }
        vec_push(a, &s.terms, parsed);
    }
    *ret_selector = s;
    return true;
}

bool select_glob(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.p[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.len && (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
            p++, t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.p[p] == '*')
        p++;
    return p == pattern.len;
}

static bool lists(const struct names *values, struct str value)
{
    for (size_t i = 0; i < values->list.count; i++)
        if (str_eq(values->list.items[i], value))
            return true;
    return false;
}

static bool term_holds(const struct select_term *term, const struct labels *labels)
{
    const struct label *found = NULL;
    for (size_t i = 0; i < labels->list.count && found == NULL; i++)
        if (str_eq(labels->list.items[i].key, term->key))
            found = &labels->list.items[i];
    switch (term->relation) {
    case SELECT_IN:
        return found != NULL && lists(&term->values, found->value);
    case SELECT_NOT_IN:
        return found == NULL || !lists(&term->values, found->value);
    case SELECT_EXISTS:
        return found != NULL;
    case SELECT_ABSENT:
        return found == NULL;
    case SELECT_UNSET:
        break;
    }
    return false;
}

bool select_matches(const struct selector *s, struct str name, const struct labels *labels)
{
    bool named = s->globs.list.count == 0;
    for (size_t i = 0; i < s->terms.count; i++)
        if (!term_holds(&s->terms.items[i], labels))
            return false;
    for (size_t i = 0; i < s->globs.list.count && !named; i++)
        named = select_glob(s->globs.list.items[i], name);
    return named;
}
