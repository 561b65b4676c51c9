#include "common/io/db/sql.h"

#include <string.h>

#include "skein/db/db.h"

static struct str without_comment(struct str text)
{
    while (str_starts(text, STR("--")))
        text = str_from(text, str_find(text, '\n') + 1);
    return str_trim(text);
}

/* The name that stands at the start of `text` after `:"`, or NULL. */
static const struct sql_name *name_at(struct str text, const struct sql_name *names, size_t count)
{
    struct str rest = str_from(text, 2);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(names[i].name);
        if (str_starts(rest, str_of(names[i].name)) && len < rest.len && rest.p[len] == '"')
            return &names[i];
    }
    return NULL;
}

struct str sql_bind(struct arena *a, struct str text, const struct sql_name *names, size_t count)
{
    struct strbuf out;
    text = without_comment(text);
    strbuf_init(&out, text.len + 8192);
    for (size_t i = 0; i < text.len;) {
        struct str rest = str_from(text, i);
        const struct sql_name *found = str_starts(rest, STR(":\"")) ? name_at(rest, names, count) : NULL;
        strbuf_add(&out, found != NULL ? db_quote_name(a, found->value) : str_head(rest, 1));
        i += found != NULL ? strlen(found->name) + 3 : 1;
    }
    struct str bound = str_copy(a, strbuf_str(&out));
    strbuf_release(&out);
    return bound;
}
