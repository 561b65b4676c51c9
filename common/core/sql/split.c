#include "common/core/sql/splitter.h"

bool sql_split(struct arena *a, enum engine engine, struct str sql, struct statements *ret_list, struct err *err)
{
    struct cutter c;
    cutter_init(&c, a, sql);
    if (str_find(sql, '\0') < sql.len)
        return cutter_fail(&c, str_find(sql, '\0'), err, "it has a NUL byte");
    switch (engine) {
    case ENGINE_POSTGRESQL:
        return split_postgresql(a, sql, ret_list, err);
    case ENGINE_SQLITE:
        return split_sqlite(a, sql, ret_list, err);
    case ENGINE_UNSET:
    case ENGINE_COUNT:
        break;
    }
    return err_set(err, ERR_INTERNAL, "no engine to split for");
}

void cutter_init(struct cutter *c, struct arena *a, struct str sql)
{
    *c = (struct cutter){.arena = a, .sql = sql, .line = 1};
}

void cutter_add(struct cutter *c, size_t start, size_t end)
{
    for (; c->counted < start; c->counted++)
        c->line += c->sql.p[c->counted] == '\n';
    struct statement s = {.start = start, .len = end - start, .line = c->line};
    if (end > start)
        vec_push(c->arena, &c->statements.list, s);
}

bool cutter_fail(const struct cutter *c, size_t at, struct err *err, const char *what)
{
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < at && i < c->sql.len; i++) {
        column = c->sql.p[i] == '\n' ? 1 : column + 1;
        line += c->sql.p[i] == '\n';
    }
    err_kind(err, ERR_INPUT, "bad_sql", "the SQL cannot be cut into statements: %s", what);
    err_origin(err, "%u:%u", line, column);
    return err_hint(err, "close what is open there");
}
