#include "skein/schema/render.h"

enum { TEXT_MAX = 64 * 1024 * 1024 };

/* Statements of a list that go into one revision. */
struct run {
    size_t first, count;
    size_t part;
};

struct runs {
    VEC(struct run) list;
};

struct render {
    struct arena *arena;
    const struct engine_change *changes;
    size_t count;
    struct change_parts parts;
};

/* --- which statement goes into which revision ------------------------------------------------------------------ */

static void cut_runs(struct render *r, const struct ddl_list *ddl, struct runs *ret_runs)
{
    for (size_t i = 0; i < ddl->list.count; i++) {
        bool alone = ddl->list.items[i].alone;
        struct run *last = ret_runs->list.count > 0 ? &ret_runs->list.items[ret_runs->list.count - 1] : NULL;
        if (!alone && last != NULL && !ddl->list.items[last->first].alone)
            last->count++;
        else
            vec_push(r->arena, &ret_runs->list, ((struct run){.first = i, .count = 1}));
    }
}

/* Gives each run the next revision of its kind; one more when there is none. Going down they run in reverse. */
static void place_runs(struct render *r, const struct ddl_list *ddl, struct runs *runs, bool reverse)
{
    size_t part = 0;
    for (size_t i = 0; i < runs->list.count; i++) {
        struct run *run = &runs->list.items[reverse ? runs->list.count - 1 - i : i];
        bool alone = ddl->list.items[run->first].alone;
        while (part < r->parts.list.count && r->parts.list.items[part].alone != alone)
            part++;
        if (part == r->parts.list.count)
            vec_push(r->arena, &r->parts.list, (struct change_part){.alone = alone});
        run->part = part++;
    }
}

/* --- text ------------------------------------------------------------------------------------------------------ */

static void write_comment(struct strbuf *out, const char *word, struct str text)
{
    struct str line;
    while (text.len > 0 && str_next(&text, '\n', &line)) {
        strbuf_printf(out, "-- %s%.*s\n", word, STR_ARG(line));
        word = "";
    }
}

static void write_run(struct strbuf *out, const struct ddl_list *ddl, const struct run *run)
{
    bool was_long = false;
    for (size_t i = run->first; i < run->first + run->count; i++) {
        const struct ddl *d = &ddl->list.items[i];
        bool is_long = str_find(d->sql, '\n') < d->sql.len || d->note.len > 0 || d->destroys.len > 0;
        if (i > run->first && (is_long || was_long))
            strbuf_putc(out, '\n');
        write_comment(out, "", d->note);
        write_comment(out, "destructive: ", d->destroys);
        strbuf_add(out, d->sql);
        strbuf_puts(out, ";\n");
        was_long = is_long;
    }
}

static struct str text_of(struct render *r, const struct ddl_list *ddl, const struct runs *runs, size_t part)
{
    struct strbuf out;
    strbuf_init(&out, TEXT_MAX);
    for (size_t i = 0; i < runs->list.count; i++)
        if (runs->list.items[i].part == part)
            write_run(&out, ddl, &runs->list.items[i]);
    struct str text = str_copy(r->arena, strbuf_str(&out));
    strbuf_release(&out);
    return text;
}

/* One direction of a revision: one section if the engines agree, else one for each. */
static void write_sections(struct render *r, struct strbuf *out, const char *direction, const struct str *texts,
                           bool alone)
{
    bool agree = true;
    for (size_t e = 1; e < r->count; e++)
        agree = agree && str_eq(texts[e], texts[0]);
    for (size_t e = 0; e < (agree ? 1 : r->count); e++) {
        strbuf_printf(out, "%s-- migrate:%s%s%s%s\n", out->len > 0 ? "\n" : "", direction, agree ? "" : " ",
                      agree ? "" : engine_name(r->changes[e].engine),
                      alone && texts[e].len > 0 ? " transaction:false" : "");
        strbuf_add(out, texts[e]);
    }
}

/* Whether going up in this part destroys something, which its down then makes again without its content. */
static bool is_lossy(const struct ddl_list *ddl, const struct runs *runs, size_t part)
{
    for (size_t i = 0; i < runs->list.count; i++) {
        const struct run *run = &runs->list.items[i];
        for (size_t s = run->first; run->part == part && s < run->first + run->count; s++)
            if (ddl->list.items[s].destroys.len > 0)
                return true;
    }
    return false;
}

static void render_part(struct render *r, const struct runs *up, const struct runs *down, size_t part)
{
    struct change_part *p = &r->parts.list.items[part];
    struct str *ups = arena_new_array(r->arena, r->count, struct str);
    struct str *downs = arena_new_array(r->arena, r->count, struct str);
    struct strbuf out;
    strbuf_init(&out, TEXT_MAX);
    for (size_t e = 0; e < r->count; e++) {
        ups[e] = text_of(r, &r->changes[e].up, &up[e], part);
        downs[e] = text_of(r, &r->changes[e].down, &down[e], part);
        if (downs[e].len > 0 && is_lossy(&r->changes[e].up, &up[e], part))
            downs[e] = str_printf(r->arena, "-- does not restore what up destroys\n%.*s", STR_ARG(downs[e]));
    }
    write_sections(r, &out, "up", ups, p->alone);
    write_sections(r, &out, "down", downs, p->alone);
    p->text = str_copy(r->arena, strbuf_str(&out));
    strbuf_release(&out);
}

void change_render(struct arena *a, const struct engine_change *changes, size_t count, struct change_parts *ret_parts)
{
    struct render r = {.arena = a, .changes = changes, .count = count};
    struct runs *up = arena_new_array(a, count, struct runs), *down = arena_new_array(a, count, struct runs);
    for (size_t e = 0; e < count; e++) {
        cut_runs(&r, &changes[e].up, &up[e]);
        place_runs(&r, &changes[e].up, &up[e], false);
    }
    for (size_t e = 0; e < count; e++) {
        cut_runs(&r, &changes[e].down, &down[e]);
        place_runs(&r, &changes[e].down, &down[e], true);
    }
    for (size_t part = 0; part < r.parts.list.count; part++)
        render_part(&r, up, down, part);
    *ret_parts = r.parts;
}
