#include "tests/support/plan_make.h"

#include <string.h>

void plan_make_init(struct plan_make *m, struct arena *a, enum engine engine)
{
    *m = (struct plan_make){.a = a, .plan = {.engine = engine}};
}

void plan_make_part(struct plan_make *m, struct script_part *part, const char *sql, unsigned line)
{
    *part = (struct script_part){.sql = str_of(sql), .line = line};
    for (size_t at = 0; at < part->sql.len;) {
        struct str rest = str_from(part->sql, at);
        struct str cut = str_trim(str_head(rest, str_find(rest, ';')));
        if (cut.len > 0)
            vec_push(m->a, &part->statements.list,
                     ((struct statement){.start = (size_t)(cut.p - part->sql.p), .len = cut.len, .line = 1}));
        at += str_find(rest, ';') + 1;
    }
}

static struct str text(const char *s)
{
    return s != NULL ? str_of(s) : STR_NONE;
}

struct script *plan_make_step(struct plan_make *m, const char *module, const char *from, const char *to,
                              const char *sql)
{
    struct script *s = arena_new(m->a, struct script);
    *s = (struct script){.engine = m->plan.engine,
                         .transactional = true,
                         .lock_timeout_ms = TIMEOUT_DEFAULT,
                         .statement_timeout_ms = TIMEOUT_DEFAULT};
    s->path = str_printf(m->a, "versions/%s.sql", to != NULL ? to : from);
    s->hash = hash_of(str_of(sql));
    plan_make_part(m, &s->body, sql, 10);
    struct plan_step step = {
        .module = str_of(module),
        .revision = text(to != NULL ? to : from),
        .direction = to != NULL ? DIRECTION_UP : DIRECTION_DOWN,
        .transactional = true,
        .script = s->hash,
        .checksum = hash_of(text(to != NULL ? to : from)),
    };
    struct row_change change = {from == NULL ? ROW_INSERT
                                : to == NULL ? ROW_DELETE
                                             : ROW_UPDATE,
                                str_of(module), text(from), text(to)};
    vec_push(m->a, &step.rows.list, change);
    if (to != NULL)
        vec_push(m->a, &step.heads_after.list, str_of(to));
    if (m->plan.steps.list.count == 0 || dbstate_heads(&m->plan.after, str_of(module))->list.count == 0) {
        struct names heads = {0};
        if (from != NULL)
            vec_push(m->a, &heads.list, str_of(from));
        dbstate_set(m->a, &m->plan.before, str_of(module), &heads);
    }
    m->scripts[m->plan.steps.list.count] = s;
    vec_push(m->a, &m->plan.steps.list, step);
    dbstate_set(m->a, &m->plan.after, str_of(module), &step.heads_after);
    return s;
}

const struct plan *plan_make_end(struct plan_make *m)
{
    struct hasher h;
    hasher_init(&h);
    for (size_t i = 0; i < m->plan.steps.list.count; i++) {
        m->plan.steps.list.items[i].transactional = m->scripts[i]->transactional;
        hasher_field(&h, m->plan.steps.list.items[i].revision);
        hasher_field(&h, m->scripts[i]->body.sql);
    }
    m->plan.id = hasher_end(&h);
    return &m->plan;
}
