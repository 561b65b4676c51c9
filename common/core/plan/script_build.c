/* Scripts with their cuts; in a library of its own because it needs the splitter. */
#include "common/core/plan/script_text.h"

#include <string.h>

/* sql_split() says "LINE:COLUMN" of the text: make that a place in the file. */
static void move_origin(const struct script *s, const struct script_part *part, struct err *err)
{
    char place[ERR_ORIGIN_MAX];
    struct str rest = str_of(memcpy(place, err->origin, sizeof(place))), line;
    unsigned long long number;
    if (str_next(&rest, ':', &line) && str_to_u64(line, UINT32_MAX, &number))
        err_origin(err, "%.*s:%llu:%.*s", STR_ARG(s->path), part->line + number - 1, STR_ARG(rest));
}

static bool cut(struct arena *a, const struct script *s, struct script_part *part, struct err *err)
{
    if (sql_split(a, s->engine, part->sql, &part->statements, err))
        return true;
    move_origin(s, part, err);
    return false;
}

bool script_build(struct arena *a, const struct revision *r, enum direction direction, enum engine engine,
                  struct script *ret_script, struct err *err)
{
    struct script s = script_texts(r, direction, engine);
    if (!cut(a, &s, &s.body, err) || !cut(a, &s, &s.verify, err) || !cut(a, &s, &s.probe, err))
        return false;
    *ret_script = s;
    return true;
}
